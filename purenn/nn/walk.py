"""The walk over all that a call can reach: values, containers, objects, modules.

`purenn.nn.program.Programs` starts one by `find_reach`, which walks until no new name of an attribute is found.
"""

from __future__ import annotations

import array as c_array
import functools
import io
import itertools
import operator
import os
import random
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from enum import Enum
from typing import Any, NoReturn

import jax
import numpy as np

from purenn.layers.base import Layer
from purenn.nn.code import is_library, is_library_class
from purenn.nn.node import Node
from purenn.nn.reach import Path, Reach, text
from purenn.nn.structure import attributes_of, structure
from purenn.nn.unsteady import unsteady
from purenn.nn.values import (
    ATOMS,
    ById,
    Constant,
    clears_of,
    content_of,
    copyable_object,
    is_code,
    is_namespace,
    names_in,
    restore_dict,
    restore_items,
    slots_of,
)
from purenn.nn.walk_code import CodeWalk

__all__ = ["Walk", "find_reach"]

_BUILTIN = (types.BuiltinFunctionType, types.WrapperDescriptorType, types.MethodDescriptorType, np.ufunc)
_environment: dict[Any, Any] = vars(os.environ)["_data"]  # os.environ makes its strings anew at each look


class Walk(CodeWalk):
    """Sorts what it comes to into inputs and facts of a `Reach`."""

    def add(self, path: Path, value: Any, lift: bool) -> None:
        """Looks at a value and what can be reached from it."""
        kind = type(value)
        if kind in ATOMS:
            self._fact(path, (kind, value))
        elif kind is float or kind is complex:
            self._fact(path, (kind, repr(value)))
        elif isinstance(value, jax.Array):
            self._array(path, value, lift)
        elif isinstance(value, np.ndarray | np.generic):
            self._numpy(path, value, lift)
        elif kind is tuple:
            self._fact(path, (kind, len(value)))
            self._items(path, value, lift)
            self.reach.lifted[id(value)] = path
            self.reach.seen.keep(value)
        elif isinstance(value, _BUILTIN):
            if (entry := unsteady(value)) is not None:
                raise TypeError(f"{text(path)} is {entry.reason}")
            self._fact(path, ById(value) if getattr(value, "__self__", None) is None else (kind, value.__name__))
            if not isinstance(owner := getattr(value, "__self__", None), types.ModuleType | type | None):
                self.add((path, ".__self__"), owner, lift)
                self.reach.lifted[id(value)] = path
                self.reach.seen.keep(value)
        elif kind is Constant:
            self.add(path, value.value, False)
        elif isinstance(value, types.ModuleType) and is_library(value.__name__):
            self._fact(path, ById(value))
        elif (number := self.reach.seen.number(value)) is not None:
            self._fact(path, ("seen", number))
            if not lift and self.reach.path_of(value) is not None:
                self.reach.fixed_found.add(id(value))
        else:
            self.reach.seen.enter(value)
            self._new(path, value, kind, lift and id(value) not in self.reach.fixed)

    def _new(self, path: Path, value: object, kind: type, lift: bool) -> None:
        if (entry := unsteady(value)) is not None:
            raise TypeError(f"{text(path)} is {entry.reason}")
        if isinstance(value, Node):
            self._module(path, value, lift)
        elif isinstance(value, types.ModuleType):
            self._fact(path, ById(value))
            self._namespace(path, value, frozenset(filter(self._counts, names_in(value))))
        elif isinstance(value, type):
            self._fact(path, (type, value))
            self._class(path, value, making=True)
        elif isinstance(value, Layer):
            self._fact(path, value)
            for name, part in vars(value).items():
                if callable(part) and not isinstance(part, Layer | type):
                    self.add((path, f".{name}"), part, False)
        elif isinstance(value, slice):
            self._opaque(path, value)
        elif isinstance(value, Enum):
            self._opaque(path, value)
            self.add((path, ".value"), value.value, False)
        elif isinstance(value, int | float | complex | str | bytes):  # of a subclass
            self._fact(path, (kind, repr(value)))
            self._attributes(path, value, False)
        else:
            self._copyable(path, value, kind, lift)

    def _copyable(self, path: Path, value: object, kind: type, lift: bool) -> None:
        """Functions, containers and objects: in a trace they are seen as copies, where `lift` says so."""
        if lift:
            self.reach.lifted[id(value)] = path
        if isinstance(value, types.FunctionType):
            self._function(path, value, lift)
        elif isinstance(value, types.MethodType):
            self._function((path, ""), value.__func__, False)
            self.add(path, value.__self__, lift)
        elif isinstance(value, functools.partial):
            self._fact(path, (kind, len(value.args), *value.keywords))
            self._watch(path, functools.partial(itertools.chain, value.keywords, value.keywords.values()))
            self.add(path, value.func, lift)
            self._items(path, value.args, lift)
            for name, part in value.keywords.items():
                self.add((path, f"({name}=)"), part, lift)
        elif isinstance(value, dict | types.MappingProxyType):
            self._fact(path, (kind, *((type(key), key) for key in value)))
            self._watch(path, functools.partial(itertools.chain, value, value.values()), restore_dict(value))
            for key, part in value.items():
                self.add((path, f"[{key!r}]"), part, lift)
        elif isinstance(value, list | deque | tuple):
            self._fact(path, (kind, len(value)))
            self._watch(path, functools.partial(iter, value), restore_items(value))
            self._items(path, value, lift)
        elif isinstance(value, set | frozenset):
            self._fact(path, (kind, frozenset((type(item), item) for item in value)))
            self._watch(path, functools.partial(iter, value), restore_items(value))
        else:
            self.reach.lifted.pop(id(value), None)
            self._other(path, value, kind, lift)
            return
        is_plain = isinstance(value, types.MethodType) or (
            isinstance(value, types.FunctionType) and is_library(value.__globals__.get("__name__"))
        )
        if not is_plain and hasattr(value, "__dict__"):  # of a function or a subclass
            self._attributes(path, value, lift)

    def _other(self, path: Path, value: object, kind: type, lift: bool) -> None:
        if isinstance(value, random.SystemRandom):
            raise TypeError(
                f"{text(path)} is a random.SystemRandom: draw from it before the call, and give that as an argument"
            )
        elif isinstance(value, np.random.Generator | np.random.RandomState | random.Random):
            self._fact(path, ById(value))
            self.reach.generators.append((path, value))
        elif isinstance(value, weakref.ProxyTypes):
            raise TypeError(
                f"{text(path)} is a weakref.proxy, behind which a compiled call can't look: use weakref.ref"
            )
        elif isinstance(value, io.IOBase):
            self._fact(path, ById(value))  # what is read from a file is refused where it is read
        elif isinstance(value, Iterator) and is_library_class(kind):  # one of the user's is an object like others
            raise TypeError(
                f"{text(path)} is an iterator ({kind.__name__}), which gives something else each time: a compiled call "
                "can't follow it. Take from it what is needed, and give that as an argument"
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
        """An object of an installed package around functions, such as a `jax.custom_vjp` or a cache."""
        self._fact(path, ById(value))
        self.add(path, value.__wrapped__, False)
        if hasattr(value, "cache_info"):
            self.reach.caches.append(value)
            self._fact(path, clears_of(value))
            self._watch(path, lambda: (clears_of(value),))
        self._library_attributes(path, value, is_code)

    def _library_attributes(self, path: Path, value: object, wanted: Callable[[Any], bool]) -> None:
        """Looks at those attributes of a library's object that are wanted."""
        attributes = getattr(value, "__dict__", {})
        names = [name for name, part in attributes.items() if wanted(part)]
        if names:
            self._watch(path, functools.partial(map, attributes.get, names))
            for name in names:
                self.add((path, f".{name}"), attributes[name], False)

    def _library_object(self, path: Path, value: object, kind: type) -> None:
        """An object of an installed package: its content where it is a collection, else a constant."""
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
        """Something hashable, or a slice, that counts as a constant."""
        self._fact(path, (type(value), value if _is_hashable(value) else repr(value)))

    def _refuse_content(self, path: Path, value: object) -> NoReturn:
        raise TypeError(
            f"{text(path)} is a {type(value).__name__}, whose content a compiled call can't follow: convert what is "
            "needed to arrays, numbers, lists or dicts, or give it as an argument"
        )

    # Arrays.

    def _array(self, path: Path, array: jax.Array | np.ndarray | np.generic, lift: bool) -> None:
        if not (lift and self.reach.lift):
            self._fact(path, ById(array))
            return
        number = self.reach.seen.number(array)
        if number is None:
            number = self.reach.seen.enter(array)
            self.reach.own_arrays.append(array)
        self._fact(path, ("array", number))

    def _numpy(self, path: Path, array: np.ndarray | np.generic, lift: bool) -> None:
        if lift and self.reach.lift and array.dtype.kind in "biufc":
            self._array(path, array, lift)
            return
        content = content_of(array)
        self._fact(path, (type(array), array.shape, array.dtype.str, content))
        if isinstance(array, np.ndarray):
            self.reach.contents.append((path, array, content))

    # Modules.

    def _module(self, path: Path, module: Node, lift: bool) -> None:
        known = structure(module)
        self.reach.structures.append(known)
        self._fact(path, known.signature)
        for kind, members in (("part", known.parts), ("variable", dict(enumerate(known.variables)))):
            for name, member in members.items():  # where trees overlap, a program depends on how
                number = self.reach.seen.number(member)
                if number is None:
                    self.reach.seen.enter(member)
                elif member is not module:
                    self._fact(path, (kind, name, number))
        base_variables = set(self.reach.base.variables) if self.reach.base is not None else ()
        self.reach.own_variables.update(
            (variable, None) for variable in known.variables if variable not in base_variables
        )
        self.reach.own_modules.update((id(part), part) for part in known.parts.values())
        for place, part in known.parts.items():
            self._part((path, f".{place}" if place else ""), part, lift)

    def _part(self, path: Path, part: Node, lift: bool) -> None:
        """Looks at what a user has added to a module: attributes, hooks, methods."""
        added = attributes_of(part)
        if added:
            everything = type(part)._own_attributes
            counted = {n: v for n, v in added.items() if everything or self._counts(n) or n == "forward"}
            self._watch(path, functools.partial(map, vars(part).get, tuple(counted)))
            for name, value in counted.items():
                self._fact((path, f".{name}"), name)
                self.add((path, f".{name}"), value, lift)
        for hooks in (part._pre_hooks, part._hooks):
            for hook in hooks.values():
                self.add((path, "'s hook"), hook, lift)
        if part._layer is not None:
            self.add((path, ""), part._layer, False)
        self._class(path, type(part))


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def find_reach(
    roots: Iterable[tuple[str, Any]], names: set[str], *, lift: bool = True, base: Reach | None = None
) -> Reach:
    """Looks at everything that roots can reach.

    Args:
        roots: values, by the names that messages give them.
        names: the names of attributes that count, as far as they are known; those that are found are added.
        lift: whether arrays are inputs.
        base: what is continued. It is looked at again where names have come that it did not count.
    """
    roots, fixed = list(roots), set(base.fixed) if base else set()
    while True:
        if base is not None and (base.size != len(names) or base.fixed != fixed):
            base = _look(base.roots, names, fixed, lift, None)
        reach = _look(roots, names, fixed, lift, base)
        names_found = reach.names_found | (base.names_found if base else set())
        fixed_found = reach.fixed_found | (base.fixed_found if base else set())
        if names_found <= names and fixed_found <= fixed:
            return reach
        names |= names_found
        fixed |= fixed_found


def _look(roots: list[tuple[str, Any]], names: set[str], fixed: set[int], lift: bool, base: Reach | None) -> Reach:
    reach = Reach(names, set(fixed), lift, base)
    reach.roots = roots
    walk = Walk(reach)
    for name, value in roots:
        walk.add(((), name), value, True)
    return reach
