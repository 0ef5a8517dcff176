"""Losses of margins between the scores of classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.layers.base import Bound
from purenn.layers.loss.common import Loss, given_array
from purenn.typing import Array, ArrayLike

__all__ = ["MultiLabelMarginLoss", "MultiMarginLoss"]


class MultiLabelMarginLoss(Loss):
    r"""Sums the hinge losses between the score of every true class and the score of every other class.

    .. math:: \ell = \tfrac1C \sum_{j} \sum_{i \ne y_1, y_2, \dots} \max(0, 1 - (x_{y_j} - x_i))

    Args:
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(C)` or :math:`(N, C)`, scores, and the true classes followed by -1, of the same shape, to
    :math:`()` or :math:`(N)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
        IndexError: a class is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.MultiLabelMarginLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([[0.1, 0.2, 0.4, 0.8]]), jnp.array([[3, 0, -1, 1]])
        >>> round(nn.MultiLabelMarginLoss()(x, y).item(), 4)
        0.85
        >>> loss, state = layers.MultiLabelMarginLoss().apply({}, {}, x, y)  # the same as a pure function
    """

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(Loss):
    r"""Sums the hinge losses between the score of the true class and the score of every other class.

    .. math:: \ell = \tfrac{w_y}C \sum_{i \ne y} \max(0, m - x_y + x_i)^p

    Args:
        p: the exponent, 1 or 2.
        margin: the margin :math:`m`.
        weight: one weight :math:`w_c` per class, of shape :math:`(C)` and the input's dtype; it is a buffer. None for
            1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` (not weighted) or ``'sum'``.

    Shape: :math:`(C)` or :math:`(N, C)`, scores, and classes from 0 to C - 1 of shape :math:`()` or :math:`(N)`, to the
    classes' shape for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, p is neither 1 nor 2, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.MultiMarginLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([[0.0, 1.0, 2.0, 0.0]]), jnp.array([1])
        >>> nn.MultiMarginLoss(p=2)(x, y).item()
        1.0
        >>> loss, state = layers.MultiMarginLoss(p=2).apply({}, {}, x, y)  # the same as a pure function
    """

    p: int = 1
    margin: float = 1.0
    weight: ArrayLike | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def normalize(self) -> Mapping[str, Any]:
        check.choice("MultiMarginLoss", "p", self.p, (1, 2))
        weight = given_array("MultiMarginLoss", "weight", self.weight)
        if weight is not None and weight.array.ndim != 1:
            check.fail("MultiMarginLoss", "weight", "have rank 1", f"shape {weight.array.shape}")
        return super().normalize()

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.multi_margin_loss(input, target, self.p, self.margin, m.weight, reduction=self.reduction)
