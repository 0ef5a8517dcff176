"""Weighted sums of elements of an axis, mostly at places known beforehand: interpolation, and padding that copies.

Single elements are looked up. In sums places often repeat, p outputs for every q inputs: then the r-th of every p
outputs are made of slices with step q, one for each neighbour, and the p results are interleaved. The transpose of a
lookup would be a scatter, a loop over single numbers on the CPU and atomic sums on a GPU; but which outputs an input
reaches is known beforehand too, so it is another such sum.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering import phases
from purenn.lowering.hashed import HashedArray
from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map

__all__ = ["Taps", "apply_taps"]

MAX_PHASES = 8  # outputs per block that are interleaved; 25 took a small array three times the lookup's time
MAX_OUTPUTS_PER_INPUT = 16  # summed by lookups; with more, a sum of a reshaped array where it can be, else a scatter
MAX_UNROLLED_TAPS = 32  # lookups per output; more are added in a loop, in which 21 took 5.6 times as long
MAX_UNROLLED_SLICES = 64  # slices in all
MAX_PIECES = 8  # slices that make an array of copies; of three outputs or more laying them out again is faster


class Taps(NamedTuple):
    """For every output along an axis the inputs that it is made of, all of shape (outputs, taps).

    The arrays are numpy's, or traced ones where the number of inputs or outputs is a symbol.

    Args:
        source: which inputs.
        weight: their weights; if None the one tap is copied.
        used: which of the taps count, if not all.
    """

    source: Any
    weight: Any = None
    used: Any = None


def apply_taps(x: jax.Array, taps: Mapping[int, Taps]) -> jax.Array:
    """The sums, for every output o along an axis, of ``weight[o, t] x[source[o, t]]``; so along all the axes given."""
    traced = {axis: table for axis, table in taps.items() if isinstance(table.source, jax.Array)}
    axes = [
        _Axis(axis, x.shape[axis], *(None if array is None else HashedArray(_small(array)) for array in table))
        for axis, table in sorted(taps.items())
        if axis not in traced
        and (table.weight is not None or not np.array_equal(table.source[:, 0], np.arange(x.shape[axis])))
    ]
    for axis, table in traced.items():
        x = _taken(x, axis, table)
    return apply_map(_Weighted(tuple(axes)), (), (x,))[0] if axes else x


def _taken(x: jax.Array, axis: int, table: Taps) -> jax.Array:
    """The sums along an axis at places that are computed by the program itself."""
    shape = (*(1,) * axis, -1, *(1,) * (x.ndim - axis - 1))
    terms = [jnp.take(x, places, axis, mode="clip") for places in table.source.T]
    if table.weight is not None:
        terms = [
            term * weight.astype(x.dtype).reshape(shape) for term, weight in zip(terms, table.weight.T, strict=True)
        ]
    return functools.reduce(jnp.add, terms)


def _small(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int32) if array.dtype == np.int64 else array


@dataclasses.dataclass(frozen=True)
class _Axis:
    axis: int
    size: int
    source: HashedArray | None
    weight: HashedArray | None
    used: HashedArray | None

    @property
    def table(self) -> Taps:
        source, weight, used = (None if a is None else a.array for a in (self.source, self.weight, self.used))
        assert source is not None
        return Taps(source, weight, used)

    def run(self, x: jax.Array) -> jax.Array:
        table = self.table
        if table.weight is None:
            return _looked_up(x, self.axis, table.source[:, 0])
        positions = _phases(table, self.size)
        few = positions and positions[0].size <= MAX_UNROLLED_SLICES
        return _sliced(x, self.axis, table, positions) if positions and few else _summed(x, self.axis, table)

    def transpose(self, y: jax.Array) -> jax.Array:
        out = y.shape[self.axis]
        back = _transposed_table(self.table, self.size)
        most = back.source.shape[1]
        if most > MAX_OUTPUTS_PER_INPUT and back.used.all() and np.array_equal(back.source.ravel(), np.arange(out)):
            y = _term(y, self.axis, back.weight.ravel(), None)
            return phases.split(y, self.axis, [most]).sum(self.axis + 1)
        alike = _transposed_table(self.table, self.size, math.gcd(out, self.size))
        positions = _phases(alike, out) if 0 < most == alike.source.shape[1] <= MAX_OUTPUTS_PER_INPUT else None
        if positions:
            return _sliced(y, self.axis, alike, positions)
        index, weight, used = self.table
        if most > 2 and index.shape[1] == 1 and (weight is None or (weight == 1).all()):
            pieces = _contiguous_runs(index[:, 0], np.ones(out, bool) if used is None else used[:, 0])
            if len(pieces) <= MAX_PIECES:
                return _place_runs(y, self.axis, self.size, pieces)
        return _summed(y, self.axis, back) if 0 < most <= MAX_OUTPUTS_PER_INPUT else self._transposed(self.run, y)

    def _transposed(self, run: Callable[[jax.Array], jax.Array], y: jax.Array) -> jax.Array:
        shape = (*y.shape[: self.axis], self.size, *y.shape[self.axis + 1 :])
        return jax.linear_transpose(run, jax.ShapeDtypeStruct(shape, y.dtype))(y)[0]


@dataclasses.dataclass(frozen=True)
class _Weighted(LinearMap):
    """Sums along the axes, from the first one on in both directions: from the last one on took up to 6 x the time."""

    axes: tuple[_Axis, ...]

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return (functools.reduce(lambda x, axis: axis.run(x), self.axes, arguments[0]),)

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        return (functools.reduce(lambda y, axis: axis.transpose(y), self.axes, cotangents[0]),)


def _looked_up(x: jax.Array, axis: int, index: np.ndarray | jax.Array) -> jax.Array:
    """Looks elements up, with the axes before as batches: else XLA copies to move the places to the front and back."""
    before, size, after = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    places = jnp.broadcast_to(index[:, None], (before, len(index), 1))
    roles = lax.GatherDimensionNumbers((2,), (1,), (1,), (0,), (0,))
    flat = x.reshape(before, size, after)
    gathered = lax.gather(flat, places, roles, (1, 1, after), mode="promise_in_bounds")
    return gathered.reshape(*x.shape[:axis], len(index), *x.shape[axis + 1 :])


def _contiguous_runs(index: np.ndarray, valid: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Runs of valid outputs whose sources step by 1, -1 or 0: start, end, least source and step of each."""
    pieces, start = [], 0
    while start < len(index):
        end = start + 1
        if valid[start]:
            step = int(index[end] - index[start]) if end < len(index) and valid[end] else 1
            step = step if abs(step) <= 1 else 1
            while end < len(index) and valid[end] and index[end] - index[end - 1] == step:
                end += 1
            pieces.append((start, end, int(min(index[start], index[end - 1])), step))
        start = end
    return pieces


