"""Elements rounded or cut into parts: whole numbers, fractions, mantissas, and finite numbers in place of NaN.

Integers stay integers, where jnp's become floats.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import kind, real_array
from purenn.interop.ops.results import Frexp
from purenn.typing import Array, ArrayLike

__all__ = ["ceil", "fix", "floor", "frac", "frexp", "nan_to_num", "round", "trunc"]


def _rounded(where: str, compute: Callable[[jax.Array], jax.Array], input: ArrayLike) -> jax.Array:
    x = real_array(where, input, 1)
    return compute(x) if kind(x.dtype) == 2 else x


def ceil(input: ArrayLike) -> Array:
    """Rounds every element up; integers stay integers, where jnp's become floats.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.ceil(jnp.array([-1.5, 1.5])).tolist()
        [-1.0, 2.0]
    """
    return _rounded("ceil", jnp.ceil, input)


def floor(input: ArrayLike) -> Array:
    """Rounds every element down; integers stay integers, where jnp's become floats.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.floor(jnp.array([-1.5, 1.5])).tolist()
        [-2.0, 1.0]
    """
    return _rounded("floor", jnp.floor, input)


def trunc(input: ArrayLike) -> Array:
    """Rounds every element towards 0; integers stay integers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.trunc(jnp.array([-1.5, 1.5])).tolist()
        [-1.0, 1.0]
    """
    return _rounded("trunc", jnp.trunc, input)


fix = trunc


def round(input: ArrayLike, *, decimals: int = 0) -> Array:
    """Rounds every element to a number of decimals; halves go to the even number.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.round(jnp.array([0.5, 1.5, 2.6])).tolist()
        [0.0, 2.0, 3.0]
    """
    x = real_array("round", input, 1)
    decimals = check.integer("round", "decimals", decimals)
    if kind(x.dtype) == 1:
        if decimals:
            check.fail("round", "decimals", "be 0 for an integer array", decimals)
        return x
    if not decimals:
        return jnp.round(x)
    scale = jnp.asarray(10.0 ** (decimals if decimals > 0 else -decimals), x.dtype)
    return jnp.round(x * scale) / scale if decimals > 0 else jnp.round(x / scale) * scale


def frac(input: ArrayLike) -> Array:
    """Computes what is behind the decimal point, with the sign of the element.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.frac(jnp.array([-1.5, 1.25])).tolist()
        [-0.5, 0.25]
    """
    x = real_array("frac", input, 1)
    return x - jnp.trunc(x) if kind(x.dtype) == 2 else jnp.zeros_like(x)


def frexp(input: ArrayLike) -> Frexp:
    """Splits every element into a mantissa of modulus from 0.5 to 1 and a power of 2.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> mantissa, exponent = ops.frexp(jnp.array(6.0))
        >>> mantissa.item(), exponent.item()
        (0.75, 3)
    """
    x = check.array("frexp", "input", input)
    check.floating("frexp", "input", x)
    mantissa, exponent = jnp.frexp(x)
    return Frexp(mantissa, exponent.astype(jnp.int32))


def nan_to_num(
    input: ArrayLike, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """Replaces NaN by ``nan`` (0), infinities by ``posinf`` and ``neginf`` (the dtype's largest and smallest number).

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nan_to_num(jnp.array([jnp.nan, jnp.inf]), posinf=7.0).tolist()
        [0.0, 7.0]
    """
    x = check.array("nan_to_num", "input", input)
    return jnp.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf) if kind(x.dtype) > 1 else x
