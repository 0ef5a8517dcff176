"""Every row of the table of calls against torch: values, gradients, second derivatives, dtypes, transforms."""

import importlib
import inspect
import pkgutil
import zlib

import cases
import jax
import numpy as np
import pytest
import torch
from functional_engine import (
    Bad,
    Case,
    Draw,
    check_transforms,
    check_value_and_gradient,
    torch_takes,
)

import purenn.functional as F

FAMILIES = [importlib.import_module(f"cases.{m.name}") for m in pkgutil.iter_modules(cases.__path__)]
CASES = [case for family in FAMILIES for case in family.CASES]
BAD = [bad for family in FAMILIES for bad in family.BAD]


def rows(table, keep=lambda row: True, sample=1):
    """One parameter per row. With `sample` n, all but a fixed n-th of them are marked slow."""

    def marked(row):
        slow = zlib.crc32(repr(row).encode()) % sample
        return pytest.param(row, id=repr(row), marks=pytest.mark.slow if slow else ())

    return pytest.mark.parametrize("case", [marked(row) for row in table if keep(row)])


@rows(CASES)
def test_value_and_gradient_in_float64(case: Case):
    with jax.enable_x64(True):
        check_value_and_gradient(case, "float64")


@rows(CASES, sample=8)
def test_value_and_gradient_in_float32(case: Case):
    check_value_and_gradient(case, "float32")


@rows(CASES, lambda c: c.grad and c.second, sample=6)
def test_second_derivative(case: Case):
    with jax.enable_x64(True):
        check_value_and_gradient(case, "float64", second=True)


@rows(CASES, lambda c: c.half, sample=8)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(case: Case, dtype):
    if torch_takes(case, dtype):
        check_value_and_gradient(case, dtype)


@rows(CASES, sample=10)
def test_transforms(case: Case):
    check_transforms(case)


ELSEWHERE = {"test_matmul": {"scaled_mm", "scaled_grouped_mm"}, "test_rnn": {"rnn_tanh", "rnn_relu", "lstm", "gru"}}


def test_every_function_has_a_bad_call():
    """Every function has a row in the table, or its own file of tests."""
    own = {name for names in ELSEWHERE.values() for name in names}
    public = {n for n, f in vars(F).items() if inspect.isfunction(f) and not n.startswith("_")}
    assert public - {bad.name for bad in BAD} == own | {f"{name}_cell" for name in ELSEWHERE["test_rnn"]}


@rows(BAD)
@pytest.mark.filterwarnings("ignore:.* is deprecated")
def test_bad_call_is_refused(case: Bad):
    generator = np.random.default_rng(0)

    def draw(leaf):
        if not isinstance(leaf, Draw):
            return leaf
        value = leaf.make(generator)
        return value.astype(np.float32) if value.dtype == np.float64 else value

    is_leaf = lambda v: v is None or isinstance(v, Draw)  # noqa: E731
    args, kwargs = jax.tree.map(draw, (case.args, case.kwargs), is_leaf=is_leaf)
    ours = getattr(F, case.name)
    with pytest.raises(case.error, match=case.match):
        ours(*args, **kwargs)
    with pytest.raises(case.error, match=case.match):  # also where only shapes are known
        jax.eval_shape(lambda: ours(*args, **kwargs))
    if case.theirs:
        to_torch = lambda v: torch.from_numpy(v) if isinstance(v, np.ndarray) else v  # noqa: E731
        args, kwargs = jax.tree.map(to_torch, (args, kwargs), is_leaf=lambda v: v is None)
        theirs = getattr(torch.nn.functional, case.name, None) or getattr(torch, case.name)
        with pytest.raises(Exception):  # noqa: B017
            theirs(*args, **kwargs)
