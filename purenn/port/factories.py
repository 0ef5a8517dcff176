"""Functions of torch's that make tensors, random ones included, and the few that are about the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from purenn.port.casts import legacy_dtype
from purenn.port.context import Context, bind
from purenn.port.nodes import argument, attribute, binary, call, code, expression, integer, subscript, tuple_of
from purenn.port.shapes import shape_of

__all__ = ["FACTORIES", "key"]

Factory = Callable[[Context, cst.Call, Sequence[cst.Arg]], "cst.BaseExpression | None"]
FACTORIES: dict[str, Factory] = {}


def factory(*names: str) -> Callable[[Factory], Factory]:
    """Registers the translation of functions of ``torch``, which is given the context, the call and its arguments."""

    def register(function: Factory) -> Factory:
        FACTORIES.update(dict.fromkeys(names, function))
        return function

    return register


def key(context: Context) -> cst.BaseExpression:
    """A random key: of the module around, or of the default generator."""
    if context.in_module:
        return expression("self.make_rng()")
    return context.value("purenn.random.default_generator().next()")


def _split(args: Sequence[cst.Arg]) -> tuple[list[cst.Arg], dict[str, cst.BaseExpression]]:
    """The arguments by position, and those by keyword."""
    positional = [arg for arg in args if arg.keyword is None]
    return positional, {arg.keyword.value: arg.value for arg in args if arg.keyword is not None}


def _last(node: cst.Call) -> str:
    func = node.func
    return func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else ""


def _shape(args: Sequence[cst.Arg], words: dict[str, cst.BaseExpression]) -> cst.BaseExpression | None:
    return words["size"] if "size" in words else shape_of(args)


def _dtype(words: dict[str, cst.BaseExpression]) -> list[cst.Arg]:
    return [argument(words["dtype"], "dtype")] if "dtype" in words and code(words["dtype"]) != "None" else []


def name_of(context: Context, node: cst.Call) -> str:
    """The last part of the qualified name that a call calls."""
    return (context.names.qualify(node.func) or _last(node)).rsplit(".", 1)[-1]


@factory("zeros", "ones", "empty")
def _zeros(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    shape = _shape(positional, words)
    name = name_of(context, node).replace("empty", "zeros")
    return None if shape is None else context.call(f"jnp.{name}", argument(shape), *_dtype(words))


@factory("zeros_like", "ones_like", "empty_like", "full_like")
def _like(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    name = name_of(context, node).replace("empty", "zeros")
    extra = [argument(words["fill_value"], "fill_value")] if "fill_value" in words else []
    return context.call(f"jnp.{name}", *positional, *extra, *_dtype(words))


@factory("full")
def _full(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    given = bind(("size", "fill_value", "dtype"), args)
    if given is None or not {"size", "fill_value"} <= given.keys():
        return None
    return context.call("jnp.full", argument(given["size"]), argument(given["fill_value"]), *_dtype(given))


@factory("arange", "range")
def _arange(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    named = [argument(words[a], b) for a, b in (("start", "start"), ("end", "stop"), ("step", "step")) if a in words]
    return (
        context.call("jnp.arange", *positional, *named, *_dtype(words)) if name_of(context, node) == "arange" else None
    )


@factory("linspace")
def _linspace(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    named = [argument(words[a], b) for a, b in (("start", "start"), ("end", "stop"), ("steps", "num")) if a in words]
    return context.call("jnp.linspace", *positional, *named, *_dtype(words))


@factory("eye")
def _eye(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    return context.call("jnp.eye", *positional, *_dtype(words))


@factory("tensor", "as_tensor", "from_numpy", "asarray", "scalar_tensor")
def _tensor(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    positional = positional or [argument(words["data"])]
    name = "array" if name_of(context, node) in ("tensor", "scalar_tensor") else "asarray"
    return context.call(f"jnp.{name}", *positional[:1], *_dtype(words))


def legacy(context: Context, node: cst.Call, args: Sequence[cst.Arg], name: str) -> cst.BaseExpression | None:
    """A call of ``torch.FloatTensor`` and the like: of sizes, or of data."""
    spelled = legacy_dtype(name) or "jnp.float32"
    dtype = context.value(spelled) if "." in spelled else expression(spelled)
    kinds = [context.kind(arg.value) for arg in node.args]
    own = [] if spelled == "jnp.float32" else [argument(dtype)]
    if not args:
        return context.call("jnp.zeros", argument(expression("0")), *own)
    data = ("list", "tensor", "tensors", "numpy", "shape")
    if len(args) == 1 and not args[0].star and (kinds[0] in data or isinstance(kinds[0], tuple)):
        if kinds[0] == "shape" and not isinstance(args[0].value, cst.List):
            return context.call("jnp.zeros", args[0].value, *own)
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
    return None if shape is None else context.call("jnp.zeros", argument(shape), *own)


# Random numbers.


@factory("randn", "rand")
def _randn(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    shape = _shape(positional, words) or expression("()")
    if (
        len(positional) == 1
        and context.kind(node.args[0].value) != "shape"
        and not isinstance(shape, cst.Tuple | cst.List)
        and not positional[0].star
        and ".shape" not in code(shape)
    ):
        shape = tuple_of([shape])
    name = "normal" if name_of(context, node) == "randn" else "uniform"
    return context.call(f"jax.random.{name}", argument(key(context)), argument(shape), *_dtype(words))


@factory("randn_like", "rand_like")
def _randn_like(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    x = positional[0].value
    name = "normal" if name_of(context, node) == "randn_like" else "uniform"
    dtype = words.get("dtype", attribute(x, "dtype"))
    return context.call(f"jax.random.{name}", key(context), attribute(x, "shape"), dtype)


@factory("randint")
def _randint(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    positional, words = _split(args)
    low, high = words.get("low", expression("0")), words.get("high")
    values = [arg.value for arg in positional]
    if "size" not in words and values:
        words["size"] = values.pop()
    if len(values) == 2:
        low, high = values
    elif values:
        high = values[0]
    if high is None or "size" not in words:
        return None
    return context.call("jax.random.randint", key(context), words["size"], low, high)


@factory("randperm")
def _randperm(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.call("jax.random.permutation", key(context), args[0].value)


@factory("normal")
def _normal(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    given = bind(("mean", "std", "size"), args)
    if given is None or not {"mean", "std"} <= given.keys():
        return None
    number = isinstance(given["mean"], cst.Integer | cst.Float)
    shape = given.get("size") or attribute(given["std"] if number else given["mean"], "shape")
    scaled = binary(given["std"], "*", context.call("jax.random.normal", key(context), shape))
    return scaled if code(given["mean"]) in ("0", "0.0") else binary(given["mean"], "+", scaled)


@factory("bernoulli")
def _bernoulli(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    if len(args) != 1:
        return None
    x = args[0].value
    drawn = context.call("jax.random.bernoulli", key(context), x)
    return call(attribute(drawn, "astype"), attribute(x, "dtype"))


@factory("multinomial")
def _multinomial(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    given = bind(("input", "num_samples", "replacement"), args)
    if given is None or integer(given.get("num_samples")) != 1:
        return None
    logarithm = context.call("jnp.log", given["input"])
    drawn = context.call("jax.random.categorical", key(context), logarithm)
    return subscript(drawn, expression("..."), expression("None"))


# The program.


@factory("device", "accelerator.current_accelerator")
def _device(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.value("jax.devices()[0]")


@factory("cuda.is_available", "backends.mps.is_available", "accelerator.is_available")
def _has_gpu(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.value('jax.default_backend() == "gpu"')


@factory("cuda.device_count")
def _device_count(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.value("jax.device_count()")


@factory("manual_seed")
def _seed(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.call("purenn.manual_seed", *args)


@factory("is_tensor")
def _is_tensor(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return call("isinstance", args[0].value, context.value("jax.Array"))


@factory("Size")
def _size(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return call("tuple", *args)


@factory("finfo", "iinfo")
def _finfo(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.call(f"jnp.{name_of(context, node)}", *args)


@factory("autograd.Variable", "jit.script", "jit.annotate")
def _same(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return args[-1 if name_of(context, node) == "annotate" else 0].value


@factory("compile")
def _compile(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    if context.kind(node.args[0].value) in ("module", "unknown"):
        return call(attribute(args[0].value, "compile"))
    return context.call("purenn.jit", args[0])


@factory("utils.checkpoint.checkpoint")
def _checkpoint(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    kept = [
        arg
        for arg in args[1:]
        if arg.keyword is None or arg.keyword.value not in ("use_reentrant", "preserve_rng_state")
    ]
    return call(context.call("nn.remat", args[0].value), *kept)


@factory("save")
def _save(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    if len(args) != 2 or not code(args[0].value).endswith("state_dict()"):
        context.report.todo(
            node, "torch.save pickles an object", "purenn.save(path, arrays) writes the arrays of a dict"
        )
        return None
    return context.call("purenn.save", args[1].value, args[0].value)


@factory("load")
def _load(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.call("purenn.load", args[0].value)


@factory("std_mean", "var_mean")
def _std_mean(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return None


@factory("nn.functional.sigmoid", "nn.functional.tanh")
def _activation(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return None
