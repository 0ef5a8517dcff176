"""Max unpooling: partial inverses of the max pools."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check, value_checks
from purenn.docstring import documented
from purenn.functional.pooling import common
from purenn.lowering.whole import or_nan
from purenn.typing import Array, ArrayLike, Size

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]


def _max_unpool(
    n: int,
    input: ArrayLike,
    indices: ArrayLike,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    output_size: Sequence[int] | None,
) -> jax.Array:
    """Checks the arguments and writes the elements to their indices."""
    where = f"max_unpool{n}d"
    x, place = common.as_planes(where, n, input), check.array(where, "indices", indices)
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
    # With unique_indices the transpose is a gather, so that overwritten elements receive a gradient too, as in torch.
    row = lax.broadcasted_iota(place.dtype, place.shape, 0)
    y = jnp.zeros((flat.shape[0], total), x.dtype).at[row, place].set(flat, mode="clip", unique_indices=True)
    return y.reshape((*x.shape[:-n], *sizes))


def _output_size(
    where: str, n: int, output_size: Sequence[int] | None, sizes: tuple[int, ...], strides: tuple[int, ...]
) -> tuple[int, ...]:
    """Checks ``output_size``, and gives it per spatial dimension."""
    if not isinstance(output_size, Sequence) or len(output_size) not in (n, n + 2):
        check.fail(where, "output_size", f"be a sequence of {n} or {n + 2} integers", repr(output_size))
    requested = tuple(check.integer(where, "output_size", size) for size in output_size[-n:])
    for request, size, s in zip(requested, sizes, strides, strict=True):
        if not size - s < request < size + s:
            check.fail(where, "output_size", f"be less than a stride from {sizes}", requested)
    return requested


_UNPOOL = r"""Writes maxima back to their indices in the input of `max_pool${rank}d`, and zeros everywhere else.

    Args:
        input: the maxima, of shape :math:`$N` or :math:`$C`; floating-point.
        indices: the flat indices of the maxima in the output, of the shape of ``input``, as
            ``max_pool${rank}d(..., return_indices=True)`` returns them. Which of equal indices wins is undefined.
            Inside ``jit``, where values are unknown, an index out of range makes an element of the output NaN.
        kernel_size: the size of the pool's windows: $sizes.
        stride: the steps between the pool's windows: $sizes; ``kernel_size`` if None.
        padding: the padding of the pool on both sides: $sizes.
        output_size: the spatial sizes :math:`($spatial_out$comma)` of the output, or its whole shape. They must differ
            by less than one stride from the default sizes, which None gives.

    Returns:
        An array of shape :math:`$N_out` or :math:`$C_out`. By default, every spatial size :math:`L` becomes
        :math:`L' = (L - 1) s + K - 2p`, with kernel size :math:`K`, stride :math:`s` and padding :math:`p`.

    Raises:
        ValueError: a shape or size does not fit, or ``output_size`` differs by one stride or more.
        TypeError: ``input`` is not floating-point, or ``indices`` are not integers.
        IndexError: an index is out of range.

    Source: ``torch.nn.functional.max_unpool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y, indices = F.max_pool${rank}d($x, 2, return_indices=True)
        >>> F.max_unpool${rank}d(y, indices, 2).tolist()
        $y
    """

_WORDS = {
    1: {"comma": ",", "x": "jnp.array([[1.0, 5.0, 2.0, 3.0]])", "y": "[[0.0, 5.0, 0.0, 3.0]]"},
    2: {"comma": "", "x": "jnp.arange(4.0).reshape(1, 2, 2)", "y": "[[[0.0, 0.0], [0.0, 3.0]]]"},
    3: {"comma": "", "x": "jnp.ones((1, 2, 2, 2))", "y": "[[[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]]"},
}


@documented(_UNPOOL, 1, **_WORDS[1])
def max_unpool1d(
    input: ArrayLike,
    indices: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


@documented(_UNPOOL, 2, **_WORDS[2])
def max_unpool2d(
    input: ArrayLike,
    indices: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


@documented(_UNPOOL, 3, **_WORDS[3])
def max_unpool3d(
    input: ArrayLike,
    indices: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)
