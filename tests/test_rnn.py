"""Recurrent cells and networks, and packed sequences, beside torch."""

import copy
import itertools
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from functional_engine import Case, assert_close, check_value_and_gradient, normal
from jax.test_util import check_grads
from layer_engine import arrays_of, check_against_torch, flat, to_jax

import purenn.functional as F
from purenn import layers, nn
from purenn.utils import rnn
from purenn.utils.rnn import PackedSequence

X, H = normal(2, 3), normal(2, 4)
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


def cells():
    for name, gates in GATES.items():
        weights = (normal(4 * gates, 3), normal(4 * gates, 4))
        biases = (normal(4 * gates), normal(4 * gates))
        state = (H, normal(2, 4, scale=2.0)) if name == "lstm" else H
        yield Case(f"{name}_cell", (X, state, *weights, *biases), tolerance=4)  # sums of 14 terms
        yield Case(f"{name}_cell", (X, state, *weights))


def networks():
    for name, gates in GATES.items():
        first, last = (normal(4 * gates, 3), normal(4 * gates, 4)), (normal(4 * gates, 8), normal(4 * gates, 4))
        biases = (normal(4 * gates), normal(4 * gates))
        state = (normal(1, 2, 4), normal(1, 2, 4)) if name == "lstm" else normal(1, 2, 4)
        wide = (normal(4, 2, 4), normal(4, 2, 4)) if name == "lstm" else normal(4, 2, 4)
        # values here are several times those of trained networks, and states carry rounding on
        one = (normal(3, 2, 3), state, [*first, *biases], True, 1, 0.0, False, False, False)
        yield Case(name, one, tolerance=8)
        two = (normal(2, 3, 3), wide, [*first, *first, *last, *last], False, 2, 0.0, True, True, True)
        yield Case(name, two, tolerance=8)
    projected = [normal(16, 3), normal(16, 2), normal(16), normal(16), normal(2, 4)]
    yield Case(
        "lstm",
        (normal(3, 2, 3), (normal(1, 2, 2), normal(1, 2, 4)), projected, True, 1, 0.0, False, False, False),
        tolerance=8,
    )


def cases_and_dtypes():
    """Every case in float32, float64 and one of the half types, alternating."""
    for number, case in enumerate([*cells(), *networks()]):
        for dtype in ("float64", "float32", ("float16", "bfloat16")[number % 2]):
            yield pytest.param(case, dtype, id=f"{dtype}-{case!r}")


@pytest.mark.parametrize(("case", "dtype"), list(cases_and_dtypes()))
def test_function_is_torchs(case, dtype):
    with jax.enable_x64(dtype == "float64"):
        if dtype == "float64":
            case = Case(case.name, case.args)
        check_value_and_gradient(case, dtype)


@pytest.mark.parametrize("name", GATES)
def test_none_is_a_state_of_zeros_and_one_sequence_needs_no_batch(name):
    gates = GATES[name]
    keys = jax.random.split(jax.random.key(0), 3)
    params = [jax.random.normal(keys[0], (4 * gates, 3)), jax.random.normal(keys[1], (4 * gates, 4))]
    x = jax.random.normal(keys[2], (5, 3))
    network, cell = getattr(F, name), getattr(F, f"{name}_cell")
    output, *last = network(x, None, params, False)
    zeros = jnp.zeros((1, 1, 4))
    batched, *batched_last = network(x[:, None], (zeros, zeros) if name == "lstm" else zeros, params, False)
    close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)  # noqa: E731
    close(output, batched[:, 0])
    for one, many in zip(last, batched_last, strict=True):
        close(one, many[:, 0])
    state = None
    for t in range(5):  # a network is its cell, step by step
        state = cell(x[t], state, *params)
        close(output[t], flat(state)[0])


@pytest.mark.parametrize("name", GATES)
def test_forward_mode_and_higher_derivatives(name):
    gates = GATES[name]
    params = [np.random.default_rng(0).standard_normal(s) for s in ((2 * gates, 3), (2 * gates, 2), (2 * gates,))]
    with jax.enable_x64():
        x = jnp.asarray(np.random.default_rng(1).standard_normal((3, 1, 3)))
        arrays = [*map(jnp.asarray, params), jnp.asarray(params[2])]
        check_grads(jax.jit(lambda x, p: getattr(F, name)(x, None, p)), (x, arrays), 2)


