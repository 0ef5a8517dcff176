"""torch.nn's layers as frozen values, each an ``init``/``apply`` pair over explicit pytrees.

Written by tools/stubs.py: don't edit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.typing import DTypeLike

from purenn.layers.activation import Hardtanh, PReLU
from purenn.layers.adaptive import AdaptiveLogSoftmaxWithLoss
from purenn.layers.attention import MultiheadAttention
from purenn.layers.base import Bound, Composite, Constant, Layer, Spec, further_methods, stateless
from purenn.layers.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm
from purenn.layers.container import ModuleList, Sequential
from purenn.layers.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from purenn.layers.flatten import Flatten, Unflatten
from purenn.layers.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from purenn.layers.linear import Bilinear, Identity, Linear
from purenn.layers.loss import LinearCrossEntropyLoss, NLLLoss2d
from purenn.layers.normalization import GroupNorm, LayerNorm, RMSNorm
from purenn.layers.pooling import MaxPool1d, MaxPool2d, MaxPool3d
from purenn.layers.rnn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNBase, RNNCell, RNNCellBase
from purenn.layers.sparse import Embedding, EmbeddingBag
from purenn.layers.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from purenn.typing import Size

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "LSTM",
    "RNN",
    "SELU",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveLogSoftmaxWithLoss",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AlphaDropout",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "Bound",
    "CTCLoss",
    "ChannelShuffle",
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "Composite",
    "Constant",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "CrossMapLRN2d",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "Embedding",
    "EmbeddingBag",
    "FeatureAlphaDropout",
    "Flatten",
    "Fold",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "GRUCell",
    "GaussianNLLLoss",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "KLDivLoss",
    "L1Loss",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
    "LeakyReLU",
    "Linear",
    "LinearCrossEntropyLoss",
    "LocalResponseNorm",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MarginRankingLoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
    "Mish",
    "ModuleList",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MultiheadAttention",
    "NLLLoss",
    "NLLLoss2d",
    "PReLU",
    "PairwiseDistance",
    "PixelShuffle",
    "PixelUnshuffle",
    "PoissonNLLLoss",
    "RMSNorm",
    "RNNBase",
    "RNNCell",
    "RNNCellBase",
    "RReLU",
    "ReLU",
    "ReLU6",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Spec",
    "SyncBatchNorm",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "Unflatten",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
    "further_methods",
    "stateless",
]

class CELU(Layer):
    r"""The continuously differentiable `elu`: :math:`x` where :math:`x > 0`, else :math:`\alpha\,(e^{x / \alpha} -
    1)`."""

    alpha: float = 1.0
    inplace: bool = False
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...

class ELU(Layer):
    r"""The exponential linear unit: :math:`x` where :math:`x > 0`, else :math:`\alpha\,(e^x - 1)`."""

    alpha: float = 1.0
    inplace: bool = False
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...

class GELU(Layer):
    r"""The Gaussian error linear unit: :math:`x\,\Phi(x)`, with :math:`\Phi` the normal distribution function."""

    approximate: str = "none"
    def __init__(self, approximate: str = "none") -> None: ...

class GLU(Layer):
    r"""The gated linear unit: :math:`a\,\sigma(b)` for the two halves :math:`a` and :math:`b` of a dimension."""

    dim: int = -1
    def __init__(self, dim: int = -1) -> None: ...

class SELU(Layer):
    r"""The scaled `elu`, under which mean 0 and variance 1 are a fixed point: :math:`s\,\text{elu}_\alpha(x)`."""

    inplace: bool = False
    def __init__(self, inplace: bool = False) -> None: ...

class AdaptiveAvgPool1d(Layer):
    r"""Averages of as many bins as wanted: bin :math:`t` of :math:`T` has the elements from :math:`\lfloor t L / T
    \rfloor` to before :math:`\lceil (t + 1) L / T \rceil`."""

    output_size: int | tuple[int, ...]
    def __init__(self, output_size: int | Sequence[int]) -> None: ...

class AdaptiveAvgPool2d(Layer):
    """Averages of as many bins as wanted in height and width; `adaptive_avg_pool1d` has the formula."""

    output_size: int | Sequence[int | None]
    def __init__(self, output_size: int | Sequence[int | None]) -> None: ...

class AdaptiveAvgPool3d(Layer):
    """Averages of as many bins as wanted in depth, height and width; `adaptive_avg_pool1d` has the formula."""

    output_size: int | Sequence[int | None]
    def __init__(self, output_size: int | Sequence[int | None]) -> None: ...

class AdaptiveMaxPool1d(Layer):
    """The largest elements of as many bins as wanted, those of `adaptive_avg_pool1d`."""

    output_size: int | tuple[int, ...]
    return_indices: bool = False
    def __init__(self, output_size: int | Sequence[int], return_indices: bool = False) -> None: ...

class AdaptiveMaxPool2d(Layer):
    """The largest elements of as many bins as wanted in height and width."""

    output_size: int | Sequence[int | None]
    return_indices: bool = False
    def __init__(self, output_size: int | Sequence[int | None], return_indices: bool = False) -> None: ...

class AdaptiveMaxPool3d(Layer):
    """The largest elements of as many bins as wanted in depth, height and width."""

    output_size: int | Sequence[int | None]
    return_indices: bool = False
    def __init__(self, output_size: int | Sequence[int | None], return_indices: bool = False) -> None: ...

class AlphaDropout(Layer):
    """Replaces every element by the limit of `selu` with probability p, and keeps mean 0 and variance 1."""

    p: float = 0.5
    inplace: bool = False
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...

class AvgPool1d(Layer):
    """Takes the average of every window of a signal."""

    kernel_size: Size
    stride: Size | None = None
    padding: Size = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None: ...

class AvgPool2d(Layer):
    """Takes the average of every window of an image."""

    kernel_size: Size
    stride: Size | None = None
    padding: Size = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None: ...

class AvgPool3d(Layer):
    """Takes the average of every window of a volume."""

    kernel_size: Size
    stride: Size | None = None
    padding: Size = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None: ...

class BCELoss(Layer):
    r"""The cross entropy of probabilities of yes and no: :math:`\ell = -w\,(y \log x + (1 - y) \log(1 - x))`."""

    weight: Any = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, weight: Any = None, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class BCEWithLogitsLoss(Layer):
    """The cross entropy of logits of yes and no, without overflow."""

    weight: Any = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    pos_weight: Any = None
    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None: ...

class CTCLoss(Layer):
    """The negative log-likelihood of a sequence of labels, summed over all its alignments with a longer input."""

    blank: int = 0
    reduction: str = "mean"
    zero_infinity: bool = False
    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None: ...

class ChannelShuffle(Layer):
    """Deals the groups of channels out in turn: :math:`y_{ig + j} = x_{jC/g + i}`."""

    groups: int
    def __init__(self, groups: int) -> None: ...

class CircularPad1d(Layer):
    r"""Pads the last dimension of an array on both sides with what stands at the other end, as if the input went round,
    :math:`y_j = x_{(j - l) \bmod n}`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class CircularPad2d(Layer):
    r"""Pads the last two dimensions of an array on both sides with what stands at the other end, as if the input went
    round, :math:`y_j = x_{(j - l) \bmod n}`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class CircularPad3d(Layer):
    r"""Pads the last three dimensions of an array on both sides with what stands at the other end, as if the input went
    round, :math:`y_j = x_{(j - l) \bmod n}`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class ConstantPad1d(Layer):
    """Pads the last dimension of an array on both sides with a constant."""

    padding: int | tuple[int, ...]
    value: float
    def __init__(self, padding: int | tuple[int, ...], value: float) -> None: ...

