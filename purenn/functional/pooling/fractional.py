"""Fractional max pooling: maxima over windows that start at random indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.docstring import documented
from purenn.functional.pooling import common
from purenn.lowering.reduction import max_with_place
from purenn.lowering.sizes import are_known, known_below
from purenn.typing import Array, ArrayLike, Key, Size

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]


def _fractional_max(
    where: str,
    n: int,
    indices: bool,
    input: ArrayLike,
    kernel_size: Size,
    output_size: Size | None,
    output_ratio: float | Sequence[float] | None,
    samples: ArrayLike | None,
    rng: Key | None,
) -> Any:
    """Checks the arguments and takes maxima; with `indices` gives the pair of values and indices."""
    x = common.as_planes(where, n, input)
    check.floating(where, "input", x)
    if 0 in x.shape[1:]:
        check.fail(where, "input", "have non-zero size but for the first dimension", f"shape {x.shape}")
    if not are_known(x.shape[-n:]):
        check.fail(where, "input", "have known spatial sizes", f"shape {x.shape}")
    kernels = check.integers(where, "kernel_size", kernel_size, n, 1, single=False)
    if output_size is None:
        output_size = _scaled(where, output_ratio, x.shape[-n:])
    sizes = check.integers(where, "output_size", output_size, n, 0, single=False)
    for size, out, k in zip(x.shape[-n:], sizes, kernels, strict=True):
        if out + k - 1 > size - (n == 3):  # torch requires one more element in three dimensions
            expected = f"be at most {size - (n == 3) - k + 1} for kernel_size {k} and a dimension of size {size}"
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
        sample = samples[..., 3 - axis if n == 2 else axis - 2]  # of two samples, the first is for the width
        start = _starts(sample, y.shape[axis], sizes[axis - 2], kernels[axis - 2])
        positions = start[..., None] + jnp.arange(kernels[axis - 2], dtype=jnp.int32)[None, None, None]
        split = _windows(y, positions, axis)
        y, place = max_with_place(split, axis + 1, None if place is None else _windows(place, positions, axis))
    y, place = (y, place) if x.ndim == n + 2 else (y[0], None if place is None else place[0])
    return (y, place) if indices else y


def _scaled(where: str, ratio: float | Sequence[float] | None, sizes: Sequence[int]) -> list[int]:
    """Gives the sizes of the output from the ratio."""
    n = len(sizes)
    if ratio is None:
        check.fail(where, "output_size", "be given where output_ratio is None", None)
    ratios = tuple(ratio) if isinstance(ratio, Sequence) else (ratio,) * n
    if len(ratios) != n or not all(isinstance(r, int | float) for r in ratios):
        check.fail(where, "output_ratio", f"be a number or {n} numbers", repr(ratio))
    return [int(size * r) for size, r in zip(sizes, ratios, strict=True)]


def _starts(sample: jax.Array, size: int, count: int, kernel: int) -> jax.Array:
    """Gives the index at which every window starts, computed in the input's dtype."""
    if count < 2:
        return jnp.full((*sample.shape, count), size - kernel, jnp.int32)
    dtype = sample.dtype
    step = np.asarray(size - kernel, dtype) / np.asarray(count - 1, dtype)
    number = np.arange(count - 1).astype(dtype).reshape(1, 1, -1)
    ends = jnp.full((*sample.shape, 1), size - kernel, jnp.int32)
    offset = sample[..., None]
    start = ((number + offset) * step).astype(jnp.int32) - (offset * step).astype(jnp.int32)
    return jnp.concatenate([start, ends], -1)


def _windows(x: jax.Array, positions: jax.Array, axis: int) -> jax.Array:
    """Gives ``x[n, c, ..., positions[n, c, window, k], ...]``: two axes, window and element, replace one."""
    take = jax.vmap(jax.vmap(lambda plane, i: jnp.take(plane, i, axis - 2, mode="clip")))
    return take(x, positions)


_FRACTIONAL = r"""Takes the maximum over windows of $inputs that start at random, almost evenly spaced indices.

    In a dimension of size :math:`L`, window :math:`t` of :math:`L'` windows of size :math:`K` starts at

    .. math:: \lfloor (t + u) \alpha \rfloor - \lfloor u \alpha \rfloor \qquad \alpha = (L - K) / (L' - 1)

    and the last window at :math:`L - K`. The number :math:`u` is random for every sample, channel and dimension. Among
    equal maxima the first receives the gradient. NaN counts as greater than every number; of several NaNs the last is
    returned.

    Args:
        input: of shape :math:`$N` or :math:`$C`; floating-point.
        kernel_size: the size of a window: $sizes.
        output_size: the size of the output: $sizes. Either it or ``output_ratio`` must be given.
        output_ratio: the size of the output as a fraction of the input's, rounded down: $sizes.
        return_indices: $return_indices
        _random_samples: the numbers :math:`u` between 0 and 1, of shape :math:`(N, C, $rank)`, in the order $order;
            None draws them from ``rng``.
        rng: a jax key, needed if ``_random_samples`` is None.

    Returns:
        The maxima, of shape :math:`$N_out` or :math:`$C_out`; and$asked their indices $indices, int64 (int32 where jax
        has no int64).

    Raises:
        ValueError: a size does not fit, or both ``_random_samples`` and ``rng`` are None.
        TypeError: ``input`` is not floating-point, or ``_random_samples`` has another dtype.

    Source: ``torch.nn.functional.fractional_max_pool${rank}d$suffix``; Graham, *Fractional Max-Pooling*, 2014,
    https://arxiv.org/abs/1412.6071.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> pool, key = F.fractional_max_pool${rank}d$suffix, jax.random.key(0)
        >>> y, indices = pool(jnp.ones($x), 2, output_ratio=0.5, return_indices=True, rng=key)
        >>> y.shape, indices.shape
        ($y, $y)
    """

_WORDS = {
    2: {"order": "width, height", "indices": common.INDICES[2], "x": "(1, 6, 6)", "y": "(1, 3, 3)"},
    3: {"order": "depth, height, width", "indices": common.INDICES[3], "x": "(1, 6, 6, 6)", "y": "(1, 3, 3, 3)"},
}


@documented(_FRACTIONAL, 2, **_WORDS[2], **common.OPTIONAL)
def fractional_max_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: ArrayLike | None = None,
    rng: Key | None = None,
) -> Any:
    indices, where = bool(return_indices), "fractional_max_pool2d"
    return _fractional_max(where, 2, indices, input, kernel_size, output_size, output_ratio, _random_samples, rng)


@documented(_FRACTIONAL, 3, **_WORDS[3], **common.OPTIONAL)
def fractional_max_pool3d(
    input: ArrayLike,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: ArrayLike | None = None,
    rng: Key | None = None,
) -> Any:
    indices, where = bool(return_indices), "fractional_max_pool3d"
    return _fractional_max(where, 3, indices, input, kernel_size, output_size, output_ratio, _random_samples, rng)


def _with_indices(n: int):
    where = f"fractional_max_pool{n}d_with_indices"

    @documented(_FRACTIONAL, n, **_WORDS[n], **common.ALWAYS)
    def pool(
        input: ArrayLike,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: ArrayLike | None = None,
        rng: Key | None = None,
    ) -> tuple[Array, Array]:
        return _fractional_max(where, n, True, input, kernel_size, output_size, output_ratio, _random_samples, rng)

    pool.__name__ = pool.__qualname__ = where
    return pool


fractional_max_pool2d_with_indices = _with_indices(2)
fractional_max_pool3d_with_indices = _with_indices(3)
