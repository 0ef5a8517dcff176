"""Losses of probabilities and distributions: binary cross entropies, kl_div, Poisson and Gaussian likelihoods."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero
from jax.scipy.special import xlogy

from purenn import check, value_checks
from purenn.functional.dtypes import cast, result_type
from purenn.functional.loss.common import EPSILON, reduced, reduction_of
from purenn.lowering.activation import clamp_straight_through, log_sigmoid
from purenn.lowering.norm import quotient
from purenn.lowering.rounding import rounded
from purenn.lowering.whole import or_nan

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "gaussian_nll_loss",
    "kl_div",
    "poisson_nll_loss",
]


def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""The cross entropy of probabilities of yes and no: :math:`\ell = -w\,(y \log x + (1 - y) \log(1 - x))`.

    As in torch the logarithms are at least -100, and the derivative is :math:`w\,(x - y) / \max(x (1 - x), 10^{-12})`.

    Args:
        input: probabilities, of any shape. Inside ``jit``, where values are unknown, the loss of others is NaN.
        target: probabilities, of the same shape and dtype.
        weight: of a shape that broadcasts to the input's.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array like ``input``, or a scalar.

    Raises:
        ValueError: the shapes don't fit, a value is no probability, or there is no such reduction.
        TypeError: the dtypes don't fit.

    Source: ``torch.nn.functional.binary_cross_entropy``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.binary_cross_entropy(jnp.array([0.5, 0.0]), jnp.array([1.0, 0.0]), reduction="sum").round(4).item()
        0.6930999755859375
    """
    where = "binary_cross_entropy"
    reduction = reduction_of(where, reduction, size_average, reduce)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    check.floating(where, "input", x)
    check.same_dtype(where, input=x, target=t)
    check.shape(where, "target", t, x.shape)
    for name, probabilities in (("input", x), ("target", t)):
        value_checks.require(probabilities, value_checks.Within(where, name, 0, 1, error=ValueError))
    loss = _binary_cross_entropy(cast(x, x.dtype), cast(t, x.dtype))
    loss = or_nan((t >= 0) & (t <= 1), loss)
    return reduced(_weighted(where, loss, "weight", weight), reduction, x.dtype)


@jax.custom_jvp
def _binary_cross_entropy(x: jax.Array, t: jax.Array) -> jax.Array:
    bounded = lambda logarithm: jnp.where(logarithm < -100, -100, logarithm)  # noqa: E731
    return (t - 1) * bounded(jnp.log1p(-x)) - t * bounded(jnp.log(x))


