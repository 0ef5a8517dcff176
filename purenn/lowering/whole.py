"""Formulations that are compiled as a whole where they are called outside of jit.

An eager call runs operation by operation, and ``jax.debug_nans`` and ``jax.debug_infs`` look at the result of each. A
formulation that has an infinity or a NaN on its way, as padding or in a selection, would make them report a call in
which nothing is wrong. Compiled as a whole they see its result only. Inside another jit it is a part like any other.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

__all__ = ["or_nan", "whole"]

whole = functools.partial(jax.jit, inline=True)


@whole
def or_nan(valid: jax.Array, x: jax.Array) -> jax.Array:
    """The array where it is valid, NaN elsewhere."""
    return jnp.where(valid, x, jnp.full_like(x, jnp.nan))
