"""Attention whose scores a function changes."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import export

from purenn import check
from purenn.functional.attention.block_mask import BlockMask
from purenn.functional.attention.dot_product import default_scale
from purenn.functional.attention.mask_mod import Mod, over_indices, sliced_mask_mod
from purenn.lowering.attention import unnormalised
from purenn.lowering.reduction import max_or_nan
from purenn.lowering.whole import whole
from purenn.typing import ArrayLike

__all__ = ["AuxOutput", "AuxRequest", "flex_attention"]


class AuxRequest(NamedTuple):
    """The further outputs to return from `flex_attention`: log-sum-exps of the scores, and largest scores."""

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """The further outputs of `flex_attention`; None for an output that wasn't requested."""

    lse: jax.Array | None = None
    max_scores: jax.Array | None = None


export.register_namedtuple_serialization(AuxOutput, serialized_name="purenn.AuxOutput")


def flex_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    score_mod: Mod | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    return_lse: bool = False,
    kernel_options: object = None,
    *,
    return_aux: AuxRequest | None = None,
) -> Any:
    r"""Computes attention with scores that a function changes and a block mask masks.

    .. math:: \operatorname{softmax}\bigl(f(s\, Q K^\top, b, h, q, k) + M\bigr)\, V

    A query whose scores are all masked gives 0. All scores are computed, in at least float32; whether masked blocks are
    skipped is up to the compiler. The gradients work on every device; torch has none on the CPU.

    Args:
        query: :math:`Q`, of shape :math:`(B, H_q, L, E)`.
        key: :math:`K`, of shape :math:`(B, H, S, E)`; with a block mask, a batch of 1 broadcasts.
        value: :math:`V`, of shape :math:`(B, H, S, E_v)`.
        score_mod: :math:`f`, a function of a score and of four integers (batch, head of the query, query and key) to a
            score. jax must be able to trace it; it may index arrays. None keeps the scores.
        block_mask: :math:`M`, made by `create_block_mask`; None masks no score.
        scale: :math:`s`; None is :math:`1 / \sqrt{E}`.
        enable_gqa: whether keys and values may have fewer heads than queries: each of their heads then serves
            :math:`H_q / H` heads of queries.
        return_lse: whether the log-sum-exps of the scores are returned too; torch recommends ``return_aux``.
        kernel_options: Ignored; accepted for compatibility with PyTorch.
        return_aux: the further outputs to return, or None.

    Returns:
        An array of shape :math:`(B, H_q, L, E_v)`. With ``return_aux``, a pair of it and an `AuxOutput`, whose arrays
        are of shape :math:`(B, H_q, L)`; with ``return_lse``, a pair of it and the log-sum-exps.

    Raises:
        ValueError: the shapes don't fit each other or the mask.
        RuntimeError: the mask is a slice of another, and its ``mask_mod`` wasn't set.

    Source: ``torch.nn.attention.flex_attention.flex_attention``; Dong et al., *Flex Attention: A Programming Model for
    Generating Optimized Attention Kernels*, 2024, https://arxiv.org/abs/2412.05496.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.nn.attention.flex_attention import create_block_mask, flex_attention
        >>> q = k = jnp.zeros((1, 2, 3, 4))
        >>> v = jnp.arange(6.0).reshape(1, 2, 3, 1)
        >>> mask = create_block_mask(lambda b, h, q, k: q >= k, None, None, 3, 3)
        >>> flex_attention(q, k, v, lambda score, b, h, q, k: score * 2, mask)[0, 0].tolist()
        [[0.0], [0.5], [1.0]]
    """
    q, k, v = _checked(query, key, value, block_mask, enable_gqa)
    if return_lse and return_aux is not None:
        check.fail("flex_attention", "return_lse", "be False with return_aux", True)
    batch, heads = q.shape[:2]
    k, v = (jnp.repeat(x, heads // x.shape[1], 1) for x in (k, v))
    scores = _scores(q, k, score_mod, default_scale(q) if scale is None else scale)
    mask = None if block_mask is None else block_mask.to_mask(batch, heads)
    aux = return_aux or AuxRequest(lse=return_lse)
    weights, lse, largest = _weights(scores, mask, aux.lse, aux.max_scores)
    output = jnp.matmul(weights.astype(q.dtype), v.astype(q.dtype))
    if return_aux is None:
        return (output, lse) if return_lse else output
    return output, AuxOutput(lse, largest)


def _checked(
    query: ArrayLike, key: ArrayLike, value: ArrayLike, mask: BlockMask | None, grouped: bool
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Returns the three as floating-point arrays of rank 4, whose shapes fit each other and the mask."""
    where = "flex_attention"
    q, k, v = (check.array(where, n, a) for n, a in (("query", query), ("key", key), ("value", value)))
    for name, x in (("query", q), ("key", k), ("value", v)):
        check.floating(where, name, x)
        check.rank(where, name, x, (4,), "(B, H, L, E)")
    _check_shapes(q, k, v, mask, grouped)
    return q, k, v


def _scores(q: jax.Array, k: jax.Array, score_mod: Mod | None, scale: float) -> jax.Array:
    """Returns the scaled products of queries and keys, in at least float32, after `score_mod`."""
    work = jnp.float64 if q.dtype == jnp.float64 else jnp.float32
    scores = jnp.matmul(q.astype(work), jnp.swapaxes(k.astype(work), -1, -2)) * scale
    shape = (q.shape[0], q.shape[1], q.shape[2], k.shape[2])
    scores = jnp.broadcast_to(scores, shape)
    if score_mod is None:
        return scores
    return jnp.broadcast_to(over_indices(score_mod, *shape, scores=scores).astype(work), shape)


@functools.partial(whole, static_argnums=(2, 3))
def _weights(
    scores: jax.Array, mask: jax.Array | None, want_lse: bool, want_max: bool
) -> tuple[jax.Array, jax.Array | None, jax.Array | None]:
    """Returns the weights and, if wanted, the log-sum-exps of the scores and the largest scores."""
    scores = scores if mask is None else jnp.where(mask, scores, -jnp.inf)
    weights, total = unnormalised(scores)
    lse = jax.nn.logsumexp(scores, -1) if want_lse else None
    return weights / total, lse, max_or_nan(scores, -1) if want_max else None


def _check_shapes(q: jax.Array, k: jax.Array, v: jax.Array, mask: BlockMask | None, grouped: bool) -> None:
    where, heads = "flex_attention", q.shape[1]
    for argument, x, expected in (
        ("key", k, (*k.shape[:3], q.shape[3])),
        ("value", v, (*k.shape[:3], v.shape[3])),
    ):
        check.shape(where, argument, x, expected)
    if not grouped and k.shape[1] != heads:
        check.fail(where, "key", f"have the query's {heads} heads (or enable_gqa=True)", f"{k.shape[1]} heads")
    if k.shape[1] == 0 or heads % k.shape[1]:
        check.fail(where, "key", f"have a number of heads that divides the query's {heads}", k.shape[1])
    if k.shape[0] != q.shape[0] and (mask is None or k.shape[0] != 1 or mask.kv_num_blocks.shape[0] != q.shape[0]):
        expected = f"have the query's batch size {q.shape[0]} (or 1, with a block_mask of it)"
        check.fail(where, "key", expected, k.shape[0])
    if mask is None:
        return
    if mask.mask_mod is sliced_mask_mod:
        raise RuntimeError("flex_attention: Cannot use mask_mod from a sliced BlockMask: set it to one for the slice")
    if mask.seq_lengths != (q.shape[2], k.shape[2]):
        lengths = f"{(q.shape[2], k.shape[2])} (block_mask._adjust crops one)"
        check.fail(where, "block_mask", f"be made for the lengths {lengths}", mask.seq_lengths)
    for size, wanted in zip(mask.shape[:-2], (q.shape[0], heads)[-len(mask.shape[:-2]) :], strict=True):
        if size not in (1, wanted):
            check.fail(where, "block_mask", f"have batch and heads 1 or {(q.shape[0], heads)}", mask.shape[:-2])
