"""Convolutions in groups on the CPU, where lax's own, and still more their gradients, are many times slower than torch.

With few channels in a group the output is a sum of shifted products, which compiles to one loop over its elements; a
depthwise convolution is the case of one channel. The gradient in x is such sums, too: one for each phase, which are the
places of x that leave the same rest modulo the stride. The gradient in w takes one pass over x and y for all of the
kernel's elements at once. Beyond `MAX_UNROLLED_PRODUCTS` all of it goes in a loop of some products at a time. With many
channels every group is a dense convolution.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering import phases
from purenn.lowering.conv_dense import shuffled
from purenn.lowering.conv_geometry import Geometry, exchanged, padded
from purenn.lowering.linear_map import Shaped
from purenn.lowering.sizes import are_known

__all__ = ["each_group", "few", "gradient_w", "gradient_x", "summed"]

Ints = Sequence[int]

MAX_UNROLLED_PRODUCTS = 100  # products per output, or per element of x, that are written out
# Products per turn of a loop beyond that. 2026-11: of 64 channels' 169 products 8, 16 and 32 took 2.2, 2.1 and 2.8 ms
# forward, XLA's own convolution 38.
PRODUCTS_PER_TURN = 8
MAX_UNROLLED_PHASES = 16  # phases of x that are written out; more are an axis of the output
MAX_UNROLLED_GROUPS = 8  # dense convolutions that are written out; more are a loop of products
MAX_NARROW_CHANNELS = 2  # channels per group that are too few for products of matrices


def few(w: Shaped, groups: int) -> bool:
    """Whether each output, and each element of x, takes part in too few products for products of matrices."""
    return _products(w, groups) <= MAX_UNROLLED_PRODUCTS or max(w.shape[1], w.shape[0] // groups) <= MAX_NARROW_CHANNELS


def _products(w: Shaped, groups: int) -> int:
    return max(math.prod(w.shape[1:]), math.prod(w.shape[2:]) * (w.shape[0] // groups))


def summed(geometry: Geometry, x: jax.Array, w: jax.Array, groups: int) -> jax.Array:
    """The convolution, product by product."""
    stride, pads, dilation = geometry
    sizes = geometry.outputs(x.shape[2:], w.shape[2:])
    x = _grouped(padded(x, pads), groups)[:, :, None]
    w = _grouped(w[None], groups, 1)
    kernel, ones = w.shape[3:], (1,) * len(sizes)
    w = w.reshape(*w.shape[:3], -1)

    def products(w: jax.Array, seen: Iterator[jax.Array]) -> jax.Array:
        terms = [w[..., i].reshape(*w.shape[:3], 1, *ones) * one for i, one in enumerate(seen)]
        return functools.reduce(jnp.add, terms)

    count = w.shape[3]
    if count <= MAX_UNROLLED_PRODUCTS:
        y = products(w, _seen(x, _starts(kernel, dilation), sizes, stride))
    else:
        starts = _in_turns(_starts(kernel, dilation))
        missing = math.prod(starts.shape[:2]) - count  # the last turn's are products with zeros
        w = jnp.pad(w, [(0, 0)] * 3 + [(0, missing)]).reshape(*w.shape[:3], *starts.shape[:2])

        def turn(y: jax.Array, slices: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            w, starts = slices
            return y + products(w, _seen(x, starts, sizes, stride)), None

        zeros = jnp.zeros((x.shape[0], *w.shape[1:3], 1, *sizes), x.dtype)
        y, _ = lax.scan(turn, zeros, (jnp.moveaxis(w, 3, 0), jnp.asarray(starts)))
    return y.reshape(y.shape[0], y.shape[1] * y.shape[2], *sizes)


def gradient_x(geometry: Geometry, w: jax.Array, y: jax.Array, size: Ints, groups: int) -> jax.Array:
    """The gradient of x, which is of spatial `size`."""
    stride, pads, dilation = geometry
    unrolled = _products(w, groups) <= MAX_UNROLLED_PRODUCTS and math.prod(stride) <= MAX_UNROLLED_PHASES
    if max(stride) > 1 and not (unrolled and are_known(size)):
        like = jax.ShapeDtypeStruct((y.shape[0], groups * w.shape[1], *size), y.dtype)
        return shuffled(geometry, w, y, like, functools.partial(summed, groups=groups), groups)
    dimensions = zip(size, y.shape[2:], w.shape[2:], stride, pads, dilation, strict=True)
    phases_by_axis = [_phases(s, m, k, step, before, apart) for s, m, k, step, (before, _), apart in dimensions]
    needed = [[phase.pads for phase in of_axis if phase] for of_axis in phases_by_axis]
    common = [(max(0, *(low for low, _ in of_axis)), max(0, *(high for _, high in of_axis))) for of_axis in needed]
    y = padded(y, common)
    w = exchanged(w, groups)
    counts = [-(-s // step) for s, step in zip(size, stride, strict=True)]
    parts = []
    for chosen in itertools.product(*phases_by_axis):
        reached = [phase for phase in chosen if phase]
        if len(reached) < len(size):
            parts.append(jnp.zeros((y.shape[0], w.shape[0], *counts), y.dtype))
            continue
        both = zip((phase.pads for phase in reached), common, strict=True)
        missing = tuple((low - before, high - after) for (low, high), (before, after) in both)
        kernel = w[(slice(None), slice(None), *(phase.kernel for phase in reached))]
        single = Geometry((1,) * len(size), missing, tuple(phase.dilation for phase in reached))
        parts.append(summed(single, y, kernel, groups))
    if len(parts) == 1:
        return parts[0]
    x = jnp.stack(parts, 2).reshape(*parts[0].shape[:2], *stride, *counts)
    x = phases.interleaved(x, 2, len(size))
    return lax.slice(x, (0,) * x.ndim, (*x.shape[:2], *size))


def gradient_w(
    geometry: Geometry, x: jax.Array, y: jax.Array, kernel: Ints, groups: int, apart: bool = False
) -> jax.Array:
    """The gradient of w, of spatial size `kernel`: one reduction with one accumulator per element of the kernel.

    If `apart`, one reduction per element.
    """
    stride, pads, dilation = geometry
    x, y = _grouped(padded(x, pads), groups)[:, :, None], _grouped(y, groups)[:, :, :, None]
    starts = _starts((x.shape[3], *kernel), dilation)

    def sums(starts: np.ndarray | jax.Array) -> jax.Array:
        products, places = [y * seen for seen in _seen(x, starts, y.shape[4:], stride)], tuple(range(4, y.ndim))
        if apart:
            return jnp.stack([jnp.sum(product, (0, *places)) for product in products], -1)
        zeros = [np.zeros((), y.dtype)] * len(products)
        totals = lax.reduce(products, zeros, lambda a, b: [p + q for p, q in zip(a, b, strict=True)], places)
        return jnp.stack(totals, -1).sum(0)

    if len(starts) <= MAX_UNROLLED_PRODUCTS:
        w = sums(starts)
    else:
        w = jnp.moveaxis(lax.map(sums, jnp.asarray(_in_turns(starts))), 0, -2)
        w = w.reshape(*w.shape[:-2], -1)[..., : len(starts)]
    return w.reshape(-1, x.shape[3], *kernel)


def each_group(
    function: Callable[..., jax.Array],
    in_loop: Callable[..., jax.Array],
    groups: int,
    *arrays: tuple[jax.Array, int],
    axis: int,
) -> jax.Array:
    """Applies a function to each group's part of the arrays, and joins the results along `axis`.

    Every array comes with the axis of its channels. For many groups `in_loop`, which computes the same, runs in a loop.
    """
    if groups <= MAX_UNROLLED_GROUPS:
        parts = zip(*(jnp.split(array, groups, of) for array, of in arrays), strict=True)
        return jnp.concatenate([function(*part) for part in parts], axis)
    stacked = tuple(jnp.moveaxis(_grouped(array, groups, of), of, 0) for array, of in arrays)
    y = jnp.moveaxis(lax.map(lambda part: in_loop(*part), stacked), 0, axis)
    return y.reshape(*y.shape[:axis], groups * y.shape[axis + 1], *y.shape[axis + 2 :])


def _grouped(x: jax.Array, groups: int, axis: int = 1) -> jax.Array:
    """Splits the channels into two axes: the group and the channel in it."""
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def _starts(kernel: Ints, dilation: Ints) -> np.ndarray:
    """Where the windows' elements lie for the first window: the channel, and the places in x."""
    places = np.array(list(itertools.product(*map(range, kernel))), np.int32)
    return places * np.array([1, *dilation], np.int32)


