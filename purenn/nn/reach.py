"""Everything that a call can reach, which is what its program depends on.

A compiled program does what Python said when it was traced. Before it runs again, a `Reach` looks at all that the
traced Python code can read, starting from the function, its arguments and the modules, and sorts it into

- **inputs**: the variables of modules, and the arrays that functions close over, read as globals, have as defaults or
  find in containers and objects. They may change from call to call.
- **facts**: everything else, compared by value where it has one and by identity where not. Other facts are another
  program.

Code is followed by the names in it (`purenn.nn.code`): of a module or an object only attributes count whose names occur
in the code that can be reached. Functions of installed packages count as constants, but for what they close over.
Functions that read what can't be followed (`purenn.nn.unsteady`) are noted, and refused where a trace calls one.
Functions that are values, such as a loss, see copies (`purenn.nn.copies`) whose arrays are the traced inputs; methods
of classes can't be copied, so the arrays that they read as globals are facts.
"""

from __future__ import annotations

import array as c_array
import builtins
import functools
import itertools
import operator
import os
import random
import sys
import types
import weakref
from abc import ABCMeta, get_cache_token
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from enum import Enum
from typing import Any, NamedTuple

import jax
import numpy as np

from purenn.layers.base import Layer
from purenn.nn.code import Names, functions_of, is_library, names_of
from purenn.nn.node import Node
from purenn.nn.structure import Hashed, Structure, attributes_of, structure
from purenn.nn.unsteady import follow_chain, reason_against
from purenn.variable import Variable

__all__ = ["ById", "Constant", "Reach", "cell_contents", "is_namespace", "reach", "slots_of", "text"]

Path = tuple[Any, ...]  # the path it was reached by, and the last step in words

_ATOMS = (type(None), bool, int, str, bytes, type(Ellipsis), type(NotImplemented), range, np.dtype)
_BUILTIN = (types.BuiltinFunctionType, types.WrapperDescriptorType, types.MethodDescriptorType, np.ufunc)
_IMPLICIT = [
    "__repr__",
    "__str__",
    "__del__",
    "__init__",
    "__new__",
    "__post_init__",
    "__init_subclass__",
    "__reduce__",
    "__reduce_ex__",
]
_MAKING = ("__init__", "__new__", "__post_init__")


_environment: dict[Any, Any] = vars(os.environ)["_data"]  # os.environ makes its strings anew at each look


class ById:
    """Stands for an object that has no value to compare, and equals only itself."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.value is other.value

    def __repr__(self) -> str:
        return f"this {type(self.value).__name__}"


class Constant:
    """A root whose arrays are facts."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value


class Watch(NamedTuple):
    """A mutable place with the identities of what was in it."""

    path: Path
    read: Callable[[], Iterable[Any]]
    ids: list[int]
    held: list[Any]  # so that no other object gets one of these identities
    restore: Callable[[list[Any]], Any] | None

    def unchanged(self) -> bool:
        return list(map(id, self.read())) == self.ids


