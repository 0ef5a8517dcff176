"""Attention beyond the table of calls: dropout, the hint, and batches of masks."""

import jax
import jax.numpy as jnp
import numpy as np

import purenn.functional as F


def normal(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), jnp.float32)


def test_dropout_keeps_the_expectation_and_follows_its_key():
    q, k = normal(1, 4), normal(5, 4, seed=1)
    v = jnp.eye(5)  # so that the output is the weights
    weights = F.scaled_dot_product_attention(q, k, v)

    def dropped(key):
        return F.scaled_dot_product_attention(q, k, v, dropout_p=0.25, rng=key)

    many = jax.vmap(dropped)(jax.random.split(jax.random.key(0), 4000))
    kept = many != 0
    np.testing.assert_allclose(kept.mean(0), 0.75, atol=0.04)
    np.testing.assert_allclose(many.sum(0) / kept.sum(0).astype(many.dtype), weights / 0.75, rtol=1e-5)
    np.testing.assert_array_equal(dropped(jax.random.key(3)), dropped(jax.random.key(3)))
    assert (dropped(jax.random.key(3)) != dropped(jax.random.key(4))).any()


def test_heads_drop_the_same_weights_with_and_without_returning_them():
    x, w, out = normal(5, 2, 8), normal(24, 8, seed=1), normal(8, 8, seed=2)
    args = (x, x, x, 8, 2, w, None, None, None, False, 0.5, out, None)
    rng = jax.random.key(0)
    y, weights = F.multi_head_attention_forward(*args, average_attn_weights=False, rng=rng)
    z, none = F.multi_head_attention_forward(*args, need_weights=False, rng=rng)
    assert none is None
    np.testing.assert_allclose(y, z, rtol=1e-4, atol=1e-4)
    assert 0.2 < float((weights == 0).mean()) < 0.8
    full, _ = F.multi_head_attention_forward(*args, training=False)  # no key is needed then
    assert not np.allclose(y, full)


def test_self_attention_projects_at_once_what_it_projects_apart():
    x, w, out = normal(5, 2, 8), normal(24, 8, seed=1), normal(8, 8, seed=2)
    rest = (8, 2, w, normal(24, seed=3), None, None, False, 0.0, out, None)
    again = x + 0
    once, _ = F.multi_head_attention_forward(x, x, x, *rest)
    for qkv in ((x, again, again), (x, x, again)):
        np.testing.assert_allclose(F.multi_head_attention_forward(*qkv, *rest)[0], once, rtol=1e-5, atol=1e-5)
