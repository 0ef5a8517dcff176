"""The overhead of purenn: calls, training steps and cold starts, beside hand-written jax and other libraries.

    python benchmarks/overhead.py [--only calls|steps|cold] [--json PATH] [--quick]

Every contestant computes the same numbers from the same weights; this is checked before anything is timed. Calls and
steps are timed in many short rounds. Each round times all contestants, in a random order, so a busy moment of the
machine affects all alike. A table shows three medians over the rounds: the time, the ratio to the hand-written code in
the same round, and the CPU time of the calling thread. Each cold start has its own process.
"""

from __future__ import annotations

import argparse
import functools
import gc
import importlib.metadata
import importlib.util
import itertools
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

# Nothing slow is imported here: a cold start is a fresh process that runs this file.

Once = Callable[[], Any]  # one call or step; returns an array to wait for

BATCH = {"linear": (1, 8), "blocks": (1, 64), "chain": (1, 16)}
MODELS = {
    "linear": "one Linear(8, 8)",
    "blocks": "12 blocks of Linear(64, 64), LayerNorm, GELU and a sum: 48 arrays",
    "chain": "100 Linear(16, 16): 200 arrays",
}
STEP_BATCH, STEP_RATE = 8, 1e-3
COLD_RATE, COLD_IMAGES, COLD_CLASSES = 0.01, (2, 3, 64, 64), 1000
COLD_PARAMETERS = 25_557_032
MARKS = ("imported", "constructed", "stepped")
# The stages of ResNet-50: number of blocks, width, stride of the first block.
STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))


class Contestant(NamedTuple):
    library: str
    way: str
    make: Callable[..., Any]

    @property
    def name(self) -> str:
        return f"{self.library}: {self.way}"


CONTESTANTS: dict[str, list[Contestant]] = {"calls": [], "steps": [], "cold": []}
PACKAGES = {"flax.nnx": "flax", "equinox": "equinox", "haiku": "haiku", "torch": "torch"}


