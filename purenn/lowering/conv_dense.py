"""Convolutions of all channels with all, on the CPU: the formulations, and the choice among them.

XLA is slow at rank three, at gradients in w and at strides in gradients, and uses one core where rows are short. Here

- `folded` is XLA's convolution of one image, the whole batch side by side, whose long rows all cores share;
- `columns_y` and `columns_w` are one product with the windows' elements as columns;
- `shuffled`, the gradient in x of a stride, is an output of as many channels for every place between two steps.

In a loop XLA's convolutions use one core and no library: `products_y`, `products_x` and `products_w` are products
alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering import phases
from purenn.lowering.conv_folded import bands, folded
from purenn.lowering.conv_geometry import MAX_UNROLLED_TAPS, Geometry, correlated, mirrored, padded, taps
from purenn.lowering.sizes import are_known, divisor, known_below

__all__ = ["products_w", "products_x", "products_y", "shuffled", "takes", "to_w", "to_x", "to_y"]

MIN_CHANNELS = 4  # fewer don't fill a vector
# Outputs, and elements of the kernel, of a strided picture from which XLA's own is faster. 2026-11, AVX-512: 7 x 7 with
# stride 2 to 32, 48 and 64 outputs took 0.45, 0.9 and 1.3 of its time in products, 11 x 11 to 64 1.6, 5 x 5 0.9.
MIN_LARGE_OUTPUTS, MAX_PICTURE_TAPS = 64, 25
# XLA's own gradient in w of images: up to so many products, with so many outputs or images at least. 2026-11, AVX-512,
# 320 shapes of 3 x 3 and 5 x 5: columns took 1.3 times as long there in geometric mean (0.6 to 2.6), with more products
# 0.9 (0.5 to 1.5), with fewer outputs and images 0.6 (0.1 to 1.3).
MAX_FEW_PRODUCTS, MIN_OUTPUTS, MIN_IMAGES = 60_000_000, 16, 32
MAX_CHUNK_BYTES = 1 << 22  # columns that are made at a time, so that they stay in the cache
# Columns of one image that are made at once. 2026-11: made by element, those of 3 x 3 x 3 took 1.7 times as long.
MAX_IMAGE_BYTES = 1 << 24


def takes(*arrays: jax.Array) -> bool:
    """Whether the formulations here are meant for such arrays."""
    return all(a.dtype in (jnp.float32, jnp.float64) and 0 not in a.shape for a in arrays)


def to_y(geometry: Geometry, x: jax.Array, w: jax.Array) -> jax.Array:
    """The cross-correlation, in the formulation for its shapes.

    Against XLA's own, float32 on two cores with AVX2: columns take 0.56 to 0.85 of the time, folding 0.16 to 0.41 of it
    in rank three. In rank two, with AVX-512, it takes 0.59 to 0.83 where XLA's own runs on one core.
    """
    n, kernel = x.ndim - 2, w.shape[2:]
    # 2026-11: XLA's own of signals and kernels of one element lays the weight out anew, in up to 7 times as long
    if (n > 1 or kernel == (1,)) and all(k <= s for k, s in zip(kernel, geometry.stride, strict=True)):
        return columns_y(geometry, x, w)
    small = w.shape[0] < MIN_LARGE_OUTPUTS or math.prod(kernel) <= MAX_PICTURE_TAPS
    if n == 2 and max(geometry.stride) > 1 and x.shape[1] < MIN_CHANNELS and small:  # 2026-11: 0.4 to 0.9 of XLA's own
        return products_y(geometry, x, w)
    if n == 3 and kernel[0] <= MAX_UNROLLED_TAPS and are_known(x.shape[2:]):
        return folded(geometry, x, w)
    if n == 2 and (count := bands(geometry, x, w)):
        return folded(geometry, x, w, count)
    return correlated(geometry, x, w)


def to_x(geometry: Geometry, w: jax.Array, y: jax.Array, like: jax.ShapeDtypeStruct) -> jax.Array:
    """The gradient in x, which is the transposed convolution.

    With a stride, `shuffled` takes 0.01 of the time of XLA's own in rank three, and 0.46 to 0.93 in the others, but
    for one image in rank two up to 1.37.
    """
    n, kernel = len(like.shape) - 2, w.shape[2:]
    reverse = geometry.reversed(like.shape[2:], kernel, y.shape[2:])
    if max(geometry.stride) == 1:
        return (correlated if n == 2 and like.shape[1] < MIN_CHANNELS else to_y)(reverse, y, mirrored(w))
    dimensions = zip(geometry.extents(kernel), geometry.stride, kernel, strict=True)
    waste = math.prod((e // s + 1) * min(s, e + 1) / k for e, s, k in dimensions)  # zeros among the kernel's elements
    if n == 3 or (waste < 1.5 and (n == 1 or known_below(1, y.shape[0]))):
        return shuffled(geometry, w, y, like)
    return correlated(reverse, y, mirrored(w), spread=geometry.stride)


def to_w(geometry: Geometry, x: jax.Array, y: jax.Array, like: jax.ShapeDtypeStruct) -> jax.Array:
    """The gradient in w: XLA's own where that is faster, else columns, which take 0.11 to 0.92 of its time.

    Columns are made for as many images at a time as the cache holds. Where those of one image are larger than x and y
    together, they are made for one element of the kernel in a dimension at a time.
    """
    if _own_w(geometry, x, y, like):
        return jax.linear_transpose(lambda w: correlated(geometry, x, w), like)(y)[0]
    return products_w(geometry, x, y, like)


def _own_w(geometry: Geometry, x: jax.Array, y: jax.Array, like: jax.ShapeDtypeStruct) -> bool:
    """Whether XLA's own gradient in w is the faster one: of few channels in rank one, of few products in rank two."""
    kernel, n = like.shape[2:], x.ndim - 2
    if n == 1:
        # 2026-11: XLA exchanges x and a y that is longer, and then leaves the library: 15 ms for 2
        no_longer = known_below(y.shape[2], x.shape[2] + 1)
        return no_longer and (x.shape[1] < MIN_CHANNELS or kernel[0] > geometry.stride[0] == 1)
    products = math.prod(like.shape) * y.shape[0] * math.prod(y.shape[2:])
    fills = like.shape[0] >= MIN_OUTPUTS or known_below(MIN_IMAGES - 1, x.shape[0])
    few = n == 2 and known_below(products, MAX_FEW_PRODUCTS + 1)
    return few and fills and 1 < max(kernel) <= MAX_UNROLLED_TAPS


