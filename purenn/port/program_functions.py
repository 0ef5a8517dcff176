"""Translations of functions about devices, seeds, compilation and files, and of a few that do nothing in jax."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.context import Context
from purenn.port.factory_table import Factory, factory, name_of
from purenn.port.nodes import attribute, call, code

__all__ = ["PROGRAM"]

PROGRAM: dict[str, Factory] = {}


@factory(PROGRAM, "device", "accelerator.current_accelerator")
def _device(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.value("jax.devices()[0]")


@factory(PROGRAM, "cuda.is_available", "backends.mps.is_available", "accelerator.is_available")
def _has_gpu(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.value('jax.default_backend() == "gpu"')


@factory(PROGRAM, "cuda.device_count")
def _device_count(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.value("jax.device_count()")


@factory(PROGRAM, "manual_seed")
def _seed(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.call("purenn.manual_seed", *args)


@factory(PROGRAM, "is_tensor")
def _is_tensor(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return call("isinstance", args[0].value, context.value("jax.Array"))


@factory(PROGRAM, "Size")
def _size(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return call("tuple", *args)


@factory(PROGRAM, "finfo", "iinfo")
def _finfo(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.call(f"jnp.{name_of(context, node)}", *args)


@factory(PROGRAM, "autograd.Variable", "jit.script", "jit.annotate")
def _same(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return args[-1 if name_of(context, node) == "annotate" else 0].value


@factory(PROGRAM, "compile")
def _compile(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    if context.kind(node.args[0].value) in ("module", "unknown"):
        return call(attribute(args[0].value, "compile"))
    return context.call("purenn.jit", args[0])


@factory(PROGRAM, "utils.checkpoint.checkpoint")
def _checkpoint(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    kept = [
        arg
        for arg in args[1:]
        if arg.keyword is None or arg.keyword.value not in ("use_reentrant", "preserve_rng_state")
    ]
    return call(context.call("nn.remat", args[0].value), *kept)


@factory(PROGRAM, "save")
def _save(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    if len(args) != 2 or not code(args[0].value).endswith("state_dict()"):
        context.report.todo(
            node, "torch.save pickles an object", "purenn.save(path, arrays) writes the arrays of a dict"
        )
        return None
    return context.call("purenn.save", args[1].value, args[0].value)


@factory(PROGRAM, "load")
def _load(context: Context, node: cst.Call, args: Sequence[cst.Arg]):
    return context.call("purenn.load", args[0].value)
