"""The names that a file imports, and the imports that its port needs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import libcst as cst

from purenn.port.nodes import as_name

__all__ = ["MODULES", "STANDARD", "Names", "UsedNames", "canonical", "exists", "imported"]

# Modules of torch, and those that take their place.
MODULES = {
    "torch.nn": "purenn.nn",
    "torch.nn.functional": "purenn.functional",
    "torch.nn.init": "purenn.nn.init",
    "torch.nn.utils": "purenn.nn.utils",
    "torch.nn.utils.rnn": "purenn.utils.rnn",
    "torch.nn.utils.parametrizations": "purenn.utils.parametrizations",
    "torch.nn.utils.parametrize": "purenn.utils.parametrize",
    "torch.nn.utils.prune": "purenn.utils.prune",
    "torch.nn.attention": "purenn.nn.attention",
}
STANDARD = {
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
    "math": "import math",
    "np": "import numpy as np",
    "optax": "import optax",
    "purenn": "import purenn",
    "F": "from purenn import functional as F",
    "nn": "from purenn import nn",
    "ops": "from purenn.interop import ops",
    "itertools": "import itertools",
}


def imported(node: cst.Import | cst.ImportFrom) -> Iterator[tuple[str, str, str]]:
    """The local name, the qualified name and the module of each alias of an import."""
    if isinstance(node, cst.Import):
        for alias in node.names:
            dotted = as_name(alias.name) or ""
            local = alias.evaluated_alias
            yield (local, dotted, dotted) if local else (dotted.split(".")[0], dotted.split(".")[0], dotted)
    elif not isinstance(node.names, cst.ImportStar) and not node.relative:
        module = as_name(node.module) or ""
        for alias in node.names:
            yield alias.evaluated_alias or alias.evaluated_name, f"{module}.{alias.evaluated_name}", module


class _Finder(cst.CSTVisitor):
    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.top: dict[str, str] = {}
        self.depth = 0

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.depth += 1

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.depth -= 1

    def visit_Import(self, node: cst.Import | cst.ImportFrom) -> None:
        for local, qualified, _ in imported(node):
            self.aliases[local] = qualified
            if self.depth == 0:
                self.top[local] = qualified

    visit_ImportFrom = visit_Import


_SAME = (("torch.nn.modules.", 3), ("torch.nn.parameter.", 2))


class Names:
    """The names that a file has imported, and those that its port uses.

    Attributes:
        aliases: qualified names by their names in the file.
        top: those that are imported outside of functions.
        needed: the short names that the port uses: ``jnp``, ``ops`` and so on.
    """

    def __init__(self, tree: cst.Module):
        finder = _Finder()
        tree.visit(finder)
        self.aliases = finder.aliases
        self.top = finder.top
        self.needed: set[str] = set()

    @property
    def has_torch(self) -> bool:
        return any(name.split(".")[0] == "torch" for name in self.aliases.values())

    def qualify(self, node: cst.CSTNode | None) -> str | None:
        """The qualified name of an expression that begins with an imported name, or None."""
        dotted = as_name(node)
        if dotted is None:
            return None
        head, _, rest = dotted.partition(".")
        if head not in self.aliases:
            return None
        return canonical(f"{self.aliases[head]}.{rest}" if rest else self.aliases[head])

    def use(self, short: str) -> str:
        """Records that the port uses a standard short name, and returns its name in this file."""
        if short in STANDARD:
            target = _target(STANDARD[short])
            for local, qualified in self.top.items():
                if qualified == target or MODULES.get(canonical(qualified)) == target:
                    return local
            self.needed.add(short)
        return short

    def imports(self, used: set[str]) -> list[str]:
        """The lines that import the names which the port uses and the file doesn't import."""
        lines = [STANDARD[short] for short in sorted(self.needed & used)]
        return sorted(lines, key=lambda line: (line.startswith("from"), _target(line).replace("jax.numpy", "jax.a")))


def canonical(name: str) -> str:
    """The documented name of a class or function of torch."""
    for prefix, depth in _SAME:
        if name.startswith(prefix):
            return "torch.nn." + name.rsplit(".", 1)[1] if name.count(".") >= depth else name
    if name.startswith("torch.functional."):
        return name.replace("torch.functional", "torch", 1)
    if name == "torch._C._nn.gelu":
        return "torch.nn.functional.gelu"
    return name


def _target(line: str) -> str:
    parts = line.split()
    return parts[1] if parts[0] == "import" else f"{parts[1]}.{parts[3]}"


def exists(module: str, name: str) -> bool:
    """Whether a module of purenn has a name."""
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False


class UsedNames(cst.CSTVisitor):
    """The names that a file uses outside of imports."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.dotted: set[str] = set()

    def visit_Import(self, node: cst.Import | cst.ImportFrom) -> bool:
        return False

    visit_ImportFrom = visit_Import

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        if (dotted := as_name(node)) is not None:
            self.dotted.add(dotted)
            self.names.add(dotted.split(".")[0])
            return False
        node.value.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self.names.add(node.value)
