"""Tests of elements, one by one: which are NaN, infinite, finite, real or negative."""

from __future__ import annotations

import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import kind, real_array
from purenn.typing import Array, ArrayLike

__all__ = ["isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "signbit"]


def isnan(input: ArrayLike) -> Array:
    """Tells where elements are NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.isnan(jnp.array([1.0, jnp.nan])).tolist()
        [False, True]
    """
    return jnp.isnan(check.array("isnan", "input", input))


def isinf(input: ArrayLike) -> Array:
    """Tells where elements are infinite.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.isinf(jnp.array([1.0, -jnp.inf])).tolist()
        [False, True]
    """
    return jnp.isinf(check.array("isinf", "input", input))


def isfinite(input: ArrayLike) -> Array:
    """Tells where elements are neither infinite nor NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.isfinite(jnp.array([1.0, -jnp.inf])).tolist()
        [True, False]
    """
    return jnp.isfinite(check.array("isfinite", "input", input))


def isposinf(input: ArrayLike) -> Array:
    """Tells where elements are infinite and positive.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.isposinf(jnp.array([jnp.inf, -jnp.inf])).tolist()
        [True, False]
    """
    return jnp.isposinf(real_array("isposinf", input))


def isneginf(input: ArrayLike) -> Array:
    """Tells where elements are infinite and negative.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.isneginf(jnp.array([jnp.inf, -jnp.inf])).tolist()
        [False, True]
    """
    return jnp.isneginf(real_array("isneginf", input))


def isreal(input: ArrayLike) -> Array:
    """Tells where elements have no imaginary part.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.isreal(jnp.array([1 + 0j, 1j])).tolist()
        [True, False]
    """
    return jnp.isreal(check.array("isreal", "input", input))


def signbit(input: ArrayLike) -> Array:
    """Tells where the sign is negative, that of -0.0 included.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.signbit(jnp.array([-0.0, 0.0])).tolist()
        [True, False]
    """
    x = real_array("signbit", input)
    return jnp.signbit(x) if kind(x.dtype) == 2 else x < jnp.zeros((), x.dtype)
