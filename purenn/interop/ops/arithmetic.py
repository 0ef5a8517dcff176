"""Arithmetic of two arrays: sums, products, quotients, powers.

Arrays and numbers are promoted together as in torch: a number counts only where its kind (boolean, integer, floating,
complex) is higher than the arrays', a scalar array only where it is higher than those with dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from purenn import check
from purenn.interop.ops.operands import array, kind, operands, promoted
from purenn.interop.ops.table import named
from purenn.typing import Array, ArrayLike
from purenn.value_checks import known

__all__ = [
    "add",
    "addcdiv",
    "addcmul",
    "arctan2",
    "atan2",
    "copysign",
    "div",
    "divide",
    "float_power",
    "floor_divide",
    "fmod",
    "gcd",
    "hypot",
    "lcm",
    "ldexp",
    "lerp",
    "logaddexp",
    "logaddexp2",
    "mul",
    "multiply",
    "nextafter",
    "pow",
    "remainder",
    "rsub",
    "sub",
    "subtract",
    "true_divide",
    "xlogy",
]


def _scaled(where: str, x: jax.Array, factor: Any, argument: str = "alpha") -> jax.Array:
    """The product with a number of the array's kind at most; 1 costs nothing."""
    if isinstance(factor, int) and factor == 1:
        return x
    if kind(promoted(factor)) > max(kind(x.dtype), 0):
        check.fail(where, argument, f"be of a kind that {x.dtype} holds", repr(factor), TypeError)
    return x * array(where, argument, factor, x.dtype)


def add(input: ArrayLike, other: ArrayLike, *, alpha: Any = 1) -> Array:
    """Computes ``input + alpha * other``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.add(jnp.array([1, 2]), jnp.array([10, 20]), alpha=2).tolist()
        [21, 42]
    """
    a, b = operands("add", input=input, other=other)
    return jnp.add(a, _scaled("add", b, alpha))


def sub(input: ArrayLike, other: ArrayLike, *, alpha: Any = 1) -> Array:
    """Computes ``input - alpha * other``; booleans are refused: use `logical_xor`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.sub(jnp.array([1, 2]), 1).tolist()
        [0, 1]
    """
    for name, x in (("input", input), ("other", other)):
        if kind(promoted(x)) == 0:
            check.fail("sub", name, "be no boolean; use logical_xor or logical_not", "dtype bool", TypeError)
    a, b = operands("sub", input=input, other=other)
    return a - _scaled("sub", b, alpha)


subtract = sub


def rsub(input: ArrayLike, other: ArrayLike, *, alpha: Any = 1) -> Array:
    """Computes ``other - alpha * input``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.rsub(jnp.array([1, 2]), 1).tolist()
        [0, -1]
    """
    return sub(other, input, alpha=alpha)


