"""Partial inverses of max-pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check, value_checks
from purenn.functional.pooling import common
from purenn.lowering.whole import or_nan

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

Ints = int | Sequence[int]


def _max_unpool(
    n: int,
    input: Any,
    indices: Any,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    output_size: Sequence[int] | None,
) -> jax.Array:
    where = f"max_unpool{n}d"
    x, place = common.planes(where, n, input), check.array(where, "indices", indices)
    check.floating(where, "input", x)
    check.integral(where, "indices", place)
    check.shape(where, "indices", place, x.shape)
    if 0 in x.shape[1:]:
        check.fail(where, "input", "have non-zero size but for the first dimension", f"shape {x.shape}")
    kernels = check.integers(where, "kernel_size", kernel_size, n, single=False)
    strides = kernels if stride is None else check.integers(where, "stride", stride, n, single=False)
    paddings = check.integers(where, "padding", padding, n, single=False)
    if n == 3 and min(strides) < 1:
        check.fail(where, "stride", "be at least 1", strides)
    inputs = x.shape[-n:]
    sizes = tuple((m - 1) * s + k - 2 * p for m, s, k, p in zip(inputs, strides, kernels, paddings, strict=True))
    if output_size is not None:
        sizes = _output_size(where, n, output_size, sizes, strides)
    if min(sizes) < 0:
        check.fail(where, "output_size", "be non-negative", sizes)
    flat, total = x.reshape(-1, math.prod(inputs)), math.prod(sizes)
    if total == 0 or flat.size == 0:
        return jnp.zeros((*x.shape[:-n], *sizes), x.dtype)
    value_checks.require(place, value_checks.Within(where, "indices", 0, total - 1))
    place = place.reshape(flat.shape)
    flat = or_nan((place >= 0) & (place < total), flat)
    # a scatter of which the transpose is a gather: also those that are overwritten get a gradient, as in torch
    row = lax.broadcasted_iota(place.dtype, place.shape, 0)
    y = jnp.zeros((flat.shape[0], total), x.dtype).at[row, place].set(flat, mode="clip", unique_indices=True)
    return y.reshape((*x.shape[:-n], *sizes))


def _output_size(
    where: str, n: int, output_size: Any, sizes: tuple[int, ...], strides: tuple[int, ...]
) -> tuple[int, ...]:
    if not isinstance(output_size, Sequence) or len(output_size) not in (n, n + 2):
        check.fail(where, "output_size", f"be a sequence of {n} or {n + 2} integers", repr(output_size))
    wanted = tuple(check.integer(where, "output_size", size) for size in output_size[-n:])
    for want, size, s in zip(wanted, sizes, strides, strict=True):
        if not size - s < want < size + s:
            check.fail(where, "output_size", f"be less than a stride from {sizes}", wanted)
    return wanted


def max_unpool1d(
    input: Any,
    indices: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> jax.Array:
    r"""Puts the elements that `max_pool1d` found back where they were, with zeros around them.

    Args:
        input: of shape :math:`(N, C, L)` or :math:`(C, L)`.
        indices: of the same shape, the places that ``max_pool1d(..., return_indices=True)`` gave. Inside
            ``jit``, where values are unknown, one outside of the output puts NaN at its end; of equal ones any may win.
        kernel_size, stride, padding: the pool's.
        output_size: the size of the pool's input, where it isn't the one below: :math:`(L',)`, or its whole shape.

    Returns:
        An array of shape :math:`(N, C, L')` or :math:`(C, L')`, with :math:`L' = (L - 1) s + K - 2p`.

    Raises:
        ValueError: the shapes don't fit, or an ``output_size`` a stride or more away. TypeError: an input that isn't
            floating-point. IndexError: an index outside of the output.

    Source: ``torch.nn.functional.max_unpool1d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.max_unpool1d(jnp.array([[5.0, 3.0]]), jnp.array([[1, 3]]), 2).tolist()
        [[0.0, 5.0, 0.0, 3.0]]
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Any,
    indices: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> jax.Array:
    r"""Puts the elements that `max_pool2d` found back where they were; more in `max_unpool1d`.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`.
        indices: of the same shape, the places that ``max_pool2d(..., return_indices=True)`` gave.
        kernel_size, stride, padding: the pool's.
        output_size: the size of the pool's input: :math:`(H', W')`, or its whole shape.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(C, H', W')`.

    Raises:
        ValueError: the shapes don't fit. TypeError: an input that isn't floating-point.
        IndexError: an index outside of the output.

    Source: ``torch.nn.functional.max_unpool2d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y, places = F.max_pool2d(jnp.arange(4.0).reshape(1, 2, 2), 2, return_indices=True)
        >>> F.max_unpool2d(y, places, 2).tolist()
        [[[0.0, 0.0], [0.0, 3.0]]]
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Any,
    indices: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> jax.Array:
    r"""Puts the elements that `max_pool3d` found back where they were; more in `max_unpool1d`.

    Args:
        input: of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`.
        indices: of the same shape, the places that ``max_pool3d(..., return_indices=True)`` gave.
        kernel_size, stride, padding: the pool's.
        output_size: the size of the pool's input: :math:`(D', H', W')`, or its whole shape.

    Returns:
        An array of shape :math:`(N, C, D', H', W')` or :math:`(C, D', H', W')`.

    Raises:
        ValueError: the shapes don't fit. TypeError: an input that isn't floating-point.
        IndexError: an index outside of the output.

    Source: ``torch.nn.functional.max_unpool3d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y, places = F.max_pool3d(jnp.arange(8.0).reshape(1, 2, 2, 2), 2, return_indices=True)
        >>> F.max_unpool3d(y, places, 2).sum().item()
        7.0
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)
