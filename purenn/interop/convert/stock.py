"""Converts torch's own modules to purenn's layers of the same names, and back."""

from __future__ import annotations

import dataclasses
import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import torch

from purenn import layers
from purenn.interop.convert.dtypes import numpy_of
from purenn.layers.attention import NonDynamicallyQuantizableLinear
from purenn.layers.base import Layer
from purenn.layers.spec import Constant

__all__ = ["stock_layer", "stock_module"]

_HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_state_dict_hooks",
    "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
)  # fmt: skip


def stock_layer(module: torch.nn.Module) -> Layer | None:
    """The layer of a stock module whose parts are all stock; None for any other module.

    None too where the layer prints differently than the module or has other arrays: the user has changed the module.
    """
    layer = _made(module)
    if layer is None or repr(layer) != repr(module):
        return None
    shapes = {name: tuple(t.shape) for name, t in (*module.named_parameters(), *module.named_buffers())}
    return layer if shapes == _shapes(layer) else None


def _shapes(layer: Layer, prefix: str = "") -> dict[str, tuple[int, ...]]:
    specs = {**layer.parameters(), **layer.buffers()}
    shapes = {prefix + name: spec.shape for name, spec in specs.items() if spec is not None}
    for name, child in layer.children().items():
        shapes |= _shapes(child, f"{prefix}{name}.")
    return shapes


def _made(module: torch.nn.Module) -> Layer | None:
    cls = type(module)
    layer_class, theirs = getattr(layers, cls.__name__, None), getattr(torch.nn, cls.__name__, None)
    if cls is torch.nn.modules.linear.NonDynamicallyQuantizableLinear:
        layer_class, theirs = NonDynamicallyQuantizableLinear, cls
    if layer_class is None or cls is not theirs or "forward" in vars(module):
        return None
    if any(getattr(module, hooks, None) for hooks in _HOOKS):
        return None
    if cls is not torch.nn.Embedding and any(not p.requires_grad for p in module._parameters.values() if p is not None):
        return None
    children = {name: _made(child) for name, child in module._modules.items() if child is not None}
    if any(child is None for child in children.values()):
        return None
    special = _SPECIAL.get(cls.__name__)
    try:
        layer = special(module, children) if special else layer_class(**_fields(module, layer_class))
    except (TypeError, ValueError, AttributeError):
        return None
    fits = layer is not None and dict(layer.children()) == children
    return layer if fits else None


def _fields(module: torch.nn.Module, layer_class: type[Layer]) -> dict[str, Any]:
    """The hyper-parameters that a module keeps as attributes of the same names."""
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(layer_class):
        if not field.init or field.name in ("device", "dtype", "_weight", "_freeze") or not hasattr(module, field.name):
            continue
        value = getattr(module, field.name)
        if field.name in ("bias", "head_bias") and (value is None or isinstance(value, torch.Tensor)):
            value = value is not None
        fields[field.name] = numpy_of(value) if isinstance(value, torch.Tensor) else value
    if isinstance(module, torch.nn.Embedding):
        fields["_freeze"] = not module.weight.requires_grad
    if "start" in layer_class.__dataclass_fields__:
        fields["init"] = module.init
    dtype = next((p.dtype for p in module.parameters()), torch.float32)
    if "dtype" in layer_class.__dataclass_fields__ and dtype != torch.float32:
        fields["dtype"] = str(dtype)
    return fields


Children = Mapping[str, Any]


def _attention(m: torch.nn.MultiheadAttention, children: Children) -> Layer:
    further = {"bias": m.in_proj_bias is not None, "add_bias_kv": m.bias_k is not None}
    fields: dict[str, Any] = _fields(m, layers.MultiheadAttention) | further
    return layers.MultiheadAttention(**fields)


