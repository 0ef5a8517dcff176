"""Operators that read and write entries by index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.functional import embedding, embedding_bag
from purenn.interop.convert.table.registry import TABLE, op

__all__: list[str] = []


def _split_masks(indices: Sequence[Any]) -> list[Any]:
    """Indices with each boolean array replaced by the integer arrays of its true places; it must be concrete."""
    found: list[Any] = []
    for i in indices:
        if i is not None and i.dtype == bool:
            if isinstance(i, jax.core.Tracer):
                raise ValueError("a boolean index has as many entries as it has true ones, which a program can't know")
            found += [np.asarray(places) for places in np.nonzero(np.asarray(i))]
        else:
            found.append(i)
    return found


@op("index", "_unsafe_index")
def index(x: Any, indices: Sequence[Any]) -> Any:
    places = tuple(slice(None) if i is None else i for i in _split_masks(indices))
    return x[places]


@op("index_put", "_unsafe_index_put", "_index_put_impl")
def index_put(x: Any, indices: Sequence[Any], values: Any, accumulate: bool = False, *_: Any) -> Any:
    values = jnp.asarray(values, x.dtype)
    if len(indices) == 1 and indices[0].dtype == bool and values.size == 1:  # so many entries need no count
        mask = indices[0].reshape(*indices[0].shape, *(1,) * (x.ndim - indices[0].ndim))
        return jnp.where(mask, x + values.reshape(()) if accumulate else values.reshape(()), x)
    places = tuple(slice(None) if i is None else i for i in _split_masks(indices))
    return x.at[places].add(values) if accumulate else x.at[places].set(values)


def _along(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The indices that pair an index along one dimension with the places of its own entries along the others."""
    grid = [jax.lax.broadcasted_iota(jnp.int32, index.shape, axis) for axis in range(index.ndim)]
    grid[dim % max(x.ndim, 1)] = jnp.where(index < 0, index + x.shape[dim], index)
    return tuple(grid)


@op("gather")
def gather(x: Any, dim: int, index: Any, **_: Any) -> Any:
    if x.ndim == 0:
        return jnp.broadcast_to(x, index.shape)
    others = [a for a in range(x.ndim) if a != dim % x.ndim]
    if all(x.shape[a] == index.shape[a] for a in others):
        return jnp.take_along_axis(x, index, dim)
    return x[_along(x, dim, index)]


@op("take_along_dim")
def take_along_dim(x: Any, indices: Any, dim: Any = None) -> Any:
    return jnp.take_along_axis(x, indices, dim)


@op("scatter", "scatter.src", "scatter.value")
def scatter(x: Any, dim: int, index: Any, src: Any, *, reduce: str | None = None) -> Any:
    at = x.at[_along(x, dim, index)]
    src = _source(x, index, src)
    return {None: at.set, "add": at.add, "multiply": at.multiply}[reduce](src)


def _source(x: Any, index: Any, src: Any) -> Any:
    src = jnp.asarray(src, x.dtype)
    return src[tuple(map(slice, index.shape))] if src.ndim == index.ndim else src


@op("scatter_add")
def scatter_add(x: Any, dim: int, index: Any, src: Any) -> Any:
    return x.at[_along(x, dim, index)].add(_source(x, index, src))


_STARTS = {"sum": 0, "prod": 1, "mean": 0, "amax": -np.inf, "amin": np.inf}


def _reduced(x: Any, places: tuple[Any, ...], src: Any, reduce: str, include_self: bool) -> Any:
    if not include_self:
        start: Any = _STARTS[reduce]
        if reduce in ("amax", "amin") and jnp.issubdtype(x.dtype, jnp.integer):
            start = jnp.iinfo(x.dtype).min if reduce == "amax" else jnp.iinfo(x.dtype).max
        x = x.at[places].set(jnp.asarray(start, x.dtype))
    at = x.at[places]
    if reduce == "mean":
        count = jnp.ones_like(x) if include_self else jnp.ones_like(x).at[places].set(0)
        total, number = at.add(src), count.at[places].add(jnp.ones_like(src))
        return total / number if jnp.issubdtype(x.dtype, jnp.inexact) else total // number
    return {"sum": at.add, "prod": at.multiply, "amax": at.max, "amin": at.min}[reduce](src)


