"""Multi-head attention."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.attention.dot_product import default_scale, scaled_dot_product_attention
from purenn.functional.attention.projection import WHERE, heads, in_weights, projected, with_bias
from purenn.functional.dropout import dropout
from purenn.functional.linear import linear
from purenn.lowering.dtypes import compute_dtype, is_half
from purenn.lowering.softmax import softmax
from purenn.lowering.whole import whole
from purenn.typing import Array, ArrayLike, Key

__all__ = ["multi_head_attention_forward"]


def multi_head_attention_forward(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: ArrayLike | None,
    in_proj_bias: ArrayLike | None,
    bias_k: ArrayLike | None,
    bias_v: ArrayLike | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: ArrayLike,
    out_proj_bias: ArrayLike | None,
    training: bool = True,
    key_padding_mask: ArrayLike | None = None,
    need_weights: bool = True,
    attn_mask: ArrayLike | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: ArrayLike | None = None,
    k_proj_weight: ArrayLike | None = None,
    v_proj_weight: ArrayLike | None = None,
    static_k: ArrayLike | None = None,
    static_v: ArrayLike | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    rng: Key | None = None,
) -> tuple[Array, Array | None]:
    r"""Computes several attentions in parallel, each of its own projections of the queries, keys and values.

    .. math::
        \bigl[h_1, \dots, h_n\bigr] W_o^\top + b_o \quad\text{with}\quad
        h_i = \operatorname{attention}\bigl(Q W_{q,i}^\top + b_{q,i},\; K W_{k,i}^\top + b_{k,i},\;
        V W_{v,i}^\top + b_{v,i}\bigr)

    The first dimension is the sequence, the second the batch. In a boolean mask true masks a key, unlike in
    `scaled_dot_product_attention`; floating masks are added to the scores.

    Args:
        query: :math:`Q`, of shape :math:`(L, N, E)` or, without a batch, :math:`(L, E)`.
        key: :math:`K`, of shape :math:`(S, N, E_k)` or :math:`(S, E_k)`; :math:`E_k` is :math:`E` unless
            ``use_separate_proj_weight``.
        value: :math:`V`, of shape :math:`(S, N, E_v)` or :math:`(S, E_v)`; :math:`E_v` is :math:`E` unless
            ``use_separate_proj_weight``.
        embed_dim_to_check: the width :math:`E`, which ``query`` must have.
        num_heads: the number :math:`n` of heads, a divisor of :math:`E`.
        in_proj_weight: :math:`W_q, W_k, W_v` stacked, of shape :math:`(3 E, E)`; None with
            ``use_separate_proj_weight``.
        in_proj_bias: :math:`b_q, b_k, b_v` stacked, of shape :math:`(3 E)`; None for zeros.
        bias_k: a key to append to every sequence, of shape :math:`(1, 1, E)`; None, with ``bias_v``, for none.
        bias_v: the value of this key, of shape :math:`(1, 1, E)`.
        add_zero_attn: whether a key and a value of zeros are appended.
        dropout_p: the probability with which a weight is replaced by 0 in training.
        out_proj_weight: :math:`W_o`, of shape :math:`(E_o, E)`.
        out_proj_bias: :math:`b_o`, of shape :math:`(E_o)`; None for zeros.
        training: whether dropout is applied.
        key_padding_mask: masks keys that are padding, of shape :math:`(N, S)`, or :math:`(S)` without a batch.
        need_weights: whether the weights are returned; False is faster.
        attn_mask: masks keys per query, of shape :math:`(L, S)` or :math:`(N n, L, S)`.
        use_separate_proj_weight: whether the next three arguments replace ``in_proj_weight``.
        q_proj_weight: :math:`W_q`, of shape :math:`(E, E)`.
        k_proj_weight: :math:`W_k`, of shape :math:`(E, E_k)`.
        v_proj_weight: :math:`W_v`, of shape :math:`(E, E_v)`.
        static_k: keys that replace the projected ones, of shape :math:`(N n, S, E / n)`.
        static_v: values that replace the projected ones, of shape :math:`(N n, S, E / n)`.
        average_attn_weights: whether the returned weights are averaged over the heads.
        is_causal: a hint that ``attn_mask``, which must be given too, is causal. Without ``need_weights`` and
            ``key_padding_mask`` a causal mask replaces ``attn_mask``, as in torch.
        rng: a jax key, needed in training where ``dropout_p`` is between 0 and 1.

    Returns:
        The output, of shape :math:`(L, N, E_o)` or :math:`(L, E_o)`; and the weights, or None. The weights are of shape
        :math:`(N, L, S)` if averaged and else :math:`(N, n, L, S)`, without :math:`N` for queries without a batch. A
        query whose keys are all masked gives NaN with ``need_weights``, and ``out_proj_bias`` without, as in torch.

    Raises:
        ValueError: the shapes don't fit, or an argument is missing, such as ``rng``.
        TypeError: the dtypes differ.

    Source: ``torch.nn.functional.multi_head_attention_forward``; Vaswani et al., *Attention Is All You Need*, 2017,
    https://arxiv.org/abs/1706.03762.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.ones((5, 2, 4))
        >>> y, weights = F.multi_head_attention_forward(
        ...     x, x, x, 4, 2, jnp.ones((12, 4)), None, None, None, False, 0.0, jnp.ones((4, 4)), None)
        >>> y.shape, weights.shape
        ((5, 2, 4), (2, 5, 5))
    """
    same = query is key, key is value
    q, k, v = (check.array(WHERE, n, a) for n, a in (("query", query), ("key", key), ("value", value)))
    check.rank(WHERE, "query", q, (2, 3), "(L, E) or (L, N, E)")
    for name, x in (("key", k), ("value", v)):
        check.rank(WHERE, name, x, (q.ndim,), "like the query")
    batched = q.ndim == 3
    padding, mask = _masks(key_padding_mask, attn_mask, batched, is_causal)
    if not batched:
        q, k, v = (x[:, None] for x in (q, k, v))
        padding = None if padding is None else padding[None]
    _check_sizes(q, k, v, embed_dim_to_check, num_heads, use_separate_proj_weight)
    if training:
        check.probability(WHERE, "dropout_p", dropout_p)
        if 0 < dropout_p < 1:
            rng = check.key(WHERE, "rng", rng, "training=True")
    believed = is_causal and padding is None and not need_weights
    mask = None if believed or mask is None else _by_head(mask, q, k, num_heads, need_weights)
    if padding is not None:
        _check_mask_dtype("key_padding_mask", padding, q, need_weights)
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = projected((q, k, v), same, in_weights((q, k, v), in_proj_weight, separate), in_proj_bias)
    k, v, extra = with_bias(k, v, bias_k, bias_v, static_k is not None or static_v is not None)
    q, k, v = heads((q, k, v), num_heads, static_k, static_v)
    if add_zero_attn:
        k, v = (jnp.pad(x, ((0, 0), (0, 0), (0, 1), (0, 0))) for x in (k, v))
        extra += 1
    y, weights = _attended(q, k, v, mask, padding, rng, extra, believed, dropout_p if training else 0.0, need_weights)
    N, H, L, D = y.shape
    y = linear(y.transpose(2, 0, 1, 3).reshape(L, N, H * D), out_proj_weight, out_proj_bias)
    if weights is not None and average_attn_weights:
        weights = jnp.mean(weights, 1)
    if batched:
        return y, weights
    return y[:, 0], None if weights is None else weights[0]


def _masks(
    key_padding_mask: ArrayLike | None, attn_mask: ArrayLike | None, batched: bool, is_causal: bool
) -> tuple[jax.Array | None, jax.Array | None]:
    """Returns the padding and the mask as arrays of the right rank."""
    padding = None if key_padding_mask is None else check.array(WHERE, "key_padding_mask", key_padding_mask)
    mask = None if attn_mask is None else check.array(WHERE, "attn_mask", attn_mask)
    if padding is not None:
        check.rank(WHERE, "key_padding_mask", padding, (1 + batched,), "(N, S)" if batched else "(S)")
    if mask is not None:
        check.rank(WHERE, "attn_mask", mask, (2, 3), "(L, S) or (N * heads, L, S)")
    if is_causal and mask is None:
        check.fail(WHERE, "attn_mask", "be given with is_causal=True", None)
    return padding, mask


def _check_sizes(q: jax.Array, k: jax.Array, v: jax.Array, embed_dim: int, num_heads: int, separate: bool) -> None:
    """Checks that the shapes of queries, keys and values fit each other and the number of heads."""
    _, N, E = q.shape
    if embed_dim != E:
        check.fail(WHERE, "query", f"have embedding dimension {embed_dim}", f"shape {q.shape}")
    if check.integer(WHERE, "num_heads", num_heads, 1) and E % num_heads:
        check.fail(WHERE, "num_heads", f"be a divisor of the embedding dimension {E}", num_heads)
    if k.shape[1] != N:
        check.fail(WHERE, "key", f"have the query's batch size {N}", k.shape[1])
    if k.shape[:2] != v.shape[:2] or not (separate or k.shape == v.shape):
        check.fail(WHERE, "value", f"have the key's shape {k.shape}", f"shape {v.shape}")


def _by_head(mask: jax.Array, q: jax.Array, k: jax.Array, num_heads: int, need_weights: bool) -> jax.Array:
    """Returns the mask with dimensions for batch and heads: (1, 1, L, S) or (N, heads, L, S)."""
    (L, N, _), S = q.shape, k.shape[0]
    _check_mask_dtype("attn_mask", mask, q, need_weights)
    check.shape(WHERE, "attn_mask", mask, (L, S) if mask.ndim == 2 else (N * num_heads, L, S))
    return mask[None, None] if mask.ndim == 2 else mask.reshape(N, num_heads, L, S)


def _check_mask_dtype(name: str, mask: jax.Array, q: jax.Array, need_weights: bool) -> None:
    takes = (jnp.bool_, q.dtype) if need_weights else (jnp.bool_, q.dtype, jnp.float32)
    if mask.dtype not in takes:
        check.fail(WHERE, name, f"be bool or {q.dtype}", f"dtype {mask.dtype}", TypeError)


@functools.partial(whole, static_argnums=(6, 7, 8, 9))
def _attended(
    q: jax.Array,
    k: jax.Array,
    v: jax.Array,
    mask: jax.Array | None,
    padding: jax.Array | None,
    rng: Key | None,
    extra: int,
    causal: bool,
    dropout_p: float,
    need_weights: bool,
) -> tuple[jax.Array, jax.Array | None]:
    """Returns every head's weighted averages, and with ``need_weights`` the weights."""
    mask = _merged(mask, padding, extra, k.shape[2], q)
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, dropout_p, causal, rng=rng), None
    weights = dropout(softmax(_scores(q, k, mask, default_scale(q)), -1), dropout_p, rng=rng).astype(v.dtype)
    return _matmul(weights, v).astype(v.dtype), weights


