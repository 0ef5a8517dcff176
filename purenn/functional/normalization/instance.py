"""Instance norms, and the running statistics that go with them."""

from __future__ import annotations

from typing import Any

import jax

from purenn import check
from purenn.functional.normalization.statistics import (
    both_or_neither,
    by_channel,
    floating,
    moved,
    statistics,
    with_statistics,
)

__all__ = ["instance_norm", "instance_norm_update"]


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> jax.Array:
    r"""Normalises every channel of every sample over the spatial dimensions.

    The formula is that of `batch_norm`, with a mean and a variance a sample and channel.

    Args:
        input: of shape :math:`(N, C, *)`.
        running_mean, running_var: of shape :math:`(C)`, or both None with ``use_input_stats``. They are not
            differentiated, and not changed: `instance_norm_update` has the new ones.
        weight, bias: of shape :math:`(C)`.
        use_input_stats: whether the input's statistics are used, and not the running ones.
        momentum: accepted for torch's sake; `instance_norm_update` takes it.
        eps: added to the variance.

    Returns:
        An array like ``input``, alone.

    Raises:
        ValueError: the shapes don't fit, the running statistics are missing, or there is one value a mean.
        TypeError: the dtypes don't fit. Parameters have the input's, or both float32 for a half input.

    Source: ``torch.nn.functional.instance_norm``; Ulyanov, Vedaldi and Lempitsky, 2016.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.instance_norm(jnp.array([[[1.0, 3.0], [4.0, 8.0]]])).round(3).tolist()
        [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    return instance_norm_with(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)[0]


def instance_norm_with(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    use_input_stats: bool,
    momentum: Any,
    eps: float,
    update: bool = False,
) -> tuple[jax.Array, Any]:
    """The output, and with ``update`` the new running statistics, of moments that are computed once for both."""
    where = "instance_norm"
    x = floating(where, input, 2, "(N, C, *)")
    both_or_neither(where, running_mean, running_var, None if use_input_stats else "use_input_stats is False")
    if momentum is None:
        check.fail(where, "momentum", "be a number", None, TypeError)
    mean, var = statistics(where, x, running_mean, running_var)
    weight, bias = by_channel(where, x, weight=weight, bias=bias)
    axes = range(2, x.ndim)
    y, own = with_statistics(where, x, axes if use_input_stats else None, mean, var, weight, bias, eps)
    return y, moved(where, x, axes, running_mean, running_var, momentum, own=own) if update else None


def instance_norm_update(
    input: Any, running_mean: Any, running_var: Any, momentum: float | jax.Array = 0.1
) -> tuple[jax.Array, jax.Array]:
    r"""The running statistics after `instance_norm` has seen an input in training; see `batch_norm_update`.

    The input's statistics are those of its samples, averaged over the batch.

    Args:
        input: of shape :math:`(N, C, *)`.
        running_mean, running_var: of shape :math:`(C)`.
        momentum: the weight of the new; a number or a scalar array.

    Returns:
        The new mean and variance, like the old ones.

    Raises:
        ValueError: the shapes don't fit. TypeError: a dtype isn't floating-point.

    Source: ``torch.nn.functional.instance_norm`` does this to its arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[[1.0, 3.0]], [[3.0, 5.0]]])
        >>> mean, var = F.instance_norm_update(x, jnp.zeros(1), jnp.ones(1), momentum=0.5)
        >>> mean.tolist(), var.tolist()
        ([1.5], [1.5])
    """
    x = floating("instance_norm_update", input, 2, "(N, C, *)")
    return moved("instance_norm_update", x, range(2, x.ndim), running_mean, running_var, momentum)