class ConstantPad2d(Layer):
    """Pads the last two dimensions of an array on both sides with a constant."""

    padding: int | tuple[int, ...]
    value: float
    def __init__(self, padding: int | tuple[int, ...], value: float) -> None: ...

class ConstantPad3d(Layer):
    """Pads the last three dimensions of an array on both sides with a constant."""

    padding: int | tuple[int, ...]
    value: float
    def __init__(self, padding: int | tuple[int, ...], value: float) -> None: ...

class CosineEmbeddingLoss(Layer):
    """A loss of the angle between vectors that are alike, or not."""

    margin: float = 0.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class CosineSimilarity(Layer):
    r"""The cosine of the angle between vectors: with norms of at least :math:`\epsilon`,"""

    dim: int = 1
    eps: float = 1e-08
    def __init__(self, dim: int = 1, eps: float = 1e-08) -> None: ...

class CrossEntropyLoss(Layer):
    """The cross entropy of a softmax and of given classes or probabilities."""

    weight: Any = None
    size_average: bool | None = None
    ignore_index: int = -100
    reduce: bool | None = None
    reduction: str = "mean"
    label_smoothing: float = 0.0
    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None: ...

class CrossMapLRN2d(Layer):
    """The `local_response_norm` of images, with the windows that torch's `CrossMapLRN2d` has."""

    size: int
    alpha: float = 0.0001
    beta: float = 0.75
    k: float = 1.0
    def __init__(self, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> None: ...

class Dropout(Layer):
    """Zeroes every element with probability p, and divides the others by 1 - p."""

    p: float = 0.5
    inplace: bool = False
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...

class Dropout1d(Layer):
    """Zeroes every channel of a sequence with probability p, and divides the others by 1 - p."""

    p: float = 0.5
    inplace: bool = False
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...

class Dropout2d(Layer):
    """Zeroes every channel of images with probability p, and divides the others by 1 - p."""

    p: float = 0.5
    inplace: bool = False
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...

class Dropout3d(Layer):
    """Zeroes every channel of volumes with probability p, and divides the others by 1 - p."""

    p: float = 0.5
    inplace: bool = False
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...

class FeatureAlphaDropout(Layer):
    """Does to whole channels what `alpha_dropout` does to elements."""

    p: float = 0.5
    inplace: bool = False
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...

class Fold(Layer):
    """Adds columns up to images, at the places from which `unfold` takes them: it is the transpose of `unfold`."""

    output_size: int | tuple[int, ...]
    kernel_size: int | tuple[int, ...]
    dilation: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    stride: int | tuple[int, ...] = 1
    def __init__(
        self,
        output_size: int | Sequence[int],
        kernel_size: int | Sequence[int],
        dilation: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        stride: int | Sequence[int] = 1,
    ) -> None: ...

class FractionalMaxPool2d(Layer):
    """The largest elements of windows that start at random, about evenly spaced places."""

    kernel_size: int | tuple[int, ...]
    output_size: int | tuple[int, ...] | None = None
    output_ratio: float | tuple[float, ...] | None = None
    return_indices: bool = False
    _random_samples: Any = None
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None: ...

class FractionalMaxPool3d(Layer):
    """The largest elements of windows that start at random; `fractional_max_pool2d` has the formula."""

    kernel_size: int | tuple[int, ...]
    output_size: int | tuple[int, ...] | None = None
    output_ratio: float | tuple[float, ...] | None = None
    return_indices: bool = False
    _random_samples: Any = None
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None: ...

class GaussianNLLLoss(Layer):
    r"""The negative log-likelihood with a Gaussian distribution: with :math:`v = \max(\text{var}, \epsilon)`,"""

    full: bool = False
    eps: float = 1e-06
    reduction: str = "mean"
    def __init__(self, *, full: bool = False, eps: float = 1e-06, reduction: str = "mean") -> None: ...

class Hardshrink(Layer):
    r"""Zeroes what is small: 0 where :math:`|x| \le \lambda`, else :math:`x`."""

    lambd: float = 0.5
    def __init__(self, lambd: float = 0.5) -> None: ...

class Hardsigmoid(Layer):
    r"""A sigmoid of three pieces: :math:`\min(\max(x + 3, 0), 6) / 6`."""

    inplace: bool = False
    def __init__(self, inplace: bool = False) -> None: ...

class Hardswish(Layer):
    r"""The input times its `hardsigmoid`: :math:`x \min(\max(x + 3, 0), 6) / 6`."""

    inplace: bool = False
    def __init__(self, inplace: bool = False) -> None: ...

class HingeEmbeddingLoss(Layer):
    """A distance where things are alike, a hinge of it where they are not."""

    margin: float = 1.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class HuberLoss(Layer):
    """The squared error, absolute where it is large: with :math:`d = x - y`,"""

    reduction: str = "mean"
    delta: float = 1.0
    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None: ...

class KLDivLoss(Layer):
    r"""The Kullback-Leibler divergence from log-probabilities: :math:`\ell = y\,(\log y - x)`."""

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    log_target: bool = False
    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None: ...

class L1Loss(Layer):
    r"""The absolute error: :math:`\ell = w\,|x - y|`, with the derivative 0 at 0."""

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class LPPool1d(Layer):
    """The p-norm of every window of a signal, without the absolute value."""

    norm_type: float
    kernel_size: int
    stride: int | tuple[int, ...] | None = None
    ceil_mode: bool = False
    def __init__(
        self, norm_type: float, kernel_size: int, stride: int | Sequence[int] | None = None, ceil_mode: bool = False
    ) -> None: ...

class LPPool2d(Layer):
    """The p-norm of every window of images; `lp_pool1d` has the formula."""

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    ceil_mode: bool = False
    def __init__(
        self,
        norm_type: float,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        ceil_mode: bool = False,
    ) -> None: ...

class LPPool3d(Layer):
    """The p-norm of every window of volumes; `lp_pool1d` has the formula."""

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    ceil_mode: bool = False
    def __init__(
        self,
        norm_type: float,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        ceil_mode: bool = False,
    ) -> None: ...

class LazyBatchNorm1d(Layer):
    """`BatchNorm1d` whose ``num_features`` is the first input's."""

    eps: float = 1e-05
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...

class LazyBatchNorm2d(Layer):
    """`BatchNorm2d` whose ``num_features`` is the first input's."""

    eps: float = 1e-05
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...

class LazyBatchNorm3d(Layer):
    """`BatchNorm3d` whose ``num_features`` is the first input's."""

    eps: float = 1e-05
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...

class LazyConv1d(Layer):
    """`Conv1d` whose ``in_channels`` is the first input's."""

    out_channels: int
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] | str = 0
    dilation: int | tuple[int, ...] = 1
    groups: int = 1
    bias: bool = True
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...

