"""Operators whose arguments are graphs, as jax has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from purenn.interop.convert.graph import Graph

__all__ = ["NAMES", "call"]

NAMES = frozenset({"cond", "while_loop", "scan", "map_impl", "assert"})


def call(op: str, args: tuple[Any, ...], kwargs: dict[str, Any], run: Callable[..., Any]) -> Any:
    """Computes one of these operators, with ``run`` for the graphs."""

    def function(graph: Graph) -> Callable[..., Any]:
        return lambda *xs: run(graph, {("input", i): x for i, x in enumerate(xs)})[1]

    if op == "assert":
        return _check(*args)
    if op == "cond":
        predicate, then, otherwise, operands = args
        if not isinstance(predicate, jax.Array):
            return function(then if predicate else otherwise)(*operands)
        return jax.lax.cond(predicate.reshape(()), function(then), function(otherwise), *operands)
    if op == "while_loop":
        condition, body, carried, further = (*args, ())[:4]
        start = tuple(jnp.asarray(x) for x in carried)
        return jax.lax.while_loop(
            lambda xs: jnp.reshape(function(condition)(*xs, *further)[0], ()),
            lambda xs: tuple(function(body)(*xs, *further)),
            start,
        )
    if op == "map_impl":
        body, over, further = (*args, ())[:3]
        return jax.lax.map(lambda xs: function(body)(*xs, *further), tuple(over))
    body, start, over, further = (*args, ())[:4]

    def step(carried: Any, xs: Any) -> Any:
        results = function(body)(*carried, *xs, *further)
        return tuple(results[: len(carried)]), tuple(results[len(carried) :])

    carried, made = jax.lax.scan(step, tuple(start), tuple(over))
    return (*carried, *made)


def _check(condition: Any, message: str = "") -> None:
    """Refuses a size that torch would refuse; a traced value can't be looked at."""
    if not isinstance(condition, Tracer) and not bool(condition):
        raise ValueError(f"the network asserts: {message}")
