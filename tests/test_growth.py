"""Programs don't grow with kernels, groups, channels, bins or steps: instructions at a large and a larger size.

Compile time grows with the instructions; `benchmarks/growth.py` prints it.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import purenn.functional as F


class Row(NamedTuple):
    """A call for a given size: the function, and inputs as shapes of float32 arrays or arrays without gradients."""

    name: str
    make: Callable[[int], tuple[Any, ...]]
    sizes: tuple[int, int]
    plain: Callable[[int], Callable[..., Any]] | None = None  # the obvious formulation, with the same inputs
    limit: float = 6  # times its instructions


def conv(kernel, channels, size, stride=1, groups=None, transposed=False):
    """A convolution and its plain formulation. An argument may be a function of the row's size."""

    def made(value, n) -> Any:
        return value(n) if callable(value) else value

    def parts(n):
        k, (c, o), s, st = made(kernel, n), made(channels, n), made(size, n), made(stride, n)
        g = made(groups, n) or 1
        d = len(k)
        shape = (c, o // g, *k) if transposed else (o, c // g, *k)
        return d, (2, c, *s), shape, (st,) * d, g

    def make(n):
        d, x, w, st, g = parts(n)
        f = getattr(F, f"conv_transpose{d}d" if transposed else f"conv{d}d")
        return (lambda x, w: f(x, w, None, st, groups=g)), x, w

    def plain(n):
        d, _, _, st, g = parts(n)
        return lambda x, w: lax.conv_general_dilated(x, w, st, [(0, 0)] * d, feature_group_count=g)

    return make, None if transposed else plain


def convolution(name, sizes, *args, limit=6, **kw):
    make, plain = conv(*args, **kw)
    return Row(name, make, sizes, plain, limit)


def window(start, join, n, kernel, stride):
    return lambda x: lax.reduce_window(x, start, join, (1, 1, *[kernel] * n), (1, 1, *[stride] * n), "VALID")


def pool(name, kernel, n, stride):
    """An overlapping pool whose kernel is the size, or a pool over the whole line."""
    f = getattr(F, f"{name}_pool{n}d")
    length = {1: 600, 2: 100, 3: 30}[n]
    start, join = (-np.inf, lax.max) if name == "max" else (0.0, lax.add)
    return Row(
        f"{name}_pool{n}d stride {stride}",
        lambda k: ((lambda x: f(x, k, stride or k)), (2, 3, *[length] * n)),
        kernel,
        lambda k: window(start, join, n, k, stride or k),
        limit=10,
    )


def lines(call, *shape):
    return lambda k: ((lambda x: call(x, k)), shape)


def integers(below, *shape):
    return np.random.default_rng(0).integers(0, below, shape).astype(np.int32)


def recurrent(name, gates):
    f = getattr(F, name)
    weights = [(gates * 8, 8), (gates * 8, 8), (gates * 8,), (gates * 8,)]
    states = 2 if name == "lstm" else 1
    call = lambda x, *rest: f(x, rest[:states] if states > 1 else rest[0], rest[states:])  # noqa: E731
    return Row(name, lambda n: (call, (n, 4, 8), *[(1, 4, 8)] * states, *weights), (64, 1024))


def bags(n):
    return (lambda i, w: F.embedding_bag(i, w, mode="max")), integers(100, 8, n), (100, 4)


ROWS = [
    convolution("conv1d", (64, 512), lambda k: (k,), (4, 4), (700,)),
    convolution("conv1d stride 4", (64, 512), lambda k: (k,), (4, 4), (1000,), stride=4),
    convolution("conv2d (n, 1) stride 4", (64, 512), lambda k: (k, 1), (4, 4), (1000, 6), stride=4),
    convolution("conv2d stride 4", (11, 31), lambda k: (k, k), (3, 8), (64, 64), stride=4, limit=8),
    convolution("conv2d", (11, 31), lambda k: (k, k), (16, 16), (40, 40)),
    convolution("conv2d patches", (16, 64), lambda k: (k, k), (3, 8), (128, 128), stride=lambda k: k),
    convolution("conv2d depthwise", (13, 31), lambda k: (k, k), (8, 8), (40, 40), groups=8, limit=12),
    convolution("conv2d groups", (16, 64), (3, 3), lambda g: (12 * g, 12 * g), (10, 10), groups=lambda g: g),
    convolution(
        "conv2d groups of 2", (16, 256), (3, 3), lambda g: (2 * g, 2 * g), (10, 10), groups=lambda g: g, limit=16
    ),
    convolution("conv3d", (9, 13), lambda k: (k, k, k), (3, 4), (16, 16, 16), limit=8),
    convolution("conv3d stride 2", (9, 13), lambda k: (k, k, k), (3, 4), (16, 16, 16), stride=2, limit=8),
    convolution("conv2d channels", (64, 512), (3, 3), lambda c: (c, c), (8, 8)),
    convolution("conv_transpose2d", (11, 31), lambda k: (k, k), (4, 4), (8, 8), stride=4, transposed=True),
    convolution(
        "conv_transpose1d stride n", (64, 256), lambda k: (k,), (4, 4), (9,), stride=lambda k: k, transposed=True
    ),
    convolution(
        "conv_transpose2d depthwise",
        (12, 24),
        lambda k: (k, k),
        (4, 4),
        (8, 8),
        stride=lambda k: k // 2,
        groups=4,
        transposed=True,
    ),
    *(pool(name, (20, 500), 1, stride) for name in ("max", "avg") for stride in (1, 3, None)),
    *(pool(name, (17, 80), 2, stride) for name in ("max", "avg") for stride in (1, None)),
    *(pool(name, (9, 20), 3, 2) for name in ("max", "avg")),
    Row("lp_pool2d", lines(lambda x, k: F.lp_pool2d(x, 3.0, k, 1), 2, 3, 100, 100), (17, 80)),
    Row(
        "max_pool2d indices", lines(lambda x, k: F.max_pool2d(x, k, 1, return_indices=True)[0], 2, 3, 90, 90), (17, 80)
    ),
    Row(
        "fractional_max_pool2d",
        lambda k: (
            (lambda x, u: F.fractional_max_pool2d(x, k, 5, _random_samples=u)),
            (2, 3, 90, 90),
            np.full((2, 3, 2), 0.5, np.float32),
        ),
        (9, 80),
    ),
    *(
        Row(
            f"adaptive_{kind}_pool2d {what}",
            lines(lambda x, n, kind=kind: getattr(F, f"adaptive_{kind}_pool2d")(x, n), 2, 3, 203, 203),
            sizes,
        )
        for kind in ("avg", "max")
        for what, sizes in (("few bins", (5, 3)), ("many bins", (30, 90)))
    ),
    Row("unfold", lines(lambda x, k: F.unfold(x, k), 2, 3, 50, 50), (11, 31)),
    Row("fold", lambda k: ((lambda x: F.fold(x, (50, 50), k)), (2, 3 * k * k, (51 - k) ** 2)), (11, 31)),
    *(
        Row(
            f"interpolate {mode} {what}",
            lines(lambda x, n, mode=mode, more=more: F.interpolate(x, (n, n), mode=mode, **more), 1, 2, 120, 120),
            sizes,
        )
        for mode, more in (
            ("bicubic", {"antialias": True}),
            ("bilinear", {}),
            ("bicubic", {}),
            ("area", {}),
            ("nearest", {}),
        )
        for what, sizes in (("down", (5, 3)), ("up", (2003, 4007)))
    ),
    Row("pad circular", lines(lambda x, n: F.pad(x, (n, n), mode="circular"), 2, 3, 600), (50, 500)),
    Row("local_response_norm", lines(lambda x, n: F.local_response_norm(x, n), 2, 200, 9, 9), (21, 151)),
    Row("cross_map_lrn2d", lines(lambda x, n: F.cross_map_lrn2d(x, n), 2, 200, 9, 9), (21, 151)),
    Row(
        "attention causal",
        lambda n: ((lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)), *[(1, 2, n, 8)] * 3),
        (4096, 16384),
    ),
    Row("attention", lambda n: (F.scaled_dot_product_attention, *[(1, 2, n, 8)] * 3), (2048, 8192)),
    *(
        Row(f"cdist p={p}", lambda n, p=p: ((lambda a, b: F.cdist(a, b, p=p)), (40, n), (30, n)), (64, 1024))
        for p in (1.0, 2.0, 3.0)
    ),
    Row("pdist", lambda n: ((lambda a: F.pdist(a, p=1.0)), (n, 8)), (64, 512)),
    recurrent("lstm", 4),
    recurrent("gru", 3),
    recurrent("rnn_tanh", 1),
    Row(
        "ctc_loss",
        lambda n: (
            (lambda x, t: F.ctc_loss(F.log_softmax(x, -1), t, np.full(2, n), np.full(2, 9))),
            (n, 2, 20),
            1 + integers(19, 2, 9),
        ),
        (64, 512),
    ),
    Row(
        "linear_cross_entropy",
        lambda n: (F.linear_cross_entropy, (2048, 16), (n, 16), integers(n, 2048)),
        (20000, 80000),
    ),
    Row(
        "grouped_mm",
        lambda n: ((lambda a, b, o: F.grouped_mm(a, b, offs=o)), (2048, 8), (n, 8, 8), np.arange(n, dtype=np.int32)),
        (16, 256),
    ),
    Row("multilabel_margin_loss", lambda n: (F.multilabel_margin_loss, (2, n), integers(n, 2, n)), (64, 2048)),
    Row("embedding_bag", bags, (16, 512)),
    Row(
        "stft",
        lambda n: ((lambda x: jnp.abs(F.stft(x, n, return_complex=True, window=np.ones(n, np.float32)))), (2, 4096)),
        (64, 1024),
    ),
]


def instructions(call, inputs):
    """The number of instructions in a program with gradients, including loops and fusions."""
    trained = [i for i, x in enumerate(inputs) if isinstance(x, tuple)]
    given = [jax.ShapeDtypeStruct(x, jnp.float32) if isinstance(x, tuple) else jnp.asarray(x) for x in inputs]
    gradients = jax.grad(lambda *x: sum(jnp.sum(jnp.sin(y)) for y in jax.tree.leaves(call(*x))), trained)
    text = jax.jit(lambda *x: (call(*x), gradients(*x))).lower(*given).compile().as_text()
    return len(re.findall(r"^\s+(?:ROOT )?%?[\w.-]+ = ", text, re.MULTILINE))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_instructions_do_not_grow(row):
    small, large = ((f, given) for f, *given in map(row.make, row.sizes))
    count = instructions(*large)
    assert count <= 1.25 * instructions(*small) + 60
    if row.plain is not None:
        assert count <= row.limit * instructions(row.plain(row.sizes[1]), large[1])
