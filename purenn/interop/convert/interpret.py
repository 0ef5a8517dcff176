"""Runs a `Graph` on jax arrays. Under ``jit`` it runs once, while jax traces; the compiled program is without it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop.convert.calls import Block, Step, steps_of
from purenn.interop.convert.dtypes import dtype_of, narrowed
from purenn.interop.convert.graph import Argument, DType, Graph, Node, Ref, path_of
from purenn.interop.convert.table import find
from purenn.interop.convert.table.control import CONTROL
from purenn.layers.location import describe_arguments
from purenn.typing import Array

__all__ = ["is_array", "is_floating", "run"]

Call = Callable[[Block, list[Any], Callable[[], None]], None]
"""Makes the call of a part; the arguments are its block, all values by their numbers, and what computes the block."""


def run(graph: Graph, sources: Mapping[tuple[str, str | int], Any], call: Call | None = None) -> tuple[list[Any], Any]:
    """Computes a graph.

    Args:
        graph: the graph.
        sources: the value of each source, by kind and name.
        call: makes the calls of parts; None computes their nodes without calls.

    Returns:
        All values by their numbers, and the outputs.
    """
    values: list[Any] = [None] * graph.size
    for source in graph.sources:
        values[source.index] = sources[source.kind, source.name]
    for index, array in graph.constants:
        values[index] = narrowed(array)
    _walk(graph.nodes if call is None else steps_of(graph), values, call)
    return values, _resolve(graph.outputs, values)


def _walk(steps: Sequence[Step], values: list[Any], call: Call | None) -> None:
    for step in steps:
        if isinstance(step, Node):
            scope = path_of(step.calls) if call is None else ""
            with jax.named_scope(scope) if scope else contextlib.nullcontext():
                _compute(step, values)
        else:
            assert call is not None
            call(step, values, functools.partial(_walk, step.steps, values, call))


def _resolve(value: Argument, values: list[Any]) -> Any:
    if isinstance(value, Ref):
        return values[value.index]
    if isinstance(value, tuple):
        return tuple(_resolve(v, values) for v in value)
    return dtype_of(value) if isinstance(value, DType) else value


def _compute(node: Node, values: list[Any]) -> None:
    args = _resolve(node.args, values)
    kwargs = {name: _resolve(value, values) for name, value in node.kwargs}
    try:
        result = CONTROL[node.op](run, *args) if node.op in CONTROL else find(node.op)(*args, **kwargs)
    except Exception as error:
        error.add_note(f"  in torch's {node.op}, called with {describe_arguments(args, kwargs)}")
        raise
    if node.stops:
        result = jax.tree.map(lambda x: jax.lax.stop_gradient(x) if is_floating(x) else x, result)
    if isinstance(node.out, int):
        values[node.out] = result
    else:
        for index, value in zip(node.out, result, strict=False):
            values[index] = value


def is_array(x: object) -> TypeGuard[Array | np.ndarray]:
    """Whether a value of a graph is an array; others are Python's."""
    return isinstance(x, jax.Array | np.ndarray)


def is_floating(x: object) -> TypeGuard[Array | np.ndarray]:
    """Whether a value of a graph is an array of floating or complex numbers."""
    return is_array(x) and jnp.issubdtype(x.dtype, jnp.inexact)
