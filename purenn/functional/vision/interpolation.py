"""Images resampled to another size."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from purenn.functional.vision.taps import resampled_bytes, sizes_and_scales, taps
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.resampling import weighted

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]


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
    x = check.array(where, "input", input)
    check.choice(where, "mode", mode, _MODES)
    check.rank(where, "input", x, _MODES[mode], f"with mode={mode!r}")
    integer = x.dtype == jnp.uint8 and mode in _INTEGER_MODES
    if not integer:
        check.floating(where, "input", x)
    if mode in ("nearest", "nearest-exact", "area") and align_corners is not None:
        check.fail(where, "align_corners", f"be None with mode={mode!r}", align_corners)
    if antialias and mode not in ("bilinear", "bicubic", "lanczos"):
        check.fail(where, "antialias", f"be False with mode={mode!r}", antialias)
    if mode == "lanczos" and (not antialias or align_corners):
        check.fail(
            where, "antialias and align_corners", "be True and False with mode='lanczos'", (antialias, align_corners)
        )
    sizes, scales = sizes_and_scales(where, x, size, scale_factor, bool(recompute_scale_factor))
    if mode == "area":
        average = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}[x.ndim]
        return average(x, sizes)
    check.nonempty(where, "input", x, x.ndim - 2)
    if min(sizes) < 1:
        check.fail(where, "size", "be at least 1 in every dimension", sizes)
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
