"""Powers, and the other real functions of two arrays, element by element: angles, lengths, logarithms of sums."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.interop.ops.elementwise.arithmetic import mul
from purenn.interop.ops.operands import kind, operands
from purenn.interop.ops.table import binary
from purenn.typing import Array, ArrayLike

__all__ = [
    "arctan2",
    "atan2",
    "copysign",
    "float_power",
    "hypot",
    "ldexp",
    "logaddexp",
    "logaddexp2",
    "nextafter",
    "pow",
    "xlogy",
]


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


def _binary(
    name: str, compute: Callable[[jax.Array, jax.Array], jax.Array], what: str, x: float, y: float, value: str
) -> Callable[[ArrayLike, ArrayLike], Array]:
    return binary(name, compute, f"Computes {what}, element by element; integers become float32.", x, y, value)


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
