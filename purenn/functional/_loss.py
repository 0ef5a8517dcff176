"""What all losses share: torch's promotion of dtypes, the warning about sizes, and the one reduction.

A loss is computed in at least float32 and rounded once, to the dtype of torch's result, after the reduction.
"""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.functional import _check
from purenn.lowering.dtypes import compute_dtype

EPSILON = float(np.float32(1e-12))  # torch's constant is single precision
LEGACY = "size_average and reduce are deprecated; use reduction={!r} instead."


def reduction_of(
    where: str,
    reduction: str,
    size_average: bool | None = None,
    reduce: bool | None = None,
    choices: tuple[str, ...] = ("none", "mean", "sum"),
    old_name: bool = True,
) -> str:
    """The reduction that the arguments ask for; the legacy two overrule the third, with a warning, as in torch.

    Where `old_name`, ``'elementwise_mean'`` is taken for ``'mean'``, with a warning.
    """
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(LEGACY.format(reduction), stacklevel=3)
    elif old_name and reduction == "elementwise_mean":
        warnings.warn("reduction='elementwise_mean' is deprecated; use reduction='mean' instead.", stacklevel=3)
        reduction = "mean"
    _check.choice(where, "reduction", reduction, choices)
    return reduction


def reduced(loss: jax.Array, reduction: str, dtype: Any, total: jax.Array | float | None = None) -> jax.Array:
    """The loss, its mean or its sum, in this dtype; with `total` the mean is the sum divided by that."""
    if reduction == "sum":
        loss = jnp.sum(loss)
    elif reduction == "mean":
        loss = jnp.mean(loss) if total is None else jnp.sum(loss) / total
    return loss.astype(dtype)


def result_type(*arrays: jax.Array) -> Any:
    """The dtype to which torch promotes arrays: a scalar counts only where its kind is higher than the others'."""
    kinds = (jnp.bool_, jnp.integer, jnp.floating, jnp.complexfloating)

    def kind(x: jax.Array) -> int:
        return max(i for i, k in enumerate(kinds) if jnp.issubdtype(x.dtype, k))

    def promoted(group: list[jax.Array]) -> Any:
        with jax.numpy_dtype_promotion("standard"):
            return jnp.promote_types(group[0].dtype, promoted(group[1:])) if len(group) > 1 else group[0].dtype

    shaped, scalars = [x for x in arrays if x.ndim], [x for x in arrays if not x.ndim]
    highest = max(map(kind, shaped), default=-1)
    return promoted(shaped + [x for x in scalars if kind(x) > highest])


def floating_or_float32(dtype: Any) -> Any:
    """The dtype, or float32 for integers and booleans."""
    return dtype if jnp.issubdtype(dtype, jnp.inexact) else jnp.float32


def cast(x: jax.Array, dtype: Any) -> jax.Array:
    """The array in the dtype in which a result of `dtype` is computed."""
    return x.astype(compute_dtype(dtype))


def broadcast(where: str, **arrays: jax.Array) -> list[jax.Array]:
    """The arrays in their common shape."""
    common = _check.common_shape(where, **arrays)
    return [jnp.broadcast_to(x, common) for x in arrays.values()]


def warn_of_sizes(input: jax.Array, target: jax.Array) -> None:
    """Torch's warning that input and target are about to be broadcast."""
    if input.shape != target.shape:
        warnings.warn(
            f"The target's shape {target.shape} differs from the input's {input.shape}: they are broadcast, "
            "which is seldom what is meant. Give them the same shape.",
            stacklevel=4,
        )


@jax.custom_jvp
def hinge(x: jax.Array) -> jax.Array:
    """What is not negative; the derivative at 0 is 1 and at NaN 0, as that of torch's ``clamp_min``."""
    return jnp.where(x <= 0, jnp.zeros_like(x), x)


@hinge.defjvp
def _(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (dx,) = primals, tangents
    return hinge(x), jnp.where(x >= 0, dx, jnp.zeros_like(dx))


def clamped(x: jax.Array, least: float) -> jax.Array:
    """At least `least`, with the derivative of the identity."""
    low = x < least
    return jnp.where(low, jnp.asarray(least, x.dtype) + (x - jax.lax.stop_gradient(x)), x)
