"""torch.* names of linear algebra that are older than torch.linalg."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.interop.ops.matrices import decompositions, inverses, least_squares, solving, triangles
from purenn.interop.ops.matrices.common import batched, matrices, transposed
from purenn.interop.ops.results import Qr, Svd
from purenn.typing import Array, ArrayLike

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "det",
    "inverse",
    "logdet",
    "lu_solve",
    "lu_unpack",
    "matrix_exp",
    "matrix_power",
    "orgqr",
    "pinverse",
    "qr",
    "slogdet",
    "svd",
    "triangular_solve",
]

Pair = tuple[jax.Array, jax.Array]

det = inverses.det
inverse = inverses.inv
matrix_exp = inverses.matrix_exp
matrix_power = inverses.matrix_power
lu_unpack = triangles.lu_unpack
orgqr = decompositions.householder_product
slogdet = inverses.slogdet


def cholesky(input: ArrayLike, upper: bool = False) -> Array:
    """Factors positive definite matrices, as `linalg.cholesky`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cholesky(jnp.array([[4.0]])).tolist()
        [[2.0]]
    """
    return decompositions.cholesky(input, upper=upper)


def cholesky_solve(B: ArrayLike, L: ArrayLike, upper: bool = False) -> Array:
    """Solves ``A @ X = B`` with the Cholesky factor of A.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cholesky_solve(jnp.array([[8.0]]), jnp.array([[2.0]])).tolist()
        [[2.0]]
    """
    b, factor = matrices("cholesky_solve", "B", B), matrices("cholesky_solve", "L", L, True)
    b, factor = batched("cholesky_solve", b, factor)
    if b.shape[-2] != factor.shape[-1]:
        check.fail("cholesky_solve", "B", f"have {factor.shape[-1]} rows, as L", f"shape {b.shape}")
    return _solved(factor, b, upper) if b.size else b


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
def _solved(factor: jax.Array, b: jax.Array, upper: bool) -> jax.Array:
    lower = transposed(factor) if upper else factor
    half = lax.linalg.triangular_solve(lower, b, left_side=True, lower=True)
    return lax.linalg.triangular_solve(lower, half, left_side=True, lower=True, transpose_a=True, conjugate_a=True)


@_solved.defjvp
def _solved_jvp(upper: bool, primals: Pair, tangents: Pair) -> Pair:
    """One triangle is read, and both have a derivative, as in torch."""
    (factor, b), (change, db) = primals, tangents
    x = _solved(factor, b, upper)
    triangle = jnp.triu(factor) if upper else jnp.tril(factor)
    product = transposed(change) @ triangle if upper else change @ transposed(triangle)
    return x, _solved(factor, db - (product + transposed(product)) @ x, upper)


def cholesky_inverse(L: ArrayLike, upper: bool = False) -> Array:
    """Inverts matrices whose Cholesky factors are given.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cholesky_inverse(jnp.array([[2.0]])).tolist()
        [[0.25]]
    """
    factor = matrices("cholesky_inverse", "L", L, True)
    return cholesky_solve(jnp.broadcast_to(jnp.eye(factor.shape[-1], dtype=factor.dtype), factor.shape), factor, upper)


def logdet(input: ArrayLike) -> Array:
    """Computes logarithms of determinants: NaN where one is negative, -inf where it is 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.logdet(jnp.eye(2)).item()
        0.0
    """
    sign, logarithm = inverses.slogdet(input)
    if jnp.iscomplexobj(sign):
        return logarithm + jnp.log(sign)
    return jnp.where(sign < 0, jnp.full_like(logarithm, jnp.nan), logarithm)


def lu_solve(b: ArrayLike, LU_data: ArrayLike, LU_pivots: ArrayLike) -> Array:
    """Solves ``A @ X = b`` with the factors of A, which come after b here.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.lu_solve(jnp.array([[6.0]]), *ops.linalg.lu_factor(jnp.array([[2.0]]))).tolist()
        [[3.0]]
    """
    return triangles.lu_solve(LU_data, LU_pivots, b)


def pinverse(input: ArrayLike, rcond: float = 1e-15) -> Array:
    """Computes pseudoinverses, as `linalg.pinv`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.pinverse(jnp.array([[2.0], [0.0]])).tolist()
        [[0.5, 0.0]]
    """
    return least_squares.pinv(input, rcond)


def qr(input: ArrayLike, some: bool = True) -> Qr:
    """Factors matrices, as `linalg.qr`; ``some`` is its mode ``'reduced'``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.qr(jnp.ones((3, 2))).R.shape
        (2, 2)
    """
    return decompositions.qr(input, "reduced" if some else "complete")


def svd(input: ArrayLike, some: bool = True, compute_uv: bool = True) -> tuple[Array, Array, Array]:
    """Factors matrices by singular values: ``U @ diag(S) @ V.mH``; the third result is V, not its transpose.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.shape for x in ops.svd(jnp.ones((2, 3)))]
        [(2, 2), (2,), (3, 2)]
    """
    if not compute_uv:
        x = matrices("svd", "input", input)
        m, n = x.shape[-2:]
        values = decompositions.svdvals(x)
        return Svd(jnp.zeros((*x.shape[:-2], m, m), x.dtype), values, jnp.zeros((*x.shape[:-2], n, n), x.dtype))
    u, s, vh = decompositions.svd(input, not some)
    return (u, s, transposed(vh))


def triangular_solve(
    b: ArrayLike, A: ArrayLike, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> tuple[Array, Array]:
    """Solves ``A @ X = b`` for a triangular A, which is returned with the solution.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.triangular_solve(jnp.array([[6.0]]), jnp.array([[2.0]]))[0].tolist()
        [[3.0]]
    """
    a = matrices("triangular_solve", "A", A, True)
    matrix = transposed(a) if transpose else a
    return solving.solve_triangular(matrix, b, upper=upper != transpose, unitriangular=unitriangular), a
