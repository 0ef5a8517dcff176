"""Losses of margins between the scores of classes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check, value_checks
from purenn.functional.dtypes import cast
from purenn.functional.loss.common import reduced, reduction_of
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.whole import or_nan
from purenn.typing import Array, ArrayLike

__all__ = ["multi_margin_loss", "multilabel_margin_loss"]


def _rows(where: str, x: jax.Array) -> jax.Array:
    """Gives scores as (N, C)."""
    check.floating(where, "input", x)
    check.rank(where, "input", x, (0, 1, 2), "(C) or (N, C)")
    if x.ndim and x.shape[-1] == 0:
        check.fail(where, "input", "have at least one class", f"shape {x.shape}")
    return cast(x, x.dtype).reshape(x.shape[0] if x.ndim == 2 else 1, -1 if x.size else x.shape[-1])


def _of_none(loss: jax.Array, reduction: str) -> str:
    """Gives the reduction; the mean of an empty loss is 0, while torch's is undefined."""
    return "sum" if reduction == "mean" and loss.size == 0 else reduction


def multilabel_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Sums the hinge losses between the score of every true class and the score of every other class.

    .. math:: \ell = \tfrac1C \sum_{j} \sum_{i \ne y_1, y_2, \dots} \max(0, 1 - (x_{y_j} - x_i))

    Args:
        input: scores :math:`x`, of shape :math:`(C)` or :math:`(N, C)`.
        target: the true classes :math:`y_1, y_2, \dots`, followed by -1; of the input's shape. Inside ``jit``, where
            values are unknown, a row with a class out of range makes the loss NaN.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of shape :math:`()` or :math:`(N)` for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
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
        check.fail(where, "target", f"have shape {x.shape}, like the input", f"shape {t.shape}")
    value_checks.require(t, value_checks.Within(where, "target", -1, s.shape[1] - 1))
    t = t.reshape(s.shape)
    invalid = jnp.any((t < -1) | (t >= s.shape[1]), 1)
    loss = _hinges(s, t) / s.shape[1]
    loss = or_nan(~invalid, loss)
    return reduced(loss.reshape(x.shape[:-1]), _of_none(loss, reduction), x.dtype)


TARGETS_PER_TURN = 8


@jax.custom_jvp
def _hinges(s: jax.Array, t: jax.Array) -> jax.Array:
    """Sums, for every row of scores (N, C), the hinge losses between its true classes and all others."""
    return _hinges_and_slopes(s, t)[0]


@_hinges.defjvp
def _hinges_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    loss, slopes = _hinges_and_slopes(*primals)
    return loss, jnp.sum(slopes.astype(loss.dtype) * tangents[0], 1)


def _hinges_and_slopes(s: jax.Array, t: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Computes the sums and their derivatives with respect to the scores, a few targets at a time."""
    t = jnp.where(jnp.cumsum(t == -1, 1) == 0, t, -1)
    row, column = (lax.broadcasted_iota(t.dtype, s.shape, axis) for axis in (0, 1))
    applying = jnp.zeros(s.shape, bool).at[row, jnp.where(t < 0, s.shape[1], t)].set(True, mode="drop")
    size = min(TARGETS_PER_TURN, s.shape[1])
    turns = -(-jnp.max(jnp.sum(t != -1, 1, dtype=jnp.int32), initial=0) // max(size, 1))
    t = jnp.pad(t, ((0, 0), (0, size)), constant_values=-1)
    wide = compute_dtype(s.dtype)

    def turn(i: jax.Array, sums: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        targets = lax.dynamic_slice_in_dim(t, i * size, size, 1)
        z = 1 - jnp.take_along_axis(s, targets, 1, mode="clip")[:, :, None] + s[:, None]
        counted = (targets >= 0)[:, :, None] & ~applying[:, None] & (z > 0)
        loss = jnp.sum(jnp.where(counted, z, jnp.zeros_like(z)), (1, 2), dtype=wide)
        count = counted.astype(jnp.int32)
        at_targets = jnp.where(
            targets[:, :, None] == column[:, None], jnp.sum(count, 2, dtype=jnp.int32, keepdims=True), 0
        )
        return sums[0] + loss, sums[1] + jnp.sum(count - at_targets, 1, dtype=jnp.int32)

    zeros = jnp.zeros(s.shape[:1], wide), jnp.zeros(s.shape, jnp.int32)
    loss, slopes = lax.fori_loop(0, turns, turn, zeros)
    return loss.astype(s.dtype), slopes


def multi_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    p: int = 1,
    margin: float = 1.0,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Sums the hinge losses between the score of the true class and the score of every other class.

    .. math:: \ell = \tfrac{w_y}C \sum_{i \ne y} \max(0, m - x_y + x_i)^p

    Args:
        input: scores :math:`x`, of shape :math:`(C)` or :math:`(N, C)`.
        target: classes :math:`y` from 0 to C - 1, of shape :math:`()` or :math:`(N)`. Inside ``jit``, where values are
            unknown, a class out of range makes the loss NaN.
        p: the exponent, 1 or 2.
        margin: the margin :math:`m`.
        weight: one weight :math:`w_c` per class, of shape :math:`(C)` and the input's dtype; None for 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` (not weighted) or ``'sum'``.

    Returns:
        An array of the target's shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, p is neither 1 nor 2, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
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
