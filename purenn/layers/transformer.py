"""The transformer: an encoder and a decoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from purenn import check, init, random
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Composite, Layer, Params, State
from purenn.layers.normalization import LayerNorm
from purenn.layers.transformer_layer import OPTIONS, TransformerDecoderLayer, TransformerEncoderLayer
from purenn.layers.transformer_stack import TransformerDecoder, TransformerEncoder
from purenn.tree import flatten, nest
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["Transformer"]


_TRANSFORMER = """Runs an encoder, and a decoder that attends to the encoder's output.

    All matrices start Glorot-uniform.

    Args:
        d_model: the width :math:`E` of inputs and outputs.
        nhead: the number :math:`n` of heads of the attentions, a divisor of :math:`E`.
        num_encoder_layers: the number of layers of the encoder.
        num_decoder_layers: the number of layers of the decoder.
        dim_feedforward: the width inside the feed-forward networks.
        $options

    A call takes the arguments

    - ``src``: the sequences to encode, of shape :math:`(S, N, E)`, :math:`(N, S, E)` with ``batch_first``, or
      :math:`(S, E)`.
    - ``tgt``: the targets, of shape :math:`(T, N, E)`, :math:`(N, T, E)` with ``batch_first``, or :math:`(T, E)`.
    - ``src_mask``, ``tgt_mask``, ``memory_mask``: mask keys per query, of shapes :math:`(S, S)`, :math:`(T, T)` and
      :math:`(T, S)`, or :math:`(N n, S, S)`, :math:`(N n, T, T)` and :math:`(N n, T, S)`.
    - ``src_key_padding_mask``, ``tgt_key_padding_mask``, ``memory_key_padding_mask``: mask keys that are padding, of
      shapes :math:`(N, S)`, :math:`(N, T)` and :math:`(N, S)`, without :math:`N` for inputs without a batch.
    - ``src_is_causal``, ``tgt_is_causal``, ``memory_is_causal``: hints that the masks are causal; None is False.

    In a boolean mask true masks a key; a floating mask is added to the scores.

    Shape: the output is like ``tgt``.

    Raises:
        ValueError: ``nhead`` doesn't divide ``d_model``, ``activation`` is unknown, or the shapes don't fit.
        TypeError: the dtypes differ.

    Source: ``torch.nn.Transformer``; Vaswani et al., *Attention Is All You Need*, 2017,
    https://arxiv.org/abs/1706.03762.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, target = jnp.ones((3, 5, 8)), jnp.ones((3, 4, 8))
        >>> nn.Transformer(8, 2, 1, 1, 16, batch_first=True)(x, target).shape
        (3, 4, 8)
        >>> net = layers.Transformer(8, 2, 1, 1, 16, batch_first=True)  # the same as pure functions
        >>> params, state = net.init(jax.random.key(0))
        >>> y, state = net.apply(params, state, x, target)
    """

_CUSTOM = """
        custom_encoder: a layer that replaces the encoder, or None.
        custom_decoder: a layer that replaces the decoder, or None."""


@documented(_TRANSFORMER, None, options=OPTIONS.replace("$custom", _CUSTOM))
class Transformer(Composite):
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
        sizes = (self.d_model, self.nhead, self.dim_feedforward, self.dropout, self.activation, self.layer_norm_eps)
        options = (*sizes, self.batch_first, self.norm_first, self.bias, self.device, self.dtype)
        norm = LayerNorm(self.d_model, self.layer_norm_eps, bias=self.bias, dtype=self.dtype)
        return {
            "encoder": self.custom_encoder
            or TransformerEncoder(TransformerEncoderLayer(*options), self.num_encoder_layers, norm),
            "decoder": self.custom_decoder
            or TransformerDecoder(TransformerDecoderLayer(*options), self.num_decoder_layers, norm),
        }

    def draw(self, stream: random.Stream) -> tuple[Params, State]:
        params, state = super().draw(stream)
        glorot = init.xavier_uniform()
        start = {n: glorot(stream.next(), x.shape, x.dtype) if x.ndim > 1 else x for n, x in flatten(params).items()}
        return nest(start), state

    def forward(
        self,
        m: Bound,
        src: ArrayLike,
        tgt: ArrayLike,
        src_mask: ArrayLike | None = None,
        tgt_mask: ArrayLike | None = None,
        memory_mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None,
        memory_key_padding_mask: ArrayLike | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Array:
        for name, x in (("src", src), ("tgt", tgt)):
            if jnp.ndim(x) not in (2, 3) or jnp.shape(x)[-1] != self.d_model:
                expected = f"have shape (*, {self.d_model}) and rank 2 or 3"
                check.fail("Transformer", name, expected, f"shape {jnp.shape(x)}")
        batch = 0 if self.batch_first else 1
        if jnp.ndim(src) == 3 and jnp.shape(src)[batch] != jnp.shape(tgt)[batch]:
            expected = f"have src's batch size {jnp.shape(src)[batch]}"
            check.fail("Transformer", "tgt", expected, f"shape {jnp.shape(tgt)}")
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
    def generate_square_subsequent_mask(sz: int, device: object = None, dtype: DTypeLike | None = None) -> Array:
        r"""Makes a causal mask, which masks all later positions: :math:`-\infty` above the diagonal, else 0.

        Args:
            sz: the number of positions.
            device: Ignored; accepted for compatibility with PyTorch.
            dtype: the dtype of the mask; float32 if None.
        """
        later = np.triu(np.ones((sz, sz), bool), 1)  # numpy's: jax.debug_infs would raise
        return jnp.asarray(np.where(later, -np.inf, 0.0), dtype or jnp.float32)
