"""Operators that are layers' functions: linear maps, convolutions, attention, recurrent networks, pooling, losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from purenn import functional as F
from purenn.functional.rnn.packed import PackedSequence
from purenn.interop.convert.table.registry import TABLE, op
from purenn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from purenn.utils.weight_norm import norm_except_dim, normalized_weight

__all__: list[str] = []

for _name in (
    "linear", "bilinear", "scaled_dot_product_attention", "dropout", "alpha_dropout", "feature_alpha_dropout",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "pixel_shuffle", "pixel_unshuffle",
    "channel_shuffle", "native_channel_shuffle", "lstm", "gru", "rnn_tanh", "rnn_relu", "conv_tbc",
    "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell", "poisson_nll_loss",
):  # fmt: skip
    TABLE[_name] = getattr(F, _name)
TABLE["_adaptive_avg_pool2d"], TABLE["_adaptive_avg_pool3d"] = F.adaptive_avg_pool2d, F.adaptive_avg_pool3d


def _sizes(value: Any) -> Any:
    """A list of sizes; one alone serves every dimension, and an empty one is none."""
    if isinstance(value, tuple | list):
        return None if not value else value[0] if len(value) == 1 else tuple(value)
    return value


def _conv(function: Any) -> Any:
    def call(x: Any, weight: Any, bias: Any = None, *sizes: Any) -> Any:
        return function(x, weight, bias, *map(_sizes, sizes))

    return call


for _name in ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"):
    TABLE[_name] = _conv(getattr(F, _name))


@op("convolution", "_convolution")
def convolution(
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    *_: Any,
) -> Any:
    stride, padding, dilation = map(_sizes, (stride, padding, dilation))
    name = f"{weight.ndim - 2}d"
    if transposed:
        function = getattr(F, "conv_transpose" + name)
        return function(x, weight, bias, stride, padding, _sizes(output_padding), groups, dilation)
    return getattr(F, "conv" + name)(x, weight, bias, stride, padding, dilation, groups)


def _pool(function: Any) -> Any:
    def call(x: Any, kernel: Any, stride: Any = (), padding: Any = 0, *rest: Any) -> Any:
        return function(x, _sizes(kernel), _sizes(stride), _sizes(padding), *map(_sizes, rest))

    return call


for _name in ("max_pool", "avg_pool"):
    for _n in "123":
        TABLE[f"{_name}{_n}d"] = _pool(getattr(F, f"{_name}{_n}d"))
for _n in "123":
    TABLE[f"max_pool{_n}d_with_indices"] = _pool(getattr(F, f"max_pool{_n}d_with_indices"))
    TABLE[f"adaptive_max_pool{_n}d"] = getattr(F, f"adaptive_max_pool{_n}d_with_indices")


@op("feature_dropout")
def feature_dropout(x: Any, p: float, train: bool) -> Any:
    return F.dropout1d(x, p, train) if x.ndim < 4 else F.dropout2d(x, p, train)


@op("native_dropout")
def native_dropout(x: Any, p: float, train: Any) -> Any:
    kept = F.dropout(jnp.ones_like(x), p, bool(train))
    return x * kept, kept != 0


@op("rrelu")
def rrelu(x: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, *_: Any) -> Any:
    return F.rrelu(x, lower, upper, training)


@op("pad")
def pad(x: Any, pad: Sequence[int], mode: str = "constant", value: Any = None) -> Any:
    return F.pad(x, tuple(pad), mode, value)


@op("constant_pad_nd")
def constant_pad(x: Any, pad: Sequence[int], value: Any = 0) -> Any:
    return F.pad(x, tuple(pad), "constant", value)


for _mode, _word in (("reflection", "reflect"), ("replication", "replicate")):
    for _n in "123":
        TABLE[f"{_mode}_pad{_n}d"] = (lambda mode: lambda x, pad: F.pad(x, tuple(pad), mode))(_word)


# Recurrent networks over packed sequences.


def _packed(function: Any) -> Any:
    def call(data: Any, batch_sizes: Any, hx: Any, params: Any, *options: Any) -> Any:
        output, *last = function(PackedSequence(data, batch_sizes), hx, params, *options)
        return output.data, *last

    return call


for _name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
    TABLE[f"{_name}.data"] = _packed(getattr(F, _name))


@op("_pack_padded_sequence")
def pack(x: Any, lengths: Any, batch_first: bool) -> Any:
    packed = pack_padded_sequence(x, lengths, batch_first)
    return packed.data, packed.batch_sizes


@op("_pad_packed_sequence")
def unpack(data: Any, batch_sizes: Any, batch_first: bool, value: Any, total_length: int) -> Any:
    total = total_length if total_length > 0 else None
    return pad_packed_sequence(PackedSequence(data, batch_sizes), batch_first, value, total)


# Attention and its parts.


@op("_scaled_dot_product_flash_attention_for_cpu")
def flash_attention(
    q: Any, k: Any, v: Any, p: float = 0.0, is_causal: bool = False, *, attn_mask: Any = None, scale: Any = None
) -> Any:
    return F.scaled_dot_product_attention(q, k, v, attn_mask, p, is_causal, scale=scale), None


@op("transformers::grouped_mm_fallback", "_grouped_mm")
def grouped_mm(a: Any, b: Any, offs: Any = None, *_: Any, **__: Any) -> Any:
    return F.grouped_mm(a, b, offs=offs)


@op("_weight_norm")
def weight_norm(v: Any, g: Any, dim: int = 0) -> Any:
    return normalized_weight(v, g, dim)


@op("_weight_norm_interface")
def weight_norm_interface(v: Any, g: Any, dim: int = 0) -> Any:
    return normalized_weight(v, g, dim), norm_except_dim(v, dim)


# Resizing.


def _resize(mode: str, *, corners: bool, exact: bool = False) -> Any:
    def vec(x: Any, size: Any, *rest: Any) -> Any:
        align, factors = rest if corners else (None, *rest)
        return F.interpolate(x, size and tuple(size), factors and tuple(factors), mode, align)

    def plain(x: Any, size: Any, *rest: Any) -> Any:
        align, factors = (rest[0], rest[1:]) if corners else (None, rest)
        if factors and all(f is not None for f in factors):
            return F.interpolate(x, None, tuple(factors), mode, align)
        return F.interpolate(x, tuple(size), None, mode, align)

    return vec, plain


for _name, _mode, _corners in (
    ("nearest1d", "nearest", False), ("nearest2d", "nearest", False), ("nearest3d", "nearest", False),
    ("linear1d", "linear", True), ("bilinear2d", "bilinear", True), ("bicubic2d", "bicubic", True),
    ("trilinear3d", "trilinear", True),
):  # fmt: skip
    TABLE[f"upsample_{_name}.vec"], TABLE[f"upsample_{_name}"] = _resize(_mode, corners=_corners)
for _n in "123":
    _both = _resize("nearest-exact", corners=False)
    TABLE[f"_upsample_nearest_exact{_n}d.vec"], TABLE[f"_upsample_nearest_exact{_n}d"] = _both
for _name in ("bilinear2d", "bicubic2d"):

    def _smooth(x: Any, size: Any, align: bool, factors: Any = None, *, mode: str = _name[:-2]) -> Any:
        return F.interpolate(x, size and tuple(size), factors and tuple(factors), mode, align, antialias=True)

    TABLE[f"_upsample_{_name}_aa.vec"] = _smooth


@op("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def grid_sampler(x: Any, grid: Any, mode: int, padding: int, align_corners: bool) -> Any:
    modes, paddings = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
    return F.grid_sample(x, grid, modes[mode], paddings[padding], align_corners)


@op("affine_grid_generator")
def affine_grid(theta: Any, size: Any, align_corners: bool) -> Any:
    return F.affine_grid(theta, tuple(size), align_corners)


@op("im2col")
def im2col(x: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    return F.unfold(x, tuple(kernel), tuple(dilation), tuple(padding), tuple(stride))


@op("col2im")
def col2im(x: Any, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    return F.fold(x, tuple(size), tuple(kernel), tuple(dilation), tuple(padding), tuple(stride))


# Losses: the reduction is a number.

_REDUCTIONS = ("none", "mean", "sum")


@op("mse_loss")
def mse_loss(x: Any, y: Any, reduction: int = 1) -> Any:
    return F.mse_loss(x, y, reduction=_REDUCTIONS[reduction])


@op("l1_loss")
def l1_loss(x: Any, y: Any, reduction: int = 1) -> Any:
    return F.l1_loss(x, y, reduction=_REDUCTIONS[reduction])


@op("smooth_l1_loss")
def smooth_l1_loss(x: Any, y: Any, reduction: int = 1, beta: float = 1.0) -> Any:
    return F.smooth_l1_loss(x, y, reduction=_REDUCTIONS[reduction], beta=beta)


@op("huber_loss")
def huber_loss(x: Any, y: Any, reduction: int = 1, delta: float = 1.0) -> Any:
    return F.huber_loss(x, y, reduction=_REDUCTIONS[reduction], delta=delta)


@op("binary_cross_entropy")
def binary_cross_entropy(x: Any, y: Any, weight: Any = None, reduction: int = 1) -> Any:
    return F.binary_cross_entropy(x, y, weight, reduction=_REDUCTIONS[reduction])


@op("binary_cross_entropy_with_logits")
def bce_with_logits(x: Any, y: Any, weight: Any = None, pos_weight: Any = None, reduction: int = 1) -> Any:
    return F.binary_cross_entropy_with_logits(x, y, weight, reduction=_REDUCTIONS[reduction], pos_weight=pos_weight)


@op("nll_loss", "nll_loss_nd", "nll_loss2d")
def nll_loss(x: Any, target: Any, weight: Any = None, reduction: int = 1, ignore_index: int = -100) -> Any:
    return F.nll_loss(x, target, weight, reduction=_REDUCTIONS[reduction], ignore_index=ignore_index)


@op("cross_entropy_loss")
def cross_entropy(
    x: Any, target: Any, weight: Any = None, reduction: int = 1, ignore_index: int = -100, smoothing: float = 0.0
) -> Any:
    word = _REDUCTIONS[reduction]
    return F.cross_entropy(x, target, weight, None, ignore_index, None, word, smoothing)


@op("kl_div")
def kl_div(x: Any, target: Any, reduction: int = 1, *, log_target: bool = False) -> Any:
    word = _REDUCTIONS[reduction]
    if word == "mean":
        return jnp.mean(F.kl_div(x, target, reduction="none", log_target=log_target))
    return F.kl_div(x, target, reduction=word, log_target=log_target)