# Packed sequences.

LENGTHS = [3, 5, 1, 5]
SEQUENCES = np.random.default_rng(3).standard_normal((5, 4, 3))  # (T, B, I)


def torch_packed(lengths, *, sort, dtype="float64", batch_first=False):
    x = torch.from_numpy(SEQUENCES).to(getattr(torch, dtype))
    lengths = lengths if sort else sorted(lengths, reverse=True)
    x = x.transpose(0, 1) if batch_first else x
    return torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=not sort)


NETWORKS = [
    ("RNN", {}),
    ("RNN", {"num_layers": 2, "nonlinearity": "relu", "bidirectional": True}),
    ("LSTM", {}),
    ("LSTM", {"num_layers": 2, "bidirectional": True, "proj_size": 2, "batch_first": True}),
    ("GRU", {"bias": False}),
    ("GRU", {"num_layers": 2, "bidirectional": True}),
]
every_network = pytest.mark.parametrize(("name", "options"), NETWORKS, ids=str)


def states(layer, batch, dtype):
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    generator = torch.Generator().manual_seed(0)
    draw = lambda size: torch.randn(count, batch, size, generator=generator, dtype=dtype)  # noqa: E731
    h = draw(layer.proj_size or 4)
    return (h, draw(4)) if layer.mode == "LSTM" else h


@every_network
@pytest.mark.parametrize("sort", [False, True])
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "hx"])
def test_packed_is_torchs(name, options, sort, given):
    theirs, layer = getattr(torch.nn, name)(3, 4, **options).double(), getattr(layers, name)(3, 4, **options)
    args = [torch_packed(LENGTHS, sort=sort), *([states(layer, 4, torch.float64)] if given else [])]
    with jax.enable_x64():
        check_against_torch(layer, theirs, args, {}, training=False, dtype="float64")


@every_network
@pytest.mark.parametrize("sort", [False, True])
def test_traced_lengths_are_torchs(name, options, sort):
    """All lengths share one compilation. Outputs, last states and all gradients are torch's."""
    theirs, layer = getattr(torch.nn, name)(3, 4, **options).double(), getattr(layers, name)(3, 4, **options)
    first = options.get("batch_first", False)
    traces = []
    with jax.enable_x64():
        params, _ = arrays_of(theirs, layer)

        @jax.jit
        def run(params, x, lengths):
            traces.append(1)

            def total(params, x):
                packed = rnn.pack_padded_sequence(x, lengths, first, not sort)
                (output, last), _ = layer.apply(params, {}, packed)
                padded, back = rnn.pad_packed_sequence(output, first, 0.5)
                weights = jnp.arange(padded.size, dtype=padded.dtype).reshape(padded.shape)
                used = jnp.where(padded == 0.5, 0, padded)
                return (used * weights).sum() + sum(h.sum() for h in flat(last)), (padded, last, back)

            return jax.value_and_grad(total, (0, 1), has_aux=True)(params, x)

        for lengths in (LENGTHS, [5, 5, 5, 5], [4, 2, 2, 1]):  # the last are shorter than T
            lengths = lengths if sort else sorted(lengths, reverse=True)
            x = torch.from_numpy(SEQUENCES.swapaxes(0, 1).copy() if first else SEQUENCES.copy()).requires_grad_()
            packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, first, not sort)
            output, their_last = theirs(packed)
            padded, _ = torch.nn.utils.rnn.pad_packed_sequence(output, first, 0.5, total_length=5)
            weights = torch.arange(padded.numel(), dtype=padded.dtype).reshape(padded.shape)
            used = torch.where(padded == 0.5, 0, padded)
            their_total = (used * weights).sum() + sum(h.sum() for h in flat(their_last))
            names = dict(theirs.named_parameters())
            grads = torch.autograd.grad(their_total, [x, *names.values()])
            (total, (ours, last, back)), (params_grad, x_grad) = run(params, to_jax(x), jnp.array(lengths))
            assert back.tolist() == lengths
            assert_close(ours, padded, "float64", 1, "output")
            assert_close(total, their_total, "float64", 1, "total")
            for o, t in zip(flat(last), flat(their_last), strict=True):
                assert_close(o, t, "float64", 1, "last state")
            assert_close(x_grad, grads[0], "float64", 1, "gradient of x")
            for key, t in zip(names, grads[1:], strict=True):
                assert_close(params_grad[key], t, "float64", 1, f"gradient of {key}")
    assert len(traces) == 1


