"""Profiles show a model's names: every operation of a program names its child."""

import re

import jax
import jax.numpy as jnp
import pytest

from purenn import layers, nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.heads = nn.ModuleDict({"main": nn.ModuleList([nn.Linear(4, 4)])})

    def forward(self, x):
        return self.heads["main"][0](self.encoder(x))


def paths(function, *args):
    """The names in the operations of a program."""
    text = jax.jit(function).lower(*args).compile().as_text()
    return {re.sub(r"/[^/]*$", "", name.partition("/")[2]) for name in re.findall(r'op_name="([^"]*)"', text)}


EXPECTED = {"encoder/layers.0/self_attn", "encoder/layers.1/linear2", "encoder/layers.1/norm2", "heads.main.0"}


def test_of_modules():
    net = Encoder()
    x = jnp.ones((1, 2, 4))
    assert paths(lambda p, x: nn.functional_call(net, p, net.state, x)[0], net.params, x) >= EXPECTED


@pytest.mark.parametrize("training", [False, True])
def test_of_layers(training):
    net = layers.TransformerEncoder(layers.TransformerEncoderLayer(4, 2, 8, dropout=0.0), 2)
    params, state = net.init(jax.random.key(0))

    def run(params, x):
        return net.apply(params, state, x, training=training)[0]

    assert paths(run, params, jnp.ones((1, 2, 4))) >= {"layers.0/self_attn", "layers.1/linear2", "layers.1/norm2"}


def test_a_shared_module_keeps_its_first_name():
    shared = nn.Linear(4, 4)
    net = nn.Sequential(shared, nn.Tanh(), nn.Sequential(shared))
    found = paths(lambda p, x: nn.functional_call(net, p, net.state, x)[0], net.params, jnp.ones((1, 4)))
    assert {"0", "2/0"} <= found


def test_an_attribute_of_the_user_s_may_be_called_scope():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self._scope = 3.0

        def forward(self, x):
            return x * self._scope

    net = nn.Sequential(Scaled()).compile()
    assert net(jnp.ones(1)) == 3
    net[0]._scope = 5.0
    assert net(jnp.ones(1)) == 5
