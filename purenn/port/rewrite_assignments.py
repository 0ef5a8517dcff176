"""Statements that assign, or change a tensor in place."""

from __future__ import annotations

import libcst as cst

from purenn.port.inplace import assigned_item, augmented_item, in_place_statement, is_in_place
from purenn.port.nodes import argument, as_name, attribute, call, code, is_same, without_data, without_parens
from purenn.port.remedies import remedy
from purenn.port.rewrite_statements import Statements

__all__ = ["Assignments"]

_DROPPED_CALLS = (
    "cuda.manual_seed",
    "cuda.manual_seed_all",
    "cuda.empty_cache",
    "cuda.synchronize",
    "cuda.set_device",
    "set_grad_enabled",
    "set_num_threads",
    "set_printoptions",
    "set_float32_matmul_precision",
    "autograd.set_detect_anomaly",
    "use_deterministic_algorithms",
)


class Assignments(Statements):
    """The part of a rewriting that is about assignments."""

    def _mark_shared(self, node: cst.CSTNode) -> None:
        if node in self._shared:
            how, other = self._shared[node]
            self.report.todo(
                node,
                f"{how} changes {other} too in torch, since they share memory",
                f"assign the changed array to {other} as well, or copy before",
            )

    def leave_Assign(
        self, original_node: cst.Assign, updated_node: cst.Assign
    ) -> cst.BaseSmallStatement | cst.RemovalSentinel:
        self._mark_shared(original_node)
        target, value = updated_node.targets[0].target, without_parens(updated_node.value)
        if (self.names.qualify(original_node.targets[0].target) or "").startswith("torch.backends."):
            return cst.RemoveFromParent()
        if len(updated_node.targets) == 1 and isinstance(target, cst.Subscript):
            before = original_node.targets[0].target
            assert isinstance(before, cst.Subscript)
            if self.context.kind(before.value) == "tensor":
                return assigned_item(self.context, target, value, original_node) or updated_node
        if len(updated_node.targets) == 1 and isinstance(before := original_node.targets[0].target, cst.Attribute):
            if before.attr.value == "data" and self.context.kind(before.value) in ("tensor", "unknown"):
                return self._data(original_node, updated_node, before)
            if before.attr.value == "grad":
                self.report.todo(original_node, "gradients are no attributes of arrays", remedy("Tensor.grad"))
        if self._stops and self.context.in_module and not self._in_decorated() and self._is_value(original_node):
            value = self._stop(value)
        new = updated_node.with_changes(value=value)
        changed = not is_same(original_node.value, value)
        if changed and len(new.targets) == 1 and is_same(target, value):
            return cst.RemoveFromParent()
        return self._pair(original_node, new)

    def _is_value(self, node: cst.Assign) -> bool:
        kind = self.context.kind(node.value)
        return kind in ("tensor", "tensors") or (isinstance(kind, tuple) and "tensor" in kind)

    def _pair(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        """Writes ``i = x.argmax(1)`` for ``_, i = x.max(1)``."""
        target, value = updated_node.targets[0].target, updated_node.value
        names = [code(e.value) for e in target.elements] if isinstance(target, cst.Tuple) else []
        if len(names) != 2 or names[0] != "_" or not isinstance(value, cst.Call) or not isinstance(target, cst.Tuple):
            return updated_node
        name = as_name(value.func) or ""
        if name not in ("ops.max", "ops.min") or len(updated_node.targets) != 1:
            return updated_node
        places = self._places(value, name)
        return updated_node if places is None else cst.Assign([_target(target.elements[1].value)], places)

    def _places(self, value: cst.Call, name: str) -> cst.Call | None:
        keywords = {arg.keyword.value: arg.value for arg in value.args if arg.keyword}
        plain = [arg.value for arg in value.args if not arg.keyword]
        dim = plain[1] if len(plain) > 1 else keywords.get("dim")
        keep = plain[2] if len(plain) > 2 else keywords.get("keepdim")
        if dim is None or not plain:
            return None
        axis_arguments = [argument(dim), *([argument(keep, "keepdims")] if keep else [])]
        return call(attribute(plain[0], f"arg{name[-3:]}"), *axis_arguments)

    def _data(self, original_node: cst.Assign, updated_node: cst.Assign, before: cst.Attribute) -> cst.Assign:
        holder = before.value
        if isinstance(holder, cst.Name):
            self.report.todo(
                original_node, "the array of a parameter is assigned by .data", "assign it to the module's attribute"
            )
            return updated_node.with_changes(targets=[_target(before)])
        target = updated_node.targets[0].target
        new = target.args[0].value if isinstance(target, cst.Call) else holder
        return updated_node.with_changes(targets=[_target(new)])

    def leave_AugAssign(self, original_node: cst.AugAssign, updated_node: cst.AugAssign) -> cst.BaseSmallStatement:
        self._mark_shared(original_node)
        updated_node = updated_node.with_changes(value=without_parens(updated_node.value))
        if (
            isinstance(original_node.target, cst.Subscript)
            and self.context.kind(original_node.target.value) == "tensor"
        ):
            return augmented_item(self.context, original_node, updated_node) or updated_node
        if isinstance(original_node.target, cst.Attribute) and original_node.target.attr.value == "data":
            if isinstance(original_node.target.value, cst.Attribute):
                return updated_node.with_changes(target=without_data(original_node.target))
            self.report.todo(original_node, "a parameter is changed by .data", "assign it to the module's attribute")
        return updated_node

    def leave_AnnAssign(self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign) -> cst.AnnAssign:
        return (
            updated_node
            if updated_node.value is None
            else updated_node.with_changes(value=without_parens(updated_node.value))
        )

    def visit_Expr(self, node: cst.Expr) -> None:
        value = node.value
        while is_in_place(value):
            assert isinstance(value, cst.Call)
            assert isinstance(value.func, cst.Attribute)
            self.context.statements.add(value)
            value = value.func.value

    def leave_Expr(
        self, original_node: cst.Expr, updated_node: cst.Expr
    ) -> cst.BaseSmallStatement | cst.RemovalSentinel:
        self._mark_shared(original_node)
        value = original_node.value
        if isinstance(value, cst.Call):
            name = (self.names.qualify(value.func) or "").removeprefix("torch.")
            if name in _DROPPED_CALLS:
                return cst.RemoveFromParent()
        if is_in_place(value) and not self._is_imported(value):
            assert isinstance(value, cst.Call)
            assignment = in_place_statement(self.context, value, updated_node.value)
            if assignment is not None:
                return assignment
        new = without_parens(updated_node.value)
        if as_name(new) is not None and not is_same(new, value):
            return cst.RemoveFromParent()
        return updated_node.with_changes(value=new)

    def _is_imported(self, node: cst.BaseExpression) -> bool:
        return isinstance(node, cst.Call) and self.names.qualify(node.func) is not None


def _target(node: cst.BaseExpression) -> cst.AssignTarget:
    """The target of an assignment."""
    assert isinstance(node, cst.BaseAssignTargetExpression)
    return cst.AssignTarget(node)
