"""Every test runs with jax's strict promotion of dtypes and ranks, on the CPU."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import torch

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
torch.set_num_threads(1)
