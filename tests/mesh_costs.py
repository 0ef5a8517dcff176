"""The cost of every family on eight virtual devices, beside the plain formulation. test_meshes.py runs this file.

It compiles value and gradients with a sharded batch, and with sharded channels or heads. In each program it counts the
collectives, the bytes that they return, and the floating-point operations per device. ``auto``, ``explicit`` and
``shard_map`` say how the arrays are sharded. It prints the rows that exceed the plain formulation, with both counts.
"""

import os
import re
import sys

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0"

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from purenn import functional as F
from purenn.functional.calls import called
from purenn.lowering.rnn import Weights, reference, scan
from purenn.lowering.rnn_steps import GRU, LSTM, RNN_TANH

N, BATCH, SECOND, FIRST = 8, PartitionSpec("d"), PartitionSpec(None, "d"), PartitionSpec("d")
COLLECTIVE = re.compile(r"= (.*?) (?:all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter)(?:-start)?\(")
ARRAY = re.compile(r"\b(?:f|s|u|bf|pred)(\d*)\[([\d,]*)\]")


def shape(*sizes):
    return jax.ShapeDtypeStruct(sizes, jnp.float32)


def plain_conv(x, w, stride=1, groups=1):
    return lax.conv_general_dilated(x, w, (stride,) * 2, "VALID", feature_group_count=groups)


def plain_transposed(x, w):
    w = jnp.flip(w.swapaxes(0, 1), (2, 3))
    return lax.conv_general_dilated(x, w, (1, 1), ((2, 2),) * 2, lhs_dilation=(2, 2))


def plain_pool(x, start, join):
    return lax.reduce_window(x, np.float32(start), join, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def plain_norm(x, axes):
    mean, var = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
    return (x - mean) * lax.rsqrt(var + 1e-5)


def plain_groups(x):
    return plain_norm(x.reshape(N, 8, 2, *x.shape[2:]), (2, 3, 4)).reshape(x.shape)


def plain_cross_entropy(x):
    labels = jnp.zeros(x.shape[0], jnp.int32)
    return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], 1)[:, 0]


def plain_attention(q, k, v, causal=False):
    s = jnp.einsum("bhle,bhse->bhls", q, k) / np.sqrt(q.shape[-1])
    s = jnp.where(jnp.tri(*s.shape[2:], dtype=bool), s, -jnp.inf) if causal else s
    return jnp.einsum("bhls,bhse->bhle", jax.nn.softmax(s), v)


def attention(q, k, v, causal=False):
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal)


def recurrent(run, cell):
    @called
    def of(x, ih, hh, b):  # (T, B, in)
        state = (jnp.zeros((x.shape[1], hh.shape[1])),) * cell.states
        return run(cell, x, state, Weights(ih, hh, b, b), None, False)[0]

    return of


def weights(gates):
    return shape(gates * 16, 16), shape(gates * 16, 16), shape(gates * 16)


