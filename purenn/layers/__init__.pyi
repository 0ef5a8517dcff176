"""torch.nn's layers as frozen values, each an ``init``/``apply`` pair over explicit pytrees.

Written by tools/stubs.py: don't edit.
"""

from collections.abc import Sequence
from typing import Any

from purenn.layers.base import Bound, Composite, Constant, Layer, Spec, stateless
from purenn.layers.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from purenn.layers.container import Sequential
from purenn.layers.conv import Conv1d, Conv2d, Conv3d
from purenn.layers.dropout import _Dropout
from purenn.layers.flatten import Flatten
from purenn.layers.generate import Functional
from purenn.layers.linear import Identity, Linear
from purenn.layers.loss import Loss
from purenn.layers.normalization import LayerNorm
from purenn.layers.pooling import Pool, _AvgPool1d, _MaxPool
from purenn.layers.sparse import Embedding

__all__ = [
    "GELU",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bound",
    "Composite",
    "Constant",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "Layer",
    "LayerNorm",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "NLLLoss",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Spec",
    "Tanh",
    "stateless",
]

class GELU(Functional):
    r"""The Gaussian error linear unit: :math:`x\,\Phi(x)`, with :math:`\Phi` the normal distribution function."""

    approximate: str = "none"
    def __init__(self, approximate: str = "none") -> None: ...

class AvgPool1d(_AvgPool1d):
    """The average of every window of a signal."""

    ceil_mode: bool = False
    count_include_pad: bool = True
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None: ...

class AvgPool2d(Pool):
    """The average of every window of images; `avg_pool1d` has the formula."""

    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None: ...

class AvgPool3d(Pool):
    """The average of every window of volumes; `avg_pool1d` has the formula."""

    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None: ...

class CrossEntropyLoss(Loss):
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

class Dropout(_Dropout):
    """Zeroes every element with probability p, and divides the others by 1 - p."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None: ...

class LogSoftmax(Functional):
    r"""The logarithm of `softmax`, without its overflow: :math:`x_i - \log \sum_j e^{x_j}`."""

    dim: int | None = None
    def __init__(self, dim: int | None = None) -> None: ...

class MSELoss(Loss):
    r"""The squared error: :math:`\ell = w\,(x - y)^2`."""

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None: ...

class MaxPool1d(_MaxPool):
    """The largest element of every window of a signal."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...

class MaxPool2d(_MaxPool):
    """The largest element of every window of images; `max_pool1d` has the formula."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...

class MaxPool3d(_MaxPool):
    """The largest element of every window of volumes; `max_pool1d` has the formula."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...

class NLLLoss(Loss):
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

class ReLU(Functional):
    r"""Keeps what is positive: :math:`\max(0, x)`."""

    inplace: bool = False
    def __init__(self, inplace: bool = False) -> None: ...

class SiLU(Functional):
    r"""The sigmoid linear unit, also called swish: :math:`x\,\sigma(x)`."""

    inplace: bool = False
    def __init__(self, inplace: bool = False) -> None: ...

class Sigmoid(Functional):
    """The logistic function :math:`1 / (1 + e^{-x})`; integers and booleans become float32."""

    def __init__(self) -> None: ...

class Softmax(Functional):
    r"""Exponentials along a dimension, divided by their sum: :math:`e^{x_i} / \sum_j e^{x_j}`."""

    dim: int | None = None
    def __init__(self, dim: int | None = None) -> None: ...

class Tanh(Functional):
    r"""The hyperbolic tangent :math:`\tanh x`; integers and booleans become float32."""

    def __init__(self) -> None: ...
