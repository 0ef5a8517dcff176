"""Products, factors and norms of matrices.

`low_rank` and `interop.ops` use the checks and the factors too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.dtypes import result_type
from purenn.functional.tensor import arrays_of, one_dtype
from purenn.lowering.norm import vector_norm
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["block_diag", "chain_matmul", "lu", "norm"]


def block_diag(*tensors: ArrayLike) -> Array:
    r"""Builds a matrix with the given matrices along its diagonal and zeros elsewhere.

    Args:
        tensors: arrays of rank 2; :math:`(n)` counts as :math:`(1, n)` and :math:`()` as :math:`(1, 1)`.

    Returns:
        An array of shape :math:`(\sum m_k, \sum n_k)`, of the common dtype; :math:`(1, 0)` without arguments.

    Raises:
        ValueError: a rank is above 2.
        TypeError: an argument isn't an array.

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


def chain_matmul(*matrices: ArrayLike) -> Array:
    r"""Multiplies matrices, :math:`A_1 A_2 \cdots A_n`, in the order of fewest operations.

    Args:
        matrices: arrays of rank 2 and one dtype.

    Returns:
        A matrix; for a single argument that array.

    Raises:
        ValueError: no matrix is given, or the shapes don't fit.
        TypeError: the dtypes differ.

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
    r"""Factorizes matrices with partial pivoting: :math:`A = P L U`.

    Args:
        A: of shape :math:`(*, m, n)`.
        pivot: must be True; on the CPU, torch doesn't factorize without pivots either.
        get_infos: whether to also return which matrices are singular.

    Returns:
        The factors, of shape :math:`(*, m, n)`: U on and above the diagonal, and L below it; L's diagonal is 1. The
        pivots, int32 of shape :math:`(*, \min(m, n))`: row i was exchanged with row ``pivots[i]``, counted from 1. With
        ``get_infos`` also int32 of shape :math:`(*)`: the first i, from 1, at which U's diagonal is 0; or 0.

    Raises:
        ValueError: the rank is below 2, or ``pivot`` is False.
        TypeError: the dtype isn't of single or double precision.

    Source: ``torch.lu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> factors, pivots = F.lu(jnp.array([[1.0, 2.0], [2.0, 2.0]]))
        >>> factors.tolist(), pivots.tolist()
        ([[2.0, 2.0], [0.5, 1.0]], [2, 2])
    """
    x = matrices_of("lu", "A", A)
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


def matrices_of(where: str, argument: str, A: ArrayLike) -> jax.Array:  # noqa: N803
    """Returns an argument as matrices of single or double precision."""
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
    r"""Computes the norm of vectors, :math:`\bigl(\sum_i |x_i|^p\bigr)^{1/p}`, or the nuclear norm of matrices.

    The gradient at a zero vector is 0, and where :math:`p = \pm\infty` it is shared equally between ties.

    Args:
        input: of any shape, floating-point or complex.
        p: a number: 0 counts the nonzero elements, ``inf`` and ``-inf`` take the largest and the smallest modulus.
            ``'fro'`` and None are 2; ``'nuc'`` is the sum of the singular values.
        dim: the dimensions of the vectors, or the two dimensions of the matrices; None for all.
        keepdim: whether these dimensions are kept, with size 1.
        dtype: the dtype to which the input is cast first, which must hold the input's values; None for the input's.

    Returns:
        A real array. Half-precision inputs are summed in float32.

    Raises:
        ValueError: ``p`` is an unknown string, dimensions repeat, a nuclear norm has other than two dimensions, or the
            dimensions are empty for a negative or infinite p.
        IndexError: a dimension doesn't exist.
        TypeError: a dtype doesn't fit.

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
    x = matrices_of("norm", "input", jnp.moveaxis(x, axes, (-2, -1)))
    if 0 in x.shape:
        total = jnp.zeros(x.shape[:-2], jnp.finfo(x.dtype).dtype)
    else:
        total = jnp.sum(jnp.linalg.svd(x, full_matrices=False, compute_uv=False), -1)
    return jnp.expand_dims(total, axes) if keepdim else total
