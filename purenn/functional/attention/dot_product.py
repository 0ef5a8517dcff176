"""Scaled dot-product attention."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.functional.dropout import dropout
from purenn.lowering.attention import Attention
from purenn.lowering.whole import whole
from purenn.typing import Array, ArrayLike, Key

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    attn_mask: ArrayLike | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
    rng: Key | None = None,
) -> Array:
    r"""Averages the values, weighted by the softmax of the products of query and keys.

    .. math:: \operatorname{softmax}\bigl(s\, Q K^\top + M\bigr)\, V

    A query whose row of the mask is all false or :math:`-\infty` gives 0.

    Args:
        query: :math:`Q`, of shape :math:`(*, H_q, L, E)`; all dimensions before :math:`L` are optional.
        key: :math:`K`, of shape :math:`(*, H, S, E)`; leading dimensions broadcast.
        value: :math:`V`, of shape :math:`(*, H, S, E_v)`.
        attn_mask: :math:`M`, of rank 2 or more and a shape that broadcasts to :math:`(*, H_q, L, S)`. A boolean mask is
            true where a query attends to a key; a floating one, of the query's dtype or float32, is added.
        dropout_p: the probability with which a weight is replaced by 0.
        is_causal: whether the i-th query attends to the first i keys only; not together with ``attn_mask``. (torch
            documents both together as an error, though one of its kernels takes them.)
        scale: :math:`s`; None is :math:`1 / \sqrt{E}`.
        enable_gqa: whether keys and values may have fewer heads than queries: each of their heads then serves
            :math:`H_q / H` heads of queries.
        rng: a jax key, needed where ``dropout_p`` is between 0 and 1.

    Returns:
        An array of shape :math:`(*, H_q, L, E_v)`.

    Raises:
        ValueError: the shapes don't fit, ``attn_mask`` and ``is_causal`` are both given, or ``rng`` is missing.
        TypeError: the dtypes differ, or aren't floating-point.

    Source: ``torch.nn.functional.scaled_dot_product_attention``; Vaswani et al., *Attention Is All You Need*, 2017,
    https://arxiv.org/abs/1706.03762; Ainslie et al., *GQA: Training Generalized Multi-Query Transformer Models from
    Multi-Head Checkpoints*, 2023, https://arxiv.org/abs/2305.13245.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> q = k = jnp.zeros((1, 2, 3, 4))
        >>> v = jnp.arange(6.0).reshape(1, 2, 3, 1)
        >>> F.scaled_dot_product_attention(q, k, v, is_causal=True)[0, 0].tolist()
        [[0.0], [0.5], [1.0]]
    """
    where = "scaled_dot_product_attention"
    q, k, v = _checked(where, query, key, value, least=3 if enable_gqa else 2)
    shape = _shape_of_scores(where, q, k, v, enable_gqa)
    if attn_mask is not None and is_causal:
        check.fail(where, "attn_mask", "be None with is_causal=True", "an array")
    mask = None if attn_mask is None else _checked_mask(where, attn_mask, q, shape)
    check.probability(where, "dropout_p", dropout_p)
    if 0 < dropout_p < 1:
        rng = check.key(where, "rng", rng, "dropout_p > 0")
    scale = default_scale(q) if scale is None else check.number(where, "scale", scale)
    return _averages(q, k, v, mask, is_causal, scale, enable_gqa, dropout_p, rng)


def _checked(
    where: str, query: ArrayLike, key: ArrayLike, value: ArrayLike, least: int
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Returns the three as arrays of one dtype, of rank ``least`` or more, whose last dimensions fit each other."""
    q, k, v = (check.array(where, n, a) for n, a in (("query", query), ("key", key), ("value", value)))
    check.same_dtype(where, query=q, key=k, value=v)
    check.floating(where, "query", q)
    for name, x in (("query", q), ("key", k), ("value", v)):
        if x.ndim < least:
            check.fail(where, name, f"have rank at least {least}", f"shape {x.shape}")
    if k.shape[-1] != q.shape[-1]:
        check.fail(where, "key", f"have shape (*, S, {q.shape[-1]}) for a query of shape {q.shape}", f"shape {k.shape}")
    if v.shape[-2] != k.shape[-2]:
        check.fail(where, "value", f"have shape (*, {k.shape[-2]}, E) for a key of shape {k.shape}", f"shape {v.shape}")
    return q, k, v


