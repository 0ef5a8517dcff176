"""Quotients, remainders and common divisors, element by element.

Known integers divided by 0 are refused. A number as divisor divides, where XLA would multiply by its reciprocal.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from purenn import check
from purenn.interop.ops.operands import kind, operands
from purenn.typing import Array, ArrayLike
from purenn.value_checks import known

__all__ = ["div", "divide", "floor_divide", "fmod", "gcd", "lcm", "remainder", "true_divide"]


def exact_quotient(a: jax.Array, b: jax.Array, divisor: ArrayLike) -> jax.Array:
    """Divides, also where the divisor is a number.

    XLA multiplies by a constant's reciprocal, which rounds otherwise than torch's division, and sees constants through
    `lax.optimization_barrier`. Here the divisor is a function of the dividend that always gives the same number.
    """
    if (
        kind(a.dtype) == 2
        and isinstance(a, Tracer)
        and isinstance(divisor, int | float | np.integer | np.floating)
        and abs(math.frexp(divisor)[0]) != 0.5
        and math.isfinite(divisor)
    ):
        b = jnp.maximum(b, jnp.minimum(lax.stop_gradient(a), b))
    return a / b


def div(input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None) -> Array:
    """Computes the quotient; of integers it is float32.

    Under ``jit`` XLA multiplies by the reciprocal of a number; this divides, as torch does, so that ``floor(x / 0.6)``
    is the same.

    Args:
        input: the dividend.
        other: the divisor.
        rounding_mode: None, ``'trunc'`` (towards 0, as in C) or ``'floor'`` (as Python's ``//``); with one of the
            latter the quotient of integers is an integer.

    Raises:
        ValueError: another mode. ZeroDivisionError: known integers divided by 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.div(jnp.array([-7, 7]), 2).tolist()
        [-3.5, 3.5]
        >>> ops.div(jnp.array([-7, 7]), 2, rounding_mode="floor").tolist()
        [-4, 3]
    """
    check.choice("div", "rounding_mode", rounding_mode, (None, "trunc", "floor"))
    if rounding_mode == "floor":
        return floor_divide(input, other)
    a, b = operands("div", floating=rounding_mode is None, input=input, other=other)
    if rounding_mode is None:
        return exact_quotient(a, b, other)
    if kind(a.dtype) < 2:
        _no_zeros("div", b)
        return lax.div(a, b)
    return jnp.trunc(exact_quotient(a, b, other))


divide = div
true_divide = div


def _no_zeros(where: str, divisor: jax.Array) -> None:
    if (values := known(divisor)) is not None and (values == 0).any():
        check.fail(where, "other", "have no zeros where integers are divided", "0", ZeroDivisionError)


def floor_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the quotient rounded down, as Python's ``//``; of integers it is an integer.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.floor_divide(jnp.array([-7, 7]), 2).tolist()
        [-4, 3]
    """
    a, b = operands("floor_divide", input=input, other=other)
    if kind(a.dtype) < 2:
        _no_zeros("floor_divide", b)
        return jnp.floor_divide(a, b)
    if kind(a.dtype) == 3:
        check.fail("floor_divide", "input", "be real", f"dtype {a.dtype}", TypeError)
    a, b = lax.stop_gradient(a), lax.stop_gradient(b)
    rest = lax.rem(a, b)
    quotient = (a - rest) / b
    quotient = jnp.where((rest != 0) & ((b < 0) != (rest < 0)), quotient - 1, quotient)
    whole = jnp.floor(quotient)
    whole = jnp.where(quotient - whole > 0.5, whole + 1, whole)
    exact = a / b
    return jnp.where(b == 0, exact, jnp.where(quotient == 0, jnp.copysign(jnp.zeros_like(a), exact), whole))


def remainder(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the remainder that has the divisor's sign, as Python's ``%``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.remainder(jnp.array([-7, 7]), 3).tolist()
        [2, 1]
    """
    a, b = operands("remainder", input=input, other=other)
    if kind(a.dtype) < 2:
        _no_zeros("remainder", b)
    return jnp.remainder(a, b)


def fmod(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the remainder that has the dividend's sign, as in C.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fmod(jnp.array([-7, 7]), 3).tolist()
        [-1, 1]
    """
    a, b = operands("fmod", input=input, other=other)
    if kind(a.dtype) < 2:
        _no_zeros("fmod", b)
    return lax.rem(a, b)


def _whole(where: str, input: ArrayLike, other: ArrayLike) -> list[jax.Array]:
    a, b = operands(where, input=input, other=other)
    check.integral(where, "input and other", a)
    return [a, b]


def gcd(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the greatest common divisor of integers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.gcd(jnp.array([12]), jnp.array([18])).tolist()
        [6]
    """
    return jnp.gcd(*_whole("gcd", input, other))


def lcm(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the least common multiple of integers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.lcm(jnp.array([4]), jnp.array([6])).tolist()
        [12]
    """
    return jnp.lcm(*_whole("lcm", input, other))
