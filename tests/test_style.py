"""Checks the mechanical part of docs/style.md."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "purenn").rglob("*.py"))
OPENERS = ("Of ", "Whose ", "That of ", "Those of ", "What ")
PHRASES = (
    r"for torch's sake",
    r"must be with",
    r"must be of a number",
    r"\b(one|value|mean|variance|element|weight|scale) a (dimension|channel|sample|class|row)\b",
)


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "name", "the file"), text


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words(path):
    source = path.read_text()
    wrong = [
        f"{name}: {text.splitlines()[0]}" for name, text in docstrings(ast.parse(source)) if text.startswith(OPENERS)
    ]
    wrong += [m.group(0) for phrase in PHRASES for m in re.finditer(phrase, source)]
    wrong += [line.strip() for line in source.splitlines() if re.match(r"\s*# (Of|Whose|That of|Those of|What) ", line)]
    assert not wrong, "\n".join(wrong)