def products_x(geometry: Geometry, w: jax.Array, y: jax.Array, like: jax.ShapeDtypeStruct) -> jax.Array:
    """The gradient in x, in products."""
    if max(geometry.stride) > 1:
        return shuffled(geometry, w, y, like, products_y)
    return products_y(geometry.reversed(like.shape[2:], w.shape[2:], y.shape[2:]), y, mirrored(w))


def products_y(geometry: Geometry, x: jax.Array, w: jax.Array) -> jax.Array:
    """The cross-correlation in products: one for as many images as the cache holds columns of."""
    outputs = geometry.outputs(x.shape[2:], w.shape[2:])
    size = _images(x.shape[0], math.prod((*w.shape[1:], *outputs)) * x.dtype.itemsize)
    if size == x.shape[0]:
        return columns_y(geometry, x, w)
    y = lax.map(lambda x: columns_y(geometry, x, w), x.reshape(-1, size, *x.shape[1:]))
    return y.reshape(x.shape[0], *y.shape[2:])


def products_w(geometry: Geometry, x: jax.Array, y: jax.Array, like: jax.ShapeDtypeStruct) -> jax.Array:
    """The gradient in w, in products."""
    (batch, channels), kernel, n = x.shape[:2], like.shape[2:], x.ndim - 2
    outer = n > 1 and channels >= MIN_CHANNELS and geometry.stride[0] == 1 and 1 < kernel[0] <= MAX_UNROLLED_TAPS
    image = math.prod((channels, *kernel[outer:], *y.shape[2:])) * x.dtype.itemsize
    of_both = (math.prod(x.shape[1:]) + math.prod(y.shape[1:])) * x.dtype.itemsize
    at_once = known_below(image, MAX_IMAGE_BYTES + 1) or known_below(image, of_both + 1)
    if not at_once and max(kernel) > 1:
        return _by_element(geometry, x, y, like)
    size = _images(batch, image)
    if size == batch:
        return columns_w(geometry, x, y, like, outer)

    def add(total: jax.Array, chunk: list[jax.Array]) -> tuple[jax.Array, None]:
        return total + columns_w(geometry, chunk[0], chunk[1], like, outer), None

    chunks = [array.reshape(-1, size, *array.shape[1:]) for array in (x, y)]
    return lax.scan(add, jnp.zeros(like.shape, like.dtype), chunks)[0]


