"""Pooling in any number of dimensions, one dimension after the other.

Sums and maxima of boxes are sums and maxima of columns of rows. Also the first of equal maxima in a box, row by row,
is the first in its row, in the first row that has it.

A window of few elements is written out, one slice for each. No program grows beyond that with the kernel: sums and
maxima of more are `reduce_window`'s, along one dimension at a time. Its gradients on the CPU are loops over scattered
elements or over all elements of all windows, so they are written here. The gradient of a sum gives every element the
sum over the windows that have it, of which two kinds alternate. A maximum remembers where it was found: windows apart
from each other are an axis of a reshaped array, and those that overlap are found by doubling, in a loop.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering import phases
from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, rule
from purenn.lowering.reduction import at, axis_max, found_by, is_nan, max_or_nan
from purenn.lowering.sizes import are_known, as_value, count, known_below
from purenn.lowering.stored import stored
from purenn.lowering.whole import whole

__all__ = ["Window", "max_pool", "sum_pool"]

# Elements of a window along one dimension that are written out; twice as many for the place of a maximum where windows
# overlap with a stride. The time to compile a gradient grows with their square; docs/performance.md has the figures.
MAX_UNROLLED_TAPS = 4

Join = Callable[[jax.Array, jax.Array], jax.Array]


class Window(NamedTuple):
    """The windows along one dimension of an input: window i sees ``i stride - padding + k dilation`` for k < kernel."""

    size: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    outputs: int

    @property
    def apart(self) -> bool:
        """Whether no element is in two windows."""
        return self.dilation == 1 and (self.kernel <= self.stride or self.outputs == 1)

    @property
    def inside(self) -> bool:
        """Whether a slice for each element of a window needs nothing outside of the input."""
        rows = self.outputs + (self.kernel - 1) * self.dilation // self.stride
        return self.padding == 0 and known_below(rows * self.stride, self.size + 1)

    def starts(self) -> np.ndarray | jax.Array:
        return count(self.outputs) * self.stride - self.padding

    def padded(self, x: jax.Array, axis: int, fill: float, length: int) -> jax.Array:
        """The input from the first window's first element on, of this length; `fill` stands outside of the input."""
        config = [(0, 0, 0)] * x.ndim
        config[axis] = (self.padding, length - self.size - self.padding, 0)
        return lax.pad(x, np.asarray(fill, x.dtype), config)

    def split(self, x: jax.Array, axis: int, fill: float) -> jax.Array:
        """Splits the axis of windows that do not overlap into two: windows and their elements."""
        step = self.kernel if self.outputs == 1 else self.stride
        x = self.padded(x, axis, fill, self.outputs * step)
        return lax.slice_in_dim(phases.split(x, axis, [step]), 0, self.kernel, axis=axis + 1)

    def taps(self, x: jax.Array, axis: int, fill: float) -> Iterator[jax.Array]:
        """The k-th elements of all windows, for k = 0, 1, ...; `fill` stands outside of the input.

        The input is split by phases, its elements modulo the stride, of which every tap is a plain slice. The
        transpose adds what comes to a phase, and interleaves the phases.
        """
        offsets = [divmod(k * self.dilation, self.stride) for k in range(self.kernel)]
        rows = self.outputs + offsets[-1][0]
        x = self.padded(x, axis, fill, rows * self.stride)
        needed = {phase for _, phase in offsets}
        bounds = sorted(needed | {phase + 1 for phase in needed} | {0, self.stride})
        parts = lax.split(phases.split(x, axis, [self.stride]), np.diff(bounds).tolist(), axis + 1)
        by_phase = dict(zip(bounds[:-1], parts, strict=True))
        for row, phase in offsets:
            yield lax.slice_in_dim(lax.squeeze(by_phase[phase], [axis + 1]), row, row + self.outputs, 1, axis)


def _lowest(dtype: np.dtype) -> float:
    """The number that is never larger than an element."""
    return -np.inf if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).min


def _chosen(taps: Iterable[jax.Array], number: jax.Array) -> jax.Array:
    """Takes from every window the element whose number is given."""
    return functools.reduce(jnp.add, [jnp.where(number == k, tap, jnp.zeros_like(tap)) for k, tap in enumerate(taps)])


def _window_max(x: jax.Array, axis: int, window: Window) -> tuple[jax.Array, jax.Array]:
    """The largest of every window, and its number in the window."""
    best, number = _numbered(lax.stop_gradient(x), axis, window)
    return found_by(lambda x, number: _chosen(window.taps(x, axis, 0), number), best, number, x), number


def _numbered(x: jax.Array, axis: int, window: Window) -> tuple[jax.Array, jax.Array]:
    """Computes `_window_max` without a derivative."""
    taps = window.taps(x, axis, _lowest(x.dtype))
    best = next(taps)
    number = jnp.zeros(best.shape, np.min_scalar_type(window.kernel - 1))
    for k, tap in enumerate(taps, 1):
        wins = (tap > best) | is_nan(tap)
        positions = window.starts() + k * window.dilation
        first = (positions >= 0) & (positions < window.dilation)  # it wins over padding even if it is -inf
        if window.padding and (isinstance(first, jax.Array) or first.any()):
            wins = wins | first.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        best, number = jnp.where(wins, tap, best), jnp.where(wins, number.dtype.type(k), number)
    return best, number


