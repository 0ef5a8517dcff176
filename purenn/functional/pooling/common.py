"""What the poolings of windows have in common, in any number of dimensions: torch's checks, sizes and dtypes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.pooling import Window, max_pool, sum_pool


def planes(where: str, n: int, input: Any) -> jax.Array:
    """An array of planes with n dimensions, batched or not."""
    spatial = ", ".join("DHW"[-n:]) if n > 1 else "L"
    x = check.array(where, "input", input)
    check.rank(where, "input", x, (n + 1, n + 2), f"(C, {spatial}) or (N, C, {spatial})")
    return x


Ints = int | Sequence[int]


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
    kernels = check.integers(where, "kernel_size", kernel_size, n, 1)
    strides = kernels if omitted(stride) else check.integers(where, "stride", stride, n, 1)
    paddings = check.integers(where, "padding", padding, n, 0)
    dilations = check.integers(where, "dilation", dilation, n, 1)
    check.boolean(where, "ceil_mode", ceil_mode)
    if any(p > k // 2 for p, k in zip(paddings, kernels, strict=True)):
        check.fail(where, "padding", f"be at most half of kernel_size, {kernels}", paddings)
    result = []
    for size, k, s, p, d in zip(sizes, kernels, strides, paddings, dilations, strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        count = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (count - 1) * s >= size + p:  # the last window has to start in the input or left of it
            count -= 1
        if count < 1:
            check.fail(where, "kernel_size", f"be at most as wide as the padded input, {tuple(sizes)}", kernels)
        result.append(Window(size, k, s, p, d, count))
    return result


def omitted(argument: Any) -> bool:
    """None and the empty sequence leave an argument out."""
    return argument is None or (isinstance(argument, Sequence) and len(argument) == 0)


def index_dtype() -> Any:
    """int64, or int32 where jax has no int64."""
    return jax.dtypes.canonicalize_dtype(np.int64)


def plane_index(x: jax.Array, n: int) -> jax.Array:
    """The place of every element in its plane: the last n dimensions, flattened."""
    sizes = x.shape[-n:]
    places = jnp.arange(math.prod(sizes), dtype=index_dtype()).reshape((1,) * (x.ndim - n) + sizes)
    return jnp.broadcast_to(places, x.shape)


def window_sizes(geometry: Sequence[Window], count_include_pad: bool) -> np.ndarray:
    """How many elements the windows have, of the input or also of its padding, in the shape of the output."""
    sizes = np.ones((), np.int64)
    for window in geometry:
        low, high = (-window.padding, window.size + window.padding) if count_include_pad else (0, window.size)
        start = window.starts()
        counts = np.minimum(start + window.kernel, high) - np.maximum(start, low)
        sizes = np.multiply.outer(sizes, counts)
    return sizes


def batched_planes(where: str, n: int, input: Any) -> jax.Array:
    """An input of which the batch alone may be empty."""
    x = planes(where, n, input)
    check.nonempty(where, "input", x, n)
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
        check.floating(where, "input", x)
    if x.dtype == bool or jnp.iscomplexobj(x):
        check.fail(where, "input", "be a real array", f"dtype {x.dtype}", TypeError)
    geometry = windows(where, x.shape[-n:], kernel_size, stride, padding, dilation, ceil_mode)
    y, place = max_pool(x, geometry, plane_index(x, n) if indices else None)
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
        check.fail(where, "input", f"be a floating-point or {index_dtype()} array", f"dtype {x.dtype}", TypeError)
    geometry = windows(where, x.shape[-n:], kernel_size, stride, padding, 1, ceil_mode)
    check.boolean(where, "count_include_pad", count_include_pad)
    if n == 3 and any(window.kernel > window.size for window in geometry):
        kernels = tuple(window.kernel for window in geometry)
        check.fail(where, "kernel_size", f"be at most as wide as the input, {x.shape[-n:]}", kernels)
    if divisor_override is None:
        divisor = window_sizes(geometry, count_include_pad)
    else:
        divisor = np.array(check.integer(where, "divisor_override", divisor_override))
        if divisor == 0:
            check.fail(where, "divisor_override", "be other than 0", 0)
    wide = compute_dtype(x.dtype)
    total = sum_pool(x.astype(wide), geometry)
    y = lax.div(total, jnp.broadcast_to(divisor.astype(wide), total.shape))
    return y.astype(x.dtype)
