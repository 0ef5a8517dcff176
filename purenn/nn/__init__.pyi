"""torch.nn for JAX: objects that hold their arrays.

Every stock class here is generated from the layer of the same name in `purenn.layers`: the same constructor, the
same arithmetic.

Written by tools/stubs.py: don't edit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.typing import DTypeLike

from purenn import functional as F
from purenn.functional import LinearCrossEntropyOptions
from purenn.layers.adaptive import _ASMoutput
from purenn.layers.base import Layer
from purenn.nn import attention, functional, init, utils
from purenn.nn.container import Container
from purenn.nn.from_layer import stateful
from purenn.nn.gradients import grad, value_and_grad
from purenn.nn.module import Module
from purenn.nn.module_container import ModuleDict, ModuleList, Sequential
from purenn.nn.optimizer import Optimizer
from purenn.nn.parallel import DataParallel
from purenn.nn.parameter import Buffer, Parameter
from purenn.nn.parameter_container import ParameterDict, ParameterList
from purenn.nn.pure_calls import functional_call, pure
from purenn.nn.transforms import remat, scan
from purenn.random import manual_seed
from purenn.typing import Array, ArrayLike, Size

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
    "Buffer",
    "CTCLoss",
    "ChannelShuffle",
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "Container",
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
    "DataParallel",
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
    "LinearCrossEntropyOptions",
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
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MultiheadAttention",
    "NLLLoss",
    "NLLLoss2d",
    "Optimizer",
    "PReLU",
    "PairwiseDistance",
    "Parameter",
    "ParameterDict",
    "ParameterList",
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
    "attention",
    "functional",
    "functional_call",
    "grad",
    "init",
    "manual_seed",
    "pure",
    "remat",
    "scan",
    "stateful",
    "utils",
    "value_and_grad",
]

class CELU(Module):
    r"""The continuously differentiable `elu`: :math:`x` where :math:`x > 0`, else :math:`\alpha\,(e^{x / \alpha} -
    1)`."""

    alpha: float
    inplace: bool
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class ELU(Module):
    r"""The exponential linear unit: :math:`x` where :math:`x > 0`, else :math:`\alpha\,(e^x - 1)`."""

    alpha: float
    inplace: bool
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class GELU(Module):
    r"""The Gaussian error linear unit: :math:`x\,\Phi(x)`, with :math:`\Phi` the normal distribution function."""

    approximate: str
    def __init__(self, approximate: str = "none") -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class GLU(Module):
    r"""The gated linear unit: :math:`a\,\sigma(b)` for the two halves :math:`a` and :math:`b` of a dimension."""

    dim: int
    def __init__(self, dim: int = -1) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class GRU(RNNBase):
    """Runs a gated recurrent unit over sequences; `purenn.functional.gru_cell` has the formula."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: Any, hx: Any = None, *, training: bool | None = None, rng: Any = None) -> Any: ...

class LSTM(RNNBase):
    """Runs a long short-term memory over sequences; `purenn.functional.lstm_cell` has the formula."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: Any, hx: Any = None, *, training: bool | None = None, rng: Any = None) -> Any: ...

class RNN(RNNBase):
    r"""Runs an Elman network over sequences: :math:`h_t = \tanh(W_{ih}\, x_t + b_{ih} + W_{hh}\, h_{t-1} + b_{hh})`."""

    nonlinearity: str
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: Any, hx: Any = None, *, training: bool | None = None, rng: Any = None) -> Any: ...

class SELU(Module):
    r"""The scaled `elu`, under which mean 0 and variance 1 are a fixed point: :math:`s\,\text{elu}_\alpha(x)`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class AdaptiveAvgPool1d(Module):
    r"""Averages of as many bins as wanted: bin :math:`t` of :math:`T` has the elements from :math:`\lfloor t L / T
    \rfloor` to before :math:`\lceil (t + 1) L / T \rceil`."""

    output_size: int | tuple[int, ...]
    def __init__(self, output_size: int | Sequence[int]) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class AdaptiveAvgPool2d(Module):
    """Averages of as many bins as wanted in height and width; `adaptive_avg_pool1d` has the formula."""

    output_size: int | Sequence[int | None]
    def __init__(self, output_size: int | Sequence[int | None]) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class AdaptiveAvgPool3d(Module):
    """Averages of as many bins as wanted in depth, height and width; `adaptive_avg_pool1d` has the formula."""

    output_size: int | Sequence[int | None]
    def __init__(self, output_size: int | Sequence[int | None]) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class AdaptiveLogSoftmaxWithLoss(Module):
    """A log-softmax over many classes of which few are frequent: rare ones come in clusters of less capacity."""

    in_features: int
    n_classes: int
    cutoffs: tuple[int, ...]
    div_value: float
    head_bias: bool
    device: Any
    dtype: DTypeLike | None
    head: Linear
    tail: ModuleList
    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: tuple[int, ...],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input_: Any, target_: Any, *, training: bool | None = None, rng: Any = None) -> _ASMoutput: ...
    def reset_parameters(self) -> None: ...
    def log_prob(self, input: Any) -> jax.Array: ...
    def predict(self, input: Any) -> jax.Array: ...

