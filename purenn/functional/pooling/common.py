"""Checks, sizes, dtypes and words that the pools share, for any number of dimensions."""

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
from purenn.lowering.sizes import as_value
from purenn.typing import ArrayLike, Size

# Words of docstrings: the indices of maxima by the number of spatial dimensions, and when they are returned.
INDICES = {
    1: r":math:`l` in the input",
    2: r":math:`h W + w` in the image",
    3: r":math:`(d H + h) W + w` in the volume",
}
OPTIONAL = {
    "suffix": "",
    "asked": ", with ``return_indices``,",
    "return_indices": "whether the indices of the maxima are returned too.",
}
ALWAYS = {
    "suffix": "_with_indices",
    "asked": "",
    "return_indices": "ignored, since the indices are always returned; accepted for compatibility with PyTorch.",
}


def as_planes(where: str, n: int, input: ArrayLike) -> jax.Array:
    """Checks that an input has channels of n spatial dimensions, with or without a batch."""
    spatial = ", ".join("DHW"[-n:]) if n > 1 else "L"
    x = check.array(where, "input", input)
    check.rank(where, "input", x, (n + 1, n + 2), f"(C, {spatial}) or (N, C, {spatial})")
    return x


def windows(
    where: str,
    sizes: Sequence[int],
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil_mode: bool,
) -> list[Window]:
    """Checks the sizes of a pool, and gives its windows, one per dimension."""
    n = len(sizes)
    kernels = check.integers(where, "kernel_size", kernel_size, n, 1)
    strides = kernels if is_default(stride) else check.integers(where, "stride", stride, n, 1)
    paddings = check.integers(where, "padding", padding, n, 0)
    dilations = check.integers(where, "dilation", dilation, n, 1)
    check.boolean(where, "ceil_mode", ceil_mode)
    if any(p > k // 2 for p, k in zip(paddings, kernels, strict=True)):
        check.fail(where, "padding", f"be at most half of kernel_size, {kernels}", paddings)
    result = []
    for size, k, s, p, d in zip(sizes, kernels, strides, paddings, dilations, strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        count = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (count - 1) * s >= size + p:  # the last window starts in the input or before it
            count -= 1
        if count < 1:
            check.fail(where, "kernel_size", f"be at most as wide as the padded input, {tuple(sizes)}", kernels)
        result.append(Window(size, k, s, p, d, count))
    return result


def is_default(argument: object) -> bool:
    """Tells whether an argument is None or an empty sequence, which both mean the default."""
    return argument is None or (isinstance(argument, Sequence) and len(argument) == 0)


def index_dtype() -> Any:
    """Gives int64, or int32 where jax has no int64."""
    return jax.dtypes.canonicalize_dtype(np.int64)


def plane_index(x: jax.Array, n: int) -> jax.Array:
    """Gives the index of every element in the last n dimensions, flattened."""
    sizes = x.shape[-n:]
    places = jnp.arange(math.prod(sizes), dtype=index_dtype()).reshape((1,) * (x.ndim - n) + sizes)
    return jnp.broadcast_to(places, x.shape)


def window_sizes(geometry: Sequence[Window], count_include_pad: bool) -> np.ndarray | jax.Array:
    """Counts the elements of every window, in the shape of the output; `count_include_pad` counts the padding too."""
    sizes = np.ones((), np.int64)
    for window in geometry:
        margin = window.padding if count_include_pad else 0
        start = window.starts()
        end = (start + window.kernel).clip(max=as_value(window.size + margin, start.dtype))
        sizes = outer(sizes, end - start.clip(-margin))
    return sizes


def outer(a: np.ndarray | jax.Array, b: np.ndarray | jax.Array) -> np.ndarray | jax.Array:
    """Multiplies every element of one array with every element of another, of rank one."""
    return a[..., None] * b.reshape((1,) * a.ndim + b.shape)


def batched_planes(where: str, n: int, input: ArrayLike) -> jax.Array:
    """Checks an input like `as_planes`, and that no dimension but the batch is empty."""
    x = as_planes(where, n, input)
    check.nonempty(where, "input", x, n)
    return x


def checked_max_pool(
    where: str,
    n: int,
    indices: bool,
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil_mode: bool,
) -> Any:
    """Checks the arguments and takes maxima; with `indices` gives the pair of values and indices."""
    x = batched_planes(where, n, input)
    if n == 1 and not indices:  # torch's routine for this case takes no integers
        check.floating(where, "input", x)
    check.real(where, "input", x)
    geometry = windows(where, x.shape[-n:], kernel_size, stride, padding, dilation, ceil_mode)
    y, place = max_pool(x, geometry, plane_index(x, n) if indices else None)
    return (y, place) if indices else y


def checked_avg_pool(
    where: str,
    n: int,
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> jax.Array:
    """Checks the arguments and takes averages."""
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
