"""Arrays inside of ``jax.shard_map``, whose types say over which axes of the mesh their values vary."""

from __future__ import annotations

from typing import Any, TypeVar

import jax
from jax import lax

__all__ = ["varying_as", "varying_axes"]

T = TypeVar("T")


def varying_axes(array: Any) -> frozenset[str]:
    """The axes over which an array varies; none outside of ``shard_map``."""
    kind = jax.typeof(array)
    return kind.mat.varying if hasattr(kind, "mat") else kind.vma  # jax 0.10's name, and the one before


def varying_as(values: T, *others: Any) -> T:
    """A tree of arrays that vary at least over the axes over which any of some trees does, as a loop's carry has to."""
    axes = frozenset().union(*map(varying_axes, jax.tree.leaves((values, others))))
    if not axes:
        return values
    return jax.tree.map(lambda a: lax.pcast(a, tuple(axes - varying_axes(a)), to="varying"), values)
