"""Live torch modules as layers: values, gradients, buffers, names, and refusals."""

import collections
import pickle
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
import torch_nets as nets
from torch import nn as tnn

import purenn
from purenn import layers, nn
from purenn.interop import from_torch, module_from_torch, to_torch, to_torch_module
from purenn.interop.convert import program
from purenn.interop.convert.layer import Converted
from purenn.interop.convert.torch_trees import apart
from purenn.tree import flatten

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")


def arrays(tree):
    """torch's values as numpy arrays."""
    return torch.utils._pytree.tree_map(lambda x: x.detach().numpy() if isinstance(x, torch.Tensor) else x, tree)


def leaves_of_torch(output):
    return [x for x in apart(output, objects=True)[1] if isinstance(x, torch.Tensor)]


def leaves_of_jax(output):
    """The arrays in the order of the dict. jax would sort the keys."""
    if isinstance(output, dict | tuple | list):
        parts = output.values() if isinstance(output, dict) else output
        return [x for part in parts for x in leaves_of_jax(part)]
    return [output] if hasattr(output, "dtype") else []


def weighted(values, cos):
    """A scalar with a different weight for every entry of every float output."""
    return sum((v * cos(v)).sum() for v in values)


def torch_cos(v):
    return torch.cos(torch.arange(v.numel()).reshape(v.shape) * 0.7)


def jax_cos(v):
    return jnp.cos(jnp.arange(v.size, dtype=v.dtype).reshape(v.shape) * 0.7)


def compare(module, *args, converted=None, training=False, rng=None, **kwargs):
    """Asserts equal values, gradients and new buffers. Returns the result of `from_torch`."""
    module.train(training)
    converted = converted or from_torch(module, *args, **kwargs)
    layer, params, state = converted
    given, named = arrays(args), arrays(kwargs)

    def run(params):
        y, new = layer.apply(params, state, *given, training=training, rng=rng, **named)
        floats = [x for x in leaves_of_jax(y) if jnp.issubdtype(x.dtype, jnp.floating)]
        return weighted(floats, jax_cos), (leaves_of_jax(y), new)

    (_, (got, new)), grads = jax.jit(jax.value_and_grad(run, has_aux=True))(params)
    output = module(*args, **kwargs)
    wanted = leaves_of_torch(output)
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b.detach(), rtol=1e-4, atol=1e-5)
    module.zero_grad()
    weighted([x for x in wanted if x.is_floating_point() and x.requires_grad], torch_cos).backward()
    flat = flatten(grads)
    for name, p in module.named_parameters():
        expected = np.zeros(p.shape, np.float32) if p.grad is None else p.grad.numpy()
        np.testing.assert_allclose(flat[name], expected, rtol=1e-3, atol=1e-4, err_msg=name)
    for name, buffer in module.state_dict().items():
        if name in flatten(state):
            np.testing.assert_allclose(flatten(new)[name], buffer, rtol=1e-4, atol=1e-5, err_msg=name)
    assert set(to_torch(layer, params, state)) == set(module.state_dict())
    return layer, params, state


def made(cls, *args):
    torch.manual_seed(0)
    module = cls(*args)
    with torch.no_grad():
        for p in module.parameters():
            if p.ndim < 2:
                p.add_(torch.randn(p.shape) * 0.1)
    return module


X = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))

NETS = {
    "tied": (nets.Tied, (torch.tensor([[1, 2, 3], [4, 5, 6]]),)),
    "shared": (nets.Shared, (torch.randn(2, 4),)),
    "dataclass": (nets.Dataclass, (X,)),
    "in place": (nets.InPlace, (torch.randn(3, 6),)),
    "no gradient": (nets.NoGrad, (X,)),
    "packed": (nets.Tagger, (torch.randint(1, 20, (3, 6)), torch.tensor([4, 6, 2]))),
    "cache": (nets.Cached, (torch.randn(2, 3, 8),)),
    "norms": (nets.Normed, (torch.randn(3, 4),)),
    "noise": (nets.Noisy, (torch.randn(3, 6),)),
    "recommender": (
        nets.Recommender,
        (
            torch.randn(2, 3),
            [torch.tensor([1, 2, 3]), torch.tensor([4, 5])],
            [torch.tensor([0, 1]), torch.tensor([0, 1])],
        ),
    ),
    "hooks": (nets.hooked, (X,)),
    "branches": (nets.Branches, (X, torch.tensor([0, 2, 1, 2]))),
    "cond": (nets.Cond, (X,)),
    "buffers": (nets.Counts, (X,)),
    "own backward": (nets.Adversarial, (X,)),
    "dropping": (nets.Dropping, (torch.randn(2, 2, 6, 6),)),
}


