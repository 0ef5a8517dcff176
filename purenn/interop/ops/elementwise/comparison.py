"""Comparisons of two arrays: element by element, within tolerances, as a whole, or as sets."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import kind, operands
from purenn.interop.ops.table import named
from purenn.typing import Array, ArrayLike

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "isclose",
    "isin",
    "le",
    "less",
    "less_equal",
    "lt",
    "ne",
    "not_equal",
]

_DOC = """Tells where ``input $symbol other``, as booleans; arrays and numbers are promoted together first.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.$name(jnp.array([1, 2, 3]), 2).tolist()
        $value
    """


def _comparison(
    name: str, symbol: str, compute: Callable[[jax.Array, jax.Array], jax.Array], value: str, ordered: bool = True
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
    contained = jnp.any(jnp.broadcast_to(a[..., None], shape) == jnp.broadcast_to(b.ravel(), shape), -1)
    return ~contained if invert else contained
