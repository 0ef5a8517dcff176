"""Triangular factors with exchanged rows, for `linalg` and under torch's older names: made, unpacked, used to solve."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.linalg import lu as packed_lu
from purenn.interop.ops.matrices.common import batched, matrices, transposed
from purenn.interop.ops.results import LuFactors, LuFactorsEx, TriangularFactors
from purenn.typing import Array, ArrayLike
from purenn.value_checks import known

__all__ = ["lu", "lu_factor", "lu_factor_ex", "lu_solve", "lu_unpack"]


def lu_factor(A: ArrayLike, *, pivot: bool = True) -> LuFactors:
    """Factors matrices into triangles, both in one, with rows exchanged, as in `purenn.functional.lu`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.lu_factor(jnp.eye(2)).pivots.tolist()
        [1, 2]
    """
    return LuFactors(*packed_lu(matrices("linalg.lu_factor", "A", A), pivot))


def lu_factor_ex(A: ArrayLike, *, pivot: bool = True, check_errors: bool = False) -> LuFactorsEx:
    """Factors matrices as `lu_factor`; ``info`` is 0 where a matrix is invertible.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.lu_factor_ex(jnp.eye(2)).info.item()
        0
    """
    factors = LuFactorsEx(*packed_lu(matrices("linalg.lu_factor_ex", "A", A), pivot, True))
    values = known(factors.info)
    if check_errors and values is not None and values.any():
        check.fail("linalg.lu_factor_ex", "A", "be invertible", "a singular matrix")
    return factors


def lu_unpack(
    LU_data: ArrayLike, LU_pivots: ArrayLike, unpack_data: bool = True, unpack_pivots: bool = True
) -> TriangularFactors:
    """Returns the permutation and the two triangles that `lu_factor` has packed; what isn't asked for is empty.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.lu_unpack(*ops.linalg.lu_factor(jnp.eye(2))).L.tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    x, pivots = matrices("lu_unpack", "LU_data", LU_data), check.array("lu_unpack", "LU_pivots", LU_pivots)
    m, n = x.shape[-2:]
    check.shape("lu_unpack", "LU_pivots", pivots, (*x.shape[:-2], min(m, n)))
    empty = jnp.zeros(0, x.dtype)
    permutation = lower = upper = empty
    if unpack_pivots:
        permutation = _permutation(lax.linalg.lu_pivots_to_permutation(pivots - 1, m), m).astype(x.dtype)
    if unpack_data:
        lower, upper = _triangles(x)
    return TriangularFactors(permutation, lower, upper)


def _permutation(order: jax.Array, m: int) -> jax.Array:
    shape = (*order.shape, m)
    rows = lax.broadcasted_iota(order.dtype, shape, order.ndim)
    return jnp.swapaxes(rows == jnp.broadcast_to(order[..., None], shape), -1, -2)


def _triangles(factors: jax.Array) -> tuple[jax.Array, jax.Array]:
    m, n = factors.shape[-2:]
    k = min(m, n)
    one = jnp.broadcast_to(jnp.eye(m, k, dtype=factors.dtype), (*factors.shape[:-2], m, k))
    return jnp.tril(factors[..., :k], -1) + one, jnp.triu(factors[..., :k, :])


def lu(A: ArrayLike, *, pivot: bool = True) -> TriangularFactors:
    """Factors matrices: ``A = P @ L @ U``, a permutation, a lower triangle with ones, an upper triangle.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.lu(jnp.eye(2)).U.tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    x = matrices("linalg.lu", "A", A)
    if not pivot:
        check.fail("linalg.lu", "pivot", "be True", pivot)
    m, k = x.shape[-2], min(x.shape[-2:])
    if 0 in x.shape:
        identity = jnp.broadcast_to(jnp.eye(m, dtype=x.dtype), (*x.shape[:-2], m, m))
        return TriangularFactors(identity, identity[..., :k], x[..., :k, :])
    factors, _, order = lax.linalg.lu(x)
    return TriangularFactors(_permutation(order, m).astype(x.dtype), *_triangles(factors))


def lu_solve(LU: ArrayLike, pivots: ArrayLike, B: ArrayLike, *, left: bool = True, adjoint: bool = False) -> Array:
    """Solves ``A @ X = B`` with the factors that `lu_factor` gives.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.lu_solve(*ops.linalg.lu_factor(jnp.array([[2.0]])), jnp.array([[6.0]])).tolist()
        [[3.0]]
    """
    where = "linalg.lu_solve"
    factors, b = matrices(where, "LU", LU, True), matrices(where, "B", B)
    check.same_dtype(where, LU=factors, B=b)
    if not left:
        return transposed(lu_solve(factors, pivots, transposed(b), adjoint=not adjoint))
    if b.shape[-2] != factors.shape[-1]:
        check.fail(where, "B", f"have {factors.shape[-1]} rows, as LU", f"shape {b.shape}")
    order = check.array(where, "pivots", pivots)
    check.shape(where, "pivots", order, factors.shape[:-1])
    factors, b = batched(where, factors, b)
    if not b.size:
        return b
    rows = jnp.broadcast_to(lax.linalg.lu_pivots_to_permutation(order - 1, factors.shape[-1]), factors.shape[:-1])
    if not adjoint:
        b = jnp.take_along_axis(b, rows[..., None], -2)
        b = lax.linalg.triangular_solve(factors, b, left_side=True, lower=True, unit_diagonal=True)
        return lax.linalg.triangular_solve(factors, b, left_side=True, lower=False)
    options = {"left_side": True, "transpose_a": True, "conjugate_a": True}
    b = lax.linalg.triangular_solve(factors, b, lower=False, **options)
    b = lax.linalg.triangular_solve(factors, b, lower=True, unit_diagonal=True, **options)
    return jnp.take_along_axis(b, jnp.argsort(rows, -1)[..., None], -2)
