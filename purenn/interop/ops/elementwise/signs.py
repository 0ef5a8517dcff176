"""Moduli, negatives and signs of elements, and the step function. Integers stay integers."""

from __future__ import annotations

import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import kind, numeric, real_array
from purenn.typing import Array, ArrayLike

__all__ = ["abs", "absolute", "heaviside", "neg", "negative", "positive", "sgn", "sign"]


def heaviside(input: ArrayLike, values: ArrayLike) -> Array:
    """Computes the step function: 0 below 0, 1 above, ``values`` at 0. The dtypes must be one.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.heaviside(jnp.array([-1.0, 0.0, 1.0]), jnp.array(0.5)).tolist()
        [0.0, 0.5, 1.0]
    """
    x, v = check.array("heaviside", "input", input), check.array("heaviside", "values", values)
    check.same_dtype("heaviside", input=x, values=v)
    real_array("heaviside", x)
    x, v = check.broadcast("heaviside", input=x, values=v)
    zero = jnp.zeros_like(x)
    return jnp.where(x == zero, v, (x > zero).astype(x.dtype))


def abs(input: ArrayLike) -> Array:
    """Computes the modulus of every element. A boolean array stays as it is; the gradient at 0 is 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.abs(jnp.array([-1, 2])).tolist()
        [1, 2]
    """
    x = check.array("abs", "input", input)
    return x if x.dtype == bool else jnp.abs(x)


absolute = abs


def neg(input: ArrayLike) -> Array:
    """Computes the negative of every element; booleans are refused: use `logical_not`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.neg(jnp.array([-1, 2])).tolist()
        [1, -2]
    """
    return jnp.negative(numeric("neg", input))


negative = neg


def positive(input: ArrayLike) -> Array:
    """Returns the array itself; booleans are refused, as in torch.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.positive(jnp.array([-1, 2])).tolist()
        [-1, 2]
    """
    return numeric("positive", input)


def sign(input: ArrayLike) -> Array:
    """Computes the sign of every element: -1, 0 or 1; 0 for NaN, where jnp's is NaN. Complex arrays take `sgn`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.sign(jnp.array([-3.0, 0.0, jnp.nan])).tolist()
        [-1.0, 0.0, 0.0]
    """
    x = real_array("sign", input)
    if x.dtype == bool:
        return x
    return jnp.where(jnp.isnan(x), 0, jnp.sign(x)).astype(x.dtype) if kind(x.dtype) == 2 else jnp.sign(x)


def sgn(input: ArrayLike) -> Array:
    """Computes the sign of every element; for a complex one the number of modulus 1 in its direction.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.sgn(jnp.array([3j, 0])).tolist()
        [1j, 0j]
    """
    x = numeric("sgn", input, 0)
    return jnp.sign(x) if kind(x.dtype) == 3 else sign(x)