QUICK = ("tied", "packed", "branches", "own backward", "buffers")


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NETS])
def test_evaluation(name):
    make, args = NETS[name]
    module = made(make).eval()
    layer, params, _ = compare(module, *args)
    assert isinstance(layer, Converted)
    assert repr(layer).startswith(repr(module))
    assert sorted(flatten(params)) == sorted(n for n, _ in module.named_parameters())


@pytest.mark.parametrize(
    "name", ["norms", "buffers", *(pytest.param(n, marks=pytest.mark.slow) for n in ("in place", "packed"))]
)
def test_training(name):
    make, args = NETS[name]
    compare(made(make), *args, training=True)


def test_tree_of_the_original():
    layer, params, state = from_torch(made(nets.Recommender).eval(), *NETS["recommender"][1])
    m = layer.bind(params, state)
    assert m.bags[1].weight.shape == (9, 4)
    assert isinstance(m.bottom[0]._layer, layers.Linear)
    text = jax.jit(layer.apply).lower(params, state, *arrays(NETS["recommender"][1])).as_text(debug_info=True)
    assert "bottom/0" in text


def test_module_prints_the_tree_of_the_original():
    source = made(nets.Branches)
    net = module_from_torch(source, *NETS["branches"][1])
    layer = net._layer
    assert repr(net) == repr(layer) == repr(layer.bind(net.params, net.state))
    assert repr(net).startswith(repr(source)) and "index has the values of the example" in repr(net)
    assert purenn.summary(layer).rows[0].layer == purenn.summary(net).rows[0].layer == "Branches"


def test_stops_at_what_torch_does_not_train():
    net = module_from_torch(made(nets.NoGrad), X)
    assert not net.b._parameters["bias"].requires_grad
    assert net.training


def test_buffers_that_are_not_saved():
    source = made(nets.Counts)
    assert set(module_from_torch(source, X).state_dict()) == set(source.state_dict())


def test_errors_of_the_module_are_told():
    with pytest.raises(ValueError, match="so does a run on the example"):
        from_torch(made(nets.NoGrad), torch.ones(2, 7))


def test_tied_module():
    source = made(nets.Tied)
    net = module_from_torch(source, NETS["tied"][1][0])
    assert set(net.state_dict()) == set(source.state_dict())
    assert net.head._parameters["weight"] is net.embed._parameters["weight"]
    y = net(arrays(NETS["tied"][1])[0])
    np.testing.assert_allclose(y, source(NETS["tied"][1][0]).detach(), rtol=1e-5, atol=1e-6)
    net.load_state_dict(source.state_dict())


def test_dropout_draws_from_the_stream():
    layer, params, state = from_torch(made(nets.Dropping), *NETS["dropping"][1])
    x = arrays(NETS["dropping"][1])[0]
    run = jax.jit(lambda key: layer.apply(params, state, x, training=True, rng=key))
    (a, new), (b, _), (c, _) = run(jax.random.key(0)), run(jax.random.key(0)), run(jax.random.key(1))
    assert bool((a == b).all())
    assert not bool((a == c).all())
    assert int(new["norm"]["num_batches_tracked"]) == 1
    with pytest.raises(ValueError, match="rng"):
        layer.apply(params, state, x, training=True)


@pytest.mark.slow
def test_noise_is_normal():
    layer, params, state = from_torch(made(nets.Noisy), torch.randn(3, 6))
    x = jnp.ones((4000, 6))
    (_, mean, log_var), _ = layer.apply(params, state, x, training=True, rng=jax.random.key(0))
    assert mean.shape == log_var.shape == (4000, 2)


@pytest.mark.parametrize(
    "name", ["dropping", *(pytest.param(n, marks=pytest.mark.slow) for n in ("tied", "noise", "in place"))]
)
def test_another_batch_size(name):
    make, args = NETS[name]
    module = made(make).eval()
    converted = from_torch(module, *args)
    compare(module, *(torch.cat([a, a, a]) for a in args), converted=converted)


@pytest.mark.slow
def test_example_of_one():
    module, (x,) = made(nets.Dropping).eval(), NETS["dropping"][1]
    compare(module, x, converted=from_torch(module, x[:1]))


