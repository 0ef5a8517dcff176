"""Rewriting of calls: torch's functions, and the methods of tensors."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from purenn.port.casts import legacy_dtype
from purenn.port.context import DROPPED, Context, bind, known_ops
from purenn.port.factories import TENSORS, legacy
from purenn.port.imports import STANDARD
from purenn.port.inplace import PLAIN_VALUES, in_place_value
from purenn.port.nodes import argument, as_name, code, without_data
from purenn.port.program_functions import PROGRAM
from purenn.port.random_factories import RANDOM
from purenn.port.remedies import REQUIRES_GRAD, remedy
from purenn.port.results import TENSOR_METHODS
from purenn.port.shapes import RULES
from purenn.port.tables import FUNCTION_ONLY, ROWS

__all__ = ["rewrite_call"]

CONTEXTS = (
    "no_grad",
    "inference_mode",
    "enable_grad",
    "set_grad_enabled",
    "autograd.set_detect_anomaly",
    "autograd.no_grad",
)
_ROUNDING = {"floor", "ceil", "trunc", "round", "long", "int", "short", "byte", "frac", "floor_", "ceil_", "round_"}
# Methods that modules, strings, lists or numpy's arrays have as well.
_SHARED = {
    "split",
    "type",
    "to",
    "cuda",
    "cpu",
    "float",
    "double",
    "half",
    "bfloat16",
    "copy",
    "sort",
    "index",
    "apply",
}
_CONTAINERS = {"add", "sub", "where", "new", "all", "any", "sort", "index", "copy", "split", "repeat", "round"}
_NUMBERS = ("int", "float", "bool")
_RECEIVERS = ("tensor", "unknown")
_FACTORIES = {**TENSORS, **RANDOM, **PROGRAM}
_ARRAY_METHODS = TENSOR_METHODS | set(ROWS) | set(RULES)


def rewrite_call(context: Context, original: cst.Call, updated: cst.Call) -> cst.BaseExpression:
    """The translation of a call."""
    qualified = context.names.qualify(original.func)
    if qualified is not None and qualified.split(".")[0] == "torch":
        new = _function(context, original, updated, qualified.removeprefix("torch."))
    elif isinstance(original.func, cst.Attribute) and isinstance(updated.func, cst.Attribute):
        new = _method(context, original, original.func, updated, updated.func)
    else:
        return updated
    if new is None:
        return updated
    new = _laid_out(new, updated)
    if "#" in (before := code(updated)) and "\n" in before:
        after = code(new)
        context.report.comments += [comment for comment in re.findall(r"#[^\n]*", before) if comment not in after]
    return new


def _laid_out(node: cst.BaseExpression, updated: cst.Call) -> cst.BaseExpression:
    """Gives the new call the line breaks of the old one, at its dot and before its arguments."""
    if updated.lpar and not node.lpar and node is not updated:
        node = node.with_changes(lpar=updated.lpar, rpar=updated.rpar)
    if not isinstance(node, cst.Call) or node is updated:
        return node
    if not isinstance(updated.whitespace_before_args, cst.SimpleWhitespace) and node.args:
        node = node.with_changes(whitespace_before_args=updated.whitespace_before_args)
        last = updated.args[-1] if updated.args else None
        if last is not None and not isinstance(last.whitespace_after_arg, cst.SimpleWhitespace):
            args = [*node.args[:-1], node.args[-1].with_changes(whitespace_after_arg=last.whitespace_after_arg)]
            node = node.with_changes(args=args)
    previous, function = updated.func, node.func
    if isinstance(previous, cst.Attribute) and isinstance(function, cst.Attribute) and previous.value is function.value:
        node = node.with_changes(func=function.with_changes(dot=previous.dot))
    return node


def _function(context: Context, node: cst.Call, updated: cst.Call, name: str) -> cst.BaseExpression | None:
    if name.startswith("nn.init."):
        return _init(updated, name)
    if name.startswith("nn.") and "Tensor" not in name:
        return None  # the name itself is renamed
    args = _plain(context, node, updated.args)
    if name in CONTEXTS:
        return None  # blocks and decorators are left out
    if name in _FACTORIES:
        new = _FACTORIES[name](context, node, args)
        return new if new is not None or name in ("save", "load") else context.ops(node, name, args)
    if name == "Tensor" or legacy_dtype(name):
        return legacy(context, node, args, name)
    if name.startswith("Tensor."):
        name = name.removeprefix("Tensor.")
    if name.startswith("fft."):
        return _fourier(context, name, args)
    if name in FUNCTION_ONLY:
        return _sequence_function(context, node, name, args)
    if name in ("sparse.mm", "spmm", "hspmm"):
        return context.call("jnp.matmul", *args)  # arrays are dense
    if "." in name and name.split(".")[0] in ("linalg", "special"):
        return context.ops(node, name, args)
    if "." in name or not args:
        context.report.todo(node, f"torch.{name} has no translation", remedy(name) or "write it with jax")
        return None
    first = args[0]
    if first.star or (first.keyword and first.keyword.value not in ("input", "self", "condition")):
        return context.ops(node, name, args)
    x = first.value
    if name in _ROUNDING:
        x = _exact(context, node.args[0].value, x)
    return _tensor_call(context, node, name, x, args[1:], method=False)


def _plain(context: Context, node: cst.Call, args: Sequence[cst.Arg]) -> list[cst.Arg]:
    """The arguments that mean something in jax."""
    kept = []
    for arg in args:
        word = arg.keyword.value if arg.keyword else ""
        if word in DROPPED - {"copy"}:
            if word == "requires_grad" and code(arg.value) == "True":
                context.report.note(node, "requires_grad=True was left out", REQUIRES_GRAD)
            continue
        kept.append(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT))
    return list(args) if len(kept) == len(args) else kept


def _tensor_call(
    context: Context, node: cst.Call, name: str, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool
) -> cst.BaseExpression | None:
    """The translation of a function of one tensor, or of a tensor's method."""
    plain = _plain_name(name)
    if any(arg.keyword and arg.keyword.value == "out" for arg in args):
        context.report.todo(node, f"{name} writes into out=", "assign the result to the name instead")
        return None
    new: cst.BaseExpression | None = None
    if plain in RULES:
        new = RULES[plain](context, node, x, args, method)
    elif plain in ROWS and (bound := bind(ROWS[plain].parameters, args)) is not None:
        new = context.from_row(ROWS[plain], x, bound, method)
    elif plain in ("bernoulli", "multinomial") and method:
        new = _FACTORIES[plain](context, node, [argument(x), *args])
    return new if new is not None else context.ops(node, plain, [argument(x), *args])


