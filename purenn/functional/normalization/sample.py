"""Normalisations.

Here are those of single samples. Those that have running statistics are in `_batch_norm` and `_instance_norm`, those by
a norm in `_response_norm`. All that standardise do it with `lowering.normalization`, in float32 for half inputs; they
differ in which axes are averaged. Running statistics are never touched: `batch_norm_update` and `instance_norm_update`
return the new ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.normalization.statistics import floating, parameters
from purenn.lowering.dtypes import widened
from purenn.lowering.normalization import normalized

__all__ = ["group_norm", "layer_norm", "rms_norm"]


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> jax.Array:
    r"""Normalises every sample over groups of channels and the spatial dimensions.

    The formula is that of `batch_norm`, with a mean and a variance a sample and group.

    Args:
        input: of shape :math:`(N, C, *)`.
        num_groups: into how many groups the channels are divided.
        weight, bias: of shape :math:`(C)`.
        eps: added to the variance.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit, the groups don't divide the channels, or there is one value in all a group.
        TypeError: the dtypes don't fit. Parameters have the input's, or both float32 for a half input.

    Source: ``torch.nn.functional.group_norm``; Wu and He, 2018.

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
    weight, bias = parameters(where, x, weight=weight, bias=bias)
    for name, a in (("weight", weight), ("bias", bias)):
        check.shape(where, name, a, (channels,))
    weight, bias = (None if a is None else a.reshape(1, groups, channels // groups, 1) for a in (weight, bias))
    wide = widened(x).reshape(n, groups, channels // groups, size)
    y, *_ = normalized(wide, (2, 3), weight, bias, eps)
    return y.reshape(x.shape).astype(x.dtype)


def layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> jax.Array:
    r"""Normalises over the last dimensions, for every element of the others.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, w + b

    with the mean and the (biased) variance over the last ``len(normalized_shape)`` dimensions.

    Args:
        input: of shape :math:`(*, \text{normalized\_shape})`.
        normalized_shape: the sizes of the last dimensions.
        weight, bias: of shape ``normalized_shape``.
        eps: added to the variance.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: the dtypes don't fit. Parameters have the input's, or all float32 for a half input.

    Source: ``torch.nn.functional.layer_norm``; Ba, Kiros and Hinton, 2016.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.layer_norm(jnp.array([[1.0, 3.0]]), (2,)).round(3).tolist()
        [[-1.0, 1.0]]
    """
    x = floating("layer_norm", input, 0, "")
    axes = _last_axes("layer_norm", x, normalized_shape)
    weight, bias = parameters("layer_norm", x, weight=weight, bias=bias)
    wide = widened(x)
    leading = (1,) * (x.ndim - len(axes))
    for name, a in (("weight", weight), ("bias", bias)):
        check.shape("layer_norm", name, a, x.shape[len(leading) :])
    weight, bias = (None if a is None else a.reshape(leading + a.shape) for a in (weight, bias))
    y, *_ = normalized(wide, axes, weight, bias, eps)
    return y.astype(x.dtype)


def _last_axes(where: str, x: jax.Array, normalized_shape: Sequence[int]) -> tuple[int, ...]:
    """The axes that have the given sizes, which are the last."""
    if isinstance(normalized_shape, str) or not isinstance(normalized_shape, Sequence):
        check.fail(where, "normalized_shape", "be a sequence of integers", repr(normalized_shape), TypeError)
    sizes = tuple(check.integer(where, "normalized_shape", s) for s in normalized_shape)
    if not sizes:
        check.fail(where, "normalized_shape", "have at least one size", sizes)
    if x.shape[-len(sizes) :] != sizes:
        expected = f"have shape (*, {', '.join(map(str, sizes))}) for normalized_shape={sizes}"
        check.fail(where, "input", expected, f"shape {x.shape}")
    return tuple(range(x.ndim - len(sizes), x.ndim))


def rms_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None) -> jax.Array:
    r"""Divides by the root of the mean square over the last dimensions.

    .. math:: y = \frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \epsilon}}\, w

    Args:
        input: of shape :math:`(*, \text{normalized\_shape})`, floating-point or complex.
        normalized_shape: the sizes of the last dimensions.
        weight: of shape ``normalized_shape`` and any floating dtype.
        eps: added to the mean square; None is the machine epsilon of the input's dtype, float32's for half inputs.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit. TypeError: the dtypes don't fit.

    Source: ``torch.nn.functional.rms_norm``; Zhang and Sennrich, 2019.

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
