"""Sums of powers of differences between all rows of two matrices, without the array of all differences.

That is one of rows x rows x columns, and XLA on the CPU sums its last dimension number by number. Here some terms at a
time, each a whole matrix, are added to the result: the loop over its elements is vectorized.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, rule
from purenn.lowering.norm import power
from purenn.lowering.whole import or_nan

__all__ = ["differing", "power_sums", "upper_triangle"]

TERMS_PER_TURN = 16  # columns that are added in one pass over the result


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3))
def power_sums(a: jax.Array, b: jax.Array, p: float, some: bool = False) -> jax.Array:
    """The sums of |a_i - b_j|^p over the columns, for all rows a_i of (B, P, M) and b_j of (B, R, M); p is finite.

    The derivative of a power at 0 is 0. `some` says that only some of the sums are used: the derivatives of the others,
    which may be NaN, are left out.
    """
    whole = lambda a, b: jnp.sum(_powered(_differences(a, b), p), -1)  # noqa: E731

    def added(a: jax.Array, b: jax.Array) -> jax.Array:
        columns = (jnp.moveaxis(a, 2, 0), jnp.moveaxis(b, 2, 0))
        return _added(lambda a, b: _powered(a[:, :, None] - b[:, None], p), columns)

    return lax.platform_dependent(a, b, cpu=added, default=whole)


@power_sums.defjvp
def _power_sums_jvp(p: float, some: bool, primals: Arrays, tangents: Arrays) -> tuple[jax.Array, jax.Array]:
    return power_sums(*primals, p, some), apply_map(_Tangent(p, some), primals, tangents)[0]


@dataclasses.dataclass(frozen=True)
class _Tangent(LinearMap):
    p: float
    some: bool

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return (jnp.sum(_slope(_differences(*residuals), self.p) * _differences(*arguments), -1),)


@rule(_Tangent, "cpu")
class _TangentCpu(_Tangent):
    divisible = False

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        (a, b), (g,) = residuals, cotangents
        return self._pulled(a, b, g), self._pulled(b, a, jnp.swapaxes(g, 1, 2))

    def _pulled(self, a: jax.Array, b: jax.Array, g: jax.Array) -> jax.Array:
        """The gradient of a."""
        rows = (jnp.moveaxis(b, 1, 0), jnp.moveaxis(g, 2, 0))

        def term(b: jax.Array, g: jax.Array) -> jax.Array:
            slope = _slope(a - b[:, None], self.p)
            return jnp.where(g[:, :, None] == 0, 0, g[:, :, None] * slope) if self.some else g[:, :, None] * slope

        return _added(term, rows)


def _differences(a: jax.Array, b: jax.Array) -> jax.Array:
    return a[:, :, None] - b[:, None]


def _powered(d: jax.Array, p: float) -> jax.Array:
    return jnp.square(d) if p == 2 else jnp.abs(d) if p == 1 else power(jnp.abs(d), p)


def _slope(d: jax.Array, p: float) -> jax.Array:
    return 2 * d if p == 2 else jnp.sign(d) if p == 1 else p * jnp.sign(d) * power(jnp.abs(d), p - 1, at_zero=0)


def _added(term: Callable[..., jax.Array], arrays: Arrays) -> jax.Array:
    """Sums the terms of the arrays' elements along their first axis; the term of zeros has to be 0."""
    count = len(arrays[0])
    chunks = -(-count // TERMS_PER_TURN)
    size = -(-count // chunks)

    def some(arrays: Arrays) -> jax.Array:
        return functools.reduce(jnp.add, [term(*(x[i] for x in arrays)) for i in range(size)])

    if chunks == 1:
        return some(arrays)
    parts = [
        jnp.pad(x, [(0, chunks * size - count)] + [(0, 0)] * (x.ndim - 1)).reshape(chunks, size, *x.shape[1:])
        for x in arrays
    ]
    like = jax.eval_shape(some, tuple(x[0] for x in parts))
    return lax.scan(lambda total, part: (total + some(part), None), jnp.zeros(like.shape, like.dtype), tuple(parts))[0]


def differing(d: jax.Array) -> jax.Array:
    """How many differences along the last axis aren't 0; NaN where one is."""
    count = jnp.sum(lax.stop_gradient(d != 0).astype(d.dtype), -1)
    return or_nan(~jnp.any(d != d, -1), count)


def upper_triangle(x: jax.Array) -> jax.Array:
    """The elements above the diagonal of a square matrix, row by row."""
    return apply_map(_Triangle(len(x)), (), (x,))[0]


@dataclasses.dataclass(frozen=True)
class _Triangle(LinearMap):
    size: int

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return (arguments[0][np.triu_indices(self.size, 1)],)

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        """Looks up every place, where the transpose of `apply` would be a scatter."""
        places = np.zeros((self.size, self.size), np.int32)
        above = np.triu_indices(self.size, 1)
        places[above] = np.arange(len(above[0]))
        gathered = cotangents[0].at[places].get(mode="promise_in_bounds")
        return (jnp.where(np.triu(np.ones(places.shape, bool), 1), gathered, 0).astype(gathered.dtype),)