class LazyConv2d(Layer):
    """`Conv2d` whose ``in_channels`` is the first input's."""

    out_channels: int
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] | str = 0
    dilation: int | tuple[int, ...] = 1
    groups: int = 1
    bias: bool = True
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...

class LazyConv3d(Layer):
    """`Conv3d` whose ``in_channels`` is the first input's."""

    out_channels: int
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] | str = 0
    dilation: int | tuple[int, ...] = 1
    groups: int = 1
    bias: bool = True
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...

class LazyConvTranspose1d(Layer):
    """`ConvTranspose1d` whose ``in_channels`` is the first input's."""

    out_channels: int
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    output_padding: int | tuple[int, ...] = 0
    groups: int = 1
    bias: bool = True
    dilation: int | tuple[int, ...] = 1
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...

class LazyConvTranspose2d(Layer):
    """`ConvTranspose2d` whose ``in_channels`` is the first input's."""

    out_channels: int
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    output_padding: int | tuple[int, ...] = 0
    groups: int = 1
    bias: bool = True
    dilation: int | tuple[int, ...] = 1
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...

class LazyConvTranspose3d(Layer):
    """`ConvTranspose3d` whose ``in_channels`` is the first input's."""

    out_channels: int
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    output_padding: int | tuple[int, ...] = 0
    groups: int = 1
    bias: bool = True
    dilation: int | tuple[int, ...] = 1
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...

