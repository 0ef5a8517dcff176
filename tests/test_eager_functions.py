"""Eager calls of functions: one program for equal calls, and a plain call if no program is possible."""

import importlib
import pkgutil
import warnings

import cases
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from functional_engine import ours_and_theirs

from purenn import functional as F
from purenn import nn
from purenn.functional.calls import MAX_NUMBERS

FAMILIES = [importlib.import_module(f"cases.{found.name}") for found in pkgutil.iter_modules(cases.__path__)]
FIRST = {case.name: case for family in reversed(FAMILIES) for case in reversed(family.CASES) if "." not in case.name}


def leaves_of(result):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(result)]


@pytest.mark.parametrize("name", sorted(FIRST))
def test_equal_calls_share_one_program(name, compiled):
    case = FIRST[name]
    leaves, _, _, tree = ours_and_theirs(case, "float32")
    args, kwargs = jax.tree.unflatten(tree, leaves)
    function = getattr(F, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = function.__wrapped__(*args, **kwargs)
        first = function(*args, **kwargs)
        compiled()
        second = function(*args, **kwargs)
        assert compiled() == 0
    for got in (first, second):
        assert jax.tree.structure(got) == jax.tree.structure(plain)
        for a, b in zip(leaves_of(got), leaves_of(plain), strict=True):
            assert a.dtype == b.dtype
            scale = np.abs(b[np.isfinite(b)]).max(initial=1) if b.dtype.kind in "fc" else 0
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6 * scale)


def test_a_call_is_one_program(compiled):
    x, target = jnp.ones((3, 7)), jnp.array([0, 1, 2])
    compiled()
    F.cross_entropy(x, target, label_smoothing=0.125)
    assert compiled() == 1


def test_every_call_is_checked():
    x = jnp.ones((3, 7))
    F.cross_entropy(x, jnp.array([0, 1, 2]))
    for _ in range(2):
        with pytest.raises(IndexError, match="target must be from 0 to 6"):
            F.cross_entropy(x, jnp.array([0, 1, 7]))


def test_every_call_warns():
    x = jnp.ones(3)
    for _ in range(2):
        with pytest.warns(UserWarning, match="broadcast"):
            F.mse_loss(x, jnp.ones((2, 3)))


def test_what_needs_values_has_them():
    for x in (jnp.array([2, 0]), jnp.array([3, 3])):
        assert F.one_hot(x).shape == (2, int(x.max()) + 1)
        assert F.unique(x).shape == (len(set(x.tolist())),)
    with pytest.raises(ValueError, match="window"):
        F.istft(jnp.ones((5, 4), complex), 8, window=jnp.zeros(8))


def test_numbers_may_be_arrays():
    q = jnp.arange(8.0).reshape(1, 2, 4) / 8
    one, two = (F.scaled_dot_product_attention(q, q, q, scale=jnp.array(scale)) for scale in (1.0, 2.0))
    np.testing.assert_allclose(one, F.scaled_dot_product_attention(q, q, q, scale=1.0), rtol=1e-6)
    assert (one != two).any()


def test_signs_of_zero_and_kinds_of_numbers_are_told_apart():
    x = jnp.zeros(1)
    assert [np.signbit(F.threshold(x, 1.0, zero)[0]) for zero in (0.0, -0.0, 0)] == [False, True, False]


def test_a_list_may_change_between_calls():
    pads = [1, 1]
    assert F.pad(jnp.ones(2), pads).shape == (4,)
    pads[1] = 2
    assert F.pad(jnp.ones(2), pads).shape == (5,)


def test_a_number_that_changes_in_every_call_stops_compiling(compiled):
    x = jnp.arange(3.0)
    for i in range(MAX_NUMBERS + 2):
        F.softplus(x, beta=1.0 + i)
    compiled()
    assert np.allclose(F.softplus(x, beta=99.0), np.logaddexp(0, 99 * np.arange(3.0)) / 99)
    assert compiled() == 0


def test_numpy_arrays_are_arrays():
    x = np.linspace(-1, 1, 5)
    assert F.relu(x).dtype == jnp.asarray(x).dtype
    x[:] = 1  # the first call kept nothing of it
    assert F.relu(x).tolist() == [1.0] * 5


def test_keys():
    x = jnp.ones(64)
    a, b = (F.dropout(x, 0.5, rng=jax.random.key(i)) for i in (0, 1))
    assert (a != b).any()
    assert (a == F.dropout.__wrapped__(x, 0.5, rng=jax.random.key(0))).all()
    with pytest.raises(ValueError, match="rng"):
        F.dropout(x, 0.5)


def test_a_module_gives_keys_to_the_functions_that_its_forward_calls():
    class Net(nn.Module):
        def forward(self, x):
            return F.dropout(F.relu(x), 0.5, self.training)

    net, x = Net(), jnp.ones(64)
    assert (net(x) != net(x)).any()
    assert (net.eval()(x) == x).all()


def test_errors_are_those_of_the_plain_call():
    with pytest.raises(ValueError, match="input must have 3 channels") as caught:
        F.conv2d(jnp.ones((1, 2, 4, 4)), jnp.ones((1, 3, 2, 2)))
    assert caught.value.__context__ is None


def test_transformations_see_the_function():
    jaxpr = str(jax.make_jaxpr(F.softplus)(1.0))
    assert "pjit" not in jaxpr or "softplus" not in jaxpr
    assert float(jax.grad(F.softplus)(0.0)) == 0.5


def test_without_jit():
    with jax.disable_jit():
        assert F.relu(jnp.array([-1.0, 1.0])).tolist() == [0.0, 1.0]
