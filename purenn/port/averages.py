"""Rewrites a loop over the parameters of two modules as one assignment of a tree."""

from __future__ import annotations

import libcst as cst

from purenn.port.inplace import is_in_place, root
from purenn.port.nodes import as_name, binary, code, made_parens, statement

__all__ = ["parameter_average"]


def parameter_average(node: cst.For) -> cst.BaseStatement | None:
    """``b.params = jax.tree.map(...)`` for a loop over ``zip(a.parameters(), b.parameters())`` that sets b's arrays."""
    if not isinstance(node.iter, cst.Call) or not isinstance(node.target, cst.Tuple):
        return None
    if as_name(node.iter.func) != "zip":
        return None
    names = [as_name(each.value) for each in node.target.elements]
    modules = [
        arg.value.func.value
        for arg in node.iter.args
        if isinstance(arg.value, cst.Call)
        and isinstance(arg.value.func, cst.Attribute)
        and arg.value.func.attr.value == "parameters"
    ]
    if len(names) != 2 or len(modules) != 2 or len(node.iter.args) != 2 or None in names:
        return None
    body = list(node.body.body)
    if len(body) != 1 or not isinstance(body[0], cst.SimpleStatementLine) or len(body[0].body) != 1:
        return None
    assignment = _assigned(body[0].body[0])
    if assignment is None or assignment[0] not in names:
        return None
    target, value = assignment
    place = names.index(target)
    source, averaged = modules[1 - place], modules[place]
    stripped = value.visit(_WithoutData({str(name) for name in names}))
    assert isinstance(stripped, cst.BaseExpression)
    made_parens.discard(id(stripped))
    mean = code(stripped.with_changes(lpar=[], rpar=[]) if stripped.lpar else stripped)
    params, source_params = f"{code(averaged)}.params", f"{code(source)}.params"
    function = f"lambda {target}, {names[1 - place]}: {mean}"
    text = f"{params} = jax.tree.map({function}, {params}, {source_params})"
    return statement(text).with_changes(leading_lines=node.leading_lines)


class _WithoutData(cst.CSTTransformer):
    def __init__(self, names: set[str]):
        self.names = names

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        keep = updated_node.attr.value != "data" or as_name(updated_node.value) not in self.names
        return updated_node if keep else updated_node.value


def _assigned(small: cst.CSTNode) -> tuple[str, cst.BaseExpression] | None:
    """The parameter that a statement sets, and the value that it gets."""
    if isinstance(small, cst.Assign) and len(small.targets) == 1:
        target = small.targets[0].target
        if isinstance(target, cst.Attribute) and target.attr.value == "data" and isinstance(target.value, cst.Name):
            return target.value.value, small.value
        return None
    if not isinstance(small, cst.Expr) or not is_in_place(small.value):
        return None
    holder = root(small.value)
    holder = holder.value if isinstance(holder, cst.Attribute) and holder.attr.value == "data" else holder
    name = as_name(holder)
    value = _chain(small.value, holder)
    return None if name is None or value is None else (name, value)


def _chain(node: cst.BaseExpression, holder: cst.BaseExpression) -> cst.BaseExpression | None:
    """The value that a chain of in-place methods leaves."""
    if not is_in_place(node):
        return holder
    assert isinstance(node, cst.Call)
    assert isinstance(node.func, cst.Attribute)
    before = _chain(node.func.value, holder)
    name, args = node.func.attr.value, node.args
    if before is None or not args:
        return None
    first = args[0].value
    if name == "copy_" and len(args) == 1:
        return first
    operators = {"add_": "+", "mul_": "*", "sub_": "-", "div_": "/"}
    if name not in operators:
        return None
    keywords = {arg.keyword.value: arg.value for arg in args[1:] if arg.keyword}
    if name == "lerp_" or len(args) - 1 != len(keywords) or not keywords.keys() <= {"alpha"}:
        return None
    value = binary(keywords["alpha"], "*", first) if "alpha" in keywords else first
    return binary(before, operators[name], value)
