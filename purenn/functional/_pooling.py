"""The arithmetic of pooling in any number of dimensions, one dimension after the other.

Sums and maxima of boxes are sums and maxima of columns of rows. Also the first of equal maxima in a box, row by row,
is the first in its row, in the first row that has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.functional import _check


def planes(where: str, n: int, input: Any) -> jax.Array:
    """An array of planes with n dimensions, batched or not."""
    spatial = ", ".join("DHW"[-n:]) if n > 1 else "L"
    x = _check.array(where, "input", input)
    _check.rank(where, "input", x, (n + 1, n + 2), f"(C, {spatial}) or (N, C, {spatial})")
    return x


Ints = int | Sequence[int]


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
        """The k-th elements of all windows, for k = 0, 1, ...; `fill` stands outside of the input."""
        span = (self.outputs - 1) * self.stride + 1
        beyond = span + (self.kernel - 1) * self.dilation - self.padding - self.size
        if self.padding or beyond > 0:
            config = [(self.padding, max(beyond, 0), 0) if i == axis else (0, 0, 0) for i in range(x.ndim)]
            x = lax.pad(x, np.asarray(fill, x.dtype), config)
        for k in range(self.kernel):
            start = k * self.dilation
            yield lax.slice_in_dim(x, start, start + span, self.stride, axis)


def windows(
    where: str,
    sizes: Sequence[int],
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> list[Window]:
    """The windows of a pool in every dimension, with torch's checks and torch's sizes."""
    n = len(sizes)
    kernels = _check.integers(where, "kernel_size", kernel_size, n, 1)
    strides = kernels if omitted(stride) else _check.integers(where, "stride", stride, n, 1)
    paddings = _check.integers(where, "padding", padding, n, 0)
    dilations = _check.integers(where, "dilation", dilation, n, 1)
    _check.boolean(where, "ceil_mode", ceil_mode)
    if any(p > k // 2 for p, k in zip(paddings, kernels, strict=True)):
        _check.fail(where, "padding", f"at most half of kernel_size, {kernels}", paddings)
    result = []
    for size, k, s, p, d in zip(sizes, kernels, strides, paddings, dilations, strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        count = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (count - 1) * s >= size + p:  # the last window has to start in the input or left of it
            count -= 1
        if count < 1:
            _check.fail(where, "kernel_size", f"at most as wide as the padded input, {tuple(sizes)}", kernels)
        result.append(Window(size, k, s, p, d, count))
    return result


def omitted(argument: Any) -> bool:
    """None and the empty sequence leave an argument out."""
    return argument is None or (isinstance(argument, Sequence) and len(argument) == 0)


def lowest(dtype: Any) -> Any:
    """What never is larger than an element."""
    return -np.inf if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).min


def sum_dtype(dtype: Any) -> Any:
    """In which elements are added up: halves in float32."""
    return jnp.dtype(jnp.float32) if dtype in (jnp.float16, jnp.bfloat16) else dtype


def index_dtype() -> Any:
    """int64, or int32 where jax has no int64."""
    return jax.dtypes.canonicalize_dtype(np.int64)


def plane_index(x: jax.Array, n: int) -> jax.Array:
    """The place of every element in its plane: the last n dimensions, flattened."""
    sizes = x.shape[-n:]
    places = jnp.arange(math.prod(sizes), dtype=index_dtype()).reshape((1,) * (x.ndim - n) + sizes)
    return jnp.broadcast_to(places, x.shape)


def max_pool(x: jax.Array, geometry: Sequence[Window], indices: bool) -> tuple[jax.Array, jax.Array | None]:
    """The largest of every window, the first of equals or the last NaN, and with `indices` its place in the plane.

    The gradient goes to this element alone. The place in a window that sees nothing but padding is -1.
    """
    place = plane_index(x, len(geometry)) if indices else None
    for axis, window in reversed(list(enumerate(geometry, x.ndim - len(geometry)))):
        values = list(window.taps(x, axis, lowest(x.dtype)))
        places = [] if place is None else list(window.taps(place, axis, -1))
        x, place = values[0], places[0] if places else None
        for k in range(1, window.kernel):
            taken = values[k] > x
            if jnp.issubdtype(x.dtype, jnp.floating):
                taken = taken | (values[k] != values[k])
            now = window.starts() + k * window.dilation
            first = (now >= 0) & (now < window.dilation)  # it wins over padding even if it is -inf
            if first.any():
                taken = taken | first.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
            x = jnp.where(taken, values[k], x)
            if place is not None:
                place = jnp.where(taken, places[k], place)
    return x, place


def sum_pool(x: jax.Array, geometry: Sequence[Window]) -> jax.Array:
    """The sum of every window."""
    for axis, window in enumerate(geometry, x.ndim - len(geometry)):
        taps = window.taps(x, axis, 0)
        x = next(taps)
        for tap in taps:
            x = x + tap
    return x


def window_sizes(geometry: Sequence[Window], count_include_pad: bool) -> np.ndarray:
    """How many elements the windows have, of the input or also of its padding, in the shape of the output."""
    sizes = np.ones((), np.int64)
    for window in geometry:
        low, high = (-window.padding, window.size + window.padding) if count_include_pad else (0, window.size)
        start = window.starts()
        counts = np.minimum(start + window.kernel, high) - np.maximum(start, low)
        sizes = np.multiply.outer(sizes, counts)
    return sizes


def bins(x: jax.Array, axis: int, count: int, fill: Any) -> tuple[jax.Array, np.ndarray]:
    """An axis split into `count` bins as even as can be, which overlap if they must, and their widths.

    The axis becomes two, bins and their elements; `fill` follows the elements of the shorter bins.
    """
    size = x.shape[axis]
    if count and size % count == 0:
        shape = (*x.shape[:axis], count, size // count, *x.shape[axis + 1 :])
        return x.reshape(shape), np.full(count, size // count)
    start = np.arange(count) * size // max(count, 1)
    width = -(-(np.arange(count) + 1) * size // max(count, 1)) - start
    most = width.max(initial=1)
    split = windows_at(x, axis, (start[:, None] + np.arange(most)).clip(0, size - 1))
    inside = (np.arange(most) < width[:, None]).reshape([count, most] + [1] * (x.ndim - axis - 1))
    return jnp.where(np.broadcast_to(inside, split.shape), split, np.asarray(fill, x.dtype)), width


def windows_at(x: jax.Array, axis: int, place: np.ndarray) -> jax.Array:
    """The windows of an axis whose elements are at ``place[window, element]``."""
    split = jnp.take(x, place.ravel(), axis, mode="clip")
    return split.reshape((*x.shape[:axis], *place.shape, *x.shape[axis + 1 :]))


def largest(x: jax.Array, place: jax.Array | None, axis: int) -> tuple[jax.Array, jax.Array | None]:
    """The largest along an axis, the first of equals or the last NaN, and its place.

    It is selected, not gathered: the gradient is a select too.
    """
    at = jnp.argmax(x, axis, keepdims=True)
    isnan = x != x
    last = x.shape[axis] - 1 - jnp.argmax(jnp.flip(isnan, axis), axis, keepdims=True)
    at = jnp.where(jnp.any(isnan, axis, keepdims=True), last, at)
    here = lax.broadcasted_iota(at.dtype, x.shape, axis) == at

    def select(values: jax.Array) -> jax.Array:
        return jnp.sum(jnp.where(here, values, jnp.zeros_like(values)), axis, dtype=values.dtype)

    return select(x), None if place is None else select(place)


def batched_planes(where: str, n: int, input: Any) -> jax.Array:
    """An input of which the batch alone may be empty."""
    x = planes(where, n, input)
    _check.nonempty(where, "input", x, n)
    return x


def checked_max_pool(
    where: str,
    n: int,
    indices: bool,
    input: Any,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
) -> Any:
    """Max-pooling with torch's checks; with `indices` the pair of values and places."""
    x = batched_planes(where, n, input)
    if n == 1 and not indices:  # torch has its own routine for this, without integers
        _check.floating(where, "input", x)
    if x.dtype == bool or jnp.iscomplexobj(x):
        _check.fail(where, "input", "a real array", f"dtype {x.dtype}", TypeError)
    geometry = windows(where, x.shape[-n:], kernel_size, stride, padding, dilation, ceil_mode)
    y, place = max_pool(x, geometry, indices)
    return (y, place) if indices else y