def test_packed_lstm_is_each_sequence_by_itself():
    layer = layers.LSTM(3, 4, 2, bidirectional=True)
    params, _ = layer.init(jax.random.key(0))
    apply = jax.jit(layer.apply)
    x = jnp.asarray(SEQUENCES, jnp.float32)
    sequences = [x[:n, i] for i, n in enumerate(LENGTHS)]
    (packed, (h, c)), _ = apply(params, {}, rnn.pack_sequence(sequences, enforce_sorted=False))
    for i, (output, alone) in enumerate(zip(rnn.unpack_sequence(packed), sequences, strict=True)):
        (expected, (h_i, c_i)), _ = apply(params, {}, alone)
        for o, e in ((output, expected), (h[:, i], h_i), (c[:, i], c_i)):
            np.testing.assert_allclose(o, e, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_half_types_stay(name, dtype):
    layer = getattr(layers, name)(3, 4, 2, bidirectional=True, dtype=dtype)
    params, _ = layer.init(jax.random.key(0))
    packed = rnn.pack_padded_sequence(jnp.asarray(SEQUENCES, dtype), LENGTHS, enforce_sorted=False)
    apply = jax.jit(layer.apply)
    output, last = apply(params, {}, packed)[0]
    assert {a.dtype for a in (output.data, *flat(last))} == {jnp.dtype(dtype)}
    wide = jax.tree.map(lambda a: a.astype(jnp.float32), params)
    expected = apply(wide, {}, packed.float())[0][0].data
    limit = {"float16": 4e-3, "bfloat16": 3e-2}[dtype]
    np.testing.assert_allclose(output.data.astype(jnp.float32), expected, atol=limit)


def same(ours, theirs):
    assert len(ours) == len(theirs)
    for o, t in zip(ours, theirs, strict=True):
        assert (o is None) == (t is None)
        if t is not None:
            np.testing.assert_array_equal(o, t)


PLACES = list(itertools.product([False, True], [False, True]))


@pytest.mark.parametrize(("sort", "first"), PLACES)
def test_packing_is_torchs(sort, first):
    lengths = LENGTHS if sort else sorted(LENGTHS, reverse=True)
    for x in (SEQUENCES.astype(np.float32), SEQUENCES[..., 0].astype(np.float32), SEQUENCES[..., None] > 0):
        x = np.ascontiguousarray(x.swapaxes(0, 1) if first else x)
        theirs = torch.nn.utils.rnn.pack_padded_sequence(torch.from_numpy(x), lengths, first, not sort)
        for given in (lengths, np.array(lengths), jnp.array(lengths)):
            ours = rnn.pack_padded_sequence(jnp.asarray(x), given, first, not sort)
            same(ours, theirs)
        for options in ({}, {"total_length": 7, "padding_value": 1.0}):
            padded, back = torch.nn.utils.rnn.pad_packed_sequence(theirs, first, **options)
            same(rnn.pad_packed_sequence(ours, first, **options), (padded, back))
        same(rnn.unpack_sequence(ours), torch.nn.utils.rnn.unpack_sequence(theirs))
        traced = jax.jit(lambda x, n: rnn.pack_padded_sequence(x, n, first, not sort))(x, jnp.array(lengths))
        rows = sum(lengths)
        assert traced.data.shape[0] == 20 and not traced.data[rows:].any() and traced.batch_sizes.shape == (5,)
        same((traced.data[:rows], traced.batch_sizes), theirs[:2])
        same(rnn.pad_packed_sequence(traced, first), torch.nn.utils.rnn.pad_packed_sequence(theirs, first))
        same(rnn.unpack_sequence(traced), torch.nn.utils.rnn.unpack_sequence(theirs))


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_is_torchs(first, side):
    arrays = [SEQUENCES[:n, i].astype(np.float32) for i, n in enumerate(LENGTHS)]
    theirs = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(a) for a in arrays], first, 2.5, side)
    ours = rnn.pad_sequence(arrays, first, 2.5, side)
    same([ours], [theirs])
    same([jax.jit(lambda arrays: rnn.pad_sequence(arrays, first, 2.5, side))(arrays)], [theirs])
    back = torch.nn.utils.rnn.unpad_sequence(theirs, torch.tensor(LENGTHS), first)
    same(rnn.unpad_sequence(ours, LENGTHS, first), back)
    mixed = [np.ones(2, np.int32), np.ones(3, np.float32)]  # the first one's dtype is taken
    expected = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(a) for a in mixed])
    same([rnn.pad_sequence(mixed)], [expected])
    assert rnn.pad_sequence(mixed).dtype == jnp.int32
    same([rnn.pad_sequence(ours)], [torch.nn.utils.rnn.pad_sequence(torch.from_numpy(np.array(ours)))])