def _doubled_max(
    x: jax.Array, axis: int, window: Window, place: jax.Array | None
) -> tuple[jax.Array, jax.Array | None]:
    """The largest of every window, and of `place` what is there: first of 2 elements, then of 4, 8, ...

    A window of any width is two of half of it or more, which overlap. The loop has as many turns as the kernel has
    binary digits; one that is written out would be made anew for every element.
    """
    last = max((window.kernel - 1) * window.dilation + 1, window.stride)
    length = (window.outputs - 1) * window.stride + last
    places = count(length)
    inside = (places >= window.padding) & (places < as_value(window.padding + window.size, places.dtype))
    along = [-1 if i == axis else 1 for i in range(x.ndim)]
    width, shifts, seen = 1, [], []  # for every turn the shift, and which windows so far see any of the input
    while width < window.kernel:
        more = min(width, window.kernel - width)
        shifts.append(more * window.dilation)
        seen.append(inside)
        shifted = (np if are_known([length]) else jnp).append(inside[shifts[-1] :], np.zeros(shifts[-1], bool))
        inside, width = inside | shifted, width + more
    config = [(0, max(shifts), 0) if i == axis else (0, 0, 0) for i in range(x.ndim)]
    pairs = [(x, _lowest(x.dtype))] + ([] if place is None else [(place, -1)])
    fills = [np.asarray(fill, a.dtype) for a, fill in pairs]
    carry = [window.padded(a, axis, fill, length) for a, fill in pairs]

    def turn(carry: list[jax.Array], xs: tuple[jax.Array, jax.Array]) -> tuple[list[jax.Array], None]:
        shift, seen = xs
        after = [
            lax.dynamic_slice_in_dim(lax.pad(a, fill, config), shift, length, axis)
            for a, fill in zip(carry, fills, strict=True)
        ]
        wins = (after[0] > carry[0]) | is_nan(after[0]) | ~seen.reshape(along)
        return [jnp.where(wins, one, other) for one, other in zip(after, carry, strict=True)], None

    carry, _ = lax.scan(turn, carry, (jnp.array(shifts, jnp.int32), jnp.array(seen)))
    split = Window(length, 1, window.stride, 0, 1, window.outputs)
    best, *places = [next(split.taps(a, axis, 0)) for a in carry]
    return best, places[0] if places else None


def _max_along(x: jax.Array, axis: int, window: Window, place: jax.Array | None) -> tuple[jax.Array, jax.Array | None]:
    """The largest of every window along an axis, with a derivative, and of `place` what is there."""
    if window.apart and window.kernel > MAX_UNROLLED_TAPS:
        best, number = axis_max(window.split(x, axis, _lowest(x.dtype)), axis + 1, window.padding)
        return best, None if place is None else at(axis + 1, window.split(place, axis, -1), number)
    if not window.apart and window.kernel > MAX_UNROLLED_TAPS * min(window.stride, 2):
        return _doubled_max(x, axis, window, place)
    best, number = _window_max(x, axis, window)
    return best, None if place is None else _chosen(window.taps(place, axis, -1), number)


def max_pool(x: jax.Array, geometry: Sequence[Window], place: jax.Array | None) -> tuple[jax.Array, jax.Array | None]:
    """The largest of every window, the first of equals or the last NaN, and of `place`, of x's shape, what is there.

    The gradient goes to this element alone. In a window that sees nothing but padding the place is -1.
    """
    if place is None:
        # read once for each element of a window: x, and for its gradient the cotangent
        return stored(_max_pool(stored(x), tuple(geometry))), None
    return _max_by_axis(x, tuple(geometry), place)


@functools.partial(whole, static_argnums=1)
def _max_by_axis(
    x: jax.Array, geometry: tuple[Window, ...], place: jax.Array | None
) -> tuple[jax.Array, jax.Array | None]:
    for axis, window in reversed(list(enumerate(geometry, x.ndim - len(geometry)))):
        x, place = _max_along(x, axis, window, place)
    return x, place


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _max_pool(x: jax.Array, geometry: tuple[Window, ...]) -> jax.Array:
    """The maxima. Only their derivative needs the places; without it a GPU computes them in one kernel."""
    return _value_of_max(x, geometry)


@functools.partial(whole, static_argnums=1)
def _value_of_max(x: jax.Array, geometry: tuple[Window, ...]) -> jax.Array:
    at_once = functools.partial(_reduced, geometry=geometry, start=_lowest(x.dtype), join=lax.max)
    return lax.platform_dependent(x, cuda=at_once, default=functools.partial(_by_axis, _max_value, geometry=geometry))


def _max_value(x: jax.Array, axis: int, window: Window) -> jax.Array:
    lowest = _lowest(x.dtype)
    if window.apart and window.kernel > MAX_UNROLLED_TAPS:  # `reduce_window` of these would leave NaN out
        return max_or_nan(window.split(x, axis, lowest), axis + 1)
    return _joined(x, axis, window, lowest, lax.max)


