"""Whole slices at indices along a dimension, and elements at flat indices: read, written, added to.

Indices out of range are treated as in `scatter_gather`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.indexing.reducing import reduced_at
from purenn.interop.ops.indexing.scatter_gather import full_index
from purenn.interop.ops.operands import Number, array, in_range, kind, promoted, taken
from purenn.typing import Array, ArrayLike

__all__ = ["index_add", "index_copy", "index_fill", "index_reduce", "index_select", "put", "take"]


def _row(where: str, input: ArrayLike, dim: int, index: ArrayLike) -> tuple[jax.Array, jax.Array, int]:
    """Input and index, of rank 1, along a dimension."""
    x, i = check.array(where, "input", input), check.array(where, "index", index)
    check.rank(where, "index", i, (0, 1))
    dim = check.axis(where, "dim", dim, x.ndim)
    x, i = jnp.atleast_1d(x), i.reshape(-1)
    return x, in_range(where, "index", i, x.shape[dim]), dim


def index_select(input: ArrayLike, dim: int, index: ArrayLike) -> Array:
    """Returns the slices at indices along a dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.index_select(jnp.array([[1, 2], [3, 4]]), 0, jnp.array([1, 1])).tolist()
        [[3, 4], [3, 4]]
    """
    x, i, dim = _row("index_select", input, dim, index)
    shape = jnp.shape(input)
    if not shape and i.size != 1:
        check.fail("index_select", "index", "have one element for a scalar", f"shape {i.shape}")
    slices = taken(x, i, dim)
    return slices if shape else slices.reshape(())


def take(input: ArrayLike, index: ArrayLike) -> Array:
    """Returns the elements at flat indices, negative ones from the end; the result has the index's shape.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.take(jnp.array([[1, 2], [3, 4]]), jnp.array([0, -1])).tolist()
        [1, 4]
    """
    x, i = check.array("take", "input", input), check.array("take", "index", index)
    return taken(x.ravel(), in_range("take", "index", i, x.size, wrap=True), 0)


def put(input: ArrayLike, index: ArrayLike, source: ArrayLike, accumulate: bool = False) -> Array:
    """Returns an array with elements at flat indices replaced by, or with ``accumulate`` increased by, a source.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.put(jnp.array([1, 2, 3]), jnp.array([0, -1]), jnp.array([7, 8])).tolist()
        [7, 2, 8]
    """
    x, i, s = (check.array("put", n, v) for n, v in (("input", input), ("index", index), ("source", source)))
    check.same_dtype("put", input=x, source=s)
    if i.size != s.size:
        check.fail("put", "source", f"have {i.size} elements, as index", f"shape {s.shape}")
    i, flat = in_range("put", "index", i, x.size, wrap=True).ravel(), x.ravel().at
    done = flat[i].add(s.ravel(), mode="drop") if accumulate else flat[i].set(s.ravel(), mode="drop")
    return done.reshape(x.shape)


def _source(where: str, x: jax.Array, i: jax.Array, dim: int, source: ArrayLike) -> jax.Array:
    """The slices that are written along a dimension."""
    s = jnp.atleast_1d(check.array(where, "source", source))
    check.same_dtype(where, input=x, source=s)
    check.shape(where, "source", s, (*x.shape[:dim], i.size, *x.shape[dim + 1 :]))
    return s


def _at(x: jax.Array, i: jax.Array, dim: int) -> Any:
    return x.at[(slice(None),) * dim + (i,)]


def index_add(input: ArrayLike, dim: int, index: ArrayLike, source: ArrayLike, *, alpha: Number = 1) -> Array:
    """Adds ``alpha`` times the slices of a source to those at indices along a dimension; repeated ones add up.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.index_add(jnp.zeros(3), 0, jnp.array([0, 0]), jnp.array([1.0, 2.0])).tolist()
        [3.0, 0.0, 0.0]
    """
    x, i, dim = _row("index_add", input, dim, index)
    s = _source("index_add", x, i, dim, source)
    if kind(promoted(alpha)) > kind(x.dtype) and kind(x.dtype):
        check.fail("index_add", "alpha", f"be of a kind that {x.dtype} holds", repr(alpha), TypeError)
    s = s if alpha == 1 else s * array("index_add", "alpha", alpha, x.dtype)
    if x.dtype == bool:
        return _at(x, i, dim).max(s, mode="drop").reshape(jnp.shape(input))
    return _at(x, i, dim).add(s, mode="drop").reshape(jnp.shape(input))


def index_copy(input: ArrayLike, dim: int, index: ArrayLike, source: ArrayLike) -> Array:
    """Replaces the slices at indices along a dimension by those of a source.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.index_copy(jnp.zeros(3), 0, jnp.array([2, 0]), jnp.array([1.0, 2.0])).tolist()
        [2.0, 0.0, 1.0]
    """
    x, i, dim = _row("index_copy", input, dim, index)
    s = _source("index_copy", x, i, dim, source)
    return _at(x, i, dim).set(s, mode="drop").reshape(jnp.shape(input))


def index_fill(input: ArrayLike, dim: int, index: ArrayLike, value: ArrayLike) -> Array:
    """Replaces the slices at indices along a dimension, of which negative ones count from the end, by one value.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.index_fill(jnp.zeros(3), 0, jnp.array([0, 2]), 7.0).tolist()
        [7.0, 0.0, 7.0]
    """
    x, i = check.array("index_fill", "input", input), check.array("index_fill", "index", index)
    check.rank("index_fill", "index", i, (0, 1))
    dim = check.axis("index_fill", "dim", dim, x.ndim)
    x = jnp.atleast_1d(x)
    i = in_range("index_fill", "index", i.reshape(-1), x.shape[dim], wrap=True)
    v = array("index_fill", "value", value, None if kind(promoted(value)) == 3 else x.dtype)
    if kind(v.dtype) > kind(x.dtype):
        check.fail("index_fill", "value", f"be of a kind that {x.dtype} holds", value, TypeError)
    if v.ndim:
        check.fail("index_fill", "value", "be a number or a scalar", f"shape {v.shape}")
    return _at(x, i, dim).set(v.astype(x.dtype), mode="drop").reshape(jnp.shape(input))


def index_reduce(
    input: ArrayLike, dim: int, index: ArrayLike, source: ArrayLike, reduce: str, *, include_self: bool = True
) -> Array:
    """Reduces the slices of a source onto those at indices along a dimension; see `scatter_reduce`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.index_reduce(jnp.ones(3), 0, jnp.array([0, 0]), jnp.array([2.0, 3.0]), "prod").tolist()
        [6.0, 1.0, 1.0]
    """
    x, i, dim = _row("index_reduce", input, dim, index)
    s = _source("index_reduce", x, i, dim, source)
    check.choice("index_reduce", "reduce", reduce, ("prod", "mean", "amax", "amin"))
    i = jnp.broadcast_to(i.reshape(-1, *(1,) * (x.ndim - dim - 1)), s.shape)
    return reduced_at(x, full_index(i, dim), s, reduce, include_self).reshape(jnp.shape(input))
