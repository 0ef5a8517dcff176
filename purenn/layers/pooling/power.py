"""Power-average pools: the p-norm of windows."""

from __future__ import annotations

from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike, Size

__all__ = ["LPPool1d", "LPPool2d", "LPPool3d"]


class _LPPool(Layer):
    norm_type: float
    kernel_size: Size
    stride: Size | None = None
    ceil_mode: bool = False


_LP_POOL = r"""Takes the p-norm of every window of $input, without the absolute value.

    .. math:: y_t = \Bigl( \sum_{0 \le k < K} x_{t s + k}^{\,p} \Bigr)^{1 / p}

    along every spatial dimension, with kernel size :math:`K` and stride :math:`s`; the sum is over the whole window.
    Where the sum is 0, the gradient is 0. Where it is negative, the norm is NaN unless :math:`1 / p` is an integer. For
    :math:`p = \infty` the norm is the largest absolute value, for :math:`p = -\infty` the smallest.

    Args:
        norm_type: the exponent :math:`p`; not 0.
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        ceil_mode: whether the last window may extend beyond the input. The sum of such a window is divided by the
            fraction of the window that lies in the input.

    Shape: :math:`$N` or :math:`$C` to :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
    :math:`L' = \lfloor (L - K) / s \rfloor + 1`, rounded up with ``ceil_mode``. The output of integers is float32.

    Raises:
        ValueError: a call's input doesn't fit the sizes, or ``norm_type`` is 0.
        TypeError: the input is complex.

    Source: ``torch.nn.LPPool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> nn.LPPool${rank}d(2, 3, stride=2)(x).shape
        $y
        >>> y, state = layers.LPPool${rank}d(2, 3, stride=2).apply({}, {}, x)  # the same as a pure function
    """


@documented(_LP_POOL, 1, x="(1, 4, 9)", y="(1, 4, 4)")
class LPPool1d(_LPPool):
    kernel_size: int

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        norm_type = float(self.norm_type)  # the norms of integers are then floating-point, as in torch
        return F.lp_pool1d(input, norm_type, self.kernel_size, self.stride, self.ceil_mode)


@documented(_LP_POOL, 2, x="(1, 4, 9, 9)", y="(1, 4, 4, 4)")
class LPPool2d(_LPPool):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        norm_type = float(self.norm_type)  # the norms of integers are then floating-point, as in torch
        return F.lp_pool2d(input, norm_type, self.kernel_size, self.stride, self.ceil_mode)


@documented(_LP_POOL, 3, x="(1, 4, 9, 9, 9)", y="(1, 4, 4, 4, 4)")
class LPPool3d(_LPPool):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        norm_type = float(self.norm_type)  # the norms of integers are then floating-point, as in torch
        return F.lp_pool3d(input, norm_type, self.kernel_size, self.stride, self.ceil_mode)
