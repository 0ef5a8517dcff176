"""Replaces the batch norms in a module. The class method of ``nn.SyncBatchNorm``, which `from_layer` makes."""

from __future__ import annotations

from typing import Any

from purenn import check, layers
from purenn.layers.base import Layer
from purenn.layers.batchnorm import BatchNorm
from purenn.nn.module import Module

__all__ = ["convert_sync_batchnorm"]


def convert_sync_batchnorm(cls: type[Module], module: Any, process_group: str | tuple[str, ...] | None = None) -> Any:
    """Replaces every batch norm in a module by a synchronized one, which takes over its arrays.

    Args:
        module: a module, whose children are replaced; or a layer of `purenn.layers`, which isn't changed.
        process_group: the axis, or axes, over which statistics are shared.

    Returns:
        ``module``, or its replacement if it is a batch norm; for a layer the new layer.

    Raises:
        TypeError: ``module`` is neither a module nor a layer.

    Example:
        >>> from purenn import nn
        >>> net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
        >>> nn.SyncBatchNorm.convert_sync_batchnorm(net, "batch")[1]
        SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    """
    if isinstance(module, Layer):
        return layers.SyncBatchNorm.convert_sync_batchnorm(module, process_group)
    if not isinstance(module, Module):
        check.fail("convert_sync_batchnorm", "module", "be a layer or a module", type(module).__name__, TypeError)
    return _converted(cls, module, process_group, {})


def _converted(cls: type[Module], module: Module, process_group: object, replacements: dict[int, Module]) -> Module:
    """The module, or its replacement; a module in several places has one replacement."""
    if id(module) not in replacements:
        layer, new = module._layer, module
        if isinstance(layer, BatchNorm):
            new = cls(**{**layer.hyperparameters(), "process_group": process_group})
            vars(new).update(_parameters=module._parameters.copy(), _buffers=module._buffers.copy())
            new.train(module.training)
        replacements[id(module)] = new
        for name, child in module._modules.items():
            if child is not None:
                new.register_module(name, _converted(cls, child, process_group, replacements))
    return replacements[id(module)]
