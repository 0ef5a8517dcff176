"""`purenn.debug.explain_compiles`: why a module or an optimizer compiles again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from purenn.nn.traces import listening

__all__ = ["explain_compiles"]

_MOST = 5  # differences that are told of one trace


@contextlib.contextmanager
def explain_compiles(print: Callable[[str], Any] = print) -> Iterator[list[str]]:
    """Says, for every program that a module, an `Optimizer` or `nn.grad` traces inside, what is new about it.

    A program is compared with the nearest of the latest ones of the same module or optimizer, or of the same class of
    layers, those before the context too. What counts is all that a call depends on: shapes and dtypes of arguments and
    arrays, arguments that are no arrays, attributes, globals, closures, modes, hyper-parameters. Functions under
    ``jax.jit`` of the user's own aren't seen: ``jax.config.update("jax_explain_cache_misses", True)`` tells of those.

    Args:
        print: what is called with each line.

    Returns:
        A context; the lines are also in the list that it gives.

    Example:
        >>> import jax.numpy as jnp, purenn
        >>> from purenn import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5)).compile()
        >>> with purenn.debug.explain_compiles() as lines:
        ...     y = net(jnp.ones((2, 4)))
        ...     y = net(jnp.ones((2, 4)))
        ...     y = net(jnp.ones((3, 4)))
        ...     net[1].p = 0.1
        ...     y = net(jnp.ones((3, 4)))
        Sequential compiles for the first time
        Sequential compiles again: argument [0] is float32[3, 4], before float32[2, 4]
        Sequential compiles again: Sequential.1 is Dropout(p=0.1, inplace=False), before Dropout(p=0.5, inplace=False)
        >>> len(lines)
        3
    """
    lines: list[str] = []

    def listener(name: str, differences: list[str] | None) -> None:
        if differences is None:
            message = f"{name} compiles for the first time"
        elif differences:
            more = len(differences) - _MOST
            told = "; ".join(differences[:_MOST]) + (f"; and {more} more" if more > 0 else "")
            message = f"{name} compiles again: {told}"
        else:
            message = (
                f"{name} compiles again, although nothing that it is known to depend on differs: jax's caches were "
                "cleared, a setting of jax has changed, or other functions or objects are reached, in another order"
            )
        lines.append(message)
        print(message)

    with listening(listener):
        yield lines
