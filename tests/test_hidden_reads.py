"""Reads without a name in the code of a call: patched forwards, imports, the environment."""

import os
import sys
import types
import warnings

import jax
import jax.numpy as jnp
import optax
import pytest

from purenn import nn
from purenn.nn import handed_out

pytestmark = pytest.mark.filterwarnings("ignore:.*compiled for the third time")
X = jnp.ones((2, 1))
K = 1.0


def linear(weight=2.0):
    layer = nn.Linear(1, 1, bias=False)
    layer.weight = jnp.full((1, 1), weight)
    return layer


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = linear()

    def forward(self, x):
        return self.linear(x)


def loss(net):
    return net(X).mean()


def step(net):
    optimizer = nn.Optimizer(net, optax.sgd(0.0))
    return lambda: float(optimizer.step(loss))


def compiled(net):
    net.compile()
    return lambda: float(net(X)[0, 0])


def gradient(net):
    both = nn.value_and_grad(loss)
    return lambda: float(both(net)[0])


def eager(net):
    return lambda: float(net(X)[0, 0])


faces = pytest.mark.parametrize("face", [eager, compiled, step, gradient])


@faces
def test_a_forward_that_is_put_on_an_instance_is_run(face):
    net = Net()
    call = face(net)
    assert call() == 2
    net.forward = lambda x: x * 7
    assert call() == 7
    net.forward = lambda x: x * 9
    assert call() == 9
    net.forward = types.MethodType(lambda self, x: self.linear(x) * 5, net)
    assert call() == 10
    del net.forward
    assert call() == 2
    old = net.forward
    net.forward = lambda x: old(x) * 3
    assert call() == 6
    del net.forward
    net.linear.forward = lambda x: x * 4
    assert call() == 4


class Imports(Net):
    def forward(self, x):
        import settings_of_a_test  # pyright: ignore[reportMissingImports]

        return self.linear(x) * settings_of_a_test.scale


class ImportsFrom(Net):
    def forward(self, x):
        from settings_of_a_test import scale  # pyright: ignore[reportMissingImports]

        return self.linear(x) * scale


@faces
@pytest.mark.parametrize("kind", [Imports, ImportsFrom])
def test_python_modules_that_a_forward_imports_are_followed(kind, face, monkeypatch):
    settings = types.ModuleType("settings_of_a_test")
    vars(settings)["scale"] = 1.0
    monkeypatch.setitem(sys.modules, "settings_of_a_test", settings)
    call = face(kind())
    for scale in (1.0, 3.0, 3.0, 5.0):
        vars(settings)["scale"] = scale
        assert call() == 2 * scale
    other = types.ModuleType("settings_of_a_test")
    vars(other)["scale"] = 7.0
    monkeypatch.setitem(sys.modules, "settings_of_a_test", other)
    assert call() == 14


class Environ(Net):
    def forward(self, x):
        return self.linear(x) * float(os.environ["SCALE_OF_A_TEST"])


class GetEnv(Net):
    def forward(self, x):
        return self.linear(x) * float(os.getenv("SCALE_OF_A_TEST", "1"))


class HoldsEnviron(Net):
    def __init__(self):
        super().__init__()
        self.environ = os.environ

    def forward(self, x):
        return self.linear(x) * float(self.environ["SCALE_OF_A_TEST"])


@faces
@pytest.mark.parametrize("kind", [Environ, GetEnv, HoldsEnviron])
def test_the_environment_is_followed(kind, face, monkeypatch):
    monkeypatch.setenv("SCALE_OF_A_TEST", "1")
    call = face(kind())
    for scale in (1.0, 3.0, 3.0, 5.0):
        monkeypatch.setenv("SCALE_OF_A_TEST", str(scale))
        assert call() == 2 * scale


class Globals(Net):
    def forward(self, x):
        return self.linear(x) * globals()["K"]


class Eval(Net):
    def forward(self, x):
        return self.linear(x) * eval("K")


@pytest.mark.parametrize("face", [compiled, step, gradient])
@pytest.mark.parametrize(("kind", "name"), [(Globals, "globals"), (Eval, "eval")])
def test_what_hides_its_reads_is_refused(kind, name, face):
    with pytest.raises(
        TypeError, match=f"forward uses {name}, which looks names up in a way that a compiled call can't follow"
    ):
        face(kind())()
    assert eager(kind())() == 2


class Scaled(Net):
    scale = 1.0

    def forward(self, x):
        return self.linear(x) * self.scale


def test_jax_s_own_jit_follows_attributes_children_and_hooks():
    net = Scaled()
    function = jax.jit(lambda x: net(x)[0, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert function(X) == 2
        net.scale = 3.0
        assert function(X) == 6
        net.scale = 4.0
        assert function(X) == 8
        net.linear = linear(7.0)
        assert function(X) == 28
        net.register_forward_hook(lambda module, args, output: output * 10)
        assert function(X) == 280
        net.forward = lambda x: x
        assert function(X) == 10


def test_a_gradient_that_is_written_in_a_loop_compiles_once(compiled):
    net = linear()
    for i in range(4):
        nn.value_and_grad(lambda net, x: net(x).mean())(net, X)
        nn.grad(lambda net, x: net(x).sum())(net, X)
        if i == 0:
            compiled()
    assert compiled() == 0


def test_what_is_set_on_an_array_or_in_a_tree_is_refused_by_the_next_call():
    for face in (eager, compiled, step, gradient):
        net = linear()
        call = face(net)
        call(), call()  # the short way of a next call is there
        net.weight.data = jnp.zeros((1, 1))
        with pytest.raises(RuntimeError, match=r"parameter.data was assigned.*net.fc.weight = array"):
            call()
        net.params["weight"] = jnp.zeros((1, 1))
        with pytest.raises(RuntimeError, match=r"a dict that net.params gave out was changed in place"):
            call()
        assert call() == 2


def test_the_remedy_for_a_key_is_that_of_the_transformation():
    class Drops(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout()

        def forward(self, x, how):
            return how(self.drop, x)

    net = Drops()
    with pytest.raises(RuntimeError, match=r"inside jax.vmap, .* function: give each call a key of its own"):
        net(X, lambda drop, x: jax.vmap(drop)(x))
    with pytest.raises(RuntimeError, match=r"inside jax.lax.scan, .* function: use nn.scan, or give each call"):
        net(X, lambda drop, x: jax.lax.scan(lambda c, v: (c, drop(v)), 0.0, x))


@pytest.mark.parametrize(
    "net",
    [
        linear(),
        nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)), nn.Linear(2, 2)),
        nn.TransformerEncoderLayer(4, 2, 8),
    ],
    ids=["one layer", "nested", "deep"],
)
def test_trees_that_nobody_holds_are_forgotten(net):
    """Otherwise every read of ``net.params`` would keep its arrays for ever, and slow down each later call."""
    handed_out.check_handed_out()
    before = len(handed_out.trees_handed_out)
    for _ in range(3):
        jax.tree.map(jnp.shape, net.params)
        net.params = jax.tree.map(lambda x: x + 0, net.params)
        handed_out.check_handed_out()
    assert len(handed_out.trees_handed_out) == before
    held = net.params
    handed_out.check_handed_out()
    assert len(handed_out.trees_handed_out) == before + 1
    held = next((branch for branch in held.values() if isinstance(branch, dict)), held)  # a part of it alone
    handed_out.check_handed_out()
    assert len(handed_out.trees_handed_out) == before + 1
    held.clear()
    with pytest.raises(RuntimeError, match="was changed in place"):
        handed_out.check_handed_out()
    del held
    handed_out.check_handed_out()
    assert len(handed_out.trees_handed_out) == before