def test_invert_permutation_is_torchs():
    order = np.array([2, 0, 3, 1])
    expected = torch.nn.utils.rnn.invert_permutation(torch.from_numpy(order))
    for f in (rnn.invert_permutation, jax.jit(rnn.invert_permutation)):
        same([f(jnp.array(order))], [expected])
    assert isinstance(rnn.invert_permutation(jnp.array(order)), jax.Array)
    assert rnn.invert_permutation(None) is None


def test_traced_lengths_are_sorted_and_cut():
    """Inside a jit a bad call can't be refused, but must not be silently wrong."""
    x = jnp.arange(8.0).reshape(4, 2)
    packed = jax.jit(rnn.pack_padded_sequence)(x, jnp.array([1, 9]))
    padded, lengths = rnn.pad_packed_sequence(packed)
    assert lengths.tolist() == [1, 4]
    assert padded.T.tolist() == [[0, 0, 0, 0], [1, 3, 5, 7]]


def test_known_lengths_stay_known_inside_jit():
    @jax.jit
    def run(x):
        packed = rnn.pack_padded_sequence(x, [3, 1])
        assert packed.data.shape == (4,) and packed.batch_sizes.tolist() == [2, 1, 1]
        padded, lengths = rnn.pad_packed_sequence(packed)
        assert padded.shape == (3, 2) and lengths.tolist() == [3, 1]
        return [s.sum() for s in rnn.unpack_sequence(packed)]

    assert [float(s) for s in run(jnp.ones((5, 2)))] == [3, 1]


def test_packed_sequence_is_a_pytree_and_a_tuple():
    packed = rnn.pack_sequence([jnp.ones((3, 2)), jnp.ones((1, 2))])
    data, sizes, order, inverse = packed
    assert order is None and inverse is None and sizes.tolist() == [2, 1, 1] and data.shape == (4, 2)
    assert packed._fields == torch.nn.utils.rnn.PackedSequence._fields
    assert repr(packed).startswith("PackedSequence(data=")
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(packed)]
    assert paths == [".data", ".batch_sizes"]
    for twin in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed)), packed._replace(data=data)):
        same(twin, packed)
        assert type(twin) is PackedSequence and twin.batch == 2
    assert jax.tree.map(lambda a: a.shape, packed).data == (4, 2)
    assert packed.half().data.dtype == jnp.float16 and packed.to("int32").data.dtype == jnp.int32
    assert packed.to(jax.devices()[0]).batch_sizes is packed.batch_sizes
    same(PackedSequence((data, sizes)), packed)
    with jax.enable_x64():
        assert packed.double().float().data.dtype == jnp.float32
    module = nn.LSTM(2, 3)  # sizes are traced inside a module's jit, the batch's size is not
    output, (h, _) = module(packed)
    assert output.data.shape == (4, 3) and h.shape == (1, 2, 3) and output.batch_sizes.tolist() == [2, 1, 1]


