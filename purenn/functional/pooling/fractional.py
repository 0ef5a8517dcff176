"""Max-pooling with windows at random distances (Graham, 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.functional.pooling import common
from purenn.lowering.reduction import largest
from purenn.lowering.sizes import known_below

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]

Ints = int | Sequence[int]


def _fractional_max(
    where: str,
    n: int,
    indices: bool,
    input: Any,
    kernel_size: Ints,
    output_size: Ints | None,
    output_ratio: float | Sequence[float] | None,
    samples: Any,
    rng: Any,
) -> Any:
    x = common.planes(where, n, input)
    check.floating(where, "input", x)
    if 0 in x.shape[1:]:
        check.fail(where, "input", "have non-zero size but for the first dimension", f"shape {x.shape}")
    kernels = check.integers(where, "kernel_size", kernel_size, n, 1, single=False)
    if output_size is None:
        output_size = _scaled(where, output_ratio, x.shape[-n:])
    sizes = check.integers(where, "output_size", output_size, n, 0, single=False)
    for size, out, k in zip(x.shape[-n:], sizes, kernels, strict=True):
        if out + k - 1 > size - (n == 3):  # torch wants a bit more room in three dimensions than in two
            expected = f"have kernel_size - 1, {k - 1}, at most {size - (n == 3)} for a dimension of size {size}"
            check.fail(where, "output_size", expected, out)
    batched = x if x.ndim == n + 2 else x[None]
    batch, channels = batched.shape[:2]
    if samples is None:
        rng = check.key(where, "rng", rng, "_random_samples is None")
        samples = jax.random.uniform(rng, (batch, channels, n), x.dtype)
    samples = check.array(where, "_random_samples", samples)
    check.same_dtype(where, input=x, _random_samples=samples)
    if samples.ndim != 3 or not known_below(batch, samples.shape[0] + 1) or samples.shape[1:] != (channels, n):
        check.fail(where, "_random_samples", f"have shape {(batch, channels, n)}", f"shape {samples.shape}")
    samples = samples[:batch]
    place = common.plane_index(batched, n) if indices else None
    y = batched
    for axis in reversed(range(2, n + 2)):
        sample = samples[..., 1 - (axis - 2)] if n == 2 else samples[..., axis - 2]  # of two, the first is the width's
        start = _starts(sample, y.shape[axis], sizes[axis - 2], kernels[axis - 2])
        at = start[..., None] + jnp.arange(kernels[axis - 2], dtype=jnp.int32)[None, None, None]
        split = _windows(y, at, axis)
        y, place = largest(split, axis + 1, None if place is None else _windows(place, at, axis))
    y, place = (y, place) if x.ndim == n + 2 else (y[0], None if place is None else place[0])
    return (y, place) if indices else y


def _scaled(where: str, ratio: Any, sizes: Sequence[int]) -> list[int]:
    n = len(sizes)
    if ratio is None:
        check.fail(where, "output_size", "be given where output_ratio isn't", None)
    ratios = tuple(ratio) if isinstance(ratio, Sequence) else (ratio,) * n
    if len(ratios) != n or not all(isinstance(r, int | float) for r in ratios):
        check.fail(where, "output_ratio", f"be a number or {n} of them", repr(ratio))
    return [int(size * r) for size, r in zip(sizes, ratios, strict=True)]


def _starts(sample: jax.Array, size: int, count: int, kernel: int) -> jax.Array:
    """Where the windows begin: at pseudo-random integers with the last at the end, in the input's own arithmetic."""
    if count < 2:
        return jnp.full((*sample.shape, count), size - kernel, jnp.int32)
    dtype = sample.dtype
    step = np.asarray(size - kernel, dtype) / np.asarray(count - 1, dtype)
    number = np.arange(count - 1).astype(dtype).reshape(1, 1, -1)
    ends = jnp.full((*sample.shape, 1), size - kernel, jnp.int32)
    offset = sample[..., None]
    start = ((number + offset) * step).astype(jnp.int32) - (offset * step).astype(jnp.int32)
    return jnp.concatenate([start, ends], -1)


