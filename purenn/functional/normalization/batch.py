"""Batch norms and their running statistics."""

from __future__ import annotations

from typing import Any

from purenn import check
from purenn.functional.normalization.statistics import (
    both_or_neither,
    by_channel,
    floating,
    normalize_with,
    updated_running_stats,
)
from purenn.lowering.normalization import AxisName
from purenn.typing import Array, ArrayLike

__all__ = ["batch_norm", "batch_norm_update", "sync_batch_norm"]


def batch_norm(
    input: ArrayLike,
    running_mean: ArrayLike | None,
    running_var: ArrayLike | None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    r"""Normalizes every channel over the batch and the spatial dimensions.

    .. math:: y = \frac{x - \mu_c}{\sqrt{\sigma^2_c + \epsilon}}\, w_c + b_c

    With ``training``, :math:`\mu_c` and :math:`\sigma^2_c` are the mean and the biased variance of the input; without,
    they are ``running_mean`` and ``running_var``.

    Args:
        input: of shape :math:`(N, C, *)`, or of shape :math:`(0)`; floating-point.
        running_mean: of shape :math:`(C)`, or None with ``training``. It isn't differentiated or changed:
            `batch_norm_update` returns the new one.
        running_var: of shape :math:`(C)`, or None with ``training``, as ``running_mean``.
        weight: the scale :math:`w`, of shape :math:`(C)`; None for ones.
        bias: the shift :math:`b`, of shape :math:`(C)`; None for zeros.
        training: whether the input's statistics are used, not the running ones.
        momentum: Ignored; accepted for compatibility with PyTorch. `batch_norm_update` takes it.
        eps: the number :math:`\epsilon` added to the variance; positive with ``training``.

    Returns:
        An array like ``input``. In training it is NaN where the square of a difference from the mean overflows, in
        float32 from 1.8e19 on; torch sums in double precision on the CPU.

    Raises:
        ValueError: the shapes don't fit, running statistics are missing, or the input of a training call has one value
            per channel.
        TypeError: the dtypes don't fit. Parameters have the input's dtype; with float16 or bfloat16 all may be float32.

    Source: ``torch.nn.functional.batch_norm``; Ioffe and Szegedy, *Batch Normalization: Accelerating Deep Network
    Training by Reducing Internal Covariate Shift*, 2015, https://arxiv.org/abs/1502.03167.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[1.0, 4.0], [3.0, 8.0]])
        >>> F.batch_norm(x, jnp.zeros(2), jnp.ones(2), training=True).round(3).tolist()
        [[-1.0, -1.0], [1.0, 1.0]]
    """
    return batch_norm_with(
        "batch_norm", input, running_mean, running_var, weight, bias, training, momentum, eps, axis_name=None
    )[0]


def sync_batch_norm(
    input: ArrayLike,
    running_mean: ArrayLike | None,
    running_var: ArrayLike | None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    axis_name: str | tuple[str, ...] | None = None,
) -> Array:
    r"""Normalizes every channel over a batch that is split along an axis of a mesh.

    .. math:: y = \frac{x - \mu_c}{\sqrt{\sigma^2_c + \epsilon}}\, w_c + b_c

    With ``training``, :math:`\mu_c` and :math:`\sigma^2_c` are the mean and the biased variance of the whole batch;
    without, they are ``running_mean`` and ``running_var``. All arguments but ``input`` are the same in all parts.

    Args:
        input: this part of the batch, of shape :math:`(N, C, *)`; floating-point.
        running_mean: of shape :math:`(C)`, or None with ``training``. It isn't differentiated or changed:
            `batch_norm_update` returns the new one.
        running_var: of shape :math:`(C)`, or None with ``training``, as ``running_mean``.
        weight: the scale :math:`w`, of shape :math:`(C)`; None for ones.
        bias: the shift :math:`b`, of shape :math:`(C)`; None for zeros.
        training: whether the batch's statistics are used, not the running ones.
        momentum: Ignored; accepted for compatibility with PyTorch. `batch_norm_update` takes it.
        eps: the number :math:`\epsilon` added to the variance; positive with ``training``.
        axis_name: the axis or axes, named by ``jax.shard_map`` or ``jax.vmap(axis_name=)``; None if the batch isn't
            split. It is used in training only.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit, running statistics are missing, the input of a training call has one value per
            channel, or no axis has the name.
        TypeError: the dtypes don't fit. Parameters have the input's dtype; with float16 or bfloat16 all may be float32.

    Source: ``torch.nn.SyncBatchNorm``; Ioffe and Szegedy, *Batch Normalization: Accelerating Deep Network Training by
    Reducing Internal Covariate Shift*, 2015, https://arxiv.org/abs/1502.03167.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> norm = lambda x: F.sync_batch_norm(x, None, None, training=True, axis_name="batch")
        >>> parts = jnp.array([[[1.0]], [[3.0]]])
        >>> jax.vmap(norm, axis_name="batch")(parts).round(3).tolist()
        [[[-1.0]], [[1.0]]]
    """
    return batch_norm_with(
        "sync_batch_norm", input, running_mean, running_var, weight, bias, training, momentum, eps, axis_name
    )[0]


def batch_norm_with(
    where: str,
    input: ArrayLike,
    running_mean: ArrayLike | None,
    running_var: ArrayLike | None,
    weight: ArrayLike | None,
    bias: ArrayLike | None,
    training: bool,
    momentum: float | Array | None,
    eps: float,
    axis_name: AxisName,
    update: bool = False,
) -> tuple[Array, Any]:
    """Returns the output, and with ``update`` the new running statistics; the moments are computed once for both."""
    x = floating(where, input, 1, "(N, C, *)")
    if x.shape == (0,):  # torch checks no other argument then
        return x, (running_mean, running_var) if update else None
    x = floating(where, x, 2, "(N, C, *)")
    both_or_neither(where, running_mean, running_var, None if training else "training is False")
    if momentum is None:
        check.fail(where, "momentum", "be a number", None, TypeError)
    if eps < 0 or (training and eps == 0):
        check.fail(where, "eps", "be positive in training and else not negative", eps)
    mean, var, factors, summands = by_channel(
        where, x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    axes = _batch_axes(x)
    y, batch_stats = normalize_with(where, x, axes if training else None, mean, var, factors, summands, eps, axis_name)
    return y, updated_running_stats(
        where, x, axes, running_mean, running_var, momentum, axis_name, batch_stats
    ) if update else None


def _batch_axes(x: Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def batch_norm_update(
    input: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    momentum: float | Array = 0.1,
    axis_name: str | tuple[str, ...] | None = None,
) -> tuple[Array, Array]:
    r"""Returns the running statistics after a call of `batch_norm` in training.

    .. math:: r' = (1 - m)\, r + m\, s

    where :math:`s` is the input's mean, or its unbiased variance. An empty input changes nothing. The gradient is 0.

    Args:
        input: of shape :math:`(N, C, *)`; floating-point.
        running_mean: the old mean, of shape :math:`(C)`.
        running_var: the old variance, of shape :math:`(C)`.
        momentum: the weight :math:`m` of the new batch; a number or a scalar array. For a cumulative average it is
            1 / n with the n-th batch.
        axis_name: the axis or axes of a mesh along which the batch is split, named by ``jax.shard_map`` or
            ``jax.vmap(axis_name=)``; None if the batch isn't split.

    Returns:
        The new mean and variance, like the old ones.

    Raises:
        ValueError: the shapes don't fit, or the input has one value per channel.
        TypeError: a dtype isn't floating-point.

    Source: ``torch.nn.functional.batch_norm``, which updates its arguments in place.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[1.0, 4.0], [3.0, 8.0]])
        >>> mean, var = F.batch_norm_update(x, jnp.zeros(2), jnp.ones(2), momentum=0.5)
        >>> mean.tolist(), var.tolist()
        ([1.0, 3.0], [1.5, 4.5])
    """
    x = floating("batch_norm_update", input, 2, "(N, C, *)")
    return updated_running_stats("batch_norm_update", x, _batch_axes(x), running_mean, running_var, momentum, axis_name)
