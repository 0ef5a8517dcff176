"""purenn: torch.nn for JAX, as pure functions, as init/apply pairs and as objects."""

import importlib as _importlib
import typing as _typing

from purenn import functional, init, layers, nn, utils
from purenn.layers import stateless
from purenn.lowering.compiler import jit, tune_allocator
from purenn.nn import Optimizer, functional_call, pure
from purenn.random import manual_seed

__all__ = [
    "Optimizer",
    "debug",
    "functional",
    "functional_call",
    "graph",
    "init",
    "jit",
    "label_by_path",
    "layers",
    "manual_seed",
    "nn",
    "pure",
    "stateless",
    "summary",
    "tune_allocator",
    "utils",
]
__version__ = "0.1.0"

if _typing.TYPE_CHECKING:  # imported when first asked for
    from purenn import debug
    from purenn.groups import label_by_path
    from purenn.inspect.graph import graph
    from purenn.inspect.summary import summary
else:
    _LATE = {
        "graph": "purenn.inspect.graph",
        "label_by_path": "purenn.groups",
        "summary": "purenn.inspect.summary",
    }

    def __getattr__(name: str) -> object:
        if name == "debug":
            return _importlib.import_module("purenn.debug")
        if name in _LATE:
            return getattr(_importlib.import_module(_LATE[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