IMAGE, HEADS, LONG = shape(N, 16, 10, 10), shape(N, 8, 16, 8), shape(N, 8, 640, 8)
OVER_TIME = (SECOND, None, None, None)
# ours, the plain formulation, the arrays, and how they are sharded: the batch, and channels or heads where they can be
CASES = {
    "linear": (F.linear, lambda x, w, b: x @ w.T + b, (shape(N, 16), shape(8, 16), shape(8)), [(BATCH, None, None)]),
    "conv2d": (F.conv2d, plain_conv, (IMAGE, shape(8, 16, 3, 3)), [(BATCH, None), (None, FIRST)]),
    "strided": (
        lambda x, w: F.conv2d(x, w, stride=2),
        lambda x, w: plain_conv(x, w, 2),
        (IMAGE, shape(8, 16, 3, 3)),
        [(BATCH, None), (None, FIRST)],
    ),
    "depthwise": (
        lambda x, w: F.conv2d(x, w, groups=16),
        lambda x, w: plain_conv(x, w, groups=16),
        (IMAGE, shape(16, 1, 3, 3)),
        [(BATCH, None)],
    ),
    "conv_transpose2d": (
        lambda x, w: F.conv_transpose2d(x, w, stride=2),
        plain_transposed,
        (IMAGE, shape(16, 8, 3, 3)),
        [(BATCH, None)],
    ),
    "max_pool2d": (
        lambda x: F.max_pool2d(x, 2),
        lambda x: plain_pool(x, -np.inf, lax.max),
        (IMAGE,),
        [(BATCH,), (SECOND,)],
    ),
    "avg_pool2d": (
        lambda x: F.avg_pool2d(x, 2),
        lambda x: plain_pool(x, 0, lax.add) / 4,
        (IMAGE,),
        [(BATCH,), (SECOND,)],
    ),
    "layer_norm": (
        lambda x: F.layer_norm(x, x.shape[1:]),
        lambda x: plain_norm(x, (1, 2, 3)),
        (IMAGE,),
        [(BATCH,)],
    ),
    "group_norm": (lambda x: F.group_norm(x, 8), plain_groups, (IMAGE,), [(BATCH,), (SECOND,)]),
    "softmax": (lambda x: F.softmax(x, -1), jax.nn.softmax, (shape(N, 32),), [(BATCH,)]),
    "cross_entropy": (
        lambda x: F.cross_entropy(x, jnp.zeros(x.shape[0], jnp.int32), reduction="none"),
        plain_cross_entropy,
        (shape(N, 32),),
        [(BATCH,)],
    ),
    "attention": (attention, plain_attention, (HEADS,) * 3, [(BATCH,) * 3, (SECOND,) * 3]),
    "attention in chunks": (attention, plain_attention, (LONG,) * 3, [(BATCH,) * 3, (SECOND,) * 3]),
    "causal attention": (
        lambda q, k, v: attention(q, k, v, True),
        lambda q, k, v: plain_attention(q, k, v, True),
        (HEADS,) * 3,
        [(BATCH,) * 3, (SECOND,) * 3],
    ),
    "LSTM": (recurrent(scan, LSTM), recurrent(reference, LSTM), (shape(24, N, 16), *weights(4)), [OVER_TIME]),
    "wide LSTM": (recurrent(scan, LSTM), recurrent(reference, LSTM), (shape(24, 4 * N, 16), *weights(4)), [OVER_TIME]),
    "GRU": (recurrent(scan, GRU), recurrent(reference, GRU), (shape(24, 4 * N, 16), *weights(3)), [OVER_TIME]),
    "RNN": (recurrent(scan, RNN_TANH), recurrent(reference, RNN_TANH), (shape(24, N, 16), *weights(1)), [OVER_TIME]),
    "interpolate": (
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
        lambda x: jax.image.resize(x, (*x.shape[:2], 20, 20), "bilinear"),
        (IMAGE,),
        [(BATCH,), (SECOND,)],
    ),
}


def costs(function, arrays, specs, way, devices=8):
    kind = AxisType.Explicit if way == "explicit" else AxisType.Auto
    mesh = jax.make_mesh((devices,), ("d",), axis_types=(kind,), devices=jax.devices()[:devices])
    specs = [spec or PartitionSpec() for spec in specs]
    placed = [
        jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=NamedSharding(mesh, s))
        for a, s in zip(arrays, specs, strict=True)
    ]

    def run(*arrays):
        y, pull = jax.vjp(function, *arrays)
        return y, pull(jnp.sin(y))

    if way == "shard_map":
        out_specs = (specs[0], tuple(specs))
        run = jax.shard_map(run, mesh=mesh, in_specs=tuple(specs), out_specs=out_specs)
    with jax.set_mesh(mesh):
        shardings = tuple(NamedSharding(mesh, s) for s in specs)
        compiled = jax.jit(run, out_shardings=(None, shardings)).lower(*placed).compile()
    found = COLLECTIVE.findall(compiled.as_text())
    arrays = [pair for result in found for pair in ARRAY.findall(result)]
    sizes = [int(bits or 8) // 8 * int(np.prod([int(n) for n in dims.split(",") if n])) for bits, dims in arrays]
    return {"collectives": len(found), "bytes": sum(sizes), "flops": compiled.cost_analysis()["flops"]}


def main(way, names):
    for name, (ours, plain, arrays, shardings) in CASES.items():
        if names and name not in names:
            continue
        for specs in shardings[:1] if way == "shard_map" else shardings:  # there channels are local sizes
            if way == "explicit" and specs[0] is None:
                continue  # jax doesn't say how a convolution with a divided weight is sharded
            expected, actual = costs(plain, arrays, specs, "auto"), costs(ours, arrays, specs, way)
            more = {kind for kind in ("collectives", "bytes") if actual[kind] > expected[kind]}
            # A `rounded` is two operations per element, and XLA computes it again in every fusion that reads it: six
            # times in layer_norm's value and gradient. The counter takes a loop's body once.
            elements = sum(int(np.prod(array.shape)) for array in arrays) / 8
            if actual["flops"] > max(1.3 * expected["flops"], expected["flops"] + 10 * elements):
                more |= {"flops"} if actual["flops"] > 1.1 * costs(ours, arrays, specs, way, 1)["flops"] / 8 else set()
            if more:
                print(f"{name} {specs}: {actual}, plain {expected}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
