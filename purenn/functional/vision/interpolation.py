"""Resamples signals, images and volumes to another size."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from purenn import check
from purenn.docstring import documented
from purenn.functional.pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from purenn.functional.vision.taps import resampled_bytes, sizes_and_scales, taps
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.resampling import apply_taps
from purenn.lowering.sizes import are_known
from purenn.typing import Array, ArrayLike, Size
from purenn.warn import warn_user

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

_MODES = {  # the ranks that each mode takes
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
    input: ArrayLike,
    size: Size | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    r"""Resamples signals, images or volumes to another size.

    Element :math:`i` of an output dimension lies at :math:`(i + \tfrac12) / s - \tfrac12` in the input, with
    :math:`s = \text{out} / \text{in}`; with ``align_corners`` at :math:`i\,(\text{in} - 1) / (\text{out} - 1)`. It is
    computed from the elements near this position, one dimension after another:

    ======================================== ============================================================
    ``nearest``                              the element at :math:`\lfloor i / s \rfloor`
    ``nearest-exact``                        the nearest element, at :math:`\lfloor (i + \tfrac12) / s \rfloor`
    ``linear``, ``bilinear``, ``trilinear``  the line through the 2 nearest elements
    ``bicubic``                              a cubic of the 4 nearest elements, with :math:`a = -0.75`
    ``area``                                 the average of the covered elements, as `adaptive_avg_pool2d`
    ``lanczos``                              a windowed sinc over 6 elements; only with ``antialias``
    ======================================== ============================================================

    Args:
        input: of shape :math:`(N, C, L)`, :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`; floating-point, or uint8 in
            the modes ``nearest``, ``nearest-exact``, ``bilinear``, ``bicubic`` and ``lanczos``.
        size: the spatial size of the output: one number, or one per spatial dimension. Either it or ``scale_factor``
            must be given.
        scale_factor: the size of the output as a multiple of the input's, rounded down: one number, or one per spatial
            dimension.
        mode: one of the modes above. ``linear`` takes signals only; ``bilinear``, ``bicubic`` and ``lanczos`` take
            images only; ``trilinear`` takes volumes only.
        align_corners: whether the centres of the outermost elements keep their positions; must be None in the modes
            ``nearest``, ``nearest-exact`` and ``area``.
        recompute_scale_factor: whether :math:`s` is computed from the sizes; if not, a given ``scale_factor`` is
            :math:`s`.
        antialias: whether the kernel is widened where the image shrinks, so that every pixel has a weight; only in the
            modes ``bilinear``, ``bicubic`` and ``lanczos``. The cubic then has :math:`a = -0.5`.

    Returns:
        An array of shape :math:`(N, C, *\text{out})` and ``input``'s dtype, where every spatial size is
        :math:`\lfloor \text{scale\_factor} \cdot \text{in} \rfloor` if ``size`` is None.

    Raises:
        ValueError: an argument does not fit the mode or the shape of ``input``.
        TypeError: the mode does not take the dtype of ``input``.

    Source: ``torch.nn.functional.interpolate``; Keys, *Cubic Convolution Interpolation for Digital Image Processing*,
    1981, https://doi.org/10.1109/TASSP.1981.1163711.

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
    input: ArrayLike,
    size: Size | None,
    scale_factor: float | Sequence[float] | None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    """Checks the arguments and resamples; errors name the function `where`."""
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
        names, expected = "antialias and align_corners", "be True and False with mode='lanczos'"
        check.fail(where, names, expected, (antialias, align_corners))
    sizes, scales = sizes_and_scales(where, x, size, scale_factor, bool(recompute_scale_factor))
    if mode == "area":
        if not are_known(sizes):
            check.fail(where, "input", "have known sizes with mode='area' and scale_factor", f"shape {x.shape}")
        average = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}[x.ndim]
        return average(x, sizes)
    check.nonempty(where, "input", x, x.ndim - 2)
    if any(size < 1 for size in sizes):
        check.fail(where, "size", "be at least 1 in every dimension", sizes)
    bytes_ = integer and not mode.startswith("nearest")
    if (bytes_ or antialias) and not are_known((*x.shape[2:], *sizes)):
        check.fail(where, "input", "have known sizes with antialias=True or dtype uint8", f"shape {x.shape}")
    wide = jnp.int32 if bytes_ else compute_dtype(x.dtype)
    real = jnp.float64 if bytes_ else wide
    axes = enumerate(zip(x.shape[2:], sizes, scales, strict=True), 2)
    tables = {axis: taps(mode, *sized, bool(align_corners), antialias, real) for axis, sized in axes}
    if bytes_:
        return resampled_bytes(x.astype(wide), tables).astype(x.dtype)
    picked = all(table.weight is None for table in tables.values())
    return apply_taps(x if picked else x.astype(wide), tables).astype(x.dtype)


_OLD_NAME = r"""Resamples $inputs to another size$by: an old name of `interpolate`.

    It warns that it is deprecated, as torch's function does.

    Args:
        input: of shape $shapes; floating-point or uint8.
        size: the spatial size of the output: one number, or one per spatial dimension. Either it or ``scale_factor``
            must be given.
        scale_factor: the size of the output as a multiple of the input's, rounded down: one number, or one per spatial
            dimension.$arguments

    Returns:
        An array of shape :math:`(N, C, *\text{out})` and ``input``'s dtype, where every spatial size is
        :math:`\lfloor \text{scale\_factor} \cdot \text{in} \rfloor` if ``size`` is None.

    Raises:
        ValueError: an argument does not fit the others.
        TypeError: the dtype of ``input`` doesn't fit.

    Source: ``torch.nn.functional.$name``.

    Example:
        >>> import jax.numpy as jnp, warnings
        >>> from purenn import functional as F
        >>> with warnings.catch_warnings(action="ignore"):
        ...     F.$name(jnp.ones((1, 1, 2, 2)), scale_factor=2).shape
        (1, 1, 4, 4)
    """

_MODE = """
        mode: ``'nearest'`` or ``'nearest-exact'``, the nearest element, which differ halfway between two elements;
            ``'linear'`` for signals, ``'bilinear'`` for images and ``'trilinear'`` for volumes, linear interpolation;
            ``'bicubic'`` for images, cubic interpolation; or ``'area'``, averages.
        align_corners: whether the centres of the outermost elements keep their positions; only for linear and cubic
            interpolation."""
_SHAPES = ":math:`(N, C, L)`, :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`"
_OF_ANY = {"inputs": "signals, images or volumes", "shapes": _SHAPES}


