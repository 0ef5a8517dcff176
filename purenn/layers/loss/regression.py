"""Losses of regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from purenn import check
from purenn import functional as F
from purenn.layers.base import Bound
from purenn.layers.loss.common import Loss
from purenn.typing import Array, ArrayLike

__all__ = ["HuberLoss", "L1Loss", "MSELoss", "SmoothL1Loss"]


class L1Loss(Loss):
    r"""Computes the absolute error: :math:`\ell = |x - y|`.

    The derivative at 0 is 0.

    Args:
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(*)` and :math:`(*)` to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: an array is boolean, or the mean of integers is asked for.

    Source: ``torch.nn.L1Loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([1.0, 3.0]), jnp.zeros(2)
        >>> nn.L1Loss()(x, y).item()
        2.0
        >>> loss, state = layers.L1Loss().apply({}, {}, x, y)  # the same as a pure function
    """

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(Loss):
    r"""Computes the squared error: :math:`\ell = (x - y)^2`.

    Args:
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(*)` and :math:`(*)` to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: neither input nor target is floating-point.

    Source: ``torch.nn.MSELoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([1.0, 3.0]), jnp.zeros(2)
        >>> nn.MSELoss()(x, y).item()
        5.0
        >>> loss, state = layers.MSELoss().apply({}, {}, x, y)  # the same as a pure function
    """

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    r"""Computes the absolute error, squared where it is small.

    .. math:: \ell = d^2 / (2 \beta) \text{ where } |d| < \beta, \text{ else } |d| - \beta / 2
        \quad\text{with}\quad d = x - y

    Args:
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        beta: the difference :math:`\beta` at which the square ends, at least 0; 0 gives the absolute error.

    Shape: :math:`(*)` and :math:`(*)` to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, ``beta`` is negative in a call, or ``reduction`` is unknown.
        TypeError: neither input nor target is floating-point.

    Source: ``torch.nn.SmoothL1Loss``; Girshick, *Fast R-CNN*, 2015, https://arxiv.org/abs/1504.08083.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([0.5, 3.0]), jnp.zeros(2)
        >>> nn.SmoothL1Loss(reduction="none")(x, y).tolist()
        [0.125, 2.5]
        >>> loss, state = layers.SmoothL1Loss().apply({}, {}, x, y)  # the same as a pure function
    """

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    beta: float = 1.0

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    r"""Computes half the squared error, absolute where it is large.

    .. math:: \ell = d^2 / 2 \text{ where } |d| < \delta, \text{ else } \delta\,(|d| - \delta / 2)
        \quad\text{with}\quad d = x - y

    Args:
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        delta: the difference :math:`\delta` at which the square ends, positive.

    Shape: :math:`(*)` and :math:`(*)` to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, ``delta`` isn't positive in a call, or ``reduction`` is unknown.
        TypeError: ``delta`` isn't a number, or a call's input isn't floating-point.

    Source: ``torch.nn.HuberLoss``; Huber, *Robust Estimation of a Location Parameter*, 1964,
    https://doi.org/10.1214/aoms/1177703732.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([0.5, 3.0]), jnp.zeros(2)
        >>> nn.HuberLoss(reduction="none", delta=2.0)(x, y).tolist()
        [0.125, 4.0]
        >>> loss, state = layers.HuberLoss(delta=2.0).apply({}, {}, x, y)  # the same as a pure function
    """

    reduction: str = "mean"
    delta: float = 1.0

    def normalize(self) -> Mapping[str, Any]:
        if not isinstance(self.delta, float | int | np.number):
            check.fail("HuberLoss", "delta", "be a number", repr(self.delta), TypeError)
        return super().normalize()

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.huber_loss(input, target, self.reduction, self.delta)
