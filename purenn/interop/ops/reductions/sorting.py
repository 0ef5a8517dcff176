"""Sorts, the k largest, and the element of a rank. NaN counts as larger than any number."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.interop.ops.operands import default_dtype, real_array
from purenn.interop.ops.reductions.extremes import selected
from purenn.interop.ops.results import ValuesIndices
from purenn.typing import Array, ArrayLike

__all__ = ["argsort", "kthvalue", "msort", "sort", "topk"]


def real_along(where: str, input: ArrayLike, dim: int) -> tuple[jax.Array, int]:
    x = real_array(where, input)
    return x, check.axis(where, "dim", dim, x.ndim)


def order_along(x: jax.Array, dim: int, descending: bool) -> jax.Array:
    if not x.ndim:
        return jnp.zeros((), default_dtype(1))
    keys = lax.stop_gradient(x.astype(jnp.uint8) if x.dtype == bool else x)
    return jnp.argsort(keys, dim, stable=True, descending=descending).astype(default_dtype(1))


def sort(input: ArrayLike, dim: int = -1, descending: bool = False, stable: bool = True) -> ValuesIndices:
    """Sorts along a dimension and returns a pair, values and the places where they were; jnp.sort has no places.

    The order of equal elements is kept, whatever ``stable`` says.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> values, indices = ops.sort(jnp.array([3, 1, 2]))
        >>> values.tolist(), indices.tolist()
        ([1, 2, 3], [1, 2, 0])
    """
    x, dim = real_along("sort", input, dim)
    order = order_along(x, dim, descending)
    return ValuesIndices(jnp.take_along_axis(x, order, dim) if x.ndim else x, order)


def argsort(input: ArrayLike, dim: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """Returns the places that sort along a dimension; the order of equal elements is kept.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.argsort(jnp.array([3, 1, 2]), descending=True).tolist()
        [0, 2, 1]
    """
    return order_along(*real_along("argsort", input, dim), descending)


def msort(input: ArrayLike) -> Array:
    """Sorts along the first dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.msort(jnp.array([[3], [1]])).tolist()
        [[1], [3]]
    """
    return sort(input, 0).values


def topk(input: ArrayLike, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """Returns the k largest or smallest elements along a dimension, in order, and their places.

    Among equal elements the first are taken; torch doesn't say which.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> values, indices = ops.topk(jnp.array([3, 1, 2]), 2)
        >>> values.tolist(), indices.tolist()
        ([3, 2], [0, 2])
    """
    x, dim = real_along("topk", input, dim)
    k = check.integer("topk", "k", k, 0)
    n = x.shape[dim] if x.ndim else 1
    if k > n:
        check.fail("topk", "k", f"be at most {n}, the size of dimension {dim}", k)
    if not x.ndim:
        return ValuesIndices(x, jnp.zeros((), default_dtype(1)))
    if largest:
        values, places = lax.top_k(jnp.moveaxis(x, dim, -1), k)
        return ValuesIndices(*(jnp.moveaxis(v, -1, dim) for v in (values, places.astype(default_dtype(1)))))
    places = lax.slice_in_dim(order_along(x, dim, False), 0, k, axis=dim)
    return ValuesIndices(jnp.take_along_axis(x, places, dim), places)


def kthvalue(input: ArrayLike, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """Returns the k-th smallest element along a dimension, counted from 1, and its place.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.kthvalue(jnp.array([3, 1, 2]), 2).values.item()
        2
    """
    x, dim = real_along("kthvalue", input, dim)
    n = x.shape[dim] if x.ndim else 1
    if not 1 <= check.integer("kthvalue", "k", k) <= n:
        check.fail("kthvalue", "k", f"be from 1 to {n}, the size of dimension {dim}", k)
    return at_rank(x, order_along(x, dim, False), k - 1, dim, keepdim)


def at_rank(x: jax.Array, order: jax.Array, rank: int | jax.Array, dim: int, keepdim: bool) -> ValuesIndices:
    """The elements at a rank, one for all rows or one per row."""
    if not x.ndim:
        return ValuesIndices(x, order)
    if isinstance(rank, int):
        return selected(x, lax.slice_in_dim(order, rank, rank + 1, axis=dim), dim, keepdim)
    return selected(x, jnp.take_along_axis(order, rank.astype(order.dtype), dim), dim, keepdim)
