"""Layers that reorder channels."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.generate import from_function

__all__ = ["ChannelShuffle"]

ChannelShuffle = from_function("ChannelShuffle", F.channel_shuffle, example="ChannelShuffle(2)")