def _block(m: torch.nn.TransformerEncoderLayer | torch.nn.TransformerDecoderLayer, children: Children) -> Layer:
    activation = m.activation
    if isinstance(activation, torch.nn.Module):
        activation = _made(activation)
    elif activation in (torch.nn.functional.relu, torch.nn.functional.gelu):
        activation = activation.__name__
    else:
        raise TypeError("an activation of the user's")
    return getattr(layers, type(m).__name__)(
        m.self_attn.embed_dim, m.self_attn.num_heads, m.linear1.out_features, m.dropout.p, activation, m.norm1.eps,
        m.self_attn.batch_first, m.norm_first, m.linear1.bias is not None,
    )  # fmt: skip


def _stack(m: torch.nn.TransformerEncoder | torch.nn.TransformerDecoder, children: Children) -> Layer:
    return getattr(layers, type(m).__name__)(children["layers"][0], m.num_layers, children.get("norm"))


def _transformer(m: torch.nn.Transformer, children: Children) -> Layer:
    return layers.Transformer(
        m.d_model, m.nhead, custom_encoder=children["encoder"], custom_decoder=children["decoder"],
        batch_first=m.batch_first,
    )  # fmt: skip


def _adaptive(m: torch.nn.AdaptiveLogSoftmaxWithLoss, children: Children) -> Layer:
    head = m.head.bias is not None
    return layers.AdaptiveLogSoftmaxWithLoss(m.in_features, m.n_classes, tuple(m.cutoffs[:-1]), m.div_value, head)


_SPECIAL: dict[str, Callable[[Any, Children], Layer]] = {
    "Sequential": lambda m, children: layers.Sequential(children),
    "ModuleList": lambda m, children: layers.ModuleList(children.values()),
    "MultiheadAttention": _attention,
    "TransformerEncoderLayer": _block,
    "TransformerDecoderLayer": _block,
    "TransformerEncoder": _stack,
    "TransformerDecoder": _stack,
    "Transformer": _transformer,
    "AdaptiveLogSoftmaxWithLoss": _adaptive,
}


# And back.


def stock_module(layer: Layer) -> torch.nn.Module:
    """The torch module of a stock layer, with arrays of its own.

    Raises:
        TypeError: the layer, or a part of it, isn't one of torch's.
    """
    name = type(layer).__name__
    module_class = getattr(torch.nn, name, None)
    if type(layer) is not getattr(layers, name, None) or module_class is None:
        raise TypeError(
            f"to_torch_module: {name} is no layer of torch.nn: to_torch gives the state_dict, which the torch class "
            "that the layer comes from can load"
        )
    if isinstance(layer, layers.Sequential | layers.ModuleList):
        parts = {n: stock_module(child) for n, child in layer.children().items()}
        return torch.nn.Sequential(OrderedDict(parts)) if name == "Sequential" else torch.nn.ModuleList(parts.values())
    fields = {n: _given(v) for n, v in layer.hyperparameters().items() if not n.startswith("_")}
    if "start" in fields:  # torch's name would be that of the pure function
        fields["init"] = fields.pop("start")
    if name == "AdaptiveLogSoftmaxWithLoss":
        fields["cutoffs"] = list(fields["cutoffs"][:-1])  # the last one is the number of classes
    known = inspect.signature(module_class).parameters
    rest = any(p.kind is p.VAR_KEYWORD for p in known.values())
    fields = {n: v for n, v in fields.items() if (n in known or rest) and (v is not None or _says_none(known, n))}
    if (dtype := getattr(layer, "dtype", None)) is not None:
        fields["dtype"] = getattr(torch, str(dtype))
    return module_class(**fields)


def _says_none(known: Mapping[str, inspect.Parameter], name: str) -> bool:
    """Whether an argument of None differs from no argument."""
    return name in known and known[name].default is not None


def _given(value: object) -> Any:
    if isinstance(value, Layer):
        return stock_module(value)
    if isinstance(value, Constant):
        return torch.tensor(value.array)
    if inspect.isfunction(value) and value.__module__.startswith("purenn.functional"):
        return getattr(torch.nn.functional, value.__name__)
    return list(value) if isinstance(value, tuple) and not value else value
