"""Weighted sums of elements of an axis at places known beforehand: interpolation, and padding that copies.

Single elements are looked up. In sums places often repeat, p outputs for every q inputs: then the r-th of every p
outputs are made of slices with step q, one for each neighbour, and the p results are interleaved. The transpose of a
lookup would be a scatter, a loop over single numbers on the CPU and atomic sums on a GPU; but which outputs an input
reaches is known beforehand too, so it is another such sum.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering.linear import Arrays, Linear, Shapes, linear

__all__ = ["weighted"]

PHASES = 8  # with 25 a small array took three times the lookup's time
MOST = 16  # outputs of one input; of more the scatter is taken
PIECES = 8


def weighted(
    x: jax.Array, axis: int, source: np.ndarray, weight: np.ndarray | None = None, used: np.ndarray | None = None
) -> jax.Array:
    """The sums, for every output o, of ``weight[o, t] x[source[o, t]]``, for those taps t that are `used`.

    Without weights of ``x[source[o, 0]]``.
    """
    if weight is None and np.array_equal(source[:, 0], np.arange(x.shape[axis])):
        return x
    table = (None if a is None else _Constant.of(a) for a in (source.astype(np.int32), weight, used))
    return linear(_Weighted(axis, *table), (), (x,))[0]


@dataclasses.dataclass(frozen=True)
class _Constant:
    """An array that is compared by what it holds."""

    shape: tuple[int, ...]
    dtype: str
    data: bytes

    @classmethod
    def of(cls, array: np.ndarray) -> _Constant:
        return cls(array.shape, array.dtype.str, array.tobytes())

    @property
    def array(self) -> np.ndarray:
        return np.frombuffer(self.data, self.dtype).reshape(self.shape)


@dataclasses.dataclass(frozen=True)
class _Weighted(Linear):
    axis: int
    source: Any
    weight: Any
    used: Any

    @property
    def table(self) -> tuple[Any, Any, Any]:
        source, weight, used = (None if a is None else a.array for a in (self.source, self.weight, self.used))
        return source, weight, used

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        (x,), axis, (source, weight, used) = arguments, self.axis, self.table
        if weight is None:
            return (_looked_up(x, axis, source[:, 0]),)
        found = _phases(source, weight, x.shape[axis])
        if found is not None:
            return (_sliced(x, axis, *found, weight, used),)
        # the axis comes first, so that a lookup is of many numbers
        return (jnp.moveaxis(_summed(jnp.moveaxis(x, axis, 0), 0, source, weight, used), 0, axis),)

    def transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        (dy,), axis = cotangents, self.axis
        out, size = len(self.table[0]), like[0].shape[axis]
        source, weight, used = _turned(*self.table, size, 1)
        most = source.shape[1]
        alike = _turned(*self.table, size, math.gcd(out, size))
        found = _phases(*alike[:2], out) if alike[0].shape[1] == most else None
        if found is not None:
            return (_sliced(dy, axis, *found, *alike[1:]),)
        pieces = _pieces(self.table[0][:, 0].tolist()) if self.weight is None and most > 2 else []
        if 0 < len(pieces) <= PIECES:
            return jax.linear_transpose(lambda x: (_joined(x, axis, pieces),), *like)(cotangents)
        if 0 < most <= MOST:
            return (_summed(dy, axis, source, weight, used),)
        return super().transpose(residuals, cotangents, like)


def _looked_up(x: jax.Array, axis: int, index: np.ndarray) -> jax.Array:
    """A lookup for each of the axes before: else XLA moves the places to the front, and by a copy back."""
    before, size, after = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    places = jnp.broadcast_to(index[:, None], (before, len(index), 1))
    roles = lax.GatherDimensionNumbers((2,), (1,), (1,), (0,), (0,))
    flat = x.reshape(before, size, after)
    found = lax.gather(flat, places, roles, (1, 1, after), mode="promise_in_bounds")
    return found.reshape(*x.shape[:axis], len(index), *x.shape[axis + 1 :])


def _pieces(index: list[int]) -> list[tuple[int, int, int]]:
    """Runs of equal steps: the first element, the step, how many."""
    pieces, at = [], 0
    while at < len(index):
        step = index[at + 1] - index[at] if at + 1 < len(index) else 1
        end = at + 1
        while end < len(index) and index[end] - index[end - 1] == step:
            end += 1
        pieces.append((index[at], step, end - at))
        at = end
    return pieces


def _joined(x: jax.Array, axis: int, pieces: list[tuple[int, int, int]]) -> jax.Array:
    def piece(first: int, step: int, count: int) -> jax.Array:
        low, high = sorted((first, first + step * (count - 1)))
        found = lax.slice_in_dim(x, low, high + 1, max(abs(step), 1), axis)
        if step == 0:
            return jnp.broadcast_to(found, [count if i == axis else n for i, n in enumerate(x.shape)])
        return lax.rev(found, (axis,)) if step < 0 else found

    return lax.concatenate([piece(*of) for of in pieces], axis)


def _summed(x: jax.Array, axis: int, source: np.ndarray, weight: np.ndarray, used: np.ndarray | None) -> jax.Array:
    def tap(t: int) -> jax.Array:
        seen = _looked_up(x, axis, source[:, t])
        return _term(seen, axis, weight[:, t], None if used is None else used[:, t])

    return functools.reduce(jnp.add, map(tap, range(source.shape[1])))


def _term(seen: jax.Array, axis: int, weight: np.ndarray, used: np.ndarray | None) -> jax.Array:
    """Neighbours times their weights along an axis, 0 where they aren't used: an infinite number times 0 is not."""
    shape = (*(1,) * axis, -1, *(1,) * (seen.ndim - axis - 1))
    term = seen
    if not (weight == 1).all():
        term = seen * jnp.broadcast_to(jnp.asarray(weight, seen.dtype).reshape(shape), seen.shape)
    if used is None or used.all():
        return term
    where = jnp.broadcast_to(jnp.asarray(used).reshape(shape), seen.shape)
    return jnp.where(where, term, jnp.zeros((), seen.dtype))


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


