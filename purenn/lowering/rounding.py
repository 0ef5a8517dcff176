"""Keeps the compiler from merging a product with the difference that follows it.

XLA lets LLVM contract ``a * b - c`` to a fused multiply-add, which subtracts from the product before it is rounded.
Where c was made from the rounded product, as the maximum or the mean of a row is, the difference is then what the
rounding left over rather than 0: 1e12 for a product of 1e20. Neither `lax.optimization_barrier` nor
`lax.reduce_precision` reaches LLVM; a minimum that returns its argument, which no compiler can know, does.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax.core import Tracer

from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, rule

__all__ = ["rounded"]

# Elements from which XLA certainly gives a sum to a library, together with what is summed; that contracts nothing.
# 2026-11: there one operation more is a pass more over the cache, 5% of a softmax.
MIN_LIBRARY_ELEMENTS = 1 << 14


def rounded(x: jax.Array, summed: bool = False) -> jax.Array:
    """The array itself; under a compiler rounded as it stands, before anything is added to it.

    Args:
        x: a floating-point array.
        summed: whether the result goes into a sum over an axis that is most of the work.
    """
    return apply_map(_Rounded(summed), (), (x,))[0] if isinstance(x, Tracer) else x


@dataclasses.dataclass(frozen=True)
class _Rounded(LinearMap):
    summed: bool

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        (x,) = arguments
        return (jnp.minimum(x, jnp.abs(x)),)

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        return cotangents


@rule(_Rounded, "cpu")
class _RoundedCpu(_Rounded):
    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        size = arguments[0].size  # unknown where a program is exported for any batch
        in_library = self.summed and isinstance(size, int) and size >= MIN_LIBRARY_ELEMENTS
        return arguments if in_library else super().apply(residuals, arguments)
