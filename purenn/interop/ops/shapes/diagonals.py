"""Diagonals that are read or written, and triangles of matrices."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import ranked
from purenn.typing import Array, ArrayLike

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "diagonal_copy", "tril", "triu"]


def diagonal(input: ArrayLike, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """Returns the diagonal of two dimensions, as a new last dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diagonal(jnp.array([[1, 2], [3, 4]]), 1).tolist()
        [2]
    """
    x = check.array("diagonal", "input", input)
    a, b = (check.axis("diagonal", name, d, x.ndim) for name, d in (("dim1", dim1), ("dim2", dim2)))
    if a == b or x.ndim < 2:
        check.fail("diagonal", "dim1 and dim2", "be two dimensions", (dim1, dim2))
    return jnp.diagonal(x, offset, a, b)


def diag_embed(input: ArrayLike, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Puts the last dimension on a diagonal of two new dimensions.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diag_embed(jnp.array([1, 2])).tolist()
        [[1, 0], [0, 2]]
    """
    x = check.array("diag_embed", "input", input)
    if not x.ndim:
        x = x.reshape(1)
    a, b = (check.axis("diag_embed", name, d, x.ndim + 1) for name, d in (("dim1", dim1), ("dim2", dim2)))
    if a == b:
        check.fail("diag_embed", "dim1 and dim2", "be two dimensions", (dim1, dim2))
    n = x.shape[-1] + abs(offset)
    rows = np.arange(x.shape[-1]) + max(-offset, 0)
    columns = np.arange(x.shape[-1]) + max(offset, 0)
    embedded = jnp.zeros((*x.shape[:-1], n, n), x.dtype).at[..., rows, columns].set(x)
    return jnp.moveaxis(embedded, (-2, -1), (a, b))


def diag(input: ArrayLike, diagonal: int = 0) -> Array:
    """Puts an array of rank 1 on a diagonal, or returns the diagonal of a matrix.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diag(jnp.array([[1, 2], [3, 4]])).tolist()
        [1, 4]
    """
    x = check.array("diag", "input", input)
    check.rank("diag", "input", x, (1, 2))
    return diag_embed(x, diagonal) if x.ndim == 1 else jnp.diagonal(x, diagonal)


def diagflat(input: ArrayLike, offset: int = 0) -> Array:
    """Puts the elements of an array on a diagonal of a matrix.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diagflat(jnp.array([[1], [2]])).tolist()
        [[1, 0], [0, 2]]
    """
    return diag_embed(check.array("diagflat", "input", input).ravel(), offset)


def _triangle(where: str, input: ArrayLike, diagonal: int, lower: bool) -> jax.Array:
    x = ranked(where, input, 2)
    return (jnp.tril if lower else jnp.triu)(x, check.integer(where, "diagonal", diagonal))


def tril(input: ArrayLike, diagonal: int = 0) -> Array:
    """Returns matrices with zeros above a diagonal.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.tril(jnp.ones((2, 2))).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    return _triangle("tril", input, diagonal, True)


def triu(input: ArrayLike, diagonal: int = 0) -> Array:
    """Returns matrices with zeros below a diagonal.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.triu(jnp.ones((2, 2)), 1).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
    """
    return _triangle("triu", input, diagonal, False)


diagonal_copy = diagonal
