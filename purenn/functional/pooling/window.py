"""Max pooling and average pooling over windows."""

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
    :math:`p`. The padding is never the maximum. Among equal maxima the first receives the gradient. NaN counts as
    greater than every number; of several NaNs the last is returned.

    Args:
        input: of shape :math:`$N` or :math:`$C`; floating-point, with ``return_indices`` also integer.
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        padding: the padding on both sides, at most half of ``kernel_size``: $sizes.
        dilation: the steps between the elements of a window: $sizes.
        ceil_mode: whether the last window may extend beyond the padded input, if it starts in the input or in the
            padding before it.
        return_indices: $return_indices

    Returns:
        The maxima, of shape :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
        :math:`L' = \lfloor (L + 2p - d (K - 1) - 1) / s \rfloor + 1`, rounded up with ``ceil_mode``; and$asked their
        indices $indices, int64 (int32 where jax has no int64). A dilated window of padding only has the index -1; torch
        gives an index outside of the input.

    Raises:
        ValueError: the sizes don't fit.
        TypeError: the dtype isn't real.

    Source: ``torch.nn.functional.max_pool${rank}d$suffix``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y, indices = F.max_pool${rank}d$suffix($x, 2, return_indices=True)
        >>> y.tolist(), indices.tolist()
        $y
    """

_WORDS = {
    1: {"x": "jnp.array([[1.0, 5.0, 2.0, 3.0]])", "y": "([[5.0, 3.0]], [[1, 3]])"},
    2: {"x": "jnp.arange(8.0).reshape(1, 2, 4)", "y": "([[[5.0, 7.0]]], [[[5, 7]]])"},
    3: {"x": "jnp.arange(8.0).reshape(1, 2, 2, 2)", "y": "([[[[7.0]]]], [[[[7]]]])"},
}


@documented(_MAX_POOL, 1, indices=common.INDICES[1], **_WORDS[1], **common.OPTIONAL)
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


@documented(_MAX_POOL, 2, indices=common.INDICES[2], **_WORDS[2], **common.OPTIONAL)
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


@documented(_MAX_POOL, 3, indices=common.INDICES[3], **_WORDS[3], **common.OPTIONAL)
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


def _with_indices(n: int):
    where = f"max_pool{n}d_with_indices"

    @documented(_MAX_POOL, n, indices=common.INDICES[n], **_WORDS[n], **common.ALWAYS)
    def pool(
        input: ArrayLike,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> tuple[Array, Array]:
        return common.checked_max_pool(where, n, True, input, kernel_size, stride, padding, dilation, ceil_mode)

    pool.__name__ = pool.__qualname__ = where
    return pool


max_pool1d_with_indices = _with_indices(1)
max_pool2d_with_indices = _with_indices(2)
max_pool3d_with_indices = _with_indices(3)


_AVG_POOL = r"""Takes the average of every window of $input.

    .. math:: y_t = \frac{1}{K} \sum_{0 \le k < K} x_{t s + k - p}

    along every spatial dimension, with kernel size :math:`K`, stride :math:`s` and padding :math:`p`. With
    ``ceil_mode``, elements of the last window beyond the padding do not count.

    Args:
        input: of shape :math:`$N` or :math:`$C`; floating-point, or integer of jax's default dtype.
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        padding: the zeros on both sides, at most half of ``kernel_size``: $sizes.
        ceil_mode: whether the last window may extend beyond the padded input, if it starts in the input or in the
            padding before it.
        count_include_pad: whether the zeros of the padding count as elements.$divisor

    Returns:
        An array of shape :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
        :math:`L' = \lfloor (L + 2p - K) / s \rfloor + 1`, rounded up with ``ceil_mode``. It has ``input``'s dtype;
        integers are rounded towards 0.

    Raises:
        ValueError: the sizes don't fit.
        TypeError: the dtype is neither floating-point nor the default integer.

    Source: ``torch.nn.functional.avg_pool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        $example
    """

_DIVISOR = """
        divisor_override: the divisor of the sums, in place of the number of elements; not 0."""
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
