"""Batch norm of a divided batch, beside torch's batch norm of the whole batch, which equals torch's SyncBatchNorm."""

import os
import pickle
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from functional_engine import assert_close

from purenn import functional as F
from purenn import layers, nn
from purenn.tree import flatten

X = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32) * 2 + 1  # two parts of (3, 4, 5)
WEIGHTS = np.random.default_rng(1).standard_normal(X.shape).astype(np.float32)


def torchs(options, training=True):
    torch.manual_seed(0)
    theirs = torch.nn.SyncBatchNorm(4, **options).train(training)
    x = torch.from_numpy(X.reshape(6, 4, 5)).requires_grad_()
    y = theirs(x)
    (y * torch.from_numpy(WEIGHTS.reshape(6, 4, 5))).sum().backward()
    return theirs, y, x.grad


OPTIONS = [{}, {"momentum": None, "eps": 1e-2}, {"bias": False}, {"affine": False, "track_running_stats": False}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("axis", ["batch", ("batch",)], ids=str)
def test_under_vmap(options, axis):
    layer = layers.SyncBatchNorm(4, **options, process_group=axis)
    params, state = layer.init(jax.random.key(0))

    def run(params, x):
        apply = lambda x: layer.apply(params, state, x, training=True)  # noqa: E731
        y, new = jax.vmap(apply, axis_name="batch")(x)
        return jnp.sum(y * WEIGHTS), (y, new)

    (grads, x_grad), (y, new) = jax.jit(jax.grad(run, argnums=(0, 1), has_aux=True))(params, jnp.asarray(X))
    theirs, expected, expected_grad = torchs(options)
    assert_close(y.reshape(6, 4, 5), expected, "float32", 1.0, "output")
    assert_close(x_grad.reshape(6, 4, 5), expected_grad, "float32", 1.0, "gradient")
    for name, parameter in theirs.named_parameters():
        assert_close(grads[name], parameter.grad, "float32", 1.0, name)
    for name, buffer in theirs.named_buffers():
        for part in new[name]:
            assert_close(part, buffer, "float32", 1.0, name)


def test_only_what_is_the_batchs_own_in_training_is_shared():
    layer = layers.SyncBatchNorm(4, process_group="batch", track_running_stats=False)
    params, state = layer.init(jax.random.key(0))
    alone = layers.BatchNorm1d(4, track_running_stats=False)
    got, _ = layer.apply(params, state, X[0])  # evaluation: no axis is needed
    assert np.array_equal(got, alone.apply(params, state, X[0])[0])
    with pytest.raises(ValueError, match="axis_name must be .* got 'batch'"):
        layer.apply(params, state, X[0], training=True)


def test_one_value_in_each_part():
    """Two values in all have a variance. torch would refuse, because it counts one part alone."""
    x = np.array([[[1.0]], [[3.0]]], np.float32)
    layer = layers.SyncBatchNorm(1, process_group="i", eps=1e-12)
    apply = lambda x: layer.apply(*layer.init(jax.random.key(0)), x, training=True)  # noqa: E731
    y, state = jax.vmap(apply, axis_name="i")(x)
    assert np.allclose(y.ravel(), [-1, 1]) and np.allclose(state["running_var"], 0.9 + 0.1 * 2)
    with pytest.raises(ValueError, match="more than 1 value"):
        jax.vmap(apply, axis_name="i")(x[:1])


def test_bad_inputs():
    layer = layers.SyncBatchNorm(4)
    for x in (X[0, 0, 0], X[0][:, :0]):
        with pytest.raises(ValueError, match="sync_batch_norm: input must have"):
            layer.apply(*layer.init(jax.random.key(0)), x)


def test_functional_without_an_axis_is_batch_norm():
    arguments = (X[0], jnp.zeros(4), jnp.ones(4), None, None, True)
    assert np.array_equal(F.sync_batch_norm(*arguments), F.batch_norm(*arguments))


SHARDED = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import PartitionSpec as P
from purenn import layers

assert jax.device_count() == 2
x = np.random.default_rng(0).standard_normal((6, 4, 5)).astype(np.float32) * 2 + 1
w = np.random.default_rng(1).standard_normal(x.shape).astype(np.float32)
mesh = jax.make_mesh((2,), ("batch",), axis_types=(jax.sharding.AxisType.Auto,))
sync, plain = layers.SyncBatchNorm(4, process_group="batch"), layers.BatchNorm1d(4)
params, state = plain.init(jax.random.key(0))

def parts(params, x, w):
    y, new = sync.apply(params, state, x, training=True)
    return jax.lax.psum(jnp.sum(y * w), "batch"), (y, new)

sharded = jax.shard_map(
    parts, mesh=mesh, in_specs=(P(), P("batch"), P("batch")), out_specs=(P(), (P("batch"), P()))
)

def whole(params, x, w):
    y, new = plain.apply(params, state, x, training=True)
    return jnp.sum(y * w), (y, new)

got = jax.jit(jax.grad(sharded, argnums=(0, 1), has_aux=True))(params, x, w)
expected = jax.grad(whole, argnums=(0, 1), has_aux=True)(params, x, w)
placed = jax.device_put(x, jax.NamedSharding(mesh, P("batch")))
under_jit = jax.jit(jax.grad(whole, argnums=(0, 1), has_aux=True))(params, placed, w)
for other in (got, under_jit):
    for a, b in zip(jax.tree.leaves(other), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
print("agree")
"""


def test_under_shard_map_on_two_devices():
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SHARDED)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "agree", done.stderr


# Conversion.


class Block(layers.Composite):
    channels: int

    def children(self):
        return {"norm": layers.BatchNorm1d(self.channels, eps=1e-3), "act": layers.ReLU()}

    def forward(self, m, x):
        return m.act(m.norm(x))


class Twice(layers.Composite):
    inner: layers.Layer

    def children(self):
        return {"first": self.inner, "second": self.inner}

    def forward(self, m, x):
        return m.second(m.first(x))


def test_convert_layers():
    net = layers.Sequential(layers.Linear(3, 4), Block(4), Twice(layers.BatchNorm1d(4, bias=False)))
    got = layers.SyncBatchNorm.convert_sync_batchnorm(net, "batch")
    assert isinstance(got, layers.Sequential) and isinstance(got[1], Block) and isinstance(got[2], Twice)
    assert repr(got) == repr(net).replace("BatchNorm1d", "SyncBatchNorm")
    assert got[2].inner == layers.SyncBatchNorm(4, bias=False, process_group="batch")
    again = layers.SyncBatchNorm.convert_sync_batchnorm(net, "batch")
    assert got == again != net and hash(got) == hash(again) and pickle.loads(pickle.dumps(got)) == got
    params, state = net.init(jax.random.key(0))
    x = np.ones((2, 5, 3), np.float32) * np.arange(5, dtype=np.float32)[:, None]
    apply = lambda x: got.apply(params, state, x, training=True)[0]  # noqa: E731
    expected, _ = net.apply(params, state, x.reshape(10, 3), training=True)
    np.testing.assert_allclose(jax.vmap(apply, axis_name="batch")(x).reshape(10, 4), expected, rtol=1e-4, atol=1e-5)
    plain = layers.Sequential(layers.Linear(3, 4))
    assert layers.SyncBatchNorm.convert_sync_batchnorm(plain) is plain
    assert layers.SyncBatchNorm.convert_sync_batchnorm(layers.BatchNorm2d(3)) == layers.SyncBatchNorm(3)
    with pytest.raises(TypeError, match="a layer"):
        layers.SyncBatchNorm.convert_sync_batchnorm(3)
    with pytest.raises(TypeError, match=r"be a layer \(nn\.SyncBatchNorm"):
        layers.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(3))


def test_convert_modules():
    def made(library):
        shared = library.BatchNorm1d(4, eps=1e-3)
        norms = [library.BatchNorm2d(3, affine=False), library.BatchNorm3d(3, bias=False, momentum=None)]
        return library.Sequential(shared, library.ModuleList(norms), library.Linear(2, 2))

    ours, theirs = made(nn), made(torch.nn)
    ours[1][0].eval()
    ours[0].weight, ours[0].running_mean = jnp.arange(4.0), jnp.arange(4.0)
    before, linear = ours.state_dict(), ours[2]
    got = nn.SyncBatchNorm.convert_sync_batchnorm(ours, "batch")
    expected = torch.nn.SyncBatchNorm.convert_sync_batchnorm(theirs)
    assert got is ours and got[2] is linear and repr(got) == repr(expected)
    assert list(got.state_dict()) == list(before) == list(expected.state_dict())
    assert all(got.state_dict()[name] is before[name] for name in before)
    assert isinstance(got[0], nn.SyncBatchNorm) and got[0].process_group == "batch"
    assert got[0].training and not got[1][0].training
    assert isinstance(nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(3)), nn.SyncBatchNorm)
    assert nn.SyncBatchNorm.convert_sync_batchnorm(layers.BatchNorm1d(3)) == layers.SyncBatchNorm(3)
    with pytest.raises(TypeError, match="a layer or a module"):
        nn.SyncBatchNorm.convert_sync_batchnorm(3)


def test_convert_a_module_of_a_composite():
    module = nn.stateful(Block)(4)
    x = jnp.arange(12.0).reshape(3, 4)
    expected = module.eval()(x)
    got = nn.SyncBatchNorm.convert_sync_batchnorm(module)
    assert isinstance(got.norm, nn.SyncBatchNorm) and flatten(got.params).keys() == {"norm.weight", "norm.bias"}
    assert np.array_equal(got(x), expected)
