"""Stored arrays on the CPU: the same numbers under every transformation. `test_meshes.py` divides them."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from test_linear_map import MODES

import purenn.functional as F
from purenn.lowering.stored import stored

W = jnp.asarray(np.random.RandomState(0).standard_normal((4, 2, 3, 3)), jnp.float32)
X = jnp.asarray(np.random.RandomState(1).standard_normal((2, 2, 9, 8)), jnp.float32)


def chain(x, w):
    """A convolution, an activation, a padding, a pool with overlap and a convolution."""
    y = jnp.tanh(F.conv2d(x, w, padding=1))
    y = F.max_pool2d(F.pad(y, (1, 1, 0, 2), mode="reflect"), 3, 2)
    return F.conv2d(F.interpolate(y, (5, 7), mode="bilinear"), w[:, :1].repeat(4, 1))


def plain(x, w):
    """The same with jax's operators only."""

    def conv(x, w, pad):
        return lax.conv_general_dilated(x, w, (1, 1), [(pad, pad)] * 2)

    y = jnp.pad(jnp.tanh(conv(x, w, 1)), [(0, 0), (0, 0), (0, 2), (1, 1)], mode="reflect")
    y = lax.reduce_window(y, -jnp.inf, lax.max, (1, 1, 3, 3), (1, 1, 2, 2), "VALID")
    y = jax.image.resize(y, (*y.shape[:2], 5, 7), "linear", antialias=False)
    return conv(y, w[:, :1].repeat(4, 1), 0)


def close(got, expected):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-4 * float(jnp.abs(other).max()))


@pytest.mark.parametrize("mode", MODES)
def test_transformed(mode):
    got, expected = (jax.jit(MODES[mode](f))(X, W) for f in (chain, plain))
    close(got, expected)


def test_an_array_is_in_memory():
    compiled = jax.jit(lambda x: stored(x * 2) + 1).lower(X).compile().as_text()
    assert len(re.findall(r"= f32\[2,2,9,8\]\S* call\(", compiled)) == 1, compiled
    assert "copy(" not in compiled


def test_so_is_its_cotangent():
    compiled = jax.jit(jax.grad(lambda x: jnp.sum(jnp.sin(stored(x * 2))))).lower(X).compile().as_text()
    assert len(re.findall(r" call\(", compiled)) == 2, compiled


def test_in_a_loop_and_rematerialised():
    def turn(x, _):
        return jnp.sin(stored(jnp.cos(x))), None

    def looped(x):
        return lax.scan(jax.checkpoint(turn), x, length=3)[0].sum()

    def alone(x):
        for _ in range(3):
            x = jnp.sin(jnp.cos(x))
        return x.sum()

    close(jax.jit(jax.grad(looped))(X), jax.grad(alone)(X))


def test_exported():
    exported = jax.export.export(jax.jit(chain))(X, W)
    read = jax.export.deserialize(bytearray(exported.serialize()))
    close(read.call(X, W), chain(X, W))
