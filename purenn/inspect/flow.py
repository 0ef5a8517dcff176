"""How data flows through a model: nodes, edges and blocks, read off the program of a run on shapes.

A call that makes no further calls is one node, as is a block that is folded. An operation between calls is a node under
the name of the function of `purenn.functional` that makes it, or of its primitive. Operations that only move data
belong to the edge.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax.extend.core import Jaxpr, JaxprEqn, Literal

from purenn import functional
from purenn.inspect.flops import Operand, inner_programs, is_linear_map
from purenn.inspect.trace import Call, Trace, arrays_of, call_of, is_array

__all__ = ["Block", "Flow", "Node", "flow"]

_SYMBOLS = {
    "add": "+", "add_any": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−", "dot_general": "matmul", "max": "max",
    "concatenate": "concat", "logistic": "sigmoid", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min",
    "select_n": "where", "integer_pow": "power", "pow": "power", "gather": "index", "dynamic_slice": "index",
    "conv_general_dilated": "conv", "linear_map": "linear",
}  # fmt: skip
_MOVES = {
    "reshape", "transpose", "broadcast_in_dim", "squeeze", "expand_dims", "convert_element_type", "slice", "split",
    "stop_gradient", "copy", "copy_p", "sharding_constraint", "reduce_precision", "optimization_barrier", "rev",
    "pvary",
}  # fmt: skip
_INLINED = {"jit", "pjit", "closed_call", "core_call", "checkpoint", "remat", "remat2", "custom_jvp_call",
            "custom_vjp_call", "custom_vjp_call_jaxpr", "scan"}  # fmt: skip
_COMPOSED = {"mean", "var", "std", "einsum", "average"}  # of jax.numpy: one node each
_Origin: TypeAlias = tuple[CodeType, CodeType, int]  # a function, the code that calls it, and the place of the call


@dataclasses.dataclass(eq=False)
class Node:
    """A layer, an operation, an input, an output or an array of the model.

    Attributes:
        label: its name.
        kind: "layer", "block" (folded), "operation", "input", "output" or "array".
        detail: the name of a layer's class.
        path: the dotted name of a layer or array.
        block: the block that it stands in.
        shape: what it gives, as "2×8".
    """

    label: str
    kind: str
    detail: str = ""
    path: str = ""
    block: Block | None = None
    shape: str = ""


@dataclasses.dataclass(eq=False)
class Block:
    """A layer that is shown with its parts inside.

    Attributes:
        label, detail, path: as a node's.
        outer: the block around it; None for the model itself.
    """

    label: str
    detail: str
    path: str
    outer: Block | None

    def around(self) -> Iterator[Block]:
        """This block and those around it, inside out."""
        block: Block | None = self
        while block is not None:
            yield block
            block = block.outer


@dataclasses.dataclass
class Flow:
    """A model's nodes, in the order of their computation, and the edges between them."""

    nodes: list[Node]
    edges: list[tuple[Node, Node]]
    root: Block


@dataclasses.dataclass
class _Value:
    """A value of the program: the node that gives it, None for a constant, and the name of an array of the model."""

    node: Node | None = None
    name: str | None = None


