"""The dtype in which a function computes: float32 for the half types, whose results are rounded once, at the end."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["compute_dtype", "is_half", "widened"]


def is_half(dtype: Any) -> bool:
    """Whether this is a floating type of fewer than 32 bits."""
    dtype = jnp.dtype(dtype)
    return jnp.issubdtype(dtype, jnp.floating) and dtype.itemsize < 4


def compute_dtype(dtype: Any) -> Any:
    """float32 for a half type, else the dtype itself."""
    return jnp.dtype(jnp.float32) if is_half(dtype) else jnp.dtype(dtype)


def widened(x: jax.Array) -> jax.Array:
    """The array in the dtype that is computed in."""
    return x.astype(compute_dtype(x.dtype))
