"""Layers made of a list of layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from purenn.layers.base import Bound, Composite, Layer
from purenn.tree import list_repr

__all__ = ["ModuleList", "Sequential"]


class Sequential(Composite):
    """Runs layers one after another: the output of each is the input of the next.

    Args:
        layers: the layers, or one dict of them by name; without names they are numbered.

    Shape: the first layer's input to the last layer's output.

    Raises:
        TypeError: an argument isn't a layer.

    Source: ``torch.nn.Sequential``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))(jnp.ones((3, 4))).shape
        (3, 2)
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

    def forward(self, m: BoundList, input: Any) -> Any:
        for child in m:
            input = child(input)
        return input

    def _bound(self) -> type[Bound]:
        return BoundList

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Sequential(dict(list(self.children().items())[index]))
        return self.layers[index]


class BoundList(Bound):
    """A sequence of layers bound to arrays, which a `forward` iterates and indexes."""

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._modules.values()))

    def __len__(self) -> int:
        return len(self._modules)

    def __getitem__(self, index: int | slice) -> Any:
        return list(self)[index]


class ModuleList(Composite):
    """A list of layers, as a child of a layer whose `forward` calls them.

    Args:
        modules: the layers.

    Raises:
        TypeError: one of them isn't a layer.

    Source: ``torch.nn.ModuleList``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> blocks = nn.ModuleList(nn.Linear(10, 10) for _ in range(2))
        >>> blocks[1](jnp.ones((3, 10))).shape
        (3, 10)
        >>> layers.ModuleList([layers.Linear(10, 10), layers.Linear(10, 10), layers.ReLU()])
        ModuleList(
          (0-1): 2 x Linear(in_features=10, out_features=10, bias=True)
          (2): ReLU()
        )
    """

    modules: tuple[Layer, ...] = ()

    def __init__(self, modules: Iterable[Layer] = ()):
        object.__setattr__(self, "modules", tuple(modules))
        for i, layer in enumerate(self.modules):
            if not isinstance(layer, Layer):
                raise TypeError(f"ModuleList: {i} must be a layer of purenn.layers, got {layer!r}")
        self.__post_init__()

    @property
    def _holds_only(self) -> bool:
        return True

    def children(self) -> Mapping[str, Layer]:
        return {str(i): layer for i, layer in enumerate(self.modules)}

    def forward(self, m: Bound, *args: Any) -> NoReturn:
        raise NotImplementedError("a ModuleList holds layers and can't be called: call the layers that it holds")

    def _bound(self) -> type[Bound]:
        return BoundList

    def __len__(self) -> int:
        return len(self.modules)

    def __getitem__(self, index: int | slice) -> Any:
        return ModuleList(self.modules[index]) if isinstance(index, slice) else self.modules[index]

    def __repr__(self) -> str:
        return list_repr("ModuleList", self.modules)
