"""Arguments as torch reads them: numbers beside arrays, sizes, and the dtype to which they are promoted together."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jax import export, lax
from jax.core import Tracer

from purenn import check
from purenn.functional.dtypes import floating_or_float32, kind
from purenn.functional.dtypes import result_type as promoted_arrays
from purenn.typing import ArrayLike, DTypeLike
from purenn.value_checks import Within, known, require

__all__ = [
    "Dims",
    "Number",
    "array",
    "as_dtype",
    "default_dtype",
    "in_range",
    "integer",
    "is_symbolic",
    "kind",
    "numeric",
    "operands",
    "picked",
    "promoted",
    "ranked",
    "real_array",
    "refuse_traced",
    "sizes",
    "taken",
]

Number: TypeAlias = int | float | complex
Dims: TypeAlias = int | Sequence[int] | None  # of an array: one dimension, several, or all

_NUMBERS = (bool, int, float, complex)


def default_dtype(of: int) -> np.dtype:
    """The dtype of a number of a kind: torch's default floating type is float32; int64 is int32 without x64."""
    return jnp.dtype((jnp.bool_, jax.dtypes.canonicalize_dtype(np.int64), jnp.float32, jnp.complex64)[of])


def as_dtype(where: str, dtype: DTypeLike, argument: str = "dtype") -> np.dtype:
    """A dtype that jax can hold: without x64, int64 is int32 and float64 is float32, without a warning."""
    try:
        return jnp.dtype(jax.dtypes.canonicalize_dtype(jnp.dtype(dtype)))
    except TypeError:
        check.fail(where, argument, "be a dtype, such as jnp.float32", repr(dtype), TypeError)


def _plain(x: ArrayLike) -> ArrayLike:
    """A numpy scalar counts as a Python number, as in torch."""
    return x.item() if isinstance(x, np.generic) and x.dtype != jnp.bfloat16 else x


def promoted(*values: ArrayLike) -> np.dtype:
    """The dtype of an operation of arrays and numbers; a number counts only where its kind is higher than theirs."""
    values = tuple(map(_plain, values))
    numbers = [v for v in values if isinstance(v, _NUMBERS)]
    arrays = [jnp.asarray(v) for v in values if not isinstance(v, _NUMBERS)]
    highest = builtins.max((_NUMBERS.index(type(v)) for v in numbers), default=-1)
    if not arrays:
        return default_dtype(highest)
    dtype = promoted_arrays(*arrays)
    if highest <= kind(dtype):
        return dtype
    return jnp.dtype(jnp.complex128) if highest == 3 and dtype == jnp.float64 else default_dtype(highest)


def array(where: str, argument: str, x: ArrayLike, dtype: DTypeLike | None = None) -> jax.Array:
    """An array, from an array or a number."""
    x = _plain(x)
    if not isinstance(x, _NUMBERS):
        x = check.array(where, argument, x)
        return x if dtype is None else x.astype(dtype)
    dtype = promoted(x) if dtype is None else dtype
    if isinstance(x, complex) and kind(dtype) < 3:
        check.fail(where, argument, "be real", x, TypeError)
    try:
        return jnp.asarray(np.asarray(x).astype(dtype) if isinstance(x, float) and kind(dtype) < 2 else x, dtype)
    except OverflowError:
        check.fail(where, argument, f"fit into {dtype}", x)


def operands(
    where: str, *, floating: bool = False, broadcast: bool = True, numbers: bool = False, **named: ArrayLike
) -> list[jax.Array]:
    """The arguments as arrays of one dtype and, with `broadcast`, one shape.

    Args:
        where: the function's name.
        floating: whether integers become float32.
        broadcast: whether the shapes become one.
        numbers: whether numbers alone are allowed.
        named: arrays and numbers by the names of their arguments.
    """
    arrays = [name for name, x in named.items() if not isinstance(_plain(x), _NUMBERS)]
    for name in arrays:
        check.array(where, name, named[name])
    if not arrays and not numbers:
        check.fail(where, " or ".join(named), "be an array", "numbers alone", TypeError)
    dtype = promoted(*named.values())
    dtype = floating_or_float32(dtype) if floating else dtype
    cast = {name: array(where, name, x, dtype) for name, x in named.items()}
    return check.broadcast(where, **cast) if broadcast else list(cast.values())


