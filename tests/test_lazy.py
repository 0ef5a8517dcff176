"""Layers that take a size from their first input, beside torch's."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from functional_engine import assert_close
from layer_engine import to_jax

from purenn import functional as F
from purenn import layers, nn
from purenn.tree import flatten

SHAPES = {1: (2, 3, 8), 2: (2, 3, 8, 8), 3: (2, 3, 8, 8, 8)}
ROWS = [("LazyLinear", (4,), {}, (2, 5, 3)), ("LazyLinear", (4,), {"bias": False}, (3,))]
for n, shape in SHAPES.items():
    ROWS += [
        (f"LazyConv{n}d", (4, 3), {"groups": 3 if n == 1 else 1, "padding": 1}, shape),
        (f"LazyConvTranspose{n}d", (4, 3), {"bias": n != 2}, shape[1:]),
        (f"LazyBatchNorm{n}d", (), {"momentum": 0.3}, shape),
        (f"LazyInstanceNorm{n}d", (), {"affine": n != 3}, shape),
    ]
ROWS[2] = ("LazyConv1d", (6, 3), {"groups": 3, "padding": 1}, SHAPES[1])
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r[0]}-{r[2]}")


def made(row):
    name, args, kwargs, shape = row
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return getattr(layers, name)(*args, **kwargs), getattr(nn, name), getattr(torch.nn, name)(*args, **kwargs), x


@every_row
def test_lazy_is_torchs(row):
    layer, module_class, theirs, x = made(row)
    module = module_class(*row[1], **row[2])
    assert repr(layer) == repr(module) == repr(theirs)
    assert module.state_dict() == {} and list(module.parameters()) == []
    module(jnp.asarray(x))
    theirs(torch.from_numpy(x))
    assert type(module).__name__ == type(theirs).__name__ and repr(module) == repr(theirs)
    shapes = {name: tuple(t.shape) for name, t in theirs.state_dict().items()}
    assert {name: a.shape for name, a in module.state_dict().items()} == shapes
    params, state = layer.init(jax.random.key(0), jax.ShapeDtypeStruct(x.shape, x.dtype))
    assert {name: a.shape for name, a in {**flatten(params), **flatten(state)}.items()} == shapes
    assert {name: a.shape for name, a in flatten(layer.init(jax.random.key(0), x)[0]).items()} == {
        name: tuple(t.shape) for name, t in theirs.named_parameters()
    }
    other = module_class(*row[1], **row[2])
    assert other.load_state_dict(theirs.state_dict()) == ([], [])
    other.eval(), theirs.eval()
    expected = theirs(torch.from_numpy(x)).detach()
    assert_close(other(jnp.asarray(x)), expected, "float32", 1.0, "loaded module")
    loaded, held = other.params, other.state
    assert_close(jax.jit(layer.apply)(loaded, held, x)[0], expected, "float32", 1.0, "layer")
    assert pickle.loads(pickle.dumps(layer)) == layer
    assert type(pickle.loads(pickle.dumps(module_class(*row[1], **row[2])))) is module_class
    fresh = copy.deepcopy(theirs).apply(lambda part: [p.data.zero_() for p in part.parameters()])
    fresh.load_state_dict({n: torch.from_numpy(np.array(a)) for n, a in other.state_dict().items()})
    assert_close(to_jax(fresh.eval()(torch.from_numpy(x))), expected, "float32", 1.0, "back in torch")


def net(namespace):
    return namespace.Sequential(
        namespace.LazyConv2d(4, 3), namespace.LazyBatchNorm2d(), namespace.Flatten(), namespace.LazyLinear(5)
    )


X = jnp.ones((2, 3, 8, 8))


def test_a_net_of_lazy_layers_is_a_pair():
    layer = net(layers)
    params, state = jax.jit(layer.init)(jax.random.key(0), X)
    again, _ = layer.init(jax.random.key(0), jax.ShapeDtypeStruct(X.shape, X.dtype))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), params, again)
    y, new = jax.jit(lambda p, s, x: layer.apply(p, s, x, training=True))(params, state, X)
    assert y.shape == (2, 5) and int(new["1"]["num_batches_tracked"]) == 1


@pytest.mark.parametrize("compiled", [False, True])
def test_a_net_of_lazy_modules_learns(compiled):
    module = net(nn)
    if compiled:
        module.compile()
    with pytest.raises(ValueError, match="call it once before"):
        nn.Optimizer(module, optax.sgd(0.1))
    module(X)
    opt = nn.Optimizer(module, optax.sgd(0.1))
    first = opt.step(lambda net, x, y: F.mse_loss(net(x), y), X, jnp.ones((2, 5)))
    assert opt.step(lambda net, x, y: F.mse_loss(net(x), y), X, jnp.ones((2, 5))) < first


def test_what_cannot_be_known_is_said():
    layer = net(layers)
    with pytest.raises(ValueError, match=r"takes sizes from its input: init\(rng, x\)"):
        layer.init(jax.random.key(0))
    with pytest.raises(ValueError, match=r"there are no arrays yet.*\n  in 0: LazyConv2d\(0, 4"):
        layer.apply({}, {}, X)
    with pytest.raises(ValueError, match="there are no arrays yet"):
        nn.functional_call(nn.LazyLinear(3), {}, {}, jnp.ones((2, 3)))
    with pytest.raises(ValueError, match="takes sizes from its input"):
        nn.pure(lambda: nn.LazyLinear(3)).init(jax.random.key(0))
    with pytest.raises(ValueError, match="input must have rank 3 or 4, of a sample or a batch"):
        nn.LazyConv2d(4, 3)(jnp.ones((2, 3)))

    class Unused(layers.Composite):
        def children(self):
            return {"used": layers.LazyLinear(2), "unused": layers.LazyLinear(2)}

        def forward(self, m, x):
            return m.used(x)

    with pytest.raises(ValueError, match="is not called on this example"):
        Unused().init(jax.random.key(0), jnp.ones((1, 3)))


def test_a_load_that_fails_leaves_it_lazy():
    module = net(nn)
    with pytest.raises(RuntimeError, match="Missing key"):
        module.load_state_dict({"0.weight": jnp.ones((4, 3, 3, 3))})
    assert repr(module) == repr(net(torch.nn)) and module.state_dict() == {}
