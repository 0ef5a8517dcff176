"""What gives something else each time it is called, and what hides from a look at code what it reads.

A program would hold the first value for ever, so a compiled call refuses to run a function that reads one of these.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType, ModuleType
from typing import Any

__all__ = ["follow_chain", "reason_against", "refusing"]

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

# The names by where they are found; those after "()" only count where they are called without arguments.
_TABLE: list[tuple[str, list[str], str]] = [
    ("time", _CLOCKS, _OUTSIDE),
    ("datetime.datetime", ["now", "utcnow", "today"], _OUTSIDE),
    ("datetime.date", ["today"], _OUTSIDE),
    ("builtins", ["open", "input"], _OUTSIDE),
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


def _found() -> Iterator[tuple[str, str, Any, str]]:
    """The entries of the table whose modules are loaded: module and class, name, object, reason."""
    for place, names, reason in _TABLE:
        module, _, cls = place.partition(".") if place.startswith("datetime") else (place, "", "")
        owner = sys.modules.get(module)
        owner = getattr(owner, cls, None) if cls else owner
        for name in names:
            if (value := getattr(owner, name.removeprefix("()"), None)) is not None:
                yield place, name, value, reason


@functools.lru_cache(maxsize=4)
def _known(loaded: tuple[bool, ...]) -> dict[int, tuple[Any, bool, str]]:
    """By id: the object, whether only a call without arguments counts, and the message."""
    del loaded
    return {
        id(value): (
            value,
            name.startswith("()"),
            f"{place}.{name.removeprefix('()')}".removeprefix("builtins.") + f", which {reason}",
        )
        for place, name, value, reason in _found()
    }


def reason_against(value: Any, called_bare: bool = False) -> str | None:
    """Says why a compiled call can't use an object, if so.

    Args:
        value: any object.
        called_bare: whether it is called without arguments.
    """
    known = _known(tuple(name in sys.modules for name in ("torch", "secrets", "uuid", "importlib", "datetime")))
    entry = known.get(id(value))
    if entry is not None and entry[0] is value and (called_bare or not entry[1]):
        return entry[2]
    kind = type(value)  # a class's methods are made anew at each look
    if kind.__name__ == "builtin_function_or_method" and isinstance(owner := value.__self__, type):
        for place, name, found, reason in _found():
            if found == value and getattr(found, "__self__", None) is owner:
                return f"{place}.{name}, which {reason}"
    return None


def follow_chain(root: Any, names: tuple[str, ...]) -> Iterator[tuple[Any, bool]]:
    """The objects along ``root.a.b`` and whether each is the last, as far as Python modules and classes go."""
    yield root, not names
    for i, name in enumerate(names):
        if not isinstance(root, ModuleType | type) or (root := getattr(root, name, None)) is None:
            return
        yield root, i == len(names) - 1


@contextlib.contextmanager
def refusing(codes: Mapping[CodeType, str]) -> Iterator[None]:
    """Inside, functions of these codes raise their messages when they are called."""
    if not codes:
        yield
        return
    before: Callable[..., Any] | None = sys.getprofile()

    def look(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code in codes:
            raise TypeError(codes[frame.f_code])
        if before is not None:
            before(frame, event, argument)

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
