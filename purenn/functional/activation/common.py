"""Checks of inputs that the activations share."""

from __future__ import annotations

import jax

from purenn import check
from purenn.lowering.dtypes import widened
from purenn.typing import ArrayLike, DTypeLike


def floating(where: str, input: ArrayLike) -> jax.Array:
    """Gives the input as an array; refuses one that isn't floating-point."""
    x = check.array(where, "input", input)
    check.floating(where, "input", x)
    return x


def real(where: str, input: ArrayLike) -> jax.Array:
    """Gives the input as an array; refuses a boolean or complex one."""
    x = check.array(where, "input", input)
    check.real(where, "input", x)
    return x


def wide(where: str, input: ArrayLike) -> tuple[jax.Array, DTypeLike]:
    """Gives a floating-point input in the dtype of the computation, and its own dtype."""
    x = floating(where, input)
    return widened(x), x.dtype
