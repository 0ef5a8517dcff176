"""Kernels of NVIDIA's libraries: whether there are any, and functions that they compute, gradients included."""

from __future__ import annotations

import dataclasses
import functools
import importlib
from typing import Any

import jax
from jax.extend.core import Primitive

from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, map_primitive, rule

__all__ = ["Kernel", "cuda_capability"]

_PLACED = map_primitive("placed_map")
try:  # a library's kernel has to know where it will run, and jax has no public way to ask for that
    importlib.import_module("jax._src.dispatch").prim_requires_devices_during_lowering.add(_PLACED)
    PLACES = True
except (ImportError, AttributeError):
    PLACES = False


@functools.cache
def cuda_capability() -> tuple[int, ...]:
    """The compute capability of the default device, such as (9, 0).

    It is (0, 0) where the device is no GPU of NVIDIA's or a `Kernel` can't be compiled.
    """
    device = jax.devices()[0]
    if not PLACES or "cuda" not in device.client.platform_version:
        return (0, 0)
    return tuple(int(part) for part in device.compute_capability.split("."))


class Kernel(LinearMap):
    """A function of its residuals that a library of the GPU's computes, and its gradient; linear in nothing.

    Subclasses are frozen dataclasses of what is static. Other platforms, forward mode and further derivatives have the
    reference.
    """

    @property
    def primitive(self) -> Primitive:
        return _PLACED

    def reference(self, *arrays: jax.Array) -> Arrays:
        """Computes the outputs."""
        raise NotImplementedError

    def kernel(self, *arrays: jax.Array) -> Arrays:
        """Computes the outputs by the library, for reverse mode only."""
        raise NotImplementedError

    def __call__(self, *arrays: jax.Array) -> Arrays:
        return apply_map(self, arrays, ())

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return self.reference(*residuals)

    def on(self, platform: str, divided: bool = False) -> Any:
        return _OnCuda(self) if platform == "cuda" else self

    def tangent(self, residuals: Arrays, tangents: Arrays, arguments: Arrays) -> Arrays:
        return apply_map(_Derivative(self), residuals, tangents)


@dataclasses.dataclass(frozen=True)
class _OnCuda(LinearMap):
    of: Kernel

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        # As under differentiation: where a gradient follows, XLA sees the same call twice and makes it once.
        return jax.vjp(self.of.kernel, *residuals)[0]


@dataclasses.dataclass(frozen=True)
class _Derivative(LinearMap):
    of: Kernel

    @property
    def primitive(self) -> Primitive:
        return self.of.primitive

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return jax.jvp(self.of.reference, residuals, arguments)[1]

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        return jax.vjp(self.of.reference, *residuals)[1](cotangents)


@rule(_Derivative, "cuda")
class _DerivativeCuda(_Derivative):
    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        return jax.vjp(self.of.kernel, *residuals)[1](cotangents)
