"""Computed arrays beside torch: on layers, on stock modules and on user's modules."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
import torch.nn.utils.parametrizations as torch_parametrizations
import torch.nn.utils.parametrize as torch_parametrize

from purenn import layers, nn, utils
from purenn.tree import flatten
from purenn.utils import parametrizations, parametrize

OLD = pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
torch_wings = {"new": torch_parametrizations, "old": torch.nn.utils}
wings = {"new": parametrizations, "old": utils}

LINEAR, CONV = ("Linear", (3, 4)), ("Conv2d", (2, 3, 2))
SQUARE, WIDE = ("Linear", (4, 4)), ("Linear", (4, 3))
CASES = [
    ("new", "weight_norm", {}, LINEAR),
    ("new", "weight_norm", {"dim": None}, LINEAR),
    ("new", "weight_norm", {"dim": 1}, CONV),
    ("new", "weight_norm", {"name": "bias"}, CONV),
    ("old", "weight_norm", {}, CONV),
    ("old", "weight_norm", {"dim": None}, LINEAR),
    ("new", "spectral_norm", {}, LINEAR),
    ("new", "spectral_norm", {"n_power_iterations": 3, "dim": 1}, CONV),
    ("new", "spectral_norm", {"name": "bias"}, LINEAR),
    ("old", "spectral_norm", {}, LINEAR),
    ("old", "spectral_norm", {"n_power_iterations": 2, "dim": 1}, CONV),
    *(
        ("new", "orthogonal", {"orthogonal_map": kind, "use_trivialization": trivial}, shape)
        for kind, trivial, shape in (
            ("matrix_exp", True, WIDE),
            ("matrix_exp", False, LINEAR),
            ("cayley", True, LINEAR),
            ("cayley", False, WIDE),
            ("householder", True, WIDE),
            ("householder", False, LINEAR),
            ("householder", False, WIDE),
        )
    ),
    ("new", "orthogonal", {}, SQUARE),
    ("new", "orthogonal", {}, CONV),
]


def agree(net, other, atol=2e-5):
    ours, theirs = net.state_dict(), other.state_dict()
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value.numpy(), atol=atol, err_msg=name)


def to_torch(net):
    return {name: torch.tensor(np.asarray(array)) for name, array in net.state_dict().items()}


def inputs(name, sizes, count=1):
    shape = (5, sizes[0]) if name == "Linear" else (2, sizes[0], 4, 4)
    return [np.random.default_rng(i).standard_normal(shape).astype(np.float32) for i in range(count)]


def loss(net, x):
    return jnp.mean((net(x) - 1) ** 2)


@OLD
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c[0]}-{c[1]}-{c[2]}-{c[3][0]}{c[3][1]}".replace(" ", ""))
def test_beside_torch(case):
    wing, function, options, (name, sizes) = case
    torch.manual_seed(0)

    def make_torch():
        return getattr(torch_wings[wing], function)(getattr(torch.nn, name)(*sizes), **options)

    def make(family):
        return getattr(wings[wing], function)(getattr(family, name)(*sizes), **options)

    other, net, layer = make_torch(), make(nn), make(layers)
    # Names, shapes and reprs are torch's.
    assert repr(net) == repr(other)
    params, state = layer.init(jax.random.key(0))
    shapes = {n: tuple(a.shape) for n, a in other.state_dict().items()}
    assert {n: a.shape for n, a in net.state_dict().items()} == shapes
    assert {n: a.shape for n, a in {**flatten(params), **flatten(state)}.items()} == shapes
    # It is a value, and what it starts from is the layer's own draw.
    assert layer == make(layers) and hash(layer) == hash(make(layers)) and isinstance(layer, getattr(layers, name))
    assert layer != getattr(layers, name)(*sizes) and pickle.loads(pickle.dumps(layer)) == layer
    jitted = jax.jit(layer.init)(jax.random.key(0))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), jitted, (params, state))
    # State dicts go both ways; values and gradients agree, in evaluation and in training.
    net.load_state_dict(other.state_dict())
    (x,) = inputs(name, sizes)
    target = options.get("name", "weight")
    np.testing.assert_allclose(net.eval()(jnp.asarray(x)), other.eval()(torch.tensor(x)).detach().numpy(), atol=2e-5)
    if wing == "new":
        np.testing.assert_allclose(getattr(net, target), getattr(other, target).detach().numpy(), atol=1e-5)
    y, _ = jax.jit(layer.apply)(net.params, net.state, jnp.asarray(x))
    np.testing.assert_allclose(y, net(jnp.asarray(x)), atol=1e-5)
    np.testing.assert_allclose(net.train()(jnp.asarray(x)), other.train()(torch.tensor(x)).detach().numpy(), atol=2e-5)
    agree(net, other)
    optimizer, sgd = nn.Optimizer(net, optax.sgd(0.1)), torch.optim.SGD(other.parameters(), 0.1)
    for _ in range(2):
        expected = ((other(torch.tensor(x)) - 1) ** 2).mean()
        sgd.zero_grad()
        expected.backward()
        sgd.step()
        np.testing.assert_allclose(optimizer.step(loss, jnp.asarray(x)), expected.item(), rtol=1e-4, atol=1e-6)
    agree(net, other)
    theirs = make_torch()
    theirs.load_state_dict(to_torch(net))
    np.testing.assert_allclose(theirs.eval()(torch.tensor(x)).detach().numpy(), net.eval()(jnp.asarray(x)), atol=2e-5)
    # Copies are whole, other arrays can be put in, and both compiled forms give the same.
    y = net(jnp.asarray(x))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), net.compile()):
        np.testing.assert_allclose(twin(jnp.asarray(x)), y, atol=1e-6)
    np.testing.assert_allclose(nn.functional_call(net, net.params, net.state, jnp.asarray(x))[0], y, atol=1e-6)
    zeros = jax.tree.map(jnp.zeros_like, net.params)
    assert not np.allclose(nn.functional_call(net, zeros, net.state, jnp.asarray(x))[0], y)
    # Taken away again, on all three.
    remove = {
        "new": lambda t: parametrize.remove_parametrizations(t, target),
        "old": lambda t: getattr(utils, f"remove_{function}")(t, target),
    }[wing]
    plain, plain_params, plain_state = remove((layer, net.params, net.state))
    assert plain == remove(layer) == getattr(layers, name)(*sizes)
    np.testing.assert_allclose(plain.apply(plain_params, plain_state, jnp.asarray(x))[0], y, atol=2e-5)
    assert type(remove(net)) is getattr(nn, name) and repr(net) == repr(getattr(torch.nn, name)(*sizes))
    np.testing.assert_allclose(net(jnp.asarray(x)), y, atol=2e-5)
    assert sorted(net.state_dict()) == ["bias", "weight"]


@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (4, 4)])
def test_orthogonal_starts_and_assigns(kind, shape):
    q = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0][: shape[0], : shape[1]].astype(np.float32)
    net = parametrizations.orthogonal(nn.Linear(*shape[::-1]), orthogonal_map=kind)
    assert net.weight.shape == shape
    net.weight = q
    gram = net.weight @ net.weight.T if shape[0] <= shape[1] else net.weight.T @ net.weight
    np.testing.assert_allclose(gram, np.eye(3 if 3 in shape else 4), atol=1e-5)
    if shape == (4, 4):
        np.testing.assert_allclose(net.weight, q, atol=1e-5)  # orthogonal already
    plain = parametrizations.orthogonal(nn.Linear(*shape[::-1]), orthogonal_map=kind, use_trivialization=False)
    if kind == "householder":
        other = torch_parametrizations.orthogonal(
            torch.nn.Linear(*shape[::-1]), orthogonal_map=kind, use_trivialization=False
        )
        plain.weight, other.weight = q, torch.tensor(q)
        ours, theirs = (w.parametrizations.weight.original for w in (plain, other))
        np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-5)
        np.testing.assert_allclose(plain.weight, other.weight.detach().numpy(), atol=1e-5)
    else:
        with pytest.raises(NotImplementedError, match="can't be assigned"):
            plain.weight = q


def test_triples_take_given_arrays():
    net = nn.Linear(3, 4)
    layer, params, state = parametrizations.weight_norm((net._layer, net.params, {}))
    np.testing.assert_allclose(layer.apply(params, state, jnp.ones((2, 3)))[0], net(jnp.ones((2, 3))), atol=1e-6)
    with pytest.raises(ValueError, match="pass rng="):
        parametrizations.spectral_norm((net._layer, net.params, {}))
    layer, params, state = parametrizations.spectral_norm((layer, params, state), rng=jax.random.key(0))
    assert sorted(flatten(state)) == ["parametrizations.weight.1._u", "parametrizations.weight.1._v"]
    values = np.linalg.svd(np.asarray(net.weight), compute_uv=False)
    weight = layer.bind(params, state).weight
    np.testing.assert_allclose(np.linalg.svd(weight, compute_uv=False), values / values[0], atol=1e-3)
    moved = parametrize.transfer_parametrizations_and_params((layer, params, state), (net._layer, net.params, {}))
    assert moved[0] == layer and flatten(moved[1]).keys() == flatten(params).keys()
    np.testing.assert_array_equal(moved[0].bind(*moved[1:]).weight, weight)


class Symmetric(layers.Layer):
    def forward(self, m, x):
        return jnp.triu(x) + jnp.triu(x, 1).T

    def right_inverse(self, m, a):
        return jnp.triu(a)


class SymmetricModule(nn.Module):
    def forward(self, x):
        return jnp.triu(x) + jnp.triu(x, 1).T

    def right_inverse(self, a):
        return jnp.triu(a)


class TorchSymmetric(torch.nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T

    def right_inverse(self, a):
        return a.triu()


class Scaled(layers.Layer):
    def parameters(self):
        return {"scale": layers.Spec((), 2.0)}

    def forward(self, m, x):
        return x * m.scale


class TorchScaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return x * self.scale


class RankOne(layers.Layer):
    def forward(self, m, x, y):
        return jnp.outer(x, y)

    def right_inverse(self, m, z):
        u, s, vh = jnp.linalg.svd(z, full_matrices=False)
        return u[:, 0] * jnp.sqrt(s[0]), vh[0] * jnp.sqrt(s[0])


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(jnp.arange(9.0).reshape(3, 3) / 9)
        self.register_buffer("shift", jnp.ones(3))
        self.inner = nn.Linear(3, 3)

    def forward(self, x):
        return self.inner(x @ self.weight + jnp.broadcast_to(self.shift, x.shape))


class TorchOwn(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(9.0).reshape(3, 3) / 9)
        self.register_buffer("shift", torch.ones(3))
        self.inner = torch.nn.Linear(3, 3)

    def forward(self, x):
        return self.inner(x @ self.weight + self.shift)


@pytest.mark.parametrize("symmetric", [Symmetric, SymmetricModule])
def test_own_parametrizations_stacked_on_an_own_module(symmetric):
    torch.manual_seed(0)
    net, other = Own(), TorchOwn()
    for wing, target, first, second in (
        (parametrize, net, symmetric, Scaled),
        (torch_parametrize, other, TorchSymmetric, TorchScaled),
    ):
        wing.register_parametrization(target, "weight", first())
        wing.register_parametrization(target, "weight", second())
        wing.register_parametrization(target, "shift", second())
    net.load_state_dict(other.state_dict())
    agree(net, other)
    assert type(net).__name__ == "ParametrizedOwn" and isinstance(net, Own)
    assert parametrize.type_before_parametrizations(net) is Own
    assert parametrize.is_parametrized(net, "weight") and not parametrize.is_parametrized(net, "inner")
    assert [n for n, _ in net.named_parameters()] == [n for n, _ in other.named_parameters()]
    np.testing.assert_allclose(net.weight, other.weight.detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(net.shift, 2 * np.ones(3))
    (x,) = inputs("Linear", (3, 3))
    sgd, optimizer = torch.optim.SGD(other.parameters(), 0.05), nn.Optimizer(net, optax.sgd(0.05))
    for _ in range(2):
        sgd.zero_grad()
        ((other(torch.tensor(x)) - 1) ** 2).mean().backward()
        sgd.step()
        optimizer.step(loss, jnp.asarray(x))
    agree(net, other, 1e-5)
    y = net(jnp.asarray(x))
    np.testing.assert_allclose(copy.deepcopy(net).compile()(jnp.asarray(x)), y, atol=1e-6)
    with pytest.raises(RuntimeError, match="does not implement right_inverse"):
        net.weight = jnp.eye(3)
    parametrize.remove_parametrizations(net, "weight")
    assert type(net).__name__ == "ParametrizedOwn"
    parametrize.remove_parametrizations(net, "shift", leave_parametrized=False)
    assert type(net) is Own and list(net._modules) == ["inner"] and list(net._buffers) == ["shift"]
    assert net.shift.tolist() == [1, 1, 1]


def test_own_parametrizations_on_layers():
    layer = parametrize.register_parametrization(layers.Linear(3, 3), "weight", Symmetric())
    layer = parametrize.register_parametrization(layer, "weight", Scaled())
    layer = parametrize.register_parametrization(layer, "bias", Scaled())
    assert parametrize.type_before_parametrizations(layer) is layers.Linear and parametrize.is_parametrized(layer)
    params, state = layer.init(jax.random.key(0))
    before = layers.Linear(3, 3).init(jax.random.key(0))[0]["weight"]
    np.testing.assert_array_equal(params["parametrizations"]["weight"]["original"], jnp.triu(before))
    assert sorted(flatten(params)) == [
        "parametrizations.bias.0.scale",
        "parametrizations.bias.original",
        "parametrizations.weight.1.scale",
        "parametrizations.weight.original",
    ]
    weight = layer.bind(params, state).weight
    np.testing.assert_allclose(weight, 2 * (jnp.triu(before) + jnp.triu(before, 1).T), rtol=1e-6)
    net = nn.stateful(type(layer))  # a class of modules with torch's name
    assert net.__name__ == "ParametrizedLinear" and issubclass(net, nn.Linear)
    wide = layers.Sequential(layer, layers.ReLU())
    assert "parametrizations.weight.original" in flatten(wide.init(jax.random.key(0))[0]["0"])
    module = nn.stateful(layers.Sequential)(nn.Linear(3, 3))
    assert module(jnp.ones((1, 3))).shape == (1, 3)
    grads = jax.grad(lambda p: jnp.sum(layer.apply(p, state, jnp.ones((2, 3)))[0]))(params)
    assert (np.tril(grads["parametrizations"]["weight"]["original"], -1) == 0).all()
    rank_one = parametrize.register_parametrization(layers.Linear(3, 4), "weight", RankOne())
    params, state = rank_one.init(jax.random.key(0))
    assert {n: a.shape for n, a in params["parametrizations"]["weight"].items()} == {
        "original0": (4,),
        "original1": (3,),
    }
    assert np.linalg.matrix_rank(rank_one.bind(params, state).weight) == 1
    with pytest.raises(ValueError, match="leave_parametrized=False"):
        parametrize.remove_parametrizations(rank_one, "weight", leave_parametrized=False)
    assert rank_one.base == layers.Linear(3, 4)


def test_modules_made_of_parametrized_layers():
    class Block(layers.Composite):
        size: int

        def children(self):
            return {"linear": parametrizations.weight_norm(layers.Linear(self.size, 2))}

        def forward(self, m, x):
            return m.linear(x)

    other = torch_parametrizations.weight_norm(torch.nn.Linear(3, 2))
    net = nn.stateful(Block)(3)
    net.linear.load_state_dict(other.state_dict())
    (x,) = inputs("Linear", (3, 2))
    np.testing.assert_allclose(net(jnp.asarray(x)), other(torch.tensor(x)).detach().numpy(), atol=1e-6)
    assert repr(net.linear) == repr(other) and isinstance(net.linear, nn.Linear)
    nn.Optimizer(net, optax.sgd(0.1)).step(loss, jnp.asarray(x))
    assert parametrize.type_before_parametrizations(net.linear) is nn.Linear
    parametrize.remove_parametrizations(net.linear, "weight")
    assert type(net.linear) is nn.Linear and net(jnp.asarray(x)).shape == (5, 2)


@OLD
def test_older_checkpoints():
    torch.manual_seed(0)
    old = torch.nn.Sequential(torch.nn.utils.weight_norm(torch.nn.Linear(3, 4)))
    net = nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 4)))
    net.load_state_dict(old.state_dict())
    (x,) = inputs("Linear", (3, 4))
    np.testing.assert_allclose(net(jnp.asarray(x)), old(torch.tensor(x)).detach().numpy(), atol=1e-6)
    # The first version of spectral_norm saved the weight and no v.
    other = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 4))
    other(torch.tensor(x))
    saved = dict(other.state_dict())
    v = saved.pop("weight_v")
    saved["weight"] = other.weight.detach()
    net = utils.spectral_norm(nn.Linear(3, 4))
    net.load_state_dict(saved)
    np.testing.assert_allclose(net.eval()(jnp.asarray(x)), other.eval()(torch.tensor(x)).detach().numpy(), atol=1e-5)
    assert net.weight_v.shape == tuple(v.shape)


def test_cached():
    net = nn.Linear(3, 4)
    net.weight = jnp.eye(4, 3) + 0.01 * jnp.arange(12.0).reshape(4, 3)  # its singular values lie close together
    parametrizations.spectral_norm(net)
    before = net.parametrizations.weight[0]._u
    with parametrize.cached():
        first, second = net.weight, net.weight
        assert first is second
        moved = net.parametrizations.weight[0]._u
    assert not np.array_equal(before, moved)
    assert net.weight is not first
    assert not np.array_equal(net.parametrizations.weight[0]._u, moved)
    layer = parametrizations.orthogonal(layers.Linear(3, 3))
    params, state = layer.init(jax.random.key(0))
    with parametrize.cached():
        y, _ = jax.jit(layer.apply)(params, state, jnp.ones((1, 3)))
        grads = jax.grad(lambda p: jnp.sum(layer.apply(p, state, jnp.ones((1, 3)))[0]))(params)
    assert jnp.isfinite(y).all() and grads["parametrizations"]["weight"]["original"].any()


def test_transfer():
    a, b = parametrizations.weight_norm(nn.Linear(3, 4)), nn.Linear(3, 4)
    parametrize.register_parametrization(a, "bias", Scaled())
    assert parametrize.transfer_parametrizations_and_params(a, b, "weight") is b
    np.testing.assert_array_equal(a.weight, b.weight)
    assert not parametrize.is_parametrized(b, "bias")
    parametrize.transfer_parametrizations_and_params(a, b, "bias")
    np.testing.assert_array_equal(a.bias, b.bias)
    assert list(a.state_dict()) == list(b.state_dict())
    plain = nn.Linear(3, 4)
    assert parametrize.transfer_parametrizations_and_params(plain, b) is b


def test_state_is_returned():
    layer = parametrizations.spectral_norm(layers.Linear(3, 4))
    params, state = layer.init(jax.random.key(0))
    x = jnp.ones((2, 3))
    _, same = layer.apply(params, state, x)
    _, moved = jax.jit(layer.apply, static_argnames="training")(params, state, x, training=True)
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), state, same))
    assert not jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), state, moved))
    net = parametrizations.spectral_norm(nn.Linear(3, 4))
    with pytest.raises(RuntimeError, match="functional_call"):
        jax.jit(net)(x)


def test_frozen_and_tied():
    net = nn.Linear(3, 3)
    net.requires_grad_(False)
    parametrizations.weight_norm(net)
    before = net.state_dict()
    nn.Optimizer(net, optax.sgd(0.1)).step(loss, jnp.ones((2, 3)))
    assert all((before[n] == a).all() for n, a in net.state_dict().items())
    utils.weight_norm(parametrize.remove_parametrizations(net, "weight"))
    nn.Optimizer(net, optax.sgd(0.1)).step(loss, jnp.ones((2, 3)))
    np.testing.assert_allclose(utils.remove_weight_norm(net).weight, net.weight)
    assert not any(p.requires_grad for p in net.parameters())


def test_half_types():
    for function in (
        parametrizations.weight_norm,
        parametrizations.spectral_norm,
        utils.weight_norm,
        utils.spectral_norm,
    ):
        layer = function(layers.Linear(3, 4, dtype=jnp.bfloat16))
        params, state = layer.init(jax.random.key(0))
        y, state = layer.apply(params, state, jnp.ones((2, 3), jnp.bfloat16), training=True)
        assert y.dtype == jnp.bfloat16 and all(a.dtype == jnp.bfloat16 for a in jax.tree.leaves((params, state)))


class Grows(layers.Layer):
    def forward(self, m, x):
        return jnp.concatenate([x, x])


def test_bad_calls():
    for make in (nn.Linear, layers.Linear):
        target = make(3, 4)
        with pytest.raises(ValueError, match="with name 'nothing'"):
            parametrize.register_parametrization(target, "nothing", Scaled())
        with pytest.raises(ValueError, match=r"may not change the shape .* from \(4, 3\) to \(8, 3\)"):
            parametrize.register_parametrization(target, "weight", Grows())
        with pytest.raises(TypeError, match="a parametrization"):
            parametrize.register_parametrization(target, "weight", jnp.triu)
        with pytest.raises(ValueError, match="does not have a parametrization on 'weight'"):
            parametrize.remove_parametrizations(target, "weight")
        with pytest.raises(ValueError, match="no parameter or buffer with name 'nothing'"):
            parametrizations.spectral_norm(target, "nothing")
        with pytest.raises(IndexError, match="dim must be in"):
            parametrizations.spectral_norm(target, dim=2)
        with pytest.raises(ValueError, match="n_power_iterations to be positive"):
            parametrizations.spectral_norm(target, n_power_iterations=0)
        with pytest.raises(ValueError, match="must be a matrix or batch of matrices"):
            parametrizations.orthogonal(target, "bias")
        with pytest.raises(ValueError, match="orthogonal_map must be one of"):
            parametrizations.orthogonal(target, orthogonal_map="qr")
        with pytest.raises(ValueError, match="not found"):
            utils.remove_weight_norm(target)
        with pytest.raises(ValueError, match="not found"):
            utils.remove_spectral_norm(target)
        with pytest.raises(RuntimeError, match="computed already"):
            utils.weight_norm(utils.weight_norm(make(3, 4)))
        unsafe = parametrize.register_parametrization(make(3, 4), "weight", Grows(), unsafe=True)
        assert parametrize.is_parametrized(unsafe, "weight")
    net = parametrizations.weight_norm(nn.Linear(3, 4))
    with pytest.raises(KeyError, match="already exists"):
        net.register_parameter("weight", jnp.ones((4, 3)))
    with pytest.raises(ValueError, match="one or more"):
        parametrize.ParametrizationList([], jnp.ones(2))
    assert sorted(net.state_dict()) == sorted(torch_parametrizations.weight_norm(torch.nn.Linear(3, 4)).state_dict())
