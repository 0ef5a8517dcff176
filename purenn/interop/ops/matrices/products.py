"""Products of vectors and matrices. The dtypes of the operands must be one, as in torch."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import default_dtype, kind, operands
from purenn.typing import Array, ArrayLike

__all__ = ["bmm", "cross", "dot", "ger", "inner", "kron", "matmul", "mm", "mv", "outer", "trace", "vdot"]


def _of_one_dtype(where: str, **named: ArrayLike) -> list[jax.Array]:
    arrays = {name: check.array(where, name, x) for name, x in named.items()}
    check.same_dtype(where, **arrays)
    return list(arrays.values())


def of_ranks(where: str, ranks: tuple[int, ...], **named: ArrayLike) -> list[jax.Array]:
    arrays = _of_one_dtype(where, **named)
    for (name, _), x, rank in zip(named.items(), arrays, ranks, strict=True):
        check.rank(where, name, x, (rank,))
    return arrays


def fitting(where: str, ranks: tuple[int, ...], **named: ArrayLike) -> list[jax.Array]:
    """Two arrays of given ranks whose shapes fit for a product of matrices."""
    a, b = of_ranks(where, ranks, **named)
    n = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != n or (a.ndim == 3 and b.ndim == 3 and a.shape[0] != b.shape[0]):
        check.fail(where, " and ".join(named), "have shapes that fit", f"{a.shape} and {b.shape}")
    return [a, b]


def matmul(input: ArrayLike, other: ArrayLike) -> Array:
    """Multiplies matrices, or vectors with them; dimensions in front broadcast.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.matmul(jnp.ones((2, 3)), jnp.ones(3)).tolist()
        [3.0, 3.0]
    """
    a, b = _of_one_dtype("matmul", input=input, other=other)
    if not a.ndim or not b.ndim:
        check.fail("matmul", "input and other", "have rank 1 or more", f"shapes {a.shape} and {b.shape}")
    if a.shape[-1] != (b.shape[-2] if b.ndim > 1 else b.shape[0]):
        check.fail("matmul", "input and other", "have shapes that fit", f"{a.shape} and {b.shape}")
    with jax.numpy_rank_promotion("allow"):
        try:
            return jnp.matmul(a, b)
        except TypeError:
            check.fail("matmul", "input and other", "have batches that broadcast", f"{a.shape} and {b.shape}")


def mm(input: ArrayLike, mat2: ArrayLike) -> Array:
    """Multiplies two matrices.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.mm(jnp.ones((2, 3)), jnp.ones((3, 1))).tolist()
        [[3.0], [3.0]]
    """
    a, b = fitting("mm", (2, 2), input=input, mat2=mat2)
    return jnp.matmul(a, b)


def bmm(input: ArrayLike, mat2: ArrayLike) -> Array:
    """Multiplies two batches of matrices.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.bmm(jnp.ones((5, 2, 3)), jnp.ones((5, 3, 1))).shape
        (5, 2, 1)
    """
    a, b = fitting("bmm", (3, 3), input=input, mat2=mat2)
    return jnp.matmul(a, b)


def mv(input: ArrayLike, vec: ArrayLike) -> Array:
    """Multiplies a matrix with a vector.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.mv(jnp.ones((2, 3)), jnp.ones(3)).tolist()
        [3.0, 3.0]
    """
    a, b = fitting("mv", (2, 1), input=input, vec=vec)
    return jnp.matmul(a, b)


def dot(input: ArrayLike, tensor: ArrayLike) -> Array:
    """Multiplies two vectors, without conjugation.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.dot(jnp.array([1.0, 2.0]), jnp.array([3.0, 4.0])).item()
        11.0
    """
    a, b = of_ranks("dot", (1, 1), input=input, tensor=tensor)
    check.shape("dot", "tensor", b, a.shape)
    return jnp.matmul(a, b)


def vdot(input: ArrayLike, other: ArrayLike) -> Array:
    """Multiplies two vectors, the first conjugated.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.vdot(jnp.array([1j]), jnp.array([1j])).item()
        (1+0j)
    """
    a, b = of_ranks("vdot", (1, 1), input=input, other=other)
    check.shape("vdot", "other", b, a.shape)
    return jnp.matmul(jnp.conj(a) if kind(a.dtype) == 3 else a, b)


def inner(input: ArrayLike, other: ArrayLike) -> Array:
    """Sums the products over the last dimensions of two arrays; with a scalar it is the product.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.inner(jnp.ones((2, 3)), jnp.ones((4, 3))).shape
        (2, 4)
    """
    a, b = _of_one_dtype("inner", input=input, other=other)
    if not a.ndim or not b.ndim:
        a, b = operands("inner", input=a, other=b)
        return a * b
    if a.shape[-1] != b.shape[-1]:
        check.fail("inner", "input and other", "have one last dimension", f"shapes {a.shape} and {b.shape}")
    return jnp.tensordot(a, b, ((a.ndim - 1,), (b.ndim - 1,)))


def outer(input: ArrayLike, vec2: ArrayLike) -> Array:
    """Multiplies each element of one vector with each of another; the dtypes are promoted.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.outer(jnp.array([1, 2]), jnp.array([3, 4])).tolist()
        [[3, 4], [6, 8]]
    """
    a, b = operands("outer", broadcast=False, input=input, vec2=vec2)
    check.rank("outer", "input", a, (1,))
    check.rank("outer", "vec2", b, (1,))
    shape = (a.size, b.size)
    return jnp.broadcast_to(a[:, None], shape) * jnp.broadcast_to(b, shape)


ger = outer


def cross(input: ArrayLike, other: ArrayLike, dim: int | None = None) -> Array:
    """Computes the cross product of vectors of 3, along a dimension; None takes the first of size 3.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cross(jnp.array([1, 0, 0]), jnp.array([0, 1, 0])).tolist()
        [0, 0, 1]
    """
    a, b = operands("cross", input=input, other=other)
    if dim is None:
        dim = next((d for d, n in enumerate(a.shape) if n == 3), None)
        if dim is None:
            check.fail("cross", "input and other", "have a dimension of size 3", f"shape {a.shape}")
    dim = check.axis("cross", "dim", dim, a.ndim)
    if not a.ndim or a.shape[dim] != 3:
        check.fail("cross", "input and other", f"have size 3 in dimension {dim}", f"shape {a.shape}")
    return jnp.cross(a, b, axis=dim)


def kron(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the Kronecker product; the dtypes are promoted.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.kron(jnp.array([1, 2]), jnp.array([1, 10])).tolist()
        [1, 10, 2, 20]
    """
    a, b = operands("kron", broadcast=False, input=input, other=other)
    rank = max(a.ndim, b.ndim)
    return jnp.kron(*(x.reshape((1,) * (rank - x.ndim) + x.shape) for x in (a, b)))


def trace(input: ArrayLike) -> Array:
    """Sums the diagonal of a matrix; integers as int64 (int32 without x64).

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.trace(jnp.array([[1, 2], [3, 4]])).item()
        5
    """
    x = check.array("trace", "input", input)
    check.rank("trace", "input", x, (2,))
    return jnp.trace(x if kind(x.dtype) > 1 else x.astype(default_dtype(1)))
