"""Layers made of a list of layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from purenn.layers.base import Composite, Layer

__all__ = ["Sequential"]


class Sequential(Composite):
    """Layers one after another: the output of each is the input of the next.

    Args:
        layers: the layers, or one dict of them by name.

    Source: ``torch.nn.Sequential``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> net = layers.Sequential(layers.Linear(4, 8), layers.ReLU(), layers.Linear(8, 2))
        >>> params, state = net.init(jax.random.key(0))
        >>> sorted(params), net.apply(params, state, jnp.ones((3, 4)))[0].shape
        (['0', '2'], (3, 2))
        >>> net[:2]
        Sequential(
          (0): Linear(in_features=4, out_features=8, bias=True)
          (1): ReLU()
        )
    """

    layers: tuple[Layer, ...]
    names: tuple[str, ...]

    def __init__(self, *layers: Layer | Mapping[str, Layer]):
        named = layers[0] if len(layers) == 1 and isinstance(layers[0], Mapping) else None
        entries = dict(named) if named is not None else {str(i): layer for i, layer in enumerate(layers)}
        for name, layer in entries.items():
            if not isinstance(layer, Layer):
                raise TypeError(f"Sequential: {name!r} must be a layer of purenn.layers, got {layer!r}")
        object.__setattr__(self, "layers", tuple(entries.values()))
        object.__setattr__(self, "names", tuple(entries))
        self.__post_init__()

    def children(self) -> Mapping[str, Layer]:
        return dict(zip(self.names, self.layers, strict=True))

    def forward(self, m: Any, input: Any) -> Any:
        for child in m.children():
            input = child(input)
        return input

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Sequential(dict(list(self.children().items())[index]))
        return self.layers[index]
