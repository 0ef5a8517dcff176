"""Products of matrices by groups of rows, each group with a matrix of its own.

One product of all rows with the matrices of all groups would be as many times the work as there are groups. Here a
loop goes over blocks of rows, and for each over the groups that it meets, at most one more for each group. The rows of
others are left out by a selection, which keeps their NaN away. The products, their gradients in the rows and those in
the matrices are each other's transposes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, like
from purenn.typing import DTypeLike

__all__ = ["row_products", "row_sums"]

MIN_ROWS, MAX_ROWS = 16, 256  # rows per block: products of fewer are slow, and of more too many are another group's


def row_products(x: jax.Array, w: jax.Array, ends: jax.Array, dtype: DTypeLike) -> jax.Array:
    """The products x_t w_g of rows of x (T, K) with the matrix, of w (G, K, N), of the group g that they are in.

    Group g has the rows from ends[g - 1] on, at first from 0 on, and before ends[g]. Rows in none give zeros.
    """
    y = jax.ShapeDtypeStruct((x.shape[0], w.shape[2]), jnp.dtype(dtype))
    return apply_map(_Grouped("y", "x", (like(x), like(w), y)), (ends, w), (x,))[0]


def row_sums(x: jax.Array, y: jax.Array, ends: jax.Array, dtype: DTypeLike) -> jax.Array:
    """For each group the sum over its rows of the products x_t^T y_t of x (T, K) and y (T, N): (G, K, N)."""
    w = jax.ShapeDtypeStruct((ends.shape[0], x.shape[1], y.shape[1]), jnp.dtype(dtype))
    return apply_map(_Grouped("w", "x", (like(x), w, like(y))), (ends, y), (x,))[0]


@dataclasses.dataclass(frozen=True)
class _Grouped(LinearMap):
    """The map to one of rows x, matrices w and products y, linear in another; the third is a residual."""

    to: str
    of: str
    shapes: Shapes  # of x, w and y

    @property
    def other(self) -> str:
        (name,) = set("xwy") - {self.to, self.of}
        return name

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        ends, other = residuals
        operands, shape = {self.other: other, self.of: arguments[0]}, self.shapes["xwy".index(self.to)]
        if self.to == "w":
            result = _sums(operands["x"], operands["y"], ends)
        elif self.to == "y":
            result = _products(operands["x"], operands["w"], ends)
        else:
            result = _products(operands["y"], jnp.swapaxes(operands["w"], 1, 2), ends)
        return (result.astype(shape.dtype),)

    def tangent(self, residuals: Arrays, tangents: Arrays, arguments: Arrays) -> Arrays:
        turned = dataclasses.replace(self, of=self.other)
        return apply_map(turned, (residuals[0], *arguments), tangents[1:])

    def transposed(self, shapes: Shapes) -> LinearMap:
        return dataclasses.replace(self, to=self.of, of=self.to)


def _products(x: jax.Array, w: jax.Array, ends: jax.Array) -> jax.Array:
    size = _block(x.shape[0], w.shape[0])

    def add(y: jax.Array, start: jax.Array, group: jax.Array, valid: jax.Array, x: jax.Array) -> jax.Array:
        product = _chosen(valid, _dot(x, lax.dynamic_index_in_dim(w, group, keepdims=False), 1))
        return lax.dynamic_update_slice_in_dim(y, lax.dynamic_slice_in_dim(y, start, size) + product, start, 0)

    dtype = _wide(x, w)
    return _over_blocks(add, jnp.zeros((x.shape[0], w.shape[2]), dtype), ends, size, x)


def _sums(x: jax.Array, y: jax.Array, ends: jax.Array) -> jax.Array:
    def add(
        w: jax.Array, start: jax.Array, group: jax.Array, valid: jax.Array, x: jax.Array, y: jax.Array
    ) -> jax.Array:
        updated = lax.dynamic_index_in_dim(w, group) + _dot(_chosen(valid, x), _chosen(valid, y), 0)[None]
        return lax.dynamic_update_slice_in_dim(w, updated, group, 0)

    zeros = jnp.zeros((ends.shape[0], x.shape[1], y.shape[1]), _wide(x, y))
    return _over_blocks(add, zeros, ends, _block(x.shape[0], ends.shape[0]), x, y)


def _block(rows: int, groups: int) -> int:
    """The rows of a block: about as many as a group has."""
    if not isinstance(rows, int):
        return MIN_ROWS
    return min(rows, max(MIN_ROWS, min(rows // max(groups, 1), MAX_ROWS)))


def _over_blocks(
    add: Callable[..., jax.Array], total: jax.Array, ends: jax.Array, size: int, *arrays: jax.Array
) -> jax.Array:
    """Calls `add` for each pair of a block and a group, with a mask of the block's rows that are the group's."""
    rows = arrays[0].shape[0]
    if 0 in (*total.shape, ends.shape[0], size):
        return total
    padding = 0
    if not isinstance(rows, int):  # one block more, since there may be fewer rows than a block has
        padding = size
        arrays = tuple(jnp.pad(a, [(0, size), (0, 0)]) for a in arrays)
        total = jnp.pad(total, [(0, size), (0, 0)]) if total.ndim == 2 else total
    ends = jnp.clip(ends, 0, rows)
    starts = jnp.concatenate([jnp.zeros(1, ends.dtype), ends[:-1]])
    first, last = starts // size, -(-ends // size)
    after = jnp.cumsum(jnp.where(ends > starts, last - first, 0))
    place = lax.iota(ends.dtype, size)

    def one(i: jax.Array, total: jax.Array) -> jax.Array:
        i = i.astype(ends.dtype)
        group = jnp.sum((after <= i).astype(ends.dtype))
        block = last[group] - (after[group] - i)
        start = jnp.minimum(block * size, rows + padding - size)  # the last block may begin in the one before
        row = start + place
        valid = (row >= block * size) & (row >= starts[group]) & (row < ends[group])
        parts = [lax.dynamic_slice_in_dim(a, start, size) for a in arrays]
        return add(total, start, group, valid, *parts)

    total = lax.fori_loop(0, after[-1], one, total)
    return total if isinstance(rows, int) or total.ndim > 2 else lax.slice_in_dim(total, 0, rows)


def _chosen(valid: jax.Array, x: jax.Array) -> jax.Array:
    """The valid rows; zeros in place of the others."""
    return jnp.where(valid[:, None], x, jnp.zeros((), x.dtype))


def _wide(a: jax.Array, b: jax.Array) -> np.dtype:
    """The dtype in which products are summed."""
    return compute_dtype(jnp.promote_types(a.dtype, b.dtype))


def _dot(a: jax.Array, b: jax.Array, axis: int) -> jax.Array:
    """The product of two matrices, contracting this axis of the first and the first of the second."""
    dtype = jnp.promote_types(a.dtype, b.dtype)
    dimensions = (((axis,), (0,)), ((), ()))
    return lax.dot_general(a.astype(dtype), b.astype(dtype), dimensions, preferred_element_type=_wide(a, b))
