"""The parameters and buffers of a torch module by name: which are tied, frozen, or in no state_dict."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import jax
import torch

from purenn.interop.convert.dtypes import narrowed, numpy_of
from purenn.tree import nest

__all__ = ["Arrays", "ConversionError", "NamedArrays"]

Arrays = dict[str, Any]


class ConversionError(ValueError):
    """A torch module that can't be converted. The message lists every reason, with the place of each."""


class NamedArrays:
    """The arrays of a module by name: which are tied, frozen, or in no state_dict."""

    def __init__(self, module: torch.nn.Module):
        first: dict[int, str] = {}
        ties: list[tuple[str, str]] = []
        self.parameters: dict[str, torch.Tensor] = {}
        self.buffers: dict[str, torch.Tensor] = {}
        self.transient: dict[str, torch.Tensor] = {}
        self.by_id: dict[int, tuple[str, str]] = {}
        for path, part in module.named_modules(remove_duplicate=False):
            prefix = f"{path}." if path else ""
            groups = (("parameter", part._parameters, self.parameters), ("buffer", part._buffers, self.buffers))
            for kind, tensors, by_name in groups:
                for name, tensor in tensors.items():
                    if tensor is None:
                        continue
                    full = prefix + name
                    if id(tensor) in first:
                        if full != first[id(tensor)]:
                            ties.append((full, first[id(tensor)]))
                        continue
                    first[id(tensor)] = full
                    self.by_id[id(tensor)] = (kind, full)
                    by_name[full] = tensor
                    if kind == "buffer" and name in part._non_persistent_buffers_set:
                        self.transient[full] = tensor
        self.ties = tuple(ties)
        self.canonical = dict(ties)
        self.frozen = tuple(n for n, p in self.parameters.items() if not p.requires_grad)
        for name, tensor in (self.parameters | self.buffers).items():
            if isinstance(tensor, torch.nn.UninitializedParameter | torch.nn.UninitializedBuffer):
                raise ConversionError(f"{name} has no size yet: call the module once, then convert it")

    def arrays(self, dropped: Container[str]) -> tuple[Arrays, Arrays]:
        """Parameters and buffers, without those that are dropped, as nested dicts of jax arrays."""

        def on_device(tensors: Mapping[str, torch.Tensor]) -> Arrays:
            return nest({n: jax.device_put(narrowed(numpy_of(t))) for n, t in tensors.items() if n not in dropped})

        return on_device(self.parameters), on_device(self.buffers)
