"""Modules in several places, and tied parameters: only explicitly, never by accident."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

from purenn import nn

RANDOM = np.random.default_rng(0)


def encoder(library):
    layer = library.TransformerEncoderLayer(4, 2, 8, dropout=0.0)
    made = library.TransformerEncoder(layer, 1, enable_nested_tensor=False)
    made.layers = library.ModuleList([made.layers[0]] * 3)
    return made


def decoder(library):
    made = library.TransformerDecoder(library.TransformerDecoderLayer(4, 2, 8, dropout=0.0), 1)
    made.layers = library.ModuleList([made.layers[0]] * 2)
    return made


def twice(library):
    relu = library.ReLU()
    return library.Sequential(relu, library.Linear(4, 4), relu)


def times(library):
    return library.Sequential(library.Linear(4, 4), library.BatchNorm1d(4)) * 3


def nested(library):
    block = library.Sequential(library.Linear(4, 4), library.Tanh())
    return library.Sequential(block, library.Sequential(block, block[0]))


CASES = [
    (encoder, [(3, 2, 4)]),
    (decoder, [(3, 2, 4), (2, 2, 4)]),
    (twice, [(2, 4)]),
    (times, [(3, 4)]),
    (nested, [(2, 4)]),
]


@pytest.mark.parametrize(("make", "shapes"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_a_module_runs_in_each_of_its_places(make, shapes):
    torch.manual_seed(0)
    ours, theirs = make(nn), make(torch.nn)
    ours.load_state_dict(theirs.state_dict())
    assert len(list(ours.parameters())) == len(list(theirs.parameters()))
    counts = {"ours": 0, "theirs": 0}
    inputs = [RANDOM.standard_normal(shape).astype(np.float32) for shape in shapes]
    tensors = [torch.from_numpy(x) for x in inputs]
    for call in (ours, lambda *x: copy.deepcopy(ours).compile()(*x)):
        state = copy.deepcopy(theirs)
        buffers = ours.state
        y = call(*map(jnp.asarray, inputs))
        np.testing.assert_allclose(y, state(*tensors).detach().numpy(), rtol=1e-4, atol=1e-5)
        ours.state = buffers
    y, new = nn.functional_call(ours, ours.params, ours.state, *inputs, training=True)
    expected = theirs(*tensors).detach().numpy()
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    ours.state = new
    for name, tensor in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], tensor.numpy(), rtol=1e-4, atol=1e-5, err_msg=name)

    def count(who):
        def hook(*_):
            counts[who] += 1

        return hook

    for who, net in (("ours", ours), ("theirs", theirs)):
        shared = next(m for m in net.modules() if type(m).__name__ in ("Linear", "ReLU"))
        shared.register_forward_hook(count(who))
    ours(*map(jnp.asarray, inputs))
    theirs(*tensors)
    assert counts["ours"] == counts["theirs"] > 0


def test_a_shared_tail():
    ours = nn.AdaptiveLogSoftmaxWithLoss(4, 8, cutoffs=[2, 5], div_value=1.0)
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(4, 8, cutoffs=[2, 5], div_value=1.0)
    for net, library in ((ours, nn), (theirs, torch.nn)):
        net.tail = library.ModuleList([net.tail[0]] * 2)
    ours.load_state_dict(theirs.state_dict())
    x = RANDOM.standard_normal((4, 4)).astype(np.float32)
    for target in ([0, 3, 6, 7], [1, 2, 5, 4]):
        output, _ = ours(x, jnp.array(target))
        expected = theirs(torch.from_numpy(x), torch.tensor(target))
        np.testing.assert_allclose(output, expected.output.detach().numpy(), rtol=1e-5)


def test_none_in_a_sequential_raises_as_in_torch():
    for library, x in ((nn, jnp.ones((1, 1))), (torch.nn, torch.ones(1, 1))):
        net = library.Sequential(library.Linear(1, 1))
        net.add_module("1", None)
        with pytest.raises(TypeError, match="NoneType"):
            net(x)


class TestTies:
    def test_a_copy_of_weights_ties_nothing(self):
        """MoCo, BYOL and mean teacher: the second network starts as a copy and is frozen."""

        class Pair(nn.Module):
            def __init__(self):
                super().__init__()
                self.q, self.k = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
                self.k.load_state_dict(self.q.state_dict())
                self.k.requires_grad_(False)

        pair = Pair()
        pair.q.weight = jnp.ones((1, 1))
        optimizer = nn.Optimizer(pair, optax.sgd(0.25))
        losses = [float(optimizer.step(lambda net: (net.q(jnp.ones((1, 1))) ** 2).sum())) for _ in range(4)]
        assert losses == [1.0, 0.25, 0.0625, 0.015625]
        assert len(list(pair.parameters())) == 2

    @pytest.mark.parametrize("donate", [False, True])
    def test_arrays_from_outside_stay_whole(self, donate):
        source = nn.Linear(2, 2)
        nets = [nn.Linear(2, 2) for _ in range(4)]
        nets[0].load_state_dict(source.state_dict())
        nets[1].params = source.params
        nets[2].weight = jnp.asarray(source.weight) + 0
        nets[3].set_parameter("weight", source.weight)
        outside = jnp.ones(2)
        both = nn.Module()
        both.a, both.b = nn.Parameter(outside), nn.Parameter(outside)
        assert len(list(both.parameters())) == 2
        assert len(list(nn.ModuleList([source, *nets]).parameters())) == 10
        for net in nets:
            nn.Optimizer(net, optax.adam(0.1), donate=donate).step(lambda net: net(jnp.ones((1, 2))).sum())
        nn.Optimizer(both, optax.sgd(0.1), donate=donate).step(lambda m: (m.a + m.b).sum())
        assert all(np.isfinite(array).all() for array in (*source.parameters(), outside))

    def test_numpy_memory_is_not_shared(self):
        memory = np.zeros((64, 64), np.float32)
        net = nn.Module()
        net.w = nn.Parameter(memory)
        net.register_buffer("b", memory)
        other = nn.Linear(64, 64)
        other.load_state_dict({"weight": memory, "bias": memory[0]})
        other.register_parameter("extra", memory)
        memory += 1
        for array in (net.w, net.b, other.weight, other.bias, other.extra):
            assert not array.any()

    def test_an_assigned_parameter_is_tied(self):
        net = nn.Module()
        net.embed, net.head = nn.Embedding(3, 2), nn.Linear(2, 3, bias=False)
        net.head.weight = net.embed.weight
        net.alias = net.embed.weight  # a new name for it
        assert [n for n, _ in net.named_parameters()] == ["alias"]
        assert sorted(net.state_dict()) == ["alias", "embed.weight", "head.weight"]
        shared = nn.Parameter(jnp.ones(2))
        net.one, net.two = shared, shared
        assert len(list(net.parameters())) == 2
        optimizer = nn.Optimizer(net, optax.sgd(0.1))
        optimizer.step(lambda net: net.head.weight.sum() + net.embed.weight.sum() + net.one.sum() - net.two.sum())
        assert (net.alias == net.head.weight).all() and net.one.tolist() == [1.0, 1.0]
        net.head.weight = net.head.weight * 2  # an array that no parameter is
        assert len(list(net.parameters())) == 3

    @pytest.mark.parametrize("made", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
    def test_ties_survive(self, made):
        net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
        net[2].weight = net[0].weight
        for change in (
            made,
            lambda net: net.half().float(),
            lambda net: net.to("cpu"),
            lambda net: net.load_state_dict(net.state_dict()) and net,
            lambda net: setattr(net, "params", net.params) or net,
            lambda net: nn.Optimizer(net, optax.sgd(0.1)).step(lambda n: n(jnp.ones((1, 2))).sum()) is not None and net,
            lambda net: net.requires_grad_(False).requires_grad_(True),
            lambda net: net.compile(),
        ):
            net = change(net)
            assert len(list(net.parameters())) == 5
            assert net[2].weight is net[0].weight

    def test_gradients_of_ties_add_up(self):
        net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
        net[1].weight = net[0].weight
        grads = jax.grad(lambda p: nn.functional_call(net, p, {}, jnp.ones((1, 2)))[0].sum())(net.params)
        assert list(grads) == ["0"]
        w = torch.from_numpy(np.array(net[0].weight)).requires_grad_()
        (torch.ones(1, 2) @ w.T @ w.T).sum().backward()
        np.testing.assert_allclose(grads["0"]["weight"], w.grad.numpy(), rtol=1e-5)
