"""The meshes in arrays' types: the axes over which values vary, and whether the compiler divides the program."""

from __future__ import annotations

from typing import Any, TypeVar

import jax
from jax import lax
from jax.sharding import AxisType, get_abstract_mesh

__all__ = ["partitioned", "varying_as", "varying_axes"]

T = TypeVar("T")


def varying_axes(array: jax.Array) -> frozenset[str]:
    """The axes over which an array varies; none outside of ``shard_map``."""
    kind = jax.typeof(array)
    return kind.mat.varying if hasattr(kind, "mat") else kind.vma  # jax 0.10's name, and the one before


def varying_as(values: T, *like: Any) -> T:
    """Makes a tree of arrays vary over every axis over which it or a tree of `like` does, as a loop's carry has to."""
    axes = frozenset().union(*map(varying_axes, jax.tree.leaves((values, like))))
    if not axes:
        return values
    return jax.tree.map(lambda a: lax.pcast(a, tuple(axes - varying_axes(a)), to="varying"), values)


def partitioned(*arrays: jax.Array) -> bool:
    """Whether the program in which arrays are traced is known to be divided among devices by the compiler.

    Inside of ``shard_map`` over all axes it is not: there every device has a program of its own.
    """
    meshes = [get_abstract_mesh(), *(jax.typeof(array).sharding.mesh for array in arrays)]
    return any(
        size > 1 and kind != AxisType.Manual
        for mesh in meshes
        for size, kind in zip(mesh.axis_sizes, mesh.axis_types, strict=True)
    )
