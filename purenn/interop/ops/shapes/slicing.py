"""Slices, windows and strided views, by known numbers; `narrow` and `select` take traced ones too."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from purenn import check
from purenn.interop.ops.operands import integer, ranked
from purenn.typing import Array, ArrayLike

__all__ = ["as_strided", "as_strided_copy", "narrow", "narrow_copy", "select", "slice", "unfold", "unfold_copy"]


def narrow(input: ArrayLike, dim: int, start: int | Array, length: int) -> Array:
    """Returns ``length`` elements of a dimension from ``start`` on, which may be traced: then it is clamped.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.narrow(jnp.arange(5), 0, 1, 3).tolist()
        [1, 2, 3]
    """
    x = ranked("narrow", input, 1)
    dim = check.axis("narrow", "dim", dim, x.ndim)
    n, length = x.shape[dim], integer("narrow", "length", length)
    if not isinstance(start, Tracer):
        start = integer("narrow", "start", start)
        if not -n <= start <= n:
            check.fail("narrow", "start", f"be in [{-n}, {n}]", start, IndexError)
        start = start + n if start < 0 else start
    if length < 0 or (isinstance(start, int) and start + length > n):
        check.fail("narrow", "length", f"be from 0 to {n}, less start={start}", length)
    if isinstance(start, Tracer):
        return lax.dynamic_slice_in_dim(x, start, length, dim)
    return lax.slice_in_dim(x, start, start + length, axis=dim)


narrow_copy = narrow


def select(input: ArrayLike, dim: int, index: int | Array) -> Array:
    """Returns the slice at an index of a dimension, without that dimension; a traced index out of range gives NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.select(jnp.array([[1, 2], [3, 4]]), 1, -1).tolist()
        [2, 4]
    """
    x = check.array("select", "input", input)
    if not x.ndim:
        check.fail("select", "input", "have rank 1 or more", f"shape {x.shape}", IndexError)
    dim = check.axis("select", "dim", dim, x.ndim)
    if isinstance(index, Tracer):
        return jnp.take(x, index, dim, mode="fill")
    index, n = integer("select", "index", index), x.shape[dim]
    if not -n <= index < n:
        check.fail("select", "index", f"be in [{-n}, {n - 1}]", index, IndexError)
    return lax.index_in_dim(x, index, dim, keepdims=False)


def slice(input: ArrayLike, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Array:
    """Returns every ``step``-th element of a dimension between two places, which are clamped as Python's.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.slice(jnp.arange(5), 0, 1, -1, 2).tolist()
        [1, 3]
    """
    x = ranked("slice", input, 1)
    dim = check.axis("slice", "dim", dim, x.ndim)
    if step < 1:
        check.fail("slice", "step", "be at least 1", step)
    return x[(builtins.slice(None),) * dim + (builtins.slice(start, end, step),)]


def unfold(input: ArrayLike, dimension: int, size: int, step: int) -> Array:
    """Returns the windows of a dimension, ``step`` apart; their elements are a new last dimension.

    It is torch.Tensor.unfold; windows of images are `purenn.functional.unfold`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.unfold(jnp.arange(5), 0, 3, 2).tolist()
        [[0, 1, 2], [2, 3, 4]]
    """
    x = check.array("unfold", "input", input)
    dim = check.axis("unfold", "dimension", dimension, x.ndim)
    n = x.shape[dim] if x.ndim else 1
    size, step = check.integer("unfold", "size", size, 0), check.integer("unfold", "step", step, 1)
    if size > n:
        check.fail("unfold", "size", f"be at most {n}, the size of dimension {dim}", size)
    if not x.ndim:
        return x.reshape(1)[:size]
    count = (n - size) // step + 1
    last = (count - 1) * step + 1
    if not size:
        return jnp.moveaxis(jnp.zeros((*x.shape[:dim], count, *x.shape[dim + 1 :], 0), x.dtype), dim, dim)
    return jnp.stack([lax.slice_in_dim(x, k, k + last, step, dim) for k in range(size)], -1)


def as_strided(
    input: ArrayLike, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Array:
    """Reads an array's elements in row-major order at given strides; those that overlap add up in the gradient.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.as_strided(jnp.arange(4), (3, 2), (1, 1)).tolist()
        [[0, 1], [1, 2], [2, 3]]
    """
    x = check.array("as_strided", "input", input)
    return x.ravel()[strided_places("as_strided", x, size, stride, storage_offset)]


def strided_places(
    where: str, x: jax.Array, size: Sequence[int], stride: Sequence[int], offset: int | None
) -> np.ndarray:
    """The flat places of a strided view."""
    size = tuple(check.integer(where, "size", n, 0) for n in size)
    stride = tuple(check.integer(where, "stride", n, 0) for n in stride)
    if len(size) != len(stride):
        check.fail(where, "stride", f"have {len(size)} numbers, as size", stride)
    places = np.full(size, check.integer(where, "storage_offset", offset or 0, 0))
    for axis, step in enumerate(stride):
        places = places + (np.arange(size[axis]) * step).reshape(-1, *(1,) * (len(size) - axis - 1))
    if places.size and places.max() >= x.size:
        check.fail(where, "size, stride and storage_offset", f"stay within {x.size} elements", int(places.max()))
    return places


as_strided_copy = as_strided
unfold_copy = unfold
