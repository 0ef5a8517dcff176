"""Every row of the table of layers through the generic suites."""

import copy
import functools
import gc
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from functional_engine import assert_close
from layer_engine import Row, arrays_of, check_against_torch, flat, to_jax
from layer_table import TABLE

from purenn import layers, nn, random
from purenn.tree import flatten


def _marked(rows, slow):
    """Parameters for every row. Rows for which `slow` is true, by number and row, run with the slow tests."""
    return [pytest.param(r, id=repr(r), marks=pytest.mark.slow if slow(i, r) else ()) for i, r in enumerate(rows)]


FIRST = {row.name: row for row in reversed(TABLE)}
every_row = pytest.mark.parametrize("row", TABLE, ids=repr)
every_class = pytest.mark.parametrize("row", _marked(TABLE, lambda i, row: FIRST[row.name] is not row))


def modes(row: Row) -> list[bool]:
    """Both modes for a layer with running statistics or random numbers. For others both modes are one program."""
    running = any("running_mean" in part.buffers() for part in parts(row.layer()))
    return [True, False] if running or row.random else [True]


def keywords(row: Row, training: bool = True) -> dict:
    return {"training": training, **({"rng": jax.random.key(7)} if row.random and training else {})}


def leaves_equal(a, b, **tolerance) -> None:
    a, b = jax.tree.leaves(a), jax.tree.leaves(b)
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert x.dtype == y.dtype and x.shape == y.shape
        np.testing.assert_allclose(np.asarray(x, np.float64), np.asarray(y, np.float64), **tolerance)


def parts(layer) -> list:
    return [layer, *(p for child in layer.children().values() for p in parts(child))]


def rows_dtypes_and_modes():
    """Every row in float64, the first row of a class in float32 and in one of the half types. The rest is slow."""
    for number, row in enumerate(TABLE):
        needed = modes(row)
        for kind, dtype in enumerate(("float16", "bfloat16", "float32", "float64")):
            for training in (True, False):
                first = FIRST[row.name] is row and training == needed[number % len(needed)]
                fast = (first and kind in (2, number % 2)) or (dtype == "float64" and training in needed)
                mode = "train" if training else "eval"
                yield pytest.param(
                    row, dtype, training, id=f"{mode}-{dtype}-{row!r}", marks=() if fast else pytest.mark.slow
                )


@pytest.mark.parametrize(("row", "dtype", "training"), list(rows_dtypes_and_modes()))
def test_layer_is_torchs(row: Row, training, dtype):
    if row.random and training:
        pytest.skip("torch draws other numbers")
    torch.manual_seed(0)
    theirs = row.theirs().to(getattr(torch, dtype))
    if dtype in ("float16", "bfloat16"):
        try:  # torch has not all of its layers, nor all gradients, in half types on the CPU
            result = flat(copy.deepcopy(theirs).train(training)(*row.tensors(dtype)))
            torch.autograd.backward([r.sum() for r in result if r.requires_grad])
        except RuntimeError:
            pytest.skip(f"torch has no {row.name} in {dtype} on the CPU")
    with jax.enable_x64(dtype == "float64"):
        check_against_torch(
            row.layer(), theirs, row.tensors(dtype), {}, training=training, dtype=dtype, tolerance=row.tolerance
        )


@every_class
def test_module_is_torchs(row: Row):
    torch.manual_seed(0)
    theirs, ours = row.theirs(), row.module()
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    for training in modes(row):
        theirs.train(training), ours.train(training)
        if row.random and training:
            continue  # torch draws other numbers
        for _ in range(2):  # the second call starts from the first one's buffers
            expected, got = flat(theirs(*row.tensors())), flat(ours(*row.arrays()))
            for o, t in zip(got, expected, strict=True):
                assert_close(o, t, "float32", row.tolerance, "output")
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, tensor in theirs.state_dict().items():
        assert_close(ours.state_dict()[name], tensor, "float32", row.tolerance, name)


@every_row
def test_init_promises_torchs_state_dict(row: Row):
    params, state = row.layer().init(jax.random.key(0))
    expected = {name: tuple(t.shape) for name, t in row.theirs().state_dict().items()}
    assert {name: a.shape for name, a in {**flatten(params), **flatten(state)}.items()} == expected
    assert set(flatten(params)) == {name for name, _ in row.theirs().named_parameters()}
    assert {name: a.shape for name, a in row.module().state_dict().items()} == expected
    if FIRST[row.name] is row:
        jitted = jax.jit(row.layer().init)(jax.random.key(0))
        leaves_equal((params, state), jitted, rtol=1e-6, atol=1e-7)
    with random.seeded(jax.random.key(0)):
        fresh = row.module()
    leaves_equal((params, state), (fresh.params, fresh.state))


@every_class
def test_eager_jit_checkpoint_and_eval_shape_agree(row: Row):
    layer, inputs, options = row.layer(), row.arrays(), keywords(row)
    params, state = layer.init(jax.random.key(0))

    def call(params, state, *inputs):
        return layer.apply(params, state, *inputs, **options)

    gc.freeze()  # the check collects garbage again and again: only what comes now is looked at
    with jax.checking_leaks():
        jitted = jax.jit(call)(params, state, *inputs)
    gc.unfreeze()
    if not layer.children():  # each operation is compiled by itself: that of the parts is compared with the parts
        leaves_equal(call(params, state, *inputs), jitted, rtol=1e-5, atol=1e-5)
    promised = jax.eval_shape(call, params, state, *inputs)
    assert jax.tree.map(lambda a: (a.shape, a.dtype), promised) == jax.tree.map(lambda a: (a.shape, a.dtype), jitted)
    assert jax.tree.structure(jitted[1]) == jax.tree.structure(state)

    def total(apply, params):
        smooth = [y for y in flat(apply(params, state, *inputs)[0]) if jnp.issubdtype(y.dtype, jnp.floating)]
        return sum(jnp.sum(y * y) for y in smooth)

    gradients = jax.jit(lambda p: [jax.grad(functools.partial(total, f))(p) for f in (call, jax.checkpoint(call))])
    leaves_equal(*gradients(params), rtol=1e-4, atol=1e-4)


