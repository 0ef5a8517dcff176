"""Translations of functions that draw random tensors to jax's, which take a key."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.context import Context, bind
from purenn.port.factory_table import Factory, dtype_argument, factory, name_of, shape_argument, split_arguments
from purenn.port.nodes import argument, attribute, binary, call, code, expression, integer, subscript, tuple_of

__all__ = ["RANDOM", "key"]

RANDOM: dict[str, Factory] = {}


def key(context: Context) -> cst.BaseExpression:
    """A random key, from the module that is ``self`` or else from the default generator."""
    if context.in_module:
        return expression("self.make_rng()")
    return context.value("purenn.random.default_generator().next()")


@factory(RANDOM, "randn", "rand")
def _randn(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, keywords = split_arguments(args)
    shape = shape_argument(positional, keywords) or expression("()")
    if (
        len(positional) == 1
        and context.kind(node.args[0].value) != "shape"
        and not isinstance(shape, cst.Tuple | cst.List)
        and not positional[0].star
        and ".shape" not in code(shape)
    ):
        shape = tuple_of([shape])
    name = "normal" if name_of(context, node) == "randn" else "uniform"
    return context.call(f"jax.random.{name}", argument(key(context)), argument(shape), *dtype_argument(keywords))


@factory(RANDOM, "randn_like", "rand_like")
def _randn_like(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, keywords = split_arguments(args)
    x = positional[0].value
    name = "normal" if name_of(context, node) == "randn_like" else "uniform"
    dtype = keywords.get("dtype", attribute(x, "dtype"))
    return context.call(f"jax.random.{name}", key(context), attribute(x, "shape"), dtype)


@factory(RANDOM, "randint")
def _randint(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, keywords = split_arguments(args)
    low, high = keywords.get("low", expression("0")), keywords.get("high")
    values = [arg.value for arg in positional]
    if "size" not in keywords and values:
        keywords["size"] = values.pop()
    if len(values) == 2:
        low, high = values
    elif values:
        high = values[0]
    if high is None or "size" not in keywords:
        return None
    return context.call("jax.random.randint", key(context), keywords["size"], low, high)


@factory(RANDOM, "randperm")
def _randperm(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.call("jax.random.permutation", key(context), args[0].value)


@factory(RANDOM, "normal")
def _normal(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    bound = bind(("mean", "std", "size"), args)
    if bound is None or not {"mean", "std"} <= bound.keys():
        return None
    number = isinstance(bound["mean"], cst.Integer | cst.Float)
    shape = bound.get("size") or attribute(bound["std"] if number else bound["mean"], "shape")
    scaled = binary(bound["std"], "*", context.call("jax.random.normal", key(context), shape))
    return scaled if code(bound["mean"]) in ("0", "0.0") else binary(bound["mean"], "+", scaled)


@factory(RANDOM, "bernoulli")
def _bernoulli(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    if len(args) != 1:
        return None
    x = args[0].value
    drawn = context.call("jax.random.bernoulli", key(context), x)
    return call(attribute(drawn, "astype"), attribute(x, "dtype"))


@factory(RANDOM, "multinomial")
def _multinomial(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    bound = bind(("input", "num_samples", "replacement"), args)
    if bound is None or integer(bound.get("num_samples")) != 1:
        return None
    logarithm = context.call("jnp.log", bound["input"])
    drawn = context.call("jax.random.categorical", key(context), logarithm)
    return subscript(drawn, expression("..."), expression("None"))
