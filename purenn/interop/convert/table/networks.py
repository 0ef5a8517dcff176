"""Operators that are layers' functions: linear maps, convolutions, attention, recurrent networks, pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from purenn import functional as F
from purenn.functional.rnn.packed import PackedSequence
from purenn.interop.convert.graph import AnyArray
from purenn.interop.convert.table.registry import TABLE, op
from purenn.typing import Array, Size
from purenn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from purenn.utils.weight_norm import norm_except_dim, normalized_weight

__all__: list[str] = []

for _name in (
    "linear", "bilinear", "scaled_dot_product_attention", "dropout", "alpha_dropout", "feature_alpha_dropout",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "pixel_shuffle", "pixel_unshuffle",
    "channel_shuffle", "native_channel_shuffle", "lstm", "gru", "rnn_tanh", "rnn_relu", "conv_tbc",
    "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell",
):  # fmt: skip
    TABLE[_name] = getattr(F, _name)
TABLE["_adaptive_avg_pool2d"], TABLE["_adaptive_avg_pool3d"] = F.adaptive_avg_pool2d, F.adaptive_avg_pool3d


def _sizes(value: object) -> Any:
    """Sizes as purenn's functions take them: a list of one is its size, an empty one None; other values stay."""
    if isinstance(value, tuple | list):
        return None if not value else value[0] if len(value) == 1 else tuple(value)
    return value


def _conv(function: Callable[..., Array]) -> Callable[..., Array]:
    def call(x: AnyArray, weight: AnyArray, bias: AnyArray | None = None, *sizes: Size | str) -> Array:
        return function(x, weight, bias, *map(_sizes, sizes))

    return call


for _name in ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"):
    TABLE[_name] = _conv(getattr(F, _name))


@op("convolution", "_convolution")
def convolution(
    x: AnyArray,
    weight: AnyArray,
    bias: AnyArray | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    *_: object,
) -> Array:
    sizes = tuple(map(_sizes, (stride, padding)))
    if transposed:
        function = getattr(F, f"conv_transpose{weight.ndim - 2}d")
        return function(x, weight, bias, *sizes, _sizes(output_padding), groups, _sizes(dilation))
    return getattr(F, f"conv{weight.ndim - 2}d")(x, weight, bias, *sizes, _sizes(dilation), groups)


def _pool(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: AnyArray, kernel: Size, stride: Size = (), padding: Size = 0, *rest: Size | None) -> Any:
        return function(x, _sizes(kernel), _sizes(stride), _sizes(padding), *map(_sizes, rest))

    return call


for _name in ("max_pool", "avg_pool"):
    for _n in "123":
        TABLE[f"{_name}{_n}d"] = _pool(getattr(F, f"{_name}{_n}d"))
for _n in "123":
    TABLE[f"max_pool{_n}d_with_indices"] = _pool(getattr(F, f"max_pool{_n}d_with_indices"))
    TABLE[f"adaptive_max_pool{_n}d"] = getattr(F, f"adaptive_max_pool{_n}d_with_indices")


@op("feature_dropout")
def feature_dropout(x: AnyArray, p: float, train: bool) -> Array:
    return F.dropout1d(x, p, train) if x.ndim < 4 else F.dropout2d(x, p, train)


@op("native_dropout")
def native_dropout(x: AnyArray, p: float, train: bool | None) -> tuple[AnyArray, Array]:
    kept = F.dropout(jnp.ones_like(x), p, bool(train))
    return x * kept, kept != 0


@op("rrelu")
def rrelu(x: AnyArray, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, *_: object) -> Array:
    return F.rrelu(x, lower, upper, training)


