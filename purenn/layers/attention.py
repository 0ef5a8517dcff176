"""Multi-head attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from purenn import check, init
from purenn import functional as F
from purenn.layers.base import Layer, Spec
from purenn.layers.linear import Linear

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """The last projection of attention, under torch's name for it; its bias starts at zero."""

    def parameters(self) -> Mapping[str, Spec | None]:
        return {**super().parameters(), "bias": Spec((self.out_features,), 0.0) if self.bias else None}


class MultiheadAttention(Layer):
    r"""Several attentions side by side, each between its own projections of the queries, keys and values.

    .. math::
        \bigl[h_1, \dots, h_n\bigr] W_o^\top + b_o \quad\text{with}\quad
        h_i = \operatorname{attention}\bigl(Q W_{q,i}^\top + b_{q,i},\; K W_{k,i}^\top + b_{k,i},\;
        V W_{v,i}^\top + b_{v,i}\bigr)

    Its arrays are ``in_proj_weight`` of shape :math:`(3 E, E)`, or ``q_proj_weight``, ``k_proj_weight`` and
    ``v_proj_weight`` where keys or values are of another width; ``in_proj_bias``; ``weight`` and ``bias`` of
    ``out_proj``; ``bias_k`` and ``bias_v``. Projections start uniform after Glorot, biases at zero.

    A call takes ``query``, ``key`` and ``value``, and the options of
    `purenn.functional.multi_head_attention_forward`: ``key_padding_mask``, ``need_weights``, ``attn_mask`` (in both,
    true keeps a query from a key), ``average_attn_weights`` and ``is_causal``. It gives the output and the weights, or
    None for them; without them it is quicker and takes less memory.

    Args:
        embed_dim: :math:`E`, the width of queries and outputs.
        num_heads: a divisor of it.
        dropout: the probability with which a weight is replaced by 0 in training.
        bias: whether the projections have biases.
        add_bias_kv: whether a learned key and value are added to every sequence.
        add_zero_attn: whether a key and a value of zeros are added.
        kdim, vdim: the widths of keys and values; :math:`E` if None.
        batch_first: whether batches come before positions, in the inputs and the output.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: queries :math:`(L, N, E)`, keys and values :math:`(S, N, E_k)` and :math:`(S, N, E_v)`, the first two
        dimensions exchanged with ``batch_first``; or all without :math:`N`. The output is of the queries' shape, the
        weights of :math:`(N, L, S)` or, not averaged, :math:`(N, \text{heads}, L, S)`.

    Raises:
        ValueError: ``num_heads`` doesn't divide ``embed_dim``.

    Source: ``torch.nn.MultiheadAttention``; Vaswani et al., 2017.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.MultiheadAttention(8, 2, batch_first=True)
        >>> params, state = layer.init(jax.random.key(0))
        >>> x = jnp.ones((3, 5, 8))
        >>> (y, weights), _ = layer.apply(params, state, x, x, x)
        >>> y.shape, weights.shape
        ((3, 5, 8), (3, 5, 5))
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

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("embed_dim", "num_heads"):
            check.integer("MultiheadAttention", name, getattr(self, name), 1)
        if self.embed_dim % self.num_heads:
            check.fail("MultiheadAttention", "num_heads", f"be a divisor of embed_dim={self.embed_dim}", self.num_heads)
        for name in ("kdim", "vdim"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, self.embed_dim)

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
        m: Any,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[jax.Array, jax.Array | None]:
        exchange = self.batch_first and jnp.ndim(query) == 3
        if exchange:
            once = {id(x): jnp.swapaxes(x, 0, 1) for x in (query, key, value)}  # what is one array stays one
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
