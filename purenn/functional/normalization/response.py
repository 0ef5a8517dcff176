"""Divisions by a norm: over neighbouring channels, or along a dimension."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.functional.normalization.statistics import floating
from purenn.lowering.dtypes import widened
from purenn.lowering.norm import quotient, vector_norm
from purenn.lowering.pooling import Window, sum_pool
from purenn.typing import Array, ArrayLike

__all__ = ["cross_map_lrn2d", "local_response_norm", "normalize"]

MAX_UNROLLED_CHANNELS = 8  # a sum over more channels is a sum pool


def local_response_norm(input: ArrayLike, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    r"""Divides every element by a power of the mean square over neighbouring channels.

    .. math:: y_c = x_c \Bigl(k + \frac{\alpha}{n} \sum_{c' = c - \lfloor n / 2 \rfloor}
        ^{c + \lfloor (n - 1) / 2 \rfloor} x_{c'}^2\Bigr)^{-\beta}

    Args:
        input: of shape :math:`(N, C, *)`, of rank 3 or more; real.
        size: the number :math:`n` of channels; channels before the first and after the last are zeros.
        alpha: the factor :math:`\alpha`.
        beta: the exponent :math:`\beta`.
        k: the constant :math:`k`.

    Returns:
        An array like ``input``; float32 for integers, whose mean square is rounded down to an integer, as in torch.

    Raises:
        ValueError: the rank is below 3, or ``size`` is below 1.
        TypeError: the input is boolean or complex.

    Source: ``torch.nn.functional.local_response_norm``; Krizhevsky, Sutskever and Hinton, *ImageNet Classification with
    Deep Convolutional Neural Networks*, 2012,
    https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.local_response_norm(jnp.full((1, 1, 1), 3.0), size=1, alpha=1.0, beta=0.5, k=0.0).tolist()
        [[[1.0]]]
    """
    where = "local_response_norm"
    x = check.array(where, "input", input)
    check.real(where, "input", x)
    if x.ndim < 3:
        check.fail(where, "input", "have rank 3 or more, (N, C, *)", f"shape {x.shape}")
    size = check.integer(where, "size", size, None if x.size == 0 else 1)
    if x.size == 0:
        return x
    whole, channels = jnp.issubdtype(x.dtype, jnp.integer), x.shape[1]
    wide = x if whole else widened(x)
    squares = wide * wide
    if size <= MAX_UNROLLED_CHANNELS or whole:
        padding = [(size // 2, (size - 1) // 2) if axis == 1 else (0, 0) for axis in range(x.ndim)]
        squares = jnp.pad(squares, padding)
        total = functools.reduce(jnp.add, (lax.slice_in_dim(squares, i, i + channels, axis=1) for i in range(size)))
    else:
        spatial = [Window(n, 1, 1, 0, 1, n) for n in x.shape[2:]]
        total = sum_pool(squares, [Window(channels, size, 1, size // 2, 1, channels), *spatial])
    mean = (total // size).astype(jnp.float32) if whole else total / size
    y = quotient(wide.astype(mean.dtype), (mean * alpha + k) ** beta)
    return y if whole else y.astype(x.dtype)


def cross_map_lrn2d(input: ArrayLike, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    r"""Divides every element of images by a power of the mean square over neighbouring channels.

    .. math:: y_c = x_c \Bigl(k + \frac{\alpha}{n} \sum_{c'} x_{c'}^2\Bigr)^{-\beta}

    with the sum over :math:`|c' - c| \le \lfloor (n - 1) / 2 \rfloor` and over channel 0, which torch never drops. The
    gradient is the derivative of this formula; torch's gradient isn't: for an odd ``size`` its window is shifted.

    Args:
        input: of shape :math:`(N, C, H, W)`; floating-point.
        size: the number :math:`n` of channels; channels before the first and after the last are zeros.
        alpha: the factor :math:`\alpha`.
        beta: the exponent :math:`\beta`.
        k: the constant :math:`k`.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the rank isn't 4, or ``size`` is below 1.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.CrossMapLRN2d``; Krizhevsky, Sutskever and Hinton, *ImageNet Classification with Deep
    Convolutional Neural Networks*, 2012,
    https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cross_map_lrn2d(jnp.ones((1, 2, 1, 1)), 1, alpha=1.0, beta=1.0, k=2.0).ravel().tolist()
        [0.3333333432674408, 0.25]
    """
    where = "cross_map_lrn2d"
    x = floating(where, input, 0, "")
    check.rank(where, "input", x, (4,), "(N, C, H, W)")
    reach = (check.integer(where, "size", size, 1) - 1) // 2
    wide = widened(x)
    channel = np.arange(x.shape[1])
    window = (np.abs(channel - channel[:, None]) <= reach) | (channel == 0) & (channel[:, None] > reach)
    total = jnp.einsum("cd,ndhw->nchw", jnp.asarray(window, wide.dtype), jnp.square(wide))
    return (wide * (total * (alpha / size) + k) ** -beta).astype(x.dtype)


def normalize(
    input: ArrayLike, p: float | str | None = 2.0, dim: int | Sequence[int] | None = 1, eps: float = 1e-12
) -> Array:
    r"""Divides by the p-norm along a dimension.

    .. math:: y = \frac{x}{\max(\lVert x \rVert_p, \epsilon)}

    Args:
        input: of any shape, floating-point or complex.
        p: the exponent of the norm; also 0 and :math:`\pm\infty`. None and ``'fro'`` are 2.
        dim: the dimension or dimensions; None or an empty sequence for all.
        eps: the lower bound of the divisor, rounded to the input's dtype. In float16 the default is 0, and zeros give
            NaN, as in torch.

    Returns:
        An array like ``input``. The gradient of the norm at a zero vector is 0.

    Raises:
        ValueError: ``p`` is an unknown string (also ``'nuc'``), or is infinite for an empty dimension.
        IndexError: the input has no such dimension.
        TypeError: the input is neither floating-point nor complex.

    Source: ``torch.nn.functional.normalize``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.normalize(jnp.array([[3.0, 4.0]])).round(3).tolist()
        [[0.6000000238418579, 0.800000011920929]]
    """
    x = check.array("normalize", "input", input)
    check.inexact("normalize", "input", x)
    axes = check.axes("normalize", "dim", dim, x.ndim)
    if isinstance(p, str):
        check.choice("normalize", "p", p, ("fro",))
    p = 2.0 if p is None or isinstance(p, str) else p
    if abs(p) == math.inf and 0 in [x.shape[a] for a in axes]:
        check.fail("normalize", "input", f"have non-zero size along dim={dim} for p={p}", f"shape {x.shape}")
    wide = widened(x)
    norm = vector_norm(wide, p, axes, keepdims=True)
    low = jnp.asarray(eps, jnp.finfo(x.dtype).dtype).astype(norm.dtype)  # rounded to the input's dtype
    least = jnp.where(norm >= low, norm, lax.stop_gradient(jnp.where(norm < low, low, norm)))
    return quotient(wide, least.astype(wide.dtype)).astype(x.dtype)
