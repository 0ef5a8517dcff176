"""Coming from torch, and going back: live modules, tensor functions, checkpoints, optimizer states, exported programs.

A name is imported when it is first used, so that who reads a checkpoint doesn't wait for the rest.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from purenn.interop import ops
    from purenn.interop.checkpoint import CheckpointError, load, save
    from purenn.interop.convert.api import from_torch, module_from_torch, to_torch, to_torch_module
    from purenn.interop.exported import ExportedLayer, load_exported
    from purenn.interop.exporting import export
    from purenn.interop.optimizers import optimizer_state_from_torch, optimizer_state_to_torch
    from purenn.interop.training import restore_training_state, training_state

_PLACES = {
    "CheckpointError": "purenn.interop.checkpoint",
    "ExportedLayer": "purenn.interop.exported",
    "export": "purenn.interop.exporting",
    "from_torch": "purenn.interop.convert.api",
    "load": "purenn.interop.checkpoint",
    "load_exported": "purenn.interop.exported",
    "module_from_torch": "purenn.interop.convert.api",
    "ops": "purenn.interop.ops",
    "optimizer_state_from_torch": "purenn.interop.optimizers",
    "optimizer_state_to_torch": "purenn.interop.optimizers",
    "restore_training_state": "purenn.interop.training",
    "save": "purenn.interop.checkpoint",
    "to_torch": "purenn.interop.convert.api",
    "to_torch_module": "purenn.interop.convert.api",
    "training_state": "purenn.interop.training",
}
__all__ = [
    "CheckpointError",
    "ExportedLayer",
    "export",
    "from_torch",
    "load",
    "load_exported",
    "module_from_torch",
    "ops",
    "optimizer_state_from_torch",
    "optimizer_state_to_torch",
    "restore_training_state",
    "save",
    "to_torch",
    "to_torch_module",
    "training_state",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'purenn.interop' has no attribute {name!r}", name=name)
    module = importlib.import_module(_PLACES[name])
    value = globals()[name] = module if name == "ops" else getattr(module, name)
    return value


def __dir__() -> list[str]:
    return __all__
