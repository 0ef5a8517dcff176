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

__all__ = [
    "LinearCrossEntropyOptions",
    "ScalingType",
    "SwizzleType",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "affine_grid",
    "alpha_dropout",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "batch_norm_update",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "cdist",
    "celu",
    "chain_matmul",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "cross_map_lrn2d",
    "ctc_loss",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "einsum",
    "elu",
    "embedding",
    "embedding_bag",
    "feature_alpha_dropout",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "grid_sample",
    "group_norm",
    "grouped_mm",
    "gru",
    "gru_cell",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_embedding_loss",
    "huber_loss",
    "instance_norm",
    "instance_norm_update",
    "interpolate",
    "istft",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "linear_cross_entropy",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "lstm",
    "lstm_cell",
    "lu",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "meshgrid",
    "mish",
    "mse_loss",
    "multi_head_attention_forward",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "native_channel_shuffle",
    "nll_loss",
    "norm",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pca_lowrank",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
    "rrelu",
    "scaled_dot_product_attention",
    "scaled_grouped_mm",
    "scaled_mm",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "split",
    "stft",
    "svd_lowrank",
    "sync_batch_norm",
    "tanh",
    "tanhshrink",
    "tensordot",
    "threshold",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "unfold",
    "unique",
    "unique_consecutive",
    "unravel_index",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

for _name in __all__:
    if isinstance(_function := globals()[_name], _types.FunctionType):
        globals()[_name] = _called(_function)
        globals()[_name].__module__ = __name__


def __dir__() -> list[str]:
    return __all__
