"""Questions about Python's values that `purenn.nn.walk` and `purenn.nn.copies` ask.

The only state is how often the cache of a function was seen to have been cleared.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import sys
import types
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from purenn.nn.code import HEAP_TYPE, is_library_class
from purenn.nn.node import Node

__all__ = [
    "ATOMS",
    "ById",
    "Constant",
    "cell_contents",
    "class_contents",
    "clears_of",
    "content_of",
    "copyable_object",
    "defaults_of",
    "imported_by",
    "is_code",
    "is_namespace",
    "left_out_of_caches",
    "names_in",
    "restore",
    "slots_of",
]

ATOMS = (type(None), bool, int, str, bytes, type(Ellipsis), type(NotImplemented), range, np.dtype)


class ById:
    """Stands for an object without a value to compare: it equals only itself."""

    __slots__ = ("value",)

    def __init__(self, value: object):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.value is other.value

    def __repr__(self) -> str:
        return f"this {type(self.value).__name__}"


class Constant:
    """Stands for a root whose arrays are facts."""

    __slots__ = ("value",)

    def __init__(self, value: object):
        self.value = value


@functools.lru_cache(maxsize=4096)
def copyable_object(cls: type) -> bool:
    """Whether objects of a class consist of attributes alone, so that a copy of these is a copy of the object."""
    return all(base.__flags__ & HEAP_TYPE for base in cls.__mro__[:-1]) and not hasattr(cls, "__del__")


def is_namespace(cls: type) -> bool:
    """Whether a class of Python's library has objects that consist of attributes alone."""
    return (cls.__module__, cls.__name__) in {("types", "SimpleNamespace"), ("argparse", "Namespace")}


@functools.lru_cache(maxsize=4096)
def slots_of(cls: type) -> tuple[str, ...]:
    """The names of the slots of a class."""
    declared = [vars(base).get("__slots__", ()) for base in cls.__mro__]
    names = [name for slots in declared for name in ((slots,) if isinstance(slots, str) else slots)]
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def names_in(module: types.ModuleType) -> frozenset[str]:
    """The names in a Python module, without Python's own such as ``__file__``."""
    return frozenset(name for name in vars(module) if not name.startswith("__"))


def class_contents(cls: type, members: Mapping[str, Any], counted: Iterable[str]) -> Iterator[Any]:
    """The parts of a class that may change: its bases, its names, and the values of the names that count."""
    return itertools.chain(cls.__bases__, members, map(members.get, counted))


def is_code(value: object) -> bool:
    """Whether a value that a library's function closes over is, or may lead to, a user's code, data or module."""
    if isinstance(value, types.FunctionType | types.MethodType | functools.partial | Node | jax.Array):
        return True
    if isinstance(value, tuple | list | dict):
        items = value.values() if isinstance(value, dict) else value
        return bool(value) and all(is_code(item) or isinstance(item, (*ATOMS, float)) for item in items)
    if isinstance(value, type | types.ModuleType | weakref.WeakKeyDictionary | weakref.WeakValueDictionary):
        return False  # weak dictionaries are caches
    if not is_library_class(type(value)):
        return True
    functions = types.FunctionType | types.MethodType
    attributes = getattr(value, "__dict__", {}).values()
    return any(isinstance(part, functions) or not is_library_class(type(part)) for part in attributes)


@contextlib.contextmanager
def left_out_of_caches(caches: Iterable[Any]) -> Iterator[None]:
    """A context after which the caches of functions are cleared, if they hold traced arrays."""
    before = [(cached, cached.cache_info().misses) for cached in caches]
    try:
        yield
    finally:
        for cached, misses in before:
            if cached.cache_info().misses > misses and _holds_tracers(cached):
                _, clears = _calls_seen.get(cached, (0, 0))
                cached.cache_clear()
                _calls_seen[cached] = 0, clears


def _holds_tracers(cached: object) -> bool:
    """Whether a ``functools.lru_cache`` holds a traced array, as the garbage collector sees it."""
    referents = gc.get_referents(cached)
    referents += [result for part in referents if type(part) is dict for result in part.values()]
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(referents))


_calls_seen: weakref.WeakKeyDictionary[Any, tuple[int, int]] = weakref.WeakKeyDictionary()


def clears_of(cached: Any) -> int:
    """How often a function's cache was seen to have been cleared."""
    info = cached.cache_info()
    calls = info.hits + info.misses
    before, clears = _calls_seen.get(cached, (0, 0))
    clears += calls < before
    _calls_seen[cached] = calls, clears
    return clears


def cell_contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def content_of(array: jax.Array | np.ndarray | np.generic) -> bytes:
    return np.asarray(array).tobytes() if array.dtype.kind != "O" else repr(array).encode()


def restore(container: Any, items: list[Any]) -> None:
    """Puts items back into a list, deque or set, or keys and values, keys first, into a dict; others can't change."""
    if isinstance(container, dict):
        count = len(items) // 2
        dict.clear(container)
        dict.update(container, zip(items[:count], items[count:], strict=True))
    elif isinstance(container, list | deque | set):
        container.clear()
        container.update(items) if isinstance(container, set) else container.extend(items)


def imported_by(namespace: dict[str, Any], names: tuple[tuple[str, int], ...]) -> list[types.ModuleType | None]:
    """The Python modules that a function imports; None for those that aren't loaded yet."""
    package = namespace.get("__package__") or ""
    modules = []
    for name, level in names:
        base = package.rsplit(".", level - 1)[0] if level else ""
        modules.append(sys.modules.get(".".join(filter(None, (base, name)))))
    return modules


def defaults_of(function: types.FunctionType) -> tuple[Any, ...]:
    """The code and the defaults of a function."""
    return (function.__code__, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
