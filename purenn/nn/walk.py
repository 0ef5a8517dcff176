"""The walk over all that a call can reach: values, containers, objects, modules.

`purenn.nn.program.Programs` calls `find_reach`, which repeats the walk until it finds no new name of an attribute.
"""

from __future__ import annotations

import functools
import itertools
import types
from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import Any

import jax
import numpy as np

from purenn.layers.base import Layer
from purenn.nn.code import is_library
from purenn.nn.node import Node
from purenn.nn.reach import Path, Reach, text
from purenn.nn.structure import attributes_of, structure
from purenn.nn.unsteady import unsteady
from purenn.nn.values import ATOMS, ById, Constant, content_of, names_in
from purenn.nn.walk_objects import ObjectWalk

__all__ = ["Walk", "find_reach"]

_BUILTIN = (types.BuiltinFunctionType, types.WrapperDescriptorType, types.MethodDescriptorType, np.ufunc)


class Walk(ObjectWalk):
    """Sorts all that it finds into inputs and facts of a `Reach`."""

    def add(self, path: Path, value: Any, lift: bool) -> None:
        """Looks at a value and at all that can be reached from it; ``lift`` says whether arrays in it are inputs."""
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
        """Looks at a function, container or object; with ``lift`` a trace sees a copy of it."""
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
            self._watch(path, functools.partial(itertools.chain, value, value.values()), value)
            for key, part in value.items():
                self.add((path, f"[{key!r}]"), part, lift)
        elif isinstance(value, list | deque | tuple):
            self._fact(path, (kind, len(value)))
            self._watch(path, functools.partial(iter, value), value)
            self._items(path, value, lift)
        elif isinstance(value, set | frozenset):
            self._fact(path, (kind, frozenset((type(item), item) for item in value)))
            self._watch(path, functools.partial(iter, value), value)
        else:
            self.reach.lifted.pop(id(value), None)
            self._other(path, value, kind, lift)
            return
        is_plain = isinstance(value, types.MethodType) or (
            isinstance(value, types.FunctionType) and is_library(value.__globals__.get("__name__"))
        )
        if not is_plain and hasattr(value, "__dict__"):  # of a function or a subclass
            self._attributes(path, value, lift)

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


def find_reach(
    roots: Iterable[tuple[str, Any]], names: set[str], *, lift: bool = True, base: Reach | None = None
) -> Reach:
    """The reach of roots: all that can be reached from them.

    Args:
        roots: values, by the names that messages give them.
        names: the known names of attributes that count; names that are found are added.
        lift: whether arrays are inputs.
        base: the reach to continue. It is walked again if there are names that it did not count.
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