def test_vmap_over_lengths():
    layer = layers.GRU(3, 4, bidirectional=True)
    params, _ = layer.init(jax.random.key(0))
    x = jnp.stack([jnp.asarray(SEQUENCES, jnp.float32)] * 2)
    lengths = jnp.array([[5, 3, 2, 1], [4, 4, 4, 2]])

    @jax.jit
    def run(x, lengths):
        (output, h), _ = layer.apply(params, {}, rnn.pack_padded_sequence(x, lengths))
        return rnn.pad_packed_sequence(output)[0], h

    for lane, got in enumerate(zip(*jax.vmap(run)(x, lengths), strict=True)):
        for o, e in zip(got, run(x[lane], lengths[lane]), strict=True):
            np.testing.assert_allclose(o, e, rtol=1e-5, atol=1e-6)
    packed = jax.vmap(rnn.pack_padded_sequence)(x, lengths)  # and a batch of packed ones
    h = jax.jit(jax.vmap(lambda packed: layer.apply(params, {}, packed)[0][1]))(packed)
    np.testing.assert_allclose(h[1], run(x[1], lengths[1])[1], rtol=1e-5, atol=1e-6)


def test_jvp_of_packed_agrees_with_the_gradient():
    layer = layers.LSTM(3, 4, proj_size=2)
    with jax.enable_x64():
        params, _ = jax.tree.map(lambda a: a.astype(jnp.float64), layer.init(jax.random.key(0)))

        def total(params, x, lengths):
            output, (h, c) = layer.apply(params, {}, rnn.pack_padded_sequence(x, lengths, enforce_sorted=False))[0]
            return (output.data**2).sum() + h.sum() + (c**3).sum()

        def both(lengths):
            primals = (params, jnp.asarray(SEQUENCES))
            f = lambda p, x: total(p, x, lengths)  # noqa: E731
            _, tangent = jax.jvp(f, primals, jax.tree.map(jnp.ones_like, primals))
            return tangent, sum(g.sum() for g in jax.tree.leaves(jax.grad(f, (0, 1))(*primals)))

        for tangent, gradient in (both(LENGTHS), jax.jit(both)(jnp.array(LENGTHS))):
            np.testing.assert_allclose(tangent, gradient, rtol=1e-10)


# Dropout.


def chain(dropout, train, rng, x):
    """Two layers that pass their inputs on, so the output shows the effect of dropout."""
    one, none = jnp.eye(x.shape[-1]), jnp.zeros((x.shape[-1],) * 2)
    return F.rnn_relu(x, None, [one, none, one, none], False, 2, dropout, train, rng=rng)[0]


def test_dropout_is_between_layers_and_unbiased():
    x = jnp.ones((20, 50, 20))
    y = chain(0.3, True, jax.random.key(0), x)
    assert set(np.unique(y).tolist()) == {0.0, float(np.float32(1 / 0.7))}
    kept = np.asarray(y > 0)
    assert abs(kept.mean() - 0.7) < 4 * np.sqrt(0.21 / kept.size)
    for axes in ((1, 2), (0, 2), (0, 1)):  # every element is drawn for itself
        n = kept.size / kept.mean(axes).size
        assert np.abs(kept.mean(axes) - 0.7).max() < 5 * np.sqrt(0.21 / n)
    np.testing.assert_array_equal(chain(0.3, True, jax.random.key(0), x), y)
    assert (chain(0.3, True, jax.random.key(1), x) != y).any()
    np.testing.assert_array_equal(chain(0.3, False, None, x), x)
    assert not chain(1.0, True, None, x).any()
    three = [jnp.eye(20), jnp.zeros((20, 20))] * 3
    twice = F.rnn_relu(x, None, three, False, 3, 0.3, True, rng=jax.random.key(0))[0]
    assert abs(float((twice > 0).mean()) - 0.49) < 0.02  # the second mask is another one
    single = F.rnn_relu(x, None, [jnp.eye(20), jnp.zeros((20, 20))], False, 1, 0.3, True)[0]
    np.testing.assert_array_equal(single, x)  # none behind the last layer


