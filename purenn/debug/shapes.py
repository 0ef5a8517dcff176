"""`purenn.debug.shapes`: the shapes that pass through a model."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from purenn.inspect.trace import check_depth
from purenn.layers.location import describe_arguments
from purenn.layers.observe import Observer, observing

if TYPE_CHECKING:
    from purenn.layers.bound import Bound

__all__ = ["shapes"]


@dataclasses.dataclass(frozen=True, eq=False)
class _Shapes(Observer):
    """An observer that prints a line for each call."""

    print: Callable[[str], Any]
    depth: int | None

    def call(
        self, m: Bound, path: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        described = describe_arguments(args, kwargs)
        output = function(*args, **kwargs)
        if self.depth is None or (path.count(".") + 1 if path else 0) <= self.depth:
            name = f"{path}: " if path else ""
            self.print(f"{name}{m._get_name()}({described}) -> {describe_arguments((output,), {})}")
        return output


@contextlib.contextmanager
def shapes(print: Callable[[str], Any] = print, *, depth: int | None = None) -> Iterator[None]:
    """Prints, for every call of a layer or module inside, what goes in and what comes out.

    A line is printed when a call returns, so that inner layers come before outer ones. Programs that are compiled
    already are traced once more; a loop's body (``jax.lax.scan``) and a compiled call print when they are traced.

    Args:
        print: what is called with each line.
        depth: how many levels of layers are printed; None for all.

    Raises:
        TypeError: ``depth`` is no integer.
        ValueError: ``depth`` is negative.

    Example:
        >>> import jax.numpy as jnp, purenn
        >>> from purenn import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).compile()
        >>> with purenn.debug.shapes():
        ...     y = net(jnp.ones((3, 4)))
        0: Linear(float32[3, 4]) -> float32[3, 8]
        1: ReLU(float32[3, 8]) -> float32[3, 8]
        2: Linear(float32[3, 8]) -> float32[3, 2]
        Sequential(float32[3, 4]) -> float32[3, 2]
    """
    check_depth("shapes", depth)
    with observing(_Shapes(print, depth)):
        yield
