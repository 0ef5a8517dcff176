"""Normalizations of every sample: over groups of channels, or over the last dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.normalization.statistics import floating, parameters
from purenn.lowering.dtypes import widened
from purenn.lowering.normalization import normalized
from purenn.typing import Array, ArrayLike

__all__ = ["group_norm", "layer_norm", "rms_norm"]


def group_norm(
    input: ArrayLike,
    num_groups: int,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
) -> Array:
    r"""Normalizes every sample over groups of channels and the spatial dimensions.

    .. math:: y = \frac{x - \mu_{ng}}{\sqrt{\sigma^2_{ng} + \epsilon}}\, w_c + b_c

    with one mean :math:`\mu_{ng}` and one biased variance :math:`\sigma^2_{ng}` per sample and group.

    Args:
        input: of shape :math:`(N, C, *)`; floating-point.
        num_groups: the number of groups of adjacent channels, a divisor of :math:`C`.
        weight: the scale :math:`w`, of shape :math:`(C)`; None for ones.
        bias: the shift :math:`b`, of shape :math:`(C)`; None for zeros.
        eps: the number :math:`\epsilon` added to the variance.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit, ``num_groups`` doesn't divide :math:`C`, or a group has one value in all.
        TypeError: the dtypes don't fit. Parameters have the input's dtype; with float16 or bfloat16 all may be float32.

    Source: ``torch.nn.functional.group_norm``; Wu and He, *Group Normalization*, 2018,
    https://arxiv.org/abs/1803.08494.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.group_norm(jnp.array([[1.0, 3.0, 4.0, 8.0]]), 2).round(3).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """
    where = "group_norm"
    x = floating(where, input, 2, "(N, C, *)")
    groups = check.integer(where, "num_groups", num_groups, 1)
    n, channels, size = x.shape[0], x.shape[1], math.prod(x.shape[2:])
    if channels % groups:
        check.fail(where, "input", f"have channels divisible by num_groups={groups}", f"shape {x.shape}")
    if n * (channels // groups) * size == 1:
        check.fail(where, "input", "have more than 1 value per group", f"shape {x.shape} with num_groups={groups}")
    affine = parameters(where, x, weight=weight, bias=bias)
    for name, a in zip(("weight", "bias"), affine, strict=True):
        check.shape(where, name, a, (channels,))
    factors, summands = (None if a is None else a.reshape(1, groups, channels // groups, 1) for a in affine)
    wide = widened(x).reshape(n, groups, channels // groups, size)
    y, *_ = normalized(wide, (2, 3), factors, summands, eps)
    return y.reshape(x.shape).astype(x.dtype)


def layer_norm(
    input: ArrayLike,
    normalized_shape: Sequence[int],
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
) -> Array:
    r"""Normalizes over the last dimensions.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, w + b

    with the mean :math:`\mu` and the biased variance :math:`\sigma^2` over the last ``len(normalized_shape)``
    dimensions.

    Args:
        input: of shape :math:`(*, \text{normalized\_shape})`; floating-point.
        normalized_shape: the sizes of the last dimensions.
        weight: the scale :math:`w`, of shape ``normalized_shape``; None for ones.
        bias: the shift :math:`b`, of shape ``normalized_shape``; None for zeros.
        eps: the number :math:`\epsilon` added to the variance.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: the dtypes don't fit. Parameters have the input's dtype; with float16 or bfloat16 all may be float32.

    Source: ``torch.nn.functional.layer_norm``; Ba, Kiros and Hinton, *Layer Normalization*, 2016,
    https://arxiv.org/abs/1607.06450.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.layer_norm(jnp.array([[1.0, 3.0]]), (2,)).round(3).tolist()
        [[-1.0, 1.0]]
    """
    x = floating("layer_norm", input, 0, "")
    axes = _last_axes("layer_norm", x, normalized_shape)
    affine = parameters("layer_norm", x, weight=weight, bias=bias)
    wide = widened(x)
    leading = (1,) * (x.ndim - len(axes))
    for name, a in zip(("weight", "bias"), affine, strict=True):
        check.shape("layer_norm", name, a, x.shape[len(leading) :])
    factors, summands = (None if a is None else a.reshape(leading + a.shape) for a in affine)
    y, *_ = normalized(wide, axes, factors, summands, eps)
    return y.astype(x.dtype)


def _last_axes(where: str, x: jax.Array, normalized_shape: Sequence[int]) -> tuple[int, ...]:
    """Returns the last axes, after a check that they have these sizes."""
    if isinstance(normalized_shape, str) or not isinstance(normalized_shape, Sequence):
        check.fail(where, "normalized_shape", "be a sequence of integers", repr(normalized_shape), TypeError)
    sizes = tuple(check.integer(where, "normalized_shape", s) for s in normalized_shape)
    if not sizes:
        check.fail(where, "normalized_shape", "have at least one size", sizes)
    if x.shape[-len(sizes) :] != sizes:
        expected = f"have shape (*, {', '.join(map(str, sizes))}) for normalized_shape={sizes}"
        check.fail(where, "input", expected, f"shape {x.shape}")
    return tuple(range(x.ndim - len(sizes), x.ndim))


def rms_norm(
    input: ArrayLike, normalized_shape: Sequence[int], weight: ArrayLike | None = None, eps: float | None = None
) -> Array:
    r"""Divides by the root of the mean square over the last dimensions.

    .. math:: y = \frac{x}{\sqrt{\frac{1}{n} \sum_{i=1}^n x_i^2 + \epsilon}}\, w

    with the sum over the last ``len(normalized_shape)`` dimensions.

    Args:
        input: of shape :math:`(*, \text{normalized\_shape})`; floating-point or complex.
        normalized_shape: the sizes of the last dimensions.
        weight: the scale :math:`w`, of shape ``normalized_shape`` and any floating dtype; None for ones.
        eps: the number :math:`\epsilon` added to the mean square; None for the machine epsilon of the input's dtype, or
            of float32 for float16 and bfloat16.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: the dtypes don't fit.

    Source: ``torch.nn.functional.rms_norm``; Zhang and Sennrich, *Root Mean Square Layer Normalization*, 2019,
    https://arxiv.org/abs/1910.07467.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.rms_norm(jnp.array([[4.0, 0.0, 0.0, 0.0]]), (4,)).round(3).tolist()
        [[2.0, 0.0, 0.0, 0.0]]
    """
    x = check.array("rms_norm", "input", input)
    check.inexact("rms_norm", "input", x)
    axes = _last_axes("rms_norm", x, normalized_shape)
    wide = widened(x)
    eps = float(jnp.finfo(wide.dtype).eps) if eps is None else eps
    w = None if weight is None else check.array("rms_norm", "weight", weight)
    if w is not None:
        (check.inexact if jnp.iscomplexobj(x) else check.floating)("rms_norm", "weight", w)
        check.shape("rms_norm", "weight", w, x.shape[axes[0] :])
        w = w.reshape((1,) * axes[0] + w.shape)
    if jnp.iscomplexobj(x):
        y = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axes, keepdims=True) + eps)
    elif w is None or jnp.finfo(w.dtype).bits > jnp.finfo(wide.dtype).bits:
        y, *_ = normalized(wide, axes, None, None, eps, centred=False)
    else:
        y, *_ = normalized(wide, axes, w.astype(wide.dtype), None, eps, centred=False)
        w = None
    if w is not None:
        dtype = jnp.promote_types(w.dtype, y.dtype)
        y = y.astype(dtype) * w.astype(dtype)
    return y.astype(x.dtype)
