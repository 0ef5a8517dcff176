"""Running sums and products, differences, and integrals by the trapezoidal rule."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.interop.ops.operands import operands, ranked
from purenn.interop.ops.reductions.sums import summand
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["cumprod", "cumsum", "cumulative_trapezoid", "diff", "logcumsumexp", "trapezoid", "trapz"]


def cumsum(input: ArrayLike, dim: int, *, dtype: DTypeLike | None = None) -> Array:
    """Computes running sums along a dimension; integers and booleans are summed as int64 (int32 without x64).

    jnp's sums the flattened array where no axis is given; here ``dim`` is needed.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cumsum(jnp.array([1, 2, 3]), 0).tolist()
        [1, 3, 6]
    """
    x = summand("cumsum", input, dtype)
    dim = check.axis("cumsum", "dim", dim, x.ndim)
    return jnp.cumsum(x, dim, dtype=x.dtype) if x.ndim else x


def cumprod(input: ArrayLike, dim: int, *, dtype: DTypeLike | None = None) -> Array:
    """Computes running products along a dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cumprod(jnp.array([1, 2, 3]), 0).tolist()
        [1, 2, 6]
    """
    x = summand("cumprod", input, dtype)
    dim = check.axis("cumprod", "dim", dim, x.ndim)
    return jnp.cumprod(x, dim, dtype=x.dtype) if x.ndim else x


def logcumsumexp(input: ArrayLike, dim: int) -> Array:
    """Computes the logarithm of running sums of exponentials along a dimension, without overflow.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.logcumsumexp(jnp.array([1000.0, -jnp.inf]), 0).tolist()
        [1000.0, 1000.0]
    """
    x = check.array("logcumsumexp", "input", input)
    check.inexact("logcumsumexp", "input", x)
    dim = check.axis("logcumsumexp", "dim", dim, x.ndim)
    return lax.associative_scan(jnp.logaddexp, x, axis=dim) if x.size and x.ndim else x


def diff(
    input: ArrayLike, n: int = 1, dim: int = -1, prepend: ArrayLike | None = None, append: ArrayLike | None = None
) -> Array:
    """Computes differences of neighbours along a dimension, n times; of booleans whether they differ.

    Args:
        input: of rank 1 or more.
        n: how often.
        dim: the dimension.
        prepend: what is put before the array first.
        append: what is put behind it.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diff(jnp.array([1, 4, 9])).tolist()
        [3, 5]
    """
    x = ranked("diff", input, 1)
    n, dim = check.integer("diff", "n", n, 0), check.axis("diff", "dim", dim, x.ndim)
    if not n:
        return x
    parts = {"prepend": prepend, "input": x, "append": append}
    parts = {name: part for name, part in parts.items() if part is not None}
    pieces = operands("diff", broadcast=False, **parts)
    for name, piece in zip(parts, pieces, strict=True):
        check.shape("diff", name, piece, (*x.shape[:dim], piece.shape[dim] if piece.ndim else 0, *x.shape[dim + 1 :]))
    x = jnp.concatenate(pieces, dim)
    for _ in range(min(n, x.shape[dim])):
        later, sooner = (lax.slice_in_dim(x, *ends, axis=dim) for ends in ((1, x.shape[dim]), (0, x.shape[dim] - 1)))
        x = later != sooner if x.dtype == bool else later - sooner
    return x


def _areas(where: str, y: ArrayLike, x: ArrayLike | None, dx: ArrayLike, dim: int) -> tuple[jax.Array, int]:
    """Areas under neighbours, along the last dimension."""
    heights = check.array(where, "y", y)
    if heights.dtype == bool or (x is not None and check.array(where, "x", x).dtype == bool):
        check.fail(where, "y and x", "be numeric arrays", "dtype bool", TypeError)
    if not heights.ndim:
        check.fail(where, "y", "have rank 1 or more", f"shape {heights.shape}")
    dim = check.axis(where, "dim", dim, heights.ndim)
    heights = jnp.moveaxis(heights, dim, -1)
    if x is None:
        heights, step = operands(where, floating=True, broadcast=False, y=heights, dx=dx)
        steps = jnp.broadcast_to(step, (max(heights.shape[-1] - 1, 0),))
    else:
        places = check.array(where, "x", x)
        if places.ndim > 1:
            missing = heights.ndim - places.ndim
            places = jnp.moveaxis(places.reshape((1,) * max(missing, 0) + places.shape), dim, -1)
        if not places.ndim or places.shape[-1] != heights.shape[-1]:
            check.fail(where, "x", f"have {heights.shape[-1]} elements along dim", f"shape {places.shape}")
        heights, places = operands(where, floating=True, broadcast=False, y=heights, x=places)
        steps = places[..., 1:] - places[..., :-1]
    if not heights.shape[-1]:
        return jnp.zeros((*heights.shape[:-1], 0), heights.dtype), dim
    sums = heights[..., 1:] + heights[..., :-1]
    a, b = check.broadcast(where, y=sums, x=steps)
    return a * b / 2, dim


def trapezoid(y: ArrayLike, x: ArrayLike | None = None, *, dx: ArrayLike = 1, dim: int = -1) -> Array:
    """Integrates along a dimension by the trapezoidal rule.

    Args:
        y: heights, of rank 1 or more.
        x: their places; None are places ``dx`` apart.
        dx: a number.
        dim: the dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.trapezoid(jnp.array([1.0, 2.0, 3.0])).item()
        4.0
    """
    return jnp.sum(_areas("trapezoid", y, x, dx, dim)[0], -1)


def trapz(y: ArrayLike, x: ArrayLike | None = None, *, dx: ArrayLike = 1, dim: int = -1) -> Array:
    """Integrates along a dimension, as `trapezoid` does.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.trapz(jnp.array([1.0, 2.0, 3.0]), dx=2).item()
        8.0
    """
    return jnp.sum(_areas("trapz", y, x, dx, dim)[0], -1)


def cumulative_trapezoid(y: ArrayLike, x: ArrayLike | None = None, *, dx: ArrayLike = 1, dim: int = -1) -> Array:
    """Computes running integrals along a dimension by the trapezoidal rule; the result is one element shorter.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cumulative_trapezoid(jnp.array([1.0, 2.0, 3.0])).tolist()
        [1.5, 4.0]
    """
    areas, dim = _areas("cumulative_trapezoid", y, x, dx, dim)
    return jnp.moveaxis(jnp.cumsum(areas, -1), -1, dim)
