"""The chains that `chains.py` times: operators in succession, as in networks.

A chain is a list of stages. Each stage is one operator, written once for a library's functions `F` (torch's, purenn's,
the naive ones). It reads the result of the previous stage or, with `of`, an earlier result by number: 0 is the
chain's input, i the result of the i-th stage.
"""

# ruff: noqa: N803  (F is functional, here an argument)

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
import torch
from operator_rows import KEY, NAIVE, PURENN, TORCH, Input, Row, indices, normal, uniform, weight


class Stage(NamedTuple):
    name: str
    call: Callable[..., Any]  # takes F, the results that the stage reads, and its own arrays
    inputs: tuple[Input, ...] = ()
    reads: tuple[int, ...] = (-1,)

    def of(self, *reads: int) -> Stage:
        return self._replace(reads=reads)


class Chain(NamedTuple):
    family: str
    name: str
    first: Input
    stages: tuple[Stage, ...]

    @property
    def random(self) -> bool:
        """Whether a stage draws random numbers, so that results of two libraries can't be compared."""
        return any(KEY in stage.inputs for stage in self.stages)

    def row(self) -> Row:
        """All stages as one operator."""

        def call(F: Any, x: Any, *arrays: Any) -> Any:
            return self.run(F, x, *arrays)[-1]

        return Row(self.family, self.name, call, (self.first, *(i for stage in self.stages for i in stage.inputs)))

    def run(self, F: Any, x: Any, *arrays: Any) -> list[Any]:
        """The input and the results of all stages."""
        values, rest = [x], list(arrays)
        for stage in self.stages:
            own = [rest.pop(0) for _ in stage.inputs]
            values.append(stage.call(F, *(values[i] for i in stage.reads), *own))
        return values


# Functions of the chains that the operator table lacks.
OF_TORCH = {"cat": torch.cat, "permute": torch.permute, "mean": torch.mean, "take": lambda x, i: x[i]}
OF_JAX = {"cat": jnp.concatenate, "permute": jnp.transpose, "mean": jnp.mean, "take": lambda x, i: x[i]}
ACTIVATIONS = ("relu6", "sigmoid", "tanh", "elu", "leaky_relu", "hard_swish", "glu", "softplus")


def torch_names(name: str) -> str:
    return name.replace("hard_swish", "hardswish")


LIBRARIES = {
    "torch": SimpleNamespace(**vars(TORCH), **OF_TORCH),
    "naive": SimpleNamespace(
        binary_cross_entropy_with_logits=lambda x, t: optax.sigmoid_binary_cross_entropy(x, t).mean(),
        smooth_l1_loss=lambda x, t: optax.huber_loss(x, t).mean(),
        **{**vars(NAIVE), **OF_JAX, **{torch_names(name): getattr(jax.nn, name, jnp.tanh) for name in ACTIVATIONS}},
    ),
    "purenn": SimpleNamespace(**vars(PURENN), **OF_JAX),
}


def without_chance(F: Any) -> Any:
    """The functions, with a dropout that keeps every element, for comparisons."""
    return SimpleNamespace(**{**vars(F), "dropout": lambda x, p, rng: x, "dropout2d": lambda x, p, rng: x})


# Stages.


