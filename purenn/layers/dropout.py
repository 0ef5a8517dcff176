"""Dropout layers."""

from __future__ import annotations

from purenn import functional as F
from purenn.functional import _check
from purenn.layers.generate import Functional, from_function

__all__ = ["Dropout"]


class _Dropout(Functional):
    p: float = 0.5
    inplace: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.probability(type(self).__name__, "p", self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


Dropout = from_function("Dropout", F.dropout, fields="p inplace", base=_Dropout)