def numeric(where: str, input: ArrayLike, least: int = 1, most: int = 3) -> jax.Array:
    """The argument ``input`` as an array whose `kind` is in a range; by default booleans alone are refused."""
    x = check.array(where, "input", input)
    if not least <= kind(x.dtype) <= most:
        expected = "be a numeric array" if most == 3 else "be a real array"
        check.fail(where, "input", expected, f"dtype {x.dtype}", TypeError)
    return x


def real_array(where: str, input: ArrayLike, least: int = 0) -> jax.Array:
    """The argument ``input`` as an array that isn't complex; with `least` 1 booleans are refused too."""
    return numeric(where, input, least, 2)


def ranked(where: str, input: ArrayLike, least: int) -> jax.Array:
    """The argument ``input`` as an array of at least this rank."""
    x = check.array(where, "input", input)
    if x.ndim < least:
        check.fail(where, "input", f"have rank {least} or more", f"shape {x.shape}")
    return x


def refuse_traced(where: str, argument: str, x: object) -> None:
    """Refuses an array whose values aren't known while a function is traced."""
    if isinstance(x, Tracer):
        check.fail(where, argument, "be known outside of jit", "a traced array", TypeError)


def is_symbolic(value: Any) -> TypeGuard[int]:
    """Whether a value is a symbolic size of `jax.export`, which has the type int, as in jax's shapes."""
    return export.is_symbolic_dim(value)


def integer(where: str, argument: str, value: object) -> int:
    """A size or an index: a Python integer, a known scalar array, or a symbolic size of `jax.export`."""
    if is_symbolic(value):
        return value
    if isinstance(value, jax.Array) and not isinstance(value, Tracer) and value.ndim == 0:
        try:
            return operator.index(value)
        except TypeError:
            pass
    refuse_traced(where, argument, value)
    return check.integer(where, argument, value)


def sizes(where: str, argument: str, values: Sequence[object]) -> tuple[int, ...]:
    """Integers that come one by one or as one sequence: ``f(x, 2, 3)`` or ``f(x, (2, 3))``."""
    if len(values) == 1 and isinstance(values[0], Sequence | np.ndarray):
        values = tuple(values[0])
    return tuple(integer(where, argument, n) for n in values)


def in_range(where: str, argument: str, index: jax.Array, n: int, wrap: bool = False) -> jax.Array:
    """Indices along a dimension of size n, refused out of range where they are known.

    Traced ones that are out of range become n, which jax's ``mode="fill"`` and ``mode="drop"`` see as such.

    Args:
        where: the function's name.
        argument: the argument's name.
        index: integers.
        n: the size of the dimension.
        wrap: whether negative ones count from the end.
    """
    check.integral(where, argument, index)
    require(index, Within(where, argument, -n if wrap else 0, n - 1))
    index = index.astype(default_dtype(1))
    if wrap:
        index = jnp.where(index < 0, index + n, index)
    return index if known(index) is not None else jnp.where(index < 0, n, index)


def taken(x: jax.Array, index: jax.Array, dim: int) -> jax.Array:
    """The slices at indices along a dimension; those at index n are NaN, or 0 for integers and booleans."""
    return jnp.take(x, index, axis=dim, mode="fill", fill_value=np.nan if kind(x.dtype) > 1 else 0)


def picked(x: jax.Array, index: jax.Array, dim: int) -> jax.Array:
    """One element per row along a dimension, which stays with size 1; no gather, hence no scatter in the gradient."""
    mask = lax.broadcasted_iota(index.dtype, x.shape, dim) == jnp.broadcast_to(index, x.shape)
    if x.dtype == bool:
        return jnp.any(mask & x, dim, keepdims=True)
    return jnp.sum(jnp.where(mask, x, jnp.zeros((), x.dtype)), dim, keepdims=True, dtype=x.dtype)
