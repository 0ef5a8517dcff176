"""Normalizations beyond the table of calls: mixed dtypes, and the statistics besides the output."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import purenn.functional as F
from purenn import layers

X = np.random.default_rng(0).standard_normal((4, 6, 5))
W, B = np.random.default_rng(1).standard_normal((2, 6))

# half inputs with float32 parameters, which torch takes too
MIXED = {
    "batch_norm": lambda lib, x, w, b: lib.batch_norm(x, None, None, w, b, training=True),
    "batch_norm, evaluated": lambda lib, x, w, b: lib.batch_norm(x, b, w * w, w, b),
    "layer_norm": lambda lib, x, w, b: lib.layer_norm(x.swapaxes(1, 2), (6,), w, b),
    "instance_norm": lambda lib, x, w, b: lib.instance_norm(x, None, None, w, b),
    "group_norm": lambda lib, x, w, b: lib.group_norm(x, 3, w, b),
    "rms_norm": lambda lib, x, w, b: lib.rms_norm(x.swapaxes(1, 2), (6,), w),
}


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")  # torch's rms_norm takes a slower way
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", MIXED)
def test_half_input_with_float32_parameters(name, dtype):
    ours = MIXED[name](F, jnp.asarray(X, dtype), jnp.asarray(W, "float32"), jnp.asarray(B, "float32"))
    theirs = MIXED[name](
        torch.nn.functional,
        torch.tensor(X, dtype=getattr(torch, dtype)),
        torch.tensor(W).float(),
        torch.tensor(B).float(),
    )
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.") == dtype
    np.testing.assert_allclose(ours.astype(jnp.float32), theirs.float(), rtol=0.01, atol=0.02)


def test_parameters_of_two_dtypes_are_refused():
    x, w = jnp.asarray(X, "float16"), jnp.asarray(W, "float32")
    with pytest.raises(TypeError, match="weight and bias must have one dtype"):
        F.layer_norm(x.swapaxes(1, 2), (6,), w, w.astype(jnp.float16))
    with pytest.raises(TypeError, match="weight must have the input's dtype float16, or float32, got dtype bfloat16"):
        F.group_norm(x, 2, w.astype(jnp.bfloat16))


def test_a_half_sum_does_not_overflow():
    """Float16 ends at 65504: squares and sums are in float32."""
    x = jnp.asarray((X * 3e4).clip(-6e4, 6e4), "float16")
    for name, call in MIXED.items():
        y = call(F, x, jnp.ones(6, "float16"), jnp.ones(6, "float16"))
        assert bool(jnp.isfinite(y).all()), name


def test_the_output_s_moments_are_the_update_s():
    """Under one jit the mean is computed once, for the output and for the running statistics."""

    def step(x, mean, var):
        return F.batch_norm(x, mean, var, training=True), F.batch_norm_update(x, mean, var, jnp.float32(1))

    x, zero, one = jnp.asarray(X, "float32"), jnp.zeros(6), jnp.ones(6)
    (y, (mean, var)) = jax.jit(step)(x, zero, one)
    np.testing.assert_allclose(mean, X.mean((0, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(var, X.var((0, 2), ddof=1), rtol=1e-5)
    biased = var * (19 / 20)
    expected = (x - mean[None, :, None]) / jnp.sqrt(biased + 1e-5)[None, :, None]
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="elsewhere XLA rounds each program in its own way")
@pytest.mark.parametrize("name", ["BatchNorm2d", "InstanceNorm2d"])
def test_an_update_by_hand_is_the_layer_s(name):
    """The statistics are equal to the last bit, in a step with an output and its gradient."""
    layer = getattr(layers, name)(5, affine=True, track_running_stats=True)
    params, state = layer.init(jax.random.key(0))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(7, 5, 9, 9)), "float32")
    norm = {"BatchNorm2d": "batch_norm", "InstanceNorm2d": "instance_norm"}[name]

    def loss(y, new):
        return (y * y * x).sum(), new

    @jax.jit
    @partial(jax.grad, has_aux=True)
    def by_layer(params, state):
        return loss(*layer.apply(params, state, x, training=True))

    @jax.jit
    @partial(jax.grad, has_aux=True)
    def by_hand(params, mean, var):
        y = getattr(F, norm)(x, mean, var, params["weight"], params["bias"], True)
        return loss(y, getattr(F, f"{norm}_update")(x, mean, var))

    _, mine = by_hand(params, state["running_mean"], state["running_var"])
    _, theirs = by_layer(params, state)
    np.testing.assert_array_equal(mine[0], theirs["running_mean"])
    np.testing.assert_array_equal(mine[1], theirs["running_var"])


@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
def test_statistics_have_no_gradient(name):
    x, mean, var = jnp.asarray(X, "float32"), jnp.zeros(6), jnp.ones(6)
    norm = getattr(F, name)
    last = {"training": False} if name == "batch_norm" else {"use_input_stats": False}
    for gradient in jax.grad(lambda m, v: norm(x, m, v, **last).sum(), (0, 1))(mean, var):
        np.testing.assert_array_equal(gradient, 0)
    update = getattr(F, f"{name}_update")
    np.testing.assert_array_equal(jax.grad(lambda x: sum(s.sum() for s in update(x, mean, var)))(x), 0)


def test_a_half_update_keeps_the_statistics_dtype():
    x = jnp.asarray(X * 300, "float16")
    mean, var = F.batch_norm_update(x, jnp.zeros(6), jnp.ones(6), 1.0)
    assert mean.dtype == var.dtype == jnp.float32
    np.testing.assert_allclose(var, np.asarray(x, "float32").var((0, 2), ddof=1), rtol=1e-5)
