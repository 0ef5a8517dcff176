"""Losses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.dtypes import cast, result_type
from purenn.functional.loss.common import reduced, reduction_of, warn_of_sizes
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.norm import modulus, sign
from purenn.lowering.rounding import rounded

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


Function = Callable[[jax.Array], jax.Array]


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3, 4))
def _of_difference(x: jax.Array, t: jax.Array, value: Function, slope: Function, summed: bool) -> jax.Array:
    """A function of x - t, with half its slope, which sees the difference of what is given and no contraction of it.

    Half, since twice the largest numbers would be infinite.
    """
    return value(rounded(x, summed) - rounded(t, summed))


@_of_difference.defjvp
def _(
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
    input: Any,
    target: Any,
    weight: Any,
    reduction: tuple[str, bool | None, bool | None],
    dtype: Any = None,
    weighted_mean: bool = True,
) -> jax.Array:
    """A loss of input - target, broadcast: a function and half its slope.

    ``weight`` multiplies it and, if `weighted_mean`, divides the mean.
    """
    how = reduction_of(where, *reduction, old_name=weight is None)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    w = None if weight is None else check.array(where, "weight", weight)
    warn_of_sizes(x, t)
    given = {"input": x, "target": t}
    if w is not None:
        check.shape(where, "weight", w, x.shape)
        given["weight"] = w
    expanded = dict(zip(given, check.broadcast(where, **given), strict=True))
    dtype = result_type(*expanded.values()) if dtype is None else dtype
    common = result_type(expanded["input"], expanded["target"])
    x, t = cast(expanded["input"], common), cast(expanded["target"], common)
    if jnp.issubdtype(x.dtype, jnp.floating):
        loss = _of_difference(x, t, *functions, how != "none")
    else:
        loss = functions[0](x - t)
    if jnp.issubdtype(dtype, jnp.complexfloating):
        dtype = jnp.finfo(dtype).dtype
    if how == "mean" and jnp.issubdtype(dtype, jnp.integer):
        if w is None:
            check.fail(where, "input", "be a floating-point array where the mean is taken", f"dtype {dtype}", TypeError)
        dtype = jnp.float32
    loss = loss.astype(compute_dtype(dtype))
    if w is None:
        return reduced(loss, how, dtype)
    loss = loss * expanded["weight"].astype(loss.dtype)
    return reduced(loss, how, dtype, jnp.sum(w.astype(loss.dtype)) if weighted_mean else None)


def _half_sign(d: jax.Array) -> jax.Array:
    return 0.5 * sign(d)


def _real(where: str, input: Any, target: Any) -> None:
    """Refuses complex arrays, and two of which neither is floating-point."""
    arrays = [check.array(where, name, x) for name, x in (("input", input), ("target", target))]
    dtype = result_type(*(jnp.empty((1,), x.dtype) for x in arrays))
    if not jnp.issubdtype(dtype, jnp.floating):
        check.fail(where, "input or target", "be a floating-point array", f"dtype {dtype}", TypeError)


def _no_bool(where: str, **arrays: Any) -> None:
    for name, x in arrays.items():
        if check.array(where, name, x).dtype == bool:
            check.fail(where, name, "be a numeric array", "dtype bool", TypeError)


def mse_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> jax.Array:
    r"""The squared error: :math:`\ell = w\,(x - y)^2`.

    The weighted mean is :math:`\sum \ell / \sum w`.

    Args:
        input: of any shape.
        target: of the same shape; another is broadcast, with a warning.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        weight: of the input's shape.

    Returns:
        An array of the common shape, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: no argument is floating-point.

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
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> jax.Array:
    r"""The absolute error: :math:`\ell = w\,|x - y|`, with the derivative 0 at 0.

    The weighted mean is :math:`\sum \ell / \sum w`.

    Args:
        input: of any shape, real or complex.
        target: of the same shape; another is broadcast, with a warning.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        weight: of the input's shape.

    Returns:
        A real array of the common shape, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: booleans, or a mean of integers.

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
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> jax.Array:
    r"""The absolute error, squared where it is small: with :math:`d = x - y`,

    .. math:: \ell = d^2 / (2 \beta) \text{ where } |d| < \beta, \text{ else } |d| - \beta / 2

    Args:
        input: of any shape.
        target: of the same shape; another is broadcast, with a warning.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        beta: where the square ends; with 0 this is `l1_loss`.

    Returns:
        An array of the common shape, or a scalar.

    Raises:
        ValueError: the shapes don't fit, a negative ``beta``, or there is no such reduction.
        TypeError: no argument is floating-point.

    Source: ``torch.nn.functional.smooth_l1_loss``.

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


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> jax.Array:
    r"""The squared error, absolute where it is large: with :math:`d = x - y`,

    .. math:: \ell = d^2 / 2 \text{ where } |d| < \delta, \text{ else } \delta\,(|d| - \delta / 2)

    Args:
        input: of any shape.
        target: of the same shape; another is broadcast, with a warning.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        delta: where the square ends, positive.
        weight: multiplies the loss, of the input's shape; the mean is not divided by its sum.

    Returns:
        An array of the common shape and the input's dtype, or a scalar.

    Raises:
        ValueError: the shapes don't fit, ``delta`` isn't positive, or there is no such reduction.
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.huber_loss``.

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
