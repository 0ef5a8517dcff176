"""torch.nn.utils for JAX: functions of gradients, parameters and modules.

Functions that change arrays in torch return new ones here; only modules, which are objects, are changed.
"""

import typing as _typing

from purenn.nn.remedies import REMEDIES as _REMEDIES
from purenn.utils import parametrizations as parametrizations
from purenn.utils import parametrize as parametrize
from purenn.utils import prune as prune
from purenn.utils import rnn as rnn
from purenn.utils.clip_grad import *
from purenn.utils.convert_parameters import *
from purenn.utils.fusion import *
from purenn.utils.init import skip_init as skip_init
from purenn.utils.spectral_norm import remove_spectral_norm as remove_spectral_norm
from purenn.utils.spectral_norm import spectral_norm as spectral_norm
from purenn.utils.weight_norm import remove_weight_norm as remove_weight_norm
from purenn.utils.weight_norm import weight_norm as weight_norm

__all__ = [
    "clip_grad_norm",
    "clip_grad_value",
    "clip_grads_with_norm",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
    "get_total_norm",
    "parameters_to_vector",
    "remove_spectral_norm",
    "remove_weight_norm",
    "skip_init",
    "spectral_norm",
    "vector_to_parameters",
    "weight_norm",
]

if not _typing.TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        remedy = _REMEDIES["utils"].get(name, "")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{remedy and f': {remedy}'}")

    def __dir__() -> list[str]:
        return sorted([*__all__, "parametrizations", "parametrize", "prune", "rnn"])
