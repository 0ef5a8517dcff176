"""The rows that `operators.py` times, and the functions of the three libraries that they call.

The call of a row is written once, for the functions `F` of a library (torch's, purenn's, the naive ones) and arrays.
The first shape of each kind is a working size, the last one is small, with batch 1.
"""

# ruff: noqa: N803, E731  (F is functional, here an argument; a call of one line is a lambda, with a name or without)

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import operator_naive
import torch

import purenn.functional
import purenn.utils.rnn


class Input(NamedTuple):
    shape: tuple[int, ...]
    make: Callable[[np.random.RandomState], Any]  # None stands for a jax key, which torch does not need
    trained: bool = True


class Row(NamedTuple):
    family: str
    name: str
    call: Callable[..., Any]
    inputs: tuple[Input, ...]
    dropped: tuple[float, int] | None = None  # for dropout, whose results are random: p, and the number of draws
    tolerance: float | None = None  # if torch's own float32 error exceeds the usual tolerance


def normal(*shape: int, scale: float = 1.0, trained: bool = True) -> Input:
    return Input(shape, lambda r: (scale * r.standard_normal(shape)).astype(np.float32), trained)


def weight(*shape: int) -> Input:
    return normal(*shape, scale=math.prod(shape[1:]) ** -0.5)


def uniform(low: float, high: float, *shape: int, trained: bool = True) -> Input:
    return Input(shape, lambda r: r.uniform(low, high, shape).astype(np.float32), trained)


def indices(below: int, *shape: int, least: int = 0) -> Input:
    return Input(shape, lambda r: r.randint(least, below, shape), False)


def constant(array: Any) -> Input:
    return Input(np.shape(array), lambda r: np.asarray(array), False)


KEY = Input((), lambda r: None, False)


# The libraries. Functions that torch.nn.functional lacks, or has with other arguments, are adapted.


def torch_recurrent(name: str) -> Callable[..., Any]:
    function = getattr(torch, name)

    def run(x: Any, hx: Any, params: Any, layers: int, bidirectional: bool) -> Any:
        return function(x, hx, params, True, layers, 0.0, torch.is_grad_enabled(), bidirectional, False)

    return run


def torch_packed_lstm(x: Any, lengths: Sequence[int], hx: Any, params: Any) -> Any:
    data, sizes, *order = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths))
    y, h, c = torch.lstm(data, sizes, hx, params, True, 1, 0.0, torch.is_grad_enabled(), False)
    packed = torch.nn.utils.rnn.PackedSequence(y, sizes, *order)
    return torch.nn.utils.rnn.pad_packed_sequence(packed)[0], h, c


def purenn_recurrent(name: str) -> Callable[..., Any]:
    function = getattr(purenn.functional, name)

    def run(x: Any, hx: Any, params: Any, layers: int, bidirectional: bool) -> Any:
        return function(x, hx, params, num_layers=layers, bidirectional=bidirectional)

    return run


def purenn_packed_lstm(x: Any, lengths: Sequence[int], hx: Any, params: Any) -> Any:
    packed: Any = purenn.utils.rnn.pack_padded_sequence(x, np.asarray(lengths))
    packed, h, c = purenn.functional.lstm(packed, hx, params)
    return purenn.utils.rnn.pad_packed_sequence(packed)[0], h, c


RECURRENT = ("lstm", "gru", "rnn_tanh")
TORCH = SimpleNamespace(
    **{
        **vars(torch.nn.functional),
        **{name: torch_recurrent(name) for name in RECURRENT},
        "packed_lstm": torch_packed_lstm,
        "cdist": torch.cdist,
        "dropout": lambda x, p, rng: torch.nn.functional.dropout(x, p),
        "dropout2d": lambda x, p, rng: torch.nn.functional.dropout2d(x, p),
    }
)
PURENN = SimpleNamespace(
    **{
        **vars(purenn.functional),
        **{name: purenn_recurrent(name) for name in RECURRENT},
        "packed_lstm": purenn_packed_lstm,
    }
)
NAIVE = operator_naive


