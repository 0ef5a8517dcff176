"""Variances and standard deviations over dimensions, alone or with the mean."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import Dims, kind
from purenn.interop.ops.reductions.sums import averaged
from purenn.lowering.dtypes import widened
from purenn.typing import Array, ArrayLike

__all__ = ["std", "std_mean", "var", "var_mean"]


def _moments(
    where: str, input: ArrayLike, dim: Dims, unbiased: bool | None, keepdim: bool, correction: float | None
) -> tuple[jax.Array, jax.Array, np.dtype]:
    """Variance and mean in the dtype that is computed in, and the dtype of the result."""
    if isinstance(dim, bool):  # torch has var(input, unbiased) too
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        check.fail(where, "unbiased and correction", "not both be given", (unbiased, correction), TypeError)
    x = averaged(where, input, None)
    axes, wide = check.axes(where, "dim", dim, x.ndim), widened(x)
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    ddof = correction if correction is not None else 0 if unbiased is False else 1
    center = jnp.mean(wide, axes, keepdims=True)
    deviations = wide - jnp.broadcast_to(center, x.shape)
    squares = deviations * deviations if kind(x.dtype) == 2 else deviations.real**2 + deviations.imag**2
    total = jnp.sum(squares, axes, keepdims=keepdim)
    freedom = jnp.maximum(jnp.asarray(count - ddof, total.dtype), 0)
    return total / freedom, center if keepdim else jnp.squeeze(center, axes), x.dtype


def var(
    input: ArrayLike,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Array:
    r"""Computes the variance over dimensions, by default the unbiased one, where jnp's is biased.

    .. math:: \frac{1}{N - c} \sum_i |x_i - \bar x|^2

    Args:
        input: floating-point or complex.
        dim: the dimensions; None takes all. A boolean is ``unbiased``, as in torch.
        unbiased: whether :math:`c` is 1, also for None, or 0.
        keepdim: whether the dimensions stay, with size 1.
        correction: :math:`c`, in place of ``unbiased``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.var(jnp.array([1.0, 3.0])).item(), ops.var(jnp.array([1.0, 3.0]), correction=0).item()
        (2.0, 1.0)
    """
    variance, _, dtype = _moments("var", input, dim, unbiased, keepdim, correction)
    return variance.astype(jnp.finfo(dtype).dtype)


def _root(x: jax.Array) -> jax.Array:
    """The square root whose derivative at 0 is 0, as that of torch's standard deviation."""
    nonzero = x != 0
    return jnp.where(nonzero, jnp.sqrt(jnp.where(nonzero, x, jnp.ones((), x.dtype))), x)


def std(
    input: ArrayLike,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Array:
    """Computes the standard deviation over dimensions, by default the root of the unbiased variance; jnp's is biased.

    The arguments are those of `var`. The gradient where all elements are equal is 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.std(jnp.array([[1.0, 3.0]]), 1, unbiased=False).tolist()
        [1.0]
    """
    variance, _, dtype = _moments("std", input, dim, unbiased, keepdim, correction)
    return _root(variance).astype(jnp.finfo(dtype).dtype)


def var_mean(
    input: ArrayLike,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Array, Array]:
    """Computes variance and mean over dimensions; the arguments are those of `var`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.item() for x in ops.var_mean(jnp.array([1.0, 3.0]))]
        [2.0, 2.0]
    """
    variance, mean, dtype = _moments("var_mean", input, dim, unbiased, keepdim, correction)
    return variance.astype(jnp.finfo(dtype).dtype), mean.astype(dtype)


def std_mean(
    input: ArrayLike,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Array, Array]:
    """Computes standard deviation and mean over dimensions; the arguments are those of `var`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> [x.item() for x in ops.std_mean(jnp.array([1.0, 3.0]), correction=0)]
        [1.0, 2.0]
    """
    variance, mean, dtype = _moments("std_mean", input, dim, unbiased, keepdim, correction)
    return _root(variance).astype(jnp.finfo(dtype).dtype), mean.astype(dtype)