def _merged(
    mask: jax.Array | None, padding: jax.Array | None, extra: int, length: int, q: jax.Array
) -> jax.Array | None:
    """Returns the sum of the masks, in which true becomes -inf; appended keys are never masked."""
    if padding is not None:
        check.shape(WHERE, "key_padding_mask", padding, (q.shape[0], length - extra))
        padding = padding[:, None, None]
    masks = [jnp.pad(m, ((0, 0),) * 3 + ((0, extra),)) for m in (mask, padding) if m is not None]
    if not masks:
        return None
    if any(m.shape[-1] != length for m in masks):
        check.fail(WHERE, "attn_mask", f"be {length - extra} wide, like static_k", f"shape {masks[0].shape}")
    wide = jnp.float32 if any(m.dtype == jnp.float32 for m in masks) and is_half(q.dtype) else q.dtype
    zero = jnp.zeros((), wide)
    return sum((jnp.where(m, -jnp.inf, zero) if m.dtype == bool else m.astype(wide) for m in masks), zero)


def _matmul(a: jax.Array, b: jax.Array) -> jax.Array:
    """Returns a @ b, in at least float32."""
    return jnp.matmul(a, b, preferred_element_type=compute_dtype(a.dtype))


def _scores(q: jax.Array, k: jax.Array, mask: jax.Array | None, scale: float) -> jax.Array:
    """Returns the scaled products of queries and keys, with a mask added to them."""
    s = _matmul(q, jnp.swapaxes(k, -1, -2)) * scale
    return s if mask is None else s + jnp.broadcast_to(mask, s.shape).astype(s.dtype)
