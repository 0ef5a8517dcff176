"""Convolutions of all channels with all, on the CPU: the formulations, and the choice among them.

XLA is slow at rank three, at gradients in w and at strides in gradients, and uses one core where rows are short. Here

- `folded` is XLA's convolution of one image, the whole batch side by side, whose long rows all cores share. Leading
  dimensions can go into the batch and the channels, so that any rank is one of the first two;
- `columns_y` and `columns_w` are one product with the windows' elements as columns;
- `shuffled`, the gradient in x of a stride, is an output of as many channels for every place between two steps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.conv_geometry import Geometry, correlated, mirrored, padded

__all__ = ["columns_w", "columns_y", "folded", "shuffled", "takes", "to_w", "to_x", "to_y"]

_FEW = 4  # channels, too few to fill a vector
_MANY = 16  # channels that a row is worth rearranging for
_NARROW = 48  # outputs of a row, of which XLA makes too little work for two cores
_CHUNK = 1 << 22  # bytes of columns at a time, so that they stay in the cache
_MOST = 1 << 26  # bytes of the columns of one image, above which they take too much memory


def takes(*arrays: Any) -> bool:
    """Whether the formulations here are meant for such arrays."""
    return all(a.dtype in (jnp.float32, jnp.float64) and 0 not in a.shape for a in arrays)


def to_y(geometry: Geometry, x: Any, w: Any) -> Any:
    """The cross-correlation, in the formulation for its shapes.

    Against XLA's own, float32 on two cores with AVX2: columns take 0.56 to 0.85 of the time, folding 0.16 to 0.41 of it
    in rank three and 0.54 to 1.06 in rank two with narrow rows; with wide rows, few channels or a stride up to 1.28.
    """
    n, kernel = x.ndim - 2, w.shape[2:]
    if n > 1 and all(k <= s for k, s in zip(kernel, geometry.stride, strict=True)):
        return columns_y(geometry, x, w)
    if n == 3:
        return folded(geometry, x, w, 1 + (x.shape[1] < _FEW))
    narrow = n == 2 and max(geometry.stride) == 1 and geometry.outputs(x.shape[2:], kernel)[1] <= _NARROW
    if narrow and x.shape[0] > 1 and x.shape[1] >= _MANY:
        return folded(geometry, x, w, 0)
    return correlated(geometry, x, w)


def to_x(geometry: Geometry, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
    """The gradient in x, which is the transposed convolution.

    With a stride, `shuffled` takes 0.01 of the time of XLA's own in rank three, and 0.46 to 0.93 in the others, but
    for one image in rank two up to 1.37.
    """
    n, kernel = len(like.shape) - 2, w.shape[2:]
    reverse = geometry.reversed(like.shape[2:], kernel, y.shape[2:])
    if max(geometry.stride) == 1:
        return (correlated if n == 2 and like.shape[1] < _FEW else to_y)(reverse, y, mirrored(w))
    phases = zip(geometry.extents(kernel), geometry.stride, kernel, strict=True)
    waste = math.prod((e // s + 1) * min(s, e + 1) / k for e, s, k in phases)  # zeros among the kernel's elements
    if n == 3 or (waste < 1.5 and (n == 1 or y.shape[0] > 1)):
        return shuffled(geometry, w, y, like)
    return correlated(reverse, y, mirrored(w), spread=geometry.stride)


def to_w(geometry: Geometry, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
    """The gradient in w: columns take 0.11 to 0.92 of the time of XLA's own, at small sizes with a stride up to 1.4."""
    (batch, channels), kernel, n = x.shape[:2], like.shape[2:], x.ndim - 2
    outer = n > 1 and channels >= _FEW and geometry.stride[0] == 1 and kernel[0] > 1
    image = math.prod((channels, *kernel[outer:], *y.shape[2:])) * x.dtype.itemsize
    if image > _MOST or (n == 1 and (channels < _FEW or kernel[0] > geometry.stride[0] == 1)):
        return jax.linear_transpose(lambda w: correlated(geometry, x, w), like)(y)[0]
    size = max(b for b in range(1, batch + 1) if batch % b == 0 and (b == 1 or b * image <= _CHUNK))
    if size == batch:
        return columns_w(geometry, x, y, like, outer)

    def add(total: Any, chunk: Any) -> Any:
        return total + columns_w(geometry, chunk[0], chunk[1], like, outer), None

    chunks = [array.reshape(-1, size, *array.shape[1:]) for array in (x, y)]
    return lax.scan(add, jnp.zeros(like.shape, like.dtype), chunks)[0]


