"""Subscripts: ``x[0, :, index]`` read and written, and ATen's ``index`` and ``index_put``."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.indexing.subscript_parts import (
    COVERED,
    WHOLE,
    Subscript,
    after_basic,
    checked_part,
    index_arrays,
    is_mask,
    subscripts,
)
from purenn.interop.ops.operands import array, default_dtype, kind
from purenn.typing import Array, ArrayLike

__all__ = ["getitem", "index", "index_put", "setitem"]


def _read(where: str, x: jax.Array, rest: list[Any], size: int | None = None, fill: float | None = None) -> jax.Array:
    """The elements at arrays of indices; out of range it is `fill`, by default NaN, or 0 for integers and masks."""
    if all(part is None for part in rest):
        return x
    arrays = index_arrays(where, x.shape, rest, size)
    if fill is None:
        fill = 0 if size is not None or kind(x.dtype) < 2 else np.nan
    return x.at[tuple(WHOLE if a is None else a for a in arrays)].get(mode="fill", fill_value=fill)


def getitem(input: ArrayLike, key: Subscript, *, size: int | None = None) -> Array:
    """Reads a subscript: integers, slices, None, Ellipsis, arrays and masks, with torch's meaning.

    An integer beside an array takes its slice first: ``x[0, :, index]`` is ``x[0][:, index]``, where numpy and jax
    move the dimension of ``index`` to the front. Lists are arrays. Steps below 1 are refused.

    Args:
        input: of any shape.
        key: what is between the brackets.
        size: how many elements a mask selects; needed where it is traced. Missing ones are 0.

    Raises:
        IndexError: an index out of range, too many indices, a mask of another shape. ValueError: a step below 1, or a
            traced mask without ``size``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> x = jnp.arange(24).reshape(2, 3, 4)
        >>> ops.getitem(x, (0, slice(None), [1, 3])).shape, x[0, :, jnp.array([1, 3])].shape
        ((3, 2), (2, 3))
    """
    x = check.array("getitem", "input", input)
    x, rest = after_basic("getitem", x, subscripts("getitem", x, key))
    return _read("getitem", x, rest, size)


def _written(
    where: str, x: jax.Array, at: Any, region: tuple[int, ...], value: ArrayLike, accumulate: bool
) -> jax.Array:
    v = array(where, "value", value, None)
    if kind(v.dtype) == 3 and kind(x.dtype) < 3:
        check.fail(where, "value", f"be of a kind that {x.dtype} holds", f"dtype {v.dtype}", TypeError)
    while v.ndim > len(region) and v.shape[0] == 1:
        v = v[0]
    check.broadcastable(where, "value", v, region)
    v = jnp.broadcast_to(v.astype(x.dtype), region)
    return at.add(v, mode="drop") if accumulate else at.set(v, mode="drop")


def _replaced(where: str, x: jax.Array, parts: list[Any], value: ArrayLike, accumulate: bool) -> jax.Array:
    if all(part is None or (isinstance(part, int | builtins.slice) and not isinstance(part, bool)) for part in parts):
        region = jax.eval_shape(lambda x: after_basic(where, x, parts)[0], x).shape
        return _written(where, x, x.at[tuple(parts)], region, value, accumulate)
    if _is_one_value(x, parts, value):  # no size is needed
        first = np.ndim(value) - (x.ndim - parts[0].ndim)  # 1 where the value has the places' dimension
        value = jnp.reshape(value, np.shape(value)[max(first, 0) :])
        mask = jnp.asarray(parts[0]).reshape(parts[0].shape + (1,) * (x.ndim - parts[0].ndim))
        done = _written(where, x, x.at[...], x.shape, value, accumulate)
        return jnp.where(jnp.broadcast_to(mask, x.shape), done, x)
    flat = jnp.arange(x.size, dtype=default_dtype(1)).reshape(x.shape)
    flat, rest = after_basic(where, flat, parts)
    places = _read(where, flat, rest, fill=x.size)
    return _written(where, x, x.ravel().at[places], places.shape, value, accumulate).reshape(x.shape)


def _is_leading_mask(x: jax.Array, parts: list[Any]) -> bool:
    """Whether a subscript is one mask of the first dimensions and nothing else."""
    mask, rest = parts[0], parts[1:]
    rest_is_whole = all(isinstance(p, builtins.slice) and p == WHOLE for p in rest)
    return is_mask(mask) and mask.ndim > 0 and rest_is_whole and mask.shape == x.shape[: mask.ndim]


def _is_one_value(x: jax.Array, parts: list[Any], value: ArrayLike) -> bool:
    """Whether the same value is written wherever a mask of the first dimensions is true."""
    if not parts or not _is_leading_mask(x, parts):
        return False
    region = (1, *x.shape[parts[0].ndim :])  # for one place
    shape = (1,) * (len(region) - np.ndim(value)) + np.shape(value)
    return len(shape) == len(region) and all(n in (1, m) for n, m in zip(shape, region, strict=True))


def setitem(input: ArrayLike, key: Subscript, value: ArrayLike, *, accumulate: bool = False) -> Array:
    """Returns an array in which what a subscript means is replaced: ``x[key] = value`` without the change in place.

    Args:
        input: of any shape.
        key: what is between the brackets, as `getitem` reads it. A traced mask is allowed where one
            value, or one row of values, is written at all its places.
        value: an array that broadcasts to what is replaced, or a number; it is cast to the input's dtype.
        accumulate: whether the value is added; repeated indices add up.

    Raises:
        ValueError: a value of a shape that doesn't fit. IndexError: as `getitem`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.setitem(jnp.zeros(5), slice(0, None, 2), 7).tolist()
        [7.0, 0.0, 7.0, 0.0, 7.0]
        >>> ops.setitem(jnp.array([1.0, -2.0]), jnp.array([False, True]), 0).tolist()
        [1.0, 0.0]
    """
    x = check.array("setitem", "input", input)
    return _replaced("setitem", x, subscripts("setitem", x, key), value, accumulate)


def _optional(where: str, x: jax.Array, indices: Sequence[Subscript]) -> list[Any]:
    """ATen's indices: None stands for a whole dimension."""
    if not isinstance(indices, Sequence):
        check.fail(where, "indices", "be a sequence of arrays", type(indices).__name__, TypeError)
    return subscripts(where, x, tuple(WHOLE if i is None else checked_part(where, i) for i in indices))


