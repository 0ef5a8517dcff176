"""Convolutions without groups: every fast formulation against XLA's own convolution."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from purenn.lowering import conv_dense, conv_folded
from purenn.lowering.conv import Convolution, ConvolutionCpu
from purenn.lowering.conv_geometry import Geometry


class Shape(NamedTuple):
    batch: int
    channels: tuple[int, int]
    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    @property
    def form(self) -> Convolution:
        return Convolution(self.stride, self.pads, self.dilation, 1)

    def arrays(self, dtype):
        x = (self.batch, self.channels[0], *self.size)
        w = (self.channels[1], self.channels[0], *self.kernel)
        y = jax.eval_shape(self.form.y, jax.ShapeDtypeStruct(x, dtype), jax.ShapeDtypeStruct(w, dtype)).shape
        noise = np.random.default_rng(0)
        return tuple(jnp.asarray(noise.standard_normal(shape), dtype) for shape in (x, w, y))


# Together they take every branch of the choice.
SHAPES = [
    Shape(2, (5, 3), (9,), (3,), (1,), ((1, 1),), (2,)),
    Shape(2, (5, 3), (9,), (3,), (1,), ((4, 4),), (2,)),
    Shape(2, (5, 2), (11,), (4,), (3,), ((1, 2),), (2,)),
    Shape(3, (4, 2), (10,), (2,), (3,), ((0, 0),), (1,)),
    Shape(2, (17, 4), (7, 6), (3, 2), (1, 1), ((1, 1), (0, 1)), (1, 2)),
    Shape(1, (4, 4), (5, 1), (3, 1), (1, 1), ((1, 1), (0, 0)), (1, 1)),
    Shape(3, (1, 2), (7, 6), (3, 4), (2, 1), ((3, -1), (-1, 0)), (1, 1)),
    Shape(2, (3, 5), (8, 7), (3, 3), (2, 2), ((1, 1), (1, 0)), (1, 1)),
    Shape(2, (3, 2), (8, 9), (4, 4), (2, 2), ((1, 1), (1, 0)), (1, 1)),
    Shape(2, (3, 5), (7, 8), (1, 2), (2, 3), ((0, 0), (2, 3)), (1, 1)),
    Shape(2, (3, 5), (7, 8), (1, 1), (2, 3), ((0, 1), (-1, 2)), (1, 1)),
    Shape(2, (4, 2), (8,), (1,), (3,), ((2, 0),), (1,)),
    Shape(1, (4, 3), (5, 4, 3), (1, 1, 1), (2, 1, 2), ((0, 0), (1, 0), (0, 0)), (1, 1, 1)),
    Shape(3, (2, 3), (5, 4), (1, 1), (1, 1), ((0, 1), (-1, 0)), (1, 1)),
    Shape(2, (4, 3), (4, 5, 6), (3, 2, 3), (1, 1, 1), ((1, 1), (1, 0), (1, 2)), (1, 1, 2)),
    Shape(1, (2, 3), (5, 5, 6), (3, 2, 3), (2, 1, 3), ((1, 1), (1, 1), (0, 1)), (1, 2, 1)),
    Shape(2, (3, 5), (4, 1, 5), (2, 1, 3), (1, 2, 2), ((1, 0), (0, 0), (1, 1)), (1, 1, 2)),
    Shape(4, (32, 32), (16, 40), (3, 3), (1, 1), ((1, 1), (2, 0)), (1, 1)),
    # kernels whose elements are copied in a loop, in one dimension and in both; with more bytes of columns than of x
    Shape(2, (4, 3), (25, 3), (11, 2), (2, 1), ((4, 5), (0, 1)), (1, 1)),
    Shape(3, (5, 2), (12, 24), (9, 10), (1, 1), ((3, 2), (4, -1)), (1, 2)),
    Shape(2, (2, 3), (30,), (9,), (4,), ((2, 3),), (1,)),
    Shape(1, (4, 2), (12, 4, 3), (9, 2, 2), (1, 1, 1), ((3, 3), (0, 1), (0, 0)), (1, 1, 1)),
]


def near(got, expected, limit):
    assert got.shape == expected.shape and got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=limit, atol=limit * max(1, float(abs(expected).max())))


def formulations(shape: Shape, x, w, y):
    """The result of every formulation, with the name of the expected result."""
    like = {"x": jax.ShapeDtypeStruct(x.shape, x.dtype), "w": jax.ShapeDtypeStruct(w.shape, w.dtype)}
    geometry, n = shape.form.geometry, len(shape.size)
    found = [("y", conv_dense.columns_y(geometry, x, w)), ("x", conv_dense.shuffled(geometry, w, y, like["x"]))]
    if n > 1:
        found.append(("y", conv_folded.folded(geometry, x, w)))
    if n == 2:
        height = y.shape[2]
        counts = [bands for bands in range(2, height + 1) if height % bands == 0]
        found += [("y", conv_folded.folded(geometry, x, w, bands)) for bands in counts]
    outers = [False, True] if shape.stride[0] == 1 else [False]
    return found + [("w", conv_dense.columns_w(geometry, x, y, like["w"], outer)) for outer in outers]


@pytest.mark.parametrize("shape", SHAPES, ids=[str(i) for i in range(len(SHAPES))])
def test_every_formulation_and_the_chosen_ones(shape: Shape, monkeypatch):
    monkeypatch.setattr(conv_dense, "MAX_CHUNK_BYTES", 1)  # one image at a time
    with jax.enable_x64(True):
        x, w, y = shape.arrays("float64")
        form, cpu = shape.form, shape.form.on("cpu")
        like = lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype)  # noqa: E731
        names = []

        @jax.jit
        def every(x, w, y):
            expected = {"y": form.y(x, w), "x": form.x(w, y, like(x)), "w": form.w(x, y, like(w))}
            chosen = {"y": cpu.y(x, w), "x": cpu.x(w, y, like(x)), "w": cpu.w(x, y, like(w))}
            found = formulations(shape, x, w, y)
            names[:] = [name for name, _ in found]
            return expected, chosen, [array for _, array in found]

        expected, chosen, found = every(x, w, y)
        for name, array in [*chosen.items(), *zip(names, found, strict=True)]:
            near(array, expected[name], 1e-12)


@pytest.mark.parametrize("number", [3, 7, 10, 13])
def test_derivatives_and_batches(number):
    shape = SHAPES[number]
    x, w, y = shape.arrays("float32")

    def modes(f):
        def products(x, w):
            return jax.vjp(f, x, w)[1](y)

        tangents = jax.jvp(f, (x, w), (x[::-1], w[::-1]))[1]
        forward_of_reverse = jax.jvp(products, (x, w), (x[::-1], w[::-1]))[1]
        lanes = [jax.vmap(products, axes)(*arrays) for axes, arrays in batches(x, w)]
        return tangents, products(x, w), forward_of_reverse, lanes

    expected = jax.jit(lambda: modes(shape.form.y))()
    jax.tree.map(lambda got, wanted: near(got, wanted, 1e-5), jax.jit(lambda: modes(shape.form))(), expected)


def batches(x, w):
    return [((0, None), (jnp.stack([x, -x]), w)), ((None, 1), (x, jnp.stack([w, 2 * w], 1)))]


def test_few_bytes_of_columns():
    """For a large image, a large kernel, and both: no more memory than the arrays need, or than a few megabytes."""
    for size, extent, channels in ((1024, 3, 64), (64, 31, 4), (256, 15, 16)):
        image = jax.ShapeDtypeStruct((1, channels, size, size), jnp.float32)
        kernel = jax.ShapeDtypeStruct((channels, channels, extent, extent), jnp.float32)
        form = Convolution((1, 1), ((extent // 2, extent // 2),) * 2, (1, 1), 1)
        compiled = (
            jax.jit(lambda x, y, form=form, kernel=kernel: form.on("cpu").w(x, y, kernel)).lower(image, image).compile()
        )
        temporary = compiled.memory_analysis().temp_size_in_bytes
        assert temporary <= 3 * max(conv_dense.MAX_IMAGE_BYTES, 2 * 4 * channels * size**2)


def test_few_bands_of_tall_images():
    """Bands are written out, so many bands would make a program that grows with the image."""
    geometry = Geometry((1, 1), ((1, 1), (1, 1)), (1, 1))
    w = jax.ShapeDtypeStruct((32, 32, 3, 3), jnp.float32)
    counts = {
        (height, width): conv_folded.bands(geometry, jax.ShapeDtypeStruct((1, 32, height, width), jnp.float32), w)
        for height in (16, 64, 2048)
        for width in (2, 16, 64, 128)
    }
    assert counts[64, 64] == 16
    assert counts[2048, 2] == 0 and max(counts.values()) <= conv_folded.MAX_BANDS


def test_what_is_left_to_xla():
    form = Convolution((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    for dtype in (jnp.int32, jnp.bfloat16):
        x, w = jnp.ones((2, 4, 5, 5), dtype), jnp.ones((4, 4, 3, 3), dtype)
        assert str(jax.make_jaxpr(form.on("cpu").y)(x, w)) == str(jax.make_jaxpr(form.y)(x, w))


@pytest.mark.parametrize("pads", [(0, 0), (2, 2), (4, 0), (4, 4), (7, 5)], ids=str)
def test_the_gradient_in_w_stays_in_the_library(pads):
    """With more outputs than inputs, XLA exchanges the operands, and has no library for the result."""
    shape = Shape(2, (8, 8), (20,), (3,), (1,), (pads,), (2,))
    x, w, y = shape.arrays(jnp.float32)
    like = jax.ShapeDtypeStruct(w.shape, w.dtype)
    compiled = jax.jit(lambda x, y: conv_dense.to_w(shape.form.geometry, x, y, like)).lower(x, y).compile()
    assert "rhs_reversal" not in str(compiled.as_text())


@pytest.mark.parametrize("pads", [((1, 1),), ((4, 4),), ((1, 1), (1, 1)), ((3, 3), (3, 3))], ids=str)
def test_sizes_that_are_symbols(pads):
    """The choice does not compare symbolic sizes: a network for any image size can be exported, with its gradient."""
    n = len(pads)
    sizes = export.symbolic_shape(", ".join("HW"[:n]), constraints=[f"{size} >= 8" for size in "HW"[:n]])
    form = ConvolutionCpu((1,) * n, pads, (1,) * n, 1)
    x, w = jax.ShapeDtypeStruct((2, 20, *sizes), jnp.float32), jax.ShapeDtypeStruct((20, 20, *(3,) * n), jnp.float32)
    both = jax.jit(lambda x, w: (form.y(x, w), form.w(x, form.y(x, w), w)))
    shapes = (2, 20, *(9, 11)[:n]), w.shape
    given = [jnp.asarray(np.random.default_rng(0).standard_normal(shape), jnp.float32) for shape in shapes]
    exported = export.export(both, platforms=["cpu"])(x, w)
    for ours, theirs in zip(exported.call(*given), both(*given), strict=True):
        near(ours, theirs, 1e-5)
