"""Functions whose results change from call to call, such as ``time.time``, or that hide what they read, as ``eval``.

A program would keep the first result for ever. `purenn.nn.walk_code` notes the code that mentions such a function, and
a trace in which that code calls it is refused (`refusing`). Code that isn't run may mention them.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any, NamedTuple

__all__ = ["Unsteady", "follow_chain", "methods_among", "refusing", "unsteady"]

_CLOCKS = [
    "time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time",
    "process_time_ns", "thread_time", "thread_time_ns", "ctime", "localtime", "gmtime", "strftime",
]  # fmt: skip
_TORCH = [
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "bernoulli",
    "multinomial", "poisson",
]  # fmt: skip

_RANDOM = (
    "draws random numbers that jax doesn't know of, which would be the same in every call: draw them before the call "
    "and give them as an argument, or use jax.random with m.make_rng()"
)
_OUTSIDE = (
    "reads something outside of the program, which would be the same in every call: read it before the call, and give "
    "it as an argument"
)
_HIDING = (
    "looks names up in a way that a compiled call can't follow, so that it can't see what is read: use the names "
    "themselves, or give what is read as an argument"
)

# Names by the module, or "module:class", that has them. One after "()" counts only if it is called without arguments.
_TABLE: list[tuple[str, list[str], str]] = [
    ("time", _CLOCKS, _OUTSIDE),
    ("datetime:datetime", ["now", "utcnow", "today"], _OUTSIDE),
    ("datetime:date", ["today"], _OUTSIDE),
    ("builtins", ["open", "input"], _OUTSIDE),
    ("numpy", ["load", "loadtxt", "genfromtxt", "fromfile"], _OUTSIDE),
    ("torch", ["load"], _OUTSIDE),
    ("os", ["stat", "listdir", "scandir", "getcwd"], _OUTSIDE),
    ("os.path", ["exists", "isfile", "isdir", "getsize", "getmtime"], _OUTSIDE),
    ("subprocess", ["run", "call", "check_call", "check_output", "Popen"], _OUTSIDE),
    ("pathlib:Path", ["read_text", "read_bytes", "exists", "is_file", "is_dir", "stat", "iterdir"], _OUTSIDE),
    ("os", ["urandom", "getrandom"], _RANDOM),
    ("uuid", ["uuid1", "uuid4"], _RANDOM),
    ("secrets", ["token_bytes", "token_hex", "token_urlsafe", "randbits", "randbelow", "choice"], _RANDOM),
    ("random", ["SystemRandom", "()Random"], _RANDOM),
    ("numpy.random", ["()default_rng", "()RandomState", "()SeedSequence"], _RANDOM),
    ("torch", _TORCH, _RANDOM),
    ("builtins", ["eval", "exec", "globals", "__import__"], _HIDING),
    ("importlib", ["import_module"], _HIDING),
    ("sys", ["modules"], _HIDING),
]
_MODULES = sorted({place.partition(":")[0] for place, *_ in _TABLE})


class Unsteady(NamedTuple):
    """An object that a program can't use, and the reason."""

    value: Any
    only_bare: bool  # whether only a call without arguments counts
    reason: str


@functools.lru_cache(maxsize=4)
def _known(loaded: tuple[str, ...]) -> tuple[dict[Any, Unsteady], dict[str, Unsteady]]:
    """The entries of the table in loaded modules: all by object, and the methods of paths by name."""
    by_object, methods = dict[Any, Unsteady](), dict[str, Unsteady]()
    for place, names, reason in _TABLE:
        module, _, cls = place.partition(":")
        if module not in loaded:
            continue
        owner = getattr(sys.modules[module], cls) if cls else sys.modules[module]
        shown = place.replace(":", ".").removeprefix("builtins")
        for name in names:
            bare, name = name.startswith("()"), name.removeprefix("()")
            if (value := getattr(owner, name, None)) is not None:
                entry = Unsteady(value, bare, f"{shown}.{name}".removeprefix(".") + f", which {reason}")
                by_object[_key(value)] = entry
                if cls == "Path":
                    methods[name] = entry
    return by_object, methods


def _key(value: object) -> Any:
    """The id of an object, or a builtin method itself, since Python makes a new one at each access."""
    return value if isinstance(value, BuiltinFunctionType) else id(value)


def _loaded() -> tuple[str, ...]:
    return tuple(filter(sys.modules.__contains__, _MODULES))


def unsteady(value: object, called_bare: bool = False) -> Unsteady | None:
    """The entry of an object that a compiled call can't use, or None.

    Args:
        value: any object.
        called_bare: whether it is called without arguments.
    """
    if not (callable(value) or type(value) is dict):  # sys.modules is the only one that can't be called
        return None
    entry = _known(_loaded())[0].get(_key(value))
    return entry if entry is not None and (called_bare or not entry.only_bare) else None


def methods_among(names: frozenset[str]) -> Iterator[Unsteady]:
    """The methods of paths that read files, among names of attributes."""
    methods = _known(_loaded())[1]
    yield from (methods[name] for name in sorted(methods.keys() & names))


def follow_chain(root: object, names: tuple[str, ...]) -> Iterator[tuple[Any, bool]]:
    """The objects along ``root.a.b`` and whether each is the last, as far as Python modules and classes go."""
    yield root, not names
    for i, name in enumerate(names):
        if not isinstance(root, ModuleType | type) or (root := getattr(root, name, None)) is None:
            return
        yield root, i == len(names) - 1


@contextlib.contextmanager
def refusing(mentions: Mapping[CodeType, list[Unsteady]]) -> Iterator[None]:
    """A context that refuses calls of unsteady objects by code that mentions them.

    Args:
        mentions: the unsteady objects by the code that mentions them.
    """
    if not mentions:
        yield
        return
    before: Callable[..., Any] | None = sys.getprofile()

    def refuse(code: CodeType, entry: Unsteady) -> None:
        raise TypeError(f"{code.co_qualname} uses {entry.reason}")

    def look(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "c_call" and code in mentions:
            for entry in mentions[code]:
                if argument == entry.value:
                    refuse(code, entry)
        elif event == "call":
            for entry in mentions.get(code, ()):  # only calls of functions are reported: others are refused here
                if not isinstance(entry.value, FunctionType | BuiltinFunctionType):
                    refuse(code, entry)
            if frame.f_back is not None:
                for entry in mentions.get(frame.f_back.f_code, ()):
                    if getattr(entry.value, "__code__", None) is code:
                        refuse(frame.f_back.f_code, entry)
        if before is not None:
            before(frame, event, argument)

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
