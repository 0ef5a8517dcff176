"""Sums, differences, products and weighted sums of arrays, element by element.

Arrays and numbers are promoted together as in torch: a number counts only where its kind (boolean, integer, floating,
complex) is higher than the arrays', a scalar array only where it is higher than those with dimensions.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import array, kind, operands, promoted
from purenn.typing import Array, ArrayLike

__all__ = ["add", "addcdiv", "addcmul", "lerp", "mul", "multiply", "rsub", "sub", "subtract"]


def _scaled(where: str, x: jax.Array, factor: ArrayLike, argument: str = "alpha") -> jax.Array:
    """The product with a number whose kind is at most the array's; a factor of 1 costs nothing."""
    if isinstance(factor, int) and factor == 1:
        return x
    if kind(promoted(factor)) > max(kind(x.dtype), 0):
        check.fail(where, argument, f"be of a kind that {x.dtype} holds", repr(factor), TypeError)
    return x * array(where, argument, factor, x.dtype)


def add(input: ArrayLike, other: ArrayLike, *, alpha: ArrayLike = 1) -> Array:
    """Computes ``input + alpha * other``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.add(jnp.array([1, 2]), jnp.array([10, 20]), alpha=2).tolist()
        [21, 42]
    """
    a, b = operands("add", input=input, other=other)
    return jnp.add(a, _scaled("add", b, alpha))


def sub(input: ArrayLike, other: ArrayLike, *, alpha: ArrayLike = 1) -> Array:
    """Computes ``input - alpha * other``; booleans are refused: use `logical_xor`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.sub(jnp.array([1, 2]), 1).tolist()
        [0, 1]
    """
    for name, x in (("input", input), ("other", other)):
        if kind(promoted(x)) == 0:
            check.fail("sub", name, "be no boolean; use logical_xor or logical_not", "dtype bool", TypeError)
    a, b = operands("sub", input=input, other=other)
    return a - _scaled("sub", b, alpha)


subtract = sub


def rsub(input: ArrayLike, other: ArrayLike, *, alpha: ArrayLike = 1) -> Array:
    """Computes ``other - alpha * input``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.rsub(jnp.array([1, 2]), 1).tolist()
        [0, -1]
    """
    return sub(other, input, alpha=alpha)


def mul(input: ArrayLike, other: ArrayLike) -> Array:
    """Computes the product, element by element.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.mul(jnp.array([1, 2]), 1.5).tolist()
        [1.5, 3.0]
    """
    a, b = operands("mul", input=input, other=other)
    return jnp.multiply(a, b)


multiply = mul


def addcmul(input: ArrayLike, tensor1: ArrayLike, tensor2: ArrayLike, *, value: ArrayLike = 1) -> Array:
    """Computes ``input + value * tensor1 * tensor2``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.addcmul(jnp.array([1.0]), jnp.array([2.0]), jnp.array([3.0]), value=0.5).tolist()
        [4.0]
    """
    x, a, b = operands("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    return x + _scaled("addcmul", a * b, value, "value")


def addcdiv(input: ArrayLike, tensor1: ArrayLike, tensor2: ArrayLike, *, value: ArrayLike = 1) -> Array:
    """Computes ``input + value * tensor1 / tensor2``; integers are refused, as in torch.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.addcdiv(jnp.array([1.0]), jnp.array([6.0]), jnp.array([3.0])).tolist()
        [3.0]
    """
    if kind(promoted(tensor1)) < 2 and kind(promoted(tensor2)) < 2:
        check.fail("addcdiv", "tensor1 or tensor2", "be floating-point", "integers", TypeError)
    x, a, b = operands("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    return x + _scaled("addcdiv", a, value, "value") / b


def lerp(input: ArrayLike, end: ArrayLike, weight: ArrayLike) -> Array:
    """Interpolates: ``input + weight * (end - input)``, from the nearer end. The dtypes must be one.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.lerp(jnp.array([0.0]), jnp.array([8.0]), 0.25).tolist()
        [2.0]
    """
    a, b = check.array("lerp", "input", input), check.array("lerp", "end", end)
    check.same_dtype("lerp", input=a, end=b)
    check.inexact("lerp", "input", a)
    w = array("lerp", "weight", weight, None if isinstance(weight, jax.Array | np.ndarray) else a.dtype)
    check.same_dtype("lerp", input=a, weight=w)
    a, b, w = check.broadcast("lerp", input=a, end=b, weight=w)
    return jnp.where(jnp.abs(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w))
