"""Pools and their derivatives beside the plain formulations: windows that are looked up, and slices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from purenn.lowering.bins import AdaptiveBins
from purenn.lowering.pooling import Window, max_pool, sum_pool
from purenn.lowering.reduction import max_with_place

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
    # beyond what is written out: apart, with padding, longer than the input, beyond the padding; one for all
    Window(17, 6, 6, 0, 1, 2),
    Window(15, 7, 8, 3, 1, 2),
    Window(13, 5, 6, 2, 1, 3),
    Window(9, 11, 3, 2, 1, 1),
    # overlapping: by one, by most, with stride, dilation and padding
    Window(12, 5, 1, 2, 1, 12),
    Window(21, 16, 1, 8, 1, 22),
    Window(25, 9, 2, 4, 1, 13),
    Window(30, 10, 7, 0, 1, 4),
    Window(26, 9, 3, 4, 2, 7),
]
BINS = [AdaptiveBins(*sizes) for sizes in ((6, 3), (7, 3), (14, 4), (11, 4), (3, 5), (5, 1), (4, 4), (4, 0))]


def obvious_window(kind, x, geometry):
    """All windows, looked up, because `reduce_window` has no gradient with dilation."""
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
    """Compares value, jvp, vjp, their derivatives, and a vmap over the last axis before the pooled axes."""
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
    """Numbers without equal pairs and with small sums."""
    generator, count = np.random.default_rng(0), np.prod(shape)
    return [4 * generator.permutation(count).reshape(shape) / count - 2, generator.standard_normal(shape)]


def windows_and_kinds():
    """Maxima of all windows, and sums of windows without dilation, because sums have no dilation."""
    for window in WINDOWS:
        for kind in ("max", "sum"):
            if kind == "max" or window.dilation == 1:
                yield pytest.param(window, kind, id=f"{kind}-{window}")


@pytest.mark.parametrize(("window", "kind"), list(windows_and_kinds()))
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
        return max_with_place(split, 2, None)[0] if kind == "max" else jnp.sum(split, 2)

    with jax.enable_x64(True):
        same(fast, lambda x: obvious_bins(kind, x, 1, bins), numbers(2, bins.size, 3), "float64", 1e-12)


@pytest.mark.parametrize(
    "window",
    # a single one; apart; overlapping: written out, and by doubling
    [Window(5, 5, 5, 0, 1, 1), Window(5, 5, 5, 2, 1, 2), Window(5, 3, 1, 1, 1, 5), Window(5, 5, 1, 2, 1, 5)],
    ids=str,
)
def test_of_equals_the_first_and_of_nans_the_last_is_chosen(window):
    x = jnp.array([[3.0, 1, 3, 2, 3], [jnp.nan, 4, jnp.nan, 1, 5], [-jnp.inf] * 5, [-jnp.inf, 2, 2, jnp.inf, jnp.inf]])
    windows = [range(max(start, 0), min(start + window.kernel, 5)) for start in window.starts()]

    def chosen(row, of):
        nans = [i for i in of if np.isnan(row[i])]
        return nans[-1] if nans else max(of, key=lambda i: (row[i], -i))

    expected = np.array([[chosen(row, of) for of in windows] for row in np.asarray(x)])
    best, at = max_pool(x, [window], jnp.broadcast_to(jnp.arange(5), x.shape))
    np.testing.assert_array_equal(at, expected)
    np.testing.assert_array_equal(best, np.take_along_axis(np.asarray(x), expected, 1))
    value, gradient = jax.value_and_grad(lambda x: jnp.sum(max_pool(x, [window], None)[0]))(x)
    np.testing.assert_array_equal(value, best.sum())
    np.testing.assert_array_equal(gradient, jax.nn.one_hot(expected, 5).sum(1))


def test_along_a_whole_axis_the_first_of_equals_and_the_last_nan_is_chosen():
    x = jnp.array([[3.0, 1, 3, 2, 3], [jnp.nan, 4, jnp.nan, 1, 5], [-jnp.inf] * 5])
    best, at = max_with_place(x, 1, jnp.broadcast_to(jnp.arange(5), x.shape))
    np.testing.assert_array_equal(best, [3, np.nan, -np.inf])
    np.testing.assert_array_equal(at, [0, 2, 0])
    gradient = jax.grad(lambda x: max_with_place(x, 1, None)[0].sum())(x)
    np.testing.assert_array_equal(gradient, jax.nn.one_hot(jnp.array([0, 2, 0]), 5))
