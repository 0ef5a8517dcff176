"""The names that a file uses, by which `rewrite_imports` knows which imports it still needs."""

from __future__ import annotations

import libcst as cst

from purenn.port.nodes import as_name

__all__ = ["UsedNames"]


class UsedNames(cst.CSTVisitor):
    """The names that a file uses outside of imports."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.dotted: set[str] = set()

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        if (dotted := as_name(node)) is not None:
            self.dotted.add(dotted)
            self.names.add(dotted.split(".")[0])
            return False
        node.value.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self.names.add(node.value)
