"""Observers, which see every call of a layer with its path while a model runs.

Every call of every face goes through ``Bound._call_with_context``. If there are observers, it goes on to `observed`,
which passes it to them. Observers are a user context of jax and so part of the keys of its caches: a function that is
already compiled is traced again for observers, and keeps its program without them.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import jax

from purenn.context import setting

if TYPE_CHECKING:
    from purenn.layers.bound import Bound

__all__ = ["Observer", "observed", "observers", "observing", "path_below", "show", "standing_for", "unobserved"]


class Observer(Protocol):
    """Sees the calls of layers, and may change their arguments and results."""

    def call(
        self, m: Bound, path: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """Makes a call: returns ``function(*args, **kwargs)``, or a replacement.

        Args:
            m: the bound layer or module that is called.
            path: its dotted name below the outermost layer, whose path is "".
            function: the call.
            args, kwargs: its arguments.
        """
        ...

    def value(self, value: Any, what: str, *, late: bool = False) -> None:
        """Sees an array that isn't the result of a layer.

        Args:
            value: the array.
            what: a description of the array.
            late: whether it depends on gradients.
        """


_observers = jax.make_user_context(())  # pyright: ignore[reportAttributeAccessIssue]
_stack: contextvars.ContextVar[tuple[tuple[Any, str], ...]] = contextvars.ContextVar("purenn_observed", default=())
_standing: contextvars.ContextVar[Any] = contextvars.ContextVar("purenn_standing", default=None)


def observers() -> tuple[Observer, ...]:
    """The current observers."""
    return _observers.value


@contextlib.contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Inside, the observer sees the calls of layers."""
    with _observers((*_observers.value, observer)):
        yield


def unobserved() -> contextlib.AbstractContextManager[None]:
    """Inside, no observer sees the calls of layers."""
    return _observers(())


def show(value: Any, what: str, *, late: bool = False) -> None:
    """Shows observers an array that isn't the result of a layer; `Observer.value` has the arguments."""
    for observer in observers():
        observer.value(value, what, late=late)


def standing_for(module: Any) -> contextlib.AbstractContextManager[object]:
    """Inside, the first call is of a copy of this module, and gets the module's path."""
    return setting(_standing, module)


def observed(
    m: Bound, scope: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Makes a call that observers see.

    Args:
        m: the bound layer or module.
        scope: its name in its parent, if known.
        function: the call.
        args, kwargs: its arguments.
    """
    live = _standing.get()
    path = _path(live if live is not None else m, m, scope)
    stack, standing = _stack.set((*_stack.get(), (m, path))), _standing.set(None)
    try:
        for observer in reversed(_observers.value):
            function = functools.partial(_handed, observer, m, path, function)
        return function(*args, **kwargs)
    finally:
        _stack.reset(stack)
        _standing.reset(standing)


def _handed(observer: Observer, m: Bound, path: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return observer.call(m, path, function, args, kwargs)


def _path(m: Bound, twin: Any, scope: str) -> str:
    """The dotted name of a bound layer below the outermost call; ``twin`` is the object that is called in its place."""
    stack = _stack.get()
    for parent, path in reversed(stack):
        if parent is m or parent is twin:
            return path
        if (names := path_below(parent, m)) is not None:
            return ".".join(filter(None, (path, *names)))
    return ".".join(filter(None, (stack[-1][1] if stack else "", scope)))


def path_below(m: Bound, part: Bound) -> list[str] | None:
    """The names that lead from a bound layer to one below it."""
    children = m._modules
    for name, child in children.items():
        if child is part:
            return [name]
    for name, child in children.items():
        if child is not None and (below := path_below(child, part)) is not None:
            return [name, *below]
    return None
