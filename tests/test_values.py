"""Values that torch refuses, such as a label out of range: an error in an eager call on every face, NaN inside jit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import purenn
from purenn import functional as F
from purenn import layers, nn

G = np.random.default_rng(0)
SCORES = G.standard_normal((3, 4)).astype(np.float32)
SHARES = (1 / (1 + np.exp(-SCORES))).astype(np.float32)
TIMES = G.standard_normal((5, 2, 4)).astype(np.float32)
LABELS = np.array([[1, 3], [1, 2]])


def places(n, value):
    """The arguments of ``max_unpool``: an input, and indices with one wrong value."""
    x = SCORES.reshape((1,) * (n - 1) + (3, 4)) if n > 1 else SCORES
    indices = np.zeros(x.shape, int)
    indices.flat[5] = value
    return x, indices


def labels(*values):
    return SCORES, np.array(values)


# name: the function, its arguments that a layer is called with, its others, the layer
CASES = {
    "nll_loss": ("nll_loss", labels(0, 4, 1), {}, "NLLLoss"),
    "nll_loss negative": ("nll_loss", labels(0, -1, 1), {}, "NLLLoss"),
    "nll_loss of images": ("nll_loss", (SCORES.reshape(1, 3, 2, 2), np.array([[[0, 3], [1, 1]]])), {}, "NLLLoss"),
    "cross_entropy": ("cross_entropy", labels(0, 4, 1), {}, "CrossEntropyLoss"),
    "cross_entropy int32": ("cross_entropy", (SCORES, np.array([0, 7, 1], np.int32)), {}, "CrossEntropyLoss"),
    "cross_entropy smooth": ("cross_entropy", labels(0, 4, -100), {"label_smoothing": 0.1}, "CrossEntropyLoss"),
    "cross_entropy of one": ("cross_entropy", (SCORES[0], np.array(4)), {}, "CrossEntropyLoss"),
    "ignored": ("cross_entropy", labels(0, -100, 1), {"ignore_index": 7}, "CrossEntropyLoss"),
    "multi_margin_loss": ("multi_margin_loss", labels(0, 4, 1), {}, "MultiMarginLoss"),
    "multi_margin_loss negative": ("multi_margin_loss", labels(0, -1, 1), {}, "MultiMarginLoss"),
    "multilabel": ("multilabel_margin_loss", (SCORES, np.array([[0, 4, 1, -1]] * 3)), {}, "MultiLabelMarginLoss"),
    "multilabel below": ("multilabel_margin_loss", (SCORES, np.array([[0, -2, 1, 1]] * 3)), {}, "MultiLabelMarginLoss"),
    "multilabel behind": (
        "multilabel_margin_loss",
        (SCORES, np.array([[-1, 9, 1, 1]] * 3)),
        {},
        "MultiLabelMarginLoss",
    ),
    "binary_cross_entropy": ("binary_cross_entropy", (SCORES, SHARES), {}, "BCELoss"),
    "binary_cross_entropy target": ("binary_cross_entropy", (SHARES, SCORES), {}, "BCELoss"),
    "binary_cross_entropy nan": ("binary_cross_entropy", (SHARES * np.float32("nan"), SHARES), {}, "BCELoss"),
    "gaussian_nll_loss": ("gaussian_nll_loss", (SCORES, SCORES, SCORES), {}, "GaussianNLLLoss"),
    "ctc_loss inputs": ("ctc_loss", (TIMES, LABELS, np.array([6, 5]), np.array([2, 2])), {}, "CTCLoss"),
    "ctc_loss targets": ("ctc_loss", (TIMES, LABELS, np.array([5, 5]), np.array([3, 2])), {}, "CTCLoss"),
    "ctc_loss negative": ("ctc_loss", (TIMES, LABELS, np.array([5, 5]), np.array([-3, 2])), {}, "CTCLoss"),
    "ctc_loss sum": ("ctc_loss", (TIMES, LABELS.ravel(), np.array([5, 5]), np.array([2, 1])), {}, "CTCLoss"),
    "max_unpool1d": ("max_unpool1d", places(1, 8), {"kernel_size": 2}, "MaxUnpool1d"),
    "max_unpool1d negative": ("max_unpool1d", places(1, -1), {"kernel_size": 2}, "MaxUnpool1d"),
    "max_unpool2d": ("max_unpool2d", places(2, 48), {"kernel_size": 2}, "MaxUnpool2d"),
    "max_unpool3d": ("max_unpool3d", places(3, 96), {"kernel_size": 2}, "MaxUnpool3d"),
}
TABLE = SHARES
TABLES = {
    "embedding": ("embedding", (np.array([0, 3, 1]),), "Embedding"),
    "embedding negative": ("embedding", (np.array([[0, -1, 1]]),), "Embedding"),
    "embedding_bag": ("embedding_bag", (np.array([[0, 3, 1]]),), "EmbeddingBag"),
    "offsets far": ("embedding_bag", (np.array([0, 1, 1]), np.array([0, 4])), "EmbeddingBag"),
    "offsets late": ("embedding_bag", (np.array([0, 1, 1]), np.array([1, 2])), "EmbeddingBag"),
    "offsets fall": ("embedding_bag", (np.array([0, 1, 1]), np.array([0, 2, 1])), "EmbeddingBag"),
}


def jaxed(values):
    return [jnp.asarray(value) for value in values]


def refused(call, *args):
    with pytest.raises((IndexError, ValueError), match="must .*, got"):
        call(*args)


@pytest.mark.parametrize("case", CASES)
def test_a_value_that_torch_refuses_is_refused_and_nan_inside_jit(case):
    name, args, options, layer_name = CASES[case]
    with pytest.raises((RuntimeError, IndexError, ValueError)):
        getattr(torch.nn.functional, name)(*map(torch.tensor, args), **options)
    function = getattr(F, name)
    args = jaxed(args)
    refused(lambda *args: function(*args, **options), *args)
    assert jnp.isnan(jax.jit(lambda *args: function(*args, **options))(*args)).any()
    made = getattr(nn, layer_name)(**options)
    for module in (made, Criterion(made)):
        refused(module, *args)
        refused(module, *args)  # the program is there
    if jnp.issubdtype(args[1].dtype, jnp.integer):
        refused(jax.grad(lambda x: made(x, *args[1:]).sum()), args[0])
    refused(lambda *args: getattr(layers, layer_name)(**options).apply({}, {}, *args), *args)
    assert jnp.isnan(Criterion(made).compile()(*args)).any()


class Criterion(nn.Module):
    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, *args):
        return self.loss(*args)


@pytest.mark.parametrize("case", TABLES)
def test_an_index_that_torch_refuses_is_refused_and_nan_inside_jit(case):
    name, args, layer_name = TABLES[case]
    if case != "offsets fall":  # torch reads what lies behind its memory then, and doesn't always notice
        with pytest.raises((RuntimeError, IndexError)):
            getattr(torch.nn.functional, name)(torch.tensor(args[0]), torch.tensor(TABLE), *map(torch.tensor, args[1:]))
    first, *others = jaxed(args)
    function, table = getattr(F, name), jnp.asarray(TABLE)
    refused(function, first, table, *others)
    assert jnp.isnan(jax.jit(function)(first, table, *others)).any()
    module = getattr(nn, layer_name)(3, 4)
    good = jnp.zeros_like(first), *(jnp.zeros_like(other) for other in others)
    module(*good), module(*good)  # the short way of a next call is there
    for net in (module, nn.Sequential(module) if not others else module):
        refused(net, first, *others)
        refused(net, first, *others)
        assert jnp.isfinite(net(*good)).all()
    assert jnp.isnan(Criterion(module).compile()(first, *others)).any()


def test_a_class_of_an_adaptive_softmax_that_is_none_is_refused():
    with pytest.raises(RuntimeError):
        torch.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(torch.tensor(SCORES), torch.tensor([0, 6, 1]))
    module = nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])
    for _ in range(2):
        refused(module, jnp.asarray(SCORES), jnp.array([0, 6, 1]))
    layer = layers.AdaptiveLogSoftmaxWithLoss(4, 6, [2])
    arrays = layer.init(jax.random.key(0))
    refused(layer.apply, *arrays, jnp.asarray(SCORES), jnp.array([0, 6, 1]))
    output, _ = jax.jit(layer.apply)(*arrays, jnp.asarray(SCORES), jnp.array([0, 6, 1]))
    assert jnp.isnan(output.output).tolist() == [False, True, False]


def test_one_hot_refuses_classes_that_are_none():
    for values, classes in (([0, 4, 1], 3), ([0, -1, 1], 3), ([0, -1, 1], -1), ([-1, -2], -1)):
        with pytest.raises(RuntimeError):
            torch.nn.functional.one_hot(torch.tensor(values), classes)
        refused(F.one_hot, jnp.array(values), classes)
    assert jax.jit(F.one_hot, static_argnums=1)(jnp.array([0, 4, -1]), 3).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_values_that_torch_takes_pass():
    table, x = jnp.asarray(TABLE), jnp.asarray(SCORES)
    for target in ([0, -100, 3], [3, 3, 3], [-100, -100, -100]):
        ours = F.cross_entropy(x, jnp.array(target), reduction="sum")
        theirs = torch.nn.functional.cross_entropy(torch.tensor(SCORES), torch.tensor(target), reduction="sum")
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
        assert jnp.allclose(nn.CrossEntropyLoss(reduction="sum")(x, jnp.array(target)), ours)
    assert F.embedding(jnp.zeros((0,), int), table).shape == (0, 4)
    assert F.embedding_bag(jnp.array([], int), table, jnp.array([0, 0])).tolist() == [[0.0] * 4] * 2
    assert jnp.isnan(F.gaussian_nll_loss(x, x, jnp.full((3, 4), jnp.nan)))
    half = jnp.asarray(SHARES, jnp.bfloat16)
    assert jnp.isfinite(F.binary_cross_entropy(half, jnp.ones_like(half)))
    refused(F.binary_cross_entropy, half + 1, half)


def test_a_refused_call_leaves_generator_and_buffers_as_they_were():
    net = nn.Sequential(nn.Embedding(3, 4), nn.Dropout(), nn.BatchNorm1d(4))
    before = jax.tree.map(np.asarray, net.state)
    purenn.manual_seed(1)
    refused(net, jnp.array([0, 3]))
    jax.tree.map(np.testing.assert_array_equal, net.state, before)
    drawn = net(jnp.array([0, 2]))
    again = nn.Sequential(nn.Embedding(3, 4), nn.Dropout(), nn.BatchNorm1d(4))
    again.load_state_dict(net.state_dict())
    purenn.manual_seed(1)
    np.testing.assert_array_equal(drawn, again(jnp.array([0, 2])))
