"""Losses of embeddings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.layers.base import Bound, Layer
from purenn.layers.distance import PairwiseDistance
from purenn.layers.loss.common import Loss
from purenn.typing import Array, ArrayLike

__all__ = ["CosineEmbeddingLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss"]


class CosineEmbeddingLoss(Loss):
    r"""Computes a loss of the angle between the vectors of a similar or dissimilar pair.

    .. math:: \ell = 1 - \cos(x_1, x_2) \text{ where } y = 1, \quad \max(0, \cos(x_1, x_2) - m) \text{ where } y = -1

    and 0 where :math:`y` is another number, with
    :math:`\cos(a, b) = a \cdot b / \sqrt{(a \cdot a + \epsilon)(b \cdot b + \epsilon)}` and
    :math:`\epsilon = 10^{-12}`.

    Args:
        margin: the margin :math:`m`.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(M)` or :math:`(N, M)` twice, and 1 for a similar pair or -1 for a dissimilar one, of shape :math:`()`
    or :math:`(N)`, to :math:`()` or :math:`(N)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: an array is complex.

    Source: ``torch.nn.CosineEmbeddingLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> first, second, y = jnp.array([[1.0, 0.0]]), jnp.array([[0.0, 2.0]]), jnp.array([1])
        >>> nn.CosineEmbeddingLoss()(first, second, y).item()
        1.0
        >>> loss, state = layers.CosineEmbeddingLoss().apply({}, {}, first, second, y)  # the same as a pure function
    """

    margin: float = 0.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input1: ArrayLike, input2: ArrayLike, target: ArrayLike) -> Array:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class TripletMarginLoss(Loss):
    r"""Computes a hinge between the distances of an anchor to a similar and to a dissimilar example.

    .. math:: \ell = \max(0, d(a, p) - d(a, n) + m) \quad\text{with}\quad d(x, y) = \|x - y + \epsilon\|_p

    Args:
        margin: the margin :math:`m`, positive.
        p: the order of the norm.
        eps: the number :math:`\epsilon` added to the differences.
        swap: whether :math:`d(p, n)` replaces :math:`d(a, n)` where it is smaller.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(M)` or :math:`(N, M)`, or more dimensions, for all three inputs, to the shape without the last
    dimension for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, ``margin`` isn't positive, or ``reduction`` is unknown.
        TypeError: an array is boolean.

    Source: ``torch.nn.TripletMarginLoss``; Balntas, Riba, Ponsa and Mikolajczyk, *Learning Local Feature Descriptors
    with Triplets and Shallow Convolutional Neural Networks*, 2016, https://doi.org/10.5244/C.30.119.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> a, p, n = jnp.array([[0.0]]), jnp.array([[2.0]]), jnp.array([[1.0]])
        >>> nn.TripletMarginLoss(eps=0.0)(a, p, n).item()
        2.0
        >>> loss, state = layers.TripletMarginLoss(eps=0.0).apply({}, {}, a, p, n)  # the same as a pure function
    """

    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-6
    swap: bool = False
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def normalize(self) -> Mapping[str, Any]:
        if self.margin <= 0:
            check.fail(type(self).__name__, "margin", "be positive", self.margin)
        return super().normalize()

    def forward(self, m: Bound, anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike) -> Array:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )


class TripletMarginWithDistanceLoss(Loss):
    r"""Computes a hinge between an anchor's distances to a similar and to a dissimilar example, with any distance.

    .. math:: \ell = \max(0, d(a, p) - d(a, n) + m)

    Args:
        distance_function: the distance :math:`d`, a function, layer or module of two arrays; None for
            `PairwiseDistance`. A layer or module is the child of this name.
        margin: the margin :math:`m`, positive.
        swap: whether :math:`d(p, n)` replaces :math:`d(a, n)` where it is smaller.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: any, for all three inputs, to the shape that the distance gives for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, ``margin`` isn't positive, or ``reduction`` is unknown.

    Source: ``torch.nn.TripletMarginWithDistanceLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> a, p, n = jnp.zeros((1, 2)), jnp.ones((1, 2)), jnp.full((1, 2), 2.0)
        >>> manhattan = lambda x, y: jnp.abs(x - y).sum(-1)
        >>> nn.TripletMarginWithDistanceLoss(distance_function=manhattan, margin=3.0)(a, p, n).item()
        1.0
        >>> layer = layers.TripletMarginWithDistanceLoss(distance_function=manhattan, margin=3.0)
        >>> loss, state = layer.apply({}, {}, a, p, n)  # the same as a pure function
    """

    _: dataclasses.KW_ONLY
    distance_function: Callable[[Array, Array], Array] | None = None
    margin: float = 1.0
    swap: bool = False
    reduction: str = "mean"

    def normalize(self) -> Mapping[str, Any]:
        if self.margin <= 0:
            check.fail(type(self).__name__, "margin", "be positive", self.margin)
        distance = PairwiseDistance() if self.distance_function is None else self.distance_function
        return {**super().normalize(), "distance_function": distance}

    def children(self) -> Mapping[str, Layer]:
        return {"distance_function": self.distance_function} if isinstance(self.distance_function, Layer) else {}

    def forward(self, m: Bound, anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike) -> Array:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=m.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
