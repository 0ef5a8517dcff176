"""The reduction of losses and the warning about sizes.

A loss is computed in at least float32 and rounded once, to the dtype of torch's result, after the reduction.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.typing import Array, DTypeLike
from purenn.warn import warn_user

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
    """Returns the reduction; the two deprecated arguments override it, with a warning, as in torch.

    Args:
        where: the name of the loss.
        reduction: the argument ``reduction``.
        size_average, reduce: the deprecated arguments.
        choices: the reductions that the loss has.
        old_name: whether ``'elementwise_mean'`` means ``'mean'``, with a warning.
    """
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warn_user(LEGACY.format(reduction))
    elif old_name and reduction == "elementwise_mean":
        warn_user("reduction='elementwise_mean' is deprecated; use reduction='mean' instead.")
        reduction = "mean"
    check.choice(where, "reduction", reduction, choices)
    return reduction


def reduced(loss: jax.Array, reduction: str, dtype: DTypeLike, total: jax.Array | float | None = None) -> Array:
    """Reduces losses and casts the result; with `total` the mean is the sum divided by it."""
    if reduction == "sum":
        loss = jnp.sum(loss)
    elif reduction == "mean":
        loss = jnp.mean(loss) if total is None else jnp.sum(loss) / total
    return loss.astype(dtype)


def warn_of_sizes(input: jax.Array, target: jax.Array) -> None:
    """Warns, as torch does, that input and target will be broadcast."""
    if input.shape != target.shape:
        warn_user(
            f"The target's shape {target.shape} differs from the input's {input.shape}: they are broadcast, "
            "which is rarely intended. Give them the same shape."
        )
