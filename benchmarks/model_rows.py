"""The models that `models.py` trains, each written once, in torch's style, for torch.nn, purenn.nn and purenn.layers.

A model has children, made of any library with torch's classes, and a `forward`. `model_nnx.py` and `model_equinox.py`
use the same names for their children, so torch's arrays can be copied by name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import torch

RATE = 1e-3  # the learning rate of Adam
DTYPES: dict[str, Any] = {"float32": np.float32, "bfloat16": ml_dtypes.bfloat16}
WIDTHS = (64, 128, 256)  # channels of the CNN's blocks
DEPTHWISE = ((32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1))  # channels in, out, stride
UNET = (32, 64, 128)  # channels per level; the last level is the bottom
VOLUME = (16, 32, 64)
FEATURES, HIDDEN, STEPS = 64, 128, 64
DIM, HEADS, FORWARD, LENGTH = 256, 8, 1024, 128
ENCODER_LAYERS, CAUSAL_LAYERS, VOCABULARY, DROPOUT = 4, 2, 64, 0.1


class Model(NamedTuple):
    """A network and its task: the class numbers of one fixed batch.

    Attributes:
        about: a description.
        children: makes the parts from a namespace with torch's classes.
        forward: computes the output from an object with the children, an input and a namespace of array functions.
        inputs: the shape of the input: numbers, or tokens if `tokens`.
        labels: the shape of the labels.
        classes: the number of classes.
        dropout: whether training is random, in which case losses can't be compared.
        dtype: the dtype of the arrays and of the input.
    """

    about: str
    children: Callable[[Any], dict[str, Any]]
    forward: Callable[[Any, Any, Any], Any]
    inputs: tuple[int, ...]
    labels: tuple[int, ...]
    classes: int = 10
    tokens: bool = False
    dropout: bool = False
    dtype: str = "float32"

    def sized(self, batches: int, dtype: str) -> Model:
        """The same model with a multiple of the examples, in another dtype."""
        inputs, labels = ((batches * shape[0], *shape[1:]) for shape in (self.inputs, self.labels))
        return self._replace(inputs=inputs, labels=labels, dtype=dtype)

    def task(self) -> tuple[np.ndarray, np.ndarray]:
        """The batch."""
        noise = np.random.RandomState(0)
        x = noise.randint(VOCABULARY, size=self.inputs) if self.tokens else noise.standard_normal(self.inputs)
        x = x.astype(np.int32 if self.tokens else DTYPES[self.dtype])
        return x, noise.randint(self.classes, size=self.labels)

    def module(self, nn: Any, xp: Any) -> Any:
        """The network as a module of torch or purenn."""
        model = self

        class Net(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                for name, child in model.children(nn).items():
                    setattr(self, name, child)

            def forward(self, x: Any) -> Any:
                return model.forward(self, x, xp)

        return Net()

    def start(self) -> dict[str, np.ndarray]:
        """The starting arrays of every contestant, under torch's names, with statistics that have moved."""
        torch.manual_seed(0)
        net = self.module(torch.nn, torch)
        with torch.no_grad():
            net(torch.from_numpy(self._replace(dtype="float32").task()[0]))
        arrays = {name: array.numpy().copy() for name, array in net.state_dict().items()}
        dtype = DTYPES[self.dtype]
        return {name: array.astype(dtype) if array.dtype == np.float32 else array for name, array in arrays.items()}


def mlp_children(nn: Any) -> dict[str, Any]:
    return {
        "layers": nn.ModuleList([nn.Linear(784, 512), nn.Linear(512, 512)]),
        "relu": nn.ReLU(),
        "head": nn.Linear(512, 10),
    }


def mlp(m: Any, x: Any, xp: Any) -> Any:
    for layer in m.layers.children():
        x = m.relu(layer(x))
    return m.head(x)


def cnn_children(nn: Any) -> dict[str, Any]:
    channels = (3, *WIDTHS)
    pairs = list(itertools.pairwise(channels))
    return {
        "convs": nn.ModuleList([nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in pairs]),
        "norms": nn.ModuleList([nn.BatchNorm2d(b) for _, b in pairs]),
        "relu": nn.ReLU(),
        "pool": nn.MaxPool2d(2),
        "head": nn.Linear(channels[-1], 10),
    }


def cnn(m: Any, x: Any, xp: Any) -> Any:
    for conv, norm in zip(m.convs.children(), m.norms.children(), strict=True):
        x = m.pool(m.relu(norm(conv(x))))
    return m.head(x.mean((2, 3)))


