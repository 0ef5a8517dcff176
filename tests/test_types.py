"""Arguments are typed. A bare ``Any`` is only for values of any type."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "purenn"


def annotations(path: Path) -> Iterator[tuple[str, ast.expr]]:
    """The annotated arguments of every function of a file, as ``line function(argument)``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own = node.args
            rest = [argument for argument in (own.vararg, own.kwarg) if argument is not None]
            for argument in (*own.posonlyargs, *own.args, *own.kwonlyargs, *rest):
                if argument.annotation is not None:
                    yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}({argument.arg})", argument.annotation


def is_any(annotation: ast.expr) -> bool:
    return isinstance(annotation, ast.Name) and annotation.id == "Any"


def test_few_arguments_are_any() -> None:
    found = [pair for path in sorted(ROOT.rglob("*.py")) for pair in annotations(path)]
    bare = [where for where, annotation in found if is_any(annotation)]
    assert len(found) > 5000
    assert len(bare) <= 0.02 * len(found), f"{len(bare)} of {len(found)}: {bare}"


def test_the_bound_layer_of_a_forward_is_typed() -> None:
    """The ``m`` of every method of a layer is a `Bound`."""
    untyped = [
        where
        for room in ("layers", "nn", "utils")
        for path in (ROOT / room).rglob("*.py")
        for where, annotation in annotations(path)
        if where.endswith("(m)") and is_any(annotation)
    ]
    assert untyped == []


def test_pyright_finds_no_error() -> None:
    """With the settings of pyproject.toml."""
    pytest.importorskip("pyright")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
    run = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
