"""torch's methods that draw the arrays of stock modules anew, often called by ``net.apply``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from purenn import layers, random
from purenn.layers.base import Layer
from purenn.layers.batchnorm import NormBase
from purenn.layers.conv import _ConvNd
from purenn.layers.lazy import Lazy
from purenn.layers.rnn import RNNBase
from purenn.layers.rnn_cell import RNNCellBase
from purenn.nn import access
from purenn.nn.arrays import placed_like
from purenn.nn.node import Node
from purenn.tree import flatten

__all__ = ["methods_of"]


def reset_parameters(self: Any) -> None:
    """Draws the arrays anew from the default generator, as the constructor did."""
    if not self._layer.lazy:
        params, state = _drawn(self)
        _put(self, {**flatten(params), **flatten(state)})


def reset_running_stats(self: Any) -> None:
    """Sets the running statistics, if the module has any, to their first values."""
    if not self._layer.lazy:
        _put(self, _drawn(self)[1])


def has_uninitialized_params(self: Any) -> bool:
    """Whether the size isn't known yet."""
    return self._layer.lazy


def _drawn(module: Node) -> tuple[dict[str, Any], dict[str, Any]]:
    if module._pure or module._is_older():
        module._refuse_change("array")
    layer = module._layer
    assert layer is not None
    return layer.draw(random.default_generator())


def _put(module: Node, arrays: Mapping[str, Any]) -> None:
    """Writes arrays by dotted names, cast and placed like the old ones; an entry that is None stays None."""
    writes = {}
    for name, array in arrays.items():
        path, _, last = name.rpartition(".")
        part = module.get_submodule(path)
        variable = part._parameters.get(last) or part._buffers.get(last)
        if last in part._computed:
            setattr(part, last, array)
        elif variable is not None:
            writes[variable] = placed_like(array.astype(variable.value.dtype), variable.value)
    access.keep(writes, type(module).__name__)


_DRAWN = (
    layers.AdaptiveLogSoftmaxWithLoss,
    layers.Bilinear,
    layers.Embedding,
    layers.EmbeddingBag,
    layers.GroupNorm,
    layers.LayerNorm,
    layers.Linear,
    layers.PReLU,
    layers.RMSNorm,
    Lazy,
    NormBase,
    RNNBase,
    RNNCellBase,
    _ConvNd,
)


def methods_of(layer_class: type[Layer]) -> dict[str, Callable[..., Any]]:
    """The methods above that the module class of a layer class has, without those of its bases."""
    methods: list[Callable[..., Any]] = []
    if layer_class in _DRAWN:
        methods.append(reset_parameters)
    if layer_class is NormBase or issubclass(getattr(layer_class, "_target", Layer), NormBase):
        methods.append(reset_running_stats)
    if layer_class is Lazy:
        methods.append(has_uninitialized_params)
    return {method.__name__: method for method in methods}
