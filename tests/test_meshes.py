"""Every family over four devices, with explicit axes of the mesh and inside ``jax.shard_map``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def check(probe, way, *names):
    root = Path(__file__).parent
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(root.parent)}
    command = [sys.executable, root / probe, way, *names]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("way", "first"), [("explicit", "0"), ("shard_map", "1")])
def test_half_of_the_families_with_a_sharded_batch(way, first):
    check("mesh_probe.py", way, first, "2")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["explicit", "shard_map"])
def test_a_sharded_batch(way):
    check("mesh_probe.py", way)


def test_nothing_is_moved_that_the_plain_formulation_leaves():
    check("mesh_costs.py", "auto")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["explicit", "shard_map"])
def test_nothing_is_moved_over_other_axes_either(way):
    check("mesh_costs.py", way)