class Reach:
    """What a call can reach now.

    Args:
        names: the names of attributes that count; `reach` finds them.
        fixed: what is a fact, by identity, although it could be copied.
        lift: whether arrays are inputs; else they are facts too, whose values Python may ask for.
        base: what was found before, of which this is a continuation: only what it adds is kept here.

    Attributes:
        facts: what a program depends on, in the order of the walk; ``paths`` says where each was found.
        lifted: what is copied for a trace, as path by id.
        refused: why a trace must not call functions of these codes.
    """

    def __init__(self, names: set[str], fixed: set[int], lift: bool, base: Reach | None = None):
        self.names, self.fixed, self.lift, self.base = names, fixed, lift, base
        self.roots: list[tuple[str, Any]] = []
        self.names_found: set[str] = set()
        self.fixed_found: set[int] = set()
        self.dynamic = "*" in names
        self.size = len(names)
        self.facts: list[Any] = [base.key] if base else []
        self.paths: list[Path] = [((), "the module")] if base else []
        self.lifted: dict[int, Path] = {}
        self.watches: list[Watch] = []
        self.contents: list[tuple[Path, np.ndarray, bytes]] = []
        self.structures: list[Structure] = []
        self.generators: list[tuple[Path, Any]] = [*base.generators] if base else []
        self.refused: dict[types.CodeType, str] = {**base.refused} if base else {}
        self._arrays: list[Any] = []
        self._variables: dict[Variable, None] = {}
        self._modules: dict[int, Node] = {}
        self._numbers: dict[int, int] = {}  # of what was seen, by id
        self._count: int = base._count if base else 0
        self._kept: list[Any] = []  # so that no other object gets one of these ids
        self._classes: set[tuple[int, bool]] = set()

    # What is asked of it.

    @functools.cached_property
    def key(self) -> Hashed:
        return Hashed(tuple(self.facts))

    @functools.cached_property
    def arrays(self) -> list[Any]:
        """The arrays that are inputs."""
        return [*(self.base.arrays if self.base else ()), *self._arrays]

    @functools.cached_property
    def variables(self) -> list[Variable]:
        """The variables whose arrays are inputs."""
        if self.base is not None and not self._variables:
            return self.base.variables
        return [*(self.base.variables if self.base else ()), *self._variables]

    @property
    def modules(self) -> dict[int, Node]:
        """The modules by their ids."""
        return {**(self.base.modules if self.base else {}), **self._modules}

    @property
    def first(self) -> Any:
        """The first of the roots that it started from."""
        return (self.base or self).roots[0][1]

    def path_of(self, value: Any) -> Path | None:
        """The path by which something was reached that is copied for a trace, or None."""
        path = self.lifted.get(id(value))
        return self.base.path_of(value) if path is None and self.base is not None else path

    def changed(self) -> Path | None:
        """The path of something that is no longer as it was found, an input or a fact."""
        for watch in self.watches:
            if not watch.unchanged():
                return watch.path
        for path, array, content in self.contents:
            if _content(array) != content:
                return path
        return self.base.changed() if self.base is not None else None

    def restore(self) -> None:
        """Puts containers that can't be copied back to what was found in them."""
        for watch in self.watches:
            if watch.restore is not None and not watch.unchanged():
                watch.restore(watch.held)
        if self.base is not None:
            self.base.restore()

    def holds(self) -> bool:
        """Whether everything is as it was found, so that there is no need to look again."""
        for known in self.structures:
            if not known.valid:
                return False
        for watch in self.watches:
            if not watch.unchanged():
                return False
        if self.contents and self.changed() is not None:
            return False
        return self.base is None or self.base.holds()

    # What was seen.

    def _number(self, key: int) -> int | None:
        number = self._numbers.get(key)
        return self.base._number(key) if number is None and self.base is not None else number

    def _enter(self, key: int) -> int:
        number = self._numbers[key] = self._count
        self._count += 1
        return number

    # The walk.

    def add(self, path: Path, value: Any, lift: bool) -> None:
        """Looks at a value and what can be reached from it."""
        kind = type(value)
        if kind in _ATOMS:
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
            self.lifted[id(value)] = path
            self._kept.append(value)
        elif isinstance(value, _BUILTIN):
            if (reason := reason_against(value)) is not None:
                raise TypeError(f"{text(path)} is {reason}")
            self._fact(path, ById(value) if getattr(value, "__self__", None) is None else (kind, value.__name__))
            if not isinstance(owner := getattr(value, "__self__", None), types.ModuleType | type | None):
                self.add((path, ".__self__"), owner, lift)
                self.lifted[id(value)] = path
                self._kept.append(value)
        elif kind is Constant:
            self.add(path, value.value, False)
        elif isinstance(value, types.ModuleType) and is_library(value.__name__):
            self._fact(path, ById(value))
        elif (number := self._number(id(value))) is not None:
            self._fact(path, ("seen", number))
            if not lift and self.path_of(value) is not None:
                self.fixed_found.add(id(value))
        else:
            self._enter(id(value))
            self._kept.append(value)
            self._new(path, value, kind, lift and id(value) not in self.fixed)

    def _new(self, path: Path, value: Any, kind: type, lift: bool) -> None:
        if (reason := reason_against(value)) is not None:
            raise TypeError(f"{text(path)} is {reason}")
        if isinstance(value, Node):
            self._module(path, value, lift)
        elif isinstance(value, types.ModuleType):
            self._fact(path, ById(value))
            self._namespace(path, value, names_in(value) if self.dynamic else frozenset(self.names))
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
            self._attributes(path, value, False, None if self.dynamic else self.names)
        else:
            self._copyable(path, value, kind, lift)

    def _copyable(self, path: Path, value: Any, kind: type, lift: bool) -> None:
        """Functions, containers and objects: in a trace they are seen as copies, where `lift` says so."""
        if lift:
            self.lifted[id(value)] = path
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
            self.lifted.pop(id(value), None)
            self._other(path, value, kind, lift)
            return
        is_plain = isinstance(value, types.MethodType) or (
            isinstance(value, types.FunctionType) and is_library(value.__globals__.get("__name__"))
        )
        if not is_plain and getattr(value, "__dict__", None):  # of a function or a subclass
            self._attributes(path, value, lift, None if self.dynamic else self.names)

    def _other(self, path: Path, value: Any, kind: type, lift: bool) -> None:
        if isinstance(value, random.SystemRandom):
            raise TypeError(f"{text(path)} is a {reason_against(random.SystemRandom)}")
        elif isinstance(value, np.random.Generator | np.random.RandomState | random.Random):
            self._fact(path, ById(value))
            self.generators.append((path, value))
        elif isinstance(value, weakref.ProxyTypes):
            raise TypeError(
                f"{text(path)} is a weakref.proxy, behind which a compiled call can't look: use weakref.ref"
            )
        elif isinstance(value, Iterator) and is_library(kind.__module__):  # one of the user's is an object like others
            raise TypeError(
                f"{text(path)} is an iterator ({kind.__name__}), which gives something else each time: a compiled call "
                "can't follow it. Take from it what is needed, and give that as an argument"
            )
        elif kind.__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
            raise TypeError(f"{text(path)} is a torch tensor: convert it, jnp.asarray(tensor.detach().numpy())")
        elif isinstance(value, ContextVar):
            self._fact(path, ById(value))
            self._watch(path, lambda: (value.get(None),))
            self.add((path, ".get()"), value.get(None), False)
        elif isinstance(value, operator.attrgetter | operator.methodcaller):
            self._fact(path, ById(value))
            given = value.__reduce__()[1]
            self.names_found.update(name for part in given if isinstance(part, str) for name in part.split("."))
            self._items(path, given, False)
        elif hasattr(value, "__wrapped__") and callable(value) and not isinstance(value, types.FunctionType):
            self._wrapper(path, value)
        elif is_library(kind.__module__) and not is_namespace(kind):
            self._library_object(path, value, kind)
        else:
            self._fact(path, (type, kind))
            if lift := lift and (copyable_object(kind) or is_namespace(kind)):
                self.lifted[id(value)] = path
            self._attributes(path, value, lift, None if self.dynamic else self.names)
            self._class(path, kind)

    def _wrapper(self, path: Path, value: Any) -> None:
        """An object of an installed package around functions, such as a `jax.custom_vjp` or a cache."""
        self._fact(path, ById(value))
        self.add(path, value.__wrapped__, False)
        if hasattr(value, "cache_info"):
            self._fact(path, clears_of(value))
            self._watch(path, lambda: (clears_of(value),))
        parts = getattr(value, "__dict__", {})
        functions = [name for name, part in parts.items() if name != "__wrapped__" and is_code(part)]
        self._watch(path, functools.partial(map, parts.get, functions))
        for name in functions:
            self.add((path, f".{name}"), parts[name], False)

    def _library_object(self, path: Path, value: Any, kind: type) -> None:
        """An object of an installed package: its content where it is a collection, else a constant."""
        if value is os.environ:
            self._fact(path, (kind, *sorted(os.environ.items())))
            self._watch(path, lambda: itertools.chain(_environment, _environment.values()))
        elif isinstance(value, Mapping):
            self._fact(path, (kind, len(value)))
            self._watch(path, lambda: itertools.chain(value, value.values()))
            for key in value:
                self.add((path, f"[{key!r}]"), value[key], False)
        elif isinstance(value, Sequence) and not isinstance(value, c_array.array):
            self._fact(path, (kind, len(value)))
            self._watch(path, functools.partial(iter, value))
            self._items(path, value, False)
        else:
            self._opaque(path, value)
            self._attributes(path, value, False, self.names)
            held = getattr(value, "__dict__", {})
            functions = [name for name, part in held.items() if is_code(part)]
            for name in functions:
                self.add((path, f".{name}"), held[name], False)
            if functions:
                self._watch(path, functools.partial(map, held.get, functions))

    def _fact(self, path: Path, fact: Any) -> None:
        self.paths.append(path)
        self.facts.append(fact)

    def _watch(
        self, path: Path, read: Callable[[], Iterable[Any]], restore: Callable[[list[Any]], Any] | None = None
    ) -> None:
        held = list(read())
        self.watches.append(Watch(path, read, list(map(id, held)), held, restore))

    def _opaque(self, path: Path, value: Any) -> None:
        """Something that counts as a constant: by its value, if it has one."""
        try:
            hash(value)
        except TypeError:
            if not isinstance(value, slice):
                raise TypeError(
                    f"{text(path)} is a {type(value).__name__}, whose content a compiled call can't follow: convert "
                    "what is needed to arrays, numbers, lists or dicts, or give it as an argument"
                ) from None
            self._fact(path, (slice, repr(value)))
        else:
            self._fact(path, (type(value), value))

    def _items(self, path: Path, items: Iterable[Any], lift: bool) -> None:
        for i, item in enumerate(items):
            self.add((path, f"[{i}]"), item, lift)

    # Arrays.

    def _array(self, path: Path, array: Any, lift: bool) -> None:
        if not (lift and self.lift):
            self._fact(path, ById(array))
            return
        number = self._number(id(array))
        if number is None:
            number = self._enter(id(array))
            self._arrays.append(array)
        self._fact(path, ("array", number))

    def _numpy(self, path: Path, array: Any, lift: bool) -> None:
        if lift and self.lift and array.dtype.kind in "biufc":
            self._array(path, array, lift)
            return
        content = _content(array)
        self._fact(path, (type(array), array.shape, array.dtype.str, content))
        if isinstance(array, np.ndarray):
            self.contents.append((path, array, content))

    # Modules.

    def _module(self, path: Path, module: Node, lift: bool) -> None:
        known = structure(module)
        self.structures.append(known)
        self._fact(path, known.signature)
        for kind, members in (("part", known.parts), ("variable", dict(enumerate(known.variables)))):
            for name, member in members.items():  # where trees overlap, a program depends on how
                number = self._number(id(member))
                if number is None:
                    self._enter(id(member))
                elif member is not module:
                    self._fact(path, (kind, name, number))
        held = set(self.base.variables) if self.base is not None else ()
        self._variables.update((variable, None) for variable in known.variables if variable not in held)
        self._modules.update((id(part), part) for part in known.parts.values())
        for place, part in known.parts.items():
            self._part((path, f".{place}" if place else ""), part, lift)

    def _part(self, path: Path, part: Node, lift: bool) -> None:
        """What a user has added to a module: attributes, hooks, methods."""
        own = attributes_of(part)
        if own:
            everything = self.dynamic or type(part)._own_attributes
            counted = {n: v for n, v in own.items() if everything or n in self.names or n == "forward"}
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

    # Functions, objects and classes.

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
        self.names_found |= names.attributes
        if names.dynamic:
            self.names_found.add("*")
        defaults = _defaults(function)
        self._watch(path, functools.partial(_defaults, function))
        self._items((path, f"'s defaults of {function.__qualname__}"), defaults[1:], lift)
        self._watch(path, functools.partial(map, function.__globals__.get, names.globals))
        for name in names.globals:
            if name in function.__globals__ and reason_against(function.__globals__[name]) is None:
                value, place = function.__globals__[name], (path, f"{name} (a global of {function.__qualname__})")
                self.add(place, value, lift)
                if isinstance(value, types.ModuleType):
                    self._namespace(place, value, names.attributes)
        self._chains(path, function, names)
        if names.imports:
            self._watch(path, functools.partial(_imported, function.__globals__, names.imports))
            for module in _imported(function.__globals__, names.imports):
                if module is not None:
                    place = (path, f"{module.__name__} (a module that {function.__qualname__} imports)")
                    self._fact(place, ById(module))
                    self._namespace(place, module, names.attributes)

    def _chains(self, path: Path, function: types.FunctionType, names: Names) -> None:
        """Expressions such as ``time.time`` and ``getattr(settings, name)``, as far as their objects are known."""
        closure = dict(zip(function.__code__.co_freevars, map(cell_contents, function.__closure__ or ()), strict=True))
        imported = {name: (sys.modules.get(module), attribute) for name, module, attribute in names.locals}
        for chain in names.chains:
            root = function.__globals__.get(chain.root, getattr(builtins, chain.root, None))
            if chain.scope != "global":
                module, attribute = imported.get(chain.root, (None, ""))
                root = closure.get(chain.root, getattr(module, attribute, None) if attribute else module)
            for value, is_last in follow_chain(root, chain.names):
                if value is os.getenv or value is os.environ:
                    self.add((path, "os.environ"), os.environ, False)
                elif (reason := reason_against(value, is_last and chain in names.bare)) is not None:
                    self.refused[function.__code__] = f"{function.__qualname__} uses {reason}"
                elif is_last and chain in names.searched and isinstance(value, types.ModuleType):
                    self._namespace((path, chain.root), value, names_in(value))

    def _namespace(self, place: Path, module: types.ModuleType, names: frozenset[str]) -> None:
        """What code reads of a Python module, and of those in it, by names that occur in the code."""
        if is_library(module.__name__):
            return
        own = vars(module)
        counted = [name for name in own if name in names]
        self._watch(place, functools.partial(map, own.get, counted))
        self._watch(place, lambda: (len(own),))
        for name in counted:
            self._fact((place, f".{name}"), name)
            self.add((place, f".{name}"), own[name], False)
            if isinstance(own[name], types.ModuleType) and own[name] is not module:
                self._namespace((place, f".{name}"), own[name], names)

    def _attributes(self, path: Path, value: Any, lift: bool, names: Iterable[str] | None) -> None:
        """The attributes of an object that count; all of them without `names`."""
        own = getattr(value, "__dict__", None)
        if isinstance(own, dict):
            counted = list(own) if names is None else [name for name in own if name in names]
            if names is None or not is_library(type(value).__module__):
                self._watch(path, functools.partial(itertools.chain, own, own.values()), restore_dict(own))
                self._watch(path, lambda: (type(value),))
            else:
                self._watch(path, functools.partial(map, own.get, counted))
            for name in counted:
                self._fact((path, f".{name}"), name)
                self.add((path, f".{name}"), own[name], lift)
        slots = slots_of(type(value)) if not is_library(type(value).__module__) else ()
        if slots:
            self._watch(path, lambda: [getattr(value, name, None) for name in slots])
            for name in slots:
                self.add((path, f".{name}"), getattr(value, name, None), lift)

    def _has_class(self, entry: tuple[int, bool]) -> bool:
        return entry in self._classes or (self.base is not None and self.base._has_class(entry))

    def _class(self, path: Path, cls: type, making: bool = False) -> None:
        """The methods and attributes of a class that count: they are what instances do."""
        if self._has_class((id(cls), making)):
            return
        self._classes.add((id(cls), making))
        if not is_library(type(cls).__module__):  # a class is an object of its metaclass
            self._class(path, type(cls))
        if isinstance(cls, ABCMeta) and not is_library(cls.__module__):
            self._fact(path, get_cache_token())
            self._watch(path, lambda: (get_cache_token(),))
        for base in cls.__mro__:
            if is_library(base.__module__):
                continue
            own, counted = vars(base), []
            for name, attribute in own.items():
                functions = list(functions_of(attribute))
                special = name.startswith("__") and name.endswith("__")
                if name in self.names or self.dynamic or name == "forward":
                    wanted = not special or bool(functions)
                else:
                    wanted = special and bool(functions) and (name not in _IMPLICIT or (making and name in _MAKING))
                if not wanted:
                    continue
                counted.append(name)
                for function in functions:
                    if self._number(id(function)) is None:
                        self._enter(id(function))
                        self._function((path, ""), function, False)
                if isinstance(attribute, functools.partialmethod):
                    self.add((path, f".{name}"), (attribute.args, attribute.keywords), False)
                elif isinstance(attribute, functools.singledispatchmethod):
                    self.add((path, f".{name}"), attribute.dispatcher, False)
                elif not functions and name not in ("__dict__", "__weakref__"):
                    self.add((path, f".{name}"), attribute, False)
            self._fact(path, (base.__bases__, *counted))
            self._watch(path, functools.partial(class_contents, base, own, counted))