class AdaptiveMaxPool1d(Module):
    """The largest elements of as many bins as wanted, those of `adaptive_avg_pool1d`."""

    output_size: int | tuple[int, ...]
    return_indices: bool
    def __init__(self, output_size: int | Sequence[int], return_indices: bool = False) -> None: ...
    def __call__(self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None) -> Any: ...

class AdaptiveMaxPool2d(Module):
    """The largest elements of as many bins as wanted in height and width."""

    output_size: int | Sequence[int | None]
    return_indices: bool
    def __init__(self, output_size: int | Sequence[int | None], return_indices: bool = False) -> None: ...
    def __call__(self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None) -> Any: ...

class AdaptiveMaxPool3d(Module):
    """The largest elements of as many bins as wanted in depth, height and width."""

    output_size: int | Sequence[int | None]
    return_indices: bool
    def __init__(self, output_size: int | Sequence[int | None], return_indices: bool = False) -> None: ...
    def __call__(self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None) -> Any: ...

class AlphaDropout(Module):
    """Replaces every element by the limit of `selu` with probability p, and keeps mean 0 and variance 1."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class AvgPool1d(Module):
    """Takes the average of every window of a signal."""

    kernel_size: Size
    stride: Size
    padding: Size
    ceil_mode: bool
    count_include_pad: bool
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class AvgPool2d(Module):
    """Takes the average of every window of an image."""

    kernel_size: Size
    stride: Size
    padding: Size
    ceil_mode: bool
    count_include_pad: bool
    divisor_override: int | None
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class AvgPool3d(Module):
    """Takes the average of every window of a volume."""

    kernel_size: Size
    stride: Size
    padding: Size
    ceil_mode: bool
    count_include_pad: bool
    divisor_override: int | None
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class BCELoss(Module):
    r"""The cross entropy of probabilities of yes and no: :math:`\ell = -w\,(y \log x + (1 - y) \log(1 - x))`."""

    weight: jax.Array | None
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, weight: Any = None, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class BCEWithLogitsLoss(Module):
    """The cross entropy of logits of yes and no, without overflow."""

    weight: jax.Array | None
    size_average: bool | None
    reduce: bool | None
    reduction: str
    pos_weight: jax.Array | None
    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class BatchNorm1d(Module):
    r"""Normalises every channel over the batch: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma +
    \beta`."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class BatchNorm2d(Module):
    """Normalises every channel of images over the batch; arguments, arrays and formula as `BatchNorm1d`'s."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class BatchNorm3d(Module):
    """Normalises every channel of volumes over the batch; arguments, arrays and formula as `BatchNorm1d`'s."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class Bilinear(Module):
    r"""Applies a bilinear map: :math:`y_o = x_1^\top A_o\, x_2 + b_o`."""

    in1_features: int
    in2_features: int
    out_features: int
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input1: jax.Array | np.ndarray,
        input2: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...
    def reset_parameters(self) -> None: ...

class CTCLoss(Module):
    """The negative log-likelihood of a sequence of labels, summed over all its alignments with a longer input."""

    blank: int
    reduction: str
    zero_infinity: bool
    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None: ...
    def __call__(
        self,
        log_probs: jax.Array | np.ndarray,
        targets: jax.Array | np.ndarray,
        input_lengths: jax.Array | np.ndarray,
        target_lengths: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class ChannelShuffle(Module):
    """Deals the groups of channels out in turn: :math:`y_{ig + j} = x_{jC/g + i}`."""

    groups: int
    def __init__(self, groups: int) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class CircularPad1d(Module):
    r"""Pads the last dimension of an array on both sides with what stands at the other end, as if the input went round,
    :math:`y_j = x_{(j - l) \bmod n}`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class CircularPad2d(Module):
    r"""Pads the last two dimensions of an array on both sides with what stands at the other end, as if the input went
    round, :math:`y_j = x_{(j - l) \bmod n}`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class CircularPad3d(Module):
    r"""Pads the last three dimensions of an array on both sides with what stands at the other end, as if the input went
    round, :math:`y_j = x_{(j - l) \bmod n}`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ConstantPad1d(Module):
    """Pads the last dimension of an array on both sides with a constant."""

    padding: tuple[int, ...]
    value: float
    def __init__(self, padding: int | tuple[int, ...], value: float) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ConstantPad2d(Module):
    """Pads the last two dimensions of an array on both sides with a constant."""

    padding: tuple[int, ...]
    value: float
    def __init__(self, padding: int | tuple[int, ...], value: float) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ConstantPad3d(Module):
    """Pads the last three dimensions of an array on both sides with a constant."""

    padding: tuple[int, ...]
    value: float
    def __init__(self, padding: int | tuple[int, ...], value: float) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class Conv1d(Module):
    """Cross-correlates a signal with a bank of learned kernels; `purenn.functional.conv1d` has the formula."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int
    bias: jax.Array
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        in_channels: int,
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...
    def reset_parameters(self) -> None: ...

class Conv2d(Module):
    """Cross-correlates images with a bank of learned kernels; arguments and arrays as `Conv1d`'s."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int
    bias: jax.Array
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        in_channels: int,
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...
    def reset_parameters(self) -> None: ...

class Conv3d(Module):
    """Cross-correlates volumes with a bank of learned kernels; arguments and arrays as `Conv1d`'s."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int
    bias: jax.Array
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        in_channels: int,
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose1d(Module):
    """The transpose of `Conv1d`, its gradient in the input; `purenn.functional.conv_transpose1d` has the formula."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    bias: jax.Array
    dilation: tuple[int, ...]
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        in_channels: int,
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
    def __call__(
        self, input: Any, output_size: Sequence[int] | None = None, *, training: bool | None = None, rng: Any = None
    ) -> Any: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose2d(Module):
    """The transpose of `Conv2d`, its gradient in the input; arguments and arrays as `ConvTranspose1d`'s."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    bias: jax.Array
    dilation: tuple[int, ...]
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        in_channels: int,
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
    def __call__(
        self, input: Any, output_size: Sequence[int] | None = None, *, training: bool | None = None, rng: Any = None
    ) -> Any: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose3d(Module):
    """The transpose of `Conv3d`, its gradient in the input; arguments and arrays as `ConvTranspose1d`'s."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    bias: jax.Array
    dilation: tuple[int, ...]
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        in_channels: int,
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
    def __call__(
        self, input: Any, output_size: Sequence[int] | None = None, *, training: bool | None = None, rng: Any = None
    ) -> Any: ...
    def reset_parameters(self) -> None: ...

class CosineEmbeddingLoss(Module):
    """A loss of the angle between vectors that are alike, or not."""

    margin: float
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input1: jax.Array | np.ndarray,
        input2: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class CosineSimilarity(Module):
    r"""The cosine of the angle between vectors: with norms of at least :math:`\epsilon`,"""

    dim: int
    eps: float
    def __init__(self, dim: int = 1, eps: float = 1e-08) -> None: ...
    def __call__(
        self, x1: jax.Array | np.ndarray, x2: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class CrossEntropyLoss(Module):
    """The cross entropy of a softmax and of given classes or probabilities."""

    weight: jax.Array | None
    size_average: bool | None
    ignore_index: int
    reduce: bool | None
    reduction: str
    label_smoothing: float
    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class CrossMapLRN2d(Module):
    """The `local_response_norm` of images, with the windows that torch's `CrossMapLRN2d` has."""

    size: int
    alpha: float
    beta: float
    k: float
    def __init__(self, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Dropout(Module):
    """Zeroes every element with probability p, and divides the others by 1 - p."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Dropout1d(Module):
    """Zeroes every channel of a sequence with probability p, and divides the others by 1 - p."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Dropout2d(Module):
    """Zeroes every channel of images with probability p, and divides the others by 1 - p."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Dropout3d(Module):
    """Zeroes every channel of volumes with probability p, and divides the others by 1 - p."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Embedding(Module):
    """A table of vectors, looked up by number."""

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool
    sparse: bool
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Any: ...

class EmbeddingBag(Module):
    """A table of vectors, looked up by number and reduced in bags; `purenn.functional.embedding_bag` has the
    formula."""

    num_embeddings: int
    embedding_dim: int
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool
    mode: str
    sparse: bool
    include_last_offset: bool
    padding_idx: int | None
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        offsets: jax.Array | np.ndarray | None = None,
        per_sample_weights: jax.Array | np.ndarray | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Any: ...

class FeatureAlphaDropout(Module):
    """Does to whole channels what `alpha_dropout` does to elements."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Flatten(Module):
    """Joins a run of dimensions into one."""

    start_dim: int
    end_dim: int
    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class Fold(Module):
    """Adds columns up to images, at the places from which `unfold` takes them: it is the transpose of `unfold`."""

    output_size: int | tuple[int, ...]
    kernel_size: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    def __init__(
        self,
        output_size: int | Sequence[int],
        kernel_size: int | Sequence[int],
        dilation: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        stride: int | Sequence[int] = 1,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class FractionalMaxPool2d(Module):
    """The largest elements of windows that start at random, about evenly spaced places."""

    kernel_size: tuple[int, ...]
    output_size: int | tuple[int, ...] | None
    output_ratio: float | tuple[float, ...] | None
    return_indices: bool
    _random_samples: jax.Array | None
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...

class FractionalMaxPool3d(Module):
    """The largest elements of windows that start at random; `fractional_max_pool2d` has the formula."""

    kernel_size: tuple[int, ...]
    output_size: int | tuple[int, ...] | None
    output_ratio: tuple[float, ...] | None
    return_indices: bool
    _random_samples: jax.Array | None
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...

class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit; `purenn.functional.gru_cell` has the formula."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(self, input: Any, hx: Any = None, *, training: bool | None = None, rng: Any = None) -> Any: ...

class GaussianNLLLoss(Module):
    r"""The negative log-likelihood with a Gaussian distribution: with :math:`v = \max(\text{var}, \epsilon)`,"""

    full: bool
    eps: float
    reduction: str
    def __init__(self, *, full: bool = False, eps: float = 1e-06, reduction: str = "mean") -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        var: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class GroupNorm(Module):
    r"""Normalises groups of channels: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma + \beta`."""

    num_groups: int
    num_channels: int
    eps: float
    affine: bool
    device: Any
    dtype: DTypeLike | None
    bias: jax.Array
    weight: jax.Array
    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-05,
        affine: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...
    def reset_parameters(self) -> None: ...

class Hardshrink(Module):
    r"""Zeroes what is small: 0 where :math:`|x| \le \lambda`, else :math:`x`."""

    lambd: float
    def __init__(self, lambd: float = 0.5) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Hardsigmoid(Module):
    r"""A sigmoid of three pieces: :math:`\min(\max(x + 3, 0), 6) / 6`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Hardswish(Module):
    r"""The input times its `hardsigmoid`: :math:`x \min(\max(x + 3, 0), 6) / 6`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Hardtanh(Module):
    r"""Clips to an interval: :math:`\min(\max(x, a), b)`."""

    min_val: float
    max_val: float
    inplace: bool
    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class HingeEmbeddingLoss(Module):
    """A distance where things are alike, a hinge of it where they are not."""

    margin: float
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class HuberLoss(Module):
    """The squared error, absolute where it is large: with :math:`d = x - y`,"""

    reduction: str
    delta: float
    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class Identity(Module):
    """Gives back its input, whatever arguments it was made with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...

