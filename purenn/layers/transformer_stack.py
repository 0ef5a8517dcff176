"""The encoder and the decoder of a transformer: stacks of layers."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from purenn import check, random
from purenn.layers.base import Bound, Composite, Layer, Params, State
from purenn.layers.container import ModuleList
from purenn.tree import copied
from purenn.typing import Array, ArrayLike

__all__ = ["TransformerDecoder", "TransformerEncoder"]


class _Stack(Composite):
    """Copies of one layer, one after another, which start with the same arrays, as in torch."""

    def _parts(self) -> tuple[Layer, int, Layer | None]:
        """Returns the first hyper-parameters: the repeated layer, the number of copies, and the last norm."""
        layer, number, norm, *_ = self._values()
        return layer, number, norm

    def normalize(self) -> Mapping[str, Any]:
        layer, number, _ = self._parts()
        where, argument = type(self).__name__, dataclasses.fields(self)[0].name
        if not isinstance(layer, Layer):
            check.fail(where, argument, "be a layer", repr(layer), TypeError)
        check.integer(where, "num_layers", number, 0)
        return {}

    @functools.cached_property  # a module that is a hyper-parameter is copied once
    def _copies(self) -> ModuleList:
        layer, number, _ = self._parts()
        return ModuleList([copy.deepcopy(layer) for _ in range(number)])

    def children(self) -> Mapping[str, Layer]:
        norm = self._parts()[2]
        return {"layers": self._copies, **({} if norm is None else {"norm": norm})}

    def draw(self, stream: random.Stream) -> tuple[Params, State]:
        layer, number, norm = self._parts()
        trees: tuple[Params, State] = {}, {}
        drawn = layer.draw(stream)
        ends = ({}, {}) if norm is None else norm.draw(stream)
        for tree, one, end in zip(trees, drawn, ends, strict=True):
            if one and number:
                tree["layers"] = {str(i): copied(one) for i in range(number)}
            if end:
                tree["norm"] = end
        return trees


class TransformerEncoder(_Stack):
    """Runs encoder layers one after another, and a norm.

    Args:
        encoder_layer: the layer to repeat; the copies start with the same arrays.
        num_layers: the number of copies.
        norm: a norm after the last layer, or None.
        enable_nested_tensor: Ignored; accepted for compatibility with PyTorch.
        mask_check: Ignored; accepted for compatibility with PyTorch.

    A call takes the arguments

    - ``src``: the sequences, the layer's first argument.
    - ``mask``: the ``src_mask`` of every layer.
    - ``src_key_padding_mask``: masks keys that are padding.
    - ``is_causal``: a hint that ``mask`` is causal; None is False.

    Shape: the output is like ``src``.

    Raises:
        ValueError: ``num_layers`` is negative.
        TypeError: ``encoder_layer`` isn't a layer.

    Source: ``torch.nn.TransformerEncoder``; Vaswani et al., *Attention Is All You Need*, 2017,
    https://arxiv.org/abs/1706.03762.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((5, 3, 8))
        >>> nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)(x).shape
        (5, 3, 8)
        >>> net = layers.TransformerEncoder(layers.TransformerEncoderLayer(8, 2, 16), 2)  # the same as pure functions
        >>> params, state = net.init(jax.random.key(0))
        >>> y, state = net.apply(params, state, x)
    """

    encoder_layer: Layer
    num_layers: int
    norm: Layer | None = None
    enable_nested_tensor: bool = True
    mask_check: bool = True

    def forward(
        self,
        m: Bound,
        src: ArrayLike,
        mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        is_causal: bool | None = None,
    ) -> Array:
        x: Any = src
        for layer in m.layers:
            x = layer(x, src_mask=mask, is_causal=bool(is_causal), src_key_padding_mask=src_key_padding_mask)
        return x if m.norm is None else m.norm(x)


class TransformerDecoder(_Stack):
    """Runs decoder layers one after another, and a norm.

    Args:
        decoder_layer: the layer to repeat; the copies start with the same arrays.
        num_layers: the number of copies.
        norm: a norm after the last layer, or None.

    A call takes the arguments

    - ``tgt``: the targets, the layer's first argument.
    - ``memory``: the output of an encoder, to which every layer attends.
    - ``tgt_mask``, ``memory_mask``: mask targets, and elements of the memory, per target.
    - ``tgt_key_padding_mask``, ``memory_key_padding_mask``: mask targets, and elements of the memory, that are padding.
    - ``tgt_is_causal``, ``memory_is_causal``: hints that the masks are causal; None is False.

    Shape: the output is like ``tgt``.

    Raises:
        ValueError: ``num_layers`` is negative.
        TypeError: ``decoder_layer`` isn't a layer.

    Source: ``torch.nn.TransformerDecoder``; Vaswani et al., *Attention Is All You Need*, 2017,
    https://arxiv.org/abs/1706.03762.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, memory = jnp.ones((4, 3, 8)), jnp.ones((5, 3, 8))
        >>> nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)(x, memory).shape
        (4, 3, 8)
        >>> net = layers.TransformerDecoder(layers.TransformerDecoderLayer(8, 2, 16), 2)  # the same as pure functions
        >>> params, state = net.init(jax.random.key(0))
        >>> y, state = net.apply(params, state, x, memory)
    """

    decoder_layer: Layer
    num_layers: int
    norm: Layer | None = None

    def forward(
        self,
        m: Bound,
        tgt: ArrayLike,
        memory: ArrayLike,
        tgt_mask: ArrayLike | None = None,
        memory_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None,
        memory_key_padding_mask: ArrayLike | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Array:
        x: Any = tgt
        for layer in m.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return x if m.norm is None else m.norm(x)
