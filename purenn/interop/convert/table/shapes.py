"""Operators that move entries: views, joins, splits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop.convert.table.registry import TABLE, alike, op

__all__ = ["flat_indices"]


@op("view", "reshape", "_unsafe_view", "view_copy", "_reshape_alias")
def view(x: Any, shape: Sequence[int], *_: Any) -> Any:
    return jnp.reshape(x, tuple(shape))


@op("view.dtype")
def view_dtype(x: Any, dtype: Any) -> Any:
    return x.view(dtype)


@op("view_as", "reshape_as")
def view_as(x: Any, other: Any) -> Any:
    return jnp.reshape(x, other.shape)


@op("flatten")
def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    if x.ndim == 0:
        return x.reshape(1)
    start, end = start_dim % x.ndim, end_dim % x.ndim
    return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])


@op("unflatten")
def unflatten(x: Any, dim: int, sizes: Sequence[int]) -> Any:
    dim, sizes = dim % x.ndim, list(sizes)
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.shape[dim] // -math.prod(sizes)
    return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])


@op("transpose", "swapaxes", "swapdims", "transpose_copy")
def transpose(x: Any, dim0: int, dim1: int) -> Any:
    return jnp.swapaxes(x, dim0, dim1) if x.ndim else x


@op("t", "numpy_T", "mT", "adjoint", "mH")
def t(x: Any) -> Any:
    return x if x.ndim < 2 else jnp.swapaxes(x, -1, -2)


@op("permute", "permute_copy")
def permute(x: Any, dims: Sequence[int]) -> Any:
    return jnp.transpose(x, tuple(dims))


@op("movedim", "moveaxis")
def movedim(x: Any, source: Any, destination: Any) -> Any:
    return jnp.moveaxis(x, source, destination)


@op("unsqueeze", "unsqueeze_copy")
def unsqueeze(x: Any, dim: int) -> Any:
    return jnp.expand_dims(x, dim)


@op("squeeze", "squeeze_copy")
def squeeze(x: Any, dim: Any = None) -> Any:
    dims = range(x.ndim) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    if x.ndim == 0:
        return x
    return jnp.squeeze(x, tuple({d % x.ndim for d in dims if x.shape[d] == 1}))


@op("expand", "expand_copy", "broadcast_to")
def expand(x: Any, sizes: Sequence[int], **_: Any) -> Any:
    own = (1,) * (len(sizes) - x.ndim) + x.shape
    return jnp.broadcast_to(x, tuple(o if s == -1 else s for o, s in zip(own, sizes, strict=True)))


@op("expand_as")
def expand_as(x: Any, other: Any) -> Any:
    return jnp.broadcast_to(x, other.shape)


@op("broadcast_tensors")
def broadcast_tensors(tensors: Sequence[Any]) -> Any:
    return jnp.broadcast_arrays(*tensors)


@op("meshgrid")
def meshgrid(tensors: Sequence[Any], *, indexing: str = "ij") -> Any:
    return jnp.meshgrid(*(jnp.reshape(t, -1) for t in tensors), indexing=indexing)


@op("cat", "concat", "concatenate")
def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    kept = [x for x in tensors if x.shape != (0,)] or list(tensors)  # torch skips empty vectors
    return kept[0] if len(kept) == 1 else jnp.concatenate(alike(*kept), dim)


@op("stack")
def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    return jnp.stack(alike(*tensors), dim)


TABLE["hstack"] = lambda tensors: jnp.hstack(alike(*tensors))
TABLE["vstack"] = lambda tensors: jnp.vstack(alike(*tensors))
TABLE["dstack"] = lambda tensors: jnp.dstack(alike(*tensors))
TABLE["column_stack"] = lambda tensors: jnp.column_stack(alike(*tensors))


@op("split", "unsafe_split", "split_copy")
def split(x: Any, size: Any, dim: int = 0) -> Any:
    if isinstance(size, tuple | list):
        return split_with_sizes(x, size, dim)
    total = x.shape[dim]
    return jnp.split(x, list(range(size, total, size)), dim) if total else [x]


@op("split_with_sizes", "unsafe_split_with_sizes", "split_with_sizes_copy")
def split_with_sizes(x: Any, sizes: Sequence[int], dim: int = 0) -> Any:
    return jnp.split(x, np.cumsum(sizes)[:-1].tolist(), dim)


@op("chunk", "unsafe_chunk")
def chunk(x: Any, chunks: int, dim: int = 0) -> Any:
    total = x.shape[dim]
    size = -(-total // chunks)
    return jnp.split(x, list(range(size, total, size)), dim) if size else [x] * chunks


@op("tensor_split", "tensor_split.sections", "tensor_split.indices")
def tensor_split(x: Any, sections: Any, dim: int = 0) -> Any:
    return jnp.array_split(x, sections if isinstance(sections, int) else list(sections), dim)


@op("unbind", "unbind_copy")
def unbind(x: Any, dim: int = 0) -> Any:
    return [jax.lax.index_in_dim(x, i, dim, keepdims=False) for i in range(x.shape[dim])]


@op("select", "select_copy")
def select(x: Any, dim: int, index: int) -> Any:
    return jax.lax.index_in_dim(x, index, dim, keepdims=False)


@op("slice", "slice_copy")
def slice_(x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, end, step),)]


@op("narrow")
def narrow(x: Any, dim: int, start: int, length: int) -> Any:
    start = start if start >= 0 else start + x.shape[dim]
    return jax.lax.slice_in_dim(x, start, start + length, axis=dim)


@op("repeat")
def repeat(x: Any, repeats: Sequence[int]) -> Any:
    return jnp.tile(x, tuple(repeats))


@op("tile")
def tile(x: Any, dims: Sequence[int]) -> Any:
    return jnp.tile(x, tuple(dims))


@op("repeat_interleave.self_int")
def repeat_interleave(x: Any, repeats: int, dim: Any = None, *, output_size: Any = None) -> Any:
    return jnp.repeat(x, repeats, dim)


@op("repeat_interleave.self_Tensor")
def repeat_interleave_counts(x: Any, repeats: Any, dim: Any = None, *, output_size: Any = None) -> Any:
    return jnp.repeat(x, repeats, dim, total_repeat_length=output_size)


@op("flip")
def flip(x: Any, dims: Sequence[int]) -> Any:
    return jnp.flip(x, tuple(dims))


TABLE["fliplr"], TABLE["flipud"] = jnp.fliplr, jnp.flipud


@op("roll")
def roll(x: Any, shifts: Any, dims: Any = ()) -> Any:
    return jnp.roll(x, shifts, tuple(dims) or None)


@op("rot90")
def rot90(x: Any, k: int = 1, dims: Sequence[int] = (0, 1)) -> Any:
    return jnp.rot90(x, k, tuple(dims))


@op("tril")
def tril(x: Any, diagonal: int = 0) -> Any:
    return jnp.tril(x, diagonal)


@op("triu")
def triu(x: Any, diagonal: int = 0) -> Any:
    return jnp.triu(x, diagonal)


@op("diagonal", "diagonal_copy")
def diagonal(x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return jnp.diagonal(x, offset, dim1, dim2)


@op("diag")
def diag(x: Any, diagonal: int = 0) -> Any:
    return jnp.diag(x, diagonal)


@op("diag_embed")
def diag_embed(x: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    n, size = x.shape[-1], x.shape[-1] + abs(offset)
    rows = jnp.arange(n) + max(-offset, 0)
    made = jnp.zeros((*x.shape[:-1], size, size), x.dtype).at[..., rows, rows + offset].set(x)
    return jnp.moveaxis(made, (-2, -1), (dim1, dim2))


@op("unfold")
def unfold(x: Any, dimension: int, size: int, step: int) -> Any:
    dimension %= max(x.ndim, 1)
    starts = np.arange(0, x.shape[dimension] - size + 1, step)
    taken = jnp.take(x, starts[:, None] + np.arange(size), axis=dimension)
    return jnp.moveaxis(taken, dimension + 1, -1)


def flat_indices(size: Sequence[int], stride: Sequence[int], offset: int) -> np.ndarray:
    """The places in its storage of a strided view's entries."""
    places = np.full(tuple(size), offset, np.int64)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(n) * step).reshape((-1,) + (1,) * (len(size) - axis - 1))
    return places


@op("as_strided", "as_strided_copy")
def as_strided(x: Any, size: Sequence[int], stride: Sequence[int], storage_offset: Any = None) -> Any:
    dense = [math.prod(size[i + 1 :]) for i in range(len(size))]
    if all(n == 1 or have == want for n, have, want in zip(size, stride, dense, strict=True)):
        start = storage_offset or 0
        return jnp.ravel(x)[start : start + math.prod(size)].reshape(tuple(size))
    return jnp.ravel(x)[flat_indices(size, stride, storage_offset or 0).astype(np.int32)]


@op("sym_size")
def sym_size(x: Any, dim: Any = None) -> Any:
    return x.shape if dim is None else x.shape[dim]


TABLE["sym_numel"] = lambda x: math.prod(x.shape)
TABLE["numel"] = TABLE["sym_numel"]
TABLE["size"] = TABLE["sym_size"]
TABLE["dim"] = lambda x: x.ndim
