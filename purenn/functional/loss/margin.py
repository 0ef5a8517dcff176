"""Losses of margins, between scores and between classes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check, value_checks
from purenn.functional.dtypes import cast, floating_or_float32, result_type
from purenn.functional.loss.common import reduced, reduction_of
from purenn.lowering.activation import log_sigmoid, relu_unit_slope
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.whole import or_nan

__all__ = [
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
]


def _arrays(where: str, **given: Any) -> list[jax.Array]:
    """The arguments as arrays of numbers, neither boolean nor complex."""
    arrays = [check.array(where, name, x) for name, x in given.items()]
    for name, x in zip(given, arrays, strict=True):
        if x.dtype == bool or jnp.iscomplexobj(x):
            check.fail(where, name, "be a numeric, real array", f"dtype {x.dtype}", TypeError)
    return arrays


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""A hinge on which of two scores is the larger: :math:`\ell = \max(0, -y\,(x_1 - x_2) + m)`.

    Args:
        input1: scores, of any shape.
        input2: scores, of the same rank, broadcast with the first.
        target: 1 where the first should be larger and -1 where the second, of the same rank.
        margin: :math:`m`.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the common shape, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: booleans or complex arrays.

    Source: ``torch.nn.functional.margin_ranking_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.margin_ranking_loss(jnp.array([1.0, 3.0]), jnp.array([2.0, 1.0]), jnp.array([1, 1])).item()
        0.5
    """
    where = "margin_ranking_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    a, b, t = _arrays(where, input1=input1, input2=input2, target=target)
    if not a.ndim == b.ndim == t.ndim:
        check.fail(where, "input1, input2 and target", "have one rank", f"shapes {a.shape}, {b.shape} and {t.shape}")
    dtype = floating_or_float32(result_type(a, b, t))
    a, b, t = (cast(v, dtype) for v in check.broadcast(where, input1=a, input2=b, target=t))
    return reduced(relu_unit_slope(-t * (a - b) + margin), reduction, dtype)


def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""A distance where things are alike, a hinge of it where they are not.

    .. math:: \ell = x \text{ where } y = 1, \quad \max(0, m - x) \text{ where } y = -1

    and the sum of the two where :math:`y` is something else.

    Args:
        input: distances, of any shape.
        target: 1 or -1, of a shape that broadcasts with it.
        margin: :math:`m`.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the common shape and the input's dtype, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction.
        TypeError: a boolean or complex input, or the mean of integers.

    Source: ``torch.nn.functional.hinge_embedding_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hinge_embedding_loss(jnp.array([0.25, 0.25]), jnp.array([1, -1]), reduction="none").tolist()
        [0.25, 0.75]
    """
    where = "hinge_embedding_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    (x,), t = _arrays(where, input=input), check.array(where, "target", target)
    dtype = x.dtype
    if not jnp.issubdtype(dtype, jnp.floating):
        margin = int(margin)
        if reduction == "mean":
            check.fail(where, "input", "be a floating-point array where the mean is taken", f"dtype {dtype}", TypeError)
    x, t = check.broadcast(where, input=cast(x, dtype), target=t)
    zero = jnp.zeros_like(x)
    loss = jnp.where(t != 1, relu_unit_slope(margin - x), zero) + jnp.where(t != -1, x, zero)
    return reduced(loss, reduction, dtype)


def soft_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""The logistic loss: :math:`\ell = \log(1 + e^{-y x})`, which overflows as torch's does.

    Args:
        input: scores, of any shape.
        target: 1 or -1, of a shape that broadcasts to it.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array like ``input``, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.soft_margin_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.soft_margin_loss(jnp.array([0.0, 1.0]), jnp.array([1.0, -1.0]), reduction="none").round(4).tolist()
        [0.6930999755859375, 1.3133000135421753]
    """
    where = "soft_margin_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    check.floating(where, "input", x)
    if jnp.iscomplexobj(t):
        check.fail(where, "target", "be a real array", f"dtype {t.dtype}", TypeError)
    check.broadcastable(where, "target", t, x.shape)
    t = jnp.broadcast_to(cast(t, x.dtype), x.shape)
    return reduced(_log1p_exp(-t * cast(x, x.dtype)), reduction, x.dtype)


@jax.custom_jvp
def _log1p_exp(z: jax.Array) -> jax.Array:
    return jnp.log1p(jnp.exp(z))