# The rows, by family.

Shape = tuple[int, ...]


def rows(family: str, what: str, call: Callable[..., Any], *sizes: Sequence[Input | Shape], **more: Any) -> list[Row]:
    """One row per list of inputs. A shape stands for a normally distributed array."""
    made = []
    for given in sizes:
        inputs = tuple(i if isinstance(i, Input) else normal(*i) for i in given)
        made.append(Row(family, f"{what} {'x'.join(map(str, inputs[0].shape))}", call, inputs, **more))
    return made


def of_x(family: str, what: str, call: Callable[..., Any], *shapes: Shape) -> list[Row]:
    """Rows with one input."""
    return rows(family, what, call, *([shape] for shape in shapes))


def convolutions(
    kernel: int | Shape, out: int, *shapes: Shape, groups: int = 1, transposed: bool = False, **options: Any
) -> list[Row]:
    """One row per shape of x. groups=0 means depthwise; `out` is then the number of outputs per channel."""
    made = []
    for shape in shapes:
        channels, n = shape[1], len(shape) - 2
        number, outputs = (groups, out) if groups else (channels, out * channels)
        kernels = (kernel,) * n if isinstance(kernel, int) else kernel
        sizes = (channels, outputs // number) if transposed else (outputs, channels // number)
        same = tuple(options.get("dilation", 1) * (k - 1) // 2 for k in kernels)
        arguments: dict[str, Any] = {"padding": 0 if transposed else same, **options, "groups": number}
        name = f"conv_transpose{n}d" if transposed else f"conv{n}d"
        short = {"stride": "s", "padding": "p", "dilation": "d", "output_padding": "op"}
        label = f"{name} k{kernel if isinstance(kernel, int) else 'x'.join(map(str, kernel))}"
        label += "".join(f" {short[option]}{value}" for option, value in options.items())
        label += {0: " depthwise", 1: ""}.get(groups, f" g{groups}") + f" to {outputs}"

        def call(F: Any, x: Any, w: Any, b: Any, name: str = name, arguments: dict[str, Any] = arguments) -> Any:
            return getattr(F, name)(x, w, b, **arguments)

        inputs = [shape, weight(*sizes, *kernels), normal(outputs)]
        made += rows("conv_transpose" if transposed else name, label, call, inputs)
    return made


def linears() -> Iterator[Row]:
    for shape, out in [((256, 1024), 1024), ((128, 784), 512), ((16, 128, 512), 2048), ((1, 512), 512), ((1, 8), 8)]:
        inputs = [shape, weight(out, shape[-1]), normal(out)]
        yield from rows("linear", f"linear to {out}", lambda F, x, w, b: F.linear(x, w, b), inputs)


def convs() -> Iterator[Row]:
    yield from convolutions(1, 256, (8, 256, 512), (1, 64, 64))
    yield from convolutions(3, 64, (16, 64, 1024), (1, 16, 64))
    yield from convolutions(5, 128, (16, 64, 512), (1, 64, 128))
    yield from convolutions(7, 64, (16, 32, 1024), (1, 32, 256), stride=2)
    yield from convolutions(11, 64, (4, 64, 1000), (1, 16, 200))
    yield from convolutions(3, 64, (8, 64, 1024), (1, 32, 128), dilation=4)
    yield from convolutions(3, 128, (8, 128, 512), (1, 64, 64), groups=8)
    yield from convolutions(7, 1, (8, 128, 1024), (1, 64, 128), groups=0)
    yield from convolutions(9, 32, (16, 1, 8000), (1, 1, 1000), stride=4)
    yield from convolutions(5, 32, (16, 3, 2048), (1, 3, 256))

    yield from convolutions(1, 256, (16, 256, 16, 16), (1, 64, 28, 28))
    yield from convolutions(1, 128, (16, 64, 32, 32), (1, 64, 14, 14), stride=2)
    yield from convolutions(3, 64, (16, 64, 32, 32), (1, 64, 56, 56), (1, 32, 14, 14))
    yield from convolutions(3, 128, (8, 128, 16, 16), (1, 128, 7, 7))
    yield from convolutions(3, 128, (16, 64, 32, 32), (1, 64, 14, 14), stride=2)
    yield from convolutions(3, 32, (32, 3, 32, 32), (1, 3, 32, 32), (32, 1, 28, 28), (1, 1, 28, 28))
    yield from convolutions(3, 64, (8, 64, 32, 32), (1, 32, 28, 28), dilation=2)
    yield from convolutions((1, 7), 64, (8, 64, 17, 17), (1, 32, 17, 17))
    yield from convolutions(5, 64, (16, 32, 28, 28), (1, 16, 14, 14))
    yield from convolutions(5, 6, (32, 1, 28, 28), (1, 1, 28, 28), padding=0)
    yield from convolutions(7, 64, (4, 3, 128, 128), (1, 3, 112, 112), stride=2)
    yield from convolutions(11, 64, (4, 3, 128, 128), (1, 3, 64, 64), stride=4)
    yield from convolutions(3, 128, (16, 128, 16, 16), (1, 64, 14, 14), groups=8)
    yield from convolutions(3, 128, (4, 128, 14, 14), (1, 128, 7, 7), groups=32)
    yield from convolutions(3, 1, (16, 128, 28, 28), (1, 96, 14, 14), groups=0)
    yield from convolutions(3, 2, (8, 32, 28, 28), (1, 16, 14, 14), groups=0)
    yield from convolutions(5, 1, (8, 64, 28, 28), (1, 64, 14, 14), groups=0, stride=2)
    yield from convolutions(7, 1, (8, 96, 28, 28), (1, 96, 14, 14), groups=0)

    yield from convolutions(1, 64, (2, 32, 8, 16, 16), (1, 16, 4, 8, 8))
    yield from convolutions(3, 16, (2, 16, 16, 32, 32), (1, 8, 8, 16, 16))
    yield from convolutions(3, 32, (2, 16, 16, 32, 32), (1, 8, 8, 14, 14), stride=2)
    yield from convolutions(3, 16, (2, 1, 16, 32, 32), (1, 1, 8, 16, 16))
    yield from convolutions((3, 7, 7), 32, (1, 3, 8, 56, 56), (1, 3, 4, 28, 28), stride=(1, 2, 2))
    yield from convolutions(3, 16, (2, 16, 8, 16, 16), (1, 8, 8, 8, 8), dilation=2)
    yield from convolutions(3, 32, (2, 32, 8, 16, 16), (1, 16, 4, 8, 8), groups=4)
    yield from convolutions(3, 1, (2, 32, 8, 16, 16), (1, 16, 4, 8, 8), groups=0)


def transposed_convs() -> Iterator[Row]:
    def transposed(kernel: int | Shape, out: int, *shapes: Shape, **options: Any) -> list[Row]:
        return convolutions(kernel, out, *shapes, transposed=True, **options)

    yield from transposed(2, 32, (16, 64, 512), (1, 16, 64), stride=2)
    yield from transposed(16, 32, (4, 64, 128), (1, 32, 32), stride=8, padding=4)
    yield from transposed(2, 32, (8, 64, 32, 32), (1, 32, 14, 14), stride=2)
    yield from transposed(4, 64, (8, 64, 16, 16), (1, 32, 8, 8), stride=2, padding=1)
    yield from transposed(3, 32, (8, 64, 16, 16), (1, 32, 8, 8), stride=2, padding=1, output_padding=1)
    yield from transposed(4, 64, (8, 64, 16, 16), (1, 32, 8, 8), stride=2, padding=1, groups=4)
    yield from transposed(4, 1, (8, 64, 16, 16), (1, 32, 8, 8), stride=2, padding=1, groups=0)
    yield from transposed(5, 16, (8, 32, 16, 16), (1, 16, 16, 16), padding=2)
    yield from transposed(3, 32, (8, 32, 16, 16), (1, 16, 8, 8), padding=2, dilation=2)
    yield from transposed(2, 16, (2, 32, 8, 16, 16), (1, 16, 4, 8, 8), stride=2)
    yield from transposed(3, 16, (2, 16, 8, 16, 16), (1, 8, 4, 8, 8), stride=2, padding=1, output_padding=1)


def pools() -> Iterator[Row]:
    lines, images = ((16, 64, 1024), (1, 16, 128)), ((16, 64, 56, 56), (1, 16, 28, 28))
    volumes = (2, 16, 16, 32, 32), (1, 8, 8, 16, 16)

    def windows(name: str, kernel: int, stride: int, padding: int, *shapes: Shape) -> list[Row]:
        def call(F: Any, x: Any) -> Any:
            return getattr(F, name)(x, kernel, stride, padding)

        return of_x("pool", f"{name} k{kernel} s{stride}", call, *shapes)

    for kind in ("max", "avg"):
        yield from windows(f"{kind}_pool1d", 2, 2, 0, *lines)
        yield from windows(f"{kind}_pool2d", 2, 2, 0, *images)
        yield from windows(f"{kind}_pool2d", 3, 2, 1, *images)
        yield from windows(f"{kind}_pool2d", 3, 1, 1, (8, 64, 28, 28), (1, 32, 14, 14))
        yield from windows(f"{kind}_pool3d", 2, 2, 0, *volumes)
    yield from windows("max_pool1d", 3, 1, 1, *lines)
    yield from windows("max_pool3d", 3, 2, 1, *volumes)

    def adaptive(name: str, size: int, *shapes: Shape) -> list[Row]:
        return of_x("pool", f"adaptive_{name} to {size}", lambda F, x: getattr(F, f"adaptive_{name}")(x, size), *shapes)

    for kind in ("avg", "max"):
        yield from adaptive(f"{kind}_pool1d", 50, *lines)
        yield from adaptive(f"{kind}_pool2d", 7, (8, 64, 28, 28), (8, 64, 30, 30), (1, 16, 14, 14))
        yield from adaptive(f"{kind}_pool3d", 4, (2, 16, 16, 32, 32), (1, 8, 6, 14, 14))
    yield from adaptive("avg_pool2d", 1, (16, 256, 14, 14), (1, 64, 7, 7))
    yield from of_x("pool", "lp_pool1d k4", lambda F, x: F.lp_pool1d(x, 2.0, 4), *lines)
    yield from of_x("pool", "lp_pool2d k3 s2", lambda F, x: F.lp_pool2d(x, 2.0, 3, 2), *images)
    yield from of_x("pool", "lp_pool3d k2", lambda F, x: F.lp_pool3d(x, 2.0, 2), *volumes)


def folds() -> Iterator[Row]:
    def folded(F: Any, x: Any) -> Any:
        side = math.isqrt(x.shape[-1])
        return F.fold(x, (side, side), 3, padding=1)

    shapes = (8, 16, 28, 28), (1, 8, 14, 14)
    yield from of_x("fold", "unfold k3", lambda F, x: F.unfold(x, 3, padding=1), *shapes)
    yield from of_x("fold", "unfold k4 s4", lambda F, x: F.unfold(x, 4, stride=4), (8, 16, 64, 64), (1, 3, 32, 32))
    yield from of_x("fold", "fold k3", folded, (8, 144, 784), (1, 72, 196))
    yield from of_x("fold", "fold k4 s4", lambda F, x: F.fold(x, (32, 32), 4, stride=4), (8, 256, 64), (1, 48, 64))


def norms() -> Iterator[Row]:
    def affine(what: str, call: Callable[..., Any], *shapes: Shape, axis: int = 1) -> list[Row]:
        sizes = [[s, uniform(0.5, 1.5, s[axis]), normal(s[axis])] for s in shapes]
        return rows("norm", what, call, *sizes)

    words, images = [(64, 128, 512), (16, 128, 256), (1, 16, 128)], [(32, 64, 28, 28), (1, 32, 14, 14)]
    yield from affine("layer_norm", lambda F, x, w, b: F.layer_norm(x, w.shape, w, b), *words, axis=-1)
    yield from rows("norm", "rms_norm", lambda F, x, w: F.rms_norm(x, w.shape, w), *([s, s[-1:]] for s in words))
    yield from affine(
        "batch_norm train", lambda F, x, w, b: F.batch_norm(x, None, None, w, b, True), *images, (256, 512)
    )
    running = [[s, normal(s[1], trained=False), uniform(0.5, 1.5, s[1], trained=False)] for s in images]
    yield from rows(
        "norm",
        "batch_norm eval",
        lambda F, x, mean, var, w, b: F.batch_norm(x, mean, var, w, b),
        *([*inputs, (s[1],), (s[1],)] for s, inputs in zip(images, running, strict=True)),
    )
    yield from affine("group_norm 8", lambda F, x, w, b: F.group_norm(x, 8, w, b), *images)
    yield from affine("instance_norm", lambda F, x, w, b: F.instance_norm(x, None, None, w, b), *images)


def activations() -> Iterator[Row]:
    shapes = (64, 128, 512), (8, 128, 1024), (1, 16, 128)
    for name in ("relu", "gelu", "silu", "mish"):
        yield from of_x("activation", name, lambda F, x, name=name: getattr(F, name)(x), *shapes)
    yield from of_x("activation", "gelu tanh", lambda F, x: F.gelu(x, approximate="tanh"), *shapes)
    for name in ("softmax", "log_softmax"):
        sizes = (64, 128, 512), (64, 32000), (1, 16, 128)
        yield from of_x("activation", name, lambda F, x, name=name: getattr(F, name)(x, -1), *sizes)


def losses() -> Iterator[Row]:
    def classes(n: int, count: int) -> list[Any]:
        return [(n, count), indices(count, n)]

    vocabularies = classes(128, 10), classes(1024, 1000), classes(256, 32000), classes(1, 10)
    yield from rows("loss", "cross_entropy", lambda F, x, t: F.cross_entropy(x, t), *vocabularies)
    smooth = lambda F, x, t: F.cross_entropy(x, t, label_smoothing=0.1)
    yield from rows("loss", "cross_entropy smoothed", smooth, classes(1024, 1000), classes(1, 10))
    pixels = [[(8, 21, 64, 64), indices(21, 8, 64, 64)], [(1, 5, 16, 16), indices(5, 1, 16, 16)]]
    yield from rows("loss", "cross_entropy pixels", lambda F, x, t: F.cross_entropy(x, t), *pixels)
    yield from rows("loss", "nll_loss", lambda F, x, t: F.nll_loss(x, t), classes(1024, 1000), classes(1, 10))

    for time, n, count, length in [(100, 16, 80, 20), (50, 1, 30, 10)]:
        times, lengths = [time - i for i in range(n)], [length - i % 5 for i in range(n)]

        def ctc(F: Any, x: Any, targets: Any, times: Any = times, lengths: Any = lengths) -> Any:
            given = (torch.tensor(times), torch.tensor(lengths)) if F is TORCH else (np.array(times), np.array(lengths))
            return F.ctc_loss(F.log_softmax(x, -1), targets, *given)

        # after 100 steps torch's gradient differs from float64 by 1.6e-4 of the largest number, purenn's by 2e-5
        yield from rows("loss", "ctc_loss", ctc, [(time, n, count), indices(count, n, length, least=1)], tolerance=5e-4)
    for n, width, count in [(512, 256, 8000), (256, 256, 32000), (1, 64, 1000)]:
        inputs = [(n, width), weight(count, width), indices(count, n)]
        call = lambda F, x, w, t: F.linear_cross_entropy(x, w, t)
        yield from rows("loss", f"linear_cross_entropy to {count}", call, inputs)


def attentions() -> Iterator[Row]:
    def heads(n: int, h: int, length: int, d: int, keys: int | None = None) -> list[Any]:
        return [(n, h, length, d), (n, keys or h, length, d), (n, keys or h, length, d)]

    def attend(what: str, *sizes: Any, **options: Any) -> list[Row]:
        call = lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, **options)
        return rows("attention", what, call, *sizes)

    def masked(F: Any, q: Any, k: Any, v: Any, mask: Any) -> Any:
        return F.scaled_dot_product_attention(q, k, v, mask)

    long, short, small = heads(1, 4, 2048, 64), heads(4, 8, 256, 64), heads(1, 4, 32, 32)
    yield from attend("attention", long, short, small)
    yield from attend("attention causal", long, short, small, is_causal=True)
    yield from attend("attention gqa", heads(1, 8, 1024, 64, 2), heads(1, 8, 32, 32, 2), enable_gqa=True)
    for inputs in (short, small):
        n, _, length, _ = inputs[0]
        padding = np.arange(length) < length - length // 4 * (np.arange(n) % 2)[:, None, None, None]
        mask = constant(np.broadcast_to(padding, (n, 1, length, length)).copy())
        yield from rows("attention", "attention masked", masked, [*inputs, mask])


def recurrents() -> Iterator[Row]:
    def params(gates: int, inputs: int, hidden: int, layers: int, directions: int) -> list[Input]:
        made, n = [], gates * hidden
        for cell in range(layers * directions):
            width = inputs if cell < directions else directions * hidden
            made += [normal(*s, scale=hidden**-0.5) for s in ((n, width), (n, hidden), (n,), (n,))]
        return made

    def run(name: str, time: int, n: int, width: int, layers: int = 1, both: bool = False) -> list[Row]:
        states = 2 if name == "lstm" else 1
        gates = {"lstm": 4, "gru": 3, "rnn_tanh": 1}[name]

        def call(F: Any, x: Any, *rest: Any) -> Any:
            hx, weights = rest[:states] if states > 1 else rest[0], rest[states:]
            return getattr(F, name)(x, hx, weights, layers, both)

        state = [(layers * (1 + both), n, width)] * states
        inputs = [(time, n, width), *state, *params(gates, width, width, layers, 1 + both)]
        return rows("rnn", name + f" {layers} layers" * (layers > 1) + " bidirectional" * both, call, inputs)

    for name in RECURRENT:
        yield from run(name, 128, 32, 128)
        yield from run(name, 100, 1, 64)
    yield from run("lstm", 64, 32, 256)
    yield from run("lstm", 64, 32, 64, layers=2, both=True)
    yield from run("lstm", 20, 1, 32, layers=2, both=True)
    yield from run("gru", 64, 32, 64, both=True)
    for time, n, width in [(64, 32, 128), (20, 1, 32)]:
        lengths = [max(1, time - i * time // n) for i in range(n)]

        def packed(F: Any, x: Any, h: Any, c: Any, *weights: Any, lengths: Any = lengths) -> Any:
            return F.packed_lstm(x, lengths, (h, c), weights)

        inputs = [(time, n, width), (1, n, width), (1, n, width), *params(4, width, width, 1, 1)]
        yield from rows("rnn", "lstm packed", packed, inputs)


def embeddings() -> Iterator[Row]:
    def bags(F: Any, ids: Any, w: Any, offsets: Any) -> Any:
        return F.embedding_bag(ids, w, offsets, mode="sum")

    sizes = [[indices(10000, 32, 128), (10000, 256)], [indices(32000, 8, 512), (32000, 128)]]
    sizes.append([indices(1000, 1, 16), (1000, 64)])
    yield from rows("embedding", "embedding", lambda F, ids, w: F.embedding(ids, w), *sizes)
    whole = lambda F, ids, w: F.embedding_bag(ids, w, mode="mean")
    yield from rows("embedding", "embedding_bag mean", whole, sizes[0], sizes[-1])
    for count, n, width in [(4096, 128, 256), (16, 1, 64)]:
        offsets = constant(np.arange(n) * (count // n))
        yield from rows("embedding", "embedding_bag offsets", bags, [indices(5000, count), (5000, width), offsets])


def visions() -> Iterator[Row]:
    def resize(mode: str, sides: dict[int, int], *shapes: Shape, **options: Any) -> list[Row]:
        made, aligned = [], " aligned" if options else ""
        for shape in shapes:
            side = sides[shape[-1]]
            size = (side,) * (len(shape) - 2)
            call = lambda F, x, size=size: F.interpolate(x, size, mode=mode, **options)
            made += of_x("vision", f"interpolate {mode}{aligned} to {side}", call, shape)
        return made

    images = (8, 32, 32, 32), (8, 32, 48, 48), (1, 8, 14, 14)
    for mode in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        yield from resize(mode, {32: 64, 48: 20, 14: 28}, *images)
    yield from resize("bilinear", {32: 64, 14: 28}, images[0], images[2], align_corners=True)
    yield from resize("area", {48: 16, 32: 12, 14: 7}, images[1], images[0], images[2])
    yield from resize("linear", {512: 1024, 64: 100}, (16, 64, 512), (1, 16, 64))
    yield from resize("trilinear", {16: 32, 8: 16}, (2, 16, 16, 16, 16), (1, 8, 8, 8, 8))
    for mode in ("zeros", "border"):
        call = lambda F, x, grid, mode=mode: F.grid_sample(x, grid, padding_mode=mode, align_corners=False)
        sizes = [[s, uniform(-1.2, 1.2, s[0], *s[2:], 2)] for s in ((4, 16, 64, 64), (1, 3, 28, 28))]
        yield from rows("vision", f"grid_sample {mode}", call, *sizes)
    yield from of_x("vision", "pixel_shuffle", lambda F, x: F.pixel_shuffle(x, 2), (8, 64, 32, 32), (1, 16, 14, 14))
    yield from of_x("vision", "pixel_unshuffle", lambda F, x: F.pixel_unshuffle(x, 2), (8, 16, 64, 64), (1, 4, 28, 28))


def distances() -> Iterator[Row]:
    sizes = [[(1, 512, 64), (1, 512, 64)], [(8, 128, 32), (8, 128, 32)], [(1, 32, 8), (1, 32, 8)]]
    for p in (2.0, 1.0):
        yield from rows("distance", f"cdist p{p:.0f}", lambda F, a, b, p=p: F.cdist(a, b, p=p), *sizes)
    yield from of_x("distance", "pdist", lambda F, x: F.pdist(x), (256, 64), (16, 8))


def dropouts() -> Iterator[Row]:
    for p, shape in [(0.1, (64, 128, 256)), (0.5, (128, 512)), (0.1, (1, 128))]:
        call = lambda F, x, rng, p=p: F.dropout(x, p, rng=rng)
        yield from rows("dropout", f"dropout {p}", call, [shape, KEY], dropped=(p, math.prod(shape)))
    for shape in [(32, 64, 28, 28), (1, 64, 14, 14)]:
        call = lambda F, x, rng: F.dropout2d(x, 0.2, rng=rng)
        yield from rows("dropout", "dropout2d 0.2", call, [shape, KEY], dropped=(0.2, math.prod(shape[:2])))


def paddings() -> Iterator[Row]:
    for mode in ("constant", "reflect", "replicate", "circular"):
        call = lambda F, x, mode=mode: F.pad(x, (1, 2, 3, 1), mode=mode)
        yield from of_x("pad", f"pad {mode}", call, (16, 32, 56, 56), (1, 8, 14, 14))


FAMILIES = (linears, convs, transposed_convs, pools, folds, norms, activations, losses, attentions, recurrents)
FAMILIES += (embeddings, visions, distances, dropouts, paddings)
ROWS = [row for family in FAMILIES for row in family()]
