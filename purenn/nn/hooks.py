"""Hooks around a module's call."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, Self

from purenn.nn.node import Node

__all__ = ["Hooked", "RemovableHandle"]


class Hook(NamedTuple):
    """A function that is called around a module's call."""

    function: Callable[..., Any]
    with_kwargs: bool
    always: bool = False


class RemovableHandle:
    """Removes a hook: by `remove`, or at the end of a ``with`` statement.

    Source: ``torch.utils.hooks.RemovableHandle``.
    """

    def __init__(self, node: Node, table: str, hook: object, first: bool = False):
        if node._pure or node._is_older():
            node._refuse_change("a hook")
        self._node, self._table = weakref.ref(node), table
        hooks = vars(node).get(table, {})
        vars(node)[table] = {self: hook, **hooks} if first else {**hooks, self: hook}
        node._touched()

    def remove(self) -> None:
        """Removes the hook; a second call does nothing."""
        if (node := self._node()) is not None:
            vars(node)[self._table].pop(self, None)
            node._touched()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()

    def __getstate__(self) -> Any:
        return self._node(), self._table

    def __setstate__(self, state: tuple[Any, str]) -> None:
        node, self._table = state
        self._node = weakref.ref(node) if node is not None else lambda: None


class Hooked(Node):
    """torch's methods that register hooks of a `Module`."""

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls ``hook(module, args)`` before `forward`; a result other than None replaces the arguments.

        Args:
            hook: the function. A pure call gives it the module's twin.
            prepend: whether it runs before the hooks registered so far.
            with_kwargs: whether it is called as ``hook(module, args, kwargs)`` and returns both.

        Returns:
            A handle to remove it with.
        """
        return RemovableHandle(self, "_pre_hooks", Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Calls ``hook(module, args, output)`` after `forward`; a result other than None replaces the output.

        Args:
            hook: the function. A pure call gives it the module's twin.
            prepend: whether it runs before the hooks registered so far.
            with_kwargs: whether it is called as ``hook(module, args, kwargs, output)``.
            always_call: whether it is called, with None for the output, also where `forward` raises.

        Returns:
            A handle to remove it with.
        """
        return RemovableHandle(self, "_hooks", Hook(hook, with_kwargs, always_call), prepend)

    def _hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[int] = set()
        output = None
        try:
            for hook in tuple(self._pre_hooks.values()):
                result = hook.function(self, args, kwargs) if hook.with_kwargs else hook.function(self, args)
                if result is not None and hook.with_kwargs:
                    if not (isinstance(result, tuple) and len(result) == 2):
                        raise RuntimeError(f"a forward pre-hook must return None or (args, kwargs), got {result!r}")
                    args, kwargs = result
                elif result is not None:
                    args = result if isinstance(result, tuple) else (result,)
            output = self._run(args, dict(kwargs))
            for hook in tuple(self._hooks.values()):
                called.add(id(hook))
                output = self._after(hook, args, kwargs, output)
        except Exception:
            for hook in tuple(self._hooks.values()):
                if hook.always and id(hook) not in called:
                    try:
                        output = self._after(hook, args, kwargs, output)
                    except Exception as error:
                        warnings.warn(f"a forward hook with always_call=True raised too: {error!r}", stacklevel=4)
            raise
        return output

    def _after(self, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        result = hook.function(self, args, kwargs, output) if hook.with_kwargs else hook.function(self, args, output)
        return output if result is None else result
