"""Arrays of another's shape and dtype that are filled: with a value, with a source, on the diagonal."""

from __future__ import annotations

import jax.numpy as jnp

from purenn import check
from purenn.interop.ops import casts
from purenn.interop.ops.operands import array
from purenn.typing import Array, ArrayLike

__all__ = ["copy_", "fill", "fill_", "fill_diagonal_", "zero", "zero_"]


def copy_(input: ArrayLike, src: ArrayLike) -> Array:
    """Returns the source in the shape and dtype of the input; floats are cut off where the input has integers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.copy_(jnp.zeros((2, 2)), jnp.array([1, 2])).tolist()
        [[1.0, 2.0], [1.0, 2.0]]
    """
    x, s = check.array("copy_", "input", input), array("copy_", "src", src)
    check.broadcastable("copy_", "src", s, x.shape)
    return jnp.broadcast_to(casts.to(s, x.dtype), x.shape)


def fill_(input: ArrayLike, value: ArrayLike) -> Array:
    """Returns an array of the input's shape and dtype full of one value.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fill_(jnp.zeros(2), 7).tolist()
        [7.0, 7.0]
    """
    x, v = check.array("fill_", "input", input), array("fill_", "value", value)
    check.rank("fill_", "value", v, (0,))
    return jnp.broadcast_to(casts.to(v, x.dtype), x.shape)


fill = fill_


def zero_(input: ArrayLike) -> Array:
    """Returns zeros of the input's shape and dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.zero_(jnp.ones(2)).tolist()
        [0.0, 0.0]
    """
    return jnp.zeros_like(check.array("zero_", "input", input))


zero = zero_


def fill_diagonal_(input: ArrayLike, fill_value: ArrayLike, wrap: bool = False) -> Array:
    """Returns an array with its main diagonal full of one value; with ``wrap`` it begins again in tall matrices.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fill_diagonal_(jnp.zeros((2, 2)), 1.0).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    x = check.array("fill_diagonal_", "input", input)
    if x.ndim < 2 or (x.ndim > 2 and len(set(x.shape)) > 1):
        check.fail("fill_diagonal_", "input", "have rank 2 or more, and one size for more", f"shape {x.shape}")
    value = array("fill_diagonal_", "fill_value", fill_value, x.dtype)
    return jnp.fill_diagonal(x, value, wrap=wrap, inplace=False)
