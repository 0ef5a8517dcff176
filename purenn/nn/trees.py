"""Trees of arguments and results as Python has them: dicts in their own order, numbers and strings unchanged.

jax sorts the keys of a dict and turns the numbers that a program returns into arrays. Code that iterates over
``dict.values()`` would then compute something else in a compiled call than in an eager one.
"""

from __future__ import annotations

import dataclasses
import types
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

__all__ = ["FACTS", "Fact", "Result", "is_array", "map_leaves", "rebuild"]


def is_array(value: object) -> bool:
    """Whether a value can be an input or output of a program."""
    return isinstance(value, jax.Array) or (isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufcV")


class _Kind(NamedTuple):
    """The class, attributes and keys of a dataclass or dict that jax doesn't know, from which it is made again."""

    kind: type
    attributes: tuple[str, ...]
    keys: tuple[Any, ...]

    def unflatten(self, values: list[Any]) -> Any:
        mapping: Any = self.kind.__new__(self.kind)  # pyright: ignore[reportCallIssue]
        set_item = OrderedDict.__setitem__ if issubclass(self.kind, OrderedDict) else dict.__setitem__
        for name, value in zip(self.attributes, values, strict=False):
            object.__setattr__(mapping, name, value)
        for key, value in zip(self.keys, values[len(self.attributes) :], strict=True):
            set_item(mapping, key, value)
        return mapping


def _taken_apart(value: object) -> tuple[_Kind, dict[str, Any]] | None:
    if not dataclasses.is_dataclass(value) and not isinstance(value, dict | types.SimpleNamespace):
        return None
    attributes, entries = getattr(value, "__dict__", {}), value if isinstance(value, dict) else {}
    parts = {f".{name}": part for name, part in attributes.items()}
    parts |= {f"[{key!r}]": part for key, part in entries.items()}
    return _Kind(type(value), tuple(attributes), tuple(entries)), parts


def map_leaves(tree: Any, leaf: Callable[[Any, str], Any], where: str = "", *, objects: bool = False) -> Any:
    """The form of a tree: hashable, with the result of ``leaf(value, path)`` in the place of each leaf.

    Args:
        tree: any tree.
        leaf: is called with each leaf and its path.
        where: the path of the tree.
        objects: whether dataclasses and subclasses of dict that jax doesn't know are trees, too.
    """
    kind = type(tree)
    if tree is None:
        return None
    if kind is tuple or kind is list:
        return kind, tuple(map_leaves(part, leaf, f"{where}[{i}]", objects=objects) for i, part in enumerate(tree))
    if kind is dict:
        keys = tuple((type(key), key) for key in tree)
        items = tree.items()
        return kind, tuple(map_leaves(part, leaf, f"{where}[{key!r}]", objects=objects) for key, part in items), keys
    if is_array(tree):
        return leaf(tree, where)
    parts, form = jax.tree.flatten(tree, is_leaf=lambda part: part is not tree)
    if len(parts) == 1 and parts[0] is tree:
        if objects and (taken := _taken_apart(tree)) is not None:
            named = taken[1].items()
            return taken[0], tuple(map_leaves(part, leaf, where + name, objects=True) for name, part in named)
        return leaf(tree, where)
    named = jax.tree_util.tree_flatten_with_path(tree, is_leaf=lambda part: part is not tree)[0]
    pairs = [(part, where + jax.tree_util.keystr(path)) for path, part in named]
    return form, tuple(map_leaves(part, leaf, path, objects=objects) for part, path in pairs)


def rebuild(form: object, leaf: Callable[[Any], Any]) -> Any:
    """The tree of a form that `map_leaves` made; ``leaf`` maps each result in it back to a value."""
    if form is None:
        return None
    if not isinstance(form, tuple):
        return leaf(form)
    kind, parts, *keys = form
    values = [rebuild(part, leaf) for part in parts]
    if kind is dict:
        return {key: value for (_, key), value in zip(keys[0], values, strict=True)}
    return kind(values) if kind in (tuple, list) else kind.unflatten(values)


class Fact:
    """A number or string among the arguments or results of a call: a constant of the program, compared by value."""

    __slots__ = ("fact", "value")

    def __init__(self, value: object):
        self.value, self.fact = value, (type(value), repr(value) if isinstance(value, float | complex) else value)

    def __hash__(self) -> int:
        return hash(self.fact)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fact) and self.fact == other.fact


FACTS = (bool, int, float, complex, str, bytes)


class Result:
    """The result of a traced call: its arrays, and the form in which it returned them."""

    __slots__ = ("arrays", "form")

    def __init__(self, arrays: list[Any], form: object):
        self.arrays, self.form = arrays, form

    @staticmethod
    def of(value: object, what: str) -> Any:
        """A value as a program returns it: unchanged if jax keeps its form, else as a `Result`."""
        if isinstance(value, jax.Array):
            return value
        arrays: list[Any] = []
        plain = True

        def leaf(part: Any, where: str) -> Any:
            nonlocal plain
            if is_array(part):
                arrays.append(part)
                return len(arrays) - 1
            if not isinstance(part, FACTS):
                raise TypeError(
                    f"{what} returned a {type(part).__name__}{f' at {where}' if where else ''}: a compiled call "
                    "returns arrays, numbers and strings, and tuples, lists, dicts, dataclasses and other trees of "
                    "these"
                )
            plain = False
            return Fact(part)

        form = map_leaves(value, leaf, objects=True)
        return value if plain and _is_sorted(form) else Result(arrays, form)

    def value(self) -> Any:
        return rebuild(self.form, lambda leaf: leaf.value if isinstance(leaf, Fact) else self.arrays[leaf])


def _is_sorted(form: object) -> bool:
    """Whether the keys of all dicts are sorted, as in the results of a program."""
    if not isinstance(form, tuple):
        return True
    kind, parts, *keys = form
    if isinstance(kind, _Kind):
        return False
    if kind is dict:
        names = [key for _, key in keys[0]]
        try:
            if names != sorted(names):
                return False
        except TypeError:
            return False
    return all(map(_is_sorted, parts))


jax.tree_util.register_pytree_node(
    Result, lambda result: (result.arrays, result.form), lambda form, arrays: Result(list(arrays), form)
)
