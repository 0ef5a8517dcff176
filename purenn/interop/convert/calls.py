"""The calls of a torch module's parts in a `Graph`: the nodes of each call, its inputs and its outputs."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from purenn.interop.convert.graph import Graph, Node, path_of, refs_in

__all__ = ["Block", "Step", "steps_of"]


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """The nodes of one call of a part.

    Attributes:
        path: the part's dotted path.
        steps: its nodes, and the calls that it makes, in order.
        inputs: the numbers of the values that it takes from outside, in the order of their use; without constants,
            parameters and values of buffers.
        outputs: the numbers of its values that are used outside; without values of buffers.
        values: the numbers of all values that it computes.
    """

    path: str
    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    values: frozenset[int]


Step = Node | Block


@functools.lru_cache(maxsize=256)
def steps_of(graph: Graph) -> tuple[Step, ...]:
    """The nodes of a graph, with the nodes of each call of a part in one block."""
    last = {index: place for place, node in enumerate(graph.nodes) for index in _used(node)}
    last |= {ref.index: len(graph.nodes) for ref in refs_in(graph.outputs)}
    excluded = (
        {index for index, _ in graph.constants}
        | {s.index for s in graph.sources if s.kind != "input"}
        | {*graph.buffer_values}
    )
    return _steps(graph.nodes, 0, 0, last, excluded)


def _steps(
    nodes: Sequence[Node], start: int, depth: int, last: Mapping[int, int], excluded: set[int]
) -> tuple[Step, ...]:
    """The steps of consecutive nodes.

    Args:
        nodes: the nodes.
        start: the place of the first node in the graph.
        depth: the number of calls that all these nodes are in.
        last: the place of the last node that uses a value, by the value's number.
        excluded: the values that are no inputs or outputs of a call.
    """
    steps: list[Step] = []
    place = 0
    while place < len(nodes):
        inner = nodes[place].calls[: depth + 1]
        if len(inner) == depth:
            steps.append(nodes[place])
            place += 1
            continue
        end = place + 1
        while end < len(nodes) and nodes[end].calls[: depth + 1] == inner:
            end += 1
        steps.append(_block(nodes[place:end], start + place, inner, last, excluded))
        place = end
    return tuple(steps)


def _block(
    nodes: Sequence[Node], start: int, calls: tuple[str, ...], last: Mapping[int, int], excluded: set[int]
) -> Block:
    values = [index for node in nodes for index in _outs(node)]
    inside = frozenset(values)
    used = dict.fromkeys(index for node in nodes for index in _used(node))
    return Block(
        path_of(calls),
        _steps(nodes, start, len(calls), last, excluded),
        tuple(index for index in used if index not in inside and index not in excluded),
        tuple(index for index in values if index not in excluded and last.get(index, -1) >= start + len(nodes)),
        inside,
    )


def _outs(node: Node) -> tuple[int, ...]:
    return (node.out,) if isinstance(node.out, int) else node.out


def _used(node: Node) -> list[int]:
    return [ref.index for ref in refs_in((node.args, tuple(value for _, value in node.kwargs)))]
