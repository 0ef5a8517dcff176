"""Modules that hold modules or parameters: as lists, as dicts, one after another."""

from __future__ import annotations

import operator
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, Self

import jax
import numpy as np

from purenn import layers
from purenn.nn import from_layer
from purenn.nn.module import Module
from purenn.nn.parameter import Parameter, is_unassigned
from purenn.tree import list_repr

__all__ = ["Container", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class Container(Module):
    """A module of the modules given by name: an old class, for which there is `Module`.

    Args:
        kwargs: the modules.

    Source: ``torch.nn.Container``.

    Example:
        >>> import warnings
        >>> from purenn import nn
        >>> with warnings.catch_warnings(action="ignore"):
        ...     nn.Container(act=nn.ReLU())
        Container(
          (act): ReLU()
        )
    """

    def __init__(self, **kwargs: Any):
        warnings.warn("nn.Container is deprecated: subclass nn.Module.", FutureWarning, stacklevel=2)
        super().__init__()
        for name, module in kwargs.items():
            self.register_module(name, module)


def _pairs(where: str, entries: Any) -> Iterator[tuple[Any, Any]]:
    """The entries of a mapping, of a container by name or of a sequence of pairs."""
    if isinstance(entries, Mapping | _Dict):
        yield from list(entries.items())
        return
    if not isinstance(entries, Iterable):
        raise TypeError(f"{where} takes a mapping or pairs, got {type(entries).__name__}")
    for i, pair in enumerate(entries):
        if not isinstance(pair, Iterable):
            raise TypeError(f"{where}: entry {i} must be a name and a value, got {type(pair).__name__}")
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"{where}: entry {i} must be a name and a value, got {len(pair)} elements")
        yield pair


class _List(Module):
    """Entries numbered from 0."""

    def _names(self) -> list[str]:
        raise NotImplementedError

    def _index(self, index: Any) -> str:
        i, n = operator.index(index), len(self)
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of range for {type(self).__name__} of length {n}")
        return self._names()[i]

    def _put(self, name: str, value: Any) -> None:
        raise NotImplementedError

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._like(self._names()[index])
        return getattr(self, self._index(index))

    def _like(self, names: list[str]) -> Any:
        return type(self)([getattr(self, name) for name in names])  # pyright: ignore[reportCallIssue]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._put(self._index(index), value)

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, name) for name in self._names()])

    def extend(self, values: Iterable[Any], /) -> Self:
        """Adds several at the end."""
        return self._extend(values)

    def __iadd__(self, other: Iterable[Any]) -> Self:
        return self.extend(other)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def _append(self, value: Any) -> None:
        self._put(str(len(self)), value)

    def _extend(self, values: Iterable[Any]) -> Self:
        if not isinstance(values, Iterable) or isinstance(values, jax.Array | np.ndarray) or is_unassigned(values):
            raise TypeError(f"{type(self).__name__}.extend takes an iterable, got {type(values).__name__}")
        for value in list(values):
            self._append(value)
        return self


