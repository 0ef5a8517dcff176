"""Pixels and channels in another order."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from purenn import check

__all__ = ["channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: Any, upscale_factor: int) -> jax.Array:
    r"""Lays channels out in space: :math:`y_{c,\,hr+i,\,wr+j} = x_{cr^2 + ir + j,\,h,\,w}`.

    Args:
        input: of shape :math:`(*, C r^2, H, W)` and any dtype.
        upscale_factor: :math:`r`.

    Returns:
        An array of shape :math:`(*, C, H r, W r)`.

    Raises:
        ValueError: the shape doesn't fit.

    Source: ``torch.nn.functional.pixel_shuffle``; Shi et al., 2016.

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


def pixel_unshuffle(input: Any, downscale_factor: int) -> jax.Array:
    r"""Stacks neighbours as channels: :math:`y_{cr^2 + ir + j,\,h,\,w} = x_{c,\,hr+i,\,wr+j}`, undoing `pixel_shuffle`.

    Args:
        input: of shape :math:`(*, C, H r, W r)` and any dtype.
        downscale_factor: :math:`r`.

    Returns:
        An array of shape :math:`(*, C r^2, H, W)`; of an empty input too, which torch gives back in its own shape.

    Raises:
        ValueError: the shape doesn't fit.

    Source: ``torch.nn.functional.pixel_unshuffle``; Shi et al., 2016.

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
    if x.ndim < 3:
        check.fail(where, "input", "have rank at least 3, (*, C, H, W)", f"shape {x.shape}")
    return x.shape


def channel_shuffle(input: Any, groups: int) -> jax.Array:
    r"""Deals the groups of channels out in turn: :math:`y_{ig + j} = x_{jC/g + i}`.

    Args:
        input: of shape :math:`(N, C, *)` with at least one more dimension, and any dtype.
        groups: :math:`g`, a divisor of :math:`C`.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shape doesn't fit.

    Source: ``torch.nn.functional.channel_shuffle``; Zhang et al., 2017.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.channel_shuffle(jnp.arange(6).reshape(1, 6, 1), 2).ravel().tolist()
        [0, 3, 1, 4, 2, 5]
    """
    return _channel_shuffle("channel_shuffle", input, groups)


def native_channel_shuffle(input: Any, groups: int) -> jax.Array:
    """`channel_shuffle` under the name of torch's kernel; other than torch's it has a gradient.

    Args:
        input, groups: those of `channel_shuffle`.

    Source: ``torch.nn.functional.native_channel_shuffle``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.native_channel_shuffle(jnp.arange(6).reshape(1, 6, 1), 2).ravel().tolist()
        [0, 3, 1, 4, 2, 5]
    """
    return _channel_shuffle("native_channel_shuffle", input, groups)


def _channel_shuffle(where: str, input: Any, groups: int) -> jax.Array:
    x, groups = check.array(where, "input", input), check.integer(where, "groups", groups, 1)
    if x.ndim < 3:
        check.fail(where, "input", "have rank at least 3, (N, C, *)", f"shape {x.shape}")
    n, c = x.shape[:2]
    if c % groups:
        check.fail(where, "input", f"have a number of channels divisible by {groups}", f"{c} (shape {x.shape})")
    return jnp.swapaxes(x.reshape(n, groups, c // groups, *x.shape[2:]), 1, 2).reshape(x.shape)
