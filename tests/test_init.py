"""The initializers beside torch.nn.init: random ones by moments, bounds and quantiles, the others exactly."""

import math
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from purenn import init

SHAPE = (60, 50, 3, 3)
RANDOM = {
    "uniform": ((), (-2.0, 0.5)),
    "normal": ((), (1.5, 0.2)),
    "trunc_normal": ((), (0.5, 2.0, -1.0, 1.0), (0.0, 1.0, 1.5, 4.0), (0.0, 1.0, -4.0, -3.0), (0.0, 0.02)),
    "xavier_uniform": ((), (2.5,)),
    "xavier_normal": ((), (0.5,)),
    "kaiming_uniform": ((), (0.5, "fan_out"), (7.0, "FAN_IN", "relu"), (0, "fan_in", "selu")),
    "kaiming_normal": ((), (0.5, "fan_out"), (7.0, "FAN_IN", "tanh"), (0, "fan_in", "conv_transpose2d")),
}
random_ones = pytest.mark.parametrize(("name", "args"), [(n, a) for n, rows in RANDOM.items() for a in rows])
everything = pytest.mark.parametrize(
    ("name", "args", "shape", "dtype"),
    [
        *((name, args, (30, 20), "float32") for name, rows in RANDOM.items() for args in rows),
        *(("normal", (1.5, 0.2), (30, 20), dtype) for dtype in ("float64", "bfloat16")),
        *(("trunc_normal", (), (30, 20), dtype) for dtype in ("float64", "bfloat16")),
        ("constant", (0.3,), (2, 3), "float32"),
        ("eye", (), (3, 5), "bfloat16"),
        ("dirac", (3,), (6, 1, 3, 2, 5), "float32"),
        ("orthogonal", (2.0,), (4, 3, 2), "float32"),
        ("orthogonal", (), (7, 3), "bfloat16"),
        ("sparse", (0.4,), (9, 6), "float32"),
    ],
)


def theirs(name, args, shape, dtype=torch.float32):
    torch.manual_seed(0)
    with warnings.catch_warnings():  # ours are errors, torch's are torch's
        warnings.simplefilter("ignore")
        return getattr(torch.nn.init, f"{name}_")(torch.empty(shape, dtype=dtype), *args).numpy()


@random_ones
def test_distribution_is_torchs(name, args):
    """Compares two samples: means and deviations within five standard errors, quantiles by Kolmogorov-Smirnov."""
    ours = np.asarray(getattr(init, name)(*args)(jax.random.key(1), SHAPE), np.float64).ravel()
    expected = theirs(name, args, SHAPE).astype(np.float64).ravel()
    n, scale = ours.size, expected.std()
    assert abs(ours.mean() - expected.mean()) < 5 * scale * math.sqrt(2 / n)
    assert abs(ours.std() / scale - 1) < 5 * math.sqrt(2 / n)
    both = np.concatenate([ours, expected])
    difference = [np.searchsorted(np.sort(x), both, side="right") / n for x in (ours, expected)]
    assert np.abs(difference[0] - difference[1]).max() < 2.2 * math.sqrt(2 / n)


def test_bounds():
    draw = lambda i, shape=(40, 25): np.asarray(i(jax.random.key(0), shape))  # noqa: E731
    x = draw(init.uniform(2.0, 3.0))
    assert x.min() >= 2
    assert x.max() <= 3
    for x, bound in (
        (draw(init.xavier_uniform(2.0)), 2 * math.sqrt(6 / 65)),
        (draw(init.kaiming_uniform()), math.sqrt(6 / 25)),
        (draw(init.kaiming_uniform(1.0, "fan_out")), math.sqrt(3 / 40)),
    ):
        assert 0.99 * bound < np.abs(x).max() <= bound * (1 + 1e-6)
    for mean, std, a, b in ((0.0, 1.0, -2.0, 2.0), (0.0, 1.0, 6.0, 9.0), (3.0, 0.1, 0.0, 1.0), (0.0, 1.0, 2.0, 2.0)):
        x = draw(init.trunc_normal(mean, std, a, b))
        assert x.min() >= a
        assert x.max() <= b
        assert np.isfinite(x).all()


