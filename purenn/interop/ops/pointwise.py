"""Functions of one array, element by element.

Integers and booleans become float32 where the result is a fraction; the others keep their dtype. A table names the
functions that are jax's under torch's names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.dtypes import cast, floating_or_float32
from purenn.interop.ops import gamma
from purenn.interop.ops.operands import default_dtype, kind, numeric, real_array
from purenn.interop.ops.results import Frexp
from purenn.interop.ops.table import named
from purenn.typing import Array, ArrayLike

__all__ = [
    "abs",
    "absolute",
    "acos",
    "acosh",
    "angle",
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
    "ceil",
    "conj",
    "conj_physical",
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
    "fix",
    "floor",
    "frac",
    "frexp",
    "i0",
    "imag",
    "lgamma",
    "log",
    "log1p",
    "log2",
    "log10",
    "logit",
    "nan_to_num",
    "neg",
    "negative",
    "positive",
    "rad2deg",
    "real",
    "reciprocal",
    "resolve_conj",
    "resolve_neg",
    "round",
    "rsqrt",
    "sgn",
    "sigmoid",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
]

_DOC = """Computes the $what of every element.

    Integers and booleans become float32.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> f"{ops.$name(jnp.array($at)):.4f}"
        '$value'
    """


def _float(
    name: str, compute: Callable[[Any], Any], what: str, at: float, value: str, real: bool = False
) -> Callable[[ArrayLike], Array]:
    """A function whose result is floating-point; half types are computed in float32 and rounded once."""

    def function(input: ArrayLike) -> Array:
        x = numeric(name, input, 0, 2 if real else 3)
        dtype = floating_or_float32(x.dtype)
        return compute(cast(x, dtype)).astype(dtype)

    return named(function, name, _DOC, what=what, at=str(at), value=value)


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


def abs(input: ArrayLike) -> Array:
    """Computes the modulus of every element. A boolean array stays as it is; the gradient at 0 is 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.abs(jnp.array([-1, 2])).tolist()
        [1, 2]
    """
    x = check.array("abs", "input", input)
    return x if x.dtype == bool else jnp.abs(x)


absolute = abs


def neg(input: ArrayLike) -> Array:
    """Computes the negative of every element; booleans are refused: use `logical_not`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.neg(jnp.array([-1, 2])).tolist()
        [1, -2]
    """
    return jnp.negative(numeric("neg", input))


negative = neg


def positive(input: ArrayLike) -> Array:
    """Returns the array itself; booleans are refused, as in torch.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.positive(jnp.array([-1, 2])).tolist()
        [-1, 2]
    """
    return numeric("positive", input)


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


def sign(input: ArrayLike) -> Array:
    """Computes the sign of every element: -1, 0 or 1; 0 for NaN, where jnp's is NaN. Complex arrays take `sgn`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.sign(jnp.array([-3.0, 0.0, jnp.nan])).tolist()
        [-1.0, 0.0, 0.0]
    """
    x = real_array("sign", input)
    if x.dtype == bool:
        return x
    return jnp.where(jnp.isnan(x), 0, jnp.sign(x)).astype(x.dtype) if kind(x.dtype) == 2 else jnp.sign(x)


def sgn(input: ArrayLike) -> Array:
    """Computes the sign of every element; for a complex one the number of modulus 1 in its direction.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.sgn(jnp.array([3j, 0])).tolist()
        [1j, 0j]
    """
    x = numeric("sgn", input, 0)
    return jnp.sign(x) if kind(x.dtype) == 3 else sign(x)


def _rounded(where: str, compute: Callable[[Any], Any], input: Any) -> jax.Array:
    x = real_array(where, input, 1)
    return compute(x) if kind(x.dtype) == 2 else x


def ceil(input: ArrayLike) -> Array:
    """Rounds every element up; integers stay integers, where jnp's become floats.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.ceil(jnp.array([-1.5, 1.5])).tolist()
        [-1.0, 2.0]
    """
    return _rounded("ceil", jnp.ceil, input)


def floor(input: ArrayLike) -> Array:
    """Rounds every element down; integers stay integers, where jnp's become floats.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.floor(jnp.array([-1.5, 1.5])).tolist()
        [-2.0, 1.0]
    """
    return _rounded("floor", jnp.floor, input)


def trunc(input: ArrayLike) -> Array:
    """Rounds every element towards 0; integers stay integers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.trunc(jnp.array([-1.5, 1.5])).tolist()
        [-1.0, 1.0]
    """
    return _rounded("trunc", jnp.trunc, input)


fix = trunc


def round(input: ArrayLike, *, decimals: int = 0) -> Array:
    """Rounds every element to a number of decimals; halves go to the even number.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.round(jnp.array([0.5, 1.5, 2.6])).tolist()
        [0.0, 2.0, 3.0]
    """
    x = real_array("round", input, 1)
    decimals = check.integer("round", "decimals", decimals)
    if kind(x.dtype) == 1:
        if decimals:
            check.fail("round", "decimals", "be 0 for an integer array", decimals)
        return x
    if not decimals:
        return jnp.round(x)
    scale = jnp.asarray(10.0 ** (decimals if decimals > 0 else -decimals), x.dtype)
    return jnp.round(x * scale) / scale if decimals > 0 else jnp.round(x / scale) * scale


def frac(input: ArrayLike) -> Array:
    """Computes what is behind the decimal point, with the sign of the element.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.frac(jnp.array([-1.5, 1.25])).tolist()
        [-0.5, 0.25]
    """
    x = real_array("frac", input, 1)
    return x - jnp.trunc(x) if kind(x.dtype) == 2 else jnp.zeros_like(x)


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


def frexp(input: ArrayLike) -> Frexp:
    """Splits every element into a mantissa of modulus from 0.5 to 1 and a power of 2.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> mantissa, exponent = ops.frexp(jnp.array(6.0))
        >>> mantissa.item(), exponent.item()
        (0.75, 3)
    """
    x = check.array("frexp", "input", input)
    check.floating("frexp", "input", x)
    mantissa, exponent = jnp.frexp(x)
    return Frexp(mantissa, exponent.astype(jnp.int32))


def nan_to_num(
    input: ArrayLike, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """Replaces NaN by ``nan`` (0), infinities by ``posinf`` and ``neginf`` (the dtype's largest and smallest number).

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nan_to_num(jnp.array([jnp.nan, jnp.inf]), posinf=7.0).tolist()
        [0.0, 7.0]
    """
    x = check.array("nan_to_num", "input", input)
    return jnp.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf) if kind(x.dtype) > 1 else x


def angle(input: ArrayLike) -> Array:
    """Computes the angle of every element in radians; for real ones π where negative, 0 else, and NaN for NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.angle(jnp.array([1.0 + 1.0j, -1.0])).round(4).tolist()
        [0.7853999733924866, 3.1415998935699463]
    """
    x = check.array("angle", "input", input)
    if kind(x.dtype) == 3:
        return jnp.angle(x)
    x = lax.stop_gradient(x.astype(floating_or_float32(x.dtype)))
    return jnp.where(jnp.isnan(x), x, jnp.where(x < 0, jnp.asarray(jnp.pi, x.dtype), jnp.zeros((), x.dtype)))


def real(input: ArrayLike) -> Array:
    """Returns the real part; a real array itself.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.real(jnp.array(1 + 2j)).item()
        1.0
    """
    return jnp.real(check.array("real", "input", input))


def imag(input: ArrayLike) -> Array:
    """Returns the imaginary part; a real array is refused, where jnp's gives zeros.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.imag(jnp.array(1 + 2j)).item()
        2.0
    """
    return jnp.imag(numeric("imag", input, 3))


def conj(input: ArrayLike) -> Array:
    """Returns the complex conjugate; a real array itself.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.conj(jnp.array(1 + 2j)).item()
        (1-2j)
    """
    x = check.array("conj", "input", input)
    return jnp.conj(x) if kind(x.dtype) == 3 else x


conj_physical = conj


def resolve_conj(input: ArrayLike) -> Array:
    """Returns the array itself: a conjugate is computed at once here, where torch may leave it to be done.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.resolve_conj(jnp.array(1 + 2j)).item()
        (1+2j)
    """
    return check.array("resolve_conj", "input", input)


resolve_neg = resolve_conj
