"""Losses of distributions: the Kullback-Leibler divergence, Poisson and Gaussian likelihoods."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy

from purenn import check, value_checks
from purenn.functional.dtypes import cast, result_type
from purenn.functional.loss.common import reduced, reduction_of
from purenn.lowering.activation import clamp_straight_through
from purenn.lowering.norm import quotient
from purenn.lowering.rounding import rounded
from purenn.lowering.whole import or_nan
from purenn.typing import Array, ArrayLike

__all__ = [
    "gaussian_nll_loss",
    "kl_div",
    "poisson_nll_loss",
]


def kl_div(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Array:
    r"""Computes the Kullback-Leibler divergence from log-probabilities: :math:`\ell = y\,(\log y - x)`.

    Args:
        input: log-probabilities :math:`x`, of any shape.
        target: probabilities :math:`y`, with ``log_target`` their logarithms; of a shape that broadcasts with the
            input's.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` (over all elements), ``'sum'``, or ``'batchmean'``, the sum divided by the
            input's first dimension. Torch warns that its ``'mean'`` may change; this one won't.
        log_target: whether the target is log-probabilities.

    Returns:
        An array of the common shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: a dtype isn't floating-point.

    Source: ``torch.nn.functional.kl_div``; Kullback and Leibler, *On Information and Sufficiency*, 1951,
    https://doi.org/10.1214/aoms/1177729694.

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
def _divergence_jvp(
    summed: bool, primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (x, t), (dx, dt) = primals, tangents
    return _divergence(x, t, summed), (jnp.log(t) + t / t - x) * dt - t * dx  # t / t is NaN at 0, as torch's


def poisson_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes the negative log-likelihood of counts under Poisson distributions, without the term :math:`\log y!`.

    .. math:: \ell = e^x - y x \quad\text{or, without log\_input,}\quad \ell = x - y \log(x + \epsilon)

    Args:
        input: the expectation, or its logarithm with ``log_input``, of any shape.
        target: counts :math:`y`, of a shape that broadcasts with the input's.
        log_input: whether the input is the logarithm of the expectation.
        full: whether Stirling's approximation of :math:`\log y!`, :math:`y \log y - y + \tfrac12 \log 2 \pi y`, is
            added where :math:`y > 1`.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        eps: the number :math:`\epsilon` that keeps the logarithm from 0.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the common shape for ``'none'``, else a scalar; float32 where both are integers.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: an array is complex, or both are boolean.

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
            check.fail(where, name, "be a real array", f"dtype {v.dtype}", TypeError)
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)
    dtype = result_type(x, t)
    x, t = (cast(v, dtype) for v in check.broadcast(where, input=x, target=t))
    # A compiler that knows exp to be positive would drop `rounded` around it, so the negative is rounded.
    loss = -rounded(-jnp.exp(x)) - rounded(t * x) if log_input else x - rounded(t * jnp.log(x + eps))
    if full:
        stirling = t * jnp.log(t) - t + 0.5 * jnp.log(2 * math.pi * t)
        loss = loss + jnp.where(t <= 1, jnp.zeros_like(t), stirling)
    return reduced(loss, reduction, dtype)


def gaussian_nll_loss(
    input: ArrayLike, target: ArrayLike, var: ArrayLike, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Array:
    r"""Computes the negative log-likelihood of samples under Gaussian distributions of given mean and variance.

    .. math:: \ell = \tfrac12 \bigl(\log v + (x - y)^2 / v\bigr) \quad\text{with}\quad v = \max(\text{var}, \epsilon)

    The clamp doesn't change the derivative with respect to the variance, as in torch.

    Args:
        input: means :math:`x`, of any shape.
        target: samples :math:`y`, of a shape that broadcasts with the input's.
        var: variances, of the input's shape, which may lack its last dimension or have one dimension of size 1; or a
            float. Inside ``jit``, where values are unknown, a negative variance makes the loss NaN.
        full: whether the constant :math:`\tfrac12 \log 2 \pi` is added.
        eps: the lower bound :math:`\epsilon` of the variance.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the common shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, a variance is negative, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.

    Source: ``torch.nn.functional.gaussian_nll_loss``; Nix and Weigend, *Estimating the Mean and Variance of the Target
    Probability Distribution*, 1994, https://doi.org/10.1109/ICNN.1994.374138.

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
        check.real(where, name, a)
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
