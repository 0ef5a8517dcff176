"""Factors of matrices and their eigenvalues, for `linalg` and under older names; `triangles` has triangular factors."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.matrices.common import hermitian_part, matrices, transposed
from purenn.interop.ops.results import CholeskyEx, Eigen, Qr, Svd
from purenn.typing import Array, ArrayLike
from purenn.value_checks import known

__all__ = [
    "cholesky",
    "cholesky_ex",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "householder_product",
    "qr",
    "svd",
    "svdvals",
]


def _factor(x: jax.Array, upper: bool) -> jax.Array:
    """The triangle; NaN where the matrix isn't positive definite."""
    lower = jnp.linalg.cholesky(hermitian_part(x, upper), symmetrize_input=False)
    return transposed(lower) if upper else lower


def cholesky(A: ArrayLike, *, upper: bool = False) -> Array:
    """Factors positive definite matrices: ``A = L @ L.mH``, or ``U.mH @ U`` with ``upper``.

    Where a matrix isn't positive definite, which is refused where its values are known, the factor is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.cholesky(jnp.array([[4.0]])).tolist()
        [[2.0]]
    """
    x = matrices("linalg.cholesky", "A", A, True)
    factor = _factor(x, upper)
    values = known(x)
    if values is not None and x.size and bool(jnp.isnan(factor).any()) and not bool(jnp.isnan(x).any()):
        check.fail("linalg.cholesky", "A", "be positive definite", "another matrix")
    return factor


def cholesky_ex(A: ArrayLike, *, upper: bool = False, check_errors: bool = False) -> CholeskyEx:
    """Factors positive definite matrices; for any other ``info`` is 1 and the factor is NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.cholesky_ex(jnp.array([[4.0]])).info.item()
        0
    """
    if check_errors:
        factor = cholesky(A, upper=upper)
    else:
        x = matrices("linalg.cholesky_ex", "A", A, True)
        factor = _factor(x, upper)
    return CholeskyEx(factor, jnp.any(jnp.isnan(factor), (-2, -1)).astype(jnp.int32))


def qr(A: ArrayLike, mode: str = "reduced") -> Qr:
    """Factors matrices into orthonormal columns and an upper triangle: ``A = Q @ R``.

    Args:
        A: of shape (\\*, m, n).
        mode: ``'reduced'``, ``'complete'`` with all m columns, or ``'r'``, which leaves Q empty.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.qr(jnp.ones((3, 2))).Q.shape
        (3, 2)
    """
    x = matrices("linalg.qr", "A", A)
    check.choice("linalg.qr", "mode", mode, ("reduced", "complete", "r"))
    if mode == "r":
        return Qr(jnp.zeros(0, x.dtype), jnp.linalg.qr(x, "r"))  # type: ignore
    return Qr(*jnp.linalg.qr(x, mode))


def svd(A: ArrayLike, full_matrices: bool = True) -> Svd:
    """Factors matrices by singular values: ``A = U @ diag(S) @ Vh``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.svd(jnp.eye(3)[:2], full_matrices=False).S.tolist()
        [1.0, 1.0]
    """
    return Svd(*jnp.linalg.svd(matrices("linalg.svd", "A", A), full_matrices=full_matrices))


def svdvals(A: ArrayLike) -> Array:
    """Returns singular values, in descending order.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.svdvals(jnp.eye(2)).tolist()
        [1.0, 1.0]
    """
    return jnp.linalg.svd(matrices("linalg.svdvals", "A", A), full_matrices=False, compute_uv=False)


def _half(where: str, A: ArrayLike, UPLO: str) -> jax.Array:
    x = matrices(where, "A", A, True)
    check.choice(where, "UPLO", UPLO, ("L", "U", "l", "u"))
    return hermitian_part(x, UPLO in "Uu")


def eigh(A: ArrayLike, UPLO: str = "L") -> Eigen:
    """Returns eigenvalues, ascending, and eigenvectors, as columns, of Hermitian matrices.

    Args:
        A: of shape (\\*, n, n); one triangle is read.
        UPLO: which: ``'L'`` or ``'U'``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.eigh(jnp.array([[2.0, 0.0], [0.0, 1.0]])).eigenvalues.tolist()
        [1.0, 2.0]
    """
    return Eigen(*jnp.linalg.eigh(_half("linalg.eigh", A, UPLO), symmetrize_input=False))


def eigvalsh(A: ArrayLike, UPLO: str = "L") -> Array:
    """Returns eigenvalues of Hermitian matrices, ascending; the arguments are those of `eigh`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.eigvalsh(jnp.array([[2.0, 0.0], [0.0, 1.0]])).tolist()
        [1.0, 2.0]
    """
    return jnp.linalg.eigh(_half("linalg.eigvalsh", A, UPLO), symmetrize_input=False)[0]


def eig(A: ArrayLike) -> Eigen:
    """Returns complex eigenvalues, in no order, and eigenvectors, as columns, of square matrices. It runs on CPUs.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.eig(jnp.array([[2.0]])).eigenvalues.tolist()
        [(2+0j)]
    """
    return Eigen(*jnp.linalg.eig(matrices("linalg.eig", "A", A, True)))


def eigvals(A: ArrayLike) -> Array:
    """Returns complex eigenvalues of square matrices, in no order. It runs on CPUs.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.eigvals(jnp.array([[2.0]])).tolist()
        [(2+0j)]
    """
    return jnp.linalg.eigvals(matrices("linalg.eigvals", "A", A, True))


def householder_product(A: ArrayLike, tau: ArrayLike) -> Array:
    """Returns the first columns of a product of Householder reflections.

    The columns of A below the diagonal are their vectors, ``tau`` has their factors.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.householder_product(jnp.ones((2, 1)), jnp.ones(1)).tolist()
        [[0.0], [-1.0]]
    """
    x, scales = matrices("linalg.householder_product", "A", A), check.array("linalg.householder_product", "tau", tau)
    check.same_dtype("linalg.householder_product", A=x, tau=scales)
    if x.shape[-2] < x.shape[-1] or scales.shape[:-1] != x.shape[:-2] or scales.shape[-1] > x.shape[-1]:
        fit = "have shapes (*, m, n) and (*, k), m >= n >= k"
        check.fail("linalg.householder_product", "A and tau", fit, f"{x.shape} and {scales.shape}")
    m, n = x.shape[-2:]
    product = jnp.broadcast_to(jnp.eye(m, n, dtype=x.dtype), x.shape)
    for i in reversed(range(scales.shape[-1])):
        v = jnp.concatenate(
            [jnp.zeros((*x.shape[:-2], i), x.dtype), jnp.ones((*x.shape[:-2], 1), x.dtype), x[..., i + 1 :, i]], -1
        )
        row = jnp.conj(v)[..., None, :] @ product
        product = product - (jnp.broadcast_to(scales[..., i, None], v.shape) * v)[..., None] @ row
    return product
