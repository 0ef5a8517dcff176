"""Layers that resize signals, images and volumes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike, Size

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]

_UPSAMPLE = r"""Resamples $inputs to another size$by.

    $formula

    Args:
        size: the spatial size of the output: one number, or one per spatial dimension. Either it or ``scale_factor``
            must be given.
        scale_factor: the size of the output as a multiple of the input's, rounded down: one number, or a tuple of one
            per spatial dimension.$arguments

    Shape: $shapes to :math:`(N, C, *\text{out})`,
    where every spatial size is :math:`\lfloor \text{scale\_factor} \cdot \text{in} \rfloor` if ``size`` is None.

    Raises:
        ValueError: a call's input doesn't fit the arguments, or these don't fit each other.
        TypeError: ``scale_factor`` is a list, or the dtype of a call's input doesn't fit.

    Source: ``torch.nn.$name``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((1, 3, 4, 4))
        >>> nn.$name(scale_factor=2)(x).shape
        (1, 3, 8, 8)
        >>> y, state = layers.$name(scale_factor=2).apply({}, {}, x)  # the same as a pure function
    """

_ARGUMENTS = """
        mode: ``'nearest'``, the element at :math:`\\lfloor i / s \\rfloor`; ``'nearest-exact'``, the nearest element;
            ``'linear'`` for signals, ``'bilinear'`` for images and ``'trilinear'`` for volumes, linear interpolation;
            ``'bicubic'`` for images, cubic interpolation; or ``'area'``, the average of the covered elements.
        align_corners: whether the centres of the outermost elements keep their positions; only for linear and cubic
            interpolation.
        recompute_scale_factor: whether :math:`s` is computed from the sizes; if not, a given ``scale_factor`` is
            :math:`s`."""
_PLACES = r"""Element :math:`i` of an output dimension is computed from the elements of the input near
    :math:`(i + \tfrac12) / s - \tfrac12`, with :math:`s = \text{out} / \text{in}`; with ``align_corners`` near
    :math:`i\,(\text{in} - 1) / (\text{out} - 1)`."""
_NEAREST = r"""Element :math:`i` of an output dimension is the element :math:`\lfloor i / s \rfloor` of the input, where
    :math:`s` is ``scale_factor`` or :math:`\text{out} / \text{in}`."""
_BILINEAR = r"""Element :math:`i` of an output dimension lies at :math:`i\,(\text{in} - 1) / (\text{out} - 1)` in the
    input, so that the centres of the outermost pixels keep their positions."""
_SHAPES = ":math:`(N, C, L)`, :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`"
_OF_ANY = {"inputs": "signals, images or volumes", "shapes": _SHAPES}


@documented(_UPSAMPLE, None, name="Upsample", by="", formula=_PLACES, arguments=_ARGUMENTS, **_OF_ANY)
class Upsample(Layer):
    size: Size | None = None
    scale_factor: float | Sequence[float] | None = None
    mode: str = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None

    def __post_init__(self) -> None:
        if isinstance(self.scale_factor, list):  # torch's classes refuse a list; later it would be a tuple
            expected = "be a number or a tuple of numbers"
            check.fail(type(self).__name__, "scale_factor", expected, self.scale_factor, TypeError)
        super().__post_init__()

    def normalize(self) -> Mapping[str, Any]:
        factor = self.scale_factor
        factor = tuple(map(float, factor)) if isinstance(factor, Sequence) else float(factor or 0) or None  # 0 is None
        return {"scale_factor": factor, "name": type(self).__name__}

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        options = self.mode, self.align_corners, self.recompute_scale_factor
        return F.interpolate(input, self.size, self.scale_factor, *options)

    def extra_repr(self) -> str:
        size = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{size}, mode={self.mode!r}"


@documented(
    _UPSAMPLE,
    name="UpsamplingBilinear2d",
    by=" by bilinear interpolation",
    formula=_BILINEAR,
    arguments="",
    inputs="images",
    shapes=":math:`(N, C, H, W)`",
)
class UpsamplingBilinear2d(Upsample):
    mode: str = dataclasses.field(default="bilinear", init=False)
    align_corners: bool | None = dataclasses.field(default=True, init=False)
    recompute_scale_factor: bool | None = dataclasses.field(default=None, init=False)


@documented(
    _UPSAMPLE,
    None,
    name="UpsamplingNearest2d",
    by=" by their nearest elements",
    formula=_NEAREST,
    arguments="",
    **_OF_ANY,
)
class UpsamplingNearest2d(Upsample):
    mode: str = dataclasses.field(default="nearest", init=False)
    align_corners: bool | None = dataclasses.field(default=None, init=False)
    recompute_scale_factor: bool | None = dataclasses.field(default=None, init=False)
