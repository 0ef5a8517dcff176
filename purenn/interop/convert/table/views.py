"""Writes into views. torch writes in place; here the array below becomes a new array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop import ops
from purenn.interop.convert.table.casts import flat_places
from purenn.interop.convert.table.registry import ALIASES, TABLE, op
from purenn.typing import Array, ArrayLike

__all__: list[str] = []

_RESHAPES = {"view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as"}
_SAME = {"alias", "detach", "contiguous", "to", "resolve_conj", "resolve_neg", "lift_fresh", "_to_copy", "positive"}


@op("purenn.write")
def write(base: ArrayLike, value: ArrayLike, view: str, part: int | None, *args: Any) -> Array:
    """An array with new values at the places of a view.

    Args:
        base: the array below.
        value: the new values, of the view's shape.
        view: the operator that made the view.
        part: which result of the operator the view is; None for an operator of one result.
        args: the operator's arguments after the array.
    """
    name = view.partition(".")[0]
    base = jnp.asarray(base)
    value = jnp.asarray(value).astype(base.dtype)
    if name in _SAME:
        return value
    if name in _RESHAPES:
        return value.reshape(base.shape)
    if name in ("transpose", "t", "swapaxes", "swapdims"):
        return getattr(ops, name)(value, *args)
    if name == "permute":
        return jnp.transpose(value, np.argsort([d % base.ndim for d in args[0]]).tolist())
    if name == "select":
        return ops.select_scatter(base, value, *args)
    if name == "slice":
        return ops.slice_scatter(base, value, *args)
    if name == "narrow":
        dim, start, length = args
        return ops.slice_scatter(base, value, dim, start, start + length)
    if name == "unbind":
        return ops.select_scatter(base, value, args[0] if args else 0, part or 0)
    if name == "diagonal":
        return ops.diagonal_scatter(base, value, *args)
    if name == "as_strided":
        size, stride, *offset = args
        return _at_places(base, value, flat_places(size, stride, (offset[0] if offset else 0) or 0))
    with jax.ensure_compile_time_eval():
        places = _function(name)(jnp.arange(math.prod(base.shape)).reshape(base.shape), *args)
        places = np.asarray(places if part is None else places[part])
    return _at_places(base, value, places)


def _function(name: str) -> Callable[..., Any]:
    return TABLE[name] if name in TABLE else getattr(ops, ALIASES.get(name, name))


def _at_places(base: Array, value: Array, places: np.ndarray) -> Array:
    return jnp.ravel(base).at[places.ravel()].set(value.ravel()).reshape(base.shape)
