"""The log-softmax over clusters of classes.

The head has a logit for every class before the clusters, then one for every cluster; a cluster's tail has a logit for
every class of the cluster. With :math:`p = \\log\\operatorname{softmax}` of each, the log-probability of a class is
:math:`p^{head}_c`, or :math:`p^{head}_{cluster} + p^{tail}_c`.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from purenn.functional.activation import log_softmax
from purenn.lowering.whole import or_nan


def log_probabilities(head: jax.Array, tails: Sequence[jax.Array]) -> jax.Array:
    """Computes the log-probabilities of all classes, (N, C), from the logits of the head and of every cluster."""
    shortlist, of_head = head.shape[1] - len(tails), log_softmax(head, 1)
    parts = [log_softmax(tail, 1) + of_head[:, shortlist + i, None] for i, tail in enumerate(tails)]
    return jnp.concatenate([of_head[:, :shortlist], *parts], 1)


def log_probability(head: jax.Array, tails: Sequence[jax.Array], target: jax.Array) -> jax.Array:
    """Computes the log-probabilities of the targets, (N); NaN for an invalid class."""
    first = shortlist = head.shape[1] - len(tails)
    entry, within = target, jnp.zeros(target.shape, head.dtype)
    for i, tail in enumerate(tails):
        index = target - first
        inside = (index >= 0) & (index < tail.shape[1])
        entry = jnp.where(inside, shortlist + i, entry)
        within = jnp.where(inside, _picked(log_softmax(tail, 1), jnp.where(inside, index, 0)), within)
        first += tail.shape[1]
    known = (target >= 0) & (target < first)
    return or_nan(known, _picked(log_softmax(head, 1), jnp.where(known, entry, 0)) + within)


def likeliest(head: jax.Array, tails: Sequence[jax.Array]) -> jax.Array:
    """Finds the most probable classes, (N)."""
    best = jnp.argmax(head, 1)
    shortlisted = best < head.shape[1] - len(tails)
    return jnp.where(shortlisted, best, jnp.argmax(log_probabilities(head, tails), 1))


def _picked(x: jax.Array, index: jax.Array) -> jax.Array:
    return jnp.take_along_axis(x, index[:, None], 1)[:, 0]
