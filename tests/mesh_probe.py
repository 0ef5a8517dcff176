"""Value and gradient of every family on four virtual devices, with a sharded batch. test_meshes.py runs this file.

``explicit``: under `jax.set_mesh`, with the default axes of `jax.make_mesh`. ``shard_map``: inside of one, with jax's
check of varying values. Prints the names of the rows that fail, with the errors. Two further arguments are the first
row and the step from one row to the next.
"""

import os
import sys

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4 --xla_backend_optimization_level=0"

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from purenn import functional as F
from purenn import layers

RNG = np.random.default_rng(0)
BATCH = 8


def a(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def recurrent(layer):
    params, state = layer.init(jax.random.key(0))
    return lambda x: layer.apply(params, state, x)[0][0]


def in_training(layer, times=1):
    """The first output of a layer that draws its keys from the stream of its call."""
    params, state = layer.init(jax.random.key(0))

    def run(x):
        y, _ = layer.apply(params, state, *[x] * times, training=True, rng=jax.random.key(1))
        return y[0] if isinstance(y, tuple) else y

    return run


def ctc(x):
    n = x.shape[0]
    log_probs = jnp.swapaxes(jax.nn.log_softmax(x), 0, 1)
    return F.ctc_loss(log_probs, jnp.ones((n, 2), jnp.int32), jnp.full(n, 6), jnp.full(n, 2), reduction="none")


IMAGE, SIGNAL, ROWS = (BATCH, 4, 6, 6), (BATCH, 4, 12), (BATCH, 6)
CASES = {
    "linear": (F.linear, a(BATCH, 5), a(6, 5), a(6)),
    "conv2d": (lambda x, w: F.conv2d(x, w, padding=1), a(*IMAGE), a(5, 4, 3, 3)),
    "depthwise": (lambda x, w: F.conv2d(x, w, groups=4), a(*IMAGE), a(4, 1, 3, 3)),
    "conv1d": (lambda x, w: F.conv1d(x, w, stride=2), a(*SIGNAL), a(16, 4, 3)),
    "conv_transpose2d": (lambda x, w: F.conv_transpose2d(x, w, stride=2), a(*IMAGE), a(4, 3, 3, 3)),
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, 2, 1), a(*IMAGE)),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 2), a(*IMAGE)),
    "adaptive_max_pool2d": (lambda x: F.adaptive_max_pool2d(x, 4), a(*IMAGE)),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, 4), a(*IMAGE)),
    "batch_norm": (F.batch_norm, a(*IMAGE), a(4), np.ones(4, np.float32)),
    "layer_norm": (lambda x: F.layer_norm(x, (12,)), a(*SIGNAL)),
    "group_norm": (lambda x: F.group_norm(x, 2), a(*IMAGE)),
    "instance_norm": (F.instance_norm, a(*IMAGE)),
    "softmax": (lambda x: F.softmax(x, -1), a(*ROWS)),
    "gelu": (F.gelu, a(*ROWS)),
    "dropout": (lambda x: F.dropout(x, 0.5, True, rng=jax.random.key(0)), a(*ROWS)),
    "cross_entropy": (lambda x: F.cross_entropy(x, jnp.zeros(x.shape[0], int), reduction="none"), a(*ROWS)),
    "mse_loss": (lambda x, y: F.mse_loss(x, y, reduction="none"), a(*ROWS), a(*ROWS)),
    "ctc_loss": (ctc, a(BATCH, 6, 4)),
    "attention": (F.scaled_dot_product_attention, *(a(BATCH, 2, 5, 4) for _ in range(3))),
    "causal attention": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        *(a(BATCH, 2, 5, 4) for _ in range(3)),
    ),
    "interpolate": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), a(*IMAGE)),
    "grid_sample": (lambda x, g: F.grid_sample(x, g, align_corners=False), a(*IMAGE), a(BATCH, 3, 3, 2)),
    "pad": (lambda x: F.pad(x, (1, 1), mode="reflect"), a(*SIGNAL)),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), a(*IMAGE)),
    "unfold": (lambda x: F.unfold(x, 2), a(*IMAGE)),
    "fold": (lambda x: F.fold(x, (4, 4), 2), a(BATCH, 12, 9)),
    "cosine_similarity": (F.cosine_similarity, a(*ROWS), a(*ROWS)),
    "bilinear": (F.bilinear, a(BATCH, 6), a(BATCH, 5), a(3, 6, 5)),
    "LSTM": (recurrent(layers.LSTM(4, 3, batch_first=True)), a(BATCH, 5, 4)),
    "GRU": (recurrent(layers.GRU(4, 3, batch_first=True)), a(BATCH, 5, 4)),
    "RNN": (recurrent(layers.RNN(4, 3, batch_first=True)), a(BATCH, 5, 4)),
    "MultiheadAttention": (
        in_training(layers.MultiheadAttention(4, 2, dropout=0.3, batch_first=True), 3),
        a(BATCH, 5, 4),
    ),
    "TransformerEncoderLayer": (in_training(layers.TransformerEncoderLayer(4, 2, 8, batch_first=True)), a(BATCH, 5, 4)),
}
RANDOM = {"dropout", "MultiheadAttention", "TransformerEncoderLayer"}  # inside shard_map each device draws its own mask


def with_gradients(function, count):
    def total(*arrays):
        y = function(*arrays)
        return jnp.sum(jnp.sin(y)), y

    return jax.value_and_grad(total, argnums=tuple(range(count)), has_aux=True)


def sharded(way, function, arrays, mesh):
    specs = [PartitionSpec("data") if array.shape[0] == BATCH else PartitionSpec() for array in arrays]
    placed = [jax.device_put(x, NamedSharding(mesh, spec)) for x, spec in zip(arrays, specs, strict=True)]
    run = with_gradients(function, len(arrays))
    if way == "explicit":
        with jax.set_mesh(mesh):
            return jax.jit(run)(*placed)

    def part(*arrays):
        (total, y), gradients = run(*arrays)
        return (jax.lax.psum(total, "data"), y), gradients

    out_specs = ((PartitionSpec(), PartitionSpec("data")), tuple(specs))
    return jax.jit(jax.shard_map(part, mesh=mesh, in_specs=tuple(specs), out_specs=out_specs))(*placed)


def main(way, first=0, step=1):
    mesh = jax.make_mesh((4,), ("data",))
    for name, (function, *arrays) in list(CASES.items())[int(first) :: int(step)]:
        if name in RANDOM and way == "shard_map":
            continue
        try:
            expected = jax.jit(with_gradients(function, len(arrays)))(*arrays)
            actual = sharded(way, function, arrays, mesh)
            jax.tree.map(lambda y, e: np.testing.assert_allclose(y, e, rtol=2e-4, atol=2e-5), actual, expected)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {str(error)[:300]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
