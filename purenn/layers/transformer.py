"""Transformers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from purenn import check, init, random
from purenn import functional as F
from purenn.layers.attention import MultiheadAttention
from purenn.layers.base import Composite, Layer, Params, State
from purenn.layers.container import ModuleList
from purenn.layers.dropout import Dropout
from purenn.layers.linear import Linear
from purenn.layers.normalization import LayerNorm
from purenn.tree import copied, flatten, nest

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

_ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu}


class _Block(Composite):
    """Attentions and a feed-forward network, each with a residual connection, a norm and dropouts."""

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

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.activation, str):
            if self.activation not in _ACTIVATIONS:
                check.fail(type(self).__name__, "activation", "be 'relu', 'gelu' or a callable", self.activation)
            object.__setattr__(self, "activation", _ACTIVATIONS[self.activation])

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

    def _residual(self, x: Any, norm: Callable[..., Any], block: Callable[[Any], Any]) -> Any:
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _feed_forward(self, m: Any, x: Any) -> Any:
        activation: Any = m.activation if isinstance(self.activation, Layer) else self.activation
        return m.linear2(m.dropout(activation(m.linear1(x))))


class TransformerEncoderLayer(_Block):
    r"""Self-attention and a feed-forward network, each with a residual connection and a layer norm.

    .. math::
        x \leftarrow \operatorname{norm}_1(x + \operatorname{attention}(x)), \qquad
        x \leftarrow \operatorname{norm}_2(x + W_2\, \phi(W_1 x + b_1) + b_2)

    or with ``norm_first`` :math:`x \leftarrow x + \operatorname{attention}(\operatorname{norm}_1(x))` and so on.

    Args:
        d_model: the width of inputs and outputs.
        nhead: heads of the attention.
        dim_feedforward: the width of the feed-forward network inside.
        dropout: the probability of all dropouts.
        activation: :math:`\phi`: ``"relu"``, ``"gelu"``, a function, or a layer.
        layer_norm_eps: the norms' eps.
        batch_first: whether batches come before positions.
        norm_first: whether norms come before attention and feed-forward network, not after.
        bias: whether linear maps and norms have biases.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: :math:`(S, N, E)`, :math:`(N, S, E)` with ``batch_first``, or :math:`(S, E)`, which it keeps.

    Source: ``torch.nn.TransformerEncoderLayer``; Vaswani et al., 2017.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> layer.apply(*layer.init(jax.random.key(0)), jnp.ones((3, 5, 8)))[0].shape
        (3, 5, 8)
    """

    def children(self) -> Mapping[str, Layer]:
        return self._children("self_attn")

    def forward(
        self, m: Any, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> jax.Array:
        def attend(x: Any) -> Any:
            y, _ = m.self_attn(
                x, x, x, src_key_padding_mask, need_weights=False, attn_mask=src_mask, is_causal=is_causal
            )
            return m.dropout1(y)

        x = self._residual(src, m.norm1, attend)
        return self._residual(x, m.norm2, lambda x: m.dropout2(self._feed_forward(m, x)))


class TransformerDecoderLayer(_Block):
    r"""Self-attention, attention to an encoder's output and a feed-forward network, each with a residual and a norm.

    The arguments are `TransformerEncoderLayer`'s.

    Args:
        d_model: the width of inputs and outputs.
        nhead: heads of the attentions.
        dim_feedforward: the width of the feed-forward network inside.
        dropout: the probability of all dropouts.
        activation: ``"relu"``, ``"gelu"``, a function, or a layer.
        layer_norm_eps: the norms' eps.
        batch_first: whether batches come before positions.
        norm_first: whether norms come before attentions and feed-forward network, not after.
        bias: whether linear maps and norms have biases.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: targets :math:`(T, N, E)` and memory :math:`(S, N, E)`, the first two dimensions exchanged with
        ``batch_first``, or both without :math:`N`; the output is of the targets' shape.

    Source: ``torch.nn.TransformerDecoderLayer``; Vaswani et al., 2017.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.TransformerDecoderLayer(8, 2, 16)
        >>> layer.apply(*layer.init(jax.random.key(0)), jnp.ones((4, 3, 8)), jnp.ones((5, 3, 8)))[0].shape
        (4, 3, 8)
    """

    def children(self) -> Mapping[str, Layer]:
        return self._children("self_attn", "multihead_attn")

    def forward(
        self,
        m: Any,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> jax.Array:
        def attend(x: Any) -> Any:
            y, _ = m.self_attn(
                x, x, x, tgt_key_padding_mask, need_weights=False, attn_mask=tgt_mask, is_causal=tgt_is_causal
            )
            return m.dropout1(y)

        def look(x: Any) -> Any:
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
        x = self._residual(x, m.norm2, look)
        return self._residual(x, m.norm3, lambda x: m.dropout3(self._feed_forward(m, x)))


class _Stack(Composite):
    """Copies of one layer, one after another; they start with the same arrays, as torch's do."""

    def _set(self: Any, layer: Layer) -> None:
        if not isinstance(layer, Layer):
            raise TypeError(f"{type(self).__name__}: a layer is needed, got {layer!r}")
        copies = [
            copy.deepcopy(layer) for _ in range(check.integer(type(self).__name__, "num_layers", self.num_layers, 0))
        ]
        object.__setattr__(self, "_repeated", layer)
        object.__setattr__(self, "_copies", ModuleList(copies))

    def children(self: Any) -> Mapping[str, Layer]:
        copies: Any = vars(self)["_copies"]
        return {"layers": copies, **({} if self.norm is None else {"norm": self.norm})}

    def draw(self: Any, stream: random.Stream) -> tuple[Params, State]:
        made: tuple[Params, State] = {}, {}
        drawn = vars(self)["_repeated"].draw(stream)
        norm = ({}, {}) if self.norm is None else self.norm.draw(stream)
        for tree, one, last in zip(made, drawn, norm, strict=True):
            if one and self.num_layers:
                tree["layers"] = {str(i): copied(one) for i in range(self.num_layers)}
            if last:
                tree["norm"] = last
        return made


