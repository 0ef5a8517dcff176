"""Activations of straight pieces; every branch is chosen so that the derivative at a kink is torch's."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.lowering import activation as lowering
from purenn.lowering.dtypes import widened
from purenn.lowering.rounding import rounded

__all__ = [
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "softshrink",
    "threshold",
]


def relu(input: Any, inplace: bool = False) -> jax.Array:
    r"""Keeps what is positive: :math:`\max(0, x)`.

    Args:
        input: of any shape and real dtype.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivative at 0 is 0.

    Source: ``torch.nn.functional.relu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.relu(jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    x = check.array("relu", "input", input)
    if x.dtype == bool or jnp.iscomplexobj(x):
        check.fail("relu", "input", "be a real array", f"dtype {x.dtype}", TypeError)
    return lowering.relu(x)


def _floating(where: str, input: Any) -> jax.Array:
    x = check.array(where, "input", input)
    check.floating(where, "input", x)
    return x


def _real(where: str, input: Any) -> jax.Array:
    x = check.array(where, "input", input)
    if x.dtype == bool or jnp.iscomplexobj(x):
        check.fail(where, "input", "be a real array", f"dtype {x.dtype}", TypeError)
    return x


def _flat(inside: jax.Array, x: jax.Array, outside: Any) -> jax.Array:
    """x where it is `inside`, elsewhere something whose derivative is 0."""
    return jnp.where(inside, x, lax.stop_gradient(outside))


def _number(where: str, argument: str, value: Any, x: jax.Array) -> Any:
    """A Python number, as the input's dtype reads it: without its fraction for integers."""
    if isinstance(value, str) or not hasattr(value, "__float__"):
        check.fail(where, argument, "be a number", repr(value), TypeError)
    return value if jnp.issubdtype(x.dtype, jnp.floating) else int(value)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> jax.Array:
    r"""Keeps what is above a threshold, and replaces the rest: :math:`x` where :math:`x > t`, else :math:`v`.

    Args:
        input: of any shape.
        threshold: the threshold :math:`t`.
        value: what replaces.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivative at the threshold is 0.

    Raises:
        TypeError: a boolean or complex input, or a threshold or value that is no number.

    Source: ``torch.nn.functional.threshold``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.threshold(jnp.array([-1.0, 2.0]), 0.5, 9.0).tolist()
        [9.0, 2.0]
    """
    x = _real("threshold", input)
    low, replacement = (_number("threshold", n, v, x) for n, v in (("threshold", threshold), ("value", value)))
    return jnp.where(widened(x) <= low, replacement, x)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> jax.Array:
    r"""Clips to an interval: :math:`\min(\max(x, a), b)`.

    Args:
        input: of any shape.
        min_val, max_val: the interval's ends :math:`a` and :math:`b`.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivative at the ends is 0.

    Raises:
        ValueError: ``min_val`` above ``max_val``. TypeError: a boolean or complex input.

    Source: ``torch.nn.functional.hardtanh``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hardtanh(jnp.array([-3.0, 0.5, 3.0])).tolist()
        [-1.0, 0.5, 1.0]
    """
    return _clipped("hardtanh", input, min_val, max_val)


def _clipped(where: str, input: Any, low: float, high: float) -> jax.Array:
    x = _real(where, input)
    low, high = _number(where, "min_val", low, x), _number(where, "max_val", high, x)
    if not low <= high:
        check.fail(where, "min_val", f"be at most max_val={high}", low)
    if jnp.issubdtype(x.dtype, jnp.unsignedinteger) and low < 0:
        check.fail(where, "min_val", f"be at least 0 for dtype {x.dtype}", low)
    wide = widened(x)
    below, above = wide < low, wide > high
    return _flat((wide > low) & (wide < high) | (wide != wide), x, jnp.where(below, low, jnp.where(above, high, x)))


def relu6(input: Any, inplace: bool = False) -> jax.Array:
    r"""Clips to [0, 6]: :math:`\min(\max(x, 0), 6)`.

    Args:
        input: of any shape.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivatives at 0 and 6 are 0.

    Raises:
        TypeError: a boolean or complex input.

    Source: ``torch.nn.functional.relu6``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.relu6(jnp.array([-1.0, 2.0, 8.0])).tolist()
        [0.0, 2.0, 6.0]
    """
    return _clipped("relu6", input, 0, 6)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> jax.Array:
    r"""Keeps what is positive and scales the rest: :math:`x` where :math:`x > 0`, else :math:`a x`.

    Args:
        input: of any shape.
        negative_slope: the slope :math:`a`.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivative at 0 is the slope.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.leaky_relu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.leaky_relu(jnp.array([-1.0, 2.0]), 0.5).tolist()
        [-0.5, 2.0]
    """
    x = _floating("leaky_relu", input)
    return jnp.where(x > 0, x, (widened(x) * negative_slope).astype(x.dtype))


def prelu(input: Any, weight: Any) -> jax.Array:
    r"""Keeps what is positive and scales the rest by a learnt slope: :math:`x` where :math:`x > 0`, else :math:`w x`.

    Args:
        input: of any shape.
        weight: one slope, of shape :math:`()` or :math:`(1)`, or one a channel: of shape :math:`(C)`, for the second
            dimension of the input.

    Returns:
        An array like ``input``. The derivative at 0 is the slope.

    Raises:
        ValueError: the shapes don't fit. TypeError: the dtypes differ, or aren't floating-point.

    Source: ``torch.nn.functional.prelu``; He et al., 2015.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.prelu(jnp.array([[-1.0, -1.0]]), jnp.array([0.5, 2.0])).tolist()
        [[-0.5, -2.0]]
    """
    x, w = _floating("prelu", input), check.array("prelu", "weight", weight)
    check.same_dtype("prelu", input=x, weight=w)
    check.rank("prelu", "weight", w, (0, 1), "() or (C)")
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.size not in (1, channels):
        check.fail(
            "prelu", "weight", f"have 1 or {channels} elements, for an input of shape {x.shape}", f"shape {w.shape}"
        )
    slope = w.reshape((1, w.size) + (1,) * (x.ndim - 2)) if x.ndim > 1 else w.reshape((1,) * x.ndim)
    below = jnp.where(x > 0, 0, x)  # an infinite product elsewhere would reach the weight's gradient
    return jnp.where(x > 0, x, (widened(slope) * widened(below)).astype(x.dtype))


def rrelu(
    input: Any,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    rng: Any = None,
) -> jax.Array:
    r"""Keeps what is positive and scales the rest by random slopes.

    .. math:: y_i = x_i \text{ where } x_i > 0, \text{ else } a_i x_i \quad\text{with}\quad a_i \sim U(l, u)

    and :math:`a_i = (l + u) / 2` outside of training.

    Args:
        input: of any shape.
        lower, upper: the ends :math:`l` and :math:`u`.
        training: whether the slopes are random.
        inplace: accepted for torch's sake; arrays are immutable.
        rng: a jax key; needed in training.

    Returns:
        An array like ``input``. The derivative at 0 is the slope.

    Raises:
        ValueError: ``lower`` above ``upper``, an infinite one, or no rng.
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.rrelu``; Xu et al., 2015.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.rrelu(jnp.array([-1.0, 2.0]), 0.25, 0.75).tolist()
        [-0.5, 2.0]
    """
    x = _floating("rrelu", input)
    for name, end in (("lower", lower), ("upper", upper)):
        if not abs(end) < float("inf"):
            check.fail("rrelu", name, "be finite", end)
    if lower > upper:
        check.fail("rrelu", "lower", f"be at most upper={upper}", lower)
    if not training:
        return leaky_relu(x, (lower + upper) / 2)
    rng = check.key("rrelu", "rng", rng, "training=True")
    slope = jax.random.uniform(rng, x.shape, x.dtype, lower, upper)
    return jnp.where(x > 0, x, (widened(x) * widened(slope)).astype(x.dtype))


def hardshrink(input: Any, lambd: float = 0.5) -> jax.Array:
    r"""Zeroes what is small: 0 where :math:`|x| \le \lambda`, else :math:`x`.

    Args:
        input: of any shape.
        lambd: the bound :math:`\lambda`.

    Returns:
        An array like ``input``. The derivative at the bounds is 0.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.hardshrink``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hardshrink(jnp.array([-1.0, 0.5, 2.0])).tolist()
        [-1.0, 0.0, 2.0]
    """
    x = _floating("hardshrink", input)
    return jnp.where((x >= -lambd) & (x <= lambd), 0, x)


def softshrink(input: Any, lambd: float = 0.5) -> jax.Array:
    r"""Moves towards zero by :math:`\lambda`, and not past it: :math:`\operatorname{sgn}(x) \max(|x| - \lambda, 0)`.

    Args:
        input: of any shape.
        lambd: the distance :math:`\lambda`, not negative.

    Returns:
        An array like ``input``. The derivative at the bounds is 0.

    Raises:
        ValueError: a negative ``lambd``. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.softshrink``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.softshrink(jnp.array([-1.0, 0.5, 2.0])).tolist()
        [-0.5, 0.0, 1.5]
    """
    x = _floating("softshrink", input)
    if not 0 <= lambd <= float(jnp.finfo(x.dtype).max):
        check.fail("softshrink", "lambd", f"be from 0 to {jnp.finfo(x.dtype).max}", lambd)
    wide = rounded(widened(x))
    inside = lax.stop_gradient(wide * 0)  # which keeps signs
    outside = jnp.where(wide < 0, wide + lambd, wide - lambd)  # the slope is 1 at NaN, too
    return jnp.where((wide >= -lambd) & (wide <= lambd), inside, outside).astype(x.dtype)


def hardsigmoid(input: Any, inplace: bool = False) -> jax.Array:
    r"""A sigmoid of three pieces: :math:`\min(\max(x + 3, 0), 6) / 6`.

    Args:
        input: of any shape.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivatives at -3 and 3 are 0.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.hardsigmoid``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hardsigmoid(jnp.array([-4.0, 0.0, 3.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    x = _floating("hardsigmoid", input)
    wide = widened(x)
    gate, inside = _gate(wide), (wide > -3) & (wide < 3)
    return _flat(inside, gate, jnp.where(wide <= -3, 0, jnp.where(wide >= 3, 1, gate))).astype(x.dtype)


def _gate(x: jax.Array) -> jax.Array:
    return (x + 3) / 6


def hardswish(input: Any, inplace: bool = False) -> jax.Array:
    r"""The input times its `hardsigmoid`: :math:`x \min(\max(x + 3, 0), 6) / 6`.

    Args:
        input: of any shape.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivatives at -3 and 3 are 0 and 1.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.hardswish``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hardswish(jnp.array([-4.0, 1.5, 3.0])).tolist()
        [-0.0, 1.125, 3.0]
    """
    x = _floating("hardswish", input)
    wide = widened(x)
    gate = jnp.where(wide <= -3, 0, jnp.where(wide < 3, _gate(wide), 1))  # the slope is 1 at NaN, too
    return (wide * gate).astype(x.dtype)
