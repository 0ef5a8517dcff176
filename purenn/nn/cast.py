"""Casts and moves of a module's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import jax
import jax.numpy as jnp

from purenn.layers.spec import as_dtype
from purenn.nn import access
from purenn.nn.node import Node
from purenn.nn.structure import structure

__all__ = ["Cast"]


class Cast(Node):
    """How a `Module`'s arrays change their dtype or device, with torch's methods."""

    def _map(self, fn: Callable[[jax.Array], Any]) -> Self:
        """Replaces every array, tied ones once, by what a function gives for it."""
        if self._pure or access.present(self) is not self:
            raise RuntimeError(
                f"{type(self).__name__} is cast or moved inside a pure call, where only buffers may change: do it "
                "before"
            )
        variables = structure(self).variables
        values = [fn(array) for array in access.read(variables)]
        access.write(variables, values)
        self._touched()
        return self

    def to(self, *args: Any, dtype: Any = None, device: Any = None, **ignored: Any) -> Self:
        """Casts the floating-point arrays to a dtype, or moves all arrays to a device.

        Args:
            args: a dtype, a device, both, or an array whose dtype and device are taken.
            dtype: a floating-point dtype, of jax, numpy or torch.
            device: jax's, a sharding, or torch's words for one: ``'cpu'``, ``'cuda'`` and ``'gpu'``, ``'cuda:0'``.
            ignored: ``non_blocking``, ``copy`` and ``memory_format``; accepted for compatibility with PyTorch.
        """
        if unknown := set(ignored) - {"non_blocking", "copy", "memory_format"}:
            raise TypeError(f"{type(self).__name__}.to has no argument {', '.join(sorted(unknown))}")
        for arg in args:
            if isinstance(arg, jax.Array):
                dtype, device = arg.dtype, arg.sharding
            elif isinstance(arg, bool):
                continue  # torch's non_blocking
            elif is_device(arg):
                device = arg
            else:
                dtype = arg
        if dtype is not None:
            target = as_dtype(dtype)
            if target is None or not jnp.issubdtype(target, jnp.inexact):
                raise TypeError(f"{type(self).__name__}.to takes a floating-point dtype, got {dtype}")
            _check_double(target)
            self._map(lambda x: x.astype(target) if jnp.issubdtype(x.dtype, jnp.inexact) else x)
        if device is not None:
            place = as_device(device)
            self._map(lambda x: jax.device_put(x, place))
        return self

    def float(self) -> Self:
        """Casts to float32."""
        return self.to(jnp.float32)

    def double(self) -> Self:
        """Casts to float64, which jax has where ``jax_enable_x64`` is on."""
        return self.to(jnp.dtype("float64"))

    def half(self) -> Self:
        """Casts to float16."""
        return self.to(jnp.float16)

    def bfloat16(self) -> Self:
        """Casts to bfloat16."""
        return self.to(jnp.bfloat16)

    def type(self, dst_type: Any) -> Self:
        """Casts all arrays to a dtype, integers too."""
        target = as_dtype(dst_type)
        if target is None:
            raise TypeError(f"{type(self).__name__}.type takes a dtype, got {dst_type!r}")
        _check_double(target)
        return self._map(lambda x: x.astype(target))

    def cpu(self) -> Self:
        """Moves all arrays to the processor."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Self:
        """Moves all arrays to a GPU, the first unless one is given by its number."""
        return self.to(f"cuda:{device}" if isinstance(device, int) else device or "cuda")

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Moves to a device without the values: the arrays are zeros there."""
        place = as_device(device)
        targets = [self] if not recurse else [*self.modules()]
        for target in targets:
            for variable in (*target._parameters.values(), *target._buffers.values()):
                if variable is not None:
                    access.write([variable], [jax.device_put(jnp.zeros_like(variable.value), place)])
            target._touched()
        return self


def is_device(value: Any) -> bool:
    """Whether a value names a device, in jax's way or in torch's."""
    if isinstance(value, str):
        return value.partition(":")[0] in ("cpu", "gpu", "cuda", "tpu", "meta")
    return isinstance(value, jax.Device | jax.sharding.Sharding) or type(value).__name__ == "device"


def as_device(value: Any) -> Any:
    """The device or sharding of jax's that a value names."""
    if isinstance(value, jax.Device | jax.sharding.Sharding):
        return value
    platform, _, number = str(value).partition(":")
    if platform == "meta":
        raise ValueError("jax has no meta device: jax.eval_shape gives shapes without arrays")
    known = jax.devices("gpu" if platform == "cuda" else platform)
    if int(number or 0) >= len(known):
        raise ValueError(f"there is no device {value}: jax sees {len(known)} of {platform}")
    return known[int(number or 0)]


def _check_double(dtype: Any) -> None:
    if jax.dtypes.canonicalize_dtype(dtype) != dtype:
        raise RuntimeError(f"{dtype} is off: jax.config.update('jax_enable_x64', True) turns it on")
