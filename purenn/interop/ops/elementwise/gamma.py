"""The gamma function's logarithm, its derivatives, and the Hurwitz zeta function, on both sides of 0.

jax's zeta function is wrong below 0, and with it the derivatives of its digamma function.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

__all__ = ["digamma", "lgamma", "polygamma", "zeta"]

Pair = tuple[jax.Array, jax.Array]


@jax.custom_jvp
def lgamma(x: jax.Array) -> jax.Array:
    """The logarithm of the gamma function's modulus."""
    return lax.lgamma(x)


@lgamma.defjvp
def _lgamma_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> Pair:
    return lgamma(*primals), tangents[0] * digamma(*primals)


@jax.custom_jvp
def digamma(x: jax.Array) -> jax.Array:
    """The derivative of `lgamma`; jax's is NaN at 0, where it goes to infinity."""
    pole = x == 0
    regular = lax.digamma(jnp.where(pole, jnp.ones((), x.dtype), x))
    return jnp.where(pole, -jnp.copysign(jnp.asarray(jnp.inf, x.dtype), x), regular)


@digamma.defjvp
def _digamma_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> Pair:
    return digamma(*primals), tangents[0] * polygamma(1, *primals)


def polygamma(n: int, x: jax.Array) -> jax.Array:
    """The n-th derivative of `digamma`, for n above 0."""
    if n == 1:
        return _trigamma(x)
    factor = math.factorial(n) if n < 150 else math.inf
    return jnp.asarray(factor if n % 2 else -factor, x.dtype) * zeta(jnp.full(x.shape, n + 1, x.dtype), x)


@jax.custom_jvp
def _trigamma(x: jax.Array) -> jax.Array:
    low = x < 0.5  # there by reflection
    right = lax.polygamma(jnp.ones_like(x), jnp.where(low, 1 - x, x))
    sine = jnp.where(low, jnp.sin(jnp.asarray(jnp.pi, x.dtype) * x), jnp.ones_like(x))
    return jnp.where(low, jnp.square(jnp.pi / sine) - right, right)


@_trigamma.defjvp
def _trigamma_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> Pair:
    return _trigamma(*primals), tangents[0] * polygamma(2, *primals)


@jax.custom_jvp
def zeta(x: jax.Array, q: jax.Array) -> jax.Array:
    """The sum of (q + i) ** -x over i from 0; where q is negative only for integers x, as powers of them are real."""
    pole = (q <= 0) & (q == jnp.floor(q))
    summed = (q < 0) & ~pole & (x == jnp.floor(x)) & (x > 1)
    odd = jnp.remainder(x, jnp.asarray(2, x.dtype)) == 1

    def add(carry: Pair) -> Pair:
        total, q = carry
        term = jnp.power(jnp.abs(jnp.where(q < 0, q, 1)), -x) * jnp.where(odd, -1, 1).astype(x.dtype)
        return jnp.where(q < 0, total + term, total), jnp.where(q < 0, q + 1, q)

    one = jnp.ones((), q.dtype)
    start = jnp.zeros_like(q), jnp.where(summed, q, one)
    total, moved = lax.while_loop(lambda carry: jnp.any(carry[1] < 0), add, start)
    above = lax.zeta(jnp.where(x > 1, x, 2 * one), jnp.where(summed, moved, jnp.where(q > 0, q, one)))
    y = jnp.where((q > 0) | summed | (q != q), total + above, jnp.nan)
    y = jnp.where(pole, jnp.inf, y)
    return jnp.where(x == 1, jnp.inf, jnp.where(x > 1, jnp.where(q != q, jnp.nan, y), jnp.nan)).astype(q.dtype)


def _zeta_jvp(primals: Pair, tangents: tuple[jax.Array | SymbolicZero, jax.Array | SymbolicZero]) -> Pair:
    (x, q), (dx, dq) = primals, tangents
    if not isinstance(dx, SymbolicZero):
        raise NotImplementedError("special.zeta: there is no derivative in the first argument, only in the second")
    slope = -x * zeta(x + 1, q)
    return zeta(x, q), jnp.zeros_like(slope) if isinstance(dq, SymbolicZero) else dq * slope


zeta.defjvp(_zeta_jvp, symbolic_zeros=True)