def conv(c: int, out: int, kernel: int, n: int = 2, transposed: bool = False, **options: Any) -> Stage:
    """A convolution of n dimensions. With stride 1 and no given padding it keeps the size."""
    groups = options.get("groups", 1)
    name = f"conv_transpose{n}d" if transposed else f"conv{n}d"
    if not transposed:
        options.setdefault("padding", options.get("dilation", 1) * (kernel - 1) // 2)
    sizes = (c, out // groups) if transposed else (out, c // groups)
    label = f"{'convT' if transposed else 'conv'}{kernel}" + (f"s{options['stride']}" if "stride" in options else "")
    label += " depthwise" if groups == c > 1 else f" {c} to {out}"
    arrays = (weight(*sizes, *(kernel,) * n), normal(out, scale=0.1))
    return Stage(label, lambda F, x, w, b=None: getattr(F, name)(x, w, b, **options), arrays)


def depthwise(c: int, kernel: int, n: int = 2, **options: Any) -> Stage:
    return conv(c, c, kernel, n, groups=c, **options)


def linear(c: int, out: int) -> Stage:
    return Stage(
        f"linear {c} to {out}", lambda F, x, w, b=None: F.linear(x, w, b), (weight(out, c), normal(out, scale=0.1))
    )


def plain(name: str, *options: Any) -> Stage:
    """A function of one array."""
    return Stage(name, lambda F, x: getattr(F, name)(x, *options))


RELU, GELU, SILU, SIGMOID, RELU6 = (plain(name) for name in ("relu", "gelu", "silu", "sigmoid", "relu6"))
ADD = Stage("add", lambda F, a, b: a + b)
MUL = Stage("times", lambda F, a, b: a * b)
FLAT = Stage("flatten", lambda F, x: x.reshape(x.shape[0], -1))


def pool(kind: str, kernel: int, stride: int | None = None, padding: int = 0, n: int = 2) -> Stage:
    label = f"{kind}pool{kernel}" + (f"s{stride}" if stride else "")
    return Stage(label, lambda F, x: getattr(F, f"{kind}_pool{n}d")(x, kernel, stride, padding))


def affine(name: str, c: int, call: Callable[..., Any]) -> Stage:
    return Stage(name, call, (uniform(0.5, 1.5, c), normal(c, scale=0.1)))


def batch_norm(c: int, training: bool = True) -> Stage:
    if training:
        return affine("bn", c, lambda F, x, w, b: F.batch_norm(x, None, None, w, b, True))
    running = normal(c, scale=0.1, trained=False), uniform(0.5, 1.5, c, trained=False)
    arrays = (*running, uniform(0.5, 1.5, c), normal(c, scale=0.1))
    return Stage("bn eval", lambda F, x, mean, var, w, b: F.batch_norm(x, mean, var, w, b), arrays)


def layer_norm(c: int) -> Stage:
    return affine("ln", c, lambda F, x, w, b: F.layer_norm(x, (c,), w, b))


def group_norm(c: int, groups: int) -> Stage:
    return affine("gn", c, lambda F, x, w, b: F.group_norm(x, groups, w, b))


def instance_norm(c: int) -> Stage:
    return affine("in", c, lambda F, x, w, b: F.instance_norm(x, None, None, w, b))


def upsample(side: int, mode: str, n: int = 2) -> Stage:
    return Stage(f"up {mode}", lambda F, x: F.interpolate(x, (side,) * n, mode=mode))


def pad(mode: str, *pads: int) -> Stage:
    return Stage(f"pad {mode}", lambda F, x: F.pad(x, pads, mode=mode))


def dropout(p: float, of_channels: bool = False) -> Stage:
    name = "dropout2d" if of_channels else "dropout"
    return Stage(name, lambda F, x, rng: getattr(F, name)(x, p, rng=rng), (KEY,))


def cat(axis: int = 1) -> Stage:
    return Stage("cat", lambda F, a, b: F.cat((a, b), axis))


def entropy(classes: int, *shape: int) -> Stage:
    return Stage("cross_entropy", lambda F, x, t: F.cross_entropy(x, t), (indices(classes, *shape),))


def attention(heads: int, causal: bool = False) -> Stage:
    """Attention over queries, keys and values that are concatenated in (N, L, 3 E)."""

    def call(F: Any, x: Any) -> Any:
        n, length, width = x.shape
        q, k, v = F.permute(x.reshape(n, length, 3, heads, width // 3 // heads), (2, 0, 3, 1, 4))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return F.permute(y, (0, 2, 1, 3)).reshape(n, length, width // 3)

    return Stage("causal attention" if causal else "attention", call)


def lstm(width: int, n: int) -> Stage:
    given = ((4 * width, width), (4 * width, width), (4 * width,), (4 * width,))
    arrays = (*(normal(1, n, width) for _ in range(2)), *(normal(*s, scale=width**-0.5) for s in given))
    return Stage("lstm", lambda F, x, h, c, *w: F.lstm(x, (h, c), w, 1, False)[0], arrays)


def embedding(count: int, width: int) -> Stage:
    return Stage("embedding", lambda F, ids, w: F.embedding(ids, w), (normal(count, width),))


# Chains.

Shape = tuple[int, ...]


def chain(family: str, first: Input | Shape, *stages: Stage) -> Chain:
    """A chain, named after its stages. An input given as a shape has a gradient.

    Convolutions before batch and instance norms have no bias, as in networks: these norms subtract the mean.
    """
    first = first if isinstance(first, Input) else normal(*first)
    before_norm = [later.name in ("bn", "in") and len(stage.inputs) == 2 for stage, later in itertools.pairwise(stages)]
    stages = tuple(
        stage._replace(inputs=stage.inputs[:1]) if without else stage
        for stage, without in zip(stages, [*before_norm, False], strict=True)
    )
    names = " > ".join(stage.name for stage in stages)
    return Chain(family, f"{names}, {'x'.join(map(str, first.shape))}", first, stages)


def data(*shape: int) -> Input:
    """An input of data, which needs no gradient."""
    return normal(*shape, trained=False)


def stems() -> Iterator[Chain]:
    for c, out, kernel, shape in [
        (1, 32, 5, (32, 1, 28, 28)),
        (1, 16, 3, (64, 1, 28, 28)),
        (3, 32, 3, (32, 3, 32, 32)),
    ]:
        yield chain("stem", data(*shape), conv(c, out, kernel), RELU, pool("max", 2))
        yield chain("stem", data(*shape), conv(c, out, kernel), RELU, pool("avg", 2))
    yield chain("stem", data(32, 1, 28, 28), conv(1, 6, 5), plain("tanh"), pool("avg", 2), conv(6, 16, 5), RELU)
    yield chain("stem", data(8, 3, 64, 64), conv(3, 64, 3), RELU, pool("max", 3, 2))
    yield chain("stem", data(4, 3, 112, 112), conv(3, 64, 7, stride=2), batch_norm(64), RELU, pool("max", 3, 2, 1))
    yield chain("stem", data(8, 3, 64, 64), conv(3, 32, 3, stride=2), batch_norm(32), RELU6)
    yield chain("stem", data(8, 3, 64, 64), conv(3, 96, 4, stride=4, padding=0), GELU)
    yield chain("stem", data(16, 3, 32, 32), conv(3, 32, 3), batch_norm(32), RELU, conv(32, 32, 3), pool("max", 2))
    yield chain("stem", data(16, 3, 32, 32), conv(3, 32, 3), RELU, plain("adaptive_avg_pool2d", 1))
    yield chain("stem", data(16, 3, 33, 33), conv(3, 24, 3), plain("leaky_relu"), plain("adaptive_max_pool2d", 5))
    yield chain("stem", data(1, 3, 64, 64), conv(3, 32, 3), RELU, pool("max", 2))


def images() -> Iterator[Chain]:
    yield chain("conv", (16, 64, 32, 32), conv(64, 64, 3), RELU, pool("max", 2))
    yield chain("conv", (16, 32, 16, 16), conv(32, 64, 3), batch_norm(64), RELU, pool("max", 2))
    yield chain("conv", (16, 32, 28, 28), conv(32, 32, 3), batch_norm(32), RELU, conv(32, 32, 3), batch_norm(32))
    yield chain("conv", (8, 64, 28, 28), conv(64, 64, 3), batch_norm(64, False), RELU, conv(64, 64, 3))
    yield chain("conv", (8, 16, 32, 32), conv(16, 16, 3), group_norm(16, 4), SILU, conv(16, 16, 3))
    yield chain(
        "conv", (4, 32, 32, 32), pad("reflect", 1, 1, 1, 1), conv(32, 32, 3, padding=0), instance_norm(32), RELU
    )
    yield chain("conv", (16, 8, 32, 32), pad("reflect", 1, 1, 1, 1), conv(8, 8, 3, padding=0), RELU)
    yield chain("conv", (8, 8, 32, 32), pad("replicate", 2, 2, 2, 2), conv(8, 16, 5, padding=0), RELU, pool("max", 2))
    yield chain("conv", (8, 32, 28, 28), conv(32, 64, 1), RELU, conv(64, 32, 1))
    yield chain("conv", (16, 32, 16, 16), conv(32, 64, 3, stride=2), batch_norm(64), RELU, dropout(0.1, True))
    yield chain("conv", (8, 48, 14, 14), RELU, conv(48, 48, 3), RELU, conv(48, 48, 3), ADD.of(-1, 0))
    yield chain("conv", (4, 4, 64, 64), conv(4, 4, 3), RELU, conv(4, 4, 3), RELU, conv(4, 1, 3))
    yield chain("conv", (16, 32, 8, 8), conv(32, 32, 3), RELU, FLAT, linear(2048, 64))
    yield chain("conv", (8, 16, 28, 28), pool("max", 3, 1, 1), conv(16, 16, 1), RELU)
    yield chain("conv", (8, 16, 28, 28), GELU, pool("avg", 3, 2, 1), conv(16, 32, 1))
    yield chain("conv", (8, 16, 28, 28), plain("softplus"), plain("unfold", 3, 1, 1), plain("permute", (0, 2, 1)))


def blocks() -> Iterator[Chain]:
    yield chain("depthwise", (8, 64, 28, 28), depthwise(64, 3), batch_norm(64), RELU6, conv(64, 64, 1))
    yield chain("depthwise", (8, 64, 28, 28), depthwise(64, 3, stride=2), batch_norm(64), RELU, conv(64, 128, 1))
    expand = conv(16, 96, 1), batch_norm(96), RELU6
    yield chain("depthwise", (8, 16, 28, 28), *expand, depthwise(96, 3), batch_norm(96))
    yield chain("depthwise", (8, 96, 14, 14), batch_norm(96), SILU, depthwise(96, 5), batch_norm(96), SILU)
    channels_last = Stage("channels last", lambda F, x: F.permute(x, (0, 2, 3, 1)))
    yield chain("depthwise", (4, 96, 28, 28), depthwise(96, 7), channels_last, layer_norm(96), linear(96, 384), GELU)
    yield chain("depthwise", (8, 32, 28, 28), depthwise(32, 3), RELU, depthwise(32, 3), RELU, pool("max", 2))
    yield chain("depthwise", (16, 8, 32, 32), GELU, depthwise(8, 3), GELU, pool("avg", 2))
    squeeze = plain("adaptive_avg_pool2d", 1), conv(64, 16, 1), RELU, conv(16, 64, 1), SIGMOID
    yield chain("squeeze", (16, 64, 28, 28), *squeeze, MUL.of(-1, 0))
    yield chain("squeeze", (8, 32, 28, 28), conv(32, 32, 3), SIGMOID, MUL.of(-1, 0), pool("max", 2))
    yield chain("residual", (8, 32, 28, 28), conv(32, 32, 3), batch_norm(32), RELU, ADD.of(-1, 0), pool("max", 2))
    yield chain("residual", (8, 16, 32, 32), conv(16, 16, 3), ADD.of(-1, 0), group_norm(16, 4), RELU)
    yield chain("residual", (8, 3, 32, 32), conv(3, 3, 3), ADD.of(-1, 0), RELU, conv(3, 16, 3), pool("max", 2))


def decoders() -> Iterator[Chain]:
    yield chain("u-net", (4, 32, 16, 16), upsample(32, "nearest"), conv(32, 16, 3), RELU)
    yield chain("u-net", (4, 32, 16, 16), upsample(32, "bilinear"), conv(32, 16, 3), batch_norm(16), RELU)
    yield chain("u-net", (4, 8, 16, 16), upsample(32, "bilinear"), conv(8, 8, 3), RELU, conv(8, 3, 3))
    yield chain("u-net", (4, 64, 16, 16), conv(64, 32, 2, stride=2, transposed=True), RELU, conv(32, 32, 3), RELU)
    down_and_up = conv(16, 16, 3), RELU, pool("max", 2), upsample(32, "nearest"), cat().of(-1, 2)
    yield chain("u-net", (4, 16, 32, 32), *down_and_up, conv(32, 16, 3))
    yield chain(
        "u-net", data(4, 1, 48, 48), conv(1, 16, 3), RELU, pool("max", 2), upsample(48, "bilinear"), cat().of(-1, 2)
    )
    transposed = conv(32, 16, 4, stride=2, padding=1, transposed=True), batch_norm(16), RELU
    yield chain(
        "u-net", (8, 32, 16, 16), *transposed, conv(16, 3, 4, stride=2, padding=1, transposed=True), plain("tanh")
    )
    yield chain("u-net", (4, 32, 16, 16), conv(32, 64, 3), plain("pixel_shuffle", 2), RELU, conv(16, 3, 3))


def volumes_and_signals() -> Iterator[Chain]:
    yield chain("3-D", data(2, 1, 16, 32, 32), conv(1, 8, 3, 3), RELU, pool("max", 2, n=3))
    yield chain("3-D", (2, 8, 16, 16, 16), conv(8, 16, 3, 3), batch_norm(16), RELU, pool("max", 2, n=3))
    yield chain("3-D", (2, 8, 8, 16, 16), conv(8, 8, 3, 3), instance_norm(8), plain("leaky_relu"), conv(8, 8, 3, 3))
    yield chain("3-D", (1, 16, 8, 8, 8), upsample(16, "trilinear", 3), conv(16, 8, 3, 3), RELU)
    yield chain("signal", data(16, 1, 4000), conv(1, 32, 5, 1), RELU, pool("max", 2, n=1))
    yield chain("signal", data(8, 1, 8000), conv(1, 64, 25, 1, stride=4), batch_norm(64), RELU, pool("max", 4, n=1))
    yield chain("signal", (16, 32, 500), conv(32, 64, 3, 1), batch_norm(64), RELU, pool("max", 2, n=1))
    yield chain("signal", (8, 16, 1000), conv(16, 16, 7, 1), GELU, pool("avg", 2, n=1), conv(16, 32, 3, 1))
    gates = conv(32, 64, 3, 1, dilation=4), plain("glu", 1), conv(32, 32, 1, 1), ADD.of(-1, 0)
    yield chain("signal", (8, 32, 500), *gates)
    filtered = plain("tanh"), conv(32, 32, 2, 1, dilation=8, padding=8), SIGMOID
    yield chain("signal", (8, 32, 500), conv(32, 32, 1, 1), *filtered)
    yield chain("signal", (8, 64, 300), layer_norm(300), depthwise(64, 31, 1), SILU, conv(64, 64, 1, 1))


def words() -> Iterator[Chain]:
    yield chain("block", (8, 128, 256), layer_norm(256), linear(256, 1024), GELU, linear(1024, 256), ADD.of(-1, 0))
    yield chain(
        "block", (8, 128, 128), layer_norm(128), linear(128, 384), attention(4), linear(128, 128), ADD.of(-1, 0)
    )
    behind = linear(256, 256), dropout(0.1), ADD.of(-1, 0), layer_norm(256)
    yield chain("block", (8, 64, 256), linear(256, 768).of(0), attention(8, causal=True), *behind)
    yield chain("block", (16, 64, 256), linear(256, 512), RELU, dropout(0.1), linear(512, 256))
    yield chain("block", (128, 784), linear(784, 256), batch_norm(256), RELU, dropout(0.5), linear(256, 10))
    ids = indices(8000, 16, 128)
    yield chain("block", ids, embedding(8000, 128), layer_norm(128), dropout(0.1))
    yield chain("block", ids, embedding(8000, 64), linear(64, 256), GELU)
    yield chain("block", indices(1000, 64, 16), embedding(1000, 128), lstm(128, 16), linear(128, 64))
    yield chain("block", (64, 16, 64), layer_norm(64), lstm(64, 16), dropout(0.2), linear(64, 64))
    yield chain("loss", (128, 256), linear(256, 1000), entropy(1000, 128))
    yield chain("loss", (4, 32, 32, 32), conv(32, 21, 1), upsample(64, "bilinear"), entropy(21, 4, 64, 64))
    yield chain("loss", (8, 16, 32, 32), conv(16, 5, 3), entropy(5, 8, 32, 32))
    target = uniform(0, 1, 8, 1, 32, 32, trained=False)
    binary = Stage("bce", lambda F, x, t: F.binary_cross_entropy_with_logits(x, t), (target,))
    yield chain("loss", (8, 16, 32, 32), conv(16, 1, 3), binary)
    distance = Stage("smooth_l1", lambda F, x, t: F.smooth_l1_loss(x, t), (normal(8, 3, 32, 32, trained=False),))
    yield chain("loss", (8, 16, 32, 32), conv(16, 3, 3), plain("tanh"), distance)


FAMILIES = (stems, images, blocks, decoders, volumes_and_signals, words)
CHAINS = [made for family in FAMILIES for made in family()]
