"""The parts of a subscript as torch reads them, one per dimension, and their order of application.

`getitem`, `setitem` and their like call these functions: `subscripts` checks the parts, `after_basic` applies integers,
slices and None, and `index_arrays` makes integer arrays of the rest.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, TypeAlias, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.indexing.masks import nonzero_places
from purenn.interop.ops.operands import in_range, is_symbolic, kind, taken
from purenn.value_checks import known

__all__ = ["COVERED", "WHOLE", "after_basic", "checked_part", "index_arrays", "is_mask", "subscripts"]

WHOLE = builtins.slice(None)
COVERED = object()  # a dimension that a mask of several dimensions covers

Part: TypeAlias = int | builtins.slice | EllipsisType | jax.Array | np.ndarray | None
Subscript: TypeAlias = Part | np.bool_ | np.integer | Sequence[Any]  # a tuple of parts, or one; a list is an array


def subscripts(where: str, x: jax.Array, key: object) -> list[Any]:
    """The parts of a subscript, one per dimension of the array but for None and booleans, without an Ellipsis."""
    parts = list(key) if isinstance(key, tuple) else [key]
    parts = [checked_part(where, part) for part in parts]
    indexed = sum(
        p.ndim if is_mask(p) else p is not None and p is not Ellipsis and not isinstance(p, bool) for p in parts
    )
    if indexed > x.ndim:
        check.fail(where, "key", f"have at most {x.ndim} indices for shape {x.shape}", indexed, IndexError)
    dots = [i for i, p in enumerate(parts) if p is Ellipsis]
    if len(dots) > 1:
        check.fail(where, "key", "have at most one Ellipsis", len(dots), IndexError)
    filling = [WHOLE] * (x.ndim - indexed)
    return [*parts[: dots[0]], *filling, *parts[dots[0] + 1 :]] if dots else [*parts, *filling]


def is_mask(part: object) -> TypeGuard[jax.Array | np.ndarray]:
    """Whether a part of a subscript is an array of booleans."""
    return isinstance(part, jax.Array | np.ndarray) and part.dtype == bool


def checked_part(where: str, part: object) -> Part:
    """A part of a subscript as an integer, boolean, slice, None, Ellipsis or array of integers or booleans."""
    if isinstance(part, bool | EllipsisType | None):
        return part
    if isinstance(part, builtins.slice):
        if isinstance(part.step, int) and part.step < 1:
            check.fail(where, "key", "have no steps below 1; use flip", part.step)
        return part
    if isinstance(part, np.bool_):
        return bool(part)
    if isinstance(part, int | np.integer):
        return int(part)
    if is_symbolic(part):
        return jnp.asarray(part)
    if isinstance(part, list | tuple | range):
        array = jnp.stack([jnp.asarray(p) for p in part]) if _has_arrays(part) else np.asarray(part)
        part = array.astype(np.int32) if not array.size else array
    if not isinstance(part, jax.Array | np.ndarray):
        check.fail(where, "key", "have integers, slices, None, Ellipsis and arrays", type(part).__name__, TypeError)
    if part.dtype == np.uint8 or kind(part.dtype) > 1:
        expected = "have arrays of integers or booleans (torch takes uint8 for a mask; cast it to bool)"
        check.fail(where, "key", expected, f"dtype {part.dtype}", IndexError)
    if not part.ndim and part.dtype == bool:
        return bool(part) if known(part) is not None else part
    return part


def _has_arrays(part: Sequence[object]) -> bool:
    return any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(list(part)))


def after_basic(where: str, x: jax.Array, parts: list[Any]) -> tuple[jax.Array, list[Any]]:
    """Takes integers, slices and None first, as torch does; numpy counts an integer beside an array as an array.

    Returns what is left, and an array of indices, or None, for each of its dimensions.
    """
    rest: list[Any] = []
    for part in parts:
        dim = len(rest)
        if part is None or isinstance(part, bool):
            x = jnp.expand_dims(x, dim)
            rest.append(None if part is None else np.arange(int(part)))
        elif isinstance(part, builtins.slice):
            x = x[(WHOLE,) * dim + (part,)]
            rest.append(None)
        elif isinstance(part, int):
            n = x.shape[dim]
            if isinstance(n, int) and not -n <= part < n:
                check.fail(where, "key", f"have indices in [{-n}, {n - 1}] for dimension {dim}", part, IndexError)
            x = x[(WHOLE,) * dim + (part,)]
        elif not part.ndim and part.dtype != bool:
            i = in_range(where, "key", jnp.asarray(part), x.shape[dim], wrap=True)
            x = taken(x, i, dim)
        else:
            rest += [part, *[COVERED] * (part.ndim - 1)] if is_mask(part) else [part]
    return x, rest


def index_arrays(where: str, shape: Sequence[int], rest: list[Any], size: int | None) -> list[Any]:
    """Masks as integers, negative integers counted from the front: one array, or None, per dimension."""
    arrays: list[Any] = []
    for dim, part in enumerate(rest):
        if part is COVERED:
            continue
        if part is None:
            arrays.append(None)
        elif is_mask(part):
            if part.shape != tuple(shape[dim : dim + part.ndim]):
                expected = f"have a mask of shape {tuple(shape[dim : dim + part.ndim])}"
                check.fail(where, "key", expected, f"shape {part.shape}", IndexError)
            arrays += nonzero_places(where, jnp.asarray(part), size)
        else:
            arrays.append(in_range(where, "key", jnp.asarray(part), shape[dim], wrap=True))
    shapes = [a.shape for a in arrays if a is not None]
    try:
        common = jnp.broadcast_shapes(*shapes)
    except ValueError:
        check.fail(where, "key", "have arrays that broadcast", shapes, IndexError)
    return [None if a is None else jnp.broadcast_to(a, common) for a in arrays]
