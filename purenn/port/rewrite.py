"""The rewriting of a file: statements, names and imports, with the rules for calls."""

from __future__ import annotations

from typing import Any

import libcst as cst

from purenn.port.calls import rewrite_call
from purenn.port.casts import as_dtype
from purenn.port.context import known_functions, known_ops
from purenn.port.imports import MODULES
from purenn.port.nodes import as_name, bound, call, code, expression, made_parens, without_parens
from purenn.port.remedies import remedy
from purenn.port.rewrite_assignments import Assignments
from purenn.port.tables import ROWS

__all__ = ["Rewriter"]


class Rewriter(Assignments):
    """Rewrites a tree from torch to purenn."""

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        return rewrite_call(self.context, original_node, updated_node)

    def leave_Arg(self, original_node: cst.CSTNode, updated_node: Any) -> Any:
        return updated_node.with_changes(value=without_parens(updated_node.value))

    leave_Index = leave_Arg

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.BaseExpression:
        if (
            len(updated_node.slice) == 1
            and isinstance(updated_node.value, cst.Call)
            and code(updated_node.slice[0].slice) == "1"
        ):
            name = as_name(updated_node.value.func) or ""
            if name in ("ops.max", "ops.min") and (places := self._places(updated_node.value, name)):
                return places
        return updated_node

    def leave_BinaryOperation(
        self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
    ) -> cst.BaseExpression:
        """Makes a Python float of a numpy scalar, whose dtype would promote a float16 array to float32."""
        kinds = self.context.kind(original_node.left), self.context.kind(original_node.right)
        if "tensor" in kinds and self._is_numpy_scalar(
            original_node.left if kinds[1] == "tensor" else original_node.right
        ):
            side = "left" if kinds[1] == "tensor" else "right"
            value = getattr(updated_node, side)
            new = updated_node.with_changes(**{side: call("float", value)})
            return bound(new) if id(updated_node) in made_parens else new
        return updated_node

    def _is_numpy_scalar(self, node: cst.BaseExpression) -> bool:
        if not isinstance(node, cst.Call):
            return False
        name = self.names.qualify(node.func) or ""
        scalars = ("sqrt", "log", "exp", "power", "log2", "prod", "sin", "cos", "float64", "mean", "sum")
        kinds = [self.context.kind(arg.value) for arg in node.args]
        return name.startswith("numpy.") and name.rsplit(".", 1)[1] in scalars and "numpy" not in kinds

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        qualified = self.names.qualify(original_node)
        if qualified is not None:
            return self._renamed(original_node, qualified) or updated_node
        name, kind = original_node.attr.value, self.context.kind(original_node.value)
        if name == "data" and kind in ("tensor", "unknown") and not isinstance(original_node.value, cst.Attribute):
            if (
                isinstance(original_node.value, cst.Name)
                and self.names.qualify(original_node.value) is None
                and kind == "tensor"
            ):
                return self.context.call("jax.lax.stop_gradient", updated_node.value)
        elif name == "data" and kind == "tensor":
            return self.context.call("jax.lax.stop_gradient", updated_node.value)
        elif name == "grad" and kind in ("tensor", "unknown") and as_name(original_node) is not None:
            self.report.todo(original_node, "gradients are no attributes of arrays", remedy("Tensor.grad"))
        elif name == "is_cuda" and kind in ("tensor", "unknown"):
            return self.context.value('jax.default_backend() == "gpu"')
        elif name in ("is_xpu", "is_mps") and kind in ("tensor", "unknown"):
            return expression("False")
        return updated_node

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        qualified = self.names.aliases.get(original_node.value)
        if qualified in ("torch.Tensor", "torch.LongTensor", "torch.FloatTensor"):
            return self.context.value("jax.Array")
        if (
            qualified
            and qualified.startswith("torch.")
            and as_dtype(self.context, qualified)
            and original_node.value not in dir(__builtins__)
        ):
            return as_dtype(self.context, qualified) or updated_node
        return updated_node

    def _renamed(self, node: cst.Attribute, qualified: str) -> cst.BaseExpression | None:
        """The translation of a qualified name of torch that isn't called."""
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
            type_name = types.get(name, "jax.Array")
            return self.context.value(type_name) if "." in type_name else expression(type_name)
        for module, target in sorted(MODULES.items(), key=lambda pair: -len(pair[0])):
            if qualified.startswith(f"{module}."):
                return self._in_module(node, qualified, module, target)
        return self._plain_function(node, name)

    def _plain_function(self, node: cst.Attribute, name: str) -> cst.BaseExpression | None:
        """The translation of a function of torch that is a value, as in ``activation=torch.tanh``."""
        if node in self.called or "." in name:
            return None
        if name in ROWS and not ROWS[name].parameters and ROWS[name].arguments == ((None, "self"),):
            return self.context.value(ROWS[name].callee)
        if name in known_functions():
            return self.context.value(f"F.{name}")
        return self.context.value(f"ops.{name}") if name in known_ops() else None

    def visit_Call(self, node: cst.Call) -> None:
        self.called.add(node.func)
