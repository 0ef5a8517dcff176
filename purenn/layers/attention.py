"""Multi-head attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from purenn import check, init
from purenn import functional as F
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.linear import Linear
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """The output projection of attention, under torch's name; its bias starts at zero."""

    def parameters(self) -> Mapping[str, Spec | None]:
        return {**super().parameters(), "bias": Spec((self.out_features,), 0.0) if self.bias else None}


class MultiheadAttention(Layer):
    r"""Computes several attentions in parallel, each of its own projections of the queries, keys and values.

    .. math::
        \bigl[h_1, \dots, h_n\bigr] W_o^\top + b_o \quad\text{with}\quad
        h_i = \operatorname{attention}\bigl(Q W_{q,i}^\top + b_{q,i},\; K W_{k,i}^\top + b_{k,i},\;
        V W_{v,i}^\top + b_{v,i}\bigr)

    The projections are the parameter ``in_proj_weight`` of shape :math:`(3 E, E)`, which is :math:`W_q, W_k, W_v`
    stacked; or, if keys or values have another width, ``q_proj_weight``, ``k_proj_weight`` and ``v_proj_weight``. The
    other parameters are ``in_proj_bias`` of shape :math:`(3 E)`; ``weight`` and ``bias`` of the child ``out_proj``; and
    with ``add_bias_kv`` ``bias_k`` and ``bias_v`` of shape :math:`(1, 1, E)`. The projections start Glorot-uniform,
    their biases at zero.

    Args:
        embed_dim: the width :math:`E` of queries and outputs.
        num_heads: the number :math:`n` of heads, a divisor of :math:`E`.
        dropout: the probability with which a weight of a key is replaced by 0 in training.
        bias: whether the projections have biases.
        add_bias_kv: whether a learned key and value are appended to every sequence.
        add_zero_attn: whether a key and a value of zeros are appended to every sequence.
        kdim: the width :math:`E_k` of keys; :math:`E` if None.
        vdim: the width :math:`E_v` of values; :math:`E` if None.
        batch_first: whether the batch is the first dimension of inputs and output, not the second.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.

    A call takes the arguments

    - ``query``: :math:`Q`, of shape :math:`(L, N, E)`, :math:`(N, L, E)` with ``batch_first``, or :math:`(L, E)`.
    - ``key``: :math:`K`, of shape :math:`(S, N, E_k)`, :math:`(N, S, E_k)` with ``batch_first``, or :math:`(S, E_k)`.
    - ``value``: :math:`V`, of shape :math:`(S, N, E_v)`, :math:`(N, S, E_v)` with ``batch_first``, or
      :math:`(S, E_v)`.
    - ``key_padding_mask``: masks keys that are padding, of shape :math:`(N, S)`, or :math:`(S)` without a batch. In a
      boolean mask true masks a key; a floating mask is added to the scores. None for no padding.
    - ``need_weights``: whether the weights are returned. The default is True; False is faster and takes less memory.
    - ``attn_mask``: masks keys per query, of shape :math:`(L, S)` or :math:`(N n, L, S)`. In a boolean mask true masks
      a key; a floating mask is added to the scores. None for no mask.
    - ``average_attn_weights``: whether the returned weights are averaged over the heads, which is the default.
    - ``is_causal``: a hint that ``attn_mask``, which must be given too, is causal. Without ``need_weights`` and
      ``key_padding_mask`` a causal mask replaces ``attn_mask``, as in torch.

    Shape: a call returns the output, like ``query``, and the weights, or None. The weights are of shape
    :math:`(N, L, S)` if averaged and else :math:`(N, n, L, S)`, without :math:`N` for queries without a batch.

    Raises:
        ValueError: ``num_heads`` doesn't divide ``embed_dim``, or the shapes of a call don't fit.
        TypeError: the dtypes differ.

    Source: ``torch.nn.MultiheadAttention``; Vaswani et al., *Attention Is All You Need*, 2017,
    https://arxiv.org/abs/1706.03762.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((3, 5, 8))
        >>> attention = nn.MultiheadAttention(8, 2, batch_first=True)
        >>> y, weights = attention(x, x, x)
        >>> y.shape, weights.shape
        ((3, 5, 8), (3, 5, 5))
        >>> layer = layers.MultiheadAttention(8, 2, batch_first=True)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> (y, weights), state = layer.apply(params, state, x, x, x)
    """

    embed_dim: int
    num_heads: int
    dropout: float = 0.0
    bias: bool = True
    add_bias_kv: bool = False
    add_zero_attn: bool = False
    kdim: int | None = None
    vdim: int | None = None
    batch_first: bool = False
    device: Any = None
    dtype: DTypeLike | None = None

    def normalize(self) -> Mapping[str, Any]:
        for name in ("embed_dim", "num_heads"):
            check.integer("MultiheadAttention", name, getattr(self, name), 1)
        if self.embed_dim % self.num_heads:
            check.fail("MultiheadAttention", "num_heads", f"be a divisor of embed_dim={self.embed_dim}", self.num_heads)
        widths = {"kdim": self.kdim, "vdim": self.vdim}
        return {name: self.embed_dim if width is None else width for name, width in widths.items()}

    @property
    def head_dim(self) -> int:
        """The width of one head."""
        return self.embed_dim // self.num_heads

    @property
    def _one_weight(self) -> bool:
        return self.kdim == self.embed_dim == self.vdim

    def parameters(self) -> Mapping[str, Spec | None]:
        E, separate = self.embed_dim, not self._one_weight
        widths = {"q_proj_weight": E, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        extra = Spec((1, 1, E), init.xavier_normal()) if self.add_bias_kv else None
        return {
            "in_proj_weight": None if separate else Spec((3 * E, E), init.xavier_uniform()),
            **{n: Spec((E, width or E), init.xavier_uniform()) if separate else None for n, width in widths.items()},
            "in_proj_bias": Spec((3 * E,), 0.0) if self.bias else None,
            "bias_k": extra,
            "bias_v": extra,
        }

    def children(self) -> Mapping[str, Layer]:
        return {
            "out_proj": NonDynamicallyQuantizableLinear(self.embed_dim, self.embed_dim, self.bias, None, self.dtype)
        }

    def forward(
        self,
        m: Bound,
        query: ArrayLike,
        key: ArrayLike,
        value: ArrayLike,
        key_padding_mask: ArrayLike | None = None,
        need_weights: bool = True,
        attn_mask: ArrayLike | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Array, Array | None]:
        exchange = self.batch_first and jnp.ndim(query) == 3
        if exchange:
            once = {id(x): jnp.swapaxes(x, 0, 1) for x in (query, key, value)}  # an array given twice stays one
            query, key, value = (once[id(x)] for x in (query, key, value))
        output, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            m.in_proj_weight,
            m.in_proj_bias,
            m.bias_k,
            m.bias_v,
            self.add_zero_attn,
            self.dropout,
            m.out_proj.weight,
            m.out_proj.bias,
            training=m.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._one_weight,
            q_proj_weight=m.q_proj_weight,
            k_proj_weight=m.k_proj_weight,
            v_proj_weight=m.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (jnp.swapaxes(output, 0, 1) if exchange else output), weights
