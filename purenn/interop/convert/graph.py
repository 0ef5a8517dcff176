"""A converted network as plain data: what is computed, in order, with no torch in it.

A `Graph` is a list of `Node`s, each a call of one operator of torch's ATen library by name. Arguments are constants or
`Ref`s to earlier values; sizes that may differ from call to call are values too, read from the arrays. Graphs pickle,
compare by their content, and are run by `purenn.interop.convert.interpret`.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import pickle
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from purenn.typing import Array

if TYPE_CHECKING:
    from purenn.layers.spec import Constant

__all__ = [
    "AnyArray",
    "Argument",
    "Assumption",
    "DType",
    "Graph",
    "Leaf",
    "Node",
    "Ref",
    "Source",
    "path_of",
    "pruned",
    "refs_in",
]

AnyArray: TypeAlias = "Array | np.ndarray"  # an array in a run of a graph: constants are numpy's
Argument: TypeAlias = "bool | int | float | complex | str | Ref | DType | Graph | tuple[Argument, ...] | None"
"""What a `Node` may call its operator with."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ref:
    """The value with a number."""

    index: int


@dataclasses.dataclass(frozen=True, slots=True)
class DType:
    """A dtype by torch's name, such as ``float32``."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """One call of an operator.

    Attributes:
        op: the operator's name and overload, such as ``add.Tensor``.
        args: constants, `Ref`s, and tuples of them.
        kwargs: pairs of name and argument.
        out: the number of the result, or the numbers of the results.
        calls: the calls of parts that it was made in, from the outermost: the part's dotted path, ``@``, and which of
            its calls that is.
        stops: whether no gradient flows through it.
    """

    op: str
    args: tuple[Argument, ...]
    kwargs: tuple[tuple[str, Argument], ...]
    out: int | tuple[int, ...]
    calls: tuple[str, ...] = ()
    stops: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A value from outside: a ``parameter`` or ``buffer`` by its dotted name, or an ``input`` by its number."""

    index: int
    kind: str
    name: str | int


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the arguments: an array of a kind and of sizes, or a constant.

    Attributes:
        path: the argument's name, with the keys that lead to the entry.
        dtype: torch's name of the example's dtype; None for a constant.
        shape: a number for each size that is fixed, a symbol's name for each that isn't.
        value: the constant; for an array whose values must be those of the example, these values.
    """

    path: str
    dtype: str | None = None
    shape: tuple[int | str, ...] = ()
    value: bool | int | float | complex | str | Constant | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Assumption:
    """A value that Python code of the torch module has read, and that the graph relies on."""

    ref: Ref
    value: bool | int | float | complex
    where: str

    def __str__(self) -> str:
        return f"{self.where} is {self.value!r}"


@dataclasses.dataclass(frozen=True, eq=False)
class Graph:
    """A list of nodes with their inputs and outputs.

    Attributes:
        sources: parameters, buffers and inputs.
        constants: arrays that are always the same, by their numbers.
        nodes: the calls, in order.
        outputs: the results, in the order of the output's leaves: `Ref`s and constants.
        updates: the new value of each buffer that changes, by its dotted name.
        assumptions: values that the graph relies on.
        buffer_values: the numbers of what buffers hold on the way.
        guards: conditions on sizes, as Python expressions over the symbols of the inputs' shapes.
        size: how many values there are.
    """

    sources: tuple[Source, ...]
    constants: tuple[tuple[int, np.ndarray], ...]
    nodes: tuple[Node, ...]
    outputs: Argument
    updates: tuple[tuple[str, Ref], ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    guards: tuple[str, ...] = ()
    buffer_values: tuple[int, ...] = ()
    size: int = 0

    @functools.cached_property
    def digest(self) -> bytes:
        """A hash of the content."""
        parts = (self.sources, self.nodes, self.outputs, self.updates, self.assumptions, self.guards)
        hasher = hashlib.sha256(repr((parts, self.buffer_values, self.size)).encode())
        for index, array in self.constants:
            hasher.update(pickle.dumps((index, array.shape, array.dtype.str, array.tobytes())))
        return hasher.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Graph({len(self.nodes)} nodes, {self.digest.hex()[:8]})"

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def path_of(calls: tuple[str, ...]) -> str:
    """The dotted path of the innermost part of a node's calls."""
    return calls[-1].rpartition("@")[0] if calls else ""


def refs_in(value: Argument) -> Iterator[Ref]:
    """Every `Ref` in an argument."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, tuple):
        for v in value:
            yield from refs_in(v)


def pruned(graph: Graph) -> Graph:
    """The graph without the nodes and constants whose results nothing uses."""
    needed = {r.index for r in refs_in(graph.outputs)} | {r.index for _, r in graph.updates}
    needed |= {a.ref.index for a in graph.assumptions}
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        outs = (node.out,) if isinstance(node.out, int) else node.out
        if needed.isdisjoint(outs) and node.op != "assert":
            continue
        kept.append(node)
        needed |= {r.index for r in refs_in((node.args, tuple(v for _, v in node.kwargs)))}
    return dataclasses.replace(
        graph,
        nodes=tuple(reversed(kept)),
        constants=tuple((i, a) for i, a in graph.constants if i in needed),
        sources=tuple(s for s in graph.sources if s.index in needed),
    )
