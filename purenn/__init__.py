"""purenn: torch.nn for JAX, as pure functions, as init/apply pairs and as objects."""

from purenn import functional, init, layers, nn, utils
from purenn.layers import stateless
from purenn.lowering.compiler import jit, tune_allocator
from purenn.nn import Optimizer, functional_call, pure
from purenn.random import manual_seed

__all__ = [
    "Optimizer",
    "functional",
    "functional_call",
    "init",
    "jit",
    "layers",
    "manual_seed",
    "nn",
    "pure",
    "stateless",
    "tune_allocator",
    "utils",
]
__version__ = "0.1.0"


def __dir__() -> list[str]:
    return __all__
