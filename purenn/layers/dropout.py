"""Dropout layers."""

from __future__ import annotations

from purenn import check
from purenn import functional as F
from purenn.layers.generate import Functional, from_function

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Functional):
    _shown = ("p", "inplace")

    p: float = 0.5
    inplace: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check.probability(type(self).__name__, "p", self.p)


AlphaDropout = from_function("AlphaDropout", F.alpha_dropout, base=_Dropout)
Dropout = from_function("Dropout", F.dropout, base=_Dropout)
Dropout1d = from_function("Dropout1d", F.dropout1d, base=_Dropout)
Dropout2d = from_function("Dropout2d", F.dropout2d, base=_Dropout)
Dropout3d = from_function("Dropout3d", F.dropout3d, base=_Dropout)
FeatureAlphaDropout = from_function("FeatureAlphaDropout", F.feature_alpha_dropout, base=_Dropout)