def mul(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the product, element by element.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.mul(jnp.array([1, 2]), 1.5).tolist()
        [1.5, 3.0]
    """
    a, b = operands("mul", input=input, other=other)
    return jnp.multiply(a, b)


multiply = mul


def exact_quotient(a: jax.Array, b: jax.Array, divisor: Any) -> jax.Array:
    """A quotient that is divided also where the divisor is a number.

    XLA multiplies by a constant's reciprocal, which rounds otherwise than torch's division, and sees constants through
    `lax.optimization_barrier`. Here the divisor is a function of the dividend that always gives the same number.
    """
    constant = isinstance(divisor, int | float | np.number) and isinstance(a, Tracer)
    if constant and abs(math.frexp(divisor)[0]) != 0.5 and math.isfinite(divisor):
        b = jnp.maximum(b, jnp.minimum(lax.stop_gradient(a), b)) if kind(a.dtype) == 2 else b
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


def pow(input: ArrayLike, exponent: ArrayLike) -> Array:
    """Computes the power; either may be a number.

    Raises:
        ValueError: integers to the power of a negative number.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.pow(jnp.array([1, 2]), 3).tolist()
        [1, 8]
        >>> ops.pow(2, jnp.array([1.0, 2.0])).tolist()
        [2.0, 4.0]
    """
    a, b = operands("pow", input=input, exponent=exponent)
    if kind(a.dtype) == 1:
        if isinstance(exponent, int) and exponent < 0:
            check.fail("pow", "exponent", "be at least 0 for integers", exponent)
        power = jnp.power(a, jnp.maximum(b, 0))
        inverse = jnp.where(a == 1, 1, jnp.where(a == -1, 1 - 2 * (b & 1), 0)).astype(a.dtype)
        return jnp.where(b < 0, inverse, power)
    if isinstance(exponent, int) and not isinstance(exponent, bool) and abs(exponent) <= 3:
        return lax.integer_pow(a, exponent)
    if isinstance(exponent, float) and exponent == 0.5 and kind(a.dtype) == 2:
        return jnp.sqrt(a)
    return jnp.power(a, b)


def float_power(input: ArrayLike, exponent: ArrayLike) -> Array:
    """Computes the power in double precision; without x64 that is float32.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.float_power(jnp.array([1, 2]), -1).tolist()
        [1.0, 0.5]
    """
    a, b = operands("float_power", floating=True, input=input, exponent=exponent)
    wide = jax.dtypes.canonicalize_dtype(np.complex128 if kind(a.dtype) == 3 else np.float64)
    return jnp.power(a.astype(wide), b.astype(wide))


def addcmul(input: ArrayLike, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1) -> Array:
    """Computes ``input + value * tensor1 * tensor2``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.addcmul(jnp.array([1.0]), jnp.array([2.0]), jnp.array([3.0]), value=0.5).tolist()
        [4.0]
    """
    x, a, b = operands("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    return x + _scaled("addcmul", a * b, value, "value")


def addcdiv(input: ArrayLike, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1) -> Array:
    """Computes ``input + value * tensor1 / tensor2``; integers are refused, as in torch.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.addcdiv(jnp.array([1.0]), jnp.array([6.0]), jnp.array([3.0])).tolist()
        [3.0]
    """
    if kind(promoted(tensor1)) < 2 and kind(promoted(tensor2)) < 2:
        check.fail("addcdiv", "tensor1 or tensor2", "be floating-point", "integers", TypeError)
    x, a, b = operands("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    return x + _scaled("addcdiv", a, value, "value") / b


def lerp(input: ArrayLike, end: ArrayLike, weight: ArrayLike) -> Array:
    """Interpolates: ``input + weight * (end - input)``, from the nearer end. The dtypes must be one.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.lerp(jnp.array([0.0]), jnp.array([8.0]), 0.25).tolist()
        [2.0]
    """
    a, b = check.array("lerp", "input", input), check.array("lerp", "end", end)
    check.same_dtype("lerp", input=a, end=b)
    check.inexact("lerp", "input", a)
    w = array("lerp", "weight", weight, None if isinstance(weight, jax.Array | np.ndarray) else a.dtype)
    check.same_dtype("lerp", input=a, weight=w)
    a, b, w = check.broadcast("lerp", input=a, end=b, weight=w)
    return jnp.where(jnp.abs(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w))


_DOC = """Computes $what, element by element; integers become float32.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> f"{ops.$name(jnp.array($x), jnp.array($y)):.4f}"
        '$value'
    """


def _binary(
    name: str, compute: Callable[[Any, Any], Any], what: str, x: float, y: float, value: str, floating: bool = True
):
    """A function of two arrays, ``input`` and ``other``."""

    def function(input: ArrayLike, other: ArrayLike) -> Array:
        a, b = operands(name, floating=floating, input=input, other=other)
        return compute(a, b)

    return named(function, name, _DOC, what=what, x=str(x), y=str(y), value=value)


def _nextafter(a: jax.Array, b: jax.Array) -> jax.Array:
    """The derivative is that of the first, as in torch; jax has none."""
    change = jnp.where(jnp.isfinite(a), a - lax.stop_gradient(a), jnp.zeros((), a.dtype))
    return jnp.nextafter(lax.stop_gradient(a), lax.stop_gradient(b)) + change


atan2 = arctan2 = _binary("atan2", jnp.arctan2, "the angle of the vector (other, input)", 1.0, 1.0, "0.7854")
copysign = _binary("copysign", jnp.copysign, "the first modulus with the second sign", 1.0, -2.0, "-1.0000")
hypot = _binary("hypot", jnp.hypot, "the length of the vector (x, y)", 3.0, 4.0, "5.0000")
logaddexp = _binary("logaddexp", jnp.logaddexp, "log(exp(x) + exp(y))", 0.0, 0.0, "0.6931")
logaddexp2 = _binary("logaddexp2", jnp.logaddexp2, "log2(2^x + 2^y)", 0.0, 0.0, "1.0000")
nextafter = _binary("nextafter", _nextafter, "the floating-point number after x towards y", 1.0, 2.0, "1.0000")
xlogy = _binary("xlogy", jax.scipy.special.xlogy, "x log(y), 0 where x is 0,", 2.0, 3.0, "2.1972")


def ldexp(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes ``input * 2 ** other``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.ldexp(jnp.array([3.0]), jnp.array([2])).tolist()
        [12.0]
    """
    return mul(check.array("ldexp", "input", input), pow(2.0, check.array("ldexp", "other", other)))


def _whole(where: str, input: Any, other: Any) -> list[jax.Array]:
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