def depthwise_children(nn: Any) -> dict[str, Any]:
    return {
        "stem": nn.Conv2d(3, 32, 3, padding=1, bias=False),
        "norm": nn.BatchNorm2d(32),
        "spatial": nn.ModuleList(
            [nn.Conv2d(a, a, 3, stride=s, padding=1, groups=a, bias=False) for a, _, s in DEPTHWISE]
        ),
        "spatial_norms": nn.ModuleList([nn.BatchNorm2d(a) for a, _, _ in DEPTHWISE]),
        "pointwise": nn.ModuleList([nn.Conv2d(a, b, 1, bias=False) for a, b, _ in DEPTHWISE]),
        "pointwise_norms": nn.ModuleList([nn.BatchNorm2d(b) for _, b, _ in DEPTHWISE]),
        "relu": nn.ReLU(),
        "head": nn.Linear(DEPTHWISE[-1][1], 10),
    }


def depthwise(m: Any, x: Any, xp: Any) -> Any:
    x = m.relu(m.norm(m.stem(x)))
    lists = (m.spatial, m.spatial_norms, m.pointwise, m.pointwise_norms)
    for spatial, spatial_norm, pointwise, pointwise_norm in zip(*(of.children() for of in lists), strict=True):
        x = m.relu(pointwise_norm(pointwise(m.relu(spatial_norm(spatial(x))))))
    return m.head(x.mean((2, 3)))


def unet_plan() -> list[tuple[int, int]]:
    """The input and output channels of each pair of convolutions: down, at the bottom, and up again."""
    channels = (3, *UNET)
    down = list(itertools.pairwise(channels))
    return down + [(2 * width, width) for width in reversed(UNET[:-1])]


def unet_children(nn: Any) -> dict[str, Any]:
    convs = [channels for a, b in unet_plan() for channels in ((a, b), (b, b))]
    return {
        "convs": nn.ModuleList([nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in convs]),
        "norms": nn.ModuleList([nn.BatchNorm2d(b) for _, b in convs]),
        "ups": nn.ModuleList([nn.ConvTranspose2d(2 * width, width, 2, stride=2) for width in reversed(UNET[:-1])]),
        "relu": nn.ReLU(),
        "pool": nn.MaxPool2d(2),
        "head": nn.Conv2d(UNET[0], 4, 1),
    }


def unet(m: Any, x: Any, xp: Any) -> Any:
    parts = list(zip(m.convs.children(), m.norms.children(), strict=True))

    def both(level: int, x: Any) -> Any:
        for conv, norm in parts[2 * level : 2 * level + 2]:
            x = m.relu(norm(conv(x)))
        return x

    kept, depth = [], len(UNET) - 1
    for level in range(depth):
        kept.append(both(level, x))
        x = m.pool(kept[-1])
    x = both(depth, x)
    for level, up in enumerate(m.ups.children()):
        x = both(depth + 1 + level, xp.concat((kept.pop(), up(x)), axis=1))
    return m.head(x)


def volume_children(nn: Any) -> dict[str, Any]:
    channels = (1, *VOLUME)
    pairs = list(itertools.pairwise(channels))
    return {
        "convs": nn.ModuleList([nn.Conv3d(a, b, 3, padding=1, bias=False) for a, b in pairs]),
        "norms": nn.ModuleList([nn.BatchNorm3d(b) for _, b in pairs]),
        "relu": nn.ReLU(),
        "pool": nn.MaxPool3d(2),
        "head": nn.Linear(channels[-1], 10),
    }


def volume(m: Any, x: Any, xp: Any) -> Any:
    for conv, norm in zip(m.convs.children(), m.norms.children(), strict=True):
        x = m.pool(m.relu(norm(conv(x))))
    return m.head(x.mean((2, 3, 4)))


def lstm_children(nn: Any) -> dict[str, Any]:
    return {"lstm": nn.LSTM(FEATURES, HIDDEN, 2, batch_first=True), "head": nn.Linear(HIDDEN, 10)}


def lstm(m: Any, x: Any, xp: Any) -> Any:
    return m.head(m.lstm(x)[0][:, -1])


