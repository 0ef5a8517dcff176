"""Medians, modes and quantiles along a dimension or of all elements. NaN counts as larger than any number."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.interop.ops.operands import default_dtype, kind
from purenn.interop.ops.reductions.sorting import at_rank, order_along, real_along
from purenn.interop.ops.results import ValuesIndices
from purenn.typing import Array, ArrayLike
from purenn.value_checks import Within, require

__all__ = ["median", "mode", "nanmedian", "nanquantile", "quantile"]


def _median(where: str, input: ArrayLike, dim: int | None, keepdim: bool, skip: bool) -> Any:
    if dim is None:
        x, _ = real_along(where, input, 0)
        flat = x.ravel()
        if not flat.size:
            return jnp.full((), np.nan, x.dtype)
        median = lax.stop_gradient(_median(where, flat, 0, False, skip).values)
        if kind(x.dtype) < 2:
            return median
        same = (flat == median) | (jnp.isnan(flat) & jnp.isnan(median))  # equal elements share the gradient
        differences = jnp.where(same & jnp.isfinite(flat), flat - lax.stop_gradient(flat), jnp.zeros((), x.dtype))
        return median + jnp.sum(differences) / jnp.sum(same, dtype=x.dtype)
    x, dim = real_along(where, input, dim)
    if not x.ndim:
        return ValuesIndices(x, jnp.zeros((), default_dtype(1)))
    n = x.shape[dim]
    if not n:
        check.fail(where, "input", "have non-zero size in the dimension that is reduced", f"shape {x.shape}")
    order = order_along(x, dim, False)
    if kind(x.dtype) < 2:
        return at_rank(x, order, (n - 1) // 2, dim, keepdim)
    missing = jnp.sum(jnp.isnan(x), dim, keepdims=True, dtype=order.dtype)
    if skip:
        return at_rank(x, order, jnp.maximum(n - missing - 1, 0) // 2, dim, keepdim)
    return at_rank(x, order, jnp.where(missing > 0, n - missing, (n - 1) // 2), dim, keepdim)


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
    x, dim = real_along("mode", input, dim)
    if not x.ndim:
        return ValuesIndices(x, jnp.zeros((), default_dtype(1)))
    n = x.shape[dim]
    if not n:
        check.fail("mode", "input", "have non-zero size in the dimension that is reduced", f"shape {x.shape}")
    order = order_along(x, dim, False)
    arranged = jnp.moveaxis(jnp.take_along_axis(lax.stop_gradient(x), order, dim), dim, -1)
    first = jnp.concatenate([jnp.ones((*arranged.shape[:-1], 1), bool), arranged[..., 1:] != arranged[..., :-1]], -1)
    places = lax.broadcasted_iota(jnp.int32, arranged.shape, arranged.ndim - 1)
    length = places - lax.cummax(jnp.where(first, places, 0), arranged.ndim - 1)  # of the run so far, less 1
    rank = jnp.moveaxis(jnp.argmax(length, -1, keepdims=True), -1, dim)
    return at_rank(x, order, rank, dim, keepdim)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    where: str, input: ArrayLike, q: ArrayLike, dim: int | None, keepdim: bool, interpolation: str, skip: bool
) -> jax.Array:
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
    input: ArrayLike, q: ArrayLike, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
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
    input: ArrayLike, q: ArrayLike, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """Returns quantiles of the elements that aren't NaN; the arguments are those of `quantile`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nanquantile(jnp.array([1.0, jnp.nan, 3.0]), 0.5).item()
        2.0
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)
