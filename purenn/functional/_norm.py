"""The p-norm of vectors, with torch's value and gradient everywhere: also at zeros, ties and infinite p."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn.lowering.reduction import max_or_nan, min_or_nan


def vector_norm(x: jax.Array, p: float, axes: int | tuple[int, ...], keepdims: bool = False) -> jax.Array:
    """The p-norm over some axes, in float32 for half inputs and real for complex ones.

    The gradient at a zero vector is zero, and for p = ±inf is shared equally between ties, as in torch.
    """
    if x.dtype.itemsize < 4:
        x = x.astype(jnp.float32)
    if p == 2:
        squares = jnp.square(x.real) + jnp.square(x.imag) if jnp.iscomplexobj(x) else jnp.square(x)
        return _power(jnp.sum(squares, axes, keepdims=keepdims), 0.5)
    a = modulus(x)
    if p == 0:
        return jnp.sum((a != 0).astype(a.dtype), axes, keepdims=keepdims)
    if p == 1:
        return jnp.sum(a, axes, keepdims=keepdims)
    if p == float("inf"):
        return max_or_nan(a, axes, keepdims)
    if p == float("-inf"):
        return min_or_nan(a, axes, keepdims)
    return _power(jnp.sum(_power(a, p), axes, keepdims=keepdims), 1 / p)


def root(a: jax.Array, p: float) -> jax.Array:
    """The p-th root of something not negative, with derivative 0 at 0 unless p is 1."""
    return a if p == 1 else _power(a, 1 / p)


def _power(a: jax.Array, p: float) -> jax.Array:
    """A power of something not negative, with derivative 0 at 0."""
    zero = a == 0
    a = jnp.where(zero, 1, a)
    return jnp.where(zero, 0.0 if p > 0 else jnp.inf, jnp.sqrt(a) if p == 0.5 else jnp.power(a, p))


def modulus(x: jax.Array) -> jax.Array:
    """The absolute value, with torch's derivative at 0, which is 0; that of ``jnp.abs`` is 1."""
    return _power(jnp.square(x.real) + jnp.square(x.imag), 0.5) if jnp.iscomplexobj(x) else x * jnp.sign(x)