class InstanceNorm1d(Module):
    r"""Normalises each channel of each sample: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma +
    \beta`."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array | None
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array | None
    running_mean: jax.Array | None
    running_var: jax.Array | None
    num_batches_tracked: jax.Array | None
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class InstanceNorm2d(Module):
    """Normalises every channel of every image; arguments, arrays and formula as `InstanceNorm1d`'s."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array | None
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array | None
    running_mean: jax.Array | None
    running_var: jax.Array | None
    num_batches_tracked: jax.Array | None
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class InstanceNorm3d(Module):
    """Normalises every channel of every volume; arguments, arrays and formula as `InstanceNorm1d`'s."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array | None
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array | None
    running_mean: jax.Array | None
    running_var: jax.Array | None
    num_batches_tracked: jax.Array | None
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class KLDivLoss(Module):
    r"""The Kullback-Leibler divergence from log-probabilities: :math:`\ell = y\,(\log y - x)`."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    log_target: bool
    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class L1Loss(Module):
    r"""The absolute error: :math:`\ell = w\,|x - y|`, with the derivative 0 at 0."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class LPPool1d(Module):
    """The p-norm of every window of a signal, without the absolute value."""

    norm_type: float
    kernel_size: int
    stride: int | tuple[int, ...] | None
    ceil_mode: bool
    def __init__(
        self, norm_type: float, kernel_size: int, stride: int | Sequence[int] | None = None, ceil_mode: bool = False
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class LPPool2d(Module):
    """The p-norm of every window of images; `lp_pool1d` has the formula."""

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None
    ceil_mode: bool
    def __init__(
        self,
        norm_type: float,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        ceil_mode: bool = False,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class LPPool3d(Module):
    """The p-norm of every window of volumes; `lp_pool1d` has the formula."""

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None
    ceil_mode: bool
    def __init__(
        self,
        norm_type: float,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        ceil_mode: bool = False,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class LSTMCell(RNNCellBase):
    """One step of a long short-term memory; `purenn.functional.lstm_cell` has the formula."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(self, input: Any, hx: Any = None, *, training: bool | None = None, rng: Any = None) -> Any: ...

