"""Layers that only call their function: constructors, attributes and refusals beside torch's, and random layers."""

import copy
import inspect
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from layer_engine import Row, to_jax
from layer_table import TABLE
from rows import activation, dropout, padding, pooling, vision

import purenn.functional as F
from purenn import layers, nn, random

FAMILIES = (activation, dropout, padding, pooling, vision)
ROWS = [row for family in FAMILIES for row in family.ROWS]
NAMES = sorted({row.name for row in ROWS})
KEY = jax.random.key(3)


@pytest.mark.parametrize("name", NAMES)
def test_constructor_is_torchs(name):
    """Names, order and defaults, of the layer and of the module."""

    def arguments(cls):
        return [
            (p.name, p.default) for p in inspect.signature(cls).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD
        ]

    own = {row.name: row.torch_class for row in ROWS}[name]  # of a layer that torch lacks
    expected = arguments(own or getattr(torch.nn, name))
    assert arguments(getattr(layers, name)) == arguments(getattr(nn, name)) == expected
    # 1 == 1.0, but they are printed differently
    assert repr(arguments(getattr(layers, name))) == repr(expected)


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_attributes_are_torchs(row: Row):
    theirs, ours = row.theirs(), row.module()
    names = [n for n in vars(theirs) if not n.startswith("_") and n != "training"]
    if row.name == "PReLU":
        names.remove("init")  # the method of layers; it is kept as `start`
        assert ours.start == theirs.init
    for name in names:
        expected = getattr(theirs, name)
        assert getattr(ours, name) == (tuple(expected) if isinstance(expected, list) else expected), name


ANCESTORS = {
    "ReLU6": "Hardtanh",
    "UpsamplingBilinear2d": "Upsample",
    "UpsamplingNearest2d": "Upsample",
    "ZeroPad1d": "ConstantPad1d",
    "ZeroPad2d": "ConstantPad2d",
    "ZeroPad3d": "ConstantPad3d",
}


@pytest.mark.parametrize(("name", "ancestor"), ANCESTORS.items())
def test_what_is_a_special_case_in_torch_is_one_here(name, ancestor):
    for space in (torch.nn, layers, nn):
        assert issubclass(getattr(space, name), getattr(space, ancestor))


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("Hardtanh", (1, 1), {}),
        ("Hardtanh", (), {"min_val": 2.0}),
        ("PReLU", (-1,), {}),
        ("Threshold", (1.0,), {}),
        ("Tanhshrink", (3,), {}),
        ("Softmax2d", (1,), {}),
        ("ConstantPad1d", (1,), {}),
        ("ZeroPad1d", (1, 0.0), {}),
        ("CircularPad2d", (1, 2), {}),
        ("Dropout2d", (1.5,), {}),
        ("AlphaDropout", (-0.1,), {}),
        ("FeatureAlphaDropout", ("a",), {}),
        ("FractionalMaxPool2d", (2,), {}),
        ("FractionalMaxPool2d", (2, 3, 0.5), {}),
        ("FractionalMaxPool2d", (2,), {"output_ratio": 1.0}),
        ("FractionalMaxPool2d", (2,), {"output_ratio": (0.5, 0.0)}),
        ("FractionalMaxPool2d", (2,), {"output_ratio": (0.5,)}),
        ("FractionalMaxPool3d", (0, 2), {}),
        ("FractionalMaxPool3d", ((2, 0, 1), 2), {}),
        ("FractionalMaxPool3d", (2,), {"output_ratio": (0.5, 0.5, 1.5)}),
        ("Unflatten", (1, 5), {}),
        ("Unflatten", (1, (2, 3.0)), {}),
        ("Unflatten", (1, "23"), {}),
        ("Upsample", (), {"scale_factor": [2, 2]}),
        ("UpsamplingNearest2d", (2, None, "bilinear"), {}),
        ("PixelShuffle", (), {}),
    ],
)
def test_constructors_refuse_what_torchs_refuse(name, args, kwargs):
    with pytest.raises((ValueError, TypeError, AssertionError, RuntimeError, IndexError)):
        getattr(torch.nn, name)(*args, **kwargs)
    for space in (layers, nn):
        with pytest.raises((ValueError, TypeError), match=r"must be|argument|compared|supported"):
            getattr(space, name)(*args, **kwargs)


