"""Pooling to a given size."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.functional.pooling import common
from purenn.lowering.bins import Bins
from purenn.lowering.dtypes import widened
from purenn.lowering.reduction import largest
from purenn.lowering.resampling import weighted
from purenn.lowering.whole import whole

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

FEW = 32  # elements of a bin that the CPU adds one after the other
Sizes = int | Sequence[int | None]


def _arguments(where: str, n: int, full: bool, input: Any, output_size: Any) -> tuple[jax.Array, tuple[int, ...]]:
    """A floating-point input, with channels if `full`, and the output's sizes; None stands for the input's."""
    x = common.planes(where, n, input)
    check.floating(where, "input", x)
    sizes = output_size
    if n > 1 and isinstance(output_size, Sequence) and len(output_size) == n:
        sizes = [size if given is None else given for given, size in zip(output_size, x.shape[-n:], strict=True)]
    if 0 in (x.shape[1:] if full else x.shape[-n:]):
        check.fail(where, "input", "have non-zero size but for the first dimension", f"shape {x.shape}")
    return x, check.integers(where, "output_size", sizes, n, 0, single=False)


def _adaptive_avg(n: int, input: Any, output_size: Any) -> jax.Array:
    x, sizes = _arguments(f"adaptive_avg_pool{n}d", n, n == 3, input, output_size)
    dtype = x.dtype
    x = widened(x)
    if set(sizes) == {1}:  # all at once, in one pass over what lies together
        return jnp.mean(x, range(-n, 0), keepdims=True).astype(dtype)
    bins = {axis: Bins(x.shape[axis], size) for axis, size in enumerate(sizes, x.ndim - n)}
    few = {axis: bin for axis, bin in bins.items() if bin.outputs > 0 and bin.widths().max() <= FEW}

    def split(x: jax.Array, axes: Iterable[int]) -> jax.Array:
        for axis in axes:
            x = jnp.sum(bins[axis].split(x, axis), axis + 1)
        return x

    def added(x: jax.Array) -> jax.Array:
        return split(weighted(x, {axis: bin.taps() for axis, bin in few.items()}), bins.keys() - few)

    x = lax.platform_dependent(x, cpu=added, default=lambda x: split(x, bins))
    counts = functools.reduce(np.multiply.outer, [bin.widths() for bin in bins.values()])
    return (x / jnp.broadcast_to(jnp.asarray(counts, x.dtype), x.shape)).astype(dtype)


def _adaptive_max(where: str, n: int, indices: bool, input: Any, output_size: Any) -> Any:
    x, sizes = _arguments(where, n, True, input, output_size)
    place = common.plane_index(x, n) if indices else None
    x, place = _largest_of_bins(x, place, sizes)
    return (x, place) if indices else x


@functools.partial(whole, static_argnums=2)
def _largest_of_bins(x: jax.Array, place: jax.Array | None, sizes: tuple[int, ...]) -> tuple[jax.Array, Any]:
    for axis, size in reversed(list(enumerate(sizes, x.ndim - len(sizes)))):
        bins = Bins(x.shape[axis], size)
        places = None if place is None else bins.split(place, axis, -1)
        x, place = largest(bins.split(x, axis, -np.inf), axis + 1, places)
    return x, place


def adaptive_avg_pool1d(input: Any, output_size: int | Sequence[int]) -> jax.Array:
    r"""Averages of as many bins as wanted: bin :math:`t` of :math:`T` has the elements from
    :math:`\lfloor t L / T \rfloor` to before :math:`\lceil (t + 1) L / T \rceil`.

    Bins overlap where :math:`T` doesn't divide :math:`L`.

    Args:
        input: of shape :math:`(N, C, L)` or :math:`(C, L)`.
        output_size: the number of bins, :math:`T`.

    Returns:
        An array of shape :math:`(N, C, T)` or :math:`(C, T)`.

    Raises:
        ValueError: sizes that don't fit. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.adaptive_avg_pool1d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.adaptive_avg_pool1d(jnp.arange(5.0).reshape(1, 5), 2).tolist()
        [[1.0, 3.0]]
    """
    return _adaptive_avg(1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Sizes) -> jax.Array:
    r"""Averages of as many bins as wanted in height and width; `adaptive_avg_pool1d` has the formula.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`.
        output_size: the numbers of bins, one number or two; None in the place of one leaves a dimension as it is.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(C, H', W')`.

    Raises:
        ValueError: sizes that don't fit. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.adaptive_avg_pool2d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.adaptive_avg_pool2d(jnp.arange(16.0).reshape(1, 4, 4), (1, None)).tolist()
        [[[6.0, 7.0, 8.0, 9.0]]]
    """
    return _adaptive_avg(2, input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: Sizes) -> jax.Array:
    r"""Averages of as many bins as wanted in depth, height and width; `adaptive_avg_pool1d` has the formula.

    Args:
        input: of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`.
        output_size: the numbers of bins, one number or three; None in the place of one leaves a dimension as it is.

    Returns:
        An array of shape :math:`(N, C, D', H', W')` or :math:`(C, D', H', W')`.

    Raises:
        ValueError: sizes that don't fit. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.adaptive_avg_pool3d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.adaptive_avg_pool3d(jnp.arange(8.0).reshape(1, 2, 2, 2), 1).tolist()
        [[[[3.5]]]]
    """
    return _adaptive_avg(3, input, output_size)


def adaptive_max_pool1d(input: Any, output_size: int | Sequence[int], return_indices: bool = False) -> Any:
    r"""The largest elements of as many bins as wanted, those of `adaptive_avg_pool1d`.

    Of equals the first counts, and the last NaN.

    Args:
        input: of shape :math:`(N, C, L)` or :math:`(C, L)`.
        output_size: the number of bins.
        return_indices: whether to return where the largest elements are, too.

    Returns:
        An array of shape :math:`(N, C, T)` or :math:`(C, T)`; with ``return_indices``, the pair of it and the places,
        as `max_pool1d` gives them.

    Raises:
        ValueError: sizes that don't fit. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.adaptive_max_pool1d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.adaptive_max_pool1d(jnp.arange(5.0).reshape(1, 5), 2).tolist()
        [[2.0, 4.0]]
    """
    return _adaptive_max("adaptive_max_pool1d", 1, bool(return_indices), input, output_size)


def adaptive_max_pool2d(input: Any, output_size: Sizes, return_indices: bool = False) -> Any:
    r"""The largest elements of as many bins as wanted in height and width.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`.
        output_size: the numbers of bins, one number or two; None in the place of one leaves a dimension as it is.
        return_indices: whether to return where the largest elements are, too.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(C, H', W')`; with ``return_indices``, the pair of it and
        the places, as `max_pool2d` gives them.

    Raises:
        ValueError: sizes that don't fit. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.adaptive_max_pool2d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.adaptive_max_pool2d(jnp.arange(16.0).reshape(1, 4, 4), (1, None)).tolist()
        [[[12.0, 13.0, 14.0, 15.0]]]
    """
    return _adaptive_max("adaptive_max_pool2d", 2, bool(return_indices), input, output_size)


def adaptive_max_pool3d(input: Any, output_size: Sizes, return_indices: bool = False) -> Any:
    r"""The largest elements of as many bins as wanted in depth, height and width.

    Args:
        input: of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`.
        output_size: the numbers of bins, one number or three; None in the place of one leaves a dimension as it is.
        return_indices: whether to return where the largest elements are, too.

    Returns:
        An array of shape :math:`(N, C, D', H', W')` or :math:`(C, D', H', W')`; with ``return_indices``, the pair of
        it and the places, as `max_pool3d` gives them.

    Raises:
        ValueError: sizes that don't fit. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.adaptive_max_pool3d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.adaptive_max_pool3d(jnp.arange(8.0).reshape(1, 2, 2, 2), 1).tolist()
        [[[[7.0]]]]
    """
    return _adaptive_max("adaptive_max_pool3d", 3, bool(return_indices), input, output_size)


def adaptive_max_pool1d_with_indices(
    input: Any, output_size: int | Sequence[int], return_indices: bool = False
) -> tuple[jax.Array, jax.Array]:
    """`adaptive_max_pool1d` with ``return_indices``, whatever is given for it."""
    return _adaptive_max("adaptive_max_pool1d_with_indices", 1, True, input, output_size)


def adaptive_max_pool2d_with_indices(
    input: Any, output_size: Sizes, return_indices: bool = False
) -> tuple[jax.Array, jax.Array]:
    """`adaptive_max_pool2d` with ``return_indices``, whatever is given for it."""
    return _adaptive_max("adaptive_max_pool2d_with_indices", 2, True, input, output_size)


def adaptive_max_pool3d_with_indices(
    input: Any, output_size: Sizes, return_indices: bool = False
) -> tuple[jax.Array, jax.Array]:
    """`adaptive_max_pool3d` with ``return_indices``, whatever is given for it."""
    return _adaptive_max("adaptive_max_pool3d_with_indices", 3, True, input, output_size)
