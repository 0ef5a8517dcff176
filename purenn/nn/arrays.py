"""Arrays that take the place of others: cast to their dtype, put on their devices."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn.warn import warn_user

__all__ = ["cast", "placed_like"]


def cast(array: jax.Array, dtype: Any) -> Any:
    """An array, of jax's or numpy's, cast to a dtype; where imaginary parts are lost, with a warning."""
    if jnp.issubdtype(array.dtype, jnp.complexfloating) and not jnp.issubdtype(dtype, jnp.complexfloating):
        warn_user(f"casting {array.dtype} to {dtype} discards the imaginary part", np.exceptions.ComplexWarning)
        array = array.real
    return array if array.dtype == dtype else array.astype(dtype)


def placed_like(array: jax.Array, old: jax.Array) -> Any:
    """An array on the devices on which an older one was put."""
    if isinstance(array, Tracer) or isinstance(old, Tracer) or not getattr(old, "committed", False):
        return array
    return array if array.sharding == old.sharding else jax.device_put(array, old.sharding)
