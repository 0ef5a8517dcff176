"""The distribution of dropout: its frequency, the axes that are dropped together, the kept values, and the gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import purenn.functional as F

KEY = jax.random.key(7)
ALPHA = 1.7580993408473766
FAMILY = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")

# the function, an input's shape, and the axes whose elements are dropped independently
SHARING = [
    ("dropout", (6, 7, 5, 4), (0, 1, 2, 3)),
    ("dropout", (), ()),
    ("alpha_dropout", (6, 7, 5), (0, 1, 2)),
    ("dropout1d", (40, 5), (0,)),
    ("dropout1d", (6, 7, 5), (0, 1)),
    ("dropout2d", (6, 7), (0, 1)),
    ("dropout2d", (6, 7, 5), (0, 1)),
    ("dropout2d", (6, 7, 5, 4), (0, 1)),
    ("dropout2d", (6, 7, 2, 3, 2), (0, 1)),
    ("dropout3d", (40,), (0,)),
    ("dropout3d", (40, 3), (0,)),
    ("dropout3d", (40, 2, 3, 2), (0,)),
    ("dropout3d", (6, 7, 2, 3, 2), (0, 1)),
    ("dropout3d", (40, 2, 2, 2, 1, 2), (0,)),
    ("feature_alpha_dropout", (6, 7), (0, 1)),
    ("feature_alpha_dropout", (6, 7, 5, 4), (0, 1)),
]


def kept_values(name: str, p: float) -> tuple[float, float]:
    """The results for an input of 1, if it is dropped and if it is kept."""
    if "alpha" not in name:
        return 0.0, 1 / (1 - p)
    a = 1 / np.sqrt((1 - p) * (1 + p * ALPHA**2))
    return -a * ALPHA * (1 - p), a * (1 + p * ALPHA)


@pytest.mark.filterwarnings("ignore:dropout[23]d:UserWarning")  # torch's, about ranks
@pytest.mark.parametrize(("name", "shape", "independent"), SHARING)
def test_axes_that_are_dropped_together(name, shape, independent):
    def pattern(y: np.ndarray) -> np.ndarray:
        """The mask is constant over the shared axes, and over no others."""
        shared = tuple(i for i in range(y.ndim) if i not in independent)
        gone = np.abs(y - kept_values(name, 0.5)[0]) < 1e-3
        np.testing.assert_array_equal(gone.all(shared), gone.any(shared))
        return np.asarray(gone.any(shared))

    ours = pattern(np.asarray(getattr(F, name)(jnp.ones(shape), 0.5, True, rng=KEY)))
    torch.manual_seed(0)
    theirs = pattern(getattr(torch.nn.functional, name)(torch.ones(shape), 0.5, True).numpy())
    assert ours.shape == theirs.shape == tuple(shape[i] for i in independent)
    for axis in range(ours.ndim):  # no axis repeats itself
        for drawn in (ours, theirs):
            assert any(not np.array_equal(drawn.take(0, axis), drawn.take(i, axis)) for i in range(drawn.shape[axis]))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", FAMILY)
def test_how_often_and_what_is_dropped(name, p):
    n = 20000
    x = jnp.ones((2, n // 2) if name != "dropout3d" else n)
    y = np.asarray(getattr(F, name)(x, p, True, rng=KEY)).ravel()
    if name == "dropout1d":  # (C, L): two draws only
        y = np.asarray(F.dropout1d(jnp.ones((n, 1)), p, rng=KEY)).ravel()
    gone, stays = kept_values(name, p)
    is_gone = np.isclose(y, gone, atol=1e-5)
    assert (is_gone | np.isclose(y, stays, rtol=1e-5)).all()
    assert abs(is_gone.mean() - p) < 4 * np.sqrt(p * (1 - p) / n)  # four standard deviations
    neighbours = np.corrcoef(is_gone[:-1], is_gone[1:])[0, 1]
    assert abs(neighbours) < 4 / np.sqrt(n)


@pytest.mark.parametrize("name", ["alpha_dropout", "feature_alpha_dropout"])
@pytest.mark.parametrize("p", [0.05, 0.3, 0.8])
def test_alpha_dropout_keeps_mean_and_variance(name, p):
    x = jnp.asarray(np.random.default_rng(0).standard_normal((200, 500)), jnp.float32)
    y = getattr(F, name)(x, p, True, rng=KEY)
    assert abs(float(y.mean())) < 0.02
    assert abs(float(y.var()) - 1) < 0.03


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("name", FAMILY)
def test_gradient_is_the_mask_s(name, dtype):
    """The gradient is the factor for a kept channel and 0 for a dropped one. The mask does not depend on the input."""
    x = jnp.asarray(np.random.default_rng(0).standard_normal((30, 3, 2)), dtype)
    call = lambda x: getattr(F, name)(x, 0.4, True, rng=KEY)  # noqa: E731
    y, backward = jax.vjp(call, x)
    (gradient,) = backward(jnp.ones_like(y))
    assert y.dtype == gradient.dtype == jnp.dtype(dtype)
    zero = call(jnp.zeros_like(x)).astype(jnp.float32)
    gradient, x, y = (np.asarray(a, np.float32) for a in (gradient, x, y))
    np.testing.assert_allclose(y, gradient * x + zero, rtol=0.02 if dtype != "float32" else 1e-5, atol=1e-2)
    stays = kept_values(name, 0.4)[1] - (0 if "alpha" not in name else -kept_values(name, 0.4)[0] * 0.4 / 0.6)
    assert set(np.round(np.unique(gradient), 1)) == {0.0, np.float32(np.round(stays, 1))}
    np.testing.assert_allclose(jax.jvp(call, (jnp.asarray(x),), (jnp.ones(x.shape),))[1], gradient, rtol=0.01)


@pytest.mark.parametrize("name", FAMILY)
def test_keys_decide(name):
    x = jnp.ones((20, 10, 2))
    call = jax.jit(lambda x, rng: getattr(F, name)(x, 0.5, True, rng=rng))
    np.testing.assert_array_equal(call(x, KEY), getattr(F, name)(x, 0.5, True, rng=KEY))
    assert not np.array_equal(call(x, KEY), call(x, jax.random.key(8)))
    lanes = jax.vmap(call)(jnp.stack([x, x]), jax.random.split(KEY))
    assert not np.array_equal(lanes[0], lanes[1])
    old = jax.random.PRNGKey(7)  # keys of the old kind are taken too
    assert getattr(F, name)(x, 0.5, True, rng=old).shape == x.shape


def test_infinity_times_nothing_is_nan_as_in_torch():
    y = np.asarray(F.dropout(jnp.full(100, jnp.inf), 0.5, rng=KEY))
    assert np.isnan(y).any()
    assert np.isposinf(y).any()
    assert torch.nn.functional.dropout(torch.full((100,), torch.inf), 0.5).isnan().any()


def test_rrelu_s_slopes():
    x = jnp.asarray(np.random.default_rng(0).standard_normal(20000), jnp.float32).at[0].set(0)
    call = lambda x: F.rrelu(x, 0.2, 0.6, training=True, rng=KEY)  # noqa: E731
    y, backward = jax.vjp(call, x)
    (slope,) = backward(jnp.ones_like(y))
    np.testing.assert_allclose(y, slope * x, rtol=1e-6)
    slope, below = np.asarray(slope), np.asarray(x <= 0)
    assert (slope[~below] == 1).all()
    slope = slope[below]  # the first of them is at 0
    assert slope.min() >= 0.2
    assert slope.max() <= 0.6
    assert abs(slope.mean() - 0.4) < 4 * 0.4 / np.sqrt(12 * slope.size)
    assert abs(slope.std() - 0.4 / np.sqrt(12)) < 0.004
    assert F.rrelu(x.astype(jnp.bfloat16), training=True, rng=KEY).dtype == jnp.bfloat16


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gumbel_softmax_draws_from_the_softmax(hard, dim):
    logits = jnp.log(jnp.array([0.5, 0.3, 0.2]))
    x = jnp.broadcast_to(
        logits.reshape([3 if i == dim % 2 else 1 for i in range(2)]), (3, 20000) if dim == 0 else (20000, 3)
    )
    y = F.gumbel_softmax(x, tau=0.5, hard=hard, dim=dim, rng=KEY)
    np.testing.assert_allclose(y.sum(dim), 1, rtol=1e-5)
    largest = np.bincount(np.asarray(jnp.argmax(y, dim)), minlength=3) / 20000
    np.testing.assert_allclose(largest, [0.5, 0.3, 0.2], atol=4 * 0.5 / np.sqrt(20000))
    if hard:
        assert set(np.round(np.unique(y), 5)) == {0, 1}
    weight = jnp.arange(x.size, dtype=x.dtype).reshape(x.shape) / x.size
    gradients = [
        jax.grad(lambda x, hard=h: (weight * F.gumbel_softmax(x, 0.5, hard, dim=dim, rng=KEY)).sum())(x) for h in (0, 1)
    ]
    np.testing.assert_allclose(*gradients, atol=1e-6)  # straight through
    assert float(jnp.abs(gradients[0]).max()) > 0


def test_gumbel_softmax_s_relaxation_is_torch_s():
    """With the same noise the value is the same, at several temperatures."""
    x = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    noise = jax.random.gumbel(KEY, x.shape)
    for tau in (0.1, 1, 3.0):
        expected = torch.softmax((torch.from_numpy(x) + torch.from_numpy(np.array(noise))) / tau, -1)
        np.testing.assert_allclose(F.gumbel_softmax(jnp.asarray(x), tau, rng=KEY), expected, rtol=1e-4, atol=1e-6)
    scalar = F.gumbel_softmax(jnp.float32(2), hard=True, rng=KEY)
    assert scalar.shape == ()
    assert float(scalar) == 1
