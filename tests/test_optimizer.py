"""The state of an `Optimizer`: reads and writes, freezing, and replaced layers."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

from purenn import nn

X = jnp.ones((2, 1))


def linear(lib, weight):
    """A layer with one weight."""
    layer = lib.Linear(1, 1, bias=False)
    if lib is nn:
        layer.weight = jnp.full((1, 1), weight)
    else:
        torch.nn.init.constant_(layer.weight, weight)
    return layer


def loss(net, x):
    return net(x).mean()


def test_what_is_written_into_the_state_is_taken_over():
    net = linear(nn, 2.0)
    optimizer = nn.Optimizer(net, optax.inject_hyperparams(optax.sgd)(learning_rate=0.1))
    optimizer.step(loss, X)
    optimizer.state.hyperparams["learning_rate"] = 0.5
    assert optimizer.state.hyperparams["learning_rate"] == 0.5
    optimizer.step(loss, X)
    np.testing.assert_allclose(net.weight, [[1.4]], rtol=1e-6)
    state = optimizer.state
    state.hyperparams["learning_rate"] = jnp.asarray(0.1)
    optimizer.step(loss, X)
    np.testing.assert_allclose(net.weight, [[1.3]], rtol=1e-6)
    state.hyperparams["learning_rate"] = jnp.asarray(9.0)  # it is that of an earlier moment now
    with pytest.raises(RuntimeError, match=r"before a step was changed in place.*read opt.state again"):
        optimizer.step(loss, X)
    optimizer.step(loss, X)
    np.testing.assert_allclose(net.weight, [[1.2]], rtol=1e-6)


def test_a_state_that_does_not_fit_is_refused_when_it_is_written_into():
    optimizer = nn.Optimizer(linear(nn, 2.0), optax.sgd(0.1, momentum=0.9))
    optimizer.state[0].trace["weight"] = jnp.zeros(3)
    with pytest.raises(ValueError, match="state doesn't fit.*trace"):
        optimizer.step(loss, X)


def test_states_that_nobody_holds_are_not_kept():
    optimizer = nn.Optimizer(linear(nn, 2.0), optax.adam(0.1))
    for _ in range(3):
        optimizer.step(loss, X)
        assert int(optimizer.state[0].count) > 0
    assert not optimizer._old


@pytest.mark.parametrize("donate", [False, True])
def test_moments_of_frozen_parameters_stay(donate):
    """The two networks of a GAN, with the second frozen in every other step, beside torch."""

    def train(lib, step, nets):
        found = []
        for i in range(6):
            nets[1].requires_grad_(i % 2 == 0)
            step()
            found.append(nets[1].weight.tolist()[0][0])
        return found

    theirs = torch.nn.ModuleList([linear(torch.nn, 1.0), linear(torch.nn, 2.0)])
    sgd = torch.optim.SGD(theirs.parameters(), 0.1, momentum=0.9)

    def their_step():
        sgd.zero_grad()
        theirs[1](theirs[0](torch.ones(2, 1))).mean().backward()
        sgd.step()

    ours = nn.ModuleList([linear(nn, 1.0), linear(nn, 2.0)])
    optimizer = nn.Optimizer(ours, optax.sgd(0.1, momentum=0.9), donate=donate)
    found = train(nn, lambda: optimizer.step(lambda nets: nets[1](nets[0](X)).mean()), ours)
    np.testing.assert_allclose(found, train(torch.nn, their_step, theirs), rtol=1e-5)


def test_a_new_layer_starts_without_moments_and_a_new_array_keeps_them():
    net = nn.Sequential(linear(nn, 2.0), linear(nn, 2.0))
    optimizer = nn.Optimizer(net, optax.sgd(0.1, momentum=0.9))
    optimizer.step(loss, X)
    moments = jax.tree.map(np.asarray, optimizer.state[0].trace)
    net[1] = linear(nn, 5.0)
    net[0].weight = jnp.ones((1, 1))
    optimizer.step(loss, X)
    trace = optimizer.state[0].trace
    np.testing.assert_allclose(trace["0"]["weight"], 0.9 * moments["0"]["weight"] + 5.0, rtol=1e-6)
    np.testing.assert_allclose(trace["1"]["weight"], [[1.0]], rtol=1e-6)


def test_moments_are_found_in_transformations_of_parts():
    labels = {"0": {"weight": "fast"}, "1": {"weight": "slow"}}
    rule = optax.multi_transform({"fast": optax.sgd(0.1, momentum=0.9), "slow": optax.adam(0.1)}, labels)
    net = nn.Sequential(linear(nn, 2.0), linear(nn, 2.0))
    optimizer = nn.Optimizer(net, rule)
    optimizer.step(loss, X)
    before = optimizer.state.inner_states["fast"].inner_state[0].trace["0"]["weight"]
    net[0].requires_grad_(False)
    optimizer.step(loss, X)
    net[0].requires_grad_(True)
    optimizer.step(loss, X)
    after = optimizer.state.inner_states["fast"].inner_state[0].trace["0"]["weight"]
    np.testing.assert_allclose(after, 0.9 * before + net[1].weight + 0.1, rtol=1e-3)


def test_wrong_uses_say_what_to_do():
    optimizer = nn.Optimizer(linear(nn, 2.0), optax.sgd(0.1))
    with pytest.raises(TypeError, match=r"first argument must be a function.*got float32\[2, 1\]"):
        optimizer.step(X)
    with pytest.raises(AttributeError, match="no attribute 'zero_grad': gradients are values"):
        optimizer.zero_grad()
    with pytest.raises(AttributeError, match="param_groups.*multi_transform"):
        optimizer.param_groups  # noqa: B018


def test_a_loss_that_renews_another_network_is_refused():
    net, target = nn.Linear(2, 1), nn.Linear(2, 1)
    opt = nn.Optimizer(net, optax.sgd(0.1))
    generator = np.random.default_rng(0)

    def loads(net, target, x):
        target.load_state_dict(net.state_dict())
        return net(x).sum()

    def assigns(net, target, x):
        target.params = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, target.params, net.params)
        return net(x).sum()

    def draws(net, target, x):
        return net(x + generator.normal(size=x.shape)).sum()

    before = jax.tree.leaves((net.params, target.params))
    for loss, error, message in (
        (loads, RuntimeError, r"load_state_dict inside a pure call \(compile, Optimizer.step, .*afterwards"),
        (assigns, AttributeError, r"Linear: 'params' can't be set .*Optimizer.step.*\(it has none\): set it before or"),
        (draws, RuntimeError, r"drawn from generator .*a module gives, net.make_rng\(\)"),
    ):
        with pytest.raises(error, match=message):
            opt.step(loss, target, jnp.ones((3, 2)))
    assert all(a is b for a, b in zip(before, jax.tree.leaves((net.params, target.params)), strict=True))


class Schedule:
    """A rate that a user changes."""

    rate = 1.0

    def __call__(self, count):
        return self.rate


RATE = Schedule()


def _scaled(updates, state, params=None):
    return jax.tree.map(lambda g: -RATE.rate * g, updates), state


TRANSFORMATIONS = {
    "a function": lambda: optax.sgd(lambda count: RATE.rate),
    "an object": lambda: optax.sgd(RATE),
    "in a chain": lambda: optax.chain(optax.clip(100.0), optax.sgd(RATE)),
    "by hand": lambda: optax.GradientTransformation(lambda params: (), _scaled),
    "for a group": lambda: optax.multi_transform({"a": optax.sgd(RATE)}, lambda p: jax.tree.map(lambda _: "a", p)),
    "injected": lambda: optax.inject_hyperparams(optax.sgd)(RATE),
    "every second": lambda: optax.MultiSteps(optax.sgd(RATE), 1),
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_what_a_transformation_reads_is_what_it_is_now(name):
    net = nn.Linear(1, 1, bias=False)
    optimizer = nn.Optimizer(net, TRANSFORMATIONS[name]())
    for RATE.rate in (1.0, 2.0):
        before = net.weight
        optimizer.step(lambda net: net(jnp.ones((1, 1))).sum())
        assert float((before - net.weight)[0, 0]) == pytest.approx(RATE.rate, abs=1e-5)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("tx", [optax.sgd(0.1, momentum=0.9), optax.adam(0.1)], ids=["sgd", "adam"])
def test_a_deep_copy_trains_on_as_the_original(tx, frozen):
    net, x = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)), jnp.ones((3, 2)) / 3
    pair = {"net": net, "optimizer": nn.Optimizer(net, tx)}

    def train(pair):
        return [float(pair["optimizer"].step(lambda net, x: (net(x) ** 2).sum(), x)) for _ in range(3)]

    train(pair)
    if frozen:
        net[0].requires_grad_(False)
        train(pair)
    other = copy.deepcopy(pair)
    assert other["optimizer"].module is other["net"]
    for each in (pair, other):
        each["net"].requires_grad_(True)
    assert train(pair) == train(other)
    again = copy.copy(pair["optimizer"])
    jax.tree.map(np.testing.assert_array_equal, again.state, pair["optimizer"].state)


def test_a_loss_function_whose_first_argument_is_not_the_module():
    optimizer = nn.Optimizer(nn.Linear(2, 1), optax.sgd(0.1))
    x = jnp.ones((3, 2))

    def swapped(x, model):
        return model(x).sum()

    def reused(model, x):
        x = model(x)
        return x(model)

    told = r"'x', is the module, and it calls 'model', which is float32\[3, 2\]: .*def loss_fn\(model, x, y\)"
    with pytest.raises(TypeError, match=told):
        optimizer.step(swapped, x)
    with pytest.raises(TypeError, match="object is not callable"):
        optimizer.step(reused, x)