def _in_turns(starts: np.ndarray) -> np.ndarray:
    """The starts of each turn of a loop; those of the last turn are filled up with zeros."""
    turns = -(-len(starts) // PRODUCTS_PER_TURN)
    size = -(-len(starts) // turns)
    filled = np.concatenate([starts, np.zeros_like(starts[: turns * size - len(starts)])])
    return filled.reshape(turns, size, -1)


def _seen(x: jax.Array, starts: np.ndarray | jax.Array, sizes: Ints, stride: Ints) -> Iterator[jax.Array]:
    """The parts of the padded x that the kernel's elements see, for one channel and one place each, known or traced."""
    lead = x.ndim - len(sizes) - 1
    window = (*x.shape[:lead], 1, *((m - 1) * s + 1 for m, s in zip(sizes, stride, strict=True)))
    steps = (*(1,) * (lead + 1), *stride)
    for i in range(len(starts)):
        if isinstance(starts, np.ndarray):
            start = (*(0,) * lead, *starts[i].tolist())
            yield lax.slice(x, start, [a + n for a, n in zip(start, window, strict=True)], steps)
        else:
            seen = lax.dynamic_slice(x, [*[np.int32(0)] * lead, *starts[i]], window)
            yield seen if max(stride) == 1 else lax.slice(seen, (0,) * x.ndim, window, steps)


class _Phase(NamedTuple):
    """How every `stride`-th place of x, in one dimension, depends on y: by a convolution of stride 1."""

    kernel: slice  # the elements of the kernel, mirrored
    pads: tuple[int, int]
    dilation: int


def _phases(size: int, outputs: int, kernel: int, stride: int, before: int, dilation: int) -> list[_Phase | None]:
    """Sorts the places 0, 1, ... by their remainder modulo `stride`; None where no element of the kernel arrives.

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
