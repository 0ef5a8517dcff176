"""Written-out draws: equal to jax's bit for bit, and random by statistical tests."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from purenn.lowering import threefry

KEY = jax.random.key(3)


def draws(p, shape, key=KEY):
    return np.asarray(jax.jit(lambda key: threefry.bernoulli(key, p, shape))(key))


@pytest.mark.parametrize("p", [0.9, 0.5, 1 / 3, 1e-7, 1 - 1e-9])
def test_jax_s_draws_bit_for_bit(p):
    for shape in ((), (1001,), (3, 5, 7)):
        np.testing.assert_array_equal(draws(p, shape), jax.random.bernoulli(KEY, np.float32(p), shape))


def test_every_kind_of_key_and_keys_in_lanes():
    for key in (jax.random.PRNGKey(3), jax.random.key(3, impl="rbg")):
        np.testing.assert_array_equal(draws(0.7, (40,), key), jax.random.bernoulli(key, np.float32(0.7), (40,)))
    keys = jax.random.split(KEY, 3)
    lanes = jax.vmap(lambda key: threefry.bernoulli(key, 0.7, (40,)))(keys)
    np.testing.assert_array_equal(lanes, jnp.stack([threefry.bernoulli(key, 0.7, (40,)) for key in keys]))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.95])
def test_draws_are_independent_of_each_other(p):
    """Tests frequencies, runs along both axes, and streams of consecutive keys at every relative shift."""
    n, keys = 1 << 14, [KEY, *(jax.random.fold_in(KEY, i) for i in range(5)), jax.random.key(4)]
    streams = np.stack([draws(p, (128, 128), key).ravel() for key in keys]).astype(float)
    limit = 5 / np.sqrt(n)  # standard deviations
    assert (abs(streams.mean(1) - p) < limit * np.sqrt(p * (1 - p))).all()
    centred = (streams - p) / np.sqrt(p * (1 - p))
    for stream in centred:
        for shift in (1, 2, 3, 7, 64, 128, 256, n // 2):
            assert abs((stream * np.roll(stream, shift)).mean()) < limit
    spectra = np.fft.fft(centred)
    for i in range(len(keys)):
        for j in range(i):  # no stream is another one, moved
            shifted = np.fft.ifft(spectra[i] * spectra[j].conj()).real / n
            assert abs(shifted).max() < 6 / np.sqrt(n)


def test_words_of_four_draws_are_uniform():
    bits = draws(0.5, (1 << 16,)).reshape(-1, 4)
    counts = np.bincount(bits @ (1 << np.arange(4)), minlength=16)
    expected = len(bits) / 16
    assert ((counts - expected) ** 2 / expected).sum() < 37.7  # chi squared of 15 degrees, 0.1 %
