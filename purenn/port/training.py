"""Training: optimizers, schedules, clipping and loops are rewritten before everything else."""

from __future__ import annotations

from typing import Any

import libcst as cst
from libcst import matchers as m

from purenn.port.averages import parameter_average
from purenn.port.imports import Names
from purenn.port.loops import (
    assigned_names,
    call_of,
    find_pass,
    loss_function,
    read_names,
    step_call,
)
from purenn.port.nodes import as_name, call, code, expression, names_in, statement
from purenn.port.optimizers import modules_of, schedule, transformation
from purenn.port.report import Report
from purenn.port.training_facts import Collect, Facts, Schedule

__all__ = ["rewrite_training"]


class _Training(cst.CSTTransformer):
    def __init__(self, names: Names, report: Report, facts: Facts):
        super().__init__()
        self.names = names
        self.report = report
        self.facts = facts
        self.loops: list[cst.For | cst.While] = []
        self.functions: list[cst.CSTNode] = []
        self.taken: set[str] = set()
        self.pending: list[list[cst.BaseStatement]] = []  # loss functions that go before the loop around

    # Blocks.

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.functions.append(node)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self.functions.pop()
        return updated_node

    def visit_For(self, node: cst.For) -> None:
        self.loops.append(node)
        self.pending.append([])

    def leave_For(
        self, original_node: cst.For, updated_node: cst.For
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        self.loops.pop()
        average = parameter_average(original_node)
        if average is not None:
            self.pending.pop()
            self.names.use("jax")
            return average
        return self._before(_with_arrays(self.names, updated_node))

    def visit_While(self, node: cst.While) -> None:
        self.loops.append(node)
        self.pending.append([])

    def leave_While(
        self, original_node: cst.While, updated_node: cst.While
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        self.loops.pop()
        return self._before(updated_node)

    def _before(self, loop: cst.For | cst.While) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        made = self.pending.pop()
        if not made:
            return loop
        blank = [cst.EmptyLine(indent=False)] * (1 if self.functions else 2)
        made = [each.with_changes(leading_lines=blank) for each in made]
        comments = list(loop.leading_lines)
        while comments and comments[0].comment is None:
            del comments[0]
        return cst.FlattenSentinel([*made, loop.with_changes(leading_lines=[*blank, *comments])])

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        return updated_node.with_changes(body=self._passes(list(updated_node.body)))

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        return updated_node.with_changes(body=self._passes(list(updated_node.body)))

    def _passes(self, body: list[cst.BaseStatement]) -> list[cst.BaseStatement]:
        begin, new = 0, []
        while (found := find_pass(body, begin, self.facts.modules)) is not None:
            if isinstance(found, str):
                where = next(i for i in range(begin, len(body)) if call_of(body[i], "backward") is not None)
                self.report.note(body[where], f"the training step stays as it is, since {found}")
                new += body[begin : where + 1]
                begin = where + 1
                continue
            new += [body[i] for i in range(begin, found.start) if i not in found.dropped]
            outside = [body[i] for i in found.later] + body[found.step + 1 :]
            new += self._step(found, body, outside)
            new += [body[i] for i in found.later]
            begin = found.step + 1
        return new + body[begin:] if new or begin else body

    def _step(
        self, found: object, body: list[cst.BaseStatement], outside: list[cst.BaseStatement]
    ) -> list[cst.BaseStatement]:
        from purenn.port.loops import Pass

        assert isinstance(found, Pass)
        inside = [body[i] for i in found.body]
        assigned, arguments = [], []
        varying = self._varying(body[: found.start])
        for each in inside:
            read = read_names(each) - {*assigned}
            for name in (name for name in dict.fromkeys(names_in(each)) if name in read):
                if name in varying and name not in arguments and name not in found.modules:
                    arguments.append(name)
            assigned += [name for name in assigned_names(each) if name not in assigned]
        later = {name for each in outside for name in names_in(each)} | self._read_elsewhere(inside, body)
        later |= {*arguments} if self.loops else set()  # the next round begins with it
        later |= {name for each in body[: found.start] for name in read_names(each)} if self.loops else set()
        loss = code(found.losses[0]) if len(found.losses) == 1 and isinstance(found.losses[0], cst.Name) else None
        outputs = [name for name in assigned if name in later and name != loss]
        name = self._name(loss)
        made = loss_function(name, found, body, arguments, outputs)
        used = loss if loss and loss in later else None
        step = step_call(name, found, arguments, outputs, used)
        first = inside[0] if inside else body[found.step]
        step = step.with_changes(leading_lines=_lead(body, found))
        made = made.with_changes(body=made.body.with_changes(body=[_bare(made.body.body[0]), *made.body.body[1:]]))
        self.report.positions.setdefault(step, self.report.line_of(first))
        if self.pending:
            self.pending[0].append(made)
            return [step]
        return [made, step]

    def _varying(self, before: list[cst.BaseStatement]) -> set[str]:
        """The names that have another value whenever the step is taken."""
        names = {name for each in before for name in assigned_names(each)} if self.loops else set()
        for loop in self.loops:
            if isinstance(loop, cst.For):
                names |= set(names_in(loop.target))
            names |= {name for each in loop.body.body for name in assigned_names(each)}
        return names

    def _read_elsewhere(self, inside: list[cst.BaseStatement], body: list[cst.BaseStatement]) -> set[str]:
        """The names that the function reads outside of the loops around the step."""
        found: set[str] = set()
        around = self.functions[-1].body if self.functions else None  # pyright: ignore[reportAttributeAccessIssue]
        seen = False
        for each in around.body if around is not None else []:
            if any(loop is each or loop in _all(each) for loop in self.loops[:1]):
                seen = True
            elif seen:
                found |= set(names_in(each))
        return found

    def _name(self, loss: str | None) -> str:
        base = f"{loss or 'loss'}_fn"
        name, count = base, 2
        while name in self.taken:
            name, count = f"{base}_{count}", count + 1
        self.taken.add(name)
        return name

    # Optimizers and schedules.

    def leave_Assign(
        self, original_node: cst.Assign, updated_node: cst.Assign
    ) -> cst.BaseSmallStatement | cst.RemovalSentinel:
        target = code(original_node.targets[0].target)
        if self.facts.constructors.get(target) is original_node.value:
            made = self._optimizer(target, original_node)
            return updated_node if made is None else updated_node.with_changes(value=made)
        plan = self.facts.schedules.get(target)
        if (
            plan is not None
            and isinstance(original_node.value, cst.Call)
            and list(original_node.value.args) == plan.args
        ):
            made = self._schedule(plan)
            if made is None:
                self.report.todo(
                    original_node,
                    f"torch's {plan.name} has no translation",
                    "write the learning rate as an optax schedule",
                )
                self.report.marks.clear()
                return updated_node
            return cst.RemoveFromParent() if plan.by_batch else updated_node.with_changes(value=made)
        return updated_node

    def _rate(self, optimizer: str) -> cst.BaseExpression:
        constructor = self.facts.constructors.get(optimizer)
        for place, arg in enumerate(constructor.args if constructor else ()):
            if (arg.keyword and arg.keyword.value == "lr") or (place == 1 and not arg.keyword):
                return arg.value
        return expression("0.001")

    def _schedule(self, plan: Schedule) -> cst.BaseExpression | None:
        made = (
            schedule(plan.name, plan.args, self._rate(plan.optimizer))
            if plan.optimizer in self.facts.constructors
            else None
        )
        if made is not None:
            self.names.use("optax")
        return made

    def _optimizer(self, target: str, node: cst.Assign) -> cst.BaseExpression | None:
        assert isinstance(node.value, cst.Call)
        name = (self.names.qualify(node.value.func) or "").rsplit(".", 1)[-1]
        modules = modules_of(node.value.args[0].value)
        plan = next((plan for plan in self.facts.schedules.values() if plan.optimizer == target), None)
        rate = self._schedule(plan) if plan is not None and plan.by_batch else None
        changes = plan is not None and not plan.by_batch and self._schedule(plan) is not None
        found = transformation(name, node.value.args, rate, changes, self.facts.clips.get(target))
        if modules is None or found is None:
            return None
        tx, path = found
        self.facts.paths[target] = path
        self.names.use("optax")
        modules_given = modules[0] if len(modules) == 1 else expression(f"[{', '.join(map(code, modules))}]")
        return call(f"{self.names.use('nn')}.Optimizer", modules_given, tx)

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.RemovalSentinel:
        stepped = call_of(original_node, "step")
        plan = self.facts.schedules.get(code(stepped)) if stepped is not None else None
        if plan is None or self._schedule(plan) is None:
            return updated_node
        if plan.by_batch:
            return cst.RemoveFromParent()
        epoch = self._epoch()
        if epoch is None:
            self.report.note(
                original_node, "the schedule steps outside of a loop over range()", "set the learning rate by hand"
            )
            return updated_node
        path = self.facts.paths.get(plan.optimizer, "")
        line = f'{plan.optimizer}.state{path}.hyperparams["learning_rate"] = {code(stepped)}({epoch})'  # pyright: ignore[reportArgumentType]
        new = statement(line)
        return new.with_changes(leading_lines=updated_node.leading_lines)  # pyright: ignore[reportReturnType]

    def _epoch(self) -> str | None:
        """How many epochs are over at the end of this one, by the loop around."""
        loop = self.loops[-1] if self.loops else None
        if (
            not isinstance(loop, cst.For)
            or not isinstance(loop.target, cst.Name)
            or not isinstance(loop.iter, cst.Call)
        ):
            return None
        if as_name(loop.iter.func) != "range" or not 1 <= len(loop.iter.args) <= 2:
            return None
        begin = code(loop.iter.args[0].value) if len(loop.iter.args) == 2 else "0"
        name = loop.target.value
        return name if begin == "1" else f"{name} + 1" if begin == "0" else None


def _all(node: cst.CSTNode) -> list[cst.CSTNode]:
    return list(m.findall(node, m.For() | m.While()))


def _bare(node: Any) -> Any:
    """The statement without the empty lines before it."""
    lines = getattr(node, "leading_lines", ())
    return node.with_changes(leading_lines=[line for line in lines if line.comment])


def _lead(body: list[cst.BaseStatement], found: object) -> list[cst.EmptyLine]:
    """The comments of the statements that a step stands for and that are dropped."""
    from purenn.port.loops import Pass

    assert isinstance(found, Pass)
    lines = [line for i in found.dropped for line in getattr(body[i], "leading_lines", ()) if line.comment]
    return lines


def _with_arrays(names: Names, node: cst.For) -> cst.For:
    """A loop over a loader: what a torch loader gives becomes arrays."""
    source = code(node.iter)
    if "loader" not in source.lower():
        return node
    target: cst.BaseExpression = node.target
    if isinstance(node.iter, cst.Call) and as_name(node.iter.func) == "enumerate" and isinstance(target, cst.Tuple):
        target = target.elements[1].value
    elements = [each.value for each in target.elements] if isinstance(target, cst.Tuple) else [target]
    found = [each.value for each in elements if isinstance(each, cst.Name) and each.value != "_"]
    if (
        not found
        or len(found) != len([e for e in elements if code(e) != "_"])
        or not isinstance(node.body, cst.IndentedBlock)
    ):
        return node
    jnp = names.use("jnp")
    line = f"{', '.join(found)} = {', '.join(f'{jnp}.asarray({name})' for name in found)}"
    return node.with_changes(body=node.body.with_changes(body=[statement(line), *node.body.body]))


def rewrite_training(tree: cst.Module, names: Names, report: Report) -> cst.Module:
    """The tree with optimizers, schedules and training loops as purenn and optax say them."""
    collect = Collect(names)
    tree.visit(collect)
    return tree.visit(_Training(names, report, collect.facts))