ONES = torch.ones
CALLS = [  # the class, its arguments, and inputs
    ("Softmax2d", (), [ONES(2, 3)]),
    ("Softmax2d", (), [ONES(1, 2, 3, 4, 5)]),
    ("GLU", (), [ONES(3)]),
    ("CELU", (0,), [ONES(3)]),
    ("PReLU", (3,), [ONES(2, 4)]),
    ("CircularPad1d", (1,), [ONES(1, 2, 3, 4)]),
    ("CircularPad1d", (1,), [ONES(3)]),
    ("CircularPad2d", (5,), [ONES(1, 3, 3)]),
    ("ReflectionPad1d", (3,), [ONES(1, 3)]),
    ("ReplicationPad3d", (1,), [ONES(3, 3, 3)]),
    ("ConstantPad2d", (1, 0.0), [ONES(3)]),
    ("ZeroPad1d", ((1, 2, 3),), [ONES(1, 3)]),
    ("AdaptiveAvgPool1d", (None,), [ONES(1, 4)]),
    ("AdaptiveAvgPool2d", (2,), [ONES(4, 4)]),
    ("AdaptiveMaxPool2d", ((2,),), [ONES(1, 4, 4)]),
    ("AdaptiveMaxPool3d", (2,), [ONES(1, 4, 4)]),
    ("LPPool1d", (2, (2,)), [ONES(1, 4)]),
    ("LPPool2d", (2, 5), [ONES(1, 4, 4)]),
    ("FractionalMaxPool2d", (3, 3), [ONES(1, 4, 4)]),
    ("MaxUnpool1d", (2,), [ONES(1, 2)]),
    ("MaxUnpool1d", (2,), [ONES(1, 2), torch.tensor([[0, 2]]), [7]]),
    ("MaxUnpool2d", (2,), [ONES(1, 2, 2), torch.zeros(1, 2, 1, dtype=torch.int64)]),
    ("Unflatten", (1, (4, 2)), [ONES(2, 6)]),
    ("Unflatten", (1, (-1, 4)), [ONES(2, 6)]),
    ("Unflatten", (1, (-1, -1)), [ONES(2, 6)]),
    ("Unflatten", (1, (-2, -3)), [ONES(2, 6)]),
    ("Unflatten", (1, (-3, -1)), [ONES(2, 6)]),
    ("Unflatten", (1, ()), [ONES(2, 1)]),
    ("Unflatten", (0, (0, -1)), [ONES(0)]),
    ("Unflatten", (0, (1,)), [ONES(())]),
    ("Unflatten", (2, (3, 2)), [ONES(2, 6)]),
    ("Fold", ((4, 5), (2, 3)), [ONES(12, 8)]),
    ("Unfold", (5,), [ONES(1, 4, 4)]),
    ("ChannelShuffle", (3,), [ONES(1, 4, 2, 2)]),
    ("ChannelShuffle", (0,), [ONES(1, 4, 2, 2)]),
    ("PixelShuffle", (2,), [ONES(3, 2, 2)]),
    ("PixelShuffle", (-1,), [ONES(1, 2, 2)]),
    ("PixelUnshuffle", (3,), [ONES(1, 4, 4)]),
    ("Upsample", (), [ONES(1, 1, 4)]),
    ("Upsample", (None, 0), [ONES(1, 1, 4)]),
    ("UpsamplingBilinear2d", (4,), [ONES(1, 1, 4)]),
    ("CosineSimilarity", (), [ONES(3)]),
    ("PairwiseDistance", (), [ONES(3, 4), ONES(3, 5)]),
]


