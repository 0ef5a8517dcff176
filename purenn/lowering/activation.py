"""Smooth activations with derivatives that neither overflow nor cancel where the function doesn't.

Autodiff of a composition multiplies slopes that may be 0 and infinite, or 1 and nearly -1. Here the slope is written
out as a whole, as torch does it, and everything else, also higher derivatives, is autodiff's.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jax.core import Tracer

from purenn.lowering.rounding import rounded

__all__ = ["expm1", "gated", "gelu", "log_sigmoid", "mish", "relu", "silu", "tanh_gelu", "tanh_shrink"]

Elementwise = Callable[[jax.Array], jax.Array]


def _with_slope(slope: Elementwise) -> Callable[[Elementwise], Elementwise]:
    """Gives a function of every element its derivative."""

    def decorate(function: Elementwise) -> Elementwise:
        differentiable = jax.custom_jvp(function)
        differentiable.defjvp(lambda primals, tangents: (differentiable(*primals), tangents[0] * slope(*primals)))
        return differentiable

    return decorate


def _silu_slope(x: jax.Array) -> jax.Array:
    gate = lax.logistic(x)
    return gate * (1 + x * (1 - gate))


@_with_slope(_silu_slope)
def silu(x: jax.Array) -> jax.Array:
    """x times its sigmoid; one division, so that a tiny sigmoid isn't flushed to 0 before it meets a large x."""
    return x / (1 + jnp.exp(-x))


def _mish_slope(x: jax.Array) -> jax.Array:
    e = jnp.exp(jnp.minimum(x, 20))
    n = e * (e + 2)
    d = n + 2
    # the first factor is 0 from 20 on; at infinity the slope is NaN, as torch's
    return (n + jnp.where(x > 20, 0, 4 * e * (1 + e) / d) * x) / d


@_with_slope(_mish_slope)
def mish(x: jax.Array) -> jax.Array:
    """x times the tanh of its softplus, which is n / (n + 2) of n = e (e + 2) and from 20 on 1."""
    e = jnp.exp(jnp.minimum(x, 20))
    n = e * (e + 2)
    return x * (n / (n + 2))


def _gelu_slope(x: jax.Array) -> jax.Array:
    return 0.5 * (1 + lax.erf(x * math.sqrt(0.5))) + x * (jnp.exp(-0.5 * (x * x)) * (1 / math.sqrt(2 * math.pi)))


@_with_slope(_gelu_slope)
def gelu(x: jax.Array) -> jax.Array:
    """x times the normal distribution; torch's way, as with erfc, exact far below 0, it takes twice the time."""
    return 0.5 * x * (1 + lax.erf(x * math.sqrt(0.5)))


_ROOT, _CUBIC = math.sqrt(2 / math.pi), 0.044715


def _tanh_gelu_slope(x: jax.Array) -> jax.Array:
    t = jnp.tanh(_ROOT * (x + _CUBIC * (x * x * x)))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (_ROOT * (1 + 3 * _CUBIC * (x * x)))


@_with_slope(_tanh_gelu_slope)
def tanh_gelu(x: jax.Array) -> jax.Array:
    """The approximation of gelu by a tanh."""
    return x * (0.5 * (1 + jnp.tanh(_ROOT * (x + _CUBIC * (x * x * x)))))


@_with_slope(lambda x: lax.logistic(-x))
def log_sigmoid(x: jax.Array) -> jax.Array:
    """The logarithm of the sigmoid."""
    return jnp.minimum(x, 0) - jnp.log1p(jnp.exp(-jnp.abs(x)))


@_with_slope(jnp.exp)
def expm1(x: jax.Array) -> jax.Array:
    """The exponential less 1; the slope of ``jnp.expm1`` is itself plus 1, which loses what is small."""
    return jnp.expm1(x)


@_with_slope(lambda x: jnp.square(jnp.tanh(x)))
def tanh_shrink(x: jax.Array) -> jax.Array:
    """x less its tanh."""
    return (x if jnp.iscomplexobj(x) else rounded(x)) - jnp.tanh(x)


@jax.custom_jvp
def relu(x: jax.Array) -> jax.Array:
    """The larger of x and 0.

    On the CPU it is a selection, which unlike XLA's maximum keeps NaN in front of a sum (`lowering.reduction`), and the
    sign of a zero. GPUs have it as the end of a product or a convolution, if it is a maximum.
    """
    if not isinstance(x, Tracer):
        return _positive(x)
    return lax.platform_dependent(x, cpu=_positive, default=_larger)


def _positive(x: jax.Array) -> jax.Array:
    return jnp.where(x < 0, jnp.zeros_like(x), x)


def _larger(x: jax.Array) -> jax.Array:
    return jnp.maximum(x, 0)


@relu.defjvp
def _relu_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (t,) = primals, tangents
    return relu(x), jnp.where(x <= 0, jnp.zeros_like(t), t)


@jax.custom_jvp
def gated(value: jax.Array, gate: jax.Array) -> jax.Array:
    """A value times the sigmoid of its gate."""
    return value * lax.logistic(gate)


@gated.defjvp
def _gated_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    value, gate = primals
    s = lax.logistic(gate)
    return gated(*primals), s * tangents[0] + (s * (1 - s) * value) * tangents[1]


@jax.custom_jvp
def relu_unit_slope(x: jax.Array) -> jax.Array:
    """max(x, 0); the derivative at 0 is 1 and at NaN 0, as that of torch's ``clamp_min``."""
    return jnp.where(x <= 0, jnp.zeros_like(x), x)


@relu_unit_slope.defjvp
def _relu_unit_slope_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (dx,) = primals, tangents
    return relu_unit_slope(x), jnp.where(x >= 0, dx, jnp.zeros_like(dx))


def clamp_straight_through(x: jax.Array, least: float) -> jax.Array:
    """At least `least`, with the derivative of the identity."""
    low = x < least
    return jnp.where(low, jnp.asarray(least, x.dtype) + (x - jax.lax.stop_gradient(x)), x)
