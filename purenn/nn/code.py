"""What a function's code can read: the global names in it, and the names of attributes."""

from __future__ import annotations

import dis
import functools
import inspect
import sys
import sysconfig
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["Names", "functions_of", "is_library", "names_of"]


class Names(NamedTuple):
    """The names in a function's code and in the functions that it makes.

    Attributes:
        globals: the global variables that it reads or sets.
        attributes: all names that may be those of attributes; strings count, since ``getattr`` may be given one.
        dynamic: whether it looks attributes up by names that the code doesn't show.
        imports: the Python modules that it imports, with the level of a relative import.
    """

    globals: tuple[str, ...]
    attributes: frozenset[str]
    dynamic: bool
    imports: tuple[tuple[str, int], ...]


_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"}
_DYNAMIC = {"getattr", "hasattr", "setattr", "vars", "__dict__", "eval", "exec", "globals", "locals", "attrgetter"}


@functools.lru_cache(maxsize=65536)
def names_of(code: types.CodeType) -> Names:
    """The names in a code object."""
    read = {i.argval for i in dis.get_instructions(code) if i.opname in _GLOBAL}
    attributes = {*code.co_names, *(c for c in code.co_consts if isinstance(c, str) and c.isidentifier())}
    dynamic = bool(_DYNAMIC & set(code.co_names))
    imports = set(_imports(code))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = names_of(constant)
            read |= {*inner.globals}
            attributes |= inner.attributes
            dynamic |= inner.dynamic
            imports |= {*inner.imports}
    return Names(tuple(sorted(read)), frozenset(attributes), dynamic, tuple(sorted(imports)))


def _imports(code: types.CodeType) -> Iterator[tuple[str, int]]:
    before: list[Any] = [0, 0]  # what the two instructions before have loaded: the level and the names
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            level = before[-2] if isinstance(before[-2], int) else 0
            yield instruction.argval, level
            for name in before[-1] or ():  # a name may be a Python module of the package
                if isinstance(name, str) and name != "*":
                    yield f"{instruction.argval}.{name}".strip("."), level
        before.append(instruction.argval)


_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


@functools.lru_cache(maxsize=65536)
def is_library(module: str | None) -> bool:
    """Whether a Python module belongs to an installed package, whose code counts as constant."""
    if module is None or module == "__main__":
        return False
    if module.partition(".")[0] == "purenn":
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return module.partition(".")[0] in sys.stdlib_module_names
    return file.startswith(_INSTALLED)


def functions_of(attribute: Any) -> Iterator[types.FunctionType]:
    """The functions in an entry of a class: itself, or those of a property, a class method or the like."""
    if isinstance(attribute, types.FunctionType):
        yield attribute
    elif isinstance(attribute, staticmethod | classmethod):
        yield from functions_of(attribute.__func__)
    elif isinstance(attribute, property):
        for part in (attribute.fget, attribute.fset):
            yield from functions_of(part)
    elif isinstance(attribute, functools.cached_property):
        yield from functions_of(attribute.func)
    elif hasattr(attribute, "__wrapped__"):
        yield from functions_of(inspect.unwrap(attribute))