def test_sizes_whose_formulas_grow(monkeypatch):
    net, example = made(nets.Same, 3).eval(), torch.randn(2, 2, 8, 8)
    free = from_torch(net, example)[0].program.evaluation.leaves[0].shape
    assert [type(size) for size in free] == [str, str, str, str] and free[1] == "2"
    monkeypatch.setattr(program._ShortSizes, "BUDGET", 20)
    layer, params, state = fixed = from_torch(net, example)
    assert layer.program.evaluation.way == "export"
    compare(net, torch.randn(3, 2, 8, 8), converted=fixed)
    with pytest.raises(ValueError, match=r"must have shape \(any, 2, 8, 8\), got \(3, 2, 9, 14\)"):
        layer.apply(params, state, np.ones((3, 2, 9, 14), np.float32))


def test_float64():
    """In training the normalized values of two are 1 and -1: their gradient is only float32's rounding error."""
    net = made(nets.Gated).double().train()
    x = torch.randn(1, 2, 2, 1, dtype=torch.float64)
    with jax.enable_x64(True):
        layer, params, state = from_torch(net, x)

        def loss(params):
            y, _ = layer.apply(params, state, x.numpy(), training=True)
            return (y**3).sum(), y

        (_, got), grads = jax.jit(jax.value_and_grad(loss, has_aux=True))(params)
    y = net(x)
    np.testing.assert_allclose(got, y.detach(), rtol=1e-12)
    wanted = torch.autograd.grad((y**3).sum(), list(net.parameters()))
    for (name, _), g in zip(net.named_parameters(), wanted, strict=True):
        np.testing.assert_allclose(flatten(grads)[name], g, rtol=1e-9, atol=1e-13, err_msg=name)


@pytest.mark.slow
def test_formulas_that_would_double_with_every_layer():
    net = made(nets.Same, 24).eval()
    compare(net, torch.randn(3, 2, 64, 64), converted=from_torch(net, torch.randn(1, 2, 64, 64)))


def test_containers_and_keywords():
    module, pair = made(nets.Outputs).eval(), {"x": X, "n": (torch.arange(3),)}
    layer, params, state = compare(module, pair, X, scale=2.0)
    y, _ = layer.apply(params, state, arrays(pair), np.asarray(X), scale=2.0)
    assert list(y) == ["y", "all", "z"]
    assert isinstance(y["all"], list) and y["all"][1][1] is None
    with pytest.raises(TypeError, match=r"converted with scale=2\.0, got 3\.0"):
        layer.apply(params, state, arrays(pair), np.asarray(X), scale=3.0)
    with pytest.raises(TypeError, match="keys"):
        layer.apply(params, state, {"x": X.numpy()}, np.asarray(X), scale=2.0)
    with pytest.raises(TypeError, match="missing the argument 'pair'"):
        layer.apply(params, state, scale=2.0)
    with pytest.raises(TypeError, match="without the argument 'options'"):
        layer.apply(params, state, arrays(pair), np.asarray(X), scale=2.0, options=1)


def test_a_defaultdict_without_a_factory():
    class Sums(tnn.Module):
        def forward(self, pair):
            return collections.defaultdict(None, sum=pair["a"] + pair["b"], a=pair["a"])

    pair = collections.defaultdict(None, a=X, b=2 * X)
    layer, params, state = from_torch(Sums(), pair)
    y, _ = layer.apply(params, state, arrays(dict(pair)))
    assert list(y) == ["sum", "a"]
    np.testing.assert_array_equal(y["sum"], 3 * X)


def test_records():
    layer, params, state = from_torch(made(nets.Dataclass).eval(), X)
    y, _ = layer.apply(params, state, X.numpy())
    assert repr(y).startswith("Pair(first=")
    assert y.third == "text"
    assert y.second[1]["k"].shape == (4, 3)
    again = pickle.loads(pickle.dumps(jax.tree.map(np.asarray, y)))
    assert again.first.shape == (4, 3)


def test_assumptions():
    module, (x, index) = made(nets.Branches).eval(), NETS["branches"][1]
    layer, params, state = from_torch(module, x, index)
    assert "index has the values of the example" in repr(layer)
    assert "if not bool(torch.isfinite(x).all())" in repr(layer)
    with pytest.raises(ValueError, match="index being the values of the example"):
        layer.apply(params, state, x.numpy(), index.numpy()[::-1].copy())
    with pytest.raises(ValueError, match="converted for a value that Branches reads"):
        layer.apply(params, state, x.numpy() * np.inf, index.numpy())
    run = jax.jit(lambda x, i: layer.apply(params, state, x, i)[0])
    assert bool(jnp.isfinite(run(x.numpy(), index.numpy())).all())
    assert bool(jnp.isnan(run(x.numpy(), index.numpy()[::-1].copy())).all())


