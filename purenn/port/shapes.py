"""Translations of methods about shapes, and of functions that differ from jax's functions of the same names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from purenn.port.context import Context, bind
from purenn.port.nodes import argument, as_primary, attribute, binary, call, code, expression, integer, length, tuple_of

__all__ = ["RULES"]

Rule = Callable[[Context, cst.CSTNode, cst.BaseExpression, Sequence[cst.Arg], bool], "cst.BaseExpression | None"]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers the translation of functions and methods.

    A rule receives the context, the call, the tensor, the other arguments, and whether it is a method. It returns the
    new expression, or None for a call of `purenn.interop.ops`.
    """

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def unnamed(arg: cst.Arg) -> cst.Arg:
    """The argument without its keyword."""
    return arg.with_changes(keyword=None, equal=cst.MaybeSentinel.DEFAULT)


@rule("size")
def _size(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    return length(x, args[0].value) if args else attribute(x, "shape")


@rule("view", "reshape")
def _reshape(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    if not method:
        return context.call("jnp.reshape", argument(x), *args)
    if len(args) == 1 and (context.kind(args[0].value) == "dtype" or "jnp." in code(args[0].value)):
        return call(attribute(x, "view"), *args)
    return call(attribute(x, "reshape"), *map(unnamed, args))


@rule("view_as", "reshape_as")
def _view_as(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    return call(attribute(x, "reshape"), attribute(args[0].value, "shape"))


@rule("permute")
def _permute(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    plain = [unnamed(arg) for arg in args]
    if not method:
        return context.call("jnp.transpose", argument(x), *plain)
    return call(attribute(x, "transpose"), *plain)


def shape_of(args: Sequence[cst.Arg]) -> cst.BaseExpression | None:
    """The shape that several sizes, one tuple or one name give; None without arguments."""
    if len(args) == 1 and args[0].star != "**":
        return args[0].value
    parts = [cst.StarredElement(arg.value) if arg.star else cst.Element(arg.value) for arg in args]
    return tuple_of(parts) if parts else None


@rule("expand", "broadcast_to")
def _expand(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    shape = shape_of(args)
    elements = shape.elements if isinstance(shape, cst.Tuple | cst.List) else None
    if shape is None or elements is None:
        if shape is None or context.kind(shape) != "shape" or not _is_shape(shape):
            return None
        return context.call("jnp.broadcast_to", x, shape)
    if any((integer(e.value) or 0) < 0 or isinstance(e, cst.StarredElement) for e in elements):
        return None
    if any(not (isinstance(e.value, cst.Integer | cst.Name) or _is_shape(e.value)) for e in elements):
        return None  # it may be -1
    if any(isinstance(e.value, cst.Name) and context.kind(e.value) not in ("int", "unknown") for e in elements):
        return None
    return context.call("jnp.broadcast_to", x, shape)


def _is_shape(node: cst.BaseExpression) -> bool:
    """Whether an expression is a part of a shape, which is never negative."""
    text = code(node)
    return ".shape" in text or ".size" in text or text.startswith("len(")


@rule("expand_as")
def _expand_as(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    return context.call("jnp.broadcast_to", x, attribute(args[0].value, "shape"))


@rule("repeat", "tile")
def _repeat(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    shape = shape_of(args)
    return None if shape is None else context.call("jnp.tile", x, shape)


@rule("flatten", "ravel")
def _flatten(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    bound = bind(("start_dim", "end_dim"), args)
    if bound is None:
        return None
    start = integer(bound["start_dim"]) if "start_dim" in bound else 0
    end = integer(bound["end_dim"]) if "end_dim" in bound else -1
    if (start, end) == (0, -1):
        return call(attribute(x, "reshape"), expression("-1"))
    if start is None or start < 0 or end != -1 or not isinstance(x, cst.Name):
        return None
    first = [argument(length(x, 0))] if start == 1 else [argument(expression(f"{x.value}.shape[:{start}]"), star="*")]
    return call(attribute(x, "reshape"), *first, expression("-1"))


@rule("squeeze")
def _squeeze(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    return None if args else call(attribute(x, "squeeze"))  # with a dimension torch leaves sizes other than 1


@rule("flip")
def _flip(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    shape = shape_of([unnamed(arg) for arg in args])
    if shape is None:
        return None
    if isinstance(shape, cst.List):
        shape = tuple_of(list(shape.elements))
    return context.call("jnp.flip", argument(x), argument(shape, "axis"))


@rule("var")
def _var(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    name = method_name(node)
    bound = bind(("dim", "unbiased", "keepdim", "correction"), args)
    if bound is None or ("unbiased" in bound and code(bound["unbiased"]) not in ("True", "False")):
        return None
    if "dim" in bound and code(bound["dim"]) in ("True", "False"):  # x.std(False): the first may be unbiased
        if "unbiased" in bound:
            return None
        bound["unbiased"] = bound.pop("dim")
    arguments = [argument(bound["dim"])] if "dim" in bound else []
    if "correction" in bound:
        arguments.append(argument(bound["correction"], "ddof"))
    elif "unbiased" not in bound or code(bound["unbiased"]) == "True":
        arguments.append(argument(expression("1"), "ddof"))
    if "keepdim" in bound:
        arguments.append(argument(bound["keepdim"], "keepdims"))
    if method:
        return call(attribute(x, name), *arguments)
    if arguments and arguments[0].keyword is None:
        arguments[0] = argument(arguments[0].value, "axis")
    return context.call(f"jnp.{name}", argument(x), *arguments)


def method_name(node: cst.CSTNode) -> str:
    """The last part of the name that a call calls."""
    func = node.func if isinstance(node, cst.Call) else node
    return func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else ""


@rule("max", "min")
def _max(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    """The largest element, or the larger of two; along a dimension torch returns the indices too, as `ops.max` does."""
    name = method_name(node)
    if not args:
        return call(attribute(x, name)) if method else context.call(f"jnp.{name}", x)
    assert isinstance(node, cst.Call)
    plain = len(args) == 1 and not args[0].keyword and not args[0].star
    if plain and context.kind(node.args[-1].value) == "tensor":
        return context.call(f"jnp.{name}imum", argument(x), argument(args[0].value))
    return None


@rule("unbind")
def _unbind(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    bound = bind(("dim",), args)
    if bound is None:
        return None
    return context.call("jnp.unstack", argument(x), *([argument(bound["dim"], "axis")] if bound else []))


@rule("nonzero")
def _nonzero(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    """The indices of the nonzero elements: a matrix in torch, one array per dimension in jax."""
    if not args:
        return context.call("jnp.argwhere", x)
    bound = bind(("as_tuple",), args)
    if bound is None or code(bound["as_tuple"]) != "True":
        return None
    return context.call("jnp.nonzero", x)


@rule("where")
def _where(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    if any(arg.keyword or arg.star for arg in args):
        return None
    if method:
        return context.call("jnp.where", args[0].value, x, args[1].value)
    return context.call("jnp.where", argument(x), *args)


@rule("rsub")
def _rsub(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    return binary(args[0].value, "-", as_primary(x)) if len(args) == 1 else None
