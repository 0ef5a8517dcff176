"""torch.nn.init's in-place functions: the array that they fill, its distribution, and refusals."""

import copy
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import purenn
from purenn import init as initializers
from purenn import layers, nn, utils
from purenn.nn import init
from purenn.random import Stream

FILLS = [
    ("uniform_", (-2.0, 0.5)),
    ("normal_", (1.5, 0.2)),
    ("trunc_normal_", (0.5, 2.0, -1.0, 1.0)),
    ("xavier_uniform_", (2.5,)),
    ("xavier_normal_", (0.5,)),
    ("kaiming_uniform_", (0.5, "fan_out")),
    ("kaiming_normal_", (0, "fan_in", "relu")),
    ("orthogonal_", (2.0,)),
    ("sparse_", (0.4, 0.2)),
    ("constant_", (0.3,)),
    ("ones_", ()),
    ("zeros_", ()),
    ("eye_", ()),
    ("dirac_", (2,)),
]
DRAWN = [(name, args) for name, args in FILLS if name not in ("constant_", "ones_", "zeros_", "eye_", "dirac_")]
fills, drawn = pytest.mark.parametrize(("name", "args"), FILLS), pytest.mark.parametrize(("name", "args"), DRAWN)


def shaped(name, lib=nn):
    return lib.Conv1d(8, 6, 3) if name == "dirac_" else lib.Linear(40, 30)


@fills
def test_values_are_those_of_the_initializer_and_distributed_as_torchs(name, args):
    net, theirs = shaped(name), shaped(name, torch.nn)
    before, key = net.bias, jax.random.key(3)
    more = {"generator": key} if (name, args) in DRAWN else {}
    filled = getattr(init, name)(net.weight, *args, **more)
    assert filled is net.weight and net.bias is before
    expected = getattr(initializers, name.removesuffix("_"))(*args)(key, net.weight.shape, net.weight.dtype)
    np.testing.assert_array_equal(net.weight, expected)
    torch.manual_seed(0)
    getattr(torch.nn.init, name)(theirs.weight, *args)
    other = theirs.weight.detach().numpy()
    if not more:
        np.testing.assert_array_equal(net.weight, other)
    else:  # two samples of n numbers: within five standard errors
        spread = 5 * math.sqrt(2 / other.size)
        assert abs(float(net.weight.mean()) - other.mean()) < spread * other.std()
        assert abs(float(net.weight.std()) / other.std() - 1) < spread


@drawn
def test_numbers_come_from_the_default_generator_or_a_stream(name, args):
    def fill(**more):
        net = nn.Linear(4, 3)
        return getattr(init, name)(net.weight, *args, **more)

    purenn.manual_seed(5)
    first, second = fill(), fill()
    purenn.manual_seed(5)
    assert (fill() == first).all() and not (first == second).all()
    stream = Stream(7)
    one, two = fill(generator=stream), fill(generator=stream)
    keys = Stream(7)
    assert (one == fill(generator=keys.next())).all() and (two == fill(generator=keys.next())).all()
    with pytest.raises(TypeError, match=rf"{name}: generator must be a jax key or a purenn.random.Stream, got Gen"):
        fill(generator=torch.Generator())


def test_without_random_numbers_the_generator_stays_where_it_is():
    net = nn.Conv1d(2, 2, 1)
    purenn.manual_seed(1)
    expected = nn.Linear(2, 2).weight
    purenn.manual_seed(1)
    for fill in (init.ones_, init.zeros_, init.dirac_, lambda a: init.constant_(a, 2)):
        fill(net.weight)
    assert (nn.Linear(2, 2).weight == expected).all()


