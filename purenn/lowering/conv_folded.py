"""Convolutions of a batch as the convolution of one wide image.

XLA:CPU divides the work within a row among cores, if it divides any. The images of a batch, and bands of rows of each
image, lie side by side. Leading dimensions go into the batch and the channels, so that any rank is one of the first
two.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from purenn.lowering import phases
from purenn.lowering.conv_geometry import Geometry, correlated, padded, taps
from purenn.lowering.sizes import are_known

__all__ = ["bands", "folded"]

# Elements of a row's windows, of the weight and of a row's outputs from which XLA divides a row. 2026-11, 60 shapes of
# 3 to 5 wide kernels on two cores: one core below 110,000, from 120,000 to 150,000 on 1 to 1.9, more cores above.
MIN_DIVIDED_ELEMENTS = 115_000
MIN_WIDE_ROW_ELEMENTS = 150_000  # of the windows of a folded row
# Products per element of x and y from which folding is worth its copies. 2026-11: at 72 (16 to 16 channels, 3 x 3) it
# took 1.1 times as long as XLA's own, at 96 0.7.
MIN_PRODUCTS_PER_ELEMENT = 90
MIN_BAND_ROWS = 2  # of outputs; a band of fewer is mostly rows that its neighbours read, too
MAX_BANDS = 16  # each is a slice of its own in the program


def bands(geometry: Geometry, x: jax.Array, w: jax.Array) -> int:
    """The number of bands that the images of a convolution of rank two are cut into; 0 if XLA's own is as fast."""
    outputs, elements = geometry.outputs(x.shape[2:], w.shape[2:]), math.prod(w.shape[1:])
    if not are_known((*x.shape, *outputs)):
        return 0
    height, width = outputs
    alone = width * elements + math.prod(w.shape) + width * w.shape[0]
    y = w.shape[0] * height * width
    per_element = elements * y / (math.prod(x.shape[1:]) + y)
    if alone >= MIN_DIVIDED_ELEMENTS or per_element < MIN_PRODUCTS_PER_ELEMENT:
        return 0
    needed = -(-MIN_WIDE_ROW_ELEMENTS // (x.shape[0] * width * elements))
    most = min(height // MIN_BAND_ROWS, MAX_BANDS)
    return next((n for n in range(needed, most + 1) if height % n == 0), 0)


def folded(geometry: Geometry, x: jax.Array, w: jax.Array, bands: int = 1) -> jax.Array:
    """The cross-correlation as that of one wide image.

    In rank three the first dimension goes into the batch and the channels.

    Args:
        geometry: where the windows lie.
        x: the input.
        w: the weight.
        bands: into how many bands of rows each image is cut; it divides the outputs' height.
    """
    (batch, n), channels = (x.shape[0], x.ndim - 2), w.shape[0]
    outputs = geometry.outputs(x.shape[2:], w.shape[2:])
    if n == 3:
        x, w = _merged(geometry, x, w, outputs[0])
        geometry = Geometry(geometry.stride[1:], geometry.pads[1:], geometry.dilation[1:])
    images, count, height, width = x.shape
    (down, across), (tall, extent) = geometry.stride, geometry.extents(w.shape[2:])
    (top, _), (low, _) = geometry.pads
    wide = outputs[-1]
    # An image takes so many steps that its outputs fit in, and that what is read beyond it are its neighbour's zeros.
    last = (wide - 1) * across + extent
    columns_read = min(width, last - low + 1)
    steps = max(wide, -(-(last + 1 - max(low, 0)) // across), -(-(low + columns_read) // across))
    rows, vertical = height, geometry.pads[0]
    x = padded(x, [(low, steps * across - low - width)])
    if bands > 1:
        per_band = outputs[-2] // bands * down  # rows from the beginning of a band to that of the next
        rows, vertical = per_band - down + tall + 1, (0, 0)
        x = padded(x, [(top, (bands - 1) * per_band + rows - top - height), (0, 0)])
        x = jnp.stack([x[:, :, i * per_band : i * per_band + rows] for i in range(bands)])
    x = x.reshape(bands, images, count, rows, -1).transpose(3, 0, 1, 4, 2)
    x = x.reshape(1, rows, bands * images * steps * across, count)
    row = geometry._replace(pads=(vertical, (0, extent + 1 - across)))
    y = correlated(row, x, w, minor=True).reshape(-1, bands, images, steps, channels)[..., :wide, :]
    y = y.transpose(2, 4, 1, 0, 3).reshape(batch, *outputs[: n - 2], channels, *outputs[n - 2 :])
    return jnp.moveaxis(y, n - 1, 1)


def _merged(geometry: Geometry, x: jax.Array, w: jax.Array, outputs: int) -> tuple[jax.Array, jax.Array]:
    """The first dimension goes into the batch and the kernel's into the channels."""
    (low, _), stride, kernel = geometry.pads[0], geometry.stride[0], w.shape[2]
    steps = outputs + geometry.dilation[0] * (kernel - 1) // stride
    x = padded(x, [(low, steps * stride - low - x.shape[2]), *[(0, 0)] * (x.ndim - 3)])
    x = phases.split(x, 2, [stride])
    x = taps(x, 3, 2, kernel, geometry.dilation[0], outputs)  # the kernel's first, then (N, C, outputs, *)
    x = x.transpose(1, 3, 0, 2, *range(4, x.ndim))
    x = x.reshape(-1, kernel * w.shape[1], *x.shape[4:])
    return x, w.swapaxes(1, 2).reshape(w.shape[0], -1, *w.shape[3:])
