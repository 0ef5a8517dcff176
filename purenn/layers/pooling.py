"""Pooling layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer
from purenn.layers.generate import Functional, from_function
from purenn.typing import ArrayLike, Size

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


class Pool(Layer):
    """Base of pools, whose windows don't overlap where no stride is given."""

    repr_fields = ("kernel_size", "stride", "padding")

    kernel_size: Size
    stride: Size | None = None
    padding: Size = 0

    def normalize(self) -> Mapping[str, Any]:
        return {"stride": self.kernel_size if self.stride is None else self.stride}


class _MaxPool(Pool):
    repr_fields = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    dilation: Size = 1
    return_indices: bool = False
    ceil_mode: bool = False


_MAX_POOL = r"""Takes the maximum over every window of $input.

    .. math:: y_t = \max_{0 \le k < K} x_{t s + k d - p}

    along every spatial dimension, with kernel size :math:`K`, stride :math:`s`, dilation :math:`d` and padding
    :math:`p`. Padding never wins. Among equal maxima the first receives the gradient.

    Args:
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        padding: the padding on both sides, at most half of ``kernel_size``: $sizes.
        dilation: the steps between the elements of a window: $sizes.
        return_indices: whether a call returns the places of the maxima too, which `MaxUnpool${rank}d` takes.
        ceil_mode: whether a last window may reach beyond the padded input, if it starts in the input or in the padding
            before it.

    Shape: :math:`$N` or :math:`$C` to :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
    :math:`L' = \lfloor (L + 2p - d (K - 1) - 1) / s \rfloor + 1`, rounded up with ``ceil_mode``.

    Raises:
        ValueError: a call's input doesn't fit the sizes.
        TypeError: its dtype isn't real.

    Source: ``torch.nn.MaxPool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> nn.MaxPool${rank}d(3, stride=2)(x).shape
        $y
        >>> y, state = layers.MaxPool${rank}d(3, stride=2).apply({}, {}, x)  # the same as a pure function
    """


@documented(_MAX_POOL, 1, x="(1, 4, 9)", y="(1, 4, 4)")
class MaxPool1d(_MaxPool):
    def forward(self, m: Bound, input: ArrayLike) -> Any:
        return F.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


@documented(_MAX_POOL, 2, x="(1, 4, 9, 9)", y="(1, 4, 4, 4)")
class MaxPool2d(_MaxPool):
    def forward(self, m: Bound, input: ArrayLike) -> Any:
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


@documented(_MAX_POOL, 3, x="(1, 4, 9, 9, 9)", y="(1, 4, 4, 4, 4)")
class MaxPool3d(_MaxPool):
    def forward(self, m: Bound, input: ArrayLike) -> Any:
        return F.max_pool3d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class _OldPool(Functional):
    _shown = ("kernel_size", "stride", "padding")

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        if self.stride is None:
            object.__setattr__(self, "stride", self.kernel_size)
        super().__post_init__()


class _TuplePool(_OldPool):
    _tuples = ("kernel_size", "stride", "padding")


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
AvgPool2d = from_function("AvgPool2d", F.avg_pool2d, base=_OldPool, example="AvgPool2d(2)")
AvgPool3d = from_function("AvgPool3d", F.avg_pool3d, base=_OldPool, example="AvgPool3d(2)")
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
MaxUnpool1d = from_function(
    "MaxUnpool1d", F.max_unpool1d, inputs=_UNPOOL, rank=1, base=_TuplePool, example="MaxUnpool1d(2)"
)
MaxUnpool2d = from_function(
    "MaxUnpool2d", F.max_unpool2d, inputs=_UNPOOL, rank=2, base=_TuplePool, example="MaxUnpool2d(2, stride=2)"
)
MaxUnpool3d = from_function(
    "MaxUnpool3d", F.max_unpool3d, inputs=_UNPOOL, rank=3, base=_TuplePool, example="MaxUnpool3d(2)"
)
