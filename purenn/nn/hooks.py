"""Hooks around a module's call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from purenn.layers.base import Bound
from purenn.nn import call

__all__ = ["Hooked", "RemovableHandle"]


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


class Hooked(Bound):
    """A `Module`'s hooks, with torch's methods."""

    _pre_hooks: dict[RemovableHandle, tuple[Callable[..., Any], bool]]
    _hooks: dict[RemovableHandle, tuple[Callable[..., Any], bool]]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls ``hook(module, args)`` before `forward`; what it returns, if not None, replaces the arguments."""
        return RemovableHandle(self._pre_hooks, prepend, (hook, with_kwargs))

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls ``hook(module, args, output)`` after `forward`; what it returns, if not None, replaces the output."""
        return RemovableHandle(self._hooks, prepend, (hook, with_kwargs))

    def _hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in tuple(self._pre_hooks.values()):
            result = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if result is not None and with_kwargs:
                args, kwargs = result
            elif result is not None:
                args = result if isinstance(result, tuple) else (result,)
        output = self._run(*args, **kwargs)
        for hook, with_kwargs in tuple(self._hooks.values()):
            result = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
            output = output if result is None else result
        return output
