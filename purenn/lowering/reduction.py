"""Maxima and minima that are NaN where there is a NaN, and where along an axis they are.

XLA on the CPU gives `jnp.max` and `jnp.min` of some thousand elements, and `reduce_window` where it is the same, to a
library that leaves NaN out (jaxlib 0.10.2, float32 and float64, eager as compiled); of fewer it keeps them. A reduction
by a comparison that is written out stays XLA's own, which also makes what is reduced on the fly.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering.whole import or_nan

__all__ = ["at", "axis_max", "found_by", "is_nan", "max_or_nan", "max_with_place", "min_or_nan"]

Arrays = tuple[jax.Array, ...]
Axes = int | tuple[int, ...] | None


def max_or_nan(x: jax.Array, axis: Axes = None, keepdims: bool = False, initial: float | None = None) -> jax.Array:
    """The largest over some axes. Equal elements share the derivative; that of a NaN is 0."""
    return _extremum(x, axis, keepdims, initial, True)


def min_or_nan(x: jax.Array, axis: Axes = None, keepdims: bool = False, initial: float | None = None) -> jax.Array:
    """The least over some axes. Equal elements share the derivative; that of a NaN is 0."""
    return _extremum(x, axis, keepdims, initial, False)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2, 3, 4))
def _extremum(x: jax.Array, axis: Axes, keepdims: bool, initial: float | None, largest: bool) -> jax.Array:
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(a % x.ndim for a in axes)
    plain = functools.partial(jnp.max if largest else jnp.min, axis=axes, keepdims=keepdims, initial=initial)
    if not jnp.issubdtype(x.dtype, jnp.floating) or 0 in [x.shape[a] for a in axes]:
        return plain(x)
    start = np.asarray((-np.inf if largest else np.inf) if initial is None else initial, x.dtype)

    def join(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.where((b > a if largest else b < a) | (b != b), b, a)

    def compared(x: jax.Array) -> jax.Array:
        y = lax.reduce(x, start, join, axes)
        return jnp.expand_dims(y, axes) if keepdims else y

    return lax.platform_dependent(x, cpu=compared, default=plain)


@_extremum.defjvp
def _extremum_jvp(
    axis: Axes, keepdims: bool, initial: float | None, largest: bool, primals: Arrays, tangents: Arrays
) -> tuple[jax.Array, jax.Array]:
    (x,), (dx,) = primals, tangents
    y = _extremum(x, axis, True, initial, largest)
    equal = x == y
    share = jnp.sum(jnp.where(equal, dx, jnp.zeros_like(dx)), axis, keepdims=True)
    share = share / jnp.maximum(jnp.sum(equal, axis, keepdims=True, dtype=dx.dtype), 1)
    return (y, share) if keepdims else (jnp.squeeze(y, axis), jnp.squeeze(share, axis))


def is_nan(x: jax.Array) -> jax.Array | bool:
    """Where there is a NaN; False for integers."""
    return x != x if jnp.issubdtype(x.dtype, jnp.floating) else False


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def found_by(choose: Callable[..., jax.Array], best: jax.Array, number: jax.Array, x: jax.Array) -> jax.Array:
    """Gives `best`, which is known to be `choose(x, number)`, the derivative of that.

    The largest and its number would come from one function, but jax gives an integer no tangent if its size is unknown.
    """
    return best


@found_by.defjvp
def _found_by_jvp(choose: Callable[..., jax.Array], primals: Arrays, tangents: Arrays) -> tuple[jax.Array, jax.Array]:
    return found_by(choose, *primals), choose(tangents[2], primals[1])


def max_with_place(x: jax.Array, axis: int, place: jax.Array | None) -> tuple[jax.Array, jax.Array | None]:
    """The largest along an axis, the first of equals or the last NaN, and of `place`, of x's shape, what is there."""
    best, number = axis_max(x, axis)
    return best, None if place is None else at(axis, place, number)


def at(axis: int, x: jax.Array, number: jax.Array) -> jax.Array:
    """The elements along an axis whose numbers are given by an array that keeps the axis."""
    selected = lax.broadcasted_iota(number.dtype, x.shape, axis) == number
    return jnp.sum(jnp.where(selected, x, jnp.zeros_like(x)), axis, dtype=x.dtype)


def axis_max(x: jax.Array, axis: int, padding: int = 0) -> tuple[jax.Array, jax.Array]:
    """The largest along an axis, and its number there, in an array that keeps the axis.

    The axis before may be windows, of which the first begins with `padding` elements of padding.
    """
    number = _ranked_max(lax.stop_gradient(x), axis, padding)[1]  # XLA drops it where it is not used
    return _axis_max(x, axis, padding), number


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def _axis_max(x: jax.Array, axis: int, padding: int) -> jax.Array:
    return max_or_nan(x, axis)


@_axis_max.defjvp
def _axis_max_jvp(axis: int, padding: int, primals: Arrays, tangents: Arrays) -> tuple[jax.Array, jax.Array]:
    (x,), (tangent,) = primals, tangents
    best, number = _ranked_max(lax.stop_gradient(x), axis, padding)
    choose = functools.partial(at, axis)
    return found_by(choose, best, number, x), choose(tangent, number)


def _ranked_max(x: jax.Array, axis: int, padding: int) -> tuple[jax.Array, jax.Array]:
    """The largest and its number at once; the ranks say where a NaN is."""
    best = jnp.max(x, axis, keepdims=True)
    number = lax.broadcasted_iota(jnp.int32, x.shape, axis)
    # the least of these is the first of equals, or of the last NaN, whose ranks are negative
    ranked = jnp.where(x == best, number, x.shape[axis])
    ranked = jnp.min(jnp.where(is_nan(x), ~number, ranked), axis, keepdims=True)
    number = jnp.where(ranked < 0, ~ranked, ranked)
    if padding:  # elements win over padding even if they are -inf
        first = lax.broadcasted_iota(jnp.int32, number.shape, axis - 1) == 0
        number = jnp.where(first, jnp.maximum(number, padding), number)
    if jnp.issubdtype(x.dtype, jnp.floating):
        best = or_nan(ranked >= 0, best)
    return jnp.squeeze(best, axis), number
