"""The models of `model_rows.py` in flax.nnx: channels last, split once, merged inside jax.jit, with donation."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import model_rows as rows
import numpy as np
import optax
from flax import nnx
from model_contestants import Arrays, Made


def conv(inputs: int, outputs: int, rngs: nnx.Rngs, dims: int = 2, **options: Any) -> nnx.Conv:
    return nnx.Conv(inputs, outputs, (3,) * dims, padding=1, use_bias=False, rngs=rngs, **options)


def norm(width: int, rngs: nnx.Rngs) -> nnx.BatchNorm:
    return nnx.BatchNorm(width, momentum=0.9, rngs=rngs)


class MLP(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.layers = nnx.List([nnx.Linear(784, 512, rngs=rngs), nnx.Linear(512, 512, rngs=rngs)])
        self.head = nnx.Linear(512, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = nnx.relu(layer(x))
        return self.head(x)


class CNN(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, dims: int = 2, widths: tuple[int, ...] = (3, *rows.WIDTHS)):
        pairs = list(itertools.pairwise(widths))
        self.convs = nnx.List([conv(a, b, rngs, dims) for a, b in pairs])
        self.norms = nnx.List([norm(b, rngs) for _, b in pairs])
        self.head = nnx.Linear(widths[-1], 10, rngs=rngs)
        self.dims = dims

    def __call__(self, x: Any) -> Any:
        window = (2,) * self.dims
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = nnx.max_pool(nnx.relu(norm(conv(x))), window, window)
        return self.head(x.mean(tuple(range(1, x.ndim - 1))))


class Depthwise(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        plan = rows.DEPTHWISE
        self.stem, self.norm = conv(3, 32, rngs), norm(32, rngs)
        self.spatial = nnx.List([conv(a, a, rngs, strides=s, feature_group_count=a) for a, _, s in plan])
        self.spatial_norms = nnx.List([norm(a, rngs) for a, _, _ in plan])
        self.pointwise = nnx.List([nnx.Conv(a, b, (1, 1), use_bias=False, rngs=rngs) for a, b, _ in plan])
        self.pointwise_norms = nnx.List([norm(b, rngs) for _, b, _ in plan])
        self.head = nnx.Linear(plan[-1][1], 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.relu(self.norm(self.stem(x)))
        parts = zip(self.spatial, self.spatial_norms, self.pointwise, self.pointwise_norms, strict=True)
        for spatial, spatial_norm, pointwise, pointwise_norm in parts:
            x = nnx.relu(pointwise_norm(pointwise(nnx.relu(spatial_norm(spatial(x))))))
        return self.head(x.mean((1, 2)))


class UNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        plan = [channels for a, b in rows.unet_plan() for channels in ((a, b), (b, b))]
        self.convs = nnx.List([conv(a, b, rngs) for a, b in plan])
        self.norms = nnx.List([norm(b, rngs) for _, b in plan])
        self.ups = nnx.List(
            [
                nnx.ConvTranspose(2 * width, width, (2, 2), strides=(2, 2), padding="VALID", rngs=rngs)
                for width in reversed(rows.UNET[:-1])
            ]
        )
        self.head = nnx.Conv(rows.UNET[0], 4, (1, 1), rngs=rngs)

    def both(self, level: int, x: Any) -> Any:
        for i in (2 * level, 2 * level + 1):
            x = nnx.relu(self.norms[i](self.convs[i](x)))
        return x

    def __call__(self, x: Any) -> Any:
        kept, depth = [], len(rows.UNET) - 1
        for level in range(depth):
            kept.append(self.both(level, x))
            x = nnx.max_pool(kept[-1], (2, 2), (2, 2))
        x = self.both(depth, x)
        for level, up in enumerate(self.ups):
            x = self.both(depth + 1 + level, jnp.concatenate((kept.pop(), up(x)), -1))
        return self.head(x)


class LSTM(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        sizes = (rows.FEATURES, rows.HIDDEN)
        self.lstm = nnx.List([nnx.RNN(nnx.OptimizedLSTMCell(n, rows.HIDDEN, rngs=rngs), rngs=rngs) for n in sizes])
        self.head = nnx.Linear(rows.HIDDEN, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        for rnn in self.lstm:
            x = rnn(x)
        return self.head(x[:, -1])


class Block(nnx.Module):
    def __init__(self, dropout: float, norm_first: bool, rngs: nnx.Rngs):
        dim = rows.DIM
        self.self_attn = nnx.MultiHeadAttention(
            rows.HEADS, dim, dropout_rate=dropout, broadcast_dropout=False, decode=False, rngs=rngs
        )
        self.linear1, self.linear2 = nnx.Linear(dim, rows.FORWARD, rngs=rngs), nnx.Linear(rows.FORWARD, dim, rngs=rngs)
        self.norm1, self.norm2 = (nnx.LayerNorm(dim, epsilon=1e-5, rngs=rngs) for _ in range(2))
        self.dropout, self.dropout1, self.dropout2 = (nnx.Dropout(dropout, rngs=rngs) for _ in range(3))
        self.norm_first = norm_first

    def __call__(self, x: Any, mask: Any) -> Any:
        def attend(x: Any) -> Any:
            return self.dropout1(self.self_attn(x, mask=mask))

        def feed(x: Any) -> Any:
            hidden = self.dropout(nnx.gelu(self.linear1(x), approximate=False))
            return self.dropout2(self.linear2(hidden))

        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + feed(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + feed(x))


class Encoder(nnx.Module):
    def __init__(self, count: int, dropout: float, norm_first: bool, rngs: nnx.Rngs):
        self.layers = nnx.List([Block(dropout, norm_first, rngs) for _ in range(count)])

    def __call__(self, x: Any, mask: Any = None) -> Any:
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Transformer(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, causal: bool):
        self.token = nnx.Embed(rows.VOCABULARY, rows.DIM, rngs=rngs)
        self.position = nnx.Embed(rows.LENGTH, rows.DIM, rngs=rngs)
        count, dropout = (rows.CAUSAL_LAYERS, 0.0) if causal else (rows.ENCODER_LAYERS, rows.DROPOUT)
        self.encoder = Encoder(count, dropout, causal, rngs)
        self.norm = nnx.LayerNorm(rows.DIM, epsilon=1e-5, rngs=rngs)
        self.head = nnx.Linear(rows.DIM, rows.VOCABULARY if causal else 10, rngs=rngs)
        self.causal = causal

    def __call__(self, x: Any) -> Any:
        mask = nnx.make_causal_mask(x[:1]) if self.causal else None
        x = self.norm(self.encoder(self.token(x) + self.position.embedding[...], mask))
        return self.head(x).reshape(-1, rows.VOCABULARY) if self.causal else self.head(x.mean(1))


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


# The names of arrays here and in torch.
NAMES = {
    ".cell.dense_i.kernel": ".weight_ih",
    ".cell.dense_h.kernel": ".weight_hh",
    ".cell.dense_h.bias": ".bias",
    ".out.": ".out_proj.",
    ".kernel": ".weight",
    ".scale": ".weight",
    ".embedding": ".weight",
    ".mean": ".running_mean",
    ".var": ".running_var",
}


def fill(net: Any, start: Arrays) -> None:
    """Copies torch's arrays into the model."""
    arrays = rows.unpacked(start)
    state = nnx.to_flat_state(nnx.state(net, nnx.Any(nnx.Param, nnx.BatchStat)))
    filled = []
    for path, variable in state:
        name = ".".join(map(str, path))
        for here, there in NAMES.items():
            name = name.replace(here, there)
        array = arrays.pop(name)
        if path[-1] == "kernel":
            array = np.moveaxis(array, (0, 1), (-1, -2))
        filled.append((path, variable.replace(jnp.asarray(array).reshape(variable.shape))))
    if arrays:
        raise ValueError(f"flax.nnx: no place for {', '.join(arrays)}")
    nnx.update(net, nnx.from_flat_state(filled))


