"""The facts of the latest traces, which tell why a program is traced again.

Every trace of a call adds its facts, in words, to the `Traces` of its module, optimizer or class of layers.
`purenn.debug.explain_compiles` listens.
"""

from __future__ import annotations

import contextvars
import os
import types
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from purenn.context import setting
from purenn.layers.observe import observers
from purenn.nn.trees import map_leaves
from purenn.nn.values import ById

__all__ = ["Shape", "Traces", "differences", "listening", "note_trace"]

_KEPT = 8  # traces per module, optimizer or class of layers
Listener = Callable[[str, list[str] | None], None]
_listeners: contextvars.ContextVar[tuple[Listener, ...]] = contextvars.ContextVar("purenn_listeners", default=())


class Shape(str):
    """The dtype and shape of an array, in words."""

    __slots__ = ()

    @classmethod
    def of(cls, value: Any) -> Shape:
        if not hasattr(value, "shape"):
            return cls(f"a {type(value).__name__}")
        return cls(f"{value.dtype}[{', '.join(map(str, value.shape))}]")


class Traces:
    """The facts of the latest traces."""

    def __init__(self) -> None:
        self.facts: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self.last: int | None = None  # the identity of the call that was noted last


def listening(listener: Listener) -> AbstractContextManager[object]:
    """A context in which ``listener(name, differences)`` is called for every trace; with None for the first one."""
    return setting(_listeners, (*_listeners.get(), listener))


def note_trace(traces: Traces, name: str, call: Any, facts: Mapping[str, Any]) -> None:
    """Keeps the facts of a trace, and tells listeners how they differ from the most similar earlier trace.

    Args:
        traces: the earlier traces, to which this one is added.
        name: the module, optimizer or class of layers that is traced.
        call: the call that is traced; a call that is traced several times is noted once.
        facts: further facts by their names; those of the arguments are added.
    """
    if observers():  # observers have every program traced once more
        return
    now = {**facts, **dict(call.arguments.facts), **_inputs(call.arguments), **call.facts()}
    if traces.last == id(call) and traces.facts and traces.facts[-1] == now:
        return
    nearest = min((differences(before, now) for before in traces.facts), key=len, default=None)
    traces.facts.append(now)
    traces.last = id(call)
    for listener in _listeners.get():
        listener(name, nearest)


def _inputs(arguments: Any) -> dict[str, Shape]:
    """The shapes of a call's inputs by their places."""
    shapes: dict[str, Shape] = {}

    def leaf(value: Any, where: str) -> None:
        if isinstance(value, Shape):
            shapes[f"argument {where.partition(']')[2] or '()'}"] = value

    map_leaves(arguments.of([*map(Shape.of, arguments.inputs)], None), leaf)
    return shapes


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The differences between two collections of facts, in words."""
    changed: dict[str, str] = {}
    for name, fact in now.items():
        if name in before and before[name] != fact:
            shown, shown_before = _shown(fact), _shown(before[name])
            text = "is another one" if shown == shown_before else f"is {shown}, before {shown_before}"
            if not any(text == other and known.endswith(f".{name}") for known, other in changed.items()):
                changed[name] = text
    new = [f"{name} is new" for name in now if name not in before]
    new = new or [f"without {name}" for name in before if name not in now]
    return [*(f"{name} {text}" for name, text in changed.items()), *new]


def _shown(fact: Any) -> str:
    if isinstance(fact, Shape):
        return str(fact)
    if isinstance(fact, types.CodeType):
        return f"{fact.co_qualname} ({os.path.basename(fact.co_filename)}, line {fact.co_firstlineno})"
    if isinstance(fact, tuple) and len(fact) == 2 and isinstance(fact[0], type):
        kind, fact = fact
        if isinstance(fact, int) and issubclass(kind, Collection):  # the length of a collection
            return f"a {kind.__name__} of {fact}"
        shown = str(fact) if kind in (float, complex) else repr(fact)
    else:
        shown = repr(fact)
    return shown if len(shown) < 60 and not isinstance(fact, ById) else "something else"
