"""Losses of regression."""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.dtypes import cast, result_type
from purenn.functional.loss.common import reduced, reduction_of, warn_of_sizes
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.norm import modulus, sign
from purenn.lowering.rounding import rounded
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


Function = Callable[[jax.Array], jax.Array]


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3, 4))
def _of_difference(x: jax.Array, t: jax.Array, value: Function, slope: Function, summed: bool) -> jax.Array:
    """Computes a function of x - t, whose derivative is twice `slope`; no multiply-add is fused with the difference.

    `slope` is half the derivative, since twice the largest number would be infinite.
    """
    return value(rounded(x, summed) - rounded(t, summed))


@_of_difference.defjvp
def _of_difference_jvp(
    value: Function,
    slope: Function,
    summed: bool,
    primals: tuple[jax.Array, jax.Array],
    tangents: tuple[jax.Array, jax.Array],
) -> tuple[jax.Array, jax.Array]:
    (x, t), (dx, dt) = primals, tangents
    difference = rounded(x) - rounded(t)
    return _of_difference(x, t, value, slope, summed), slope(difference) * (2 * (dx - dt))


def _regression(
    where: str,
    functions: tuple[Function, Function],
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None,
    reduction: tuple[str, bool | None, bool | None],
    dtype: DTypeLike | None = None,
    weighted_mean: bool = True,
) -> jax.Array:
    """Computes a loss of input - target, broadcast, from a function of the difference and half its slope.

    ``weight`` multiplies it and, if `weighted_mean`, divides the mean.
    """
    how = reduction_of(where, *reduction, old_name=weight is None)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    w = None if weight is None else check.array(where, "weight", weight)
    warn_of_sizes(x, t)
    arrays = {"input": x, "target": t}
    if w is not None:
        check.shape(where, "weight", w, x.shape)
        arrays["weight"] = w
    expanded = dict(zip(arrays, check.broadcast(where, **arrays), strict=True))
    output = jnp.dtype(result_type(*expanded.values()) if dtype is None else dtype)
    common = result_type(expanded["input"], expanded["target"])
    x, t = cast(expanded["input"], common), cast(expanded["target"], common)
    if jnp.issubdtype(x.dtype, jnp.floating):
        loss = _of_difference(x, t, *functions, how != "none")
    else:
        loss = functions[0](x - t)
    if jnp.issubdtype(output, jnp.complexfloating):
        output = jnp.finfo(output).dtype
    if how == "mean" and jnp.issubdtype(output, jnp.integer):
        if w is None:
            expected = "be a floating-point array where the mean is taken"
            check.fail(where, "input", expected, f"dtype {output}", TypeError)
        output = jnp.dtype(jnp.float32)
    loss = loss.astype(compute_dtype(output))
    if w is None:
        return reduced(loss, how, output)
    loss = loss * expanded["weight"].astype(loss.dtype)
    return reduced(loss, how, output, jnp.sum(w.astype(loss.dtype)) if weighted_mean else None)


def _half_sign(d: jax.Array) -> jax.Array:
    return 0.5 * sign(d)


def _real(where: str, input: ArrayLike, target: ArrayLike) -> None:
    """Refuses complex arrays, and two arrays of which neither is floating-point."""
    arrays = [check.array(where, name, x) for name, x in (("input", input), ("target", target))]
    dtype = result_type(*(jnp.empty((1,), x.dtype) for x in arrays))
    if not jnp.issubdtype(dtype, jnp.floating):
        check.fail(where, "input or target", "be a floating-point array", f"dtype {dtype}", TypeError)


def _no_bool(where: str, **arrays: ArrayLike) -> None:
    for name, x in arrays.items():
        check.numeric(where, name, check.array(where, name, x))


def mse_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: ArrayLike | None = None,
) -> Array:
    r"""Computes the squared error: :math:`\ell = w\,(x - y)^2`.

    The weighted mean is :math:`\sum \ell / \sum w`.

    Args:
        input: :math:`x`, of any shape.
        target: :math:`y`, of the input's shape; another shape is broadcast, with a warning.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        weight: the factors :math:`w`, of the input's shape; None for 1.

    Returns:
        An array of the common shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: neither input nor target is floating-point.

    Source: ``torch.nn.functional.mse_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.mse_loss(jnp.array([1.0, 3.0]), jnp.array([0.0, 0.0])).item()
        5.0
    """
    _real("mse_loss", input, target)
    if weight is not None:
        _no_bool("mse_loss", input=input, target=target)
    return _regression("mse_loss", (jnp.square, lambda d: d), input, target, weight, (reduction, size_average, reduce))