def _checked_mask(where: str, attn_mask: ArrayLike, q: jax.Array, scores: tuple[int, ...]) -> jax.Array:
    """Returns the mask as an array that broadcasts to the scores."""
    mask = check.array(where, "attn_mask", attn_mask)
    if mask.dtype not in (jnp.bool_, q.dtype, jnp.float32):
        check.fail(where, "attn_mask", f"be bool, {q.dtype} or float32", f"dtype {mask.dtype}", TypeError)
    if mask.ndim < 2:
        check.fail(where, "attn_mask", "have rank at least 2", f"shape {mask.shape}")
    check.broadcastable(where, "attn_mask", mask, scores)
    return mask


@functools.partial(whole, static_argnums=(4, 5, 6, 7))
def _averages(
    q: jax.Array,
    k: jax.Array,
    v: jax.Array,
    mask: jax.Array | None,
    causal: bool,
    scale: float,
    grouped: bool,
    dropout_p: float,
    rng: Key | None,
) -> jax.Array:
    """Averages in the lowering's layout, in which heads that share keys and values are one more dimension."""
    lead = [q.shape[:-2], k.shape[:-2], v.shape[:-2]]
    heads = 1
    if grouped:  # keys and values get the same number of heads
        heads = np.lcm(lead[1][-1], lead[2][-1])
        k, v = (jnp.repeat(x, heads // x.shape[-3], -3) for x in (k, v))
        q = q.reshape(*q.shape[:-3], heads, q.shape[-3] // heads, *q.shape[-2:])
    else:
        q = q[..., None, :, :]
    batch = jnp.broadcast_shapes(q.shape[:-3], k.shape[:-2], v.shape[:-2])
    if mask is not None:
        if grouped and mask.ndim > 2:
            fold = (heads, q.shape[-3]) if mask.shape[-3] > 1 else (1, 1)
            mask = mask.reshape(*mask.shape[:-3], *fold, *mask.shape[-2:])
        else:
            mask = jnp.expand_dims(mask, -3)
        mask = mask.reshape((1,) * (len(batch) + 3 - mask.ndim) + mask.shape)
    q = jnp.broadcast_to(q, batch + q.shape[-3:])
    k, v = (jnp.broadcast_to(x, batch + x.shape[-2:]) for x in (k, v))
    drop = (lambda weights, key: dropout(weights, dropout_p, rng=key)) if dropout_p else None
    y = Attention(scale, causal, drop)(q, k, v, mask, rng if 0 < dropout_p < 1 else None)
    return y.reshape(*batch[:-1], heads * y.shape[-3], *y.shape[-2:]) if grouped else jnp.squeeze(y, -3)


def default_scale(q: jax.Array) -> float:
    """Returns one over the square root of the heads' width."""
    return 1 / math.sqrt(q.shape[-1]) if q.shape[-1] else 1.0


def _shape_of_scores(where: str, q: jax.Array, k: jax.Array, v: jax.Array, grouped: bool) -> tuple[int, ...]:
    """Returns (*, H, L, S); checks that the leading dimensions broadcast, or that the heads form groups."""
    lead = [x.shape[:-2] for x in (q, k, v)]
    if grouped:
        heads = lead[0][-1]
        for name, shape in zip(("key", "value"), lead[1:], strict=True):
            if shape[-1] == 0 or heads % shape[-1]:
                check.fail(where, name, f"have a number of heads that divides the query's {heads}", shape[-1])
        lead = [(*shape[:-1], heads) for shape in lead]
    try:
        jnp.broadcast_shapes(*lead)
    except ValueError:
        shapes = f"{q.shape}, {k.shape} and {v.shape}"
        check.fail(where, "query, key and value", "have leading dimensions that broadcast", f"shapes {shapes}")
    return (*jnp.broadcast_shapes(*lead[:2]), q.shape[-2], k.shape[-2])
