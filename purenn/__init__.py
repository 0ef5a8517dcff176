"""purenn: torch.nn for JAX, as pure functions, as init/apply pairs and as objects."""

import importlib as _importlib
import typing as _typing

from purenn import functional, init, layers, nn, utils
from purenn.layers import stateless
from purenn.lowering.compiler import jit, tune_allocator
from purenn.nn import Optimizer, functional_call, pure
from purenn.random import manual_seed

if _typing.TYPE_CHECKING:  # these are imported when they are first asked for
    from purenn import debug, interop
    from purenn.groups import label_by_path
    from purenn.inspect.graph import graph
    from purenn.inspect.summary import summary
    from purenn.interop.checkpoint import load, save

__all__ = [
    "Optimizer",
    "debug",
    "functional",
    "functional_call",
    "graph",
    "init",
    "interop",
    "jit",
    "label_by_path",
    "layers",
    "load",
    "manual_seed",
    "nn",
    "pure",
    "save",
    "stateless",
    "summary",
    "tune_allocator",
    "utils",
]
__version__ = "0.1.0"

_LATE = {
    "debug": "purenn.debug",
    "graph": "purenn.inspect.graph",
    "interop": "purenn.interop",
    "label_by_path": "purenn.groups",
    "load": "purenn.interop.checkpoint",
    "save": "purenn.interop.checkpoint",
    "summary": "purenn.inspect.summary",
}


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    module = _importlib.import_module(_LATE[name])
    value = globals()[name] = module if name == _LATE[name].removeprefix("purenn.") else getattr(module, name)
    return value


def __dir__() -> list[str]:
    return __all__
