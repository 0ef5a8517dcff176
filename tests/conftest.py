"""Every test runs with jax's strict promotion of dtypes and ranks, on the CPU."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def strict_promotion():
    """For tests alone: documentation's examples run as its readers run them."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield
