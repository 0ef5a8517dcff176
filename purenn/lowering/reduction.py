"""Maxima and minima that a NaN passes through.

XLA on the CPU gives reductions over 4,096 elements and more to a library, together with the arithmetic before them,
and neither its reduction to a maximum nor its maximum of two numbers keeps NaN: ``jnp.max`` gives the largest of the
others, or -inf, and the mean of ``jnp.maximum(x, 0)`` takes 0 for NaN. A selection isn't given to the library.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["maximum_of", "minimum_of"]

Axes = int | tuple[int, ...] | None


def maximum_of(x: jax.Array, axes: Axes = None, keepdims: bool = False, initial: Any = None) -> jax.Array:
    """The largest number over some axes; NaN where there is one."""
    return _with_nan(jnp.max(x, axes, keepdims=keepdims, initial=initial), x, axes, keepdims)


def minimum_of(x: jax.Array, axes: Axes = None, keepdims: bool = False, initial: Any = None) -> jax.Array:
    """The smallest number over some axes; NaN where there is one."""
    return _with_nan(jnp.min(x, axes, keepdims=keepdims, initial=initial), x, axes, keepdims)


def _with_nan(found: jax.Array, x: jax.Array, axes: Axes, keepdims: bool) -> jax.Array:
    return jnp.where(jnp.any(x != x, axes, keepdims=keepdims), jnp.full_like(found, jnp.nan), found)
