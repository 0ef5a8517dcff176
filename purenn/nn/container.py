"""The bases of modules that hold entries, by number or by name."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import jax
import numpy as np

from purenn.nn.module import Module
from purenn.nn.parameter import is_unassigned

__all__ = ["Container", "NamedEntries", "NumberedEntries", "pairs"]


class Container(Module):
    """A module whose children are given by name; deprecated: subclass `Module`.

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

    def __init__(self, **kwargs: Module | None):
        warnings.warn("nn.Container is deprecated: subclass nn.Module.", FutureWarning, stacklevel=2)
        super().__init__()
        for name, module in kwargs.items():
            self.register_module(name, module)


def pairs(where: str, entries: object) -> Iterator[tuple[Any, Any]]:
    """The entries of a mapping, of a container by name or of a sequence of pairs."""
    if isinstance(entries, Mapping | NamedEntries):
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


class NumberedEntries(Module):
    """Entries numbered from 0."""

    def _names(self) -> list[str]:
        raise NotImplementedError

    def _index(self, index: int) -> str:
        i, n = operator.index(index), len(self)
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of range for {type(self).__name__} of length {n}")
        return self._names()[i]

    def _put(self, name: str, value: object) -> None:
        raise NotImplementedError

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._like(self._names()[index])
        return getattr(self, self._index(index))

    def _like(self, names: list[str]) -> Any:
        return type(self)([getattr(self, name) for name in names])  # pyright: ignore[reportCallIssue]

    def __setitem__(self, index: int, value: object) -> None:
        self._put(self._index(index), value)

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, name) for name in self._names()])

    def extend(self, values: Iterable[Any], /) -> Self:
        """Appends entries."""
        return self._extend(values)

    def __iadd__(self, other: Iterable[Any]) -> Self:
        return self.extend(other)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def _append(self, value: object) -> None:
        self._put(str(len(self)), value)

    def _extend(self, values: Iterable[Any]) -> Self:
        if not isinstance(values, Iterable) or isinstance(values, jax.Array | np.ndarray) or is_unassigned(values):
            raise TypeError(f"{type(self).__name__}.extend takes an iterable, got {type(values).__name__}")
        for value in list(values):
            self._append(value)
        return self


class NamedEntries(Module):
    """Entries by name, in the order in which they were added."""

    def _entries(self) -> dict[str, Any]:
        raise NotImplementedError

    def __getitem__(self, key: str) -> Any:
        return self._entries()[key]

    def __delitem__(self, key: str) -> None:
        raise NotImplementedError

    def __setitem__(self, key: str, value: object) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._entries())

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._entries()))

    def __contains__(self, key: object) -> bool:
        return key in self._entries()

    def clear(self) -> None:
        """Removes all entries."""
        for key in self:
            del self[key]

    def pop(self, key: str) -> Any:
        """Removes an entry and returns it."""
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
