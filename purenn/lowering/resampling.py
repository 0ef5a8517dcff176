"""Weighted sums of neighbours along an axis, whose places repeat: p outputs for every q inputs.

A lookup is a loop over single numbers on the CPU. Where places repeat, the r-th of every p outputs are made of slices
with step q, one for each neighbour, and the p results are interleaved.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["weighted"]

PHASES = 8  # with 25 a small array took three times the lookup's time


def weighted(x: jax.Array, axis: int, source: np.ndarray, weight: np.ndarray, used: np.ndarray | None) -> jax.Array:
    """The sums, for every output o, of ``weight[o, t] x[source[o, t]]``, for those taps t that are `used`.

    The last or first element may stand in for neighbours outside.
    """
    found = _phases(source, weight, x.shape[axis])
    if found is None:
        return _looked_up(x, axis, source, weight, used)
    starts, there = found
    used = there if used is None else used & there
    (phases, count), (out, size) = starts.shape, (len(source), x.shape[axis])
    blocks, step = out // phases, size // (out // phases)
    low = max(0, -int(starts.min()))
    high = max(0, int(starts.max()) + (blocks - 1) * step + 1 - size)
    # the edges repeated, and as many more as make whole blocks
    rows = max(-(-(low + size + high) // step), (int(starts.max()) + low) // step + blocks)
    pads = [(0, 0)] * x.ndim
    pads[axis] = (low, rows * step - low - size)
    x = jnp.pad(x, pads, mode="edge")
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    columns = jnp.split(x.reshape(*before, rows, step, *after), step, axis + 1)

    def tap(phase: int, t: int) -> jax.Array:
        row, column = divmod(int(starts[phase, t]) + low, step)
        seen = lax.slice_in_dim(columns[column], row, row + blocks, 1, axis)
        return _term(seen, axis, weight[phase::phases, t], used[phase::phases, t])

    parts = [functools.reduce(jnp.add, [tap(phase, t) for t in range(count)]) for phase in range(phases)]
    return jnp.concatenate(parts, axis + 1).reshape(*before, out, *after)


def _phases(source: np.ndarray, weight: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Of the first p outputs the taps' places, negative ones too, from which all others follow by steps of q.

    Then which taps lie there; the others have no weight.
    """
    out = len(source)
    blocks = math.gcd(out, size)
    phases, step = out // max(blocks, 1), size // max(blocks, 1)
    if blocks < 2 or phases > PHASES:
        return None
    middle = blocks // 2
    starts = source[middle * phases : (middle + 1) * phases] - middle * step
    everywhere = (starts + step * np.arange(blocks)[:, None, None]).reshape(source.shape)
    there = np.clip(everywhere, 0, size - 1) == source
    return (starts, there) if (there | (weight == 0)).all() else None


def _looked_up(x: jax.Array, axis: int, source: np.ndarray, weight: np.ndarray, used: np.ndarray | None) -> Any:
    """As rows of a matrix: the axis comes first, so that a lookup is of many numbers."""
    rows = jnp.moveaxis(x, axis, 0)

    def tap(t: int) -> jax.Array:
        seen = rows.at[source[:, t].astype(np.int32)].get(mode="promise_in_bounds")
        return _term(seen, 0, weight[:, t], None if used is None else used[:, t])

    return jnp.moveaxis(functools.reduce(jnp.add, [tap(t) for t in range(source.shape[1])]), 0, axis)


def _term(seen: jax.Array, axis: int, weight: np.ndarray, used: np.ndarray | None) -> jax.Array:
    """Neighbours times their weights along an axis, 0 where they aren't used: an infinite number times 0 is not."""
    shape = (*(1,) * axis, -1, *(1,) * (seen.ndim - axis - 1))
    term = seen * jnp.broadcast_to(jnp.asarray(weight, seen.dtype).reshape(shape), seen.shape)
    if used is None or used.all():
        return term
    where = jnp.broadcast_to(jnp.asarray(used).reshape(shape), seen.shape)
    return jnp.where(where, term, jnp.zeros((), seen.dtype))