@pytest.mark.parametrize(("name", "args", "inputs"), CALLS, ids=lambda v: repr(v)[:40])
def test_calls_refuse_what_torchs_refuse(name, args, inputs):
    with pytest.raises(Exception), warnings.catch_warnings():  # noqa: B017  torch's are of many kinds
        warnings.simplefilter("ignore")
        getattr(torch.nn, name)(*args)(*inputs)
    layer = getattr(layers, name)(*args)
    with pytest.raises((ValueError, TypeError, IndexError)):
        layer.apply(*layer.init(KEY), *to_jax(inputs), rng=KEY)
    with pytest.raises((ValueError, TypeError, IndexError)):
        getattr(nn, name)(*args)(*to_jax(inputs))


@pytest.mark.parametrize(
    ("name", "args", "inputs"),
    [
        ("ConstantPad1d", ((1, 1, 2, 0), 2), [ONES(2, 2)]),  # more sides than the name says
        ("ReflectionPad1d", ((1, 1, 1, 1),), [ONES(1, 2, 2)]),
        ("CircularPad1d", ([1, 0],), [ONES(2, 2)]),
        ("ZeroPad2d", (1,), [ONES(3, 3)]),
        ("ZeroPad3d", (-1,), [ONES(3, 4, 5)]),
        (
            "LPPool2d",
            (2, 2),
            [torch.arange(16).reshape(1, 4, 4)],
        ),  # an integer norm of integers is floating in the class
        ("Unflatten", (-1, [3, -1]), [ONES(2, 6)]),
        ("Unflatten", (1, (0, 3)), [ONES(2, 0)]),
        ("Unflatten", (0, (2, -1)), [ONES(0, 3)]),
        ("Upsample", ([3, 4],), [ONES(1, 1, 2, 2)]),
        ("UpsamplingNearest2d", (3,), [ONES(1, 1, 2, 2, 2)]),  # of any rank, whatever its name
        ("MaxUnpool1d", (2,), [ONES(1, 2), torch.tensor([[0, 2]]), [5]]),
        ("MaxUnpool2d", (2,), [ONES(1, 1, 1, 1), torch.tensor([[[[3]]]]), torch.Size([1, 1, 3, 3])]),
        ("MaxUnpool3d", (2, 2), [ONES(1, 1, 1, 1), torch.tensor([[[[3]]]]), (3, 3, 2)]),
        ("PairwiseDistance", (), [ONES(4), 2 * ONES(4)]),
        ("CosineSimilarity", (-1,), [ONES(4), ONES(2, 3, 4)]),
        ("PReLU", (), [ONES(())]),
    ],
    ids=lambda v: repr(v)[:40],
)
def test_calls_take_what_torchs_take(name, args, inputs):
    expected = getattr(torch.nn, name)(*args)(*inputs)
    layer, module = getattr(layers, name)(*args), getattr(nn, name)(*args)
    for got in (layer.apply(*layer.init(KEY), *to_jax(inputs))[0], module(*to_jax(inputs))):
        assert got.shape == expected.shape and str(got.dtype) == str(expected.dtype).removeprefix("torch.")
        np.testing.assert_allclose(np.asarray(got), expected.detach().numpy(), rtol=1e-6)


def test_max_unpool_takes_the_output_size_by_name_too():
    x, places = jnp.ones((1, 2)), jnp.array([[1, 3]])
    layer, module = layers.MaxUnpool1d(2), nn.MaxUnpool1d(2)
    wanted = [[0.0, 1.0, 0.0, 1.0, 0.0]]
    assert layer.apply({}, {}, x, places, output_size=(5,))[0].tolist() == wanted
    assert module(x, indices=places, output_size=(5,)).tolist() == wanted
    with pytest.raises(TypeError, match=r"MaxUnpool1d.forward\(\) got an unexpected keyword argument 'kernel_size'"):
        layer.apply({}, {}, x, places, (5,), kernel_size=3)


def test_old_names_of_hardtanhs_ends():
    for space in (torch.nn, layers, nn):
        with pytest.warns(FutureWarning, match="min_val"):
            assert space.Hardtanh(min_value=-2.0).min_val == -2.0
        with pytest.warns(FutureWarning, match="max_val"):
            assert space.Hardtanh(max_value=2.0).max_val == 2.0
    with pytest.warns(FutureWarning, match="min_val"):
        assert layers.Hardtanh(min_value=-2.0) == layers.Hardtanh(-2.0)


