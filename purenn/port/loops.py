"""A training loop's backward pass and step, as a loss function and one call of `nn.Optimizer.step`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import libcst as cst
from libcst import matchers as m

from purenn.port.nodes import as_name, code, names_in, statement

__all__ = ["Pass", "assigned_names", "call_of", "find_pass", "loss_function", "read_names", "step_call"]


def call_of(node: cst.CSTNode, method: str) -> cst.BaseExpression | None:
    """``x`` of a statement ``x.method(...)``, or None."""
    if not isinstance(node, cst.SimpleStatementLine) or len(node.body) != 1 or not isinstance(node.body[0], cst.Expr):
        return None
    value = node.body[0].value
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute) and value.func.attr.value == method:
        return value.func.value
    return None


class _Assigned(cst.CSTVisitor):
    def __init__(self) -> None:
        self.names: list[str] = []

    def _target(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Name):
            if node.value not in self.names:
                self.names.append(node.value)
        elif isinstance(node, cst.Tuple | cst.List):
            for each in node.elements:
                self._target(each.value)
        elif isinstance(node, cst.Subscript | cst.Attribute):
            base = as_name(node.value if isinstance(node, cst.Subscript) else node)
            if base is not None and "." not in base:
                self._target(cst.Name(base))

    def visit_For(self, node: cst.For | cst.AssignTarget | cst.AugAssign | cst.AnnAssign) -> None:
        self._target(node.target)

    visit_AssignTarget = visit_AugAssign = visit_AnnAssign = visit_For

    def visit_WithItem(self, node: cst.WithItem) -> None:
        if node.asname:
            self._target(node.asname.name)


def assigned_names(node: cst.CSTNode) -> list[str]:
    """The names that a statement assigns, in their order."""
    visitor = _Assigned()
    node.visit(visitor)
    return visitor.names


def read_names(node: cst.CSTNode) -> set[str]:
    """The names that a statement reads, or may read."""
    if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 and isinstance(node.body[0], cst.Assign):
        assign = node.body[0]
        names = set(names_in(assign.value))
        for target in assign.targets:
            if not isinstance(target.target, cst.Name | cst.Tuple):
                names |= set(names_in(target.target))
        return names
    return set(names_in(node))


@dataclass
class Pass:
    """A backward pass and the step that follows, in a list of statements.

    Attributes:
        start: the first statement of the loss function.
        step: the index of ``optimizer.step()``.
        body: the indices of the statements that the loss depends on, from `start`.
        later: the indices of the statements between them that move behind the step.
        dropped: the indices of the statements that have no meaning in jax.
        losses: the expressions whose sum is differentiated.
        optimizer: the source of the optimizer.
        modules: the source of each module that is trained.
    """

    start: int
    step: int
    losses: list[cst.BaseExpression]
    optimizer: str
    modules: list[str]
    body: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)


_LEAVES = m.Return() | m.Break() | m.Continue() | m.Yield()
_CLIPS = ("clip_grad_norm_", "clip_grad_value_", "clip_grad_norm")


def is_clip(node: cst.CSTNode) -> bool:
    """Whether a statement clips gradients."""
    if not isinstance(node, cst.SimpleStatementLine) or len(node.body) != 1:
        return False
    small = node.body[0]
    value = small.value if isinstance(small, cst.Expr | cst.Assign) else None
    return isinstance(value, cst.Call) and (as_name(value.func) or "").rsplit(".", 1)[-1] in _CLIPS


def find_pass(body: Sequence[cst.CSTNode], begin: int, known: dict[str, list[str]]) -> Pass | str | None:
    """The first backward pass of a list of statements from an index on.

    Args:
        body: the statements.
        begin: where to begin.
        known: the modules of each optimizer that the file makes.

    Returns:
        The pass, the reason why it can't be rewritten, or None if there is none.
    """
    backs = [i for i in range(begin, len(body)) if call_of(body[i], "backward") is not None]
    if not backs:
        return None
    step = next(
        (
            i
            for i in range(backs[0], len(body))
            if call_of(body[i], "step") is not None and _is_optimizer(body[i], known)
        ),
        None,
    )
    if step is None:
        return "no step of an optimizer follows in the same block"
    backs = [i for i in backs if i < step]
    optimizer = code(call_of(body[step], "step") or cst.Name("x"))
    losses = [back for i in backs if (back := call_of(body[i], "backward")) is not None]
    for i in backs:
        small = body[i].body[0]  # pyright: ignore[reportAttributeAccessIssue]
        if small.value.args:
            return "backward has arguments"
    needed = {name for loss in losses for name in names_in(loss)}
    sliced = []
    for i in range(backs[-1] - 1, begin - 1, -1):
        if set(assigned_names(body[i])) & needed and call_of(body[i], "zero_grad") is None:
            sliced.insert(0, i)
            needed |= read_names(body[i])
    modules = known.get(optimizer) or _called(body, sliced)
    if not modules:
        return "the module that the loss comes from could not be found"
    start = next((i for i in sliced if any(_mentions(body[i], name) for name in modules)), None)
    if start is None:
        return "the loss does not come from the optimizer's module in the same block"
    training_pass = Pass(start, step, losses, optimizer, modules)
    training_pass.body = [i for i in sliced if i >= start]
    if any(m.findall(body[i], _LEAVES) for i in training_pass.body):
        return "the loss is computed in a block that returns, breaks or yields"
    for i in range(begin, step + 1):
        zero = call_of(body[i], "zero_grad") is not None
        if zero or i in backs or i == step or is_clip(body[i]):
            training_pass.dropped.append(i)
        elif i >= start and i not in training_pass.body:
            training_pass.later.append(i)
    return training_pass


def _is_optimizer(node: cst.CSTNode, known: dict[str, list[str]]) -> bool:
    name = code(call_of(node, "step") or cst.Name("x"))
    return name in known or ("opt" in name.lower() and "sched" not in name.lower())


def _mentions(node: cst.CSTNode, dotted: str) -> bool:
    return any(as_name(each) == dotted for each in m.findall(node, m.Name() | m.Attribute()))


def _called(body: Sequence[cst.CSTNode], sliced: Sequence[int]) -> list[str]:
    """The module of an optimizer that the file doesn't make: the first callee that is named like a model."""
    for i in sliced:
        for each in m.findall(body[i], m.Call()):
            assert isinstance(each, cst.Call)
            name = as_name(each.func) or ""
            last = name.rsplit(".", 1)[-1].lower()
            if last in ("model", "net", "network", "module", "encoder", "classifier") or last.endswith(
                ("_net", "model", "net")
            ):
                return [name]
    return []


