"""Inference of kinds: a walk over the statements of a file in their order, with the kinds of all names."""

from __future__ import annotations

import libcst as cst

from purenn.port.imports import Names
from purenn.port.infer_classes import Class
from purenn.port.infer_expressions import Expressions
from purenn.port.kinds import Kind, Scope, element, join, kind_of_annotation, kind_of_name, kind_of_operation
from purenn.port.nodes import as_name, code

__all__ = ["Inference"]


class Inference(Expressions):
    """The kinds of all expressions of a file.

    Attributes:
        of: the kind of each expression.
        classes: the classes of the file.
        scopes: the scope that each function's body has at its end.
    """

    def __init__(self, tree: cst.Module, names: Names):
        super().__init__(names)
        self.scopes: dict[cst.CSTNode, Scope] = {}
        self._returned: list[list[Kind]] = []
        for _ in range(2):  # the second round knows the results of methods
            self.top = Scope()
            self._block(tree.body, self.top)

    # Statements.

    def _block(self, statements: object, scope: Scope) -> None:
        for each in statements if isinstance(statements, list | tuple) else []:
            self._statement(each, scope)

    def _statement(self, node: cst.CSTNode, scope: Scope) -> None:
        if isinstance(node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
            self._block(list(node.body), scope)
        elif isinstance(node, cst.Assign):
            kind = self._expr(node.value, scope)
            for target in node.targets:
                self._bind(target.target, kind, scope, node.value)
        elif isinstance(node, cst.AnnAssign):
            told = kind_of_annotation(code(node.annotation.annotation))
            kind = self._expr(node.value, scope) if node.value else told or "unknown"
            self._bind(node.target, told or kind, scope, node.value)
        elif isinstance(node, cst.AugAssign):
            left, right = self._expr(node.target, scope), self._expr(node.value, scope)
            if not isinstance(node.target, cst.Subscript):
                divides = isinstance(node.operator, cst.DivideAssign)
                self._bind(node.target, kind_of_operation(left, right, divides), scope, None)
        elif isinstance(node, cst.Return):
            kind = self._expr(node.value, scope) if node.value else "none"
            if self._returned:
                self._returned[-1].append(kind)
        elif isinstance(node, cst.FunctionDef):
            self._function(node, scope)
        elif isinstance(node, cst.ClassDef):
            self._class(node, scope)
        elif isinstance(node, cst.For):
            kind = self._expr(node.iter, scope)
            self._bind(node.target, element(kind) if not self._pairs(node.iter, scope) else self.of[node.iter], scope)
            for _ in range(2):
                self._block(list(node.body.body), scope)
            self._suite(node.orelse, scope)
        elif isinstance(node, cst.While):
            self._expr(node.test, scope)
            for _ in range(2):
                self._block(list(node.body.body), scope)
        elif isinstance(node, cst.If):
            self._branches(node, scope)
        elif isinstance(node, cst.With):
            for item in node.items:
                kind = self._expr(item.item, scope)
                if item.asname:
                    self._bind(item.asname.name, kind, scope)
            self._block(list(node.body.body), scope)
        elif isinstance(node, cst.Try | cst.TryStar):
            self._block(list(node.body.body), scope)
            for handler in node.handlers:
                self._block(list(handler.body.body), scope)
            self._suite(node.orelse, scope)
            self._suite(node.finalbody, scope)
        else:
            for child in node.children:
                if isinstance(child, cst.BaseExpression):
                    self._expr(child, scope)
                elif isinstance(child, cst.BaseSmallStatement | cst.BaseStatement | cst.BaseSuite):
                    self._statement(child, scope)

    def _suite(self, node: cst.Else | cst.Finally | None, scope: Scope) -> None:
        if node is not None:
            self._block(list(node.body.body), scope)

    def _branches(self, node: cst.If, scope: Scope) -> None:
        self._expr(node.test, scope)
        before = dict(scope.names)
        self._block(list(node.body.body), scope)
        after, scope.names = scope.names, dict(before)
        if isinstance(node.orelse, cst.If):
            self._branches(node.orelse, scope)
        elif node.orelse is not None:
            self._block(list(node.orelse.body.body), scope)
        for name, kind in after.items():
            scope.names[name] = join(scope.names[name], kind) if name in scope.names else kind

    def _function(self, node: cst.FunctionDef, outer: Scope) -> None:
        scope = Scope(outer=outer)
        params = [*node.params.posonly_params, *node.params.params, *node.params.kwonly_params]
        is_method = outer.owner is not None and outer is not self.top
        forward = is_method and node.name.value == "forward" and self.is_module_class(outer.owner)
        for place, param in enumerate(params):
            name = param.name.value
            if place == 0 and is_method and name == "self":
                scope.set(name, "self")
                continue
            told = kind_of_annotation(code(param.annotation.annotation)) if param.annotation else None
            default = self._expr(param.default, outer) if param.default else None
            kind: Kind = told or "unknown"
            if told is None and default is not None and default not in ("none", "unknown"):
                kind = default
            elif told is None and forward:
                kind = "tensor" if kind_of_name(name) == "unknown" else kind_of_name(name)
            elif told is None and node.name.value != "__init__":
                kind = kind_of_name(name)
            scope.set(name, kind)
        for star in (node.params.star_arg, node.params.star_kwarg):
            if isinstance(star, cst.Param):
                scope.set(star.name.value, "tensors" if forward and star is node.params.star_arg else "unknown")
        self._returned.append([])
        self._block(list(node.body.body), scope)
        result: Kind = "none"
        for kind in self._returned.pop():
            result = join(result, kind)
        self.scopes[node] = scope
        if is_method and outer.owner is not None:
            self.classes[outer.owner].results[node.name.value] = result
        else:
            self.results[node.name.value] = result
            outer.set(node.name.value, "function")

    def _class(self, node: cst.ClassDef, outer: Scope) -> None:
        name = node.name.value
        bases = [self.names.qualify(arg.value) or as_name(arg.value) or "" for arg in node.bases]
        self.classes.setdefault(name, Class(bases)).bases = bases
        scope = Scope(outer=outer, owner=name)
        body = list(node.body.body)
        first = [each for each in body if isinstance(each, cst.FunctionDef) and each.name.value == "__init__"]
        self._block([*first, *(each for each in body if each not in first)], scope)
        outer.set(name, "class")
