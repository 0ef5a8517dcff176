"""torch.nn.functional for JAX: pure functions under torch's names, with torch's arguments.

The functions of ``torch.functional`` are here too. Randomness comes from an explicit ``rng=``, a jax key.
"""

import types as _types

from purenn.functional.activation import *
from purenn.functional.attention import *
from purenn.functional.calls import called as _called
from purenn.functional.contraction import *
from purenn.functional.conv import *
from purenn.functional.distance import *
from purenn.functional.dropout import *
from purenn.functional.fold import *
from purenn.functional.linalg import *
from purenn.functional.linear import *
from purenn.functional.loss import *
from purenn.functional.low_rank import *
from purenn.functional.matmul import *
from purenn.functional.normalization import *
from purenn.functional.padding import *
from purenn.functional.pooling import *
from purenn.functional.rnn import *
from purenn.functional.scaled_matmul import *
from purenn.functional.sets import *
from purenn.functional.sparse import *
from purenn.functional.spectral import *
from purenn.functional.tensor import *
from purenn.functional.vision import *

# The names of the star imports: all public globals but this package's modules.
__all__ = sorted(n for n, v in globals().items() if not n.startswith("_") and not isinstance(v, _types.ModuleType))  # pyright: ignore[reportUnsupportedDunderAll]

for _name in __all__:
    if isinstance(_function := globals()[_name], _types.FunctionType):
        globals()[_name] = _called(_function)
        globals()[_name].__module__ = __name__


def __dir__() -> list[str]:
    return __all__
