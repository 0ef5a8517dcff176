"""A batch over several devices, of which the CPU shows as many as it is asked for."""

import os
import subprocess
import sys

import jax.numpy as jnp
import pytest

from purenn import nn

SCRIPT = """
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


def test_batches_are_split_over_devices():
    options = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env={**os.environ, **options})
    assert done.returncode == 0, done.stderr


def test_one_device_is_the_module_itself():
    inner = nn.Linear(3, 2)
    net = nn.DataParallel(inner, device_ids=[0])
    assert (net(jnp.ones((4, 3))) == inner(jnp.ones((4, 3)))).all()
    assert list(net.state_dict()) == ["module.weight", "module.bias"]
    with pytest.raises(ValueError, match="at least one device"):
        nn.DataParallel(inner, device_ids=[])
