"""Every class, exported for a batch and images of any size, and run at two sizes beside the layer itself."""

import functools
import re
import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from functional_engine import integers, normal, values
from jax import export
from layer_engine import Row
from layer_table import TABLE

import purenn.functional as F
from purenn.functional.attention.flex import AuxRequest, flex_attention
from purenn.lowering.sizes import divisor, known_below
from purenn.utils.rnn import PackedSequence

IMAGES = normal(2, 64, 8, 8)
# rows of the table that aren't for batches, or in which a layer was given arrays for one
INSTEAD = [
    Row("FractionalMaxPool2d", (2, (4, 3)), {}, (normal(2, 3, 7, 6),), random=True),
    Row("FractionalMaxPool3d", (2, 3), {}, (normal(2, 2, 6, 5, 7),), random=True),
    Row("PixelUnshuffle", (2,), {}, (normal(2, 3, 4, 6),)),
]
# what chooses its formulation by sizes, at sizes that are not the table's
LARGER = [
    Row("Conv2d", (64, 64, 3), {"padding": 1}, (IMAGES,)),
    Row("Conv2d", (64, 64, 3), {"stride": 2, "groups": 16}, (IMAGES,)),
    Row("Conv2d", (64, 64, 3), {"groups": 64}, (IMAGES,)),
    Row("Conv2d", (4, 4, 15), {"padding": 7}, (normal(2, 4, 16, 16),)),
    Row("Conv3d", (8, 8, 3), {"stride": 2}, (normal(2, 8, 7, 7, 7),)),
    Row("ConvTranspose2d", (64, 32, 4), {"stride": 2}, (IMAGES,)),
    Row("MaxPool2d", (5, 1, 2), {}, (IMAGES,)),
    Row("AvgPool2d", (5, 2, 2), {}, (IMAGES,)),
    Row("EmbeddingBag", (7, 3), {"mode": "sum"}, (integers(7, 9), values([0, 3]))),
    Row("LinearCrossEntropyLoss", (8, 3000), {}, (normal(16, 8), integers(3000, 16))),
    Row("LSTM", (8, 32, 2), {"bidirectional": True, "batch_first": True}, (normal(2, 5, 8),)),
]
FIRST = {row.name: row for row in (*reversed(TABLE), *INSTEAD)}
ROWS = [*FIRST.values(), *LARGER]
SECOND = {"RNN", "LSTM", "GRU", "MultiheadAttention", "Transformer"}  # whose batch is the second dimension
SECOND |= {f"Transformer{part}" for part in ("Encoder", "EncoderLayer", "Decoder", "DecoderLayer")}


def axes(row: Row) -> list[int | None]:
    """Each input's axis of the batch."""
    drawn = [x for x in row.drawn if isinstance(x, np.ndarray)]
    if row.name == "CTCLoss":
        return [1, *[0] * (len(drawn) - 1)]
    if row.name == "EmbeddingBag" and len(drawn) > 1:
        return [None, 0]
    return [int(row.name in SECOND and not row.kwargs.get("batch_first"))] * len(drawn)


def batch_of(row: Row, size: int) -> list[jax.Array]:
    """The inputs with a given number of examples, repeated from the table."""
    pairs = zip((jnp.asarray(x) for x in row.arrays()), axes(row), strict=True)
    return [x if axis is None else jnp.take(x, np.arange(size) % x.shape[axis], axis) for x, axis in pairs]


def sample(rows, one_in):
    """Parameters for all rows. Only a fixed sample runs without the slow tests."""
    slow = lambda row: zlib.crc32(repr(row).encode()) % one_in != 0  # noqa: E731
    return [pytest.param(row, id=repr(row), marks=pytest.mark.slow if slow(row) else ()) for row in rows]