def make(name: str, model: rows.Model, start: Arrays) -> Made:
    new = nnx.jit(lambda: NETS[name](nnx.Rngs(0)))

    def made() -> Any:
        net = new()
        fill(net, start)
        return net

    trained, net = made(), made()
    trained.train()
    net.eval()
    x, y = model.task()
    x, y = jnp.asarray(x if model.tokens or x.ndim < 4 else np.moveaxis(x, 1, -1)), jnp.asarray(y)
    optimizer = nnx.Optimizer(trained, optax.adam(rows.RATE), wrt=nnx.Param)
    graphdef, state = nnx.split((trained, optimizer))

    @functools.partial(jax.jit, donate_argnums=1)
    def train(graphdef: Any, state: Any, x: Any, y: Any) -> Any:
        net, optimizer = nnx.merge(graphdef, state)

        def loss_fn(net: Any) -> Any:
            return optax.softmax_cross_entropy_with_integer_labels(net(x), y).mean()

        loss, grads = nnx.value_and_grad(loss_fn)(net)
        optimizer.update(net, grads)
        return nnx.state((net, optimizer)), loss

    @jax.jit
    def infer(graphdef: Any, state: Any, x: Any) -> Any:
        return nnx.merge(graphdef, state)(x)

    kept = nnx.split(net)

    def step() -> Any:
        nonlocal state
        state, loss = train(graphdef, state, x, y)
        return loss

    return Made(step, lambda: infer(*kept, x))