@op("scatter_reduce")
def scatter_reduce(x: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    return _reduced(x, _along(x, dim, index), _source(x, index, src), reduce, include_self)


@op("index_reduce")
def index_reduce(x: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    return _reduced(x, _at(x, dim, index), src, {"mean": "mean"}.get(reduce, reduce), include_self)


def _at(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    return (slice(None),) * (dim % max(x.ndim, 1)) + (index,)


@op("index_add")
def index_add(x: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    return x.at[_at(x, dim, index)].add(jnp.asarray(source, x.dtype) * alpha)


@op("index_copy")
def index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    return x.at[_at(x, dim, index)].set(source)


@op("index_fill")
def index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    return x.at[_at(x, dim, index)].set(jnp.asarray(value, x.dtype))


@op("index_select")
def index_select(x: Any, dim: int, index: Any) -> Any:
    return jnp.take(x, jnp.atleast_1d(index), axis=dim) if x.ndim else x


@op("take")
def take(x: Any, index: Any) -> Any:
    return jnp.ravel(x)[index]


@op("put")
def put(x: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    at = jnp.ravel(x).at[jnp.ravel(index)]
    return (at.add if accumulate else at.set)(jnp.ravel(source)).reshape(x.shape)


@op("masked_scatter")
def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    mask = jnp.broadcast_to(mask, x.shape)
    places = jnp.cumsum(jnp.ravel(mask)) - 1
    taken = jnp.ravel(source)[jnp.clip(places, 0, source.size - 1)].reshape(x.shape)
    return jnp.where(mask, taken.astype(x.dtype), x)


@op("masked_select")
def masked_select(x: Any, mask: Any) -> Any:
    x, mask = jnp.broadcast_arrays(x, mask)
    return index(x, (mask,))


@op("select_scatter")
def select_scatter(x: Any, src: Any, dim: int, index: int) -> Any:
    return x.at[_at(x, dim, index)].set(src)


@op("slice_scatter")
def slice_scatter(x: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    return x.at[_at(x, dim, slice(start, end, step))].set(src)


@op("diagonal_scatter")
def diagonal_scatter(x: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    n = src.shape[-1]
    rows = jnp.arange(n)
    moved = jnp.moveaxis(x, (dim1, dim2), (-2, -1)).at[..., rows + max(-offset, 0), rows + max(offset, 0)].set(src)
    return jnp.moveaxis(moved, (-2, -1), (dim1, dim2))


@op("nonzero")
def nonzero(x: Any) -> Any:
    return jnp.argwhere(x)


@op("nonzero_numpy")
def nonzero_numpy(x: Any) -> Any:
    return jnp.nonzero(x)


@op("searchsorted")
def searchsorted(sorted: Any, values: Any, *, right: bool = False, side: str | None = None, **_: Any) -> Any:
    side = side or ("right" if right else "left")

    def find(edges: Any, x: Any) -> Any:
        return jnp.searchsorted(edges, x, side=side)

    values = jnp.asarray(values)
    for _axis in range(sorted.ndim - 1):
        find = jax.vmap(find)
    return find(sorted, values)


@op("bucketize")
def bucketize(x: Any, boundaries: Any, *, right: bool = False, **_: Any) -> Any:
    return jnp.searchsorted(boundaries, x, side="right" if right else "left")


@op("embedding")
def embed(
    weight: Any, indices: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Any:
    return embedding(indices, weight, None if padding_idx == -1 else padding_idx, None, 2.0, scale_grad_by_freq)


@op("embedding_bag")
def embed_bags(
    weight: Any,
    indices: Any,
    offsets: Any,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    y = embedding_bag(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, ("sum", "mean", "max")[mode], sparse,
        per_sample_weights, include_last_offset, padding_idx,
    )  # fmt: skip
    return y, None, None, None


@op("histc")
def histc(x: Any, bins: int = 100, min: Any = 0, max: Any = 0) -> Any:
    if min == max:
        min, max = jnp.min(x), jnp.max(x)
    return jnp.histogram(x, bins, (min, max))[0].astype(x.dtype)


@op("bincount")
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    return jnp.bincount(x, weights, minlength=minlength)


@op("one_hot")
def one_hot(x: Any, num_classes: int = -1) -> Any:
    return (x[..., None] == jnp.arange(num_classes)).astype(jax.dtypes.canonicalize_dtype("int64"))


@op("tril_indices")
def tril_indices(row: int, col: int, offset: int = 0, **_: Any) -> Any:
    return jnp.asarray(np.stack(np.tril_indices(row, offset, col)))


@op("triu_indices")
def triu_indices(row: int, col: int, offset: int = 0, **_: Any) -> Any:
    return jnp.asarray(np.stack(np.triu_indices(row, offset, col)))


TABLE["argwhere"] = jnp.argwhere