def _images(batch: int, columns: int) -> int:
    """The number of images per product, given one image's bytes of columns; 1 if these are unknown."""
    return divisor(batch, max(1, MAX_CHUNK_BYTES // columns)) if isinstance(columns, int) else 1


def _by_element(geometry: Geometry, x: jax.Array, y: jax.Array, like: jax.ShapeDtypeStruct) -> jax.Array:
    """The gradient in w for one element after the other of the first dimension in which the kernel has several."""
    axis = next(i for i, k in enumerate(like.shape[2:]) if k > 1)
    low, stride, outputs = geometry.pads[axis][0], geometry.stride[axis], y.shape[2 + axis]
    extent = (like.shape[2 + axis] - 1) * geometry.dilation[axis]
    pads = [(0, 0)] * (x.ndim - 2)
    pads[axis] = (low, (outputs - 1) * stride + extent + 1 - low - x.shape[2 + axis])
    x = padded(x, pads)
    pads = [*geometry.pads]
    pads[axis] = (0, 0)
    single = geometry._replace(pads=tuple(pads))
    of_element = jax.ShapeDtypeStruct((*like.shape[: 2 + axis], 1, *like.shape[3 + axis :]), like.dtype)

    def element(start: jax.Array) -> jax.Array:
        seen = lax.dynamic_slice_in_dim(x, start, (outputs - 1) * stride + 1, 2 + axis)
        return jnp.squeeze(products_w(single, seen, y, of_element), 2 + axis)

    starts = jnp.arange(0, extent + 1, geometry.dilation[axis], dtype=jnp.int32)
    return jnp.moveaxis(lax.map(element, starts), 0, 2 + axis)


def columns_y(geometry: Geometry, x: jax.Array, w: jax.Array) -> jax.Array:
    """The cross-correlation as one product."""
    outputs, kernel = geometry.outputs(x.shape[2:], w.shape[2:]), w.shape[2:]
    y = jnp.moveaxis(w, 1, -1).reshape(w.shape[0], -1) @ _columns(geometry, x, kernel, outputs)
    return y.reshape(-1, x.shape[0], *outputs).swapaxes(0, 1)


def columns_w(geometry: Geometry, x: jax.Array, y: jax.Array, like: jax.ShapeDtypeStruct, outer: bool) -> jax.Array:
    """The gradient in w as one product.

    With `outer`, for which the first dimension's stride has to be 1, the kernel's elements in that dimension are shifts
    of y and not of x: as large a product of smaller factors.
    """
    (out, channels, *kernel), outputs = like.shape, y.shape[2:]
    y, shifts = y.swapaxes(0, 1), 1
    if outer:
        (extent, *_), shifts = geometry.extents(kernel), kernel[0]
        y = padded(y, [(extent, extent), *[(0, 0)] * (len(kernel) - 1)])
        y = taps(y[..., None], y.ndim, 2, shifts, geometry.dilation[0], outputs[0] + extent)  # from the last one on
        kernel, outputs = [1, *kernel[1:]], [outputs[0] + extent, *outputs[1:]]
    columns = _columns(geometry, x, kernel, outputs)
    w = lax.dot_general(y.reshape(shifts * out, -1), columns, (((1,), (1,)), ((), ())))
    w = w.reshape(shifts, out, -1, channels)
    return (w[::-1] if outer else w).transpose(1, 3, 0, 2).reshape(like.shape)


def _columns(geometry: Geometry, x: jax.Array, kernel: Sequence[int], outputs: Sequence[int]) -> jax.Array:
    """The windows of x as columns; a row is one element of the kernel and, within it, one channel."""
    n, channels = len(kernel), x.shape[1]
    dimensions = zip(outputs, geometry.stride, geometry.extents(kernel), strict=True)
    steps = [m + extent // s for m, s, extent in dimensions]
    dimensions = zip(geometry.pads, steps, geometry.stride, x.shape[2:], strict=True)
    x = padded(x.swapaxes(0, 1), [(low, m * s - low - size) for (low, _), m, s, size in dimensions])
    # Without these barriers the copies would be made anew, element by element, for every element of the kernel.
    x = lax.optimization_barrier(x)
    x = phases.split(x, 2, geometry.stride, to=0)
    x = lax.optimization_barrier(x) if max(geometry.stride) > 1 else x
    if math.prod(kernel) <= MAX_UNROLLED_TAPS:  # copied once, and not for each dimension
        rows = []
        for tap in itertools.product(*map(range, kernel)):
            places = [k * d for k, d in zip(tap, geometry.dilation, strict=True)]
            row = x[tuple(place % s for place, s in zip(places, geometry.stride, strict=True))]
            for axis, (place, s, m) in enumerate(zip(places, geometry.stride, outputs, strict=True), 2):
                row = lax.slice_in_dim(row, place // s, place // s + m, axis=axis)
            rows.append(row)
        return jnp.concatenate(rows).reshape(len(rows) * channels, -1)
    for axis in reversed(range(n)):
        # the last axis of phases; the steps of that dimension follow the phases, the channels and the batch
        x = taps(x, n - 1, n + 2 + axis, kernel[axis], geometry.dilation[axis], outputs[axis])
    return x.reshape(math.prod(kernel) * channels, -1)


def shuffled(
    geometry: Geometry,
    w: jax.Array,
    y: jax.Array,
    like: jax.ShapeDtypeStruct,
    correlate: Callable[[Geometry, jax.Array, jax.Array], jax.Array] | None = None,
    groups: int = 1,
) -> jax.Array:
    """The gradient in x of a stride: an output of step 1 for every place between two steps, interleaved.

    `correlate` gives that output, of channels in groups; if None `to_y` does.
    """
    n, (out, channels) = y.ndim - 2, w.shape[:2]
    extents, stride, size = geometry.extents(w.shape[2:]), geometry.stride, like.shape[2:]
    kernel = [extent // s + 1 for extent, s in zip(extents, stride, strict=True)]
    places = [min(s, extent + 1) for extent, s in zip(extents, stride, strict=True)]  # the others get nothing
    # The kernel, its elements `dilation` apart, cut into one for every place.
    dimensions = zip(kernel, places, extents, geometry.dilation, strict=True)
    spread = [(0, 0, 0)] * 2 + [(0, k * r - extent - 1, d - 1) for k, r, extent, d in dimensions]
    w = lax.pad(w, jnp.zeros((), w.dtype), spread)
    w = phases.split(w, 2, places, to=1).reshape(out, -1, *kernel)
    # The steps at which windows meet x.
    low = [before // s for (before, _), s in zip(geometry.pads, stride, strict=True)]
    dimensions = zip(geometry.pads, size, stride, strict=True)
    high = [-(-(before + length) // s) for (before, _), length, s in dimensions]
    dimensions = zip(kernel, low, high, y.shape[2:], strict=True)
    single = Geometry((1,) * n, tuple((k - 1 - a, b - m) for k, a, b, m in dimensions), (1,) * n)
    x = (correlate or to_y)(single, y, mirrored(w, groups))
    steps = [b - a for a, b in zip(low, high, strict=True)]
    x = x.reshape(x.shape[0], groups, *places, channels, *steps)
    x = padded(x, [*((0, s - r) for s, r in zip(stride, places, strict=True)), *[(0, 0)] * (n + 1)])
    x = phases.interleaved(x, 2, n)
    x = x.reshape(*like.shape[:2], *x.shape[3:])
    dimensions = zip(geometry.pads, size, stride, low, high, strict=True)
    return padded(x, [(a * s - before, before + length - b * s) for (before, _), length, s, a, b in dimensions])
