"""The walk over objects of other kinds: of libraries, iterators, references, wrappers.

`purenn.nn.walk.Walk` inherits these methods and calls `_other` for a value that is neither code nor a container.
"""

from __future__ import annotations

import array as c_array
import functools
import io
import itertools
import operator
import os
import random
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NoReturn

import numpy as np

from purenn.nn.code import is_library_class
from purenn.nn.reach import Path, text
from purenn.nn.values import ATOMS, ById, clears_of, copyable_object, is_code, is_namespace, slots_of
from purenn.nn.walk_code import CodeWalk

__all__ = ["ObjectWalk"]

_environment: dict[Any, Any] = vars(os.environ)["_data"]  # os.environ makes new strings at each access


class ObjectWalk(CodeWalk):
    """Follows objects whose content can be seen, and refuses others."""

    def _other(self, path: Path, value: object, kind: type, lift: bool) -> None:
        if isinstance(value, random.SystemRandom):
            raise TypeError(
                f"{text(path)} is a random.SystemRandom: draw before the call, and give the numbers as an argument"
            )
        elif isinstance(value, np.random.Generator | np.random.RandomState | random.Random):
            self._fact(path, ById(value))
            self.reach.generators.append((path, value))
        elif isinstance(value, weakref.ProxyTypes):
            raise TypeError(
                f"{text(path)} is a weakref.proxy, behind which a compiled call can't look: use weakref.ref"
            )
        elif isinstance(value, io.IOBase):
            self._fact(path, ById(value))  # a read of the file is refused in the trace
        elif isinstance(value, Iterator) and is_library_class(kind):  # a user's iterator is an object like others
            raise TypeError(
                f"{text(path)} is an iterator ({kind.__name__}), which gives another item each time: a compiled call "
                "can't follow it. Take the items before the call, and give them as an argument"
            )
        elif kind.__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
            raise TypeError(f"{text(path)} is a torch tensor: convert it, jnp.asarray(tensor.detach().numpy())")
        elif isinstance(value, weakref.ref):
            self._fact(path, ById(value))
            self._watch(path, lambda: (value(),))
            self.add((path, "()"), value(), False)
        elif isinstance(value, ContextVar):
            self._fact(path, ById(value))
            self._watch(path, lambda: (value.get(None),))
            self.add((path, ".get()"), value.get(None), False)
        elif isinstance(value, operator.attrgetter | operator.methodcaller):
            self._fact(path, ById(value))
            arguments = value.__reduce__()[1]
            self.reach.names_found.update(
                name for part in arguments if isinstance(part, str) for name in part.split(".")
            )
            self._items(path, arguments, False)
        elif "__wrapped__" in (getattr(value, "__dict__", None) or ()) and callable(value):
            self._wrapper(path, value)
        elif is_library_class(kind) and not is_namespace(kind):
            self._library_object(path, value, kind)
        else:
            self._fact(path, (type, kind))
            if lift := lift and (copyable_object(kind) or is_namespace(kind)):
                self.reach.lifted[id(value)] = path
            self._attributes(path, value, lift)
            self._class(path, kind)

    def _wrapper(self, path: Path, value: Any) -> None:
        """Looks at an object of an installed package that wraps a function, such as a `jax.custom_vjp` or a cache."""
        self._fact(path, ById(value))
        self.add(path, value.__wrapped__, False)
        if hasattr(value, "cache_info"):
            self.reach.caches.append(value)
            self._fact(path, clears_of(value))
            self._watch(path, lambda: (clears_of(value),))
        self._library_attributes(path, value, is_code)

    def _library_attributes(self, path: Path, value: object, wanted: Callable[[Any], bool]) -> None:
        """Looks at the attributes of a library's object for whose values ``wanted`` is true."""
        attributes = getattr(value, "__dict__", {})
        names = [name for name, part in attributes.items() if wanted(part)]
        if names:
            self._watch(path, functools.partial(map, attributes.get, names))
            for name in names:
                self.add((path, f".{name}"), attributes[name], False)

    def _library_object(self, path: Path, value: object, kind: type) -> None:
        """Looks at the content of a collection from an installed package; any other object of one is a constant."""
        if value is os.environ:
            self._fact(path, (kind, *sorted(os.environ.items())))
            self._watch(path, lambda: itertools.chain(_environment, _environment.values()))
        elif isinstance(value, weakref.WeakKeyDictionary | weakref.WeakValueDictionary | weakref.WeakSet):
            self._refuse_content(path, value)
        elif isinstance(value, Mapping):
            self._fact(path, (kind, len(value)))
            self._watch(path, lambda: itertools.chain(value, value.values()))
            for key in value:
                self.add((path, f"[{key!r}]"), value[key], False)
        elif isinstance(value, Sequence) and not isinstance(value, c_array.array):
            self._fact(path, (kind, len(value)))
            self._watch(path, functools.partial(iter, value))
            self._items(path, value, False)
        elif _is_hashable(value):
            self._opaque(path, value)
            self._attributes(path, value, False)
            self._library_attributes(path, value, lambda part: type(part) in (*ATOMS, float) or is_code(part))
        elif hasattr(value, "__dict__") or slots_of(kind):
            self._fact(path, ById(value))
            self._attributes(path, value, False, every=True)
        else:
            self._refuse_content(path, value)

    def _opaque(self, path: Path, value: object) -> None:
        """Notes a hashable object or a slice as a constant."""
        self._fact(path, (type(value), value if _is_hashable(value) else repr(value)))

    def _refuse_content(self, path: Path, value: object) -> NoReturn:
        raise TypeError(
            f"{text(path)} is a {type(value).__name__}, whose content a compiled call can't follow: convert what is "
            "needed to arrays, numbers, lists or dicts, or give it as an argument"
        )


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
