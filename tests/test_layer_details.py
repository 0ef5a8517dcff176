"""Layers beyond the rows of the table: refusals, legacy arguments, given tables, sizes, starting values."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from functional_engine import assert_close
from jax.test_util import check_grads
from layer_engine import check_against_torch

from purenn import layers, nn
from purenn.tree import flatten

RNG = np.random.default_rng(0)


def array(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


BAD = [
    ("GroupNorm", (3, 4), {}),
    ("Bilinear", (0, 2, 3), {}),
    ("HuberLoss", (), {"delta": "1"}),
    ("MultiMarginLoss", (3,), {}),
    ("MultiMarginLoss", (), {"weight": np.ones((2, 2), np.float32)}),
    ("TripletMarginLoss", (0.0,), {}),
    ("TripletMarginWithDistanceLoss", (), {"margin": -1.0}),
    ("LinearCrossEntropyLoss", (3, 4), {"weight": np.ones(3, np.float32)}),
    ("LinearCrossEntropyLoss", (3, 4), {"label_smoothing": 1.5}),
    ("NLLLoss", ([1.0, 2.0],), {}),
    ("BCEWithLogitsLoss", (), {"pos_weight": [1.0]}),
    ("ConvTranspose2d", (4, 6, 3), {"groups": 4}),
    ("ConvTranspose2d", (4, 6, 3), {"padding_mode": "reflect"}),
    ("Embedding", (3, 2), {"padding_idx": 3}),
    ("EmbeddingBag", (3, 2), {"padding_idx": -4}),
    ("EmbeddingBag", (3, 2), {"_weight": np.ones((2, 3), np.float32)}),
    ("AdaptiveLogSoftmaxWithLoss", (4, 10, []), {}),
    ("AdaptiveLogSoftmaxWithLoss", (4, 10, [3, 3]), {}),
    ("AdaptiveLogSoftmaxWithLoss", (4, 10, [0, 3]), {}),
    ("AdaptiveLogSoftmaxWithLoss", (4, 10, [3, 10]), {}),
    ("AdaptiveLogSoftmaxWithLoss", (4, 10, [2.5]), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), BAD, ids=str)
def test_constructor_refuses_what_torchs_refuses(name, args, kwargs):
    theirs = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in kwargs.items()}
    with pytest.raises(Exception):  # noqa: B017
        getattr(torch.nn, name)(*args, **theirs)
    for face in (layers, nn):
        with pytest.raises((ValueError, TypeError), match=name):
            getattr(face, name)(*args, **kwargs)


@pytest.mark.parametrize("legacy", [{"size_average": False}, {"reduce": False}, {"reduce": True}], ids=str)
@pytest.mark.parametrize("face", [layers, nn, torch.nn], ids=lambda f: f.__name__)
def test_legacy_reductions_are_read_once(face, legacy):
    with pytest.warns(UserWarning, match="size_average and reduce"):
        loss = face.KLDivLoss(**legacy)
    assert loss.reduction == {False: "none", True: "mean"}.get(legacy.get("reduce"), "sum")
    if face is nn:
        loss(jnp.ones(3), jnp.ones(3))  # without another warning


def test_nll_loss_2d_is_an_nll_loss():
    for face in (layers, nn):
        with pytest.warns(FutureWarning, match="NLLLoss2d"):
            assert isinstance(face.NLLLoss2d(), face.NLLLoss)


# A distance of one's own.


def manhattan(a, b):
    return abs(a - b).sum(-1)


class Distance(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(jnp.full((), 2.0))

    def forward(self, a, b):
        return self.scale * jnp.abs(a - b).sum(-1)


class TorchDistance(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, a, b):
        return self.scale * (a - b).abs().sum(-1)


def test_triplets_with_a_function_for_distance():
    inputs = [array(4, 3) for _ in range(3)]
    theirs = torch.nn.TripletMarginWithDistanceLoss(distance_function=manhattan, margin=3.0)
    layer = layers.TripletMarginWithDistanceLoss(distance_function=manhattan, margin=3.0)
    check_against_torch(layer, theirs, [torch.from_numpy(x) for x in inputs], {}, training=True, dtype="float32")
    module = nn.TripletMarginWithDistanceLoss(distance_function=manhattan, margin=3.0)
    assert repr(layer) == repr(module) == repr(theirs) and not list(module.children())
    assert module.distance_function is manhattan and copy.deepcopy(module)(*inputs) == module(*inputs)


def test_triplets_with_a_module_for_distance():
    inputs = [array(4, 3) for _ in range(3)]
    theirs = torch.nn.TripletMarginWithDistanceLoss(distance_function=TorchDistance())
    distance = Distance()
    module = nn.TripletMarginWithDistanceLoss(distance_function=distance)
    assert module.distance_function is distance
    assert list(module.state_dict()) == list(theirs.state_dict()) == ["distance_function.scale"]
    assert_close(module(*inputs), theirs(*map(torch.from_numpy, inputs)), "float32", 1.0, "loss")
    distance.scale = jnp.zeros(())
    assert module(*inputs).item() == 1.0
    layer = layers.TripletMarginWithDistanceLoss(distance_function=nn.pure(Distance))
    params, state = layer.init(jax.random.key(0))
    grads = jax.grad(lambda p: layer.apply(p, state, *inputs)[0])(params)
    theirs(*map(torch.from_numpy, inputs)).backward()
    assert_close(grads["distance_function"]["scale"], theirs.distance_function.scale.grad, "float32", 1.0, "gradient")


def test_weight_of_a_loss_is_a_buffer_to_set():
    loss = nn.BCEWithLogitsLoss(pos_weight=jnp.array([1.0, 3.0]))
    assert list(loss.state_dict()) == ["pos_weight"] and loss.weight is None
    x, y = array(4, 2), np.ones((4, 2), np.float32)
    loss.pos_weight = jnp.array([2.0, 2.0])
    expected = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0, 2.0]))(torch.from_numpy(x), torch.from_numpy(y))
    assert_close(loss(x, y), expected, "float32", 1.0, "loss")


def test_options_of_torchs_are_read():
    options = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=2)
    loss = layers.LinearCrossEntropyLoss(3, 4, options=options)
    assert loss.options == nn.LinearCrossEntropyOptions(batch_chunk_size=2)
    assert repr(loss) == repr(torch.nn.LinearCrossEntropyLoss(3, 4, options=options))


# Look-ups in given tables.


@pytest.mark.parametrize("name", ["Embedding", "EmbeddingBag"])
@pytest.mark.parametrize("freeze", [True, False], ids=["frozen", "trained"])
def test_from_pretrained(name, freeze):
    table, indices = array(5, 3), np.array([[1, 4], [0, 1]])
    theirs = getattr(torch.nn, name).from_pretrained(torch.from_numpy(table.copy()), freeze, padding_idx=1)
    layer = getattr(layers, name).from_pretrained(table, freeze, padding_idx=1)
    check_against_torch(layer, theirs, [torch.from_numpy(indices)], {}, training=True, dtype="float32")
    params, state = layer.init(jax.random.key(0))
    assert params["weight"].tolist() == table.tolist()
    grad = jax.grad(lambda p: layer.apply(p, state, indices)[0].sum())(params)["weight"]
    assert bool(jnp.any(grad != 0)) == (not freeze)
    module = getattr(nn, name).from_pretrained(jnp.asarray(table), freeze, padding_idx=1)
    assert type(module) is getattr(nn, name) and repr(module) == repr(layer) == repr(theirs)
    nn.Optimizer(module, optax.sgd(0.1)).step(lambda net: jnp.sum(net(indices)))
    assert (module.weight.tolist() == table.tolist()) == freeze
    module.requires_grad_(True)
    nn.Optimizer(module, optax.sgd(0.1)).step(lambda net: jnp.sum(net(indices)))
    assert module.weight.tolist() != table.tolist()
    with pytest.raises(ValueError, match="rank 2"):
        getattr(layers, name).from_pretrained(table[0])
    assert pickle.loads(pickle.dumps(layer)) == layer != getattr(layers, name).from_pretrained(table, not freeze)


def test_frozen_embedding_stays_frozen_inside_others():
    net = layers.Sequential(layers.Embedding(4, 3, _freeze=True), layers.Linear(3, 2))
    params, state = net.init(jax.random.key(0))
    grads = jax.grad(lambda p: net.apply(p, state, jnp.arange(4))[0].sum())(params)
    assert not grads["0"]["weight"].any() and grads["1"]["weight"].any()


class Words(layers.Composite):
    """Two frozen tables as children, and one that is trained."""

    def children(self):
        table = np.ones((4, 3), np.float32)
        return {
            "drawn": layers.Embedding(4, 3, _freeze=True),
            "bags": layers.EmbeddingBag.from_pretrained(table),
            "trained": layers.EmbeddingBag.from_pretrained(table, freeze=False),
        }

    def forward(self, m, x):
        return m.drawn(x).sum(1) + m.bags(x) + m.trained(x)


def test_frozen_tables_of_a_composite_are_frozen_on_both_faces():
    x = jnp.arange(4)[None]
    params, state = Words().init(jax.random.key(0))
    grads = jax.grad(lambda p: Words().apply(p, state, x)[0].sum())(params)
    assert [name for name, grad in flatten(grads).items() if grad.any()] == ["trained.weight"]
    module = nn.stateful(Words)()
    assert [name for name, weight in module.named_parameters() if weight.requires_grad] == ["trained.weight"]
    nn.utils.parametrize.register_parametrization(linear := nn.Linear(3, 4), "bias", Shift())
    trained = [name for name, array in linear.named_parameters() if array.requires_grad]
    assert trained == ["weight", "parametrizations.bias.original"]


class Shift(layers.Composite):
    """A parametrization with a frozen table."""

    def children(self):
        return {"table": layers.Embedding(1, 4, _freeze=True)}

    def forward(self, m, x):
        return x + m.table(jnp.zeros((), int))


@pytest.mark.parametrize("name", ["Embedding", "EmbeddingBag"])
def test_max_norm(name):
    """torch also writes the shortened rows into its table. Here the table does not change."""
    indices = torch.tensor([[1, 4], [0, 1]])
    for options in ({"max_norm": 1.0}, {"max_norm": 0.7, "norm_type": 1.5, "padding_idx": 2}):
        torch.manual_seed(0)
        theirs, layer = getattr(torch.nn, name)(7, 3, **options), getattr(layers, name)(7, 3, **options)
        check_against_torch(layer, theirs, [indices], {}, training=True, dtype="float32")
        assert repr(layer) == repr(getattr(nn, name)(7, 3, **options)) == repr(theirs)


# Transposed convolutions with an output's size.


@pytest.mark.parametrize(
    ("shape", "size"),
    [((2, 4, 5, 3), [10, 7]), ((2, 4, 5, 3), (2, 6, 9, 6)), ((4, 5, 3), [9, 6]), ((4, 5, 3), (6, 10, 6))],
)
def test_output_size(shape, size):
    args = (4, 6, (3, 2), 2, (1, 0))
    theirs, layer, module = torch.nn.ConvTranspose2d(*args), layers.ConvTranspose2d(*args), nn.ConvTranspose2d(*args)
    x = array(*shape)
    check_against_torch(layer, theirs, [torch.from_numpy(x)], {"output_size": size}, training=True, dtype="float32")
    module.load_state_dict(theirs.state_dict())
    assert_close(module(x, output_size=size), theirs(torch.from_numpy(x), size), "float32", 1.0, "output")


@pytest.mark.parametrize("size", [[8, 6], [11, 6], [9], [1, 1, 1, 9, 6]])
def test_impossible_output_size(size):
    x, args = array(2, 4, 5, 3), (4, 6, (3, 2), 2, (1, 0))
    with pytest.raises(ValueError):
        torch.nn.ConvTranspose2d(*args)(torch.from_numpy(x), size)
    layer = layers.ConvTranspose2d(*args)
    with pytest.raises(ValueError, match="output_size"):
        layer.apply(*layer.init(jax.random.key(0)), x, size)


def test_convolutions_have_torchs_attributes():
    for name, args in (("Conv2d", (4, 6, 3)), ("ConvTranspose2d", (4, 6, 3, 2, 1, 1))):
        ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
        for attribute in [*theirs.__constants__, "transposed"]:
            assert getattr(ours, attribute) == getattr(theirs, attribute)


# The adaptive softmax.


def test_adaptive_log_prob_and_predict():
    args = (16, 20, [4, 10, 15], 2.0, True)
    torch.manual_seed(0)
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(*args)
    ours, layer = nn.AdaptiveLogSoftmaxWithLoss(*args), layers.AdaptiveLogSoftmaxWithLoss(*args)
    ours.load_state_dict(theirs.state_dict())
    predicted = set()
    for rows in (array(40, 16), array(40, 16) * 5, array(3, 16) * 0):
        x = torch.from_numpy(rows)
        assert_close(ours.log_prob(rows), theirs.log_prob(x), "float32", 1.0, "log_prob")
        assert ours.predict(rows).tolist() == theirs.predict(x).tolist()
        jitted = jax.jit(lambda p, x: layer.bind(p, {}).predict(x))(ours.params, rows)
        assert jitted.tolist() == theirs.predict(x).tolist()
        predicted |= set(jitted.tolist())
    assert min(predicted) < 4 <= max(predicted)
    for attribute in ("shortlist_size", "n_clusters", "head_size", "n_classes", "div_value"):
        assert getattr(ours, attribute) == getattr(theirs, attribute)
    assert list(ours.cutoffs) == theirs.cutoffs


def test_adaptive_softmax_of_a_target_that_is_no_class():
    layer = layers.AdaptiveLogSoftmaxWithLoss(4, 10, [3])
    result, _ = jax.jit(layer.apply)(*layer.init(jax.random.key(0)), array(4, 4), np.array([0, 10, -1, 9]))
    output, loss = result.output, result.loss
    assert np.isnan(output).tolist() == [False, True, True, False] and np.isnan(loss)
    for x, target in ((array(4), np.array([1])), (array(2, 4), np.array(1)), (array(2, 4), np.array([[1], [2]]))):
        with pytest.raises(ValueError, match="AdaptiveLogSoftmaxWithLoss"):
            layer.apply(*layer.init(jax.random.key(0)), x, target)


# Normalisations.


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("channels", [1, 2, 5, 9])
def test_cross_map_lrn_has_torchs_values_and_their_derivative(size, channels):
    """torch's forward never drops channel 0 from its window, and its backward is not the derivative of its forward."""
    with jax.enable_x64(True):
        x = RNG.standard_normal((2, channels, 2, 3))
        layer = layers.CrossMapLRN2d(size, 0.5, 0.6, 1.3)
        theirs = torch.nn.CrossMapLRN2d(size, 0.5, 0.6, 1.3)
        assert_close(layer.apply({}, {}, x)[0], theirs(torch.from_numpy(x)), "float64", 1.0, "output")
        check_grads(lambda x: layer.apply({}, {}, x)[0], (jnp.asarray(x),), 1, ["rev"])


