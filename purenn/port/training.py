"""Training: optimizers, schedules, clipping and loops are rewritten before everything else."""

from __future__ import annotations

from typing import Any

import libcst as cst
from libcst import matchers as m

from purenn.port.averages import parameter_average
from purenn.port.imports import Names
from purenn.port.loops import Pass, assigned_names, call_of, find_pass, loss_function, read_names, step_call
from purenn.port.nodes import as_name, code, names_in, statement
from purenn.port.report import Report
from purenn.port.training_facts import Collect, Facts
from purenn.port.training_optimizers import epochs_over, optimizer_of, schedule_of

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
        self.pending: list[list[cst.BaseStatement]] = []  # loss functions that go before the loop

    # Blocks.

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.functions.append(node)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self.functions.pop()
        return updated_node

    def visit_For(self, node: cst.For | cst.While) -> None:
        self.loops.append(node)
        self.pending.append([])

    visit_While = visit_For

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

    def leave_While(
        self, original_node: cst.While, updated_node: cst.While
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        self.loops.pop()
        return self._before(updated_node)

    def _before(self, loop: cst.For | cst.While) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        functions = self.pending.pop()
        if not functions:
            return loop
        blank = [cst.EmptyLine(indent=False)] * (1 if self.functions else 2)
        functions = [each.with_changes(leading_lines=blank) for each in functions]
        comments = list(loop.leading_lines)
        while comments and comments[0].comment is None:
            del comments[0]
        return cst.FlattenSentinel([*functions, loop.with_changes(leading_lines=[*blank, *comments])])

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        return updated_node.with_changes(body=self._passes(list(updated_node.body)))

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        return updated_node.with_changes(body=self._passes(list(updated_node.body)))

    def _passes(self, body: list[cst.BaseStatement]) -> list[cst.BaseStatement]:
        begin, new = 0, []
        while (training_pass := find_pass(body, begin, self.facts.modules)) is not None:
            if isinstance(training_pass, str):
                where = next(i for i in range(begin, len(body)) if call_of(body[i], "backward") is not None)
                self.report.note(body[where], f"the training step stays as it is, since {training_pass}")
                new += body[begin : where + 1]
                begin = where + 1
                continue
            new += [body[i] for i in range(begin, training_pass.start) if i not in training_pass.dropped]
            outside = [body[i] for i in training_pass.later] + body[training_pass.step + 1 :]
            new += self._step(training_pass, body, outside)
            new += [body[i] for i in training_pass.later]
            begin = training_pass.step + 1
        return new + body[begin:] if new or begin else body

    def _step(
        self, training_pass: Pass, body: list[cst.BaseStatement], outside: list[cst.BaseStatement]
    ) -> list[cst.BaseStatement]:
        inside = [body[i] for i in training_pass.body]
        assigned, arguments = [], []
        varying = self._varying(body[: training_pass.start])
        for each in inside:
            read = read_names(each) - {*assigned}
            for name in (name for name in dict.fromkeys(names_in(each)) if name in read):
                if name in varying and name not in arguments and name not in training_pass.modules:
                    arguments.append(name)
            assigned += [name for name in assigned_names(each) if name not in assigned]
        later = {name for each in outside for name in names_in(each)} | self._read_elsewhere()
        later |= {*arguments} if self.loops else set()  # the next round begins with it
        later |= {name for each in body[: training_pass.start] for name in read_names(each)} if self.loops else set()
        loss = (
            code(training_pass.losses[0])
            if len(training_pass.losses) == 1 and isinstance(training_pass.losses[0], cst.Name)
            else None
        )
        outputs = [name for name in assigned if name in later and name != loss]
        name = self._name(loss)
        function = loss_function(name, training_pass, body, arguments, outputs)
        used = loss if loss and loss in later else None
        step = step_call(name, training_pass, arguments, outputs, used)
        first = inside[0] if inside else body[training_pass.step]
        step = step.with_changes(leading_lines=_lead(body, training_pass))
        function = function.with_changes(
            body=function.body.with_changes(body=[_bare(function.body.body[0]), *function.body.body[1:]])
        )
        self.report.positions.setdefault(step, self.report.line_of(first))
        if self.pending:
            self.pending[0].append(function)
            return [step]
        return [function, step]

    def _varying(self, before: list[cst.BaseStatement]) -> set[str]:
        """The names whose values may change from step to step."""
        names = {name for each in before for name in assigned_names(each)} if self.loops else set()
        for loop in self.loops:
            if isinstance(loop, cst.For):
                names |= set(names_in(loop.target))
            names |= {name for each in loop.body.body for name in assigned_names(each)}
        return names

    def _read_elsewhere(self) -> set[str]:
        """The names that the function reads after the loops around the step."""
        names: set[str] = set()
        around = self.functions[-1].body if self.functions else None  # pyright: ignore[reportAttributeAccessIssue]
        seen = False
        for each in around.body if around is not None else []:
            if any(loop is each or loop in _loops_in(each) for loop in self.loops[:1]):
                seen = True
            elif seen:
                names |= set(names_in(each))
        return names

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
        constructor = self.facts.constructors.get(target)
        if constructor is not None and constructor is original_node.value:
            value = optimizer_of(target, constructor, self.names, self.facts)
            return updated_node if value is None else updated_node.with_changes(value=value)
        plan = self.facts.schedules.get(target)
        if (
            plan is not None
            and isinstance(original_node.value, cst.Call)
            and list(original_node.value.args) == plan.args
        ):
            value = schedule_of(plan, self.names, self.facts)
            if value is None:
                self.report.todo(
                    original_node,
                    f"torch's {plan.name} has no translation",
                    "write the learning rate as an optax schedule",
                )
                self.report.marks.clear()
                return updated_node
            return cst.RemoveFromParent() if plan.by_batch else updated_node.with_changes(value=value)
        return updated_node

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.RemovalSentinel:
        stepped = call_of(original_node, "step")
        plan = self.facts.schedules.get(code(stepped)) if stepped is not None else None
        if plan is None or schedule_of(plan, self.names, self.facts) is None:
            return updated_node
        if plan.by_batch:
            return cst.RemoveFromParent()
        epoch = epochs_over(self.loops)
        if epoch is None:
            self.report.note(
                original_node, "the schedule steps outside of a loop over range()", "set the learning rate by hand"
            )
            return updated_node
        path = self.facts.paths.get(plan.optimizer, "")
        line = f'{plan.optimizer}.state{path}.hyperparams["learning_rate"] = {code(stepped)}({epoch})'  # pyright: ignore[reportArgumentType]
        new = statement(line)
        return new.with_changes(leading_lines=updated_node.leading_lines)  # pyright: ignore[reportReturnType]


def _loops_in(node: cst.CSTNode) -> list[cst.CSTNode]:
    return list(m.findall(node, m.For() | m.While()))


def _bare(node: Any) -> Any:
    """The statement without the empty lines before it."""
    lines = getattr(node, "leading_lines", ())
    return node.with_changes(leading_lines=[line for line in lines if line.comment])


def _lead(body: list[cst.BaseStatement], training_pass: Pass) -> list[cst.EmptyLine]:
    """The comments of the dropped statements that a step replaces."""
    return [line for i in training_pass.dropped for line in getattr(body[i], "leading_lines", ()) if line.comment]


def _with_arrays(names: Names, node: cst.For) -> cst.For:
    """Makes arrays of the items in a loop over a torch loader."""
    source = code(node.iter)
    if "loader" not in source.lower():
        return node
    target: cst.BaseExpression = node.target
    if isinstance(node.iter, cst.Call) and as_name(node.iter.func) == "enumerate" and isinstance(target, cst.Tuple):
        target = target.elements[1].value
    elements = [each.value for each in target.elements] if isinstance(target, cst.Tuple) else [target]
    arrays = [each.value for each in elements if isinstance(each, cst.Name) and each.value != "_"]
    if (
        not arrays
        or len(arrays) != len([e for e in elements if code(e) != "_"])
        or not isinstance(node.body, cst.IndentedBlock)
    ):
        return node
    jnp = names.use("jnp")
    line = f"{', '.join(arrays)} = {', '.join(f'{jnp}.asarray({name})' for name in arrays)}"
    return node.with_changes(body=node.body.with_changes(body=[statement(line), *node.body.body]))


def rewrite_training(tree: cst.Module, names: Names, report: Report) -> cst.Module:
    """Rewrites optimizers, schedules and training loops for purenn and optax."""
    collect = Collect(names)
    tree.visit(collect)
    return tree.visit(_Training(names, report, collect.facts))
