"""Rectifiers: positive elements pass, negative ones are scaled, bent or replaced by 0."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.activation.common import floating, real, wide
from purenn.lowering import activation as lowering
from purenn.lowering.dtypes import widened
from purenn.typing import Array, ArrayLike, Key

__all__ = [
    "celu",
    "elu",
    "leaky_relu",
    "prelu",
    "relu",
    "rrelu",
    "selu",
]


def relu(input: ArrayLike, inplace: bool = False) -> Array:
    r"""Replaces every negative element by 0: :math:`y = \max(0, x)`.

    Args:
        input: of any shape and any real dtype.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivative at 0 is 0.

    Raises:
        TypeError: the input is boolean or complex.

    Source: ``torch.nn.functional.relu``; Nair and Hinton, *Rectified Linear Units Improve Restricted Boltzmann
    Machines*, 2010.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.relu(jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    return lowering.relu(real("relu", input))


def leaky_relu(input: ArrayLike, negative_slope: float = 0.01, inplace: bool = False) -> Array:
    """Multiplies every negative element by a small slope: :math:`y = x` where :math:`x > 0`, else :math:`a x`.

    Args:
        input: of any shape, floating-point.
        negative_slope: the slope :math:`a`.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivative at 0 is the slope.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.leaky_relu``; Maas, Hannun and Ng, *Rectifier Nonlinearities Improve Neural Network
    Acoustic Models*, 2013.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.leaky_relu(jnp.array([-1.0, 2.0]), 0.5).tolist()
        [-0.5, 2.0]
    """
    x = floating("leaky_relu", input)
    return jnp.where(x > 0, x, (widened(x) * negative_slope).astype(x.dtype))


def prelu(input: ArrayLike, weight: ArrayLike) -> Array:
    """Multiplies every negative element by a learned slope: :math:`y = x` where :math:`x > 0`, else :math:`w x`.

    Args:
        input: of any shape, floating-point.
        weight: the slopes :math:`w`: one for all elements, of shape :math:`()` or :math:`(1)`, or one per channel, of
            shape :math:`(C)`. The channels are the input's second dimension.

    Returns:
        An array of the input's shape and dtype. The derivative at 0 is the slope.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: the dtypes differ, or aren't floating-point.

    Source: ``torch.nn.functional.prelu``; He, Zhang, Ren and Sun, *Delving Deep into Rectifiers: Surpassing Human-Level
    Performance on ImageNet Classification*, 2015, https://arxiv.org/abs/1502.01852.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.prelu(jnp.array([[-1.0, -1.0]]), jnp.array([0.5, 2.0])).tolist()
        [[-0.5, -2.0]]
    """
    x, w = floating("prelu", input), check.array("prelu", "weight", weight)
    check.same_dtype("prelu", input=x, weight=w)
    check.rank("prelu", "weight", w, (0, 1), "() or (C)")
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.size not in (1, channels):
        expected = f"have 1 or {channels} elements, for an input of shape {x.shape}"
        check.fail("prelu", "weight", expected, f"shape {w.shape}")
    slope = w.reshape((1, w.size) + (1,) * (x.ndim - 2)) if x.ndim > 1 else w.reshape((1,) * x.ndim)
    below = jnp.where(x > 0, 0, x)  # an infinite product elsewhere would reach the weight's gradient
    return jnp.where(x > 0, x, (widened(slope) * widened(below)).astype(x.dtype))


def rrelu(
    input: ArrayLike,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    rng: Key | None = None,
) -> Array:
    r"""Multiplies every negative element by a random slope of its own.

    .. math:: y_i = x_i \text{ where } x_i > 0, \text{ else } a_i x_i \quad\text{with}\quad a_i \sim U(l, u)

    Outside of training all slopes are :math:`(l + u) / 2`.

    Args:
        input: of any shape, floating-point.
        lower: the least slope :math:`l`.
        upper: the largest slope :math:`u`.
        training: whether the slopes are random.
        inplace: Ignored; accepted for compatibility with PyTorch.
        rng: a jax key, needed in training.

    Returns:
        An array of the input's shape and dtype. The derivative at 0 is the slope.

    Raises:
        ValueError: ``lower`` is above ``upper``, one of them is infinite, or ``rng`` is missing in training.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.rrelu``; Xu, Wang, Chen and Li, *Empirical Evaluation of Rectified Activations in
    Convolutional Network*, 2015, https://arxiv.org/abs/1505.00853.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.rrelu(jnp.array([-1.0, 2.0]), 0.25, 0.75).tolist()
        [-0.5, 2.0]
    """
    x = floating("rrelu", input)
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


def _elu(where: str, input: ArrayLike, alpha: float, scale: float = 1.0, narrow: bool = False) -> jax.Array:
    x, dtype = wide(where, input)
    below = jnp.where(x < 0, x, 0)  # elsewhere the exponential isn't used and might overflow
    below = alpha * lowering.expm1(below / alpha if narrow else below)
    kink = x if narrow else x * alpha  # torch's at 0: the slope from below, and no curvature
    return (scale * jnp.where(x < 0, below, jnp.where(x == 0, kink, x))).astype(dtype)


def elu(input: ArrayLike, alpha: float = 1.0, inplace: bool = False) -> Array:
    r"""Computes the exponential linear unit: :math:`y = x` where :math:`x > 0`, else :math:`\alpha\,(e^x - 1)`.

    Args:
        input: of any shape, floating-point.
        alpha: the factor :math:`\alpha`; the limit at :math:`-\infty` is :math:`-\alpha`.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivative at 0 is ``alpha``.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.elu``; Clevert, Unterthiner and Hochreiter, *Fast and Accurate Deep Network Learning
    by Exponential Linear Units (ELUs)*, 2015, https://arxiv.org/abs/1511.07289.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.elu(jnp.array([-100.0, 2.0])).tolist()
        [-1.0, 2.0]
    """
    return _elu("elu", input, alpha)


def celu(input: ArrayLike, alpha: float = 1.0, inplace: bool = False) -> Array:
    r"""Computes the continuously differentiable exponential linear unit.

    .. math:: y = x \text{ where } x > 0, \text{ else } \alpha\,(e^{x / \alpha} - 1)

    Args:
        input: of any shape, floating-point.
        alpha: the scale :math:`\alpha`, not 0; the limit at :math:`-\infty` is :math:`-\alpha`.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivative at 0 is 1.

    Raises:
        ValueError: ``alpha`` is 0.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.celu``; Barron, *Continuously Differentiable Exponential Linear Units*, 2017,
    https://arxiv.org/abs/1704.07483.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.celu(jnp.array([-100.0, 2.0]), 0.5).tolist()
        [-0.5, 2.0]
    """
    if alpha == 0:
        check.fail("celu", "alpha", "be other than 0", alpha)
    return _elu("celu", input, alpha, narrow=True)


def selu(input: ArrayLike, inplace: bool = False) -> Array:
    r"""Computes the scaled exponential linear unit, for which mean 0 and variance 1 are a fixed point.

    .. math:: y = s\,x \text{ where } x > 0, \text{ else } s\,\alpha\,(e^x - 1)

    with :math:`\alpha \approx 1.6733` and :math:`s \approx 1.0507`.

    Args:
        input: of any shape, floating-point.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype. The derivative at 0 is :math:`s \alpha`, about 1.758.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.selu``; Klambauer, Unterthiner, Mayr and Hochreiter, *Self-Normalizing Neural
    Networks*, 2017, https://arxiv.org/abs/1706.02515.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.selu(jnp.array([-100.0, 1.0])).tolist()]
        [-1.7581, 1.0507]
    """
    return _elu("selu", input, 1.6732632423543772, 1.0507009873554805)