class LazyInstanceNorm1d(Layer):
    """`InstanceNorm1d` whose ``num_features`` is the first input's."""

    eps: float = 1e-05
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...

class LazyInstanceNorm2d(Layer):
    """`InstanceNorm2d` whose ``num_features`` is the first input's."""

    eps: float = 1e-05
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...

class LazyInstanceNorm3d(Layer):
    """`InstanceNorm3d` whose ``num_features`` is the first input's."""

    eps: float = 1e-05
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...

class LazyLinear(Layer):
    """`Linear` whose ``in_features`` is the first input's."""

    out_features: int
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...

class LeakyReLU(Layer):
    """Keeps what is positive and scales the rest: :math:`x` where :math:`x > 0`, else :math:`a x`."""

    negative_slope: float = 0.01
    inplace: bool = False
    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None: ...

class LocalResponseNorm(Layer):
    """Divides by a power of the mean square over neighbouring channels."""

    size: int
    alpha: float = 0.0001
    beta: float = 0.75
    k: float = 1.0
    def __init__(self, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> None: ...

class LogSigmoid(Layer):
    r"""The logarithm of `sigmoid`, without its underflow: :math:`-\log(1 + e^{-x})`."""

    def __init__(self) -> None: ...

class LogSoftmax(Layer):
    r"""The logarithm of `softmax`, without its overflow: :math:`x_i - \log \sum_j e^{x_j}`."""

    dim: int | None = None
    def __init__(self, dim: int | None = None) -> None: ...

class MSELoss(Layer):
    r"""The squared error: :math:`\ell = w\,(x - y)^2`."""

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class MarginRankingLoss(Layer):
    r"""A hinge on which of two scores is the larger: :math:`\ell = \max(0, -y\,(x_1 - x_2) + m)`."""

    margin: float = 0.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class MaxUnpool1d(Layer):
    """Puts the elements that `max_pool1d` found back where they were, with zeros around them."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
    ) -> None: ...

class MaxUnpool2d(Layer):
    """Puts the elements that `max_pool2d` found back where they were; more in `max_unpool1d`."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
    ) -> None: ...

