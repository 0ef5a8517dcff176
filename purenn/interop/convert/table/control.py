"""Operators that run graphs, by jax's control flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn.interop.convert.graph import Graph
from purenn.typing import Array, ArrayLike

__all__ = ["CONTROL"]

Arrays: TypeAlias = tuple[Array, ...]
Operands: TypeAlias = tuple[ArrayLike, ...]
Run: TypeAlias = Callable[[Graph, dict[tuple[str, str | int], Any]], tuple[list[Any], Any]]  # computes a graph


def _function(run: Run, graph: Graph) -> Callable[..., tuple[Any, ...]]:
    """A graph as a function of its inputs."""

    def compute(*xs: ArrayLike) -> tuple[Any, ...]:
        outputs = run(graph, {("input", i): x for i, x in enumerate(xs)})[1]
        return outputs if isinstance(outputs, tuple) else (outputs,)

    return compute


def _cond(run: Run, predicate: ArrayLike, then: Graph, otherwise: Graph, operands: Operands) -> tuple[Any, ...]:
    if not isinstance(predicate, jax.Array):
        return _function(run, then if predicate else otherwise)(*operands)
    return jax.lax.cond(predicate.reshape(()), _function(run, then), _function(run, otherwise), *operands)


def _while_loop(run: Run, condition: Graph, body: Graph, carried: Operands, further: Operands = ()) -> Arrays:
    return jax.lax.while_loop(
        lambda xs: jnp.reshape(_function(run, condition)(*xs, *further)[0], ()),
        lambda xs: _function(run, body)(*xs, *further),
        tuple(map(jnp.asarray, carried)),
    )


def _map(run: Run, body: Graph, over: Operands, further: Operands = ()) -> Arrays:
    return jax.lax.map(lambda xs: _function(run, body)(*xs, *further), over)


def _scan(run: Run, body: Graph, start: Operands, over: Operands, further: Operands = ()) -> Arrays:
    def step(carried: Arrays, xs: Arrays) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        results = _function(run, body)(*carried, *xs, *further)
        return results[: len(carried)], results[len(carried) :]

    carried, outputs = jax.lax.scan(step, tuple(map(jnp.asarray, start)), tuple(map(jnp.asarray, over)))
    return (*carried, *outputs)


def _check(run: Run, condition: ArrayLike, message: str = "") -> None:
    """Refuses a size that torch would refuse; a traced value can't be looked at."""
    if not isinstance(condition, Tracer) and not bool(condition):
        raise ValueError(f"the network asserts: {message}")


def _custom_grad(
    run: Run, backward: Graph, inputs: Operands, results: Operands, captured: tuple[tuple[int, ArrayLike], ...]
) -> Arrays:
    """The results, with a graph as their backward pass.

    Args:
        run: runs a graph.
        backward: computes the inputs' cotangents from the results' cotangents and the captured values.
        inputs: the arrays that receive a gradient.
        results: the results of the forward pass.
        captured: further inputs of the graph, as pairs of number and value.
    """
    numbers = [n for n, _ in captured]

    @jax.custom_vjp
    def function(inputs: Arrays, results: Arrays, kept: Arrays) -> Arrays:
        return results

    def forward(inputs: Arrays, results: Arrays, kept: Arrays) -> tuple[Arrays, tuple[Arrays, Arrays]]:
        return results, (inputs, kept)

    def reverse(saved: tuple[Arrays, Arrays], cotangents: Arrays) -> tuple[Any, Any, Any]:
        inputs, kept = saved
        sources: dict[tuple[str, str | int], Any] = {("input", i): c for i, c in enumerate(cotangents)}
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


def _no_cotangent(x: ArrayLike) -> Array | np.ndarray:
    if jnp.issubdtype(jnp.result_type(x), jnp.inexact):
        return jnp.zeros_like(x)
    return np.zeros(np.shape(x), jax.dtypes.float0)


CONTROL: dict[str, Callable[..., Any]] = {
    "assert": _check,
    "cond": _cond,
    "custom_grad": _custom_grad,
    "map_impl": _map,
    "scan": _scan,
    "while_loop": _while_loop,
}
"""The functions of these operators; the first argument of each is the function that computes a graph."""
