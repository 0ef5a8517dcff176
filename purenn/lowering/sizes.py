"""Sizes of arrays that may be symbols, as that of a batch which `jax.export` leaves open.

Their type is given as int, as jax gives that of every size.
"""

from __future__ import annotations

import jax

__all__ = ["divisor", "known_below"]

MAX_SYMBOLIC_DIVISOR = 256  # divisors of an unknown size that are tried, as 8 divides 8 b


def known_below(size: int, bound: int) -> bool:
    """Whether a size is certain to be below a bound. A symbolic size that may have any value is not.

    A choice between formulations asks this instead of comparing sizes, so that an unknown size counts as a large one.
    """
    try:
        return bool(size < bound)
    except jax.errors.InconclusiveDimensionOperation:
        return False


def divisor(size: int, most: int) -> int:
    """The largest number up to `most`, at least 1, that is certain to divide a size."""
    if isinstance(size, int):
        return next((n for n in range(min(size, most), 1, -1) if size % n == 0), 1)
    return next((n for n in range(min(MAX_SYMBOLIC_DIVISOR, most), 1, -1) if _is_zero(size % n)), 1)


def _is_zero(size: int) -> bool:
    try:
        return bool(size == 0)
    except jax.errors.InconclusiveDimensionOperation:
        return False
