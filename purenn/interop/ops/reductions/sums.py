"""Reductions over dimensions: sums, products, means, truth values, norms of differences.

``dim`` is one dimension, a sequence of them, or None for all. Sums of integers and booleans are int64, int32 without
x64.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.dtypes import floating_or_float32
from purenn.interop.ops.operands import Dims, as_dtype, default_dtype, kind, ranked, real_array
from purenn.lowering.dtypes import widened
from purenn.lowering.norm import vector_norm
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["all", "any", "count_nonzero", "dist", "logsumexp", "mean", "nanmean", "nansum", "prod", "renorm", "sum"]


def summand(where: str, input: ArrayLike, dtype: DTypeLike | None) -> jax.Array:
    """The array in the dtype of its sum."""
    x = check.array(where, "input", input)
    if dtype is not None:
        return x.astype(as_dtype(where, dtype))
    return x.astype(default_dtype(1)) if kind(x.dtype) < 2 else x


def sum(input: ArrayLike, dim: Dims = None, keepdim: bool = False, *, dtype: DTypeLike | None = None) -> Array:
    """Sums over dimensions.

    Args:
        input: of any dtype; integers and booleans are summed as int64 (int32 without x64).
        dim: the dimensions; None takes all.
        keepdim: whether they stay, with size 1.
        dtype: to which the elements are cast first.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.sum(jnp.array([[1, 2], [3, 4]]), 0).tolist()
        [4, 6]
    """
    x = summand("sum", input, dtype)
    return jnp.sum(x, check.axes("sum", "dim", dim, x.ndim), dtype=x.dtype, keepdims=keepdim)


def nansum(input: ArrayLike, dim: Dims = None, keepdim: bool = False, *, dtype: DTypeLike | None = None) -> Array:
    """Sums over dimensions as if NaNs were 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nansum(jnp.array([1.0, jnp.nan])).item()
        1.0
    """
    x = real_array("nansum", summand("nansum", input, dtype))
    x = jnp.where(jnp.isnan(x), jnp.zeros((), x.dtype), x)
    return jnp.sum(x, check.axes("nansum", "dim", dim, x.ndim), dtype=x.dtype, keepdims=keepdim)


def prod(input: ArrayLike, dim: int | None = None, keepdim: bool = False, *, dtype: DTypeLike | None = None) -> Array:
    """Multiplies along one dimension, or all.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.prod(jnp.array([[1, 2], [3, 4]]), 1).tolist()
        [2, 12]
    """
    x = summand("prod", input, dtype)
    axes = tuple(range(x.ndim)) if dim is None else (check.axis("prod", "dim", dim, x.ndim),)[: x.ndim]
    return jnp.prod(x, axes, dtype=x.dtype, keepdims=keepdim)


def averaged(where: str, input: ArrayLike, dtype: DTypeLike | None) -> jax.Array:
    x = check.array(where, "input", input)
    x = x if dtype is None else x.astype(as_dtype(where, dtype))
    if kind(x.dtype) < 2:
        actual = f"dtype {x.dtype} (cast it, as by dtype=jnp.float32)"
        check.fail(where, "input", "be a floating-point or complex array", actual, TypeError)
    return x


def mean(input: ArrayLike, dim: Dims = None, keepdim: bool = False, *, dtype: DTypeLike | None = None) -> Array:
    """Averages over dimensions. Integers are refused, where jnp's become floats, unless ``dtype`` casts them.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.mean(jnp.array([[1.0, 2.0], [3.0, 4.0]]), 1).tolist()
        [1.5, 3.5]
    """
    x = averaged("mean", input, dtype)
    axes = check.axes("mean", "dim", dim, x.ndim)
    return jnp.mean(widened(x), axes, keepdims=keepdim).astype(x.dtype)


def nanmean(input: ArrayLike, dim: Dims = None, keepdim: bool = False, *, dtype: DTypeLike | None = None) -> Array:
    """Averages the elements that aren't NaN over dimensions.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nanmean(jnp.array([1.0, jnp.nan, 3.0])).item()
        2.0
    """
    x = averaged("nanmean", input, dtype)
    axes, valid = check.axes("nanmean", "dim", dim, x.ndim), ~jnp.isnan(x)
    wide = widened(x)
    total = jnp.sum(jnp.where(valid, wide, jnp.zeros((), wide.dtype)), axes, keepdims=keepdim)
    return (total / jnp.sum(valid, axes, dtype=wide.dtype, keepdims=keepdim)).astype(x.dtype)


def _truth(where: str, input: ArrayLike) -> tuple[jax.Array, DTypeLike]:
    """The elements that aren't 0 as a mask, and the dtype of torch's answer: uint8 for uint8, else bool."""
    x = check.array(where, "input", input)
    return x != jnp.zeros((), x.dtype), jnp.uint8 if x.dtype == jnp.uint8 else jnp.bool_


def all(input: ArrayLike, dim: Dims = None, keepdim: bool = False) -> Array:
    """Tells whether all elements over dimensions aren't 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.all(jnp.array([[1, 0], [2, 3]]), 1).tolist()
        [False, True]
    """
    x, dtype = _truth("all", input)
    return jnp.all(x, check.axes("all", "dim", dim, x.ndim), keepdims=keepdim).astype(dtype)


def any(input: ArrayLike, dim: Dims = None, keepdim: bool = False) -> Array:
    """Tells whether an element over dimensions isn't 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.any(jnp.array([[1, 0], [0, 0]]), 1).tolist()
        [True, False]
    """
    x, dtype = _truth("any", input)
    return jnp.any(x, check.axes("any", "dim", dim, x.ndim), keepdims=keepdim).astype(dtype)


def count_nonzero(input: ArrayLike, dim: Dims = None) -> Array:
    """Counts the elements that aren't 0 over dimensions.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.count_nonzero(jnp.array([[1, 0], [2, 3]]), 1).tolist()
        [1, 2]
    """
    x, _ = _truth("count_nonzero", input)
    return jnp.sum(x, check.axes("count_nonzero", "dim", dim, x.ndim), dtype=default_dtype(1))


def logsumexp(input: ArrayLike, dim: int | Sequence[int], keepdim: bool = False) -> Array:
    """Computes the logarithm of a sum of exponentials over dimensions, without overflow.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.logsumexp(jnp.array([1000.0, -jnp.inf]), 0).item()
        1000.0
    """
    x = check.array("logsumexp", "input", input)
    dtype = floating_or_float32(x.dtype)
    x = widened(x.astype(dtype))
    axes = check.axes("logsumexp", "dim", dim, x.ndim)
    if kind(dtype) == 3:
        return jax.scipy.special.logsumexp(x, axes, keepdims=keepdim).astype(dtype)
    largest = lax.stop_gradient(jnp.max(x, axes, keepdims=True, initial=-jnp.inf))
    largest = jnp.where(jnp.isfinite(largest), largest, jnp.zeros_like(largest))
    total = jnp.sum(jnp.exp(x - jnp.broadcast_to(largest, x.shape)), axes, keepdims=True)
    result = jnp.log(total) + largest
    return (result if keepdim else jnp.squeeze(result, axes)).astype(dtype)


def dist(input: ArrayLike, other: ArrayLike, p: float = 2) -> Array:
    """Computes the p-norm of a difference.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.dist(jnp.array([3.0, 4.0]), jnp.array([0.0, 0.0])).item()
        5.0
    """
    a, b = check.array("dist", "input", input), check.array("dist", "other", other)
    check.inexact("dist", "input", a)
    check.same_dtype("dist", input=a, other=b)
    a, b = check.broadcast("dist", input=a, other=b)
    return vector_norm(a - b, float(p), tuple(range(a.ndim))).astype(jnp.finfo(a.dtype).dtype)


def renorm(input: ArrayLike, p: float, dim: int, maxnorm: float) -> Array:
    """Scales the slices of a dimension whose p-norm is above ``maxnorm`` down to it.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [f"{x:.2f}" for x in ops.norm(ops.renorm(jnp.array([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0), dim=1)]
        ['1.00', '0.50']
    """
    x = check.array("renorm", "input", input)
    check.inexact("renorm", "input", x)
    ranked("renorm", x, 2)
    if p <= 0 or maxnorm < 0:
        check.fail("renorm", "p and maxnorm", "be above 0, and at least 0", (p, maxnorm))
    dim = check.axis("renorm", "dim", dim, x.ndim)
    norms = vector_norm(x, float(p), tuple(a for a in range(x.ndim) if a != dim), keepdims=True)
    scale = jnp.where(norms > maxnorm, maxnorm / (norms + 1e-7), jnp.ones_like(norms))
    return x * jnp.broadcast_to(scale, x.shape).astype(x.dtype)
