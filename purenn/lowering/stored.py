"""Arrays that are written to memory where XLA:CPU would compute them again for each of their readers.

XLA fuses what is written out, such as a sum of slices, into its consumer. One that reads windows then computes its
input again for each window, and a sum that several arrays are made of is computed for each of these. An
``optimization_barrier`` doesn't help, because XLA removes it before it fuses. A call that must not be inlined does: its
argument is an array in memory. The function called gives back its argument, so that nothing is copied.
"""

from __future__ import annotations

import dataclasses

import jax
from jax.experimental.xla_metadata import set_xla_metadata

from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, rule

__all__ = ["stored"]


def stored(array: jax.Array) -> jax.Array:
    """The same array; on the CPU it is computed once, and so is its cotangent."""
    return apply_map(_Stored(), (), (array,))[0]


@dataclasses.dataclass(frozen=True)
class _Stored(LinearMap):
    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return arguments

    def transposed(self, shapes: Shapes) -> LinearMap:
        return self


@rule(_Stored, "cpu")
class _StoredCpu(_Stored):
    divisible = False  # the partitioner doesn't look into calls

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        with set_xla_metadata(inlineable="false"):
            return tuple(map(_given_back, arguments))


@jax.jit
def _given_back(array: jax.Array) -> jax.Array:
    return array