def test_hyperparameters_of_modules_can_be_set():
    module = nn.Dropout(0.5).train()
    module.p = 0.0
    assert module(jnp.ones(9)).tolist() == [1.0] * 9
    distance = nn.PairwiseDistance()
    distance.p = 1.0
    assert distance.norm == 1.0
    with pytest.raises(ValueError, match="max_val"):  # what the class fixes
        nn.ReLU6().max_val = 7.0


# Randomness.


@pytest.mark.parametrize("name", [*dropout.SHAPES, "Dropout", "RReLU"])
def test_in_training_it_is_the_function_with_a_key_of_the_stream(name):
    function = {"RReLU": F.rrelu}.get(name) or getattr(
        F, "".join("_" * (i > 0 and c.isupper()) + c.lower() for i, c in enumerate(name))
    )
    x = -jnp.ones(dropout.SHAPES.get(name, (4, 5)))
    layer, module = getattr(layers, name)(), getattr(nn, name)().train()
    expected = function(x, training=True, rng=jax.random.fold_in(KEY, 0))
    np.testing.assert_array_equal(layer.apply({}, {}, x, training=True, rng=KEY)[0], expected)
    with random.seeded(KEY):
        first, second = module(x), module(x)
    with random.seeded(KEY):
        np.testing.assert_array_equal(module(x), first)
    assert (first != second).any()
    np.testing.assert_array_equal(module.eval()(x), layer.apply({}, {}, x, rng=KEY)[0])
    assert layer.apply({}, {}, x)[0].shape == x.shape  # evaluation needs no key


FRACTIONAL = [(2, (1, 1, 9, 7)), (3, (1, 1, 9, 6, 7))]


@pytest.mark.parametrize(("rank", "shape"), FRACTIONAL)
@pytest.mark.parametrize("training", [True, False])
def test_fractional_pools_draw_windows_as_torchs_do(rank, shape, training):
    """In evaluation too. For a ramp, the output shows the starts of the windows. Their average is torch's."""
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) / 10
    name, n = f"FractionalMaxPool{rank}d", 2000
    layer = getattr(layers, name)(2, output_size=4)
    ours = jax.vmap(lambda key: layer.apply({}, {}, jnp.asarray(x), training=training, rng=key)[0])(
        jax.random.split(KEY, n)
    )
    torch.manual_seed(0)
    theirs = getattr(torch.nn, name)(2, output_size=4).train(training)(torch.from_numpy(x.repeat(n, 0))).numpy()
    ours = np.asarray(ours).reshape(theirs.shape)
    deviation = np.sqrt((ours.var(0) + theirs.var(0)) / n)
    assert (np.abs(ours.mean(0) - theirs.mean(0)) < 5 * deviation + 1e-3).all()
    assert len(np.unique(ours, axis=0)) == len(np.unique(theirs, axis=0)) > 1


@pytest.mark.parametrize(("rank", "shape"), FRACTIONAL)
def test_fractional_pools_need_a_key(rank, shape):
    x = jax.random.normal(KEY, shape)
    name = f"FractionalMaxPool{rank}d"
    layer, module = getattr(layers, name)(2, output_ratio=0.5, return_indices=True), getattr(nn, name)(2, 3).eval()
    for training in (True, False):
        with pytest.raises(ValueError, match=rf"rng(.|\n)*in {name}\("):
            layer.apply({}, {}, x, training=training)
    values, places = jax.jit(layer.apply)({}, {}, x, rng=KEY)[0]
    np.testing.assert_array_equal(x.reshape(-1)[places], values)
    with random.seeded(KEY):
        drawn = [module(x) for _ in range(8)]
        again = copy.deepcopy(module).compile()
        compiled = [again(x) for _ in range(8)]
    for outputs in (drawn, compiled):
        assert len({tuple(y.ravel().tolist()) for y in outputs}) > 1


def test_rows_of_these_families_are_in_the_table():
    assert {row.name for row in ROWS} <= {row.name for row in TABLE}
