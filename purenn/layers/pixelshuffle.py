"""Layers that move elements between channels and space."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike

__all__ = ["PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Layer):
    r"""Moves channels into space: :math:`y_{c,\,hr+i,\,wr+j} = x_{cr^2 + ir + j,\,h,\,w}`.

    Args:
        upscale_factor: the factor :math:`r` by which height and width grow.

    Shape: :math:`(*, C r^2, H, W)` to :math:`(*, C, H r, W r)`, of any dtype.

    Raises:
        ValueError: a call's input has fewer than 3 dimensions, or a number of channels that :math:`r^2` doesn't divide.

    Source: ``torch.nn.PixelShuffle``; Shi et al., *Real-Time Single Image and Video
    Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network*, 2016, https://arxiv.org/abs/1609.05158.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((1, 9, 4, 4))
        >>> nn.PixelShuffle(3)(x).shape
        (1, 1, 12, 12)
        >>> y, state = layers.PixelShuffle(3).apply({}, {}, x)  # the same as a pure function
    """

    upscale_factor: int

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.pixel_shuffle(input, self.upscale_factor)


class PixelUnshuffle(Layer):
    r"""Moves space into channels: :math:`y_{cr^2 + ir + j,\,h,\,w} = x_{c,\,hr+i,\,wr+j}`.

    The inverse of `PixelShuffle`.

    Args:
        downscale_factor: the factor :math:`r` by which height and width shrink.

    Shape: :math:`(*, C, H r, W r)` to :math:`(*, C r^2, H, W)`, of any dtype.

    Raises:
        ValueError: a call's input has fewer than 3 dimensions, or a height or width that :math:`r` doesn't divide.

    Source: ``torch.nn.PixelUnshuffle``; Shi et al., *Real-Time Single Image and Video
    Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network*, 2016, https://arxiv.org/abs/1609.05158.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((1, 1, 12, 12))
        >>> nn.PixelUnshuffle(3)(x).shape
        (1, 9, 4, 4)
        >>> y, state = layers.PixelUnshuffle(3).apply({}, {}, x)  # the same as a pure function
    """

    downscale_factor: int

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.pixel_unshuffle(input, self.downscale_factor)
