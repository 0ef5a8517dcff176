"""Methods that equal layers share as one object."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from purenn.layers.base import Layer

__all__ = ["bound_property", "pure_method"]

F = TypeVar("F", bound=Callable[..., Any])


def bound_property(method: F) -> F:
    """Marks a method of ``m`` alone, which reads like an attribute of the bound layer."""
    vars(method)["is_property"] = True
    return method


class _PureMethod:
    """A method that equal layers share as one object, so that ``jax.jit(layer.apply)`` compiles once for them all."""

    def __init__(self, function: Callable[..., Any]):
        self.__doc__ = function.__doc__
        self.function = function

    def __get__(self, layer: Layer | None, owner: type) -> Any:
        return self.function if layer is None else _shared_method(self.function, layer)


@functools.lru_cache(maxsize=4096)  # jax drops its programs together with the function
def _shared_method(function: Callable[..., Any], layer: Layer) -> Callable[..., Any]:
    bound = functools.partial(function, layer)
    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(bound, name, getattr(function, name))
    return bound


if TYPE_CHECKING:

    def pure_method(function: F) -> F: ...
else:
    pure_method = _PureMethod