def folded(geometry: Geometry, x: Any, w: Any, leading: int) -> Any:
    """The cross-correlation as one of a single wide image, after the `leading` dimensions have gone elsewhere."""
    (batch, n), channels = (x.shape[0], x.ndim - 2), w.shape[0]
    outputs = geometry.outputs(x.shape[2:], w.shape[2:])
    if leading:
        x, w = _merged(geometry, x, w, outputs[:leading])
        geometry = Geometry(geometry.stride[leading:], geometry.pads[leading:], geometry.dilation[leading:])
    if leading == n - 1:  # a second dimension, one wide
        x, w = x[:, :, None], w[:, :, None]
        geometry = Geometry((1, *geometry.stride), ((0, 0), *geometry.pads), (1, *geometry.dilation))
    images, count, height, width = x.shape
    across, extent, low, wide = geometry.stride[1], geometry.extents(w.shape[2:])[1], geometry.pads[1][0], outputs[-1]
    # An image takes so many steps that its outputs fit in, and that what is read beyond it are its neighbour's zeros.
    last = (wide - 1) * across + extent
    taken = min(width, last - low + 1)
    steps = max(wide, -(-(last + 1 - max(low, 0)) // across), -(-(low + taken) // across))
    x = padded(x, [(low, steps * across - low - width)]).transpose(2, 0, 3, 1)
    x = x.reshape(1, height, images * steps * across, count)
    row = geometry._replace(pads=(geometry.pads[0], (0, extent + 1 - across)))
    y = correlated(row, x, w, minor=True).reshape(-1, images, steps, channels)[:, :, :wide]
    y = y.transpose(1, 3, 0, 2).reshape(batch, *outputs[:leading], channels, *outputs[leading:])
    return jnp.moveaxis(y, 1 + leading, 1)


def _merged(geometry: Geometry, x: Any, w: Any, outputs: Sequence[int]) -> tuple[Any, Any]:
    """Of the first dimensions, as many as `outputs`, these go into the batch and the kernel's into the channels."""
    n, leading = x.ndim - 2, len(outputs)
    x = padded(x, [*geometry.pads[:leading], *[(0, 0)] * (n - leading)])
    parts = []
    for tap in itertools.product(*map(range, w.shape[2 : 2 + leading])):
        part = x
        for axis, (k, d, s, m) in enumerate(zip(tap, geometry.dilation, geometry.stride, outputs, strict=False), 2):
            part = lax.slice_in_dim(part, k * d, k * d + (m - 1) * s + 1, s, axis)
        parts.append(part)
    x = jnp.moveaxis(jnp.stack(parts, 1), range(3, 3 + leading), range(1, 1 + leading))
    x = x.reshape(-1, len(parts) * w.shape[1], *x.shape[3 + leading :])
    w = jnp.moveaxis(w, 1, 1 + leading)
    return x, w.reshape(w.shape[0], -1, *w.shape[2 + leading :])


def columns_y(geometry: Geometry, x: Any, w: Any) -> Any:
    """The cross-correlation as one product."""
    outputs, kernel = geometry.outputs(x.shape[2:], w.shape[2:]), w.shape[2:]
    y = jnp.moveaxis(w, 1, -1).reshape(w.shape[0], -1) @ _columns(geometry, x, kernel, outputs)
    return y.reshape(-1, x.shape[0], *outputs).swapaxes(0, 1)


def columns_w(geometry: Geometry, x: Any, y: Any, like: jax.ShapeDtypeStruct, outer: bool) -> Any:
    """The gradient in w as one product.

    With `outer`, for which the first dimension's stride has to be 1, the kernel's elements in that dimension are shifts
    of y and not of x: as large a product of smaller factors.
    """
    (out, channels, *kernel), outputs = like.shape, y.shape[2:]
    y, starts = y.swapaxes(0, 1), range(1)
    if outer:
        (extent, *_), starts = geometry.extents(kernel), [k * geometry.dilation[0] for k in range(kernel[0])]
        flat = [(0, 0)] * (len(kernel) - 1)
        y = jnp.concatenate([padded(y, [(start, extent - start), *flat]) for start in starts])
        kernel, outputs = [1, *kernel[1:]], [outputs[0] + extent, *outputs[1:]]
    columns = _columns(geometry, x, kernel, outputs)
    w = lax.dot_general(y.reshape(len(starts) * out, -1), columns, (((1,), (1,)), ((), ())))
    w = w.reshape(len(starts), out, -1, channels)
    return w.transpose(1, 3, 0, 2).reshape(like.shape)


def _columns(geometry: Geometry, x: Any, kernel: Sequence[int], outputs: Sequence[int]) -> Any:
    """The windows of x, whose elements are rows, first the kernel's and then the channels."""
    n, (batch, channels) = len(kernel), x.shape[:2]
    given = zip(outputs, geometry.stride, geometry.extents(kernel), strict=True)
    steps = [m + extent // s for m, s, extent in given]
    given = zip(geometry.pads, steps, geometry.stride, x.shape[2:], strict=True)
    x = padded(x.swapaxes(0, 1), [(low, m * s - low - size) for (low, _), m, s, size in given])
    # Without these barriers the copies would be made anew, element by element, for every element of the kernel.
    x = lax.optimization_barrier(x)
    x = x.reshape(channels, batch, *itertools.chain(*zip(steps, geometry.stride, strict=True)))
    x = x.transpose(*range(3, 3 + 2 * n, 2), 0, 1, *range(2, 2 + 2 * n, 2))  # places between two steps come first
    x = lax.optimization_barrier(x) if max(geometry.stride) > 1 else x
    rows = []
    for tap in itertools.product(*map(range, kernel)):
        places = [k * d for k, d in zip(tap, geometry.dilation, strict=True)]
        row = x[tuple(place % s for place, s in zip(places, geometry.stride, strict=True))]
        for axis, (place, s, m) in enumerate(zip(places, geometry.stride, outputs, strict=True), 2):
            row = lax.slice_in_dim(row, place // s, place // s + m, axis=axis)
        rows.append(row)
    return (rows[0] if len(rows) == 1 else jnp.concatenate(rows)).reshape(len(rows) * channels, -1)


def shuffled(geometry: Geometry, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
    """The gradient in x of a stride: an output of step 1 for every place between two steps, interleaved."""
    n, (out, channels) = y.ndim - 2, w.shape[:2]
    extents, stride, size = geometry.extents(w.shape[2:]), geometry.stride, like.shape[2:]
    kernel = [extent // s + 1 for extent, s in zip(extents, stride, strict=True)]
    places = [min(s, extent + 1) for extent, s in zip(extents, stride, strict=True)]  # the others get nothing
    # The kernel, its elements `dilation` apart, cut into one for every place.
    given = zip(kernel, places, extents, geometry.dilation, strict=True)
    spread = [(0, 0, 0)] * 2 + [(0, k * r - extent - 1, d - 1) for k, r, extent, d in given]
    w = lax.pad(w, jnp.zeros((), w.dtype), spread)
    w = w.reshape(out, channels, *itertools.chain(*zip(kernel, places, strict=True)))
    w = w.transpose(0, *range(3, 3 + 2 * n, 2), 1, *range(2, 2 + 2 * n, 2)).reshape(out, -1, *kernel)
    # Of all steps those which meet x.
    low = [before // s for (before, _), s in zip(geometry.pads, stride, strict=True)]
    given = zip(geometry.pads, size, stride, strict=True)
    high = [-(-(before + length) // s) for (before, _), length, s in given]
    given = zip(kernel, low, high, y.shape[2:], strict=True)
    single = Geometry((1,) * n, tuple((k - 1 - a, b - m) for k, a, b, m in given), (1,) * n)
    x = to_y(single, y, mirrored(w))
    steps = [b - a for a, b in zip(low, high, strict=True)]
    x = x.reshape(-1, *places, channels, *steps)
    x = padded(x, [*((0, s - r) for s, r in zip(stride, places, strict=True)), *[(0, 0)] * (n + 1)])
    x = x.transpose(0, n + 1, *itertools.chain(*((n + 2 + i, 1 + i) for i in range(n))))
    x = x.reshape(*like.shape[:2], *(m * s for m, s in zip(steps, stride, strict=True)))
    given = zip(geometry.pads, size, stride, low, high, strict=True)
    return padded(x, [(a * s - before, before + length - b * s) for (before, _), length, s, a, b in given])
