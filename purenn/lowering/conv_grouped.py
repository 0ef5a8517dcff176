"""Convolutions in groups on the CPU, where lax's own, and still more their gradients, are many times slower than torch.

With few channels in a group the output is a sum of shifted products, which compiles to one loop; a depthwise
convolution is the case of one channel. The gradient in x is such sums, too: one for each phase, which are the places
of x that leave the same rest modulo the stride. The gradient in w takes one pass over x and y for all of the kernel's
elements at once. With many channels every group is a dense convolution.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["each_group", "few", "gradient_w", "gradient_x", "summed"]

Ints = Sequence[int]
Pads = Sequence[tuple[int, int]]


def few(w: jax.ShapeDtypeStruct, groups: int) -> bool:
    """Whether an output is a sum of so few products, and an element of x in so few, that they are written out."""
    return max(math.prod(w.shape[1:]), math.prod(w.shape[2:]) * (w.shape[0] // groups)) <= 100


def summed(x: Any, w: Any, stride: Ints, pads: Pads, dilation: Ints, groups: int) -> jax.Array:
    """The convolution, product by product."""
    sizes = _outputs(x, w.shape[2:], stride, pads, dilation)
    x = _grouped(_padded(x, pads), groups)[:, :, None]
    w = _grouped(w[None], groups, 1)
    ones = (1,) * len(sizes)
    products = []
    for channel in range(w.shape[3]):
        here = lax.slice_in_dim(x, channel, channel + 1, axis=3)
        for place, seen in _seen(here, w.shape[4:], stride, dilation, sizes):
            factor = w[(slice(None),) * 3 + (slice(channel, channel + 1), *place)]
            products.append(factor.reshape(*factor.shape, *ones) * seen)
    y = sum(products[1:], start=products[0])
    return y.reshape(y.shape[0], y.shape[1] * y.shape[2], *sizes)


def gradient_x(w: Any, y: Any, size: Ints, stride: Ints, pads: Pads, dilation: Ints, groups: int) -> jax.Array:
    """The gradient of x, which is of spatial `size`."""
    geometry = zip(size, y.shape[2:], w.shape[2:], stride, pads, dilation, strict=True)
    phases = [_phases(s, m, k, step, before, apart) for s, m, k, step, (before, _), apart in geometry]
    needed = [[phase.pads for phase in line if phase] for line in phases]
    common = [(max(0, *(low for low, _ in line)), max(0, *(high for _, high in line))) for line in needed]
    y = _padded(y, common)
    w = _exchanged(w, groups)
    counts = [-(-s // step) for s, step in zip(size, stride, strict=True)]
    parts = []
    for chosen in itertools.product(*phases):
        reached = [phase for phase in chosen if phase]
        if len(reached) < len(size):
            parts.append(jnp.zeros((y.shape[0], w.shape[0], *counts), y.dtype))
            continue
        both = zip((phase.pads for phase in reached), common, strict=True)
        missing = [(low - before, high - after) for (low, high), (before, after) in both]
        kernel = w[(slice(None), slice(None), *(phase.kernel for phase in reached))]
        parts.append(summed(y, kernel, (1,) * len(size), missing, [phase.dilation for phase in reached], groups))
    return _interleaved(parts, stride, size)


def gradient_w(
    x: Any, y: Any, kernel: Ints, stride: Ints, pads: Pads, dilation: Ints, groups: int, apart: bool = False
) -> jax.Array:
    """The gradient of w, of spatial size `kernel`: one reduction with an accumulator for each of its elements.

    If `apart`, a reduction for each element.
    """
    x, y = _grouped(_padded(x, pads), groups)[:, :, None], _grouped(y, groups)[:, :, :, None]
    products = [y * seen for _, seen in _seen(x, kernel, stride, dilation, y.shape[4:])]
    zeros, places = [np.zeros((), y.dtype)] * len(products), tuple(range(4, y.ndim))
    if apart:
        w = jnp.stack([jnp.sum(product, (0, *places)) for product in products], -1)
    else:
        sums = lax.reduce(products, zeros, lambda a, b: [p + q for p, q in zip(a, b, strict=True)], places)
        w = jnp.stack(sums, -1).sum(0)
    return w.reshape(-1, w.shape[2], *kernel)


def each_group(function: Callable[..., jax.Array], groups: int, *arrays: tuple[Any, int], axis: int) -> jax.Array:
    """A function of the groups' parts of arrays, each with the axis of its channels, joined along `axis`."""
    parts = zip(*(jnp.split(array, groups, of) for array, of in arrays), strict=True)
    return jnp.concatenate([function(*part) for part in parts], axis)


