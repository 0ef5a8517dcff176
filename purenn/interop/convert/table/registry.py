"""The table of operators, and what its entries share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from purenn import random
from purenn.functional.dtypes import result_type

__all__ = ["TABLE", "alike", "axes_of", "key", "op", "wide"]

TABLE: dict[str, Callable[..., Any]] = {}
F = TypeVar("F", bound=Callable[..., Any])


def op(*names: str, **functions: Callable[..., Any]) -> Callable[[F], F]:
    """Puts a function into the table under names: of an operator, or of an operator and its overload."""

    def add(function: F) -> F:
        for name in names:
            TABLE[name] = function
        return function

    TABLE.update(functions)
    return add


def alike(*values: Any) -> tuple[Any, ...]:
    """Arrays in the dtype to which torch promotes them; numbers stay numbers, which promote nothing in jax either."""
    arrays = [v for v in values if isinstance(v, jax.Array | np.ndarray | np.generic)]
    if len({a.dtype for a in arrays}) <= 1:
        return values
    dtype = result_type(*map(jnp.asarray, arrays))
    return tuple(jnp.asarray(v, dtype) if isinstance(v, jax.Array | np.ndarray | np.generic) else v for v in values)


def axes_of(dim: Any, ndim: int) -> tuple[int, ...]:
    """Dimensions as axes; None and an empty list are all of them."""
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    return tuple(d % max(ndim, 1) for d in (dim if isinstance(dim, tuple | list) else (dim,)))


def wide(x: Any) -> Any:
    """An integer or boolean array in the dtype in which torch sums it."""
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jax.dtypes.canonicalize_dtype("int64"))


def key() -> Any:
    """The next key of the call around."""
    stream = random.around()
    if stream is None:
        raise ValueError("random numbers are needed here: pass rng=, a jax key such as jax.random.key(0)")
    return stream.next()