def test_dropout_of_modules_draws_in_training_alone():
    module = nn.GRU(3, 4, 2, dropout=0.5)
    x = jnp.ones((4, 2, 3))
    assert (module(x)[0] != module(x)[0]).any()
    module.eval()
    np.testing.assert_array_equal(module(x)[0], module(x)[0])
    packed = rnn.pack_padded_sequence(x, [4, 2])
    assert (module(packed, training=True)[0].data != module(packed)[0].data).any()


# The classes.


def test_dropout_without_a_second_layer_warns_as_torch_does():
    for namespace in (torch.nn, layers, nn):
        for name in ("GRU", "RNN"):
            with pytest.warns(UserWarning, match="num_layers") as caught:
                getattr(namespace, name)(3, 4, dropout=0.5)
            assert namespace is torch.nn or caught[0].filename == __file__


@pytest.mark.parametrize(
    "make",
    [
        lambda nn: nn.RNN(2, 3, 2, "relu", False, True, 0.5, True),
        lambda nn: nn.LSTM(2, 3, 2, dropout=1, proj_size=2),
        lambda nn: nn.GRU(2, 3, bias=False, batch_first=True),
        lambda nn: nn.RNNBase("RNN_TANH", 2, 3, 2, dropout=0.25),
        lambda nn: nn.RNNBase("LSTM", 2, 3, proj_size=1, bidirectional=True),
        lambda nn: nn.RNNBase("GRU", 2, 3, bias=False),
        lambda nn: nn.RNNCellBase(2, 3, False, 4),
        lambda nn: nn.RNNCellBase(2, 3, True, 2),
        lambda nn: nn.RNNCell(2, 3, False, "relu"),
        lambda nn: nn.RNNCell(0, 3),
    ],
)
def test_repr_and_state_dict_are_torchs(make):
    ours, theirs = make(nn), make(torch.nn)
    assert repr(ours) == repr(make(layers)) == repr(theirs)
    expected = {name: tuple(t.shape) for name, t in theirs.state_dict().items()}
    assert {name: a.shape for name, a in ours.state_dict().items()} == expected
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours._layer == make(layers) and pickle.loads(pickle.dumps(make(layers))) == make(layers)


def test_bases_have_no_forward():
    for base in (nn.RNNBase("GRU", 2, 3), nn.RNNCellBase(2, 3, True, 1)):
        with pytest.raises(NotImplementedError, match="forward"):
            base(jnp.ones((2, 2)))
    assert isinstance(nn.LSTM(2, 3), nn.RNNBase) and isinstance(layers.GRUCell(2, 3), layers.RNNCellBase)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
def test_arrays_start_uniform_as_torchs(name):
    params, _ = getattr(layers, name)(20, 25).init(jax.random.key(0))
    for array in params.values():
        assert array.max() <= 0.2 and array.min() >= -0.2
        assert abs(float(array.mean())) < 5 * 0.1155 / np.sqrt(array.size)
        assert abs(float(array.std()) - 0.1155) < 0.2 / np.sqrt(array.size)


def test_module_methods():
    module = nn.LSTM(2, 3, 2, bidirectional=True, proj_size=1)
    assert module.flatten_parameters() is None
    theirs = torch.nn.LSTM(2, 3, 2, bidirectional=True, proj_size=1)
    shapes = [[tuple(w.shape) for w in cell] for cell in theirs.all_weights]
    assert [[w.shape for w in cell] for cell in module.all_weights] == shapes
    module.dropout = 0.5
    assert "dropout=0.5" in repr(module)


# What is refused.

x, hx = jnp.ones((4, 2, 3)), jnp.zeros((1, 2, 4))
W, R, B = jnp.ones((4, 3)), jnp.ones((4, 4)), jnp.ones(4)
PARAMS = [W, R, B, B]
PACKED = rnn.pack_padded_sequence(x, [4, 2])

