"""Functions that reorder pixels and channels."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.docstring import documented
from purenn.typing import Array, ArrayLike

__all__ = ["channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: ArrayLike, upscale_factor: int) -> Array:
    r"""Moves channels into space: :math:`y_{c,\,hr+i,\,wr+j} = x_{cr^2 + ir + j,\,h,\,w}`.

    Args:
        input: of shape :math:`(*, C r^2, H, W)` and any dtype.
        upscale_factor: the factor :math:`r` by which height and width grow.

    Returns:
        An array of shape :math:`(*, C, H r, W r)`.

    Raises:
        ValueError: ``input`` has fewer than 3 dimensions, or a number of channels that :math:`r^2` does not divide.

    Source: ``torch.nn.functional.pixel_shuffle``; Shi et al., *Real-Time Single Image and Video
    Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network*, 2016, https://arxiv.org/abs/1609.05158.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.pixel_shuffle(jnp.arange(4).reshape(4, 1, 1), 2).tolist()
        [[[0, 1], [2, 3]]]
    """
    where = "pixel_shuffle"
    x, r = check.array(where, "input", input), check.integer(where, "upscale_factor", upscale_factor, 1)
    *lead, c, h, w = _image(where, x)
    if c % (r * r):
        check.fail(where, "input", f"have a number of channels divisible by {r * r}", f"{c} (shape {x.shape})")
    n = len(lead)
    y = x.reshape(*lead, c // (r * r), r, r, h, w).transpose(*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return y.reshape(*lead, c // (r * r), h * r, w * r)


def pixel_unshuffle(input: ArrayLike, downscale_factor: int) -> Array:
    r"""Moves space into channels: :math:`y_{cr^2 + ir + j,\,h,\,w} = x_{c,\,hr+i,\,wr+j}`.

    It is the inverse of `pixel_shuffle`.

    Args:
        input: of shape :math:`(*, C, H r, W r)` and any dtype.
        downscale_factor: the factor :math:`r` by which height and width shrink.

    Returns:
        An array of shape :math:`(*, C r^2, H, W)`. An empty input is reshaped too; torch returns it unchanged.

    Raises:
        ValueError: ``input`` has fewer than 3 dimensions, or a height or width that :math:`r` does not divide.

    Source: ``torch.nn.functional.pixel_unshuffle``; Shi et al., *Real-Time Single Image and Video
    Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network*, 2016, https://arxiv.org/abs/1609.05158.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.pixel_unshuffle(jnp.arange(4).reshape(1, 2, 2), 2).ravel().tolist()
        [0, 1, 2, 3]
    """
    where = "pixel_unshuffle"
    x, r = check.array(where, "input", input), check.integer(where, "downscale_factor", downscale_factor, 1)
    *lead, c, h, w = _image(where, x)
    if h % r or w % r:
        check.fail(where, "input", f"have a height and a width divisible by {r}", f"shape {x.shape}")
    n = len(lead)
    y = x.reshape(*lead, c, h // r, r, w // r, r).transpose(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return y.reshape(*lead, c * r * r, h // r, w // r)


def _image(where: str, x: jax.Array) -> tuple[int, ...]:
    """Checks that an array has channels, height and width, and gives its shape."""
    if x.ndim < 3:
        check.fail(where, "input", "have rank at least 3, (*, C, H, W)", f"shape {x.shape}")
    return x.shape


_CHANNEL_SHUFFLE = r"""Interleaves groups of channels: :math:`y_{ig + j} = x_{jC/g + i}`.$note

    Args:
        input: of shape :math:`(N, C, *)` with at least 3 dimensions, and any dtype.
        groups: the number :math:`g` of groups, a divisor of :math:`C`.

    Returns:
        An array of the shape and dtype of ``input``.

    Raises:
        ValueError: ``input`` has fewer than 3 dimensions, or a number of channels that ``groups`` does not divide.

    Source: ``torch.nn.functional.$name``; Zhang, Zhou, Lin and Sun, *ShuffleNet: An Extremely Efficient Convolutional
    Neural Network for Mobile Devices*, 2017, https://arxiv.org/abs/1707.01083.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.$name(jnp.arange(6).reshape(1, 6, 1), 2).ravel().tolist()
        [0, 3, 1, 4, 2, 5]
    """
_NATIVE = "\n\n    The name is that of torch's kernel. Torch's function has no gradient; this one has."


@documented(_CHANNEL_SHUFFLE, name="channel_shuffle", note="")
def channel_shuffle(input: ArrayLike, groups: int) -> Array:
    return _channel_shuffle("channel_shuffle", input, groups)


@documented(_CHANNEL_SHUFFLE, name="native_channel_shuffle", note=_NATIVE)
def native_channel_shuffle(input: ArrayLike, groups: int) -> Array:
    return _channel_shuffle("native_channel_shuffle", input, groups)


def _channel_shuffle(where: str, input: ArrayLike, groups: int) -> jax.Array:
    """Checks the arguments and interleaves the groups; errors name the function `where`."""
    x, groups = check.array(where, "input", input), check.integer(where, "groups", groups, 1)
    if x.ndim < 3:
        check.fail(where, "input", "have rank at least 3, (N, C, *)", f"shape {x.shape}")
    n, c = x.shape[:2]
    if c % groups:
        check.fail(where, "input", f"have a number of channels divisible by {groups}", f"{c} (shape {x.shape})")
    return jnp.swapaxes(x.reshape(n, groups, c // groups, *x.shape[2:]), 1, 2).reshape(x.shape)