def test_instance_norm_of_other_channels():
    x = array(2, 3, 5)
    for face, given in (
        (layers.InstanceNorm1d(4).apply, ({}, {}, x)),
        (torch.nn.InstanceNorm1d(4), [torch.from_numpy(x)]),
    ):
        with pytest.warns(UserWarning, match="num_features"):
            face(*given)
    layer = layers.InstanceNorm1d(4, affine=True)
    with pytest.raises(ValueError, match="num_features=4"):
        layer.apply(*layer.init(jax.random.key(0)), x)


# Starts.


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("Bilinear", (9, 20, 30)),
        ("ConvTranspose1d", (30, 20, 5)),
        ("ConvTranspose2d", (30, 20, 3, 1, 0, 0, 5)),
        ("EmbeddingBag", (100, 30)),
        ("AdaptiveLogSoftmaxWithLoss", (64, 100, [20], 2.0, True)),
        ("LinearCrossEntropyLoss", (64, 100)),
    ],
)
def test_start_has_torchs_distribution(name, args):
    params, _ = getattr(layers, name)(*args).init(jax.random.key(0))
    torch.manual_seed(0)
    for key, theirs in getattr(torch.nn, name)(*args).named_parameters():
        ours, theirs = np.asarray(flatten(params)[key]), theirs.detach().numpy()
        if ours.size >= 500:
            assert abs(ours.std() / theirs.std() - 1) < 0.06, key
        if name != "EmbeddingBag":  # uniform ones end where torch's do
            assert abs(np.abs(ours).max() / np.abs(theirs).max() - 1) < (0.01 if ours.size >= 500 else 0.3), key


@pytest.mark.parametrize(
    ("children", "message"),
    [
        ({"a": [layers.ReLU()]}, "got a list for 'a': layers.ModuleList holds a list"),
        ({"a": nn.Linear(2, 2)}, "got a Linear for 'a': a layer is made by purenn.layers"),
        ([layers.ReLU()], "children must return a dict, got a list"),
    ],
)
def test_children_that_are_no_layers(children, message):
    class Wrong(layers.Composite):
        def children(self):
            return children

    for call in (lambda: Wrong().init(jax.random.key(0)), lambda: Wrong().apply({}, {}), nn.stateful(Wrong)):
        with pytest.raises(TypeError, match=message):
            call()
