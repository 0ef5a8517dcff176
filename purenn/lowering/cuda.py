"""Kernels of NVIDIA's libraries: whether there are any, and functions that they compute, gradients included."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax

from purenn.lowering.linear import PLACES, Arrays, Linear, Shapes, linear

__all__ = ["Kernel", "cuda_capability"]


@functools.cache
def cuda_capability() -> tuple[int, ...]:
    """The compute capability of the default device, such as (9, 0).

    It is (0, 0) where the device is no GPU of NVIDIA's or a `Kernel` can't be compiled.
    """
    device = jax.devices()[0]
    if not PLACES or "cuda" not in device.client.platform_version:
        return (0, 0)
    return tuple(int(part) for part in device.compute_capability.split("."))


class Kernel(Linear):
    """A function of its residuals that a library of the GPU's computes, and its gradient; linear in nothing.

    Subclasses are frozen dataclasses of what is static. Other platforms, forward mode and further derivatives have the
    obvious formulation.
    """

    def obvious(self, *arrays: Any) -> Arrays:
        """The outputs."""
        raise NotImplementedError

    def kernel(self, *arrays: Any) -> Arrays:
        """The same by the library, for reverse mode only."""
        raise NotImplementedError

    def __call__(self, *arrays: Any) -> Arrays:
        return linear(self, arrays, ())

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return self.obvious(*residuals)

    def cuda(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        # As under differentiation: where a gradient follows, XLA sees the same call twice and makes it once.
        return jax.vjp(self.kernel, *residuals)[0]

    def tangent(self, residuals: Arrays, tangents: Arrays, arguments: Arrays) -> Arrays:
        return linear(_Derivative(self), residuals, tangents)


@dataclasses.dataclass(frozen=True)
class _Derivative(Linear):
    of: Kernel

    @property
    def placed(self) -> bool:
        return self.of.placed

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return jax.jvp(self.of.obvious, residuals, arguments)[1]

    def transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return jax.vjp(self.of.obvious, *residuals)[1](cotangents)

    def cuda_transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return jax.vjp(self.of.kernel, *residuals)[1](cotangents)
