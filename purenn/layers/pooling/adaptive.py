"""Adaptive pools: averages and maxima over a given number of bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike, Size

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
]


_AVG = r"""Takes the average over every bin of $inputs that are divided into a given number of bins.

    .. math:: y_t = \frac{1}{b_t - a_t} \sum_{a_t \le i < b_t} x_i \qquad
        a_t = \lfloor t L / T \rfloor \qquad b_t = \lceil (t + 1) L / T \rceil

    along every spatial dimension, with :math:`T` bins for :math:`L` elements. Bins overlap where :math:`T` does not
    divide :math:`L`.

    Args:
        output_size: the number of bins: $sizes$none.

    Shape: :math:`$N` or :math:`$C` to :math:`$N_out` or :math:`$C_out`, where every spatial size is the number of bins.

    Raises:
        ValueError: a call's input or the length of ``output_size`` doesn't fit.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.AdaptiveAvgPool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> nn.AdaptiveAvgPool${rank}d($size)(x).shape
        $y
        >>> y, state = layers.AdaptiveAvgPool${rank}d($size).apply({}, {}, x)  # the same as a pure function
    """

_NONE = "; None keeps the size of a dimension"
_1D = {"none": "", "size": "5", "x": "(1, 4, 9)", "y": "(1, 4, 5)"}
_2D = {"none": _NONE, "size": "(5, None)", "x": "(1, 4, 9, 8)", "y": "(1, 4, 5, 8)"}
_3D = {"none": _NONE, "size": "(5, None, 3)", "x": "(1, 4, 9, 8, 7)", "y": "(1, 4, 5, 8, 3)"}


@documented(_AVG, 1, **_1D)
class AdaptiveAvgPool1d(Layer):
    output_size: Size

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.adaptive_avg_pool1d(input, self.output_size)


@documented(_AVG, 2, **_2D)
class AdaptiveAvgPool2d(Layer):
    output_size: int | Sequence[int | None]

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.adaptive_avg_pool2d(input, self.output_size)


@documented(_AVG, 3, **_3D)
class AdaptiveAvgPool3d(Layer):
    output_size: int | Sequence[int | None]

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.adaptive_avg_pool3d(input, self.output_size)


_MAX = r"""Takes the maximum over every bin of $inputs that are divided into a given number of bins.

    .. math:: y_t = \max_{a_t \le i < b_t} x_i \qquad
        a_t = \lfloor t L / T \rfloor \qquad b_t = \lceil (t + 1) L / T \rceil

    along every spatial dimension, with :math:`T` bins for :math:`L` elements. Bins overlap where :math:`T` does not
    divide :math:`L`. Among equal maxima the first receives the gradient.

    Args:
        output_size: the number of bins: $sizes$none.
        return_indices: whether a call returns the indices of the maxima too, for `MaxUnpool${rank}d`.

    Shape: :math:`$N` or :math:`$C` to :math:`$N_out` or :math:`$C_out`, where every spatial size is the number of bins.

    Raises:
        ValueError: a call's input or the length of ``output_size`` doesn't fit.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.AdaptiveMaxPool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> nn.AdaptiveMaxPool${rank}d($size)(x).shape
        $y
        >>> y, state = layers.AdaptiveMaxPool${rank}d($size).apply({}, {}, x)  # the same as a pure function
    """


@documented(_MAX, 1, **_1D)
class AdaptiveMaxPool1d(Layer):
    repr_fields = ("output_size",)

    output_size: Size
    return_indices: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


@documented(_MAX, 2, **_2D)
class AdaptiveMaxPool2d(Layer):
    repr_fields = ("output_size",)

    output_size: int | Sequence[int | None]
    return_indices: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


@documented(_MAX, 3, **_3D)
class AdaptiveMaxPool3d(Layer):
    repr_fields = ("output_size",)

    output_size: int | Sequence[int | None]
    return_indices: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)
