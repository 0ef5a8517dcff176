"""Reductions onto indexed elements, with the gradients that jax's scatters lack.

`scatter`, `scatter_add`, `scatter_reduce` and `index_reduce` call `reduced_at`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.interop.ops.operands import kind

__all__ = ["reduced_at"]

Places = tuple[jax.Array, ...]


def reduced_at(x: jax.Array, places: Places, source: jax.Array, reduce: str, include_self: bool) -> jax.Array:
    """The array with a source reduced onto the elements at places; places out of range are dropped.

    Args:
        x: the array.
        places: its full index, one array of the source's shape per dimension.
        source: what is reduced onto it.
        reduce: ``'sum'``, ``'prod'``, ``'mean'``, ``'amax'`` or ``'amin'``.
        include_self: whether the array's own elements at these places count.
    """
    if x.dtype == bool:
        return _of_booleans(x, places, source, reduce, include_self)
    if not include_self:
        x = x.at[places].set(_identity(x.dtype, reduce), mode="drop")
    if reduce == "sum":
        return x.at[places].add(source, mode="drop")
    if reduce == "prod":
        return _multiplied(x, places, source)
    if reduce == "mean":
        count = jnp.full(x.shape, int(include_self), jnp.int32).at[places].add(1, mode="drop")
        count = jnp.maximum(count, 1).astype(x.dtype)
        total = x.at[places].add(source, mode="drop")
        return total / count if kind(x.dtype) > 1 else total // count
    return _extreme(x, places, source, reduce == "amax", include_self)


def _of_booleans(x: jax.Array, places: Places, source: jax.Array, reduce: str, include_self: bool) -> jax.Array:
    """Sums and maxima are 'or', products and minima 'and'."""
    either = reduce in ("sum", "amax")
    wide = reduced_at(x.astype(jnp.int32), places, source.astype(jnp.int32), "amax" if either else "amin", include_self)
    return wide != 0


def _identity(dtype: np.dtype, reduce: str) -> jax.Array:
    if reduce in ("sum", "mean", "prod"):
        return jnp.asarray(reduce == "prod", dtype)
    low = reduce == "amax"
    if kind(dtype) == 2:
        return jnp.asarray(-jnp.inf if low else jnp.inf, dtype)
    return jnp.asarray(jnp.iinfo(dtype).min if low else jnp.iinfo(dtype).max, dtype)


def _read(x: jax.Array, places: Places) -> jax.Array:
    return x.at[places].get(mode="fill", fill_value=0)


@jax.custom_jvp
def _multiplied(x: jax.Array, places: Places, source: jax.Array) -> jax.Array:
    return x.at[places].multiply(source, mode="drop")


@_multiplied.defjvp
def _multiplied_jvp(
    primals: tuple[jax.Array, Places, jax.Array], tangents: tuple[jax.Array, Any, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    """The derivative for a factor is the product of the others: of those that aren't 0, if no other is."""
    (x, places, source), (dx, _, ds) = primals, tangents

    def some(v: jax.Array) -> jax.Array:
        return jnp.where(v == 0, jnp.ones((), v.dtype), v)

    product = _multiplied(some(x), places, some(source))
    zeros = (x == 0).astype(jnp.int32).at[places].add((source == 0).astype(jnp.int32), mode="drop")

    def product_of_others(v: jax.Array, product: jax.Array, zeros: jax.Array) -> jax.Array:
        rest = zeros - (v == 0).astype(jnp.int32)
        return jnp.where(rest > 0, jnp.zeros((), v.dtype), product / some(v))

    slope = ds * product_of_others(source, _read(product, places), _read(zeros, places))
    tangent = (dx * product_of_others(x, product, zeros)).at[places].add(slope, mode="drop")
    return _multiplied(x, places, source), tangent


def _extreme(x: jax.Array, places: Places, source: jax.Array, largest: bool, include_self: bool) -> jax.Array:
    """The extreme, and as its derivative the mean of the derivatives of what equals it."""
    start = lax.stop_gradient(x).at[places]
    taken = lax.stop_gradient(source)
    extremes = start.max(taken, mode="drop") if largest else start.min(taken, mode="drop")
    if kind(x.dtype) < 2:
        return extremes
    zero = jnp.zeros((), x.dtype)
    equal_in_x = x == extremes
    if not include_self:  # then an element at a place is the identity, which may equal the extreme
        written = jnp.zeros(x.shape, bool).at[places].set(True, mode="drop")
        equal_in_x = equal_in_x & ~written
    equal_in_source = source == _read(extremes, places)
    count = equal_in_x.astype(x.dtype).at[places].add(equal_in_source.astype(x.dtype), mode="drop")

    def change(v: jax.Array, counted: jax.Array) -> jax.Array:
        return jnp.where(counted & jnp.isfinite(v), v - lax.stop_gradient(v), zero)

    total = change(x, equal_in_x).at[places].add(change(source, equal_in_source), mode="drop")
    return extremes + total / jnp.maximum(count, 1)