def reach(roots: Iterable[tuple[str, Any]], names: set[str], *, lift: bool = True, base: Reach | None = None) -> Reach:
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
        found = _look(roots, names, fixed, lift, base)
        names_found = found.names_found | (base.names_found if base else set())
        fixed_found = found.fixed_found | (base.fixed_found if base else set())
        if names_found <= names and fixed_found <= fixed:
            return found
        names |= names_found
        fixed |= fixed_found


def _look(roots: list[tuple[str, Any]], names: set[str], fixed: set[int], lift: bool, base: Reach | None) -> Reach:
    found = Reach(names, set(fixed), lift, base)
    found.roots = roots
    for name, value in roots:
        found.add(((), name), value, True)
    return found


def text(path: Path) -> str:
    """A path in words."""
    steps = []
    while path:
        path, step = path
        steps.append(step)
        if "(a " in step or step.startswith("'s"):  # a variable's name says enough
            break
    return "".join(reversed(steps)) or "the function"


_HEAP_TYPE = 1 << 9


def restore_items(value: Any) -> Callable[[list[Any]], Any] | None:
    """How a list or the like gets back the items that it had."""

    def restore(items: list[Any]) -> None:
        value.clear()
        value.update(items) if isinstance(value, set) else value.extend(items)

    return restore if isinstance(value, list | deque | set) else None