class _Reader:
    """Reads a program."""

    def __init__(self, run: Trace, depth: int | None):
        self.calls, self.depth = run.calls, depth
        self.nodes: list[Node] = []
        self.edges: dict[tuple[int, int], tuple[Node, Node]] = {}
        self.parents = {call.parent for call in run.calls}
        self.blocks: dict[int, Block] = {}
        self.of_call: dict[int, Node] = {}
        self.arrays: dict[tuple[str, Block], Node] = {}
        self.group: tuple[tuple[int, _Origin | None], Node] | None = None

    # Which node an equation belongs to.

    def chain(self, call: int) -> list[int]:
        """The calls around a call and itself, outside in."""
        calls, number = [], call
        while number is not None:
            calls.append(number)
            number = self.calls[number].parent
        return calls[::-1]

    def closed(self, call: int) -> int | None:
        """The outermost call around that is one node, or None."""
        if self.depth == 0:
            return 0
        for level, number in enumerate(self.chain(call)):
            if level and (number not in self.parents or (self.depth is not None and level >= self.depth)):
                return number
        return None

    def block(self, number: int) -> Block:
        if number not in self.blocks:
            call = self.calls[number]
            outer = None if call.parent is None else self.block(call.parent)
            self.blocks[number] = Block(self.label(call), call.layer, call.path, outer)
        return self.blocks[number]

    def label(self, call: Call) -> str:
        """The name of a layer in the one that calls it."""
        above = "" if call.parent is None else self.calls[call.parent].path
        return call.path.removeprefix(f"{above}." if above else "") or call.layer

    def node_of(self, number: int) -> Node:
        if number not in self.of_call:
            call = self.calls[number]
            kind = "block" if number in self.parents else "layer"
            block = self.block(0 if call.parent is None else call.parent)
            self.of_call[number] = self.add(Node(self.label(call), kind, call.layer, call.path, block))
        return self.of_call[number]

    def add(self, node: Node) -> Node:
        self.nodes.append(node)
        return node

    def link(self, values: Sequence[_Value], node: Node) -> None:
        for value in values:
            source = value.node
            if source is None and value.name is not None and node.kind in ("operation", "output"):
                assert node.block is not None
                key = value.name, node.block
                if key not in self.arrays:
                    label = value.name.removeprefix(f"{node.block.path}." if node.block.path else "")
                    self.arrays[key] = self.add(Node(label, "array", path=value.name, block=node.block))
                source = self.arrays[key]
            if source is not None and source is not node:
                self.edges[id(source), id(node)] = source, node

    # Reading.

    def read(self, jaxpr: Jaxpr, values: Sequence[_Value], around: int) -> list[_Value]:
        known = dict(zip(jaxpr.invars, values, strict=True))

        def value(variable: Operand) -> _Value:
            return _Value() if isinstance(variable, Literal) else known.get(variable, _Value())

        for equation in jaxpr.eqns:
            inputs = [value(variable) for variable in equation.invars]
            results = self.equation(equation, inputs, call_of(equation, around))
            known.update(zip(equation.outvars, results, strict=True))
        return [value(variable) for variable in jaxpr.outvars]

    def equation(self, equation: JaxprEqn, inputs: list[_Value], call: int) -> list[_Value]:
        outputs = equation.outvars
        if (number := self.closed(call)) is not None:
            node = self.node_of(number)
            self.group = None
            self.link(inputs, node)
            return [_Value(node) for _ in outputs]
        name = equation.primitive.name
        inner = inner_programs(equation) if name in _INLINED else []
        if len(inner) == 1 and _has_calls(inner[0]) and len(inner[0].invars) == len(inputs):
            return self.read(inner[0], inputs, call)
        if not any(value.node is not None or value.name is not None for value in inputs):
            return [_Value() for _ in outputs]
        key, label = _function(equation)
        if key is None and name in _MOVES:
            moved = [value for value in inputs if value.node is not None or value.name is not None]
            if len(moved) == 1:
                return [moved[0] for _ in outputs]
        if key is not None and self.group is not None and self.group[0] == (call, key):
            node = self.group[1]
        else:
            node = self.add(Node(label or _word(equation), "operation", block=self.block(call)))
            self.group = (call, key), node
        self.link(inputs, node)
        node.shape = _shape(outputs[0].aval)
        return [_Value(node) for _ in outputs]


def _has_calls(jaxpr: Jaxpr) -> bool:
    return any(call_of(e, -1) >= 0 or any(map(_has_calls, inner_programs(e))) for e in jaxpr.eqns)


