"""A call of every function at one large size, for `test_cost.py`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import purenn.functional as F

# not compiled: their results depend on values, or are no arrays
NOT_COMPILED = {"broadcast_shapes", "unique", "unique_consecutive"}


class Row(NamedTuple):
    """A call and its arrays.

    Args:
        call: the call, as a function of the arrays.
        inputs: shapes of float32 arrays, or arrays without a gradient.
        memory: the bound on temporary bytes per byte of inputs and outputs, with gradients.
        work: the bound on operations per element of inputs and outputs, with gradients. The body of a loop counts once.
        grad: whether there is a gradient.
    """

    call: Callable[..., Any]
    inputs: tuple[Any, ...]
    memory: float = 2.1
    work: float = 40
    grad: bool = True


LINES, IMAGES, VOLUMES, ROWS = (8, 32, 1024), (8, 32, 64, 64), (4, 8, 16, 32, 32), (256, 1024)
PRODUCTS = 2000  # operations per element, for products of matrices
KEY = jax.random.key_data(jax.random.key(0))
TABLE: dict[str, Row] = {}


def add(
    name: str, inputs: Any, *args: Any, memory: float = 2.1, work: float = 40, grad: bool = True, **kw: Any
) -> None:
    """A call of the function with these arrays first, then these arguments."""
    f = getattr(F, name)
    given = [np.asarray(x) if isinstance(x, np.ndarray | jax.Array) else tuple(x) for x in inputs]
    TABLE[name] = Row(lambda *x: f(*x, *args, **kw), tuple(given), memory, work, grad)


def classes(below: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, below, shape).astype(np.int32)


def random(name: str, *shape: int, **kw: Any) -> None:
    f = getattr(F, name)
    TABLE[name] = Row(
        lambda x, key: f(x, rng=jax.random.wrap_key_data(key), **kw), (shape, np.asarray(KEY)), work=140
    )  # of which 110 are Threefry


for name in [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
]:
    add(name, [ROWS])
for name in ("softmax", "softmin", "log_softmax", "normalize"):
    add(name, [ROWS], **({"dim": 1} if name != "normalize" else {}))
add("threshold", [ROWS], 0.1, 2.0)
add("prelu", [ROWS, (1024,)])
for name in ("dropout", "alpha_dropout", "feature_alpha_dropout", "rrelu", "gumbel_softmax"):
    random(name, *ROWS, **({"training": True} if name in ("alpha_dropout", "feature_alpha_dropout", "rrelu") else {}))
for n, shape in enumerate((LINES, IMAGES, VOLUMES), 1):
    random(f"dropout{n}d", *shape)
    add(f"avg_pool{n}d", [shape], 5, 1, 2)
    add(f"lp_pool{n}d", [shape], 2.0, 5, 1)
    for indices in ("", "_with_indices"):
        add(f"max_pool{n}d{indices}", [shape], 5, 1, 2, memory=4)
        add(f"adaptive_max_pool{n}d{indices}", [shape], 5, memory=6 if indices else 3)
    add(f"adaptive_avg_pool{n}d", [shape], 5)
    pooled = tuple(size // 2 if axis > 1 else size for axis, size in enumerate(shape))
    add(
        f"max_unpool{n}d",
        [
            pooled,
            np.broadcast_to(2 * np.arange(math.prod(pooled[2:])), (*pooled[:2], math.prod(pooled[2:])))
            .reshape(pooled)
            .astype(np.int32),
        ],
        2,
    )
    channels = shape[1]
    add(f"conv{n}d", [shape, (channels, channels, *[3] * n), (channels,)], 1, 1, memory=4, work=PRODUCTS)
    add(f"conv_transpose{n}d", [shape, (channels, channels, *[3] * n), (channels,)], 2, 1, memory=5, work=PRODUCTS)
for n, shape in ((2, IMAGES), (3, VOLUMES)):
    for indices in ("", "_with_indices"):
        f = getattr(F, f"fractional_max_pool{n}d{indices}")
        samples = np.random.default_rng(0).uniform(0, 1, (*shape[:2], n)).astype(np.float32)
        TABLE[f.__name__] = Row(lambda x, u, f=f: f(x, 3, 12, _random_samples=u), (shape, samples), 3)
add("conv_tbc", [(512, 8, 32), (3, 32, 32), (32,)], 1, work=PRODUCTS)

norm = [(32,), (32,)]
running = [np.zeros(32, np.float32), np.ones(32, np.float32)]
TABLE["batch_norm"] = Row(lambda x, w, b: F.batch_norm(x, None, None, w, b, True), (IMAGES, *norm))
for name in ("batch_norm_update", "instance_norm_update"):
    add(name, [IMAGES, *running])
TABLE["sync_batch_norm"] = Row(
    lambda x, w, b: jax.vmap(lambda x: F.sync_batch_norm(x, None, None, w, b, True, axis_name="i"), axis_name="i")(x),
    ((2, *IMAGES), *norm),
)
TABLE["instance_norm"] = Row(lambda x, w, b: F.instance_norm(x, None, None, w, b), (IMAGES, *norm))
TABLE["layer_norm"] = Row(lambda x, w, b: F.layer_norm(x, (1024,), w, b), (ROWS, (1024,), (1024,)))
TABLE["rms_norm"] = Row(lambda x, w: F.rms_norm(x, (1024,), w), (ROWS, (1024,)))
TABLE["group_norm"] = Row(lambda x, w, b: F.group_norm(x, 4, w, b), (IMAGES, *norm))
add("local_response_norm", [IMAGES], 5)
add("cross_map_lrn2d", [IMAGES], 5, work=90)
add("norm", [ROWS], 3, 1)

pair = [ROWS, ROWS]
for name in [
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "kl_div",
    "poisson_nll_loss",
    "multilabel_soft_margin_loss",
]:
    add(name, pair)
for name in ("soft_margin_loss", "hinge_embedding_loss"):
    add(name, [ROWS, np.where(classes(2, *ROWS), 1, -1).astype(np.float32)])
for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
    f = getattr(F, name)
    TABLE[name] = Row(lambda x, t, f=f: f(jax.nn.sigmoid(x), jax.nn.sigmoid(t)), (ROWS, ROWS))
TABLE["gaussian_nll_loss"] = Row(lambda x, t, v: F.gaussian_nll_loss(x, t, jnp.square(v) + 1), (ROWS, ROWS, ROWS))
add("margin_ranking_loss", [*pair, np.ones(ROWS, np.float32)])
add("cosine_embedding_loss", [*pair, np.ones(256, np.int32)])
add("triplet_margin_loss", [ROWS, ROWS, ROWS])
add("triplet_margin_with_distance_loss", [ROWS, ROWS, ROWS])
add("cosine_similarity", pair)
add("pairwise_distance", pair)
for name in ("cross_entropy", "nll_loss", "multi_margin_loss"):
    add(name, [ROWS, classes(1024, 256)])
targets = np.full((8, 2000), -1, np.int32)
targets[:, :100] = classes(2000, 8, 100)
add("multilabel_margin_loss", [(8, 2000), targets], memory=12, work=150)
add("linear_cross_entropy", [(512, 64), (8000, 64), classes(8000, 512)], memory=20, work=4000)
TABLE["ctc_loss"] = Row(
    lambda x, t: F.ctc_loss(F.log_softmax(x, -1), t, np.full(8, 200), np.full(8, 30)),
    ((200, 8, 64), 1 + classes(63, 8, 30)),
    16,
)

add("linear", [ROWS, (512, 1024), (512,)], work=PRODUCTS)
add("bilinear", [(128, 32), (128, 32), (64, 32, 32), (64,)], memory=4, work=PRODUCTS)
add("embedding", [classes(5000, 32, 64), (5000, 64)])
add("embedding_bag", [classes(5000, 64, 64), (5000, 64)], memory=4)
add("one_hot", [classes(100, 1000)], 100, grad=False)
groups = np.arange(1, 17, dtype=np.int32) * 64
TABLE["grouped_mm"] = Row(lambda a, b, o: F.grouped_mm(a, b, offs=o), ((1024, 64), (16, 64, 64), groups), 4, PRODUCTS)
eighth = jnp.float8_e4m3fn
per = F.ScalingType
TABLE["scaled_mm"] = Row(
    lambda a, b: F.scaled_mm(
        a.astype(eighth), b.astype(eighth), jnp.ones(()), per.TensorWise, jnp.ones(()), per.TensorWise
    ),
    ((256, 256), (256, 256)),
    4,
    PRODUCTS,
    False,
)
TABLE["scaled_grouped_mm"] = Row(
    lambda a, b, o: F.scaled_grouped_mm(
        a.astype(eighth), b.astype(eighth), jnp.ones(1024), per.RowWise, jnp.ones((16, 64)), per.RowWise, offs=o
    ),
    ((1024, 64), (16, 64, 64), groups),
    4,
    PRODUCTS,
    False,
)

heads = [(2, 4, 1024, 32)] * 3
TABLE["scaled_dot_product_attention"] = Row(
    lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), tuple(heads), 9, PRODUCTS
)
TABLE["multi_head_attention_forward"] = Row(
    lambda x, w, b, o, c: F.multi_head_attention_forward(
        x, x, x, 64, 4, w, b, None, None, False, 0.0, o, c, need_weights=False
    )[0],
    ((512, 4, 64), (192, 64), (192,), (64, 64), (64,)),
    20,
    PRODUCTS,
)
for name, gates in (("rnn_tanh", 1), ("rnn_relu", 1), ("gru", 3), ("lstm", 4)):
    f, g = getattr(F, name), getattr(F, f"{name}_cell")
    states = 2 if name == "lstm" else 1
    weights = [(gates * 64, 64), (gates * 64, 64), (gates * 64,), (gates * 64,)]

    def run(x, *rest, f=f, s=states):
        return f(x, rest[:s] if s > 1 else rest[0], rest[s:])

    def cell(x, *rest, g=g, s=states):
        return g(x, rest[:s] if s > 1 else rest[0], *rest[s:])

    TABLE[name] = Row(run, ((64, 32, 64), *[(1, 32, 64)] * states, *weights), 10, PRODUCTS)
    TABLE[f"{name}_cell"] = Row(cell, ((512, 64), *[(512, 64)] * states, *weights), 3, PRODUCTS)

add("interpolate", [IMAGES], (128, 128), mode="bicubic", work=80)
add("upsample", [IMAGES], scale_factor=2, mode="nearest")
add("upsample_bilinear", [IMAGES], scale_factor=2)
add("upsample_nearest", [IMAGES], scale_factor=2)
add("grid_sample", [IMAGES, (8, 64, 64, 2)], align_corners=False, memory=9, work=80)
add("affine_grid", [(8, 2, 3)], (8, 3, 64, 64), align_corners=False)
for name in ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle"):
    add(name, [IMAGES], 2)
add("pad", [IMAGES], (2, 3, 4, 1), mode="reflect")
add("unfold", [IMAGES], 3)
add("fold", [(8, 32 * 9, 62 * 62)], (64, 64), 3)
add("cdist", [(1, 512, 64), (1, 512, 64)], p=1.0, memory=5, work=PRODUCTS)
add("pdist", [(256, 64)], memory=9, work=PRODUCTS)
stft = {"n_fft": 256, "hop_length": 64, "window": np.hanning(256).astype(np.float32)}
TABLE["stft"] = Row(lambda x: jnp.abs(F.stft(x, return_complex=True, **stft)), ((8, 8192),), 5, 200)
TABLE["istft"] = Row(lambda x, y: F.istft(jax.lax.complex(x, y), **stft), ((8, 129, 128), (8, 129, 128)), 3, 200)


for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
    add(name, [ROWS])
for name in ("block_diag", "broadcast_tensors"):
    add(name, pair, memory=4)
add("cartesian_prod", [(500,), (500,)], memory=4)
add("meshgrid", [(500,), (500,)], indexing="ij", memory=4)
add("chain_matmul", [(256, 256)] * 3, memory=4, work=PRODUCTS)
add("tensordot", [(256, 256)] * 2, 1, memory=4, work=PRODUCTS)
TABLE["einsum"] = Row(lambda a, b: F.einsum("ij,jk->ik", a, b), ((256, 256),) * 2, 4, PRODUCTS)
add("split", [ROWS], 128)
add("unravel_index", [classes(1000, 1000)], (10, 100), grad=False)
add("lu", [(128, 128)], memory=4, work=PRODUCTS)
for name in ("pca_lowrank", "svd_lowrank"):
    random(name, 512, 128, q=6)
    TABLE[name] = TABLE[name]._replace(memory=6, work=PRODUCTS)