def restore_dict(value: Any) -> Callable[[list[Any]], Any] | None:
    """How a dict gets back the entries that it had, keys before values."""

    def restore(items: list[Any]) -> None:
        count = len(items) // 2
        dict.clear(value)
        dict.update(value, zip(items[:count], items[count:], strict=True))

    return restore if isinstance(value, dict) else None


def _imported(namespace: dict[str, Any], names: tuple[tuple[str, int], ...]) -> list[types.ModuleType | None]:
    """The Python modules that a function imports, as far as they have been imported."""
    package = namespace.get("__package__") or ""
    found = []
    for name, level in names:
        base = package.rsplit(".", level - 1)[0] if level else ""
        found.append(sys.modules.get(".".join(filter(None, (base, name)))))
    return found


def _defaults(function: types.FunctionType) -> tuple[Any, ...]:
    """What a function has beside closure and globals."""
    return (function.__code__, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())


@functools.lru_cache(maxsize=4096)
def copyable_object(cls: type) -> bool:
    """Whether objects of a class are all attributes, so that a copy of these is a copy of the object."""
    return all(base.__flags__ & _HEAP_TYPE for base in cls.__mro__[:-1]) and not hasattr(cls, "__del__")


def is_namespace(cls: type) -> bool:
    """Whether objects of a class are nothing but attributes, although the class is of an installed package."""
    return (cls.__module__, cls.__name__) in {("types", "SimpleNamespace"), ("argparse", "Namespace")}