def transformer_children(nn: Any, layers: int, classes: int, dropout: float, norm_first: bool) -> dict[str, Any]:
    layer = nn.TransformerEncoderLayer(
        DIM, HEADS, FORWARD, dropout, activation="gelu", batch_first=True, norm_first=norm_first
    )
    return {
        "token": nn.Embedding(VOCABULARY, DIM),
        "position": nn.Embedding(LENGTH, DIM),
        "encoder": nn.TransformerEncoder(layer, layers, enable_nested_tensor=False),
        "norm": nn.LayerNorm(DIM),
        "head": nn.Linear(DIM, classes),
    }


def encoder_children(nn: Any) -> dict[str, Any]:
    return transformer_children(nn, ENCODER_LAYERS, 10, DROPOUT, norm_first=False)


def encoder(m: Any, x: Any, xp: Any) -> Any:
    x = m.encoder(m.token(x) + m.position.weight)
    return m.head(m.norm(x).mean(1))


def causal_children(nn: Any) -> dict[str, Any]:
    return transformer_children(nn, CAUSAL_LAYERS, VOCABULARY, 0.0, norm_first=True)


def causal(m: Any, x: Any, xp: Any) -> Any:
    later = xp.triu(xp.ones_like(m.position.weight[:, :LENGTH]), 1) == 1  # ones_like, for torch's device
    x = m.encoder(m.token(x) + m.position.weight, mask=later, is_causal=True)
    return m.head(m.norm(x)).reshape(-1, VOCABULARY)


def transformer_task(classes: int, labels: int, **options: bool) -> dict[str, Any]:
    return {"inputs": (16, LENGTH), "labels": (labels,), "classes": classes, "tokens": True, **options}


MODELS: dict[str, Model] = {
    "mlp": Model("MLP 784-512-512-10, batch 128", mlp_children, mlp, (128, 784), (128,)),
    "cnn": Model(
        f"CNN, 3 blocks of conv, batch norm, relu and pool, {WIDTHS} channels, 32 x 3 x 32 x 32",
        cnn_children, cnn, (32, 3, 32, 32), (32,),
    ),
    "depthwise": Model(
        f"MobileNet-like CNN, {len(DEPTHWISE)} depthwise blocks, 16 x 3 x 32 x 32",
        depthwise_children, depthwise, (16, 3, 32, 32), (16,),
    ),
    "unet": Model(
        f"U-Net, {len(UNET)} levels of {UNET} channels, 4 x 3 x 64 x 64",
        unet_children, unet, (4, 3, 64, 64), (4, 64, 64), classes=4,
    ),
    "volume": Model(
        f"3-D CNN, 3 blocks of {VOLUME} channels, 4 x 1 x 16 x 32 x 32",
        volume_children, volume, (4, 1, 16, 32, 32), (4,),
    ),
    "lstm": Model(
        f"2-layer LSTM classifier, hidden {HIDDEN}, 32 x {STEPS} x {FEATURES}",
        lstm_children, lstm, (32, STEPS, FEATURES), (32,),
    ),
    "encoder": Model(
        f"transformer encoder, {ENCODER_LAYERS} layers of {DIM}, dropout {DROPOUT}, 16 x {LENGTH} tokens",
        encoder_children, encoder, **transformer_task(10, 16, dropout=True),
    ),
    "causal": Model(
        f"causal transformer, {CAUSAL_LAYERS} layers of {DIM}, norms first, 16 x {LENGTH} of {VOCABULARY} tokens",
        causal_children, causal, **transformer_task(VOCABULARY, 16 * LENGTH),
    ),
}  # fmt: skip


def unpacked(start: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays in the form of libraries without packed arrays, under torch's names where torch has one.

    Attention has four projections. A cell of an LSTM has one bias. A transposed convolution has the kernel of the
    convolution over the dilated input, outputs first.
    """
    found = {}
    for name, array in start.items():
        *path, kind = name.split(".")
        if kind.startswith("in_proj"):
            for part, piece in zip(("query", "key", "value"), np.split(array, 3), strict=True):
                found[".".join((*path, part, kind.removeprefix("in_proj_")))] = piece
        elif path[-1] == "lstm":
            kind, layer = kind.rsplit("_l", 1)
            kind = kind if kind.startswith("weight") else "bias"  # torch has two, which are added
            name = f"lstm.{layer}.{kind}"
            found[name] = found.get(name, 0) + array
        elif path[0] == "ups" and kind == "weight":
            found[name] = np.flip(array.swapaxes(0, 1), tuple(range(2, array.ndim)))
        elif kind != "num_batches_tracked":
            found[name] = array
    return found
