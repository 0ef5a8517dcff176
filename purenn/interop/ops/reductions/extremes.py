"""Largest and smallest elements, with or without their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.interop.ops.elementwise.limits import maximum, minimum
from purenn.interop.ops.operands import Dims, default_dtype, picked, real_array
from purenn.interop.ops.results import Extremes, ValuesIndices
from purenn.typing import Array, ArrayLike

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "cummax", "cummin", "max", "min"]

DimOrOther: TypeAlias = int | Array | np.ndarray | None  # torch has max(input, dim) and max(input, other)


def _nonempty(where: str, x: jax.Array, axes: Sequence[int]) -> None:
    if 0 in [x.shape[a] for a in axes]:
        check.fail(where, "input", "have non-zero size in the dimensions that are reduced", f"shape {x.shape}")


def _reduced(where: str, input: ArrayLike, dim: Dims, keepdim: bool, largest: bool) -> jax.Array:
    x = real_array(where, input)
    axes = check.axes(where, "dim", dim, x.ndim)
    _nonempty(where, x, axes)
    return (jnp.max if largest else jnp.min)(x, axes, keepdims=keepdim)


def amax(input: ArrayLike, dim: Dims = (), keepdim: bool = False) -> Array:
    """Returns the largest elements over dimensions; equal ones share the gradient, where `max` gives it to the first.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.amax(jnp.array([[1, 5], [7, 3]]), (0, 1)).item()
        7
    """
    return _reduced("amax", input, dim, keepdim, True)


def amin(input: ArrayLike, dim: Dims = (), keepdim: bool = False) -> Array:
    """Returns the smallest elements over dimensions; equal ones share the gradient, where `min` gives it to the first.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.amin(jnp.array([[1, 5], [7, 3]]), 1).tolist()
        [1, 3]
    """
    return _reduced("amin", input, dim, keepdim, False)


def aminmax(input: ArrayLike, *, dim: int | None = None, keepdim: bool = False) -> Extremes:
    """Returns the smallest and the largest elements along a dimension, or of all.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.item() for x in ops.aminmax(jnp.array([4, 2, 9]))]
        [2, 9]
    """
    return Extremes(
        _reduced("aminmax", input, dim, keepdim, False),
        _reduced("aminmax", input, dim, keepdim, True),
    )


def _place(where: str, x: jax.Array, dim: int, largest: bool) -> jax.Array:
    """The first place of an extreme, NaNs first; the dimension stays."""
    _nonempty(where, x, (dim,))
    find = jnp.argmax if largest else jnp.argmin
    return find(x, dim, keepdims=True).astype(default_dtype(1))


def _searched(where: str, input: ArrayLike, dim: int | None, keepdim: bool, largest: bool) -> jax.Array:
    x = real_array(where, input, 1)
    if dim is None:
        place = _place(where, x.ravel(), 0, largest)
        return place.reshape((1,) * x.ndim if keepdim else ())
    dim = check.axis(where, "dim", dim, x.ndim)
    place = _place(where, jnp.atleast_1d(x), dim, largest)
    return place.reshape(()) if not x.ndim else place if keepdim else jnp.squeeze(place, dim)


def argmax(input: ArrayLike, dim: int | None = None, keepdim: bool = False) -> Array:
    """Returns the first place of the largest element along a dimension, or in the flattened array.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.argmax(jnp.array([[1, 5], [7, 3]]), 1).tolist()
        [1, 0]
    """
    return _searched("argmax", input, dim, keepdim, True)


def argmin(input: ArrayLike, dim: int | None = None, keepdim: bool = False) -> Array:
    """Returns the first place of the smallest element along a dimension, or in the flattened array.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.argmin(jnp.array([[1, 5], [7, 3]])).item()
        0
    """
    return _searched("argmin", input, dim, keepdim, False)


def selected(x: jax.Array, place: jax.Array, dim: int, keepdim: bool) -> ValuesIndices:
    """The elements at one place per row, and the places."""
    values = picked(x, place, dim)
    return ValuesIndices(*(v if keepdim else jnp.squeeze(v, dim) for v in (values, place)))


def _extreme(
    where: str, input: ArrayLike, dim: DimOrOther, keepdim: bool, other: ArrayLike | None, largest: bool
) -> Any:
    if isinstance(dim, jax.Array | np.ndarray):
        dim, other = None, dim
    if other is not None:
        return (maximum if largest else minimum)(input, other)
    if dim is None:
        return _reduced(where, input, None, False, largest)
    x = real_array(where, input)
    dim = check.axis(where, "dim", dim, x.ndim)
    if not x.ndim:
        return ValuesIndices(x, jnp.zeros((), default_dtype(1)))
    return selected(x, _place(where, x, dim, largest), dim, keepdim)


def max(input: ArrayLike, dim: DimOrOther = None, keepdim: bool = False, *, other: ArrayLike | None = None) -> Any:
    """Returns the largest element; with ``dim`` a pair of the largest elements along it and their places.

    Args:
        input: a real array.
        dim: the dimension. None reduces all, to one array whose equal largest elements share the gradient. An array
            is ``other``.
        keepdim: whether the dimension stays, with size 1.
        other: an array; the result is then `maximum`.

    Returns:
        An array, or (values, indices), of which the first of equal elements is taken. jnp.max has no indices.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> values, indices = ops.max(jnp.array([[1, 5], [7, 3]]), 1)
        >>> values.tolist(), indices.tolist()
        ([5, 7], [1, 0])
        >>> ops.max(jnp.array([[1, 5], [7, 3]])).item()
        7
    """
    return _extreme("max", input, dim, keepdim, other, True)


def min(input: ArrayLike, dim: DimOrOther = None, keepdim: bool = False, *, other: ArrayLike | None = None) -> Any:
    """Returns the smallest element; with ``dim`` a pair of the smallest elements along it and their places.

    The arguments are those of `max`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.min(jnp.array([[1, 5], [7, 3]]), 1).indices.tolist()
        [0, 1]
    """
    return _extreme("min", input, dim, keepdim, other, False)


def _running(where: str, input: ArrayLike, dim: int, largest: bool) -> ValuesIndices:
    x = real_array(where, input)
    dim = check.axis(where, "dim", dim, x.ndim)
    if not x.ndim:
        return ValuesIndices(x, jnp.zeros((), default_dtype(1)))
    places = lax.broadcasted_iota(default_dtype(1), x.shape, dim)

    def later(a: tuple[jax.Array, jax.Array], b: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        wins = (b[0] >= a[0] if largest else b[0] <= a[0]) & ~jnp.isnan(a[0]) | jnp.isnan(b[0])
        return jnp.where(wins, b[0], a[0]), jnp.where(wins, b[1], a[1])

    if x.size:
        _, places = lax.associative_scan(later, (lax.stop_gradient(x), places), axis=dim)
    return ValuesIndices(jnp.take_along_axis(x, places, dim), places)


def cummax(input: ArrayLike, dim: int) -> ValuesIndices:
    """Returns the running maxima along a dimension, and the last place of each.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> values, indices = ops.cummax(jnp.array([1, 3, 2]), 0)
        >>> values.tolist(), indices.tolist()
        ([1, 3, 3], [0, 1, 1])
    """
    return _running("cummax", input, dim, True)


def cummin(input: ArrayLike, dim: int) -> ValuesIndices:
    """Returns the running minima along a dimension, and the last place of each.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cummin(jnp.array([3, 1, 2]), 0).values.tolist()
        [3, 1, 1]
    """
    return _running("cummin", input, dim, False)
