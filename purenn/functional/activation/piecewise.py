"""Piecewise linear activations. The branches are chosen so that the derivative at a kink is torch's."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.activation.common import floating, real
from purenn.lowering.dtypes import widened
from purenn.lowering.rounding import rounded
from purenn.typing import Array, ArrayLike

__all__ = [
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "relu6",
    "softshrink",
    "threshold",
]


def _flat(inside: jax.Array, x: jax.Array, outside: jax.Array) -> jax.Array:
    """Gives x where `inside`, and elsewhere `outside` with derivative 0."""
    return jnp.where(inside, x, lax.stop_gradient(outside))


def _number(where: str, argument: str, value: float, x: jax.Array) -> float:
    """Reads a Python number in the input's dtype: without its fraction for integers."""
    if isinstance(value, str) or not hasattr(value, "__float__"):
        check.fail(where, argument, "be a number", repr(value), TypeError)
    return value if jnp.issubdtype(x.dtype, jnp.floating) else int(value)


def threshold(input: ArrayLike, threshold: float, value: float, inplace: bool = False) -> Array:
    """Replaces every element that isn't above a threshold: :math:`y = x` where :math:`x > t`, else :math:`v`.

    Args:
        input: of any shape and any real dtype.
        threshold: the threshold :math:`t`.
        value: the value :math:`v` in place of the replaced elements.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivative at the threshold is 0.

    Raises:
        TypeError: the input is boolean or complex, or ``threshold`` or ``value`` is not a number.

    Source: ``torch.nn.functional.threshold``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.threshold(jnp.array([-1.0, 2.0]), 0.5, 9.0).tolist()
        [9.0, 2.0]
    """
    x = real("threshold", input)
    low, replacement = (_number("threshold", n, v, x) for n, v in (("threshold", threshold), ("value", value)))
    return jnp.where(widened(x) <= low, replacement, x)


def hardtanh(input: ArrayLike, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Array:
    r"""Clips every element to an interval: :math:`y = \min(\max(x, a), b)`.

    Args:
        input: of any shape and any real dtype.
        min_val: the lower end :math:`a`.
        max_val: the upper end :math:`b`.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivative at the ends is 0.

    Raises:
        ValueError: ``min_val`` is above ``max_val``, or negative for an unsigned dtype.
        TypeError: the input is boolean or complex.

    Source: ``torch.nn.functional.hardtanh``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hardtanh(jnp.array([-3.0, 0.5, 3.0])).tolist()
        [-1.0, 0.5, 1.0]
    """
    return _clipped("hardtanh", input, min_val, max_val)


def _clipped(where: str, input: ArrayLike, low: float, high: float) -> jax.Array:
    x = real(where, input)
    low, high = _number(where, "min_val", low, x), _number(where, "max_val", high, x)
    if not low <= high:
        check.fail(where, "min_val", f"be at most max_val={high}", low)
    if jnp.issubdtype(x.dtype, jnp.unsignedinteger) and low < 0:
        check.fail(where, "min_val", f"be at least 0 for dtype {x.dtype}", low)
    wide = widened(x)
    below, above = wide < low, wide > high
    return _flat((wide > low) & (wide < high) | (wide != wide), x, jnp.where(below, low, jnp.where(above, high, x)))


def relu6(input: ArrayLike, inplace: bool = False) -> Array:
    r"""Clips every element to [0, 6]: :math:`y = \min(\max(x, 0), 6)`.

    Args:
        input: of any shape and any real dtype.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivatives at 0 and 6 are 0.

    Raises:
        TypeError: the input is boolean or complex.

    Source: ``torch.nn.functional.relu6``; Krizhevsky, *Convolutional Deep Belief Networks on CIFAR-10*, 2010.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.relu6(jnp.array([-1.0, 2.0, 8.0])).tolist()
        [0.0, 2.0, 6.0]
    """
    return _clipped("relu6", input, 0, 6)


def hardshrink(input: ArrayLike, lambd: float = 0.5) -> Array:
    r"""Replaces every small element by 0: :math:`y = 0` where :math:`|x| \le \lambda`, else :math:`x`.

    Args:
        input: of any shape, floating-point.
        lambd: the bound :math:`\lambda`.

    Returns:
        An array of the input's shape and dtype. The derivative at the bounds is 0.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.hardshrink``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hardshrink(jnp.array([-1.0, 0.5, 2.0])).tolist()
        [-1.0, 0.0, 2.0]
    """
    x = floating("hardshrink", input)
    return jnp.where((x >= -lambd) & (x <= lambd), 0, x)


def softshrink(input: ArrayLike, lambd: float = 0.5) -> Array:
    r"""Moves every element towards 0 by a distance: :math:`y = \operatorname{sgn}(x) \max(|x| - \lambda, 0)`.

    Args:
        input: of any shape, floating-point.
        lambd: the distance :math:`\lambda`, at least 0.

    Returns:
        An array of the input's shape and dtype. The derivative at :math:`\pm \lambda` is 0.

    Raises:
        ValueError: ``lambd`` is negative, or above the dtype's largest number.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.softshrink``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.softshrink(jnp.array([-1.0, 0.5, 2.0])).tolist()
        [-0.5, 0.0, 1.5]
    """
    x = floating("softshrink", input)
    if not 0 <= lambd <= float(jnp.finfo(x.dtype).max):
        check.fail("softshrink", "lambd", f"be from 0 to {jnp.finfo(x.dtype).max}", lambd)
    wide = rounded(widened(x))
    inside = lax.stop_gradient(wide * 0)  # a zero with the sign of x
    outside = jnp.where(wide < 0, wide + lambd, wide - lambd)  # the slope is 1 at NaN, too
    return jnp.where((wide >= -lambd) & (wide <= lambd), inside, outside).astype(x.dtype)


def _gate(x: jax.Array) -> jax.Array:
    return (x + 3) / 6


def hardsigmoid(input: ArrayLike, inplace: bool = False) -> Array:
    r"""Computes a piecewise linear sigmoid: :math:`y = \min(\max(x + 3, 0), 6) / 6`.

    Args:
        input: of any shape, floating-point.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivatives at -3 and 3 are 0.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.hardsigmoid``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hardsigmoid(jnp.array([-4.0, 0.0, 3.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    x = floating("hardsigmoid", input)
    wide = widened(x)
    gate, inside = _gate(wide), (wide > -3) & (wide < 3)
    return _flat(inside, gate, jnp.where(wide <= -3, 0, jnp.where(wide >= 3, 1, gate))).astype(x.dtype)


def hardswish(input: ArrayLike, inplace: bool = False) -> Array:
    r"""Multiplies every element by its `hardsigmoid`: :math:`y = x \min(\max(x + 3, 0), 6) / 6`.

    Args:
        input: of any shape, floating-point.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivatives at -3 and 3 are 0 and 1.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.hardswish``; Howard et al., *Searching for MobileNetV3*, 2019,
    https://arxiv.org/abs/1905.02244.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hardswish(jnp.array([-4.0, 1.5, 3.0])).tolist()
        [-0.0, 1.125, 3.0]
    """
    x = floating("hardswish", input)
    wide = widened(x)
    gate = jnp.where(wide <= -3, 0, jnp.where(wide < 3, _gate(wide), 1))  # the slope is 1 at NaN, too
    return (wide * gate).astype(x.dtype)
