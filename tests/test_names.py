"""Users may choose every name that torch allows, on every face."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

from purenn import layers, nn

X = jnp.asarray(np.random.default_rng(0).standard_normal((2, 3)), jnp.float32)
OURS = sorted({n for n in dir(nn.Module) if not n.startswith("_")} - set(dir(torch.nn.Module)))
FREE = ["state", "params", "tree", "settle", "make_rng", "rng", "layer", "plan", "variables", "structure", "key", *OURS]
TAKEN = ["forward", "children", "state_dict", "parameters", "register_buffer", "train", "apply"]
FORMS = ["child", "parameter", "buffer", "attribute"]


def build(library, name, form):
    class Net(library.Module):
        def __init__(self):
            super().__init__()
            self.fc = library.Linear(3, 3)
            ones = jnp.ones(3) if library is nn else torch.ones(3)
            if form == "child":
                self.add_module(name, library.Linear(3, 3))
            elif form == "parameter":
                self.register_parameter(name, library.Parameter(ones))
            elif form == "buffer":
                self.register_buffer(name, ones)
            else:
                setattr(self, name, 2.0)

        def forward(self, x):
            value = getattr(self, name)
            return (
                value(self.fc(x)) if form == "child" else self.fc(x) * value.reshape(1, 3) if form in FORMS[1:3] else x
            )

    return Net()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sorted(set(FREE)))
def test_free_names(name, form):
    theirs, ours = build(torch.nn, name, form), build(nn, name, form)
    ours.load_state_dict(theirs.state_dict())
    expected = theirs(torch.from_numpy(np.array(X))).detach().numpy()
    np.testing.assert_allclose(ours(X), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours.compile()(X), expected, rtol=1e-4, atol=1e-6)
    pure, _ = nn.functional_call(ours, ours._params_tree(), ours._state_tree(), X)
    np.testing.assert_allclose(pure, expected, rtol=1e-4, atol=1e-6)
    optimizer = nn.Optimizer(ours, optax.sgd(0.1))
    first = optimizer.step(lambda net, x: (net(x) ** 2).mean(), X)
    assert optimizer.step(lambda net, x: (net(x) ** 2).mean(), X) <= first
    assert list(ours.state_dict()) == list(theirs.state_dict())


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize("form", FORMS[:3])
def test_taken_names_are_refused_as_in_torch(name, form):
    for library in (nn, torch.nn):
        with pytest.raises(KeyError, match="already exists"):
            build(library, name, form)


def test_keys_of_a_module_dict():
    names = sorted(set(FREE) - {"keys"})
    ours = nn.ModuleDict({name: nn.Linear(3, 3) for name in names})
    theirs = torch.nn.ModuleDict({name: torch.nn.Linear(3, 3) for name in names})
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name in names:
        assert ours[name] is ours._modules[name] and ours[name](X).shape == (2, 3)
    for name in ("keys", "pop", "update"):
        for library in (nn, torch.nn):
            with pytest.raises(KeyError):
                library.ModuleDict({name: library.Linear(3, 3)})


class TestForwardsOwnWords:
    """`training` and `rng` are keywords of the library, unless a forward has them."""

    def test_modules(self):
        class Net(nn.Module):
            def forward(self, x, training=False, rng=None):
                return x * (2.0 if training else 1.0) + (0.0 if rng is None else rng)

        net = Net()
        for made in (net, Net().compile()):
            assert (made(X, training=True) == 2 * X).all()
            assert (made(X) == X).all()
            assert (made(X, rng=3.0) == X + 3).all()
        y, _ = nn.functional_call(net, {}, {}, X, training=True)
        assert (y == 2 * X).all()
        init, apply = nn.pure(Net)
        assert (apply(*init(jax.random.key(0)), X, training=True)[0] == 2 * X).all()

    def test_layers(self):
        class Scale(layers.Layer):
            def forward(self, m, x, training=False):
                return x * (2.0 if training else 1.0) + (1.0 if m.training else 0.0)

        class Outer(layers.Composite):
            def children(self):
                return {"inner": Scale()}

            def forward(self, m, x):
                return m.inner(x, training=True)

        assert (Scale().apply({}, {}, X, training=True)[0] == 2 * X + 1).all()
        assert (Outer().apply({}, {}, X)[0] == 2 * X).all()

    def test_words_that_were_functional_calls(self):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(3, 3)

            def forward(self, x, state=None, params=None, module=None):
                return self.fc(x) + state + params + module

        net = Net()
        y, _ = nn.functional_call(net, net.params, net.state, X, state=1.0, params=2.0, module=3.0)
        np.testing.assert_allclose(y, net.fc(X) + 6, rtol=1e-6)

        class Takes(layers.Layer):
            def forward(self, m, x, state=None, params=None):
                return x + state + params

        assert (Takes().apply({}, {}, X, state=1.0, params=2.0)[0] == X + 3).all()


def test_a_clash_that_remains_is_one_clear_error():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(1, 1)
            self.params = {"lr": 0.1}

    with pytest.raises(RuntimeError, match="a dict of your own needs another name"):
        Net()
    for name in ("forward", "training", "children"):

        class Named(layers.Composite):
            def children(self, name=name):
                return {name: layers.ReLU()}

            def forward(self, m, x):
                return x

        with pytest.raises(ValueError, match=f"'{name}' is an attribute of every bound layer"):
            Named().apply({}, {}, X)


@pytest.mark.parametrize("name", ["state", "params", "tree", "settle", "make_rng"])
def test_names_of_layers(name):
    class Named(layers.Composite):
        def children(self):
            return {name: layers.Linear(3, 3)}

        def forward(self, m, x):
            return getattr(m, name)(x)

    params, state = Named().init(jax.random.key(0))
    y, _ = Named().apply(params, state, X)
    np.testing.assert_allclose(y, layers.Linear(3, 3).apply(params[name], {}, X)[0], rtol=1e-6)

    class Size(layers.Layer):
        __annotations__ = {name: int}

        def forward(self, m, x):
            return x * getattr(self, name)

    assert (Size(3).apply({}, {}, X)[0] == 3 * X).all()
