"""Adaptive pooling: averages and maxima over a given number of bins."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.docstring import documented
from purenn.functional.pooling import common
from purenn.lowering.bins import AdaptiveBins
from purenn.lowering.dtypes import widened
from purenn.lowering.reduction import max_with_place
from purenn.lowering.resampling import apply_taps
from purenn.lowering.sizes import are_known, divides
from purenn.lowering.whole import whole
from purenn.typing import Array, ArrayLike, Size

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
]

MAX_UNROLLED_ELEMENTS = 32  # per bin, which the CPU adds one by one
Sizes: TypeAlias = int | Sequence[int | None]  # None keeps the size of the input


def _arguments(
    where: str, n: int, full: bool, input: ArrayLike, output_size: int | Sequence[int | None] | None
) -> tuple[jax.Array, tuple[int, ...]]:
    """Checks the arguments; gives the input and the number of bins per dimension. `full` refuses empty channels."""
    x = common.as_planes(where, n, input)
    check.floating(where, "input", x)
    kept = [False] * n
    if n > 1 and isinstance(output_size, Sequence) and len(output_size) == n:
        kept = [wanted is None for wanted in output_size]
        output_size = [0 if wanted is None else wanted for wanted in output_size]
    if 0 in (x.shape[1:] if full else x.shape[-n:]):
        check.fail(where, "input", "have non-zero size but for the first dimension", f"shape {x.shape}")
    counts = check.integers(where, "output_size", output_size, n, 0, single=False)
    sizes = tuple(size if keep else m for keep, size, m in zip(kept, x.shape[-n:], counts, strict=True))
    for size, bins in zip(x.shape[-n:], sizes, strict=True):
        if not are_known([size]) and not (bins and divides(bins, size)):
            check.fail(where, "input", f"have sizes that are known or multiples of {sizes}", f"shape {x.shape}")
    return x, sizes


def _adaptive_avg(n: int, input: ArrayLike, output_size: int | Sequence[int | None] | None) -> jax.Array:
    x, sizes = _arguments(f"adaptive_avg_pool{n}d", n, n == 3, input, output_size)
    dtype = x.dtype
    x = widened(x)
    if set(sizes) == {1}:  # one pass over adjacent elements
        return jnp.mean(x, range(-n, 0), keepdims=True).astype(dtype)
    bins = {axis: AdaptiveBins(x.shape[axis], size) for axis, size in enumerate(sizes, x.ndim - n)}
    known = {axis: bin for axis, bin in bins.items() if are_known(bin) and bin.outputs > 0}
    few = {axis: bin for axis, bin in known.items() if bin.widths().max() <= MAX_UNROLLED_ELEMENTS}

    def split(x: jax.Array, axes: Iterable[int]) -> jax.Array:
        for axis in axes:
            x = jnp.sum(bins[axis].split(x, axis), axis + 1)
        return x

    def added(x: jax.Array) -> jax.Array:
        return split(apply_taps(x, {axis: bin.taps() for axis, bin in few.items()}), bins.keys() - few)

    x = lax.platform_dependent(x, cpu=added, default=lambda x: split(x, bins))
    counts = functools.reduce(common.outer, [bin.widths() for bin in bins.values()])
    return (x / jnp.broadcast_to(jnp.asarray(counts, x.dtype), x.shape)).astype(dtype)


def _adaptive_max(
    where: str, n: int, indices: bool, input: ArrayLike, output_size: int | Sequence[int | None] | None
) -> Any:
    x, sizes = _arguments(where, n, True, input, output_size)
    place = common.plane_index(x, n) if indices else None
    x, place = _largest_of_bins(x, place, sizes)
    return (x, place) if indices else x


@functools.partial(whole, static_argnums=2)
def _largest_of_bins(x: jax.Array, place: jax.Array | None, sizes: tuple[int, ...]) -> tuple[jax.Array, Any]:
    for axis, size in reversed(list(enumerate(sizes, x.ndim - len(sizes)))):
        bins = AdaptiveBins(x.shape[axis], size)
        places = None if place is None else bins.split(place, axis, -1)
        x, place = max_with_place(bins.split(x, axis, -np.inf), axis + 1, places)
    return x, place


_AVG = r"""Takes the average over every bin of $inputs that are divided into a given number of bins.

    .. math:: y_t = \frac{1}{b_t - a_t} \sum_{a_t \le i < b_t} x_i \qquad
        a_t = \lfloor t L / T \rfloor \qquad b_t = \lceil (t + 1) L / T \rceil

    along every spatial dimension, with :math:`T` bins for :math:`L` elements. Bins overlap where :math:`T` does not
    divide :math:`L`.

    Args:
        input: of shape :math:`$N` or :math:`$C`; floating-point.
        output_size: the number of bins: $sizes$none.

    Returns:
        An array of shape :math:`$N_out` or :math:`$C_out`, where every spatial size is the number of bins.

    Raises:
        ValueError: the shape of ``input`` or the length of ``output_size`` does not fit.
        TypeError: ``input`` is not floating-point.

    Source: ``torch.nn.functional.adaptive_avg_pool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        $example
    """

_NONE = "; None keeps the size of a dimension"
_AVG_EXAMPLES = {
    1: """>>> F.adaptive_avg_pool1d(jnp.arange(5.0).reshape(1, 5), 2).tolist()
        [[1.0, 3.0]]""",
    2: """>>> F.adaptive_avg_pool2d(jnp.arange(16.0).reshape(1, 4, 4), (1, None)).tolist()
        [[[6.0, 7.0, 8.0, 9.0]]]""",
    3: """>>> F.adaptive_avg_pool3d(jnp.arange(8.0).reshape(1, 2, 2, 2), 1).tolist()
        [[[[3.5]]]]""",
}


@documented(_AVG, 1, none="", example=_AVG_EXAMPLES[1])
def adaptive_avg_pool1d(input: ArrayLike, output_size: Size) -> Array:
    return _adaptive_avg(1, input, output_size)


@documented(_AVG, 2, none=_NONE, example=_AVG_EXAMPLES[2])
def adaptive_avg_pool2d(input: ArrayLike, output_size: Sizes) -> Array:
    return _adaptive_avg(2, input, output_size)


@documented(_AVG, 3, none=_NONE, example=_AVG_EXAMPLES[3])
def adaptive_avg_pool3d(input: ArrayLike, output_size: Sizes) -> Array:
    return _adaptive_avg(3, input, output_size)


_MAX = r"""Takes the maximum over every bin of $inputs that are divided into a given number of bins.

    .. math:: y_t = \max_{a_t \le i < b_t} x_i \qquad
        a_t = \lfloor t L / T \rfloor \qquad b_t = \lceil (t + 1) L / T \rceil

    along every spatial dimension, with :math:`T` bins for :math:`L` elements. Bins overlap where :math:`T` does not
    divide :math:`L`. Among equal maxima the first receives the gradient. NaN counts as greater than every number; of
    several NaNs the last is returned.

    Args:
        input: of shape :math:`$N` or :math:`$C`; floating-point.
        output_size: the number of bins: $sizes$none.
        return_indices: $return_indices

    Returns:
        The maxima, of shape :math:`$N_out` or :math:`$C_out`, where every spatial size is the number of bins;
        and$asked their indices $indices, int64 (int32 where jax has no int64).

    Raises:
        ValueError: the shape of ``input`` or the length of ``output_size`` does not fit.
        TypeError: ``input`` is not floating-point.

    Source: ``torch.nn.functional.adaptive_max_pool${rank}d$suffix``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y, indices = F.adaptive_max_pool${rank}d$suffix($x, return_indices=True)
        >>> y.tolist(), indices.tolist()
        $y
    """

_WORDS = {
    1: {"none": "", "x": "jnp.array([[4.0, 1.0, 2.0, 3.0]]), 2", "y": "([[4.0, 3.0]], [[0, 3]])"},
    2: {"none": _NONE, "x": "jnp.arange(4.0).reshape(1, 2, 2), (1, None)", "y": "([[[2.0, 3.0]]], [[[2, 3]]])"},
    3: {"none": _NONE, "x": "jnp.arange(8.0).reshape(1, 2, 2, 2), 1", "y": "([[[[7.0]]]], [[[[7]]]])"},
}


@documented(_MAX, 1, indices=common.INDICES[1], **_WORDS[1], **common.OPTIONAL)
def adaptive_max_pool1d(input: ArrayLike, output_size: Size, return_indices: bool = False) -> Any:
    return _adaptive_max("adaptive_max_pool1d", 1, bool(return_indices), input, output_size)


@documented(_MAX, 2, indices=common.INDICES[2], **_WORDS[2], **common.OPTIONAL)
def adaptive_max_pool2d(input: ArrayLike, output_size: Sizes, return_indices: bool = False) -> Any:
    return _adaptive_max("adaptive_max_pool2d", 2, bool(return_indices), input, output_size)


@documented(_MAX, 3, indices=common.INDICES[3], **_WORDS[3], **common.OPTIONAL)
def adaptive_max_pool3d(input: ArrayLike, output_size: Sizes, return_indices: bool = False) -> Any:
    return _adaptive_max("adaptive_max_pool3d", 3, bool(return_indices), input, output_size)


def _with_indices(n: int):
    where = f"adaptive_max_pool{n}d_with_indices"

    @documented(_MAX, n, indices=common.INDICES[n], **_WORDS[n], **common.ALWAYS)
    def pool(input: ArrayLike, output_size: Sizes, return_indices: bool = False) -> tuple[Array, Array]:
        return _adaptive_max(where, n, True, input, output_size)

    pool.__name__ = pool.__qualname__ = where
    return pool


adaptive_max_pool1d_with_indices = _with_indices(1)
adaptive_max_pool2d_with_indices = _with_indices(2)
adaptive_max_pool3d_with_indices = _with_indices(3)