def contestant(
    part: str, library: str, ways: str | dict[str, Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a contestant of a part: under one name, or under several, each with a value for its last argument."""

    def enter(make: Callable[..., Any]) -> Callable[..., Any]:
        for way, option in ways.items() if isinstance(ways, dict) else [(ways, None)]:
            made = functools.partial(make, **{last_argument(make): option}) if isinstance(ways, dict) else make
            CONTESTANTS[part].append(Contestant(library, way, made))
        return make

    return enter


def last_argument(function: Callable[..., Any]) -> str:
    return function.__code__.co_varnames[function.__code__.co_argcount - 1]


def installed(library: str) -> bool:
    return importlib.util.find_spec(PACKAGES.get(library, "purenn")) is not None


# The same weights everywhere: the entries of an array depend on its name, its place in the net and the indices.


def pattern(path: str, shape: tuple[int, ...], *, outputs_first: bool) -> Any:
    """An array that looks random. Kernels agree between libraries when their axes have the same order."""
    import numpy as np

    number = re.search(r"\d+", path)
    seed = int(number.group()) if number else 99
    if max(shape) == np.prod(shape):  # a vector; some libraries give it axes of length 1
        wave = 0.1 * np.sin(seed + 12.9898 * np.arange(max(shape))).reshape(shape)
        return (1 + wave if "scale" in path or re.search("norm.*weight", path) else wave).astype(np.float32)
    order = shape if outputs_first else (shape[-1], shape[-2], *shape[:-2])
    grid = np.ix_(*(np.arange(size) for size in order))
    angle = sum(index * step for index, step in zip(grid, (12.9898, 78.233, 37.719, 91.345), strict=False))
    value = (np.sin(angle + seed) * 43758.5453) % 1 * 2 - 1
    value *= (3 / np.prod(order[1:])) ** 0.5 * (20 if "head" in path else 1)  # otherwise the first loss shows little
    return (value if outputs_first else np.moveaxis(value, (0, 1), (-1, -2))).astype(np.float32)


def filled(tree: Any, *, outputs_first: bool) -> Any:
    """A tree in which the pattern replaces each jax array."""
    import jax
    import jax.numpy as jnp

    def fill(path: Any, array: Any) -> Any:
        return jnp.asarray(pattern(jax.tree_util.keystr(path), array.shape, outputs_first=outputs_first))

    return jax.tree_util.tree_map_with_path(fill, tree)


def fill_torch(net: Any) -> None:
    import torch

    with torch.no_grad():
        for name, array in net.named_parameters():
            array.copy_(torch.from_numpy(pattern(name, tuple(array.shape), outputs_first=True)))


def inputs(kind: str, batch: int | None = None) -> Any:
    import numpy as np

    shape = (batch or BATCH[kind][0], BATCH[kind][1])
    return np.random.RandomState(0).normal(size=shape).astype(np.float32)


def task(kind: str) -> tuple[Any, Any]:
    """A batch to train on."""
    import jax.numpy as jnp

    x = inputs(kind, STEP_BATCH)
    return jnp.asarray(x), jnp.asarray(x[::-1] ** 2)


# The models, once per library.


def written_by_hand(kind: str) -> tuple[dict[str, Any], Callable[[dict[str, Any], Any], Any]]:
    """A flat dict of arrays and the arithmetic."""
    import jax
    import jax.numpy as jnp

    def linear(p: Any, name: str, x: Any) -> Any:
        return x @ p[f"{name}weight"].T + p[f"{name}bias"]

    def block(p: Any, name: str, x: Any) -> Any:
        y = linear(p, f"{name}linear.", x)
        y = y - y.mean(-1, keepdims=True)
        y = y * jax.lax.rsqrt((y * y).mean(-1, keepdims=True) + 1e-5)
        y = y * p[f"{name}norm.weight"] + p[f"{name}norm.bias"]
        return x + jax.nn.gelu(y, approximate=False)

    width = BATCH[kind][1]
    part, count = {"linear": (linear, 1), "blocks": (block, 12), "chain": (linear, 100)}[kind]
    prefixes = [""] if kind == "linear" else [f"{i}." for i in range(count)]
    arrays = {"linear.weight": (width, width), "linear.bias": (width,), "norm.weight": (width,), "norm.bias": (width,)}
    if part is linear:
        arrays = {"weight": (width, width), "bias": (width,)}
    params = {
        prefix + name: jnp.asarray(pattern(prefix + name, shape, outputs_first=True))
        for prefix in prefixes
        for name, shape in arrays.items()
    }

    def forward(params: dict[str, Any], x: Any) -> Any:
        for prefix in prefixes:
            x = part(params, prefix, x)
        return x

    return params, forward


def in_torch_style(nn: Any, kind: str) -> Any:
    """The very same code for torch.nn and for purenn.nn."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.norm, self.gelu = nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU()

        def forward(self, x: Any) -> Any:
            return x + self.gelu(self.norm(self.linear(x)))

    if kind == "linear":
        return nn.Linear(8, 8)
    return nn.Sequential(*(Block() for _ in range(12)) if kind == "blocks" else (nn.Linear(16, 16) for _ in range(100)))


def purenn_module(kind: str) -> Any:
    from purenn import nn

    net = in_torch_style(nn, kind)
    net.params = filled(net.params, outputs_first=True)
    return net


def purenn_layer(kind: str) -> tuple[Any, Any, Any]:
    import jax

    from purenn import layers

    class Block(layers.Composite):
        def children(self) -> dict[str, layers.Layer]:
            return {"linear": layers.Linear(64, 64), "norm": layers.LayerNorm(64), "gelu": layers.GELU()}

        def forward(self, m: Any, x: Any) -> Any:
            return x + m.gelu(m.norm(m.linear(x)))

    parts = {"linear": [layers.Linear(8, 8)], "blocks": [Block()] * 12, "chain": [layers.Linear(16, 16)] * 100}[kind]
    layer = parts[0] if kind == "linear" else layers.Sequential(*parts)
    params, state = layer.init(jax.random.key(0))
    return layer, filled(params, outputs_first=True), state


def torch_module(kind: str) -> Any:
    import torch

    torch.set_num_threads(1)  # at these sizes more threads only take time
    net = in_torch_style(torch.nn, kind)
    fill_torch(net)
    return net


def nnx_module(kind: str) -> Any:
    from flax import nnx

    class Block(nnx.Module):
        def __init__(self, rngs: nnx.Rngs):
            self.linear = nnx.Linear(64, 64, rngs=rngs)
            self.norm = nnx.LayerNorm(64, epsilon=1e-5, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            return x + nnx.gelu(self.norm(self.linear(x)), approximate=False)

    rngs = nnx.Rngs(0)
    if kind == "linear":
        net = nnx.Linear(8, 8, rngs=rngs)
    elif kind == "blocks":
        net = nnx.Sequential(*(Block(rngs) for _ in range(12)))
    else:
        net = nnx.Sequential(*(nnx.Linear(16, 16, rngs=rngs) for _ in range(100)))
    nnx.update(net, filled(nnx.state(net, nnx.Param), outputs_first=False))
    return net


def equinox_module(kind: str) -> Any:
    import equinox as eqx
    import jax

    class Block(eqx.Module):
        linear: eqx.nn.Linear
        norm: eqx.nn.LayerNorm

        def __init__(self, key: Any):
            self.linear, self.norm = eqx.nn.Linear(64, 64, key=key), eqx.nn.LayerNorm(64)

        def __call__(self, x: Any, key: Any = None) -> Any:
            return x + jax.nn.gelu(self.norm(self.linear(x)), approximate=False)

    key = jax.random.key(0)
    if kind == "linear":
        net = eqx.nn.Linear(8, 8, key=key)
    elif kind == "blocks":
        net = eqx.nn.Sequential([Block(key) for _ in range(12)])
    else:
        net = eqx.nn.Sequential([eqx.nn.Linear(16, 16, key=key) for _ in range(100)])
    arrays, rest = eqx.partition(net, eqx.is_inexact_array)
    return eqx.combine(filled(arrays, outputs_first=True), rest)


def haiku_pair(kind: str) -> tuple[Any, Any]:
    import haiku as hk
    import jax

    def forward(x: Any) -> Any:
        if kind == "linear":
            return hk.Linear(8)(x)
        if kind == "chain":
            for i in range(100):
                x = hk.Linear(16, name=f"linear{i}")(x)
            return x
        for i in range(12):
            y = hk.Linear(64, name=f"block{i}_linear")(x)
            y = hk.LayerNorm(-1, create_scale=True, create_offset=True, name=f"block{i}_norm")(y)
            x = x + jax.nn.gelu(y, approximate=False)
        return x

    net = hk.without_apply_rng(hk.transform(forward))
    return net, filled(jax.jit(net.init)(jax.random.key(0), inputs(kind)), outputs_first=False)


# Part 1: calls. Each contestant returns a function without arguments that makes one call.


@contestant("calls", "by hand", {"jax.jit, dict of arrays": False, "jax.jit, nested dicts": True})
def call_by_hand(kind: str, nested: bool) -> Once:
    import jax
    import jax.numpy as jnp

    params, forward = written_by_hand(kind)
    x = jnp.asarray(inputs(kind))
    if nested:  # the cost of a tree in any library: jax flattens it in each call
        flat, params = params, {}
        for name, array in flat.items():
            *path, last = name.split(".")
            functools.reduce(lambda branch, part: branch.setdefault(part, {}), path, params)[last] = array
    jitted = jax.jit((lambda tree, x: forward(joined(tree), x)) if nested else forward)
    return lambda: jitted(params, x)


def joined(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= joined(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


@contestant("calls", "purenn", "jax.jit(layer.apply)")
def call_purenn_apply(kind: str) -> Once:
    import jax
    import jax.numpy as jnp

    layer, params, state = purenn_layer(kind)
    jitted, x = jax.jit(layer.apply), jnp.asarray(inputs(kind))
    return lambda: jitted(params, state, x)[0]


@contestant("calls", "purenn", {"module, eager": False, "net.compile()": True})
def call_purenn_module(kind: str, compiled: bool) -> Once:
    import jax.numpy as jnp

    net, x = purenn_module(kind), jnp.asarray(inputs(kind))
    if compiled:
        net.compile()
    return lambda: net(x)


@contestant(
    "calls",
    "flax.nnx",
    {"nnx.jit": "jit", "nnx.jit, cached_partial": "cached", "split, jax.jit": "split", "module, eager": "eager"},
)
def call_nnx(kind: str, how: str) -> Once:
    import jax
    import jax.numpy as jnp
    from flax import nnx

    net, x = nnx_module(kind), jnp.asarray(inputs(kind))
    if how == "eager":
        return lambda: net(x)
    if how == "split":
        graphdef, state = nnx.split(net)
        pure = jax.jit(lambda graphdef, state, x: nnx.merge(graphdef, state)(x))
        return lambda: pure(graphdef, state, x)
    jitted = nnx.jit(lambda net, x: net(x))
    if how == "cached":
        cached = nnx.cached_partial(jitted, net)
        return lambda: cached(x)
    return lambda: jitted(net, x)


@contestant(
    "calls", "equinox", {"filter_jit": "jit", "partition, jax.jit": "partition", "module, eager, one example": "eager"}
)
def call_equinox(kind: str, how: str) -> Once:
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    net, x = equinox_module(kind), jnp.asarray(inputs(kind))
    if how == "eager":  # a module takes one example; without vmap it is faster here
        example = x[0]
        return lambda: net(example)
    if how == "partition":
        arrays, rest = eqx.partition(net, eqx.is_array)
        pure = jax.jit(lambda arrays, x: jax.vmap(eqx.combine(arrays, rest))(x))
        return lambda: pure(arrays, x)
    jitted = eqx.filter_jit(lambda net, x: jax.vmap(net)(x))
    return lambda: jitted(net, x)


@contestant("calls", "haiku", "jax.jit(net.apply)")
def call_haiku(kind: str) -> Once:
    import jax
    import jax.numpy as jnp

    net, params = haiku_pair(kind)
    jitted, x = jax.jit(net.apply), jnp.asarray(inputs(kind))
    return lambda: jitted(params, x)


@contestant("calls", "torch", "module, eager, no_grad")
def call_torch(kind: str) -> Once:
    import torch

    net, x = torch_module(kind), torch.from_numpy(inputs(kind))

    def once() -> Any:
        with torch.no_grad():
            return net(x)

    return once


# Part 2: training steps. Each contestant returns a function without arguments that takes a step and returns the loss.


def functional_step(params: Any, state: Any, apply: Callable[..., Any], donate: bool, kind: str) -> Once:
    """The usual step in plain jax. ``apply(params, state, x)`` returns the output and the new state."""
    import jax
    import optax

    tx = optax.adam(STEP_RATE)

    def step(params: Any, state: Any, opt_state: Any, x: Any, y: Any) -> Any:
        def loss_fn(params: Any) -> Any:
            output, new_state = apply(params, state, x)
            return ((output - y) ** 2).mean(), new_state

        (loss, new_state), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), new_state, opt_state, loss

    jitted = jax.jit(step, donate_argnums=(0, 1, 2) if donate else ())
    opt_state, (x, y) = tx.init(params), task(kind)

    def once() -> Any:
        nonlocal params, state, opt_state
        params, state, opt_state, loss = jitted(params, state, opt_state, x, y)
        return loss

    return once


@contestant("steps", "by hand", {"jax.jit, dict of arrays": False, "the same, donating": True})
def step_by_hand(kind: str, donate: bool) -> Once:
    params, forward = written_by_hand(kind)
    return functional_step(params, {}, lambda params, state, x: (forward(params, x), state), donate, kind)


@contestant("steps", "purenn", {"jax.jit over layer.apply": False, "the same, donating": True})
def step_purenn_layer(kind: str, donate: bool) -> Once:
    layer, params, state = purenn_layer(kind)
    return functional_step(params, state, layer.apply, donate, kind)


@contestant("steps", "purenn", {"Optimizer.step": False, "Optimizer.step, donating": True})
def step_purenn_module(kind: str, donate: bool) -> Once:
    import optax

    from purenn import functional as F
    from purenn import nn

    net, (x, y) = purenn_module(kind), task(kind)
    opt = nn.Optimizer(net, optax.adam(STEP_RATE), donate=donate)

    def loss_fn(net: Any, x: Any, y: Any) -> Any:
        return F.mse_loss(net(x), y)

    return lambda: opt.step(loss_fn, x, y)


@contestant(
    "steps",
    "flax.nnx",
    {"nnx.jit, nnx.Optimizer": "jit", "the same, cached_partial": "cached", "split, jax.jit": "split"},
)
def step_nnx(kind: str, how: str) -> Once:
    import jax
    import optax
    from flax import nnx

    net, (x, y) = nnx_module(kind), task(kind)
    optimizer = nnx.Optimizer(net, optax.adam(STEP_RATE), wrt=nnx.Param)

    def train_step(net: Any, optimizer: Any, x: Any, y: Any) -> Any:
        loss, grads = nnx.value_and_grad(lambda net: ((net(x) - y) ** 2).mean())(net)
        optimizer.update(net, grads)
        return loss

    if how != "split":
        jitted = nnx.jit(train_step)
        if how == "cached":
            cached = nnx.cached_partial(jitted, net, optimizer)
            return lambda: cached(x, y)
        return lambda: jitted(net, optimizer, x, y)

    graphdef, state = nnx.split((net, optimizer))

    @jax.jit
    def pure(graphdef: Any, state: Any, x: Any, y: Any) -> Any:
        net, optimizer = nnx.merge(graphdef, state)
        loss = train_step(net, optimizer, x, y)
        return loss, nnx.state((net, optimizer))

    def once() -> Any:
        nonlocal state
        loss, state = pure(graphdef, state, x, y)
        return loss

    return once


@contestant("steps", "equinox", {"filter_jit": False, "filter_jit, trees kept flat": True})
def step_equinox(kind: str, flat: bool) -> Once:
    import equinox as eqx
    import jax
    import optax

    net, (x, y), tx = equinox_module(kind), task(kind), optax.adam(STEP_RATE)
    opt_state = tx.init(eqx.filter(net, eqx.is_inexact_array))

    @eqx.filter_value_and_grad
    def loss_and_grads(net: Any, x: Any, y: Any) -> Any:
        return ((jax.vmap(net)(x) - y) ** 2).mean()

    def train_step(net: Any, opt_state: Any, x: Any, y: Any) -> Any:
        loss, grads = loss_and_grads(net, x, y)
        updates, opt_state = tx.update(grads, opt_state, eqx.filter(net, eqx.is_inexact_array))
        return eqx.apply_updates(net, updates), opt_state, loss

    trees = (net, opt_state)
    leaves, tree = jax.tree.flatten(trees)
    if flat:  # jax flattens lists in C, and equinox's modules in Python
        trees = leaves

    @eqx.filter_jit
    def jitted(trees: Any, x: Any, y: Any) -> Any:
        net, opt_state = jax.tree.unflatten(tree, trees) if flat else trees
        *new, loss = train_step(net, opt_state, x, y)
        return jax.tree.leaves(tuple(new)) if flat else tuple(new), loss

    def once() -> Any:
        nonlocal trees
        trees, loss = jitted(trees, x, y)
        return loss

    return once


@contestant("steps", "haiku", {"jax.jit over net.apply": False, "the same, donating": True})
def step_haiku(kind: str, donate: bool) -> Once:
    net, params = haiku_pair(kind)
    return functional_step(params, {}, lambda params, state, x: (net.apply(params, x), state), donate, kind)


@contestant("steps", "torch", "eager, torch.optim.Adam")
def step_torch(kind: str) -> Once:
    import numpy as np
    import torch

    net, (x, y) = torch_module(kind), (torch.from_numpy(np.array(array)) for array in task(kind))
    optimizer = torch.optim.Adam(net.parameters(), lr=STEP_RATE)

    def once() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return once


# Part 3: cold starts of a ResNet-50. Each contestant is a generator. It yields when its imports are done, when the net
# is constructed (its parameters) and when the first step is done (its loss). With ``fill`` the weights are the pattern:
# the contestants are then compared and not timed.


def bottlenecks() -> list[tuple[int, int, int]]:
    """The input channels, width and stride of each block."""
    plan, channels = [], 64
    for count, width, first in STAGES:
        for i in range(count):
            plan.append((channels, width, first if i == 0 else 1))
            channels = 4 * width
    return plan


def cold_task() -> tuple[Any, Any]:
    import numpy as np

    images = np.random.RandomState(0).normal(size=COLD_IMAGES).astype(np.float32)
    return images, np.arange(COLD_IMAGES[0]) * 7 % COLD_CLASSES


def jax_cross_entropy(logits: Any, labels: Any) -> Any:
    import optax

    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def resnet_in_torch_style(nn: Any, relu: Callable[[Any], Any]) -> Any:
    """The very same code for torch.nn and for purenn.nn."""

    class Bottleneck(nn.Module):
        def __init__(self, channels: int, width: int, stride: int):
            super().__init__()
            self.conv1, self.norm1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(width)
            self.conv3, self.norm3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
            self.project = channels != 4 * width
            if self.project:
                self.conv4 = nn.Conv2d(channels, 4 * width, 1, stride=stride, bias=False)
                self.norm4 = nn.BatchNorm2d(4 * width)

        def forward(self, x: Any) -> Any:
            y = relu(self.norm1(self.conv1(x)))
            y = self.norm3(self.conv3(relu(self.norm2(self.conv2(y)))))
            return relu(y + (self.norm4(self.conv4(x)) if self.project else x))

    class ResNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
            self.norm, self.pool = nn.BatchNorm2d(64), nn.MaxPool2d(3, stride=2, padding=1)
            self.blocks = nn.Sequential(*(Bottleneck(*plan) for plan in bottlenecks()))
            self.head = nn.Linear(2048, COLD_CLASSES)

        def forward(self, x: Any) -> Any:
            x = self.blocks(self.pool(relu(self.norm(self.conv(x)))))
            return self.head(x.mean((2, 3)))

    return ResNet()


@contestant("cold", "purenn", "objects")
def cold_purenn_module(fill: bool) -> Iterator[Any]:
    import jax.numpy as jnp
    import optax

    from purenn import functional as F
    from purenn import nn

    yield
    net = resnet_in_torch_style(nn, F.relu)
    yield net.params
    if fill:
        net.params = filled(net.params, outputs_first=True)
    opt = nn.Optimizer(net, optax.sgd(COLD_RATE))
    yield opt.step(lambda net, x, y: F.cross_entropy(net(x), y), *map(jnp.asarray, cold_task()))


@contestant("cold", "purenn", {"layers, init eager": False, "layers, init jitted": True})
def cold_purenn_layers(fill: bool, jitted: bool) -> Iterator[Any]:
    import jax
    import optax

    from purenn import functional as F
    from purenn import layers

    yield

    class Bottleneck(layers.Composite):
        channels: int
        width: int
        stride: int

        def children(self) -> dict[str, layers.Layer]:
            channels, width, stride = self.channels, self.width, self.stride
            parts: dict[str, layers.Layer] = {
                "conv1": layers.Conv2d(channels, width, 1, bias=False),
                "norm1": layers.BatchNorm2d(width),
                "conv2": layers.Conv2d(width, width, 3, stride=stride, padding=1, bias=False),
                "norm2": layers.BatchNorm2d(width),
                "conv3": layers.Conv2d(width, 4 * width, 1, bias=False),
                "norm3": layers.BatchNorm2d(4 * width),
            }
            if channels != 4 * width:
                parts["conv4"] = layers.Conv2d(channels, 4 * width, 1, stride=stride, bias=False)
                parts["norm4"] = layers.BatchNorm2d(4 * width)
            return parts

        def forward(self, m: Any, x: Any) -> Any:
            y = F.relu(m.norm1(m.conv1(x)))
            y = m.norm3(m.conv3(F.relu(m.norm2(m.conv2(y)))))
            return F.relu(y + (x if self.channels == 4 * self.width else m.norm4(m.conv4(x))))

    class ResNet(layers.Composite):
        def children(self) -> dict[str, layers.Layer]:
            return {
                "conv": layers.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
                "norm": layers.BatchNorm2d(64),
                "pool": layers.MaxPool2d(3, stride=2, padding=1),
                "blocks": layers.Sequential(*(Bottleneck(*plan) for plan in bottlenecks())),
                "head": layers.Linear(2048, COLD_CLASSES),
            }

        def forward(self, m: Any, x: Any) -> Any:
            x = m.blocks(m.pool(F.relu(m.norm(m.conv(x)))))
            return m.head(x.mean((2, 3)))

    net = ResNet()
    params, state = (jax.jit(net.init) if jitted else net.init)(jax.random.key(0))
    yield params
    if fill:
        params = filled(params, outputs_first=True)
    yield cold_step(params, state, lambda params, state, x: net.apply(params, state, x, training=True), optax)


def cold_step(params: Any, state: Any, apply: Callable[..., Any], optax: Any, channels_last: bool = False) -> Any:
    import jax

    tx = optax.sgd(COLD_RATE)

    @jax.jit
    def step(params: Any, state: Any, opt_state: Any, x: Any, y: Any) -> Any:
        def loss_fn(params: Any) -> Any:
            logits, new_state = apply(params, state, x)
            return jax_cross_entropy(logits, y), new_state

        (loss, new_state), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), new_state, opt_state, loss

    x, y = cold_task()
    return step(params, state, tx.init(params), x.transpose(0, 2, 3, 1) if channels_last else x, y)


@contestant("cold", "flax.nnx", {"eager": False, "constructed under nnx.jit": True})
def cold_nnx(fill: bool, jitted: bool) -> Iterator[Any]:
    import optax
    from flax import nnx

    yield

    def conv(channels: int, width: int, size: int, stride: int, rngs: nnx.Rngs) -> Any:
        padding = [(size // 2, size // 2)] * 2
        return nnx.Conv(channels, width, (size, size), stride, padding=padding, use_bias=False, rngs=rngs)

    class Bottleneck(nnx.Module):
        def __init__(self, channels: int, width: int, stride: int, rngs: nnx.Rngs):
            self.conv1, self.norm1 = conv(channels, width, 1, 1, rngs), nnx.BatchNorm(width, rngs=rngs)
            self.conv2, self.norm2 = conv(width, width, 3, stride, rngs), nnx.BatchNorm(width, rngs=rngs)
            self.conv3, self.norm3 = conv(width, 4 * width, 1, 1, rngs), nnx.BatchNorm(4 * width, rngs=rngs)
            self.project = channels != 4 * width
            if self.project:
                self.conv4 = conv(channels, 4 * width, 1, stride, rngs)
                self.norm4 = nnx.BatchNorm(4 * width, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            y = nnx.relu(self.norm1(self.conv1(x)))
            y = self.norm3(self.conv3(nnx.relu(self.norm2(self.conv2(y)))))
            return nnx.relu(y + (self.norm4(self.conv4(x)) if self.project else x))

    class ResNet(nnx.Module):
        def __init__(self, rngs: nnx.Rngs):
            self.conv, self.norm = conv(3, 64, 7, 2, rngs), nnx.BatchNorm(64, rngs=rngs)
            self.blocks = nnx.Sequential(*(Bottleneck(*plan, rngs) for plan in bottlenecks()))
            self.head = nnx.Linear(2048, COLD_CLASSES, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            padding: Any = ((1, 1), (1, 1))
            x = nnx.max_pool(nnx.relu(self.norm(self.conv(x))), (3, 3), (2, 2), padding)
            return self.head(self.blocks(x).mean((1, 2)))

    make: Callable[[], Any] = lambda: ResNet(nnx.Rngs(0))  # noqa: E731
    net = (nnx.jit(make) if jitted else make)()
    yield nnx.state(net, nnx.Param)
    if fill:
        nnx.update(net, filled(nnx.state(net, nnx.Param), outputs_first=False))
    optimizer = nnx.Optimizer(net, optax.sgd(COLD_RATE), wrt=nnx.Param)

    @nnx.jit
    def step(net: Any, optimizer: Any, x: Any, y: Any) -> Any:
        loss, grads = nnx.value_and_grad(lambda net: jax_cross_entropy(net(x), y))(net)
        optimizer.update(net, grads)
        return loss

    x, y = cold_task()
    yield step(net, optimizer, x.transpose(0, 2, 3, 1), y)


@contestant("cold", "equinox", {"eager": False, "constructed under filter_jit": True})
def cold_equinox(fill: bool, jitted: bool) -> Iterator[Any]:
    import equinox as eqx
    import jax
    import optax

    yield
    relu = jax.nn.relu

    def conv(channels: int, width: int, size: int, stride: int, key: Any) -> Any:
        return eqx.nn.Conv2d(channels, width, size, stride, padding=size // 2, use_bias=False, key=key)

    def norm(width: int) -> Any:
        return eqx.nn.BatchNorm(width, "batch", mode="batch")

    class Bottleneck(eqx.Module):
        conv1: Any
        norm1: Any
        conv2: Any
        norm2: Any
        conv3: Any
        norm3: Any
        conv4: Any
        norm4: Any

        def __init__(self, channels: int, width: int, stride: int, key: Any):
            keys, project = jax.random.split(key, 4), channels != 4 * width
            self.conv1, self.norm1 = conv(channels, width, 1, 1, keys[0]), norm(width)
            self.conv2, self.norm2 = conv(width, width, 3, stride, keys[1]), norm(width)
            self.conv3, self.norm3 = conv(width, 4 * width, 1, 1, keys[2]), norm(4 * width)
            self.conv4 = conv(channels, 4 * width, 1, stride, keys[3]) if project else None
            self.norm4 = norm(4 * width) if project else None

        def __call__(self, x: Any, state: Any) -> Any:
            y, state = self.norm1(self.conv1(x), state)
            y, state = self.norm2(self.conv2(relu(y)), state)
            y, state = self.norm3(self.conv3(relu(y)), state)
            if self.conv4 is not None:
                x, state = self.norm4(self.conv4(x), state)
            return relu(y + x), state

    class ResNet(eqx.Module):
        conv: Any
        norm: Any
        pool: Any
        blocks: list[Any]
        head: Any

        def __init__(self, key: Any):
            plans = bottlenecks()
            first, last, *keys = jax.random.split(key, len(plans) + 2)
            self.conv, self.norm = conv(3, 64, 7, 2, first), norm(64)
            self.pool = eqx.nn.MaxPool2d(3, 2, padding=1)
            self.blocks = [Bottleneck(*plan, key) for plan, key in zip(plans, keys, strict=True)]
            self.head = eqx.nn.Linear(2048, COLD_CLASSES, key=last)

        def __call__(self, x: Any, state: Any) -> Any:
            x, state = self.norm(self.conv(x), state)
            x = self.pool(relu(x))
            for block in self.blocks:
                x, state = block(x, state)
            return self.head(x.mean((1, 2))), state

    make = eqx.nn.make_with_state(ResNet)
    net, state = (eqx.filter_jit(make) if jitted else make)(jax.random.key(0))
    yield eqx.filter(net, eqx.is_inexact_array)
    if fill:
        arrays, rest = eqx.partition(net, eqx.is_inexact_array)
        net = eqx.combine(filled(arrays, outputs_first=True), rest)
    tx = optax.sgd(COLD_RATE)

    @eqx.filter_jit
    def step(net: Any, state: Any, opt_state: Any, x: Any, y: Any) -> Any:
        def loss_fn(net: Any) -> Any:
            logits, new_state = jax.vmap(net, axis_name="batch", in_axes=(0, None), out_axes=(0, None))(x, state)
            return jax_cross_entropy(logits, y), new_state

        (loss, state), grads = eqx.filter_value_and_grad(loss_fn, has_aux=True)(net)
        updates, opt_state = tx.update(grads, opt_state, eqx.filter(net, eqx.is_inexact_array))
        return eqx.apply_updates(net, updates), state, opt_state, loss

    yield step(net, state, tx.init(eqx.filter(net, eqx.is_inexact_array)), *cold_task())


@contestant("cold", "haiku", {"init eager": False, "init jitted": True})
def cold_haiku(fill: bool, jitted: bool) -> Iterator[Any]:
    import haiku as hk
    import jax
    import optax

    yield

    def normed(x: Any, width: int, size: int, stride: int, number: int, name: str) -> Any:
        padding = [(size // 2, size // 2)] * 2
        x = hk.Conv2D(width, size, stride, padding=padding, with_bias=False, name=f"conv{number}_{name}")(x)
        return hk.BatchNorm(True, True, decay_rate=0.9, name=f"norm{number}_{name}")(x, is_training=True)

    def forward(x: Any) -> Any:
        x = jax.nn.relu(normed(x, 64, 7, 2, 99, "stem"))
        # haiku's own pooling takes no padding as numbers
        x = jax.lax.reduce_window(
            x, -float("inf"), jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), ((0, 0), (1, 1), (1, 1), (0, 0))
        )
        for i, (channels, width, stride) in enumerate(bottlenecks()):
            y = jax.nn.relu(normed(x, width, 1, 1, i, "a"))
            y = normed(jax.nn.relu(normed(y, width, 3, stride, i, "b")), 4 * width, 1, 1, i, "c")
            x = jax.nn.relu(y + (normed(x, 4 * width, 1, stride, i, "d") if channels != 4 * width else x))
        return hk.Linear(COLD_CLASSES, name="head")(x.mean((1, 2)))

    net = hk.transform_with_state(forward)
    example = cold_task()[0].transpose(0, 2, 3, 1)
    params, state = (jax.jit(net.init) if jitted else net.init)(jax.random.key(0), example)
    yield params
    if fill:
        params = filled(params, outputs_first=False)
    yield cold_step(params, state, lambda params, state, x: net.apply(params, state, None, x), optax, True)


@contestant("cold", "torch", "eager")
def cold_torch(fill: bool) -> Iterator[Any]:
    import torch

    yield
    net = resnet_in_torch_style(torch.nn, torch.nn.functional.relu)
    yield list(net.parameters())
    if fill:
        fill_torch(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=COLD_RATE)
    x, y = map(torch.from_numpy, cold_task())
    loss = torch.nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    yield loss.detach()


# Measurement.


def wait(result: Any) -> Any:
    """Waits for the arrays that jax still computes."""
    if type(result).__module__.startswith("torch") or "jax" not in sys.modules:
        return result
    return sys.modules["jax"].block_until_ready(result)


Seconds = tuple[float, float]  # wall time, and CPU time of the calling thread, which a busy machine hardly changes


def in_a_row(once: Once, count: int) -> Seconds:
    """Seconds per call, when many are started in a row and only the last is waited for."""
    result, start, thread = None, time.perf_counter(), time.thread_time()
    for _ in range(count):
        result = once()
    thread = time.thread_time() - thread
    wait(result)
    return (time.perf_counter() - start) / count, thread / count


def one_by_one(once: Once, count: int) -> Seconds:
    """Seconds per call, when each is waited for."""
    start, thread = time.perf_counter(), time.thread_time()
    for _ in range(count):
        wait(once())
    return (time.perf_counter() - start) / count, (time.thread_time() - thread) / count


def interleaved(
    runs: dict[str, Once], ways: dict[str, Callable[[Once, int], Seconds]], rounds: int, slice_s: float
) -> dict[str, dict[str, list[Seconds]]]:
    """Seconds of every contestant in every round, by the way of timing."""
    counts = {}
    for name, once in runs.items():
        in_a_row(once, 3)
        counts[name] = max(1, round(slice_s / in_a_row(once, 3)[0]))
    seconds: dict[str, dict[str, list[Seconds]]] = {name: {way: [] for way in ways} for name in runs}
    order, shuffle = list(itertools.product(runs, ways)), random.Random(0).shuffle
    gc.collect()
    gc.freeze()  # keeps the collections between the rounds short
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for name, way in order:
                seconds[name][way].append(ways[way](runs[name], counts[name]))
            gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    return seconds


def summary(mine: list[Seconds], its: list[Seconds]) -> dict[str, Any]:
    """The figures of one contestant's rounds, compared with the rounds of the baseline."""
    clock = [seconds * 1e6 for seconds, _ in mine]
    low, median, high = statistics.quantiles(clock, n=4)
    return {
        "median_us": median,
        "quartiles_us": [low, high],
        "ratio": statistics.median(a / b for (a, _), (b, _) in zip(mine, its, strict=True)),
        "caller_us": statistics.median(seconds for _, seconds in mine) * 1e6,
    }


def prepared(part: str, kind: str, check: Callable[[Once], Any]) -> dict[str, Once]:
    """The installed contestants, after a check that they all compute the same."""
    import numpy as np

    runs, expected = {}, None
    for entry in CONTESTANTS[part]:
        if not installed(entry.library):
            continue
        runs[entry.name] = once = entry.make(kind)
        got = np.asarray(check(once))
        if expected is None:
            expected = got
        if not np.allclose(got.reshape(expected.shape), expected, rtol=1e-3, atol=1e-4):
            raise SystemExit(f"{part}, {kind}: {entry.name} computes {got}, expected {expected}")
    return runs


def measure_calls(quick: bool) -> dict[str, Any]:
    ways = {"in_a_row": in_a_row, "one_by_one": one_by_one}
    return measure("calls", ["linear", "blocks"], lambda once: once(), ways, 5 if quick else 200, 0.002)


def measure_steps(quick: bool) -> dict[str, Any]:
    def losses(once: Once) -> list[float]:
        return [float(once()) for _ in range(5)]

    return measure("steps", ["blocks", "chain"], losses, {"in_a_row": in_a_row}, 3 if quick else 100, 0.01)


def measure(
    part: str,
    kinds: list[str],
    check: Callable[[Once], Any],
    ways: dict[str, Callable[[Once, int], Seconds]],
    rounds: int,
    slice_s: float,
) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for kind in kinds:
        seconds = interleaved(prepared(part, kind, check), ways, rounds, slice_s)
        reference = seconds[CONTESTANTS[part][0].name]
        results[kind] = {
            name: {way: summary(rows[way], reference[way]) for way in ways} for name, rows in seconds.items()
        }
    return results


def cold_process(name: str, fill: bool) -> dict[str, float]:
    """Runs one contestant in a fresh process."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JAX_COMPILATION_CACHE")}
    start = time.monotonic()
    command = [sys.executable, __file__, "--cold", name, "--begun", repr(start)] + ["--fill"] * fill
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"cold, {name}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def cold_child(name: str, begun: float, fill: bool) -> None:
    """Runs in the fresh process, and prints the time of each stage. Both processes use the system's monotonic clock."""
    run = next(entry for entry in CONTESTANTS["cold"] if entry.name == name).make(fill)
    marks, results = {}, []
    for mark in MARKS:
        results.append(wait(next(run)))
        marks[mark], marks[f"processor_{mark}"] = time.monotonic() - begun, time.process_time()
    _, params, loss = results
    if "jax" in sys.modules:
        jax = sys.modules["jax"]
        params, loss = jax.tree.leaves(params), jax.tree.leaves(loss)[-1]  # the last result of a step is its loss
    size = sum(array.size if isinstance(array.size, int) else array.numel() for array in params)
    print(json.dumps({**marks, "loss": float(loss), "parameters": size}))


def measure_cold(quick: bool) -> dict[str, Any]:
    names = [entry.name for entry in CONTESTANTS["cold"] if installed(entry.library)]
    expected = None
    runs: dict[str, list[dict[str, float]]] = {}
    for name in names:  # this also fills the disk cache and writes the byte code
        got = cold_process(name, fill=True)
        expected = got["loss"] if expected is None else expected
        if got["parameters"] != COLD_PARAMETERS or not abs(got["loss"] - expected) <= 1e-3 * abs(expected):
            raise SystemExit(f"cold: {name} gives {got}, expected loss {expected} of {COLD_PARAMETERS} parameters")
        runs[name] = [got] if quick else []
    for _ in range(0 if quick else 3):
        for name in random.sample(names, len(names)):
            runs[name].append(cold_process(name, fill=False))
    for row in (row for rows in runs.values() for row in rows):
        for clock in ("", "processor_"):
            row[f"{clock}construction"] = row[f"{clock}constructed"] - row[f"{clock}imported"]
            row[f"{clock}first_step"] = row[f"{clock}stepped"] - row[f"{clock}constructed"]
    return {
        name: {
            mark: statistics.median(row[mark] for row in rows) for mark in rows[0] if mark not in ("loss", "parameters")
        }
        for name, rows in runs.items()
    }


# The tables.


def show(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 110)

    def table(title: str, part: str, columns: list[str], row: Callable[[str], list[str] | None]) -> None:
        drawn = Table(title=title, title_justify="left", title_style="bold")
        drawn.add_column("library", no_wrap=True)
        drawn.add_column("way", no_wrap=True)
        for column in columns:
            drawn.add_column(column, justify="right")
        for entry in CONTESTANTS[part]:
            cells = row(entry.name) or ["not installed", *[""] * (len(columns) - 1)]
            drawn.add_row(entry.library, entry.way, *cells, style="bold" if entry.library == "purenn" else "")
        console.print(drawn)

    def timed(figures: dict[str, Any] | None, ways: list[str]) -> list[str] | None:
        if figures is None:
            return None
        cells = [cell for w in ways for cell in (f"{figures[w]['median_us']:,.1f}", f"{figures[w]['ratio']:.2f} x")]
        return [*cells, f"{figures['in_a_row']['caller_us']:,.1f}"]

    for kind, figures in results.get("calls", {}).items():
        columns = ["µs in a row", "by hand = 1", "µs one by one", "by hand = 1", "caller's µs"]
        title = f"A call of {MODELS[kind]}, batch 1"
        table(title, "calls", columns, lambda name, f=figures: timed(f.get(name), ["in_a_row", "one_by_one"]))
    for kind, figures in results.get("steps", {}).items():
        title = f"A training step of {MODELS[kind]}, batch {STEP_BATCH}, adam"
        table(
            title,
            "steps",
            ["µs a step", "by hand = 1", "caller's µs"],
            lambda name, f=figures: timed(f.get(name), ["in_a_row"]),
        )
    if "cold" in results:

        def seconds(name: str) -> list[str] | None:
            figures = results["cold"].get(name)
            return figures and [
                *(f"{figures[mark]:.2f}" for mark in (*MARKS, "construction")),
                *(f"{figures[f'processor_{mark}']:.2f}" for mark in ("imported", "construction", "first_step")),
            ]

        columns = ["imported", "built", "stepped", "build alone", "cpu: import", "build", "step"]
        table(
            "Seconds from a cold process: ResNet-50 built, one step on 2 images of 64 x 64 taken",
            "cold",
            columns,
            seconds,
        )


def machine() -> dict[str, Any]:
    packages = ("jax", "jaxlib", "optax", "flax", "equinox", "dm-haiku", "torch")
    versions: dict[str, str | None] = {}
    for name in packages:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return {"cores": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version(), "versions": versions}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=["calls", "steps", "cold"], help="run only this part")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where to save the figures")
    parser.add_argument("--quick", action="store_true", help="few rounds, to check that everything runs")
    for hidden, kind in (("--cold", str), ("--begun", float)):  # the arguments of a cold process
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cold:
        return cold_child(options.cold, options.begun, options.fill)
    parts = {"calls": measure_calls, "steps": measure_steps, "cold": measure_cold}
    results: dict[str, Any] = {"machine": machine(), "quick": options.quick}
    for name in [options.only] if options.only else parts:
        results[name] = parts[name](options.quick)
    show(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
