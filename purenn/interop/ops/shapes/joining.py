"""Arrays that are joined, and cut into pieces."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from purenn import check
from purenn.functional.tensor import arrays_of, atleast_1d, atleast_2d, atleast_3d, split
from purenn.interop.ops.operands import promoted, ranked
from purenn.typing import Array, ArrayLike, Size

__all__ = [
    "cat",
    "chunk",
    "column_stack",
    "concat",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "row_stack",
    "split_with_sizes",
    "split_with_sizes_copy",
    "stack",
    "tensor_split",
    "unbind",
    "unbind_copy",
    "unsafe_chunk",
    "unsafe_split",
    "vsplit",
    "vstack",
]

Sections: TypeAlias = Size | Array | np.ndarray  # the number of pieces, or the places where they begin


def _given(where: str, tensors: Sequence[ArrayLike]) -> list[jax.Array]:
    if not isinstance(tensors, Sequence) or isinstance(tensors, str):
        check.fail(where, "tensors", "be a sequence of arrays", type(tensors).__name__, TypeError)
    if not tensors:
        check.fail(where, "tensors", "be at least one array", "none")
    return arrays_of(where, tensors)


def _joined(where: str, arrays: list[jax.Array], dim: int) -> jax.Array:
    dtype = promoted(*arrays)
    kept = [x for x in arrays if x.shape != (0,)] or arrays[:1]  # torch leaves such arrays out, whatever the ranks
    first = kept[0]
    if not first.ndim:
        check.fail(where, "tensors", "have rank 1 or more; use stack", f"shape {first.shape}")
    dim = check.axis(where, "dim", dim, first.ndim)
    for i, x in enumerate(kept):
        if x.ndim != first.ndim or x.shape[:dim] + x.shape[dim + 1 :] != first.shape[:dim] + first.shape[dim + 1 :]:
            check.fail(where, f"tensors[{i}]", f"have shape {first.shape} but for dimension {dim}", f"shape {x.shape}")
    return jnp.concatenate([x.astype(dtype) for x in kept], dim)


def cat(tensors: Sequence[ArrayLike], dim: int = 0) -> Array:
    """Joins arrays along a dimension; the dtypes are promoted. Arrays of shape (0,) are left out.

    Raises:
        ValueError: no arrays, or shapes that differ in another dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cat([jnp.ones((2, 1)), jnp.ones((2, 3))], 1).shape
        (2, 4)
    """
    return _joined("cat", _given("cat", tensors), dim)


concat = cat
concatenate = cat


def stack(tensors: Sequence[ArrayLike], dim: int = 0) -> Array:
    """Joins arrays of one shape along a new dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.stack([jnp.ones(3), jnp.ones(3)], -1).shape
        (3, 2)
    """
    arrays = _given("stack", tensors)
    for i, x in enumerate(arrays):
        check.shape("stack", f"tensors[{i}]", x, arrays[0].shape)
    dtype = promoted(*arrays)
    return jnp.stack([x.astype(dtype) for x in arrays], check.axis("stack", "dim", dim, arrays[0].ndim + 1))


def hstack(tensors: Sequence[ArrayLike]) -> Array:
    """Joins arrays along their second dimension, those of rank 1 along their only one.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.hstack([jnp.ones(2), jnp.ones(3)]).shape
        (5,)
    """
    arrays = list(atleast_1d(_given("hstack", tensors)))
    return _joined("hstack", arrays, 0 if arrays[0].ndim == 1 else 1)


def vstack(tensors: Sequence[ArrayLike]) -> Array:
    """Joins arrays along their first dimension; those of rank 1 are rows.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.vstack([jnp.ones(3), jnp.ones((2, 3))]).shape
        (3, 3)
    """
    return _joined("vstack", list(atleast_2d(_given("vstack", tensors))), 0)


row_stack = vstack


def dstack(tensors: Sequence[ArrayLike]) -> Array:
    """Joins arrays along their third dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.dstack([jnp.ones(3), jnp.ones(3)]).shape
        (1, 3, 2)
    """
    return _joined("dstack", list(atleast_3d(_given("dstack", tensors))), 2)


def column_stack(tensors: Sequence[ArrayLike]) -> Array:
    """Joins arrays along their second dimension; those of rank 1 are columns.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.column_stack([jnp.ones(3), jnp.ones((3, 2))]).shape
        (3, 3)
    """
    return _joined("column_stack", [x if x.ndim > 1 else x.reshape(-1, 1) for x in _given("column_stack", tensors)], 1)


def chunk(input: ArrayLike, chunks: int, dim: int = 0) -> tuple[Array, ...]:
    """Cuts an array into at most ``chunks`` pieces of one size along a dimension, of which the last may be smaller.

    There may be fewer: 5 elements in 4 chunks are pieces of 2, 2 and 1. jnp.array_split gives 4.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.tolist() for x in ops.chunk(jnp.arange(5), 4)]
        [[0, 1], [2, 3], [4]]
    """
    x = ranked("chunk", input, 1)
    chunks = check.integer("chunk", "chunks", chunks, 1)
    n = x.shape[check.axis("chunk", "dim", dim, x.ndim)]
    return split(x, [0] * chunks, dim) if not n else split(x, -(-n // chunks), dim)


unsafe_chunk = chunk
unsafe_split = split


def split_with_sizes(input: ArrayLike, split_sizes: Sequence[int], dim: int = 0) -> tuple[Array, ...]:
    """Cuts an array into pieces of given sizes along a dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.tolist() for x in ops.split_with_sizes(jnp.arange(5), [1, 4])]
        [[0], [1, 2, 3, 4]]
    """
    return split(input, list(split_sizes), dim)


def tensor_split(input: ArrayLike, indices_or_sections: Sections, dim: int = 0) -> tuple[Array, ...]:
    """Cuts an array before given indices, or into a number of pieces whose sizes differ by 1 at most.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.tolist() for x in ops.tensor_split(jnp.arange(5), 2)]
        [[0, 1, 2], [3, 4]]
        >>> [x.tolist() for x in ops.tensor_split(jnp.arange(5), (1, 3))]
        [[0], [1, 2], [3, 4]]
    """
    return _cut("tensor_split", ranked("tensor_split", input, 1), indices_or_sections, dim)


def _cut(where: str, x: jax.Array, places: Sections, dim: int) -> tuple[jax.Array, ...]:
    dim = check.axis(where, "dim", dim, x.ndim)
    n = x.shape[dim]
    if isinstance(places, Tracer):
        check.fail(where, "indices_or_sections", "be known outside of jit", "a traced array", TypeError)
    if isinstance(places, jax.Array | np.ndarray):
        check.integral(where, "indices_or_sections", jnp.asarray(places))
        places = np.asarray(places).tolist()
    if isinstance(places, Sequence):
        ends = [slice(p, None).indices(n)[0] for p in places]
        ends = [0, *ends, n]
    else:
        sections = check.integer(where, "indices_or_sections", places, 1)
        ends = np.cumsum([0, *(n // sections + (i < n % sections) for i in range(sections))]).tolist()
    return tuple(lax.slice_in_dim(x, a, max(a, b), axis=dim) for a, b in itertools.pairwise(ends))


def _split_even(where: str, input: ArrayLike, places: Sections, dim: int, least: int) -> tuple[jax.Array, ...]:
    x = ranked(where, input, least)
    if isinstance(places, int | np.integer) and (places < 1 or x.shape[dim] % places):
        check.fail(where, "indices_or_sections", f"divide {x.shape[dim]}, the size of dimension {dim}", places)
    return _cut(where, x, places, dim)


def hsplit(input: ArrayLike, indices_or_sections: Sections) -> tuple[Array, ...]:
    """Cuts along the second dimension, or the only one; a number of sections must divide its size.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.tolist() for x in ops.hsplit(jnp.arange(4), 2)]
        [[0, 1], [2, 3]]
    """
    rank = check.array("hsplit", "input", input).ndim
    return _split_even("hsplit", input, indices_or_sections, 0 if rank == 1 else 1, 1)


def vsplit(input: ArrayLike, indices_or_sections: Sections) -> tuple[Array, ...]:
    """Cuts along the first dimension; a number of sections must divide its size.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.tolist() for x in ops.vsplit(jnp.arange(4).reshape(2, 2), 2)]
        [[[0, 1]], [[2, 3]]]
    """
    return _split_even("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: ArrayLike, indices_or_sections: Sections) -> tuple[Array, ...]:
    """Cuts along the third dimension; a number of sections must divide its size.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.shape for x in ops.dsplit(jnp.ones((1, 2, 4)), 2)]
        [(1, 2, 2), (1, 2, 2)]
    """
    return _split_even("dsplit", input, indices_or_sections, 2, 3)


def unbind(input: ArrayLike, dim: int = 0) -> tuple[Array, ...]:
    """Returns the slices along a dimension, without that dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.tolist() for x in ops.unbind(jnp.arange(4).reshape(2, 2), 1)]
        [[0, 2], [1, 3]]
    """
    x = ranked("unbind", input, 1)
    dim = check.axis("unbind", "dim", dim, x.ndim)
    return tuple(lax.index_in_dim(x, i, dim, keepdims=False) for i in range(x.shape[dim]))


split_with_sizes_copy = split_with_sizes
unbind_copy = unbind