def l1_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: ArrayLike | None = None,
) -> Array:
    r"""Computes the absolute error: :math:`\ell = w\,|x - y|`.

    The derivative at 0 is 0. The weighted mean is :math:`\sum \ell / \sum w`.

    Args:
        input: :math:`x`, of any shape, real or complex.
        target: :math:`y`, of the input's shape; another shape is broadcast, with a warning.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        weight: the factors :math:`w`, of the input's shape; None for 1.

    Returns:
        A real array of the common shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: an array is boolean, or both are integer and ``reduction`` is ``'mean'``.

    Source: ``torch.nn.functional.l1_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.l1_loss(jnp.array([1.0, 3.0]), jnp.array([0.0, 4.0])).item()
        1.0
    """
    _no_bool("l1_loss", input=input, target=target)
    return _regression("l1_loss", (modulus, _half_sign), input, target, weight, (reduction, size_average, reduce))


def smooth_l1_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Array:
    r"""Computes the absolute error, or the squared error where it is small.

    .. math:: \ell = d^2 / (2 \beta) \text{ where } |d| < \beta, \text{ else } |d| - \beta / 2
        \quad\text{with}\quad d = x - y

    Args:
        input: :math:`x`, of any shape.
        target: :math:`y`, of the input's shape; another shape is broadcast, with a warning.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        beta: the difference :math:`\beta` at which the square ends, at least 0; 0 gives the absolute error.

    Returns:
        An array of the common shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, ``beta`` is negative, or ``reduction`` is unknown.
        TypeError: neither input nor target is floating-point.

    Source: ``torch.nn.functional.smooth_l1_loss``; Girshick, *Fast R-CNN*, 2015, https://arxiv.org/abs/1504.08083.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.smooth_l1_loss(jnp.array([0.5, 3.0]), jnp.zeros(2), reduction="none").tolist()
        [0.125, 2.5]
    """
    where = "smooth_l1_loss"
    if beta < 0:
        check.fail(where, "beta", "be at least 0", beta)
    if beta == 0:
        _no_bool(where, input=input, target=target)
        return _regression(where, (modulus, _half_sign), input, target, None, (reduction, size_average, reduce))
    _real(where, input, target)

    def smooth(d: jax.Array) -> jax.Array:
        return jnp.where(jnp.abs(d) < beta, 0.5 * jnp.square(d) / beta, jnp.abs(d) - 0.5 * beta)

    def slope(d: jax.Array) -> jax.Array:
        return jnp.where(jnp.abs(d) >= beta, _half_sign(d), d / (2 * beta))

    return _regression(where, (smooth, slope), input, target, None, (reduction, size_average, reduce))


def huber_loss(
    input: ArrayLike, target: ArrayLike, reduction: str = "mean", delta: float = 1.0, weight: ArrayLike | None = None
) -> Array:
    r"""Computes half the squared error, or the absolute error where it is large.

    .. math:: \ell = d^2 / 2 \text{ where } |d| < \delta, \text{ else } \delta\,(|d| - \delta / 2)
        \quad\text{with}\quad d = x - y

    Args:
        input: :math:`x`, of any shape.
        target: :math:`y`, of the input's shape; another shape is broadcast, with a warning.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        delta: the difference :math:`\delta` at which the square ends, positive.
        weight: factors of the loss, of the input's shape; the mean is not divided by their sum. None for 1.

    Returns:
        An array of the common shape for ``'none'``, else a scalar; of the input's dtype.

    Raises:
        ValueError: the shapes don't fit, ``delta`` isn't positive, or ``reduction`` is unknown.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.huber_loss``; Huber, *Robust Estimation of a Location Parameter*, 1964,
    https://doi.org/10.1214/aoms/1177703732.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.huber_loss(jnp.array([0.5, 3.0]), jnp.zeros(2), reduction="none", delta=2.0).tolist()
        [0.125, 4.0]
    """
    where = "huber_loss"
    if delta <= 0:
        check.fail(where, "delta", "be positive", delta)
    x = check.array(where, "input", input)
    check.floating(where, "input", x)
    _real(where, input, target)

    def huber(d: jax.Array) -> jax.Array:
        return jnp.where(jnp.abs(d) < delta, 0.5 * jnp.square(d), delta * (jnp.abs(d) - 0.5 * delta))

    def slope(d: jax.Array) -> jax.Array:
        return jnp.where(jnp.abs(d) >= delta, delta * _half_sign(d), 0.5 * d)

    dtype = x.dtype if weight is None else result_type(x, check.array(where, "weight", weight))
    return _regression(
        where, (huber, slope), input, target, weight, (reduction, None, None), dtype, weighted_mean=False
    )
