"""`label_by_path`: labels and masks by dotted names, for optax on every face."""

import jax
import jax.numpy as jnp
import optax
import pytest

import purenn
from purenn import functional as F
from purenn import layers, nn


def network():
    return nn.Sequential({"encoder": nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)), "head": nn.Linear(4, 1)})


def loss_fn(net, x):
    return F.mse_loss(net(x), jnp.zeros((2, 1)))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"encoder": 1}, [1, 1, 1, 1, 0, 0]),
        ({"encoder.0": 1}, [1, 1, 0, 0, 0, 0]),
        ({"*.bias": 1}, [0, 1, 0, 1, 0, 1]),
        ({"encoder.0.weight": 2, "encoder": 1}, [2, 1, 1, 1, 0, 0]),
        ({"encoder": 1, "encoder.0.weight": 2}, [1, 1, 1, 1, 0, 0]),
        ({"encoder.[01].bias": 1, "h*d.weight": 2}, [0, 1, 0, 1, 2, 0]),
        ({}, [0] * 6),
    ],
)
def test_labels(rules, expected):
    net = network()
    labels = purenn.label_by_path(rules, 0)(net.params)
    assert jax.tree.structure(labels) == jax.tree.structure(net.params)
    assert [labels_of(labels, name) for name in net.state_dict()] == expected


def labels_of(tree, name):
    for key in name.split("."):
        tree = tree[key]
    return tree


def test_a_name_is_no_prefix_of_another():
    params = {"head": {"weight": 0}, "head2": {"weight": 0}}
    assert purenn.label_by_path({"head": 1}, 0)(params) == {"head": {"weight": 1}, "head2": {"weight": 0}}


def test_refusals():
    with pytest.raises(
        ValueError, match=r"rules must fit a parameter, got 'encodr', 'hed' for the parameters encoder\.0"
    ):
        purenn.label_by_path({"encodr": 1, "head": 2, "hed": 3}, 0)(network().params)
    with pytest.raises(TypeError, match="rules must have names of parameters as keys, got 3"):
        purenn.label_by_path({3: 1}, 0)
    with pytest.raises(TypeError, match="rules must be a dict of labels by name, got a list"):
        purenn.label_by_path(["head"], 0)
    with pytest.raises(TypeError, match=r"params must be a dict of parameters, as net\.params, got a Sequential"):
        purenn.label_by_path({"head": 1}, 0)(network())


def test_groups_of_an_optimizer_also_while_some_are_frozen():
    net, x = network(), jnp.arange(6.0).reshape(2, 3)
    group = purenn.label_by_path({"encoder": "slow"}, "fast")
    opt = nn.Optimizer(net, optax.partition({"slow": optax.set_to_zero(), "fast": optax.adam(0.1)}, group))

    def moved():
        before = net.params
        opt.step(loss_fn, x)
        return [name for name, new in net.named_parameters() if bool((new != labels_of(before, name)).any())]

    assert moved() == ["head.weight", "head.bias"]
    net.head.weight.requires_grad = False
    assert moved() == ["head.bias"]
    net.requires_grad_(True)
    net.encoder.requires_grad_(False)  # all of a rule's parameters
    assert moved() == ["head.weight", "head.bias"]


def test_layers_and_masks():
    layer = layers.Sequential({"a": layers.Linear(2, 2), "b": layers.Linear(2, 2)})
    params, _ = layer.init(jax.random.key(0))
    transformation = optax.adamw(0.1, weight_decay=0.5, mask=purenn.label_by_path({"*.bias": False}, True))
    zeros = jax.tree.map(jnp.zeros_like, params)
    with jax.numpy_dtype_promotion("standard"):  # optax needs it
        updates, _ = jax.jit(transformation.update)(zeros, transformation.init(params), params)
    assert jnp.allclose(updates["a"]["weight"], -0.05 * params["a"]["weight"])
    assert not updates["a"]["bias"].any()


def test_accumulated_gradients_are_those_of_the_whole_batch():
    x = jnp.arange(12.0).reshape(4, 3) / 10
    results = []
    for parts, transformation in ((1, optax.sgd(0.1)), (2, optax.MultiSteps(optax.sgd(0.1), 2))):
        purenn.manual_seed(0)
        net = nn.Linear(3, 1)
        opt = nn.Optimizer(net, transformation)
        for part in jnp.split(x, parts):
            opt.step(lambda net, x: (net(x) ** 2).mean(), part)
        results.append(net.params)
    assert jax.tree.all(jax.tree.map(lambda a, b: jnp.allclose(a, b, atol=1e-6), *results))
