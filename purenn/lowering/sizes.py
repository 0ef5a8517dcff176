"""Sizes of arrays that may be symbols, as those of a batch and of images which `jax.export` leaves open.

Their type is given as int, as jax gives that of every size.
"""

from __future__ import annotations

from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

__all__ = ["are_known", "as_value", "count", "divides", "divisor", "known_below"]

MAX_SYMBOLIC_DIVISOR = 256  # divisors of an unknown size that are tried, as 8 divides 8 b


def known_below(size: int, bound: int) -> bool:
    """Whether a size is certain to be below a bound. A symbolic size that may have any value is not.

    A choice between formulations asks this instead of comparing sizes, so that an unknown size counts as a large one.
    """
    try:
        return bool(size < bound)
    except jax.errors.InconclusiveDimensionOperation:
        return False


def are_known(sizes: Iterable[int]) -> bool:
    """Whether all sizes are numbers, none a symbol."""
    return all(isinstance(size, int) for size in sizes)


def count(size: int) -> np.ndarray | jax.Array:
    """0, 1, ..., size - 1, in numpy if the size is a number."""
    return np.arange(size) if are_known([size]) else jnp.arange(size)


def as_value(size: int, dtype: DTypeLike) -> np.number | jax.Array:
    """A size as a scalar, of numpy if it is a number."""
    return np.dtype(dtype).type(size) if are_known([size]) else jnp.asarray(size, dtype)


def divisor(size: int, most: int) -> int:
    """The largest number up to `most`, at least 1, that is certain to divide a size."""
    if isinstance(size, int):
        return next((n for n in range(min(size, most), 1, -1) if size % n == 0), 1)
    return next((n for n in range(min(MAX_SYMBOLIC_DIVISOR, most), 1, -1) if divides(n, size)), 1)


def divides(count: int, size: int) -> bool:
    """Whether a positive number is certain to divide a size."""
    try:
        return bool(size % count == 0)
    except jax.errors.InconclusiveDimensionOperation:
        return False
