"""A batch over several devices. The CPU simulates any number of them."""

import os
import subprocess
import sys

import jax.numpy as jnp
import pytest

from purenn import nn

EAGER = """
import jax, jax.numpy as jnp, numpy as np
from purenn import nn
assert len(jax.devices()) == 4
inner = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU())
x = jnp.asarray(np.random.default_rng(0).standard_normal((8, 3)), jnp.float32)
for size, split in ((8, True), (6, False)):
    expected = inner.eval()(jnp.asarray(np.asarray(x[:size])))
    net = nn.DataParallel(inner)
    seen = []
    handle = inner[0].register_forward_pre_hook(lambda m, args: seen.append(args[0].sharding))
    got = net(x[:size])
    handle.remove()
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert len(seen[0].device_set) == 4 and seen[0].is_fully_replicated != split
    assert got.sharding.device_set == {jax.devices()[0]}
net = nn.DataParallel(nn.Linear(3, 2), device_ids=[1, 2], output_device=2)
assert net(x).sharding.device_set == {jax.devices()[2]}
"""

PURE = """
import queue
import jax, jax.numpy as jnp, numpy as np, optax, purenn
from purenn import nn

seen = queue.SimpleQueue()

class Look(nn.Module):
    def forward(self, x):
        jax.debug.inspect_array_sharding(jax.lax.stop_gradient(x), callback=seen.put)
        return x

def make():
    purenn.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), Look(), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))

def loss(net, x):
    return (net(x) ** 2).mean()

def step(net, x):
    optimizer = nn.Optimizer(net, optax.sgd(0.1, momentum=0.9))
    return [float(optimizer.step(loss, x)) for _ in range(3)], net.state_dict()

def pure_loss(net):
    return lambda params, x: loss(lambda x: nn.functional_call(net, params, net.state, x, training=True)[0], x)

CALLS = {
    "step": step,
    "compile": lambda net, x: net.compile()(x),
    "value_and_grad": lambda net, x: nn.value_and_grad(loss)(net, x),
    "functional_call": lambda net, x: nn.functional_call(net, net.params, net.state, x, training=True),
    "grad": lambda net, x: jax.value_and_grad(pure_loss(net))(net.params, x),
    "jit": lambda net, x: jax.jit(jax.value_and_grad(pure_loss(net)))(net.params, x),
    "keyword": lambda net, x: net.compile()(input=x),
    "moved": lambda net, x: net.compile()(jax.device_put(x, net_sharding(net))),
    "after an eager call": lambda net, x: (net(x), nn.Optimizer(net, optax.sgd(0.1)).step(loss, x), net.eval()(x)),
}

def net_sharding(net):
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("batch",))
    return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))

assert len(jax.devices()) == 8
rows = np.random.default_rng(0).standard_normal((16, 3)).astype("float32")
for name, call in CALLS.items():
    for size in (16, 13) if name in ("step", "compile") else (16,):
        x = jnp.asarray(rows[:size])
        results = []
        for net in (nn.DataParallel(make(), device_ids=[0]), nn.DataParallel(make())):
            while not seen.empty():
                seen.get()
            results.append([np.asarray(a) for a in jax.tree.leaves(call(net, x))])
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg=name)
        found = seen.get()
        assert found.is_fully_replicated == (size == 13), (name, found)
        assert size == 13 or len(found.device_set) == 8, (name, found)
one = nn.DataParallel(make(), device_ids=[2, 5])
one.compile()(jnp.asarray(rows))
while not seen.empty():
    found = seen.get()
assert {d.id for d in found.device_set} == {2, 5} and not found.is_fully_replicated
"""


@pytest.mark.parametrize(("script", "count"), [(EAGER, 4), (PURE, 8)])
def test_batches_are_split_over_devices(script, count):
    options = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={count}", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, **options})
    assert done.returncode == 0, done.stderr


def test_one_device_is_the_module_itself():
    inner = nn.Linear(3, 2)
    net = nn.DataParallel(inner, device_ids=[0])
    assert (net(jnp.ones((4, 3))) == inner(jnp.ones((4, 3)))).all()
    assert list(net.state_dict()) == ["module.weight", "module.bias"]
    with pytest.raises(ValueError, match="at least one device"):
        nn.DataParallel(inner, device_ids=[])
