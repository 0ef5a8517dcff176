"""Softmax, whose derivative is a symmetric linear map.

On the CPU XLA makes the sum of a row's products together with what needs it, element by element again; kept apart it
is one pass for the sums and one for the result.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.linear import Arrays, Linear, Shapes, linear

__all__ = ["softmax"]


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def softmax(x: jax.Array, axis: int) -> jax.Array:
    """The exponentials along an axis, divided by their sum."""
    return jax.nn.softmax(x, axis)


@softmax.defjvp
def _(axis: int, primals: Arrays, tangents: Arrays) -> Any:
    y = softmax(*primals, axis)
    return y, linear(_Tangent(axis), (y,), tangents)[0]


@dataclasses.dataclass(frozen=True)
class _Tangent(Linear):
    """d to y (d - sum(y d)), of softmax's result y."""

    axis: int

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        (y,), (d,) = residuals, arguments
        return (y * (d - jnp.sum(y * d, self.axis, keepdims=True)),)

    def cpu(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        y, d = lax.optimization_barrier((*residuals, *arguments))
        total = jnp.sum(y * d, self.axis, keepdims=True)
        y, d, total = lax.optimization_barrier((y, d, total))
        return (y * (d - total),)

    def transposed(self, like: Shapes) -> Linear:
        return self
