"""torch.nn for JAX: objects that hold their arrays.

Every stock class here is generated from the layer of the same name in `purenn.layers`: the same constructor, the
same arithmetic.

Written by tools/stubs.py: don't edit.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.typing import DTypeLike

from purenn.nn.call import functional_call, pure
from purenn.nn.container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from purenn.nn.module import Module
from purenn.nn.optimizer import Optimizer
from purenn.nn.parameter import Parameter
from purenn.nn.stock import stateful
from purenn.random import manual_seed

__all__ = [
    "GELU",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "LayerNorm",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Optimizer",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "functional_call",
    "manual_seed",
    "pure",
    "stateful",
]

class GELU(Module):
    r"""The Gaussian error linear unit: :math:`x\,\Phi(x)`, with :math:`\Phi` the normal distribution function."""

    approximate: str
    def __init__(self, approximate: str = "none") -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class AvgPool1d(Module):
    """The average of every window of a signal."""

    kernel_size: tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: tuple[int, ...]
    ceil_mode: bool
    count_include_pad: bool
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class AvgPool2d(Module):
    """The average of every window of images; `avg_pool1d` has the formula."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    ceil_mode: bool
    count_include_pad: bool
    divisor_override: int | None
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class AvgPool3d(Module):
    """The average of every window of volumes; `avg_pool1d` has the formula."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    ceil_mode: bool
    count_include_pad: bool
    divisor_override: int | None
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

class BatchNorm1d(Module):
    r"""Normalises every channel over the batch: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma +
    \beta`."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    device: Any
    dtype: DTypeLike | None
    bias: jax.Array
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

class BatchNorm2d(Module):
    """Normalises every channel of images over the batch; arguments, arrays and formula as `BatchNorm1d`'s."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    device: Any
    dtype: DTypeLike | None
    bias: jax.Array
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

class BatchNorm3d(Module):
    """Normalises every channel of volumes over the batch; arguments, arrays and formula as `BatchNorm1d`'s."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    device: Any
    dtype: DTypeLike | None
    bias: jax.Array
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

class Dropout(Module):
    """Zeroes every element with probability p, and divides the others by 1 - p."""

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

class Flatten(Module):
    """Joins a run of dimensions into one."""

    start_dim: int
    end_dim: int
    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> jax.Array: ...

class Identity(Module):
    """Gives back its input, whatever arguments it was made with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __call__(self, input: Any, *, training: bool | None = None, rng: Any = None) -> Any: ...

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

class LogSoftmax(Module):
    r"""The logarithm of `softmax`, without its overflow: :math:`x_i - \log \sum_j e^{x_j}`."""

    dim: int | None
    def __init__(self, dim: int | None = None) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        *,
        dtype: DTypeLike | None = None,
        training: bool | None = None,
        rng: Any = None,
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
        weight: jax.Array | np.ndarray | None = None,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class MaxPool1d(Module):
    """The largest element of every window of a signal."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    return_indices: bool
    ceil_mode: bool
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...
    def __call__(self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None) -> Any: ...

class MaxPool2d(Module):
    """The largest element of every window of images; `max_pool1d` has the formula."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    return_indices: bool
    ceil_mode: bool
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...
    def __call__(self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None) -> Any: ...

class MaxPool3d(Module):
    """The largest element of every window of volumes; `max_pool1d` has the formula."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    return_indices: bool
    ceil_mode: bool
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...
    def __call__(self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None) -> Any: ...

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

class ReLU(Module):
    r"""Keeps what is positive: :math:`\max(0, x)`."""

    inplace: bool
    def __init__(self, inplace: bool = False) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...

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

class Softmax(Module):
    r"""Exponentials along a dimension, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`."""

    dim: int | None
    def __init__(self, dim: int | None = None) -> None: ...
    def __call__(
        self,
        input: jax.Array | np.ndarray,
        *,
        dtype: DTypeLike | None = None,
        training: bool | None = None,
        rng: Any = None,
    ) -> jax.Array: ...

class Tanh(Module):
    r"""The hyperbolic tangent :math:`\tanh x`; integers and booleans become float32."""

    def __init__(self) -> None: ...
    def __call__(
        self, input: jax.Array | np.ndarray, *, training: bool | None = None, rng: Any = None
    ) -> jax.Array: ...