def _function(equation: JaxprEqn) -> tuple[_Origin | None, str | None]:
    """The outermost function of `purenn.functional` or `_COMPOSED` that made an equation, and where it was called."""
    trace = equation.source_info.traceback
    if trace is None or not hasattr(trace, "raw_frames"):
        return None, None
    origin: tuple[_Origin | None, str | None] = (None, None)
    codes, places = trace.raw_frames()
    for i, code in enumerate(codes):  # inside out
        if code.co_filename.endswith(("layers/observe.py", "layers/bound.py")):
            break
        home = jnp if code.co_name in _COMPOSED else functional
        public = inspect.unwrap(getattr(home, code.co_name, None))  # pyright: ignore[reportArgumentType]
        if getattr(public, "__code__", None) is code and i + 1 < len(codes):
            origin = (code, codes[i + 1], places[i + 1]), code.co_name
    return origin


def _word(equation: JaxprEqn) -> str:
    name = equation.primitive.name
    if is_linear_map(equation):
        return type(equation.params["op"]).__name__.strip("_").lower()
    if name in ("jit", "pjit", "custom_jvp_call", "custom_vjp_call"):
        return str(equation.params.get("name", name)).strip("_")
    return str(_SYMBOLS.get(name, name))


def _shape(value: object) -> str:
    shape = getattr(value, "shape", ())
    return "×".join(map(str, shape)) or "scalar"


def flow(run: Trace, inputs: Mapping[str, str], depth: int | None) -> Flow:
    """Reads how data flows through a model.

    Args:
        run: its run.
        inputs: the names of arguments as they are shown, by the trace's names.
        depth: the level from which blocks are folded; None for none.
    """
    reader = _Reader(run, depth)
    assert run.program is not None
    root, jaxpr = reader.block(0), run.program.jaxpr
    values = []
    for i, (variable, name) in enumerate(zip(jaxpr.invars, run.names, strict=True)):
        if i < run.count:
            values.append(_Value(name=name if i < run.count - 1 else None))
        else:
            shown = inputs.get(name, name)
            values.append(_Value(reader.add(Node(shown, "input", block=root, shape=_shape(variable.aval)))))
    outputs = reader.read(jaxpr, values, 0)
    for label, variable, value in zip(_output_names(run, len(outputs)), jaxpr.outvars, outputs, strict=True):
        node = Node(label, "output", block=root, shape=_shape(variable.aval))
        reader.add(node)
        reader.link([value], node)
    for number, node in reader.of_call.items():
        node.shape = ", ".join(map(_shape, arrays_of(reader.calls[number].output)[:3]))
    for (name, _), node in reader.arrays.items():
        node.shape = _shape(jaxpr.invars[run.names.index(name)].aval)
    return _pruned(Flow(reader.nodes, [*reader.edges.values()], root))


def _output_names(run: Trace, count: int) -> list[str]:
    """The outputs by their places in what the model returns."""
    leaves = jax.tree_util.tree_leaves_with_path(run.calls[0].output)
    paths = [jax.tree_util.keystr(path, simple=True, separator=".") for path, leaf in leaves if is_array(leaf)]
    if len(paths) != count:  # a hook has changed it
        paths = [*map(str, range(count))]
    return ["output"] if count == 1 else [f"output {path}" for path in paths]


def _pruned(data_flow: Flow) -> Flow:
    """The nodes that an output needs, and the inputs; without edges that would close a circle."""
    order = {id(node): i for i, node in enumerate(data_flow.nodes)}
    outputs = [node for node in data_flow.nodes if node.kind == "output"]
    sources: dict[int, list[Node]] = {}
    for source, target in data_flow.edges:
        if source.kind == "array" or order[id(source)] < order[id(target)]:
            sources.setdefault(id(target), []).append(source)
    needed, waiting = set[int](), [*outputs]
    while waiting:
        node = waiting.pop()
        if id(node) not in needed:
            needed.add(id(node))
            waiting += sources.get(id(node), [])
    nodes = [node for node in data_flow.nodes if id(node) in needed or node.kind == "input"]
    kept = {id(node): node for node in nodes}
    edges = [(s, kept[target]) for target, each in sources.items() if target in kept for s in each]
    return Flow(nodes, edges, data_flow.root)
