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
    lu,
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
from purenn.functional.calls import called as _called
from purenn.interop.ops import (
    attributes,
    casts,
    creation,
    elementwise,
    fft,
    in_place,
    indexing,
    linalg,
    matrices,
    reductions,
    shapes,
    special,
)
from purenn.interop.ops.attributes import *
from purenn.interop.ops.casts import *
from purenn.interop.ops.creation import *
from purenn.interop.ops.elementwise import *
from purenn.interop.ops.in_place import *
from purenn.interop.ops.indexing import *
from purenn.interop.ops.matrices import *
from purenn.interop.ops.reductions import *
from purenn.interop.ops.shapes import *
from purenn.interop.ops.special import log_softmax, multigammaln, polygamma, softmax

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
    "lu",
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
__all__ += attributes.__all__
__all__ += casts.__all__
__all__ += creation.__all__
__all__ += elementwise.__all__
__all__ += in_place.__all__
__all__ += indexing.__all__
__all__ += matrices.__all__
__all__ += reductions.__all__
__all__ += shapes.__all__

mvlgamma = multigammaln
igamma = special.gammainc
igammac = special.gammaincc
__all__ += ["igamma", "igammac", "mvlgamma"]

for _name in __all__:
    if isinstance(_function := globals()[_name], _types.FunctionType):
        globals()[_name] = _called(_function)


def __dir__() -> list[str]:
    return sorted(__all__)
