"""Every family over four devices, with the mesh's axes explicit and inside of ``jax.shard_map``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("way", ["explicit", "shard_map"])
def test_a_sharded_batch(way):
    probe = Path(__file__).with_name("mesh_probe.py")
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": root}
    done = subprocess.run([sys.executable, probe, way], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
