"""Comparisons, tests of elements, and functions of the larger or smaller of two."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import array, kind, operands, promoted, real_array
from purenn.interop.ops.table import named
from purenn.typing import Array, ArrayLike

__all__ = [
    "allclose",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "eq",
    "equal",
    "fmax",
    "fmin",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "heaviside",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "le",
    "less",
    "less_equal",
    "lt",
    "maximum",
    "minimum",
    "ne",
    "not_equal",
    "signbit",
]

_DOC = """Tells where ``input $symbol other``, as booleans; arrays and numbers are promoted together first.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.$name(jnp.array([1, 2, 3]), 2).tolist()
        $value
    """


def _comparison(
    name: str, symbol: str, compute: Callable[[Any, Any], Any], value: str, ordered: bool = True
) -> Callable[[ArrayLike, ArrayLike], Array]:
    def function(input: ArrayLike, other: ArrayLike) -> Array:
        a, b = operands(name, input=input, other=other)
        if ordered and kind(a.dtype) == 3:
            check.fail(name, "input and other", "be real", f"dtype {a.dtype}", TypeError)
        return compute(a, b)

    return named(function, name, _DOC, symbol=symbol, value=value)


eq = _comparison("eq", "==", jnp.equal, "[False, True, False]", ordered=False)
ne = not_equal = _comparison("ne", "!=", jnp.not_equal, "[True, False, True]", ordered=False)
lt = less = _comparison("lt", "<", jnp.less, "[True, False, False]")
le = less_equal = _comparison("le", "<=", jnp.less_equal, "[True, True, False]")
gt = greater = _comparison("gt", ">", jnp.greater, "[False, False, True]")
ge = greater_equal = _comparison("ge", ">=", jnp.greater_equal, "[False, True, True]")


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


def isclose(
    input: ArrayLike, other: ArrayLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Tells where ``|input - other| <= atol + rtol * |other|``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.isclose(jnp.array([1.0, 1.1]), jnp.array([1.0, 1.0])).tolist()
        [True, False]
    """
    a, b = check.array("isclose", "input", input), check.array("isclose", "other", other)
    check.same_dtype("isclose", input=a, other=b)
    if rtol < 0 or atol < 0:
        check.fail("isclose", "rtol and atol", "be at least 0", (rtol, atol))
    a, b = check.broadcast("isclose", input=a, other=b)
    if kind(a.dtype) < 2:
        if not rtol and not atol:
            return a == b
        a, b = a.astype(jnp.float32), b.astype(jnp.float32)
    return jnp.isclose(a, b, rtol, atol, equal_nan)


def allclose(
    input: ArrayLike, other: ArrayLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Tells whether `isclose` holds everywhere, as a scalar array, which under ``jit`` Python can't branch on.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> bool(ops.allclose(jnp.array([1.0]), jnp.array([1.0])))
        True
    """
    return jnp.all(isclose(input, other, rtol, atol, equal_nan))


def equal(input: ArrayLike, other: ArrayLike) -> Array:
    """Tells whether two arrays have one shape and the same values, as a scalar array; `eq` compares elements.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> bool(ops.equal(jnp.array([1, 2]), jnp.array([1, 2])))
        True
    """
    a, b = check.array("equal", "input", input), check.array("equal", "other", other)
    if a.shape != b.shape:
        return jnp.zeros((), bool)
    return jnp.all(eq(a, b))


def isin(elements: ArrayLike, test_elements: ArrayLike, *, assume_unique: bool = False, invert: bool = False) -> Array:
    """Tells which elements are among others.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.isin(jnp.array([1, 2, 3]), jnp.array([2, 5])).tolist()
        [False, True, False]
    """
    a, b = operands("isin", broadcast=False, elements=elements, test_elements=test_elements)
    shape = (*a.shape, b.size)
    found = jnp.any(jnp.broadcast_to(a[..., None], shape) == jnp.broadcast_to(b.ravel(), shape), -1)
    return ~found if invert else found


def heaviside(input: ArrayLike, values: ArrayLike) -> Array:
    """Computes the step function: 0 below 0, 1 above, ``values`` at 0. The dtypes must be one.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.heaviside(jnp.array([-1.0, 0.0, 1.0]), jnp.array(0.5)).tolist()
        [0.0, 0.5, 1.0]
    """
    x, v = check.array("heaviside", "input", input), check.array("heaviside", "values", values)
    check.same_dtype("heaviside", input=x, values=v)
    real_array("heaviside", x)
    x, v = check.broadcast("heaviside", input=x, values=v)
    zero = jnp.zeros_like(x)
    return jnp.where(x == zero, v, (x > zero).astype(x.dtype))


def _pair(where: str, input: Any, other: Any) -> list[jax.Array]:
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


def _clamped(where: str, input: Any, least: Any, most: Any) -> jax.Array:
    bounds = {name: v for name, v in (("min", least), ("max", most)) if v is not None}
    if not bounds:
        check.fail(where, "min or max", "be given", "neither")
    x = real_array(where, input)
    if kind(promoted(x, *bounds.values())) == 0:
        check.fail(where, "input", "be a numeric array", "dtype bool", TypeError)
    if any(isinstance(v, float) and math.isnan(v) for v in bounds.values()):
        return jnp.full_like(array(where, "input", x, promoted(x, *bounds.values())), np.nan)
    x, *limits = operands(where, input=x, **bounds)
    for name, limit in zip(bounds, limits, strict=True):
        beyond = x < limit if name == "min" else x > limit
        x = jnp.where(beyond | jnp.isnan(limit), limit, x)
    return x
