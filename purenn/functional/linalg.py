"""Distances, norms and decompositions of matrices."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check, random
from purenn.functional.dtypes import result_type
from purenn.functional.tensor import arrays_of, one_dtype
from purenn.lowering.distance import differing, power_sums
from purenn.lowering.norm import max_modulus, root, vector_norm
from purenn.typing import Array, ArrayLike, DTypeLike, Key

__all__ = ["block_diag", "cdist", "chain_matmul", "lu", "norm", "pca_lowrank", "svd_lowrank"]


def block_diag(*tensors: ArrayLike) -> Array:
    r"""A matrix with the given ones along its diagonal and zeros elsewhere.

    Args:
        tensors: arrays of rank 2; :math:`(n)` counts as :math:`(1, n)` and :math:`()` as :math:`(1, 1)`.

    Returns:
        An array of shape :math:`(\sum m_k, \sum n_k)`, of the common dtype; :math:`(1, 0)` for no arguments.

    Raises:
        ValueError: a rank above 2. TypeError: an argument isn't an array.

    Source: ``torch.block_diag``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.block_diag(jnp.array([[1, 2]]), jnp.array([[3]])).tolist()
        [[1, 2, 0], [0, 0, 3]]
    """
    arrays = arrays_of("block_diag", tensors)
    for i, x in enumerate(arrays):
        check.rank("block_diag", f"tensors[{i}]", x, (0, 1, 2))
    if not arrays:
        return jnp.zeros((1, 0), jnp.float32)
    dtype = result_type(*arrays)
    blocks = [x.astype(dtype).reshape((1,) * (2 - x.ndim) + x.shape) for x in arrays]
    width, left, rows = sum(b.shape[1] for b in blocks), 0, []
    for block in blocks:
        rows.append(jnp.pad(block, ((0, 0), (left, width - left - block.shape[1]))))
        left += block.shape[1]
    return jnp.concatenate(rows)


_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


def cdist(x1: ArrayLike, x2: ArrayLike, p: float = 2.0, compute_mode: str = _MODES[0]) -> Array:
    r"""The distance of every row of one matrix to every row of another: :math:`d_{ij} = \lVert a_i - b_j \rVert_p`.

    The gradient at distance 0 is 0. For infinite p, every component that attains the maximum has the full gradient,
    as in torch.

    Args:
        x1: of shape :math:`(*, P, M)`.
        x2: of shape :math:`(*, R, M)`; the leading dimensions broadcast.
        p: 0 or above: 0 counts the components that differ, ``inf`` takes the largest difference.
        compute_mode: for p = 2, ``'use_mm_for_euclid_dist'`` computes
            :math:`\sqrt{|a|^2 - 2\,a \cdot b + |b|^2}`, which is faster and cancels for close rows;
            ``'donot_use_mm_for_euclid_dist'`` sums the squared differences;
            ``'use_mm_for_euclid_dist_if_necessary'`` does the first where P or R is above 25.

    Returns:
        An array of shape :math:`(*, P, R)`.

    Raises:
        ValueError: the shapes don't fit, p is negative, or another ``compute_mode``.
        TypeError: the inputs aren't floating-point arrays of one dtype, or p is no number; half types where the
            distances aren't made of products.

    Differs from torch for infinite p where a component is NaN: so is the distance, torch leaves the component out.

    Source: ``torch.cdist``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cdist(jnp.zeros((1, 2)), jnp.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
        [[5.0, 1.0]]
    """
    a, b = check.array("cdist", "x1", x1), check.array("cdist", "x2", x2)
    for name, x in (("x1", a), ("x2", b)):
        check.floating("cdist", name, x)
        if x.ndim < 2:
            check.fail("cdist", name, "have shape (*, rows, columns)", f"shape {x.shape}")
    check.same_dtype("cdist", x1=a, x2=b)
    if a.shape[-1] != b.shape[-1]:
        check.fail("cdist", "x2", f"have {a.shape[-1]} columns, as x1", f"shape {b.shape}")
    if not isinstance(p, int | float):
        check.fail("cdist", "p", "be a number", repr(p), TypeError)
    if not p >= 0:
        check.fail("cdist", "p", "be at least 0", p)
    check.choice("cdist", "compute_mode", compute_mode, _MODES)
    try:
        batch = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        check.fail("cdist", "x2", f"have leading dimensions that go with {a.shape[:-2]}", f"shape {b.shape}")
    a, b = (jnp.broadcast_to(x, batch + x.shape[-2:]) for x in (a, b))
    rows = max(a.shape[-2], b.shape[-2])
    if p == 2 and (compute_mode == _MODES[1] or (compute_mode == _MODES[0] and rows > 25)):
        return _euclidean(a, b)
    if 0 not in (*a.shape, b.shape[-2]):
        check.at_least_single("cdist", "x1", a)
        if p not in (0, math.inf):
            sums = power_sums(*(x.reshape(-1, *x.shape[-2:]) for x in (a, b)), float(p))
            return root(sums, p).reshape(*batch, a.shape[-2], b.shape[-2])
    difference = a[..., :, None, :] - b[..., None, :, :]
    if p == math.inf:
        return max_modulus(difference) if a.shape[-1] else jnp.zeros(difference.shape[:-1], a.dtype)
    return differing(difference)


def _euclidean(a: jax.Array, b: jax.Array) -> jax.Array:
    """Distances from products. One product gives the sum of all three terms, so that equal rows cancel better."""
    ones = lambda x: jnp.ones((*x.shape[:-1], 1), x.dtype)  # noqa: E731
    squared = lambda x: jnp.sum(jnp.square(x), -1, keepdims=True)  # noqa: E731
    left = jnp.concatenate([-2 * a, squared(a), ones(a)], -1)
    right = jnp.concatenate([b, ones(b), squared(b)], -1)
    d = jnp.maximum(jnp.matmul(left, jnp.swapaxes(right, -1, -2), precision=lax.Precision.HIGHEST), 0)
    return jnp.where(d == 0, 0, jnp.sqrt(jnp.where(d == 0, 1, d)))  # the gradient at 0 is 0


def chain_matmul(*matrices: ArrayLike) -> Array:
    r"""The product :math:`A_1 A_2 \cdots A_n` of matrices, in the order of fewest operations.

    Args:
        matrices: arrays of rank 2 and one dtype.

    Returns:
        A matrix; for a single argument that array.

    Raises:
        ValueError: no matrix, or shapes that don't fit. TypeError: the dtypes differ.

    Source: ``torch.chain_matmul``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.chain_matmul(jnp.ones((2, 9)), jnp.ones((9, 3)), jnp.ones((3, 1))).tolist()
        [[27.0], [27.0]]
    """
    arrays = arrays_of("chain_matmul", matrices, "matrices")
    if not arrays:
        check.fail("chain_matmul", "matrices", "be at least one array", "none")
    for i, x in enumerate(arrays):
        check.rank("chain_matmul", f"matrices[{i}]", x, (2,))
    one_dtype("chain_matmul", arrays, "matrices")
    for i, (x, y) in enumerate(itertools.pairwise(arrays), 1):
        if x.shape[1] != y.shape[0]:
            check.fail("chain_matmul", f"matrices[{i}]", f"have {x.shape[1]} rows", f"shape {y.shape}")
    return arrays[0] if len(arrays) == 1 else jnp.linalg.multi_dot(arrays)


def lu(
    A: ArrayLike,  # noqa: N803
    pivot: bool = True,
    get_infos: bool = False,
) -> tuple[Array, ...]:
    r"""The factors of :math:`A = P L U`, with the rows exchanged for the largest pivots.

    Args:
        A: of shape :math:`(*, m, n)`.
        pivot: True; torch has no factors without pivots on the CPU either.
        get_infos: whether to return also where a factor is singular.

    Returns:
        The factors, of shape :math:`(*, m, n)`: U above and on the diagonal, L below it, without its diagonal of
        ones; the pivots :math:`(*, \min(m, n))`, int32: row i was exchanged with row ``pivots[i]``, counted from 1;
        with ``get_infos`` also :math:`(*)`, int32: the first i where U's diagonal is zero, counted from 1, or 0.

    Raises:
        ValueError: a rank below 2, or no ``pivot``. TypeError: the dtype isn't of single or double precision.

    Source: ``torch.lu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> factors, pivots = F.lu(jnp.array([[1.0, 2.0], [2.0, 2.0]]))
        >>> factors.tolist(), pivots.tolist()
        ([[2.0, 2.0], [0.5, 1.0]], [2, 2])
    """
    x = _matrices("lu", "A", A)
    if not pivot:
        check.fail("lu", "pivot", "be True", pivot)
    if 0 in x.shape:
        factors, pivots = x, jnp.zeros((*x.shape[:-2], min(x.shape[-2:])), jnp.int32)
    else:
        factors, pivots, _ = lax.linalg.lu(x)
    zero = jnp.diagonal(factors, axis1=-2, axis2=-1) == 0
    if not get_infos:
        return factors, pivots + 1
    infos = jnp.argmax(zero, -1).astype(jnp.int32) + 1 if zero.shape[-1] else jnp.zeros(x.shape[:-2], jnp.int32)
    return factors, pivots + 1, jnp.where(jnp.any(zero, -1), infos, 0)


def _matrices(where: str, argument: str, A: ArrayLike) -> jax.Array:  # noqa: N803
    x = check.array(where, argument, A)
    if x.ndim < 2:
        check.fail(where, argument, "have shape (*, m, n)", f"shape {x.shape}")
    if not jnp.issubdtype(x.dtype, jnp.inexact) or x.dtype.itemsize < 4:
        check.fail(where, argument, "have single or double precision", f"dtype {x.dtype}", TypeError)
    return x


def norm(
    input: ArrayLike,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: DTypeLike | None = None,
) -> Array:
    r"""The norm of vectors, :math:`\bigl(\sum_i |x_i|^p\bigr)^{1/p}`, or the nuclear norm of matrices.

    The gradient at a zero vector is 0, and where :math:`p = \pm\infty` it is shared equally between ties.

    Args:
        input: of any shape, floating-point or complex.
        p: any number; 0 counts what isn't 0, ``inf`` and ``-inf`` take the largest and the smallest modulus.
            ``'fro'`` and None are 2, ``'nuc'`` is the sum of the singular values.
        dim: the dimensions of the vector, or the two of the matrix; None takes all.
        keepdim: whether they stay, with size 1.
        dtype: to which the input is cast first; it must be able to hold the input's values.

    Returns:
        A real array; half types are summed in float32.

    Raises:
        ValueError: another ``p``, dimensions that repeat or aren't two where a matrix is asked for, or nothing to
            take the largest or smallest of. IndexError: no such dimension. TypeError: the dtypes.

    Source: ``torch.norm``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.norm(jnp.array([[3.0, 4.0], [6.0, 8.0]]), dim=1).tolist()
        [5.0, 10.0]
        >>> F.norm(jnp.eye(3), "nuc").item()
        3.0
    """
    x = check.array("norm", "input", input)
    check.inexact("norm", "input", x)
    if dtype is not None:
        x = _widened(x, jnp.dtype(dtype))
    if isinstance(p, str):
        check.choice("norm", "p", p, ("fro", "nuc"))
    elif not (p is None or isinstance(p, int | float)):
        check.fail("norm", "p", "be a number, 'fro', 'nuc' or None", repr(p), TypeError)
    dims = (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)
    if p == "nuc" or (p == "fro" and dims is not None and len(dims) > 2):
        return _nuclear(x, tuple(range(x.ndim)) if dims is None else dims, keepdim)
    axes = check.axes("norm", "dim", dims, x.ndim)
    p = 2.0 if p in (None, "fro") else float(p)
    if (p < 0 or p == math.inf) and 0 in [x.shape[a] for a in axes]:
        check.fail("norm", "input", f"have non-zero size in the dimensions of the norm for p={p}", f"shape {x.shape}")
    real = jnp.finfo(x.dtype).dtype
    return vector_norm(x, p, axes, keepdim).astype(real)


def _widened(x: jax.Array, dtype: DTypeLike) -> jax.Array:
    with jax.numpy_dtype_promotion("standard"):
        holds = jnp.issubdtype(dtype, jnp.inexact) and jnp.promote_types(x.dtype, dtype) == dtype
    if not holds or jnp.iscomplexobj(x) != jnp.issubdtype(dtype, jnp.complexfloating):
        check.fail("norm", "dtype", f"be able to hold values of {x.dtype}", dtype, TypeError)
    return x.astype(dtype)


def _nuclear(x: jax.Array, dim: tuple[int, ...], keepdim: bool) -> jax.Array:
    if len(dim) != 2:
        check.fail("norm", "dim", "be two dimensions for the norm of a matrix", dim)
    axes = check.axes("norm", "dim", dim, x.ndim)
    x = _matrices("norm", "input", jnp.moveaxis(x, axes, (-2, -1)))
    if 0 in x.shape:
        total = jnp.zeros(x.shape[:-2], jnp.finfo(x.dtype).dtype)
    else:
        total = jnp.sum(jnp.linalg.svd(x, full_matrices=False, compute_uv=False), -1)
    return jnp.expand_dims(total, axes) if keepdim else total


def svd_lowrank(
    A: ArrayLike,  # noqa: N803
    q: int | None = 6,
    niter: int | None = 2,
    M: ArrayLike | None = None,  # noqa: N803
    rng: Key | None = None,
) -> tuple[Array, Array, Array]:
    r"""Approximates matrices by ones of rank q, :math:`A \approx U \operatorname{diag}(S)\, V^H`, drawing projections.

    The columns of :math:`U` and :math:`V` are orthonormal; they are determined up to signs. The approximation is
    exact, up to rounding, where q isn't below the rank of A.

    Args:
        A: of shape :math:`(*, m, n)`.
        q: the rank, None for 6; at most :math:`\min(m, n)` is returned.
        niter: how many steps of the subspace iteration improve the approximation, None for 2.
        M: subtracted from A first, of a shape that broadcasts to A's.
        rng: a jax key.

    Returns:
        U of shape :math:`(*, m, q)`, S of shape :math:`(*, q)` and V of shape :math:`(*, n, q)`.

    Raises:
        ValueError: a rank below 2, a negative ``q``, an ``M`` that doesn't broadcast, or no ``rng``.
        TypeError: dtypes that differ or aren't of single or double precision.

    Source: ``torch.svd_lowrank``; Halko, Martinsson and Tropp, *Finding Structure with Randomness:
    Probabilistic Algorithms for Constructing Approximate Matrix Decompositions*, 2009,
    https://arxiv.org/abs/0909.4061.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> U, S, V = F.svd_lowrank(jnp.ones((4, 3)), q=1, rng=jax.random.key(0))
        >>> (U * S @ V.T).round(4)[0].tolist()
        [1.0, 1.0, 1.0]
    """
    x = _matrices("svd_lowrank", "A", A)
    q = check.integer("svd_lowrank", "q", 6 if q is None else q, 0)
    niter = check.integer("svd_lowrank", "niter", 2 if niter is None else niter)
    if M is not None:
        m = check.array("svd_lowrank", "M", M)
        check.same_dtype("svd_lowrank", A=x, M=m)
        check.broadcastable("svd_lowrank", "M", m, x.shape)
        x = x - jnp.broadcast_to(m, x.shape)
    return _low_rank(x, q, niter, check.key("svd_lowrank", "rng", rng, "the projections are drawn"))


def _low_rank(x: jax.Array, q: int, niter: int, rng: Key) -> tuple[jax.Array, jax.Array, jax.Array]:
    if x.shape[-2] < x.shape[-1]:
        u, s, v = _low_rank(jnp.conj(jnp.swapaxes(x, -1, -2)), q, niter, rng)
        return v, s, u
    if q == 0 or 0 in x.shape:
        q = min(q, *x.shape[-2:])
        shapes = ((*x.shape[:-1], q), (*x.shape[:-2], q), (*x.shape[:-2], x.shape[-1], q))
        return tuple(jnp.zeros(s, x.dtype if i != 1 else jnp.finfo(x.dtype).dtype) for i, s in enumerate(shapes))  # type: ignore[return-value]
    adjoint = jnp.conj(jnp.swapaxes(x, -1, -2))
    if jnp.iscomplexobj(x):
        drawn = jax.random.normal(rng, (x.shape[-1], q), x.dtype)
    else:
        drawn = random.normal(rng, (x.shape[-1], q), x.dtype)
    multiply = functools.partial(jnp.matmul, precision=lax.Precision.HIGHEST)
    basis = jnp.linalg.qr(multiply(x, jnp.broadcast_to(drawn, (*x.shape[:-2], *drawn.shape))))[0]
    for _ in range(niter):
        basis = jnp.linalg.qr(multiply(adjoint, basis))[0]
        basis = jnp.linalg.qr(multiply(x, basis))[0]
    projected = multiply(jnp.conj(jnp.swapaxes(basis, -1, -2)), x)
    u, s, vh = jnp.linalg.svd(projected, full_matrices=False)
    return multiply(basis, u), s, jnp.conj(jnp.swapaxes(vh, -1, -2))


def pca_lowrank(
    A: ArrayLike,  # noqa: N803
    q: int | None = None,
    center: bool = True,
    niter: int = 2,
    rng: Key | None = None,
) -> tuple[Array, Array, Array]:
    r"""Computes principal components of rows: low-rank factors of a matrix without the mean of its rows.

    .. math:: A - \bar A \approx U \operatorname{diag}(S)\, V^H

    The columns of :math:`U` and :math:`V` are orthonormal; they are determined up to signs.

    Args:
        A: of shape :math:`(*, m, n)`: m samples of n features.
        q: the number of components; None takes :math:`\min(6, m, n)`.
        center: whether the mean is subtracted.
        niter: how many steps of the subspace iteration improve the approximation.
        rng: a jax key.

    Returns:
        U of shape :math:`(*, m, q)`, S of shape :math:`(*, q)` and V of shape :math:`(*, n, q)`, whose columns are
        the principal directions; the variances along them are :math:`S^2 / (m - 1)`.

    Raises:
        ValueError: a rank below 2, a ``q`` that isn't from 0 to :math:`\min(m, n)`, a negative ``niter``, or no
            ``rng``.
        TypeError: the dtype isn't of single or double precision.

    Source: ``torch.pca_lowrank``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> U, S, V = F.pca_lowrank(jnp.array([[0.0, 1.0], [2.0, 1.0]]), q=1, rng=jax.random.key(0))
        >>> abs(V).round(4).tolist()
        [[1.0], [0.0]]
    """
    x = _matrices("pca_lowrank", "A", A)
    most = min(x.shape[-2:])
    q = check.integer("pca_lowrank", "q", min(6, most) if q is None else q, 0)
    if q > most:
        check.fail("pca_lowrank", "q", f"be at most {most} for shape {x.shape}", q)
    niter = check.integer("pca_lowrank", "niter", niter, 0)
    if center:
        x = x - jnp.mean(x, -2, keepdims=True)
    return _low_rank(x, q, niter, check.key("pca_lowrank", "rng", rng, "the projections are drawn"))
