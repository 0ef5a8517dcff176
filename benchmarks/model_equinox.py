"""The models of `model_rows.py` in equinox: for single examples, under vmap, with filter_jit and donation."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import model_rows as rows
import optax
from model_contestants import Arrays, Made

# A net takes an example, a state and a key, and returns the output, with classes last, and a state.


class Keys:
    """Keys in a row."""

    def __init__(self, key: Any):
        self.key, self.count = key, 0

    def __call__(self) -> Any:
        self.count += 1
        return jax.random.fold_in(self.key, self.count)


def conv(inputs: int, outputs: int, keys: Keys, dims: int = 2, **options: Any) -> eqx.nn.Conv:
    return eqx.nn.Conv(dims, inputs, outputs, 3, padding=1, use_bias=False, key=keys(), **options)


def norm(width: int) -> eqx.nn.BatchNorm:
    return eqx.nn.BatchNorm(width, "batch", momentum=0.9, mode="batch")


class MLP(eqx.Module):
    layers: list[eqx.nn.Linear]
    head: eqx.nn.Linear

    def __init__(self, keys: Keys):
        self.layers = [eqx.nn.Linear(784, 512, key=keys()), eqx.nn.Linear(512, 512, key=keys())]
        self.head = eqx.nn.Linear(512, 10, key=keys())

    def __call__(self, x: Any, state: Any, key: Any) -> Any:
        for layer in self.layers:
            x = jax.nn.relu(layer(x))
        return self.head(x), state


class CNN(eqx.Module):
    convs: list[eqx.nn.Conv]
    norms: list[eqx.nn.BatchNorm]
    pool: Any
    head: eqx.nn.Linear

    def __init__(self, keys: Keys, dims: int = 2, widths: tuple[int, ...] = (3, *rows.WIDTHS)):
        self.convs = [conv(a, b, keys, dims) for a, b in itertools.pairwise(widths)]
        self.norms = [norm(b) for b in widths[1:]]
        self.pool = {2: eqx.nn.MaxPool2d, 3: eqx.nn.MaxPool3d}[dims](2, 2)
        self.head = eqx.nn.Linear(widths[-1], 10, key=keys())

    def __call__(self, x: Any, state: Any, key: Any) -> Any:
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x, state = norm(conv(x), state)
            x = self.pool(jax.nn.relu(x))
        return self.head(x.mean(tuple(range(1, x.ndim)))), state


class Depthwise(eqx.Module):
    stem: eqx.nn.Conv
    norm: eqx.nn.BatchNorm
    spatial: list[eqx.nn.Conv]
    spatial_norms: list[eqx.nn.BatchNorm]
    pointwise: list[eqx.nn.Conv2d]
    pointwise_norms: list[eqx.nn.BatchNorm]
    head: eqx.nn.Linear

    def __init__(self, keys: Keys):
        plan = rows.DEPTHWISE
        self.stem, self.norm = conv(3, 32, keys), norm(32)
        self.spatial = [conv(a, a, keys, stride=s, groups=a) for a, _, s in plan]
        self.spatial_norms = [norm(a) for a, _, _ in plan]
        self.pointwise = [eqx.nn.Conv2d(a, b, 1, use_bias=False, key=keys()) for a, b, _ in plan]
        self.pointwise_norms = [norm(b) for _, b, _ in plan]
        self.head = eqx.nn.Linear(plan[-1][1], 10, key=keys())

    def __call__(self, x: Any, state: Any, key: Any) -> Any:
        x, state = self.norm(self.stem(x), state)
        x = jax.nn.relu(x)
        for i in range(len(self.spatial)):
            x, state = self.spatial_norms[i](self.spatial[i](x), state)
            x, state = self.pointwise_norms[i](self.pointwise[i](jax.nn.relu(x)), state)
            x = jax.nn.relu(x)
        return self.head(x.mean((1, 2))), state


class UNet(eqx.Module):
    convs: list[eqx.nn.Conv]
    norms: list[eqx.nn.BatchNorm]
    ups: list[eqx.nn.ConvTranspose2d]
    pool: eqx.nn.MaxPool2d
    head: eqx.nn.Conv2d

    def __init__(self, keys: Keys):
        plan = [channels for a, b in rows.unet_plan() for channels in ((a, b), (b, b))]
        self.convs, self.norms = [conv(a, b, keys) for a, b in plan], [norm(b) for _, b in plan]
        widths = reversed(rows.UNET[:-1])
        self.ups = [eqx.nn.ConvTranspose2d(2 * width, width, 2, stride=2, key=keys()) for width in widths]
        self.pool = eqx.nn.MaxPool2d(2, 2)
        self.head = eqx.nn.Conv2d(rows.UNET[0], 4, 1, key=keys())

    def both(self, level: int, x: Any, state: Any) -> Any:
        for i in (2 * level, 2 * level + 1):
            x, state = self.norms[i](self.convs[i](x), state)
            x = jax.nn.relu(x)
        return x, state

    def __call__(self, x: Any, state: Any, key: Any) -> Any:
        kept, depth = [], len(rows.UNET) - 1
        for level in range(depth):
            x, state = self.both(level, x, state)
            kept.append(x)
            x = self.pool(x)
        x, state = self.both(depth, x, state)
        for level, up in enumerate(self.ups):
            x, state = self.both(depth + 1 + level, jnp.concatenate((kept.pop(), up(x))), state)
        return jnp.moveaxis(self.head(x), 0, -1), state


class LSTM(eqx.Module):
    lstm: list[eqx.nn.LSTMCell]
    head: eqx.nn.Linear

    def __init__(self, keys: Keys):
        self.lstm = [eqx.nn.LSTMCell(size, rows.HIDDEN, key=keys()) for size in (rows.FEATURES, rows.HIDDEN)]
        self.head = eqx.nn.Linear(rows.HIDDEN, 10, key=keys())

    def __call__(self, x: Any, state: Any, key: Any) -> Any:
        for cell in self.lstm:

            def advance(carry: Any, x: Any, cell: Any = cell) -> Any:
                carry = cell(x, carry)
                return carry, carry[0]

            zeros = jnp.zeros(cell.hidden_size)
            _, x = jax.lax.scan(advance, (zeros, zeros), x)
        return self.head(x[-1]), state


class Block(eqx.Module):
    self_attn: eqx.nn.MultiheadAttention
    linear1: eqx.nn.Linear
    linear2: eqx.nn.Linear
    norm1: eqx.nn.LayerNorm
    norm2: eqx.nn.LayerNorm
    dropout: eqx.nn.Dropout
    norm_first: bool = eqx.field(static=True)

    def __init__(self, dropout: float, norm_first: bool, keys: Keys):
        biases = {f"use_{name}_bias": True for name in ("query", "key", "value", "output")}
        self.self_attn = eqx.nn.MultiheadAttention(rows.HEADS, rows.DIM, **biases, dropout_p=dropout, key=keys())
        self.linear1 = eqx.nn.Linear(rows.DIM, rows.FORWARD, key=keys())
        self.linear2 = eqx.nn.Linear(rows.FORWARD, rows.DIM, key=keys())
        self.norm1, self.norm2 = eqx.nn.LayerNorm(rows.DIM), eqx.nn.LayerNorm(rows.DIM)
        self.dropout, self.norm_first = eqx.nn.Dropout(dropout), norm_first

    def __call__(self, x: Any, mask: Any, key: Any) -> Any:
        keys = jax.random.split(key, 4)

        def attend(x: Any) -> Any:
            return self.dropout(self.self_attn(x, x, x, mask, key=keys[0]), key=keys[1])

        def feed(x: Any) -> Any:
            hidden = jax.nn.gelu(jax.vmap(self.linear1)(x), approximate=False)
            return self.dropout(jax.vmap(self.linear2)(self.dropout(hidden, key=keys[2])), key=keys[3])

        norm1, norm2 = jax.vmap(self.norm1), jax.vmap(self.norm2)
        if self.norm_first:
            x = x + attend(norm1(x))
            return x + feed(norm2(x))
        x = norm1(x + attend(x))
        return norm2(x + feed(x))


class Encoder(eqx.Module):
    layers: list[Block]

    def __call__(self, x: Any, mask: Any, key: Any) -> Any:
        for layer, part in zip(self.layers, jax.random.split(key, len(self.layers)), strict=True):
            x = layer(x, mask, part)
        return x


class Transformer(eqx.Module):
    token: eqx.nn.Embedding
    position: eqx.nn.Embedding
    encoder: Encoder
    norm: eqx.nn.LayerNorm
    head: eqx.nn.Linear
    causal: bool = eqx.field(static=True)

    def __init__(self, keys: Keys, causal: bool):
        self.token = eqx.nn.Embedding(rows.VOCABULARY, rows.DIM, key=keys())
        self.position = eqx.nn.Embedding(rows.LENGTH, rows.DIM, key=keys())
        count, dropout = (rows.CAUSAL_LAYERS, 0.0) if causal else (rows.ENCODER_LAYERS, rows.DROPOUT)
        self.encoder = Encoder([Block(dropout, causal, keys) for _ in range(count)])
        self.norm = eqx.nn.LayerNorm(rows.DIM)
        self.head = eqx.nn.Linear(rows.DIM, rows.VOCABULARY if causal else 10, key=keys())
        self.causal = causal

    def __call__(self, x: Any, state: Any, key: Any) -> Any:
        mask = jnp.tril(jnp.ones((rows.LENGTH, rows.LENGTH), bool)) if self.causal else None
        x = self.encoder(jax.vmap(self.token)(x) + self.position.weight, mask, key)
        x = jax.vmap(self.norm)(x)
        return (jax.vmap(self.head)(x) if self.causal else self.head(x.mean(0))), state


NETS: dict[str, Any] = {
    "mlp": MLP,
    "cnn": CNN,
    "depthwise": Depthwise,
    "unet": UNet,
    "volume": functools.partial(CNN, dims=3, widths=(1, *rows.VOLUME)),
    "lstm": LSTM,
    "encoder": functools.partial(Transformer, causal=False),
    "causal": functools.partial(Transformer, causal=True),
}

# The names of parts here, and in torch after its packed arrays are separated.
NAMES = {f".{name}_proj.": f".{name}." for name in ("query", "key", "value")} | {".output_proj.": ".out_proj."}


def filled(net: Any, state: Any, start: Arrays) -> Any:
    """The net and its state with torch's arrays."""
    arrays = rows.unpacked(start)

    def place(path: Any, leaf: Any) -> Any:
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        for here, there in NAMES.items():
            name = name.replace(here, there)
        return jnp.asarray(arrays.pop(name)).reshape(leaf.shape)

    trained, rest = eqx.partition(net, eqx.is_inexact_array)
    net = eqx.combine(jax.tree_util.tree_map_with_path(place, trained), rest)
    is_norm = lambda part: isinstance(part, eqx.nn.BatchNorm)  # noqa: E731
    for path, part in jax.tree_util.tree_leaves_with_path(net, is_leaf=is_norm):
        if is_norm(part):
            name = jax.tree_util.keystr(path, simple=True, separator=".")
            moments = (jnp.asarray(arrays.pop(f"{name}.running_{kind}")) for kind in ("mean", "var"))
            state = state.set(part.batch_state_index, tuple(moments))
    if arrays:
        raise ValueError(f"equinox: no place for {', '.join(arrays)}")
    return net, state