def _outputs(x: Any, kernel: Ints, stride: Ints, pads: Pads, dilation: Ints) -> list[int]:
    geometry = zip(x.shape[2:], kernel, stride, pads, dilation, strict=True)
    return [(n + low + high - d * (k - 1) - 1) // s + 1 for n, k, s, (low, high), d in geometry]


def _padded(x: Any, pads: Pads) -> jax.Array:
    return lax.pad(x, np.zeros((), x.dtype), [(0, 0, 0), (0, 0, 0), *((*pair, 0) for pair in pads)])


def _grouped(x: Any, groups: int, axis: int = 1) -> jax.Array:
    """With the channels as two axes: the group and the channel in it."""
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def _exchanged(w: Any, groups: int) -> jax.Array:
    """The weight with in and out exchanged in every group."""
    w = _grouped(w, groups, 0).swapaxes(1, 2)
    return w.reshape(-1, *w.shape[2:])


def _seen(x: Any, kernel: Ints, stride: Ints, dilation: Ints, sizes: Ints) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The kernel's places, and what of the padded x they see."""
    lead = x.ndim - len(sizes)
    for place in itertools.product(*map(range, kernel)):
        starts = [at * d for at, d in zip(place, dilation, strict=True)]
        ends = [start + (m - 1) * s + 1 for start, m, s in zip(starts, sizes, stride, strict=True)]
        yield place, lax.slice(x, (0,) * lead + (*starts,), (*x.shape[:lead], *ends), (1,) * lead + (*stride,))


class _Phase(NamedTuple):
    """How every `stride`-th place of x, in one dimension, depends on y: by a convolution of stride 1."""

    kernel: slice  # the elements of the kernel, mirrored
    pads: tuple[int, int]
    dilation: int


def _phases(size: int, outputs: int, kernel: int, stride: int, before: int, dilation: int) -> list[_Phase | None]:
    """Those of the places 0, 1, ... modulo `stride`; None where no element of the kernel arrives.

    Place ``i = stride q + r`` gets ``w[k] y[m]`` for ``i + before = stride m + dilation k``.
    """
    common = math.gcd(stride, dilation)
    step, apart, count = stride // common, dilation // common, -(-size // stride)
    phases: list[_Phase | None] = []
    for r in range(stride):
        first = next((k for k in range(min(step, kernel)) if (r + before - dilation * k) % stride == 0), None)
        if first is None:
            phases.append(None)
            continue
        last = first + (kernel - 1 - first) // step * step
        low = (dilation * last - r - before) // stride
        extent = (last - first) // step * apart
        phases.append(_Phase(slice(last, None, -step), (low, count + extent - outputs - low), apart))
    return phases


def _interleaved(parts: Sequence[Any], stride: Ints, size: Ints) -> jax.Array:
    """Phases, the last dimension's running fastest, as one array of spatial `size`."""
    if len(parts) == 1:
        return parts[0]
    n, (lead, counts) = len(size), (parts[0].shape[:2], parts[0].shape[2:])
    x = jnp.stack(parts, 2).reshape(*lead, *stride, *counts)
    x = x.transpose(0, 1, *(2 + axis for i in range(n) for axis in (n + i, i)))
    x = x.reshape(*lead, *(c * s for c, s in zip(counts, stride, strict=True)))
    return lax.slice(x, (0,) * x.ndim, (*lead, *size))
