"""Builders for syntax trees of libcst."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

import libcst as cst

__all__ = [
    "argument",
    "as_name",
    "as_primary",
    "assign",
    "attribute",
    "binary",
    "bound",
    "call",
    "code",
    "expression",
    "integer",
    "is_same",
    "length",
    "names_in",
    "statement",
    "subscript",
    "tuple_of",
    "without_data",
    "without_parens",
]

_EMPTY = cst.Module([])
_PRIMARY = (
    cst.Name,
    cst.Attribute,
    cst.Call,
    cst.Subscript,
    cst.List,
    cst.Dict,
    cst.ListComp,
    cst.SimpleString,
    cst.Set,
)
Node = TypeVar("Node", bound=cst.CSTNode)
made_parens: set[int] = set()


def code(node: cst.CSTNode) -> str:
    """The source of a node."""
    return _EMPTY.code_for_node(node)


def expression(source: str) -> cst.BaseExpression:
    """The tree of an expression."""
    return cst.parse_expression(source)


def statement(source: str) -> cst.BaseStatement:
    """The tree of a statement of one or more lines."""
    parsed = cst.parse_statement(source)
    assert isinstance(parsed, cst.BaseStatement)
    return parsed


def is_same(a: cst.CSTNode, b: cst.CSTNode) -> bool:
    """Whether two nodes have the same source."""
    return code(a).strip() == code(b).strip()


def as_name(node: cst.CSTNode | None) -> str | None:
    """The dotted name that an expression is, or None."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute) and (base := as_name(node.value)) is not None:
        return f"{base}.{node.attr.value}"
    return None


def integer(node: cst.CSTNode | None) -> int | None:
    """The value of an integer literal, also a negative one, or None."""
    if isinstance(node, cst.Integer):
        return int(node.value, 0)
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        inner = integer(node.expression)
        return None if inner is None else -inner
    return None


def names_in(node: cst.CSTNode) -> Iterator[str]:
    """The names that a piece of code reads or writes, attributes of names left out."""
    if isinstance(node, cst.Name):
        yield node.value
        return
    if isinstance(node, cst.Attribute):
        yield from names_in(node.value)
        return
    for child in node.children:
        if isinstance(node, cst.Arg) and child is node.keyword:
            continue
        yield from names_in(child)


