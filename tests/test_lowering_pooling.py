"""Poolings and their derivatives beside the obvious formulations: windows that are looked up, and slices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from purenn.lowering.pooling import Bins, Window, largest, max_pool, sum_pool

# strides below, at and above the kernel's width, alone and with dilation; padding; windows beyond the padding
WINDOWS = [
    Window(7, 2, 2, 0, 1, 3),
    Window(8, 3, 2, 1, 1, 4),
    Window(6, 3, 1, 1, 1, 6),
    Window(9, 2, 4, 1, 1, 3),
    Window(8, 3, 2, 1, 2, 3),
    Window(9, 3, 5, 0, 3, 1),
    Window(5, 3, 2, 1, 1, 4),
    Window(4, 1, 1, 0, 1, 4),
]
BINS = [Bins(6, 3), Bins(7, 3), Bins(14, 4), Bins(11, 4), Bins(3, 5), Bins(5, 1), Bins(4, 4), Bins(4, 0)]


def obvious_window(kind, x, geometry):
    """`reduce_window` has no gradient with dilation: all windows, looked up."""
    reduce, fill = {"max": (jnp.max, -np.inf), "sum": (jnp.sum, 0)}[kind]
    for axis, w in enumerate(geometry, x.ndim - len(geometry)):
        x = jnp.pad(x, [(w.padding, 9) if i == axis else (0, 0) for i in range(x.ndim)], constant_values=fill)
        places = w.starts()[:, None] + w.padding + np.arange(w.kernel) * w.dilation
        x = reduce(jnp.take(x, places, axis), axis + 1)
    return x


def obvious_bins(kind, x, axis, bins):
    reduce = {"max": jnp.max, "sum": jnp.sum}[kind]
    parts = [
        reduce(lax.slice_in_dim(x, start, end, axis=axis), axis)
        for start, end in zip(bins.starts(), bins.ends(), strict=True)
    ]
    return jnp.stack(parts, axis) if parts else x[(slice(None),) * axis + (slice(0),)]


def same(fast, obvious, x, dtype, limit):
    """Value, jvp, vjp, their derivatives, and a vmap over the last axis but the pooled ones."""
    x, dx = (jnp.asarray(a, dtype) for a in x)

    def everything(function):
        def run(x, dx):
            value, tangent = jax.jvp(function, (x,), (dx,))
            scale = jnp.cos(jnp.arange(value.size, dtype=dtype)).reshape(value.shape)

            def gradient(x):
                return jax.grad(lambda x: jnp.sum(jnp.sin(function(x)) * scale))(x)

            return value, tangent, *jax.jvp(gradient, (x,), (dx,)), jax.vmap(function, 1, 1)(jnp.stack([x, dx], 1))

        return jax.jit(run)(x, dx)

    for ours, expected in zip(everything(fast), everything(obvious), strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, expected, rtol=limit, atol=limit)


def numbers(*shape):
    """No two are equal."""
    generator = np.random.default_rng(0)
    return [generator.permutation(np.prod(shape)).reshape(shape) / 7 - 2, generator.standard_normal(shape)]


@pytest.mark.parametrize("kind", ["max", "sum"])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_windows_are_looked_up(window, kind):
    pool = {"max": lambda x, g: max_pool(x, g, None)[0], "sum": sum_pool}[kind]
    geometry = [window, WINDOWS[1]]
    x = numbers(2, window.size, WINDOWS[1].size)
    with jax.enable_x64(True):
        same(lambda x: pool(x, geometry), lambda x: obvious_window(kind, x, geometry), x, "float64", 1e-12)
    single = [window]
    x = numbers(3, window.size)
    same(lambda x: pool(x, single), lambda x: obvious_window(kind, x, single), x, "float32", 1e-5)


@pytest.mark.parametrize("kind", ["max", "sum"])
@pytest.mark.parametrize("bins", BINS, ids=str)
def test_bins_are_looked_up(bins, kind):
    def fast(x):
        split = bins.split(x, 1, -np.inf if kind == "max" else 0)
        return largest(split, 2, None)[0] if kind == "max" else jnp.sum(split, 2)

    with jax.enable_x64(True):
        same(fast, lambda x: obvious_bins(kind, x, 1, bins), numbers(2, bins.size, 3), "float64", 1e-12)


def test_of_equals_the_first_and_of_nans_the_last_is_chosen():
    x = jnp.array([[3.0, 1, 3, 2, 3], [jnp.nan, 4, jnp.nan, 1, 5], [-jnp.inf] * 5])
    place = jnp.broadcast_to(jnp.arange(5), x.shape)
    for best, at, gradient in (
        (*largest(x, 1, place), jax.grad(lambda x: largest(x, 1, None)[0].sum())(x)),
        (
            *(jnp.squeeze(a, 1) for a in max_pool(x, [Window(5, 5, 5, 0, 1, 1)], place)),
            jax.grad(lambda x: max_pool(x, [Window(5, 5, 5, 0, 1, 1)], None)[0].sum())(x),
        ),
    ):
        np.testing.assert_array_equal(best, [3, np.nan, -np.inf])
        np.testing.assert_array_equal(at, [0, 2, 0])
        np.testing.assert_array_equal(gradient, jax.nn.one_hot(jnp.array([0, 2, 0]), 5))
