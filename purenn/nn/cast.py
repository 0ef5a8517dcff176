"""Casts and moves of a module's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import jax
import jax.numpy as jnp

from purenn.layers.spec import as_dtype
from purenn.nn import call
from purenn.nn.tree import Tree

__all__ = ["Cast"]


class Cast(Tree):
    """How a `Module`'s arrays change their dtype or device, with torch's methods."""

    def _map(self, fn: Callable[[jax.Array], Any]) -> Self:
        slots = self._named_slots()
        new = {id(group[key]): group[key] for group, key in slots}
        new = {identity: fn(array) for identity, array in new.items()}
        for group, key in slots:
            group[key] = new[id(group[key])]
        call.touch()
        return self

    def _named_slots(self) -> list[tuple[dict[str, Any], str]]:
        groups = [group for module in self.modules() for group in (module._parameters, module._buffers)]
        return [(group, key) for group in groups for key, array in group.items() if array is not None]

    def to(self, *args: Any, dtype: Any = None, device: Any = None) -> Self:
        """Casts the floating-point arrays to a dtype, or moves all to a device (jax's, a sharding, or ``'cpu'``)."""
        for arg in args:
            if isinstance(arg, jax.Device | jax.sharding.Sharding) or arg in ("cpu", "gpu", "cuda", "tpu"):
                device = arg
            else:
                dtype = arg
        if dtype is not None:
            target = as_dtype(dtype)
            if target is None or not jnp.issubdtype(target, jnp.inexact):
                raise TypeError(f"{type(self).__name__}.to takes a floating-point dtype, got {dtype}")
            self._map(lambda x: x.astype(target) if jnp.issubdtype(x.dtype, jnp.inexact) else x)
        if device is not None:
            place = jax.devices("gpu" if device == "cuda" else device)[0] if isinstance(device, str) else device
            self._map(lambda x: jax.device_put(x, place))
        return self

    def float(self) -> Self:
        """Casts to float32."""
        return self.to(jnp.float32)

    def double(self) -> Self:
        """Casts to float64, which jax has where ``jax_enable_x64`` is on."""
        if jax.dtypes.canonicalize_dtype(jnp.float64) != jnp.float64:
            raise RuntimeError("float64 is off: jax.config.update('jax_enable_x64', True) turns it on")
        return self.to(jnp.float64)

    def half(self) -> Self:
        """Casts to float16."""
        return self.to(jnp.float16)

    def bfloat16(self) -> Self:
        """Casts to bfloat16."""
        return self.to(jnp.bfloat16)
