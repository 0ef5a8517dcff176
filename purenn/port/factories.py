"""Translations of functions that make tensors, from a size or from data."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.casts import legacy_dtype
from purenn.port.context import Context, bind
from purenn.port.factory_table import Factory, dtype_argument, factory, name_of, shape_argument, split_arguments
from purenn.port.nodes import argument, code, expression
from purenn.port.shapes import shape_of

__all__ = ["TENSORS", "legacy"]

TENSORS: dict[str, Factory] = {}


@factory(TENSORS, "zeros", "ones", "empty")
def _zeros(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, keywords = split_arguments(args)
    shape = shape_argument(positional, keywords)
    name = name_of(context, node).replace("empty", "zeros")
    return None if shape is None else context.call(f"jnp.{name}", argument(shape), *dtype_argument(keywords))


@factory(TENSORS, "zeros_like", "ones_like", "empty_like", "full_like")
def _like(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, keywords = split_arguments(args)
    name = name_of(context, node).replace("empty", "zeros")
    extra = [argument(keywords["fill_value"], "fill_value")] if "fill_value" in keywords else []
    return context.call(f"jnp.{name}", *positional, *extra, *dtype_argument(keywords))


@factory(TENSORS, "full")
def _full(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    bound = bind(("size", "fill_value", "dtype"), args)
    if bound is None or not {"size", "fill_value"} <= bound.keys():
        return None
    return context.call("jnp.full", argument(bound["size"]), argument(bound["fill_value"]), *dtype_argument(bound))


_KEYWORDS = {"start": "start", "end": "stop", "step": "step", "steps": "num", "n": "N", "m": "M"}  # torch's: jax's


@factory(TENSORS, "arange", "linspace", "eye")
def _sequence(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, keywords = split_arguments(args)
    named = [argument(keywords[word], name) for word, name in _KEYWORDS.items() if word in keywords]
    return context.call(f"jnp.{name_of(context, node)}", *positional, *named, *dtype_argument(keywords))


@factory(TENSORS, "tensor", "as_tensor", "from_numpy", "asarray", "scalar_tensor")
def _tensor(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, keywords = split_arguments(args)
    positional = positional or [argument(keywords["data"])]
    name = "array" if name_of(context, node) in ("tensor", "scalar_tensor") else "asarray"
    return context.call(f"jnp.{name}", *positional[:1], *dtype_argument(keywords))


def legacy(context: Context, node: cst.Call, args: Sequence[cst.Arg], name: str) -> cst.BaseExpression | None:
    """The translation of ``torch.FloatTensor`` and the like, whose arguments are sizes or data."""
    dtype_name = legacy_dtype(name) or "jnp.float32"
    dtype = context.value(dtype_name) if "." in dtype_name else expression(dtype_name)
    kinds = [context.kind(arg.value) for arg in node.args]
    keywords = [] if dtype_name == "jnp.float32" else [argument(dtype)]
    if not args:
        return context.call("jnp.zeros", argument(expression("0")), *keywords)
    data = ("list", "tensor", "tensors", "numpy", "shape")
    if len(args) == 1 and not args[0].star and (kinds[0] in data or isinstance(kinds[0], tuple)):
        if kinds[0] == "shape" and not isinstance(args[0].value, cst.List):
            return context.call("jnp.zeros", args[0].value, *keywords)
        return context.call("jnp.array", args[0].value, dtype)
    if (
        len(args) == 1
        and kinds[0] == "unknown"
        and not (context.functions and context.functions[-1].name.value == "__init__")
    ):
        context.report.note(
            node, f"{name}({code(args[0].value)}) was taken for data", "write jnp.zeros if it is a size"
        )
        return context.call("jnp.array", args[0].value, dtype)
    shape = shape_of(args)
    return None if shape is None else context.call("jnp.zeros", argument(shape), *keywords)
