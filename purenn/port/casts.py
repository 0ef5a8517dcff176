"""Methods that change a tensor's dtype or place, or do nothing in jax."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.context import Context
from purenn.port.nodes import argument, as_name, attribute, call, code, expression
from purenn.port.remedies import REQUIRES_GRAD
from purenn.port.results import DTYPES
from purenn.port.shapes import method_name, rule, shape_of

__all__ = ["as_dtype", "legacy_dtype"]

_LEGACY = {
    "FloatTensor": "jnp.float32",
    "DoubleTensor": "float",
    "HalfTensor": "jnp.float16",
    "BFloat16Tensor": "jnp.bfloat16",
    "LongTensor": "int",
    "IntTensor": "jnp.int32",
    "ShortTensor": "jnp.int16",
    "ByteTensor": "jnp.uint8",
    "CharTensor": "jnp.int8",
    "BoolTensor": "bool",
}


def legacy_dtype(name: str) -> str | None:
    """The dtype of one of torch's old tensor classes, such as ``torch.cuda.FloatTensor``."""
    return _LEGACY.get(name.rsplit(".", 1)[-1])


def as_dtype(context: Context, name: str) -> cst.BaseExpression | None:
    """The dtype with a qualified name, such as ``torch.float``; None for another name."""
    dtype = DTYPES.get(name.removeprefix("torch.")) if name.startswith("torch.") else None
    return None if dtype is None else context.value(dtype) if "." in dtype else expression(dtype)


def astype(x: cst.BaseExpression, dtype: cst.BaseExpression) -> cst.Call:
    return call(attribute(x, "astype"), dtype)


@rule(
    "contiguous",
    "cpu",
    "cuda",
    "clone",
    "pin_memory",
    "requires_grad_",
    "coalesce",
    "to_dense",
    "to_sparse",
    "retain_grad",
)
def _same(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    if method_name(node) == "requires_grad_" and not (args and code(args[0].value) == "False"):
        context.report.note(node, "requires_grad_() was left out", REQUIRES_GRAD)
    return x


@rule("numpy")
def _numpy(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    if isinstance(x, cst.Call) and as_name(x.func) == "jax.lax.stop_gradient":
        x = x.args[0].value
    return context.call("np.asarray", x)


@rule("float", "double", "half", "bfloat16", "long", "int", "short", "byte", "bool")
def _cast(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    dtype = as_dtype(context, f"torch.{method_name(node)}")
    return None if dtype is None else astype(x, dtype)


@rule("type_as")
def _type_as(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    return astype(x, attribute(args[0].value, "dtype"))


@rule("type")
def _type(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    if len(args) != 1:
        return None
    value = args[0].value
    assert isinstance(node, cst.Call)
    name = context.names.qualify(node.args[0].value)
    if name is None and isinstance(value, cst.SimpleString):
        name = str(value.evaluated_value)
    if name is not None and (dtype := legacy_dtype(name)):
        return astype(x, context.value(dtype) if "." in dtype else expression(dtype))
    if isinstance(value, cst.Call) and method_name(value) == "type" and isinstance(value.func, cst.Attribute):
        return astype(x, attribute(value.func.value, "dtype"))
    return astype(x, value)


@rule("to")
def _to(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    """Writes a cast, and leaves out a move to a device: jax places arrays by itself."""
    assert isinstance(node, cst.Call)
    for original, arg in zip(node.args, args, strict=False):
        word = arg.keyword.value if arg.keyword else ""
        kind = context.kind(original.value)
        text = code(original.value)
        if word in ("non_blocking", "copy", "memory_format", "device") or _is_device(kind, text):
            continue
        if text in ("True", "False"):
            continue
        if word == "dtype" or kind == "dtype" or "dtype" in text.rsplit(".", 1)[-1]:
            return astype(x, arg.value)
        if kind == "tensor" and word in ("", "other"):
            return astype(x, attribute(arg.value, "dtype"))
        context.report.todo(node, f".to({text}) may be a cast or a move", "write .astype(dtype), or leave it out")
        return call(attribute(x, "to"), *args)
    return x


def _is_device(kind: object, text: str) -> bool:
    lowered = text.lower()
    return kind in ("device", "str", "int") or "device" in lowered or lowered.endswith("dev")


@rule("item")
def _item(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    return call(attribute(x, "item")) if method else None


@rule("new_zeros", "new_ones", "new_empty", "new_full")
def _new(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    name = method_name(node).removeprefix("new_").replace("empty", "zeros")
    plain = [
        arg for arg in args if arg.keyword is None or arg.keyword.value not in ("dtype", "device", "requires_grad")
    ]
    dtype = next((arg.value for arg in args if arg.keyword and arg.keyword.value == "dtype"), attribute(x, "dtype"))
    if name == "full":
        return context.call("jnp.full", *plain, argument(dtype))
    shape = shape_of(plain)
    return None if shape is None else context.call(f"jnp.{name}", argument(shape), argument(dtype))


@rule("new_tensor")
def _new_tensor(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    return context.call("jnp.array", args[0].value, attribute(x, "dtype")) if args else None


@rule("new")
def _new_old(context: Context, node: cst.CSTNode, x: cst.BaseExpression, args: Sequence[cst.Arg], method: bool):
    assert isinstance(node, cst.Call)
    kinds = [context.kind(arg.value) for arg in node.args]
    if len(args) == 1 and kinds[0] in ("list", "tensor", "tensors", "numpy"):
        return context.call("jnp.array", args[0].value, attribute(x, "dtype"))
    shape = shape_of(args) or expression("0")
    return context.call("jnp.zeros", argument(shape), argument(attribute(x, "dtype")))