def _windows(x: jax.Array, at: jax.Array, axis: int) -> jax.Array:
    """``x[n, c, ..., at[n, c, window, k], ...]``: the axis becomes two, windows and their elements."""
    take = jax.vmap(jax.vmap(lambda plane, i: jnp.take(plane, i, axis - 2, mode="clip")))
    return take(x, at)


def fractional_max_pool2d(
    input: Any,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    rng: Any = None,
) -> Any:
    r"""The largest elements of windows that start at random, about evenly spaced places.

    In a dimension of size :math:`H`, the windows of size :math:`K` start at
    :math:`\lfloor (t + u) \alpha \rfloor - \lfloor u \alpha \rfloor` with
    :math:`\alpha = (H - K) / (H' - 1)`, the last at :math:`H - K`; :math:`u` is random for every plane. Of equals the
    first counts, and the last NaN.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`.
        kernel_size: the size of a window, one number or two.
        output_size: :math:`(H', W')`, or one number for both.
        output_ratio: the output's size by the input's, instead of ``output_size``.
        return_indices: whether to return where the largest elements are, too.
        _random_samples: the numbers :math:`u` from 0 to 1, of shape :math:`(N, C, 2)`, those of the width first.
        rng: the jax key from which they are drawn otherwise.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(C, H', W')`; with ``return_indices``, the pair of it and
        the places, as `max_pool2d` gives them.

    Raises:
        ValueError: sizes that don't fit, or neither ``_random_samples`` nor ``rng``. TypeError: an input that isn't
            floating-point.

    Source: ``torch.nn.functional.fractional_max_pool2d``; Graham, 2014.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.arange(25.0).reshape(1, 5, 5)
        >>> F.fractional_max_pool2d(x, 2, output_size=2, _random_samples=jnp.full((1, 1, 2), 0.5)).tolist()
        [[[6.0, 9.0], [21.0, 24.0]]]
    """
    indices, where = bool(return_indices), "fractional_max_pool2d"
    return _fractional_max(where, 2, indices, input, kernel_size, output_size, output_ratio, _random_samples, rng)


def fractional_max_pool3d(
    input: Any,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    rng: Any = None,
) -> Any:
    r"""The largest elements of windows that start at random; `fractional_max_pool2d` has the formula.

    Args:
        input: of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`.
        kernel_size: the size of a window, one number or three.
        output_size: :math:`(D', H', W')`, or one number for all.
        output_ratio: the output's size by the input's, instead of ``output_size``.
        return_indices: whether to return where the largest elements are, too.
        _random_samples: numbers from 0 to 1, of shape :math:`(N, C, 3)`, those of the depth first.
        rng: the jax key from which they are drawn otherwise.

    Returns:
        An array of shape :math:`(N, C, D', H', W')` or :math:`(C, D', H', W')`; with ``return_indices``, the pair of
        it and the places, as `max_pool3d` gives them.

    Raises:
        ValueError: sizes that don't fit, or neither ``_random_samples`` nor ``rng``. TypeError: an input that isn't
            floating-point.

    Source: ``torch.nn.functional.fractional_max_pool3d``; Graham, 2014.

    Example:
        >>> import jax
        >>> from purenn import functional as F
        >>> F.fractional_max_pool3d(jax.numpy.ones((1, 6, 6, 6)), 2, output_ratio=0.5, rng=jax.random.key(0)).shape
        (1, 3, 3, 3)
    """
    indices, where = bool(return_indices), "fractional_max_pool3d"
    return _fractional_max(where, 3, indices, input, kernel_size, output_size, output_ratio, _random_samples, rng)


def fractional_max_pool2d_with_indices(
    input: Any,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    rng: Any = None,
) -> tuple[jax.Array, jax.Array]:
    """`fractional_max_pool2d` with ``return_indices``, whatever is given for it."""
    where = "fractional_max_pool2d_with_indices"
    return _fractional_max(where, 2, True, input, kernel_size, output_size, output_ratio, _random_samples, rng)


def fractional_max_pool3d_with_indices(
    input: Any,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    rng: Any = None,
) -> tuple[jax.Array, jax.Array]:
    """`fractional_max_pool3d` with ``return_indices``, whatever is given for it."""
    where = "fractional_max_pool3d_with_indices"
    return _fractional_max(where, 3, True, input, kernel_size, output_size, output_ratio, _random_samples, rng)
