"""Modules that hold modules: as lists, as dicts, one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from purenn import layers
from purenn.nn import from_layer
from purenn.nn.container import NamedEntries, NumberedEntries, pairs
from purenn.nn.module import Module
from purenn.tree import list_repr

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


class _ModuleList(NumberedEntries):
    def _names(self) -> list[str]:
        return list(self._modules)

    def _put(self, name: str, value: Any) -> None:
        self.register_module(name, value)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._like(self._names()[index])
        return self._modules[self._index(index)]

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._modules.values()))

    def _renumber(self, modules: Iterable[Any]) -> None:
        numbered = {str(i): module for i, module in enumerate(modules)}
        self._modules.clear()
        self._modules.update(numbered)
        self._touched()

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self._index(index)
        del modules[index]
        self._renumber(modules)

    def append(self, module: Any) -> Self:
        """Appends a module."""
        self._append(module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Removes a module, or a slice of them, and returns it."""
        value = self[key]
        del self[key]
        return value

    def _insert(self, index: int, module: object) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}.insert takes a module, got {module!r}")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)


class Sequential(_ModuleList):
    """Modules one after another: the output of each is the input of the next.

    Args:
        args: the modules, or one dict of them by name.

    Source: ``torch.nn.Sequential``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> net(jnp.ones((3, 4))).shape, len(net), net[1]
        ((3, 2), 3, ReLU())
    """

    _runs_layers_only = True

    def __init__(self, *args: Any):
        super().__init__()
        named = args[0] if len(args) == 1 and isinstance(args[0], Mapping) else dict(enumerate(args))
        for name, module in named.items():
            self.register_module(str(name), module)

    def forward(self, input: Any) -> Any:
        return layers.Sequential.forward(self, self, input)  # pyright: ignore[reportArgumentType]

    def _like(self, names: list[str]) -> Any:
        return type(self)({name: self._modules[name] for name in names})

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Appends modules."""
        return self._extend(sequential)

    def insert(self, index: int, module: Module) -> Self:
        """Inserts a module before an index; all modules are numbered anew."""
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range for {type(self).__name__} of length {len(self)}")
        self._insert(index, module)
        return self

    def __add__(self, other: Iterable[Module]) -> Sequential:
        return Sequential(*self, *self._other(other))

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(self._other(other))

    def _other(self, other: Iterable[Module]) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"{type(self).__name__} + takes a Sequential, got {type(other).__name__}")
        return other

    def _times(self, times: int) -> list[Any]:
        if not isinstance(times, int):
            raise TypeError(f"{type(self).__name__} * takes an integer, got {type(times).__name__}")
        if times < 1:
            raise ValueError(f"{type(self).__name__} * takes a positive integer, got {times}")
        return list(self) * times

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*self._times(times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        return self.extend(self._times(times)[len(self) :])


from_layer.register(layers.Sequential, Sequential)


class ModuleList(_ModuleList):
    """Modules in a list.

    Args:
        modules: the modules.

    Source: ``torch.nn.ModuleList``.

    Example:
        >>> from purenn import nn
        >>> nn.ModuleList(nn.Linear(10, 10) for _ in range(3))
        ModuleList(
          (0-2): 3 x Linear(in_features=10, out_features=10, bias=True)
        )
    """

    _runs_layers_only = True

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        self.extend(modules or ())

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def extend(self, modules: Iterable[Module]) -> Self:
        """Appends modules."""
        return self._extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Inserts a module before an index."""
        self._insert(index, module)

    def __repr__(self) -> str:
        return list_repr(self._get_name(), self)


from_layer.register(layers.ModuleList, ModuleList)


class ModuleDict(NamedEntries):
    """Modules by name.

    Args:
        modules: a mapping, or pairs.

    Source: ``torch.nn.ModuleDict``.

    Example:
        >>> from purenn import nn
        >>> choices = nn.ModuleDict({"conv": nn.Conv2d(10, 10, 3), "act": nn.ReLU()})
        >>> list(choices), choices["act"]
        (['conv', 'act'], ReLU())
    """

    _runs_layers_only = True

    def __init__(self, modules: Iterable[Any] | None = None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def _entries(self) -> dict[str, Any]:
        return self._modules

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"ModuleDict: a name must be a string, got {key!r}")
        self.register_module(key, value)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]
        self._touched()

    def update(self, modules: Iterable[Any]) -> None:
        """Adds modules from a mapping or from pairs."""
        for key, module in pairs("ModuleDict.update", modules):
            self[key] = module
