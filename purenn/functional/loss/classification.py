"""Losses of classification by log-probabilities: nll_loss, cross_entropy, linear_cross_entropy."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check, value_checks
from purenn.functional.dtypes import cast, result_type
from purenn.functional.loss.common import reduced, reduction_of
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.loss import chunk, picked
from purenn.lowering.rounding import rounded
from purenn.lowering.softmax import log_softmax, log_total
from purenn.lowering.whole import or_nan

__all__ = ["LinearCrossEntropyOptions", "cross_entropy", "linear_cross_entropy", "nll_loss"]


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""The negative log-likelihood of classes: :math:`\ell_n = -w_{y_n} x_{n, y_n}`.

    The mean is weighted: :math:`\sum_n \ell_n / \sum_n w_{y_n}`, over the targets that aren't ignored.

    Args:
        input: log-probabilities, of shape :math:`(C)`, :math:`(N, C)` or :math:`(N, C, d_1, \dots, d_K)`.
        target: classes from 0 to C - 1, of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`.
        weight: of the classes, of shape :math:`(C)` and the input's dtype; for an input of rank 3 and more any shape
            with C elements will do.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        ignore_index: the target that counts for nothing.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the target's shape, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction.
        TypeError: a dtype doesn't fit. IndexError: a target is out of range; inside ``jit``, where values are
            unknown, the loss is NaN.

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
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> jax.Array:
    r"""The cross entropy of a softmax and of given classes or probabilities.

    With :math:`p = \log\operatorname{softmax}(x)` over the classes, smoothing :math:`s` and C classes,

    .. math::
        \ell_n = -(1 - s)\, w_{y_n} p_{n, y_n} - \tfrac{s}{C} \sum_c w_c\, p_{n,c}
        \quad\text{or}\quad
        \ell_n = -\sum_c w_c\, \bigl((1 - s)\, y_{n,c} + \tfrac{s}{C}\bigr)\, p_{n,c}

    The mean is over :math:`\sum_n w_{y_n}` of the targets that aren't ignored, with probabilities over their number.

    Args:
        input: logits, of shape :math:`(C)`, :math:`(N, C)` or :math:`(N, C, d_1, \dots, d_K)`.
        target: classes from 0 to C - 1, of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`;
            or probabilities, of the input's shape.
        weight: of the classes, of shape :math:`(C)`.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        ignore_index: the target that counts for nothing; not with probabilities.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        label_smoothing: the share :math:`s` of the uniform distribution in the target, at most 1.

    Returns:
        An array of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction.
        TypeError: a dtype doesn't fit. IndexError: a target is out of range; inside ``jit``, where values are
            unknown, the loss is NaN.

    Source: ``torch.nn.functional.cross_entropy``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cross_entropy(jnp.array([[2.0, 0.0], [0.0, 2.0]]), jnp.array([0, 1])).round(4).item()
        0.12690000236034393
    """
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    x, t = check.array("cross_entropy", "input", input), check.array("cross_entropy", "target", target)
    w = None if weight is None else check.array("cross_entropy", "weight", weight)
    dtype = _cross_entropy_dtype("cross_entropy", x, t, w, ignore_index, label_smoothing)
    losses, weights = _cross_entropies(cast(x, dtype), t, w, ignore_index, label_smoothing)
    return reduced(losses, reduction, dtype, jnp.sum(weights))


@dataclasses.dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """How `linear_cross_entropy` divides the batch; torch's class of this name.

    Args:
        allow_retain_graph: accepted for torch's sake.
        batch_chunk_size: the rows whose logits exist at a time.
        chunking_method: where there is no ``batch_chunk_size``: ``'aspect_ratio'``, with which the logits of a chunk
            are as large as the input, ``'aspect_ratio:n'``, a factor n smaller, ``'auto'`` for ``'aspect_ratio:2'``,
            or None for one chunk.
        acc_policy, acc_dtype: accepted for torch's sake; logits of the half types are computed in float32.

    Raises:
        ValueError: a value that torch refuses.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        where = "LinearCrossEntropyOptions"
        check.choice(where, "acc_policy", self.acc_policy, ("auto", "accurate", "balanced", "compact"))
        if self.batch_chunk_size is not None:
            check.integer(where, "batch_chunk_size", self.batch_chunk_size, 1)
        if self.chunking_method not in (None, "auto"):
            name, colon, factor = self.chunking_method.partition(":")
            if name != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor) > 0)):
                check.fail(where, "chunking_method", "be 'auto', 'aspect_ratio', 'aspect_ratio:N' or None", repr(name))

    def rows(self, batch: int, features: int, classes: int) -> int:
        """The rows of a chunk."""
        if self.batch_chunk_size is not None:
            return self.batch_chunk_size
        if self.chunking_method is None or 0 in (batch, features, classes):
            return max(batch, 1)
        factor = {"auto": "2", "aspect_ratio": "1"}.get(self.chunking_method) or self.chunking_method.split(":")[1]
        rows = -(-batch // -(-classes // features))
        return max(1, (1 << (rows - 1).bit_length()) // int(factor))


def linear_cross_entropy(
    input: Any,
    linear_weight: Any,
    target: Any,
    *,
    linear_bias: Any = None,
    weight: Any = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> jax.Array:
    r"""The `cross_entropy` of the logits :math:`x A^\top + b`, without all of them in memory at a time.

    Logits beyond 32 MiB are made chunk by chunk of the batch, and again for the gradient, so that memory for all N
    times C of them is never needed; with ``options`` so are those of any size.

    Args:
        input: of shape :math:`(\text{in})` or :math:`(N, \text{in})`.
        linear_weight: of shape :math:`(C, \text{in})`, or :math:`(C, d_1, \dots, d_K, \text{in})` with a batch.
        target: classes or probabilities, as for `cross_entropy`.
        linear_bias: of shape :math:`(C)` or :math:`(C, d_1, \dots, d_K)`.
        weight: of the classes, of shape :math:`(C)`.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        ignore_index: the target that counts for nothing, -100 where None; not with probabilities.
        label_smoothing: the share of the uniform distribution in the target.
        options: None, or a ``LinearCrossEntropyOptions`` (or anything with its method ``rows``). Any arguments go
            together with it, and any derivatives, unlike torch's.

    Returns:
        An array of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`, or a scalar.

    Raises:
        ValueError: the shapes don't fit. TypeError: a dtype doesn't fit.

    Source: ``torch.nn.functional.linear_cross_entropy``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.linear_cross_entropy(jnp.ones((2, 3)), jnp.zeros((4, 3)), jnp.array([0, 1])).round(4).item()
        1.386299967765808
    """
    where = "linear_cross_entropy"
    reduction = reduction_of(where, reduction)
    x, a = check.array(where, "input", input), check.array(where, "linear_weight", linear_weight)
    t = check.array(where, "target", target)
    b = None if linear_bias is None else check.array(where, "linear_bias", linear_bias)
    w = None if weight is None else check.array(where, "weight", weight)
    check.rank(where, "input", x, (1, 2), "(in) or (N, in)")
    check.floating(where, "input", x)
    check.same_dtype(where, input=x, linear_weight=a, linear_bias=b)
    if a.ndim < 2 or a.shape[-1] != x.shape[-1]:
        check.fail(where, "linear_weight", f"have shape (C, ..., {x.shape[-1]})", f"shape {a.shape}")
    if a.ndim > 2 and x.ndim == 1:
        check.fail(where, "input", "have rank 2, (N, in), for a linear_weight of rank 3 and more", f"shape {x.shape}")
    check.shape(where, "linear_bias", b, a.shape[:-1])
    logits = jax.ShapeDtypeStruct(x.shape[:-1] + a.shape[:-1], x.dtype)
    if t.shape == logits.shape and ignore_index is not None:
        check.fail(where, "ignore_index", "be None with probabilities", ignore_index)
    ignored = -100 if ignore_index is None else ignore_index
    dtype = _cross_entropy_dtype(where, logits, t, w, ignored, label_smoothing)

    def losses_of(x: jax.Array, t: jax.Array, a: jax.Array, b: jax.Array | None) -> tuple[jax.Array, jax.Array]:
        y = jnp.tensordot(x, a, (-1, -1), preferred_element_type=compute_dtype(x.dtype))
        y = y.astype(compute_dtype(dtype))
        y = y if b is None else y + jnp.broadcast_to(b.astype(y.dtype), y.shape)
        return _cross_entropies(y, t, w, ignored, label_smoothing)

    rows = 0
    if x.ndim == 2:
        batch, features = x.shape
        rows = chunk(batch, math.prod(a.shape[:-1])) if options is None else options.rows(batch, features, a.shape[0])
    if not 0 < rows < x.shape[0]:
        losses, weights = losses_of(x, t, a, b)
    else:
        # The logits of a chunk are made anew for its gradient; what doesn't fill a chunk is one of its own.
        whole, of_chunk = x.shape[0] // rows * rows, jax.checkpoint(losses_of)
        chunks = [v[:whole].reshape(-1, rows, *v.shape[1:]) for v in (x, t)]
        losses, weights = lax.map(lambda chunk: of_chunk(*chunk, a, b), (chunks[0], chunks[1]))
        losses, weights = (v.reshape(whole, *v.shape[2:]) for v in (losses, weights))
        if whole < x.shape[0]:
            rest = of_chunk(x[whole:], t[whole:], a, b)
            losses, weights = (jnp.concatenate(pair) for pair in zip((losses, weights), rest, strict=True))
    return reduced(losses, reduction, dtype, jnp.sum(weights))


def _classes(where: str, x: Any, w: jax.Array | None, any_shape: bool = False) -> None:
    """Checks that there is a weight for every class; `any_shape`: in an array of any rank but 0."""
    if x.ndim == 0:
        check.fail(where, "input", "have shape (C), (N, C) or (N, C, ...)", "shape ()")
    check.floating(where, "input", x)
    classes = x.shape[0 if x.ndim == 1 else 1]
    if w is not None and not (any_shape and w.ndim and w.size == classes):
        check.shape(where, "weight", w, (classes,))


def _indices(where: str, x: Any, t: jax.Array, w: jax.Array | None, ignore_index: int, smooth: bool = False) -> None:
    """Checks classes as the target, for log-probabilities or logits like x."""
    _classes(where, x, w, any_shape=x.ndim > 2 and not smooth)
    check.same_dtype(where, input=x, weight=w)
    check.integral(where, "target", t)
    expected = ((), (1,)) if x.ndim == 1 else (x.shape[:1] + x.shape[2:],)
    if t.shape not in expected:
        check.fail(where, "target", f"have shape {expected[0]} for an input of shape {x.shape}", f"shape {t.shape}")
    classes = x.shape[0 if x.ndim == 1 else 1]
    value_checks.require(t, value_checks.Within(where, "target", 0, classes - 1, ignore_index))


def _cross_entropy_dtype(
    where: str, x: Any, t: jax.Array, w: jax.Array | None, ignore_index: int, label_smoothing: float
) -> Any:
    """Checks the arguments of a cross entropy with logits like x, and gives the dtype of the result."""
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


def _cross_entropies(
    x: jax.Array, t: jax.Array, w: jax.Array | None, ignore_index: int, label_smoothing: float
) -> tuple[jax.Array, jax.Array]:
    """The losses of logits, not reduced, and the weights by whose sum their sum is divided for the mean."""
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
    """The losses at classes of log-probabilities, or logits, not reduced, and their weights."""
    axis = 0 if x.ndim == 1 else 1
    classes = x.shape[axis]
    t = (t.reshape(()) if x.ndim == 1 else t).astype(jnp.int64 if t.dtype == jnp.int64 else jnp.int32)
    bounds = np.iinfo(t.dtype)
    ignored = t == ignore_index if bounds.min <= ignore_index <= bounds.max else jnp.zeros(t.shape, bool)
    valid = (t >= 0) & (t < classes)
    t = jnp.clip(t, 0, max(classes - 1, 0)).astype(jnp.int32)
    losses, weights = -rounded(picked(x, t, axis)), jnp.ones(t.shape, x.dtype)
    top = total = jnp.zeros_like(losses)
    if logits:
        top, total = log_total(x, axis)
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
