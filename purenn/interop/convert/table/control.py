"""Operators whose arguments are graphs, as jax has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn.interop.convert.graph import Graph

__all__ = ["NAMES", "call"]

NAMES = frozenset({"cond", "while_loop", "scan", "map_impl", "assert", "custom_grad"})


def call(op: str, args: tuple[Any, ...], kwargs: dict[str, Any], run: Callable[..., Any]) -> Any:
    """Computes one of these operators, with ``run`` for the graphs."""

    def function(graph: Any) -> Callable[..., Any]:
        def compute(*xs: Any) -> tuple[Any, ...]:
            outputs = run(graph, {("input", i): x for i, x in enumerate(xs)})[1]
            return outputs if isinstance(outputs, tuple) else (outputs,)

        return compute

    if op == "assert":
        return _check(*args)
    if op == "custom_grad":
        return _custom_grad(run, *args)
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

    carried, outputs = jax.lax.scan(step, tuple(start), tuple(over))
    return (*carried, *outputs)


def _check(condition: Any, message: str = "") -> None:
    """Refuses a size that torch would refuse; a traced value can't be looked at."""
    if not isinstance(condition, Tracer) and not bool(condition):
        raise ValueError(f"the network asserts: {message}")


def _custom_grad(run: Callable[..., Any], backward: Graph, inputs: Any, results: Any, captured: Any) -> Any:
    """The results, through which a gradient goes to the inputs as a graph says.

    Args:
        run: runs a graph.
        backward: from the results' cotangents, and the captured values, to the inputs' cotangents.
        inputs: arrays that a gradient goes to.
        results: what the forward has computed from them.
        captured: pairs of the number of an input of the graph, and its value.
    """
    numbers = [n for n, _ in captured]

    @jax.custom_vjp
    def function(inputs: Any, results: Any, kept: Any) -> Any:
        return results

    def forward(inputs: Any, results: Any, kept: Any) -> Any:
        return results, (inputs, kept)

    def reverse(saved: Any, cotangents: Any) -> Any:
        inputs, kept = saved
        sources = {("input", i): c for i, c in enumerate(cotangents)}
        sources |= {("input", n): value for n, value in zip(numbers, kept, strict=True)}
        cotangents_of_inputs = run(backward, sources)[1]
        zeros = jax.tree.map(jnp.zeros_like, inputs)
        grads = tuple(
            z if g is None else jnp.reshape(g, z.shape).astype(z.dtype)
            for g, z in zip(cotangents_of_inputs, zeros, strict=True)
        )
        return grads, jax.tree.map(_no_cotangent, results), jax.tree.map(_no_cotangent, kept)

    function.defvjp(forward, reverse)
    return function(tuple(inputs), tuple(results), tuple(jnp.asarray(value) for _, value in captured))


def _no_cotangent(x: Any) -> Any:
    if jnp.issubdtype(jnp.result_type(x), jnp.inexact):
        return jnp.zeros_like(x)
    return np.zeros(np.shape(x), jax.dtypes.float0)
