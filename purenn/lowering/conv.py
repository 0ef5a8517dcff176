"""Convolutions: one trilinear form of input, weight and output, and the choice of how each of its maps is computed.

The cross-correlation y of x and w, its gradient in x and its gradient in w are the three maps of one form. The
transposed convolution is the second of them, so that what is fast for the one is fast for the other's gradient.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering import conv_grouped
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
        return self._correlated(x, w, self.stride, self.pads)

    def x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        # the same kernel, mirrored and with in and out exchanged within every group, over a y spread by the stride
        spatial = w.shape[2:]
        w = w.reshape(self.groups, -1, *w.shape[1:]).swapaxes(1, 2).reshape(like.shape[1], -1, *spatial)
        extents = [d * (k - 1) for d, k in zip(self.dilation, spatial, strict=True)]
        low = [extent - before for extent, (before, _) in zip(extents, self.pads, strict=True)]
        spread = [(m - 1) * s + 1 for m, s in zip(y.shape[2:], self.stride, strict=True)]
        geometry = zip(low, like.shape[2:], spread, extents, strict=True)
        pads = [(before, size - wide - before + extent) for before, size, wide, extent in geometry]
        mirrored = jnp.flip(w, range(2, w.ndim))
        return self._correlated(y, mirrored, (1,) * len(spatial), pads, self.stride)

    def cpu_y(self, x: Any, w: Any) -> Any:
        if not self._grouped(x):
            return self.y(x, w)
        if conv_grouped.few(w, self.groups):
            return conv_grouped.summed(x, w, *self._geometry())
        return conv_grouped.each_group(self._dense().cpu_y, self.groups, (x, 1), (w, 0), axis=1)

    def cpu_x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if not self._grouped(y):
            return self.x(w, y, like)
        if conv_grouped.few(w, self.groups):
            return conv_grouped.gradient_x(w, y, like.shape[2:], *self._geometry())
        part = jax.ShapeDtypeStruct((like.shape[0], like.shape[1] // self.groups, *like.shape[2:]), like.dtype)
        gradient = functools.partial(self._dense().cpu_x, like=part)
        return conv_grouped.each_group(gradient, self.groups, (w, 0), (y, 1), axis=1)

    def cpu_w(self, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if not self._grouped(x):
            return self.w(x, y, like)
        if conv_grouped.few(like, self.groups):
            return conv_grouped.gradient_w(x, y, like.shape[2:], *self._geometry())
        part = jax.ShapeDtypeStruct((like.shape[0] // self.groups, *like.shape[1:]), like.dtype)
        gradient = functools.partial(self._dense().cpu_w, like=part)
        return conv_grouped.each_group(gradient, self.groups, (x, 1), (y, 1), axis=0)

    def _grouped(self, x: Any) -> bool:
        return self.groups > 1 and x.dtype in (jnp.float32, jnp.float64)

    def _dense(self) -> Convolution:
        return dataclasses.replace(self, groups=1)

    def _geometry(self) -> tuple[Any, ...]:
        return self.stride, self.pads, self.dilation, self.groups

    def _correlated(self, x: Any, w: Any, stride: Any, pads: Any, spread: Any = None) -> Any:
        axes = tuple(range(x.ndim))
        return lax.conv_general_dilated(
            x,
            w,
            stride,
            pads,
            lhs_dilation=spread,
            rhs_dilation=self.dilation,
            dimension_numbers=lax.ConvDimensionNumbers(axes, axes, axes),
            feature_group_count=self.groups,
        )