@op("pad")
def pad(x: AnyArray, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    return F.pad(x, tuple(pad), mode, value)


@op("constant_pad_nd")
def constant_pad(x: AnyArray, pad: Sequence[int], value: float = 0) -> Array:
    return F.pad(x, tuple(pad), "constant", value)


for _mode, _word in (("reflection", "reflect"), ("replication", "replicate")):
    for _n in "123":
        TABLE[f"{_mode}_pad{_n}d"] = (lambda mode: lambda x, pad: F.pad(x, tuple(pad), mode))(_word)


# Recurrent networks over packed sequences.


def _packed(function: Callable[..., Any]) -> Callable[..., tuple[Array, ...]]:
    def call(
        data: AnyArray,
        batch_sizes: AnyArray,
        hx: AnyArray | Sequence[AnyArray],
        params: Sequence[AnyArray],
        *options: bool | int | float,
    ) -> tuple[Array, ...]:
        output, *last = function(PackedSequence(data, batch_sizes), hx, params, *options)
        return output.data, *last

    return call


for _name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
    TABLE[f"{_name}.data"] = _packed(getattr(F, _name))


@op("_pack_padded_sequence")
def pack(x: AnyArray, lengths: AnyArray, batch_first: bool) -> tuple[AnyArray, AnyArray]:
    packed = pack_padded_sequence(jnp.asarray(x), lengths, batch_first)
    return packed.data, packed.batch_sizes


@op("_pad_packed_sequence")
def unpack(
    data: AnyArray, batch_sizes: AnyArray, batch_first: bool, value: float, total_length: int
) -> tuple[Array, AnyArray]:
    total = total_length if total_length > 0 else None
    return pad_packed_sequence(PackedSequence(data, batch_sizes), batch_first, value, total)


# Attention and its parts.


@op("_scaled_dot_product_flash_attention_for_cpu")
def flash_attention(
    q: AnyArray,
    k: AnyArray,
    v: AnyArray,
    p: float = 0.0,
    is_causal: bool = False,
    *,
    attn_mask: AnyArray | None = None,
    scale: float | None = None,
) -> tuple[Array, None]:
    return F.scaled_dot_product_attention(q, k, v, attn_mask, p, is_causal, scale=scale), None


@op("transformers::grouped_mm_fallback", "_grouped_mm")
def grouped_mm(a: AnyArray, b: AnyArray, offs: AnyArray | None = None, *_: object, **__: object) -> Array:
    return F.grouped_mm(a, b, offs=offs)


@op("_weight_norm")
def weight_norm(v: AnyArray, g: AnyArray, dim: int = 0) -> Array:
    return normalized_weight(jnp.asarray(v), jnp.asarray(g), dim)


@op("_weight_norm_interface")
def weight_norm_interface(v: AnyArray, g: AnyArray, dim: int = 0) -> tuple[Array, Array]:
    return weight_norm(v, g, dim), norm_except_dim(jnp.asarray(v), dim)


# Resizing.


def _resize(mode: str, *, corners: bool) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """Both overloads of a resizing operator: with all scales in one list, and with each scale an argument.

    Args:
        mode: the mode of ``interpolate``.
        corners: whether the operator has the argument ``align_corners``.
    """

    def together(
        x: AnyArray, size: Sequence[int] | None, align: bool | None, scales: Sequence[float] | None = None
    ) -> Array:
        return F.interpolate(x, size and tuple(size), scales and tuple(scales), mode, align)

    def each(x: AnyArray, size: Sequence[int], align: bool | None, *scales: float | None) -> Array:
        known = [scale for scale in scales if scale is not None]
        complete = known and len(known) == len(scales)
        return together(x, None, align, known) if complete else together(x, size, align)

    if corners:
        return together, each
    return (lambda x, size, scales=None: together(x, size, None, scales)), lambda x, size, *s: each(x, size, None, *s)


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

    def _smooth(
        x: AnyArray,
        size: Sequence[int] | None,
        align: bool,
        scales: Sequence[float] | None = None,
        *,
        mode: str = _name[:-2],
    ) -> Array:
        return F.interpolate(x, size and tuple(size), scales and tuple(scales), mode, align, antialias=True)

    TABLE[f"_upsample_{_name}_aa.vec"] = _smooth


@op("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def grid_sampler(x: AnyArray, grid: AnyArray, mode: int, padding: int, align_corners: bool) -> Array:
    modes, paddings = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
    return F.grid_sample(x, grid, modes[mode], paddings[padding], align_corners)


@op("affine_grid_generator")
def affine_grid(theta: AnyArray, size: Sequence[int], align_corners: bool) -> Array:
    return F.affine_grid(theta, tuple(size), align_corners)


@op("im2col")
def im2col(
    x: AnyArray, kernel: Sequence[int], dilation: Sequence[int], padding: Sequence[int], stride: Sequence[int]
) -> Array:
    return F.unfold(x, tuple(kernel), tuple(dilation), tuple(padding), tuple(stride))


@op("col2im")
def col2im(
    x: AnyArray,
    size: Sequence[int],
    kernel: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[int],
    stride: Sequence[int],
) -> Array:
    return F.fold(x, tuple(size), tuple(kernel), tuple(dilation), tuple(padding), tuple(stride))
