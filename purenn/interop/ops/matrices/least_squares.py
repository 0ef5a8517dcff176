"""Least squares, pseudoinverses and ranks, for `linalg`: singular values below a bound count as 0."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.matrices.common import batched, hermitian_part, matrices, transposed
from purenn.interop.ops.matrices.decompositions import svdvals
from purenn.interop.ops.matrices.solving import right_side
from purenn.interop.ops.operands import default_dtype
from purenn.interop.ops.results import LeastSquares
from purenn.typing import Array, ArrayLike

__all__ = ["lstsq", "matrix_rank", "pinv"]


def lstsq(A: ArrayLike, B: ArrayLike, rcond: float | None = None, *, driver: str | None = None) -> LeastSquares:
    """Solves ``min |A @ X - B|`` by singular values; the driver only says which results aren't empty, as in torch.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.lstsq(jnp.array([[1.0], [1.0]]), jnp.array([[1.0], [3.0]])).solution.round(4).tolist()
        [[2.0]]
    """
    where = "linalg.lstsq"
    check.choice(where, "driver", driver, (None, "gels", "gelsy", "gelsd", "gelss"))
    a = matrices(where, "A", A)
    b, vectors = right_side(where, a, B)
    if b.shape[-2] != a.shape[-2]:
        check.fail(where, "B", f"have {a.shape[-2]} rows, as A", f"shape {b.shape}")
    a, b = batched(where, a, b)
    m, n = a.shape[-2:]
    tolerance = jnp.finfo(a.dtype).eps * max(m, n) if rcond is None else rcond
    x, s = _least_squares(a, b, tolerance)
    empty = jnp.zeros(0, s.dtype)
    counted = jnp.sum(s > _bound(a, s, None, tolerance), -1, dtype=default_dtype(1))
    rank = empty.astype(default_dtype(1)) if driver == "gels" else counted
    with_squares = m > n and driver not in (None, "gelsy")
    squares = jnp.sum(jnp.abs(a @ x - b) ** 2, -2) if with_squares else empty
    return LeastSquares(x[..., 0] if vectors else x, squares, rank, s if driver in ("gelsd", "gelss") else empty)


@jax.custom_jvp
def _least_squares(a: jax.Array, b: jax.Array, tolerance: ArrayLike) -> tuple[jax.Array, jax.Array]:
    """The solution, and the singular values, which have no derivative in torch either."""
    u, s, vh = jnp.linalg.svd(a, full_matrices=False)
    return transposed(vh) @ (
        _inverted(a, s, None, tolerance)[..., None] * jnp.ones((), a.dtype) * (transposed(u) @ b)
    ), s


@_least_squares.defjvp
def _least_squares_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """Derives the pseudoinverse: the derivatives of the factors are inexact where singular values are close."""
    (a, b, tolerance), (da, db, _) = primals, tangents
    p, dp = jax.jvp(lambda a: _pseudoinverse(a, None, tolerance), (a,), (da,))
    x, s = _least_squares(a, b, tolerance)
    return (x, s), (dp @ b + p @ db, jnp.zeros_like(s))


def pinv(
    A: ArrayLike,
    rcond: ArrayLike | None = None,
    hermitian: bool = False,
    *,
    atol: ArrayLike | None = None,
    rtol: ArrayLike | None = None,
) -> Array:
    """Computes pseudoinverses; singular values below a bound count as 0.

    Args:
        A: of shape (\\*, m, n).
        rcond: the bound relative to the largest singular value, an older name of ``rtol``.
        hermitian: whether A is; then the lower triangle is read.
        atol: the bound itself.
        rtol: the relative bound; None is the larger size times the dtype's epsilon, if there is no ``atol``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.pinv(jnp.array([[2.0], [0.0]])).tolist()
        [[0.5, 0.0]]
    """
    x = matrices("linalg.pinv", "A", A, hermitian)
    if not x.size:
        return jnp.swapaxes(x, -1, -2)
    return _pseudoinverse(hermitian_part(x, False) if hermitian else x, atol, rcond if rtol is None else rtol)


@jax.custom_jvp
def _pseudoinverse(x: jax.Array, atol: ArrayLike | None, rtol: ArrayLike | None) -> jax.Array:
    u, s, vh = jnp.linalg.svd(x, full_matrices=False)
    inverse, v = _inverted(x, s, atol, rtol), transposed(vh)
    return (v * jnp.broadcast_to(inverse[..., None, :], v.shape)) @ transposed(u)


@_pseudoinverse.defjvp
def _pseudoinverse_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[jax.Array, jax.Array]:
    """The derivative where the rank stays: Golub and Pereyra, 1973. Equal singular values have no other."""
    x, change = primals[0], tangents[0]
    p = _pseudoinverse(*primals)
    back = transposed(change)
    outer = p @ transposed(p) @ (back - back @ x @ p)
    inner = (back - p @ x @ back) @ transposed(p) @ p
    return p, outer + inner - p @ change @ p


def _inverted(x: jax.Array, s: jax.Array, atol: ArrayLike | None, rtol: ArrayLike | None) -> jax.Array:
    """One over the singular values of x, and 0 for those that count as 0."""
    kept = s > _bound(x, s, atol, rtol)
    return jnp.where(kept, 1 / jnp.where(kept, s, jnp.ones((), s.dtype)), jnp.zeros((), s.dtype)).astype(x.dtype)


def _bound(x: jax.Array, s: jax.Array, atol: ArrayLike | None, rtol: ArrayLike | None) -> jax.Array:
    """The bound up to which singular values count as 0."""
    if rtol is None:
        rtol = 0.0 if atol is not None else max(x.shape[-2:]) * float(jnp.finfo(s.dtype).eps)
    largest = jnp.max(s, -1, keepdims=True, initial=0)
    low, relative = (jnp.asarray(v, s.dtype) for v in (0.0 if atol is None else atol, rtol))
    low, relative = (v[..., None] if v.ndim else v for v in (low, relative))
    with jax.numpy_rank_promotion("allow"):
        return jnp.maximum(low, relative * largest)


def matrix_rank(
    A: ArrayLike,
    tol: ArrayLike | None = None,
    hermitian: bool = False,
    *,
    atol: ArrayLike | None = None,
    rtol: ArrayLike | None = None,
) -> Array:
    """Counts the singular values above a bound; see `pinv`. ``tol`` is an older name of ``atol``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.matrix_rank(jnp.ones((2, 2))).item()
        1
    """
    x = matrices("linalg.matrix_rank", "A", A, hermitian)
    if not x.shape[-1] or not x.shape[-2]:
        return jnp.zeros(x.shape[:-2], default_dtype(1))
    s = svdvals(hermitian_part(x, False) if hermitian else x)
    return jnp.sum(s > _bound(x, s, tol if atol is None else atol, rtol), -1, dtype=default_dtype(1))