class LayerNorm(Module):
    r"""Normalises over the last dimensions: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma + \beta`."""

    normalized_shape: tuple[int, ...]
    eps: float
    elementwise_affine: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-05,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...
    def reset_parameters(self) -> None: ...

class LazyBatchNorm1d(Module):
    """`BatchNorm1d` whose ``num_features`` is the first input's."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyBatchNorm2d(Module):
    """`BatchNorm2d` whose ``num_features`` is the first input's."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyBatchNorm3d(Module):
    """`BatchNorm3d` whose ``num_features`` is the first input's."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConv1d(Module):
    """`Conv1d` whose ``in_channels`` is the first input's."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int
    bias: jax.Array
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConv2d(Module):
    """`Conv2d` whose ``in_channels`` is the first input's."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int
    bias: jax.Array
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConv3d(Module):
    """`Conv3d` whose ``in_channels`` is the first input's."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int
    bias: jax.Array
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConvTranspose1d(Module):
    """`ConvTranspose1d` whose ``in_channels`` is the first input's."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    bias: jax.Array
    dilation: tuple[int, ...]
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
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
    def __call__(
        self, input: Any, output_size: Sequence[int] | None = None, *, training: bool | None = None, rng: Any = None
    ) -> Any: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConvTranspose2d(Module):
    """`ConvTranspose2d` whose ``in_channels`` is the first input's."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    bias: jax.Array
    dilation: tuple[int, ...]
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
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
    def __call__(
        self, input: Any, output_size: Sequence[int] | None = None, *, training: bool | None = None, rng: Any = None
    ) -> Any: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConvTranspose3d(Module):
    """`ConvTranspose3d` whose ``in_channels`` is the first input's."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    bias: jax.Array
    dilation: tuple[int, ...]
    padding_mode: str
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
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
    def __call__(
        self, input: Any, output_size: Sequence[int] | None = None, *, training: bool | None = None, rng: Any = None
    ) -> Any: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyInstanceNorm1d(Module):
    """`InstanceNorm1d` whose ``num_features`` is the first input's."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyInstanceNorm2d(Module):
    """`InstanceNorm2d` whose ``num_features`` is the first input's."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyInstanceNorm3d(Module):
    """`InstanceNorm3d` whose ``num_features`` is the first input's."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
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
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyLinear(Module):
    """`Linear` whose ``in_features`` is the first input's."""

    in_features: int
    out_features: int
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LeakyReLU(Module):
    """Keeps what is positive and scales the rest: :math:`x` where :math:`x > 0`, else :math:`a x`."""

    negative_slope: float
    inplace: bool
    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Linear(Module):
    r"""Applies an affine map: :math:`y = x A^\top + b`."""

    in_features: int
    out_features: int
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...
    def reset_parameters(self) -> None: ...