class _Rename(cst.CSTTransformer):
    """Gives a dotted name a short one."""

    def __init__(self, names: dict[str, str]):
        self.names = names

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        name = as_name(original_node)
        return cst.Name(self.names[name]) if name in self.names else updated_node


def loss_function(
    name: str, training_pass: Pass, body: Sequence[cst.CSTNode], arguments: Sequence[str], outputs: Sequence[str]
) -> cst.FunctionDef:
    """The definition of the loss function.

    Args:
        name: its name.
        training_pass: the pass.
        body: the statements of the block.
        arguments: the names of its arguments after the modules.
        outputs: the names that it returns beside the loss.
    """
    short_names = {module: module.rsplit(".", 1)[-1] for module in training_pass.modules}
    first = short_names[training_pass.modules[0]] if len(training_pass.modules) == 1 else "modules"
    function = statement(f"def {name}({', '.join([first, *arguments])}):\n    pass\n")
    assert isinstance(function, cst.FunctionDef)
    inside: list[Any] = []
    if len(training_pass.modules) > 1:
        inside.append(statement(f"{', '.join(short_names.values())} = modules"))
    rename = _Rename({module: last for module, last in short_names.items() if "." in module})
    inside += [body[i].visit(rename) for i in training_pass.body]  # pyright: ignore[reportArgumentType]
    total = " + ".join(code(loss) for loss in training_pass.losses)
    rest = f", {outputs[0]}" if len(outputs) == 1 else f", ({', '.join(outputs)})" if outputs else ""
    inside.append(statement(f"return {total}{rest}"))
    return function.with_changes(body=cst.IndentedBlock(inside))


def step_call(
    name: str, training_pass: Pass, arguments: Sequence[str], outputs: Sequence[str], loss: str | None
) -> cst.BaseStatement:
    """The statement that calls ``optimizer.step``."""
    rest = "".join(f", {argument}" for argument in arguments)
    source = f"{training_pass.optimizer}.step({name}{rest}{', has_aux=True' if outputs else ''})"
    if outputs:
        left = outputs[0] if len(outputs) == 1 else f"({', '.join(outputs)})"
        return statement(f"{loss or '_'}, {left} = {source}")
    return statement(f"{loss} = {source}" if loss else source)
