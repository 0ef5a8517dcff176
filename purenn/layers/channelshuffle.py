"""Layers that reorder channels."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Layer):
    r"""Interleaves groups of channels: :math:`y_{ig + j} = x_{jC/g + i}`.

    Args:
        groups: the number :math:`g` of groups, a divisor of the number :math:`C` of channels.

    Shape: :math:`(N, C, *)` with at least 3 dimensions, of any dtype, to the same.

    Raises:
        ValueError: a call's input has fewer than 3 dimensions, or a number of channels that ``groups`` doesn't divide.

    Source: ``torch.nn.ChannelShuffle``; Zhang, Zhou, Lin and Sun, *ShuffleNet: An Extremely
    Efficient Convolutional Neural Network for Mobile Devices*, 2017, https://arxiv.org/abs/1707.01083.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.arange(6).reshape(1, 6, 1)
        >>> nn.ChannelShuffle(2)(x).ravel().tolist()
        [0, 3, 1, 4, 2, 5]
        >>> y, state = layers.ChannelShuffle(2).apply({}, {}, x)  # the same as a pure function
    """

    groups: int

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.channel_shuffle(input, self.groups)
