"""torch.nn for JAX: objects that hold their arrays.

Every stock class here is generated from the layer of the same name in `purenn.layers`: the same constructor, the
same arithmetic.
"""

import importlib as _importlib
import typing as _typing

from purenn import layers as _layers
from purenn.functional import LinearCrossEntropyOptions as LinearCrossEntropyOptions
from purenn.layers.base import Layer as _Layer
from purenn.nn import functional as functional
from purenn.nn import init as init
from purenn.nn.container import Container as Container
from purenn.nn.from_layer import *
from purenn.nn.gradients import *
from purenn.nn.module import *
from purenn.nn.module_container import *
from purenn.nn.optimizer import *
from purenn.nn.parallel import *
from purenn.nn.parameter import *
from purenn.nn.parameter_container import *
from purenn.nn.pure_calls import *
from purenn.nn.transforms import *
from purenn.random import manual_seed as manual_seed

if _typing.TYPE_CHECKING:  # imported when first asked for: purenn.utils builds on this
    from purenn.nn import attention as attention
    from purenn.nn import utils as utils
else:

    def __getattr__(name: str) -> object:
        if name in ("attention", "utils"):
            return _importlib.import_module(f"purenn.nn.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*__all__, "attention", "functional", "init", "utils"})


for _name, _class in vars(_layers).copy().items():
    if isinstance(_class, type) and issubclass(_class, _Layer) and _name not in {"Layer", "Composite", *globals()}:
        globals()[_name] = stateful(_class)
        globals()[_name].__module__ = __name__

__all__ = [_name for _name, _value in globals().items() if not _name.startswith("_") and callable(_value)]  # pyright: ignore[reportUnsupportedDunderAll]
