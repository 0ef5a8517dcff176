"""Layers of transformers: attentions and a feed-forward network, each with a residual and a norm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.attention import MultiheadAttention
from purenn.layers.base import Bound, Composite, Layer
from purenn.layers.dropout import Dropout
from purenn.layers.linear import Linear
from purenn.layers.normalization import LayerNorm
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]

_ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu}

OPTIONS = r"""dropout: the probability with which an element, or a weight of an attention, is replaced by 0 in training.
        activation: the function :math:`\phi` of the feed-forward network: ``"relu"``, ``"gelu"``, a function, or a
            layer.$custom
        layer_norm_eps: the number that the norms add to the variance.
        batch_first: whether the batch is the first dimension of inputs and output, not the second.
        norm_first: whether norms come before attention and feed-forward network, not after the sums.
        bias: whether linear maps and norms have biases.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None."""


class _Block(Composite):
    """The base of transformers' layers: attentions and a feed-forward network, with residuals, norms and dropouts."""

    d_model: int
    nhead: int
    dim_feedforward: int = 2048
    dropout: float = 0.1
    activation: str | Callable[..., Any] | Layer = F.relu
    layer_norm_eps: float = 1e-5
    batch_first: bool = False
    norm_first: bool = False
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def normalize(self) -> Mapping[str, Any]:
        if not isinstance(self.activation, str):
            return {}
        if self.activation not in _ACTIVATIONS:
            check.fail(type(self).__name__, "activation", "be 'relu', 'gelu' or a callable", self.activation)
        return {"activation": _ACTIVATIONS[self.activation]}

    def _children(self, *attentions: str) -> dict[str, Layer]:
        count = len(attentions) + 1
        attention = MultiheadAttention(
            self.d_model, self.nhead, self.dropout, self.bias, batch_first=self.batch_first, dtype=self.dtype
        )
        norm = LayerNorm(self.d_model, self.layer_norm_eps, bias=self.bias, dtype=self.dtype)
        return {
            **dict.fromkeys(attentions, attention),
            "linear1": Linear(self.d_model, self.dim_feedforward, self.bias, dtype=self.dtype),
            "dropout": Dropout(self.dropout),
            "linear2": Linear(self.dim_feedforward, self.d_model, self.bias, dtype=self.dtype),
            **{f"norm{i}": norm for i in range(1, count + 1)},
            **{f"dropout{i}": Dropout(self.dropout) for i in range(1, count + 1)},
            **({"activation": self.activation} if isinstance(self.activation, Layer) else {}),
        }

    def _residual(self, x: Any, norm: Callable[..., Any], block: Callable[[Any], Any]) -> Array:
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _feed_forward(self, m: Bound, x: Array) -> Array:
        activation: Any = m.activation if isinstance(self.activation, Layer) else self.activation
        return m.linear2(m.dropout(activation(m.linear1(x))))


_LAYER = r"""$summary

    .. math::
        \begin{aligned}
        $equations \\
        x &\leftarrow \operatorname{norm}_$last(x + W_2\, \phi(W_1 x + b_1) + b_2)
        \end{aligned}

    With ``norm_first``, every step is :math:`x \leftarrow x + f(\operatorname{norm}(x))` instead of
    :math:`x \leftarrow \operatorname{norm}(x + f(x))`. In training, dropout follows the attentions, :math:`\phi` and
    the feed-forward network.

    Args:
        d_model: the width :math:`E` of inputs and outputs.
        nhead: the number :math:`n` of heads of the attention, a divisor of :math:`E`.
        dim_feedforward: the number of rows of :math:`W_1`.
        $options

    A call takes the arguments

    $arguments

    In a boolean mask true masks a key; a floating mask is added to the scores.

    Shape: the output is like :math:`x`.

    Raises:
        ValueError: ``nhead`` doesn't divide ``d_model``, ``activation`` is unknown, or the shapes don't fit.
        TypeError: the dtypes differ.

    Source: ``torch.nn.$name``; Vaswani et al., *Attention Is All You Need*, 2017, https://arxiv.org/abs/1706.03762.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> $inputs
        >>> nn.$name(8, 2, 16, batch_first=True)($given).shape
        (3, 4, 8)
        >>> layer = layers.$name(8, 2, 16, batch_first=True)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> y, state = layer.apply(params, state, $given)
    """


