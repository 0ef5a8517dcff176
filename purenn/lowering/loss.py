"""Losses of classes: the number at every target, without a pass over all classes."""

from __future__ import annotations

import dataclasses
import math

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, rule
from purenn.lowering.sizes import known_below

__all__ = ["samples_per_chunk", "take_along"]

MAX_CHUNK_BYTES = 32 << 20  # beyond it the C library's allocator maps memory anew for every call, page by page


@dataclasses.dataclass(frozen=True)
class Picked(LinearMap):
    """Takes the element of x along `axis` at each of the indices t, which are within bounds.

    The gradient is made by comparison: it fuses with what is added to it, where a scatter would be a pass of its own.
    """

    axis: int

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        (t,), (x,) = residuals, arguments
        return (jnp.take_along_axis(x, jnp.expand_dims(t, self.axis), self.axis, mode="clip").squeeze(self.axis),)

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        (t,), (y,), shape = residuals, cotangents, shapes[0].shape
        hot = lax.broadcasted_iota(jnp.int32, shape, self.axis) == jnp.expand_dims(t, self.axis)
        return (jnp.where(hot, jnp.broadcast_to(jnp.expand_dims(y, self.axis), shape), jnp.zeros((), y.dtype)),)


@rule(Picked, "cpu")
class _PickedCpu(Picked):
    divisible = False

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        (t,), (x,) = residuals, arguments
        if not known_below(x.size, 1 << 31):
            return super().apply(residuals, arguments)
        inner = math.prod(x.shape[self.axis + 1 :])
        place = lax.iota(jnp.int32, t.size)
        outer, place = (place, 0) if inner == 1 else (place // inner, place % inner)
        flat = (outer * x.shape[self.axis] + t.reshape(-1)) * inner + place
        return (x.reshape(-1).at[flat].get(mode="promise_in_bounds").reshape(t.shape),)


def take_along(x: jax.Array, t: jax.Array, axis: int) -> jax.Array:
    """The numbers of x at int32 indices t along an axis, without that axis; 0 where x has none."""
    return apply_map(Picked(axis), (t,), (x,))[0] if x.size else jnp.zeros(t.shape, x.dtype)


def samples_per_chunk(batch: int, logits: int) -> int:
    """Samples per chunk, so that the float32 logits of a chunk fit in the limit."""
    most = max(1, MAX_CHUNK_BYTES // (4 * max(logits, 1)))
    return -(-batch // -(-batch // most)) if known_below(most, batch) else batch