@pytest.mark.parametrize("row", sample(ROWS, 8))
def test_a_batch_of_any_size(row: Row):
    layer = row.layer()
    params, state = layer.init(jax.random.key(0))
    (b,) = export.symbolic_shape("b")

    def step(params, state, rng, *inputs):
        """The layer's output in evaluation, and in training its state and the gradients of a loss."""
        keys = {"rng": rng} if row.random else {}
        more = keys if row.name.startswith("Fractional") else {}
        floating = [jnp.issubdtype(x.dtype, jnp.floating) for x in inputs]

        def loss(params, given):
            rest = iter(given)
            inputs_of = [next(rest) if f else x for f, x in zip(floating, inputs, strict=True)]
            output, new = layer.apply(params, state, *inputs_of, training=True, **keys)
            numbers = [y for y in jax.tree.leaves(output) if jnp.issubdtype(y.dtype, jnp.floating)]
            return sum(jnp.sum(jnp.sin(y)) for y in numbers), new

        given = [x for f, x in zip(floating, inputs, strict=True) if f]
        gradients, new = jax.grad(loss, (0, 1), has_aux=True, allow_int=True)(params, given)
        gradients = [g for g in jax.tree.leaves(gradients) if g.dtype != jax.dtypes.float0]
        return layer.apply(params, state, *inputs, training=False, **more)[0], new, gradients

    def symbolic(x, axis):
        shape = x.shape if axis is None else (*x.shape[:axis], b, *x.shape[axis + 1 :])
        return jax.ShapeDtypeStruct(shape, x.dtype)

    rng = jax.random.key_data(jax.random.key(7))
    given = [symbolic(x, axis) for x, axis in zip(batch_of(row, 2), axes(row), strict=True)]
    wrapped = lambda params, state, words, *x: step(params, state, jax.random.wrap_key_data(words), *x)  # noqa: E731
    exported = export.export(jax.jit(wrapped))(params, state, rng, *given)
    for size in (2, 5):
        arguments = (params, state, rng, *batch_of(row, size))
        got, expected = jax.jit(exported.call)(*arguments), jax.jit(wrapped)(*arguments)
        assert jax.tree.structure(got) == jax.tree.structure(expected)
        for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
            assert one.shape == other.shape and one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


IMAGES_OF = ("Conv", "MaxPool", "AvgPool", "LPPool", "Adaptive", "Upsampl", "Pixel", "BatchNorm", "InstanceNorm")


def is_of_images(row: Row) -> bool:
    named = row.name.startswith(IMAGES_OF) or re.search(r"(Pad|Dropout)[123]d", row.name) is not None
    rank = np.ndim(next(iter(row.arrays()), None))
    dimensions = re.search(r"(\d)d$", row.name)
    batched = rank == 2 + int(dimensions[1]) if dimensions else rank > 2
    refused = row.name.startswith(("Fractional", "AdaptiveLogSoftmax")) or row.kwargs.get("scale_factor") == 1.7
    return named and batched and not refused and len(row.drawn) == 1


