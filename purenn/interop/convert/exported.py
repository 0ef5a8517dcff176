"""Graphs by ``torch.export``: every size that can be free is, and no value of the example is used."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import torch
from torch._ops import HigherOrderOperator, OpOverload
from torch.export import ExportedProgram
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from purenn.interop.convert.builder import Builder, Slot
from purenn.interop.convert.dtypes import numpy_of
from purenn.interop.convert.graph import Graph
from purenn.interop.convert.operators import Unsupported, decomposition_of, may_view, name_of, places_of, takes
from purenn.interop.convert.program import Refused, depends_on_values, obtain, quiet
from purenn.interop.convert.recorder import same_memory

__all__ = ["Exported", "export"]


@dataclasses.dataclass(frozen=True)
class Exported:
    """The result of an export: the graph, the sizes of every input leaf, and how the outputs are put together."""

    graph: Graph
    shapes: tuple[tuple[int | str, ...] | None, ...]
    spec: pytree.TreeSpec


def export(
    module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], paths: Sequence[str], given_up: set[str]
) -> Exported:
    """Exports a module in its present mode.

    Args:
        module: the module.
        args: the example.
        kwargs: its keywords.
        paths: names the leaves of the arguments.
        given_up: choices of free sizes that were too costly in the module's other mode.

    Raises:
        Refused: torch.export doesn't take it, or it has shapes that depend on values.
        Unsupported: an operator has no function and no decomposition.
    """
    program, guards = obtain(module, args, kwargs, paths, given_up)
    if any(depends_on_values(node.meta.get("val")) for node in program.graph.nodes):
        raise Refused("a shape depends on values")
    if unknown := _unknown(program.graph_module):
        raise Unsupported(", ".join(sorted(str(op) for op in unknown)))
    paths_of_parts = {path for path, _ in module.named_modules(remove_duplicate=False)}
    return _Reader(program, paths_of_parts).read(guards)


def _unknown(graph_module: GraphModule) -> set[OpOverload]:
    """The operators of a graph, and of those inside it, that have neither a function nor a decomposition."""
    graphs = [part.graph for part in graph_module.modules() if isinstance(part, GraphModule)]
    targets = {node.target for graph in graphs for node in graph.nodes if node.op == "call_function"}
    operators = {target for target in targets if isinstance(target, OpOverload)}
    return {op for op in operators if not takes(op) and decomposition_of(op) is None}


def decomposed(func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[GraphModule, list[int]]:
    """torch's decomposition of a call on fake tensors.

    Returns:
        A graph of the tensors among the arguments, and the places of these tensors among the arguments' leaves.
    """
    leaves, spec = pytree.tree_flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    function = decomposition_of(func)
    assert function is not None

    def run(*tensors: torch.Tensor) -> Any:
        inputs = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            inputs[place] = tensor
        positional, keywords = pytree.tree_unflatten(inputs, spec)
        return function(*positional, **keywords)

    with quiet():
        return make_fx(run)(*[leaves[i] for i in places]), places


class _Reader:
    """Reads the nodes of an exported program into a `Builder`."""

    def __init__(self, program: ExportedProgram, parts: Set[str]):
        self.program, self.builder, self.parts = program, Builder(), parts
        self.numbers: dict[str, dict[str, int]] = {}

    def read(self, guards: Sequence[str]) -> Exported:
        signature, gm = self.program.graph_signature, self.program.graph_module
        placeholders = [node for node in gm.graph.nodes if node.op == "placeholder"]
        inputs: list[Any] = []
        shapes: list[tuple[int | str, ...] | None] = []
        buffers: dict[str, Slot] = {}
        for node, spec in zip(placeholders, signature.input_specs, strict=True):
            kind = spec.kind.name
            if kind in ("PARAMETER", "BUFFER"):
                slot = self.builder.source(kind.lower(), str(spec.target))
                inputs.append(slot)
                if kind == "BUFFER":
                    buffers[str(spec.target)] = slot
            elif kind == "USER_INPUT":
                value = node.meta.get("val")
                tensor = isinstance(value, torch.Tensor)
                shapes.append(tuple(map(_size, value.shape)) if tensor else None)
                inputs.append(self.builder.source("input", len(shapes) - 1) if tensor else value)
            elif kind == "CONSTANT_TENSOR":
                constant = self.program.constants[str(spec.target)]
                assert isinstance(constant, torch.Tensor)
                inputs.append(self.builder.constant(numpy_of(constant)))
            else:
                raise Unsupported(f"an input of kind {kind}")
        starts = {name: slot.value for name, slot in buffers.items()}
        results = self.walk(gm, inputs)
        updates, outputs = [], []
        for spec, result in zip(signature.output_specs, results, strict=True):
            if spec.kind.name == "BUFFER_MUTATION":
                buffers.setdefault(str(spec.target), result)
                updates.append((str(spec.target), result))
            elif spec.kind.name == "USER_OUTPUT":
                outputs.append(result)
        done = {name for name, _ in updates}
        for name, slot in buffers.items():
            if name not in done and self.builder.read(slot) != starts.get(name):
                updates.append((name, slot))
        graph = self.builder.finish(tuple(outputs), updates, guards)
        form = self.program.call_spec.out_spec
        assert form is not None
        return Exported(graph, tuple(shapes), form)

    def walk(self, gm: GraphModule, values: Sequence[object]) -> Any:
        """Reads one graph, and returns its outputs."""
        env: dict[Node, Any] = {}
        inputs = iter(values)
        result: Any = ()
        outside = self.builder.calls
        for node in gm.graph.nodes:
            if node.op == "placeholder":
                env[node] = next(inputs)
            elif node.op == "get_attr":
                env[node] = self._attribute(gm, str(node.target))
            elif node.op == "output":
                result = self._values(node.args[0], env)
            elif node.op == "call_function":
                self.builder.calls = self._calls(node) or outside
                env[node] = self._call(node, env)
        self.builder.calls = outside
        return result

    def _attribute(self, gm: GraphModule, target: str) -> Any:
        value: Any = gm
        for part in target.split("."):
            value = getattr(value, part)
        return self.builder.constant(numpy_of(value)) if isinstance(value, torch.Tensor) else value

    def _values(self, value: object, env: Mapping[Node, Any]) -> Any:
        """An argument of a node, with values in place of nodes."""
        if isinstance(value, Node):
            return env[value]
        if isinstance(value, tuple | list):
            return tuple(self._values(v, env) for v in value)
        if isinstance(value, dict):
            return {k: self._values(v, env) for k, v in value.items()}
        return value

    def _call(self, node: Node, env: Mapping[Node, Any]) -> Any:
        args, kwargs = self._values(node.args, env), self._values(node.kwargs, env)
        target = node.target
        assert not isinstance(target, str)
        if target is operator.getitem and isinstance(args[0], tuple):
            return args[0][args[1]]
        if isinstance(target, HigherOrderOperator):
            return self._higher(target.name(), args, node)
        name = name_of(target)
        if name.startswith(("_assert_scalar", "_assert_async")):
            message = args[1] if len(args) > 1 and isinstance(args[1], str) else ""
            self.builder.emit("assert", (self.builder.plain(args[0]), message))
            return None
        value = node.meta.get("val")
        outs = len(value) if isinstance(value, tuple | list) else None
        if not isinstance(target, OpOverload) or not (isinstance(value, torch.Tensor) or outs is not None):
            if isinstance(value, int | float | bool):
                return value
            op = name if isinstance(target, OpOverload) else _size_operator(target)
            return self.builder.emit(op, self.builder.plain_each(args))
        if not takes(target):
            return self._decomposed(target, node, args, kwargs)
        below = node.args[0].meta.get("val") if node.args and isinstance(node.args[0], Node) else None
        if below is not None and name == "as_strided" and (places := places_of(below, *args[1:])) is not None:
            target, args = torch.ops.aten.take.default, (args[0], self.builder.constant(places))
        return self.builder.call(target, args, kwargs, outs, lambda: may_view(target) and same_memory(value, below))

    def _decomposed(self, target: OpOverload, node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        fake = pytree.tree_map_only(Node, lambda n: n.meta["val"], (node.args, node.kwargs))
        if any(isinstance(x, torch.SymInt | torch.SymFloat) for x in pytree.tree_leaves(fake)):
            raise Refused(f"{target} has a free size among its arguments")
        gm, places = decomposed(target, *fake)
        leaves = pytree.tree_leaves((args, kwargs), is_leaf=lambda x: isinstance(x, Slot))
        return self.walk(gm, [leaves[i] for i in places])

    def _higher(self, name: str, args: tuple[Any, ...], node: Node) -> Any:
        builder = self.builder
        if name == "wrap_with_set_grad_enabled":
            before, builder.stops = builder.stops, builder.stops or not args[0]
            try:
                return self.walk(args[1], args[2:])
            finally:
                builder.stops = before
        if name == "wrap_with_autocast":
            if args[2]:
                raise Unsupported(f"torch.autocast to {args[1]} inside of a forward")
            return self.walk(args[4], args[5:])
        if name in ("tag_activation_checkpoint", "wrap", "invoke_subgraph", "inline_asm_elementwise"):
            rest = args[1:] if name != "invoke_subgraph" else args[2:]
            return self.walk(args[0], rest)
        if name in ("cond", "while_loop", "scan", "map_impl"):
            plain = [self._subgraph(a) if isinstance(a, GraphModule) else builder.plain(a) for a in args]
            return tuple(map(Slot, builder.emit_several(name, plain, {}, len(node.meta["val"]))))
        raise Unsupported(f"torch.ops.higher_order.{name}")

    def _subgraph(self, gm: GraphModule) -> Graph:
        outer, self.builder = self.builder, Builder()
        try:
            count = sum(node.op == "placeholder" for node in gm.graph.nodes)
            return self.builder.finish(self.walk(gm, [self.builder.source("input", i) for i in range(count)]), ())
        finally:
            self.builder = outer

    def _calls(self, node: Node) -> tuple[str, ...]:
        """The calls of parts around a node, outside in."""
        calls: list[str] = []
        for key, (path, _) in (node.meta.get("nn_module_stack") or {}).items():
            path = path if path in self.parts else path.split("@")[0]
            if path and path in self.parts:
                numbers = self.numbers.setdefault(path, {})
                calls.append(f"{path}@{numbers.setdefault(key, len(numbers))}")
        return tuple(calls)


def _size_operator(target: Callable[..., Any]) -> str:
    name = name_of(target)
    if name.startswith(("operator.", "math.", "sym_")):
        return name
    return {"max": "sym_max", "min": "sym_min"}.get(name, name)


def _size(size: int | torch.SymInt) -> int | str:
    return size if isinstance(size, int) else str(size.node.expr)
