"""Convolutions: one trilinear form of input, weight and output, and the choice of how each of its maps is computed.

The cross-correlation y of x and w, its gradient in x and its gradient in w are the three maps of one form. The
transposed convolution is the second of them, so that what is fast for the one is fast for the other's gradient.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import jax
import jax.numpy as jnp

from purenn.lowering import conv_dense, conv_grouped, conv_pointwise
from purenn.lowering.conv_geometry import Geometry, correlated, mirrored
from purenn.lowering.linear import Form

__all__ = ["Convolution"]

# Measured for one group of up to 8 channels on 2 cores, unrolled against a product of matrices: y takes 0.2 to 0.6 of
# the time at 9 to 36 products per element and 1.2 at 72, x 0.2 to 0.8 at 36 to 160 and 1.8 at 288. With strides,
# and for w, it is no faster.
WRITTEN_Y, WRITTEN_X = 36, 160
HALF = (jnp.bfloat16, jnp.float16)
# On an H200 three ResNet bottlenecks with gradients took 0.9 of cuDNN's time for images of 56 x 56, 1.25 to 1.4 of it
# for 14 x 14, where the layout between the convolutions costs more than the products save.
LARGE = 2048


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
        few = self.groups > 1 and conv_grouped.few(w, self.groups)
        if few or self._written(w, w.shape[1], WRITTEN_Y):
            return conv_grouped.summed(x, w, *self.geometry, self.groups)
        if self.groups == 1:
            return conv_dense.to_y(self.geometry, x, w)
        return self._each_group("y", (x, 1), (w, 0), axis=1)

    def cpu_x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if not conv_dense.takes(w, y):
            return self.x(w, y, like)
        few = self.groups > 1 and conv_grouped.few(w, self.groups)
        if few or self._written(w, w.shape[0], WRITTEN_X):
            return conv_grouped.gradient_x(w, y, like.shape[2:], *self.geometry, self.groups)
        if self.groups == 1:
            return conv_dense.to_x(self.geometry, w, y, like)
        part = jax.ShapeDtypeStruct((like.shape[0], like.shape[1] // self.groups, *like.shape[2:]), like.dtype)
        return self._each_group("x", (w, 0), (y, 1), axis=1, like=part)

    def cpu_w(self, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if not conv_dense.takes(x, y):
            return self.w(x, y, like)
        if self.groups == 1:
            return conv_dense.to_w(self.geometry, x, y, like)
        if conv_grouped.few(like, self.groups):
            return conv_grouped.gradient_w(x, y, like.shape[2:], *self.geometry, self.groups)
        part = jax.ShapeDtypeStruct((like.shape[0] // self.groups, *like.shape[1:]), like.dtype)
        return self._each_group("w", (x, 1), (y, 1), axis=0, like=part)

    def _each_group(self, to: str, *arrays: tuple[Any, int], axis: int, **like: Any) -> Any:
        """A dense convolution, or a gradient of one, for each group."""
        formulations = {
            "y": (conv_dense.to_y, conv_dense.products_y),
            "x": (conv_dense.to_x, conv_dense.products_x),
            "w": (conv_dense.to_w, conv_dense.products_w),
        }
        whole, in_loop = (functools.partial(f, self.geometry, **like) for f in formulations[to])
        return conv_grouped.each_group(whole, in_loop, self.groups, *arrays, axis=axis)

    def _written(self, w: Any, channels: int, most: int) -> bool:
        """Whether sums over so many channels are faster written out than as a product of matrices."""
        places = math.prod(w.shape[2:])
        plain = self.groups == 1 and set(self.stride) == {1} and places > 1 and w.shape[1] <= 8
        return plain and channels * places <= most

    def cuda_y(self, x: Any, w: Any) -> Any:
        if self._pointwise(w, x):
            return conv_pointwise.to_y(x, w)
        if self._depthwise(w, x):
            return conv_grouped.summed(*_wide(x, w), *self.geometry, self.groups).astype(x.dtype)
        return self.y(x, w)

    def cuda_x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if self._pointwise(w, y):
            return conv_pointwise.to_x(w, y)
        if self._depthwise(w, y):
            x = conv_grouped.gradient_x(*_wide(w, y), like.shape[2:], *self.geometry, self.groups)
            return x.astype(like.dtype)
        return self.x(w, y, like)

    def cuda_w(self, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        if self._pointwise(like, x):
            return conv_pointwise.to_w(x, y, like)
        if self._depthwise(like, x):
            apart = (
                math.prod(like.shape[2:]) > 9
            )  # on an H200 49 accumulators took nearly five times as long as 49 sums, 9 less
            w = conv_grouped.gradient_w(*_wide(x, y), like.shape[2:], *self.geometry, self.groups, apart)
            return w.astype(like.dtype)
        return self.w(x, y, like)

    def _pointwise(self, w: Any, other: Any) -> bool:
        """Whether it is a product of matrices that is faster as one, which it is for large images."""
        plain = set(self.stride) == {1} and set(self.pads) == {(0, 0)} and w.dtype in (*HALF, jnp.float32)
        large = self.groups == 1 == math.prod(w.shape[2:]) and math.prod(other.shape[2:]) >= LARGE
        return plain and large and 0 not in (*w.shape, *other.shape)

    def _depthwise(self, w: Any, other: Any) -> bool:
        """Whether each channel is a sum of so few products that cuDNN is slower: of 9; in float32 also of 49."""
        most = 25 if w.dtype in HALF else 100 if w.dtype == jnp.float32 else 0
        few = w.shape[1] == 1 < self.groups and math.prod(w.shape[2:]) * (w.shape[0] // self.groups) <= most
        return few and 0 not in other.shape

    @property
    def geometry(self) -> Geometry:
        """Where the windows lie."""
        return Geometry(self.stride, self.pads, self.dilation)


def _wide(one: Any, other: Any) -> tuple[jax.Array, jax.Array]:
    """In float32, in which sums are made."""
    return one.astype(jnp.float32), other.astype(jnp.float32)