def make(name: str, model: rows.Model, start: Arrays) -> Made:
    new = eqx.filter_jit(lambda key: eqx.nn.make_with_state(NETS[name])(Keys(key)))

    def made() -> Any:
        return filled(*new(jax.random.key(0)), start)

    tx = optax.adam(rows.RATE)

    def batched(net: Any, x: Any, state: Any, key: Any) -> Any:
        run = jax.vmap(net, axis_name="batch", in_axes=(0, None, 0), out_axes=(0, None))
        return run(x, state, jax.random.split(key, len(x)))

    @eqx.filter_jit(donate="all-except-first")
    def train(batch: Any, net: Any, state: Any, opt_state: Any, key: Any) -> Any:
        x, y = batch
        key, used = jax.random.split(key)

        @functools.partial(eqx.filter_value_and_grad, has_aux=True)
        def loss_and_grads(net: Any) -> Any:
            logits, new_state = batched(net, x, state, used)
            loss = optax.softmax_cross_entropy_with_integer_labels(logits.reshape(-1, model.classes), y.reshape(-1))
            return loss.mean(), new_state

        (loss, state), grads = loss_and_grads(net)
        updates, opt_state = tx.update(grads, opt_state, eqx.filter(net, eqx.is_inexact_array))
        return (eqx.apply_updates(net, updates), state, opt_state, key), loss

    @eqx.filter_jit
    def infer(net: Any, state: Any, x: Any) -> Any:
        return batched(net, x, state, jax.random.key(0))[0]

    x, y = map(jnp.asarray, model.task())
    net, state = made()
    carry: Any = (net, state, tx.init(eqx.filter(net, eqx.is_inexact_array)), jax.random.key(1))
    net, state = made()
    net = eqx.nn.inference_mode(net)

    def step() -> Any:
        nonlocal carry
        carry, loss = train((x, y), *carry)
        return loss

    return Made(step, lambda: infer(net, state, x))
