"""Runs both columns of the idioms that the site shows side by side, and compares their values."""

from __future__ import annotations

import copy
import importlib.util
import types
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("pairs", ROOT / "tools/docsite/pairs.py")
pairs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pairs)


def rows(page):
    """The preamble of both columns of a page, and its rows: label, left and right."""
    found = pairs.pairs_of((ROOT / "docs" / page).read_text())
    (_, *preamble), *table = found
    return preamble, table


def run(code, namespace):
    """Runs code in its own namespace, whose modules are copies, and returns the namespace."""
    memo = {id(v): v for v in namespace.values() if isinstance(v, types.ModuleType | types.FunctionType | type)}
    inside = {name: copy.deepcopy(v, memo) if hasattr(v, "state_dict") else v for name, v in namespace.items()}
    exec(compile(code, "<phrase>", "exec", dont_inherit=True), inside)
    return inside


def start(code):
    namespace = {"__name__": "phrase"}
    exec(compile(code, "<preamble>", "exec", dont_inherit=True), namespace)
    return namespace


def made(before, after):
    """The values that a row has made."""
    ignored = types.ModuleType | types.FunctionType | type
    return {n: v for n, v in after.items() if n in "yzki" and v is not before.get(n) and not isinstance(v, ignored)}


def as_numpy(value):
    """A value of any library as nested lists of numpy arrays, with one dtype per kind."""
    if isinstance(value, dict):
        return {name: as_numpy(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_numpy(v) for v in value]
    if isinstance(value, str | bool):
        return value
    if hasattr(value, "detach"):
        value = value.detach().float() if str(value.dtype) == "torch.bfloat16" else value.detach()
    array = np.asarray(value)
    return array.astype({"f": "float32", "i": "int32"}.get(array.dtype.kind, array.dtype))


def compare(left, right):
    """Compares two values of `as_numpy`: equal words, equal shapes, close numbers."""
    assert type(left) is type(right), (left, right)
    if isinstance(left, dict):
        assert left.keys() == right.keys()
        for name in left:
            compare(left[name], right[name])
    elif isinstance(left, list):
        assert len(left) == len(right), (left, right)
        for a, b in zip(left, right, strict=True):
            compare(a, b)
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        np.testing.assert_allclose(right, left, rtol=1e-5, atol=1e-6, strict=True)
    else:
        assert left == right


def check(left, right, starts):
    """Runs a row and compares. Further values of the right column are alternatives to ``y``.

    Args:
        left, right: the code of both columns.
        starts: the namespaces in which they run; None for a library that isn't installed.
    """
    ours = run(right, starts[1])
    mine = made(starts[1], ours)
    assert mine, "the right column makes no y"
    if starts[0] is None:
        return
    theirs = made(starts[0], run(left, starts[0]))
    assert theirs.keys() <= mine.keys() and theirs
    for name in theirs:
        compare(as_numpy(theirs[name]), as_numpy(mine[name]))
    for name in mine.keys() - theirs.keys():
        compare(as_numpy(theirs["y"]), as_numpy(mine[name]))
