"""Images: resampling and rearranging."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.functional import _check, pooling
from purenn.functional._grid_sample import sample
from purenn.functional._interpolate import resampled_bytes, sizes_and_scales, taps
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.resampling import weighted

__all__ = [
    "affine_grid",
    "channel_shuffle",
    "grid_sample",
    "interpolate",
    "native_channel_shuffle",
    "pixel_shuffle",
    "pixel_unshuffle",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

# the modes, and the numbers of dimensions they take
_MODES = {
    "nearest": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "trilinear": (5,),
    "area": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "lanczos": (4,),
}
_INTEGER_MODES = ("nearest", "nearest-exact", "bilinear", "bicubic", "lanczos")


def interpolate(
    input: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> jax.Array:
    r"""Resamples signals, images or volumes to another size.

    Output :math:`i` of a dimension lies at :math:`(i + \tfrac12) / s - \tfrac12` of the input with
    :math:`s = \text{out} / \text{in}`, or at :math:`i\,(\text{in} - 1) / (\text{out} - 1)` with ``align_corners``,
    and is made of the neighbours there, dimension by dimension:

    ======================================== ============================================================
    ``nearest``                              the element at :math:`\lfloor i / s \rfloor`
    ``nearest-exact``                        the nearest, at :math:`\lfloor (i + \tfrac12) / s \rfloor`
    ``linear``, ``bilinear``, ``trilinear``  the line between the two next to it
    ``bicubic``                              the cubic through four, with :math:`a = -0.75`
    ``area``                                 the average of all it covers: `adaptive_avg_pool2d`
    ``lanczos``                              a windowed sinc of six; only with ``antialias``
    ======================================== ============================================================

    Args:
        input: of shape :math:`(N, C, L)`, :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`; of dtype uint8 too, in the
            modes for images and the nearest ones.
        size: of the output, one number or one a dimension.
        scale_factor: instead of ``size``; the outputs are :math:`\lfloor s \cdot \text{in} \rfloor` then.
        mode: one of those above; ``linear`` takes signals only, ``trilinear`` volumes only, and ``bilinear``,
            ``bicubic`` and ``lanczos`` images only.
        align_corners: whether the centres of the outermost elements stay where they are.
        recompute_scale_factor: whether :math:`s` is taken from the sizes rather than from ``scale_factor``.
        antialias: widens the kernel where the image shrinks, so that no pixel is passed over; in the modes for images.
            The cubic's :math:`a` is -0.5 then.

    Returns:
        An array of shape :math:`(N, C, *\text{out})` and the input's dtype.

    Raises:
        ValueError: an argument that doesn't fit the mode or the input's shape.
        TypeError: the dtype isn't taken.

    Sources: ``torch.nn.functional.interpolate``; Keys, 1981.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[[0.0, 4.0]]])
        >>> F.interpolate(x, scale_factor=2)[0, 0].tolist()
        [0.0, 0.0, 4.0, 4.0]
        >>> F.interpolate(x, size=4, mode="linear")[0, 0].tolist()
        [0.0, 1.0, 3.0, 4.0]
    """
    return _interpolated(
        "interpolate", input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias
    )


def _interpolated(
    where: str,
    input: Any,
    size: int | Sequence[int] | None,
    scale_factor: float | Sequence[float] | None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> jax.Array:
    """`interpolate` under one of its names."""
    x = _check.array(where, "input", input)
    _check.choice(where, "mode", mode, _MODES)
    _check.rank(where, "input", x, _MODES[mode], f"with mode={mode!r}")
    integer = x.dtype == jnp.uint8 and mode in _INTEGER_MODES
    if not integer:
        _check.floating(where, "input", x)
    if mode in ("nearest", "nearest-exact", "area") and align_corners is not None:
        _check.fail(where, "align_corners", f"None with mode={mode!r}", align_corners)
    if antialias and mode not in ("bilinear", "bicubic", "lanczos"):
        _check.fail(where, "antialias", f"False with mode={mode!r}", antialias)
    if mode == "lanczos" and (not antialias or align_corners):
        _check.fail(
            where, "antialias and align_corners", "True and False with mode='lanczos'", (antialias, align_corners)
        )
    sizes, scales = sizes_and_scales(where, x, size, scale_factor, bool(recompute_scale_factor))
    if mode == "area":
        return getattr(pooling, f"adaptive_avg_pool{x.ndim - 2}d")(x, sizes)
    _check.nonempty(where, "input", x, x.ndim - 2)
    if min(sizes) < 1:
        _check.fail(where, "size", "at least 1 in every dimension", sizes)
    bytes_ = integer and not mode.startswith("nearest")
    wide = jnp.int32 if bytes_ else compute_dtype(x.dtype)
    real = jnp.float64 if bytes_ else wide
    axes = enumerate(zip(x.shape[2:], sizes, scales, strict=True), 2)
    tables = {axis: taps(mode, *sized, bool(align_corners), antialias, real) for axis, sized in axes}
    if bytes_:
        return resampled_bytes(x.astype(wide), tables).astype(x.dtype)
    picked = all(table.weight is None for table in tables.values())
    return weighted(x if picked else x.astype(wide), tables).astype(x.dtype)


def upsample(
    input: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> jax.Array:
    """The old name of `interpolate`; it warns of that, as torch's does.

    Args:
        input, size, scale_factor, mode, align_corners: those of `interpolate`.

    Source: ``torch.nn.functional.upsample``.

    Example:
        >>> import jax.numpy as jnp, warnings
        >>> from purenn import functional as F
        >>> with warnings.catch_warnings(action="ignore"):
        ...     F.upsample(jnp.ones((1, 1, 2, 2)), scale_factor=2).shape
        (1, 1, 4, 4)
    """
    warnings.warn("upsample is deprecated: interpolate does the same", stacklevel=2)
    return _interpolated("upsample", input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Any, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> jax.Array:
    """`interpolate` with ``mode='nearest'``; it warns that it's an old name, as torch's does.

    Args:
        input, size, scale_factor: those of `interpolate`.

    Source: ``torch.nn.functional.upsample_nearest``.

    Example:
        >>> import jax.numpy as jnp, warnings
        >>> from purenn import functional as F
        >>> with warnings.catch_warnings(action="ignore"):
        ...     F.upsample_nearest(jnp.ones((1, 1, 2, 2)), scale_factor=2).shape
        (1, 1, 4, 4)
    """
    warnings.warn("upsample_nearest is deprecated: interpolate does the same", stacklevel=2)
    return _interpolated("upsample_nearest", input, size, scale_factor)


def upsample_bilinear(
    input: Any, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> jax.Array:
    """`interpolate` with ``mode='bilinear', align_corners=True``; it warns that it's an old name, as torch's does.

    Args:
        input, size, scale_factor: those of `interpolate`.

    Source: ``torch.nn.functional.upsample_bilinear``.

    Example:
        >>> import jax.numpy as jnp, warnings
        >>> from purenn import functional as F
        >>> with warnings.catch_warnings(action="ignore"):
        ...     F.upsample_bilinear(jnp.ones((1, 1, 2, 2)), scale_factor=2).shape
        (1, 1, 4, 4)
    """
    warnings.warn("upsample_bilinear is deprecated: interpolate does the same", stacklevel=2)
    return _interpolated("upsample_bilinear", input, size, scale_factor, "bilinear", align_corners=True)


def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> jax.Array:
    r"""Reads images or volumes at given points between their elements.

    .. math:: y_{n,c,p} = \sum_q w_q(g_{n,p})\, x_{n,c,q}

    over the neighbours :math:`q` of the point :math:`g`, whose coordinates run from -1 to 1, x first.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`.
        grid: of shape :math:`(N, H', W', 2)` or :math:`(N, D', H', W', 3)`.
        mode: ``'bilinear'``, ``'nearest'`` or, for images, ``'bicubic'``.
        padding_mode: what is beyond the border: ``'zeros'``, the ``'border'``'s value, or the ``'reflection'``.
        align_corners: whether -1 and 1 are the centres of the outermost elements, rather than their outer borders;
            None is False.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(N, C, D', H', W')`. Points that are nan are at the lower
        end where ``padding_mode`` leads back into the image.

    Raises:
        ValueError: the shapes don't fit. TypeError: the dtypes differ or aren't floating-point.

    Source: ``torch.nn.functional.grid_sample``; Jaderberg et al., 2015.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[[[0.0, 4.0]]]])
        >>> F.grid_sample(x, jnp.array([[[[-0.25, 0.0], [0.5, 0.0]]]])).tolist()
        [[[[1.0, 4.0]]]]
    """
    where = "grid_sample"
    x, g = _check.array(where, "input", input), _check.array(where, "grid", grid)
    _check.choice(where, "mode", mode, ("bilinear", "nearest", "bicubic"))
    _check.choice(where, "padding_mode", padding_mode, ("zeros", "border", "reflection"))
    _check.rank(where, "input", x, (4,) if mode == "bicubic" else (4, 5), f"with mode={mode!r}")
    _check.same_dtype(where, input=x, grid=g)
    _check.floating(where, "input", x)
    n = x.ndim - 2
    if g.ndim != x.ndim or g.shape[0] != x.shape[0] or g.shape[-1] != n:
        expected = f"of shape ({x.shape[0]}, {', '.join('DHW'[-n:])}, {n}) for an input of shape {x.shape}"
        _check.fail(where, "grid", expected, f"shape {g.shape}")
    if 0 in x.shape[2:]:
        _check.fail(where, "input", "of non-zero size in space", f"shape {x.shape}")
    return sample(x, g, mode, padding_mode, bool(align_corners))


def affine_grid(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> jax.Array:
    r"""The points for `grid_sample` which affine maps make of those of a regular grid.

    .. math:: g_{n,h,w} = \theta_n\, (x_w, y_h, 1)^\top

    Args:
        theta: of shape :math:`(N, 2, 3)`, or :math:`(N, 3, 4)` for volumes.
        size: of the output of `grid_sample`, :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`.
        align_corners: whether the outermost points lie on -1 and 1, rather than half a step within; None is False.

    Returns:
        An array of shape :math:`(N, H, W, 2)` or :math:`(N, D, H, W, 3)`.

    Raises:
        ValueError: the shapes don't fit. TypeError: a ``theta`` that isn't floating-point.

    Source: ``torch.nn.functional.affine_grid``; Jaderberg et al., 2015.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.affine_grid(jnp.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2))[0, 0].tolist()
        [[-0.5, 0.0], [0.5, 0.0]]
    """
    where = "affine_grid"
    a = _check.array(where, "theta", theta)
    _check.floating(where, "theta", a)
    if not isinstance(size, Sequence) or len(size) not in (4, 5):
        _check.fail(where, "size", "4 or 5 integers, (N, C, H, W) or (N, C, D, H, W)", size)
    batch, _, *space = _check.integers(where, "size", size, len(size), 0)
    n = len(space)
    _check.shape(where, "theta", a, (batch, n, n + 1))
    unit = align_corners and min(space) == 1  # then torch doesn't look at the others
    if not unit and min(size) <= 0:
        _check.fail(where, "size", "positive", size)
    wide = compute_dtype(a.dtype)
    columns = jnp.moveaxis(a.astype(wide), -1, 0).reshape(n + 1, batch, *(1,) * n, n)
    grid = columns[n]
    for d, steps in enumerate(space):
        ends = np.linspace(-1, 1, steps) if steps > 1 else np.zeros(steps)
        along = jnp.asarray(ends if align_corners or steps < 2 else ends * (steps - 1) / steps, wide)
        along = along.reshape(*(1,) * (d + 1), steps, *(1,) * (n - d))
        shape = jnp.broadcast_shapes(grid.shape, along.shape)
        grid = jnp.broadcast_to(grid, shape) + jnp.broadcast_to(along, shape) * jnp.broadcast_to(
            columns[n - 1 - d], shape
        )
    return grid.astype(a.dtype)


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
    x, r = _check.array(where, "input", input), _check.integer(where, "upscale_factor", upscale_factor, 1)
    *lead, c, h, w = _image(where, x)
    if c % (r * r):
        _check.fail(where, "input", f"of a number of channels divisible by {r * r}", f"{c} (shape {x.shape})")
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
    x, r = _check.array(where, "input", input), _check.integer(where, "downscale_factor", downscale_factor, 1)
    *lead, c, h, w = _image(where, x)
    if h % r or w % r:
        _check.fail(where, "input", f"of a height and a width divisible by {r}", f"shape {x.shape}")
    n = len(lead)
    y = x.reshape(*lead, c, h // r, r, w // r, r).transpose(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return y.reshape(*lead, c * r * r, h // r, w // r)


def _image(where: str, x: jax.Array) -> tuple[int, ...]:
    if x.ndim < 3:
        _check.fail(where, "input", "of rank 3 at least, (*, C, H, W)", f"shape {x.shape}")
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
    x, groups = _check.array(where, "input", input), _check.integer(where, "groups", groups, 1)
    if x.ndim < 3:
        _check.fail(where, "input", "of rank 3 at least, (N, C, *)", f"shape {x.shape}")
    n, c = x.shape[:2]
    if c % groups:
        _check.fail(where, "input", f"of a number of channels divisible by {groups}", f"{c} (shape {x.shape})")
    return jnp.swapaxes(x.reshape(n, groups, c // groups, *x.shape[2:]), 1, 2).reshape(x.shape)
