"""Keeps the compiler from merging a product with the difference that follows it.

XLA lets LLVM contract ``a * b - c`` to a fused multiply-add, which subtracts from the product before it is rounded.
Where c was made from the rounded product, as the maximum or the mean of a row is, the difference is then what the
rounding left over rather than 0: 1e12 for a product of 1e20. Neither `lax.optimization_barrier` nor
`lax.reduce_precision` reaches LLVM; a minimum that returns its argument, which no compiler can know, does.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
from jax.core import Tracer

from purenn.lowering.linear import Arrays, Linear, Shapes, linear

__all__ = ["rounded"]

# XLA gives sums over at least 4,096 elements to a library, together with what is summed, and that contracts nothing.
# There one operation more is a pass more over the cache, 5% of a softmax.
LIBRARY_ELEMENTS = 1 << 14


def rounded(x: Any, summed: bool = False) -> Any:
    """The array itself; under a compiler rounded as it stands, before anything is added to it.

    Args:
        x: a floating-point array.
        summed: whether what is made of it is summed over an axis that keeps most of the work in that sum.
    """
    return linear(_Rounded(summed), (), (x,))[0] if isinstance(x, Tracer) else x


@dataclasses.dataclass(frozen=True)
class _Rounded(Linear):
    summed: bool

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        (x,) = arguments
        return (jnp.minimum(x, jnp.abs(x)),)

    def cpu(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        size = arguments[0].size  # unknown where a program is exported for any batch
        in_library = self.summed and isinstance(size, int) and size >= LIBRARY_ELEMENTS
        return arguments if in_library else self.run(residuals, arguments)

    def transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return cotangents
