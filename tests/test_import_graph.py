"""The imports of the library's files have no cycle, including imports inside functions, without those for typing."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import purenn

ROOT = Path(purenn.__file__).parent


def name_of(file: Path) -> str:
    name = ".".join(file.relative_to(ROOT.parent).with_suffix("").parts)
    return name.removesuffix(".__init__")


FILES = {name_of(file): file for file in ROOT.rglob("*.py")}


def imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from imports(child)


def imported(file: Path) -> Iterator[str]:
    for node in imports(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in FILES else str(node.module)


GRAPH = {name: {other for other in imported(file) if other in FILES} - {name} for name, file in FILES.items()}


def test_no_circles():
    graphlib.TopologicalSorter(GRAPH).prepare()  # raises CycleError, which names the cycle


def test_packages_stand_on_each_other():
    """Objects use layers, layers use functions, functions use lowerings, and never the other way."""
    order = ["purenn.lowering", "purenn.functional", "purenn.layers", "purenn.nn"]
    for name, others in GRAPH.items():
        for place, package in enumerate(order):
            if name.startswith(package):
                above = tuple(order[place + 1 :])
                assert not [other for other in others if other.startswith(above)], name
