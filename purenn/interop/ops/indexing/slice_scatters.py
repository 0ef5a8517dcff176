"""Arrays in which a slice, a diagonal or a strided view is replaced: torch's ``*_scatter`` of views."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from purenn import check
from purenn.interop.ops.indexing.subscript_parts import WHOLE, after_basic, subscripts
from purenn.interop.ops.shapes.slicing import strided_places
from purenn.typing import Array, ArrayLike

__all__ = ["as_strided_scatter", "diagonal_scatter", "select_scatter", "slice_scatter"]


def _exact(where: str, x: jax.Array, parts: list[Any], src: ArrayLike) -> jax.Array:
    region = jax.eval_shape(lambda x: after_basic(where, x, parts)[0], x).shape
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
    key = (WHOLE,) * dim + (check.integer("select_scatter", "index", index),)
    return _exact("select_scatter", x, subscripts("select_scatter", x, key), src)


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
    key = (WHOLE,) * dim + (builtins.slice(start, end, step),)
    return _exact("slice_scatter", x, subscripts("slice_scatter", x, key), src)


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
