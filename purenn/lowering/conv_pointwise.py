"""Convolutions with a kernel of one element: products of matrices, of all channels at a place of an image.

For large images GPUs are faster at these than at convolutions; see `docs/performance.md`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["to_w", "to_x", "to_y"]


def to_y(x: Any, w: Any) -> jax.Array:
    """The output, of x (N, C, *) and w (O, C, 1, ...)."""
    return _product(w.reshape(w.shape[:2]), x)


def to_x(w: Any, y: Any) -> jax.Array:
    """The gradient of x."""
    return _product(w.reshape(w.shape[:2]).T, y)


def to_w(x: Any, y: Any, like: jax.ShapeDtypeStruct) -> jax.Array:
    """The gradient of w, whose shape and dtype are `like`: one for each image, then their sum."""
    x, y = (a.reshape(*a.shape[:2], -1) for a in (x, y))
    each = lax.dot_general(y, x, (((2,), (2,)), ((0,), (0,))), preferred_element_type=jnp.float32)
    return jnp.sum(each, 0).astype(like.dtype).reshape(like.shape)


def _product(w: Any, x: Any) -> jax.Array:
    matrices = jnp.broadcast_to(w, (x.shape[0], *w.shape))
    dimensions = (((2,), (1,)), ((0,), (0,)))
    y = lax.dot_general(matrices, x.reshape(*x.shape[:2], -1), dimensions, preferred_element_type=jnp.float32)
    return y.astype(x.dtype).reshape(x.shape[0], w.shape[0], *x.shape[2:])
