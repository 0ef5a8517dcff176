"""Modules that hold modules or parameters: as lists, as dicts, one after another."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import jax

from purenn import layers
from purenn.nn import call, stock
from purenn.nn.module import Module

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class _List(Module):
    """Entries numbered from 0, in one of the groups that a module has."""

    _group: str

    def _entries(self) -> dict[str, Any]:
        return vars(self)[self._group]

    def _put(self, name: str, value: Any) -> None:
        raise NotImplementedError

    def _refill(self, entries: Iterable[Any]) -> None:
        checked = list(entries)
        self._entries().clear()
        for i, value in enumerate(checked):
            self._put(str(i), value)
        call.touch()

    def _index(self, index: Any) -> str:
        i, n = operator.index(index), len(self)
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of range for {type(self).__name__} of length {n}")
        return list(self._entries())[i]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._like(list(self._entries().items())[index])
        return self._entries()[self._index(index)]

    def _like(self, items: list[tuple[str, Any]]) -> Any:
        return type(self)([value for _, value in items])  # pyright: ignore[reportCallIssue]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._put(self._index(index), value)

    def __delitem__(self, index: Any) -> None:
        entries = list(self._entries().values())
        del entries[index]
        self._refill(entries)

    def __len__(self) -> int:
        return len(self._entries())

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._entries().values()))

    def __iadd__(self, other: Iterable[Any]) -> Self:
        return self.extend(other)

    def append(self, value: Any) -> Self:
        """Adds one at the end."""
        self._put(str(len(self)), value)
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Adds several at the end."""
        if not isinstance(values, Iterable):
            raise TypeError(f"{type(self).__name__}.extend takes an iterable, got {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def insert(self, index: int, value: Any) -> Any:
        """Adds one before a place."""
        entries = list(self)
        entries.insert(index, value)
        self._refill(entries)
        return self

    def pop(self, key: int = -1) -> Any:
        """Takes one out and gives it."""
        value = self[key]
        del self[key]
        return value


class _ModuleList(_List):
    _group = "_modules"

    def _put(self, name: str, value: Any) -> None:
        self.register_module(name, value)


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

    def __init__(self, *args: Any):
        super().__init__()
        named = args[0] if len(args) == 1 and isinstance(args[0], Mapping) else dict(enumerate(args))
        for name, module in named.items():
            self.register_module(str(name), module)

    def forward(self, input: Any) -> Any:
        return layers.Sequential.forward(self, self, input)  # pyright: ignore[reportArgumentType]

    def _like(self, items: list[tuple[str, Any]]) -> Any:
        return type(self)(dict(items))

    def __delitem__(self, index: Any) -> None:
        items = list(self._modules.items())
        names = items[index] if isinstance(index, slice) else [items[operator.index(index)]]
        for name, _ in names:
            del self._modules[name]
        if all(name.isdecimal() for name in self._modules):
            self._refill(self._modules.values())
        call.touch()

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise TypeError(f"Sequential + takes a Sequential, got {type(other).__name__}")
        return Sequential(*self, *other)

    def __mul__(self, times: int) -> Sequential:
        if not isinstance(times, int) or times < 1:
            raise ValueError(f"Sequential * takes a positive integer, got {times!r}")
        return Sequential(*[module for _ in range(times) for module in self])

    __rmul__ = __mul__


stock.register(layers.Sequential, Sequential)


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

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        self.extend(modules or ())

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        runs: list[list[Any]] = []
        for i, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        lines = [
            f"  ({a}): {text}" if a == b else f"  ({a}-{b}): {b - a + 1} x {text}"
            for a, b, text in ((a, b, text.replace("\n", "\n  ")) for a, b, text in runs)
        ]
        return f"{self._get_name()}()" if not lines else f"{self._get_name()}(\n" + "\n".join(lines) + "\n)"


class _Dict(Module):
    """Entries by name, in the order in which they came."""

    _group: str

    def _entries(self) -> dict[str, Any]:
        return vars(self)[self._group]

    def __getitem__(self, key: str) -> Any:
        return self._entries()[key]

    def __delitem__(self, key: str) -> None:
        del self._entries()[key]
        call.touch()

    def __setitem__(self, key: str, value: Any) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._entries())

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._entries()))

    def __contains__(self, key: object) -> bool:
        return key in self._entries()

    def clear(self) -> None:
        """Takes all out."""
        self._entries().clear()
        call.touch()

    def pop(self, key: str) -> Any:
        """Takes one out and gives it."""
        value = self[key]
        del self[key]
        return value

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._entries().keys()

    def values(self) -> Iterable[Any]:
        """The entries."""
        return self._entries().values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The names with their entries."""
        return self._entries().items()

    def update(self, entries: Any) -> None:
        """Adds entries from a mapping or from pairs."""
        for key, value in entries.items() if hasattr(entries, "items") else entries:
            self[key] = value


class ModuleDict(_Dict):
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

    _group = "_modules"

    def __init__(self, modules: Any = None):
        super().__init__()
        self.update(modules or {})

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_module(key, value)


def _parameter_line(name: Any, array: jax.Array) -> str:
    size = "x".join(map(str, array.shape))
    return f"  ({name}): Parameter containing: [{array.dtype} of size {size}]"


class ParameterList(_List):
    """Parameters in a list.

    Args:
        values: arrays or parameters.

    Source: ``torch.nn.ParameterList``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> weights = nn.ParameterList([jnp.ones(2), jnp.zeros(3)])
        >>> len(weights), weights[1].shape
        (2, (3,))
    """

    _group = "_parameters"

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        self.extend(values or ())

    def _put(self, name: str, value: Any) -> None:
        self.register_parameter(name, value)

    def __repr__(self) -> str:
        lines = [_parameter_line(i, array) for i, array in enumerate(self)]
        return f"{self._get_name()}()" if not lines else f"{self._get_name()}(\n" + "\n".join(lines) + "\n)"


class ParameterDict(_Dict):
    """Parameters by name.

    Args:
        parameters: a mapping, or pairs, of arrays or parameters.

    Source: ``torch.nn.ParameterDict``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> weights = nn.ParameterDict({"left": jnp.ones(2), "right": jnp.zeros(3)})
        >>> list(weights), weights["right"].shape
        (['left', 'right'], (3,))
    """

    _group = "_parameters"

    def __init__(self, parameters: Any = None):
        super().__init__()
        self.update(parameters or {})

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_parameter(key, value)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The parameter of this name; if there is none, `default` becomes it."""
        if key not in self:
            self[key] = default
        return self[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of this name, or `default`."""
        return self._parameters.get(key, default)

    def copy(self) -> ParameterDict:
        """Another with the same entries."""
        return ParameterDict(dict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """One with these names, all with the same value."""
        return ParameterDict(dict.fromkeys(keys, default))

    def popitem(self) -> tuple[str, Any]:
        """Takes the last out and gives it with its name."""
        key = list(self)[-1]
        return key, self.pop(key)

    def __or__(self, other: Any) -> ParameterDict:
        return ParameterDict({**dict(self.items()), **dict(other.items())})

    def __repr__(self) -> str:
        lines = [_parameter_line(name, array) for name, array in self.items()]
        return f"{self._get_name()}()" if not lines else f"{self._get_name()}(\n" + "\n".join(lines) + "\n)"
