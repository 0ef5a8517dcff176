"""Maxima and minima of arrays with a NaN, large enough for XLA to call its library."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import purenn.functional as F
from purenn.lowering.reduction import max_or_nan, min_or_nan
from purenn.utils import get_total_norm


def with_nan(*shape):
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    x[tuple(n // 2 for n in shape)] = np.nan
    return x


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("axis", [0, 1, (0, 1), None])
def test_a_nan_is_the_largest_and_the_least(axis, dtype):
    with jax.enable_x64(True):
        x = jnp.asarray(with_nan(70, 90), dtype)
        for ours, numpys in ((max_or_nan, np.max), (min_or_nan, np.min)):
            expected = numpys(np.asarray(x), axis)
            assert np.isnan(expected).any()
            np.testing.assert_array_equal(ours(x, axis), expected)
            np.testing.assert_array_equal(jax.jit(lambda x, f=ours: f(x, axis))(x), expected)
            np.testing.assert_array_equal(ours(x, axis, keepdims=True), numpys(np.asarray(x), axis, keepdims=True))
        assert max_or_nan(jnp.zeros((0,), dtype), initial=3) == 3


def test_integers_have_no_nan():
    np.testing.assert_array_equal(max_or_nan(jnp.arange(6).reshape(2, 3), 1), [2, 5])


X, PLANES, IMAGES, VOLUMES = with_nan(64, 96), with_nan(2, 8, 512), with_nan(2, 4, 36, 40), with_nan(1, 4, 12, 14, 16)
SAMPLES = np.random.default_rng(0).random((2, 4, 2)).astype(np.float32)
CALLS = {
    "max_pool1d, apart": ("max_pool1d", PLANES, 32),
    "max_pool1d, all": ("max_pool1d", PLANES, 512),
    "max_pool1d, overlapping": ("max_pool1d", PLANES, 9, 2, 4),
    "max_pool2d, written out": ("max_pool2d", IMAGES, 2),
    "max_pool2d, apart": ("max_pool2d", IMAGES, 6),
    "max_pool2d, overlapping": ("max_pool2d", IMAGES, 7, 1, 3),
    "max_pool3d": ("max_pool3d", VOLUMES, 5),
    "adaptive_max_pool1d": ("adaptive_max_pool1d", PLANES, 3),
    "adaptive_max_pool2d": ("adaptive_max_pool2d", IMAGES, (6, 5)),
    "adaptive_max_pool3d": ("adaptive_max_pool3d", VOLUMES, 2),
    "fractional_max_pool2d": ("fractional_max_pool2d", IMAGES, 7, 5, None, False, SAMPLES),
    "normalize": ("normalize", X, float("inf")),
    "normalize, least": ("normalize", X, -float("inf")),
    "pairwise_distance": ("pairwise_distance", X, np.zeros((64, 96), np.float32), float("inf")),
    "pdist": ("pdist", X, float("inf")),
    "norm": ("norm", X, float("inf")),
    "lp_pool1d": ("lp_pool1d", np.abs(PLANES), 2.0, 32),
    "softmax": ("softmax", X, 1),
    "log_softmax": ("log_softmax", X, 1),
    "logsumexp in cross_entropy": ("cross_entropy", X, np.arange(64), None, None, -100, None, "none"),
}


@pytest.mark.parametrize("jit", [False, True], ids=["eager", "jitted"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_nan_is_not_lost(call, jit):
    name, *args = call
    arrays = [i for i, a in enumerate(args) if isinstance(a, np.ndarray)]
    theirs = getattr(torch.nn.functional, name, None) or getattr(torch, name)
    expected = theirs(*(torch.from_numpy(a) if i in arrays else a for i, a in enumerate(args))).numpy()

    def ours(*given):
        values = dict(zip(arrays, given, strict=True))
        return getattr(F, name)(*(values.get(i, a) for i, a in enumerate(args)))

    got = (jax.jit(ours) if jit else ours)(*(jnp.asarray(args[i]) for i in arrays))
    assert np.isnan(expected).any()
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-6)


def test_a_nan_among_gradients_is_in_their_norm():
    assert np.isnan(get_total_norm([jnp.asarray(X)], float("inf")))