def _sliced(
    x: jax.Array, axis: int, starts: np.ndarray, there: np.ndarray, weight: np.ndarray, used: np.ndarray | None
) -> jax.Array:
    """Of what `_phases` found. The last or first element may stand in for neighbours outside."""
    used = there if used is None else used & there
    (phases, count), (out, size) = starts.shape, (len(there), x.shape[axis])
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


def _turned(source: np.ndarray, weight: np.ndarray | None, used: np.ndarray | None, size: int, blocks: int) -> Any:
    """The table of the transpose: which outputs every input reaches, and with which weight.

    Outputs that lie alike, seen from their block, are in one column, so that `_phases` finds them.
    """
    out = len(source)
    used = np.ones(source.shape, bool) if used is None else used
    weight = np.ones(source.shape, np.float32) if weight is None else weight
    edges, place = np.unique(source[used].astype(np.int64) * out + np.nonzero(used)[0], return_inverse=True)
    sums = np.zeros(len(edges), weight.dtype)
    np.add.at(sums, place, weight[used])
    rows, outputs = np.divmod(edges, max(out, 1))
    step, phases = size // max(blocks, 1), out // max(blocks, 1)
    away = outputs - rows // step * phases
    kinds, column = np.unique(rows % step * 4 * out + away + 2 * out, return_inverse=True)
    of = kinds // max(4 * out, 1)  # which of the inputs of a block
    column_of = np.arange(len(kinds)) - np.searchsorted(of, of)
    count = int(column_of.max(initial=-1)) + 1
    aways = np.zeros((step, count), np.int64)
    aways[of, column_of] = kinds % max(4 * out, 1) - 2 * out
    every = np.arange(size)
    places = np.clip(aways[every % step] + (every // step * phases)[:, None], 0, max(out - 1, 0))
    weights, there = np.zeros((size, count), weight.dtype), np.zeros((size, count), bool)
    weights[rows, column_of[column]], there[rows, column_of[column]] = sums, True
    return places.astype(np.int32), weights, there
