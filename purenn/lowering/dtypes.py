"""The dtype in which a function computes: float32 for the half types, whose results are rounded once, at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from purenn.typing import DTypeLike

__all__ = ["compute_dtype", "computed_wide", "is_half", "widened"]

T = TypeVar("T")


def is_half(dtype: DTypeLike) -> bool:
    """Whether this is a floating type of fewer than 32 bits."""
    dtype = jnp.dtype(dtype)
    return jnp.issubdtype(dtype, jnp.floating) and dtype.itemsize < 4


def compute_dtype(dtype: DTypeLike) -> np.dtype:
    """float32 for a half type, else the dtype itself."""
    return jnp.dtype(jnp.float32) if is_half(dtype) else jnp.dtype(dtype)


def widened(x: jax.Array) -> jax.Array:
    """The array in the dtype that is computed in."""
    return x.astype(compute_dtype(x.dtype))


def computed_wide(function: Callable[..., T], *arrays: Any) -> T:
    """Calls a function with `widened` arrays and rounds the results to the dtype of the first one.

    The arguments are trees of arrays, and those of other kinds than floating point stay as they are.
    """
    dtype = jax.tree.leaves(arrays)[0].dtype
    return jax.tree.map(lambda y: y.astype(dtype), function(*jax.tree.map(widened, arrays)))
