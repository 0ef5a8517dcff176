"""Pooling against torch, for random geometry and values with ties, NaN and infinities."""

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from geometry import SEEDS, agree, few, per_dimension, small_integers
from hypothesis import given

import purenn.functional as F

DIMENSIONS = st.integers(1, 3)


def planes(data, seed, sizes, special):
    batch = data.draw(st.sampled_from([(), (0,), (2,)]))
    x = small_integers(seed, *batch, 2, *sizes)
    return np.where(np.isin(x, [3, -3]), np.where(x > 0, np.nan, -np.inf), x).astype(x.dtype) if special else x


def sizes_and_windows(data, n, dilation=1):
    """Sizes, kernels, strides and paddings. Three quarters of the draws fit each other."""
    free = data.draw(st.integers(0, 3)) == 3
    kernels = data.draw(st.tuples(*[st.integers(1, 4)] * n))
    paddings = data.draw(st.tuples(*[st.integers(0, 2 if free else k // 2) for k in kernels]))
    # an input smaller than the dilation can fall between two elements of a window
    least = [dilation if free else max(dilation * (k - 1) + 1 - p, k) for k, p in zip(kernels, paddings, strict=True)]
    sizes = data.draw(st.tuples(*[st.integers(low, low + 5) for low in least]))
    return sizes, (kernels, data.draw(st.none() | per_dimension(n, 1, 4)), paddings)


@few
@given(st.data(), SEEDS, DIMENSIONS, st.integers(1, 3), st.booleans(), st.booleans())
def test_max_pool_is_torchs(data, seed, n, dilation, special, ceil_mode):
    sizes, windows = sizes_and_windows(data, n, dilation)
    agree(f"max_pool{n}d", [planes(data, seed, sizes, special)], *windows, dilation, ceil_mode, True)


# one for all; apart; overlapping, with and without a stride: beyond what is written out, element by element
LARGE = [(40, None, 0), (20, 40, 3), (9, None, 4), (13, 1, 6), (17, 5, 8), (12, 2, 0)]


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize(("kernel", "stride", "padding"), LARGE)
@pytest.mark.parametrize("n", [1, 2])
def test_pools_of_large_windows_are_torchs(n, kernel, stride, padding, special):
    x = np.random.default_rng(0).integers(-3, 4, (2, 3, *(40, 23)[:n])).astype(np.float32)
    kernels = kernel if n == 1 else (kernel, min(kernel, 23))
    assert agree(f"avg_pool{n}d", [x], kernels, stride, padding)
    assert agree(f"lp_pool{n}d", [np.abs(x) + 1], 2.0, kernels, stride)
    if special:
        x = np.where(np.isin(x, [3, -3]), np.where(x > 0, np.nan, -np.inf), x).astype(np.float32)
    assert agree(f"max_pool{n}d", [x], kernels, stride, padding, 1, True, True)


@few
@given(st.data(), SEEDS, DIMENSIONS, st.booleans(), st.booleans())
def test_avg_pool_is_torchs(data, seed, n, ceil_mode, count_include_pad):
    sizes, windows = sizes_and_windows(data, n)
    divisor = [data.draw(st.none() | st.integers(1, 5))] if n > 1 else []
    agree(f"avg_pool{n}d", [planes(data, seed, sizes, False)], *windows, ceil_mode, count_include_pad, *divisor)


@few
@given(st.data(), SEEDS, DIMENSIONS, st.booleans())
def test_adaptive_pools_are_torchs(data, seed, n, special):
    x = planes(data, seed, data.draw(st.tuples(*[st.integers(1, 6)] * n)), special)
    size = data.draw(per_dimension(n, 1, 7))
    assert agree(f"adaptive_max_pool{n}d", [x], size, True)
    assert agree(f"adaptive_avg_pool{n}d", [np.nan_to_num(x, neginf=0.0)], size)


@few
@given(st.data(), SEEDS, st.integers(2, 3), st.booleans())
def test_fractional_max_pool_is_torchs(data, seed, n, special):
    x = planes(data, seed, data.draw(st.tuples(*[st.integers(4, 7)] * n)), special)
    samples = np.random.default_rng(seed).random((2, 2, n)).astype(np.float32)
    kernel, size = data.draw(per_dimension(n, 1, 3)), data.draw(per_dimension(n, 1, 4))
    agree_given_samples(f"fractional_max_pool{n}d", x, samples, kernel, size)


def agree_given_samples(name, x, samples, kernel, size):
    """`agree`, with the samples as arrays of each library, which aren't differentiated."""
    x, theirs = jnp.asarray(x), torch.from_numpy(x)
    try:
        expected = getattr(torch.nn.functional, name)(theirs, kernel, size, None, True, torch.from_numpy(samples))
    except RuntimeError:
        with pytest.raises(ValueError, match=name):
            getattr(F, name)(x, kernel, size, None, True, jnp.asarray(samples))
        return
    got = jax.jit(lambda x, s: getattr(F, name)(x, kernel, size, None, True, s))(x, jnp.asarray(samples))
    for ours, theirs in zip(got, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(ours), theirs.numpy())


@few
@given(st.data(), SEEDS, DIMENSIONS, st.booleans())
def test_max_unpool_puts_back_what_max_pool_took(data, seed, n, ceil_mode):
    kernel = data.draw(st.integers(1, 3))
    sizes = data.draw(st.tuples(*[st.integers(kernel, 7)] * n))
    x = (
        np.random.default_rng(seed)
        .permutation(np.arange(1, 2 * np.prod(sizes) + 1))
        .reshape(2, *sizes)
        .astype(np.float32)
    )

    @jax.jit
    def there_and_back(x):
        y, places = getattr(F, f"max_pool{n}d")(x, kernel, ceil_mode=ceil_mode, return_indices=True)
        return y, getattr(F, f"max_unpool{n}d")(y, places, kernel, output_size=sizes)

    y, back = there_and_back(x)
    np.testing.assert_array_equal(back, np.where(np.isin(x, y), x, 0))


def test_fractional_max_pool_draws_from_its_key():
    x = jnp.arange(2 * 64.0).reshape(1, 2, 8, 8)
    pool = jax.jit(lambda rng: F.fractional_max_pool2d(x, 2, 5, return_indices=True, rng=rng))
    one, two, again = (pool(jax.random.key(seed)) for seed in (0, 1, 0))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, two)
    places = one[1]
    assert not np.array_equal(places[0, 0], places[0, 1])  # every plane has windows of its own


def test_a_window_that_sees_only_padding_has_no_place():
    y, places = F.max_pool1d(jnp.ones((1, 2)), 2, 1, 1, 3, return_indices=True)
    assert (y.tolist(), places.tolist()) == ([[-np.inf]], [[-1]])
