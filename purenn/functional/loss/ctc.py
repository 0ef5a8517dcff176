"""The connectionist temporal classification loss: a scan over time of the forward probabilities."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check, value_checks
from purenn.functional.dtypes import cast
from purenn.functional.loss.common import reduced, reduction_of
from purenn.lowering.varying import varying_as
from purenn.lowering.whole import or_nan, whole
from purenn.typing import Array, ArrayLike

__all__ = ["ctc_loss"]


def ctc_loss(
    log_probs: ArrayLike,
    targets: ArrayLike,
    input_lengths: ArrayLike | Sequence[int],
    target_lengths: ArrayLike | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Array:
    r"""Computes the connectionist temporal classification loss: minus the log-probability of a sequence of labels.

    .. math:: \ell = -\log \sum_\pi \prod_t p_{t, \pi_t}

    with the sum over all paths :math:`\pi` that become the target when repetitions are merged and then blanks removed.
    The mean first divides every loss by the length of its target.

    As in torch, the derivative is that with respect to the logits whose ``log_softmax`` is ``log_probs``.

    Args:
        log_probs: of shape :math:`(T, N, C)` or :math:`(T, C)`.
        targets: labels, of shape :math:`(N, S)`, or concatenated in an array of rank 1; :math:`(S)` without a batch. A
            label out of range makes the loss NaN.
        input_lengths: the number of time steps of every input, of shape :math:`(N)`, an array or a sequence of
            integers; :math:`()` or :math:`(1)` without a batch.
        target_lengths: the number of labels of every target, in the same form. Inside ``jit``, where values are
            unknown, a length out of range makes the loss NaN.
        blank: the label that means no label.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        zero_infinity: whether an input without a path has the loss 0, instead of infinity with a derivative of NaN.

    Returns:
        An array of shape :math:`(N)`, or :math:`()` without a batch, for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes, the lengths or the blank don't fit.
        TypeError: a dtype doesn't fit.

    Source: ``torch.nn.functional.ctc_loss``; Graves, Fernández, Gomez and Schmidhuber, *Connectionist Temporal
    Classification: Labelling Unsegmented Sequence Data with Recurrent Neural Networks*, 2006,
    https://doi.org/10.1145/1143844.1143891.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> log_probs = jnp.log(jnp.full((3, 1, 2), 0.5))
        >>> F.ctc_loss(log_probs, jnp.array([[1]]), jnp.array([3]), jnp.array([1])).round(4).item()
        0.28769999742507935
    """
    where = "ctc_loss"
    reduction = reduction_of(where, reduction)
    x, t = check.array(where, "log_probs", log_probs), check.array(where, "targets", targets)
    check.rank(where, "log_probs", x, (2, 3), "(T, C) or (T, N, C)")
    check.floating(where, "log_probs", x)
    if x.size == 0:
        check.fail(where, "log_probs", "not be empty", f"shape {x.shape}")
    if t.dtype == bool or jnp.iscomplexobj(t):
        check.fail(where, "targets", "be an integer array", f"dtype {t.dtype}", TypeError)
    check.rank(where, "targets", t, (1, 2), "(S) or (N, S)")
    p = cast(x[:, None] if x.ndim == 2 else x, x.dtype)
    steps, batch, classes = p.shape
    blank = check.integer(where, "blank", blank)
    if not 0 <= blank < classes:
        check.fail(where, "blank", f"be a label, from 0 to {classes - 1}", blank)
    check.boolean(where, "zero_infinity", zero_infinity)
    if t.ndim == 2 and t.shape[0] != batch:
        check.fail(where, "targets", f"have {batch} rows, like log_probs", f"shape {t.shape}")
    if x.ndim == 2 and t.ndim == 1:
        t = t[None]
    inputs, _ = _lengths(where, "input_lengths", input_lengths, batch, steps)
    lengths, raw_lengths = _lengths(where, "target_lengths", target_lengths, batch, t.shape[-1])
    fits = (inputs >= 0) & (inputs <= steps) & (lengths >= 0)
    if t.ndim == 1:
        known = value_checks.known(raw_lengths)
        value_checks.require(raw_lengths, value_checks.Total(where, "target_lengths", t.shape[0], "targets"))
        fits = fits & (jnp.sum(lengths) == t.shape[0])
        longest = t.shape[0] if known is None else int(known.max())
        places = (jnp.cumsum(lengths) - lengths)[:, None] + jnp.arange(longest, dtype=jnp.int32)[None]
        t = jnp.take(t, jnp.minimum(places, t.shape[0] - 1), axis=0) if t.shape[0] else jnp.zeros((batch, 0), t.dtype)
    fits = fits & (lengths <= t.shape[1])
    loss = or_nan(fits, _losses(p, t.astype(jnp.int32), inputs, lengths, blank, zero_infinity))
    if reduction == "mean":
        loss = loss / jnp.maximum(lengths, 1).astype(loss.dtype)
    return reduced(loss if x.ndim == 3 else loss[0], reduction, x.dtype)


@functools.partial(whole, static_argnums=(4, 5))
def _losses(
    p: jax.Array, t: jax.Array, inputs: jax.Array, lengths: jax.Array, blank: int, zero_infinity: bool
) -> jax.Array:
    """Computes the losses (N) of log-probabilities (T, N, C) and targets (N, S)."""
    loss = _negative_log_likelihood(p, t, inputs, lengths, blank)
    # Torch differentiates by the logits, which adds exp(log_probs) to the derivative: so does the difference below, 0.
    in_time = jnp.arange(len(p), dtype=jnp.int32)[:, None] < inputs[None]
    total = jnp.sum(jnp.where(in_time[:, :, None], jnp.exp(p), jnp.zeros_like(p)), (0, 2))
    loss, impossible = loss + (total - lax.stop_gradient(total)), jnp.isposinf(loss)
    if zero_infinity:
        return jnp.where(impossible, jnp.zeros_like(loss), loss)
    # infinite, with a derivative of NaN
    return jnp.where(impossible, -jnp.log(jnp.where(impossible, 0 * total, jnp.ones_like(total))), loss)


def _lengths(
    where: str, name: str, value: ArrayLike | Sequence[int], batch: int, most: int
) -> tuple[jax.Array, jax.Array | np.ndarray]:
    """Gives lengths as an array of shape (N), and as they were passed."""
    if isinstance(value, Sequence):
        value = np.array([check.integer(where, name, n) for n in value], np.int32)
    lengths = value if isinstance(value, np.ndarray) else check.array(where, name, value)
    check.integral(where, name, jnp.asarray(lengths))
    if lengths.ndim > 1 or lengths.size != batch:
        check.fail(where, name, f"have shape ({batch},)", f"shape {lengths.shape}")
    value_checks.require(lengths, value_checks.Within(where, name, 0, most, error=ValueError))
    return jnp.asarray(lengths).reshape(-1).astype(jnp.int32), lengths


def _negative_log_likelihood(
    p: jax.Array, t: jax.Array, inputs: jax.Array, lengths: jax.Array, blank: int
) -> jax.Array:
    """Computes the losses, infinite without a path, with their true derivative."""
    steps, batch, classes = p.shape
    states = 2 * t.shape[1] + 1
    place = jnp.arange(t.shape[1], dtype=jnp.int32)[None]
    t = jnp.where((t < 0) | (t >= classes), classes, t)  # out of range: NaN
    t = jnp.where(place < lengths[:, None], t, blank)  # after a target's end
    # The states: blank, first label, blank, second label, ..., blank
    labels = jnp.full((batch, states), blank, jnp.int32).at[:, 1::2].set(t)
    emitted = jnp.take_along_axis(p, jnp.broadcast_to(labels[None], (steps, batch, states)), 2, mode="fill")
    # A label may follow a different one without a blank between them.
    skips = jnp.concatenate(
        [jnp.zeros((batch, 2), bool), (labels != blank)[:, 2:] & (labels[:, 2:] != labels[:, :-2])], 1
    )
    skips = skips[:, :states]
    never = jnp.full((batch, 2), -jnp.inf, p.dtype)

    def step(alpha: jax.Array, now: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        emission, index = now
        padded = jnp.concatenate([never, alpha], 1)
        two_back = jnp.where(skips, padded[:, :states], jnp.full_like(alpha, -jnp.inf))
        after = _log_sum_exp(jnp.stack([alpha, padded[:, 1:-1], two_back])) + emission
        return jnp.where((index < inputs)[:, None], after, alpha), None

    # Before the first step, the path is at the first blank with probability 1.
    alpha = jnp.full((batch, states), -jnp.inf, p.dtype).at[:, 0].set(0)
    alpha = varying_as(alpha, emitted, inputs, skips)
    alpha, _ = lax.scan(step, alpha, (emitted, jnp.arange(steps, dtype=jnp.int32)))
    state, end = jnp.arange(states, dtype=jnp.int32)[None], 2 * lengths[:, None]
    last = (state == end) | (state == end - 1)
    return -_log_sum_exp(jnp.where(last, alpha, jnp.full_like(alpha, -jnp.inf)).T)


def _log_sum_exp(x: jax.Array) -> jax.Array:
    """Computes the log-sum-exp over the first axis, with derivative 0 where all is -inf."""
    largest = lax.stop_gradient(jnp.max(x, 0))
    largest = jnp.where(jnp.isneginf(largest), jnp.zeros_like(largest), largest)
    total = jnp.sum(jnp.exp(x - largest[None]), 0)
    none = total == 0
    return jnp.where(
        none, jnp.full_like(total, -jnp.inf), jnp.log(jnp.where(none, jnp.ones_like(total), total)) + largest
    )