def _place_runs(y: jax.Array, axis: int, size: int, pieces: list[tuple[int, int, int, int]]) -> jax.Array:
    """The transpose of copies: the sum of as few arrays as possible, each of pieces laid side by side."""

    def zeros(count: int) -> jax.Array:
        return jnp.zeros((*y.shape[:axis], count, *y.shape[axis + 1 :]), y.dtype)

    layers: list[tuple[int, list[jax.Array]]] = []
    for start, end, low, step in sorted(pieces, key=lambda piece: piece[2]):
        part = lax.slice_in_dim(y, start, end, 1, axis)
        part = jnp.sum(part, axis, keepdims=True) if step == 0 else lax.rev(part, (axis,)) if step < 0 else part
        number = next((i for i, (done, _) in enumerate(layers) if done <= low), len(layers))
        done, parts = layers.pop(number) if number < len(layers) else (0, [])
        layers.insert(number, (low + part.shape[axis], [*parts, zeros(low - done), part]))
    whole = [lax.concatenate([*parts, zeros(size - done)], axis) for done, parts in layers]
    return functools.reduce(jnp.add, whole)


def _summed(x: jax.Array, axis: int, table: Taps) -> jax.Array:
    source, weight, used = table
    if source.shape[1] > MAX_UNROLLED_TAPS:
        shape = (*(1,) * axis, -1, *(1,) * (x.ndim - axis - 1))

        def turn(total: jax.Array, taps: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            source, weight, used = taps
            term = _looked_up(x, axis, source) * jnp.broadcast_to(weight.reshape(shape), total.shape)
            valid = jnp.broadcast_to(used.reshape(shape), total.shape)
            return total + jnp.where(valid, term, jnp.zeros((), x.dtype)), None

        used = np.ones(source.shape, bool) if used is None else used
        taps = (jnp.asarray(source.T), jnp.asarray(weight.T, x.dtype), jnp.asarray(used.T))
        total = jnp.zeros((*x.shape[:axis], len(source), *x.shape[axis + 1 :]), x.dtype)
        return lax.scan(turn, total, taps)[0]

    def tap(t: int) -> jax.Array:
        return _term(_looked_up(x, axis, source[:, t]), axis, weight[:, t], None if used is None else used[:, t])

    return functools.reduce(jnp.add, map(tap, range(source.shape[1])))


def _term(seen: jax.Array, axis: int, weight: np.ndarray, used: np.ndarray | None) -> jax.Array:
    """Neighbours times their weights along an axis, 0 where they aren't used, since infinity times 0 is NaN."""
    shape = (*(1,) * axis, -1, *(1,) * (seen.ndim - axis - 1))
    term = seen
    if not (weight == 1).all():
        term = seen * jnp.broadcast_to(jnp.asarray(weight, seen.dtype).reshape(shape), seen.shape)
    if used is None or used.all():
        return term
    where = jnp.broadcast_to(jnp.asarray(used).reshape(shape), seen.shape)
    return jnp.where(where, term, jnp.zeros((), seen.dtype))


def _phases(table: Taps, size: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Source positions (they may be negative) of the first p outputs; all others follow by steps of q.

    Then which taps lie there; the others have no weight.
    """
    source, weight, _ = table
    out = len(source)
    blocks = math.gcd(out, size)
    places, step = out // max(blocks, 1), size // max(blocks, 1)
    if blocks < 2 or not 0 < places <= MAX_PHASES:
        return None
    middle = blocks // 2
    starts = source[middle * places : (middle + 1) * places] - middle * step
    everywhere = (starts + step * np.arange(blocks)[:, None, None]).reshape(source.shape)
    valid = np.clip(everywhere, 0, size - 1) == source
    return (starts, valid) if (valid | (weight == 0)).all() else None


def _sliced(x: jax.Array, axis: int, table: Taps, positions: tuple[np.ndarray, np.ndarray]) -> jax.Array:
    """Reads the positions that `_phases` found. The last or first element may stand in for neighbours outside."""
    (starts, valid), (_, weight, used) = positions, table
    used = valid if used is None else used & valid
    (places, count), (out, size) = starts.shape, (len(valid), x.shape[axis])
    blocks, step = out // places, size // (out // places)
    low = max(0, -int(starts.min()))
    high = max(0, int(starts.max()) + (blocks - 1) * step + 1 - size)
    # the edges repeated, and as many more as make whole blocks
    rows = max(-(-(low + size + high) // step), (int(starts.max()) + low) // step + blocks)
    pads = [(0, 0)] * x.ndim
    pads[axis] = (low, rows * step - low - size)
    x = jnp.pad(x, pads, mode="edge")
    columns = jnp.split(phases.split(x, axis, [step]), step, axis + 1)

    def tap(place: int, t: int) -> jax.Array:
        row, column = divmod(int(starts[place, t]) + low, step)
        seen = lax.slice_in_dim(columns[column], row, row + blocks, 1, axis)
        return _term(seen, axis, weight[place::places, t], used[place::places, t])

    parts = [functools.reduce(jnp.add, [tap(place, t) for t in range(count)]) for place in range(places)]
    return phases.merged(jnp.concatenate(parts, axis + 1), axis)


def _transposed_table(table: Taps, size: int, blocks: int = 1) -> Taps:
    """The table of the transpose: which outputs every input reaches, and with which weight.

    Outputs that lie alike, seen from their block, are in one column, so that `_phases` finds them.
    """
    source, weight, used = table
    out = len(source)
    used = np.ones(source.shape, bool) if used is None else used
    weight = np.ones(source.shape, np.float32) if weight is None else weight
    edges, place = np.unique(source[used].astype(np.int64) * out + np.nonzero(used)[0], return_inverse=True)
    sums = np.zeros(len(edges), weight.dtype)
    np.add.at(sums, place, weight[used])
    rows, outputs = np.divmod(edges, max(out, 1))
    step, block = size // max(blocks, 1), out // max(blocks, 1)  # inputs and outputs per block
    away = outputs - rows // step * block
    kinds, column = np.unique(rows % step * 4 * out + away + 2 * out, return_inverse=True)
    of = kinds // max(4 * out, 1)  # which of the inputs of a block
    column_of = np.arange(len(kinds)) - np.searchsorted(of, of)
    count = int(column_of.max(initial=-1)) + 1
    aways = np.zeros((step, count), np.int64)
    aways[of, column_of] = kinds % max(4 * out, 1) - 2 * out
    every = np.arange(size)
    places = np.clip(aways[every % step] + (every // step * block)[:, None], 0, max(out - 1, 0))
    weights, valid = np.zeros((size, count), weight.dtype), np.zeros((size, count), bool)
    weights[rows, column_of[column]], valid[rows, column_of[column]] = sums, True
    return Taps(places.astype(np.int32), weights, valid)