@_log1p_exp.defjvp
def _log1p_exp_jvp(primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    """The derivative as torch has it: 1 / (1 + exp z) alone would be 0 before exp z overflows."""
    (z,), (dz,) = primals, tangents
    e = jnp.exp(z)
    return jnp.log1p(e), e / (1 + e) * dz


def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""The mean over the classes of binary cross entropies of logits.

    .. math:: \ell_n = -\tfrac1C \sum_c w_c\, (y_{n,c} \log \sigma(x_{n,c}) + (1 - y_{n,c}) \log \sigma(-x_{n,c}))

    Args:
        input: logits, of shape :math:`(C)` or :math:`(N, C)`, or with more dimensions before the classes'.
        target: probabilities, of the same shape.
        weight: of a shape that broadcasts with them, as :math:`(C)`.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of shape :math:`()` or :math:`(N)`, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: a dtype doesn't fit.

    Source: ``torch.nn.functional.multilabel_soft_margin_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.multilabel_soft_margin_loss(jnp.zeros((1, 2)), jnp.array([[1.0, 0.0]])).round(4).item()
        0.6930999755859375
    """
    where = "multilabel_soft_margin_loss"
    reduction = reduction_of(where, reduction, size_average, reduce, old_name=False)
    x, t = _arrays(where, input=input, target=target)
    given = {"input": x, "target": t}
    check.floating(where, "input", x)
    if x.ndim == 0:
        check.fail(where, "input", "have rank at least 1, (C) or (N, C)", "shape ()")
    if weight is not None:
        given["weight"] = check.array(where, "weight", weight)
    dtype = result_type(*given.values())
    logits, t, *w = (cast(v, dtype) for v in check.broadcast(where, **given))
    loss = -(t * log_sigmoid(logits) + (1 - t) * log_sigmoid(-logits))
    loss = loss * w[0] if w else loss
    return reduced(jnp.sum(loss, x.ndim - 1) / x.shape[-1], reduction, dtype)


def _rows(where: str, x: jax.Array) -> jax.Array:
    """Scores as (N, C)."""
    check.floating(where, "input", x)
    check.rank(where, "input", x, (0, 1, 2), "(C) or (N, C)")
    if x.ndim and x.shape[-1] == 0:
        check.fail(where, "input", "have at least one class", f"shape {x.shape}")
    return cast(x, x.dtype).reshape(x.shape[0] if x.ndim == 2 else 1, -1 if x.size else x.shape[-1])


def _of_none(loss: jax.Array, reduction: str) -> str:
    """The reduction; the mean of no losses is 0 here, where torch leaves it undefined."""
    return "sum" if reduction == "mean" and loss.size == 0 else reduction


def multilabel_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""Hinges between the scores of the classes that apply and of those that don't.

    .. math:: \ell = \tfrac1C \sum_{j} \sum_{i \ne y_1, y_2, \dots} \max(0, 1 - (x_{y_j} - x_i))

    Args:
        input: scores, of shape :math:`(C)` or :math:`(N, C)`.
        target: the classes that apply, in front, and then -1; of the same shape. Inside ``jit``, where values are
            unknown, a row with a class that is out of range makes the loss NaN.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of shape :math:`()` or :math:`(N)`, or a scalar.

    Raises:
        ValueError: the shapes don't fit, or there is no such reduction. TypeError: a dtype doesn't fit.
        IndexError: a class is out of range.

    Source: ``torch.nn.functional.multilabel_margin_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.multilabel_margin_loss(jnp.array([[0.1, 0.2, 0.4, 0.8]]), jnp.array([[3, 0, -1, 1]])).round(4).item()
        0.8499999642372131
    """
    where = "multilabel_margin_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    check.integral(where, "target", t)
    s = _rows(where, x)
    if t.shape != x.shape and not (t.ndim < 2 and x.ndim < 2 and t.size == x.size):
        check.fail(where, "target", f"have shape {x.shape}, as the input", f"shape {t.shape}")
    value_checks.require(t, value_checks.Within(where, "target", -1, s.shape[1] - 1))
    t = t.reshape(s.shape)
    invalid = jnp.any((t < -1) | (t >= s.shape[1]), 1)
    loss = _hinges(s, t) / s.shape[1]
    loss = or_nan(~invalid, loss)
    return reduced(loss.reshape(x.shape[:-1]), _of_none(loss, reduction), x.dtype)


TARGETS_PER_TURN = 8


@jax.custom_jvp
def _hinges(s: jax.Array, t: jax.Array) -> jax.Array:
    """For every row of scores (N, C) the sum of the hinges of the classes that apply with all others."""
    return _hinges_and_slopes(s, t)[0]


@_hinges.defjvp
def _(primals: Any, tangents: Any) -> Any:
    loss, slopes = _hinges_and_slopes(*primals)
    return loss, jnp.sum(slopes.astype(loss.dtype) * tangents[0], 1)


def _hinges_and_slopes(s: jax.Array, t: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The sums and their derivatives by the scores, in a loop over some targets at a time up to the last in any row."""
    t = jnp.where(jnp.cumsum(t == -1, 1) == 0, t, -1)
    row, column = (lax.broadcasted_iota(t.dtype, s.shape, axis) for axis in (0, 1))
    applying = jnp.zeros(s.shape, bool).at[row, jnp.where(t < 0, s.shape[1], t)].set(True, mode="drop")
    size = min(TARGETS_PER_TURN, s.shape[1])
    turns = -(-jnp.max(jnp.sum(t != -1, 1, dtype=jnp.int32), initial=0) // max(size, 1))
    t = jnp.pad(t, ((0, 0), (0, size)), constant_values=-1)
    wide = compute_dtype(s.dtype)

    def turn(i: jax.Array, sums: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        own = lax.dynamic_slice_in_dim(t, i * size, size, 1)
        z = 1 - jnp.take_along_axis(s, own, 1, mode="clip")[:, :, None] + s[:, None]
        counted = (own >= 0)[:, :, None] & ~applying[:, None] & (z > 0)
        loss = jnp.sum(jnp.where(counted, z, jnp.zeros_like(z)), (1, 2), dtype=wide)
        count = counted.astype(jnp.int32)
        at_own = jnp.where(own[:, :, None] == column[:, None], jnp.sum(count, 2, dtype=jnp.int32, keepdims=True), 0)
        return sums[0] + loss, sums[1] + jnp.sum(count - at_own, 1, dtype=jnp.int32)

    zeros = jnp.zeros(s.shape[:1], wide), jnp.zeros(s.shape, jnp.int32)
    loss, slopes = lax.fori_loop(0, turns, turn, zeros)
    return loss.astype(s.dtype), slopes


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> jax.Array:
    r"""Hinges between the score of a class and all others.

    .. math:: \ell = \tfrac{w_y}C \sum_{i \ne y} \max(0, m - x_y + x_i)^p

    Args:
        input: scores, of shape :math:`(C)` or :math:`(N, C)`.
        target: classes from 0 to C - 1, of shape :math:`()` or :math:`(N)`. Inside ``jit``, where values are unknown,
            one that is out of range makes the loss NaN.
        p: 1 or 2.
        margin: :math:`m`.
        weight: of the classes, of shape :math:`(C)` and the input's dtype.
        size_average, reduce: legacy; they overrule ``reduction``, as in torch.
        reduction: ``'none'``, ``'mean'`` (not weighted) or ``'sum'``.

    Returns:
        An array of the target's shape, or a scalar.

    Raises:
        ValueError: the shapes don't fit, another p, or there is no such reduction. TypeError: a dtype doesn't fit.
        IndexError: a target is out of range.

    Source: ``torch.nn.functional.multi_margin_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.multi_margin_loss(jnp.array([[0.0, 1.0, 2.0, 0.0]]), jnp.array([1]), p=2).item()
        1.0
    """
    where = "multi_margin_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    check.choice(where, "p", p, (1, 2))
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    w = None if weight is None else check.array(where, "weight", weight)
    check.integral(where, "target", t)
    s = _rows(where, x)
    check.same_dtype(where, input=x, weight=w)
    if t.ndim > 1 or t.size != s.shape[0]:
        check.fail(where, "target", f"have shape ({s.shape[0]},) for an input of shape {x.shape}", f"shape {t.shape}")
    check.shape(where, "weight", w, s.shape[1:])
    y = t.reshape(-1, 1)
    value_checks.require(t, value_checks.Within(where, "target", 0, s.shape[1] - 1))
    hot = y == lax.broadcasted_iota(t.dtype, s.shape, 1)
    zero = jnp.zeros_like(s)
    z = margin - jnp.sum(jnp.where(hot, s, zero), 1, keepdims=True) + s
    z = jnp.where((z > 0) & ~hot, z, zero)
    loss = jnp.sum(z if p == 1 else z * z, 1) / s.shape[1]
    if w is not None:
        loss = loss * jnp.sum(jnp.where(hot, jnp.broadcast_to(w.astype(s.dtype), s.shape), zero), 1)
    loss = or_nan((t.ravel() >= 0) & (t.ravel() < s.shape[1]), loss)
    return reduced(loss.reshape(t.shape), _of_none(loss, reduction), x.dtype)
