"""torch's tensor functions over jax arrays: the names, arguments and meaning of ``torch.*`` and ``torch.Tensor.*``.

A method is a function whose first argument is the tensor: ``x.view(2, -1)`` is ``ops.view(x, 2, -1)``. What torch
changes in place is returned: ``x = ops.add_(x, y)``. Everything runs under ``jit``, ``grad`` and ``vmap``; functions
whose result has a shape that depends on values (`nonzero`, `masked_select`, `unique`) take ``size=`` there.

- dtypes are promoted as in torch, where jax's rules differ: Python's numbers and scalar arrays count only where their
  kind is higher, quotients of integers are float32, sums of integers int64. Without x64, jax has int32 for int64 and
  float32 for float64.
- ``out``, ``device``, ``layout``, ``requires_grad``, ``pin_memory``, ``memory_format`` aren't taken; ``generator`` is
  ``rng``, a jax key.
- `fft`, `linalg` and `special` are torch's namespaces.
- Functions of `purenn.functional` that torch has too as ``torch.*`` are here under the same name.
"""

import types as _types

from purenn.functional import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    block_diag,
    broadcast_shapes,
    broadcast_tensors,
    cartesian_prod,
    cdist,
    celu,
    chain_matmul,
    cosine_similarity,
    dropout,
    einsum,
    embedding,
    istft,
    meshgrid,
    norm,
    pad,
    pairwise_distance,
    pca_lowrank,
    pdist,
    prelu,
    relu,
    selu,
    split,
    stft,
    svd_lowrank,
    tensordot,
    unique,
    unique_consecutive,
    unravel_index,
)
from purenn.interop.ops import (
    arithmetic as _arithmetic,
)
from purenn.interop.ops import (
    arrangement as _arrangement,
)
from purenn.interop.ops import (
    bitwise as _bitwise,
)
from purenn.interop.ops import (
    casts as _casts,
)
from purenn.interop.ops import (
    comparison as _comparison,
)
from purenn.interop.ops import (
    creation as _creation,
)
from purenn.interop.ops import (
    cumulative as _cumulative,
)
from purenn.interop.ops import (
    extremes as _extremes,
)
from purenn.interop.ops import fft, linalg, special
from purenn.interop.ops import (
    in_place as _in_place,
)
from purenn.interop.ops import (
    indexing as _indexing,
)
from purenn.interop.ops import (
    joining as _joining,
)
from purenn.interop.ops import (
    masks as _masks,
)
from purenn.interop.ops import (
    matrix_names as _matrix_names,
)
from purenn.interop.ops import (
    pointwise as _pointwise,
)
from purenn.interop.ops import (
    products as _products,
)
from purenn.interop.ops import (
    random as _random,
)
from purenn.interop.ops import (
    reduction as _reduction,
)
from purenn.interop.ops import (
    shape as _shape,
)
from purenn.interop.ops import (
    sorting as _sorting,
)
from purenn.interop.ops import (
    statistics as _statistics,
)
from purenn.interop.ops import (
    subscript as _subscript,
)
from purenn.interop.ops import (
    windows as _windows,
)
from purenn.interop.ops.arithmetic import *
from purenn.interop.ops.arrangement import *
from purenn.interop.ops.bitwise import *
from purenn.interop.ops.casts import *
from purenn.interop.ops.comparison import *
from purenn.interop.ops.creation import *
from purenn.interop.ops.cumulative import *
from purenn.interop.ops.extremes import *
from purenn.interop.ops.in_place import *
from purenn.interop.ops.indexing import *
from purenn.interop.ops.joining import *
from purenn.interop.ops.masks import *
from purenn.interop.ops.matrix_names import *
from purenn.interop.ops.pointwise import *
from purenn.interop.ops.products import *
from purenn.interop.ops.random import *
from purenn.interop.ops.reduction import *
from purenn.interop.ops.shape import *
from purenn.interop.ops.sorting import *
from purenn.interop.ops.special import log_softmax, multigammaln, polygamma, softmax
from purenn.interop.ops.statistics import *
from purenn.interop.ops.subscript import *
from purenn.interop.ops.windows import *
from purenn.sharding import over_explicit_axes as _over_explicit_axes

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "cdist",
    "celu",
    "chain_matmul",
    "cosine_similarity",
    "dropout",
    "einsum",
    "embedding",
    "fft",
    "istft",
    "linalg",
    "log_softmax",
    "meshgrid",
    "multigammaln",
    "norm",
    "pad",
    "pairwise_distance",
    "pca_lowrank",
    "pdist",
    "polygamma",
    "prelu",
    "relu",
    "selu",
    "softmax",
    "special",
    "split",
    "stft",
    "svd_lowrank",
    "tensordot",
    "unique",
    "unique_consecutive",
    "unravel_index",
]
__all__ += _arithmetic.__all__
__all__ += _arrangement.__all__
__all__ += _bitwise.__all__
__all__ += _casts.__all__
__all__ += _comparison.__all__
__all__ += _creation.__all__
__all__ += _cumulative.__all__
__all__ += _extremes.__all__
__all__ += _in_place.__all__
__all__ += _indexing.__all__
__all__ += _joining.__all__
__all__ += _masks.__all__
__all__ += _matrix_names.__all__
__all__ += _pointwise.__all__
__all__ += _products.__all__
__all__ += _random.__all__
__all__ += _reduction.__all__
__all__ += _shape.__all__
__all__ += _sorting.__all__
__all__ += _statistics.__all__
__all__ += _subscript.__all__
__all__ += _windows.__all__

mvlgamma = multigammaln
igamma = special.gammainc
igammac = special.gammaincc
__all__ += ["igamma", "igammac", "mvlgamma"]

for _name in __all__:
    if isinstance(_function := globals()[_name], _types.FunctionType):
        globals()[_name] = _over_explicit_axes(_function)


def __dir__() -> list[str]:
    return sorted(__all__)