@functools.lru_cache(maxsize=4096)
def slots_of(cls: type) -> tuple[str, ...]:
    """The names of the slots of a class."""
    names = [n for base in cls.__mro__ for n in _as_tuple(vars(base).get("__slots__", ()))]
    return tuple(n for n in names if n not in ("__dict__", "__weakref__"))


def names_in(module: types.ModuleType) -> frozenset[str]:
    """The names in a Python module, without those that Python itself puts there."""
    return frozenset(name for name in vars(module) if not name.startswith("__"))


def class_contents(cls: type, own: Mapping[str, Any], counted: Iterable[str]) -> Iterator[Any]:
    """What of a class may change: its bases, its names, and the values of those that count."""
    return itertools.chain(cls.__bases__, own, map(own.get, counted))


def is_code(value: Any) -> bool:
    """Whether something that a library's function closes over is a user's code, data or module, or may lead to it."""
    if isinstance(value, types.FunctionType | types.MethodType | functools.partial | Node | jax.Array):
        return True
    if isinstance(value, tuple | list | dict):
        items = value.values() if isinstance(value, dict) else value
        return bool(value) and all(is_code(item) or isinstance(item, (*_ATOMS, float)) for item in items)
    if isinstance(value, type | types.ModuleType | weakref.WeakKeyDictionary | weakref.WeakValueDictionary):
        return False  # the latter are caches
    if not is_library(type(value).__module__):
        return True
    held = getattr(value, "__dict__", {}).values()
    return any(isinstance(part, types.FunctionType | types.MethodType) or not _is_of_library(part) for part in held)


def _is_of_library(value: Any) -> bool:
    return is_library(type(value).__module__) or type(value).__module__ == "builtins"


_calls_seen: weakref.WeakKeyDictionary[Any, tuple[int, int]] = weakref.WeakKeyDictionary()


def clears_of(cached: Any) -> int:
    """How often a function's cache was seen to have been cleared."""
    info = cached.cache_info()
    calls, clears = info.hits + info.misses, 0
    before, clears = _calls_seen.get(cached, (0, 0))
    clears += calls < before
    _calls_seen[cached] = calls, clears
    return clears


def _as_tuple(names: Any) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def cell_contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def _content(array: Any) -> bytes:
    return np.asarray(array).tobytes() if array.dtype.kind != "O" else repr(array).encode()
