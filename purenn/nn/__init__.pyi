"""torch.nn for JAX: objects that hold their arrays.

Every stock class here is generated from the layer of the same name in `purenn.layers`: the same constructor, the
same arithmetic.

Written by tools/stubs.py: don't edit.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

import jax
import numpy as np

from purenn import functional as F
from purenn.functional import LinearCrossEntropyOptions
from purenn.functional.rnn.packed import PackedSequence
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
from purenn.typing import Array, ArrayLike, DTypeLike, Size

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
    """Computes the continuously differentiable exponential linear unit."""

    alpha: float
    inplace: bool
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ELU(Module):
    r"""Computes the exponential linear unit: :math:`y = x` where :math:`x > 0`, else :math:`\alpha\,(e^x - 1)`."""

    alpha: float
    inplace: bool
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class GELU(Module):
    r"""Computes the Gaussian error linear unit: :math:`y = x\,\Phi(x)`."""

    approximate: str
    def __init__(self, approximate: str = "none") -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class GLU(Module):
    r"""Multiplies one half of a dimension by the sigmoid of the other: :math:`y = a\,\sigma(b)`, the gated linear
    unit."""

    dim: int
    def __init__(self, dim: int = -1) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class GRU(RNNBase):
    """Runs a gated recurrent unit over sequences."""

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
    def __call__(
        self,
        input: ArrayLike | PackedSequence,
        hx: ArrayLike | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> tuple[Any, Array]: ...

class LSTM(RNNBase):
    """Runs a long short-term memory over sequences."""

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
    def __call__(
        self,
        input: ArrayLike | PackedSequence,
        hx: Sequence[ArrayLike] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> tuple[Any, tuple[Array, Array]]: ...

class RNN(RNNBase):
    """Runs an Elman network over sequences."""

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
        device: object = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input: ArrayLike | PackedSequence,
        hx: ArrayLike | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> tuple[Any, Array]: ...

class SELU(Module):
    """Computes the scaled exponential linear unit, for which mean 0 and variance 1 are a fixed point."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class AdaptiveAvgPool1d(Module):
    """Takes the average over every bin of signals that are divided into a given number of bins."""

    output_size: int | tuple[int, ...]
    def __init__(self, output_size: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class AdaptiveAvgPool2d(Module):
    """Takes the average over every bin of images that are divided into a given number of bins."""

    output_size: int | Sequence[int | None]
    def __init__(self, output_size: int | Sequence[int | None]) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class AdaptiveAvgPool3d(Module):
    """Takes the average over every bin of volumes that are divided into a given number of bins."""

    output_size: int | Sequence[int | None]
    def __init__(self, output_size: int | Sequence[int | None]) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class AdaptiveLogSoftmaxWithLoss(Module):
    """Computes a log-softmax over many classes; rare classes form clusters of smaller capacity."""

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
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self, input_: ArrayLike, target_: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> _ASMoutput: ...
    def reset_parameters(self) -> None: ...
    def log_prob(self, input: ArrayLike) -> Array: ...
    def predict(self, input: ArrayLike) -> Array: ...

class AdaptiveMaxPool1d(Module):
    """Takes the maximum over every bin of signals that are divided into a given number of bins."""

    output_size: int | tuple[int, ...]
    return_indices: bool
    def __init__(self, output_size: Size, return_indices: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Any: ...

class AdaptiveMaxPool2d(Module):
    """Takes the maximum over every bin of images that are divided into a given number of bins."""

    output_size: int | Sequence[int | None]
    return_indices: bool
    def __init__(self, output_size: int | Sequence[int | None], return_indices: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Any: ...

class AdaptiveMaxPool3d(Module):
    """Takes the maximum over every bin of volumes that are divided into a given number of bins."""

    output_size: int | Sequence[int | None]
    return_indices: bool
    def __init__(self, output_size: int | Sequence[int | None], return_indices: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Any: ...

class AlphaDropout(Module):
    """Replaces every element by the limit of `SELU` with probability p in training; keeps mean 0 and variance 1."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class AvgPool1d(Module):
    """Takes the average over every window of a signal."""

    kernel_size: tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: tuple[int, ...]
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
    """Takes the average over every window of an image."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
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
    """Takes the average over every window of a volume."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
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
    """Computes the cross entropy of two classes from probabilities."""

    weight: jax.Array | None
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self,
        weight: ArrayLike | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class BCEWithLogitsLoss(Module):
    """Computes the cross entropy of two classes from logits, without overflow."""

    weight: jax.Array | None
    size_average: bool | None
    reduce: bool | None
    reduction: str
    pos_weight: jax.Array | None
    def __init__(
        self,
        weight: ArrayLike | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: ArrayLike | None = None,
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class BatchNorm1d(Module):
    """Normalizes every channel of signals over the batch."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class BatchNorm2d(Module):
    """Normalizes every channel of images over the batch."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class BatchNorm3d(Module):
    """Normalizes every channel of volumes over the batch."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class Bilinear(Module):
    r"""Applies a learned bilinear map of two inputs: :math:`y_o = x_1^\top A_o\, x_2 + b_o`."""

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
        self, input1: ArrayLike, input2: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...
    def reset_parameters(self) -> None: ...

class CTCLoss(Module):
    """Computes the connectionist temporal classification loss: minus the log-probability of a sequence of labels."""

    blank: int
    reduction: str
    zero_infinity: bool
    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None: ...
    def __call__(
        self,
        log_probs: ArrayLike,
        targets: ArrayLike,
        input_lengths: ArrayLike | Sequence[int],
        target_lengths: ArrayLike | Sequence[int],
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class ChannelShuffle(Module):
    """Interleaves groups of channels: :math:`y_{ig + j} = x_{jC/g + i}`."""

    groups: int
    def __init__(self, groups: int) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class CircularPad1d(Module):
    """Pads signals on all sides with the elements at the opposite end."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class CircularPad2d(Module):
    """Pads images on all sides with the elements at the opposite end."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class CircularPad3d(Module):
    """Pads volumes on all sides with the elements at the opposite end."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ConstantPad1d(Module):
    """Pads signals on all sides with a constant."""

    padding: tuple[int, ...]
    value: float
    def __init__(self, padding: Size, value: float) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ConstantPad2d(Module):
    """Pads images on all sides with a constant."""

    padding: tuple[int, ...]
    value: float
    def __init__(self, padding: Size, value: float) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ConstantPad3d(Module):
    """Pads volumes on all sides with a constant."""

    padding: tuple[int, ...]
    value: float
    def __init__(self, padding: Size, value: float) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Conv1d(Module):
    """Cross-correlates signals with a bank of learned kernels and adds a bias."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...

class Conv2d(Module):
    """Cross-correlates images with a bank of learned kernels and adds a bias."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...

class Conv3d(Module):
    """Cross-correlates volumes with a bank of learned kernels and adds a bias."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose1d(Module):
    """Applies the transpose of a `Conv1d`, with learned kernels, and adds a bias."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose2d(Module):
    """Applies the transpose of a `Conv2d`, with learned kernels, and adds a bias."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose3d(Module):
    """Applies the transpose of a `Conv3d`, with learned kernels, and adds a bias."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...
    def reset_parameters(self) -> None: ...

class CosineEmbeddingLoss(Module):
    """Computes a loss of the angle between the vectors of a similar or dissimilar pair."""

    margin: float
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self, input1: ArrayLike, input2: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class CosineSimilarity(Module):
    """Computes the cosine of the angle between vectors."""

    dim: int
    eps: float
    def __init__(self, dim: int = 1, eps: float = 1e-08) -> None: ...
    def __call__(self, x1: ArrayLike, x2: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class CrossEntropyLoss(Module):
    """Computes the cross entropy between the softmax of logits and classes, or probabilities."""

    weight: jax.Array | None
    size_average: bool | None
    ignore_index: int
    reduce: bool | None
    reduction: str
    label_smoothing: float
    def __init__(
        self,
        weight: ArrayLike | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class CrossMapLRN2d(Module):
    """Divides every element of images by a power of the mean square over neighbouring channels."""

    size: int
    alpha: float
    beta: float
    k: float
    def __init__(self, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Dropout(Module):
    """Zeroes every element with probability p in training, and divides the others by 1 - p."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Dropout1d(Module):
    """Zeroes every channel of signals with probability p in training, and divides the other channels by 1 - p."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Dropout2d(Module):
    """Zeroes every channel of images with probability p in training, and divides the other channels by 1 - p."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Dropout3d(Module):
    """Zeroes every channel of volumes with probability p in training, and divides the other channels by 1 - p."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Embedding(Module):
    """Looks up rows of a table: :math:`y_i = w_{x_i}`."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    @classmethod
    def from_pretrained(
        cls,
        embeddings: Array | np.ndarray,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self: ...

class EmbeddingBag(Module):
    r"""Looks up rows of a table and reduces them in bags, for example :math:`y_b = \sum_{i \in b} s_i w_{x_i}`."""

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
        input: ArrayLike,
        offsets: ArrayLike | None = None,
        per_sample_weights: ArrayLike | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...
    def reset_parameters(self) -> None: ...
    @classmethod
    def from_pretrained(
        cls,
        embeddings: Array | np.ndarray,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self: ...

class FeatureAlphaDropout(Module):
    """Replaces every channel by the limit of `SELU` with probability p in training; keeps mean 0 and variance 1."""

    p: float
    inplace: bool
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Flatten(Module):
    """Joins consecutive dimensions into one."""

    start_dim: int
    end_dim: int
    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Fold(Module):
    """Adds every column to the block of an image from which `Unfold` extracts it: the transpose of `Unfold`."""

    output_size: int | tuple[int, ...]
    kernel_size: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    def __init__(
        self, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class FractionalMaxPool2d(Module):
    """Takes the maximum over windows of images that start at random, almost evenly spaced indices."""

    kernel_size: tuple[int, ...]
    output_size: int | tuple[int, ...] | None
    output_ratio: tuple[float, ...] | None
    return_indices: bool
    _random_samples: jax.Array | None
    def __init__(
        self,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Any: ...

class FractionalMaxPool3d(Module):
    """Takes the maximum over windows of volumes that start at random, almost evenly spaced indices."""

    kernel_size: tuple[int, ...]
    output_size: int | tuple[int, ...] | None
    output_ratio: tuple[float, ...] | None
    return_indices: bool
    _random_samples: jax.Array | None
    def __init__(
        self,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Any: ...

class GRUCell(RNNCellBase):
    """Takes one step of a gated recurrent unit."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, hx: ArrayLike | None = None, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class GaussianNLLLoss(Module):
    """Computes the negative log-likelihood of samples under Gaussian distributions of given mean and variance."""

    full: bool
    eps: float
    reduction: str
    def __init__(self, *, full: bool = False, eps: float = 1e-06, reduction: str = "mean") -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, var: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class GroupNorm(Module):
    """Normalizes every sample over groups of channels and the spatial dimensions."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...

class Hardshrink(Module):
    r"""Replaces every small element by 0: :math:`y = 0` where :math:`|x| \le \lambda`, else :math:`x`."""

    lambd: float
    def __init__(self, lambd: float = 0.5) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Hardsigmoid(Module):
    r"""Computes a piecewise linear sigmoid: :math:`y = \min(\max(x + 3, 0), 6) / 6`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Hardswish(Module):
    r"""Multiplies every element by its `Hardsigmoid`: :math:`y = x \min(\max(x + 3, 0), 6) / 6`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Hardtanh(Module):
    r"""Clips every element to an interval: :math:`y = \min(\max(x, a), b)`."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class HingeEmbeddingLoss(Module):
    """Computes the distance of similar pairs, and a hinge on the distance of dissimilar pairs."""

    margin: float
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class HuberLoss(Module):
    """Computes half the squared error, absolute where it is large."""

    reduction: str
    delta: float
    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class Identity(Module):
    """Returns its input."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...

class InstanceNorm1d(Module):
    """Normalizes every channel of every signal by itself."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class InstanceNorm2d(Module):
    """Normalizes every channel of every image by itself."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class InstanceNorm3d(Module):
    """Normalizes every channel of every volume by itself."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class KLDivLoss(Module):
    r"""Computes the Kullback-Leibler divergence from log-probabilities: :math:`\ell = y\,(\log y - x)`."""

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
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class L1Loss(Module):
    r"""Computes the absolute error: :math:`\ell = |x - y|`."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class LPPool1d(Module):
    """Takes the p-norm of every window of a signal, without the absolute value."""

    norm_type: float
    kernel_size: int
    stride: int | tuple[int, ...] | None
    ceil_mode: bool
    def __init__(
        self, norm_type: float, kernel_size: int, stride: Size | None = None, ceil_mode: bool = False
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class LPPool2d(Module):
    """Takes the p-norm of every window of an image, without the absolute value."""

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None
    ceil_mode: bool
    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class LPPool3d(Module):
    """Takes the p-norm of every window of a volume, without the absolute value."""

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None
    ceil_mode: bool
    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class LSTMCell(RNNCellBase):
    """Takes one step of a long short-term memory."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, hx: Sequence[ArrayLike] | None = None, *, training: bool | None = None, rng: Any = None
    ) -> tuple[Array, Array]: ...

class LayerNorm(Module):
    """Normalizes over the last dimensions."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...

class LazyBatchNorm1d(Module):
    """Normalizes every channel of signals over the batch; takes ``num_features`` from its first input."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyBatchNorm2d(Module):
    """Normalizes every channel of images over the batch; takes ``num_features`` from its first input."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyBatchNorm3d(Module):
    """Normalizes every channel of volumes over the batch; takes ``num_features`` from its first input."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConv1d(Module):
    """Cross-correlates signals with a bank of learned kernels and adds a bias; takes ``in_channels`` from its first
    input."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConv2d(Module):
    """Cross-correlates images with a bank of learned kernels and adds a bias; takes ``in_channels`` from its first
    input."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConv3d(Module):
    """Cross-correlates volumes with a bank of learned kernels and adds a bias; takes ``in_channels`` from its first
    input."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConvTranspose1d(Module):
    """Applies the transpose of a `Conv1d`, with learned kernels, and adds a bias; takes ``in_channels`` from its first
    input."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConvTranspose2d(Module):
    """Applies the transpose of a `Conv2d`, with learned kernels, and adds a bias; takes ``in_channels`` from its first
    input."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyConvTranspose3d(Module):
    """Applies the transpose of a `Conv3d`, with learned kernels, and adds a bias; takes ``in_channels`` from its first
    input."""

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
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyInstanceNorm1d(Module):
    """Normalizes every channel of every signal by itself; takes ``num_features`` from its first input."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyInstanceNorm2d(Module):
    """Normalizes every channel of every image by itself; takes ``num_features`` from its first input."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyInstanceNorm3d(Module):
    """Normalizes every channel of every volume by itself; takes ``num_features`` from its first input."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_running_stats(self) -> None: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LazyLinear(Module):
    r"""Applies a learned affine map, :math:`y = x A^\top + b`; takes ``in_features`` from its first input."""

    in_features: int
    out_features: int
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...
    def has_uninitialized_params(self) -> bool: ...

class LeakyReLU(Module):
    """Multiplies every negative element by a small slope: :math:`y = x` where :math:`x > 0`, else :math:`a x`."""

    negative_slope: float
    inplace: bool
    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Linear(Module):
    r"""Applies a learned affine map, :math:`y = x A^\top + b`."""

    in_features: int
    out_features: int
    bias: jax.Array
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...

class LinearCrossEntropyLoss(Module):
    r"""Computes the cross entropy of the logits :math:`x A^\top + b`, without holding all of them in memory."""

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
        weight: ArrayLike | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: F.LinearCrossEntropyOptions | None = None,
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class LocalResponseNorm(Module):
    """Divides every element by a power of the mean square over neighbouring channels."""

    size: int
    alpha: float
    beta: float
    k: float
    def __init__(self, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class LogSigmoid(Module):
    r"""Computes the logarithm of the sigmoid, without its underflow: :math:`y = -\log(1 + e^{-x})`."""

    def __init__(self) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class LogSoftmax(Module):
    r"""Computes the logarithm of the softmax, without its overflow: :math:`y_i = x_i - \log \sum_j e^{x_j}`."""

    dim: int | None
    def __init__(self, dim: int | None = None) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class MSELoss(Module):
    r"""Computes the squared error: :math:`\ell = (x - y)^2`."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class MarginRankingLoss(Module):
    r"""Computes a hinge loss on the order of two scores: :math:`\ell = \max(0, -y\,(x_1 - x_2) + m)`."""

    margin: float
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self, input1: ArrayLike, input2: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class MaxPool1d(Module):
    """Takes the maximum over every window of a signal."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
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

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
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

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
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
    """Writes maxima back to their indices in the input of a `MaxPool1d`, and zeros everywhere else."""

    kernel_size: tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: tuple[int, ...]
    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        indices: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class MaxUnpool2d(Module):
    """Writes maxima back to their indices in the input of a `MaxPool2d`, and zeros everywhere else."""

    kernel_size: tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: tuple[int, ...]
    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        indices: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class MaxUnpool3d(Module):
    """Writes maxima back to their indices in the input of a `MaxPool3d`, and zeros everywhere else."""

    kernel_size: tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: tuple[int, ...]
    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None: ...
    def __call__(
        self,
        input: ArrayLike,
        indices: ArrayLike,
        output_size: Sequence[int] | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class Mish(Module):
    r"""Multiplies every element by the hyperbolic tangent of its softplus: :math:`y = x \tanh(\log(1 + e^x))`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class MultiLabelMarginLoss(Module):
    """Sums the hinge losses between the score of every true class and the score of every other class."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class MultiLabelSoftMarginLoss(Module):
    """Computes the mean over the classes of binary cross entropies of logits."""

    weight: jax.Array | None
    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self,
        weight: ArrayLike | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class MultiMarginLoss(Module):
    """Sums the hinge losses between the score of the true class and the score of every other class."""

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
        weight: ArrayLike | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class MultiheadAttention(Module):
    """Computes several attentions in parallel, each of its own projections of the queries, keys and values."""

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
        query: ArrayLike,
        key: ArrayLike,
        value: ArrayLike,
        key_padding_mask: ArrayLike | None = None,
        need_weights: bool = True,
        attn_mask: ArrayLike | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> tuple[Array, Array | None]: ...

class NLLLoss(Module):
    r"""Computes the negative log-likelihood of classes: :math:`\ell_n = -w_{y_n} x_{n, y_n}`."""

    weight: jax.Array | None
    size_average: bool | None
    ignore_index: int
    reduce: bool | None
    reduction: str
    def __init__(
        self,
        weight: ArrayLike | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class NLLLoss2d(NLLLoss):
    """Computes the negative log-likelihood of classes; a deprecated name of `NLLLoss`."""

    def __init__(
        self,
        weight: ArrayLike | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class PReLU(Module):
    """Multiplies every negative element by a learned slope: :math:`y = x` where :math:`x > 0`, else :math:`a x`."""

    num_parameters: int
    start: float
    device: Any
    dtype: DTypeLike | None
    weight: jax.Array
    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: object = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...

class PairwiseDistance(Module):
    r"""Computes the p-norms of the differences of vectors: :math:`\|x_1 - x_2 + \epsilon\|_p`."""

    p: float
    eps: float
    keepdim: bool
    norm: float
    def __init__(self, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> None: ...
    def __call__(self, x1: ArrayLike, x2: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class PixelShuffle(Module):
    r"""Moves channels into space: :math:`y_{c,\,hr+i,\,wr+j} = x_{cr^2 + ir + j,\,h,\,w}`."""

    upscale_factor: int
    def __init__(self, upscale_factor: int) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class PixelUnshuffle(Module):
    r"""Moves space into channels: :math:`y_{cr^2 + ir + j,\,h,\,w} = x_{c,\,hr+i,\,wr+j}`."""

    downscale_factor: int
    def __init__(self, downscale_factor: int) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class PoissonNLLLoss(Module):
    r"""Computes the negative log-likelihood of counts under Poisson distributions, without the term :math:`\log y!`."""

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
    def __call__(
        self, log_input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class RMSNorm(Module):
    """Divides by the root of the mean square over the last dimensions."""

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
    def __call__(self, x: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    def reset_parameters(self) -> None: ...

class RNNBase(Module):
    """The base of recurrent networks: their arrays, but no ``forward``."""

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
    def all_weights(self) -> list[list[Array]]: ...
    def flatten_parameters(self) -> None: ...

class RNNCell(RNNCellBase):
    """Takes one step of an Elman network."""

    nonlinearity: str
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: object = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, hx: ArrayLike | None = None, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class RNNCellBase(Module):
    """The base of recurrent cells: their arrays, but no ``forward``."""

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
    """Multiplies every negative element by a random slope of its own."""

    lower: float
    upper: float
    inplace: bool
    def __init__(self, lower: float = 0.125, upper: float = 0.3333333333333333, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ReLU(Module):
    r"""Replaces every negative element by 0: :math:`y = \max(0, x)`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ReLU6(Hardtanh):
    r"""Clips every element to [0, 6]: :math:`y = \min(\max(x, 0), 6)`."""

    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ReflectionPad1d(Module):
    """Pads signals on all sides with the elements mirrored at the border."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ReflectionPad2d(Module):
    """Pads images on all sides with the elements mirrored at the border."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ReflectionPad3d(Module):
    """Pads volumes on all sides with the elements mirrored at the border."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ReplicationPad1d(Module):
    """Pads signals on all sides with the element at the border."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ReplicationPad2d(Module):
    """Pads images on all sides with the element at the border."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ReplicationPad3d(Module):
    """Pads volumes on all sides with the element at the border."""

    padding: tuple[int, ...]
    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class SiLU(Module):
    r"""Computes the sigmoid linear unit, also called swish: :math:`y = x\,\sigma(x)`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Sigmoid(Module):
    """Computes the logistic function: :math:`y = 1 / (1 + e^{-x})`."""

    def __init__(self) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class SmoothL1Loss(Module):
    """Computes the absolute error, squared where it is small."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    beta: float
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class SoftMarginLoss(Module):
    r"""Computes the logistic loss: :math:`\ell = \log(1 + e^{-y x})`, which overflows as torch's does."""

    size_average: bool | None
    reduce: bool | None
    reduction: str
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, training: bool | None = None, rng: Any = None
    ) -> Array: ...

class Softmax(Module):
    r"""Divides exponentials by their sum along a dimension: :math:`y_i = e^{x_i} / \sum_j e^{x_j}`."""

    dim: int | None
    def __init__(self, dim: int | None = None) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Softmax2d(Module):
    r"""Divides exponentials by their sum over the channels of images: :math:`y_c = e^{x_c} / \sum_{c'} e^{x_{c'}}`."""

    dim: int
    def __init__(self) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Softmin(Module):
    r"""Computes the softmax of the negated input: :math:`y_i = e^{-x_i} / \sum_j e^{-x_j}`."""

    dim: int | None
    def __init__(self, dim: int | None = None) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Softplus(Module):
    r"""Computes a smooth rectifier: :math:`y = \log(1 + e^{\beta x}) / \beta`, but :math:`x` where :math:`\beta x >
    t`."""

    beta: float
    threshold: float
    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Softshrink(Module):
    r"""Moves every element towards 0 by a distance: :math:`y = \operatorname{sgn}(x) \max(|x| - \lambda, 0)`."""

    lambd: float
    def __init__(self, lambd: float = 0.5) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Softsign(Module):
    """Divides every element by its absolute value plus 1: :math:`y = x / (1 + |x|)`."""

    def __init__(self) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class SyncBatchNorm(Module):
    """Normalizes every channel over a batch that is split over several devices."""

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
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
    @classmethod
    def convert_sync_batchnorm(cls, module: Any, process_group: str | tuple[str, ...] | None = None) -> Any: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class Tanh(Module):
    r"""Computes the hyperbolic tangent: :math:`y = \tanh x`."""

    def __init__(self) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Tanhshrink(Module):
    r"""Subtracts the hyperbolic tangent of every element: :math:`y = x - \tanh x`."""

    def __init__(self) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Threshold(Module):
    """Replaces every element that isn't above a threshold: :math:`y = x` where :math:`x > t`, else :math:`v`."""

    threshold: float
    value: float
    inplace: bool
    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Transformer(Module):
    """Runs an encoder, and a decoder that attends to the encoder's output."""

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
        activation: str | Callable[..., Any] | Layer | Module = ...,
        custom_encoder: Layer | Module | None = None,
        custom_decoder: Layer | Module | None = None,
        layer_norm_eps: float = 1e-05,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        src: ArrayLike,
        tgt: ArrayLike,
        src_mask: ArrayLike | None = None,
        tgt_mask: ArrayLike | None = None,
        memory_mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None,
        memory_key_padding_mask: ArrayLike | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...
    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: object = None, dtype: DTypeLike | None = None) -> Array: ...

class TransformerDecoder(Module):
    """Runs decoder layers one after another, and a norm."""

    decoder_layer: Layer
    num_layers: int
    norm: Layer | None
    layers: ModuleList
    def __init__(self, decoder_layer: Layer | Module, num_layers: int, norm: Layer | Module | None = None) -> None: ...
    def __call__(
        self,
        tgt: ArrayLike,
        memory: ArrayLike,
        tgt_mask: ArrayLike | None = None,
        memory_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None,
        memory_key_padding_mask: ArrayLike | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class TransformerDecoderLayer(Module):
    """Runs self-attention, attention to a memory and a feed-forward network, each with a residual and a norm."""

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
        activation: str | Callable[..., Any] | Layer | Module = ...,
        layer_norm_eps: float = 1e-05,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        tgt: ArrayLike,
        memory: ArrayLike,
        tgt_mask: ArrayLike | None = None,
        memory_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None,
        memory_key_padding_mask: ArrayLike | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class TransformerEncoder(Module):
    """Runs encoder layers one after another, and a norm."""

    encoder_layer: Layer
    num_layers: int
    norm: Layer | None
    enable_nested_tensor: bool
    mask_check: bool
    layers: ModuleList
    def __init__(
        self,
        encoder_layer: Layer | Module,
        num_layers: int,
        norm: Layer | Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None: ...
    def __call__(
        self,
        src: ArrayLike,
        mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        is_causal: bool | None = None,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class TransformerEncoderLayer(Module):
    """Runs self-attention and a feed-forward network, each with a residual connection and a layer norm."""

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
        activation: str | Callable[..., Any] | Layer | Module = ...,
        layer_norm_eps: float = 1e-05,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None: ...
    def __call__(
        self,
        src: ArrayLike,
        src_mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        is_causal: bool = False,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class TripletMarginLoss(Module):
    """Computes a hinge between the distances of an anchor to a similar and to a dissimilar example."""

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
        anchor: ArrayLike,
        positive: ArrayLike,
        negative: ArrayLike,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class TripletMarginWithDistanceLoss(Module):
    """Computes a hinge between an anchor's distances to a similar and to a dissimilar example, with any distance."""

    distance_function: PairwiseDistance
    margin: float
    swap: bool
    reduction: str
    def __init__(
        self,
        *,
        distance_function: Callable[[Array, Array], Array] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None: ...
    def __call__(
        self,
        anchor: ArrayLike,
        positive: ArrayLike,
        negative: ArrayLike,
        *,
        training: bool | None = None,
        rng: Any = None,
    ) -> Array: ...

class Unflatten(Module):
    """Splits one dimension into several."""

    dim: int
    unflattened_size: tuple[int, ...] | list[int]
    def __init__(self, dim: int, unflattened_size: tuple[int, ...] | list[int]) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Unfold(Module):
    """Extracts the blocks of images that a convolution sees, each as a column: the convolution is a matrix product."""

    kernel_size: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    def __init__(self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class Upsample(Module):
    """Resamples signals, images or volumes to another size."""

    size: int | tuple[int, ...] | None
    scale_factor: float | tuple[float, ...] | None
    mode: str
    align_corners: bool | None
    recompute_scale_factor: bool | None
    def __init__(
        self,
        size: Size | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class UpsamplingBilinear2d(Upsample):
    """Resamples images to another size by bilinear interpolation."""

    def __init__(self, size: Size | None = None, scale_factor: float | Sequence[float] | None = None) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class UpsamplingNearest2d(Upsample):
    """Resamples signals, images or volumes to another size by their nearest elements."""

    def __init__(self, size: Size | None = None, scale_factor: float | Sequence[float] | None = None) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ZeroPad1d(ConstantPad1d):
    """Pads signals on all sides with zeros."""

    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ZeroPad2d(ConstantPad2d):
    """Pads images on all sides with zeros."""

    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...

class ZeroPad3d(ConstantPad3d):
    """Pads volumes on all sides with zeros."""

    def __init__(self, padding: Size) -> None: ...
    def __call__(self, input: ArrayLike, *, training: bool | None = None, rng: Any = None) -> Array: ...
