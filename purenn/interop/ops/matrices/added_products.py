"""Products that are added to an array: ``beta * input + alpha * product``."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.matrices.products import fitting, of_ranks, outer
from purenn.interop.ops.operands import Number, array
from purenn.typing import Array, ArrayLike

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm"]


def _plus(where: str, input: ArrayLike, product: jax.Array, beta: Number, alpha: Number) -> jax.Array:
    """``beta * input + alpha * product``; with beta 0 the input doesn't count, not even its NaN.

    Integers cut the factors off, as in torch.
    """
    x = check.array(where, "input", input)
    check.same_dtype(where, input=x, products=product)
    check.broadcastable(where, "input", x, product.shape)
    product = product if alpha == 1 else product * array(where, "alpha", alpha, x.dtype)
    if beta == 0:
        return product
    x = x if beta == 1 else x * array(where, "beta", beta, x.dtype)
    return jnp.broadcast_to(x, product.shape) + product


def addmm(input: ArrayLike, mat1: ArrayLike, mat2: ArrayLike, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """Computes ``beta * input + alpha * mat1 @ mat2``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.addmm(jnp.ones(1), jnp.ones((2, 3)), jnp.ones((3, 1))).tolist()
        [[4.0], [4.0]]
    """
    a, b = fitting("addmm", (2, 2), mat1=mat1, mat2=mat2)
    return _plus("addmm", input, jnp.matmul(a, b), beta, alpha)


def addmv(input: ArrayLike, mat: ArrayLike, vec: ArrayLike, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """Computes ``beta * input + alpha * mat @ vec``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.addmv(jnp.ones(2), jnp.ones((2, 3)), jnp.ones(3)).tolist()
        [4.0, 4.0]
    """
    a, b = fitting("addmv", (2, 1), mat=mat, vec=vec)
    return _plus("addmv", input, jnp.matmul(a, b), beta, alpha)


def addr(input: ArrayLike, vec1: ArrayLike, vec2: ArrayLike, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """Computes ``beta * input + alpha * outer(vec1, vec2)``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.addr(jnp.ones((1, 2)), jnp.ones(1), jnp.ones(2)).tolist()
        [[2.0, 2.0]]
    """
    a, b = of_ranks("addr", (1, 1), vec1=vec1, vec2=vec2)
    return _plus("addr", input, outer(a, b), beta, alpha)


def baddbmm(input: ArrayLike, batch1: ArrayLike, batch2: ArrayLike, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """Computes ``beta * input + alpha * batch1 @ batch2`` of batches of matrices.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.baddbmm(jnp.ones(1), jnp.ones((5, 2, 3)), jnp.ones((5, 3, 1))).shape
        (5, 2, 1)
    """
    a, b = fitting("baddbmm", (3, 3), batch1=batch1, batch2=batch2)
    return _plus("baddbmm", input, jnp.matmul(a, b), beta, alpha)


def addbmm(input: ArrayLike, batch1: ArrayLike, batch2: ArrayLike, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """Computes ``beta * input + alpha * (batch1 @ batch2).sum(0)``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.addbmm(jnp.ones((2, 1)), jnp.ones((5, 2, 3)), jnp.ones((5, 3, 1))).tolist()
        [[16.0], [16.0]]
    """
    a, b = fitting("addbmm", (3, 3), batch1=batch1, batch2=batch2)
    return _plus("addbmm", input, jnp.einsum("bij,bjk->ik", a, b), beta, alpha)
