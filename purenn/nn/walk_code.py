"""The walk over code: functions, classes and Python modules.

`purenn.nn.walk.Walk` inherits these methods, which call its `add` for each value that they find.
"""

from __future__ import annotations

import builtins
import functools
import itertools
import os
import sys
import types
from abc import ABCMeta, get_cache_token
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from purenn.nn.code import Names, functions_of, is_library, is_library_class, names_of
from purenn.nn.reach import Path, Reach, Watch
from purenn.nn.unsteady import Unsteady, follow_chain, methods_among, unsteady
from purenn.nn.values import (
    ById,
    cell_contents,
    class_contents,
    defaults_of,
    imported_by,
    is_code,
    names_in,
    slots_of,
)

__all__ = ["CodeWalk"]

_MAKING = ("__init__", "__new__", "__post_init__")
_IMPLICIT = ("__repr__", "__str__", "__del__", *_MAKING, "__init_subclass__", "__reduce__", "__reduce_ex__")


class CodeWalk:
    """Follows functions and classes by the names in their code.

    Args:
        reach: collects the facts and inputs.
    """

    def __init__(self, reach: Reach):
        self.reach, self.names = reach, reach.names
        self._patterns = [name for name in reach.names if "*" in name]

    def add(self, path: Path, value: object, lift: bool) -> None:
        """Looks at a value and at all that can be reached from it; `purenn.nn.walk.Walk` has it."""
        raise NotImplementedError

    def _counts(self, name: str) -> bool:
        """Whether code that is reached may read an attribute of this name."""
        return name in self.names or any(fnmatchcase(name, pattern) for pattern in self._patterns)

    def _fact(self, path: Path, fact: object) -> None:
        self.reach.paths.append(path)
        self.reach.facts.append(fact)

    def _watch(self, path: Path, read: Callable[[], Iterable[Any]], container: object = None) -> None:
        values = list(read())
        self.reach.watches.append(Watch(path, read, list(map(id, values)), values, container))

    def _items(self, path: Path, items: Iterable[Any], lift: bool) -> None:
        for i, item in enumerate(items):
            self.add((path, f"[{i}]"), item, lift)

    def _function(self, path: Path, function: types.FunctionType, lift: bool) -> None:
        code, library = function.__code__, is_library(function.__globals__.get("__name__"))
        self._fact(path, code)
        cells = function.__closure__ or ()
        if cells and not library:
            self._watch(path, functools.partial(map, cell_contents, cells))
        for name, cell in zip(code.co_freevars, cells, strict=True):
            content = cell_contents(cell)
            if not library or is_code(content):
                self.add((path, f"{name} (a variable around {function.__qualname__})"), content, lift and not library)
        if library:
            if (registry := getattr(function, "registry", None)) is not None:  # of functools.singledispatch
                self.add((path, ".registry"), registry, False)
            return
        names = names_of(code)
        self.reach.names_found |= names.attributes
        defaults = defaults_of(function)
        self._watch(path, functools.partial(defaults_of, function))
        self._items((path, f"'s defaults of {function.__qualname__}"), defaults[1:], lift)
        self._watch(path, functools.partial(map, function.__globals__.get, names.globals))
        for name in names.globals:
            if name in function.__globals__ and unsteady(function.__globals__[name]) is None:
                value, place = function.__globals__[name], (path, f"{name} (a global of {function.__qualname__})")
                self.add(place, value, lift)
                if isinstance(value, types.ModuleType):
                    self._namespace(place, value, names.attributes)
        self._chains(path, function, names)
        if names.imports:
            self._watch(path, functools.partial(imported_by, function.__globals__, names.imports))
            for module in imported_by(function.__globals__, names.imports):
                if module is not None:
                    place = (path, f"{module.__name__} (a module that {function.__qualname__} imports)")
                    self._fact(place, ById(module))
                    self._namespace(place, module, names.attributes)

    def _chains(self, path: Path, function: types.FunctionType, names: Names) -> None:
        """Looks at expressions such as ``time.time`` and ``getattr(settings, name)`` whose objects are known."""
        closure = dict(zip(function.__code__.co_freevars, map(cell_contents, function.__closure__ or ()), strict=True))
        imported = {name: (sys.modules.get(module), attribute) for name, module, attribute in names.locals}
        for chain in names.chains:
            root = function.__globals__.get(chain.root, getattr(builtins, chain.root, None))
            if chain.scope != "global":
                module, attribute = imported.get(chain.root, (None, ""))
                root = closure.get(chain.root, getattr(module, attribute, None) if attribute else module)
            for value, is_last in follow_chain(root, chain.names):
                if value is os.getenv or value is os.environ:
                    self.add((path, "os.environ (a dict of the process)"), os.environ, False)
                elif (entry := unsteady(value, is_last and chain in names.bare)) is not None:
                    self._mentions(function.__code__, entry)
                elif is_last and chain in names.searched and isinstance(value, types.ModuleType):
                    place = (path, f"{chain.root} (a module that {function.__qualname__} reads)")
                    self._namespace(place, value, names_in(value))

        for entry in methods_among(names.attributes):
            self._mentions(function.__code__, entry)

    def _mentions(self, code: types.CodeType, entry: Unsteady) -> None:
        self.reach.unsteady.setdefault(code, []).append(entry)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._mentions(constant, entry)

    def _namespace(self, place: Path, module: types.ModuleType, names: frozenset[str]) -> None:
        """Looks at the attributes of a Python module, and of modules in it, whose names occur in the code."""
        if is_library(module.__name__):
            return
        variables = vars(module)
        counted = [name for name in variables if name in names]
        self._watch(place, functools.partial(map, variables.get, counted))
        self._watch(place, lambda: (len(variables),))
        for name in counted:
            self._fact((place, f".{name}"), name)
            self.add((place, f".{name}"), variables[name], False)
            if isinstance(variables[name], types.ModuleType) and variables[name] is not module:
                self._namespace((place, f".{name}"), variables[name], names)

    def _attributes(self, path: Path, value: object, lift: bool, every: bool = False) -> None:
        """Looks at the attributes of an object that count, or at all of them."""
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict):
            counted = [name for name in attributes if every or self._counts(name)]
            if every or isinstance(value, types.FunctionType) or not is_library_class(type(value)):
                self._watch(path, functools.partial(itertools.chain, attributes, attributes.values()), attributes)
                self._watch(path, lambda: (type(value),))
            else:
                self._watch(path, functools.partial(map, attributes.get, counted))
            for name in counted:
                self._fact((path, f".{name}"), name)
                self.add((path, f".{name}"), attributes[name], lift)
        slots = slots_of(type(value)) if not is_library_class(type(value)) else ()
        if slots:
            self._watch(path, lambda: [getattr(value, name, None) for name in slots])
            for name in slots:
                self.add((path, f".{name}"), getattr(value, name, None), lift)

    def _class(self, path: Path, cls: type, making: bool = False) -> None:
        """Looks at the methods and attributes of a class that count, since its objects use them."""
        if not self.reach.seen.enter_class(cls, making):
            return
        if not is_library_class(type(cls)):  # a class is an object of its metaclass
            self._class(path, type(cls))
        if isinstance(cls, ABCMeta) and not is_library_class(cls):
            self._fact(path, get_cache_token())
            self._watch(path, lambda: (get_cache_token(),))
        for base in cls.__mro__:
            if is_library_class(base):
                continue
            members, counted = vars(base), []
            for name, attribute in members.items():
                functions = list(functions_of(attribute))
                special = name.startswith("__") and name.endswith("__")
                if self._counts(name) or name == "forward":
                    wanted = not special or bool(functions)
                else:
                    wanted = special and bool(functions) and (name not in _IMPLICIT or (making and name in _MAKING))
                if not wanted:
                    continue
                counted.append(name)
                for function in functions:
                    if self.reach.seen.number(function) is None:
                        self.reach.seen.enter(function)
                        self._function((path, ""), function, False)
                if isinstance(attribute, functools.partialmethod):
                    self.add((path, f".{name}"), (attribute.args, attribute.keywords), False)
                elif isinstance(attribute, functools.singledispatchmethod):
                    self.add((path, f".{name}"), attribute.dispatcher, False)
                elif not functions and name not in ("__dict__", "__weakref__"):
                    self.add((path, f".{name}"), attribute, False)
            self._fact(path, (base.__bases__, *counted))
            self._watch(path, functools.partial(class_contents, base, members, counted))
