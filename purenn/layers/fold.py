"""Layers that take images apart into blocks and put them together."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.generate import from_function

__all__ = ["Fold", "Unfold"]

Fold = from_function("Fold", F.fold, example="Fold(output_size=(4, 5), kernel_size=2)")
Unfold = from_function("Unfold", F.unfold, example="Unfold(kernel_size=(2, 3))")
