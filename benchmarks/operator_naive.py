"""Naive JAX: torch's functions as flax, equinox and their users write them. `operators.py` compares with it.

Functions have torch's names and layouts, and the arguments that the rows use. Gradients are plain autodiff.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

gelu = lambda x, approximate="none": jax.nn.gelu(x, approximate=approximate == "tanh")  # noqa: E731
relu, silu, mish, softmax, log_softmax = jax.nn.relu, jax.nn.silu, jax.nn.mish, jax.nn.softmax, jax.nn.log_softmax


def _each(value: int | Sequence[int], n: int) -> tuple[int, ...]:
    return (value,) * n if isinstance(value, int) else tuple(value)


def linear(x: Any, w: Any, b: Any = None) -> Any:
    return x @ w.T if b is None else x @ w.T + b


def conv1d(x: Any, w: Any, b: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    n = x.ndim - 2
    pads = [(p, p) for p in _each(padding, n)]
    dilations = _each(dilation, n)
    y = lax.conv_general_dilated(x, w, _each(stride, n), pads, rhs_dilation=dilations, feature_group_count=groups)
    return y if b is None else y + b.reshape(-1, *[1] * n)


def conv_transpose1d(
    x: Any,
    w: Any,
    b: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """As in equinox: a convolution of the input with zeros between its elements."""
    n, (channels, out, *kernel) = x.ndim - 2, w.shape
    w = w.reshape(groups, channels // groups, out, *kernel).swapaxes(1, 2)
    w = jnp.flip(w.reshape(groups * out, channels // groups, *kernel), range(2, n + 2))
    strides, dilations = _each(stride, n), _each(dilation, n)
    befores = [d * (k - 1) - p for k, d, p in zip(kernel, dilations, _each(padding, n), strict=True)]
    pads = [(before, before + more) for before, more in zip(befores, _each(output_padding, n), strict=True)]
    options: Any = {"lhs_dilation": strides, "rhs_dilation": dilations, "feature_group_count": groups}
    y = lax.conv_general_dilated(x, w, (1,) * n, pads, **options)
    return y if b is None else y + b.reshape(-1, *[1] * n)


conv2d = conv3d = conv1d
conv_transpose2d = conv_transpose3d = conv_transpose1d


def _window(x: Any, start: float, join: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    n = x.ndim - 2
    sizes, strides = _each(kernel, n), _each(kernel if stride is None else stride, n)
    pads = ((0, 0), (0, 0), *((p, p) for p in _each(padding, n)))
    return lax.reduce_window(x, start, join, (1, 1, *sizes), (1, 1, *strides), pads)


def max_pool1d(x: Any, kernel: Any, stride: Any = None, padding: Any = 0) -> Any:
    return _window(x, -jnp.inf, lax.max, kernel, stride, padding)


def avg_pool1d(x: Any, kernel: Any, stride: Any = None, padding: Any = 0) -> Any:
    return _window(x, 0.0, lax.add, kernel, stride, padding) / math.prod(_each(kernel, x.ndim - 2))


def lp_pool1d(x: Any, p: float, kernel: Any, stride: Any = None) -> Any:
    return _window(x**p, 0.0, lax.add, kernel, stride, 0) ** (1 / p)


def _adaptive(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def pool(x: Any, size: Any) -> Any:
        for axis, count in zip(range(2, x.ndim), _each(size, x.ndim - 2), strict=True):
            length = x.shape[axis]
            bounds = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
            x = jnp.stack([reduce(lax.slice_in_dim(x, *bound, axis=axis), axis) for bound in bounds], axis)
        return x

    return pool


max_pool2d = max_pool3d = max_pool1d
avg_pool2d = avg_pool3d = avg_pool1d
lp_pool2d = lp_pool3d = lp_pool1d
adaptive_avg_pool1d = adaptive_avg_pool2d = adaptive_avg_pool3d = _adaptive(jnp.mean)
adaptive_max_pool1d = adaptive_max_pool2d = adaptive_max_pool3d = _adaptive(jnp.max)


def unfold(x: Any, kernel: int, dilation: int = 1, padding: int = 0, stride: int = 1) -> Any:
    pads, dilations = [(padding, padding)] * 2, (dilation, dilation)
    y = lax.conv_general_dilated_patches(x, (kernel, kernel), (stride, stride), pads, rhs_dilation=dilations)
    return y.reshape(*y.shape[:2], -1)


def fold(x: Any, size: tuple[int, int], kernel: int, dilation: int = 1, padding: int = 0, stride: int = 1) -> Any:
    rows, columns = ((extent + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 for extent in size)
    x = x.reshape(x.shape[0], -1, kernel, kernel, rows, columns)
    y = jnp.zeros((*x.shape[:2], *(extent + 2 * padding for extent in size)), x.dtype)
    for i, j in itertools.product(range(kernel), repeat=2):
        top, left = i * dilation, j * dilation
        bottom, right = top + rows * stride, left + columns * stride
        y = y.at[:, :, top:bottom:stride, left:right:stride].add(x[:, :, i, j])
    return y[:, :, padding : padding + size[0], padding : padding + size[1]]


def _normalized(x: Any, axes: Any, eps: float) -> Any:
    return (x - x.mean(axes, keepdims=True)) * lax.rsqrt(x.var(axes, keepdims=True) + eps)


def _scaled(x: Any, w: Any, b: Any) -> Any:
    shape = (-1, *[1] * (x.ndim - 2))
    return x * w.reshape(shape) + b.reshape(shape)


def layer_norm(x: Any, shape: Sequence[int], w: Any, b: Any, eps: float = 1e-5) -> Any:
    return _normalized(x, tuple(range(-len(shape), 0)), eps) * w + b


def rms_norm(x: Any, shape: Sequence[int], w: Any) -> Any:
    eps = jnp.finfo(x.dtype).eps
    return x * lax.rsqrt((x * x).mean(tuple(range(-len(shape), 0)), keepdims=True) + eps) * w


def batch_norm(x: Any, mean: Any, var: Any, w: Any, b: Any, training: bool = False, eps: float = 1e-5) -> Any:
    if training:
        return _scaled(_normalized(x, (0, *range(2, x.ndim)), eps), w, b)
    shape = (-1, *[1] * (x.ndim - 2))
    return _scaled((x - mean.reshape(shape)) * lax.rsqrt(var.reshape(shape) + eps), w, b)


def group_norm(x: Any, groups: int, w: Any, b: Any, eps: float = 1e-5) -> Any:
    y = _normalized(x.reshape(x.shape[0], groups, -1), 2, eps)
    return _scaled(y.reshape(x.shape), w, b)


def instance_norm(x: Any, mean: Any, var: Any, w: Any, b: Any, eps: float = 1e-5) -> Any:
    return _scaled(_normalized(x, tuple(range(2, x.ndim)), eps), w, b)


def cross_entropy(x: Any, target: Any, label_smoothing: float = 0.0) -> Any:
    x = jnp.moveaxis(x, 1, -1)
    if label_smoothing:
        soft = optax.smooth_labels(jax.nn.one_hot(target, x.shape[-1], dtype=x.dtype), label_smoothing)
        return optax.softmax_cross_entropy(x, soft).mean()
    return optax.softmax_cross_entropy_with_integer_labels(x, target).mean()


def nll_loss(x: Any, target: Any) -> Any:
    return -jnp.take_along_axis(x, target[:, None], 1).mean()


def ctc_loss(x: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
    lengths = jnp.asarray(target_lengths)
    logit_paddings = jnp.arange(x.shape[0]) >= jnp.asarray(input_lengths)[:, None]
    paddings = (jnp.arange(targets.shape[1]) >= lengths[:, None]).astype(x.dtype)
    losses = optax.ctc_loss(x.swapaxes(0, 1), logit_paddings.astype(x.dtype), targets, paddings)
    return (losses / lengths).mean()


def linear_cross_entropy(x: Any, w: Any, target: Any) -> Any:
    return cross_entropy(x @ w.T, target)


def scaled_dot_product_attention(
    q: Any, k: Any, v: Any, attn_mask: Any = None, *, is_causal: bool = False, enable_gqa: bool = False
) -> Any:
    if enable_gqa:
        k, v = (jnp.repeat(a, q.shape[1] // a.shape[1], 1) for a in (k, v))
    scores = jnp.einsum("bhqd,bhkd->bhqk", q / math.sqrt(q.shape[-1]), k)
    if is_causal:
        attn_mask = jnp.tril(jnp.ones(scores.shape[-2:], bool))
    if attn_mask is not None:
        scores = jnp.where(attn_mask, scores, jnp.finfo(scores.dtype).min)
    return jnp.einsum("bhqk,bhkd->bhqd", jax.nn.softmax(scores), v)


def _lstm_cell(state: Any, x: Any, h: Any) -> Any:
    i, f, g, o = jnp.split(x + h, 4, -1)
    c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _gru_cell(state: Any, x: Any, h: Any) -> Any:
    (xr, xz, xn), (hr, hz, hn) = jnp.split(x, 3, -1), jnp.split(h, 3, -1)
    z = jax.nn.sigmoid(xz + hz)
    return ((1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn) + z * state[0],)


def _recurrent(cell: Any, x: Any, state: Any, params: Any, layers: int, bidirectional: bool, there: Any = None) -> Any:
    """As in flax and equinox: a scan of the whole cell, including the input projection."""
    ends = []
    for _ in range(layers):
        outputs = []
        for backwards in range(1 + bidirectional):
            w_ih, w_hh, b_ih, b_hh = params[4 * len(ends) : 4 * len(ends) + 4]

            def step(state: Any, given: Any, w_ih=w_ih, w_hh=w_hh, b_ih=b_ih, b_hh=b_hh) -> Any:
                x, there = given
                new = cell(state, x @ w_ih.T + b_ih, state[0] @ w_hh.T + b_hh)
                if there is not None:  # packed: beyond the end of a sequence nothing changes
                    new = tuple(jnp.where(there, a, b) for a, b in zip(new, state, strict=True))
                    return new, jnp.where(there, new[0], 0)
                return new, new[0]

            first = tuple(s[len(ends)] for s in state)
            end, output = lax.scan(step, first, (x, there), reverse=bool(backwards))
            outputs.append(output)
            ends.append(end)
        x = outputs[0] if len(outputs) == 1 else jnp.concatenate(outputs, -1)
    return (x, *(jnp.stack(kind) for kind in zip(*ends, strict=True)))


def lstm(x: Any, hx: Any, params: Any, layers: int, bidirectional: bool) -> Any:
    return _recurrent(_lstm_cell, x, hx, params, layers, bidirectional)


def gru(x: Any, hx: Any, params: Any, layers: int, bidirectional: bool) -> Any:
    return _recurrent(_gru_cell, x, (hx,), params, layers, bidirectional)


def rnn_tanh(x: Any, hx: Any, params: Any, layers: int, bidirectional: bool) -> Any:
    return _recurrent(lambda state, x, h: (jnp.tanh(x + h),), x, (hx,), params, layers, bidirectional)


def packed_lstm(x: Any, lengths: Sequence[int], hx: Any, params: Any) -> Any:
    there = np.arange(x.shape[0])[:, None, None] < np.asarray(lengths)[:, None]
    return _recurrent(_lstm_cell, x, hx, params, 1, False, jnp.asarray(there))


def embedding(ids: Any, w: Any) -> Any:
    return jnp.take(w, ids, axis=0)


def embedding_bag(ids: Any, w: Any, offsets: Any = None, mode: str = "mean") -> Any:
    if offsets is None:
        return getattr(jnp, mode)(w[ids], 1)
    bags = jnp.searchsorted(offsets, jnp.arange(ids.shape[0]), side="right") - 1
    return jax.ops.segment_sum(w[ids], bags, offsets.shape[0])


def interpolate(x: Any, size: Any = None, mode: str = "nearest", align_corners: bool | None = None) -> Any:
    """`jax.image.resize` if it means the same, otherwise its method: one product with a matrix per dimension."""
    size = _each(size, x.ndim - 2)
    if mode == "area":
        return adaptive_avg_pool1d(x, size)
    if mode == "nearest-exact":
        return jax.image.resize(x, (*x.shape[:2], *size), "nearest")
    if "linear" in mode and not align_corners:
        return jax.image.resize(x, (*x.shape[:2], *size), "linear", antialias=False)
    for axis, count in enumerate(size, 2):
        length = x.shape[axis]
        if mode == "nearest":
            x = jnp.take(x, np.arange(count) * length // count, axis=axis)
            continue
        places = (np.arange(count) + 0.5) * length / count - 0.5
        if align_corners:
            places = np.arange(count) * (length - 1) / (count - 1)
        matrix = np.zeros((count, length), np.float32)
        for tap in range(-1, 3):
            at = np.floor(places).astype(int) + tap
            weights = _cubic(abs(places - at)) if mode == "bicubic" else np.maximum(0, 1 - abs(places - at))
            np.add.at(matrix, (np.arange(count), at.clip(0, length - 1)), weights)
        x = jnp.moveaxis(jnp.tensordot(x, matrix, (axis, 1)), -1, axis)
    return x


def _cubic(t: Any, a: float = -0.75) -> Any:
    """Keys' kernel with torch's parameter, which differs from jax's."""
    near, far = ((a + 2) * t - (a + 3)) * t * t + 1, ((t - 5) * t + 8) * a * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0))


