"""The rewriting of a file: statements, names and imports, with the rules for calls."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.calls import CONTEXTS as _CONTEXTS
from purenn.port.calls import rewrite_call
from purenn.port.casts import as_dtype
from purenn.port.context import Context, known_functions
from purenn.port.imports import MODULES
from purenn.port.inplace import assigned_item, augmented_item, in_place_statement, is_in_place
from purenn.port.nodes import (
    argument,
    as_name,
    attribute,
    bound,
    call,
    code,
    expression,
    is_same,
    made_parens,
    without_data,
    without_parens,
)
from purenn.port.remedies import remedy
from purenn.port.report import MARK
from purenn.port.rewrite_imports import Imports
from purenn.port.views import shared_changes

__all__ = ["Rewriter"]

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


class Rewriter(Imports):
    """Rewrites a tree from torch to purenn."""

    def __init__(self, context: Context):
        super().__init__(context)
        self._marks: list[list[str]] = []
        self._stops = 0  # blocks under no_grad around, in a method of a module
        self._shared: dict[cst.CSTNode, tuple[str, str]] = {}

    # Comments for what stays.

    def _enter(self, node: cst.CSTNode) -> None:
        self._marks.append(self.report.marks)
        self.report.marks = []
        self.report.last_line = self.report.line_of(node) or self.report.last_line

    def _leave(self, updated: cst.CSTNode) -> cst.CSTNode:
        marks, self.report.marks = self.report.marks, self._marks.pop()
        if not marks or not hasattr(updated, "leading_lines"):
            return updated
        lines = list(updated.leading_lines)
        there = {line.comment.value for line in lines if line.comment}
        new = [cst.EmptyLine(comment=cst.Comment(f"{MARK} {mark}")) for mark in marks if f"{MARK} {mark}" not in there]
        return updated.with_changes(leading_lines=[*lines, *new])

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        self._enter(node)

    def leave_SimpleStatementLine(
        self, original: cst.SimpleStatementLine, updated: cst.SimpleStatementLine
    ) -> Statement:
        updated = self._leave(updated)  # pyright: ignore[reportAssignmentType]
        return self._new_lines(original, updated)

    def visit_If(self, node: cst.If) -> None:
        self._enter(node)

    def leave_If(self, original: cst.If, updated: cst.If) -> cst.If:
        return self._leave(updated)  # pyright: ignore[reportReturnType]

    def visit_For(self, node: cst.For) -> None:
        self._enter(node)

    def leave_For(self, original: cst.For, updated: cst.For) -> cst.For:
        return self._leave(updated)  # pyright: ignore[reportReturnType]

    def visit_While(self, node: cst.While) -> None:
        self._enter(node)

    def leave_While(self, original: cst.While, updated: cst.While) -> cst.While:
        return self._leave(updated)  # pyright: ignore[reportReturnType]

    # Classes and functions.

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._enter(node)
        self.context.owners.append(node.name.value)
        for base in node.bases:
            name = self.names.qualify(base.value)
            if name and name.startswith("torch.") and not name.startswith("torch.nn.") and (why := remedy(name[6:])):
                self.report.todo(node, f"{name} has no counterpart", why)

    def leave_ClassDef(self, original: cst.ClassDef, updated: cst.ClassDef) -> cst.ClassDef:
        self.context.owners.pop()
        return self._leave(updated)  # pyright: ignore[reportReturnType]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._enter(node)
        self.context.functions.append(node)
        if self._is_stopped(node):
            self._stops += 1
        for small, how, other in shared_changes(self.context, node):
            self._shared[small] = how, other

    def leave_FunctionDef(self, original: cst.FunctionDef, updated: cst.FunctionDef) -> cst.FunctionDef:
        if self._is_stopped(original):
            self._stops -= 1
        self.context.functions.pop()
        return self._leave(updated)  # pyright: ignore[reportReturnType]

    def _is_stopped(self, node: cst.FunctionDef) -> bool:
        if not self.context.in_module:
            return False
        names = [
            self.names.qualify(d.decorator.func if isinstance(d.decorator, cst.Call) else d.decorator)
            for d in node.decorators
        ]
        return "torch.no_grad" in names or "torch.inference_mode" in names

    def leave_Decorator(self, original: cst.Decorator, updated: cst.Decorator) -> cst.Decorator | cst.RemovalSentinel:
        decorator = original.decorator
        name = self.names.qualify(decorator.func if isinstance(decorator, cst.Call) else decorator) or ""
        return cst.RemoveFromParent() if name.removeprefix("torch.") in _DROPPED_DECORATORS else updated

    def leave_Return(self, original: cst.Return, updated: cst.Return) -> cst.Return:
        if updated.value is None:
            return updated
        value = without_parens(updated.value)
        if (
            self._stops
            and self.context.kind(original.value or original) in ("tensor", "tensors")
            and self._in_decorated()
        ):
            value = self._stop(value)
        return updated.with_changes(value=value)

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

    def leave_With(self, original: cst.With, updated: cst.With) -> Statement:
        if self._is_no_grad(original) and self.context.in_module:
            self._stops -= 1
        new: cst.With = self._leave(updated)  # pyright: ignore[reportAssignmentType]
        pairs = zip(original.items, new.items, strict=True)
        kept = [item for before, item in pairs if self._context_name(before) not in (*_CONTEXTS, "device")]
        if len(kept) == len(new.items):
            return new
        if kept:
            kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            return new.with_changes(items=kept)
        body = list(new.body.body)
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

    def _footer(self, body: list[cst.BaseStatement], footer: Sequence[cst.EmptyLine]) -> None:
        """Comments at the end of a block have no statement after them: they go before the last one."""
        if body and any(line.comment for line in footer) and hasattr(body[-1], "leading_lines"):
            last = body[-1]
            body[-1] = last.with_changes(leading_lines=[*last.leading_lines, *(f for f in footer if f.comment)])

    def _stop(self, value: cst.BaseExpression) -> cst.BaseExpression:
        if isinstance(value, cst.Call) and as_name(value.func) == "jax.lax.stop_gradient":
            return value
        return self.context.call("jax.lax.stop_gradient", value)

    # Assignments.

    def _mark_shared(self, node: cst.CSTNode) -> None:
        if node in self._shared:
            how, other = self._shared[node]
            self.report.todo(
                node,
                f"{how} changes {other} too in torch, since they share memory",
                f"assign the changed array to {other} as well, or copy before",
            )

    def leave_Assign(self, original: cst.Assign, updated: cst.Assign) -> cst.BaseSmallStatement | cst.RemovalSentinel:
        self._mark_shared(original)
        target, value = updated.targets[0].target, without_parens(updated.value)
        dropped = self._drops_setting(original)
        if dropped:
            return cst.RemoveFromParent()
        if len(updated.targets) == 1 and isinstance(target, cst.Subscript):
            before = original.targets[0].target
            assert isinstance(before, cst.Subscript)
            if self.context.kind(before.value) == "tensor":
                return assigned_item(self.context, target, value, original) or updated
        if len(updated.targets) == 1 and isinstance(before := original.targets[0].target, cst.Attribute):
            if before.attr.value == "data" and self.context.kind(before.value) in ("tensor", "unknown"):
                return self._data(original, updated, before)
            if before.attr.value == "grad":
                self.report.todo(original, "gradients are no attributes of arrays", remedy("Tensor.grad"))
        if self._stops and self.context.in_module and not self._in_decorated() and self._is_value(original):
            value = self._stop(value)
        new = updated.with_changes(value=value)
        changed = not is_same(original.value, value)
        if changed and len(new.targets) == 1 and is_same(target, value):
            return cst.RemoveFromParent()
        return self._pair(original, new)

    def _is_value(self, node: cst.Assign) -> bool:
        kind = self.context.kind(node.value)
        return kind in ("tensor", "tensors") or (isinstance(kind, tuple) and "tensor" in kind)

    def _pair(self, original: cst.Assign, updated: cst.Assign) -> cst.Assign:
        """``_, i = x.max(1)`` needs the places only."""
        target, value = updated.targets[0].target, updated.value
        names = [code(e.value) for e in target.elements] if isinstance(target, cst.Tuple) else []
        if len(names) != 2 or names[0] != "_" or not isinstance(value, cst.Call) or not isinstance(target, cst.Tuple):
            return updated
        name = as_name(value.func) or ""
        if name not in ("ops.max", "ops.min") or len(updated.targets) != 1:
            return updated
        made = self._places(value, name)
        return updated if made is None else cst.Assign([cst.AssignTarget(target.elements[1].value)], made)

    def _places(self, value: cst.Call, name: str) -> cst.Call | None:
        words = {arg.keyword.value: arg.value for arg in value.args if arg.keyword}
        plain = [arg.value for arg in value.args if not arg.keyword]
        dim = plain[1] if len(plain) > 1 else words.get("dim")
        keep = plain[2] if len(plain) > 2 else words.get("keepdim")
        if dim is None or not plain:
            return None
        made = [argument(dim), *([argument(keep, "keepdims")] if keep else [])]
        return call(attribute(plain[0], f"arg{name[-3:]}"), *made)

    def _data(self, original: cst.Assign, updated: cst.Assign, before: cst.Attribute) -> cst.Assign:
        holder = before.value
        if isinstance(holder, cst.Name):
            self.report.todo(
                original, "the array of a parameter is assigned by .data", "assign it to the module's attribute"
            )
            return updated.with_changes(targets=[cst.AssignTarget(before)])
        target = updated.targets[0].target
        new = target.args[0].value if isinstance(target, cst.Call) else holder
        return updated.with_changes(targets=[cst.AssignTarget(new)])

    def _drops_setting(self, node: cst.Assign) -> bool:
        name = self.names.qualify(node.targets[0].target) or ""
        return name.startswith("torch.backends.")

    def leave_AugAssign(self, original: cst.AugAssign, updated: cst.AugAssign) -> cst.BaseSmallStatement:
        self._mark_shared(original)
        updated = updated.with_changes(value=without_parens(updated.value))
        if isinstance(original.target, cst.Subscript) and self.context.kind(original.target.value) == "tensor":
            return augmented_item(self.context, original, updated) or updated
        if isinstance(original.target, cst.Attribute) and original.target.attr.value == "data":
            if isinstance(original.target.value, cst.Attribute):
                return updated.with_changes(target=without_data(original.target))
            self.report.todo(original, "a parameter is changed by .data", "assign it to the module's attribute")
        return updated

    def leave_AnnAssign(self, original: cst.AnnAssign, updated: cst.AnnAssign) -> cst.AnnAssign:
        return updated if updated.value is None else updated.with_changes(value=without_parens(updated.value))

    def visit_Expr(self, node: cst.Expr) -> None:
        value = node.value
        while is_in_place(value):
            assert isinstance(value, cst.Call)
            assert isinstance(value.func, cst.Attribute)
            self.context.statements.add(value)
            value = value.func.value

    def leave_Expr(self, original: cst.Expr, updated: cst.Expr) -> cst.BaseSmallStatement | cst.RemovalSentinel:
        self._mark_shared(original)
        value = original.value
        if isinstance(value, cst.Call):
            name = (self.names.qualify(value.func) or "").removeprefix("torch.")
            if name in _DROPPED_CALLS:
                return cst.RemoveFromParent()
        if is_in_place(value) and not self._is_imported(value):
            assert isinstance(value, cst.Call)
            made = in_place_statement(self.context, value, updated.value)
            if made is not None:
                return made
        new = without_parens(updated.value)
        if as_name(new) is not None and not is_same(new, value):
            return cst.RemoveFromParent()
        return updated.with_changes(value=new)

    def _is_imported(self, node: cst.BaseExpression) -> bool:
        return isinstance(node, cst.Call) and self.names.qualify(node.func) is not None

    # Expressions.

    def leave_Call(self, original: cst.Call, updated: cst.Call) -> cst.BaseExpression:
        return rewrite_call(self.context, original, updated)

    def leave_Arg(self, original: cst.Arg, updated: cst.Arg) -> cst.Arg:
        return updated.with_changes(value=without_parens(updated.value))

    def leave_Index(self, original: cst.Index, updated: cst.Index) -> cst.Index:
        return updated.with_changes(value=without_parens(updated.value))

    def leave_Subscript(self, original: cst.Subscript, updated: cst.Subscript) -> cst.BaseExpression:
        if len(updated.slice) == 1 and isinstance(updated.value, cst.Call) and code(updated.slice[0].slice) == "1":
            name = as_name(updated.value.func) or ""
            if name in ("ops.max", "ops.min") and (made := self._places(updated.value, name)):
                return made
        return updated

    def leave_BinaryOperation(self, original: cst.BinaryOperation, updated: cst.BinaryOperation) -> cst.BaseExpression:
        """A scalar of numpy's is no weak one in jax: a float16 array would become float32."""
        kinds = self.context.kind(original.left), self.context.kind(original.right)
        if "tensor" in kinds and self._is_numpy_scalar(original.left if kinds[1] == "tensor" else original.right):
            side = "left" if kinds[1] == "tensor" else "right"
            value = getattr(updated, side)
            new = updated.with_changes(**{side: call("float", value)})
            return bound(new) if id(updated) in made_parens else new
        return updated

    def _is_numpy_scalar(self, node: cst.BaseExpression) -> bool:
        if not isinstance(node, cst.Call):
            return False
        name = self.names.qualify(node.func) or ""
        scalars = ("sqrt", "log", "exp", "power", "log2", "prod", "sin", "cos", "float64", "mean", "sum")
        kinds = [self.context.kind(arg.value) for arg in node.args]
        return name.startswith("numpy.") and name.rsplit(".", 1)[1] in scalars and "numpy" not in kinds

    def leave_Attribute(self, original: cst.Attribute, updated: cst.Attribute) -> cst.BaseExpression:
        qualified = self.names.qualify(original)
        if qualified is not None:
            return self._renamed(original, qualified) or updated
        name, kind = original.attr.value, self.context.kind(original.value)
        if name == "data" and kind in ("tensor", "unknown") and not isinstance(original.value, cst.Attribute):
            if isinstance(original.value, cst.Name) and self.names.qualify(original.value) is None and kind == "tensor":
                return self.context.call("jax.lax.stop_gradient", updated.value)
        elif name == "data" and kind == "tensor":
            return self.context.call("jax.lax.stop_gradient", updated.value)
        elif (
            name == "grad"
            and kind in ("tensor", "unknown")
            and as_name(original)
            and not as_name(original).startswith("self.grad")
        ):  # pyright: ignore[reportOptionalMemberAccess]
            self.report.todo(original, "gradients are no attributes of arrays", remedy("Tensor.grad"))
        elif name == "is_cuda" and kind in ("tensor", "unknown"):
            return self.context.value('jax.default_backend() == "gpu"')
        return updated

    def leave_Name(self, original: cst.Name, updated: cst.Name) -> cst.BaseExpression:
        qualified = self.names.aliases.get(original.value)
        if qualified in ("torch.Tensor", "torch.LongTensor", "torch.FloatTensor"):
            return self.context.value("jax.Array")
        if (
            qualified
            and qualified.startswith("torch.")
            and as_dtype(self.context, qualified)
            and original.value not in dir(__builtins__)
        ):
            return as_dtype(self.context, qualified) or updated
        return updated

    def _renamed(self, node: cst.Attribute, qualified: str) -> cst.BaseExpression | None:
        """What a qualified name of torch's is called here, where it isn't called itself."""
        if not qualified.startswith("torch."):
            return None
        name = qualified.removeprefix("torch.")
        if (dtype := as_dtype(self.context, qualified)) is not None:
            return dtype
        constants = {"pi": "jnp.pi", "inf": "jnp.inf", "nan": "jnp.nan", "e": "jnp.e", "newaxis": "None"}
        if name in constants:
            return self.context.value(constants[name]) if "." in constants[name] else expression(constants[name])
        types = {
            "device": "jax.Device",
            "dtype": "jnp.dtype",
            "Size": "tuple",
            "Generator": "jax.Array",
            "Tensor": "jax.Array",
        }
        if (name in types or name.endswith("Tensor")) and node not in self.called:
            spelled = types.get(name, "jax.Array")
            return self.context.value(spelled) if "." in spelled else expression(spelled)
        for module, target in sorted(MODULES.items(), key=lambda pair: -len(pair[0])):
            if qualified.startswith(f"{module}."):
                return self._in_module(node, qualified, module, target)
        return self._plain_function(node, name)

    def _plain_function(self, node: cst.Attribute, name: str) -> cst.BaseExpression | None:
        """A function of torch's that is handed on, as ``activation=torch.tanh``."""
        from purenn.port.context import known_ops
        from purenn.port.tables import ROWS

        if node in self.called or "." in name:
            return None
        if name in ROWS and not ROWS[name].parameters and ROWS[name].arguments == ((None, "self"),):
            return self.context.value(ROWS[name].callee)
        if name in known_functions():
            return self.context.value(f"F.{name}")
        return self.context.value(f"ops.{name}") if name in known_ops() else None

    def visit_Call(self, node: cst.Call) -> None:
        self.called.add(node.func)
