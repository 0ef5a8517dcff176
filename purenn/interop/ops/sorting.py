"""Order: sorts, the k largest, medians and quantiles, search in sorted arrays. NaN counts as larger than any number."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.interop.ops.extremes import selected
from purenn.interop.ops.operands import default_dtype, kind, real_array
from purenn.interop.ops.results import ValuesIndices
from purenn.typing import Array, ArrayLike
from purenn.value_checks import Within, require

__all__ = [
    "argsort",
    "bucketize",
    "kthvalue",
    "median",
    "mode",
    "msort",
    "nanmedian",
    "nanquantile",
    "quantile",
    "searchsorted",
    "sort",
    "topk",
]


def _real(where: str, input: Any, dim: Any) -> tuple[jax.Array, int]:
    x = real_array(where, input)
    return x, check.axis(where, "dim", dim, x.ndim)


def _order(x: jax.Array, dim: int, descending: bool) -> jax.Array:
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
    x, dim = _real("sort", input, dim)
    order = _order(x, dim, descending)
    return ValuesIndices(jnp.take_along_axis(x, order, dim) if x.ndim else x, order)


def argsort(input: ArrayLike, dim: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """Returns the places that sort along a dimension; the order of equal elements is kept.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.argsort(jnp.array([3, 1, 2]), descending=True).tolist()
        [0, 2, 1]
    """
    return _order(*_real("argsort", input, dim), descending)


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
    x, dim = _real("topk", input, dim)
    k = check.integer("topk", "k", k, 0)
    n = x.shape[dim] if x.ndim else 1
    if k > n:
        check.fail("topk", "k", f"be at most {n}, the size of dimension {dim}", k)
    if not x.ndim:
        return ValuesIndices(x, jnp.zeros((), default_dtype(1)))
    if largest:
        values, places = lax.top_k(jnp.moveaxis(x, dim, -1), k)
        return ValuesIndices(*(jnp.moveaxis(v, -1, dim) for v in (values, places.astype(default_dtype(1)))))
    places = lax.slice_in_dim(_order(x, dim, False), 0, k, axis=dim)
    return ValuesIndices(jnp.take_along_axis(x, places, dim), places)


def kthvalue(input: ArrayLike, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """Returns the k-th smallest element along a dimension, counted from 1, and its place.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.kthvalue(jnp.array([3, 1, 2]), 2).values.item()
        2
    """
    x, dim = _real("kthvalue", input, dim)
    n = x.shape[dim] if x.ndim else 1
    if not 1 <= check.integer("kthvalue", "k", k) <= n:
        check.fail("kthvalue", "k", f"be from 1 to {n}, the size of dimension {dim}", k)
    return _at_rank(x, _order(x, dim, False), k - 1, dim, keepdim)


def _at_rank(x: jax.Array, order: jax.Array, rank: Any, dim: int, keepdim: bool) -> ValuesIndices:
    """The elements at a rank, one for all rows or one per row."""
    if not x.ndim:
        return ValuesIndices(x, order)
    if isinstance(rank, int):
        return selected(x, lax.slice_in_dim(order, rank, rank + 1, axis=dim), dim, keepdim)
    return selected(x, jnp.take_along_axis(order, rank.astype(order.dtype), dim), dim, keepdim)


def _median(where: str, input: Any, dim: Any, keepdim: bool, skip: bool) -> Any:
    if dim is None:
        x, _ = _real(where, input, 0)
        flat = x.ravel()
        if not flat.size:
            return jnp.full((), np.nan, x.dtype)
        found = lax.stop_gradient(_median(where, flat, 0, False, skip).values)
        if kind(x.dtype) < 2:
            return found
        same = (flat == found) | (jnp.isnan(flat) & jnp.isnan(found))  # equal elements share the gradient
        apart = jnp.where(same & jnp.isfinite(flat), flat - lax.stop_gradient(flat), jnp.zeros((), x.dtype))
        return found + jnp.sum(apart) / jnp.sum(same, dtype=x.dtype)
    x, dim = _real(where, input, dim)
    if not x.ndim:
        return ValuesIndices(x, jnp.zeros((), default_dtype(1)))
    n = x.shape[dim]
    if not n:
        check.fail(where, "input", "have non-zero size in the dimension that is reduced", f"shape {x.shape}")
    order = _order(x, dim, False)
    if kind(x.dtype) < 2:
        return _at_rank(x, order, (n - 1) // 2, dim, keepdim)
    missing = jnp.sum(jnp.isnan(x), dim, keepdims=True, dtype=order.dtype)
    if skip:
        return _at_rank(x, order, jnp.maximum(n - missing - 1, 0) // 2, dim, keepdim)
    return _at_rank(x, order, jnp.where(missing > 0, n - missing, (n - 1) // 2), dim, keepdim)


def median(input: ArrayLike, dim: int | None = None, keepdim: bool = False) -> Any:
    """Returns the median: of an even number of elements the lower one, where jnp.median averages two.

    Args:
        input: a real array.
        dim: the dimension; None reduces all, to one array.
        keepdim: whether the dimension stays, with size 1.

    Returns:
        An array, or with ``dim`` a pair of medians and their places; NaN where an element is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.median(jnp.array([4.0, 1.0, 3.0, 2.0])).item()
        2.0
        >>> ops.median(jnp.array([[4, 1, 3]]), 1).indices.tolist()
        [2]
    """
    return _median("median", input, dim, keepdim, False)


def nanmedian(input: ArrayLike, dim: int | None = None, keepdim: bool = False) -> Any:
    """Returns the median of the elements that aren't NaN, as `median` does.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nanmedian(jnp.array([4.0, jnp.nan, 3.0])).item()
        3.0
    """
    return _median("nanmedian", input, dim, keepdim, True)


def mode(input: ArrayLike, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """Returns the most frequent element along a dimension, the smallest if several are, and its last place.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.mode(jnp.array([2, 1, 2, 3])).values.item()
        2
    """
    x, dim = _real("mode", input, dim)
    if not x.ndim:
        return ValuesIndices(x, jnp.zeros((), default_dtype(1)))
    n = x.shape[dim]
    if not n:
        check.fail("mode", "input", "have non-zero size in the dimension that is reduced", f"shape {x.shape}")
    order = _order(x, dim, False)
    arranged = jnp.moveaxis(jnp.take_along_axis(lax.stop_gradient(x), order, dim), dim, -1)
    first = jnp.concatenate([jnp.ones((*arranged.shape[:-1], 1), bool), arranged[..., 1:] != arranged[..., :-1]], -1)
    places = lax.broadcasted_iota(jnp.int32, arranged.shape, arranged.ndim - 1)
    length = places - lax.cummax(jnp.where(first, places, 0), arranged.ndim - 1)  # of the run so far, less 1
    rank = jnp.moveaxis(jnp.argmax(length, -1, keepdims=True), -1, dim)
    return _at_rank(x, order, rank, dim, keepdim)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(where: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, skip: bool) -> jax.Array:
    x = check.array(where, "input", input)
    if x.dtype not in (jnp.float32, jnp.float64):
        check.fail(where, "input", "be float32 or float64", f"dtype {x.dtype}", TypeError)
    fractions = jnp.asarray(q, x.dtype) if isinstance(q, int | float) else check.array(where, "q", q)
    check.same_dtype(where, input=x, q=fractions)
    check.rank(where, "q", fractions, (0, 1))
    require(fractions, Within(where, "q", 0, 1, error=ValueError))
    check.choice(where, "interpolation", interpolation, _INTERPOLATIONS)
    axis = None if dim is None else check.axis(where, "dim", dim, x.ndim)
    if not x.size or (axis is not None and x.ndim and not x.shape[axis]):
        check.fail(where, "input", "have non-zero size", f"shape {x.shape}")
    find = jnp.nanquantile if skip else jnp.quantile
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        if not x.ndim:
            return find(x.reshape(1), fractions, 0, method=interpolation)
        return find(x, fractions, axis, method=interpolation, keepdims=keepdim)


def quantile(
    input: ArrayLike, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """Returns quantiles along a dimension, or of all elements; NaN where an element is NaN.

    Args:
        input: float32 or float64.
        q: a number from 0 to 1, or an array of rank 1 of them, whose dimension is the result's first.
        dim: the dimension; None takes all.
        keepdim: whether it stays, with size 1.
        interpolation: between neighbours: ``'linear'``, ``'lower'``, ``'higher'``, ``'midpoint'`` or ``'nearest'``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.quantile(jnp.array([1.0, 2.0, 3.0, 4.0]), 0.5).item()
        2.5
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


def nanquantile(
    input: ArrayLike, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """Returns quantiles of the elements that aren't NaN; `quantile` says the arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nanquantile(jnp.array([1.0, jnp.nan, 3.0]), 0.5).item()
        2.0
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


def searchsorted(
    sorted_sequence: ArrayLike,
    input: Any,
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
    found = _search(rows, values, side)
    return found.astype(jnp.int32 if out_int32 else default_dtype(1))


def _search(rows: jax.Array, values: jax.Array, side: str) -> jax.Array:
    if not values.size or not rows.shape[-1]:
        return jnp.zeros(values.shape, default_dtype(1))
    if rows.ndim == 1:
        return jnp.searchsorted(rows, values, side=side)
    flat = jax.vmap(lambda a, v: jnp.searchsorted(a, v, side=side))
    found = flat(rows.reshape(-1, rows.shape[-1]), values.reshape(-1, values.shape[-1]))
    return found.reshape(values.shape)


def bucketize(input: Any, boundaries: ArrayLike, *, out_int32: bool = False, right: bool = False) -> Array:
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
