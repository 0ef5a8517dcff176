"""Losses."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jax.typing import DTypeLike

from purenn import check
from purenn import functional as F
from purenn.functional.loss.common import reduction_of
from purenn.layers.base import Constant, Layer, Spec
from purenn.layers.distance import PairwiseDistance
from purenn.layers.generate import Functional, from_function
from purenn.layers.linear import Linear

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LinearCrossEntropyLoss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "NLLLoss2d",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class Loss(Functional):
    """The base of losses, which torch prints without their arguments.

    The legacy ``size_average`` and ``reduce`` are read once, here: what they ask for is ``reduction``.
    """

    _shown = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        legacy = [getattr(self, name, None) for name in ("size_average", "reduce")]
        if legacy != [None, None]:
            name = type(self).__name__
            reduction = reduction_of(name, vars(self)["reduction"], legacy[0], legacy[1])
            vars(self).update(reduction=reduction, size_average=None, reduce=None)
        for name in ("weight", "pos_weight"):
            _array_or_none(type(self).__name__, name, getattr(self, name, None))


def _array_or_none(where: str, name: str, value: Any) -> None:
    if value is not None and not isinstance(value, Constant):
        check.fail(where, name, "be an array or None", repr(value), TypeError)


class _PoissonNLLLoss(Loss):
    def forward(self, m: Any, log_input: Any, target: Any) -> Any:
        return super().forward(m, log_input, target)  # torch's name for the input of this one


class _HuberLoss(Loss):
    def __post_init__(self: Any) -> None:
        super().__post_init__()
        if not isinstance(self.delta, float | int | np.number):
            check.fail("HuberLoss", "delta", "be a number", repr(self.delta), TypeError)


class _MultiMarginLoss(Loss):
    def __post_init__(self: Any) -> None:
        super().__post_init__()
        check.choice("MultiMarginLoss", "p", self.p, (1, 2))
        if self.weight is not None and self.weight.array.ndim != 1:
            check.fail("MultiMarginLoss", "weight", "have rank 1", f"shape {self.weight.array.shape}")


class _TripletMarginLoss(Loss):
    def __post_init__(self: Any) -> None:
        super().__post_init__()
        if self.margin <= 0:
            check.fail(type(self).__name__, "margin", "be positive", self.margin)


class _TripletMarginWithDistanceLoss(_TripletMarginLoss):
    def __post_init__(self: Any) -> None:
        super().__post_init__()
        if self.distance_function is None:
            object.__setattr__(self, "distance_function", PairwiseDistance())

    def children(self: Any) -> Mapping[str, Layer]:
        return {"distance_function": self.distance_function} if isinstance(self.distance_function, Layer) else {}

    def forward(self: Any, m: Any, anchor: Any, positive: Any, negative: Any) -> jax.Array:
        distance, options = m.distance_function, {n: getattr(self, n) for n in ("margin", "swap", "reduction")}
        return F.triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=distance, **options)


_REDUCTION = "size_average reduce reduction"

BCELoss = from_function("BCELoss", F.binary_cross_entropy, inputs=2, base=Loss)
BCEWithLogitsLoss = from_function("BCEWithLogitsLoss", F.binary_cross_entropy_with_logits, inputs=2, base=Loss)
CTCLoss = from_function("CTCLoss", F.ctc_loss, inputs=4, base=Loss)
CosineEmbeddingLoss = from_function("CosineEmbeddingLoss", F.cosine_embedding_loss, inputs=3, base=Loss)
CrossEntropyLoss = from_function("CrossEntropyLoss", F.cross_entropy, inputs=2, base=Loss)
GaussianNLLLoss = from_function("GaussianNLLLoss", F.gaussian_nll_loss, inputs=3, keyword_only=True, base=Loss)
HingeEmbeddingLoss = from_function("HingeEmbeddingLoss", F.hinge_embedding_loss, inputs=2, base=Loss)
HuberLoss = from_function("HuberLoss", F.huber_loss, inputs=2, fields="reduction delta", base=_HuberLoss)
KLDivLoss = from_function("KLDivLoss", F.kl_div, inputs=2, base=Loss, example="KLDivLoss(reduction='batchmean')")
L1Loss = from_function("L1Loss", F.l1_loss, inputs=2, fields=_REDUCTION, base=Loss)
MSELoss = from_function("MSELoss", F.mse_loss, inputs=2, fields=_REDUCTION, base=Loss)
MarginRankingLoss = from_function("MarginRankingLoss", F.margin_ranking_loss, inputs=3, base=Loss)
MultiLabelMarginLoss = from_function("MultiLabelMarginLoss", F.multilabel_margin_loss, inputs=2, base=Loss)
MultiLabelSoftMarginLoss = from_function("MultiLabelSoftMarginLoss", F.multilabel_soft_margin_loss, inputs=2, base=Loss)
MultiMarginLoss = from_function("MultiMarginLoss", F.multi_margin_loss, inputs=2, base=_MultiMarginLoss)
NLLLoss = from_function("NLLLoss", F.nll_loss, inputs=2, base=Loss)
PoissonNLLLoss = from_function("PoissonNLLLoss", F.poisson_nll_loss, inputs=2, base=_PoissonNLLLoss)
SmoothL1Loss = from_function("SmoothL1Loss", F.smooth_l1_loss, inputs=2, base=Loss)
SoftMarginLoss = from_function("SoftMarginLoss", F.soft_margin_loss, inputs=2, base=Loss)
TripletMarginLoss = from_function("TripletMarginLoss", F.triplet_margin_loss, inputs=3, base=_TripletMarginLoss)
TripletMarginWithDistanceLoss = from_function(
    "TripletMarginWithDistanceLoss",
    F.triplet_margin_with_distance_loss,
    inputs=3,
    base=_TripletMarginWithDistanceLoss,
    example="TripletMarginWithDistanceLoss(distance_function=layers.PairwiseDistance(p=1))",
)


class NLLLoss2d(NLLLoss):
    """`NLLLoss`, which takes images too, under an old name.

    Source: ``torch.nn.NLLLoss2d``.

    Example:
        >>> import warnings
        >>> from purenn import layers
        >>> with warnings.catch_warnings(action="ignore"):
        ...     layers.NLLLoss2d()
        NLLLoss2d()
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        warnings.warn("NLLLoss2d is deprecated: NLLLoss takes images too.", FutureWarning, stacklevel=3)


