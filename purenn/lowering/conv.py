"""Convolutions: one trilinear form of input, weight and output, and the choice of how each of its maps is computed.

The cross-correlation y of x and w, its gradient in x and its gradient in w are the three maps of one form. The
transposed convolution is the second of them, so that what is fast for the one is fast for the other's gradient.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax

from purenn.lowering import conv_dense
from purenn.lowering.conv_geometry import Geometry, correlated, mirrored
from purenn.lowering.linear import Form

__all__ = ["Convolution"]


@dataclasses.dataclass(frozen=True)
class Convolution(Form):
    """Cross-correlation of x (N, C, *) with w (O, C / groups, *).

    Args:
        stride: steps between outputs in every spatial dimension.
        pads: zeros before and after every spatial dimension; negative ones cut off.
        dilation: steps between the kernel's elements.
        groups: into how many independent groups the channels are divided.
    """

    stride: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    folds = True

    def y(self, x: Any, w: Any) -> Any:
        return correlated(self.geometry, x, w, self.groups)

    def x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        # the same kernel, mirrored, over a y spread by the stride
        reverse = self.geometry.reversed(like.shape[2:], w.shape[2:], y.shape[2:])
        return correlated(reverse, y, mirrored(w, self.groups), self.groups, spread=self.stride)

    def cpu_y(self, x: Any, w: Any) -> Any:
        if self.groups == 1 and conv_dense.takes(x, w):
            return conv_dense.to_y(self.geometry, x, w)
        return self.y(x, w)

    def cpu_x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if self.groups == 1 and conv_dense.takes(w, y):
            return conv_dense.to_x(self.geometry, w, y, like)
        return self.x(w, y, like)

    def cpu_w(self, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if self.groups == 1 and conv_dense.takes(x, y):
            return conv_dense.to_w(self.geometry, x, y, like)
        return self.w(x, y, like)

    @property
    def geometry(self) -> Geometry:
        """Where the windows lie."""
        return Geometry(self.stride, self.pads, self.dilation)
