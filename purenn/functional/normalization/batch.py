"""Batch norms, and the running statistics that go with them."""

from __future__ import annotations

from typing import Any

import jax

from purenn import check
from purenn.functional.normalization.statistics import both_or_neither, by_channel, floating, moved, with_statistics
from purenn.lowering.normalization import AxisName

__all__ = ["batch_norm", "batch_norm_update", "sync_batch_norm"]


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> jax.Array:
    r"""Normalises every channel over the batch and the spatial dimensions.

    .. math:: y = \frac{x - \mu_c}{\sqrt{\sigma^2_c + \epsilon}}\, w_c + b_c

    where the mean and the (biased) variance are the input's with ``training``, and else the running ones.

    Args:
        input: of shape :math:`(N, C, *)`, or an empty one of rank 1.
        running_mean, running_var: of shape :math:`(C)`, or both None with ``training``. They are not
            differentiated, and not changed: `batch_norm_update` has the new ones.
        weight, bias: of shape :math:`(C)`.
        training: whether the input's statistics are used.
        momentum: accepted for torch's sake; `batch_norm_update` takes it.
        eps: added to the variance; positive with ``training``.

    Returns:
        An array like ``input``, alone. NaN in training where the square of a difference from the mean overflows, in
        float32 from 1.8e19 on; torch's CPU code sums in double precision.

    Raises:
        ValueError: the shapes don't fit, the running statistics are missing, or one value a channel in training.
        TypeError: the dtypes don't fit. Parameters have the input's, or all float32 for a half input.

    Source: ``torch.nn.functional.batch_norm``; Ioffe and Szegedy, 2015.

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
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    axis_name: str | tuple[str, ...] | None = None,
) -> jax.Array:
    r"""The `batch_norm` of a batch that lies in parts along an axis of a mesh: its statistics are the whole batch's.

    Args:
        input: this part, of shape :math:`(N, C, *)`.
        running_mean, running_var, weight, bias, training, momentum, eps: as in `batch_norm`, alike in all parts.
        axis_name: the axis or axes, as ``jax.shard_map`` or ``jax.vmap(axis_name=)`` names them; None for a batch
            that is whole. Only the input's own statistics are shared, so that nothing is where ``training`` is False.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: as in `batch_norm`, or no axis has that name.

    Source: ``torch.nn.SyncBatchNorm``.

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
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    training: bool,
    momentum: Any,
    eps: float,
    axis_name: AxisName,
    update: bool = False,
) -> tuple[jax.Array, Any]:
    """The output, and with ``update`` the new running statistics, of moments that are computed once for both."""
    x = floating(where, input, 1, "(N, C, *)")
    if x.shape == (0,):  # of which torch asks nothing more
        return x, (running_mean, running_var) if update else None
    x = floating(where, x, 2, "(N, C, *)")
    both_or_neither(where, running_mean, running_var, None if training else "training is False")
    if momentum is None:
        check.fail(where, "momentum", "be a number", None, TypeError)
    if eps < 0 or (training and eps == 0):
        check.fail(where, "eps", "be positive in training and else not negative", eps)
    mean, var, weight, bias = by_channel(
        where, x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    axes = _batch_axes(x)
    y, own = with_statistics(where, x, axes if training else None, mean, var, weight, bias, eps, axis_name)
    return y, moved(where, x, axes, running_mean, running_var, momentum, axis_name, own) if update else None


def _batch_axes(x: jax.Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def batch_norm_update(
    input: Any,
    running_mean: Any,
    running_var: Any,
    momentum: float | jax.Array = 0.1,
    axis_name: str | tuple[str, ...] | None = None,
) -> tuple[jax.Array, jax.Array]:
    r"""The running statistics after `batch_norm` has seen an input in training.

    .. math:: r' = (1 - m)\, r + m\, s

    with the input's mean, or its unbiased variance, for :math:`s`. An empty input changes nothing. No gradient
    flows through.

    Args:
        input: of shape :math:`(N, C, *)`.
        running_mean, running_var: of shape :math:`(C)`.
        momentum: the weight :math:`m` of the new; a number or a scalar array. For a cumulative average, 1 / how
            many inputs there have been, this one counted.
        axis_name: as in `sync_batch_norm`.

    Returns:
        The new mean and variance, like the old ones.

    Raises:
        ValueError: the shapes don't fit. TypeError: the dtypes don't fit.

    Source: ``torch.nn.functional.batch_norm`` does this to its arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[1.0, 4.0], [3.0, 8.0]])
        >>> mean, var = F.batch_norm_update(x, jnp.zeros(2), jnp.ones(2), momentum=0.5)
        >>> mean.tolist(), var.tolist()
        ([1.0, 3.0], [1.5, 4.5])
    """
    x = floating("batch_norm_update", input, 2, "(N, C, *)")
    return moved("batch_norm_update", x, _batch_axes(x), running_mean, running_var, momentum, axis_name)