def checked_avg_pool(
    where: str,
    n: int,
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> jax.Array:
    """Averages with torch's checks."""
    x = batched_planes(where, n, input)
    floats = jnp.issubdtype(x.dtype, jnp.floating)
    if not floats and x.dtype != index_dtype():
        _check.fail(where, "input", f"a floating-point or {index_dtype()} array", f"dtype {x.dtype}", TypeError)
    geometry = windows(where, x.shape[-n:], kernel_size, stride, padding, 1, ceil_mode)
    _check.boolean(where, "count_include_pad", count_include_pad)
    if n == 3 and any(window.kernel > window.size for window in geometry):
        kernels = tuple(window.kernel for window in geometry)
        _check.fail(where, "kernel_size", f"at most as wide as the input, {x.shape[-n:]}", kernels)
    if divisor_override is None:
        divisor = window_sizes(geometry, count_include_pad)
    else:
        divisor = np.array(_check.integer(where, "divisor_override", divisor_override))
        if divisor == 0:
            _check.fail(where, "divisor_override", "other than 0", 0)
    wide = sum_dtype(x.dtype)
    total = sum_pool(x.astype(wide), geometry)
    y = lax.div(total, jnp.broadcast_to(divisor.astype(wide), total.shape))
    return y.astype(x.dtype)