@documented(_OLD_NAME, None, name="upsample", by="", arguments=_MODE, **_OF_ANY)
def upsample(
    input: ArrayLike,
    size: Size | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Array:
    warn_user("upsample is deprecated: use interpolate")
    return _interpolated("upsample", input, size, scale_factor, mode, align_corners)


@documented(_OLD_NAME, None, name="upsample_nearest", by=" by their nearest elements", arguments="", **_OF_ANY)
def upsample_nearest(
    input: ArrayLike, size: Size | None = None, scale_factor: float | Sequence[float] | None = None
) -> Array:
    warn_user("upsample_nearest is deprecated: use interpolate")
    return _interpolated("upsample_nearest", input, size, scale_factor)


_BILINEAR = " by bilinear interpolation, in which the centres of the outermost pixels keep their positions"


@documented(
    _OLD_NAME, inputs="images", name="upsample_bilinear", by=_BILINEAR, shapes=":math:`(N, C, H, W)`", arguments=""
)
def upsample_bilinear(
    input: ArrayLike, size: Size | None = None, scale_factor: float | Sequence[float] | None = None
) -> Array:
    warn_user("upsample_bilinear is deprecated: use interpolate")
    return _interpolated("upsample_bilinear", input, size, scale_factor, "bilinear", align_corners=True)
