"""Arrays that replace others: cast to their dtype, put on their devices."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn.warn import warn_user

__all__ = ["cast", "placed_like"]


def cast(array: jax.Array, dtype: Any) -> Any:
    """Casts an array of jax or numpy, with a warning where imaginary parts are lost."""
    if jnp.issubdtype(array.dtype, jnp.complexfloating) and not jnp.issubdtype(dtype, jnp.complexfloating):
        warn_user(f"casting {array.dtype} to {dtype} discards the imaginary part", np.exceptions.ComplexWarning)
        array = array.real
    return array if array.dtype == dtype else array.astype(dtype)


def placed_like(array: jax.Array, old: jax.Array) -> Any:
    """Puts an array on the devices of an older one, if a user has chosen these."""
    if isinstance(array, Tracer) or isinstance(old, Tracer) or not getattr(old, "committed", False):
        return array
    return array if array.sharding == old.sharding else jax.device_put(array, old.sharding)