@pytest.mark.slow
def test_shapes_that_do_not_fit():
    layer, params, state = from_torch(made(nets.Cached).eval(), torch.randn(2, 3, 8))
    with pytest.raises(ValueError, match="convert again"):
        layer.apply(params, state, np.zeros((2, 4, 8), np.float32))
    with pytest.raises(TypeError, match="dtype"):
        layer.apply(params, state, np.zeros((2, 3, 8), np.int32))


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"the shape of the result depends on values \(line \d+ of torch_nets.py: "):
        from_torch(made(nets.FloatShapes), X)
    with pytest.raises(TypeError, match="example inputs are needed"):
        from_torch(made(nets.Tied))
    with pytest.raises(ValueError, match="'x' holds a Cache, which is neither tensor nor constant"):
        from_torch(made(nets.Tied), nets.Cache())
    with pytest.raises(ValueError, match="no size yet"):
        from_torch(tnn.LazyLinear(3), X)


def test_the_module_is_left_alone():
    module = made(nets.Counts).train()
    before = {n: t.clone() for n, t in module.state_dict().items()}
    state = torch.get_rng_state()
    from_torch(module, X)
    assert module.training
    assert all(bool((module.state_dict()[n] == t).all()) for n, t in before.items())
    assert bool((torch.get_rng_state() == state).all())


