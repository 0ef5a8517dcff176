"""Checks, transposes and batches of matrices that the functions of this folder share."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import kind
from purenn.typing import ArrayLike
from purenn.value_checks import known

__all__ = ["batched", "hermitian_part", "matrices", "refuse_singular", "transposed"]


def matrices(where: str, argument: str, A: ArrayLike, square: bool = False) -> jax.Array:
    """Matrices of single or double precision."""
    x = check.array(where, argument, A)
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        check.fail(where, argument, f"have shape (*, {'n, n' if square else 'm, n'})", f"shape {x.shape}")
    check.inexact(where, argument, x)
    check.at_least_single(where, argument, x)
    return x


def transposed(x: jax.Array) -> jax.Array:
    """The conjugate transpose of matrices."""
    x = jnp.swapaxes(x, -1, -2)
    return jnp.conj(x) if kind(x.dtype) == 3 else x


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def hermitian_part(x: jax.Array, upper: bool) -> jax.Array:
    """Hermitian matrices of which one triangle is read; their derivative is shared by both, as in torch."""
    if upper:
        return jnp.triu(x) + transposed(jnp.triu(x, 1))
    return jnp.tril(x) + transposed(jnp.tril(x, -1))


@hermitian_part.defjvp
def _hermitian_part_jvp(
    upper: bool, primals: tuple[jax.Array], tangents: tuple[jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (dx,) = tangents
    return hermitian_part(primals[0], upper), (dx + transposed(dx)) / 2


def refuse_singular(where: str, result: jax.Array, *inputs: jax.Array) -> jax.Array:
    """The result, unless it shows that one of the inputs, whose values are known, is singular."""
    if result.size and all(known(x) is not None for x in inputs):
        finite = [bool(jnp.isfinite(x).all()) for x in (result, *inputs)]
        if not finite[0] and all(finite[1:]):
            check.fail(where, "A", "be invertible", "a singular matrix")
    return result


def batched(where: str, a: jax.Array, b: jax.Array) -> list[jax.Array]:
    """Matrices with their batches broadcast."""
    try:
        batch = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        check.fail(where, "A and B", "have batches that broadcast", f"{a.shape} and {b.shape}")
    return [jnp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b)]
