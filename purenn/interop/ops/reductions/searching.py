"""Searches in sorted arrays: the places and buckets of values."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import default_dtype
from purenn.typing import Array, ArrayLike
from purenn.value_checks import Within, require

__all__ = ["bucketize", "searchsorted"]


def searchsorted(
    sorted_sequence: ArrayLike,
    input: ArrayLike,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: ArrayLike | None = None,
) -> Array:
    """Returns where values belong in a sorted sequence, or in the sorted rows of an array.

    Args:
        sorted_sequence: of rank 1, or of the rows of ``input``.
        input: values, or one number.
        out_int32: whether the places are int32.
        right: whether a value that is there goes behind its equals.
        side: ``'left'`` or ``'right'``, which says the same.
        sorter: places that sort the sequence, as `argsort` gives.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.searchsorted(jnp.array([1, 3, 5]), jnp.array([3, 4])).tolist()
        [1, 2]
    """
    where = "searchsorted"
    rows = check.array(where, "sorted_sequence", sorted_sequence)
    number = isinstance(input, bool | int | float | np.generic)
    values = jnp.asarray(input, rows.dtype) if number else check.array(where, "input", input)
    check.choice(where, "side", side, (None, "left", "right"))
    if side == "left" and right:
        check.fail(where, "side", "be 'right' where right=True", repr(side))
    if rows.ndim == 0:
        check.fail(where, "sorted_sequence", "have rank 1 or more", f"shape {rows.shape}")
    if rows.ndim > 1 and rows.shape[:-1] != values.shape[:-1]:
        expected = f"have the shape {rows.shape[:-1]} but for the last dimension, as sorted_sequence"
        check.fail(where, "input", expected, f"shape {values.shape}")
    check.same_dtype(where, sorted_sequence=rows, input=values)
    if sorter is not None:
        order = check.array(where, "sorter", sorter)
        check.shape(where, "sorter", order, rows.shape)
        check.integral(where, "sorter", order)
        require(order, Within(where, "sorter", 0, rows.shape[-1] - 1, error=ValueError))
        rows = jnp.take_along_axis(rows, order, -1)
    side = "right" if right or side == "right" else "left"
    places = _search(rows, values, side)
    return places.astype(jnp.int32 if out_int32 else default_dtype(1))


def _search(rows: jax.Array, values: jax.Array, side: str) -> jax.Array:
    if not values.size or not rows.shape[-1]:
        return jnp.zeros(values.shape, default_dtype(1))
    if rows.ndim == 1:
        return jnp.searchsorted(rows, values, side=side)
    flat = jax.vmap(lambda a, v: jnp.searchsorted(a, v, side=side))
    places = flat(rows.reshape(-1, rows.shape[-1]), values.reshape(-1, values.shape[-1]))
    return places.reshape(values.shape)


def bucketize(input: ArrayLike, boundaries: ArrayLike, *, out_int32: bool = False, right: bool = False) -> Array:
    """Returns the buckets of values between sorted boundaries; by default a boundary belongs to the bucket below.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.bucketize(jnp.array([2, 3]), jnp.array([1, 3, 5])).tolist()
        [1, 1]
    """
    edges = check.array("bucketize", "boundaries", boundaries)
    check.rank("bucketize", "boundaries", edges, (1,))
    return searchsorted(edges, input, out_int32=out_int32, right=right)