class LinearCrossEntropyLoss(Module):
    r"""The cross entropy of the logits :math:`x A^\top + b` of a `Linear` layer, its child ``linear``."""

    in_features: int
    num_classes: int
    out_features: tuple[int, ...]
    bias: bool
    device: Any
    dtype: DTypeLike | None
    reduction: str
    weight: jax.Array | None
    ignore_index: int | None
    label_smoothing: float
    options: F.LinearCrossEntropyOptions | None
    linear: Linear
    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
        reduction: str = "mean",
        weight: Any = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: F.LinearCrossEntropyOptions | None = None,
    ) -> None: ...
    def __call__(self, input: Any, target: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class LocalResponseNorm(Module):
    """Divides by a power of the mean square over neighbouring channels."""

    size: int
    alpha: float
    beta: float
    k: float
    def __init__(self, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class LogSigmoid(Module):
    r"""The logarithm of `sigmoid`, without its underflow: :math:`-\log(1 + e^{-x})`."""

    def __init__(self) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class LogSoftmax(Module):
    r"""The logarithm of `softmax`, without its overflow: :math:`x_i - \log \sum_j e^{x_j}`."""

    dim: int | None
    def __init__(self, dim: int | None = None) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class MSELoss(Module):
    r"""The squared error: :math:`\ell = w\,(x - y)^2`."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class MarginRankingLoss(Module):
    r"""A hinge on which of two scores is the larger: :math:`\ell = \max(0, -y\,(x_1 - x_2) + m)`."""

    margin: float
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input1: jax.Array | np.ndarray,
        input2: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class MaxPool1d(Module):
    """Takes the maximum over every window of a signal."""

    kernel_size: Size
    stride: Size
    padding: Size
    dilation: Size
    return_indices: bool
    ceil_mode: bool
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Any: ...

class MaxPool2d(Module):
    """Takes the maximum over every window of an image."""

    kernel_size: Size
    stride: Size
    padding: Size
    dilation: Size
    return_indices: bool
    ceil_mode: bool
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Any: ...

class MaxPool3d(Module):
    """Takes the maximum over every window of a volume."""

    kernel_size: Size
    stride: Size
    padding: Size
    dilation: Size
    return_indices: bool
    ceil_mode: bool
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Any: ...

class MaxUnpool1d(Module):
    """Puts the elements that `max_pool1d` found back where they were, with zeros around them."""

    kernel_size: tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: tuple[int, ...]
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        indices: jax.Array | np.ndarray,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class MaxUnpool2d(Module):
    """Puts the elements that `max_pool2d` found back where they were; more in `max_unpool1d`."""

    kernel_size: tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: tuple[int, ...]
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        indices: jax.Array | np.ndarray,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class MaxUnpool3d(Module):
    """Puts the elements that `max_pool3d` found back where they were; more in `max_unpool1d`."""

    kernel_size: tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: tuple[int, ...]
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        indices: jax.Array | np.ndarray,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class Mish(Module):
    r"""The input times the hyperbolic tangent of its `softplus`: :math:`x \tanh(\log(1 + e^x))`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class MultiLabelMarginLoss(Module):
    """Hinges between the scores of the classes that apply and of those that don't."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class MultiLabelSoftMarginLoss(Module):
    """The mean over the classes of binary cross entropies of logits."""

    weight: jax.Array | None
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, weight: Any = None, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class MultiMarginLoss(Module):
    """Hinges between the score of a class and all others."""

    p: int
    margin: float
    weight: jax.Array | None
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class MultiheadAttention(Module):
    """Several attentions side by side, each between its own projections of the queries, keys and values."""

    embed_dim: int
    num_heads: int
    dropout: float
    bias: bool
    add_bias_kv: bool
    add_zero_attn: bool
    kdim: int
    vdim: int
    batch_first: bool
    device: Any
    dtype: DTypeLike | None
    in_proj_weight: jax.Array
    q_proj_weight: jax.Array | None
    k_proj_weight: jax.Array | None
    v_proj_weight: jax.Array | None
    in_proj_bias: jax.Array
    bias_k: jax.Array | None
    bias_v: jax.Array | None
    out_proj: Linear
    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> tuple[jax.Array, jax.Array | None]: ...

class NLLLoss(Module):
    r"""The negative log-likelihood of classes: :math:`\ell_n = -w_{y_n} x_{n, y_n}`."""

    weight: jax.Array | None
    size_average: bool | None
    ignore_index: int
    reduce: bool | None
    reduction: str
    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class NLLLoss2d(NLLLoss):
    """`NLLLoss`, which takes images too, under an old name."""

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class PReLU(Module):
    r"""A `LeakyReLU` with a learned slope: :math:`\max(0, x) + a \min(0, x)`."""

    num_parameters: int
    start: float
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...
    def reset_parameters(self) -> None: ...

class PairwiseDistance(Module):
    r"""The p-norm of differences of vectors: :math:`\|x_1 - x_2 + \epsilon\|_p`."""

    p: float
    norm: float
    eps: float
    keepdim: bool
    def __init__(self, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> None: ...
    def __call__(
        self, x1: jax.Array | np.ndarray, x2: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class PixelShuffle(Module):
    r"""Lays channels out in space: :math:`y_{c,\,hr+i,\,wr+j} = x_{cr^2 + ir + j,\,h,\,w}`."""

    upscale_factor: int
    def __init__(self, upscale_factor: int) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class PixelUnshuffle(Module):
    r"""Stacks neighbours as channels: :math:`y_{cr^2 + ir + j,\,h,\,w} = x_{c,\,hr+i,\,wr+j}`, undoing
    `pixel_shuffle`."""

    downscale_factor: int
    def __init__(self, downscale_factor: int) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class PoissonNLLLoss(Module):
    """The negative log-likelihood of counts with a Poisson distribution, but for a constant."""

    log_input: bool
    full: bool
    size_average: bool | None
    eps: float
    reduce: bool | None
    reduction: str
    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-08,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(self, log_input: Any, target: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...

class RMSNorm(Module):
    r"""Divides by the root mean square: :math:`y = \frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \epsilon}}\,\gamma`."""

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, x: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...
    def reset_parameters(self) -> None: ...

class RNNBase(Module):
    """What recurrent networks have in common: their arrays, but no ``forward``."""

    mode: str
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int
    device: Any
    dtype: DTypeLike | None
    weight_ih_l0: jax.Array
    weight_hh_l0: jax.Array
    bias_ih_l0: jax.Array
    bias_hh_l0: jax.Array
    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def reset_parameters(self) -> None: ...
    @property
    def all_weights(self) -> list[list[Any]]: ...
    def flatten_parameters(self) -> None: ...

class RNNCell(RNNCellBase):
    r"""One step of Elman's network: :math:`h' = \tanh(W_{ih}\, x + b_{ih} + W_{hh}\, h + b_{hh})`."""

    nonlinearity: str
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: Any, hx: Any = None, *, training: bool | None = None, rng: Any = None) -> Any: ...

class RNNCellBase(Module):
    """What recurrent cells have in common: their arrays, but no ``forward``."""

    input_size: int
    hidden_size: int
    bias: bool
    num_chunks: int
    device: Any
    dtype: DTypeLike | None
    weight_ih: jax.Array
    weight_hh: jax.Array
    bias_ih: jax.Array | None
    bias_hh: jax.Array | None
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def reset_parameters(self) -> None: ...

class RReLU(Module):
    """Keeps what is positive and scales the rest by random slopes."""

    lower: float
    upper: float
    inplace: bool
    def __init__(self, lower: float = 0.125, upper: float = 0.3333333333333333, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class ReLU(Module):
    r"""Keeps what is positive: :math:`\max(0, x)`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class ReLU6(Hardtanh):
    r"""Clips to [0, 6]: :math:`\min(\max(x, 0), 6)`."""

    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class ReflectionPad1d(Module):
    r"""Pads the last dimension of an array on both sides with what stands as far inside of the border as it is outside:
    :math:`y_j = x_i` with :math:`i = (n - 1) - \bigl|(n - 1) - |j - l|\bigr|`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ReflectionPad2d(Module):
    r"""Pads the last two dimensions of an array on both sides with what stands as far inside of the border as it is
    outside: :math:`y_j = x_i` with :math:`i = (n - 1) - \bigl|(n - 1) - |j - l|\bigr|`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ReflectionPad3d(Module):
    r"""Pads the last three dimensions of an array on both sides with what stands as far inside of the border as it is
    outside: :math:`y_j = x_i` with :math:`i = (n - 1) - \bigl|(n - 1) - |j - l|\bigr|`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ReplicationPad1d(Module):
    r"""Pads the last dimension of an array on both sides with the element at the border, :math:`y_j = x_i` with
    :math:`i = \min(\max(j - l, 0), n - 1)`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ReplicationPad2d(Module):
    r"""Pads the last two dimensions of an array on both sides with the element at the border, :math:`y_j = x_i` with
    :math:`i = \min(\max(j - l, 0), n - 1)`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ReplicationPad3d(Module):
    r"""Pads the last three dimensions of an array on both sides with the element at the border, :math:`y_j = x_i` with
    :math:`i = \min(\max(j - l, 0), n - 1)`."""

    padding: tuple[int, ...]
    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class SiLU(Module):
    r"""The sigmoid linear unit, also called swish: :math:`x\,\sigma(x)`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Sigmoid(Module):
    """The logistic function :math:`1 / (1 + e^{-x})`; integers and booleans become float32."""

    def __init__(self) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class SmoothL1Loss(Module):
    """The absolute error, squared where it is small: with :math:`d = x - y`,"""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    beta: float
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class SoftMarginLoss(Module):
    r"""The logistic loss: :math:`\ell = \log(1 + e^{-y x})`, which overflows as torch's does."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        target: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class Softmax(Module):
    r"""Exponentials along a dimension, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`."""

    dim: int | None
    def __init__(self, dim: int | None = None) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Softmax2d(Module):
    r"""Exponentials along a dimension, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`."""

    dim: int | None
    def __init__(self) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class Softmin(Module):
    r"""The `softmax` of the negated input: :math:`e^{-x_i} / \sum_j e^{-x_j}`."""

    dim: int | None
    def __init__(self, dim: int | None = None) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Softplus(Module):
    r"""A smooth `relu`: :math:`\log(1 + e^{\beta x}) / \beta`, but :math:`x` where :math:`\beta x > t`."""

    beta: float
    threshold: float
    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Softshrink(Module):
    r"""Moves towards zero by :math:`\lambda`, and not past it: :math:`\operatorname{sgn}(x) \max(|x| - \lambda, 0)`."""

    lambd: float
    def __init__(self, lambd: float = 0.5) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Softsign(Module):
    """The input divided by 1 more than its modulus: :math:`x / (1 + |x|)`; integers become float32."""

    def __init__(self) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class SyncBatchNorm(Module):
    """Normalises every channel over a batch that lies in parts on several devices."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: jax.Array
    process_group: str | tuple[str, ...] | None
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    running_mean: jax.Array
    running_var: jax.Array
    num_batches_tracked: jax.Array
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: str | tuple[str, ...] | None = None,
        device: Any = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
    @classmethod
    def convert_sync_batchnorm(cls, module: Any, process_group: str | tuple[str, ...] | None = None) -> Any: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class Tanh(Module):
    r"""The hyperbolic tangent :math:`\tanh x`; integers and booleans become float32."""

    def __init__(self) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Tanhshrink(Module):
    r"""The input without its hyperbolic tangent: :math:`x - \tanh x`; integers become float32."""

    def __init__(self) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Threshold(Module):
    """Keeps what is above a threshold, and replaces the rest: :math:`x` where :math:`x > t`, else :math:`v`."""

    threshold: float
    value: float
    inplace: bool
    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Transformer(Module):
    """An encoder and a decoder that attends to the encoder's output."""

    d_model: int
    nhead: int
    num_encoder_layers: int
    num_decoder_layers: int
    dim_feedforward: int
    dropout: float
    activation: str | Callable[..., Any] | Layer
    custom_encoder: Layer | None
    custom_decoder: Layer | None
    layer_norm_eps: float
    batch_first: bool
    norm_first: bool
    bias: bool
    device: Any
    dtype: DTypeLike | None
    encoder: TransformerEncoder
    decoder: TransformerDecoder
    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[..., Any] | Layer = ...,
        custom_encoder: Layer | None = None,
        custom_decoder: Layer | None = None,
        layer_norm_eps: float = 1e-05,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...
    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: DTypeLike | None = None) -> jax.Array: ...

class TransformerDecoder(Module):
    """Decoder layers one after another, and a norm."""

    decoder_layer: Layer
    num_layers: int
    norm: Layer | None
    layers: ModuleList
    def __init__(self, decoder_layer: Layer, num_layers: int, norm: Layer | None = None) -> None: ...
    def __call__(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class TransformerDecoderLayer(Module):
    """Self-attention, attention to an encoder's output and a feed-forward network, each with a residual and a norm."""

    d_model: int
    nhead: int
    dim_feedforward: int
    dropout: Dropout
    activation: str | Callable[..., Any] | Layer
    layer_norm_eps: float
    batch_first: bool
    norm_first: bool
    bias: bool
    device: Any
    dtype: DTypeLike | None
    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention
    linear1: Linear
    linear2: Linear
    norm1: LayerNorm
    norm2: LayerNorm
    norm3: LayerNorm
    dropout1: Dropout
    dropout2: Dropout
    dropout3: Dropout
    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[..., Any] | Layer = ...,
        layer_norm_eps: float = 1e-05,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class TransformerEncoder(Module):
    """Encoder layers one after another, and a norm."""

    encoder_layer: Layer
    num_layers: int
    norm: Layer | None
    enable_nested_tensor: bool
    mask_check: bool
    layers: ModuleList
    def __init__(
        self,
        encoder_layer: Layer,
        num_layers: int,
        norm: Layer | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None: ...
    def __call__(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class TransformerEncoderLayer(Module):
    """Self-attention and a feed-forward network, each with a residual connection and a layer norm."""

    d_model: int
    nhead: int
    dim_feedforward: int
    dropout: Dropout
    activation: str | Callable[..., Any] | Layer
    layer_norm_eps: float
    batch_first: bool
    norm_first: bool
    bias: bool
    device: Any
    dtype: DTypeLike | None
    self_attn: MultiheadAttention
    linear1: Linear
    linear2: Linear
    norm1: LayerNorm
    norm2: LayerNorm
    dropout1: Dropout
    dropout2: Dropout
    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[..., Any] | Layer = ...,
        layer_norm_eps: float = 1e-05,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class TripletMarginLoss(Module):
    r"""A hinge between the distances to what is alike and to what isn't: :math:`\max(0, d(a, p) - d(a, n) + m)`."""

    margin: float
    p: float
    eps: float
    swap: bool
    size_average: bool | None
    reduce: bool | None
    reduction: str
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
    def __call__(
        self,
        anchor: jax.Array | np.ndarray,
        positive: jax.Array | np.ndarray,
        negative: jax.Array | np.ndarray,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class TripletMarginWithDistanceLoss(Module):
    """The `triplet_margin_loss` with any distance."""

    distance_function: PairwiseDistance
    margin: float
    swap: bool
    reduction: str
    def __init__(
        self,
        *,
        distance_function: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self, anchor: Any, positive: Any, negative: Any, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Unflatten(Module):
    """Splits a dimension into several."""

    dim: int
    unflattened_size: tuple[int, ...] | list[int]
    def __init__(self, dim: int, unflattened_size: tuple[int, ...] | list[int]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class Unfold(Module):
    """Makes a column of every block that a kernel sees: a convolution is a matrix product with these."""

    kernel_size: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        dilation: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        stride: int | Sequence[int] = 1,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class Upsample(Module):
    """Resamples signals, images or volumes to another size."""

    size: int | tuple[int, ...] | None
    scale_factor: float | tuple[float, ...] | None
    mode: str
    align_corners: bool | None
    recompute_scale_factor: bool | None
    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class UpsamplingBilinear2d(Upsample):
    """Resamples signals, images or volumes to another size."""

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class UpsamplingNearest2d(Upsample):
    """Resamples signals, images or volumes to another size."""

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class ZeroPad1d(ConstantPad1d):
    """Pads the last dimension of an array on both sides with zeros."""

    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ZeroPad2d(ConstantPad2d):
    """Pads the last two dimensions of an array on both sides with zeros."""

    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class ZeroPad3d(ConstantPad3d):
    """Pads the last three dimensions of an array on both sides with zeros."""

    def __init__(self, padding: int | tuple[int, ...]) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...
