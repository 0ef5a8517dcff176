"""Counts and covariances."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import default_dtype, kind
from purenn.interop.ops.results import Histogram
from purenn.typing import Array, ArrayLike
from purenn.value_checks import Within, known, require

__all__ = ["bincount", "corrcoef", "cov", "histc", "histogram"]


def bincount(
    input: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0, *, size: int | None = None
) -> Array:
    """Counts how often each integer occurs, or sums its weights.

    Args:
        input: integers from 0 on, of rank 1.
        weights: of the same shape; None counts.
        minlength: the least length of the result.
        size: the length of the result, from which larger integers are left out; needed under ``jit``, where the
            largest integer isn't known.

    Raises:
        ValueError: a traced array without ``size``; known negative integers.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.bincount(jnp.array([0, 2, 2])).tolist()
        [1, 0, 2]
        >>> jax.jit(lambda x: ops.bincount(x, size=2))(jnp.array([0, 2, 2])).tolist()
        [1, 0]
    """
    x = check.array("bincount", "input", input)
    check.integral("bincount", "input", x)
    check.rank("bincount", "input", x, (1,))
    require(x, Within("bincount", "input", 0, float("inf"), error=ValueError))
    least = check.integer("bincount", "minlength", minlength, 0)
    if size is None:
        values = known(x)
        if values is None:
            check.fail("bincount", "size", "be given where the array is traced, as under jit", None)
        size = max(int(values.max(initial=-1)) + 1, least)
    if weights is None:
        return jnp.zeros(size, default_dtype(1)).at[x].add(1, mode="drop")
    w = check.array("bincount", "weights", weights)
    check.shape("bincount", "weights", w, x.shape)
    wide = w if w.dtype == jnp.float32 else w.astype(jax.dtypes.canonicalize_dtype(np.float64))
    return jnp.zeros(size, wide.dtype).at[x].add(wide, mode="drop")


def histc(input: ArrayLike, bins: int = 100, min: float = 0, max: float = 0) -> Array:
    """Counts elements in bins of one width; the result has the input's dtype, and what is outside doesn't count.

    Args:
        input: a real array of any shape; it is flattened.
        bins: the number of bins.
        min: the lower end.
        max: the upper end; where both are equal, the smallest and the largest element are the ends.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.histc(jnp.array([1.0, 2.0, 1.0]), bins=4, min=0, max=3).tolist()
        [0.0, 2.0, 1.0, 0.0]
    """
    x = check.array("histc", "input", input).ravel()
    if kind(x.dtype) not in (1, 2):
        check.fail("histc", "input", "be a real numeric array", f"dtype {x.dtype}", TypeError)
    bins = check.integer("histc", "bins", bins, 1)
    low, high = jnp.asarray(min, x.dtype), jnp.asarray(max, x.dtype)
    if min > max or not np.isfinite([min, max]).all():
        check.fail("histc", "min and max", "be finite and in order", (min, max))
    if min == max and x.size:
        low, high = jnp.min(x), jnp.max(x)
        low, high = jnp.where(low == high, low - 1, low), jnp.where(low == high, high + 1, high)
    elif min == max:
        high = low + 1
    work = x.astype(jnp.float32 if kind(x.dtype) == 1 else x.dtype)
    a, b = low.astype(work.dtype), high.astype(work.dtype)
    place = jnp.floor((work - a) * bins / (b - a)).astype(jnp.int32)
    place = jnp.where(x == high, bins - 1, place)
    inside = (x >= low) & (x <= high)
    return jnp.zeros(bins, x.dtype).at[jnp.where(inside, place, bins)].add(jnp.ones((), x.dtype), mode="drop")


def histogram(
    input: ArrayLike,
    bins: int | Array | np.ndarray,
    *,
    range: Sequence[float] | None = None,
    weight: ArrayLike | None = None,
    density: bool = False,
) -> Histogram:
    """Counts elements between edges, and returns the counts with the edges.

    Args:
        input: a floating-point array of any shape; it is flattened.
        bins: the number of bins, or their edges in ascending order.
        range: the two ends, for a number of bins; None are the smallest and the largest element.
        weight: what each element counts, of the input's shape.
        density: whether counts are divided by their sum and the widths.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.histogram(jnp.array([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0)).hist.tolist()
        [0.0, 2.0, 1.0, 0.0]
    """
    x = check.array("histogram", "input", input)
    check.floating("histogram", "input", x)
    w = None if weight is None else check.array("histogram", "weight", weight)
    check.shape("histogram", "weight", w, x.shape)
    w = None if w is None else w.ravel()
    if isinstance(bins, jax.Array | np.ndarray):
        edges = check.array("histogram", "bins", bins)
        check.rank("histogram", "bins", edges, (1,))
        check.same_dtype("histogram", input=x, bins=edges)
    else:
        ends = (jnp.min(x), jnp.max(x)) if range is None and x.size else (0.0, 1.0) if range is None else range
        low, high = (jnp.asarray(v, x.dtype) for v in ends)
        low, high = jnp.where(low == high, low - 0.5, low), jnp.where(low == high, high + 0.5, high)
        edges = jnp.linspace(low, high, check.integer("histogram", "bins", bins, 1) + 1, dtype=x.dtype)
    with jax.numpy_dtype_promotion("standard"):
        counts, edges = jnp.histogram(x.ravel(), edges, weights=w, density=density)
    return Histogram(counts.astype(x.dtype), edges)


def cov(
    input: ArrayLike,
    *,
    correction: int = 1,
    fweights: ArrayLike | None = None,
    aweights: ArrayLike | None = None,
) -> Array:
    """Computes the covariances of variables, the rows of a matrix whose columns are observations.

    Args:
        input: of rank 2 or less.
        correction: what is taken from the number of observations.
        fweights: how often each observation counts, integers.
        aweights: the weight of each observation.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cov(jnp.array([[0.0, 2.0], [2.0, 0.0]])).tolist()
        [[2.0, -2.0], [-2.0, 2.0]]
    """
    x = check.array("cov", "input", input)
    check.rank("cov", "input", x, (0, 1, 2))
    if x.dtype == bool:
        check.fail("cov", "input", "be a numeric array", "dtype bool", TypeError)
    rows = x.reshape(1, -1) if x.ndim < 2 else x
    rows = rows if kind(rows.dtype) > 1 else rows.astype(jnp.float32)
    real = jnp.finfo(rows.dtype).dtype
    weights = jnp.ones(rows.shape[1], real)
    for name, argument in (("fweights", fweights), ("aweights", aweights)):
        if argument is not None:
            w = check.array("cov", name, argument)
            check.shape("cov", name, jnp.atleast_1d(w), (rows.shape[1],))
            require(w, Within("cov", name, 0, float("inf"), error=ValueError))
            if name == "fweights":
                check.integral("cov", name, w)
            else:
                check.floating("cov", name, w)
            weights = weights * w.astype(real)
    total = jnp.sum(weights)
    if aweights is None:
        freedom = total - correction
    else:
        freedom = total - correction * jnp.sum(weights * jnp.atleast_1d(jnp.asarray(aweights)).astype(real)) / total
    spread = jnp.broadcast_to(weights, rows.shape).astype(rows.dtype)
    center = jnp.sum(rows * spread, 1, keepdims=True) / total.astype(rows.dtype)
    deviations = rows - jnp.broadcast_to(center, rows.shape)
    covariance = (deviations * spread) @ jnp.conj(deviations).T / jnp.maximum(freedom, 0).astype(rows.dtype)
    return covariance.reshape(()) if covariance.shape == (1, 1) else covariance


def corrcoef(input: ArrayLike) -> Array:
    """Computes the correlation coefficients of variables, the rows of a matrix whose columns are observations.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.corrcoef(jnp.array([[0.0, 2.0], [2.0, 0.0]])).round(3).tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    correlation = cov(input)
    if not correlation.ndim:
        return correlation / correlation
    spread = jnp.sqrt(jnp.real(jnp.diagonal(correlation))).astype(correlation.dtype)
    rows, columns = (jnp.broadcast_to(v, correlation.shape) for v in (spread[:, None], spread))
    correlation = correlation / rows / columns
    if kind(correlation.dtype) == 3:
        return jax.lax.complex(jnp.clip(correlation.real, -1, 1), jnp.clip(correlation.imag, -1, 1))
    return jnp.clip(correlation, -1, 1)
