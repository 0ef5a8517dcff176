"""The names in a function's code: of global variables, of attributes, of modules that it imports."""

from __future__ import annotations

import builtins
import dis
import functools
import inspect
import itertools
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["HEAP_TYPE", "Chain", "Names", "functions_of", "is_library", "is_library_class", "names_of", "note_package"]


class Chain(NamedTuple):
    """A variable and the attributes after it."""

    scope: str  # global, closure or local
    root: str
    names: tuple[str, ...]


class Names(NamedTuple):
    """The names in a function's code and in the functions that it makes.

    Attributes:
        globals: the global variables that it reads or sets.
        attributes: all names that may be attributes. Strings count, since ``getattr`` may be given one. A ``*`` stands
            for any characters: ``getattr(self, f"layer{i}")`` has ``layer*``, a name that can't be seen is ``*``.
        imports: the Python modules that it imports, with the level of a relative import.
        chains: expressions such as ``time.time``, by their names.
        bare: the chains that are called without arguments.
        searched: the chains whose attributes are looked up by name, as in ``getattr(settings, name)``.
        locals: the variables that imports set: the variable, the module, and the attribute of it or "".
    """

    globals: tuple[str, ...]
    attributes: frozenset[str]
    imports: tuple[tuple[str, int], ...]
    chains: frozenset[Chain]
    bare: frozenset[Chain]
    searched: frozenset[Chain]
    locals: frozenset[tuple[str, str, str]]


_SCOPES = {"LOAD_GLOBAL": "global", "LOAD_NAME": "global", "LOAD_DEREF": "closure", "LOAD_FAST": "local"}
_ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD")
_NO_VALUE = ("PUSH_NULL", "PRECALL", "CACHE", "RESUME", "EXTENDED_ARG", "KW_NAMES", "NOP")
_SEARCHES = {("global", name, ()) for name in ("getattr", "hasattr", "setattr", "vars")}
_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"}
_BY_NAME = {"getattr", "hasattr", "setattr", "delattr"}
_LOOK_UP = "getattr()"
_UNSEEN = {"vars", "__dict__", "eval", "exec", "globals", "locals", "attrgetter"}


@functools.lru_cache(maxsize=65536)
def names_of(code: types.CodeType) -> Names:
    """The names in a code object."""
    read = {i.argval for i in dis.get_instructions(code) if i.opname in _GLOBAL}
    attributes = {*code.co_names, *(c for c in code.co_consts if isinstance(c, str) and c.isidentifier())}
    attributes |= _looked_up(code)
    own = read, attributes, set(_imports(code)), *_chains(code), set(_bound_by_imports(code))
    inner = [names_of(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    read, attributes, imports, *others = (frozenset(part).union(*more) for part, *more in zip(own, *inner, strict=True))
    return Names(tuple(sorted(read)), attributes, tuple(sorted(imports)), *others)


def _chains(code: types.CodeType) -> tuple[set[Chain], set[Chain], set[Chain]]:
    """The ``chains``, ``bare`` and ``searched`` of a code object."""
    chains: list[Chain] = []
    bare, searched, open_chain = set[Chain](), set[Chain](), False
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name in _SCOPES:
            chains.append(Chain(_SCOPES[name], instruction.argval, ()))
        elif name in _ATTRIBUTE and open_chain:
            chains[-1] = chains[-1]._replace(names=(*chains[-1].names, instruction.argval))
            if instruction.argval == "__dict__":
                searched.add(chains[-1]._replace(names=chains[-1].names[:-1]))
        elif name in _NO_VALUE:
            continue
        elif name == "CALL" and instruction.argval == 0 and open_chain:
            bare.add(chains[-1])
        open_chain = name in _SCOPES or (name in _ATTRIBUTE and open_chain)
    searched |= {after for before, after in itertools.pairwise(chains) if before in _SEARCHES}
    return set(chains), bare, searched


def _looked_up(code: types.CodeType) -> set[str]:
    """The names, or patterns of names, by which code looks attributes up at run time.

    Strings are followed on the stack from one jump to the next. An unknown name is ``*``.
    """
    patterns = {"*"} if _UNSEEN & set(code.co_names) else set()
    stack: list[str] = []  # per value a pattern, or _LOOK_UP for getattr and the like
    unknown = 0  # loads of getattr whose call was not understood

    def pop(count: int) -> list[str]:
        taken = ["*"] * (count - len(stack)) + stack[max(len(stack) - count, 0) :]
        del stack[max(len(stack) - count, 0) :]
        return taken

    for instruction in dis.get_instructions(code):
        name, arg = instruction.opname, instruction.arg or 0
        if name in _NO_VALUE and name != "PUSH_NULL":
            continue
        if name == "LOAD_CONST":
            stack.append(instruction.argval if isinstance(instruction.argval, str) else "*")
        elif name in _SCOPES and instruction.argval in _BY_NAME:
            unknown += 1
            stack += [_LOOK_UP] * dis.stack_effect(instruction.opcode, instruction.arg)
        elif name == "CALL":
            taken = pop(arg + 2)  # the function is in one of two places before the arguments
            if arg >= 2 and _LOOK_UP in taken[:2]:
                patterns.add(taken[3])
                unknown -= 1
            stack.append("*")
        elif name.startswith("FORMAT_"):
            pop(2 if name == "FORMAT_WITH_SPEC" or (name == "FORMAT_VALUE" and arg & 4) else 1)
            stack.append("*")
        elif name == "BUILD_STRING":
            stack.append("".join(pop(arg)))
        elif instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
            stack.clear()
        else:
            effect = dis.stack_effect(instruction.opcode, instruction.arg)
            if effect <= 0:
                pop(1 - effect)
            stack += ["*"] * max(effect, 1)
    return patterns | ({"*"} if unknown else set())


def _bound_by_imports(code: types.CodeType) -> Iterator[tuple[str, str, str]]:
    module, attribute = "", ""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            module, attribute = instruction.argval, ""
        elif instruction.opname == "IMPORT_FROM":
            attribute = instruction.argval
        elif instruction.opname.startswith("STORE_") and module:
            yield instruction.argval, module if attribute else module.partition(".")[0], attribute
            attribute = ""
        elif instruction.opname == "POP_TOP":
            module = ""
        elif instruction.opname not in _NO_VALUE:
            module = module if attribute else ""


def _imports(code: types.CodeType) -> Iterator[tuple[str, int]]:
    before: list[Any] = [0, 0]  # the last two values loaded: the level and the names
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            level = before[-2] if isinstance(before[-2], int) else 0
            yield instruction.argval, level
            for name in before[-1] or ():  # a name may be a Python module of the package
                if isinstance(name, str) and name != "*":
                    yield f"{instruction.argval}.{name}".strip("."), level
        before.append(instruction.argval)


_STANDARD = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})
_FOUNDATIONS = {"jax", "jaxlib", "numpy", "optax", "purenn", "torch"}
_built_on_purenn: set[str] = set()


