"""Equations of matrices, ``A @ X = B``, for `linalg`. `least_squares` has those without an exact solution."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.linalg import lu as packed_lu
from purenn.interop.ops.matrices.common import batched, matrices, refuse_singular
from purenn.interop.ops.results import SolveEx
from purenn.typing import Array, ArrayLike

__all__ = ["solve", "solve_ex", "solve_triangular"]


def right_side(where: str, a: jax.Array, B: ArrayLike) -> tuple[jax.Array, bool]:
    """The right side, and whether it is a batch of vectors, by torch's rule."""
    b = check.array(where, "B", B)
    check.same_dtype(where, A=a, B=b)
    vectors = b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])
    if not vectors and b.ndim < 2:
        check.fail(where, "B", "have rank 1 or more", f"shape {b.shape}")
    return (b[..., None] if vectors else b), vectors


def solve(A: ArrayLike, B: ArrayLike, *, left: bool = True) -> Array:
    """Solves ``A @ X = B``, or ``X @ A = B`` with ``left=False``.

    Args:
        A: of shape (\\*, n, n).
        B: of shape (\\*, n, k), or vectors: (n), or A's shape without its last dimension.
        left: on which side A is.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.solve(jnp.array([[2.0]]), jnp.array([6.0])).tolist()
        [3.0]
    """
    a = matrices("linalg.solve", "A", A, True)
    b, vectors = right_side("linalg.solve", a, B)
    if not left:
        if vectors:
            check.fail("linalg.solve", "left", "be True for vectors", left)
        return jnp.swapaxes(solve(jnp.swapaxes(a, -1, -2), jnp.swapaxes(b, -1, -2)), -1, -2)
    if b.shape[-2] != a.shape[-1]:
        check.fail("linalg.solve", "B", f"have {a.shape[-1]} rows, as A", f"shape {b.shape}")
    a, b = batched("linalg.solve", a, b)
    x = refuse_singular("linalg.solve", jnp.linalg.solve(a, b) if b.size else b, a, b)
    return x[..., 0] if vectors else x


def solve_ex(A: ArrayLike, B: ArrayLike, *, left: bool = True, check_errors: bool = False) -> SolveEx:
    """Solves ``A @ X = B`` as `solve`; ``info`` is 0 where A is invertible.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.solve_ex(jnp.array([[2.0]]), jnp.array([6.0])).result.tolist()
        [3.0]
    """
    a = matrices("linalg.solve_ex", "A", A, True)
    if check_errors:
        return SolveEx(solve(a, B, left=left), jnp.zeros(a.shape[:-2], jnp.int32))
    with_nothing_known = jax.jit(lambda a, b: solve(a, b, left=left))  # so that a singular matrix isn't refused
    solution = with_nothing_known(a, check.array("linalg.solve_ex", "B", B))
    pivots = jnp.diagonal(packed_lu(a)[0], axis1=-2, axis2=-1)
    return SolveEx(solution, jnp.any(pivots == 0, -1).astype(jnp.int32))


def solve_triangular(
    A: ArrayLike, B: ArrayLike, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Array:
    """Solves ``A @ X = B`` for a triangular A, or ``X @ A = B`` with ``left=False``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.solve_triangular(jnp.array([[2.0]]), jnp.array([[6.0]]), upper=True).tolist()
        [[3.0]]
    """
    where = "linalg.solve_triangular"
    a, b = matrices(where, "A", A, True), matrices(where, "B", B)
    check.same_dtype(where, A=a, B=b)
    if b.shape[-2 if left else -1] != a.shape[-1]:
        check.fail(where, "A and B", "have shapes that fit", f"{a.shape} and {b.shape}")
    a, b = batched(where, a, b)
    if not b.size:
        return b
    return lax.linalg.triangular_solve(a, b, left_side=left, lower=not upper, unit_diagonal=unitriangular)