class _ModuleList(_List):
    def _names(self) -> list[str]:
        return list(self._modules)

    def _put(self, name: str, value: Any) -> None:
        self.register_module(name, value)

    def __getitem__(self, index: Any) -> Any:
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

    def __delitem__(self, index: Any) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self._index(index)
        del modules[index]
        self._renumber(modules)

    def append(self, module: Any) -> Self:
        """Adds one at the end."""
        self._append(module)
        return self

    def pop(self, key: Any) -> Any:
        """Takes one out, or a slice of them, and gives it."""
        value = self[key]
        del self[key]
        return value

    def _insert(self, index: int, module: Any) -> None:
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
        """Adds several at the end."""
        return self._extend(sequential)

    def insert(self, index: int, module: Module) -> Self:
        """Adds one before a place; all are numbered anew."""
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range for {type(self).__name__} of length {len(self)}")
        self._insert(index, module)
        return self

    def __add__(self, other: Any) -> Sequential:
        return Sequential(*self, *self._other(other))

    def __iadd__(self, other: Any) -> Self:
        return self.extend(self._other(other))

    def _other(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"{type(self).__name__} + takes a Sequential, got {type(other).__name__}")
        return other

    def _times(self, times: Any) -> list[Any]:
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

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        self.extend(modules or ())

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def extend(self, modules: Iterable[Module]) -> Self:
        """Adds several at the end."""
        return self._extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Adds one before a place."""
        self._insert(index, module)

    def __repr__(self) -> str:
        return list_repr(self._get_name(), self)


from_layer.register(layers.ModuleList, ModuleList)


class _Dict(Module):
    """Entries by name, in the order in which they came."""

    def _entries(self) -> dict[str, Any]:
        raise NotImplementedError

    def __getitem__(self, key: str) -> Any:
        return self._entries()[key]

    def __delitem__(self, key: str) -> None:
        raise NotImplementedError

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
        for key in self:
            del self[key]

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

    def __init__(self, modules: Any = None):
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

    def update(self, modules: Any) -> None:
        """Adds modules from a mapping or from pairs."""
        for key, module in _pairs("ModuleDict.update", modules):
            self[key] = module


class _Parameters(Module):
    """Entries that are parameters, if they are arrays; others, which are kept as plain attributes or modules, too."""

    _own_attributes = True

    def _put(self, name: str, value: Any) -> None:
        if isinstance(value, jax.Array | np.ndarray | np.generic):
            value = Parameter(value)
        setattr(self, name, value)

    def _listed(self) -> Iterable[tuple[Any, Any]]:
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"{type(self).__name__} holds parameters and can't be called")

    def extra_repr(self) -> str:
        lines = []
        for name, value in self._listed():
            text = f"Object of type: {type(value).__name__}"
            if isinstance(value, jax.Array):
                kind = "Parameter" if str(name) in self._parameters else "Tensor"
                text = f"{kind} containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}]"
            lines.append(f"  ({name}): {text}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        lines = self.extra_repr().splitlines()
        children = [f"({name}): {module!r}" for name, module in self._modules.items()]
        if not children and len(lines) < 2:  # torch's way with one line
            return f"{self._get_name()}({''.join(lines)})"
        return f"{self._get_name()}(\n  " + "\n".join([*lines, *children]).replace("\n", "\n  ") + "\n)"


class ParameterList(_Parameters, _List):
    """Parameters in a list.

    Args:
        values: arrays, parameters, or anything else, which is kept as it is and isn't trained.

    Source: ``torch.nn.ParameterList``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> weights = nn.ParameterList([jnp.ones(2), jnp.zeros(3)])
        >>> len(weights), weights[1].shape
        (2, (3,))
    """

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _names(self) -> list[str]:
        return [str(i) for i in range(self._size)]

    def _listed(self) -> Iterable[tuple[Any, Any]]:
        return enumerate(self)

    def _append(self, value: Any) -> None:
        self._put(str(self._size), value)
        self._size += 1

    def append(self, value: Any) -> Self:
        """Adds one at the end."""
        self._append(value)
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Adds several at the end."""
        return self._extend(values)


class ParameterDict(_Parameters, _Dict):
    """Parameters by name.

    Args:
        parameters: a mapping, which is sorted unless it is an ``OrderedDict``, or pairs, of arrays, parameters, or
            anything else, which is kept as it is and isn't trained.

    Source: ``torch.nn.ParameterDict``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> weights = nn.ParameterDict({"left": jnp.ones(2), "right": jnp.zeros(3)})
        >>> list(weights), weights["right"].shape
        (['left', 'right'], (3,))
    """

    def __init__(self, parameters: Any = None):
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def _entries(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in self._keys}

    def _listed(self) -> Iterable[tuple[Any, Any]]:
        return self.items()

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"ParameterDict: a name must be a string, got {key!r}")
        self._put(key, value)
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def update(self, parameters: Any) -> None:
        """Adds entries from a mapping, in the order of their names unless it is an ``OrderedDict``, or from pairs."""
        pairs = _pairs("ParameterDict.update", parameters)
        unordered = isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict)
        for key, value in sorted(pairs, key=lambda pair: pair[0]) if unordered else pairs:
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The entry of this name; if there is none, `default` becomes it."""
        if key not in self:
            self[key] = default
        return self[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The entry of this name, or `default`."""
        return getattr(self, key) if key in self._keys else default

    def copy(self) -> ParameterDict:
        """Another with the same entries."""
        return ParameterDict(OrderedDict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """One with these names, all with the same value."""
        return ParameterDict([(key, default) for key in keys])

    def popitem(self) -> tuple[str, Any]:
        """Takes the last out and gives it with its name."""
        if not self._keys:
            raise KeyError("popitem: the ParameterDict is empty")
        key = next(reversed(self))
        return key, self.pop(key)

    def __or__(self, other: ParameterDict) -> ParameterDict:
        made = self.copy()
        made.update(other)
        return made

    def __ror__(self, other: Any) -> ParameterDict:
        made = other.copy()
        made.update(self)
        return made

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self