@pytest.mark.parametrize("row", sample([row for row in (*TABLE, *LARGER) if is_of_images(row)], 6))
def test_images_of_any_size(row: Row):
    """Values and gradients; bins and blocks ask for multiples of their number."""
    layer = row.layer()
    params, state = layer.init(jax.random.key(0))
    (x,) = row.arrays()
    parts = "12*" if row.name.startswith(("Adaptive", "PixelUnshuffle")) else ""
    names = "hwd"[: x.ndim - 2]
    bounds = [f"{name} >= {1 if parts else max(size, 3)}" for name, size in zip(names, x.shape[2:], strict=True)]
    sizes = export.symbolic_shape(", ".join(["b", *(parts + name for name in names)]), constraints=bounds)

    def step(params, x):
        def loss(params, x):
            y = layer.apply(params, state, x, training=False)[0]
            return sum(jnp.sum(jnp.sin(leaf)) for leaf in jax.tree.leaves(y) if leaf.dtype == x.dtype), y

        return jax.grad(loss, (0, 1), has_aux=True)(params, x)

    image = jax.ShapeDtypeStruct((sizes[0], x.shape[1], *sizes[1:]), x.dtype)
    program = export.export(jax.jit(step))(params, image)
    for more in (0, 3):
        shape = [12 * (1 + (more > 0)) if parts else max(size, 3) + more + i for i, size in enumerate(x.shape[2:])]
        other = jnp.asarray(np.resize(x, (2, x.shape[1], *shape)))
        got, expected = program.call(params, other), jax.jit(step)(params, other)
        for one, wanted in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
            assert one.shape == wanted.shape and one.dtype == wanted.dtype
            np.testing.assert_allclose(one, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"align_corners": True}], ids=["", "corners"])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_resampled_images_of_any_size(mode, options):
    if options and mode.startswith("nearest"):
        return
    h, w = export.symbolic_shape("h, w", constraints=["h >= 3", "w >= 3"])
    to_twice = functools.partial(F.interpolate, scale_factor=(2, 1.5), mode=mode, **options)
    to_size = functools.partial(F.interpolate, size=(5, 8), mode=mode, **options)
    for resize in (to_twice, to_size):
        program = export.export(jax.jit(resize))(jax.ShapeDtypeStruct((1, 2, h, w), jnp.float32))
        for size in ((3, 3), (7, 10)):
            x = jax.random.normal(jax.random.key(0), (1, 2, *size))
            np.testing.assert_allclose(program.call(x), resize(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: F.adaptive_avg_pool2d(x, 4),
            "adaptive_avg_pool2d: input must have sizes that are known or multiples",
        ),
        (lambda x: F.adaptive_max_pool2d(x, (3, None)), "adaptive_max_pool2d: input must have sizes that are known"),
        (
            lambda x: F.interpolate(x, (4, 4), mode="bilinear", antialias=True),
            "interpolate: input must have known sizes",
        ),
        (lambda x: F.interpolate(x, scale_factor=2, mode="area"), "input must have known sizes with mode='area'"),
        (lambda x: F.interpolate(x, scale_factor=1.1), "interpolate: scale_factor must be a multiple of 1/1024"),
        (lambda x: F.fractional_max_pool2d(x, 2, (2, 2), rng=jax.random.key(0)), "input must have known spatial sizes"),
    ],
)
def test_what_needs_known_sizes_is_refused(call, message):
    shape = export.symbolic_shape("1, 2, h, w", constraints=["h >= 8", "w >= 8"])
    with pytest.raises(ValueError, match=message):
        export.export(jax.jit(call))(jax.ShapeDtypeStruct(shape, jnp.float32))


def test_every_class_has_a_row():
    assert {row.name for row in ROWS} == {row.name for row in TABLE}


def test_results_can_be_serialised():
    """Their types are registered for export. They can be registered only once (serialization needs flatbuffers)."""
    row = FIRST["AdaptiveLogSoftmaxWithLoss"]
    found = {type(row.layer().apply(*row.layer().init(jax.random.key(0)), *row.arrays())[0])}
    found.add(type(flex_attention(*[jnp.zeros((1, 1, 2, 2))] * 3, return_aux=AuxRequest(lse=True))[1]))
    for kind in (*found, PackedSequence):
        with pytest.raises(ValueError, match="Duplicate"):
            export.register_namedtuple_serialization(kind, serialized_name=f"again {kind.__name__}")


@pytest.mark.parametrize(("b", "l"), [(2, 5), (1, 300)])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_of_any_length(b, l, causal):  # noqa: E741
    """Attention takes chunks of queries if their number may be large."""
    shape = export.symbolic_shape("b, 8, l, 4")
    attend = jax.jit(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal))
    program = export.export(attend)(*[jax.ShapeDtypeStruct(shape, jnp.float32)] * 3)
    q, k, v = jax.random.normal(jax.random.key(0), (3, b, 8, l, 4))
    np.testing.assert_allclose(jax.jit(program.call)(q, k, v), attend(q, k, v), rtol=1e-4, atol=1e-5)


def test_what_is_known_of_a_symbol():
    (b,) = export.symbolic_shape("b", constraints=["b <= 4"])
    (n,) = export.symbolic_shape("n")
    assert known_below(3, 4) and not known_below(4, 4)
    assert known_below(b, 5) and not known_below(b, 4) and not known_below(n, 1 << 40) and known_below(0, n)
    assert [divisor(size, 6) for size in (12, 7, 5, 0, 1, 8 * n, n, 35 * n)] == [6, 1, 5, 1, 1, 4, 1, 5]
