"""Pruning beside torch: the same masks, the same names, the same training."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from torch.nn.utils import prune as torch_prune

from purenn import layers, nn
from purenn.utils import prune


def pair(name="Linear", *args):
    args = args or (5, 6)
    other = getattr(torch.nn, name)(*args)
    net = getattr(nn, name)(*args)
    net.load_state_dict(other.state_dict())
    return net, other


def agree(net, other):
    ours, theirs = net.state_dict(), other.state_dict()
    assert sorted(ours) == sorted(theirs)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value.numpy(), atol=1e-6, err_msg=name)


MASK = np.random.default_rng(0).integers(0, 2, (6, 5)).astype(np.float32)
SCORES = np.random.default_rng(1).standard_normal((6, 5)).astype(np.float32)
DETERMINISTIC = [
    ("identity", (), {}),
    ("l1_unstructured", (7,), {}),
    ("l1_unstructured", (0.31,), {}),
    ("l1_unstructured", (0,), {}),
    ("l1_unstructured", (1.0,), {}),
    ("l1_unstructured", (0.5,), {"importance_scores": SCORES}),
    ("ln_structured", (2, 2, 0), {}),
    ("ln_structured", (0.4, 1, 1), {}),
    ("ln_structured", (0.4, float("inf"), -1), {}),
    ("ln_structured", (0.4, float("-inf"), 0), {}),
    ("ln_structured", (1, "fro", 0), {}),
    ("ln_structured", (1, 2, 0), {"importance_scores": SCORES}),
    ("custom_from_mask", (MASK,), {}),
]


def call(module, wing, convert, name, args, kwargs):
    def fix(value):
        return convert(value) if isinstance(value, np.ndarray) else value

    return getattr(wing, name)(module, "weight", *map(fix, args), **{k: fix(v) for k, v in kwargs.items()})


@pytest.mark.parametrize(("name", "args", "kwargs"), DETERMINISTIC)
def test_masks(name, args, kwargs):
    torch.manual_seed(0)
    net, other = pair()
    original = net.weight
    assert call(net, prune, jnp.asarray, name, args, kwargs) is net
    call(other, torch_prune, torch.tensor, name, args, kwargs)
    agree(net, other)
    np.testing.assert_array_equal(net.weight_mask, other.weight_mask.numpy())
    np.testing.assert_array_equal(net.weight, other.weight.detach().numpy())
    assert repr(net) == repr(other) and type(net) is nn.Linear and prune.is_pruned(net)
    x = torch.randn(3, 5)
    np.testing.assert_allclose(net(jnp.asarray(x.numpy())), other(x).detach().numpy(), atol=1e-6)
    # The same on a triple, and on a layer whose mask is made with its arrays.
    layer = layers.Linear(5, 6)
    pruned, params, state = call(
        (layer, {"weight": original, "bias": net.bias}, {}), prune, jnp.asarray, name, args, kwargs
    )
    np.testing.assert_array_equal(state["weight_mask"], net.weight_mask)
    np.testing.assert_allclose(
        pruned.apply(params, state, jnp.asarray(x.numpy()))[0], other(x).detach().numpy(), atol=1e-6
    )
    value = call(layer, prune, jnp.asarray, name, args, kwargs)
    assert value == pruned and hash(value) == hash(pruned) and value != layer and isinstance(value, layers.Linear)
    params, state = jax.jit(value.init)(jax.random.key(0))
    assert {n: a.shape for n, a in (params | state).items()} == {n: a.shape for n, a in net.state_dict().items()}
    np.testing.assert_array_equal(params["weight_orig"], layer.init(jax.random.key(0))[0]["weight"])
    # And removed.
    prune.remove(net, "weight")
    torch_prune.remove(other, "weight")
    agree(net, other)
    assert not prune.is_pruned(net) and not net._computed


def test_iterative():
    torch.manual_seed(1)
    net, other = pair("Conv2d", 3, 4, 2)
    steps = [
        ("l1_unstructured", (0.3,)),
        ("ln_structured", (1, 2, 0)),
        ("ln_structured", (0.5, 1, 1)),
        ("l1_unstructured", (5,)),
        ("custom_from_mask", (np.random.default_rng(2).integers(0, 2, (4, 3, 2, 2)).astype(np.float32),)),
    ]
    triple = layers.Conv2d(3, 4, 2), net.params, {}
    layer = layers.Conv2d(3, 4, 2)
    for name, args in steps:
        call(net, prune, jnp.asarray, name, args, {})
        call(other, torch_prune, torch.tensor, name, args, {})
        triple, layer = (call(target, prune, jnp.asarray, name, args, {}) for target in (triple, layer))
        np.testing.assert_array_equal(net.weight_mask, other.weight_mask.numpy())
        np.testing.assert_array_equal(triple[2]["weight_mask"], other.weight_mask.numpy())
    agree(net, other)
    container = net._computed["weight"]
    assert isinstance(container, prune.PruningContainer) and len(container) == len(steps)
    assert [type(method).__name__ for method in container] == [
        type(m).__name__ for m in next(iter(other._forward_pre_hooks.values()))
    ]
    assert layer == triple[0]
    _, state = layer.init(jax.random.key(0))
    assert set(np.unique(state["weight_mask"])) <= {0.0, 1.0}
    with pytest.raises(ValueError, match="inside a jit"):
        jax.jit(layer.init)(jax.random.key(0))


@pytest.mark.parametrize("amount", [3, 0.4])
def test_random(amount):
    key = jax.random.key(0)
    for net in (nn.Linear(5, 6), layers.Linear(5, 6)):
        count = amount if isinstance(amount, int) else round(amount * 30)
        masks = []
        for method, args in ((prune.random_unstructured, ()), (prune.random_structured, (0,))):
            target = nn.Linear(5, 6) if isinstance(net, nn.Module) else net
            new = method(target, "weight", amount, *args)
            mask = new.weight_mask if isinstance(net, nn.Module) else new.init(key)[1]["weight_mask"]
            masks.append(np.asarray(mask))
        assert (masks[0] == 0).sum() == count
        rows = amount if isinstance(amount, int) else round(amount * 6)
        assert sorted(masks[1].sum(1)) == [0] * rows + [5] * (6 - rows)
    params, _ = layers.Linear(5, 6).init(key)
    with pytest.raises(ValueError, match="pass rng="):
        prune.random_unstructured((layers.Linear(5, 6), params, {}), "weight", 3)
    layer, params, state = prune.random_unstructured((layers.Linear(5, 6), params, {}), "weight", 3, rng=key)
    again = prune.random_structured((layer, params, state), "weight", 2, 0, rng=key)
    assert ((again[2]["weight_mask"] == 0) | (state["weight_mask"] == 1)).all()


def test_global():
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    other = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 3))
    net.load_state_dict(other.state_dict())
    pure = [(layer._layer, layer.params, {}) for layer in net]
    for amount in (10, 0.3):

        def pairs(net):
            return [(net[0], "weight"), (net[1], "weight"), (net[1], "bias")]

        assert prune.global_unstructured(pairs(net), prune.L1Unstructured, amount=amount) is None
        torch_prune.global_unstructured(pairs(other), torch_prune.L1Unstructured, amount=amount)
        agree(net, other)
    new = prune.global_unstructured([(t, "weight") for t in pure], prune.L1Unstructured, amount=10)
    assert new is not None
    assert sum(int((state["weight_mask"] == 0).sum()) for _, _, state in new) == 10
    scores = {(net[0], "bias"): jnp.arange(5.0)}
    prune.global_unstructured([(net[0], "bias")], prune.L1Unstructured, importance_scores=scores, amount=2)
    assert net[0].bias_mask.tolist() == [0, 0, 1, 1, 1]
    with pytest.raises(TypeError, match="must be unstructured"):
        prune.global_unstructured(pairs(net), prune.LnStructured, amount=1, n=2, dim=0)
    with pytest.raises(TypeError, match="must be a dict"):
        prune.global_unstructured(pairs(net), prune.L1Unstructured, importance_scores=[1], amount=1)


def test_training_and_checkpoints():
    net, other = pair()
    prune.l1_unstructured(net, "weight", 0.5)
    torch_prune.l1_unstructured(other, "weight", 0.5)
    x, y = np.random.default_rng(3).standard_normal((2, 8, 6)).astype(np.float32)
    x = x[:, :5]
    optimizer, sgd = nn.Optimizer(net, optax.sgd(0.3)), torch.optim.SGD(other.parameters(), 0.3)
    for _ in range(3):
        optimizer.step(lambda net, x, y: jnp.mean((net(x) - y) ** 2), jnp.asarray(x), jnp.asarray(y))
        sgd.zero_grad()
        ((other(torch.tensor(x)) - torch.tensor(y)) ** 2).mean().backward()
        sgd.step()
    agree(net, other)
    fresh, theirs = pair()
    prune.identity(fresh, "weight")
    fresh.load_state_dict(other.state_dict())
    torch_prune.identity(theirs, "weight")
    theirs.load_state_dict({n: torch.tensor(np.asarray(a)) for n, a in net.state_dict().items()})
    np.testing.assert_allclose(fresh(jnp.asarray(x)), other(torch.tensor(x)).detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(theirs(torch.tensor(x)).detach().numpy(), net(jnp.asarray(x)), atol=1e-6)
    grads = jax.grad(lambda p: jnp.sum(nn.functional_call(net, p, net.state, jnp.asarray(x))[0]))(net.params)
    assert (grads["weight_orig"][net.weight_mask == 0] == 0).all()


def test_own_method_and_own_module():
    class Threshold(prune.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def __init__(self, least):
            self.least = least

        def compute_mask(self, t, default_mask):
            return jnp.where(jnp.abs(t) < self.least, 0, default_mask)

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(jnp.array([0.1, -2.0, 3.0]))

        def forward(self, x):
            return x * self.scale

    net = Scaled()
    method = Threshold.apply(net, "scale", 1.0)
    assert isinstance(method, Threshold) and net(jnp.ones(3)).tolist() == [0, -2, 3]
    assert list(net.params) == ["scale_orig"] and net.compile()(jnp.ones(3)).tolist() == [0, -2, 3]
    assert Threshold.apply(net, "scale", 2.5)[1].least == 2.5 and net.scale.tolist() == [0, 0, 3]
    assert net(jnp.ones(3)).tolist() == [0, 0, 3]
    method.remove(net)
    assert list(net.params) == ["scale"] and net.scale.tolist() == [0, 0, 3]
    assert Threshold(1.0).prune(jnp.array([0.5, 2.0])).tolist() == [0, 2]


def test_bad_calls():
    net = nn.Linear(5, 6)
    for amount, error, match in (
        (1.5, ValueError, "range"),
        (-1, ValueError, "range"),
        ("a", TypeError, "amount must"),
    ):
        with pytest.raises(error, match=match):
            prune.l1_unstructured(net, "weight", amount)
    with pytest.raises(ValueError, match="amount=40 should be smaller than the number of parameters to prune=30"):
        prune.l1_unstructured(net, "weight", 40)
    with pytest.raises(ValueError, match="2 dimensions at least"):
        prune.ln_structured(net, "bias", 1, 2, 0)
    with pytest.raises(IndexError, match="Invalid index 2"):
        prune.ln_structured(net, "weight", 1, 2, 2)
    with pytest.raises(ValueError, match="importance_scores"):
        prune.l1_unstructured(net, "weight", 1, importance_scores=jnp.ones(3))
    with pytest.raises(ValueError, match="mask must be"):
        prune.custom_from_mask(net, "weight", jnp.ones(3))
    with pytest.raises(ValueError, match="has to be pruned"):
        prune.remove(net, "weight")
    with pytest.raises(ValueError, match="no parameter or buffer"):
        prune.identity(net, "nothing")
    assert sorted(net.state_dict()) == ["bias", "weight"]
    container = prune.PruningContainer()
    with pytest.raises(TypeError, match="not a BasePruningMethod"):
        container.add_pruning_method("l1")
    prune.identity(net, "weight")
    with pytest.raises(AttributeError, match="computed from weight_orig and weight_mask"):
        net.weight = jnp.ones((6, 5))


def test_classes_apply_like_their_functions():
    mask = jnp.asarray(MASK)
    for method, args, kept in (
        (prune.Identity, (), 30),
        (prune.CustomFromMask, (mask,), int(MASK.sum())),
        (prune.RandomUnstructured, (7,), 23),
        (prune.RandomStructured, (2, 0), 20),
        (prune.L1Unstructured, (7,), 23),
        (prune.LnStructured, (2, 1, 1), 18),
    ):
        net = nn.Linear(5, 6)
        original = net.weight
        method.apply(net, "weight", *args)
        assert int(net.weight_mask.sum()) == kept and prune.is_pruned(net)
        np.testing.assert_array_equal(net.weight, original * net.weight_mask)
        if method is prune.CustomFromMask:
            np.testing.assert_array_equal(net.weight_mask, mask)
        if method is prune.RandomStructured:
            assert sorted(net.weight_mask.sum(1).tolist()) == [0.0] * 2 + [5.0] * 4