def grid_sample(x: Any, grid: Any, padding_mode: str = "zeros", align_corners: bool = False) -> Any:
    edge = {"zeros": "constant", "border": "nearest"}[padding_mode]
    columns, rows = (((grid[..., i] + 1) * x.shape[3 - i] - 1) / 2 for i in range(2))

    def sample(image: Any, rows: Any, columns: Any) -> Any:
        return jax.scipy.ndimage.map_coordinates(image, [rows, columns], order=1, mode=edge)

    return jax.vmap(jax.vmap(sample, (0, None, None)))(x, rows, columns)


def pixel_shuffle(x: Any, r: int) -> Any:
    n, c, h, w = x.shape
    return x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // r**2, h * r, w * r)


def pixel_unshuffle(x: Any, r: int) -> Any:
    n, c, h, w = x.shape
    return x.reshape(n, c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4).reshape(n, c * r**2, h // r, w // r)


def cdist(a: Any, b: Any, p: float = 2.0) -> Any:
    difference = a[..., :, None, :] - b[..., None, :, :]
    return jnp.abs(difference).sum(-1) if p == 1 else jnp.linalg.norm(difference, ord=p, axis=-1)


def pdist(x: Any, p: float = 2.0) -> Any:
    first, second = np.triu_indices(x.shape[0], 1)
    return jnp.linalg.norm(x[first] - x[second], ord=p, axis=-1)


def dropout(x: Any, p: float, rng: Any) -> Any:
    return jnp.where(jax.random.bernoulli(rng, 1 - p, x.shape), x / (1 - p), 0)


def dropout2d(x: Any, p: float, rng: Any) -> Any:
    return jnp.where(jax.random.bernoulli(rng, 1 - p, (*x.shape[:2], 1, 1)), x / (1 - p), 0)


def pad(x: Any, pad: Sequence[int], mode: str = "constant") -> Any:
    widths = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2], strict=True))
    return jnp.pad(x, widths, mode={"replicate": "edge", "circular": "wrap"}.get(mode, mode))
