"""Attention in chunks and blocks beside the plain formulation, and the memory of long sequences."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import purenn.functional as F
from purenn.lowering import attention

# batch, heads that share keys, queries, keys, width; mask; causal; bytes of a chunk
SIZES = [
    ((6, 1, 5, 7, 3), None, False, 2 * 8 * 5 * 7),  # two heads at a time
    ((2, 2, 5, 7, 3), (2, 1, 5, 1), False, 8 * 2 * 2 * 7),  # two queries of one head, the last chunk padded
    ((4, 1, 4, 6, 2), (4, 1, 1, 6), False, 2 * 8 * 4 * 6),
    ((1, 2, 4, 6, 2), (1, 2, 4, 6), False, 8 * 2 * 6),
    ((2, 1, 9, 9, 2), None, True, 8 * 9 * 2),  # causal, in blocks
    ((2, 1, 8, 5, 2), None, True, 8 * 8 * 5),
]


def obvious(q, k, v, mask, causal):
    s = jnp.einsum("bgle,bse->bgls", q, k) * 0.5
    if causal:
        s = jnp.where(jnp.tri(*s.shape[2:], dtype=bool), s, -jnp.inf)
    if mask is not None:
        s = s + jnp.broadcast_to(mask, s.shape)
    return jnp.einsum("bgls,bsv->bglv", jax.nn.softmax(s, -1), v)


ROWS = [*((*s, "float64", False) for s in SIZES), (*SIZES[1], "float32", False)]
ROWS += [(*s, "float64", True) for s in (SIZES[0], SIZES[4])]  # the way of other platforms


@pytest.mark.parametrize(("size", "mask", "causal", "chunk", "dtype", "divided"), ROWS)
def test_every_derivative_mode(size, mask, causal, chunk, dtype, divided, monkeypatch):
    for name, value in (("MAX_WHOLE_BYTES", 0), ("MAX_CHUNK_BYTES", chunk), ("MIN_BLOCK_QUERIES", 2)):
        monkeypatch.setattr(attention, name, value)
    (B, G, L, S, E), noise = size, np.random.default_rng(0)
    with jax.enable_x64(True):
        shapes = [(B, G, L, E), (B, S, E), (B, S, E + 1), *([mask] if mask else [])]
        arrays, tangents = ([jnp.asarray(noise.standard_normal((2, *s)), dtype) for s in shapes] for _ in range(2))

        def found(function):
            def loss(*arrays):
                return jnp.sin(function(*arrays, *([] if mask else [None]))).sum()

            def both(arrays, tangents):
                return jax.jvp(loss, arrays, tangents), jax.jvp(jax.grad(loss, range(len(arrays))), arrays, tangents)

            return jax.jit(jax.vmap(both))(tuple(arrays), tuple(tangents))

        op = attention.Attention(0.5, causal)
        other = functools.partial(op.blocks, op.at_once)
        ours = found(lambda q, k, v, mask: (other if divided else op)(q, k, v, mask, None))
        theirs = found(lambda q, k, v, mask: obvious(q, k, v, mask, causal))
        limit = 1e-11 if dtype == "float64" else 2e-5
        for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rtol=limit, atol=limit * max(1, float(abs(other).max())))


def test_a_row_that_sees_nothing_is_zero_in_chunks_too(monkeypatch):
    monkeypatch.setattr(attention, "MAX_WHOLE_BYTES", 0)
    monkeypatch.setattr(attention, "MAX_CHUNK_BYTES", 4 * 3)
    q, k, v = jnp.ones((1, 3, 2)), jnp.ones((1, 3, 2)), jnp.ones((1, 3, 2))
    mask = jnp.array([[False] * 3, [True] * 3, [False] * 3])
    run = jax.jit(jax.value_and_grad(lambda q: F.scaled_dot_product_attention(q, k, v, mask).sum()))
    y, dq = run(q)
    assert y == 2
    assert bool(jnp.isfinite(dq).all())


@pytest.mark.parametrize("chunk", [4 * 6 * 4, 4 * 6 * 6 * 2])
def test_dropout_in_chunks(chunk, monkeypatch):
    monkeypatch.setattr(attention, "MAX_WHOLE_BYTES", 0)
    monkeypatch.setattr(attention, "MAX_CHUNK_BYTES", chunk)
    q, v = jnp.ones((4, 6, 2)), jnp.broadcast_to(jnp.eye(6), (4, 6, 6))
    drop = jax.jit(lambda key: F.scaled_dot_product_attention(q, q, v, dropout_p=0.25, rng=key))
    many = jax.vmap(drop)(jax.random.split(jax.random.key(0), 300))
    assert len({row.tobytes() for row in np.asarray(many[0] != 0).reshape(24, 6)}) > 8  # chunks have masks of their own
    np.testing.assert_allclose((many != 0).mean(0), 0.75, atol=0.13)
    np.testing.assert_allclose(many[many != 0], 1 / 6 / 0.75, rtol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("gradients", [False, True])
def test_memory_for_long_sequences(causal, gradients):
    x = jax.ShapeDtypeStruct((1, 2, 8192, 64), "float32")

    def temporary(function):
        def loss(q, k, v):
            return function(q, k, v).sum()

        run = jax.value_and_grad(loss, (0, 1, 2)) if gradients else loss
        return jax.jit(run).lower(x, x, x).compile().memory_analysis().temp_size_in_bytes

    def naive(q, k, v):
        return obvious(q[0][:, None], k[0], v[0], None, causal)

    ours = temporary(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal))
    assert ours < temporary(naive) / 10
