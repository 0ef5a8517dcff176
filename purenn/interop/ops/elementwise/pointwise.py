"""Functions of one real or complex array, element by element, with results that are fractions.

Integers and booleans become float32. A table names the functions that are jax's under torch's names.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.dtypes import cast, floating_or_float32
from purenn.interop.ops.elementwise import gamma
from purenn.interop.ops.operands import default_dtype, real_array
from purenn.interop.ops.table import unary
from purenn.typing import Array, ArrayLike

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "digamma",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expm1",
    "i0",
    "lgamma",
    "log",
    "log1p",
    "log2",
    "log10",
    "logit",
    "rad2deg",
    "reciprocal",
    "rsqrt",
    "sigmoid",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
]


def _float(
    name: str, compute: Callable[[jax.Array], jax.Array], what: str, at: float, value: str, real: bool = False
) -> Callable[[ArrayLike], Array]:
    summary = f"Computes the {what} of every element.\n\n    Integers and booleans become float32."
    return unary(name, compute, summary, at, value, real)


acos = arccos = _float("acos", jnp.arccos, "inverse cosine", 0.5, "1.0472")
acosh = arccosh = _float("acosh", jnp.arccosh, "inverse hyperbolic cosine", 1.5, "0.9624")
asin = arcsin = _float("asin", jnp.arcsin, "inverse sine", 0.5, "0.5236")
asinh = arcsinh = _float("asinh", jnp.arcsinh, "inverse hyperbolic sine", 0.5, "0.4812")
atan = arctan = _float("atan", jnp.arctan, "inverse tangent", 0.5, "0.4636")
atanh = arctanh = _float("atanh", jnp.arctanh, "inverse hyperbolic tangent", 0.5, "0.5493")
cos = _float("cos", jnp.cos, "cosine", 0.5, "0.8776")
cosh = _float("cosh", jnp.cosh, "hyperbolic cosine", 0.5, "1.1276")
deg2rad = _float("deg2rad", jnp.deg2rad, "angle in radians", 90.0, "1.5708", real=True)


@jax.custom_jvp
def _i0(x: jax.Array) -> jax.Array:
    return jax.scipy.special.i0(x)


@_i0.defjvp
def _i0_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    """jax's derivative at 0 is 1."""
    (x,), (dx,) = primals, tangents
    return _i0(x), dx * jax.scipy.special.i1(x)


digamma = _float("digamma", gamma.digamma, "logarithmic derivative of the gamma function", 0.5, "-1.9635", True)
erf = _float("erf", lax.erf, "error function", 0.5, "0.5205", real=True)
erfc = _float("erfc", lax.erfc, "complementary error function", 0.5, "0.4795", real=True)
erfinv = _float("erfinv", lax.erf_inv, "inverse error function", 0.5, "0.4769", real=True)
exp = _float("exp", jnp.exp, "exponential", 0.5, "1.6487")
exp2 = _float("exp2", jnp.exp2, "power of 2", 0.5, "1.4142")
expm1 = _float("expm1", jnp.expm1, "exponential less 1, exact near 0,", 0.5, "0.6487")
i0 = _float("i0", _i0, "modified Bessel function of order 0", 0.5, "1.0635", real=True)
lgamma = _float("lgamma", gamma.lgamma, "logarithm of the gamma function's modulus", 0.5, "0.5724", real=True)
log = _float("log", jnp.log, "natural logarithm", 0.5, "-0.6931")
log10 = _float("log10", jnp.log10, "logarithm to base 10", 0.5, "-0.3010")
log1p = _float("log1p", jnp.log1p, "logarithm of 1 + x, exact near 0,", 0.5, "0.4055")
log2 = _float("log2", jnp.log2, "logarithm to base 2", 0.5, "-1.0000")
rad2deg = _float("rad2deg", jnp.rad2deg, "angle in degrees", 0.5, "28.6479", real=True)
reciprocal = _float("reciprocal", lambda x: jnp.ones_like(x) / x, "reciprocal", 0.5, "2.0000")
rsqrt = _float("rsqrt", lax.rsqrt, "reciprocal square root", 0.5, "1.4142")
sigmoid = _float("sigmoid", lax.logistic, "logistic function", 0.5, "0.6225")
sin = _float("sin", jnp.sin, "sine", 0.5, "0.4794")
sinc = _float("sinc", jnp.sinc, "ratio sin(πx) / (πx)", 0.5, "0.6366")
sinh = _float("sinh", jnp.sinh, "hyperbolic sine", 0.5, "0.5211")
sqrt = _float("sqrt", jnp.sqrt, "square root", 0.5, "0.7071")
tan = _float("tan", jnp.tan, "tangent", 0.5, "0.5463")
tanh = _float("tanh", jnp.tanh, "hyperbolic tangent", 0.5, "0.4621")


def square(input: ArrayLike) -> Array:
    """Computes the square of every element; booleans become integers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.square(jnp.array([-1, 2])).tolist()
        [1, 4]
    """
    x = check.array("square", "input", input)
    return jnp.square(x.astype(default_dtype(1)) if x.dtype == bool else x)


def logit(input: ArrayLike, eps: float | None = None) -> Array:
    """Computes log(x / (1 - x)) of every element, after it is clamped to [eps, 1 - eps] if there is an ``eps``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.logit(jnp.array([0.5, 0.5])).tolist()
        [0.0, 0.0]
    """
    x = real_array("logit", input)
    dtype = floating_or_float32(x.dtype)
    x = cast(x, dtype)
    if eps is not None:
        low, high = jnp.asarray(eps, x.dtype), 1 - jnp.asarray(eps, x.dtype)
        x = jnp.where(x < low, low, jnp.where(x > high, high, x))
    return jnp.log(x / (1 - x)).astype(dtype)
