"""Pooling in any number of dimensions, one dimension after the other.

Sums and maxima of boxes are sums and maxima of columns of rows. Also the first of equal maxima in a box, row by row,
is the first in its row, in the first row that has it.

All of it is slices, selections and sums, of which autodiff makes nothing slow: no `reduce_window`, whose gradient on
the CPU is a loop over scattered elements, no slices with steps, whose transposes pad between elements, and no scatter.
A maximum remembers by which number it was chosen, a byte or so, and its tangent is chosen by that.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering.linear import Arrays, Linear, Shapes, linear
from purenn.lowering.resampling import Taps, weighted

__all__ = ["Bins", "Window", "largest", "max_pool", "sum_pool"]


class Window(NamedTuple):
    """The windows along one dimension of an input: window i sees ``i stride - padding + k dilation`` for k < kernel."""

    size: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    outputs: int

    def starts(self) -> np.ndarray:
        return np.arange(self.outputs) * self.stride - self.padding

    def taps(self, x: jax.Array, axis: int, fill: Any) -> Iterator[jax.Array]:
        """The k-th elements of all windows, for k = 0, 1, ...; `fill` stands outside of the input.

        The input is split by phases, its elements modulo the stride, of which every tap is a plain slice. The
        transpose adds what comes to a phase, and interleaves the phases.
        """
        offsets = [divmod(k * self.dilation, self.stride) for k in range(self.kernel)]
        rows = self.outputs + offsets[-1][0]
        config = [(0, 0, 0)] * x.ndim
        config[axis] = (self.padding, rows * self.stride - self.size - self.padding, 0)
        x = lax.pad(x, np.asarray(fill, x.dtype), config)
        before, after = x.shape[:axis], x.shape[axis + 1 :]
        needed = {phase for _, phase in offsets}
        bounds = sorted(needed | {phase + 1 for phase in needed} | {0, self.stride})
        parts = lax.split(x.reshape(*before, rows, self.stride, *after), np.diff(bounds).tolist(), axis + 1)
        phases = dict(zip(bounds[:-1], parts, strict=True))
        for row, phase in offsets:
            whole = phases[phase].reshape(*before, rows, *after)
            yield lax.slice_in_dim(whole, row, row + self.outputs, 1, axis)


def _lowest(dtype: Any) -> Any:
    """What never is larger than an element."""
    return -np.inf if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).min


def _chosen(taps: Iterable[jax.Array], number: jax.Array) -> jax.Array:
    """Of every window the element whose number is given."""
    return functools.reduce(jnp.add, [jnp.where(number == k, tap, jnp.zeros_like(tap)) for k, tap in enumerate(taps)])


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def _window_max(x: jax.Array, axis: int, window: Window) -> tuple[jax.Array, jax.Array]:
    """The largest of every window, and its number in the window."""
    taps = window.taps(x, axis, _lowest(x.dtype))
    best = next(taps)
    number = jnp.zeros(best.shape, np.min_scalar_type(window.kernel - 1))
    for k, tap in enumerate(taps, 1):
        taken = tap > best
        if jnp.issubdtype(x.dtype, jnp.floating):
            taken = taken | (tap != tap)
        now = window.starts() + k * window.dilation
        first = (now >= 0) & (now < window.dilation)  # it wins over padding even if it is -inf
        if first.any():
            taken = taken | first.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        best, number = jnp.where(taken, tap, best), jnp.where(taken, number.dtype.type(k), number)
    return best, number


@_window_max.defjvp
def _(axis: int, window: Window, primals: Arrays, tangents: Arrays) -> Any:
    (x,), (tangent,) = primals, tangents
    best, number = _window_max(x, axis, window)
    return (best, number), (_chosen(window.taps(tangent, axis, 0), number), _without_tangent(number))


def _without_tangent(number: jax.Array) -> np.ndarray:
    return np.zeros(number.shape, jax.dtypes.float0)


def max_pool(x: jax.Array, geometry: Sequence[Window], place: jax.Array | None) -> tuple[jax.Array, jax.Array | None]:
    """The largest of every window, the first of equals or the last NaN, and of `place`, of x's shape, what is there.

    The gradient goes to this element alone. In a window that sees nothing but padding the place is -1.
    """
    if place is None:
        return _max_pool(x, tuple(geometry)), None
    for axis, window in reversed(list(enumerate(geometry, x.ndim - len(geometry)))):
        x, number = _window_max(x, axis, window)
        place = _chosen(window.taps(place, axis, -1), number)
    return x, place


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _max_pool(x: jax.Array, geometry: tuple[Window, ...]) -> jax.Array:
    """Without a derivative nobody asks which element it was; a GPU has it in one kernel."""

    def largest(x: jax.Array, axis: int, window: Window) -> jax.Array:
        return functools.reduce(jnp.maximum, window.taps(x, axis, _lowest(x.dtype)))

    whole = functools.partial(_reduced, geometry=geometry, start=_lowest(x.dtype), join=lax.max)
    return lax.platform_dependent(x, cuda=whole, default=functools.partial(_by_axis, geometry=geometry, pool=largest))


@_max_pool.defjvp
def _(geometry: tuple[Window, ...], primals: Arrays, tangents: Arrays) -> Any:
    pool = lambda x, axis, window: _window_max(x, axis, window)[0]  # noqa: E731
    return jax.jvp(functools.partial(_by_axis, geometry=geometry, pool=pool), primals, tangents)


def _by_axis(x: jax.Array, geometry: Sequence[Window], pool: Callable[[jax.Array, int, Window], jax.Array]) -> Any:
    for axis, window in reversed(list(enumerate(geometry, x.ndim - len(geometry)))):
        x = pool(x, axis, window)
    return x


def _reduced(x: jax.Array, geometry: Sequence[Window], start: Any, join: Any) -> jax.Array:
    """XLA's own pooling."""
    lead = x.ndim - len(geometry)
    ends = [(w.outputs - 1) * w.stride + (w.kernel - 1) * w.dilation + 1 - w.size - w.padding for w in geometry]
    x = lax.slice(
        x, (0,) * x.ndim, (*x.shape[:lead], *(w.size + min(e, 0) for w, e in zip(geometry, ends, strict=True)))
    )
    pads = [(w.padding, max(end, 0)) for w, end in zip(geometry, ends, strict=True)]
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
    """The sum of every window."""
    return linear(_Sum(tuple(geometry)), (), (x,))[0]


