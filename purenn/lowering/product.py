"""Products of batches of matrices as one trilinear form, whose gradients keep the order of operands that is fast.

On the CPU the gradient in w of ``x w^T`` as autodiff writes it contracts the rows, the slowest dimension, of both
operands. The same numbers transposed, with x's transpose made first, are a product of rows with columns.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering.bilinear_map import BilinearMap
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.linear_map import rule
from purenn.typing import DTypeLike

__all__ = ["Product", "matmul_nn", "matmul_nt"]


@dataclasses.dataclass(frozen=True)
class Product(BilinearMap):
    """y = x w^T of x (*, R, E) and w (*, S, E), and with ``transposed(w, y, shape)`` x = y w.

    Args:
        dtype: y's; half types are summed in float32.
    """

    dtype: np.dtype

    def y(self, x: jax.Array, w: jax.Array) -> jax.Array:
        return _dot(x, w, -1, self.dtype)

    def x(self, w: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        return _dot(y, w, -2, shape.dtype)

    def w(self, x: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        return _dot(jnp.swapaxes(y, -1, -2), x, -2, shape.dtype)


@rule(Product, "cpu")
class _ProductCpu(Product):
    def w(self, x: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        columns = lax.optimization_barrier(jnp.swapaxes(x, -1, -2))
        return jnp.swapaxes(_dot(columns, y, -2, shape.dtype), -1, -2)


def matmul_nt(x: jax.Array, w: jax.Array, dtype: DTypeLike) -> jax.Array:
    """x w^T, of this dtype."""
    return Product(jnp.dtype(dtype))(x, w)


def matmul_nn(y: jax.Array, w: jax.Array, dtype: DTypeLike) -> jax.Array:
    """y w, of this dtype."""
    x = jax.ShapeDtypeStruct((*y.shape[:-1], w.shape[-1]), jnp.dtype(dtype))
    return Product(y.dtype).transposed(w, y, x)


def _dot(a: jax.Array, b: jax.Array, axis: int, dtype: DTypeLike) -> jax.Array:
    """Batches of rows of a times b, whose `axis` is contracted."""
    with jax.numpy_dtype_promotion("standard"):
        common = jnp.promote_types(a.dtype, b.dtype)
    batch = tuple(range(a.ndim - 2))
    dimensions = (((a.ndim - 1,), (b.ndim + axis,)), (batch, batch))
    wide = compute_dtype(common)
    return lax.dot_general(a.astype(common), b.astype(common), dimensions, preferred_element_type=wide).astype(dtype)
