"""Coming from torch, and going back: checkpoints, optimizer states, exported programs.

A name is imported when it is first used, so that who reads a checkpoint doesn't wait for the rest.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from purenn.interop import ops as ops
    from purenn.interop.checkpoint import CheckpointError as CheckpointError
    from purenn.interop.checkpoint import load as load
    from purenn.interop.checkpoint import save as save
    from purenn.interop.exported import ExportedLayer as ExportedLayer
    from purenn.interop.exported import export as export
    from purenn.interop.exported import load_exported as load_exported
    from purenn.interop.optimizers import optimizer_state_from_torch as optimizer_state_from_torch
    from purenn.interop.optimizers import optimizer_state_to_torch as optimizer_state_to_torch
    from purenn.interop.training import restore_training_state as restore_training_state
    from purenn.interop.training import training_state as training_state

_PLACES = {
    "CheckpointError": "purenn.interop.checkpoint",
    "ExportedLayer": "purenn.interop.exported",
    "export": "purenn.interop.exported",
    "load": "purenn.interop.checkpoint",
    "load_exported": "purenn.interop.exported",
    "ops": "purenn.interop.ops",
    "optimizer_state_from_torch": "purenn.interop.optimizers",
    "optimizer_state_to_torch": "purenn.interop.optimizers",
    "restore_training_state": "purenn.interop.training",
    "save": "purenn.interop.checkpoint",
    "training_state": "purenn.interop.training",
}
__all__ = [
    "CheckpointError",
    "ExportedLayer",
    "export",
    "load",
    "load_exported",
    "ops",
    "optimizer_state_from_torch",
    "optimizer_state_to_torch",
    "restore_training_state",
    "save",
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