@dataclasses.dataclass(frozen=True)
class _Sum(Linear):
    geometry: tuple[Window, ...]

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        (x,) = arguments
        for axis, window in enumerate(self.geometry, x.ndim - len(self.geometry)):
            x = functools.reduce(jnp.add, window.taps(x, axis, 0))
        return (x,)

    def cuda(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return (_reduced(arguments[0], self.geometry, 0, lax.add),)

    def cuda_transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return jax.linear_transpose(lambda x: self.cuda((), (x,)), *like)(cotangents)


class Bins(NamedTuple):
    """A dimension in bins as even as can be, which overlap if they must: bin t from ``t size // outputs`` on."""

    size: int
    outputs: int

    def starts(self) -> np.ndarray:
        return np.arange(self.outputs) * self.size // max(self.outputs, 1)

    def ends(self) -> np.ndarray:
        return -(-(np.arange(self.outputs) + 1) * self.size // max(self.outputs, 1))

    def widths(self) -> np.ndarray:
        return self.ends() - self.starts()

    def taps(self) -> Taps:
        """Of the sums of the bins."""
        starts, ends = self.starts()[:, None], self.ends()[:, None]
        places = starts + np.arange(self.widths().max(initial=1))
        return Taps(np.minimum(places, ends - 1), np.ones(places.shape, np.float32), places < ends)

    def split(self, x: jax.Array, axis: int, fill: Any = 0) -> jax.Array:
        """The axis becomes two, bins and their elements; `fill` follows the elements of shorter bins."""
        if self.outputs and self.size % self.outputs == 0:
            return x.reshape(*x.shape[:axis], self.outputs, self.size // self.outputs, *x.shape[axis + 1 :])
        places, ones, inside = self.taps()
        x = weighted(x, {axis: Taps(*(a.reshape(-1, 1) for a in (places, ones, inside)))})
        x = x.reshape(*x.shape[:axis], *places.shape, *x.shape[axis + 1 :])
        inside = inside.reshape(*inside.shape, *[1] * (x.ndim - axis - 2))
        return jnp.where(inside, x, np.asarray(fill, x.dtype)) if fill else x


def largest(x: jax.Array, axis: int, place: jax.Array | None) -> tuple[jax.Array, jax.Array | None]:
    """The largest along an axis, the first of equals or the last NaN, and of `place`, of x's shape, what is there."""
    best, number = _axis_max(x, axis)
    return best, None if place is None else _at(place, axis, number)


def _at(x: jax.Array, axis: int, number: jax.Array) -> jax.Array:
    here = lax.broadcasted_iota(number.dtype, x.shape, axis) == number
    return jnp.sum(jnp.where(here, x, jnp.zeros_like(x)), axis, dtype=x.dtype)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _axis_max(x: jax.Array, axis: int) -> tuple[jax.Array, jax.Array]:
    """The largest along an axis, and its number there, in an array that keeps the axis."""
    best = jnp.max(x, axis, keepdims=True)
    number = lax.broadcasted_iota(jnp.int32, x.shape, axis)
    # the least of these is the first of equals, or belongs to the last NaN, which XLA's maximum may have passed over
    ranked = jnp.where(x != x, -1 - number, jnp.where(x == best, number, x.shape[axis]))
    least = jnp.min(ranked, axis, keepdims=True)
    undefined = least < 0
    best = jnp.where(undefined, jnp.full_like(best, jnp.nan), best)
    return jnp.squeeze(best, axis), jnp.where(undefined, -1 - least, least)


@_axis_max.defjvp
def _(axis: int, primals: Arrays, tangents: Arrays) -> Any:
    (x,), (tangent,) = primals, tangents
    best, number = _axis_max(x, axis)
    return (best, number), (_at(tangent, axis, number), _without_tangent(number))
