"""The scan with few large products against the plain scan: values and all derivatives, in both layouts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from purenn.lowering import rnn, rnn_steps
from purenn.lowering.rnn import Weights
from purenn.lowering.rnn_steps import GRU, LSTM, RNN_RELU, RNN_TANH

CELLS = {"lstm": LSTM, "gru": GRU, "tanh": RNN_TANH, "relu": RNN_RELU}
# a cell, the batch (17 is wide), and whether it is reversed, masked, projected and has biases
CASES = [
    ("lstm", 3, True, True, True, True),
    ("lstm", 17, False, True, True, False),
    ("lstm", 17, True, False, False, True),
    ("gru", 1, False, True, False, False),
    ("gru", 17, True, True, False, True),
    ("tanh", 3, True, False, False, True),
    ("tanh", 17, False, True, False, True),
    ("relu", 17, True, False, False, True),
]
TIME, INPUTS, HIDDEN, OUT = 4, 5, 6, 2


def drawn(name, batch, mask, projected, biased, dtype="float64"):
    noise, cell = np.random.default_rng(0), CELLS[name]
    out, rows = OUT if projected else HIDDEN, cell.gates * HIDDEN
    # scaled, so that a ramp's states don't grow from step to step
    draw = lambda *shape: jnp.asarray(0.4 * noise.standard_normal(shape), dtype)  # noqa: E731
    state = (draw(batch, out), draw(batch, HIDDEN))[: cell.states]
    biases = (draw(rows), draw(rows)) if biased else (None, None)
    weights = Weights(draw(rows, INPUTS), draw(rows, out), *biases, draw(OUT, HIDDEN) if projected else None)
    there = jnp.asarray(noise.random((TIME, batch)) > 0.3) if mask else None
    return (draw(TIME, batch, INPUTS), state, weights), there


def functions(name, there, reverse):
    return [lambda *a, f=f: f(CELLS[name], *a, there, reverse) for f in (rnn.scan, rnn.reference)]


def total(f):
    return lambda *arrays: sum(jnp.sum(jnp.sin(leaf)) for leaf in jax.tree.leaves(f(*arrays)))


def close(got, expected, tolerance):
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for g, e in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert g.dtype == e.dtype
        np.testing.assert_allclose(g, e, rtol=tolerance, atol=tolerance * max(1, float(abs(e).max(initial=0))))


@pytest.mark.parametrize(("name", "batch", "reverse", "mask", "projected", "biased"), CASES)
def test_values_and_derivatives_are_the_obvious_scans(name, batch, reverse, mask, projected, biased):
    with jax.enable_x64(True):
        arrays, there = drawn(name, batch, mask, projected, biased)
        tangents = jax.tree.map(jnp.cos, arrays)

        def everything(f):
            gradient = jax.grad(total(f), (0, 1, 2))
            return f(*arrays), jax.jvp(f, arrays, tangents)[1], *jax.jvp(gradient, arrays, tangents)

        fast, obvious = (jax.jit(everything, static_argnums=0)(f) for f in functions(name, there, reverse))
        close(fast, obvious, 1e-11)


@pytest.mark.parametrize(("name", "batch", "reverse", "mask", "projected", "biased"), CASES[:2])
def test_several_steps_a_turn(name, batch, reverse, mask, projected, biased, monkeypatch):
    """As on GPUs, with a last iteration that is not full."""
    with jax.enable_x64(True):
        arrays, there = drawn(name, batch, mask, projected, biased)
        both = lambda f: lambda *a: (f(*a), jax.jvp(f, a, jax.tree.map(jnp.cos, a)), jax.grad(total(f), (0, 1, 2))(*a))  # noqa: E731
        fast, obvious = functions(name, there, reverse)
        expected = jax.jit(both(obvious))(*arrays)
        monkeypatch.setattr(rnn_steps, "steps_per_turn", lambda: 3)
        for f in (fast, lambda *a: obvious(*a)):
            close(jax.jit(both(f))(*arrays), expected, 1e-11)


@pytest.mark.parametrize(("name", "batch"), [("lstm", 3), ("gru", 17)])
def test_half_types_are_rounded_once(name, batch):
    arrays, _ = drawn(name, batch, False, False, True, "bfloat16")
    f, _ = functions(name, None, False)
    both = lambda f: lambda *a: (f(*a), jax.grad(total(f), (0, 1, 2))(*a))  # noqa: E731
    wide = jax.jit(both(f))(*jax.tree.map(lambda a: a.astype("float32"), arrays))
    expected = jax.tree.map(lambda a: a.astype("bfloat16").astype("float32"), wide)
    got = jax.jit(both(f))(*arrays)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(got)} == {"bfloat16"}
    close(jax.tree.map(lambda a: a.astype("float32"), got), expected, 2e-2)


@pytest.mark.parametrize(("name", "batch"), [("lstm", 3), ("lstm", 17), ("gru", 17)])
def test_single_precision_is_near_double_precision(name, batch):
    with jax.enable_x64(True):
        (arrays, _), (wide, _) = (drawn(name, batch, False, False, True, dtype) for dtype in ("float32", "float64"))
        f, obvious = functions(name, None, False)
        both = lambda f: lambda *a: (f(*a), jax.grad(total(f), (0, 1, 2))(*a))  # noqa: E731
        wide = jax.tree.map(lambda a: a.astype("float32").astype("float64"), wide)
        expected = jax.tree.map(lambda a: a.astype("float32"), jax.jit(both(obvious))(*wide))
        close(jax.jit(both(f))(*arrays), expected, 1e-5)


@pytest.mark.parametrize("mapped", ["x", "weights", "there"])
def test_batches_of_each_argument(mapped):
    with jax.enable_x64(True):
        (x, state, weights), there = drawn("lstm", 17, True, True, True)
        axes = {"x": (0, None, None, None), "weights": (None, None, 0, None)}
        axes = axes.get(mapped, (None, None, None, 0))
        turned = lambda a: jnp.stack([a, a[::-1]])  # noqa: E731
        arrays = [
            jax.tree.map(turned, a) if axis == 0 else a
            for a, axis in zip((x, state, weights, there), axes, strict=True)
        ]

        def gradients(f):
            def of(x, s, w, there):
                return jax.grad(total(lambda *a: f(LSTM, *a, there, False)), (0, 1, 2))(x, s, w)

            return jax.jit(jax.vmap(of, axes))(*arrays)

        close(gradients(rnn.scan), gradients(rnn.reference), 1e-11)


def test_one_sequence_an_empty_batch_and_other_platforms():
    (x, state, weights), _ = drawn("gru", 1, False, False, True, "float32")
    h, (last,) = rnn.scan(GRU, x[:, 0], (state[0][0],), weights, None, False)
    batched, (end,) = rnn.scan(GRU, x, state, weights, None, False)
    np.testing.assert_array_equal(h, batched[:, 0])
    np.testing.assert_array_equal(last, end[0])
    of = lambda x, s, w: rnn.scan(GRU, x, s, w, None, False)  # noqa: E731
    empty = jax.grad(total(of), (0, 2))(x[:, :0], (state[0][:0],), weights)
    assert empty[0].shape == (TIME, 0, INPUTS) and not any(jnp.any(w) for w in empty[1] if w is not None)
    text = jax.export.export(jax.jit(jax.grad(total(of))), platforms=["cuda", "tpu"])(x, state, weights).mlir_module()
    assert "while" in text
