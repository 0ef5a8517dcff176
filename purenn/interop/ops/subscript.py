"""Subscripts as torch reads them: ``x[0, :, index]``, also written, and ATen's ``index`` and ``index_put``."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from purenn import check
from purenn.interop.ops.arrangement import strided_places
from purenn.interop.ops.masks import nonzero_places
from purenn.interop.ops.operands import array, default_dtype, in_range, kind, taken
from purenn.typing import Array, ArrayLike
from purenn.value_checks import known

__all__ = [
    "as_strided_scatter",
    "diagonal_scatter",
    "getitem",
    "index",
    "index_put",
    "select_scatter",
    "setitem",
    "slice_scatter",
]

_WHOLE = builtins.slice(None)


def _subscripts(where: str, x: jax.Array, key: Any) -> list[Any]:
    """The parts of a subscript, one per dimension of the array but for None and booleans, without an Ellipsis."""
    parts = list(key) if isinstance(key, tuple) else [key]
    parts = [_part(where, part) for part in parts]
    taken = sum(
        p.ndim if _is_mask(p) else p is not None and p is not Ellipsis and not isinstance(p, bool) for p in parts
    )
    if taken > x.ndim:
        check.fail(where, "key", f"have at most {x.ndim} indices for shape {x.shape}", taken, IndexError)
    dots = [i for i, p in enumerate(parts) if p is Ellipsis]
    if len(dots) > 1:
        check.fail(where, "key", "have at most one Ellipsis", len(dots), IndexError)
    filling = [_WHOLE] * (x.ndim - taken)
    return [*parts[: dots[0]], *filling, *parts[dots[0] + 1 :]] if dots else [*parts, *filling]


def _is_mask(part: Any) -> bool:
    return isinstance(part, jax.Array | np.ndarray) and part.dtype == bool


def _part(where: str, part: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, bool) or export.is_symbolic_dim(part):
        return part
    if isinstance(part, builtins.slice):
        if isinstance(part.step, int) and part.step < 1:
            check.fail(where, "key", "have no steps below 1; use flip", part.step)
        return part
    if isinstance(part, np.bool_):
        return bool(part)
    if isinstance(part, int | np.integer):
        return int(part)
    if isinstance(part, list | tuple | range):
        part = jnp.stack([jnp.asarray(p) for p in part]) if _has_arrays(part) else np.asarray(part)
        part = part.astype(np.int32) if not part.size else part
    if not isinstance(part, jax.Array | np.ndarray):
        check.fail(where, "key", "have integers, slices, None, Ellipsis and arrays", type(part).__name__, TypeError)
    if part.dtype == np.uint8 or kind(part.dtype) > 1:
        expected = "have arrays of integers or booleans (torch takes uint8 for a mask; cast it to bool)"
        check.fail(where, "key", expected, f"dtype {part.dtype}", IndexError)
    if not part.ndim and part.dtype == bool:
        return bool(part) if known(part) is not None else part
    return part


def _has_arrays(part: Any) -> bool:
    return any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(list(part)))


def _basic(where: str, x: jax.Array, parts: list[Any]) -> tuple[jax.Array, list[Any]]:
    """Takes integers, slices and None first, as torch does; numpy counts an integer beside an array as an array.

    Returns what is left, and an array of indices, or None, for each of its dimensions.
    """
    rest: list[Any] = []
    for part in parts:
        dim = len(rest)
        if part is None or isinstance(part, bool):
            x = jnp.expand_dims(x, dim)
            rest.append(None if part is None else np.arange(int(part)))
        elif isinstance(part, builtins.slice):
            x = x[(_WHOLE,) * dim + (part,)]
            rest.append(None)
        elif isinstance(part, int) or export.is_symbolic_dim(part):
            n = x.shape[dim]
            if isinstance(n, int) and isinstance(part, int) and not -n <= part < n:
                check.fail(where, "key", f"have indices in [{-n}, {n - 1}] for dimension {dim}", part, IndexError)
            x = x[(_WHOLE,) * dim + (part,)]
        elif not part.ndim and part.dtype != bool:
            i = in_range(where, "key", jnp.asarray(part), x.shape[dim], wrap=True)
            x = taken(x, i, dim, None if kind(x.dtype) > 1 else 0)
        else:
            rest += [part, *[_COVERED] * (part.ndim - 1)] if _is_mask(part) else [part]
    return x, rest


_COVERED = object()  # a dimension that a mask of several dimensions covers


def _arrays(where: str, shape: Sequence[int], rest: list[Any], size: int | None) -> list[Any]:
    """Masks as integers, negative integers counted from the front: one array, or None, per dimension."""
    found: list[Any] = []
    for dim, part in enumerate(rest):
        if part is _COVERED:
            continue
        if part is None:
            found.append(None)
        elif _is_mask(part):
            if part.shape != tuple(shape[dim : dim + part.ndim]):
                expected = f"have a mask of shape {tuple(shape[dim : dim + part.ndim])}"
                check.fail(where, "key", expected, f"shape {part.shape}", IndexError)
            found += nonzero_places(where, jnp.asarray(part), size)
        else:
            found.append(in_range(where, "key", jnp.asarray(part), shape[dim], wrap=True))
    given = [f for f in found if f is not None]
    try:
        common = jnp.broadcast_shapes(*(f.shape for f in given))
    except ValueError:
        check.fail(where, "key", "have arrays that broadcast", [f.shape for f in given], IndexError)
    return [None if f is None else jnp.broadcast_to(f, common) for f in found]


def _read(where: str, x: jax.Array, rest: list[Any], size: int | None) -> jax.Array:
    if all(part is None for part in rest):
        return x
    arrays = _arrays(where, x.shape, rest, size)
    fill = 0 if size is not None or kind(x.dtype) < 2 else np.nan
    return x.at[tuple(_WHOLE if a is None else a for a in arrays)].get(mode="fill", fill_value=fill)


def getitem(input: ArrayLike, key: Any, *, size: int | None = None) -> Array:
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
    x, rest = _basic("getitem", x, _subscripts("getitem", x, key))
    return _read("getitem", x, rest, size)


def _written(where: str, x: jax.Array, at: Any, region: tuple[int, ...], value: Any, accumulate: bool) -> jax.Array:
    v = array(where, "value", value, None)
    if kind(v.dtype) == 3 and kind(x.dtype) < 3:
        check.fail(where, "value", f"be of a kind that {x.dtype} holds", f"dtype {v.dtype}", TypeError)
    while v.ndim > len(region) and v.shape[0] == 1:
        v = v[0]
    check.broadcastable(where, "value", v, region)
    v = jnp.broadcast_to(v.astype(x.dtype), region)
    return at.add(v, mode="drop") if accumulate else at.set(v, mode="drop")


def _replaced(where: str, x: jax.Array, parts: list[Any], value: Any, accumulate: bool) -> jax.Array:
    if all(part is None or (isinstance(part, int | builtins.slice) and not isinstance(part, bool)) for part in parts):
        region = jax.eval_shape(lambda x: _basic(where, x, parts)[0], x).shape
        return _written(where, x, x.at[tuple(parts)], region, value, accumulate)
    if _is_one_value(x, parts, value):  # no size is needed
        first = np.ndim(value) - (x.ndim - parts[0].ndim)  # 1 where the value has the places' dimension
        value = jnp.reshape(value, np.shape(value)[max(first, 0) :])
        mask = jnp.asarray(parts[0]).reshape(parts[0].shape + (1,) * (x.ndim - parts[0].ndim))
        done = _written(where, x, x.at[...], x.shape, value, accumulate)
        return jnp.where(jnp.broadcast_to(mask, x.shape), done, x)
    flat = jnp.arange(x.size, dtype=default_dtype(1)).reshape(x.shape)
    rest = _basic(where, flat, parts)
    places = _read_places(where, *rest, x.size)
    return _written(where, x, x.ravel().at[places], places.shape, value, accumulate).reshape(x.shape)


def _is_leading_mask(x: jax.Array, parts: list[Any]) -> bool:
    """Whether a subscript is one mask of the first dimensions and nothing else."""
    mask, rest = parts[0], parts[1:]
    whole = all(isinstance(p, builtins.slice) and p == _WHOLE for p in rest)
    return _is_mask(mask) and mask.ndim > 0 and whole and mask.shape == x.shape[: mask.ndim]


def _is_one_value(x: jax.Array, parts: list[Any], value: Any) -> bool:
    """Whether the same value is written wherever a mask of the first dimensions is true."""
    if not parts or not _is_leading_mask(x, parts):
        return False
    region = (1, *x.shape[parts[0].ndim :])  # for one place
    shape = (1,) * (len(region) - np.ndim(value)) + np.shape(value)
    return len(shape) == len(region) and all(n in (1, m) for n, m in zip(shape, region, strict=True))


def _read_places(where: str, places: jax.Array, rest: list[Any], beyond: int) -> jax.Array:
    if all(part is None for part in rest):
        return places
    arrays = _arrays(where, places.shape, rest, None)
    return places.at[tuple(_WHOLE if a is None else a for a in arrays)].get(mode="fill", fill_value=beyond)


def setitem(input: ArrayLike, key: Any, value: Any, *, accumulate: bool = False) -> Array:
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
    return _replaced("setitem", x, _subscripts("setitem", x, key), value, accumulate)


def _optional(where: str, x: jax.Array, indices: Any) -> list[Any]:
    """ATen's indices: None stands for a whole dimension."""
    if not isinstance(indices, Sequence):
        check.fail(where, "indices", "be a sequence of arrays", type(indices).__name__, TypeError)
    return _subscripts(where, x, tuple(_WHOLE if i is None else _part(where, i) for i in indices))


