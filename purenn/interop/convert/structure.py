"""Trees: how arguments and results are taken apart into leaves and put together, as plain data."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import jax
from jax.tree_util import DictKey

__all__ = ["Record", "Tree", "flatten", "paths", "unflatten"]


class Record(dict[str, Any]):
    """An object of a class that a torch module returns: a dict whose entries are attributes too.

    It stands for data classes, outputs of transformers and caches, so that no class of a torch package is needed.

    Example:
        >>> from purenn.interop.convert.structure import Record
        >>> output = Record("Output", {"logits": 1, "loss": None})
        >>> output.logits, output["logits"], output
        (1, 1, Output(logits=1, loss=None))
    """

    def __init__(self, kind: str, entries: Mapping[str, Any]):
        super().__init__(entries)
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"{vars(self).get('_kind', 'Record')} has no entry {name!r}, only {', '.join(self)}")

    def __getitem__(self, key: str | int | slice) -> Any:
        if isinstance(key, str):
            return super().__getitem__(key)
        return tuple(v for v in self.values() if v is not None)[key]  # as outputs of transformers are read

    def __reduce__(self) -> tuple[type[Record], tuple[str, dict[str, Any]]]:
        return Record, (self._kind, dict(self))

    def __repr__(self) -> str:
        return f"{self._kind}({', '.join(f'{k}={v!r}' for k, v in self.items())})"


Form: TypeAlias = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]  # a record's kind, names and strings


def _taken_apart(record: Record) -> tuple[list[Any], Form]:
    """The arrays, and the form: strings are part of it, since no compiled function returns one."""
    strings = {k: v for k, v in record.items() if isinstance(v, str)}
    return [v for k, v in record.items() if k not in strings], (record._kind, tuple(record), tuple(strings.items()))


def _put_together(form: Form, values: Iterable[Any]) -> Record:
    kind, names, strings = form
    entries, rest = dict[str, Any](strings), iter(values)
    return Record(kind, {n: entries[n] if n in entries else next(rest) for n in names})


def _with_keys(record: Record) -> tuple[list[tuple[Any, Any]], Form]:
    values, form = _taken_apart(record)
    known = {n for n, _ in form[2]}
    return list(zip([DictKey(n) for n in record if n not in known], values, strict=True)), form


jax.tree_util.register_pytree_with_keys(Record, _with_keys, _put_together, _taken_apart)


@dataclasses.dataclass(frozen=True)
class Tree:
    """How a value is made of its leaves.

    Attributes:
        kind: ``leaf``, ``tuple``, ``list``, ``dict``, ``namedtuple`` or ``record``.
        name: the class's name, of a named tuple or a record.
        keys: the keys of the children.
        children: the children.
    """

    kind: str = "leaf"
    name: str = ""
    keys: tuple[Any, ...] = ()
    children: tuple[Tree, ...] = ()

    @property
    def count(self) -> int:
        """The number of leaves."""
        return 1 if self.kind == "leaf" else sum(child.count for child in self.children)


_namedtuples: dict[tuple[str, tuple[Any, ...]], Any] = {}


def _namedtuple(name: str, keys: tuple[Any, ...]) -> Any:
    if (name, keys) not in _namedtuples:
        _namedtuples[name, keys] = collections.namedtuple(name, keys)
    return _namedtuples[name, keys]


def unflatten(tree: Tree, leaves: Iterator[Any]) -> Any:
    """Puts a value together from its leaves."""
    if tree.kind == "leaf":
        return next(leaves)
    values = [unflatten(child, leaves) for child in tree.children]
    if tree.kind == "tuple":
        return tuple(values)
    if tree.kind == "list":
        return values
    if tree.kind == "dict":
        return dict(zip(tree.keys, values, strict=True))
    if tree.kind == "namedtuple":
        return _namedtuple(tree.name, tree.keys)(*values)
    return Record(tree.name, dict(zip(tree.keys, values, strict=True)))


def flatten(tree: Tree, value: object, path: str) -> Iterator[Any]:
    """Takes a value of the example's structure apart.

    Raises:
        TypeError: its structure isn't the example's.
    """
    if tree.kind == "leaf":
        yield value
        return
    for child, part, key in zip(tree.children, _parts(tree, value, path), tree.keys, strict=True):
        yield from flatten(child, part, f"{path}[{key!r}]")


def _parts(tree: Tree, value: object, path: str) -> Iterable[Any]:
    count = len(tree.children)
    if tree.kind in ("dict", "record") and isinstance(value, Mapping):
        if set(value) == set(tree.keys):
            return [value[key] for key in tree.keys]
        raise TypeError(f"{path} must have the keys {list(tree.keys)} of the example, got {list(value)}")
    if tree.kind != "dict" and isinstance(value, tuple | list) and len(value) == count:
        return value
    if tree.kind == "record" and all(hasattr(value, str(key)) for key in tree.keys):
        return [getattr(value, key) for key in tree.keys]
    what = f"a {tree.kind} of {count} entries" if tree.kind != "record" else f"a {tree.name} or a dict of {tree.keys}"
    raise TypeError(f"{path} must be {what} as in the example, got {type(value).__name__}")


def paths(tree: Tree, path: str) -> Iterator[str]:
    """The path of every leaf."""
    if tree.kind == "leaf":
        yield path
    for child, key in zip(tree.children, tree.keys, strict=True):
        yield from paths(child, f"{path}[{key!r}]")
