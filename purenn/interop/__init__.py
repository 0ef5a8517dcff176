"""Coming from torch, and going back."""

from purenn.interop.convert.api import from_torch, module_from_torch, to_torch, to_torch_module

__all__ = ["from_torch", "module_from_torch", "to_torch", "to_torch_module"]
