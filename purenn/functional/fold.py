"""Rearranges blocks of images as columns, and back."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.lowering.pooling import Window
from purenn.lowering.varying import varying_as
from purenn.typing import Array, ArrayLike, Size

__all__ = ["fold", "unfold"]

MAX_UNROLLED_TAPS = 8  # elements of a kernel in one dimension; more are copied and added in a loop


def _windows(
    where: str, sizes: Sequence[int], kernel_size: Size, dilation: Size, padding: Size, stride: Size
) -> list[Window]:
    """Checks the sizes, and gives the windows of the rows and of the columns."""
    kernels = check.integers(where, "kernel_size", kernel_size, 2, 1, single=False)
    dilations = check.integers(where, "dilation", dilation, 2, 1, single=False)
    paddings = check.integers(where, "padding", padding, 2, 0, single=False)
    strides = check.integers(where, "stride", stride, 2, 1, single=False)
    windows = []
    for size, k, d, p, s in zip(sizes, kernels, dilations, paddings, strides, strict=True):
        count = (size + 2 * p - d * (k - 1) - 1) // s + 1
        if count < 1:
            check.fail(where, "kernel_size", f"fit, dilated, into {tuple(sizes)} padded by {paddings}", kernels)
        windows.append(Window(size, k, s, p, d, count))
    return windows


def _dtype(where: str, x: jax.Array) -> None:
    """Checks that an input isn't of an integer dtype."""
    if jnp.issubdtype(x.dtype, jnp.integer):
        check.fail(where, "input", "be a floating-point, complex or boolean array", f"dtype {x.dtype}", TypeError)