class LinearCrossEntropyLoss(Layer):
    r"""The cross entropy of the logits :math:`x A^\top + b` of a `Linear` layer, its child ``linear``.

    `purenn.functional.linear_cross_entropy` has the formula; with ``options`` the logits are never all in memory.

    Args:
        in_features: the size of each input.
        num_classes: how many classes C there are.
        out_features: the sizes :math:`d_1, \dots, d_K` where every input has that many targets.
        bias: whether there is a :math:`b`.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        weight: of the classes, of shape :math:`(C)`; it is a buffer.
        ignore_index: the target that counts for nothing.
        label_smoothing: the share of the uniform distribution in the target, from 0 to 1.
        options: how the batch is divided, a ``LinearCrossEntropyOptions``.

    Shape: :math:`(\text{in})` or :math:`(N, \text{in})` and targets as for `CrossEntropyLoss`, classes of shape
    :math:`()` or :math:`(N, d_1, \dots, d_K)`, to a scalar or the targets' shape.

    Source: ``torch.nn.LinearCrossEntropyLoss``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.LinearCrossEntropyLoss(8, 5)
        >>> params, state = layer.init(jax.random.key(0))
        >>> loss, _ = layer.apply(params, state, jnp.ones((3, 8)), jnp.array([0, 4, 2]))
        >>> params["linear"]["weight"].shape, loss.shape
        ((5, 8), ())
    """

    in_features: int
    num_classes: int
    _: dataclasses.KW_ONLY
    out_features: tuple[int, ...] = ()
    bias: bool = False
    device: Any = None
    dtype: DTypeLike | None = None
    reduction: str = "mean"
    weight: Any = None
    ignore_index: int | None = None
    label_smoothing: float = 0.0
    options: F.LinearCrossEntropyOptions | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        where = "LinearCrossEntropyLoss"
        _array_or_none(where, "weight", self.weight)
        if self.weight is not None and self.weight.array.shape != (self.num_classes,):
            check.fail(where, "weight", f"have shape {(self.num_classes,)}", f"shape {self.weight.array.shape}")
        if not 0 <= self.label_smoothing <= 1:
            check.fail(where, "label_smoothing", "be from 0 to 1", self.label_smoothing)
        options: Any = self.options
        if options is not None and not hasattr(options, "rows"):  # torch's
            fields = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
            object.__setattr__(self, "options", F.LinearCrossEntropyOptions(**fields))

    def buffers(self) -> Mapping[str, Spec | None]:
        return {"weight": self.weight and self.weight.spec()}

    def children(self) -> Mapping[str, Layer]:
        outputs = math.prod(self.out_features, start=self.num_classes)
        return {"linear": Linear(self.in_features, outputs, self.bias, dtype=self.dtype)}

    def forward(self, m: Any, input: Any, target: Any) -> jax.Array:
        shape, bias = (self.num_classes, *self.out_features), m.linear.bias
        return F.linear_cross_entropy(
            input,
            m.linear.weight.reshape(*shape, self.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=m.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        hidden = ("device", "dtype", "weight")
        names = [f.name for f in dataclasses.fields(self) if f.name not in hidden]
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)