REFUSED = [
    (lambda: F.rnn_tanh_cell([1.0], None, W, R), "input must be an array, got list"),
    (lambda: F.rnn_tanh_cell(x, None, W, R), "input must have rank 1 or 2"),
    (lambda: F.rnn_relu_cell(x[0], jnp.zeros((1, 4)), W, R), "hx must have shape (2, 4), got shape (1, 4)"),
    (lambda: F.rnn_relu_cell(x[0], None, R, R), "input must have size 4 in its last dimension, got 3"),
    (lambda: F.gru_cell(x[0], None, jnp.ones((12, 3)), R), "w_hh must have shape (12, 4), got shape (4, 4)"),
    (lambda: F.gru_cell(x[0], None, jnp.ones((13, 3)), R), "w_ih must have shape (12, 3), got shape (13, 3)"),
    (lambda: F.rnn_tanh_cell(x[0], None, W, R, jnp.ones(3)), "b_ih must have shape (4,), got shape (3,)"),
    (lambda: F.rnn_tanh_cell(x[0], None, W, None), "w_hh must be an array, got NoneType"),
    (lambda: F.rnn_tanh_cell(x[0].astype("float16"), None, W, R), "have one dtype, got float16, float32, float32"),
    (lambda: F.rnn_tanh_cell(x[0].astype(int), None, W, R), "input must be a floating-point array"),
    (lambda: F.rnn_tanh_cell(x[0], None, B, R), "w_ih must have rank 2"),
    (lambda: F.lstm_cell(x[0], hx, jnp.ones((16, 3)), jnp.ones((16, 4))), "hx must be a pair of h and c"),
    (lambda: F.rnn_tanh(x[0, 0], None, PARAMS), "input must have rank 2 or 3"),
    (lambda: F.rnn_tanh(x[:0], None, PARAMS), "input must have length 1 or more, got 0"),
    (lambda: F.rnn_tanh(x, None, PARAMS[:3]), "params must be 4 arrays for each of 1 layers and 1 directions, got 3"),
    (lambda: F.lstm(x, None, PARAMS[:3]), "params must be 4 or 5 arrays for each"),
    (lambda: F.rnn_tanh(x, None, W), "params must be 4 arrays"),
    (lambda: F.rnn_tanh(x, None, [W, R] * 2, False, 2), "params[2] must have shape (4, 4), got shape (4, 3)"),
    (lambda: F.rnn_tanh(x, None, [W, R, R[:2], R[:2, :2]], False, 2), "params from 2 must have hidden sizes (4, 4)"),
    (lambda: F.rnn_tanh(x, hx[0], PARAMS), "hx must have shape (1, 2, 4), got shape (2, 4)"),
    (lambda: F.rnn_tanh(x[:, 0], hx, PARAMS), "hx must have shape (1, 4), got shape (1, 2, 4)"),
    (lambda: F.rnn_tanh(x, hx.astype("bfloat16"), PARAMS), "have one dtype, got float32, bfloat16"),
    (lambda: F.rnn_tanh(x, None, PARAMS, True, 1, 1.5), "dropout must be a probability, from 0 to 1, got 1.5"),
    (lambda: F.rnn_tanh(x, None, PARAMS, True, 0), "num_layers must be at least 1, got 0"),
    (lambda: F.gru(x, None, [W, R], False), "params[0] must have shape (3, 3), got shape (4, 3)"),
    (lambda: chain(0.5, True, None, jnp.ones((2, 3))), "rng must be a jax key"),
    (lambda: F.rnn_tanh(PACKED._replace(data=x), None, PARAMS), "input.data must have rank 2"),
    (lambda: F.rnn_tanh(PACKED._replace(data=x[0]), None, PARAMS), "batch_sizes must never increase"),
    (lambda: F.rnn_tanh(PACKED, jnp.zeros((1, 3, 4)), PARAMS), "hx must have shape (1, 2, 4), got shape (1, 3, 4)"),
    (lambda: layers.LSTM(3, 4, proj_size=4), "proj_size must be at least 0 and below hidden_size=4, got 4"),
    (lambda: layers.LSTM(3, 4, proj_size=-1), "proj_size must be at least 0"),
    (lambda: layers.GRU(0, 4), "input_size must be at least 1, got 0"),
    (lambda: layers.GRU(3, 4.0), "hidden_size must be an integer, got 4.0"),
    (lambda: layers.GRU(3, 4, 0), "num_layers must be at least 1, got 0"),
    (lambda: layers.GRU(3, 4, bias=1), "bias must be True or False, got 1"),
    (lambda: layers.GRU(3, 4, 2, dropout=True), "dropout must be a probability"),
    (lambda: layers.GRU(3, 4, 2, dropout=2.0), "dropout must be a probability, from 0 to 1, got 2.0"),
    (lambda: layers.GRU(3, 4, proj_size=2), "proj_size"),
    (lambda: layers.RNN(3, 4, nonlinearity="gelu"), "nonlinearity must be one of 'tanh', 'relu', got 'gelu'"),
    (lambda: layers.RNNCell(3, 4, nonlinearity="gelu"), "nonlinearity must be one of"),
    (lambda: layers.RNNBase("X", 3, 4), "mode must be one of 'RNN_TANH', 'RNN_RELU', 'LSTM', 'GRU', got 'X'"),
    (lambda: layers.RNNCell(3, -1), "hidden_size must be at least 0, got -1"),
    (lambda: nn.RNN(2, 4)(x), "rnn_tanh: input must have size 2 in its last dimension, got 3\n  in RNN(2, 4)"),
    (lambda: rnn.pack_padded_sequence(x, [5, 2]), "lengths must be from 1 to 4, got [5, 2]"),
    (lambda: rnn.pack_padded_sequence(x, [3, 0]), "lengths must be from 1 to 4, got [3, 0]"),
    (lambda: rnn.pack_padded_sequence(x, [2, 3]), "lengths must be sorted, the longest first, or enforce_sorted=False"),
    (lambda: rnn.pack_padded_sequence(x, [2]), "lengths must have shape (2,), one for each sequence, got shape (1,)"),
    (lambda: rnn.pack_padded_sequence(x, [2.0, 1.0]), "lengths must be integers, got dtype float64"),
    (lambda: rnn.pack_padded_sequence(x[:, 0, 0], [1]), "input must have rank 2 or more"),
    (lambda: rnn.pack_padded_sequence(x[:, :0], []), "input must not be empty"),
    (lambda: rnn.pad_packed_sequence(x), "sequence must be a PackedSequence, got"),
    (lambda: rnn.pad_packed_sequence(PACKED, total_length=3), "total_length must be at least 4"),
    (lambda: rnn.pad_sequence([]), "sequences must be one array or more, got none"),
    (lambda: rnn.pad_sequence(5), "sequences must be arrays, got int"),
    (lambda: rnn.pad_sequence([x, x[:, 0]]), "sequences[1] must have shape (L, 2, 3), got (4, 3)"),
    (lambda: rnn.pad_sequence([x], padding_side="top"), "padding_side must be one of 'right', 'left', got 'top'"),
    (lambda: rnn.unpad_sequence(x, [1]), "lengths must have shape (2,), one for each sequence, got shape (1,)"),
    (lambda: jax.jit(rnn.unpad_sequence)(x, jnp.array([1, 1])), "lengths must be known outside of jit, since shapes"),
    (lambda: jax.jit(rnn.unpack_sequence)(PACKED), "batch_sizes must be known outside of jit, since shapes"),
    (lambda: rnn.invert_permutation(jnp.ones(2)), "permutation must be an integer array"),
    (lambda: PackedSequence(x), "data must be a pair of data and batch_sizes, or both"),
    (lambda: jax.jit(lambda s: F.rnn_tanh(PackedSequence(x[0], s), None, PARAMS))(jnp.array([1, 1])), "must be known"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message[:60] for _, message in REFUSED])
def test_bad_calls_are_refused(call, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert message in str(caught.value)
