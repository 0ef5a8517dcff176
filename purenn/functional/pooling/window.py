"""Pooling: maxima and averages of windows."""

from __future__ import annotations

from typing import Any

from purenn.docstring import documented
from purenn.functional.pooling import common
from purenn.typing import Array, ArrayLike, Size

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
]

_MAX_POOL = r"""Takes the maximum over every window of $input.

    .. math:: y_t = \max_{0 \le k < K} x_{t s + k d - p}

    along every spatial dimension, with kernel size :math:`K`, stride :math:`s`, dilation :math:`d` and padding
    :math:`p`. Padding never wins. Among equal maxima the first receives the gradient. NaN compares greater than every
    number; of several NaNs the last is returned.

    Args:
        input: of shape :math:`$N` or :math:`$C`; floating-point, with ``return_indices`` also integer.
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        padding: the padding on both sides, at most half of ``kernel_size``: $sizes.
        dilation: the steps between the elements of a window: $sizes.
        ceil_mode: whether a last window may reach beyond the padded input, if it starts in the input or in the padding
            before it.
        return_indices: whether the places of the maxima are returned too.

    Returns:
        An array of shape :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
        :math:`L' = \lfloor (L + 2p - d (K - 1) - 1) / s \rfloor + 1`, rounded up with ``ceil_mode``. With
        ``return_indices``, the pair of it and the places $places, int64 (int32 where jax has no int64). A window that
        by its dilation sees nothing but padding has the place -1, where torch gives one outside of the input.

    Raises:
        ValueError: sizes that don't fit.
        TypeError: the dtype isn't real.

    Source: ``torch.nn.functional.max_pool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        $example
    """

_MAX_EXAMPLES = {
    1: """>>> y, places = F.max_pool1d(jnp.array([[1.0, 5.0, 2.0, 3.0]]), 2, return_indices=True)
        >>> y.tolist(), places.tolist()
        ([[5.0, 3.0]], [[1, 3]])""",
    2: """>>> F.max_pool2d(jnp.arange(16.0).reshape(1, 4, 4), 2).tolist()
        [[[5.0, 7.0], [13.0, 15.0]]]""",
    3: """>>> F.max_pool3d(jnp.arange(8.0).reshape(1, 2, 2, 2), 2).tolist()
        [[[[7.0]]]]""",
}


@documented(_MAX_POOL, 1, places=common.PLACES[1], example=_MAX_EXAMPLES[1])
def max_pool1d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    return common.checked_max_pool(
        "max_pool1d", 1, bool(return_indices), input, kernel_size, stride, padding, dilation, ceil_mode
    )


@documented(_MAX_POOL, 2, places=common.PLACES[2], example=_MAX_EXAMPLES[2])
def max_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    return common.checked_max_pool(
        "max_pool2d", 2, bool(return_indices), input, kernel_size, stride, padding, dilation, ceil_mode
    )


@documented(_MAX_POOL, 3, places=common.PLACES[3], example=_MAX_EXAMPLES[3])
def max_pool3d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    return common.checked_max_pool(
        "max_pool3d", 3, bool(return_indices), input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool1d_with_indices(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Array, Array]:
    """Gives `max_pool1d` with the places of the maxima, whatever ``return_indices`` says."""
    return common.checked_max_pool(
        "max_pool1d_with_indices", 1, True, input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool2d_with_indices(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Array, Array]:
    """Gives `max_pool2d` with the places of the maxima, whatever ``return_indices`` says."""
    return common.checked_max_pool(
        "max_pool2d_with_indices", 2, True, input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool3d_with_indices(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Array, Array]:
    """Gives `max_pool3d` with the places of the maxima, whatever ``return_indices`` says."""
    return common.checked_max_pool(
        "max_pool3d_with_indices", 3, True, input, kernel_size, stride, padding, dilation, ceil_mode
    )


_AVG_POOL = r"""Takes the average of every window of $input.

    .. math:: y_t = \frac{1}{K} \sum_{0 \le k < K} x_{t s + k - p}

    along every spatial dimension, with kernel size :math:`K`, stride :math:`s` and padding :math:`p`. With
    ``ceil_mode``, elements of a last window beyond the padding do not count.

    Args:
        input: of shape :math:`$N` or :math:`$C`; floating-point, or integer of jax's default dtype.
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        padding: the zeros on both sides, at most half of ``kernel_size``: $sizes.
        ceil_mode: whether a last window may reach beyond the padded input, if it starts in the input or in the padding
            before it.
        count_include_pad: whether the zeros of the padding count.$divisor

    Returns:
        An array of shape :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
        :math:`L' = \lfloor (L + 2p - K) / s \rfloor + 1`, rounded up with ``ceil_mode``. It has ``input``'s dtype;
        integers are rounded towards 0.

    Raises:
        ValueError: sizes that don't fit.
        TypeError: the dtype is neither floating-point nor the default integer.

    Source: ``torch.nn.functional.avg_pool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        $example
    """

_DIVISOR = """
        divisor_override: what the sums are divided by, in place of the number of elements; not 0."""
_AVG_EXAMPLES = {
    1: """>>> F.avg_pool1d(jnp.array([[1.0, 5.0, 2.0, 4.0]]), 2).tolist()
        [[3.0, 3.0]]""",
    2: """>>> F.avg_pool2d(jnp.arange(16.0).reshape(1, 4, 4), 2).tolist()
        [[[2.5, 4.5], [10.5, 12.5]]]""",
    3: """>>> F.avg_pool3d(jnp.arange(8.0).reshape(1, 2, 2, 2), 2).tolist()
        [[[[3.5]]]]""",
}


@documented(_AVG_POOL, 1, divisor="", example=_AVG_EXAMPLES[1])
def avg_pool1d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    return common.checked_avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@documented(_AVG_POOL, 2, divisor=_DIVISOR, example=_AVG_EXAMPLES[2])
def avg_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    return common.checked_avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@documented(_AVG_POOL, 3, divisor=_DIVISOR, example=_AVG_EXAMPLES[3])
def avg_pool3d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    return common.checked_avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
