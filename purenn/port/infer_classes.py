"""The classes of a file, as far as inference needs them."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from purenn.port.imports import Names
from purenn.port.kinds import Kind

__all__ = ["Class", "Classes"]


@dataclass
class Class:
    """A class of the file.

    Attributes:
        bases: the names of its bases, qualified where they are imported.
        attributes: kinds of ``self``'s attributes.
        constructors: the calls that made the attributes.
        results: the kinds that its methods return.
        parameters: the attributes that are parameters.
    """

    bases: list[str]
    attributes: dict[str, Kind] = field(default_factory=dict)
    constructors: dict[str, cst.Call] = field(default_factory=dict)
    results: dict[str, Kind] = field(default_factory=dict)
    parameters: set[str] = field(default_factory=set)


class Classes:
    """The classes of a file and the kinds of its expressions.

    Attributes:
        names: the imports.
        of: the kind of each expression.
        classes: the classes of the file.
        results: the kinds that its functions return.
    """

    def __init__(self, names: Names):
        self.names = names
        self.of: dict[cst.CSTNode, Kind] = {}
        self.classes: dict[str, Class] = {}
        self.results: dict[str, Kind] = {}

    def kind(self, node: cst.CSTNode) -> Kind:
        return self.of.get(node, "unknown")

    def is_module_class(self, name: str | None) -> bool:
        """Whether a class of the file is a torch module, by its bases."""
        seen: set[str] = set()
        queue = [name]
        while queue:
            name = queue.pop()
            if name is None or name in seen:
                continue
            seen.add(name)
            if name in self.classes:
                queue += self.classes[name].bases
            elif name.startswith(("torch.nn.", "purenn.nn.")) or name.endswith(("Module", "nn.Sequential")):
                return True
        return False

    def constructor(self, owner: str | None, name: str) -> cst.Call | None:
        """The call that made an attribute of a class's instances."""
        for each in self._lineage(owner):
            if name in each.constructors:
                return each.constructors[name]
        return None

    def is_parameter(self, owner: str | None, name: str) -> bool:
        return any(name in each.parameters for each in self._lineage(owner))

    def _lineage(self, owner: str | None) -> list[Class]:
        classes, queue = [], [owner]
        while queue:
            name = queue.pop(0)
            if name in self.classes and self.classes[name] not in classes:
                classes.append(self.classes[name])
                queue += self.classes[name].bases
        return classes
