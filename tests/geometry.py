"""Random calls of functions with geometry, beside torch's, for property tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import torch
from hypothesis import settings

import purenn.functional as F

few = settings(max_examples=25, derandomize=True, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def per_dimension(n: int, low: int, high: int) -> st.SearchStrategy[Any]:
    """An integer, or one per dimension."""
    number = st.integers(low, high)
    return number | st.tuples(*[number] * n)


def small_integers(seed: int, *shape: int) -> np.ndarray:
    """Values with many ties, whose sums are exact."""
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float32)


def agree(name: str, arrays: list[np.ndarray], *args: Any, **kwargs: Any) -> bool:
    """Returns whether torch accepts the call. Asserts torch's values and gradients, or a refusal if torch refuses."""
    tensors = [torch.from_numpy(a).requires_grad_(a.dtype.kind == "f") for a in arrays]
    try:
        theirs = flat(getattr(torch.nn.functional, name)(*tensors, *args, **kwargs))
    except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
        theirs = None
    floats = [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]

    def call(*values: Any) -> list[Any]:
        given = dict(zip(floats, values, strict=True))
        ours = [given.get(i, jnp.asarray(a)) for i, a in enumerate(arrays)]
        return flat(getattr(F, name)(*ours, *args, **kwargs))

    inputs = [jnp.asarray(arrays[i]) for i in floats]
    if theirs is None:
        refused(call, inputs)
        return False
    cotangent = np.random.default_rng(0).standard_normal(tuple(theirs[0].shape)).astype(np.float32)

    @jax.jit
    def both(*values: Any) -> Any:
        _, pull = jax.vjp(lambda *v: call(*v)[0], *values)
        return call(*values), pull(jnp.asarray(cotangent))

    results, gradients = both(*inputs)
    assert len(results) == len(theirs)
    for ours, expected in zip(results, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(ours), expected.detach().numpy(), rtol=1e-5, atol=1e-5)
    expected = torch.autograd.grad(theirs[0], [tensors[i] for i in floats], torch.from_numpy(cotangent))
    for ours, gradient in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(np.asarray(ours), gradient.numpy(), rtol=1e-4, atol=1e-4)
    return True


def refused(call: Callable[..., Any], inputs: list[Any]) -> None:
    try:
        jax.eval_shape(call, *inputs)
    except (ValueError, TypeError, IndexError):
        return
    raise AssertionError("torch refuses this call, purenn takes it")


def flat(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]
