"""Functions of bits and of truth values."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import kind, operands
from purenn.interop.ops.table import named
from purenn.typing import Array, ArrayLike

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
]

_DOC = """Computes $what, element by element.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.$name(jnp.array([6, 0]), $other).tolist()
        $value
    """


def _bits(
    name: str, compute: Callable[[jax.Array, jax.Array], jax.Array], what: str, value: str, booleans: bool = True
) -> Callable[[ArrayLike, ArrayLike], Array]:
    def function(input: ArrayLike, other: ArrayLike) -> Array:
        a, b = operands(name, input=input, other=other)
        if kind(a.dtype) > 1 or (kind(a.dtype) == 0 and not booleans):
            expected = "be integers or booleans" if booleans else "be integers"
            check.fail(name, "input and other", expected, f"dtype {a.dtype}", TypeError)
        return compute(a, b)

    return named(function, name, _DOC, what=what, value=value, other="3")


def _shifted_left(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.where((b < 0) | (b >= a.dtype.itemsize * 8), 0, jnp.left_shift(a, b)).astype(a.dtype)


def _shifted_right(a: jax.Array, b: jax.Array) -> jax.Array:
    largest = jnp.asarray(a.dtype.itemsize * 8 - 1, b.dtype)
    return jnp.right_shift(a, jnp.where((b < 0) | (b > largest), largest, b))


bitwise_and = _bits("bitwise_and", jnp.bitwise_and, "the bits that both have", "[2, 0]")
bitwise_or = _bits("bitwise_or", jnp.bitwise_or, "the bits that either has", "[7, 3]")
bitwise_xor = _bits("bitwise_xor", jnp.bitwise_xor, "the bits that one alone has", "[5, 3]")
bitwise_left_shift = _bits("bitwise_left_shift", _shifted_left, "the bits shifted left", "[48, 0]", booleans=False)
bitwise_right_shift = _bits("bitwise_right_shift", _shifted_right, "the bits shifted right", "[0, 0]", booleans=False)


def bitwise_not(input: ArrayLike) -> Array:
    """Inverts the bits of integers, or booleans.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.bitwise_not(jnp.array([True, False])).tolist()
        [False, True]
    """
    x = check.array("bitwise_not", "input", input)
    if kind(x.dtype) > 1:
        check.fail("bitwise_not", "input", "be integers or booleans", f"dtype {x.dtype}", TypeError)
    return jnp.bitwise_not(x)


def _logic(
    name: str, compute: Callable[[jax.Array, jax.Array], jax.Array], what: str, value: str
) -> Callable[[ArrayLike, ArrayLike], Array]:
    def function(input: ArrayLike, other: ArrayLike) -> Array:
        a, b = check.array(name, "input", input), check.array(name, "other", other)
        return compute(*check.broadcast(name, input=a != jnp.zeros((), a.dtype), other=b != jnp.zeros((), b.dtype)))

    return named(function, name, _DOC, what=what, value=value, other="jnp.array([3, 3])")


logical_and = _logic("logical_and", jnp.logical_and, "whether both aren't 0", "[True, False]")
logical_or = _logic("logical_or", jnp.logical_or, "whether either isn't 0", "[True, True]")
logical_xor = _logic("logical_xor", jnp.logical_xor, "whether one alone isn't 0", "[False, True]")


def logical_not(input: ArrayLike) -> Array:
    """Tells which elements are 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.logical_not(jnp.array([0.0, 2.0])).tolist()
        [True, False]
    """
    x = check.array("logical_not", "input", input)
    return x == jnp.zeros((), x.dtype)
