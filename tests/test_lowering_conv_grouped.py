"""Convolutions in groups: the CPU's formulations equal the plain formulation, in every derivative mode."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from purenn.lowering import conv_grouped
from purenn.lowering.conv import Convolution


class Obvious(Convolution):
    """Has only the reference: a rule belongs to a class, not to its subclasses."""


# groups, inputs and outputs of each, kernel, size, stride, padding, dilation: written out (`few`), or dense by group
GEOMETRIES = [
    (3, 1, 1, (3,), (9,), (1,), (1,), (1,)),
    (2, 1, 2, (4,), (10,), (3,), (2,), (2,)),
    (2, 2, 3, (3, 2), (7, 6), (2, 1), (1, 0), (1, 2)),
    (4, 1, 1, (3, 3), (1, 5), (1, 2), (1, 3), (1, 1)),
    (2, 2, 1, (2, 2), (6, 8), (2, 4), (0, 0), (2, 6)),  # phases that nothing reaches
    (2, 1, 2, (1, 2, 3), (3, 4, 5), (1, 2, 2), (0, 1, 1), (1, 1, 1)),
    (2, 34, 2, (3,), (6,), (1,), (1,), (1,)),
    (2, 2, 13, (2, 4), (5, 6), (2, 1), (1, 0), (1, 1)),
    # in a loop of products: one phase, some and many; of groups
    (2, 1, 1, (104,), (120,), (1,), (3,), (1,)),
    (2, 2, 1, (13, 9), (16, 20), (1, 2), (3, 4), (1, 1)),
    (2, 1, 1, (6, 7), (20, 23), (5, 6), (1, 2), (2, 1)),
    (9, 4, 5, (3, 3), (5, 6), (1, 1), (1, 0), (1, 1)),
    (10, 3, 12, (9,), (14,), (2,), (4,), (1,)),
]


def drawn(geometry, dtype):
    groups, inputs, outputs, kernel, size, stride, padding, dilation = geometry
    draw = np.random.default_rng(0).standard_normal
    x = jnp.asarray(draw((2, groups * inputs, *size)), dtype)
    w = jnp.asarray(draw((groups * outputs, inputs, *kernel)), dtype)
    return x, w, (stride, tuple((p, p) for p in padding), dilation, groups)


def value_and_gradients(f, *arrays):
    y, pull = jax.vjp(f, *arrays)
    return y, pull(jnp.sin(y))


def of_both(form, x, w):
    """The convolution and the transposed convolution, with their gradients."""
    y, like = form(x, w), jax.ShapeDtypeStruct(x.shape, x.dtype)
    return value_and_gradients(form, x, w), value_and_gradients(lambda y, w: form.transposed(w, y, like), y, w)


def modes(form, x, w):
    gradients = lambda x, w: value_and_gradients(form, x, w)[1]  # noqa: E731
    one_weight = jax.vmap(gradients, (0, None))(jnp.stack([x, 2 * x]), w)
    two = jax.vmap(gradients)(x[:, None], jnp.stack([w, 2 * w]))
    return (
        of_both(form, x, w),
        jax.jvp(form, (x, w), (2 * x, w)),
        jax.jvp(gradients, (x, w), (2 * x, w)),
        one_weight,
        two,
    )


def close(got, expected, tolerance):
    """Compares relative to the largest number."""
    jax.tree.map(lambda g, e: np.testing.assert_allclose(g, e, rtol=0, atol=tolerance * abs(e).max()), got, expected)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_every_mode_is_the_obvious_ones(geometry):
    with jax.enable_x64(True):
        x, w, options = drawn(geometry, "float64")
        got, expected = (jax.jit(modes, static_argnums=0)(form(*options), x, w) for form in (Convolution, Obvious))
        jax.tree.map(
            lambda g, e: np.testing.assert_allclose(g, e, rtol=1e-11, atol=1e-11 * abs(e).max()), got, expected
        )


@pytest.mark.parametrize("geometry", GEOMETRIES[2:8:5])
def test_float32_is_close_to_float64(geometry):
    with jax.enable_x64(True):
        (x, w, options), (x32, w32, _) = drawn(geometry, "float64"), drawn(geometry, "float32")
        run = jax.jit(of_both, static_argnums=0)
        close(run(Convolution(*options), x32, w32), run(Obvious(*options), x, w), 1e-5)


def test_the_choice():
    weights = [jax.ShapeDtypeStruct((g * o, i, *kernel), "float32") for g, i, o, kernel, *_ in GEOMETRIES]
    chosen = [conv_grouped.few(w, groups) for w, (groups, *_) in zip(weights, GEOMETRIES, strict=True)]
    assert chosen == [True] * 6 + [False] * 2 + [True] * 3 + [True, False]


@pytest.mark.parametrize("dtype", ["bfloat16", "int32", "complex64"])
def test_other_types_stay_as_they_are(dtype):
    x, w, options = drawn(GEOMETRIES[0], "float32")
    x, w = (3 * x).astype(dtype), (3 * w).astype(dtype)
    np.testing.assert_array_equal(Convolution(*options)(x, w), Obvious(*options)(x, w))


def test_an_empty_batch():
    x, w, options = drawn(GEOMETRIES[2], "float32")
    y, pull = jax.vjp(Convolution(*options), x[:0], w)
    dx, dw = pull(y)
    assert dx.shape == x[:0].shape and not dw.any()