@documented(
    _LAYER,
    None,
    name="TransformerEncoderLayer",
    summary="Runs self-attention and a feed-forward network, each with a residual connection and a layer norm.",
    equations=r"x &\leftarrow \operatorname{norm}_1(x + \operatorname{attention}(x, x, x))",
    last="2",
    options=OPTIONS.replace("$custom", ""),
    arguments=r"""- ``src``: :math:`x`, of shape :math:`(S, N, E)`, :math:`(N, S, E)` with ``batch_first``, or
      :math:`(S, E)`.
    - ``src_mask``: masks keys per query, of shape :math:`(S, S)` or :math:`(N n, S, S)`.
    - ``src_key_padding_mask``: masks keys that are padding, of shape :math:`(N, S)`, or :math:`(S)` without a batch.
    - ``is_causal``: a hint that ``src_mask``, which must be given too, is causal. Without padding, a causal mask
      replaces it, as in torch.""",
    inputs="x = jnp.ones((3, 4, 8))",
    given="x",
)
class TransformerEncoderLayer(_Block):
    def children(self) -> Mapping[str, Layer]:
        return self._children("self_attn")

    def forward(
        self,
        m: Bound,
        src: ArrayLike,
        src_mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        is_causal: bool = False,
    ) -> Array:
        def attend(x: Array) -> Array:
            y, _ = m.self_attn(
                x, x, x, src_key_padding_mask, need_weights=False, attn_mask=src_mask, is_causal=is_causal
            )
            return m.dropout1(y)

        x = self._residual(src, m.norm1, attend)
        return self._residual(x, m.norm2, lambda x: m.dropout2(self._feed_forward(m, x)))


@documented(
    _LAYER,
    None,
    name="TransformerDecoderLayer",
    summary="Runs self-attention, attention to a memory and a feed-forward network, each with a residual and a norm.",
    equations=r"""x &\leftarrow \operatorname{norm}_1(x + \operatorname{attention}(x, x, x)) \\
        x &\leftarrow \operatorname{norm}_2(x + \operatorname{attention}(x, y, y))""",
    last="3",
    options=OPTIONS.replace("$custom", ""),
    arguments=r"""- ``tgt``: :math:`x`, of shape :math:`(T, N, E)`, :math:`(N, T, E)` with ``batch_first``, or
      :math:`(T, E)`.
    - ``memory``: :math:`y`, the output of an encoder, of shape :math:`(S, N, E)`, :math:`(N, S, E)` with
      ``batch_first``, or :math:`(S, E)`.
    - ``tgt_mask``: masks targets per target, of shape :math:`(T, T)` or :math:`(N n, T, T)`.
    - ``memory_mask``: masks elements of the memory per target, of shape :math:`(T, S)` or :math:`(N n, T, S)`.
    - ``tgt_key_padding_mask``: masks targets that are padding, of shape :math:`(N, T)`, or :math:`(T)` without a batch.
    - ``memory_key_padding_mask``: masks elements of the memory that are padding, of shape :math:`(N, S)`, or
      :math:`(S)` without a batch.
    - ``tgt_is_causal``: a hint that ``tgt_mask``, which must be given too, is causal. Without padding, a causal mask
      replaces it, as in torch.
    - ``memory_is_causal``: the same hint for ``memory_mask``.""",
    inputs="x, memory = jnp.ones((3, 4, 8)), jnp.ones((3, 5, 8))",
    given="x, memory",
)
class TransformerDecoderLayer(_Block):
    def children(self) -> Mapping[str, Layer]:
        return self._children("self_attn", "multihead_attn")

    def forward(
        self,
        m: Bound,
        tgt: ArrayLike,
        memory: ArrayLike,
        tgt_mask: ArrayLike | None = None,
        memory_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None,
        memory_key_padding_mask: ArrayLike | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Array:
        def attend(x: Array) -> Array:
            y, _ = m.self_attn(
                x, x, x, tgt_key_padding_mask, need_weights=False, attn_mask=tgt_mask, is_causal=tgt_is_causal
            )
            return m.dropout1(y)

        def attend_to_memory(x: Array) -> Array:
            y, _ = m.multihead_attn(
                x,
                memory,
                memory,
                memory_key_padding_mask,
                need_weights=False,
                attn_mask=memory_mask,
                is_causal=memory_is_causal,
            )
            return m.dropout2(y)

        x = self._residual(tgt, m.norm1, attend)
        x = self._residual(x, m.norm2, attend_to_memory)
        return self._residual(x, m.norm3, lambda x: m.dropout3(self._feed_forward(m, x)))
