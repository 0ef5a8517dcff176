"""Norms of vectors and matrices, and condition numbers, for `linalg`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax.numpy as jnp

from purenn import check
from purenn.functional.linalg import norm as vector_or_nuclear
from purenn.interop.ops.matrices.common import matrices
from purenn.interop.ops.matrices.decompositions import svdvals
from purenn.interop.ops.operands import Dims, as_dtype
from purenn.lowering.norm import modulus
from purenn.typing import Array, ArrayLike, DTypeLike, Size

__all__ = ["cond", "matrix_norm", "norm", "vector_norm"]


def vector_norm(
    x: ArrayLike, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: DTypeLike | None = None
) -> Array:
    """Computes the p-norm of vectors, of all elements by default; see `purenn.functional.norm`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.vector_norm(jnp.array([3.0, 4.0])).item()
        5.0
    """
    if isinstance(ord, str) or not isinstance(ord, int | float):
        check.fail("linalg.vector_norm", "ord", "be a number", repr(ord), TypeError)
    return vector_or_nuclear(x, ord, dim, keepdim, dtype=dtype)


_ORDERS = ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2)


def matrix_norm(
    A: ArrayLike,
    ord: float | str = "fro",
    dim: Size = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DTypeLike | None = None,
) -> Array:
    """Computes norms of matrices.

    Args:
        A: of rank 2 or more.
        ord: ``'fro'``, ``'nuc'`` (the sum of the singular values), 2 and -2 (the largest and smallest of them), 1 and
            -1 (the largest and smallest sum of a column's moduli), ``inf`` and ``-inf`` (a row's).
        dim: the two dimensions of the matrices.
        keepdim: whether they stay, with size 1.
        dtype: to which the elements are cast first.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.matrix_norm(jnp.array([[3.0, 4.0]]), 1).item()
        4.0
    """
    where = "linalg.matrix_norm"
    x = check.array(where, "A", A)
    check.inexact(where, "A", x)
    check.choice(where, "ord", ord, _ORDERS)
    x = x if dtype is None else x.astype(as_dtype(where, dtype))
    if x.ndim < 2 or isinstance(dim, int) or len(dim) != 2:
        check.fail(where, "A and dim", "have two dimensions", f"shape {x.shape}, {dim}")
    axes = check.axes(where, "dim", dim, x.ndim)
    if isinstance(ord, str):
        return vector_or_nuclear(x, ord, axes, keepdim)
    rows, columns = axes
    if ord in (2, -2):
        values = svdvals(jnp.moveaxis(x, axes, (-2, -1)))
        norms = jnp.max(values, -1) if ord > 0 else jnp.min(values, -1)
    else:
        summed, other = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = jnp.sum(modulus(x), summed, keepdims=True)
        norms = jnp.squeeze((jnp.max if ord > 0 else jnp.min)(sums, other, keepdims=True), axes)
    return jnp.expand_dims(norms, axes) if keepdim else norms


def norm(
    A: ArrayLike,
    ord: float | str | None = None,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DTypeLike | None = None,
) -> Array:
    """Computes norms of vectors or matrices: of matrices where ``ord`` is given with two dimensions, or is a word.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.norm(jnp.array([[3.0, 4.0]])).item()
        5.0
    """
    x = check.array("linalg.norm", "A", A)
    if ord is None:
        return vector_norm(x, 2, dim, keepdim, dtype=dtype)
    two_dims = isinstance(dim, Sequence) and len(dim) == 2
    if two_dims or (dim is None and x.ndim == 2) or isinstance(ord, str):
        return matrix_norm(x, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if dim is None and x.ndim != 1:
        check.fail("linalg.norm", "A", "have rank 1 or 2 where ord is given without dim", f"shape {x.shape}")
    return vector_norm(x, ord, dim, keepdim, dtype=dtype)


def cond(A: ArrayLike, p: float | str | None = None) -> Array:
    """Computes the condition numbers of matrices, by default the ratio of largest and smallest singular value.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.cond(jnp.array([[4.0, 0.0], [0.0, 2.0]])).item()
        2.0
    """
    x = matrices("linalg.cond", "A", A)
    check.choice("linalg.cond", "p", p, (None, *_ORDERS))
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    x = matrices("linalg.cond", "A", x, True)
    return matrix_norm(x, p) * matrix_norm(jnp.linalg.inv(x), p)