@every_class
def test_vmap_over_examples_and_over_weights(row: Row):
    if not row.vmap:
        pytest.skip("its shapes depend on data")
    layer, inputs = row.layer(), row.arrays()
    keys = jax.random.split(jax.random.key(0), 2)
    params, state = jax.vmap(layer.init)(keys)
    stacked = [jnp.stack([x, jnp.flip(x)]) for x in inputs]
    single = jax.jit(lambda p, s, *x: layer.apply(p, s, *x))
    outputs, _ = jax.jit(jax.vmap(single))(params, state, *stacked)
    for lane in (0, 1):
        pick = lambda tree, lane=lane: jax.tree.map(lambda a: a[lane], tree)  # noqa: E731
        leaves_equal(pick(outputs), single(pick(params), pick(state), *pick(stacked))[0], rtol=1e-5, atol=1e-5)


@every_class
def test_equal_layers_are_one_and_compile_once(row: Row):
    first, second = row.layer(), row.layer()
    assert first == second and hash(first) == hash(second) and first.apply is second.apply
    assert pickle.loads(pickle.dumps(first)) == first and copy.deepcopy(first) is first
    init, apply = first
    assert init is first.init and apply is first.apply
    traces = []

    class Counted(layers.Composite):
        def children(self):
            return {"inner": row.layer()}

        def forward(self, m, *inputs):
            traces.append(1)
            return m.inner(*inputs)

    for _ in range(2):
        layer = Counted()
        params, state = layer.init(jax.random.key(0))
        jax.jit(layer.apply)(params, state, *row.arrays())
    assert len(traces) == 1


@every_class
def test_module_round_trips(row: Row):
    module = row.module().eval()
    expected = module(*row.arrays())
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert type(twin) is type(module) and repr(twin) == repr(module)
        leaves_equal(twin(*row.arrays()), expected)
    other = row.module().eval()
    other.load_state_dict(module.state_dict())
    leaves_equal(other(*row.arrays()), expected)
    other.params, other.state = module.params, module.state
    leaves_equal(other.compile()(*row.arrays()), expected, rtol=1e-6, atol=1e-6)
    back = row.theirs()
    back.load_state_dict({name: torch.from_numpy(np.array(a)) for name, a in module.state_dict().items()})
    leaves_equal(to_jax(dict(back.state_dict())), dict(module.state_dict()))


@every_row
def test_repr_is_torchs(row: Row):
    assert repr(row.layer()) == repr(row.module()) == repr(row.theirs())


@every_class
def test_layer_and_module_are_the_same_arithmetic(row: Row):
    module, layer = row.module(), row.layer()
    params, state = module.params, module.state
    options = keywords(row)
    one, new = jax.jit(lambda p, s, *x: layer.apply(p, s, *x, **options))(params, state, *row.arrays())
    two, same = jax.jit(lambda p, s, *x: nn.functional_call(module, p, s, *x, **options))(params, state, *row.arrays())
    leaves_equal((one, new), (two, same))
    leaves_equal((module.params, module.state), (params, state))
    if row.random:
        with pytest.raises(ValueError, match=r"rng") as caught:
            layer.apply(params, state, *row.arrays(), training=True)
        assert any(repr(part) in str(caught.value) for part in parts(layer))


@every_class
def test_wrong_arrays_are_refused_by_name(row: Row):
    layer = row.layer()
    params, state = layer.init(jax.random.key(0))
    with pytest.raises(ValueError, match="params must hold") as caught:
        layer.apply({**params, "wieght": jnp.ones(3)}, state, *row.arrays())
    assert repr(layer) in str(caught.value) and "wieght (3,)" in str(caught.value)
    for kind, tree in (("params", params), ("state", state)):
        if not tree:
            continue
        for broken in ({}, jax.tree.map(lambda a: jnp.ones((*a.shape, 7), a.dtype), tree)):
            given = {"params": params, "state": state, kind: broken}
            with pytest.raises(ValueError, match=f"{kind} must hold"):
                layer.apply(given["params"], given["state"], *row.arrays())
    with pytest.raises(TypeError, match="params must be a dict, got list"):
        layer.apply([], state, *row.arrays())


def test_every_class_has_a_row():
    """Lazy layers have their own tests. Bases and lists can't be called and need none here."""
    named = {row.name for row in TABLE} | {"Layer", "Composite", "RNNBase", "RNNCellBase", "ModuleList"}
    public = {n for n, v in vars(layers).items() if isinstance(v, type) and issubclass(v, layers.Layer) and not v.lazy}
    assert public <= named, f"no row for {sorted(public - named)}"


def test_arrays_of_needs_the_same_names():
    with pytest.raises(AssertionError):
        arrays_of(torch.nn.Linear(2, 2), layers.Linear(2, 2, bias=False))
