"""Determinants, inverses, powers and exponentials of square matrices, for `linalg` and under torch's older names."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.matrices.common import matrices, refuse_singular
from purenn.interop.ops.operands import integer
from purenn.interop.ops.results import InverseEx, SignLogDet
from purenn.typing import Array, ArrayLike

__all__ = ["det", "inv", "inv_ex", "matrix_exp", "matrix_power", "slogdet"]


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
    return refuse_singular("linalg.inv", jnp.linalg.inv(x) if x.size else x, x)


def inv_ex(A: ArrayLike, *, check_errors: bool = False) -> InverseEx:
    """Inverts matrices; ``info`` is 0 where a matrix is invertible.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.linalg.inv_ex(jnp.array([[2.0]])).info.item()
        0
    """
    x = matrices("linalg.inv_ex", "A", A, True)
    inverse = inv(x) if check_errors else jnp.linalg.inv(x) if x.size else x
    return InverseEx(inverse, (~jnp.all(jnp.isfinite(inverse), (-2, -1))).astype(jnp.int32))


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
