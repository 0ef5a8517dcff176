"""Inverses, determinants, norms and equations of matrices, for `linalg` and under torch's older names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.linalg import lu as packed_lu
from purenn.functional.linalg import norm as vector_or_nuclear
from purenn.interop.ops.decompositions import hermitian_part, matrices, svdvals, transposed
from purenn.interop.ops.operands import as_dtype, default_dtype, integer
from purenn.interop.ops.results import InverseEx, LeastSquares, SignLogDet, SolveEx
from purenn.lowering.norm import modulus
from purenn.typing import Array, ArrayLike, DTypeLike
from purenn.value_checks import known

__all__ = [
    "cond",
    "det",
    "inv",
    "inv_ex",
    "lstsq",
    "lu_solve",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "norm",
    "pinv",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "vector_norm",
]


def _regular(where: str, result: jax.Array, *given: jax.Array) -> jax.Array:
    """Refuses a singular matrix where its values are known."""
    if result.size and all(known(x) is not None for x in given):
        finite = [bool(jnp.isfinite(x).all()) for x in (result, *given)]
        if not finite[0] and all(finite[1:]):
            check.fail(where, "A", "be invertible", "a singular matrix")
    return result


def det(A: ArrayLike) -> Array:
    """Computes determinants of square matrices.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.det(jnp.array([[2.0, 0.0], [0.0, 3.0]])).item()
        6.0
    """
    x = matrices("linalg.det", "A", A, True)
    return jnp.linalg.det(x) if x.shape[-1] else jnp.ones(x.shape[:-2], x.dtype)


def slogdet(A: ArrayLike) -> SignLogDet:
    """Computes signs, and logarithms of moduli, of determinants.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.slogdet(jnp.eye(2)).logabsdet.item()
        0.0
    """
    x = matrices("linalg.slogdet", "A", A, True)
    if not x.shape[-1]:
        return SignLogDet(jnp.ones(x.shape[:-2], x.dtype), jnp.zeros(x.shape[:-2], jnp.finfo(x.dtype).dtype))
    return SignLogDet(*jnp.linalg.slogdet(x))


def inv(A: ArrayLike) -> Array:
    """Inverts matrices; a singular one, which is refused where it is known, gives infinities or NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.inv(jnp.array([[2.0]])).tolist()
        [[0.5]]
    """
    x = matrices("linalg.inv", "A", A, True)
    return _regular("linalg.inv", jnp.linalg.inv(x) if x.size else x, x)


def inv_ex(A: ArrayLike, *, check_errors: bool = False) -> InverseEx:
    """Inverts matrices, and tells by ``info`` 0 where it could.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.inv_ex(jnp.array([[2.0]])).info.item()
        0
    """
    x = matrices("linalg.inv_ex", "A", A, True)
    inverse = inv(x) if check_errors else jnp.linalg.inv(x) if x.size else x
    return InverseEx(inverse, (~jnp.all(jnp.isfinite(inverse), (-2, -1))).astype(jnp.int32))


def _right_side(where: str, a: jax.Array, B: Any) -> tuple[jax.Array, bool]:
    """The right side, and whether it is a batch of vectors, by torch's rule."""
    b = check.array(where, "B", B)
    check.same_dtype(where, A=a, B=b)
    vectors = b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])
    if not vectors and b.ndim < 2:
        check.fail(where, "B", "have rank 1 or more", f"shape {b.shape}")
    return (b[..., None] if vectors else b), vectors


def batched(where: str, a: jax.Array, b: jax.Array) -> list[jax.Array]:
    """Matrices with their batches broadcast."""
    try:
        batch = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        check.fail(where, "A and B", "have batches that broadcast", f"{a.shape} and {b.shape}")
    return [jnp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b)]


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
    b, vectors = _right_side("linalg.solve", a, B)
    if not left:
        if vectors:
            check.fail("linalg.solve", "left", "be True for vectors", left)
        return jnp.swapaxes(solve(jnp.swapaxes(a, -1, -2), jnp.swapaxes(b, -1, -2)), -1, -2)
    if b.shape[-2] != a.shape[-1]:
        check.fail("linalg.solve", "B", f"have {a.shape[-1]} rows, as A", f"shape {b.shape}")
    a, b = batched("linalg.solve", a, b)
    x = _regular("linalg.solve", jnp.linalg.solve(a, b) if b.size else b, a, b)
    return x[..., 0] if vectors else x