class TransformerEncoder(_Stack):
    """Encoder layers one after another, and a norm.

    Args:
        encoder_layer: the layer that is repeated; the copies start with the same arrays.
        num_layers: how often.
        norm: a layer for the end, or None.
        enable_nested_tensor, mask_check: accepted for torch's sake; what they choose between gives the same numbers.

    Shape: `TransformerEncoderLayer`'s.

    Source: ``torch.nn.TransformerEncoder``; Vaswani et al., 2017.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> net = layers.TransformerEncoder(layers.TransformerEncoderLayer(8, 2, 16), 2)
        >>> net.apply(*net.init(jax.random.key(0)), jnp.ones((5, 3, 8)))[0].shape
        (5, 3, 8)
    """

    encoder_layer: Layer
    num_layers: int
    norm: Layer | None = None
    enable_nested_tensor: bool = True
    mask_check: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(self.encoder_layer)

    def forward(
        self, m: Any, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> jax.Array:
        for layer in m.layers:
            src = layer(src, src_mask=mask, is_causal=bool(is_causal), src_key_padding_mask=src_key_padding_mask)
        return src if m.norm is None else m.norm(src)


class TransformerDecoder(_Stack):
    """Decoder layers one after another, and a norm.

    Args:
        decoder_layer: the layer that is repeated; the copies start with the same arrays.
        num_layers: how often.
        norm: a layer for the end, or None.

    Shape: `TransformerDecoderLayer`'s.

    Source: ``torch.nn.TransformerDecoder``; Vaswani et al., 2017.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> net = layers.TransformerDecoder(layers.TransformerDecoderLayer(8, 2, 16), 2)
        >>> net.apply(*net.init(jax.random.key(0)), jnp.ones((4, 3, 8)), jnp.ones((5, 3, 8)))[0].shape
        (4, 3, 8)
    """

    decoder_layer: Layer
    num_layers: int
    norm: Layer | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set(self.decoder_layer)

    def forward(
        self,
        m: Any,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> jax.Array:
        for layer in m.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return tgt if m.norm is None else m.norm(tgt)


class Transformer(Composite):
    """An encoder and a decoder that attends to the encoder's output.

    All matrices start uniform after Glorot.

    Args:
        d_model: the width of inputs and outputs.
        nhead: heads of the attentions.
        num_encoder_layers, num_decoder_layers: how many layers the two have.
        dim_feedforward: the width of the feed-forward networks inside.
        dropout: the probability of all dropouts.
        activation: ``"relu"``, ``"gelu"``, a function, or a layer.
        custom_encoder, custom_decoder: layers that take their places.
        layer_norm_eps: the norms' eps.
        batch_first: whether batches come before positions.
        norm_first: whether norms come before attentions and feed-forward networks, not after.
        bias: whether linear maps and norms have biases.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: sources :math:`(S, N, E)` and targets :math:`(T, N, E)`, the first two dimensions exchanged with
        ``batch_first``, or both without :math:`N`; the output is of the targets' shape.

    Source: ``torch.nn.Transformer``; Vaswani et al., 2017.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> net = layers.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> params, state = net.init(jax.random.key(0))
        >>> net.apply(params, state, jnp.ones((3, 5, 8)), jnp.ones((3, 4, 8)))[0].shape
        (3, 4, 8)
    """

    d_model: int = 512
    nhead: int = 8
    num_encoder_layers: int = 6
    num_decoder_layers: int = 6
    dim_feedforward: int = 2048
    dropout: float = 0.1
    activation: str | Callable[..., Any] | Layer = F.relu
    custom_encoder: Layer | None = None
    custom_decoder: Layer | None = None
    layer_norm_eps: float = 1e-5
    batch_first: bool = False
    norm_first: bool = False
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def children(self) -> Mapping[str, Layer]:
        options: dict[str, Any] = {n: v for n, v in vars(self).items() if n in _Block.__dataclass_fields__}
        norm = LayerNorm(self.d_model, self.layer_norm_eps, bias=self.bias, dtype=self.dtype)
        return {
            "encoder": self.custom_encoder
            or TransformerEncoder(TransformerEncoderLayer(**options), self.num_encoder_layers, norm),
            "decoder": self.custom_decoder
            or TransformerDecoder(TransformerDecoderLayer(**options), self.num_decoder_layers, norm),
        }

    def draw(self, stream: random.Stream) -> tuple[Params, State]:
        params, state = super().draw(stream)
        glorot = init.xavier_uniform()
        start = {n: glorot(stream.next(), x.shape, x.dtype) if x.ndim > 1 else x for n, x in flatten(params).items()}
        return nest(start), state

    def forward(
        self,
        m: Any,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> jax.Array:
        for name, x in (("src", src), ("tgt", tgt)):
            if jnp.ndim(x) not in (2, 3) or jnp.shape(x)[-1] != self.d_model:
                check.fail(
                    "Transformer", name, f"have shape (*, {self.d_model}) and rank 2 or 3", f"shape {jnp.shape(x)}"
                )
        batch = 0 if self.batch_first else 1
        if jnp.ndim(src) == 3 and jnp.shape(src)[batch] != jnp.shape(tgt)[batch]:
            check.fail(
                "Transformer", "tgt", f"have src's batch size {jnp.shape(src)[batch]}", f"shape {jnp.shape(tgt)}"
            )
        memory = m.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return m.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: DTypeLike | None = None) -> jax.Array:
        r"""The mask that keeps position i from what comes after it: :math:`-\infty` above the diagonal, else 0."""
        later = np.triu(np.ones((sz, sz), bool), 1)  # by numpy: jax.debug_infs would object to the infinities
        return jnp.asarray(np.where(later, -np.inf, 0.0), dtype or jnp.float32)