class MaxUnpool3d(Layer):
    """Puts the elements that `max_pool3d` found back where they were; more in `max_unpool1d`."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
    ) -> None: ...

class Mish(Layer):
    r"""The input times the hyperbolic tangent of its `softplus`: :math:`x \tanh(\log(1 + e^x))`."""

    inplace: bool = False
    def __init__(self, inplace: bool = False) -> None: ...

class MultiLabelMarginLoss(Layer):
    """Hinges between the scores of the classes that apply and of those that don't."""

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class MultiLabelSoftMarginLoss(Layer):
    """The mean over the classes of binary cross entropies of logits."""

    weight: Any = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, weight: Any = None, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class MultiMarginLoss(Layer):
    """Hinges between the score of a class and all others."""

    p: int = 1
    margin: float = 1.0
    weight: Any = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...

class NLLLoss(Layer):
    r"""The negative log-likelihood of classes: :math:`\ell_n = -w_{y_n} x_{n, y_n}`."""

    weight: Any = None
    size_average: bool | None = None
    ignore_index: int = -100
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...

class PairwiseDistance(Layer):
    r"""The p-norm of differences of vectors: :math:`\|x_1 - x_2 + \epsilon\|_p`."""

    p: float = 2.0
    norm: float = 2.0
    eps: float = 1e-06
    keepdim: bool = False
    def __init__(self, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> None: ...

class PixelShuffle(Layer):
    r"""Lays channels out in space: :math:`y_{c,\,hr+i,\,wr+j} = x_{cr^2 + ir + j,\,h,\,w}`."""

    upscale_factor: int
    def __init__(self, upscale_factor: int) -> None: ...

class PixelUnshuffle(Layer):
    r"""Stacks neighbours as channels: :math:`y_{cr^2 + ir + j,\,h,\,w} = x_{c,\,hr+i,\,wr+j}`, undoing
    `pixel_shuffle`."""

    downscale_factor: int
    def __init__(self, downscale_factor: int) -> None: ...

class PoissonNLLLoss(Layer):
    """The negative log-likelihood of counts with a Poisson distribution, but for a constant."""

    log_input: bool = True
    full: bool = False
    size_average: bool | None = None
    eps: float = 1e-08
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-08,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...

class RReLU(Layer):
    """Keeps what is positive and scales the rest by random slopes."""

    lower: float = 0.125
    upper: float = 0.3333333333333333
    inplace: bool = False
    def __init__(self, lower: float = 0.125, upper: float = 0.3333333333333333, inplace: bool = False) -> None: ...

class ReLU(Layer):
    r"""Keeps what is positive: :math:`\max(0, x)`."""

    inplace: bool = False
    def __init__(self, inplace: bool = False) -> None: ...

class ReLU6(Hardtanh):
    r"""Clips to [0, 6]: :math:`\min(\max(x, 0), 6)`."""

    def __init__(self, inplace: bool = False) -> None: ...

class ReflectionPad1d(Layer):
    r"""Pads the last dimension of an array on both sides with what stands as far inside of the border as it is outside:
    :math:`y_j = x_i` with :math:`i = (n - 1) - \bigl|(n - 1) - |j - l|\bigr|`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class ReflectionPad2d(Layer):
    r"""Pads the last two dimensions of an array on both sides with what stands as far inside of the border as it is
    outside: :math:`y_j = x_i` with :math:`i = (n - 1) - \bigl|(n - 1) - |j - l|\bigr|`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class ReflectionPad3d(Layer):
    r"""Pads the last three dimensions of an array on both sides with what stands as far inside of the border as it is
    outside: :math:`y_j = x_i` with :math:`i = (n - 1) - \bigl|(n - 1) - |j - l|\bigr|`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class ReplicationPad1d(Layer):
    r"""Pads the last dimension of an array on both sides with the element at the border, :math:`y_j = x_i` with
    :math:`i = \min(\max(j - l, 0), n - 1)`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class ReplicationPad2d(Layer):
    r"""Pads the last two dimensions of an array on both sides with the element at the border, :math:`y_j = x_i` with
    :math:`i = \min(\max(j - l, 0), n - 1)`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class ReplicationPad3d(Layer):
    r"""Pads the last three dimensions of an array on both sides with the element at the border, :math:`y_j = x_i` with
    :math:`i = \min(\max(j - l, 0), n - 1)`."""

    padding: int | tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class SiLU(Layer):
    r"""The sigmoid linear unit, also called swish: :math:`x\,\sigma(x)`."""

    inplace: bool = False
    def __init__(self, inplace: bool = False) -> None: ...

class Sigmoid(Layer):
    """The logistic function :math:`1 / (1 + e^{-x})`; integers and booleans become float32."""

    def __init__(self) -> None: ...

class SmoothL1Loss(Layer):
    """The absolute error, squared where it is small: with :math:`d = x - y`,"""

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    beta: float = 1.0
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None: ...

class SoftMarginLoss(Layer):
    r"""The logistic loss: :math:`\ell = \log(1 + e^{-y x})`, which overflows as torch's does."""

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class Softmax(Layer):
    r"""Exponentials along a dimension, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`."""

    dim: int | None = None
    def __init__(self, dim: int | None = None) -> None: ...

class Softmax2d(Layer):
    r"""Exponentials along a dimension, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`."""

    dim: int | None = -3
    def __init__(self) -> None: ...

class Softmin(Layer):
    r"""The `softmax` of the negated input: :math:`e^{-x_i} / \sum_j e^{-x_j}`."""

    dim: int | None = None
    def __init__(self, dim: int | None = None) -> None: ...

class Softplus(Layer):
    r"""A smooth `relu`: :math:`\log(1 + e^{\beta x}) / \beta`, but :math:`x` where :math:`\beta x > t`."""

    beta: float = 1.0
    threshold: float = 20.0
    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None: ...

class Softshrink(Layer):
    r"""Moves towards zero by :math:`\lambda`, and not past it: :math:`\operatorname{sgn}(x) \max(|x| - \lambda, 0)`."""

    lambd: float = 0.5
    def __init__(self, lambd: float = 0.5) -> None: ...

class Softsign(Layer):
    """The input divided by 1 more than its modulus: :math:`x / (1 + |x|)`; integers become float32."""

    def __init__(self) -> None: ...

class Tanh(Layer):
    r"""The hyperbolic tangent :math:`\tanh x`; integers and booleans become float32."""

    def __init__(self) -> None: ...

class Tanhshrink(Layer):
    r"""The input without its hyperbolic tangent: :math:`x - \tanh x`; integers become float32."""

    def __init__(self) -> None: ...

class Threshold(Layer):
    """Keeps what is above a threshold, and replaces the rest: :math:`x` where :math:`x > t`, else :math:`v`."""

    threshold: float
    value: float
    inplace: bool = False
    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None: ...

class TripletMarginLoss(Layer):
    r"""A hinge between the distances to what is alike and to what isn't: :math:`\max(0, d(a, p) - d(a, n) + m)`."""

    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-06
    swap: bool = False
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-06,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...

class TripletMarginWithDistanceLoss(Layer):
    """The `triplet_margin_loss` with any distance."""

    distance_function: Callable[[jax.Array, jax.Array], jax.Array] | None = None
    margin: float = 1.0
    swap: bool = False
    reduction: str = "mean"
    def __init__(
        self,
        *,
        distance_function: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None: ...

class Unfold(Layer):
    """Makes a column of every block that a kernel sees: a convolution is a matrix product with these."""

    kernel_size: int | tuple[int, ...]
    dilation: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    stride: int | tuple[int, ...] = 1
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        dilation: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        stride: int | Sequence[int] = 1,
    ) -> None: ...

class Upsample(Layer):
    """Resamples signals, images or volumes to another size."""

    size: int | tuple[int, ...] | None = None
    scale_factor: float | tuple[float, ...] | None = None
    mode: str = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None
    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None: ...

class UpsamplingBilinear2d(Upsample):
    """Resamples signals, images or volumes to another size."""

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None: ...

class UpsamplingNearest2d(Upsample):
    """Resamples signals, images or volumes to another size."""

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None: ...

class ZeroPad1d(ConstantPad1d):
    """Pads the last dimension of an array on both sides with zeros."""

    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class ZeroPad2d(ConstantPad2d):
    """Pads the last two dimensions of an array on both sides with zeros."""

    def __init__(self, padding: int | tuple[int, ...]) -> None: ...

class ZeroPad3d(ConstantPad3d):
    """Pads the last three dimensions of an array on both sides with zeros."""

    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
