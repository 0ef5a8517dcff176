"""Pools of windows: maxima and averages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike, Size

__all__ = ["AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"]


class Pool(Layer):
    """The base of pools, whose default stride is the kernel size."""

    repr_fields = ("kernel_size", "stride", "padding")

    kernel_size: Size
    stride: Size | None = None
    padding: Size = 0

    def normalize(self) -> Mapping[str, Any]:
        return {"stride": self.kernel_size if self.stride is None else self.stride}


def per_dimension(layer: Layer, n: int, sizes: Mapping[str, Size | None]) -> dict[str, tuple[int, ...]]:
    """Gives every size as n numbers; leaves out sizes that are None."""
    where = type(layer).__name__
    return {
        name: check.integers(where, name, size, n, single=False) for name, size in sizes.items() if size is not None
    }


class _MaxPool(Pool):
    repr_fields = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    dilation: Size = 1
    return_indices: bool = False
    ceil_mode: bool = False


_MAX_POOL = r"""Takes the maximum over every window of $input.

    .. math:: y_t = \max_{0 \le k < K} x_{t s + k d - p}

    along every spatial dimension, with kernel size :math:`K`, stride :math:`s`, dilation :math:`d` and padding
    :math:`p`. The padding is never the maximum. Among equal maxima the first receives the gradient.

    Args:
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        padding: the padding on both sides, at most half of ``kernel_size``: $sizes.
        dilation: the steps between the elements of a window: $sizes.
        return_indices: whether a call returns the indices of the maxima too, for `MaxUnpool${rank}d`.
        ceil_mode: whether the last window may extend beyond the padded input, if it starts in the input or in the
            padding before it.

    Shape: :math:`$N` or :math:`$C` to :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
    :math:`L' = \lfloor (L + 2p - d (K - 1) - 1) / s \rfloor + 1`, rounded up with ``ceil_mode``.

    Raises:
        ValueError: a call's input doesn't fit the sizes.
        TypeError: the dtype of a call's input isn't real.

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


class _AvgPool(Pool):
    ceil_mode: bool = False
    count_include_pad: bool = True


_AVG_POOL = r"""Takes the average over every window of $input.

    .. math:: y_t = \frac{1}{K} \sum_{0 \le k < K} x_{t s + k - p}

    along every spatial dimension, with kernel size :math:`K`, stride :math:`s` and padding :math:`p`. With
    ``ceil_mode``, elements of the last window beyond the padding do not count.

    Args:
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        padding: the zeros on both sides, at most half of ``kernel_size``: $sizes.
        ceil_mode: whether the last window may extend beyond the padded input, if it starts in the input or in the
            padding before it.
        count_include_pad: whether the zeros of the padding count as elements.$divisor

    Shape: :math:`$N` or :math:`$C` to :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
    :math:`L' = \lfloor (L + 2p - K) / s \rfloor + 1`, rounded up with ``ceil_mode``.

    Raises:
        ValueError: a call's input doesn't fit the sizes.
        TypeError: the dtype of a call's input is neither floating-point nor jax's default integer.

    Source: ``torch.nn.AvgPool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> nn.AvgPool${rank}d(3, stride=2)(x).shape
        $y
        >>> y, state = layers.AvgPool${rank}d(3, stride=2).apply({}, {}, x)  # the same as a pure function
    """

_DIVISOR = """
        divisor_override: the divisor of the sums, in place of the number of elements; not 0."""


@documented(_AVG_POOL, 1, divisor="", x="(1, 4, 9)", y="(1, 4, 4)")
class AvgPool1d(_AvgPool):
    def normalize(self) -> Mapping[str, Any]:
        return per_dimension(self, 1, {"kernel_size": self.kernel_size, "padding": self.padding, **super().normalize()})

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


@documented(_AVG_POOL, 2, divisor=_DIVISOR, x="(1, 4, 9, 9)", y="(1, 4, 4, 4)")
class AvgPool2d(_AvgPool):
    divisor_override: int | None = None

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        options = self.ceil_mode, self.count_include_pad, self.divisor_override
        return F.avg_pool2d(input, self.kernel_size, self.stride, self.padding, *options)


@documented(_AVG_POOL, 3, divisor=_DIVISOR, x="(1, 4, 9, 9, 9)", y="(1, 4, 4, 4, 4)")
class AvgPool3d(_AvgPool):
    divisor_override: int | None = None

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        options = self.ceil_mode, self.count_include_pad, self.divisor_override
        return F.avg_pool3d(input, self.kernel_size, self.stride, self.padding, *options)
