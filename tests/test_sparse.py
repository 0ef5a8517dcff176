"""Look-ups beyond the table of calls: indices out of range, and values that are unknown inside jit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import purenn.functional as F

TABLE = jnp.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize("index", [-1, 4, -5])
def test_an_index_out_of_range_gives_nan_and_no_gradient_inside_jit(index):
    indices = jnp.array([1, index])
    for call in map(jax.jit, (F.embedding, lambda i, w: F.embedding(i, w, 0, 100.0, 2.0, True))):
        y = call(indices, TABLE)
        np.testing.assert_array_equal(y[0], TABLE[1])
        assert bool(jnp.isnan(y[1]).all())
        gradient = jax.grad(lambda w, call=call: call(indices, w)[0].sum())(TABLE)
        np.testing.assert_array_equal(gradient, jnp.zeros((4, 3)).at[1].set(1))
    for mode in ("sum", "mean", "max"):
        y = jax.jit(lambda i, mode=mode: F.embedding_bag(i, TABLE, mode=mode))(indices[:, None])
        assert jnp.isnan(y).tolist() == [[False] * 3, [True] * 3]


def test_one_hot_needs_the_number_of_classes_inside_jit():
    assert F.one_hot(jnp.array([0, 2])).shape == (2, 3)
    with pytest.raises(ValueError, match="one_hot: num_classes must be given inside jit, vmap and grad.*got -1"):
        jax.jit(F.one_hot)(jnp.array([0, 2]))
