"""Pooling layers."""

from __future__ import annotations

from purenn import functional as F
from purenn.functional import _check
from purenn.layers.generate import Functional, from_function

__all__ = ["AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"]


class Pool(Functional):
    """The base of pools: without a stride it is the kernel's size."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride is None:
            object.__setattr__(self, "stride", self.kernel_size)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)}" for name in ("kernel_size", "stride", "padding"))


class _AvgPool1d(Pool):
    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("kernel_size", "stride", "padding"):
            object.__setattr__(self, name, _check.integers("AvgPool1d", name, getattr(self, name), 1))


class _MaxPool(Pool):
    dilation: int | tuple[int, ...] = 1
    return_indices: bool = False
    ceil_mode: bool = False

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"


_MAX = "kernel_size stride padding dilation return_indices ceil_mode"

AvgPool1d = from_function("AvgPool1d", F.avg_pool1d, base=_AvgPool1d, example="AvgPool1d(2)")
AvgPool2d = from_function("AvgPool2d", F.avg_pool2d, base=Pool, example="AvgPool2d(2)")
AvgPool3d = from_function("AvgPool3d", F.avg_pool3d, base=Pool, example="AvgPool3d(2)")
MaxPool1d = from_function("MaxPool1d", F.max_pool1d, fields=_MAX, base=_MaxPool, example="MaxPool1d(2)")
MaxPool2d = from_function("MaxPool2d", F.max_pool2d, fields=_MAX, base=_MaxPool, example="MaxPool2d(3, stride=2)")
MaxPool3d = from_function("MaxPool3d", F.max_pool3d, fields=_MAX, base=_MaxPool, example="MaxPool3d(2)")
