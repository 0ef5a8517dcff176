"""Pooling: maxima and averages of windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from purenn.functional.pooling import common

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

Ints = int | Sequence[int]


def max_pool1d(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""The largest element of every window of a signal.

    .. math:: y_{n,c,t} = \max_{0 \le k < K} x_{n,\,c,\,t s + k d - p}

    with kernel size :math:`K`, stride :math:`s`, dilation :math:`d` and padding :math:`p`; padding is never the
    largest. Of equals the first counts: it alone gets the gradient. NaN counts as largest, and the last of them.

    Args:
        input: of shape :math:`(N, C, L)` or :math:`(C, L)`; floating-point, with ``return_indices`` also integer.
        kernel_size: the width of a window, in elements.
        stride: steps between windows; ``kernel_size`` if None.
        padding: on both sides, at most half of ``kernel_size``.
        dilation: steps between a window's elements.
        ceil_mode: whether a last window may reach beyond the padded input, as long as it starts in the input or left
            of it.
        return_indices: whether to return where the largest elements are, too.

    Returns:
        An array of shape :math:`(N, C, L')` or :math:`(C, L')`, where
        :math:`L' = \lfloor (L + 2p - d (K - 1) - 1) / s \rfloor + 1`, rounded up with ``ceil_mode``. With
        ``return_indices``, the pair of it and the places in :math:`0 \ldots L - 1`, int64 (int32 where jax has no
        int64); -1 for a window that by its dilation sees nothing but padding (torch then gives a place outside).

    Raises:
        ValueError: sizes that don't fit. TypeError: the dtype isn't real.

    Source: ``torch.nn.functional.max_pool1d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y, places = F.max_pool1d(jnp.array([[1.0, 5.0, 2.0, 3.0]]), 2, return_indices=True)
        >>> y.tolist(), places.tolist()
        ([[5.0, 3.0]], [[1, 3]])
    """
    return common.checked_max_pool(
        "max_pool1d", 1, bool(return_indices), input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool2d(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""The largest element of every window of images; `max_pool1d` has the formula.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`, of real dtype.
        kernel_size: the size of a window, one number or one a dimension, as for the arguments that follow.
        stride, padding, dilation, ceil_mode, return_indices: as in `max_pool1d`.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(C, H', W')`; with ``return_indices``, the pair of it and
        the places :math:`h W + w`.

    Raises:
        ValueError: sizes that don't fit. TypeError: the dtype isn't real.

    Source: ``torch.nn.functional.max_pool2d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.max_pool2d(jnp.arange(16.0).reshape(1, 4, 4), 2).tolist()
        [[[5.0, 7.0], [13.0, 15.0]]]
    """
    return common.checked_max_pool(
        "max_pool2d", 2, bool(return_indices), input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool3d(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""The largest element of every window of volumes; `max_pool1d` has the formula.

    Args:
        input: of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`, of real dtype.
        kernel_size: the size of a window, one number or one a dimension, as for the arguments that follow.
        stride, padding, dilation, ceil_mode, return_indices: as in `max_pool1d`.

    Returns:
        An array of shape :math:`(N, C, D', H', W')` or :math:`(C, D', H', W')`; with ``return_indices``, the pair of
        it and the places :math:`(d H + h) W + w`.

    Raises:
        ValueError: sizes that don't fit. TypeError: the dtype isn't real.

    Source: ``torch.nn.functional.max_pool3d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.max_pool3d(jnp.arange(8.0).reshape(1, 2, 2, 2), 2).tolist()
        [[[[7.0]]]]
    """
    return common.checked_max_pool(
        "max_pool3d", 3, bool(return_indices), input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool1d_with_indices(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """`max_pool1d` with ``return_indices``, whatever is given for it."""
    return common.checked_max_pool(
        "max_pool1d_with_indices", 1, True, input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool2d_with_indices(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """`max_pool2d` with ``return_indices``, whatever is given for it."""
    return common.checked_max_pool(
        "max_pool2d_with_indices", 2, True, input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool3d_with_indices(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """`max_pool3d` with ``return_indices``, whatever is given for it."""
    return common.checked_max_pool(
        "max_pool3d_with_indices", 3, True, input, kernel_size, stride, padding, dilation, ceil_mode
    )


def avg_pool1d(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> jax.Array:
    r"""The average of every window of a signal.

    .. math:: y_{n,c,t} = \frac{1}{K} \sum_{0 \le k < K} x_{n,\,c,\,t s + k - p}

    with kernel size :math:`K`, stride :math:`s` and padding :math:`p`. What of a last window reaches beyond the
    padding is not counted.

    Args:
        input: of shape :math:`(N, C, L)` or :math:`(C, L)`; floating-point, or integer of jax's default dtype.
        kernel_size: the width of a window, in elements.
        stride: steps between windows; ``kernel_size`` if None.
        padding: zeros on both sides, at most half of ``kernel_size``.
        ceil_mode: whether a last window may reach beyond the padded input, as long as it starts in the input or left
            of it.
        count_include_pad: whether the padding's zeros are counted.

    Returns:
        An array of shape :math:`(N, C, L')` or :math:`(C, L')`, where
        :math:`L' = \lfloor (L + 2p - K) / s \rfloor + 1`, rounded up with ``ceil_mode``; of ``input``'s dtype, where
        integers are rounded towards 0.

    Raises:
        ValueError: sizes that don't fit. TypeError: another dtype.

    Source: ``torch.nn.functional.avg_pool1d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.avg_pool1d(jnp.array([[1.0, 5.0, 2.0, 4.0]]), 2).tolist()
        [[3.0, 3.0]]
    """
    return common.checked_avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> jax.Array:
    r"""The average of every window of images; `avg_pool1d` has the formula.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`.
        kernel_size: the size of a window, one number or one a dimension, as for the arguments that follow.
        stride, padding, ceil_mode, count_include_pad: as in `avg_pool1d`.
        divisor_override: by which the sums are divided instead of by the number of elements; not 0.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(C, H', W')`.

    Raises:
        ValueError: sizes that don't fit. TypeError: the dtype is neither floating-point nor the default integer.

    Source: ``torch.nn.functional.avg_pool2d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.avg_pool2d(jnp.arange(16.0).reshape(1, 4, 4), 2).tolist()
        [[[2.5, 4.5], [10.5, 12.5]]]
    """
    return common.checked_avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Any,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> jax.Array:
    r"""The average of every window of volumes; `avg_pool1d` has the formula.

    Args:
        input: of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`, nowhere smaller than the window.
        kernel_size: the size of a window, one number or one a dimension, as for the arguments that follow.
        stride, padding, ceil_mode, count_include_pad, divisor_override: as in `avg_pool2d`.

    Returns:
        An array of shape :math:`(N, C, D', H', W')` or :math:`(C, D', H', W')`.

    Raises:
        ValueError: sizes that don't fit. TypeError: the dtype is neither floating-point nor the default integer.

    Source: ``torch.nn.functional.avg_pool3d``, which on a CPU refuses halves.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.avg_pool3d(jnp.arange(8.0).reshape(1, 2, 2, 2), 2).tolist()
        [[[[3.5]]]]
    """
    return common.checked_avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
