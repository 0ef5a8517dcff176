"""Every public name of torch is in purenn and tested, or marked as not applicable. Signatures agree."""

import importlib.util
import inspect
import sys
from pathlib import Path

import jax.numpy as jnp
import pytest
import torch

from purenn import nn

SPEC = importlib.util.spec_from_file_location("parity", Path(__file__).parent.parent / "tools" / "parity.py")
parity = importlib.util.module_from_spec(SPEC)
sys.modules["parity"] = parity
SPEC.loader.exec_module(parity)

spaces = pytest.mark.parametrize("space", parity.NAMESPACES, ids=lambda s: s.theirs)
OURS_ONLY = {"rng", "size", "trained"}  # what purenn's functions take after torch's arguments
THEIRS_ONLY = {"out", "generator", "_stacklevel", "_random_samples", "compute_dq_write_order"}


@spaces
def test_every_name_is_checked_or_not_applicable(space):
    assert [f"{row.name}: {row.status}" for row in parity.rows(space) if row.missing] == []


@spaces
def test_what_is_said_not_to_apply_or_renamed_is_in_torch(space):
    names = set(parity.public_names(importlib.import_module(space.theirs)))
    assert {*space.excluded, *space.renamed} <= names


@pytest.mark.parametrize("name", parity.CLASSES)
def test_every_method_is_checked_or_not_applicable(name):
    assert [f"{row.name}: {row.status}" for row in parity.methods(name) if row.missing] == []
    assert set(parity.CLASSES[name]) <= {row.name for row in parity.methods(name)}


def test_a_missing_method_is_found(monkeypatch):
    monkeypatch.delattr(next(cls for cls in nn.Module.__mro__ if "get_buffer" in vars(cls)), "get_buffer")
    assert {row.name: row.missing for row in parity.methods("Module")}["get_buffer"]


def method_signatures():
    for name in parity.CLASSES:
        for row in parity.methods(name):
            theirs, ours = (getattr(getattr(lib, name), row.name, None) for lib in (torch.nn, nn))
            if row.status == "checked" and inspect.isfunction(theirs):
                yield pytest.param(theirs, ours, id=f"{name}.{row.name}")


@pytest.mark.parametrize(("theirs", "ours"), list(method_signatures()))
def test_arguments_of_methods_are_torchs(theirs, ours):
    """Names, order and defaults agree. Methods that dispatch on ``*args`` in torch are skipped."""
    expected, got = (list(inspect.signature(method).parameters.values()) for method in (theirs, ours))
    if any(p.kind is p.VAR_POSITIONAL for p in expected):
        pytest.skip("torch dispatches on its arguments")
    assert [(p.name, _default(p)) for p in got] == [(p.name, _default(p)) for p in expected]


def test_page_is_not_stale():
    assert parity.PAGE.read_text() == parity.page(), "run python tools/parity.py"


def test_a_missing_name_is_found():
    """The check can fail: the functions of torch.linalg aren't in purenn.functional."""
    space = parity.Namespace("torch.linalg", "purenn.functional", ("F",))
    assert {row.name: row.missing for row in parity.rows(space)}["cholesky"]


def signatures():
    for space in parity.NAMESPACES:
        for row in parity.rows(space):
            if row.status.startswith("checked"):
                module, _, name = row.ours.rpartition(".")
                theirs = getattr(importlib.import_module(space.theirs), row.name)
                yield pytest.param(space, theirs, getattr(importlib.import_module(module), name), id=row.name)


@pytest.mark.parametrize(("space", "theirs", "ours"), list(signatures()))
def test_arguments_are_torchs(space, theirs, ours):
    """Names, order and defaults agree. torch's functions in C have no signature to compare."""
    try:
        expected = list(inspect.signature(theirs).parameters.values())
    except ValueError:
        pytest.skip("torch has no signature for it")
    got = list(inspect.signature(ours).parameters.values())
    if space.in_place_renamed and expected and expected[0].name == "tensor":
        expected = expected[1:]  # purenn's initializers take a shape where torch's fill a tensor
    if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in expected):
        pytest.skip("torch dispatches on its arguments")
    names = [p.name for p in got]
    expected = [p for p in expected if not p.name.startswith("dq_")]  # of torch's kernels' gradients
    expected = [p for p in expected if p.name not in THEIRS_ONLY or p.name in names]
    extra = names[len(expected) :]
    called = [space.arguments.get(p.name, p.name) for p in expected]
    assert names[: len(expected)] in (called, [p.name for p in expected])
    assert set(extra) <= OURS_ONLY
    assert [_default(p) for p in got[: len(expected)]] == [_default(p) for p in expected]


def _default(parameter):
    if parameter.default is parameter.empty:
        return "required"
    if isinstance(parameter.default, torch.dtype):
        return str(parameter.default).removeprefix("torch.")
    named = inspect.isfunction(parameter.default) or isinstance(parameter.default, type(jnp.bfloat16))
    return parameter.default.__name__ if named else parameter.default