def _binary_cross_entropy_jvp(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[jax.Array, jax.Array]:
    (x, t), (dx, dt) = primals, tangents
    loss = _binary_cross_entropy(x, t)
    tangent = jnp.zeros_like(loss)
    if not isinstance(dx, SymbolicZero):
        tangent += dx * ((x - t) / jnp.maximum(x * (1 - x), EPSILON))
    if not isinstance(dt, SymbolicZero):  # not clamped, as in torch
        tangent += dt * (jnp.log1p(-x) - jnp.log(x))
    return loss, tangent


_binary_cross_entropy.defjvp(_binary_cross_entropy_jvp, symbolic_zeros=True)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> jax.Array:
    r"""The cross entropy of logits of yes and no, without overflow.

    .. math:: \ell = -w\,(p\, y \log \sigma(x) + (1 - y) \log(1 - \sigma(x)))

    Args:
        input: logits, of any shape.
        target: probabilities, of the same shape.
        weight: :math:`w`, of a shape that broadcasts to the input's.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        pos_weight: :math:`p`, the weight of yes, of a shape that broadcasts to the input's.

    Returns:
        An array of the input's shape, or a scalar; of the target's dtype, as in torch.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: a dtype that isn't floating-point.

    Source: ``torch.nn.functional.binary_cross_entropy_with_logits``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.binary_cross_entropy_with_logits(jnp.array([0.0, 1e4]), jnp.array([1.0, 1.0])).round(4).item()
        0.3465999960899353
    """
    where = "binary_cross_entropy_with_logits"
    reduction = reduction_of(where, reduction, size_average, reduce)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    check.floating(where, "input", x)
    check.floating(where, "target", t)
    check.shape(where, "target", t, x.shape)
    common = result_type(x, t)
    x, y = cast(x, common), cast(t, common)
    factor = jnp.ones_like(y)
    if pos_weight is not None:
        factor = _weighted(where, y, "pos_weight", pos_weight, less=1) + 1
    loss = _logistic(x, y, factor)
    return reduced(_weighted(where, loss, "weight", weight), reduction, t.dtype)


@jax.custom_jvp
def _logistic(x: jax.Array, y: jax.Array, factor: jax.Array) -> jax.Array:
    """The cross entropy, with a factor of the logarithm of the sigmoid."""
    return (1 - y) * x - factor * log_sigmoid(x)


@_logistic.defjvp
def _(primals: tuple[Any, Any, Any], tangents: tuple[Any, Any, Any]) -> tuple[jax.Array, jax.Array]:
    (x, y, factor), (dx, dy, dfactor) = primals, tangents
    slope = factor * lax.logistic(x) - (y + (factor - 1))
    return _logistic(x, y, factor), slope * dx - x * dy - log_sigmoid(x) * dfactor


def _weighted(where: str, loss: jax.Array, name: str, weight: Any, less: float = 0) -> jax.Array:
    if weight is None:
        return loss
    w = check.array(where, name, weight)
    check.broadcastable(where, name, w, loss.shape)
    return loss * jnp.broadcast_to(w.astype(loss.dtype) - less, loss.shape)


def kl_div(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> jax.Array:
    r"""The Kullback-Leibler divergence from log-probabilities: :math:`\ell = y\,(\log y - x)`.

    Args:
        input: log-probabilities, of any shape.
        target: probabilities, of a shape that broadcasts with it.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` (over all elements), ``'sum'``, or ``'batchmean'``, the sum divided by the
            input's first dimension. Torch warns that its ``'mean'`` may change; this one won't, and doesn't.
        log_target: whether the target is logarithms too.

    Returns:
        An array of the common shape, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: a dtype that isn't floating-point.

    Source: ``torch.nn.functional.kl_div``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.kl_div(jnp.log(jnp.array([[0.5, 0.5]])), jnp.array([[1.0, 0.0]]), reduction="batchmean").round(4).item()
        0.6930999755859375
    """
    reduction = reduction_of("kl_div", reduction, size_average, reduce, choices=("none", "mean", "sum", "batchmean"))
    x, t = check.array("kl_div", "input", input), check.array("kl_div", "target", target)
    check.floating("kl_div", "input", x)
    check.floating("kl_div", "target", t)
    dtype, first = result_type(x, t), x.shape[0] if x.ndim else 1
    x, t = (cast(v, dtype) for v in check.broadcast("kl_div", input=x, target=t))
    loss = jnp.exp(t) * (t - x) if log_target else _divergence(x, t, reduction != "none")
    if reduction == "batchmean":
        return reduced(loss, "mean", dtype, first)
    return reduced(loss, reduction, dtype)


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
def _divergence(x: jax.Array, t: jax.Array, summed: bool) -> jax.Array:
    return xlogy(t, t) - rounded(t * x, summed)


@_divergence.defjvp
def _(summed: bool, primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[jax.Array, jax.Array]:
    (x, t), (dx, dt) = primals, tangents
    return _divergence(x, t, summed), (jnp.log(t) + t / t - x) * dt - t * dx  # t / t is NaN at 0, as torch's


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""The negative log-likelihood of counts with a Poisson distribution, but for a constant.

    .. math:: \ell = e^x - y x \quad\text{or, without log\_input,}\quad \ell = x - y \log(x + \epsilon)

    Args:
        input: the (logarithm of the) expectation, of any shape.
        target: counts, of a shape that broadcasts with it.
        log_input: whether the input is the logarithm.
        full: whether to add Stirling's :math:`y \log y - y + \tfrac12 \log 2 \pi y` where :math:`y > 1`.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        eps: what keeps the logarithm from 0.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the common shape, or a scalar; float32 where both are integers.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: complex arrays, or two of booleans.

    Source: ``torch.nn.functional.poisson_nll_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.poisson_nll_loss(jnp.array([0.0, 1.0]), jnp.array([2.0, 1.0]), reduction="none").round(4).tolist()
        [1.0, 1.7182999849319458]
    """
    where = "poisson_nll_loss"
    reduction = reduction_of(where, reduction, size_average, reduce, old_name=False)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    for name, v in (("input", x), ("target", t)):
        if jnp.iscomplexobj(v) or (x.dtype == bool and t.dtype == bool):
            check.fail(where, name, "be a numeric, real array", f"dtype {v.dtype}", TypeError)
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)
    dtype = result_type(x, t)
    x, t = (cast(v, dtype) for v in check.broadcast(where, input=x, target=t))
    # `rounded` tells nothing of what a compiler knows to be positive, so of minus the exponential
    loss = -rounded(-jnp.exp(x)) - rounded(t * x) if log_input else x - rounded(t * jnp.log(x + eps))
    if full:
        stirling = t * jnp.log(t) - t + 0.5 * jnp.log(2 * math.pi * t)
        loss = loss + jnp.where(t <= 1, jnp.zeros_like(t), stirling)
    return reduced(loss, reduction, dtype)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> jax.Array:
    r"""The negative log-likelihood with a Gaussian distribution: with :math:`v = \max(\text{var}, \epsilon)`,

    .. math:: \ell = \tfrac12 \bigl(\log v + (x - y)^2 / v\bigr)

    The clamp doesn't change the derivative by var, as in torch.

    Args:
        input: expectations, of any shape.
        target: of a shape that broadcasts with it.
        var: variances, of the input's shape, or without its last dimension, or with one dimension of size 1; or a
            float. Inside ``jit``, where values are unknown, a negative one makes the loss NaN.
        full: whether to add :math:`\tfrac12 \log 2 \pi`.
        eps: the least variance.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the common shape, or a scalar.

    Raises:
        ValueError: the shapes don't fit, a negative variance, or there is no such reduction.
        TypeError: a dtype doesn't fit.

    Source: ``torch.nn.functional.gaussian_nll_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.gaussian_nll_loss(jnp.array([1.0]), jnp.array([3.0]), jnp.array([1.0])).item()
        2.0
    """
    where = "gaussian_nll_loss"
    reduction = reduction_of(where, reduction, old_name=False)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    for name, a in (("input", x), ("target", t)):
        if a.dtype == bool or jnp.iscomplexobj(a):
            check.fail(where, name, "be a numeric, real array", f"dtype {a.dtype}", TypeError)
    if isinstance(var, float):
        if var < 0:
            check.fail(where, "var", "not be negative", var)
        v = jnp.full(x.shape, var, x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.float32)
    else:
        v = check.array(where, "var", var)
        check.floating(where, "var", v)
    if v.shape != x.shape:
        if v.shape == x.shape[:-1] and x.ndim:
            v = v[..., None]
        elif v.ndim != x.ndim or sum(b for a, b in zip(x.shape, v.shape, strict=True) if a != b) != 1:
            expected = f"have shape {x.shape}, or without the last dimension, or with one of size 1"
            check.fail(where, "var", expected, f"shape {v.shape}")
    value_checks.require(v, value_checks.Within(where, "var", 0, math.inf, nan=True, error=ValueError))
    dtype = result_type(x, t, v)
    x, t, v = (cast(a, dtype) for a in check.broadcast(where, input=x, target=t, var=v))
    v = or_nan(~(v < 0), clamp_straight_through(v, eps))
    d = x - t
    loss = 0.5 * (jnp.log(v) + quotient(d * d, v))
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction, dtype)
