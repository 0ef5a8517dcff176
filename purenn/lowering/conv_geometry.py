"""Where the windows of a convolution lie, and XLA's own convolution of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.sizes import are_known

__all__ = ["Geometry", "correlated", "exchanged", "mirrored", "padded", "taps"]

MAX_UNROLLED_TAPS = 8  # elements of the kernel in one dimension that are written out; more are copied in a loop

Pads = Sequence[tuple[int, int]]


class Geometry(NamedTuple):
    """Stride, zeros before and after (negative ones cut off) and dilation of every spatial dimension."""

    stride: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    def extents(self, kernel: Sequence[int]) -> list[int]:
        """How far a window's last element is from its first."""
        return [d * (k - 1) for d, k in zip(self.dilation, kernel, strict=True)]

    def outputs(self, size: Sequence[int], kernel: Sequence[int]) -> list[int]:
        """How many windows there are."""
        dimensions = zip(size, self.pads, self.extents(kernel), self.stride, strict=True)
        return [(length + low + high - extent - 1) // s + 1 for length, (low, high), extent, s in dimensions]

    def reversed(self, size: Sequence[int], kernel: Sequence[int], outputs: Sequence[int]) -> Geometry:
        """The geometry, over an output spread by the stride, of the gradient in an input of this size."""
        low = [extent - before for extent, (before, _) in zip(self.extents(kernel), self.pads, strict=True)]
        spread = [(m - 1) * s + 1 for m, s in zip(outputs, self.stride, strict=True)]
        dimensions = zip(low, size, spread, self.extents(kernel), strict=True)
        pads = tuple((before, length - wide - before + extent) for before, length, wide, extent in dimensions)
        return Geometry((1,) * len(pads), pads, self.dilation)


def correlated(
    geometry: Geometry,
    x: jax.Array,
    w: jax.Array,
    groups: int = 1,
    spread: Sequence[int] | None = None,
    minor: bool = False,
) -> jax.Array:
    """XLA's convolution; with `spread` x has zeros between its elements, with `minor` the channels are last."""
    axes = tuple(range(x.ndim))
    places = (0, x.ndim - 1, *axes[1:-1]) if minor else axes
    pads, extents = geometry.pads, geometry.extents(w.shape[2:])
    if unknown := not are_known(high for _, high in pads):  # of a gradient, whose stride is 1
        pads = [(low, extent) for (low, _), extent in zip(pads, extents, strict=True)]
    y = lax.conv_general_dilated(
        x,
        w,
        geometry.stride,
        pads,
        lhs_dilation=spread,
        rhs_dilation=geometry.dilation,
        dimension_numbers=lax.ConvDimensionNumbers(places, axes, places),
        feature_group_count=groups,
    )
    if unknown:  # windows beyond see nothing but zeros
        y = padded(y, [(0, high - extent) for (_, high), extent in zip(geometry.pads, extents, strict=True)])
    return y


def exchanged(w: jax.Array, groups: int = 1) -> jax.Array:
    """The kernel with its input and output channels exchanged within every group."""
    spatial = w.shape[2:]
    return w.reshape(groups, -1, *w.shape[1:]).swapaxes(1, 2).reshape(groups * w.shape[1], -1, *spatial)


def mirrored(w: jax.Array, groups: int = 1) -> jax.Array:
    """The kernel of the gradient in x: `exchanged`, and reversed along every spatial dimension."""
    return jnp.flip(exchanged(w, groups), range(2, w.ndim))


def padded(x: jax.Array, pads: Pads) -> jax.Array:
    """x with zeros before and after its last dimensions; negative ones cut off."""
    pads = [(0, 0)] * (x.ndim - len(pads)) + list(pads)
    return lax.pad(x, jnp.zeros((), x.dtype), [(*pair, 0) for pair in pads])


def taps(x: jax.Array, phase_axis: int, steps: int, kernel: int, dilation: int, outputs: int) -> jax.Array:
    """The windows' elements along a dimension that is split into steps and phases, two axes.

    The elements are a new first axis; the axis of the phases is gone.
    """
    stride, reach = x.shape[phase_axis], (kernel - 1) * dilation
    if reach < stride:  # every phase holds at most one element of the kernel
        x = lax.slice_in_dim(x, 0, reach + 1, dilation, axis=phase_axis)
        return jnp.moveaxis(lax.slice_in_dim(x, 0, outputs, axis=steps), phase_axis, 0)
    steps -= steps > phase_axis

    def tap(place: jax.Array) -> jax.Array:
        of_phase = lax.dynamic_index_in_dim(x, place % stride, phase_axis, keepdims=False)
        return lax.dynamic_slice_in_dim(of_phase, place // stride, outputs, steps)

    places = range(0, kernel * dilation, dilation)
    if kernel > MAX_UNROLLED_TAPS:
        return lax.map(tap, jnp.asarray(places, jnp.int32))
    rows = []
    for place in places:
        of_phase = lax.index_in_dim(x, place % stride, phase_axis, keepdims=False)
        rows.append(lax.slice_in_dim(of_phase, place // stride, place // stride + outputs, axis=steps))
    return jnp.stack(rows)