def _as_arrays(parts: list[Any]) -> list[Any]:
    """Scalars among ATen's indices are arrays that broadcast with the others."""
    parts = [None if isinstance(p, builtins.slice) else p for p in parts]
    return [p for part in parts for p in ([part, *[_COVERED] * (part.ndim - 1)] if _is_mask(part) else [part])]


def index(input: ArrayLike, indices: Sequence[Any], *, size: int | None = None) -> Array:
    """Reads at arrays of indices, one per dimension, None for a whole one: ATen's ``index.Tensor``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.index(jnp.array([[1, 2], [3, 4]]), [None, jnp.array([1])]).tolist()
        [[2], [4]]
    """
    x = check.array("index", "input", input)
    return _read("index", x, _as_arrays(_optional("index", x, indices)), size)


def index_put(input: ArrayLike, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Array:
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
    places = _read_places("index_put", flat, _as_arrays(parts), x.size)
    return _written("index_put", x, x.ravel().at[places], places.shape, v, accumulate).reshape(x.shape)


def _exact(where: str, x: jax.Array, parts: list[Any], src: Any) -> jax.Array:
    region = jax.eval_shape(lambda x: _basic(where, x, parts)[0], x).shape
    s = check.array(where, "src", src)
    check.shape(where, "src", s, region)
    return x.at[tuple(parts)].set(s.astype(x.dtype))


def select_scatter(input: ArrayLike, src: ArrayLike, dim: int, index: int) -> Array:
    """Returns an array with the slice at an index of a dimension replaced.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.select_scatter(jnp.zeros((2, 2)), jnp.ones(2), 0, 1).tolist()
        [[0.0, 0.0], [1.0, 1.0]]
    """
    x = check.array("select_scatter", "input", input)
    dim = check.axis("select_scatter", "dim", dim, x.ndim)
    key = (_WHOLE,) * dim + (check.integer("select_scatter", "index", index),)
    return _exact("select_scatter", x, _subscripts("select_scatter", x, key), src)


def slice_scatter(
    input: ArrayLike, src: ArrayLike, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Array:
    """Returns an array with a slice of a dimension replaced.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.slice_scatter(jnp.zeros(4), jnp.ones(2), 0, 1, 3).tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    x = check.array("slice_scatter", "input", input)
    dim = check.axis("slice_scatter", "dim", dim, x.ndim)
    key = (_WHOLE,) * dim + (builtins.slice(start, end, step),)
    return _exact("slice_scatter", x, _subscripts("slice_scatter", x, key), src)


def diagonal_scatter(input: ArrayLike, src: ArrayLike, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """Returns an array with a diagonal of two dimensions replaced.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diagonal_scatter(jnp.zeros((2, 2)), jnp.ones(2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    x, s = (check.array("diagonal_scatter", n, v) for n, v in (("input", input), ("src", src)))
    a, b = (check.axis("diagonal_scatter", n, d, x.ndim) for n, d in (("dim1", dim1), ("dim2", dim2)))
    places = np.diagonal(np.arange(x.size).reshape(x.shape), offset, a, b)
    check.shape("diagonal_scatter", "src", s, places.shape)
    return x.ravel().at[places].set(s.astype(x.dtype)).reshape(x.shape)


def as_strided_scatter(
    input: ArrayLike, src: ArrayLike, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Array:
    """Returns an array with the elements at given strides replaced.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.as_strided_scatter(jnp.zeros(4), jnp.ones(2), (2,), (2,)).tolist()
        [1.0, 0.0, 1.0, 0.0]
    """
    x, s = (check.array("as_strided_scatter", n, v) for n, v in (("input", input), ("src", src)))
    places = strided_places("as_strided_scatter", x, size, stride, storage_offset)
    check.shape("as_strided_scatter", "src", s, places.shape)
    return x.ravel().at[places].set(s.astype(x.dtype)).reshape(x.shape)
