"""purenn: torch.nn for JAX, as pure functions, as init/apply pairs and as objects."""

from typing import TYPE_CHECKING, Any

from purenn import functional, init, layers, nn, utils
from purenn.layers import stateless
from purenn.lowering.compiler import jit, tune_allocator
from purenn.nn import Optimizer, functional_call, pure
from purenn.random import manual_seed

if TYPE_CHECKING:
    from purenn import interop
    from purenn.interop.checkpoint import load, save

__all__ = [
    "Optimizer",
    "functional",
    "functional_call",
    "init",
    "interop",
    "jit",
    "layers",
    "load",
    "manual_seed",
    "nn",
    "pure",
    "save",
    "stateless",
    "tune_allocator",
    "utils",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in ("interop", "load", "save"):  # these alone are imported when they are used
        raise AttributeError(f"module 'purenn' has no attribute {name!r}", name=name)
    import importlib

    interop = importlib.import_module("purenn.interop")
    value = interop if name == "interop" else getattr(interop, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
