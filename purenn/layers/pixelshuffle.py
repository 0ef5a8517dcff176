"""Layers that move elements between channels and space."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.generate import from_function

__all__ = ["PixelShuffle", "PixelUnshuffle"]

PixelShuffle = from_function("PixelShuffle", F.pixel_shuffle, example="PixelShuffle(3)")
PixelUnshuffle = from_function("PixelUnshuffle", F.pixel_unshuffle, example="PixelUnshuffle(3)")
