"""Softmax, whose derivative is a symmetric linear map, and its logarithm.

On the CPU XLA makes the sum of a row's products together with what needs it, element by element again; kept apart it
is one pass for the sums and one for the result.
"""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, rule
from purenn.lowering.rounding import rounded

__all__ = ["log_softmax", "logsumexp_parts", "softmax"]


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def softmax(x: jax.Array, axis: int) -> jax.Array:
    """The exponentials along an axis, divided by their sum."""
    return jax.nn.softmax(rounded(x, summed=True), axis)


@softmax.defjvp
def _softmax_jvp(axis: int, primals: Arrays, tangents: Arrays) -> tuple[jax.Array, jax.Array]:
    y = softmax(*primals, axis)
    return y, apply_map(_Tangent(axis), (y,), tangents)[0]


@dataclasses.dataclass(frozen=True)
class _Tangent(LinearMap):
    """d to y (d - sum(y d)), of softmax's result y."""

    axis: int

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        (y,), (d,) = residuals, arguments
        return (y * (d - jnp.sum(y * d, self.axis, keepdims=True)),)

    def transposed(self, shapes: Shapes) -> LinearMap:
        return self


@rule(_Tangent, "cpu")
class _TangentCpu(_Tangent):
    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        y, d = lax.optimization_barrier((*residuals, *arguments))
        total = jnp.sum(y * d, self.axis, keepdims=True)
        y, d, total = lax.optimization_barrier((y, d, total))
        return (y * (d - total),)


def log_softmax(x: jax.Array, axis: int) -> jax.Array:
    """The logarithm of softmax, without its overflow."""
    less, _ = _less_than_largest(x, axis)
    return less - jnp.log(jnp.sum(jnp.exp(less), axis, keepdims=True))


def logsumexp_parts(x: jax.Array, axis: int) -> tuple[jax.Array, jax.Array]:
    """The largest number along an axis, as a constant, and the logarithm of the sum of exponentials less than it."""
    less, top = _less_than_largest(x, axis)
    return jnp.squeeze(top, axis), jnp.log(jnp.sum(jnp.exp(less), axis))


def _less_than_largest(x: jax.Array, axis: int) -> tuple[jax.Array, jax.Array]:
    """An array less its largest number along an axis, and that, as a constant."""
    top = lax.stop_gradient(jnp.max(x, axis, keepdims=True, initial=-jnp.inf))
    return rounded(x, summed=True) - top, top
