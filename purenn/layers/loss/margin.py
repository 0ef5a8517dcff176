"""Losses of margins between scores."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.base import Bound
from purenn.layers.loss.common import Loss
from purenn.typing import Array, ArrayLike

__all__ = ["HingeEmbeddingLoss", "MarginRankingLoss", "MultiLabelSoftMarginLoss", "SoftMarginLoss"]


class MarginRankingLoss(Loss):
    r"""Computes a hinge loss on the order of two scores: :math:`\ell = \max(0, -y\,(x_1 - x_2) + m)`.

    Args:
        margin: the margin :math:`m`.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: scores :math:`(*)`, scores :math:`(*)`, and :math:`(*)`, 1 where the first score should be larger and -1
    where the second should, to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: an array is boolean or complex.

    Source: ``torch.nn.MarginRankingLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> first, second, y = jnp.array([1.0, 3.0]), jnp.array([2.0, 1.0]), jnp.array([1, 1])
        >>> nn.MarginRankingLoss()(first, second, y).item()
        0.5
        >>> loss, state = layers.MarginRankingLoss().apply({}, {}, first, second, y)  # the same as a pure function
    """

    margin: float = 0.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input1: ArrayLike, input2: ArrayLike, target: ArrayLike) -> Array:
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    r"""Computes the distance of similar pairs, and a hinge on the distance of dissimilar pairs.

    .. math:: \ell = x \text{ where } y = 1, \quad \max(0, m - x) \text{ where } y = -1

    and the sum of the two where :math:`y` is another number.

    Args:
        margin: the margin :math:`m`.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(*)`, distances, and :math:`(*)`, 1 for a similar pair and -1 for a dissimilar one, to :math:`(*)` for
    ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: the input is boolean or complex, or the mean of integers is asked for.

    Source: ``torch.nn.HingeEmbeddingLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([0.25, 0.25]), jnp.array([1, -1])
        >>> nn.HingeEmbeddingLoss(reduction="none")(x, y).tolist()
        [0.25, 0.75]
        >>> loss, state = layers.HingeEmbeddingLoss().apply({}, {}, x, y)  # the same as a pure function
    """

    margin: float = 1.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class SoftMarginLoss(Loss):
    r"""Computes the logistic loss: :math:`\ell = \log(1 + e^{-y x})`, which overflows as torch's does.

    Args:
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(*)`, scores, and :math:`(*)`, 1 or -1, to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.SoftMarginLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([0.0, 1.0]), jnp.array([1.0, -1.0])
        >>> [round(loss, 4) for loss in nn.SoftMarginLoss(reduction="none")(x, y).tolist()]
        [0.6931, 1.3133]
        >>> loss, state = layers.SoftMarginLoss().apply({}, {}, x, y)  # the same as a pure function
    """

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(Loss):
    r"""Computes the mean over the classes of binary cross entropies of logits.

    .. math:: \ell_n = -\tfrac1C \sum_c w_c\, (y_{n,c} \log \sigma(x_{n,c}) + (1 - y_{n,c}) \log \sigma(-x_{n,c}))

    Args:
        weight: one weight :math:`w_c` per class, of shape :math:`(C)` or any that broadcasts with the input's; it is a
            buffer. None for 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(C)` or :math:`(N, C)`, logits, and probabilities of the same shape, to :math:`()` or :math:`(N)` for
    ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.

    Source: ``torch.nn.MultiLabelSoftMarginLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.zeros((1, 2)), jnp.array([[1.0, 0.0]])
        >>> round(nn.MultiLabelSoftMarginLoss()(x, y).item(), 4)
        0.6931
        >>> loss, state = layers.MultiLabelSoftMarginLoss().apply({}, {}, x, y)  # the same as a pure function
    """

    weight: ArrayLike | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.multilabel_soft_margin_loss(input, target, m.weight, reduction=self.reduction)
