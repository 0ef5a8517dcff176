"""Casts and moves of a module's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from purenn.layers.spec import as_dtype
from purenn.nn import access
from purenn.nn.arrays import cast
from purenn.nn.node import Node
from purenn.nn.structure import structure
from purenn.typing import DTypeLike

__all__ = ["Cast"]


class Cast(Node):
    """torch's methods that change the dtype or device of a `Module`'s arrays."""

    def _map(self, fn: Callable[[jax.Array], Any]) -> Self:
        """Replaces every array ``x`` by ``fn(x)``, tied arrays once."""
        if self._pure or access.present(self) is not self:
            raise RuntimeError(
                f"{type(self).__name__} is cast or moved inside a pure call, where only buffers may change: do it "
                "before"
            )
        variables = structure(self).variables
        values = map(fn, access.read(variables))
        access.keep(dict(zip(variables, values, strict=True)), type(self).__name__)
        self._touched()
        return self

    def to(self, *args: object, dtype: DTypeLike | None = None, device: object = None, **ignored: object) -> Self:
        """Casts the floating-point and complex arrays to a dtype, moves all arrays to a device, or both.

        Args:
            args: a dtype, a device, both, or an array whose dtype and device are taken.
            dtype: a floating-point or complex dtype, of jax, numpy or torch.
            device: jax's, a sharding, or torch's words for one: ``'cpu'``, ``'cuda'`` and ``'gpu'``, ``'cuda:0'``, or
                the number of a GPU.
            ignored: ``non_blocking``, ``copy`` and ``memory_format``; accepted for compatibility with PyTorch.
        """
        where = f"{type(self).__name__}.to"
        if unknown := set(ignored) - {"non_blocking", "copy", "memory_format"}:
            raise TypeError(f"{where} has no argument {', '.join(sorted(unknown))}")
        targets: dict[str, list[Any]] = {"dtype": [dtype], "device": [device]}
        for arg in args:
            if isinstance(arg, jax.Array):
                targets["dtype"].append(arg.dtype)
                targets["device"].append(arg.sharding)
            elif not isinstance(arg, bool):  # torch's non_blocking
                targets["device" if is_device(arg) else "dtype"].append(arg)
        for name, values in targets.items():
            values[:] = [value for value in values if value is not None]
            if len(values) > 1:
                raise TypeError(f"{where} takes one {name}, got {values[0]} and {values[1]}")
        target, place = _as_dtype(where, *targets["dtype"]), as_device(*targets["device"])
        if target is not None and not jnp.issubdtype(target, jnp.inexact):
            raise TypeError(f"{where} takes a floating-point or complex dtype, got {target}")

        def moved(x: jax.Array) -> jax.Array:
            if target is not None and jnp.issubdtype(x.dtype, jnp.inexact):
                x = cast(x, target)
            return x if place is None else jax.device_put(x, place)

        return self._map(moved)

    def _to_floating(self, dtype: str) -> Self:
        target = _as_dtype(type(self).__name__, dtype)
        return self._map(lambda x: cast(x, target) if jnp.issubdtype(x.dtype, jnp.floating) else x)

    def float(self) -> Self:
        """Casts the floating-point arrays to float32."""
        return self._to_floating("float32")

    def double(self) -> Self:
        """Casts the floating-point arrays to float64, which jax has where ``jax_enable_x64`` is on."""
        return self._to_floating("float64")

    def half(self) -> Self:
        """Casts the floating-point arrays to float16."""
        return self._to_floating("float16")

    def bfloat16(self) -> Self:
        """Casts the floating-point arrays to bfloat16."""
        return self._to_floating("bfloat16")

    def type(self, dst_type: Any) -> Self:
        """Casts all arrays to a dtype, integers too.

        Raises:
            RuntimeError: it is an integer dtype, and there are parameters, whose gradients are floating-point numbers.
        """
        target = _as_dtype(f"{type(self).__name__}.type", dst_type)
        if target is None:
            raise TypeError(f"{type(self).__name__}.type takes a dtype, got {dst_type!r}")
        if not jnp.issubdtype(target, jnp.inexact) and structure(self).parameters:
            raise RuntimeError(f"{type(self).__name__}: parameters can't be of dtype {target}, they have gradients")
        return self._map(lambda x: cast(x, target))

    def cpu(self) -> Self:
        """Moves all arrays to the processor."""
        return self.to("cpu")

    def cuda(self, device: object = None) -> Self:
        """Moves all arrays to a GPU: the first one, or the given device or number."""
        return self.to("cuda" if device is None else device)

    def to_empty(self, *, device: object, recurse: bool = True) -> Self:
        """Moves to a device without the values: the new arrays are zeros.

        Args:
            device: as in `to`; None keeps the device.
            recurse: whether the modules below are moved too.
        """
        place = as_device(device)
        variables = {*self._parameters.values(), *self._buffers.values()}
        moved = iter([recurse or variable in variables for variable in structure(self).variables])
        return self._map(lambda x: jax.device_put(jnp.zeros_like(x), place or x.sharding) if next(moved) else x)


def is_device(value: object) -> bool:
    """Whether a value names a device, as jax or torch names it."""
    if isinstance(value, str):
        return value.partition(":")[0] in ("cpu", "gpu", "cuda", "tpu", "meta")
    return isinstance(value, int | jax.Device | jax.sharding.Sharding) or type(value).__name__ == "device"


def as_device(value: object = None) -> Any:
    """The device or sharding of jax's that a value names."""
    if value is None or isinstance(value, jax.Device | jax.sharding.Sharding):
        return value
    platform, _, number = ("cuda", "", value) if isinstance(value, int) else str(value).partition(":")
    if platform == "meta":
        raise ValueError("jax has no meta device: jax.eval_shape gives shapes without arrays")
    try:
        known = jax.devices("gpu" if platform == "cuda" else platform)
    except RuntimeError:
        names = ", ".join(map(str, jax.devices()))
        raise RuntimeError(f"there is no device {value}: jax sees {names}; new arrays are on the first") from None
    place = {str(i): device for i, device in enumerate(known)}.get(str(number or 0))
    if place is None:
        raise RuntimeError(f"there is no device {value}: jax sees {', '.join(map(str, known))}")
    return place


def _as_dtype(where: str, dtype: Any = None) -> np.dtype | None:
    try:
        target = as_dtype(dtype)
    except TypeError:
        raise TypeError(f"{where}: {dtype!r} is neither a dtype, such as jnp.float16, nor a device") from None
    if target is not None and jax.dtypes.canonicalize_dtype(target) != target:
        raise RuntimeError(f"{target} is off: jax.config.update('jax_enable_x64', True) turns it on")
    return target
