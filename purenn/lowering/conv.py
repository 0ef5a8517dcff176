"""Convolutions: one trilinear form of input, weight and output, and the choice of how each of its maps is computed.

The cross-correlation y of x and w, its gradient in x and its gradient in w are the three maps of one form. The
transposed convolution is the second of them, so that what is fast for the one is fast for the other's gradient.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering import conv_dense, conv_grouped
from purenn.lowering.bilinear_map import BilinearMap
from purenn.lowering.conv_geometry import Geometry, correlated, mirrored, padded
from purenn.lowering.dtypes import computed_wide, is_half
from purenn.lowering.linear_map import Shaped, rule
from purenn.lowering.sizes import are_known, known_below
from purenn.lowering.stored import stored

__all__ = ["Convolution"]

# Products per element up to which one group of up to 8 channels is written out. 2026-11, 2 cores, time against a
# product of matrices: y 0.2 to 0.6 at 9 to 36 and 1.2 at 72, x 0.2 to 0.8 at 36 to 160 and 1.8 at 288. With strides,
# and for w, it is no faster.
MAX_WRITTEN_Y, MAX_WRITTEN_X = 36, 160
MAX_WRITTEN_CHANNELS = 8
# Products per pixel, of all outputs together, up to which any convolution is: shapes of 1 to 64 channels and 1 to 16
# outputs in 1 to 3 dimensions took 0.1 to 1.2 of XLA's time for y and x (`benchmarks/formulations.py`); at 2,880 y 1.5.
MAX_WRITTEN_PRODUCTS = 1000
# Pixels per image from which a GPU computes a pointwise convolution as a product. 2026-11, H200, three ResNet
# bottlenecks with gradients, time against cuDNN: 0.9 for 56 x 56, 1.25 to 1.4 for 14 x 14, where layouts cost more.
MIN_POINTWISE_PIXELS = 2048
# Accumulators per weight that are summed in one pass of a GPU. 2026-11, H200: 49 took five times as long as 49 sums.
MAX_ACCUMULATORS = 9
# Products per output up to which a GPU writes a depthwise convolution out; cuDNN is faster at more.
MAX_DEPTHWISE_HALF, MAX_DEPTHWISE_SINGLE = 25, 100


@dataclasses.dataclass(frozen=True)
class Convolution(BilinearMap):
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

    @property
    def geometry(self) -> Geometry:
        """Where the windows lie."""
        return Geometry(self.stride, self.pads, self.dilation)

    def y(self, x: jax.Array, w: jax.Array) -> jax.Array:
        return correlated(self.geometry, x, w, self.groups)

    def x(self, w: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        # the same kernel, mirrored, over a y spread by the stride
        reverse = self.geometry.reversed(shape.shape[2:], w.shape[2:], y.shape[2:])
        return correlated(reverse, y, mirrored(w, self.groups), self.groups, spread=self.stride)

    def w(self, x: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        if are_known(x.shape[2:]):
            return super().w(x, y, shape)
        # jax's transpose pads by numbers only: x ends where the last window does
        lasts = [(m - 1) * s + 1 for m, s in zip(y.shape[2:], self.stride, strict=True)]
        dimensions = zip(lasts, self.geometry.extents(shape.shape[2:]), self.pads, x.shape[2:], strict=True)
        x = padded(x, [(low, last + extent - low - size) for last, extent, (low, _), size in dimensions])
        exact = dataclasses.replace(self, pads=((0, 0),) * len(lasts))
        return jax.linear_transpose(lambda w: exact.y(x, w), shape)(y)[0]


@rule(Convolution, "cpu")
class ConvolutionCpu(Convolution):
    """Few products per element are written out; dense convolutions, also those of each group, are products.

    Arrays that are read once for each element of the kernel, and results that are written out, are in memory: else XLA
    computes them again for each of their readers. `benchmarks/chains.py` compares one jit with the parts.
    """

    divisible = False

    def y(self, x: jax.Array, w: jax.Array) -> jax.Array:
        if not conv_dense.takes(x, w):
            return super().y(x, w)
        if idle := self._idle(x, w):
            return lax.expand_dims(self._without(idle).y(lax.squeeze(x, idle), lax.squeeze(w, idle)), idle)
        if self._skips(x, w):
            return self._unstrided().y(self._seen(x), w)
        x = stored(x)
        if self._few(w) or self._written(w, w.shape[1], MAX_WRITTEN_Y):
            return stored(conv_grouped.summed(self.geometry, x, w, self.groups))
        if self.groups == 1:
            return conv_dense.to_y(self.geometry, x, w)
        return self._each_group(conv_dense.to_y, conv_dense.products_y, (x, 1), (w, 0), axis=1)

    def x(self, w: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        if not conv_dense.takes(w, y):
            return super().x(w, y, shape)
        if idle := self._idle(shape, w):
            x = self._without(idle).x(lax.squeeze(w, idle), lax.squeeze(y, idle), _squeezed(shape, idle))
            return lax.expand_dims(x, idle)
        if self._skips(shape, w):
            x = self._unstrided().x(w, y, jax.eval_shape(self._seen, shape))
            return jax.linear_transpose(self._seen, shape)(x)[0]
        y = stored(y)
        if self._few(w) or self._written(w, w.shape[0], MAX_WRITTEN_X):
            return stored(conv_grouped.gradient_x(self.geometry, w, y, shape.shape[2:], self.groups))
        if self.groups == 1:
            return conv_dense.to_x(self.geometry, w, y, shape)
        part = jax.ShapeDtypeStruct((shape.shape[0], shape.shape[1] // self.groups, *shape.shape[2:]), shape.dtype)
        return self._each_group(conv_dense.to_x, conv_dense.products_x, (w, 0), (y, 1), axis=1, like=part)

    def w(self, x: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        if not conv_dense.takes(x, y):
            return super().w(x, y, shape)
        if idle := self._idle(x, shape):
            w = self._without(idle).w(lax.squeeze(x, idle), lax.squeeze(y, idle), _squeezed(shape, idle))
            return lax.expand_dims(w, idle)
        if self._skips(x, shape):
            return self._unstrided().w(self._seen(x), y, shape)
        x, y = stored(x), stored(y)
        if self._few(shape):
            return conv_grouped.gradient_w(self.geometry, x, y, shape.shape[2:], self.groups)
        if self.groups == 1:
            return conv_dense.to_w(self.geometry, x, y, shape)
        part = jax.ShapeDtypeStruct((shape.shape[0] // self.groups, *shape.shape[1:]), shape.dtype)
        return self._each_group(conv_dense.to_w, conv_dense.products_w, (x, 1), (y, 1), axis=0, like=part)

    def _each_group(
        self,
        whole: Callable[..., jax.Array],
        in_loop: Callable[..., jax.Array],
        *arrays: tuple[jax.Array, int],
        axis: int,
        **like: jax.ShapeDtypeStruct,
    ) -> jax.Array:
        """A dense convolution, or a gradient of one, for each group."""
        whole, in_loop = (functools.partial(f, self.geometry, **like) for f in (whole, in_loop))
        return conv_grouped.each_group(whole, in_loop, self.groups, *arrays, axis=axis)

    def _idle(self, x: Shaped, w: Shaped) -> tuple[int, ...]:
        """The axes of size 1 that a kernel of one element sees: without them the convolution is one of a lower rank."""
        dimensions = zip(x.shape[2:], w.shape[2:], self.pads, strict=True)
        idle = [
            axis
            for axis, (size, k, pads) in enumerate(dimensions, 2)
            if k == 1 and pads == (0, 0) and known_below(size, 2)
        ]
        return tuple(idle[: x.ndim - 3])  # one stays

    def _without(self, idle: tuple[int, ...]) -> ConvolutionCpu:
        axes = [i for i in range(len(self.stride)) if i + 2 not in idle]
        stride, dilation = (tuple(of[i] for i in axes) for of in (self.stride, self.dilation))
        return ConvolutionCpu(stride, tuple(self.pads[i] for i in axes), dilation, self.groups)

    def _skips(self, x: Shaped, w: Shaped) -> bool:
        """Whether a kernel of one element steps over places of x; they are left out first."""
        return max(self.stride) > 1 == math.prod(w.shape[2:]) and are_known(x.shape[2:])

    def _seen(self, x: jax.Array) -> jax.Array:
        x = padded(x, self.pads)
        return lax.slice(x, (0,) * x.ndim, x.shape, (1, 1, *self.stride))

    def _unstrided(self) -> ConvolutionCpu:
        ones = (1,) * len(self.stride)
        return ConvolutionCpu(ones, ((0, 0),) * len(ones), ones, self.groups)

    def _few(self, w: Shaped) -> bool:
        return self.groups > 1 and conv_grouped.few(w, self.groups)

    def _written(self, w: Shaped, channels: int, most: int) -> bool:
        """Whether sums over this number of channels are faster written out than as a product of matrices."""
        if self.groups > 1 or set(self.stride) != {1} or math.prod(w.shape[2:]) == 1:
            return False
        few = w.shape[1] <= MAX_WRITTEN_CHANNELS and channels * math.prod(w.shape[2:]) <= most
        return few or math.prod(w.shape) <= MAX_WRITTEN_PRODUCTS


def _squeezed(shape: jax.ShapeDtypeStruct, axes: tuple[int, ...]) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct([n for axis, n in enumerate(shape.shape) if axis not in axes], shape.dtype)


@rule(Convolution, "cuda")
class ConvolutionCuda(Convolution):
    """Large pointwise convolutions are products, depthwise ones sums in float32; all others are cuDNN's."""

    def y(self, x: jax.Array, w: jax.Array) -> jax.Array:
        if self.pointwise(w, x):
            return _pointwise_y(x, w)
        if self.depthwise(w, x):
            return computed_wide(lambda x, w: conv_grouped.summed(self.geometry, x, w, self.groups), x, w)
        return super().y(x, w)

    def x(self, w: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        if self.pointwise(w, y):
            return _pointwise_x(w, y)
        if self.depthwise(w, y):
            size = shape.shape[2:]
            return computed_wide(lambda w, y: conv_grouped.gradient_x(self.geometry, w, y, size, self.groups), w, y)
        return super().x(w, y, shape)

    def w(self, x: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        if self.pointwise(shape, x):
            return _pointwise_w(x, y, shape)
        if self.depthwise(shape, x):
            kernel = shape.shape[2:]
            options = (kernel, self.groups, math.prod(kernel) > MAX_ACCUMULATORS)
            return computed_wide(lambda x, y: conv_grouped.gradient_w(self.geometry, x, y, *options), x, y)
        return super().w(x, y, shape)

    def pointwise(self, w: Shaped, other: Shaped) -> bool:
        """Whether it is a product of matrices that is faster as one, which it is for large images."""
        plain = set(self.stride) == {1} and set(self.pads) == {(0, 0)} and _at_most_single(w.dtype)
        large = self.groups == 1 == math.prod(w.shape[2:]) and math.prod(other.shape[2:]) >= MIN_POINTWISE_PIXELS
        return plain and large and 0 not in (*w.shape, *other.shape)

    def depthwise(self, w: Shaped, other: Shaped) -> bool:
        """Whether each channel is a sum of so few products that cuDNN is slower."""
        most = MAX_DEPTHWISE_HALF if is_half(w.dtype) else MAX_DEPTHWISE_SINGLE
        few = w.shape[1] == 1 < self.groups and math.prod(w.shape[2:]) * (w.shape[0] // self.groups) <= most
        return few and 0 not in other.shape and _at_most_single(w.dtype)


def _at_most_single(dtype: np.dtype) -> bool:
    return dtype in (jnp.bfloat16, jnp.float16, jnp.float32)


# A convolution with a kernel of one element is one product of matrices per image, over its channels.


def _pointwise_y(x: jax.Array, w: jax.Array) -> jax.Array:
    """The output, of x (N, C, *) and w (O, C, 1, ...)."""
    return _products(w.reshape(w.shape[:2]), x)


def _pointwise_x(w: jax.Array, y: jax.Array) -> jax.Array:
    """The gradient of x."""
    return _products(w.reshape(w.shape[:2]).T, y)


def _pointwise_w(x: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
    """The gradient of w, of this shape: one for each image, then their sum."""
    x, y = (a.reshape(*a.shape[:2], -1) for a in (x, y))
    products = lax.dot_general(y, x, (((2,), (2,)), ((0,), (0,))), preferred_element_type=jnp.float32)
    return jnp.sum(products, 0).astype(shape.dtype).reshape(shape.shape)


def _products(w: jax.Array, x: jax.Array) -> jax.Array:
    matrices = jnp.broadcast_to(w, (x.shape[0], *w.shape))
    dimensions = (((2,), (1,)), ((0,), (0,)))
    y = lax.dot_general(matrices, x.reshape(*x.shape[:2], -1), dimensions, preferred_element_type=jnp.float32)
    return y.astype(x.dtype).reshape(x.shape[0], w.shape[0], *x.shape[2:])
