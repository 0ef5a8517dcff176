"""Pooling by powers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.functional.pooling import common
from purenn.lowering.dtypes import widened
from purenn.lowering.norm import modulus
from purenn.lowering.rounding import rounded

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]

Ints = int | Sequence[int]


def _lp_pool(
    n: int, input: Any, norm_type: float, kernel_size: Ints, stride: Ints | None, ceil_mode: bool
) -> jax.Array:
    where = f"lp_pool{n}d"
    x = common.batched_planes(where, n, input)
    kernels = check.integers(where, "kernel_size", kernel_size, n, 1, single=False)
    if not isinstance(norm_type, int | float):
        check.fail(where, "norm_type", "be a number", repr(norm_type), TypeError)
    integral = not jnp.issubdtype(x.dtype, jnp.inexact)
    if norm_type == 0 or (integral and norm_type < 0 and isinstance(norm_type, int)):
        check.fail(where, "norm_type", "be positive" if integral else "be other than 0", norm_type)
    if math.isinf(norm_type):
        if x.dtype == bool:
            check.fail(where, "input", "be a number array for an infinite norm_type", "dtype bool", TypeError)
        sign = 1 if norm_type > 0 else -1
        return sign * common.checked_max_pool(where, n, False, sign * modulus(x), kernels, stride, 0, 1, ceil_mode)
    if integral and isinstance(norm_type, float):
        x = x.astype(jnp.float32)
    elif x.dtype == bool:
        x = x.astype(common.index_dtype())
    powers = rounded(jnp.power(widened(x), int(norm_type) if norm_type == norm_type // 1 else norm_type))
    average = common.checked_avg_pool(where, n, powers, kernels, stride, 0, ceil_mode)
    if jnp.issubdtype(average.dtype, jnp.integer):
        average = average.astype(jnp.float32)
    if norm_type == 1:  # without a root torch's gradient is 0 at NaN, too
        average = jnp.where(average != average, lax.stop_gradient(average), average)
    zero = average == 0  # there the gradient is 0, whatever that of the root is
    root = jnp.power(jnp.where(zero, 1, average) * math.prod(kernels), 1.0 / norm_type)
    root = jnp.where(zero, 0.0 if norm_type > 0 else np.inf, root)
    return root if integral else root.astype(x.dtype)


def lp_pool1d(
    input: Any, norm_type: float, kernel_size: int, stride: Ints | None = None, ceil_mode: bool = False
) -> jax.Array:
    r"""The p-norm of every window of a signal, without the absolute value.

    .. math:: y_{n,c,t} = \Bigl( \sum_{0 \le k < K} x_{n,\,c,\,t s + k}^{\,p} \Bigr)^{1 / p}

    with kernel size :math:`K` and stride :math:`s`. Where the sum is 0, the gradient is 0. For :math:`p = \pm\infty`
    it is the largest or the smallest absolute value.

    Args:
        input: of shape :math:`(N, C, L)` or :math:`(C, L)`.
        norm_type: the :math:`p`, not 0. The root of a negative sum is NaN unless it is whole.
        kernel_size: the width of a window, in elements.
        stride: steps between windows; ``kernel_size`` if None.
        ceil_mode: whether a last window may reach beyond the input; its sum is then scaled up to :math:`K` elements.

    Returns:
        An array of shape :math:`(N, C, L')` or :math:`(C, L')`, where :math:`L' = \lfloor (L - K) / s \rfloor + 1`,
        rounded up with ``ceil_mode``.

    Raises:
        ValueError: sizes that don't fit, or ``norm_type`` is 0. TypeError: a dtype that `avg_pool1d` doesn't take.

    Source: ``torch.nn.functional.lp_pool1d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.lp_pool1d(jnp.array([[3.0, 4.0, 6.0, 8.0]]), 2, 2).tolist()
        [[5.0, 10.0]]
    """
    check.integer("lp_pool1d", "kernel_size", kernel_size, 1)
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Any, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> jax.Array:
    r"""The p-norm of every window of images; `lp_pool1d` has the formula.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(C, H, W)`.
        norm_type: the :math:`p`, not 0.
        kernel_size, stride, ceil_mode: as in `avg_pool2d`.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(C, H', W')`.

    Raises:
        ValueError: sizes that don't fit, or ``norm_type`` is 0. TypeError: a dtype that `avg_pool2d` doesn't take.

    Source: ``torch.nn.functional.lp_pool2d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.lp_pool2d(jnp.ones((1, 4, 4)), 2, 2).tolist()
        [[[2.0, 2.0], [2.0, 2.0]]]
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Any, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> jax.Array:
    r"""The p-norm of every window of volumes; `lp_pool1d` has the formula.

    Args:
        input: of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`.
        norm_type: the :math:`p`, not 0.
        kernel_size, stride, ceil_mode: as in `avg_pool3d`.

    Returns:
        An array of shape :math:`(N, C, D', H', W')` or :math:`(C, D', H', W')`.

    Raises:
        ValueError: sizes that don't fit, or ``norm_type`` is 0. TypeError: a dtype that `avg_pool3d` doesn't take.

    Source: ``torch.nn.functional.lp_pool3d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.lp_pool3d(jnp.ones((1, 2, 2, 2)), 1, 2).tolist()
        [[[[8.0]]]]
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)