def solve_ex(A: ArrayLike, B: ArrayLike, *, left: bool = True, check_errors: bool = False) -> SolveEx:
    """Solves ``A @ X = B`` as `solve`, and tells by ``info`` 0 where A is invertible.

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
    found = with_nothing_known(a, check.array("linalg.solve_ex", "B", B))
    pivots = jnp.diagonal(packed_lu(a)[0], axis1=-2, axis2=-1)
    return SolveEx(found, jnp.any(pivots == 0, -1).astype(jnp.int32))


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
    turned = {"left_side": True, "transpose_a": True, "conjugate_a": True}
    b = lax.linalg.triangular_solve(factors, b, lower=False, **turned)
    b = lax.linalg.triangular_solve(factors, b, lower=True, unit_diagonal=True, **turned)
    return jnp.take_along_axis(b, jnp.argsort(rows, -1)[..., None], -2)


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
    b, vectors = _right_side(where, a, B)
    if b.shape[-2] != a.shape[-2]:
        check.fail(where, "B", f"have {a.shape[-2]} rows, as A", f"shape {b.shape}")
    a, b = batched(where, a, b)
    m, n = a.shape[-2:]
    cut = jnp.finfo(a.dtype).eps * max(m, n) if rcond is None else rcond
    x, s = _least_squares(a, b, cut)
    nothing = jnp.zeros(0, s.dtype)
    counted = jnp.sum(s > _bound(a, s, None, cut), -1, dtype=default_dtype(1))
    rank = nothing.astype(default_dtype(1)) if driver == "gels" else counted
    with_squares = m > n and driver not in (None, "gelsy")
    squares = jnp.sum(jnp.abs(a @ x - b) ** 2, -2) if with_squares else nothing
    return LeastSquares(x[..., 0] if vectors else x, squares, rank, s if driver in ("gelsd", "gelss") else nothing)


@jax.custom_jvp
def _least_squares(a: jax.Array, b: jax.Array, cut: Any) -> tuple[jax.Array, jax.Array]:
    """The solution, and the singular values, which have no derivative in torch either."""
    u, s, vh = jnp.linalg.svd(a, full_matrices=False)
    return transposed(vh) @ (_inverted(a, s, None, cut)[..., None] * jnp.ones((), a.dtype) * (transposed(u) @ b)), s


@_least_squares.defjvp
def _least_squares_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """By the derivative of the pseudoinverse: that of the factors is inexact where singular values are close."""
    (a, b, cut), (da, db, _) = primals, tangents
    p, dp = jax.jvp(lambda a: _pseudoinverse(a, None, cut), (a,), (da,))
    x, s = _least_squares(a, b, cut)
    return (x, s), (dp @ b + p @ db, jnp.zeros_like(s))


def pinv(
    A: ArrayLike,
    rcond: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
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
def _pseudoinverse(x: jax.Array, atol: Any, rtol: Any) -> jax.Array:
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


def _inverted(x: jax.Array, s: jax.Array, atol: Any, rtol: Any) -> jax.Array:
    """One over the singular values of x, and 0 for those that count as 0."""
    kept = s > _bound(x, s, atol, rtol)
    return jnp.where(kept, 1 / jnp.where(kept, s, jnp.ones((), s.dtype)), jnp.zeros((), s.dtype)).astype(x.dtype)


def _bound(x: jax.Array, s: jax.Array, atol: Any, rtol: Any) -> jax.Array:
    """Up to which singular values count as 0."""
    if rtol is None:
        rtol = 0.0 if atol is not None else max(x.shape[-2:]) * float(jnp.finfo(s.dtype).eps)
    most = jnp.max(s, -1, keepdims=True, initial=0)
    low, relative = (jnp.asarray(v, s.dtype) for v in (0.0 if atol is None else atol, rtol))
    low, relative = (v[..., None] if v.ndim else v for v in (low, relative))
    with jax.numpy_rank_promotion("allow"):
        return jnp.maximum(low, relative * most)


def matrix_rank(A: ArrayLike, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Array:
    """Counts the singular values above a bound; `pinv` says the arguments, ``tol`` being an older name of ``atol``.

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


def matrix_power(A: ArrayLike, n: int) -> Array:
    """Computes the n-th power of square matrices; of negative n that of the inverse.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.matrix_power(jnp.array([[2.0]]), 3).tolist()
        [[8.0]]
    """
    x, n = check.array("linalg.matrix_power", "A", A), check.integer("linalg.matrix_power", "n", integer("", "n", n))
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        check.fail("linalg.matrix_power", "A", "have shape (*, n, n)", f"shape {x.shape}")
    return jnp.linalg.matrix_power(x, n) if x.size else x


def matrix_exp(A: ArrayLike) -> Array:
    """Computes the exponential of square matrices.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.matrix_exp(jnp.zeros((1, 1))).tolist()
        [[1.0]]
    """
    x = check.array("linalg.matrix_exp", "A", A)
    check.inexact("linalg.matrix_exp", "A", x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        check.fail("linalg.matrix_exp", "A", "have shape (*, n, n)", f"shape {x.shape}")
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        return jax.scipy.linalg.expm(x, max_squarings=64) if x.size else x


def vector_norm(
    x: ArrayLike, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: DTypeLike | None = None
) -> Array:
    """Computes the p-norm of vectors, of all elements by default; `purenn.functional.norm` says more.

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
    ord: Any = "fro",
    dim: Sequence[int] = (-2, -1),
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
    if x.ndim < 2 or len(dim) != 2:
        check.fail(where, "A and dim", "have two dimensions", f"shape {x.shape}, {tuple(dim)}")
    axes = check.axes(where, "dim", tuple(dim), x.ndim)
    if ord in ("fro", "nuc"):
        return vector_or_nuclear(x, ord, axes, keepdim)
    rows, columns = axes
    if ord in (2, -2):
        values = svdvals(jnp.moveaxis(x, axes, (-2, -1)))
        found = jnp.max(values, -1) if ord > 0 else jnp.min(values, -1)
    else:
        summed, other = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = jnp.sum(modulus(x), summed, keepdims=True)
        found = jnp.squeeze((jnp.max if ord > 0 else jnp.min)(sums, other, keepdims=True), axes)
    return jnp.expand_dims(found, axes) if keepdim else found


def norm(
    A: ArrayLike, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: DTypeLike | None = None
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
    several = isinstance(dim, Sequence) and len(dim) == 2
    if several or (dim is None and x.ndim == 2) or isinstance(ord, str):
        return matrix_norm(x, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if dim is None and x.ndim != 1:
        check.fail("linalg.norm", "A", "have rank 1 or 2 where ord is given without dim", f"shape {x.shape}")
    return vector_norm(x, ord, dim, keepdim, dtype=dtype)


def cond(A: ArrayLike, p: Any = None) -> Array:
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
