"""Losses of classification by log-probabilities or logits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check, value_checks
from purenn.functional.dtypes import cast, result_type
from purenn.functional.loss.common import reduced, reduction_of
from purenn.lowering.loss import take_along
from purenn.lowering.rounding import rounded
from purenn.lowering.softmax import log_softmax, logsumexp_parts
from purenn.lowering.whole import or_nan
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["cross_entropy", "nll_loss"]


def nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes the negative log-likelihood of classes: :math:`\ell_n = -w_{y_n} x_{n, y_n}`.

    The mean is weighted: :math:`\sum_n \ell_n / \sum_n w_{y_n}`, over the targets that aren't ignored.

    Args:
        input: log-probabilities, of shape :math:`(C)`, :math:`(N, C)` or :math:`(N, C, d_1, \dots, d_K)`.
        target: classes from 0 to C - 1, of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`.
        weight: one weight :math:`w_c` per class, of shape :math:`(C)` and the input's dtype; for an input of rank 3 or
            more, any shape with C elements. None is the weight 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        ignore_index: the target whose loss is 0 and which the mean leaves out.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the target's shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.functional.nll_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.nll_loss(jnp.log(jnp.array([[0.5, 0.5], [0.25, 0.75]])), jnp.array([0, 0])).round(4).item()
        1.0397000312805176
    """
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    x, t = check.array("nll_loss", "input", input), check.array("nll_loss", "target", target)
    w = None if weight is None else check.array("nll_loss", "weight", weight)
    check.integer("nll_loss", "ignore_index", ignore_index)
    _indices("nll_loss", x, t, w, ignore_index)
    losses, weights = _of_indices(cast(x, x.dtype), t, w, ignore_index)
    return reduced(losses, reduction, x.dtype, jnp.sum(weights))


def cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    r"""Computes the cross entropy between the softmax of logits and classes, or probabilities.

    With :math:`p = \log\operatorname{softmax}(x)` over the classes, smoothing :math:`s` and C classes,

    .. math::
        \ell_n = -(1 - s)\, w_{y_n} p_{n, y_n} - \tfrac{s}{C} \sum_c w_c\, p_{n,c}
        \quad\text{or}\quad
        \ell_n = -\sum_c w_c\, \bigl((1 - s)\, y_{n,c} + \tfrac{s}{C}\bigr)\, p_{n,c}

    for classes, or for probabilities. The mean is :math:`\sum_n \ell_n / \sum_n w_{y_n}` over the classes that aren't
    ignored, or :math:`\sum_n \ell_n / N`.

    Args:
        input: logits, of shape :math:`(C)`, :math:`(N, C)` or :math:`(N, C, d_1, \dots, d_K)`.
        target: classes from 0 to C - 1, of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`;
            or probabilities, of the input's shape.
        weight: one weight :math:`w_c` per class, of shape :math:`(C)`. None is the weight 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        ignore_index: the class whose loss is 0 and which the mean leaves out; not for probabilities.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        label_smoothing: the weight :math:`s` of the uniform distribution in the target, at most 1.

    Returns:
        An array of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)` for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.functional.cross_entropy``; label smoothing: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna,
    *Rethinking the Inception Architecture for Computer Vision*, 2015, https://arxiv.org/abs/1512.00567.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cross_entropy(jnp.array([[2.0, 0.0], [0.0, 2.0]]), jnp.array([0, 1])).round(4).item()
        0.12690000236034393
    """
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    x, t = check.array("cross_entropy", "input", input), check.array("cross_entropy", "target", target)
    w = None if weight is None else check.array("cross_entropy", "weight", weight)
    dtype = checked_dtype("cross_entropy", x, t, w, ignore_index, label_smoothing)
    losses, weights = cross_entropies(cast(x, dtype), t, w, ignore_index, label_smoothing)
    return reduced(losses, reduction, dtype, jnp.sum(weights))


def _classes(where: str, x: jax.Array, w: jax.Array | None, any_shape: bool = False) -> None:
    """Checks that the weights have one element per class; with `any_shape`, in any shape of rank 1 or more."""
    if x.ndim == 0:
        check.fail(where, "input", "have shape (C), (N, C) or (N, C, ...)", "shape ()")
    check.floating(where, "input", x)
    classes = x.shape[0 if x.ndim == 1 else 1]
    if w is not None and not (any_shape and w.ndim and w.size == classes):
        check.shape(where, "weight", w, (classes,))


