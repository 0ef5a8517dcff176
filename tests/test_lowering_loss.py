"""The fast formulations of classification losses beside the plain ones, and their memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import purenn.functional as F
from purenn.lowering.loss import samples_per_chunk, take_along

SHAPES = [((5,), 0), ((4, 7), 1), ((1, 1), 1), ((2, 3, 4, 1), 1)]


def obvious(x, t, axis):
    return jnp.take_along_axis(x, jnp.expand_dims(t, axis), axis).squeeze(axis)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_picked_numbers_in_every_derivative_mode(shape, axis, dtype):
    noise = np.random.default_rng(0)
    with jax.enable_x64(True):
        x, dx = (jnp.asarray(noise.standard_normal((3, *shape)), dtype) for _ in range(2))
        t = jnp.asarray(noise.integers(0, shape[axis], (3, *shape[:axis], *shape[axis + 1 :])), jnp.int32)

        def found(pick):
            def both(x, dx, t):
                y, dy = jax.jvp(lambda x: jnp.sin(pick(x, t, axis)), (x,), (dx,))
                back = jax.jvp(jax.grad(lambda x: jnp.sin(pick(x, t, axis)).sum()), (x,), (dx,))
                return y, dy, *back

            return jax.jit(lambda x, dx, t: (jax.vmap(both)(x, dx, t), jax.vmap(both, (0, None, None))(x, dx[0], t[0])))

        ours, theirs = (jax.tree.leaves(found(pick)(x, dx, t)) for pick in (take_along, obvious))
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one.astype(jnp.float64), other.astype(jnp.float64))


def test_chunks_are_of_equal_size_and_cover_the_batch():
    assert samples_per_chunk(256, 32000) == 256
    for batch, logits in ((4096, 32000), (1, 10**9), (1000, 50257), (0, 10), (7, 0)):
        rows = samples_per_chunk(batch, logits)
        assert rows == batch or rows * logits * 4 <= 32 << 20 or rows == 1


@pytest.mark.parametrize("gradients", [False, True])
def test_memory_for_a_large_vocabulary(gradients):
    n, width, count = 4096, 64, 32000
    x, w, t = (jax.ShapeDtypeStruct(s, d) for s, d in (((n, width), "f4"), ((count, width), "f4"), ((n,), "i4")))

    def temporary(loss):
        run = jax.value_and_grad(loss, (0, 1)) if gradients else loss
        return jax.jit(run).lower(x, w, t).compile().memory_analysis().temp_size_in_bytes

    naive = temporary(lambda x, w, t: F.cross_entropy(x @ w.T, t))
    assert temporary(lambda x, w, t: F.linear_cross_entropy(x, w, t)) < naive / 10
