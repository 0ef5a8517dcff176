"""Pooling layers."""

from __future__ import annotations

from typing import Any

import jax

from purenn import check
from purenn import functional as F
from purenn.layers.generate import Functional, from_function

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class Pool(Functional):
    """The base of pools: without a stride it is the kernel's size."""

    _shown = ("kernel_size", "stride", "padding")

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        if self.stride is None:
            object.__setattr__(self, "stride", self.kernel_size)
        super().__post_init__()


class _TuplePool(Pool):
    _tuples = ("kernel_size", "stride", "padding")


class _MaxPool(Pool):
    _shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    dilation: int | tuple[int, ...] = 1
    return_indices: bool = False
    ceil_mode: bool = False


class _LPPool(Functional):
    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    ceil_mode: bool = False

    def forward(self, m: Any, input: Any) -> jax.Array:
        pool: Any = type(self)._function  # which takes a float for floating arithmetic; printed is what was given
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class _FractionalMaxPool(Functional):
    _shown = ()
    _tuples = ("kernel_size", "output_size")

    kernel_size: int | tuple[int, ...]
    output_size: int | tuple[int, ...] | None = None
    output_ratio: float | tuple[float, ...] | None = None
    return_indices: bool = False
    _random_samples: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        name, n, ratio = type(self).__name__, self._rank, self.output_ratio
        check.integers(name, "kernel_size", self.kernel_size, n, 1)
        if (self.output_size is None) == (ratio is None):
            check.fail(name, "output_size", "be given if output_ratio isn't, and only then", (self.output_size, ratio))
        if ratio is not None:
            ratios = ratio if isinstance(ratio, tuple) else (ratio,) * n
            if len(ratios) != n or not all(0 < r < 1 for r in ratios):
                check.fail(name, "output_ratio", f"be between 0 and 1, one number or {n}", ratio)
            object.__setattr__(self, "output_ratio", ratios)

    def forward(self, m: Any, input: Any) -> Any:
        pool: Any = type(self)._function
        samples = m._random_samples
        rng = m.make_rng() if samples is None else None  # in evaluation too, as in torch
        return pool(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, samples, rng)


_MAX = "kernel_size stride padding dilation return_indices ceil_mode"
_UNPOOL = "input indices output_size"
_SIZE = "output_size"

AdaptiveAvgPool1d = from_function("AdaptiveAvgPool1d", F.adaptive_avg_pool1d, example="AdaptiveAvgPool1d(5)")
AdaptiveAvgPool2d = from_function("AdaptiveAvgPool2d", F.adaptive_avg_pool2d, example="AdaptiveAvgPool2d((5, None))")
AdaptiveAvgPool3d = from_function("AdaptiveAvgPool3d", F.adaptive_avg_pool3d, example="AdaptiveAvgPool3d(5)")
AdaptiveMaxPool1d = from_function(
    "AdaptiveMaxPool1d", F.adaptive_max_pool1d, shown=_SIZE, example="AdaptiveMaxPool1d(5)"
)
AdaptiveMaxPool2d = from_function(
    "AdaptiveMaxPool2d", F.adaptive_max_pool2d, shown=_SIZE, example="AdaptiveMaxPool2d((5, None))"
)
AdaptiveMaxPool3d = from_function(
    "AdaptiveMaxPool3d", F.adaptive_max_pool3d, shown=_SIZE, example="AdaptiveMaxPool3d(5)"
)
AvgPool1d = from_function("AvgPool1d", F.avg_pool1d, rank=1, base=_TuplePool, example="AvgPool1d(2)")
AvgPool2d = from_function("AvgPool2d", F.avg_pool2d, base=Pool, example="AvgPool2d(2)")
AvgPool3d = from_function("AvgPool3d", F.avg_pool3d, base=Pool, example="AvgPool3d(2)")
FractionalMaxPool2d = from_function(
    "FractionalMaxPool2d",
    F.fractional_max_pool2d,
    rank=2,
    base=_FractionalMaxPool,
    example="FractionalMaxPool2d(3, output_size=(13, 12))",
)
FractionalMaxPool3d = from_function(
    "FractionalMaxPool3d",
    F.fractional_max_pool3d,
    rank=3,
    base=_FractionalMaxPool,
    example="FractionalMaxPool3d(3, output_ratio=0.5)",
)
LPPool1d = from_function("LPPool1d", F.lp_pool1d, base=_LPPool, example="LPPool1d(2, 3)")
LPPool2d = from_function("LPPool2d", F.lp_pool2d, base=_LPPool, example="LPPool2d(2, 3, stride=2)")
LPPool3d = from_function("LPPool3d", F.lp_pool3d, base=_LPPool, example="LPPool3d(1.2, (3, 2, 2))")
MaxPool1d = from_function("MaxPool1d", F.max_pool1d, fields=_MAX, base=_MaxPool, example="MaxPool1d(2)")
MaxPool2d = from_function("MaxPool2d", F.max_pool2d, fields=_MAX, base=_MaxPool, example="MaxPool2d(3, stride=2)")
MaxPool3d = from_function("MaxPool3d", F.max_pool3d, fields=_MAX, base=_MaxPool, example="MaxPool3d(2)")
MaxUnpool1d = from_function(
    "MaxUnpool1d", F.max_unpool1d, inputs=_UNPOOL, rank=1, base=_TuplePool, example="MaxUnpool1d(2)"
)
MaxUnpool2d = from_function(
    "MaxUnpool2d", F.max_unpool2d, inputs=_UNPOOL, rank=2, base=_TuplePool, example="MaxUnpool2d(2, stride=2)"
)
MaxUnpool3d = from_function(
    "MaxUnpool3d", F.max_unpool3d, inputs=_UNPOOL, rank=3, base=_TuplePool, example="MaxUnpool3d(2)"
)
