"""Binary cross entropies."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from purenn import check, value_checks
from purenn.functional.dtypes import cast, result_type
from purenn.functional.loss.common import EPSILON, reduced, reduction_of
from purenn.lowering.activation import log_sigmoid
from purenn.lowering.whole import or_nan
from purenn.typing import Array, ArrayLike

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits"]


def binary_cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes the cross entropy of two classes from probabilities.

    .. math:: \ell = -w\,(y \log x + (1 - y) \log(1 - x))

    As in torch, logarithms below -100 become -100, and the derivative is
    :math:`w\,(x - y) / \max(x (1 - x), 10^{-12})`.

    Args:
        input: probabilities of the first class, of any shape. Inside ``jit``, where values are unknown, a value that
            is not a probability gives NaN.
        target: probabilities, of the input's shape and dtype.
        weight: the factors :math:`w`, of a shape that broadcasts to the input's; None for 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the input's shape for ``'none'``, else a scalar; of the input's dtype.

    Raises:
        ValueError: the shapes don't fit, a value is not a probability, or ``reduction`` is unknown.
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


def _binary_cross_entropy_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array | SymbolicZero, jax.Array | SymbolicZero]
) -> tuple[jax.Array, jax.Array]:
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
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: ArrayLike | None = None,
) -> Array:
    r"""Computes the cross entropy of two classes from logits, without overflow.

    .. math:: \ell = -w\,(p\, y \log \sigma(x) + (1 - y) \log(1 - \sigma(x)))

    Args:
        input: logits of the first class, of any shape.
        target: probabilities, of the input's shape.
        weight: the factors :math:`w`, of a shape that broadcasts to the input's; None for 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        pos_weight: the weight :math:`p` of the first class, of a shape that broadcasts to the input's; None for 1.

    Returns:
        An array of the input's shape for ``'none'``, else a scalar; of the target's dtype, as in torch.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: a dtype isn't floating-point.

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
    """Computes the cross entropy; `factor` multiplies the logarithm of the sigmoid."""
    return (1 - y) * x - factor * log_sigmoid(x)


@_logistic.defjvp
def _logistic_jvp(
    primals: tuple[jax.Array, jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (x, y, factor), (dx, dy, dfactor) = primals, tangents
    slope = factor * lax.logistic(x) - (y + (factor - 1))
    return _logistic(x, y, factor), slope * dx - x * dy - log_sigmoid(x) * dfactor


def _weighted(where: str, loss: jax.Array, name: str, weight: ArrayLike | None, less: float = 0) -> jax.Array:
    if weight is None:
        return loss
    w = check.array(where, name, weight)
    check.broadcastable(where, name, w, loss.shape)
    return loss * jnp.broadcast_to(w.astype(loss.dtype) - less, loss.shape)
