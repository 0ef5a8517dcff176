"""Instance norms and their running statistics."""

from __future__ import annotations

from typing import Any

from purenn import check
from purenn.functional.normalization.statistics import (
    both_or_neither,
    by_channel,
    floating,
    normalize_with,
    statistics,
    updated_running_stats,
)
from purenn.typing import Array, ArrayLike

__all__ = ["instance_norm", "instance_norm_update"]


def instance_norm(
    input: ArrayLike,
    running_mean: ArrayLike | None = None,
    running_var: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    r"""Normalizes every channel of every sample over the spatial dimensions.

    .. math:: y = \frac{x - \mu_{nc}}{\sqrt{\sigma^2_{nc} + \epsilon}}\, w_c + b_c

    With ``use_input_stats``, :math:`\mu_{nc}` and :math:`\sigma^2_{nc}` are the mean and the biased variance of one
    channel of one sample; without, they are ``running_mean`` and ``running_var``.

    Args:
        input: of shape :math:`(N, C, *)`; floating-point.
        running_mean: of shape :math:`(C)`, or None with ``use_input_stats``. It isn't differentiated or changed:
            `instance_norm_update` returns the new one.
        running_var: of shape :math:`(C)`, or None with ``use_input_stats``, as ``running_mean``.
        weight: the scale :math:`w`, of shape :math:`(C)`; None for ones.
        bias: the shift :math:`b`, of shape :math:`(C)`; None for zeros.
        use_input_stats: whether the input's statistics are used, not the running ones.
        momentum: Ignored; accepted for compatibility with PyTorch. `instance_norm_update` takes it.
        eps: the number :math:`\epsilon` added to the variance.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit, running statistics are missing, or the input has one value per sample and
            channel.
        TypeError: the dtypes don't fit. Parameters have the input's dtype; with float16 or bfloat16 all may be float32.

    Source: ``torch.nn.functional.instance_norm``; Ulyanov, Vedaldi and Lempitsky, *Instance Normalization: The Missing
    Ingredient for Fast Stylization*, 2016, https://arxiv.org/abs/1607.08022.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.instance_norm(jnp.array([[[1.0, 3.0], [4.0, 8.0]]])).round(3).tolist()
        [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    return instance_norm_with(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)[0]


def instance_norm_with(
    input: ArrayLike,
    running_mean: ArrayLike | None,
    running_var: ArrayLike | None,
    weight: ArrayLike | None,
    bias: ArrayLike | None,
    use_input_stats: bool,
    momentum: float | None,
    eps: float,
    update: bool = False,
) -> tuple[Array, Any]:
    """Returns the output, and with ``update`` the new running statistics; the moments are computed once for both."""
    where = "instance_norm"
    x = floating(where, input, 2, "(N, C, *)")
    both_or_neither(where, running_mean, running_var, None if use_input_stats else "use_input_stats is False")
    if momentum is None:
        check.fail(where, "momentum", "be a number", None, TypeError)
    mean, var = statistics(where, x, running_mean, running_var)
    factors, summands = by_channel(where, x, weight=weight, bias=bias)
    axes = range(2, x.ndim)
    y, batch_stats = normalize_with(where, x, axes if use_input_stats else None, mean, var, factors, summands, eps)
    return y, updated_running_stats(
        where, x, axes, running_mean, running_var, momentum, batch_stats=batch_stats
    ) if update else None


def instance_norm_update(
    input: ArrayLike, running_mean: ArrayLike, running_var: ArrayLike, momentum: float | Array = 0.1
) -> tuple[Array, Array]:
    r"""Returns the running statistics after a call of `instance_norm` in training.

    .. math:: r' = (1 - m)\, r + m\, s

    where :math:`s` is the mean, or the unbiased variance, of a channel of a sample, averaged over the batch. An empty
    input changes nothing. The gradient is 0.

    Args:
        input: of shape :math:`(N, C, *)`; floating-point.
        running_mean: the old mean, of shape :math:`(C)`.
        running_var: the old variance, of shape :math:`(C)`.
        momentum: the weight :math:`m` of the new batch; a number or a scalar array.

    Returns:
        The new mean and variance, like the old ones.

    Raises:
        ValueError: the shapes don't fit, or the input has one value per sample and channel.
        TypeError: a dtype isn't floating-point.

    Source: ``torch.nn.functional.instance_norm``, which updates its arguments in place.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[[1.0, 3.0]], [[3.0, 5.0]]])
        >>> mean, var = F.instance_norm_update(x, jnp.zeros(1), jnp.ones(1), momentum=0.5)
        >>> mean.tolist(), var.tolist()
        ([1.5], [1.5])
    """
    x = floating("instance_norm_update", input, 2, "(N, C, *)")
    return updated_running_stats("instance_norm_update", x, range(2, x.ndim), running_mean, running_var, momentum)
