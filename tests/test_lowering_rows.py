"""Distances, resampling and softmax beside the plain formulations, in every derivative mode."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from purenn.functional.vision.taps import taps
from purenn.lowering import distance, resampling
from purenn.lowering.softmax import softmax


def numbers(*shapes):
    generator = np.random.default_rng(0)
    return [tuple(generator.standard_normal((2, *shape)) for shape in shapes) for _ in range(2)]


def same(fast, obvious, given, limit=1e-11):
    """Value, jvp, vjp and the derivative of both, all under vmap."""

    def everything(function):
        def run(x, dx):
            gradient = jax.grad(lambda *x: jnp.sum(jnp.sin(function(*x))), range(len(x)))
            return jax.jvp(function, x, dx), jax.jvp(gradient, x, dx)

        return jax.tree.leaves(jax.jit(jax.vmap(run))(*given))

    for ours, expected in zip(everything(fast), everything(obvious), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=limit, atol=limit * max(1, float(abs(expected).max())))


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("columns", [3, 37])  # in one go, and in parts of which the last is padded
def test_power_sums(columns, p):
    def obvious(a, b):
        return jnp.sum(jnp.abs(a[:, :, None] - b[:, None]) ** p, -1)

    with jax.enable_x64(True):
        same(lambda a, b: distance.power_sums(a, b, p), obvious, numbers((2, 5, columns), (2, 21, columns)))


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0])
def test_equal_rows_have_no_gradient(p):
    x = jnp.ones((1, 2, 3))
    got = jax.grad(lambda x: distance.power_sums(x, x, p).sum())(x)
    np.testing.assert_array_equal(got, jnp.zeros_like(x))


def test_upper_triangle():
    with jax.enable_x64(True):
        same(distance.upper_triangle, lambda x: x[jnp.triu_indices(5, 1)], numbers((5, 5)))


# repeated places: up, down, by fractions, over an edge; places that don't repeat, and very many of one
SIZES = [(8, 16), (12, 4), (12, 8), (8, 20), (7, 5), (6, 1), (1, 20), (2, 41)]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(("size", "out"), SIZES, ids=str)
@pytest.mark.parametrize(("mode", "antialias"), [("bilinear", False), ("bicubic", False), ("bicubic", True)])
def test_weighted(mode, antialias, size, out, axis):
    table = taps(mode, size, out, None, False, antialias, jnp.float64)
    if not antialias:
        assert (resampling._phases(table, size) is None) == (np.gcd(size, out) == 1)
    matrix = np.zeros((out, size))
    for t in range(table.source.shape[1]):
        used = 1 if table.used is None else table.used[:, t]
        np.add.at(matrix, (np.arange(out), table.source[:, t]), table.weight[:, t] * used)
    shape = (size, 3) if axis == 0 else (3, size)
    with jax.enable_x64(True):
        same(
            lambda x: resampling.apply_taps(x, {axis: table}),
            lambda x: jnp.moveaxis(jnp.tensordot(matrix, x, (1, axis)), 0, axis),
            numbers(shape),
        )


INDICES = {
    "twice": np.arange(16) // 2,
    "every third": np.arange(0, 12, 3),
    "some": np.arange(5) * 12 // 5,
    "some twice": np.arange(7) * 5 // 7,
    "mirrored": np.abs(np.arange(-2, 7)),
    "both ends mirrored": 5 - np.abs(5 - np.abs(np.arange(-3, 9))),
    "ends repeated": np.arange(-4, 10).clip(0, 5),
    "around": np.arange(-6, 12) % 6,
    "one": np.zeros(20, int),
    "many times": np.arange(60) // 20,
    "falling apart": np.array([3, 0, 0, 7, 1, 1, 1, 5, 0]),
}


@pytest.mark.parametrize(("axis", "more"), [(0, 1), (1, 0), (2, 0)])
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_copies(index, axis, more):
    shape = [2, 3, 2]
    shape[axis] = int(index.max()) + 1 + more
    with jax.enable_x64(True):
        x = numbers(tuple(shape))
        copies = {axis: resampling.Taps(index[:, None])}
        same(lambda x: resampling.apply_taps(x, copies), lambda x: jnp.take(x, index, axis), x)


def test_an_infinite_number_reaches_only_its_neighbours():
    x = jnp.arange(12.0).at[5].set(jnp.inf)
    table = taps("linear", 12, 24, None, False, False, jnp.float32)
    got = resampling.apply_taps(x, {0: table})
    reached = (table.source == 5).any(1)
    np.testing.assert_array_equal(np.isfinite(got), ~reached)


@pytest.mark.parametrize("axis", [0, 1])
def test_softmax(axis):
    def obvious(x):
        e = jnp.exp(x)
        return e / jnp.sum(e, axis, keepdims=True)

    with jax.enable_x64(True):
        same(lambda x: softmax(x, axis), obvious, numbers((4, 5)))