@pytest.mark.parametrize(("a", "b"), [(5.0, 7.0), (-9.0, -8.0), (11.5, 12.0), (-14.0, -11.2), (30.0, 40.0)])
def test_trunc_normal_far_from_the_mean(a, b):
    """Compares the mean with that of the exact density, by integration."""
    x = np.asarray(init.trunc_normal(a=a, b=b)(jax.random.key(0), (20000,)), np.float64)
    grid = np.linspace(a, b, 400001)
    density = np.exp(-(grid**2 - min(a * a, b * b)) / 2)
    mean = (grid * density).sum() / density.sum()
    spread = math.sqrt(((grid - mean) ** 2 * density).sum() / density.sum())
    assert abs(x.mean() - mean) < 5 * spread / math.sqrt(x.size) + 0.01 * spread
    assert abs(x.std() / spread - 1) < 0.05


@everything
def test_eager_and_traced_give_the_same_numbers(name, args, shape, dtype):
    initialize = getattr(init, name)(*args)
    with jax.enable_x64(dtype == "float64"):
        key = jax.random.key(3)
        eager = initialize(key, shape, dtype)
        traced = jax.jit(lambda k: initialize(k, shape, dtype))(key)
        words = initialize(np.asarray(jax.random.key_data(key)), shape, dtype)  # as the streams of keys give them
    assert isinstance(eager, jax.Array)
    assert eager.shape == traced.shape == words.shape == shape
    assert eager.dtype == traced.dtype == words.dtype == dtype
    np.testing.assert_array_equal(np.asarray(eager), np.asarray(words))
    # a compiler may round factors and sums once instead of twice; quantiles magnify that towards the tails
    limit = float(jnp.finfo(dtype).eps) * max(1.0, float(np.abs(np.asarray(eager, np.float64)).max()))
    limit *= 50 if name == "trunc_normal" else 2
    np.testing.assert_allclose(np.asarray(eager, np.float64), np.asarray(traced, np.float64), rtol=0, atol=limit)


@pytest.mark.parametrize("name", ["uniform", "normal", "xavier_uniform", "kaiming_uniform"])
def test_no_bit_differs_between_eager_and_traced(name):
    """Compares the initializers with all arrays that torch's layers start from."""
    args = (-0.5, 0.5) if name == "uniform" else ()
    initialize, key = getattr(init, name)(*args), jax.random.key(5)
    traced = jax.jit(lambda k: initialize(k, (33, 17)))(key)
    np.testing.assert_array_equal(np.asarray(initialize(key, (33, 17))), np.asarray(traced))


@pytest.mark.parametrize(
    ("name", "args", "shape"),
    [
        ("constant", (0.3,), (2, 3)),
        ("constant", (True,), ()),
        ("ones", (), (3,)),
        ("zeros", (), (2, 0)),
        *(("eye", (), shape) for shape in ((3, 5), (5, 3), (0, 3))),
        *(("dirac", (), shape) for shape in ((3, 2, 4), (2, 3, 3, 2), (2, 2, 1, 5, 4), (0, 2, 3), (2, 2, 3))),
        *(("dirac", (2,), shape) for shape in ((6, 4, 3), (4, 1, 3, 3), (6, 2, 2, 2, 2))),
        ("kaiming_normal", (), (0, 3)),
        ("kaiming_uniform", (), (3, 3, 0)),
        ("orthogonal", (), (0, 3)),
    ],
)
def test_values_are_torchs(name, args, shape):
    ours = getattr(init, name)(*args)(jax.random.key(0), shape)
    expected = theirs(name, args, shape)
    assert str(ours.dtype) == "float32"
    np.testing.assert_array_equal(np.asarray(ours), expected)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 2, 3), (4, 4)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal(shape, gain):
    x = np.asarray(init.orthogonal(gain)(jax.random.key(0), shape), np.float64).reshape(shape[0], -1)
    product = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    np.testing.assert_allclose(product, gain**2 * np.eye(min(x.shape)), atol=1e-5)


