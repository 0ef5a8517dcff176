"""Convolutions: one trilinear form of input, weight and output, and the choice of how each of its maps is computed.

The cross-correlation y of x and w, its gradient in x and its gradient in w are the three maps of one form. The
transposed convolution is the second of them, so that what is fast for the one is fast for the other's gradient.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax

from purenn.lowering import conv_dense, conv_grouped
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
        if not conv_dense.takes(x, w):
            return self.y(x, w)
        if self.groups == 1:
            return conv_dense.to_y(self.geometry, x, w)
        if conv_grouped.few(w, self.groups):
            return conv_grouped.summed(x, w, *self.geometry, self.groups)
        return conv_grouped.each_group(self._dense().cpu_y, self.groups, (x, 1), (w, 0), axis=1)

    def cpu_x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if not conv_dense.takes(w, y):
            return self.x(w, y, like)
        if self.groups == 1:
            return conv_dense.to_x(self.geometry, w, y, like)
        if conv_grouped.few(w, self.groups):
            return conv_grouped.gradient_x(w, y, like.shape[2:], *self.geometry, self.groups)
        part = jax.ShapeDtypeStruct((like.shape[0], like.shape[1] // self.groups, *like.shape[2:]), like.dtype)
        gradient = functools.partial(self._dense().cpu_x, like=part)
        return conv_grouped.each_group(gradient, self.groups, (w, 0), (y, 1), axis=1)

    def cpu_w(self, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if not conv_dense.takes(x, y):
            return self.w(x, y, like)
        if self.groups == 1:
            return conv_dense.to_w(self.geometry, x, y, like)
        if conv_grouped.few(like, self.groups):
            return conv_grouped.gradient_w(x, y, like.shape[2:], *self.geometry, self.groups)
        part = jax.ShapeDtypeStruct((like.shape[0] // self.groups, *like.shape[1:]), like.dtype)
        gradient = functools.partial(self._dense().cpu_w, like=part)
        return conv_grouped.each_group(gradient, self.groups, (x, 1), (y, 1), axis=0)

    def _dense(self) -> Convolution:
        return dataclasses.replace(self, groups=1)

    @property
    def geometry(self) -> Geometry:
        """Where the windows lie."""
        return Geometry(self.stride, self.pads, self.dilation)
