"""Modules that hold parameters: as lists and as dicts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, Self

import jax
import numpy as np

from purenn.nn.container import NamedEntries, NumberedEntries, pairs
from purenn.nn.module import Module
from purenn.nn.parameter import Parameter

__all__ = ["ParameterDict", "ParameterList"]


class _Parameters(Module):
    """Entries of any kind: arrays become parameters, other values attributes or modules."""

    _own_attributes = True

    def _put(self, name: str, value: object) -> None:
        if isinstance(value, jax.Array | np.ndarray | np.generic):
            value = Parameter(np.asarray(value) if isinstance(value, np.generic) else value)
        setattr(self, name, value)

    def _listed(self) -> Iterable[tuple[Any, Any]]:
        raise NotImplementedError

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
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
        if not children and len(lines) < 2:  # as in torch
            return f"{self._get_name()}({''.join(lines)})"
        return f"{self._get_name()}(\n  " + "\n".join([*lines, *children]).replace("\n", "\n  ") + "\n)"


class ParameterList(_Parameters, NumberedEntries):
    """Parameters in a list.

    Args:
        values: arrays or parameters; any other value is kept unchanged and isn't trained.

    Source: ``torch.nn.ParameterList``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> weights = nn.ParameterList([jnp.ones(2), jnp.zeros(3)])
        >>> len(weights), weights[1].shape
        (2, (3,))
    """

    _runs_layers_only = True

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _names(self) -> list[str]:
        return [str(i) for i in range(self._size)]

    def _listed(self) -> Iterable[tuple[Any, Any]]:
        return enumerate(self)

    def _append(self, value: object) -> None:
        self._put(str(self._size), value)
        self._size += 1

    def append(self, value: object) -> Self:
        """Appends an entry."""
        self._append(value)
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Appends entries."""
        return self._extend(values)


class ParameterDict(_Parameters, NamedEntries):
    """Parameters by name.

    Args:
        parameters: pairs, or a mapping, which is sorted by name unless it is an ``OrderedDict``. Values are arrays or
            parameters; any other value is kept unchanged and isn't trained.

    Source: ``torch.nn.ParameterDict``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> weights = nn.ParameterDict({"left": jnp.ones(2), "right": jnp.zeros(3)})
        >>> list(weights), weights["right"].shape
        (['left', 'right'], (3,))
    """

    _runs_layers_only = True

    def __init__(self, parameters: Iterable[Any] | None = None):
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

    def __setitem__(self, key: str, value: object) -> None:
        if not isinstance(key, str):
            raise TypeError(f"ParameterDict: a name must be a string, got {key!r}")
        self._put(key, value)
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def update(self, parameters: Iterable[Any]) -> None:
        """Adds entries from pairs, or from a mapping, sorted by name unless it is an ``OrderedDict``."""
        entries = pairs("ParameterDict.update", parameters)
        unordered = isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict)
        for key, value in sorted(entries, key=lambda pair: pair[0]) if unordered else entries:
            self[key] = value

    def setdefault(self, key: str, default: object = None) -> Any:
        """The entry of this name; `default` is added if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def get(self, key: str, default: object = None) -> Any:
        """The entry of this name, or `default`."""
        return getattr(self, key) if key in self._keys else default

    def copy(self) -> ParameterDict:
        """A new `ParameterDict` with the same entries."""
        return ParameterDict(OrderedDict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: object = None) -> ParameterDict:
        """A new `ParameterDict` with these names and one value for all."""
        return ParameterDict([(key, default) for key in keys])

    def popitem(self) -> tuple[str, Any]:
        """Removes the last entry and returns its name and value."""
        if not self._keys:
            raise KeyError("popitem: the ParameterDict is empty")
        key = next(reversed(self))
        return key, self.pop(key)

    def __or__(self, other: ParameterDict) -> ParameterDict:
        union = self.copy()
        union.update(other)
        return union

    def __ror__(self, other: Any) -> ParameterDict:
        union = other.copy()
        union.update(self)
        return union

    def __ior__(self, other: Mapping[str, Any]) -> Self:
        self.update(other)
        return self
