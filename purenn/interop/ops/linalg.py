"""Linear algebra, torch.linalg: half types are refused, results are the factors and not their products."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.matrices import decompositions, inverses, least_squares, norms, solving, triangles
from purenn.interop.ops.matrices.decompositions import *  # noqa: F403
from purenn.interop.ops.matrices.inverses import *  # noqa: F403
from purenn.interop.ops.matrices.inverses import inv
from purenn.interop.ops.matrices.least_squares import *  # noqa: F403
from purenn.interop.ops.matrices.norms import *  # noqa: F403
from purenn.interop.ops.matrices.products import cross as _cross
from purenn.interop.ops.matrices.products import matmul
from purenn.interop.ops.matrices.solving import *  # noqa: F403
from purenn.interop.ops.matrices.solving import solve
from purenn.interop.ops.matrices.triangles import *  # noqa: F403
from purenn.interop.ops.operands import default_dtype, kind, operands
from purenn.interop.ops.shapes.diagonals import diagonal as _diagonal
from purenn.typing import Array, ArrayLike, Size

__all__ = ["cross", "diagonal", "matmul", "multi_dot", "tensorinv", "tensorsolve", "vander", "vecdot"]
__all__ += decompositions.__all__
__all__ += inverses.__all__
__all__ += least_squares.__all__
__all__ += norms.__all__
__all__ += solving.__all__
__all__ += triangles.__all__


def cross(input: ArrayLike, other: ArrayLike, *, dim: int = -1) -> Array:
    """Computes the cross product of vectors of 3, along the last dimension by default.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.cross(jnp.array([1, 0, 0]), jnp.array([0, 1, 0])).tolist()
        [0, 0, 1]
    """
    a, b = check.array("linalg.cross", "input", input), check.array("linalg.cross", "other", other)
    if a.ndim != b.ndim:
        check.fail("linalg.cross", "other", f"have rank {a.ndim}, as input", f"shape {b.shape}")
    along = check.axis("linalg.cross", "dim", dim, a.ndim)
    for name, x in (("input", a), ("other", b)):
        if not x.ndim or x.shape[along] != 3:
            check.fail("linalg.cross", name, f"have size 3 in dimension {along}", f"shape {x.shape}")
    return _cross(a, b, dim)


def diagonal(A: ArrayLike, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Returns the diagonal of two dimensions, by default the last.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.diagonal(jnp.eye(2)).tolist()
        [1.0, 1.0]
    """
    return _diagonal(A, offset, dim1, dim2)


def vecdot(x: ArrayLike, y: ArrayLike, *, dim: int = -1) -> Array:
    """Multiplies vectors along a dimension, the first conjugated; the others broadcast.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.vecdot(jnp.ones((2, 3)), jnp.ones(3)).tolist()
        [3.0, 3.0]
    """
    a, b = operands("linalg.vecdot", x=x, y=y)
    dim = check.axis("linalg.vecdot", "dim", dim, a.ndim)
    return jnp.sum((jnp.conj(a) if kind(a.dtype) == 3 else a) * b, (dim,)[: a.ndim], dtype=a.dtype)


def multi_dot(tensors: Sequence[ArrayLike]) -> Array:
    """Multiplies two or more matrices in the cheapest order; the first and the last may be vectors.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.multi_dot([jnp.ones((2, 3)), jnp.ones((3, 4)), jnp.ones(4)]).tolist()
        [12.0, 12.0]
    """
    where = "linalg.multi_dot"
    arrays = [check.array(where, f"tensors[{i}]", t) for i, t in enumerate(tensors)]
    if len(arrays) < 2:
        check.fail(where, "tensors", "be two arrays or more", len(arrays))
    check.same_dtype(where, **{f"tensors[{i}]": x for i, x in enumerate(arrays)})
    for i, x in enumerate(arrays):
        check.rank(where, f"tensors[{i}]", x, (1, 2) if i in (0, len(arrays) - 1) else (2,))
    for i, (a, b) in enumerate(itertools.pairwise(arrays)):
        if a.shape[-1] != b.shape[0]:
            check.fail(where, f"tensors[{i}] and tensors[{i + 1}]", "have shapes that fit", f"{a.shape} and {b.shape}")
    return jnp.linalg.multi_dot(arrays)


def vander(x: ArrayLike, N: int | None = None) -> Array:
    """Returns the powers of elements, from 0 up to N - 1, where jnp.vander's descend; N is the length by default.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.vander(jnp.array([2, 3]), 3).tolist()
        [[1, 2, 4], [1, 3, 9]]
    """
    a = check.array("linalg.vander", "x", x)
    if not a.ndim and N is None:
        check.fail("linalg.vander", "x", "have rank 1 or more", f"shape {a.shape}")
    a = jnp.atleast_1d(a if kind(a.dtype) else a.astype(default_dtype(1)))
    n = a.shape[-1] if N is None else check.integer("linalg.vander", "N", N, 2)
    if not n:
        return jnp.zeros((*a.shape, 0), a.dtype)
    factors = jnp.broadcast_to(a[..., None], (*a.shape, n - 1))
    return jnp.concatenate([jnp.ones((*a.shape, 1), a.dtype), jnp.cumprod(factors, -1, dtype=a.dtype)], -1)


def tensorinv(A: ArrayLike, ind: int = 2) -> Array:
    """Inverts the matrix that the first ``ind`` dimensions and the rest make.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.tensorinv(jnp.eye(4).reshape(2, 2, 4)).shape
        (4, 2, 2)
    """
    x = check.array("linalg.tensorinv", "A", A)
    ind = check.integer("linalg.tensorinv", "ind", ind, 1)
    rows, columns = x.shape[:ind], x.shape[ind:]
    if math.prod(rows) != math.prod(columns):
        check.fail("linalg.tensorinv", "A", f"be square with the first {ind} dimensions as rows", f"shape {x.shape}")
    n = math.prod(rows)
    return inv(x.reshape(n, n)).reshape(*columns, *rows)


def tensorsolve(A: ArrayLike, B: ArrayLike, dims: Size | None = None) -> Array:
    """Solves ``tensordot(A, X, X.ndim) = B``.

    Args:
        A: of B's shape and more.
        B: the right side.
        dims: dimensions of A that are moved to the end first.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.tensorsolve(jnp.eye(4).reshape(4, 2, 2), jnp.arange(4.0)).tolist()
        [[0.0, 1.0], [2.0, 3.0]]
    """
    where = "linalg.tensorsolve"
    x, b = check.array(where, "A", A), check.array(where, "B", B)
    check.same_dtype(where, A=x, B=b)
    if dims is not None:
        moved = check.axes(where, "dims", dims, x.ndim)
        x = jnp.moveaxis(x, moved, tuple(range(x.ndim - len(moved), x.ndim)))
    shape = x.shape[b.ndim :]
    if x.size != b.size * math.prod(shape) or b.size != math.prod(shape):
        check.fail(where, "A", f"be square with {b.size} rows, the elements of B", f"shape {x.shape}")
    return solve(x.reshape(b.size, -1), b.ravel()).reshape(shape)
