"""Binary cross entropies."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.base import Bound
from purenn.layers.loss.common import Loss
from purenn.typing import Array, ArrayLike

__all__ = ["BCELoss", "BCEWithLogitsLoss"]


class BCELoss(Loss):
    r"""Computes the cross entropy of two classes from probabilities.

    .. math:: \ell = -w\,(y \log x + (1 - y) \log(1 - x))

    As in torch, logarithms below -100 become -100, and the derivative is
    :math:`w\,(x - y) / \max(x (1 - x), 10^{-12})`.

    Args:
        weight: the factors :math:`w`, of a shape that broadcasts to the input's; it is a buffer. None for 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(*)` and :math:`(*)`, probabilities, to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, a value is not a probability, or ``reduction`` is unknown.
        TypeError: the dtypes don't fit.

    Source: ``torch.nn.BCELoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([0.5, 0.0]), jnp.array([1.0, 0.0])
        >>> round(nn.BCELoss(reduction="sum")(x, y).item(), 4)
        0.6931
        >>> loss, state = layers.BCELoss().apply({}, {}, x, y)  # the same as a pure function
    """

    weight: ArrayLike | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.binary_cross_entropy(input, target, m.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    r"""Computes the cross entropy of two classes from logits, without overflow.

    .. math:: \ell = -w\,(p\, y \log \sigma(x) + (1 - y) \log(1 - \sigma(x)))

    Args:
        weight: the factors :math:`w`, of a shape that broadcasts to the input's; it is a buffer. None for 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        pos_weight: the weight :math:`p` of the first class, of a shape that broadcasts to the input's; it is a buffer.
            None for 1.

    Shape: :math:`(*)`, logits, and :math:`(*)`, probabilities, to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: a dtype isn't floating-point.

    Source: ``torch.nn.BCEWithLogitsLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([0.0, 1e4]), jnp.array([1.0, 1.0])
        >>> round(nn.BCEWithLogitsLoss()(x, y).item(), 4)
        0.3466
        >>> loss, state = layers.BCEWithLogitsLoss().apply({}, {}, x, y)  # the same as a pure function
    """

    weight: ArrayLike | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    pos_weight: ArrayLike | None = None

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.binary_cross_entropy_with_logits(
            input, target, m.weight, reduction=self.reduction, pos_weight=m.pos_weight
        )
