"""Attention."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.functional.dropout import dropout
from purenn.functional.linear import linear
from purenn.lowering.attention import Attention
from purenn.lowering.dtypes import compute_dtype, is_half
from purenn.lowering.softmax import softmax
from purenn.lowering.whole import whole

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def _matmul(a: jax.Array, b: jax.Array) -> jax.Array:
    """a @ b, half types summed and kept in float32."""
    return jnp.matmul(a, b, preferred_element_type=compute_dtype(a.dtype))


def _scores(q: jax.Array, k: jax.Array, mask: jax.Array | None, scale: float) -> jax.Array:
    """Scaled products of queries and keys, and what a mask adds to them."""
    s = _matmul(q, jnp.swapaxes(k, -1, -2)) * scale
    return s if mask is None else s + jnp.broadcast_to(mask, s.shape).astype(s.dtype)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
    rng: Any = None,
) -> jax.Array:
    r"""Averages of the values, weighted by how well their keys fit the query.

    .. math:: \operatorname{softmax}\bigl(s\, Q K^\top + M\bigr)\, V

    A query that nothing may attend to, whose row of the mask is all false or :math:`-\infty`, gives 0.

    Args:
        query: of shape :math:`(*, H_q, L, E)`; with any number of leading dimensions, also none.
        key: of shape :math:`(*, H, S, E)`; leading dimensions broadcast.
        value: of shape :math:`(*, H, S, E_v)`.
        attn_mask: of a shape that broadcasts to :math:`(*, H_q, L, S)`, of rank 2 at least. A boolean mask is true
            where a query attends to a key; a floating one, of the query's dtype or float32, is added to the scores.
        dropout_p: the probability with which a weight is replaced by 0.
        is_causal: lets the i-th query attend to the first i keys only; no ``attn_mask`` is taken then.
        scale: :math:`s`; None is :math:`1 / \sqrt{E}`.
        enable_gqa: takes fewer heads of keys and values than of queries, each serving :math:`H_q / H` queries' heads.
        rng: a jax key; needed where ``dropout_p`` is between 0 and 1.

    Returns:
        An array of shape :math:`(*, H_q, L, E_v)`.

    Raises:
        ValueError: the shapes don't fit, both ``attn_mask`` and ``is_causal`` are given, or there is no rng where it's
            needed. TypeError: the dtypes differ or aren't floating-point.

    torch documents that a mask together with ``is_causal`` is an error; one of its kernels takes both nevertheless.

    Source: ``torch.nn.functional.scaled_dot_product_attention``; Vaswani et al., 2017; Ainslie et al., 2023.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> q = k = jnp.zeros((1, 2, 3, 4))
        >>> v = jnp.arange(6.0).reshape(1, 2, 3, 1)
        >>> F.scaled_dot_product_attention(q, k, v, is_causal=True)[0, 0].tolist()
        [[0.0], [0.5], [1.0]]
    """
    where = "scaled_dot_product_attention"
    q, k, v = (check.array(where, n, a) for n, a in (("query", query), ("key", key), ("value", value)))
    check.same_dtype(where, query=q, key=k, value=v)
    check.floating(where, "query", q)
    least = 3 if enable_gqa else 2
    for name, x in (("query", q), ("key", k), ("value", v)):
        if x.ndim < least:
            check.fail(where, name, f"have rank at least {least}", f"shape {x.shape}")
    if k.shape[-1] != q.shape[-1]:
        check.fail(where, "key", f"have shape (*, S, {q.shape[-1]}) for a query of shape {q.shape}", f"shape {k.shape}")
    if v.shape[-2] != k.shape[-2]:
        check.fail(where, "value", f"have shape (*, {k.shape[-2]}, E) for a key of shape {k.shape}", f"shape {v.shape}")
    shape = _shape_of_scores(where, q, k, v, enable_gqa)
    mask = None
    if attn_mask is not None:
        if is_causal:
            check.fail(where, "attn_mask", "be None with is_causal=True", "an array")
        mask = check.array(where, "attn_mask", attn_mask)
        if mask.dtype not in (jnp.bool_, q.dtype, jnp.float32):
            check.fail(where, "attn_mask", f"be bool, {q.dtype} or float32", f"dtype {mask.dtype}", TypeError)
        if mask.ndim < 2:
            check.fail(where, "attn_mask", "have rank at least 2", f"shape {mask.shape}")
        check.broadcastable(where, "attn_mask", mask, shape)
    check.probability(where, "dropout_p", dropout_p)
    if 0 < dropout_p < 1:
        rng = check.key(where, "rng", rng, "dropout_p > 0")
    scale = default_scale(q) if scale is None else check.number(where, "scale", scale)
    return _averages(q, k, v, mask, is_causal, scale, enable_gqa, dropout_p, rng)


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
    rng: Any,
) -> jax.Array:
    """In the lowering's layout: the heads that share keys and values in a dimension of their own, the batch in one."""
    lead = [q.shape[:-2], k.shape[:-2], v.shape[:-2]]
    heads = 1
    if grouped:  # as many heads of keys as of values
        heads = np.lcm(lead[1][-1], lead[2][-1])
        k, v = (jnp.repeat(x, heads // x.shape[-3], -3) for x in (k, v))
        q = q.reshape(*q.shape[:-3], heads, q.shape[-3] // heads, *q.shape[-2:])
    else:
        q = q[..., None, :, :]
    batch = jnp.broadcast_shapes(q.shape[:-3], k.shape[:-2], v.shape[:-2])
    flat = math.prod(batch)
    if mask is not None:
        if grouped and mask.ndim > 2:
            fold = (heads, q.shape[-3]) if mask.shape[-3] > 1 else (1, 1)
            mask = mask.reshape(*mask.shape[:-3], *fold, *mask.shape[-2:])
        else:
            mask = jnp.expand_dims(mask, -3)
        mask = mask.reshape((1,) * (len(batch) + 3 - mask.ndim) + mask.shape)
        one = math.prod(mask.shape[: len(batch)]) == 1
        mask = jnp.broadcast_to(mask, (*((1,) * len(batch) if one else batch), *mask.shape[-3:]))
        mask = mask.reshape(1 if one else flat, *mask.shape[-3:])
    q = jnp.broadcast_to(q, batch + q.shape[-3:]).reshape(flat, *q.shape[-3:])
    k, v = (jnp.broadcast_to(x, batch + x.shape[-2:]).reshape(flat, *x.shape[-2:]) for x in (k, v))
    drop = (lambda weights, key: dropout(weights, dropout_p, rng=key)) if dropout_p else None
    y = Attention(scale, causal, drop)(q, k, v, mask, rng if 0 < dropout_p < 1 else None)
    lead_of = (*batch[:-1], heads * y.shape[1]) if grouped else batch
    return y.reshape(*lead_of, *y.shape[-2:])


def default_scale(q: jax.Array) -> float:
    return 1 / math.sqrt(q.shape[-1]) if q.shape[-1] else 1.0


def _shape_of_scores(where: str, q: jax.Array, k: jax.Array, v: jax.Array, grouped: bool) -> tuple[int, ...]:
    """(*, H, L, S), after a check that the leading dimensions broadcast, or that they are groups."""
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


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    rng: Any = None,
) -> tuple[jax.Array, jax.Array | None]:
    r"""Several attentions side by side, each between its own projections of the queries, keys and values.

    .. math::
        \bigl[h_1, \dots, h_n\bigr] W_o^\top + b_o \quad\text{with}\quad
        h_i = \operatorname{attention}\bigl(Q W_{q,i}^\top + b_{q,i},\; K W_{k,i}^\top + b_{k,i},\;
        V W_{v,i}^\top + b_{v,i}\bigr)

    Sequences come first and batches second. In the boolean masks, other than in those of
    `scaled_dot_product_attention`, true keeps a query from a key; floating ones are added to the scores.

    Args:
        query: of shape :math:`(L, N, E)` or :math:`(L, E)`.
        key, value: of shape :math:`(S, N, E)` or :math:`(S, E)`; with separate weights of other widths too.
        embed_dim_to_check: :math:`E`.
        num_heads: a divisor of :math:`E`.
        in_proj_weight: the projections of queries, keys and values below each other, of shape :math:`(3 E, E)`.
        in_proj_bias: of shape :math:`(3 E)`, or None.
        bias_k, bias_v: one more key and value, of shape :math:`(1, 1, E)`; both or neither.
        add_zero_attn: whether a key and a value of zeros are added.
        dropout_p: the probability with which a weight is replaced by 0 in training.
        out_proj_weight, out_proj_bias: the last projection, of shape :math:`(E_o, E)`, and :math:`(E_o)` or None.
        training: whether there is dropout.
        key_padding_mask: which keys are padding, of shape :math:`(N, S)`, or :math:`(S)`.
        need_weights: whether the weights are returned; it's quicker without.
        attn_mask: of shape :math:`(L, S)` or :math:`(N \cdot \text{heads}, L, S)`.
        use_separate_proj_weight: takes the next three instead of ``in_proj_weight``.
        q_proj_weight, k_proj_weight, v_proj_weight: of shapes :math:`(E, E)`, :math:`(E, E_k)`, :math:`(E, E_v)`.
        static_k, static_v: keys and values that are used as they are, of shape
            :math:`(N \cdot \text{heads}, S, E / \text{heads})`.
        average_attn_weights: whether the returned weights are averaged over the heads.
        is_causal: a hint that ``attn_mask`` is causal, which must be given too; where it can be, without weights and
            padding, the hint is believed and the mask not read, as in torch.
        rng: a jax key; needed in training where ``dropout_p`` is between 0 and 1.

    Returns:
        The output, of shape :math:`(L, N, E_o)` or :math:`(L, E_o)`; and the weights, or None: of shape
        :math:`(N, L, S)` averaged and else :math:`(N, \text{heads}, L, S)`, without :math:`N` for queries without.
        Where a query may attend to nothing, it is nan with ``need_weights`` and the output's bias without, as in torch.

    Raises:
        ValueError: the shapes don't fit, something is missing, or there is no rng where it's needed.
        TypeError: the dtypes differ.

    Source: ``torch.nn.functional.multi_head_attention_forward``; Vaswani et al., 2017.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.ones((5, 2, 4))
        >>> y, weights = F.multi_head_attention_forward(
        ...     x, x, x, 4, 2, jnp.ones((12, 4)), None, None, None, False, 0.0, jnp.ones((4, 4)), None)
        >>> y.shape, weights.shape
        ((5, 2, 4), (2, 5, 5))
    """
    where = "multi_head_attention_forward"
    same = query is key, key is value
    q, k, v = (check.array(where, n, a) for n, a in (("query", query), ("key", key), ("value", value)))
    batched = q.ndim == 3
    check.rank(where, "query", q, (2, 3), "(L, E) or (L, N, E)")
    for name, x in (("key", k), ("value", v)):
        check.rank(where, name, x, (q.ndim,), "as the query's")
    padding = None if key_padding_mask is None else check.array(where, "key_padding_mask", key_padding_mask)
    mask = None if attn_mask is None else check.array(where, "attn_mask", attn_mask)
    if padding is not None:
        check.rank(where, "key_padding_mask", padding, (q.ndim - 1,), "(N, S)" if batched else "(S)")
    if mask is not None:
        check.rank(where, "attn_mask", mask, (2, 3), "(L, S) or (N * heads, L, S)")
    if is_causal and mask is None:
        check.fail(where, "attn_mask", "be given with is_causal=True", None)
    if not batched:
        q, k, v = (x[:, None] for x in (q, k, v))
        padding = None if padding is None else padding[None]
    (L, N, E), H, S = q.shape, num_heads, k.shape[0]
    if embed_dim_to_check != E:
        check.fail(where, "query", f"have embedding dimension {embed_dim_to_check}", f"shape {q.shape}")
    if check.integer(where, "num_heads", H, 1) and E % H:
        check.fail(where, "num_heads", f"be a divisor of the embedding dimension {E}", H)
    if k.shape[1] != N:
        check.fail(where, "key", f"have the query's batch size {N}", k.shape[1])
    if k.shape[:2] != v.shape[:2] or not (use_separate_proj_weight or k.shape == v.shape):
        check.fail(where, "value", f"have the key's shape {k.shape}", f"shape {v.shape}")
    if training:
        check.probability(where, "dropout_p", dropout_p)
        if 0 < dropout_p < 1:
            rng = check.key(where, "rng", rng, "training=True")
    hint = is_causal and padding is None and not need_weights
    if hint:
        mask = None
    elif mask is not None:
        _mask_dtype(where, "attn_mask", mask, q, need_weights)
        check.shape(where, "attn_mask", mask, (L, S) if mask.ndim == 2 else (N * H, L, S))
        mask = mask[None, None] if mask.ndim == 2 else mask.reshape(N, H, L, S)
    if padding is not None:
        _mask_dtype(where, "key_padding_mask", padding, q, need_weights)

    if use_separate_proj_weight:
        given = {"q_proj_weight": q_proj_weight, "k_proj_weight": k_proj_weight, "v_proj_weight": v_proj_weight}
        weights = _separate(where, given, (q, k, v))
    else:
        weights = [_required(where, "in_proj_weight", in_proj_weight)]
        check.shape(where, "in_proj_weight", weights[0], (3 * E, E))
        check.shape(where, "key", k, (*k.shape[:2], E))
    bias = None if in_proj_bias is None else check.array(where, "in_proj_bias", in_proj_bias)
    check.shape(where, "in_proj_bias", bias, (3 * E,))
    q, k, v = _projected((q, k, v), same, weights, bias)

    if (bias_k is None) != (bias_v is None):
        check.fail(where, "bias_k and bias_v", "be both given or both None", "one of them")
    extra = 0
    if bias_k is not None:
        if static_k is not None or static_v is not None:
            check.fail(where, "bias_k and bias_v", "be None with static_k or static_v", "arrays")
        k, v = (_appended(where, n, x, b) for n, x, b in (("bias_k", k, bias_k), ("bias_v", v, bias_v)))
        extra += 1
    q, k, v = (x.reshape(x.shape[0], N, H, E // H).transpose(1, 2, 0, 3) for x in (q, k, v))
    k, v = (_static(where, n, s, x) for n, s, x in (("static_k", static_k, k), ("static_v", static_v, v)))
    if k.shape[2] != v.shape[2]:
        check.fail(where, "static_k and static_v", "have one length", f"{k.shape[2]} and {v.shape[2]}")
    if add_zero_attn:
        k, v = (jnp.pad(x, ((0, 0), (0, 0), (0, 1), (0, 0))) for x in (k, v))
        extra += 1
    y, weights = _attended(q, k, v, mask, padding, rng, extra, hint, dropout_p if training else 0.0, need_weights)
    y = linear(y.transpose(2, 0, 1, 3).reshape(L, N, E), out_proj_weight, out_proj_bias)
    if weights is not None and average_attn_weights:
        weights = jnp.mean(weights, 1)
    if batched:
        return y, weights
    return y[:, 0], None if weights is None else weights[0]


@functools.partial(whole, static_argnums=(6, 7, 8, 9))
def _attended(
    q: jax.Array,
    k: jax.Array,
    v: jax.Array,
    mask: jax.Array | None,
    padding: jax.Array | None,
    rng: Any,
    extra: int,
    causal: bool,
    dropout_p: float,
    need_weights: bool,
) -> tuple[jax.Array, jax.Array | None]:
    """The averages of every head, and their weights if need be."""
    mask = _merged("multi_head_attention_forward", mask, padding, extra, k.shape[2], q)
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, dropout_p, causal, rng=rng), None
    weights = dropout(softmax(_scores(q, k, mask, default_scale(q)), -1), dropout_p, rng=rng).astype(v.dtype)
    return _matmul(weights, v).astype(v.dtype), weights


def _required(where: str, name: str, x: Any) -> jax.Array:
    if x is None:
        check.fail(where, name, "be given", None)
    return check.array(where, name, x)


def _mask_dtype(where: str, name: str, mask: jax.Array, q: jax.Array, need_weights: bool) -> None:
    takes = (jnp.bool_, q.dtype) if need_weights else (jnp.bool_, q.dtype, jnp.float32)
    if mask.dtype not in takes:
        check.fail(where, name, f"be bool or {q.dtype}", f"dtype {mask.dtype}", TypeError)


def _separate(where: str, given: dict[str, Any], qkv: tuple[jax.Array, ...]) -> list[jax.Array]:
    weights = [_required(where, name, w) for name, w in given.items()]
    for name, w, x in zip(given, weights, qkv, strict=True):
        check.shape(where, name, w, (qkv[0].shape[-1], x.shape[-1]))
    return weights


def _projected(
    qkv: tuple[jax.Array, ...], same: tuple[bool, bool], weights: list[jax.Array], bias: jax.Array | None
) -> tuple[jax.Array, ...]:
    """The projections of queries, keys and values; what is the same array is projected at once."""
    E = qkv[0].shape[-1]
    if len(weights) > 1:
        biases = [None] * 3 if bias is None else jnp.split(bias, 3)
        return tuple(linear(x, w, b) for x, w, b in zip(qkv, weights, biases, strict=True))
    runs = [(0, 3)] if all(same) else [(0, 1), (1, 3)] if same[1] else [(0, 1), (1, 2), (2, 3)]
    parts: list[jax.Array] = []
    for start, stop in runs:
        rows = slice(start * E, stop * E)
        y = linear(qkv[start], weights[0][rows], None if bias is None else bias[rows])
        parts += jnp.split(y, stop - start, -1)
    return tuple(parts)


def _appended(where: str, name: str, x: jax.Array, bias: Any) -> jax.Array:
    """The sequence and one more element, the same for the whole batch."""
    b = check.array(where, name, bias)
    check.shape(where, name, b, (1, 1, x.shape[-1]))
    check.same_dtype(where, query=x, **{name: b})
    return jnp.concatenate([x, jnp.broadcast_to(b, (1, *x.shape[1:]))])


def _static(where: str, name: str, given: Any, x: jax.Array) -> jax.Array:
    """The given array in place of the projected one, of shape (N, heads, S, E / heads)."""
    if given is None:
        return x
    a, (N, H, _, D) = check.array(where, name, given), x.shape
    if a.ndim != 3 or (a.shape[0], a.shape[2]) != (N * H, D):
        check.fail(where, name, f"have shape ({N * H}, S, {D})", f"shape {a.shape}")
    check.same_dtype(where, query=x, **{name: a})
    return a.reshape(N, H, a.shape[1], D)


def _merged(
    where: str, mask: jax.Array | None, padding: jax.Array | None, extra: int, length: int, q: jax.Array
) -> jax.Array | None:
    """What is added to the scores, from masks where true is out; what is appended takes part."""
    if padding is not None:
        check.shape(where, "key_padding_mask", padding, (q.shape[0], length - extra))
        padding = padding[:, None, None]
    given = [jnp.pad(m, ((0, 0),) * 3 + ((0, extra),)) for m in (mask, padding) if m is not None]
    if not given:
        return None
    if any(m.shape[-1] != length for m in given):
        check.fail(where, "attn_mask", f"be {length - extra} wide, as static_k", f"shape {given[0].shape}")
    wide = jnp.float32 if any(m.dtype == jnp.float32 for m in given) and is_half(q.dtype) else q.dtype
    zero = jnp.zeros((), wide)
    return sum((jnp.where(m, -jnp.inf, zero) if m.dtype == bool else m.astype(wide) for m in given), zero)
