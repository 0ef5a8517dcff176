"""Every class in jax's debugging modes: valid calls are silent and give the same results as without the mode."""

import contextlib
import functools
import importlib
import pkgutil
import warnings
import zlib

import cases
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from functional_engine import ours_and_theirs
from jax.experimental import checkify
from layer_table import TABLE

from purenn import functional as F
from purenn import nn
from purenn.tree import flatten

FIRST = {row.name: row for row in reversed(TABLE)}
# modes that run everything operation by operation take longest: a fixed sample of classes always runs
slow = [pytest.param(name, marks=pytest.mark.slow if zlib.crc32(name.encode()) % 8 else ()) for name in sorted(FIRST)]
every = pytest.mark.parametrize("name", sorted(FIRST))
sampled = pytest.mark.parametrize("name", slow)


def total(output):
    """The sum of squares of all numbers in an output."""
    leaves = [leaf for leaf in jax.tree.leaves(output) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    return functools.reduce(jnp.add, [jnp.sum(jnp.square(jnp.abs(leaf))) for leaf in leaves])


class Prepared:
    """A class's first row as a layer and as a module, with all arrays on the device."""

    def __init__(self, name):
        row = FIRST[name]
        self.args = row.arrays()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # NLLLoss2d
            self.layer, self.module = row.layer(), row.module()
        inputs = self.args if self.layer.lazy else ()
        self.params, self.state = self.layer.init(jax.random.key(0), *inputs)
        self.key = jax.random.key(1)
        if self.layer.lazy:
            self.module(*self.args)
        self.trained = bool(flatten(self.params))

    def output(self, params, *args):
        return self.layer.apply(params, self.state, *(args or self.args), training=True, rng=self.key)[0]

    def loss(self, params, *args):
        return total(self.output(params, *args))

    def eager(self):
        """The layer outside of any jit, with the gradient of its arrays."""
        output = self.output(self.params)
        gradient = jax.grad(self.loss)(self.params) if self.trained and has_floats(output) else None
        return jax.block_until_ready((output, gradient))


def has_floats(output):
    return any(jnp.issubdtype(leaf.dtype, jnp.inexact) for leaf in jax.tree.leaves(output))


def agree(one, other):
    def close(a, b):
        np.testing.assert_allclose(np.asarray(a, np.complex128), np.asarray(b, np.complex128), rtol=1e-4, atol=1e-5)

    jax.tree.map(close, one, other)


@sampled
def test_an_eager_call_has_no_nan_and_no_infinity_on_its_way(name):
    prepared = Prepared(name)
    with jax.debug_nans(True), jax.debug_infs(True):
        prepared.eager()


@every
def test_a_module_is_silent(name):
    """Runs an eager call, a call in evaluation mode and a step, with checks for NaN, infinities and transfers."""
    check_silence(name, [jax.debug_nans(True), jax.debug_infs(True), jax.transfer_guard("disallow")])


@sampled
def test_a_module_leaks_no_tracers(name):
    check_silence(name, [jax.checking_leaks()])


def check_silence(name, modes):
    prepared = Prepared(name)
    module, args = prepared.module, prepared.args
    with contextlib.ExitStack() as stack:
        optimizer = nn.Optimizer(module, optax.sgd(0.0)) if prepared.trained else None
        for mode in modes:
            stack.enter_context(mode)
        first = module(*args)
        jax.block_until_ready((first, module(*args)))
        if has_floats(first):
            if optimizer is not None:
                optimizer.step(lambda m, *args: total(m(*args)), *args)
            else:
                jax.jit(total)(module(*args))
        module.eval()
        module(*args)


@sampled
def test_a_call_without_jit_is_the_compiled_one(name):
    prepared = Prepared(name)
    compiled = jax.jit(prepared.output)(prepared.params)
    with jax.disable_jit():
        output, _ = prepared.eager()
        prepared.module(*prepared.args)
        if prepared.trained and has_floats(output):
            nn.Optimizer(prepared.module, optax.sgd(0.0)).step(lambda m, *args: total(m(*args)), *prepared.args)
    agree(output, compiled)


@sampled
def test_checkify_finds_nothing_in_a_healthy_call(name):
    prepared = Prepared(name)
    checks = checkify.float_checks | checkify.index_checks | checkify.user_checks
    error, output = jax.jit(checkify.checkify(prepared.output, errors=checks))(prepared.params)
    assert error.get() is None
    agree(output, jax.jit(prepared.output)(prepared.params))


@sampled
def test_a_gradient_with_rematerialization_is_the_same(name):
    prepared = Prepared(name)
    if not has_floats(jax.eval_shape(prepared.output, prepared.params)):
        return
    loss, at = prepared.loss, prepared.params
    if not prepared.trained:  # then by the input
        rest = prepared.args[1:]
        loss, at = lambda x: prepared.loss(prepared.params, x, *rest), prepared.args[0]
    expected = jax.jit(jax.grad(loss))(at)
    policies = jax.checkpoint_policies
    for policy in (None, policies.dots_saveable, policies.dots_with_no_batch_dims_saveable):
        agree(jax.jit(jax.grad(jax.checkpoint(loss, policy=policy)))(at), expected)


X, W = jnp.ones((2, 3, 8, 8)), jnp.ones((4, 3, 3, 3))
Q = jnp.ones((2, 4, 8, 16))
PRODUCTS = {
    "conv2d": (lambda x: F.conv2d(x, W), X),
    "conv2d of the weight": (lambda w: F.conv2d(X, w), W),
    "conv_transpose2d": (lambda x: F.conv_transpose2d(x, jnp.ones((3, 2, 3, 3))), X),
    "attention": (lambda q: F.scaled_dot_product_attention(q, Q, Q), Q),
    "causal attention": (lambda q: F.scaled_dot_product_attention(q, Q, Q, is_causal=True), Q),
    "linear": (lambda x: F.linear(x, jnp.ones((4, 8))), X),
    "bilinear": (lambda x: F.bilinear(x, x, jnp.ones((4, 8, 8))), X),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_count_as_dots(name):
    """With `dots_saveable` no product is computed again for the gradient, just as with `everything_saveable`."""
    function, x = PRODUCTS[name]

    def products(policy):
        loss = jax.checkpoint(lambda x: jnp.sin(function(x)).sum(), policy=policy)
        text = str(jax.make_jaxpr(jax.grad(loss))(x))
        return sum(text.count(product) for product in ("op=_Map(", "op=_Batched(", "dot_general[", "conv_general"))

    policies = jax.checkpoint_policies
    assert products(policies.dots_saveable) == products(policies.everything_saveable) < products(None)


def test_a_network_with_a_nan_is_found():
    """The modes work for every kind of call, also if its program was compiled before."""
    bad = jnp.full((1, 2), jnp.nan)
    net = nn.Linear(2, 2)
    whole = nn.Sequential(nn.Linear(2, 2), nn.Tanh()).compile()
    optimizer = nn.Optimizer(net, optax.sgd(0.1))
    calls = [net, whole, lambda x: optimizer.step(lambda m, x: m(x).sum(), x)]
    for call in calls:
        for _ in range(2):
            call(jnp.ones((1, 2)))
    weights = np.asarray(net.weight)
    for call in calls:
        with jax.debug_nans(True), pytest.raises(FloatingPointError):
            call(bad)
    np.testing.assert_array_equal(net.weight, weights)


FAMILIES = [importlib.import_module(f"cases.{family.name}") for family in pkgutil.iter_modules(cases.__path__)]
CASES = [case for family in FAMILIES for case in family.CASES]
FUNCTIONS = {case.name: case for case in reversed(CASES)}  # the first of each


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if zlib.crc32(n.encode()) % 4 else ()) for n in sorted(FUNCTIONS)],
)
def test_a_function_has_no_nan_and_no_infinity_on_its_way(name):
    case = FUNCTIONS[name]
    leaves, _, floating, tree = ours_and_theirs(case, "float32")

    def output(*given):
        for i, value in zip(floating, given, strict=True):
            leaves[i] = value
        args, kwargs = jax.tree.unflatten(tree, leaves)
        return case.ours(*args, **kwargs)

    given = [leaves[i] for i in floating]
    healthy = all(np.isfinite(np.asarray(leaf)).all() for leaf in jax.tree.leaves((output(*given), given)))
    with jax.debug_nans(healthy), jax.debug_infs(healthy):
        found = jax.block_until_ready(output(*given))
        if given and case.grad and has_floats(found):
            jax.block_until_ready(jax.grad(lambda *given: total(output(*given)), range(len(given)))(*given))


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_ignored_targets_are_healthy(loss):
    x, target = jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([-100, 1])
    with jax.debug_nans(True), jax.debug_infs(True):
        value, gradient = jax.value_and_grad(lambda x: loss(x, target))(x)
    assert np.isfinite(value) and not gradient[0].any()
