"""Special functions, torch.special; those that torch.* has too are the same functions."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import jax.scipy.special as scipy
from jax import lax

from purenn import check
from purenn.functional import activation as F
from purenn.functional.dtypes import cast, floating_or_float32
from purenn.interop.ops.elementwise import gamma
from purenn.interop.ops.elementwise.binary import xlogy
from purenn.interop.ops.elementwise.pointwise import (
    digamma,
    erf,
    erfc,
    erfinv,
    exp2,
    expm1,
    i0,
    lgamma,
    log1p,
    logit,
    sigmoid,
    sinc,
)
from purenn.interop.ops.elementwise.rounding import round
from purenn.interop.ops.operands import as_dtype
from purenn.interop.ops.reductions.sums import logsumexp
from purenn.interop.ops.table import binary, unary
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]

_FLOAT32 = "element by element; integers become float32."


def _one(
    name: str, compute: Callable[[jax.Array], jax.Array], what: str, at: float, value: str
) -> Callable[[ArrayLike], Array]:
    return unary(f"special.{name}", compute, f"Computes {what}, {_FLOAT32}", at, value, real=True)


def _two(
    name: str, compute: Callable[[jax.Array, jax.Array], jax.Array], what: str, x: float, y: float, value: str
) -> Callable[[ArrayLike, ArrayLike], Array]:
    def in_float32(a: jax.Array, b: jax.Array) -> jax.Array:
        return compute(cast(a, a.dtype), cast(b, b.dtype)).astype(a.dtype)

    return binary(f"special.{name}", in_float32, f"Computes {what}, {_FLOAT32}", x, y, value)


def _erfcx(x: jax.Array) -> jax.Array:
    """The scaled complementary error function: by the ratio of the normal tail's logarithms, which stays finite."""
    half = jnp.asarray(0.5, x.dtype)
    return jnp.exp(jnp.square(x) + scipy.log_ndtr(-x * jnp.sqrt(jnp.asarray(2, x.dtype))) - jnp.log(half))


entr = _one("entr", scipy.entr, "the entropy -x log(x)", 0.5, "0.3466")
erfcx = _one("erfcx", _erfcx, "the scaled complementary error function exp(x²) erfc(x)", 0.5, "0.6157")
i0e = _one("i0e", lax.bessel_i0e, "the modified Bessel function of order 0 times exp(-|x|)", 0.5, "0.6450")
i1 = _one("i1", scipy.i1, "the modified Bessel function of order 1", 0.5, "0.2579")
i1e = _one("i1e", lax.bessel_i1e, "the modified Bessel function of order 1 times exp(-|x|)", 0.5, "0.1564")
log_ndtr = _one("log_ndtr", scipy.log_ndtr, "the logarithm of the normal distribution function", 0.5, "-0.3689")
ndtr = _one("ndtr", scipy.ndtr, "the normal distribution function", 0.5, "0.6915")
ndtri = _one("ndtri", scipy.ndtri, "the inverse of the normal distribution function", 0.75, "0.6745")
gammainc = _two("gammainc", scipy.gammainc, "the lower incomplete gamma function", 1.0, 2.0, "0.8647")
gammaincc = _two("gammaincc", scipy.gammaincc, "the upper incomplete gamma function", 1.0, 2.0, "0.1353")
xlog1py = _two("xlog1py", scipy.xlog1py, "x log(1 + y), 0 where x is 0,", 2.0, 2.0, "2.1972")
zeta = _two("zeta", gamma.zeta, "the Hurwitz zeta function", 2.0, 1.0, "1.6449")

expit = sigmoid
gammaln = lgamma
psi = digamma


def polygamma(n: int, input: ArrayLike) -> Array:
    """Computes the n-th derivative of the digamma function.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> f"{ops.special.polygamma(1, jnp.array(1.0)):.4f}"
        '1.6449'
    """
    x = check.array("special.polygamma", "input", input)
    n = check.integer("special.polygamma", "n", n, 0)
    dtype = floating_or_float32(x.dtype)
    x = cast(x, dtype)
    return (gamma.polygamma(n, x) if n else gamma.digamma(x)).astype(dtype)


def multigammaln(input: ArrayLike, p: int) -> Array:
    """Computes the logarithm of the multivariate gamma function of p dimensions, of elements above (p - 1) / 2.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> f"{ops.special.multigammaln(jnp.array(2.0), 2):.4f}"
        '0.4516'
    """
    x = check.array("special.multigammaln", "input", input)
    dtype = floating_or_float32(x.dtype)
    x, p = cast(x, dtype), check.integer("special.multigammaln", "p", p, 1)
    constant = jnp.asarray(p * (p - 1) / 4, x.dtype) * jnp.log(jnp.asarray(jnp.pi, x.dtype))
    return (constant + sum(lax.lgamma(x - jnp.asarray(j / 2, x.dtype)) for j in range(p))).astype(dtype)


def softmax(input: ArrayLike, dim: int, dtype: DTypeLike | None = None) -> Array:
    """Computes the softmax along a dimension that must be given; `purenn.functional.softmax` guesses one.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.softmax(jnp.array([0.0, 0.0]), 0).tolist()
        [0.5, 0.5]
    """
    return F.softmax(input, dim, dtype=dtype and as_dtype("softmax", dtype))


def log_softmax(input: ArrayLike, dim: int, dtype: DTypeLike | None = None) -> Array:
    """Computes the logarithm of the softmax along a dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.log_softmax(jnp.array([0.0]), 0).tolist()
        [0.0]
    """
    return F.log_softmax(input, dim, dtype=dtype and as_dtype("log_softmax", dtype))
