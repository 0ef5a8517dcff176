"""Converted torch modules with their own forward show the calls of the original's parts to all observers."""

import pickle

import jax
import jax.numpy as jnp
import pytest
import torch
from torch import nn as tnn

import purenn
from purenn import nn
from purenn.interop import from_torch
from purenn.interop.convert import conversion, interpret, layer
from purenn.interop.convert.program import Refused
from purenn.nn.from_layer import filled

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")


class Block(tnn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm, self.drop = tnn.Linear(4, 4), tnn.BatchNorm1d(4), tnn.Dropout(0.5)

    def forward(self, x):
        return x + self.drop(self.norm(torch.relu(self.fc(x))))


class Root(tnn.Module):
    def forward(self, x):
        return torch.sqrt(x)


class Holder(tnn.Module):
    """It has parts and is never called."""

    def __init__(self):
        super().__init__()
        self.fc, self.root = tnn.Linear(4, 2), Root()


class Net(tnn.Module):
    def __init__(self):
        super().__init__()
        self.shared = Block()
        self.blocks = tnn.ModuleList([Block(), tnn.Sequential(tnn.Linear(4, 4), tnn.Tanh())])
        self.head = Holder()

    def forward(self, x):
        x = self.shared(self.shared(x))
        for block in self.blocks:
            x = block(x)
        return self.head.fc(self.head.root(torch.abs(x)))


X = jnp.linspace(-1.0, 2.0, 12).reshape(3, 4)
BLOCK = ["fc: Linear", "norm: BatchNorm1d", "drop: Dropout"]
CALLS = [
    *[f"shared.{part}" for part in BLOCK], "shared: Block", *[f"shared.{part}" for part in BLOCK], "shared: Block",
    *[f"blocks.0.{part}" for part in BLOCK], "blocks.0: Block",
    "blocks.1.0: Linear", "blocks.1.1: Tanh", "blocks.1: Sequential", "head.root: Root", "head.fc: Linear",
]  # fmt: skip


def refuse(*args):
    raise Refused("not in this test")


@pytest.fixture(scope="module", params=["export", "tape"])
def converted(request):
    """The layer, its params and its state, by both ways of conversion."""
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "tape":
            patch.setattr(conversion.exported, "export", refuse)
        made = from_torch(Net(), torch.from_numpy(jax.device_get(X).copy()))
    assert made[0].program.evaluation.way == made[0].program.training.way == request.param
    return made


def run(converted, params=None, training=False, rng=0):
    net, own, state = converted
    key = None if rng is None else jax.random.key(rng)
    return net.apply(own if params is None else params, state, X, training=training, rng=key)


def changed(params, path, value):
    """The params with another array at a path."""
    name, _, rest = path.partition(".")
    return {**params, name: changed(params[name], rest, value) if rest else jnp.full_like(params[name], value)}


@pytest.mark.parametrize("training", [False, True])
def test_shapes(converted, training):
    lines = []
    with purenn.debug.shapes(lines.append):
        run(converted, training=training)
    wide = "(float32[3, 4]) -> float32[3, "
    assert lines == [f"{call}{wide}{2 if 'head.fc' in call else 4}]" for call in CALLS] + [f"Net{wide}2]"]


@pytest.mark.parametrize("training", [False, True])
def test_summary(converted, training):
    net, params, state = pickle.loads(pickle.dumps(converted))
    table = purenn.summary(net, X, params=params, state=state, training=training).to_dict()
    rows = {row["path"]: row for row in table["rows"]}
    flops = {path: row["flops"] for path, row in rows.items()}
    of_abs = 12
    assert (
        flops["shared"] + flops["blocks.0"] + flops["blocks.1"] + flops["head.fc"] + flops["head.root"] + of_abs
        == (flops[""])
    )
    assert flops["shared"] == 2 * flops["blocks.0"]
    relu_and_sum = 24 + 12
    assert flops["blocks.0"] == sum(flops[f"blocks.0.{part}"] for part in ("fc", "norm", "drop")) + relu_and_sum
    assert flops["head.fc"] == 2 * 3 * 4 * 2 + 6
    assert [rows[path]["calls"] for path in ("shared", "shared.fc", "blocks.0", "blocks")] == [2, 2, 1, 0]


@pytest.mark.parametrize("training", [False, True])
def test_the_program_is_the_same_without_observers(converted, training, monkeypatch):
    net, params, state = converted

    def program():
        def call(params, x):
            return net.apply(params, state, x, training=training, rng=jax.random.key(0))

        return str(jax.make_jaxpr(call)(params, X))

    with_calls = program()
    monkeypatch.setattr(layer, "run", lambda graph, sources, call: interpret.run(graph, sources))
    assert program() == with_calls


def test_finite_outputs(converted):
    params = changed(changed(converted[1], "blocks.1.0.weight", 0.0), "blocks.1.0.bias", 0.0)
    with purenn.debug.check_finite():
        run(converted, params)
    with (
        pytest.raises(FloatingPointError, match=r"the output of shared\.fc: Linear\(.*: 12 infinite"),
        purenn.debug.check_finite(),
    ):
        jax.block_until_ready(run(converted, changed(converted[1], "shared.fc.weight", 3e38)))


def test_finite_gradients(converted):
    params = changed(changed(converted[1], "blocks.1.0.weight", 0.0), "blocks.1.0.bias", 0.0)
    with (
        pytest.raises(FloatingPointError, match=r"the gradient of an input of head\.root: Root"),
        purenn.debug.check_finite(),
    ):
        jax.jit(jax.grad(lambda p: run(converted, p)[0].sum()))(params)


def test_finite_parameters_and_buffers(converted):
    net, params, state = converted
    with (
        pytest.raises(FloatingPointError, match=r"the parameter weight of head\.fc: Linear"),
        purenn.debug.check_finite(),
    ):
        run(converted, changed(params, "head.fc.weight", jnp.nan))
    with (
        pytest.raises(FloatingPointError, match=r"the new buffer running_var of shared\.norm: BatchNorm1d"),
        purenn.debug.check_finite(),
    ):
        net.apply(params, changed(state, "shared.norm.running_var", -jnp.inf), X, training=True, rng=jax.random.key(0))


def test_gradients_are_the_same_for_observers(converted):
    @jax.jit
    def loss(params):
        return (run(converted, params, training=True)[0] ** 2).sum()

    plain = jax.grad(loss)(converted[1])
    with purenn.debug.check_finite():
        seen = jax.grad(loss)(converted[1])
    jax.tree.map(lambda a, b: jnp.allclose(a, b, rtol=1e-4, atol=1e-4) or pytest.fail("other gradients"), plain, seen)


def test_errors_name_the_part(converted):
    with pytest.raises(ValueError, match=r"in shared\.drop: Dropout\(.*\n  called with float32\[3, 4\]"):
        run(converted, training=True, rng=None)


def test_profiles_name_the_parts(converted):
    net, params, state = converted
    text = jax.jit(net.apply).lower(params, state, X).as_text(debug_info=True)
    for scope in ("shared/fc", "blocks.0/norm", "blocks.1/0", "head.fc"):
        assert f"/{scope}/" in text, scope


def test_buffers_move_from_call_to_call(converted):
    net, params, state = converted
    for number in (1, 2, 3):
        _, state = net.apply(params, state, X, training=True, rng=jax.random.key(number))
    assert state["blocks"]["0"]["norm"]["num_batches_tracked"] == 3
    assert state["shared"]["norm"]["num_batches_tracked"] == 6
    other = jax.tree.map(lambda x: x + 1, state)
    assert not jnp.allclose(net.apply(params, other, X)[0], net.apply(params, state, X)[0])


def test_modules_show_their_parts(converted):
    module = nn.Sequential(filled(*converted))
    lines = []
    with purenn.debug.shapes(lines.append):
        module.eval()(X)
    assert [line.partition("(")[0] for line in lines[:-1]] == [f"0.{call}" for call in CALLS] + ["0: Net"]
