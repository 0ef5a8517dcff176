"""Hooks around a module's call."""

from __future__ import annotations

from typing import Any

from purenn.nn import call

__all__ = ["RemovableHandle"]


class RemovableHandle:
    """Takes a hook off again."""

    def __init__(self, hooks: dict[Any, Any], first: bool, entry: Any):
        self.hooks = hooks
        others = dict(hooks)
        hooks.clear()
        hooks.update({self: entry, **others} if first else {**others, self: entry})
        call.touch()

    def remove(self) -> None:
        self.hooks.pop(self, None)
        call.touch()
