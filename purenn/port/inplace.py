"""Statements that change a tensor in place, written as assignments."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.context import Context, bind
from purenn.port.nodes import (
    argument,
    as_name,
    assign,
    attribute,
    binary,
    call,
    code,
    expression,
    is_same,
    without_data,
    without_parens,
)
from purenn.port.random_factories import key
from purenn.port.shapes import method_name

__all__ = ["PLAIN_VALUES", "assigned_item", "augmented_item", "in_place_statement", "in_place_value", "is_in_place"]

# Methods whose result doesn't depend on the old value.
PLAIN_VALUES = ("zero_", "fill_", "normal_", "uniform_", "copy_")

_INITIALIZERS = {"normal_", "uniform_", "zero_", "fill_"}
_UPDATES: dict[type[cst.BaseAugOp], str] = {
    cst.AddAssign: "add",
    cst.SubtractAssign: "subtract",
    cst.MultiplyAssign: "multiply",
    cst.DivideAssign: "divide",
    cst.PowerAssign: "power",
}
_NOT_IN_PLACE = ("requires_grad_", "share_memory_", "train_", "retain_grad_")


def is_in_place(node: cst.CSTNode) -> bool:
    """Whether an expression is a call of a method that changes its tensor: ``x.add_(1)``."""
    if not (isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute)):
        return False
    name = node.func.attr.value
    return name.endswith("_") and not name.endswith("__") and name not in _NOT_IN_PLACE


def root(node: cst.BaseExpression) -> cst.BaseExpression:
    """The tensor that a chain of in-place methods changes: ``x`` of ``x.mul_(2).add_(1)``."""
    while is_in_place(node):
        assert isinstance(node, cst.Call)
        assert isinstance(node.func, cst.Attribute)
        node = node.func.value
    return node


def _written(target: cst.BaseExpression) -> tuple[cst.BaseExpression, list[cst.SubscriptElement]] | None:
    """For a target such as ``w.data[i]``: the name or attribute that holds the array, and the index."""
    slices: list[cst.SubscriptElement] = []
    if isinstance(target, cst.Subscript):
        slices, target = list(target.slice), target.value
    target = without_data(target)
    if isinstance(target, cst.Subscript) and slices:
        return None
    if isinstance(target, cst.Subscript):
        slices, target = list(target.slice), without_data(target.value)
    return (target, slices) if as_name(target) is not None else None


def _at(
    holder: cst.BaseExpression, slices: Sequence[cst.SubscriptElement], method: str, value: cst.BaseExpression
) -> cst.Call:
    place = cst.Subscript(attribute(holder, "at"), list(slices))
    return call(attribute(place, method), value)


def assigned_item(
    context: Context, target: cst.Subscript, value: cst.BaseExpression, node: cst.CSTNode
) -> cst.Assign | None:
    """``x = x.at[i].set(value)`` for ``x[i] = value``."""
    item = _written(target)
    if item is None:
        context.report.todo(node, "an element of an element is assigned in place", "write x = x.at[i, j].set(value)")
        return None
    holder, slices = item
    return assign(holder, _at(holder, slices, "set", value))


def augmented_item(context: Context, original: cst.AugAssign, updated: cst.AugAssign) -> cst.Assign | None:
    """``x = x.at[i].add(value)`` for ``x[i] += value``; torch changes an element once even if its index repeats."""
    assert isinstance(updated.target, cst.Subscript)
    item = _written(updated.target)
    method = _UPDATES.get(type(updated.operator))
    if item is None or method is None:
        context.report.todo(original, "an element of an element is changed in place", "write x = x.at[i, j].add(value)")
        return None
    holder, slices = item
    assert isinstance(original.target, cst.Subscript)
    value = updated.value
    if not all(_is_plain_index(context, each) for each in original.target.slice):
        operators = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
        value, method = binary(updated.target, operators[method], value), "set"
    return assign(holder, _at(holder, slices, method, value))


def _is_plain_index(context: Context, each: cst.SubscriptElement) -> bool:
    """Whether an index is a slice or one element, so that no element occurs twice."""
    if isinstance(each.slice, cst.Slice):
        return True
    value = each.slice.value if isinstance(each.slice, cst.Index) else cst.Ellipsis()
    if isinstance(value, cst.Integer | cst.Ellipsis | cst.UnaryOperation) or code(value) == "None":
        return True
    return context.kind(value) in ("int", "bool") or isinstance(value, cst.Comparison)


def in_place_statement(
    context: Context, original: cst.Call, updated: cst.BaseExpression
) -> cst.Assign | cst.Expr | None:
    """The assignment that ``x.add_(1)``, as a statement, becomes.

    Args:
        context: the state.
        original: the call in the torch source.
        updated: the call after the rewriting of its parts; it may be a pure call by now.
    """
    target = root(original)
    kind = context.kind(target)
    if kind not in ("tensor", "unknown"):
        return None
    holder = without_data(target)
    assert isinstance(original.func, cst.Attribute)
    name = original.func.attr.value
    if (holder is not target and isinstance(holder, cst.Name)) or _is_loop_parameter(context, holder):
        return _parameter(context, original, updated, holder, name)
    if name in _INITIALIZERS and _is_held(context, holder) and original.func.value is target:
        return cst.Expr(_initializer(context, updated, holder, name))
    if isinstance(target, cst.Subscript) and context.kind(target.value) == "dict" and "sd" in code(target.value):
        context.report.todo(
            original, "an entry of a state_dict is changed in place", "give the dict to load_state_dict afterwards"
        )
    item = _written(target)
    if item is None:
        context.report.todo(original, f".{name}() changes a tensor that has no name", "assign the result to a name")
        return None
    name_of, slices = item
    value = _pure(context, original, updated, target)
    if value is None:
        return None
    value = without_parens(value)
    if slices and context.kind(name_of) in ("dict", "list", "tensors"):
        return assign(cst.Subscript(name_of, slices), value)
    if slices:
        return assign(name_of, _at(name_of, slices, "set", value))
    return assign(name_of, value)


def _is_held(context: Context, holder: cst.BaseExpression) -> bool:
    """Whether an expression is the parameter of a module: ``m.weight``, or an attribute that is one."""
    if not isinstance(holder, cst.Attribute):
        return False
    owner = context.owners[-1] if context.owners else None
    if code(holder.value) == "self":
        return context.kinds.is_parameter(owner, holder.attr.value)
    return holder.attr.value.startswith(("weight", "bias", "in_proj", "gamma", "beta"))


def _is_loop_parameter(context: Context, holder: cst.BaseExpression) -> bool:
    return (
        isinstance(holder, cst.Name)
        and holder.value in ("param", "p", "parameter", "params")
        and context.kind(holder) == "tensor"
    )


def _parameter(
    context: Context, original: cst.Call, updated: cst.BaseExpression, holder: cst.BaseExpression, name: str
) -> cst.Expr | None:
    if name in _INITIALIZERS and is_same(without_data(root(original)), holder):
        return cst.Expr(_initializer(context, updated, holder, name))
    context.report.todo(
        original,
        f".{name}() changes a parameter that is a loop variable",
        "write module.params = jax.tree.map(function, module.params)",
    )
    return None


def _arguments(updated: cst.BaseExpression) -> list[cst.Arg]:
    return list(updated.args) if isinstance(updated, cst.Call) else []


def _initializer(context: Context, updated: cst.BaseExpression, holder: cst.BaseExpression, name: str) -> cst.Call:
    last = {"zero_": "zeros_", "fill_": "constant_"}.get(name, name)
    return context.call(f"nn.init.{last}", argument(holder), *_arguments(updated))


def _pure(
    context: Context, original: cst.Call, updated: cst.BaseExpression, target: cst.BaseExpression
) -> cst.BaseExpression | None:
    """The value that an in-place call leaves in its tensor, as an expression."""
    if method_name(original) not in PLAIN_VALUES:
        return updated
    return in_place_value(context, original, updated, without_data(target))


def in_place_value(
    context: Context, original: cst.Call, updated: cst.BaseExpression, x: cst.BaseExpression
) -> cst.BaseExpression:
    """The value that ``x.zero_()``, ``x.fill_(1)``, ``x.copy_(y)`` and the random ones leave in x, as an expression."""
    name, args, sliced = method_name(original), _arguments(updated), isinstance(x, cst.Subscript)
    if name == "zero_":
        return expression("0") if sliced else context.call("jnp.zeros_like", x)
    if name == "fill_":
        return args[0].value if sliced else context.call("jnp.full_like", argument(x), args[0])
    if name == "copy_":
        everything = cst.SubscriptElement(cst.Index(expression("...")))
        return args[0].value if sliced else _at(x, [everything], "set", args[0].value)
    shape, dtype = attribute(x, "shape"), attribute(x, "dtype")
    if name == "uniform_":
        bound = bind(("from", "to"), args) or {}
        extra = [
            argument(bound[word], keyword) for word, keyword in (("from", "minval"), ("to", "maxval")) if word in bound
        ]
        return context.call("jax.random.uniform", argument(key(context)), argument(shape), argument(dtype), *extra)
    bound = bind(("mean", "std"), args) or {}
    noise: cst.BaseExpression = context.call("jax.random.normal", key(context), shape, dtype)
    if "std" in bound:
        noise = binary(bound["std"], "*", noise)
    if "mean" in bound and code(bound["mean"]) not in ("0", "0.0"):
        noise = binary(bound["mean"], "+", noise)
    return noise