def test_runs_without_torch(tmp_path):
    """The layer is pickled, and loaded in a process that can't import torch."""
    kept = {}
    for name in ("packed", "tied", "dataclass"):
        make, args = NETS[name]
        module = made(make).eval()
        wanted = [x.detach().numpy() for x in leaves_of_torch(module(*args))]
        kept[name] = (from_torch(module, *args), module_from_torch(module, *args), arrays(args), wanted)
    (tmp_path / "nets").write_bytes(pickle.dumps(kept))
    code = f"""
import sys
sys.modules["torch"] = None
import pickle, jax, numpy as np
for (layer, params, state), net, args, wanted in pickle.load(open({str(tmp_path / "nets")!r}, "rb")).values():
    y, _ = jax.jit(lambda p, s: layer.apply(p, s, *args))(params, state)
    for output in (y, net(*args)):
        for a, b in zip([x for x in jax.tree.leaves(output) if hasattr(x, "dtype")], wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# torch's own modules.

STOCK = {
    "linear": lambda: tnn.Linear(3, 2, bias=False),
    "conv": lambda: tnn.Sequential(
        tnn.Conv2d(2, 4, 3, stride=2, padding="valid", padding_mode="reflect"), tnn.BatchNorm2d(4, momentum=None),
        tnn.PReLU(4), tnn.MaxPool2d(2), tnn.Flatten(), tnn.Unflatten(1, (4, 4)),
    ),
    "transposed": lambda: tnn.ConvTranspose1d(2, 4, 3, output_padding=1, stride=2, groups=2),
    "lstm": lambda: tnn.LSTM(3, 4, 2, batch_first=True, bidirectional=True, dropout=0.1, proj_size=2),
    "gru": lambda: tnn.GRU(3, 4, bias=False),
    "rnn": lambda: tnn.RNN(3, 4, nonlinearity="relu"),
    "cells": lambda: tnn.ModuleList([tnn.LSTMCell(3, 4), tnn.GRUCell(3, 4, bias=False), tnn.RNNCell(3, 4)]),
    "attention": lambda: tnn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True, kdim=4, vdim=6),
    "encoder": lambda: tnn.TransformerEncoder(
        tnn.TransformerEncoderLayer(8, 2, 16, 0.2, "gelu", 1e-6, True, True), 2, tnn.LayerNorm(8)
    ),
    "decoder": lambda: tnn.TransformerDecoder(tnn.TransformerDecoderLayer(8, 2, 16, bias=False), 2),
    "transformer": lambda: tnn.Transformer(8, 2, 1, 2, 16, batch_first=True),
    "embedding": lambda: tnn.Embedding(5, 3, padding_idx=1, max_norm=2.0),
    "bag": lambda: tnn.EmbeddingBag(5, 3, mode="max", include_last_offset=True),
    "norms": lambda: tnn.Sequential(
        tnn.GroupNorm(2, 4, affine=False), tnn.LayerNorm((4, 2), bias=False), tnn.InstanceNorm1d(4, affine=True),
        tnn.RMSNorm(2), tnn.LocalResponseNorm(2),
    ),
    "activations": lambda: tnn.Sequential(
        tnn.GELU("tanh"), tnn.LeakyReLU(0.2), tnn.Softmax(dim=-1), tnn.Threshold(0.1, 20.0), tnn.ELU(2.0),
        tnn.Hardtanh(-2, 2), tnn.Softplus(2, 10), tnn.GLU(1),
    ),
    "resizing": lambda: tnn.Sequential(
        tnn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), tnn.PixelShuffle(2), tnn.AvgPool2d(2, 1),
        tnn.AdaptiveAvgPool2d((None, 3)), tnn.ZeroPad2d((1, 2, 0, 1)), tnn.ReflectionPad2d(1),
    ),
    "adaptive": lambda: tnn.AdaptiveLogSoftmaxWithLoss(6, 20, [4, 10], div_value=2.0, head_bias=True),
    "losses": lambda: tnn.ModuleList(
        [tnn.CrossEntropyLoss(torch.tensor([1.0, 2.0])), tnn.MSELoss(reduction="sum"), tnn.SmoothL1Loss()]
    ),
    "bilinear": lambda: tnn.Bilinear(2, 3, 4),
    "half": lambda: tnn.Linear(2, 2, dtype=torch.bfloat16),
}  # fmt: skip


@pytest.mark.parametrize("name", STOCK)
def test_stock(name):
    """Stock modules convert one to one: tree, names, repr, and back."""
    torch.manual_seed(0)
    module = STOCK[name]()
    layer, params, state = from_torch(module)
    assert not isinstance(layer, Converted)
    assert type(layer).__module__.startswith("purenn.layers")
    assert repr(layer) == repr(module)
    saved = to_torch(layer, params, state)
    wanted = module.state_dict()
    if name == "losses":  # torch keeps a loss's weight as a buffer
        assert list(saved) == list(wanted)
    assert {n: t.dtype for n, t in saved.items()} == {n: t.dtype for n, t in wanted.items()}
    assert all(torch.equal(saved[n], wanted[n]) for n in wanted)
    back = to_torch_module(layer, params, state)
    assert repr(back) == repr(module)
    assert all(torch.equal(t, wanted[n]) for n, t in back.state_dict().items())
    net = module_from_torch(module)
    assert isinstance(net, nn.Module)
    assert set(net.state_dict()) == set(wanted)


def test_stock_values():
    module = STOCK["encoder"]().eval()
    x = torch.randn(2, 5, 8)
    compare(module, x)
    module = STOCK["conv"]().train()
    compare(module, torch.randn(3, 2, 11, 11), training=True)


@pytest.mark.slow
def test_changed_stock_modules_are_not_stock():
    encoder = STOCK["encoder"]()
    encoder.layers[0].activation = torch.tanh
    layer, *_ = from_torch(encoder, torch.randn(2, 5, 8))
    assert isinstance(layer, Converted)
    frozen = tnn.Sequential(tnn.Linear(3, 3), tnn.Linear(3, 3))
    frozen[0].weight.requires_grad_(False)
    assert isinstance(from_torch(frozen, X)[0], Converted)


def test_no_torch_module_for_others():
    layer, params, state = from_torch(made(nets.NoGrad), X)
    with pytest.raises(TypeError, match="state_dict"):
        to_torch_module(layer, params, state)


@pytest.mark.slow
def test_module_trains():
    """The module trains: steps of an optimizer, with batch statistics and dropout."""
    net = module_from_torch(made(nets.Dropping).train(), *NETS["dropping"][1])
    x = arrays(NETS["dropping"][1])[0]
    opt = nn.Optimizer(net, optax.sgd(0.1))
    losses = [float(opt.step(lambda net, x: (net(x) ** 2).sum(), x)) for _ in range(2)]
    assert np.isfinite(losses).all()
    assert int(net.norm.num_batches_tracked) == 2
    assert net.eval()(x).shape == (2, 4)


def test_random_numbers_of_python_are_told():
    class Net(tnn.Module):
        def forward(self, x):
            return x * float(np.random.rand())

    assert "draws from numpy are those of the conversion" in repr(from_torch(Net(), X)[0])


@pytest.mark.slow
def test_loops():
    module = made(nets.Loops).eval()
    layer, params, state = from_torch(module, X)
    y, _ = jax.jit(layer.apply)(params, state, X.numpy())
    assert layer.program.evaluation.way == "export"
    for a, b in zip(y, module(X), strict=True):
        np.testing.assert_allclose(a, b.detach(), rtol=1e-5, atol=1e-5)
