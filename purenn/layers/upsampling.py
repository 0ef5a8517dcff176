"""Layers that resize."""

from __future__ import annotations

from purenn import check
from purenn import functional as F
from purenn.layers.generate import Functional, from_function

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class _Resize(Functional):
    size: int | tuple[int, ...] | None = None
    scale_factor: float | tuple[float, ...] | None = None
    mode: str = "nearest"

    def __post_init__(self) -> None:
        factor, where = self.scale_factor, type(self).__name__
        if isinstance(factor, list):  # which torch refuses here, other than in interpolate
            check.fail(where, "scale_factor", "be a number or a tuple of them", factor, TypeError)
        # torch's reading: numbers become floats, and no factor at all is one of 0 too
        factor = tuple(map(float, factor)) if isinstance(factor, tuple) else float(factor) if factor else None
        object.__setattr__(self, "scale_factor", factor)
        object.__setattr__(self, "name", where)
        super().__post_init__()

    def extra_repr(self) -> str:
        given = "size" if self.scale_factor is None else "scale_factor"
        return f"{given}={getattr(self, given)!r}, mode={self.mode!r}"


Upsample = from_function(
    "Upsample",
    F.interpolate,
    fields="size scale_factor mode align_corners recompute_scale_factor",
    base=_Resize,
    example="Upsample(scale_factor=2)",
)
UpsamplingBilinear2d = from_function(
    "UpsamplingBilinear2d",
    F.interpolate,
    fields="size scale_factor",
    fixed={"mode": "bilinear", "align_corners": True, "recompute_scale_factor": None},
    base=Upsample,
    example="UpsamplingBilinear2d(scale_factor=2)",
)
UpsamplingNearest2d = from_function(
    "UpsamplingNearest2d",
    F.interpolate,
    fields="size scale_factor",
    fixed={"mode": "nearest", "align_corners": None, "recompute_scale_factor": None},
    base=Upsample,
    example="UpsamplingNearest2d(scale_factor=2)",
)
