"""One element for each index along a dimension: gathered, and scattered with or without a reduction.

An index out of range is refused where it is known; negative ones are out of range too, as in torch. Under ``jit``, what
is read there is NaN (0 for integers), and what is written there is dropped.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax
from jax.core import Tracer

from purenn import check
from purenn.interop.ops.indexing.reducing import reduced_at
from purenn.interop.ops.operands import Number, array, in_range, kind
from purenn.typing import Array, ArrayLike

__all__ = ["gather", "scatter", "scatter_add", "scatter_reduce", "take_along_dim"]


def _aligned(
    where: str, input: ArrayLike, dim: int, index: ArrayLike, within: bool = True, wrap: bool = False
) -> tuple[jax.Array, jax.Array, int]:
    """Input and index with at least one dimension, the index within the input in the others."""
    x, i = check.array(where, "input", input), check.array(where, "index", index)
    check.integral(where, "index", i)
    dim = check.axis(where, "dim", dim, x.ndim)
    x, i = jnp.atleast_1d(x), jnp.atleast_1d(i)
    if not i.size and i.ndim != x.ndim:
        i = i.reshape((0,) * x.ndim)
    if i.ndim != x.ndim:
        check.fail(where, "index", f"have rank {x.ndim}, as input", f"shape {i.shape}")
    if within and i.size and any(n > m for a, (n, m) in enumerate(zip(i.shape, x.shape, strict=True)) if a != dim):
        check.fail(where, "index", f"be at most as large as {x.shape} but in dimension {dim}", f"shape {i.shape}")
    return x, in_range(where, "index", i, x.shape[dim], wrap), dim


def gather(input: ArrayLike, dim: int, index: ArrayLike) -> Array:
    """Reads one element for each index along a dimension: ``out[i, j] = input[index[i, j], j]`` for dimension 0.

    Unlike jnp.take_along_axis the index may be smaller than the input in the other dimensions, and nothing broadcasts.

    Args:
        input: of any shape.
        dim: the dimension.
        index: integers, of the same rank.

    Raises:
        ValueError: shapes that don't fit. IndexError: known indices out of range.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.gather(jnp.array([[1, 2], [3, 4]]), 1, jnp.array([[1], [0]])).tolist()
        [[2], [3]]
    """
    return _gathered("gather", input, dim, index)


def _gathered(where: str, input: ArrayLike, dim: int, index: ArrayLike, wrap: bool = False) -> Array:
    x, i, dim = _aligned(where, input, dim, index, wrap=wrap)
    if not i.size:
        return jnp.zeros(jnp.shape(index), x.dtype)
    x = lax.slice(x, (0,) * x.ndim, tuple(n if a == dim else i.shape[a] for a, n in enumerate(x.shape)))
    mode = "fill" if isinstance(i, Tracer) else "promise_in_bounds"
    fill = None if kind(x.dtype) > 1 else 0
    return jnp.take_along_axis(x, i, dim, mode=mode, fill_value=fill).reshape(jnp.shape(index))


def take_along_dim(input: ArrayLike, indices: ArrayLike, dim: int | None = None) -> Array:
    """Reads one element for each index along a dimension, or of the flattened array; the other dimensions broadcast.

    Negative indices count from the end, as in torch.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.take_along_dim(jnp.array([[3, 1], [2, 4]]), jnp.array([[0, 1]]), 1).tolist()
        [[3, 1], [2, 4]]
    """
    where = "take_along_dim"
    x, i = check.array(where, "input", input), check.array(where, "indices", indices)
    check.integral(where, "indices", i)
    if dim is None:
        return _gathered(where, x.ravel(), 0, i.ravel(), wrap=True)
    if x.ndim != i.ndim:
        check.fail(where, "indices", f"have rank {x.ndim}, as input", f"shape {i.shape}")
    dim = check.axis(where, "dim", dim, x.ndim)
    rest = [tuple(1 if a == dim else n for a, n in enumerate(v.shape)) for v in (x, i)]
    try:
        shape = jnp.broadcast_shapes(*rest)
    except ValueError:
        check.fail(where, "indices", f"broadcast with {x.shape} but in dimension {dim}", f"shape {i.shape}")
    x, i = (jnp.broadcast_to(v, (*shape[:dim], v.shape[dim], *shape[dim + 1 :])) for v in (x, i))
    return _gathered(where, x, dim, i, wrap=True)


def full_index(i: jax.Array, dim: int) -> tuple[jax.Array, ...]:
    """The full index of the elements that an index along one dimension means."""
    iota = [lax.broadcasted_iota(i.dtype, i.shape, a) for a in range(i.ndim)]
    return (*iota[:dim], i, *iota[dim + 1 :])


def _scattered(
    where: str, input: ArrayLike, dim: int, index: ArrayLike, src: ArrayLike
) -> tuple[jax.Array, tuple[jax.Array, ...], jax.Array]:
    """Input, full index, and the source as large as the index."""
    x, i, dim = _aligned(where, input, dim, index)
    if isinstance(src, bool | int | float | complex):
        return x, full_index(i, dim), jnp.broadcast_to(array(where, "src", src, x.dtype), i.shape)
    s = jnp.atleast_1d(check.array(where, "src", src))
    check.same_dtype(where, input=x, src=s)
    if not i.size:
        return x, full_index(i, dim), jnp.zeros(i.shape, x.dtype)
    if s.ndim != x.ndim or any(n > m for n, m in zip(i.shape, s.shape, strict=True)):
        check.fail(where, "src", f"be at least as large as index, {i.shape}", f"shape {s.shape}")
    return x, full_index(i, dim), lax.slice(s, (0,) * s.ndim, i.shape)


def scatter(
    input: ArrayLike,
    dim: int,
    index: ArrayLike,
    src: ArrayLike | None = None,
    *,
    value: Number | None = None,
    reduce: str | None = None,
) -> Array:
    """Writes elements at indices along a dimension: ``out[index[i, j], j] = src[i, j]`` for dimension 0.

    Args:
        input: of any shape.
        dim: the dimension.
        index: integers, of the same rank; of repeated ones any may win, as in torch.
        src: an array at least as large as the index, or a number.
        value: a number, in place of ``src``.
        reduce: ``'add'`` or ``'multiply'`` instead of writing; repeated indices add up.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.scatter(jnp.zeros((2, 2)), 1, jnp.array([[1], [0]]), 7.0).tolist()
        [[0.0, 7.0], [7.0, 0.0]]
    """
    check.choice("scatter", "reduce", reduce, (None, "add", "multiply"))
    source = value if src is None else src
    if source is None or (src is not None and value is not None):
        check.fail("scatter", "src or value", "be given, one of them", "none" if source is None else "both", TypeError)
    x, places, s = _scattered("scatter", input, dim, index, source)
    if reduce is None:
        done = x.at[places].set(s, mode="drop")
    else:
        done = reduced_at(x, places, s, "sum" if reduce == "add" else "prod", True)
    return done.reshape(jnp.shape(input))


def scatter_add(input: ArrayLike, dim: int, index: ArrayLike, src: ArrayLike) -> Array:
    """Adds elements at indices along a dimension: ``out[index[i, j], j] += src[i, j]`` for dimension 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.scatter_add(jnp.zeros(3), 0, jnp.array([0, 0]), jnp.array([1.0, 2.0])).tolist()
        [3.0, 0.0, 0.0]
    """
    x, places, s = _scattered("scatter_add", input, dim, index, src)
    return reduced_at(x, places, s, "sum", True).reshape(jnp.shape(input))


def scatter_reduce(
    input: ArrayLike, dim: int, index: ArrayLike, src: ArrayLike, reduce: str, *, include_self: bool = True
) -> Array:
    """Reduces elements of a source onto those at indices along a dimension.

    Args:
        input: of any shape.
        dim: the dimension.
        index: integers, of the same rank.
        src: at least as large as the index.
        reduce: ``'sum'``, ``'prod'``, ``'mean'``, ``'amax'`` or ``'amin'``; equal extremes share the gradient.
        include_self: whether the input's elements count; those at no index stay anyway.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> index, src = jnp.array([0, 0]), jnp.array([1.0, 4.0])
        >>> ops.scatter_reduce(jnp.array([7.0, 7.0]), 0, index, src, "amax", include_self=False).tolist()
        [4.0, 7.0]
    """
    check.choice("scatter_reduce", "reduce", reduce, ("sum", "prod", "mean", "amax", "amin"))
    x, places, s = _scattered("scatter_reduce", input, dim, index, src)
    return reduced_at(x, places, s, reduce, include_self).reshape(jnp.shape(input))
