"""Inference of the kinds of expressions."""

from __future__ import annotations

from typing import Any

import libcst as cst

from purenn.port.infer_classes import Classes
from purenn.port.kinds import (
    Kind,
    Scope,
    element,
    join,
    kind_of_name,
    kind_of_operation,
    subscripted,
)
from purenn.port.nodes import as_name, integer
from purenn.port.results import kind_of_method, kind_of_torch

__all__ = ["Expressions"]

_BUILTINS: dict[str, Kind] = {
    "len": "int",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "range": "shape",
    "isinstance": "bool",
    "hasattr": "bool",
    "dict": "dict",
    "id": "int",
    "repr": "str",
}


class Expressions(Classes):
    """The kinds of expressions, and of the names that targets bind."""

    # Targets.

    def _bind(self, target: cst.CSTNode, kind: Kind, scope: Scope, value: cst.CSTNode | None = None) -> None:
        if isinstance(target, cst.Name):
            scope.set(target.value, kind)
            self.of[target] = kind
        elif isinstance(target, cst.Tuple | cst.List):
            parts = kind if isinstance(kind, tuple) and len(kind) == len(target.elements) else None
            values = value.elements if isinstance(value, cst.Tuple) else ()
            for place, each in enumerate(target.elements):
                part = parts[place] if parts else element(kind)
                element_value = values[place].value if len(values) == len(target.elements) else None
                self._bind(each.value, part, scope, element_value)
        elif isinstance(target, cst.Attribute):
            self.of[target] = kind
            self._expr(target.value, scope)
            if scope.self_class and isinstance(target.value, cst.Name) and target.value.value == "self":
                cls, name = self.classes[scope.self_class], target.attr.value
                cls.attributes[name] = join(cls.attributes.get(name, "none"), kind)
                if isinstance(value, cst.Call):
                    cls.constructors.setdefault(name, value)
                    if self.names.qualify(value.func) in ("torch.nn.Parameter", "purenn.nn.Parameter"):
                        cls.parameters.add(name)
        else:
            self._expr(target, scope)

    def _pairs(self, node: cst.BaseExpression, scope: Scope) -> bool:
        """Records the kind of one item of ``zip``, ``enumerate`` or ``named_...``; False for any other call."""
        if not isinstance(node, cst.Call):
            return False
        name = as_name(node.func)
        kinds = [self.kind(arg.value) for arg in node.args]
        if name == "zip":
            self.of[node] = tuple(map(element, kinds))
        elif name == "enumerate" and kinds:
            inner = node.args[0].value
            self.of[node] = ("int", self.of[inner] if self._pairs(inner, scope) else element(kinds[0]))
        elif isinstance(node.func, cst.Attribute) and node.func.attr.value.startswith("named_"):
            self.of[node] = (
                "str",
                "module" if "module" in node.func.attr.value or "child" in node.func.attr.value else "tensor",
            )
        else:
            return False
        return True

    # Expressions.

    def _expr(self, node: Any, scope: Scope) -> Kind:
        kind = self._kind(node, scope)
        self.of[node] = kind
        return kind

    def _kind(self, node: cst.BaseExpression, scope: Scope) -> Kind:
        simple: dict[type[cst.BaseExpression], Kind] = {
            cst.Integer: "int",
            cst.Float: "float",
            cst.SimpleString: "str",
            cst.ConcatenatedString: "str",
        }
        if type(node) in simple:
            return simple[type(node)]
        if isinstance(node, cst.Name):
            constants: dict[str, Kind] = {"None": "none", "True": "bool", "False": "bool"}
            if node.value in constants:
                return constants[node.value]
            return "unknown" if node.value in self.names.aliases else scope.kind(node.value)
        if isinstance(node, cst.Attribute):
            return self._attribute(node, scope)
        if isinstance(node, cst.Call):
            return self._call(node, scope)
        if isinstance(node, cst.BinaryOperation):
            left, right = self._expr(node.left, scope), self._expr(node.right, scope)
            if isinstance(node.operator, cst.MatrixMultiply):
                return "numpy" if "numpy" in (left, right) and "tensor" not in (left, right) else "tensor"
            return kind_of_operation(left, right, isinstance(node.operator, cst.Divide))
        if isinstance(node, cst.UnaryOperation):
            kind = self._expr(node.expression, scope)
            return "bool" if isinstance(node.operator, cst.Not) else kind
        if isinstance(node, cst.Comparison):
            kinds = [self._expr(node.left, scope), *(self._expr(c.comparator, scope) for c in node.comparisons)]
            plain = any(isinstance(c.operator, cst.Is | cst.IsNot | cst.In | cst.NotIn) for c in node.comparisons)
            if plain:
                return "bool"
            return "tensor" if "tensor" in kinds else "unknown" if "unknown" in kinds else "bool"
        if isinstance(node, cst.Subscript):
            return self._subscript(node, scope)
        return self._compound(node, scope)

    def _compound(self, node: cst.BaseExpression, scope: Scope) -> Kind:
        if isinstance(node, cst.Tuple | cst.List):
            kinds = tuple(self._expr(each.value, scope) for each in node.elements)
            if kinds and all(kind == "int" for kind in kinds):
                return "shape"
            if isinstance(node, cst.List):
                joined = element(kinds)
                return (
                    {"tensor": "tensors", "module": "modules"}.get(joined, "list")
                    if isinstance(joined, str)
                    else "list"
                )
            return kinds
        if isinstance(node, cst.ListComp | cst.GeneratorExp | cst.SetComp):
            inner = Scope(outer=scope)
            loop: cst.CompFor | None = node.for_in
            while loop is not None:
                kind = self._expr(loop.iter, inner)
                self._bind(loop.target, self.of[loop.iter] if self._pairs(loop.iter, inner) else element(kind), inner)
                for test in loop.ifs:
                    self._expr(test.test, inner)
                loop = loop.inner_for_in
            kind = self._expr(node.elt, inner)
            return (
                {"tensor": "tensors", "module": "modules", "int": "shape"}.get(kind, "list")
                if isinstance(kind, str)
                else "list"
            )
        if isinstance(node, cst.IfExp):
            self._expr(node.test, scope)
            return join(self._expr(node.body, scope), self._expr(node.orelse, scope))
        if isinstance(node, cst.BooleanOperation):
            return join(self._expr(node.left, scope), self._expr(node.right, scope))
        if isinstance(node, cst.NamedExpr):
            kind = self._expr(node.value, scope)
            self._bind(node.target, kind, scope, node.value)
            return kind
        if isinstance(node, cst.Lambda):
            inner = Scope(outer=scope)
            for param in node.params.params:
                inner.set(param.name.value, kind_of_name(param.name.value))
            self._expr(node.body, inner)
            return "function"
        self._children(node, scope)
        return {cst.Dict: "dict", cst.DictComp: "dict", cst.FormattedString: "str"}.get(type(node), "unknown")

    def _children(self, node: cst.CSTNode, scope: Scope) -> None:
        for child in node.children:
            if isinstance(child, cst.BaseExpression):
                self._expr(child, scope)
            else:
                self._children(child, scope)

    def _attribute(self, node: cst.Attribute, scope: Scope) -> Kind:
        qualified = self.names.qualify(node)
        if qualified is not None:
            return kind_of_torch(qualified, None, [])
        base, name = self._expr(node.value, scope), node.attr.value
        if isinstance(node.value, cst.Name) and node.value.value == "self" and scope.self_class:
            for each in self._lineage(scope.self_class):
                if name in each.attributes:
                    return each.attributes[name]
            return "unknown"
        known: dict[str, Kind] = {"shape": "shape", "dtype": "dtype", "device": "device", "ndim": "int"}
        if name in known:
            return known[name]
        if base in ("tensor", "numpy"):
            return base
        if name in ("weight", "bias", "data", "grad", "T", "mT", "running_mean", "running_var", "in_proj_weight"):
            return "numpy" if base == "numpy" else "tensor"
        return "module" if base == "module" else "unknown"

    def _subscript(self, node: cst.Subscript, scope: Scope) -> Kind:
        base = self._expr(node.value, scope)
        place, is_slice = None, False
        for each in node.slice:
            if isinstance(each.slice, cst.Index):
                self._expr(each.slice.value, scope)
                place = integer(each.slice.value)
            else:
                is_slice = True
                self._children(each.slice, scope)
        return subscripted(base, place, is_slice)

    def _call(self, node: cst.Call, scope: Scope) -> Kind:
        kinds: list[Kind] = [self._expr(arg.value, scope) for arg in node.args]
        keywords = {arg.keyword.value for arg in node.args if arg.keyword}
        qualified = self.names.qualify(node.func)
        if qualified is not None:
            self.of[node.func] = "function"
            return kind_of_torch(qualified, kinds, sorted(keywords))
        if isinstance(node.func, cst.Name):
            name = node.func.value
            if name in self.classes:
                return "module" if self.is_module_class(name) else "unknown"
            if name in ("max", "min", "sum", "abs", "round", "list", "tuple", "sorted", "reversed", "set"):
                return self._builtin(name, kinds)
            if name in _BUILTINS and name not in scope.names:
                return _BUILTINS[name]
            if name in self.results and scope.kind(name) == "function":
                return self.results[name]
            return "tensor" if scope.kind(name) == "module" else "unknown"
        if isinstance(node.func, cst.Attribute):
            return self._method(node, node.func, kinds, sorted(keywords), scope)
        base = self._expr(node.func, scope)
        return "tensor" if base in ("module", "unknown") and "tensor" in kinds else "unknown"

    def _builtin(self, name: str, kinds: list[Kind]) -> Kind:
        if name in ("list", "tuple", "sorted", "reversed", "set"):
            return kinds[0] if kinds and not isinstance(kinds[0], tuple) else "list"
        if len(kinds) == 1 and name in ("max", "min", "sum"):
            return element(kinds[0])
        return kinds[0] if name in ("abs", "round") and kinds else element(tuple(kinds))

    def _method(
        self, node: cst.Call, func: cst.Attribute, kinds: list[Kind], keywords: list[str], scope: Scope
    ) -> Kind:
        name = func.attr.value
        if isinstance(func.value, cst.Name) and func.value.value == "self" and scope.self_class:
            self.of[func.value] = "self"
            for each in self._lineage(scope.self_class):
                if name in each.results:
                    return each.results[name]
            if name == "register_buffer" and len(node.args) > 1 and isinstance(node.args[0].value, cst.SimpleString):
                buffer = str(node.args[0].value.evaluated_value)
                self.classes[scope.self_class].attributes[buffer] = "tensor"
                return "none"
            if name == "register_parameter" and node.args and isinstance(node.args[0].value, cst.SimpleString):
                parameter = str(node.args[0].value.evaluated_value)
                self.classes[scope.self_class].attributes[parameter] = "tensor"
                self.classes[scope.self_class].parameters.add(parameter)
                return "none"
            base = self._expr(func, scope)
            if base == "module" or (base == "unknown" and "tensor" in kinds and name not in ("modules", "parameters")):
                constructor = self.constructor(scope.self_class, name)
                constructed = as_name(constructor.func) if constructor else None
                return self._result_of_module(constructed)
            return kind_of_method("module", name, kinds, keywords)
        return kind_of_method(self._expr(func.value, scope), name, kinds, keywords)

    def _result_of_module(self, name: str | None) -> Kind:
        if name in self.classes:
            for each in self._lineage(name):
                if "forward" in each.results:
                    kind = each.results["forward"]
                    return "tensor" if kind == "unknown" else kind
        last = (name or "").rsplit(".", 1)[-1]
        recurrent: dict[str, Kind] = {
            "LSTM": ("tensor", ("tensor", "tensor")),
            "GRU": ("tensor", "tensor"),
            "RNN": ("tensor", "tensor"),
            "LSTMCell": ("tensor", "tensor"),
            "MultiheadAttention": ("tensor", "tensor"),
        }
        return recurrent.get(last, "tensor")