def unfold(input: ArrayLike, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Array:
    r"""Extracts the blocks of images that a convolution sees, each as a column: the convolution is a matrix product.

    .. math:: y_{n,\,(c K_h + i) K_w + j,\,h W' + w} = x_{n,\,c,\,h s + i d - p,\,w s + j d - p}

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`; floating-point, complex or boolean.
        kernel_size: the size :math:`(K_h, K_w)` of a block: one number, or one per spatial dimension (H, W).
        dilation: the steps between the elements of a block: one number, or one per spatial dimension (H, W).
        padding: the number of zeros on both sides: one number, or one per spatial dimension (H, W).
        stride: the steps between blocks: one number, or one per spatial dimension (H, W).

    Returns:
        An array of shape :math:`(N, C K_h K_w, H' W')` or :math:`(C K_h K_w, H' W')`, with
        :math:`H' = \lfloor (H + 2p - d (K_h - 1) - 1) / s \rfloor + 1` and :math:`W'` likewise.

    Raises:
        ValueError: a shape or a size does not fit.
        TypeError: ``input`` is of an integer dtype.

    Source: ``torch.nn.functional.unfold``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.unfold(jnp.arange(6.0).reshape(1, 2, 3), (2, 2)).tolist()
        [[0.0, 1.0], [1.0, 2.0], [3.0, 4.0], [4.0, 5.0]]
    """
    x = check.array("unfold", "input", input)
    check.rank("unfold", "input", x, (3, 4), "(C, H, W) or (N, C, H, W)")
    check.nonempty("unfold", "input", x, 2)
    rows, columns = _windows("unfold", x.shape[-2:], kernel_size, dilation, padding, stride)
    _dtype("unfold", x)
    height = _taken(x, rows, x.ndim - 2)  # (..., kernel's rows, H', W)
    blocks = _taken(height, columns, height.ndim - 1)  # (..., rows, columns, H', W')
    height, width = x.shape[-3] * rows.kernel * columns.kernel, rows.outputs * columns.outputs
    return blocks.reshape((*x.shape[:-3], height, width))


def _taken(x: jax.Array, window: Window, axis: int) -> jax.Array:
    """Takes the windows along an axis; their elements become a new axis, the third from the end."""
    if window.kernel <= MAX_UNROLLED_TAPS:
        return jnp.stack(list(window.taps(x, axis, 0)), -3)
    x = window.padded(x, axis, 0, max(_extent(window), window.padding + window.size))

    def tap(start: jax.Array) -> jax.Array:
        seen = lax.dynamic_slice_in_dim(x, start, (window.outputs - 1) * window.stride + 1, axis)
        return lax.slice_in_dim(seen, 0, None, window.stride, axis)

    return jnp.moveaxis(lax.map(tap, _starts(window)), 0, -3)


def _extent(window: Window) -> int:
    """Counts the elements from the start of the first window to the end of the last one."""
    return (window.outputs - 1) * window.stride + (window.kernel - 1) * window.dilation + 1


def _starts(window: Window) -> jax.Array:
    """Gives the offset of every element of a window."""
    return jnp.arange(window.kernel, dtype=jnp.int32) * window.dilation


def fold(
    input: ArrayLike, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Array:
    r"""Adds every column to the block of an image from which `unfold` extracts it: the transpose of `unfold`.

    .. math:: y_{n,c,r,q} = \sum_{h s + i d - p = r} \; \sum_{w s + j d - p = q} x_{n,\,(c K_h + i) K_w + j,\,h W' + w}

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`.

    Args:
        input: of shape :math:`(N, C K_h K_w, H' W')` or :math:`(C K_h K_w, H' W')`, with
            :math:`H' = \lfloor (H + 2p - d (K_h - 1) - 1) / s \rfloor + 1` and :math:`W'` likewise; floating-point,
            complex or boolean.
        output_size: the size :math:`(H, W)` of the images: one number, or one per spatial dimension (H, W).
        kernel_size: the size :math:`(K_h, K_w)` of a block: one number, or one per spatial dimension (H, W).
        dilation: the steps between the elements of a block: one number, or one per spatial dimension (H, W).
        padding: the number of elements to leave out on both sides of the images: one number, or one per spatial
            dimension (H, W).
        stride: the steps between blocks: one number, or one per spatial dimension (H, W).

    Returns:
        An array of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`.

    Raises:
        ValueError: a shape or a size does not fit.
        TypeError: ``input`` is of an integer dtype.

    Source: ``torch.nn.functional.fold``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.fold(jnp.ones((4, 2)), (2, 3), (2, 2)).tolist()
        [[[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]]
    """
    x = check.array("fold", "input", input)
    check.rank("fold", "input", x, (2, 3), "(C Kh Kw, L) or (N, C Kh Kw, L)")
    check.nonempty("fold", "input", x, 1)
    sizes = check.integers("fold", "output_size", output_size, 2, single=False)
    rows, columns = _windows("fold", sizes, kernel_size, dilation, padding, stride)
    _dtype("fold", x)
    area, count = rows.kernel * columns.kernel, rows.outputs * columns.outputs
    if x.shape[-2] % area or x.shape[-1] != count:
        check.fail("fold", "input", f"have shape (*, a multiple of {area}, {count})", f"shape {x.shape}")
    blocks = x.reshape((*x.shape[:-2], x.shape[-2] // area, rows.kernel, columns.kernel, rows.outputs, columns.outputs))
    return _added(_added(blocks, columns, -1), rows, -2)


def _added(blocks: jax.Array, window: Window, axis: int) -> jax.Array:
    """Adds the elements of windows, along axis -3, to their places along `axis`: the transpose of `_taken`."""
    axis += blocks.ndim - 1
    add = jnp.logical_or if blocks.dtype == bool else jnp.add
    zero = np.zeros((), blocks.dtype)
    if window.kernel > MAX_UNROLLED_TAPS:

        def turn(total: jax.Array, slices: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            block, start = slices
            config = [(0, 0, window.stride - 1) if i == axis else (0, 0, 0) for i in range(block.ndim)]
            block = lax.pad(block, zero, config)
            before = lax.dynamic_slice_in_dim(total, start, block.shape[axis], axis)
            return lax.dynamic_update_slice_in_dim(total, add(before, block), start, axis), None

        shape = [*blocks.shape[:-3], *blocks.shape[-2:]]
        shape[axis] = max(_extent(window), window.padding + window.size)
        total, _ = lax.scan(
            turn, varying_as(jnp.zeros(shape, blocks.dtype), blocks), (jnp.moveaxis(blocks, -3, 0), _starts(window))
        )
        return lax.slice_in_dim(total, window.padding, window.padding + window.size, axis=axis)

    def tap(k: int) -> jax.Array:
        low = k * window.dilation - window.padding
        high = window.size - low - ((window.outputs - 1) * window.stride + 1)
        config = [(low, high, window.stride - 1) if i == axis else (0, 0, 0) for i in range(blocks.ndim - 1)]
        return lax.pad(lax.index_in_dim(blocks, k, -3, keepdims=False), zero, config)

    return functools.reduce(add, map(tap, range(window.kernel)))