def note_package(cls: type) -> None:
    """Notes that a package defines a module class: its code counts as a user's, even if it is installed."""
    package = cls.__module__.partition(".")[0]
    if package not in _built_on_purenn and package not in _FOUNDATIONS and package != "builtins":
        _built_on_purenn.add(package)
        is_library.cache_clear()


@functools.lru_cache(maxsize=65536)
def is_library(module: str | None) -> bool:
    """Whether a Python module belongs to an installed package, whose code counts as constant.

    A package is installed if its folder holds the records of installed distributions, whatever its name.
    """
    package = "" if module is None else module.partition(".")[0]
    if package in ("", "__main__") or package in _built_on_purenn:
        return False
    if package in _FOUNDATIONS or package in sys.stdlib_module_names:
        return True
    top = getattr(sys.modules.get(package), "__file__", None)
    file = top or getattr(sys.modules.get(str(module)), "__file__", None)
    if file is None:
        return False
    folder = os.path.dirname(file)
    return file.startswith(_STANDARD) or _has_distributions(
        os.path.dirname(folder) if os.path.basename(file).startswith("__init__.") else folder
    )


def is_library_class(cls: type) -> bool:
    """Whether a class is of an installed package, or Python's own.

    A class that ``exec`` made in a namespace without a name says that it is of ``builtins``, too.
    """
    if cls.__module__ != "builtins":
        return is_library(cls.__module__)
    return not cls.__flags__ & HEAP_TYPE or vars(builtins).get(cls.__qualname__) is cls


HEAP_TYPE = 1 << 9  # CPython's flag of classes that are made at run time


@functools.lru_cache(maxsize=1024)
def _has_distributions(folder: str) -> bool:
    try:
        return any(name.endswith(".dist-info") for name in os.listdir(folder))
    except OSError:
        return False


def functions_of(attribute: Any) -> Iterator[types.FunctionType]:
    """The functions in an entry of a class: a method, or the functions of a property, class method or the like."""
    if isinstance(attribute, types.FunctionType):
        yield attribute
    elif isinstance(attribute, staticmethod | classmethod):
        yield from functions_of(attribute.__func__)
    elif isinstance(attribute, property):
        for part in (attribute.fget, attribute.fset):
            yield from functions_of(part)
    elif isinstance(attribute, functools.cached_property | functools.partialmethod | functools.singledispatchmethod):
        yield from functions_of(attribute.func)
    elif hasattr(attribute, "__wrapped__"):
        yield from functions_of(inspect.unwrap(attribute))