@_max_pool.defjvp
def _max_pool_jvp(geometry: tuple[Window, ...], primals: Arrays, tangents: Arrays) -> tuple[jax.Array, jax.Array]:
    return jax.jvp(lambda x: _max_by_axis(x, geometry, None)[0], primals, tangents)


def _by_axis(
    pool: Callable[[jax.Array, int, Window], jax.Array], x: jax.Array, geometry: Sequence[Window]
) -> jax.Array:
    """The pools along one axis after the other."""
    for axis, window in enumerate(geometry, x.ndim - len(geometry)):
        x = pool(x, axis, window)
    return x


def _joined(x: jax.Array, axis: int, window: Window, start: float, join: Join) -> jax.Array:
    """All elements of every window along an axis joined."""
    if window.kernel <= MAX_UNROLLED_TAPS and (window.apart or window.inside):
        return functools.reduce(join, window.taps(x, axis, start))
    whole = [Window(size, 1, 1, 0, 1, size) for size in x.shape[axis + 1 :]]
    return _reduced(x, [window, *whole], start, join)


def _reduced(x: jax.Array, geometry: Sequence[Window], start: float, join: Join) -> jax.Array:
    """XLA's own pooling."""
    lead = x.ndim - len(geometry)
    ends = [(w.outputs - 1) * w.stride + (w.kernel - 1) * w.dilation + 1 - w.size - w.padding for w in geometry]
    if are_known(ends):
        # elements beyond the last window that another would begin with
        surplus = [end if -end >= w.stride else 0 for w, end in zip(geometry, ends, strict=True)]
        sizes = [w.size + n for w, n in zip(geometry, surplus, strict=True)]
        x = lax.slice(x, (0,) * x.ndim, (*x.shape[:lead], *sizes))
        pads = [(w.padding, max(end, 0)) for w, end in zip(geometry, ends, strict=True)]
    else:  # `reduce_window` pads by numbers only
        for axis, (window, end) in enumerate(zip(geometry, ends, strict=True), lead):
            x = window.padded(x, axis, start, window.padding + window.size + end)
        pads = [(0, 0)] * len(geometry)
    ones = (1,) * lead
    return lax.reduce_window(
        x,
        np.asarray(start, x.dtype)[()],
        join,
        (*ones, *(w.kernel for w in geometry)),
        (*ones, *(w.stride for w in geometry)),
        [(0, 0)] * lead + pads,
        window_dilation=(*ones, *(w.dilation for w in geometry)),
    )


def sum_pool(x: jax.Array, geometry: Sequence[Window]) -> jax.Array:
    """The sum of every window; there is no dilation."""
    return apply_map(_Sum(tuple(geometry)), (), (x,))[0]


@dataclasses.dataclass(frozen=True)
class _Sum(LinearMap):
    geometry: tuple[Window, ...]

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return (_reduced(arguments[0], self.geometry, 0, lax.add),)


@rule(_Sum, "cpu")
class _SumCpu(_Sum):
    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return (_by_axis(functools.partial(_joined, start=0, join=lax.add), arguments[0], self.geometry),)

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        return (_by_axis(_spread, cotangents[0], self.geometry),)


def _spread(y: jax.Array, axis: int, window: Window) -> jax.Array:
    """The transpose of the windows' sums: for every element the sum over the windows that have it.

    From one window's start on, so many elements are in the `most` last windows, and the others, up to the next start,
    in all of these but the first. The elements between two starts are an axis of their own until the end.
    """
    step, rows = window.stride, -(-window.size // window.stride)
    most = -(-window.kernel // step)
    starts = [divmod(phase + window.padding, step) for phase in range(step)]  # of the last window, and how far from it
    kinds = [(row, most if away < window.kernel - (most - 1) * step else most - 1) for row, away in starts]
    shape = (*y.shape[:axis], rows, step, *y.shape[axis + 1 :])
    phase = lax.broadcasted_iota(jnp.int32, shape, axis + 1)

    @functools.cache
    def over(windows: int) -> jax.Array:
        """For every i the sum over this number of windows, the last of which is the i-th."""
        neighbours = Window(window.outputs, windows, 1, windows - 1, 1, kinds[-1][0] + rows)
        return _joined(y, axis, neighbours, 0, lax.add)

    def of_kind(row: int, windows: int) -> jax.Array:
        if not windows:
            return jnp.zeros(shape, y.dtype)
        sums = lax.slice_in_dim(over(windows), row, row + rows, axis=axis)
        return lax.broadcast_in_dim(sums, shape, [i + (i > axis) for i in range(y.ndim)])

    x = of_kind(*kinds[0])
    for i in range(1, step):
        if kinds[i] != kinds[i - 1]:
            x = jnp.where(phase < i, x, of_kind(*kinds[i]))
    x = phases.merged(x, axis)
    return lax.slice_in_dim(x, 0, window.size, axis=axis)