def test_orthogonal_matrices_are_equally_likely():
    """Every element of a random rotation has mean 0 and variance 1 / n. For Q alone this is false."""
    x = np.stack([np.asarray(init.orthogonal()(jax.random.key(i), (3, 3))) for i in range(400)])
    assert np.abs(x.mean(0)).max() < 5 * math.sqrt(1 / 3 / 400)
    np.testing.assert_allclose((x**2).mean(0), 1 / 3, atol=0.1)


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 1.0, 1.5])
def test_sparse(sparsity):
    x = np.asarray(init.sparse(sparsity, 0.5)(jax.random.key(0), (20, 300)))
    expected = theirs("sparse", (sparsity, 0.5), (20, 300))
    np.testing.assert_array_equal((x == 0).sum(0), (expected == 0).sum(0))
    if sparsity < 1:
        assert abs(x[x != 0].std() / 0.5 - 1) < 0.05
        assert np.ptp((x == 0).mean(1)) < 0.25  # no row is preferred


@pytest.mark.parametrize(
    "args",
    [
        *((name,) for name in ("linear", "conv1d", "conv3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu")),
        ("conv_transpose2d", 3),
        ("leaky_relu", 0.2),
        ("leaky_relu", 1),
    ],
)
def test_gain_is_torchs(args):
    assert init.calculate_gain(*args) == torch.nn.init.calculate_gain(*args)


@pytest.mark.parametrize(
    ("name", "args", "shape", "match"),
    [
        ("uniform", (2.0, 1.0), (2, 2), "uniform: b must be at least a=2.0, got 1.0"),
        ("normal", (0.0, -1.0), (2, 2), "normal: std must be at least 0"),
        ("trunc_normal", (0.0, 1.0, 2.0, 1.0), (2, 2), "trunc_normal: b must be at least a=2.0"),
        ("trunc_normal", (0.0, 0.0), (2, 2), "trunc_normal: std must be above 0"),
        ("constant", ("a",), (2, 2), "constant: val must be a number"),
        ("eye", (), (2,), "eye: shape must have rank 2"),
        ("dirac", (), (2, 2), "dirac: shape must have rank 3 or 4 or 5"),
        ("dirac", (0,), (2, 2, 3), "dirac: groups must be at least 1"),
        ("dirac", (3,), (4, 2, 3), "dirac: shape must have a first dimension divisible by groups=3"),
        ("dirac", (), (2, 2, 0), "dirac: shape must have a kernel with elements"),
        ("xavier_uniform", (-1.0,), (2, 2), "xavier_uniform: gain must be at least 0"),
        ("xavier_normal", (-1.0,), (2, 2), "xavier_normal: gain must be at least 0"),
        ("xavier_normal", (), (3,), "xavier_normal: shape must have rank 2 or more"),
        ("xavier_uniform", (), (2, 2, 0), "xavier_uniform: shape must have at least one input or output"),
        ("kaiming_uniform", (), (3,), "kaiming_uniform: shape must have rank 2 or more"),
        ("kaiming_uniform", (0, "fan"), (2, 2), "kaiming_uniform: mode must be one of 'fan_in', 'fan_out'"),
        ("kaiming_normal", (0, "fan_in", "gelu"), (2, 2), "calculate_gain: nonlinearity must be one of"),
        ("kaiming_normal", (True,), (2, 2), "calculate_gain: param must be a number, got True"),
        ("orthogonal", ("a",), (2, 2), "orthogonal: gain must be a number"),
        ("orthogonal", (), (3,), "orthogonal: shape must have rank 2 or more"),
        ("sparse", (0.5,), (3,), "sparse: shape must have rank 2"),
        ("sparse", (0.5, -1.0), (3, 2), "sparse: std must be at least 0"),
    ],
)
def test_refusals(name, args, shape, match):
    with pytest.raises((ValueError, TypeError), match=match):
        getattr(init, name)(*args)(jax.random.key(0), shape)
    with pytest.raises(Exception):  # noqa: B017
        theirs(name, args, shape)


def test_refusals_of_our_own():
    with pytest.raises(ValueError, match="sparse: sparsity must be at least 0"):
        init.sparse(-0.5)
    for name in ("uniform", "normal", "trunc_normal", "orthogonal", "xavier_normal", "kaiming_uniform"):
        with pytest.raises(TypeError, match=f"{name}: dtype must be a floating-point dtype"):
            getattr(init, name)()(jax.random.key(0), (2, 2), jnp.int32)
