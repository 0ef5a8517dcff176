"""Power-average pooling: the p-norm of windows."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.docstring import documented
from purenn.functional.pooling import common
from purenn.lowering.dtypes import widened
from purenn.lowering.norm import modulus
from purenn.lowering.rounding import rounded
from purenn.typing import Array, ArrayLike, Size

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]


def _lp_pool(
    n: int, input: ArrayLike, norm_type: float, kernel_size: Size, stride: Size | None, ceil_mode: bool
) -> jax.Array:
    """Checks the arguments and takes the p-norm of every window."""
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
            check.fail(where, "input", "be a numeric array for an infinite norm_type", "dtype bool", TypeError)
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
    if norm_type == 1:  # without a root, torch's gradient at NaN is 0 too
        average = jnp.where(average != average, lax.stop_gradient(average), average)
    zero = average == 0  # the gradient is 0 there, not the root's infinity
    root = jnp.power(jnp.where(zero, 1, average) * math.prod(kernels), 1.0 / norm_type)
    root = jnp.where(zero, 0.0 if norm_type > 0 else np.inf, root)
    return root if integral else root.astype(x.dtype)


_LP_POOL = r"""Takes the p-norm of every window of $input, without the absolute value.

    .. math:: y_t = \Bigl( \sum_{0 \le k < K} x_{t s + k}^{\,p} \Bigr)^{1 / p}

    along every spatial dimension, with kernel size :math:`K` and stride :math:`s`; the sum is over the whole window.
    Where the sum is 0, the gradient is 0. Where it is negative, the norm is NaN unless :math:`1 / p` is an integer. For
    :math:`p = \infty` the norm is the largest absolute value, for :math:`p = -\infty` the smallest.

    Args:
        input: of shape :math:`$N` or :math:`$C`.
        norm_type: the exponent :math:`p`; not 0.
        kernel_size: the size of a window: $sizes.
        stride: the steps between windows: $sizes; ``kernel_size`` if None.
        ceil_mode: whether the last window may extend beyond the input. The sum of such a window is divided by the
            fraction of the window that lies in the input.

    Returns:
        An array of shape :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L` becomes
        :math:`L' = \lfloor (L - K) / s \rfloor + 1`, rounded up with ``ceil_mode``. It has ``input``'s dtype; float32
        for integers.

    Raises:
        ValueError: a size does not fit, or ``norm_type`` is 0.
        TypeError: ``norm_type`` is not a number, or ``input`` is complex or, with an integer ``norm_type``, an integer
            array of another dtype than jax's default one.

    Source: ``torch.nn.functional.lp_pool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        $example
    """

_EXAMPLES = {
    1: """>>> F.lp_pool1d(jnp.array([[3.0, 4.0, 6.0, 8.0]]), 2, 2).tolist()
        [[5.0, 10.0]]""",
    2: """>>> F.lp_pool2d(jnp.ones((1, 4, 4)), 2, 2).tolist()
        [[[2.0, 2.0], [2.0, 2.0]]]""",
    3: """>>> F.lp_pool3d(jnp.ones((1, 2, 2, 2)), 1, 2).tolist()
        [[[[8.0]]]]""",
}


@documented(_LP_POOL, 1, example=_EXAMPLES[1])
def lp_pool1d(
    input: ArrayLike, norm_type: float, kernel_size: int, stride: Size | None = None, ceil_mode: bool = False
) -> Array:
    check.integer("lp_pool1d", "kernel_size", kernel_size, 1)
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


@documented(_LP_POOL, 2, example=_EXAMPLES[2])
def lp_pool2d(
    input: ArrayLike, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Array:
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


@documented(_LP_POOL, 3, example=_EXAMPLES[3])
def lp_pool3d(
    input: ArrayLike, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Array:
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)