def _sequence_function(
    context: Context, node: cst.Call, name: str, args: Sequence[cst.Arg]
) -> cst.BaseExpression | None:
    if name == "einsum":
        kind = context.kind(node.args[1].value) if len(args) == 2 else "tensor"
        many = isinstance(kind, tuple) or kind in ("tensors", "list")
        return context.call("F.einsum" if many else "jnp.einsum", *args)
    if name in ("cat", "concat", "concatenate") and context.has_empty:
        return context.ops(node, name, args)  # torch leaves empty tensors of any rank out
    bound = bind(FUNCTION_ONLY[name].parameters, args)
    new = None if bound is None else context.from_row(FUNCTION_ONLY[name], None, bound, False)
    return new if new is not None else context.ops(node, name, args)


def _fourier(context: Context, name: str, args: Sequence[cst.Arg]) -> cst.BaseExpression:
    keywords = {"dim": "axes" if name.endswith(("n", "2", "shift")) else "axis", "input": "a"}
    words = [arg.keyword.value if arg.keyword else None for arg in args]
    arguments = [argument(arg.value, keywords.get(word or "", word)) for arg, word in zip(args, words, strict=True)]
    return context.call(f"jnp.{name}", *arguments)


def _init(updated: cst.Call, name: str) -> cst.Call:
    """A function of ``torch.nn.init``, which fills a module's array, not its ``.data``."""
    args = list(updated.args)
    if args:
        args[0] = args[0].with_changes(value=without_data(args[0].value))
    func = updated.func
    last = name.rsplit(".", 1)[-1]
    if not last.endswith("_") and last != "calculate_gain":  # torch's old names
        fixed = cst.Name(f"{last}_")
        func = func.with_changes(attr=fixed) if isinstance(func, cst.Attribute) else fixed
    return updated.with_changes(args=args, func=func)


