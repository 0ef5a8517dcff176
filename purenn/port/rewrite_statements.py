"""Rewrites blocks, functions and classes: comments on untranslated statements, and stopped gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst

from purenn.port.calls import CONTEXTS as _CONTEXTS
from purenn.port.context import Context
from purenn.port.nodes import as_name, without_parens
from purenn.port.remedies import remedy
from purenn.port.report import MARK
from purenn.port.rewrite_imports import Imports
from purenn.port.views import shared_changes

__all__ = ["Statements"]

_DROPPED_DECORATORS = (
    *_CONTEXTS,
    "jit.script",
    "jit.export",
    "jit.ignore",
    "jit.unused",
    "jit.script_method",
    "compile",
)
Statement = cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement] | cst.RemovalSentinel


class Statements(Imports):
    """The part of a rewriting that is about blocks."""

    def __init__(self, context: Context):
        super().__init__(context)
        self._marks: list[list[str]] = []
        self._stops = 0  # blocks under no_grad around, in a method of a module
        self._shared: dict[cst.CSTNode, tuple[str, str]] = {}

    # Comments on untranslated statements.

    def _enter(self, node: cst.CSTNode) -> None:
        self._marks.append(self.report.marks)
        self.report.marks = []
        self.report.last_line = self.report.line_of(node) or self.report.last_line

    def _leave(self, updated_node: Any) -> Any:
        marks, self.report.marks = self.report.marks, self._marks.pop()
        comments, self.report.comments = self.report.comments, []
        marks = [*(f"{MARK} {mark}" for mark in marks), *comments]
        if not marks or not hasattr(updated_node, "leading_lines"):
            return updated_node
        lines = list(updated_node.leading_lines)
        present = {line.comment.value for line in lines if line.comment}
        new = [cst.EmptyLine(comment=cst.Comment(mark)) for mark in marks if mark not in present]
        return updated_node.with_changes(leading_lines=[*lines, *new])

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Statement:
        return self._new_lines(original_node, self._leave(updated_node))

    def leave_If(self, original_node: cst.CSTNode, updated_node: Any) -> Any:
        return self._leave(updated_node)

    visit_SimpleStatementLine = visit_If = visit_For = visit_While = _enter
    leave_For = leave_While = leave_If

    # Classes and functions.

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._enter(node)
        self.context.owners.append(node.name.value)
        for base in node.bases:
            name = self.names.qualify(base.value)
            if name and name.startswith("torch.") and not name.startswith("torch.nn.") and (why := remedy(name[6:])):
                self.report.todo(node, f"{name} has no counterpart", why)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        self.context.owners.pop()
        return self._leave(updated_node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._enter(node)
        self.context.functions.append(node)
        if self._is_stopped(node):
            self._stops += 1
        for small, how, other in shared_changes(self.context, node):
            self._shared[small] = how, other

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        if self._is_stopped(original_node):
            self._stops -= 1
        self.context.functions.pop()
        return self._leave(updated_node)

    def _is_stopped(self, node: cst.FunctionDef) -> bool:
        if not self.context.in_module:
            return False
        names = [
            self.names.qualify(d.decorator.func if isinstance(d.decorator, cst.Call) else d.decorator)
            for d in node.decorators
        ]
        return "torch.no_grad" in names or "torch.inference_mode" in names

    def leave_Decorator(
        self, original_node: cst.Decorator, updated_node: cst.Decorator
    ) -> cst.Decorator | cst.RemovalSentinel:
        decorator = original_node.decorator
        name = self.names.qualify(decorator.func if isinstance(decorator, cst.Call) else decorator) or ""
        return cst.RemoveFromParent() if name.removeprefix("torch.") in _DROPPED_DECORATORS else updated_node

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        if updated_node.value is None:
            return updated_node
        value = without_parens(updated_node.value)
        if (
            self._stops
            and self.context.kind(original_node.value or original_node) in ("tensor", "tensors")
            and self._in_decorated()
        ):
            value = self._stop(value)
        return updated_node.with_changes(value=value)

    def _in_decorated(self) -> bool:
        return any(map(self._is_stopped, self.context.functions[-1:]))

    # Blocks without gradients.

    def visit_With(self, node: cst.With) -> None:
        self._enter(node)
        if self._is_no_grad(node) and self.context.in_module:
            self._stops += 1

    def _is_no_grad(self, node: cst.With) -> bool:
        return any(self._context_name(item) in ("no_grad", "inference_mode", "autograd.no_grad") for item in node.items)

    def _context_name(self, item: cst.WithItem) -> str:
        inner = item.item.func if isinstance(item.item, cst.Call) else item.item
        return (self.names.qualify(inner) or "").removeprefix("torch.")

    def leave_With(self, original_node: cst.With, updated_node: cst.With) -> Statement:
        if self._is_no_grad(original_node) and self.context.in_module:
            self._stops -= 1
        new: cst.With = self._leave(updated_node)
        pairs = zip(original_node.items, new.items, strict=True)
        kept = [item for before, item in pairs if self._context_name(before) not in (*_CONTEXTS, "device")]
        if len(kept) == len(new.items):
            return new
        if kept:
            kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            return new.with_changes(items=kept)
        body: list[Any] = list(new.body.body)
        if isinstance(new.body, cst.SimpleStatementSuite):
            body = [cst.SimpleStatementLine(list(new.body.body))]
        lead = list(new.leading_lines)
        if isinstance(new.body, cst.IndentedBlock):
            if new.body.header.comment:
                lead.append(cst.EmptyLine(comment=new.body.header.comment))
            if new.body.footer:
                self._footer(body, new.body.footer)
        if not body:
            return cst.RemoveFromParent()
        first = body[0]
        if hasattr(first, "leading_lines"):
            body[0] = first.with_changes(leading_lines=[*lead, *first.leading_lines])
        return cst.FlattenSentinel(body)

    def _footer(self, body: list[Any], footer: Sequence[cst.EmptyLine]) -> None:
        """Comments at the end of a block have no statement after them: they go before the last one."""
        if body and any(line.comment for line in footer) and hasattr(body[-1], "leading_lines"):
            last = body[-1]
            body[-1] = last.with_changes(leading_lines=[*last.leading_lines, *(f for f in footer if f.comment)])

    def _stop(self, value: cst.BaseExpression) -> cst.BaseExpression:
        if isinstance(value, cst.Call) and as_name(value.func) == "jax.lax.stop_gradient":
            return value
        return self.context.call("jax.lax.stop_gradient", value)
