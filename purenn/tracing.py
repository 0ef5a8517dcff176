"""The jax transformations around the present call."""

from __future__ import annotations

import contextvars
from contextlib import AbstractContextManager
from typing import Any

from purenn.context import setting

try:
    from jax.extend.core import find_top_trace as _top_trace
except ImportError:
    from jax.extend.core import get_opaque_trace_state as _top_trace

__all__ = [
    "NO_TRACE",
    "NotInProgram",
    "current",
    "eager_program",
    "is_staged",
    "not_in_program",
    "transformations_since",
]


def current() -> Any:
    """The trace that records an operation now; compare it with ``==``."""
    return _top_trace(())


NO_TRACE = current()

# These run their function once, immediately. Others stage it to run later, run it for many values, or keep it.
_TRANSPARENT = {"EvalTrace", "JVPTrace", "LinearizeTrace"}
_NAMES = {
    "checkpoint / remat": "checkpoint",
    "while_body": "lax.while_loop",
    "while_cond": "lax.while_loop",
    "fori_loop": "lax.fori_loop",
    "scan": "lax.scan",
    "cond": "lax.cond",
    "switch": "lax.switch",
}


def transformations_since(outer: Any) -> list[str]:
    """The transformations begun since ``outer`` was current that stage, batch or keep their function, innermost first.

    Derivatives are left out: they run their function once, on the present values.
    """
    trace, names = current(), []
    while trace is not None and trace != outer:
        kind = type(trace).__name__
        if kind == "BatchTrace":
            names.append("jax.vmap")
        elif kind not in _TRANSPARENT:
            purpose = getattr(getattr(getattr(trace, "frame", None), "debug_info", None), "traced_for", None)
            names.append(f"jax.{_NAMES.get(purpose, purpose)}" if purpose else "a transformation of jax")
        trace = getattr(trace, "parent_trace", None)
    return names


def is_staged() -> bool:
    """Whether the present call is traced into a program that jax may run again without Python.

    ``lax.scan`` doesn't count: its body is traced in each call.
    """
    if current() == NO_TRACE:
        return False
    return any(name not in ("jax.vmap", "jax.lax.scan") for name in transformations_since(NO_TRACE))


# Eager calls of functions run programs; a call that can't is run operation by operation.


class NotInProgram(Exception):
    """Ends the trace of an eager call's program at an effect that every call must have, or a need for values."""


_in_eager_program: contextvars.ContextVar[bool] = contextvars.ContextVar("purenn_in_eager_program", default=False)


def eager_program() -> AbstractContextManager[object]:
    """A context in which `not_in_program` raises."""
    return setting(_in_eager_program, True)


def not_in_program() -> None:
    """Ends the trace of an eager call's program; anywhere else it does nothing.

    Raises:
        NotInProgram: such a trace is on.
    """
    if _in_eager_program.get():
        raise NotInProgram