def _method(
    context: Context, node: cst.Call, func: cst.Attribute, updated: cst.Call, new: cst.Attribute
) -> cst.BaseExpression | None:
    name, kind = func.attr.value, context.kind(func.value)
    if kind == "shape" and name == "numel":
        return context.call("math.prod", new.value)
    if kind in _NUMBERS and name in TENSOR_METHODS and not hasattr(float, name):
        kind = "tensor"  # its default value is a number, but numbers have no such method
    if kind == "unknown" and not _is_tensor_method(context, node, func):
        return None
    if kind not in _RECEIVERS:
        if kind in ("module", "self") and name == "cuda":
            return new.value if not isinstance(new.value, cst.Name) or code(new.value) != "self" else None
        return None
    plain = _plain_name(name)
    if why := remedy(f"Tensor.{name}"):
        context.report.todo(node, f".{name}() has no counterpart", why)
        return None
    if name in PLAIN_VALUES:
        return None if node in context.statements else in_place_value(context, node, updated, new.value)
    if plain not in _ARRAY_METHODS and not _is_torch_method(name):
        return None
    x = new.value
    if name in _ROUNDING:
        x = _exact(context, func.value, x)
    return _tensor_call(context, node, name, x, _plain(context, node, updated.args), method=True)


def _is_tensor_method(context: Context, node: cst.Call, func: cst.Attribute) -> bool:
    """Whether an object of unknown kind is a tensor, by the method that is called."""
    name = func.attr.value
    head = (as_name(func.value) or "").split(".")[0]
    if (
        context.names.qualify(func.value) is not None
        or head in STANDARD
        or (isinstance(func.value, cst.Call) and as_name(func.value.func) == "super")
    ):
        return False
    if name in _SHARED:
        kinds = [context.kind(arg.value) for arg in node.args]
        if name == "split":
            return bool(kinds) and "str" not in kinds
        text = code(func.value).rsplit(".", 1)[-1].lower()
        if any(word in text for word in ("model", "net", "module", "encoder", "decoder", "criterion", "loss_fn")):
            return False
        return name in ("cuda", "cpu", "float", "to", "type", "double", "half")
    return name in TENSOR_METHODS or name.rstrip("_") in _ARRAY_METHODS - _CONTAINERS


def _is_torch_method(name: str) -> bool:
    plain = name.removesuffix("_")
    others = ("index", "copy", "format", "count", "load", "save")
    return not name.startswith("_") and plain in known_ops() and plain not in others


def _plain_name(name: str) -> str:
    """The name of a function or method without the underscore of the forms in place, unless it has rules of its own."""
    return name if name in RULES or name.endswith("__") else name.removesuffix("_")


def _exact(context: Context, original: cst.BaseExpression, x: cst.BaseExpression) -> cst.BaseExpression:
    """Makes a quotient that is rounded afterwards exact: XLA may multiply by the reciprocal of a scalar."""
    if (
        isinstance(original, cst.BinaryOperation)
        and isinstance(original.operator, cst.Divide)
        and isinstance(x, cst.BinaryOperation)
        and context.kind(original.left) == "tensor"
        and context.kind(original.right) != "tensor"
    ):
        return context.call("ops.div", argument(x.left), argument(x.right))
    return x