def _indices(
    where: str, x: jax.Array, t: jax.Array, w: jax.Array | None, ignore_index: int, smooth: bool = False
) -> None:
    """Checks that targets are classes which fit log-probabilities, or logits, like x."""
    _classes(where, x, w, any_shape=x.ndim > 2 and not smooth)
    check.same_dtype(where, input=x, weight=w)
    check.integral(where, "target", t)
    expected = ((), (1,)) if x.ndim == 1 else (x.shape[:1] + x.shape[2:],)
    if t.shape not in expected:
        check.fail(where, "target", f"have shape {expected[0]} for an input of shape {x.shape}", f"shape {t.shape}")
    classes = x.shape[0 if x.ndim == 1 else 1]
    value_checks.require(t, value_checks.Within(where, "target", 0, classes - 1, ignore_index))


def checked_dtype(
    where: str, x: jax.Array, t: jax.Array, w: jax.Array | None, ignore_index: int, label_smoothing: float
) -> DTypeLike:
    """Checks the arguments of a cross entropy whose logits are like x, and gives the result's dtype."""
    check.integer(where, "ignore_index", ignore_index)
    if label_smoothing > 1:
        check.fail(where, "label_smoothing", "be at most 1", label_smoothing)
    if x.shape != t.shape or x.ndim == 0:
        _indices(where, x, t, w, ignore_index, label_smoothing > 0)
        return x.dtype
    _classes(where, x, w)
    if not jnp.issubdtype(t.dtype, jnp.floating):
        check.fail(where, "target", "be a floating-point array where it has the input's shape", t.dtype, TypeError)
    if ignore_index >= 0:
        check.fail(where, "ignore_index", "be negative with probabilities", ignore_index)
    return result_type(x, t, *(() if w is None else (w,)))


def cross_entropies(
    x: jax.Array, t: jax.Array, w: jax.Array | None, ignore_index: int, label_smoothing: float
) -> tuple[jax.Array, jax.Array]:
    """Computes the losses of logits, and the weights: the mean is the sum of losses by the sum of weights."""
    axis = 0 if x.ndim == 1 else 1
    if x.shape != t.shape:
        return _of_indices(x, t, w, ignore_index, label_smoothing, logits=True)
    p = log_softmax(x, axis) if x.shape[axis] else x
    t = t.astype(x.dtype)
    if label_smoothing > 0:
        t = t * (1 - label_smoothing) + label_smoothing / max(x.shape[axis], 1)
    losses = -jnp.sum(p * (t if w is None else t * _along_classes(w, t)), axis)
    return losses, jnp.ones_like(losses) if x.shape[axis] else jnp.zeros_like(losses)


def _of_indices(
    x: jax.Array,
    t: jax.Array,
    w: jax.Array | None,
    ignore_index: int,
    label_smoothing: float = 0.0,
    logits: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """Computes the losses of log-probabilities, or logits, for classes; and the weights."""
    axis = 0 if x.ndim == 1 else 1
    classes = x.shape[axis]
    t = (t.reshape(()) if x.ndim == 1 else t).astype(jnp.int64 if t.dtype == jnp.int64 else jnp.int32)
    bounds = np.iinfo(t.dtype)
    ignored = t == ignore_index if bounds.min <= ignore_index <= bounds.max else jnp.zeros(t.shape, bool)
    valid = (t >= 0) & (t < classes)
    t = jnp.clip(t, 0, max(classes - 1, 0)).astype(jnp.int32)
    losses, weights = -rounded(take_along(x, t, axis)), jnp.ones(t.shape, x.dtype)
    top = total = jnp.zeros_like(losses)
    if logits:
        top, total = logsumexp_parts(x, axis)
        losses = losses + top + total
    if w is not None:
        weights = jnp.take(w.astype(x.dtype).reshape(-1), t, mode="clip") if classes else weights
        losses = losses * weights
    losses = or_nan(valid | ignored, losses)
    if label_smoothing > 0:
        less = rounded(x, summed=True) - jnp.expand_dims(top, axis)
        if w is None:
            p = jnp.sum(less, axis) - classes * total
        else:
            w = w.astype(x.dtype)
            p = jnp.sum(less * _along_classes(w, x), axis) - jnp.sum(w) * total
        losses = losses * (1 - label_smoothing) - p * (label_smoothing / max(classes, 1))
    zero = jnp.zeros_like(losses)
    return jnp.where(ignored, zero, losses), jnp.where(ignored, zero, weights)


def _along_classes(w: jax.Array, p: jax.Array) -> jax.Array:
    shape = w.shape if p.ndim == 1 else (1, -1) + (1,) * (p.ndim - 2)
    return jnp.broadcast_to(w.astype(p.dtype).reshape(shape), p.shape)