class Initialized(nn.Module):
    """A model that uses init in all the ways of published models."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.norm = nn.BatchNorm1d(3)
        self.token = nn.Parameter(jnp.zeros((1, 4)))
        self.register_buffer("scale", jnp.zeros((1, 3)))
        self.list = nn.ParameterList([jnp.zeros((2, 2))])
        nn.init.normal_(self.token, std=2.0)
        nn.init.constant_(self.scale, 3)
        nn.init.zeros_(self.fc.bias)
        nn.init.eye_(self.list[0])
        self.made = nn.Parameter(nn.init.ones_(nn.Parameter(jnp.zeros(2))))
        self.apply(self._draw)
        for name, p in self.named_parameters():
            if name.endswith("norm.weight"):
                nn.init.constant_(p, 0.5)

    def _draw(self, module):
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)

    def forward(self, x):
        return self.norm(self.fc(x + self.token)) * self.scale


def test_inside_init_and_apply_and_over_named_parameters():
    net = Initialized()
    assert net.scale.tolist() == [[3, 3, 3]] and net.norm.weight.tolist() == [0.5] * 3 and net.made.tolist() == [1, 1]
    assert net.list[0].tolist() == [[1, 0], [0, 1]] and net.fc.bias.tolist() == [0, 0, 0]
    assert float(abs(net.fc.weight).max()) > 0.5 and float(abs(net.token).max()) > 0
    assert list(net.state_dict()) == [
        *("token", "made", "scale", "fc.weight", "fc.bias"),
        *(f"norm.{n}" for n in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")),
        "list.0",
    ]


def test_pure_pairs_and_skip_init():
    pair_init, apply = nn.pure(Initialized)
    purenn.manual_seed(0)
    params, state = jax.jit(pair_init)(jax.random.key(0))
    assert params["norm"]["weight"].tolist() == [0.5] * 3 and state["scale"].tolist() == [[3, 3, 3]]
    with purenn.random.seeded(jax.random.key(0)):
        net = Initialized()
    jax.tree.map(np.testing.assert_array_equal, params, net.params)
    assert not (params["token"] == jax.jit(pair_init)(jax.random.key(1))[0]["token"]).any()
    rows, _ = jax.vmap(pair_init)(jax.random.split(jax.random.key(2), 3))
    assert rows["token"].shape == (3, 1, 4) and len(set(rows["token"][:, 0, 0].tolist())) == 3
    y, _ = apply(params, state, jnp.ones((2, 4)))
    np.testing.assert_allclose(y, nn.functional_call(net, net.params, net.state, jnp.ones((2, 4)))[0], rtol=1e-6)
    skipped = utils.skip_init(Initialized)
    assert all(not np.asarray(a).any() for a in skipped.state_dict().values())
    init.ones_(skipped.fc.weight)
    assert skipped.fc.weight.min() == 1


def test_tied_frozen_and_cast_parameters():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2).half())
    net[1].weight = net[0].weight
    net[0].weight.requires_grad = False
    init.eye_(net[1].weight)
    assert net[0].weight is net[1].weight and net[0].weight.tolist() == [[1, 0], [0, 1]]
    assert [p.requires_grad for p in net.parameters()] == [False, True, True, True, True]
    assert init.ones_(net[2].weight).dtype == jnp.float16
    twin = copy.deepcopy(net)
    init.zeros_(twin[0].weight)
    assert net[0].weight.tolist() == [[1, 0], [0, 1]] and twin[1].weight.tolist() == [[0, 0], [0, 0]]
    assert init.constant_(nn.BatchNorm1d(2).num_batches_tracked, 4).tolist() == 4


def test_training_goes_on_with_the_new_array():
    net = nn.Linear(2, 1, bias=False)
    double = net.compile()
    x = jnp.ones((1, 2))
    double(x)
    init.ones_(net.weight)
    assert double(x).tolist() == net(x).tolist() == [[2]]


def test_what_no_module_holds_is_refused_with_a_remedy():
    net = nn.Linear(4, 4)
    stale = net.weight
    init.ones_(net.weight)
    weighted = utils.parametrizations.weight_norm(nn.Linear(2, 2))
    for array in (jnp.ones((2, 2)), net.weight[:2], net.weight + 1, stale, weighted.weight):
        with pytest.raises(ValueError, match=r"xavier_uniform_: no module holds this array of shape \(.*xavier_unif"):
            init.xavier_uniform_(array)
    for other in (np.ones((2, 2)), net, None, [net.weight]):
        with pytest.raises(TypeError, match="zeros_: tensor must be the array of a module, got"):
            init.zeros_(other)
    init.xavier_uniform_(weighted.parametrizations.weight.original1)


@pytest.mark.parametrize(
    ("fill", "error"),
    [
        (lambda lib, net: lib.init.xavier_uniform_(net.bias), ValueError),
        (lambda lib, net: lib.init.kaiming_normal_(net.bias), ValueError),
        (lambda lib, net: lib.init.kaiming_normal_(net.weight, mode="fan"), ValueError),
        (lambda lib, net: lib.init.eye_(net.bias), ValueError),
        (lambda lib, net: lib.init.dirac_(net.weight), ValueError),
        (lambda lib, net: lib.init.orthogonal_(net.bias), ValueError),
        (lambda lib, net: lib.init.sparse_(net.bias, 0.1), ValueError),
        (lambda lib, net: lib.init.constant_(net.weight, "a"), TypeError),
        (lambda lib, net: lib.init.uniform_(net.weight, 2.0, 1.0), (ValueError, RuntimeError)),
        (lambda lib, net: lib.init.normal_(net.weight, std=-1.0), (ValueError, RuntimeError)),
    ],
)
def test_what_torch_refuses_is_refused_and_changes_nothing(fill, error):
    with pytest.raises(error):
        fill(torch.nn, torch.nn.Linear(3, 2))
    net = nn.Linear(3, 2)
    before = net.state_dict()
    with pytest.raises(error):
        fill(nn, net)
    assert all(a is before[n] for n, a in net.state_dict().items())


@pytest.mark.parametrize("name", sorted(name for name, _ in FILLS if name not in ("ones_", "zeros_", "eye_")))
def test_torchs_deprecated_names_fill_nothing_and_say_so(name):
    alias = name.removesuffix("_")
    with pytest.raises(
        TypeError, match=rf"{alias}: \w+ must be a number, got an array of shape \(2, 3\); .*{name} fills"
    ):
        getattr(init, alias)(nn.Linear(3, 2).weight)


def test_pure_calls_refuse_it():
    class Fills(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        def forward(self, x):
            init.ones_((filled or self.fc).weight)
            return self.fc(x)

    net, other, x = Fills(), nn.Linear(2, 2), jnp.ones((1, 2))

    before = [*net.parameters(), *other.parameters()]
    for filled in (None, other):  # noqa: B007, forward reads it
        for call in (
            lambda: purenn.functional_call(net, net.params, net.state, x),
            lambda: net.compile()(x),
            lambda: nn.grad(lambda net: net(x).sum())(net),
        ):
            with pytest.raises(RuntimeError, match="ones_ can't fill an array inside a pure call"):
                call()
    with pytest.raises(RuntimeError, match="inside a jax transformation"):
        jax.jit(lambda x: init.ones_(other.weight) * x)(1.0)
    assert all(a is b for a, b in zip(before, [*net.parameters(), *other.parameters()], strict=True))


def test_a_module_that_is_made_inside_a_pure_call_may_be_filled():
    class Makes(nn.Module):
        def forward(self, x):
            inner = nn.Linear(2, 1)
            init.ones_(inner.weight)
            init.zeros_(inner.bias)
            return inner(x)

    net, x = Makes(), jnp.ones((1, 2))
    assert purenn.functional_call(net, {}, {}, x)[0].tolist() == [[2]]
    assert net(x).tolist() == [[2]]
    chain = layers.Sequential(nn.pure(Initialized), layers.ReLU())
    params, state = chain.init(jax.random.key(0))
    assert chain.apply(params, state, jnp.ones((2, 4)))[0].shape == (2, 3)


def test_it_has_the_initializers_too():
    names = set(initializers.__all__)
    assert names < set(init.__all__) and nn.init is init
    assert all(getattr(init, name) is getattr(initializers, name) for name in names)
    assert {n for n in torch.nn.init.__all__ if n.endswith("_")} == set(init.__all__) - names
