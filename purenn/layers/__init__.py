"""torch.nn's layers as frozen values, each an ``init``/``apply`` pair over explicit pytrees."""

import types as _types

from purenn.layers.activation import *
from purenn.layers.adaptive import *
from purenn.layers.attention import *
from purenn.layers.base import *
from purenn.layers.batchnorm import *
from purenn.layers.channelshuffle import *
from purenn.layers.container import *
from purenn.layers.conv import *
from purenn.layers.distance import *
from purenn.layers.dropout import *
from purenn.layers.flatten import *
from purenn.layers.fold import *
from purenn.layers.instancenorm import *
from purenn.layers.lazy import *
from purenn.layers.linear import *
from purenn.layers.loss import *
from purenn.layers.normalization import *
from purenn.layers.padding import *
from purenn.layers.pixelshuffle import *
from purenn.layers.pooling import *
from purenn.layers.rnn import *
from purenn.layers.rnn_cell import *
from purenn.layers.sparse import *
from purenn.layers.transformer import *
from purenn.layers.transformer_layer import *
from purenn.layers.transformer_stack import *
from purenn.layers.upsampling import *

# The names of the star imports: all public globals but this package's modules.
__all__ = sorted(n for n, v in globals().items() if not n.startswith("_") and not isinstance(v, _types.ModuleType))  # pyright: ignore[reportUnsupportedDunderAll]


def __dir__() -> list[str]:
    return __all__