def as_primary(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression, in parentheses if an attribute or an index could not follow it."""
    return node if isinstance(node, _PRIMARY) else in_parens(node)


def in_parens(node: cst.BaseExpression) -> cst.BaseExpression:
    if node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def without_parens(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression without parentheses that a rewriting has put around it."""
    if id(node) in made_parens and len(node.lpar) == 1:
        made_parens.discard(id(node))
        return node.with_changes(lpar=[], rpar=[])
    return node


def attribute(value: cst.BaseExpression, name: str) -> cst.Attribute:
    """``value.name``."""
    return cst.Attribute(as_primary(value), cst.Name(name))


def _unwrapped(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression without parentheses that an argument doesn't need."""
    if (
        len(node.lpar) == 1
        and isinstance(node, cst.BinaryOperation | cst.Call | cst.Comparison | cst.Name | cst.Attribute)
        and "\n" not in code(node)
    ):
        return node.with_changes(lpar=[], rpar=[])
    return node


def argument(value: cst.BaseExpression, keyword: str | None = None, star: Literal["", "*", "**"] = "") -> cst.Arg:
    """An argument of a call."""
    value = _unwrapped(without_parens(value))
    if keyword is None:
        return cst.Arg(value, star=star)
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Arg(value, keyword=cst.Name(keyword), equal=equal)


def call(function: str | cst.BaseExpression, *arguments: cst.Arg | cst.BaseExpression) -> cst.Call:
    """A call of a function, which is a node or a dotted name."""
    callee = expression(function) if isinstance(function, str) else function
    args = [arg if isinstance(arg, cst.Arg) else argument(arg) for arg in arguments]
    if args and not _has_comment(args[-1].comma):
        args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return cst.Call(callee, args)


def _has_comment(comma: cst.Comma | cst.MaybeSentinel) -> bool:
    return isinstance(comma, cst.Comma) and "\n" in code(comma)


def subscript(value: cst.BaseExpression, *indices: cst.BaseExpression) -> cst.Subscript:
    """``value[indices]``."""
    return cst.Subscript(as_primary(value), [cst.SubscriptElement(cst.Index(index)) for index in indices])


_TIGHT = cst.SimpleWhitespace("")
_OPERATORS: dict[str, cst.BaseBinaryOp] = {
    "+": cst.Add(),
    "-": cst.Subtract(),
    "*": cst.Multiply(),
    "/": cst.Divide(),
    "//": cst.FloorDivide(),
    "%": cst.Modulo(),
    "@": cst.MatrixMultiply(),
    "**": cst.Power(_TIGHT, _TIGHT),
    "&": cst.BitAnd(),
    "|": cst.BitOr(),
    "^": cst.BitXor(),
}
_COMPARISONS: dict[str, cst.BaseCompOp] = {
    "==": cst.Equal(),
    "!=": cst.NotEqual(),
    "<": cst.LessThan(),
    ">": cst.GreaterThan(),
    "<=": cst.LessThanEqual(),
    ">=": cst.GreaterThanEqual(),
}


def _operand(node: cst.BaseExpression) -> cst.BaseExpression:
    return node if isinstance(node, (*_PRIMARY, cst.Integer, cst.Float)) else in_parens(node)


def without_data(node: cst.BaseExpression) -> cst.BaseExpression:
    """``x`` for ``x.data``, ``x.detach()`` and for what the port makes of them."""
    if isinstance(node, cst.Attribute) and node.attr.value == "data":
        return node.value
    if isinstance(node, cst.Call) and as_name(node.func) == "jax.lax.stop_gradient":
        return node.args[0].value
    return node


def binary(left: cst.BaseExpression, operator: str, right: cst.BaseExpression) -> cst.BaseExpression:
    """``(left operator right)``; the parentheses go where `without_parens` meets them."""
    if operator in ("+", "-") and isinstance(left, cst.BinaryOperation) and id(left) in made_parens:
        left = without_parens(left)  # x * 2 + 1
    else:
        left = _operand(left)
    right = _operand(right)
    parens = {"lpar": [cst.LeftParen()], "rpar": [cst.RightParen()]}
    if operator in _COMPARISONS:
        node: cst.BaseExpression = cst.Comparison(left, [cst.ComparisonTarget(_COMPARISONS[operator], right)], **parens)
    else:
        node = cst.BinaryOperation(left, _OPERATORS[operator], right, **parens)
    return bound(node)


def bound(node: Node) -> Node:
    """Records that the port put the parentheses around a node, and keeps the node alive so that its id stays unique."""
    made_parens.add(id(node))
    _alive.append(node)
    return node


_alive: list[cst.CSTNode] = []


def tuple_of(elements: Sequence[cst.BaseExpression | cst.BaseElement]) -> cst.Tuple:
    """``(a, b, c)``."""
    items = [e if isinstance(e, cst.BaseElement) else cst.Element(without_parens(e)) for e in elements]
    items = [e.with_changes(comma=cst.MaybeSentinel.DEFAULT) for e in items]
    if len(items) == 1:
        items[0] = items[0].with_changes(comma=cst.Comma())
    return cst.Tuple(items)


def assign(target: cst.BaseExpression, value: cst.BaseExpression) -> cst.Assign:
    """``target = value``."""
    assert isinstance(target, cst.BaseAssignTargetExpression)
    return cst.Assign([cst.AssignTarget(target)], value)


def length(node: cst.BaseExpression, dimension: cst.BaseExpression | int) -> cst.Subscript:
    """``node.shape[dimension]``."""
    index = expression(str(dimension)) if isinstance(dimension, int) else dimension
    return subscript(attribute(node, "shape"), index)
