"""Advice for a loss function whose arguments are in another order than `Optimizer.step` passes them."""

from __future__ import annotations

import ast
import linecache
from types import FrameType, TracebackType

from purenn.layers.location import describe_arguments
from purenn.nn.module import Module

__all__ = ["told_of_swapped"]


def told_of_swapped(error: TypeError) -> str | None:
    """The message for a loss function that calls another argument than its first, the module; None for other errors.

    Args:
        error: the error that the function raised, caught in the frame that called it.
    """
    traceback = error.__traceback__ and error.__traceback__.tb_next
    if traceback is None or traceback.tb_next is not None:
        return None
    frame, called = traceback.tb_frame, _called(traceback)
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    if called not in names[1:] or callable(frame.f_locals.get(called, print)):
        return None
    module = frame.f_locals.get(names[0])
    if not isinstance(module, Module) or _is_set(frame, called):
        return None
    return (
        f"Optimizer.step: the first argument of the loss function, {names[0]!r}, is the module, and it calls "
        f"{called!r}, which is {describe_arguments((frame.f_locals[called],), {})}: the module comes first, as in "
        "def loss_fn(model, x, y)"
    )


def _called(traceback: TracebackType) -> str | None:
    """The name that a frame called where it failed, or None."""
    line, last, start, end = list(traceback.tb_frame.f_code.co_positions())[traceback.tb_lasti // 2]
    if line is None or line != last:
        return None
    text = linecache.getline(traceback.tb_frame.f_code.co_filename, line, traceback.tb_frame.f_globals).encode()
    try:
        expression = ast.parse(text[start:end].decode(), mode="eval").body
    except (SyntaxError, UnicodeDecodeError):
        return None
    return expression.func.id if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) else None


def _is_set(frame: FrameType, name: str) -> bool:
    """Whether a function assigns to a name, which then may not be the argument any more."""
    import dis

    return any(i.opname.startswith("STORE") and i.argval == name for i in dis.get_instructions(frame.f_code))
