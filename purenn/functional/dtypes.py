"""The dtype of a function's result by torch's rules, which differ from jax's.

`purenn.lowering.dtypes` says in which dtype a result is computed.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from purenn.lowering.dtypes import compute_dtype
from purenn.typing import DTypeLike

__all__ = ["cast", "floating_or_float32", "kind", "result_type"]


_KINDS = (jnp.bool_, jnp.integer, jnp.floating, jnp.complexfloating)


def kind(dtype: Any) -> int:
    """0 for booleans, 1 for integers, 2 for floating types, 3 for complex ones: torch promotes to the highest."""
    return next(i for i, parent in enumerate(_KINDS) if jnp.issubdtype(dtype, parent))


def result_type(*arrays: jax.Array) -> Any:
    """The dtype to which torch promotes arrays: a scalar counts only where its kind is higher than the others'."""
    highest = max((kind(x.dtype) for x in arrays if x.ndim), default=-1)
    with jax.numpy_dtype_promotion("standard"):
        return functools.reduce(jnp.promote_types, [x.dtype for x in arrays if x.ndim or kind(x.dtype) > highest])


def floating_or_float32(dtype: DTypeLike) -> Any:
    """The dtype, or float32 for integers and booleans."""
    return dtype if jnp.issubdtype(dtype, jnp.inexact) else jnp.float32


def cast(x: jax.Array, dtype: Any) -> jax.Array:
    """The array in the dtype in which a result of `dtype` is computed."""
    return x.astype(compute_dtype(dtype))