def _as_arrays(parts: list[Any]) -> list[Any]:
    """Scalars among ATen's indices are arrays that broadcast with the others."""
    parts = [None if isinstance(p, builtins.slice) else p for p in parts]
    return [p for part in parts for p in ([part, *[COVERED] * (part.ndim - 1)] if is_mask(part) else [part])]


def index(input: ArrayLike, indices: Sequence[Subscript], *, size: int | None = None) -> Array:
    """Reads at arrays of indices, one per dimension, None for a whole one: ATen's ``index.Tensor``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.index(jnp.array([[1, 2], [3, 4]]), [None, jnp.array([1])]).tolist()
        [[2], [4]]
    """
    x = check.array("index", "input", input)
    return _read("index", x, _as_arrays(_optional("index", x, indices)), size)


def index_put(input: ArrayLike, indices: Sequence[Subscript], values: ArrayLike, accumulate: bool = False) -> Array:
    """Returns an array with values written, or added, at arrays of indices, one per dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.index_put(jnp.zeros(3), (jnp.array([0, 0]),), jnp.array([1.0, 2.0]), accumulate=True).tolist()
        [3.0, 0.0, 0.0]
    """
    x = check.array("index_put", "input", input)
    v = check.array("index_put", "values", values)
    check.same_dtype("index_put", input=x, values=v)
    parts = _optional("index_put", x, indices)
    if _is_one_value(x, parts, v):
        return _replaced("index_put", x, parts, v, accumulate)
    flat = jnp.arange(x.size, dtype=default_dtype(1)).reshape(x.shape)
    places = _read("index_put", flat, _as_arrays(parts), fill=x.size)
    return _written("index_put", x, x.ravel().at[places], places.shape, v, accumulate).reshape(x.shape)
