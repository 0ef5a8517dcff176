"""The larger or smaller of two elements, and elements that are limited to a range."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import array, kind, operands, promoted, real_array
from purenn.typing import Array, ArrayLike

__all__ = ["clamp", "clamp_max", "clamp_min", "clip", "fmax", "fmin", "maximum", "minimum"]


def _pair(where: str, input: ArrayLike, other: ArrayLike) -> list[jax.Array]:
    a, b = operands(where, input=input, other=other)
    real_array(where, a)
    return [a, b]


def maximum(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the larger of two elements, NaN if one is NaN; equal ones share the gradient.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.maximum(jnp.array([1, 5]), jnp.array([3, 2])).tolist()
        [3, 5]
    """
    return jnp.maximum(*_pair("maximum", input, other))


def minimum(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the smaller of two elements, NaN if one is NaN; equal ones share the gradient.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.minimum(jnp.array([1, 5]), jnp.array([3, 2])).tolist()
        [1, 2]
    """
    return jnp.minimum(*_pair("minimum", input, other))


def fmax(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the larger of two elements; NaN only where both are. Among equals the first has the gradient.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fmax(jnp.array([1.0, jnp.nan]), jnp.array([3.0, 2.0])).tolist()
        [3.0, 2.0]
    """
    a, b = _pair("fmax", input, other)
    return jnp.where((a >= b) | jnp.isnan(b), a, b)


def fmin(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the smaller of two elements; NaN only where both are. Among equals the first has the gradient.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fmin(jnp.array([1.0, jnp.nan]), jnp.array([3.0, 2.0])).tolist()
        [1.0, 2.0]
    """
    a, b = _pair("fmin", input, other)
    return jnp.where((a <= b) | jnp.isnan(b), a, b)


def clamp(input: ArrayLike, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Array:
    """Limits elements to a range; numbers or arrays as bounds, one of which may be left out.

    Where ``min`` is above ``max`` the result is ``max``. At a bound the gradient is 1, where jnp.clip's is a half.

    Raises:
        ValueError: no bound.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.clamp(jnp.array([-1.0, 0.5, 2.0]), 0.0, 1.0).tolist()
        [0.0, 0.5, 1.0]
    """
    return _clamped("clamp", input, min, max)


clip = clamp


def clamp_min(input: ArrayLike, min: ArrayLike) -> Array:
    """Limits elements from below, as `clamp` does.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.clamp_min(jnp.array([-1, 2]), 0).tolist()
        [0, 2]
    """
    return _clamped("clamp_min", input, min, None)


def clamp_max(input: ArrayLike, max: ArrayLike) -> Array:
    """Limits elements from above, as `clamp` does.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.clamp_max(jnp.array([-1, 2]), 0).tolist()
        [-1, 0]
    """
    return _clamped("clamp_max", input, None, max)


def _clamped(where: str, input: ArrayLike, lower: ArrayLike | None, upper: ArrayLike | None) -> jax.Array:
    bounds = {name: v for name, v in (("min", lower), ("max", upper)) if v is not None}
    if not bounds:
        check.fail(where, "min or max", "be given", "neither")
    x = real_array(where, input)
    dtype = promoted(x, *bounds.values())
    if kind(dtype) == 0:
        check.fail(where, "input", "be a numeric array", "dtype bool", TypeError)
    if any(isinstance(v, float) and math.isnan(v) for v in bounds.values()):
        return jnp.full_like(x, np.nan, dtype)
    arrays = {name: array(where, name, v, dtype) for name, v in bounds.items()}
    x, *limits = check.broadcast(where, input=x.astype(dtype), **arrays)
    for name, limit in zip(bounds, limits, strict=True):
        outside = x < limit if name == "min" else x > limit
        x = jnp.where(outside | jnp.isnan(limit), limit, x)
    return x
