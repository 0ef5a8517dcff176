"""The p-norm of vectors, with torch's value and gradient everywhere: also at zeros, ties and infinite p."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp

from purenn.lowering.dtypes import widened
from purenn.lowering.reduction import max_or_nan, min_or_nan
from purenn.lowering.whole import or_nan

__all__ = ["max_modulus", "modulus", "power", "quotient", "root", "sign", "vector_norm"]

Axes = int | tuple[int, ...]


def vector_norm(x: jax.Array, p: float, axes: Axes, keepdims: bool = False) -> jax.Array:
    """The p-norm over some axes, in float32 for half inputs and real for complex ones.

    The gradient at a zero vector is zero, and for p = ±inf is shared equally between ties, as in torch.
    """
    x = widened(x)
    norm = _vector_norm(modulus(x) if jnp.iscomplexobj(x) else x, p, axes)
    return norm if keepdims else jnp.squeeze(norm, axes)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def _vector_norm(x: jax.Array, p: float, axes: Axes) -> jax.Array:
    """The norm of a real array; the axes stay, with size 1."""
    if p == 2:
        return jnp.sqrt(jnp.sum(x * x, axes, keepdims=True))
    a = jnp.abs(x)
    if p == 0:
        return jnp.sum((a != 0).astype(a.dtype), axes, keepdims=True)
    if p == 1:
        return jnp.sum(a, axes, keepdims=True)
    if math.isinf(p):
        return (max_or_nan if p > 0 else min_or_nan)(a, axes, keepdims=True)
    return power(jnp.sum(power(a, p), axes, keepdims=True), 1 / p)


@_vector_norm.defjvp
def _vector_norm_jvp(
    p: float, axes: Axes, primals: tuple[jax.Array], tangents: tuple[jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (x,), (dx,) = primals, tangents
    norm = _vector_norm(x, p, axes)
    if p == 0:
        return norm, jnp.zeros_like(norm)
    if math.isinf(p):
        tied = (jnp.abs(x) == norm) | (x != x)
        share = sign(x) / jnp.sum(tied.astype(x.dtype), axes, keepdims=True)
        return norm, jnp.sum(jnp.where(tied, share, 0) * dx, axes, keepdims=True)
    return norm, jnp.sum(_norm_slope(x, norm, p) * dx, axes, keepdims=True)


def _norm_slope(x: jax.Array, norm: jax.Array, p: float) -> jax.Array:
    if p == 1:
        return sign(x)
    if p < 1:
        return sign(x) * power(jnp.abs(x), p - 1, at_zero=0) * jnp.power(norm, 1 - p)
    zero = norm == 0
    length = jnp.where(zero, 1, norm)
    slope = x if p == 2 else sign(x) * power(jnp.abs(x), p - 1)
    return jnp.where(zero, 0, quotient(slope, length if p == 2 else jnp.power(length, p - 1)))


@jax.custom_jvp
def max_modulus(x: jax.Array) -> jax.Array:
    """The largest modulus of the last axis, with the full derivative in each element that attains it, NaN if infinite.

    Unlike that of `vector_norm` this is the derivative of torch's distances.
    """
    return max_or_nan(jnp.abs(x), -1)


@max_modulus.defjvp
def _max_modulus_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (dx,) = primals, tangents
    y = max_modulus(x)
    attained = jnp.abs(x) == y[..., None]
    undefined = (attained & jnp.isinf(x)) | (x != x)
    slope = or_nan(~undefined, jnp.where(attained, sign(x), 0))
    return y, jnp.sum(slope * dx, -1)


def root(a: jax.Array, p: float) -> jax.Array:
    """The p-th root of something not negative, with derivative 0 at 0 unless p is 1."""
    return a if p == 1 else power(a, 1 / p)


def power(a: jax.Array, p: float, at_zero: float | None = None) -> jax.Array:
    """A power of something not negative, with derivative 0 at 0."""
    zero = a == 0
    a = jnp.where(zero, 1, a)
    at_zero = (0.0 if p > 0 else jnp.inf) if at_zero is None else at_zero
    return jnp.where(zero, at_zero, jnp.sqrt(a) if p == 0.5 else jnp.power(a, p))


def sign(x: jax.Array) -> jax.Array:
    """-1, 0 or 1; 0 for NaN, as torch has it in derivatives."""
    return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)


@jax.custom_jvp
def modulus(x: jax.Array) -> jax.Array:
    """The absolute value, with torch's derivative at 0, which is 0; that of ``jnp.abs`` is 1."""
    return jnp.abs(x)


@modulus.defjvp
def _modulus_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (dx,) = primals, tangents
    size = modulus(x)
    if not jnp.iscomplexobj(x):
        return size, sign(x) * dx
    direction = x / jnp.where(size == 0, 1, size).astype(x.dtype)
    return size, (jnp.conj(direction) * dx).real


@jax.custom_jvp
def quotient(x: jax.Array, y: jax.Array) -> jax.Array:
    """x / y, where y may be of size 1 along some axes.

    The derivative divides by y twice where jax's divides by its square, which overflows from 2e19 on. And XLA makes
    one reciprocal of a broadcast y, which it flushes to 0 where y is close to the largest number.
    """
    if x.shape == y.shape:
        return x / y
    huge = jnp.abs(y) > float(jnp.finfo(y.dtype).max) / 256
    scale = jnp.where(huge, 1 / 64, 1).astype(y.dtype)
    return (x * scale) / (y * scale)


@quotient.defjvp
def _quotient_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (_, y), (dx, dy) = primals, tangents
    z = quotient(*primals)
    return z, quotient(dx - z * dy, y)
