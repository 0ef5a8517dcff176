"""Runs a `Graph` on jax arrays. It runs while jax traces, so that the compiled program has no trace of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop.convert.dtypes import dtype_of, narrowed
from purenn.interop.convert.graph import DType, Graph, Node, Ref
from purenn.interop.convert.table import control, find
from purenn.layers.location import describe_arguments

__all__ = ["run"]


def run(graph: Graph, given: Mapping[tuple[str, str | int], Any], *, place: str = "") -> tuple[list[Any], Any]:
    """Computes a graph.

    Args:
        graph: the graph.
        given: the value of each source, by kind and name.
        place: the scope that is open already.

    Returns:
        All values by their numbers, and the outputs.
    """
    values: list[Any] = [None] * graph.size
    for source in graph.sources:
        values[source.index] = given[source.kind, source.name]
    for index, array in graph.constants:
        values[index] = narrowed(array)
    for scope, nodes in _by_scope(graph.nodes):
        inner = scope.removeprefix(place).lstrip(".") if place else scope
        with jax.named_scope(inner) if inner else contextlib.nullcontext():
            for node in nodes:
                _compute(node, values)
    return values, _resolve(graph.outputs, values)


def _by_scope(nodes: Sequence[Node]) -> list[tuple[str, list[Node]]]:
    runs: list[tuple[str, list[Node]]] = []
    for node in nodes:
        if runs and runs[-1][0] == node.scope:
            runs[-1][1].append(node)
        else:
            runs.append((node.scope, [node]))
    return runs


def _resolve(value: Any, values: list[Any]) -> Any:
    if isinstance(value, Ref):
        return values[value.index]
    if isinstance(value, tuple):
        return tuple(_resolve(v, values) for v in value)
    return dtype_of(value) if isinstance(value, DType) else value


def _compute(node: Node, values: list[Any]) -> None:
    args = _resolve(node.args, values)
    kwargs = {name: _resolve(value, values) for name, value in node.kwargs}
    try:
        result = (
            control.call(node.op, args, kwargs, run) if node.op in control.NAMES else find(node.op)(*args, **kwargs)
        )
    except Exception as error:
        where = f"{node.scope}: " if node.scope else ""
        error.add_note(f"  in {where}torch's {node.op}, called with {describe_arguments(args, kwargs)}")
        raise
    if node.stops:
        result = jax.tree.map(lambda x: jax.lax.stop_gradient(x) if _is_float(x) else x, result)
    if isinstance(node.out, int):
        values[node.out] = result
    else:
        for index, value in zip(node.out, result, strict=False):
            values[index] = value


def _is_float(x: Any) -> bool:
    return isinstance(x, jax.Array | np.ndarray) and jnp.issubdtype(x.dtype, jnp.inexact)
