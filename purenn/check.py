"""Checks of arguments, for the first lines of functions.

Every message has the form ``function: argument must EXPECTED, got ACTUAL``, where EXPECTED begins with a verb.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn import random
from purenn.typing import Key


def fail(where: str, argument: str, expected: str, actual: object, error: type[Exception] = ValueError) -> NoReturn:
    """Raises the error of all checks."""
    raise error(f"{where}: {argument} must {expected}, got {actual}")


def array(where: str, argument: str, x: object) -> jax.Array:
    """Returns a jax or numpy array as a jax array; refuses anything else, as torch does."""
    if isinstance(x, jax.Array):
        return x
    if isinstance(x, np.ndarray | np.generic) or hasattr(x, "__jax_array__"):
        return jnp.asarray(x)
    fail(where, argument, "be an array", type(x).__name__, TypeError)


def floating(where: str, argument: str, x: jax.Array) -> None:
    """Checks that an array is real and floating-point."""
    if not jnp.issubdtype(x.dtype, jnp.floating):
        fail(where, argument, "be a floating-point array", f"dtype {x.dtype}", TypeError)


def at_least_single(where: str, argument: str, x: jax.Array) -> None:
    """Checks that an array isn't of a half type."""
    if x.dtype.itemsize < 4:
        fail(where, argument, "have single or double precision", f"dtype {x.dtype}", TypeError)


def inexact(where: str, argument: str, x: jax.Array) -> None:
    """Checks that an array is floating-point or complex."""
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        fail(where, argument, "be a floating-point or complex array", f"dtype {x.dtype}", TypeError)


def numeric(where: str, argument: str, x: jax.Array) -> None:
    """An array of numbers, not of booleans."""
    if x.dtype == bool:
        fail(where, argument, "be a numeric array", f"dtype {x.dtype}", TypeError)


def real(where: str, argument: str, x: jax.Array) -> None:
    """An array of real numbers: neither boolean nor complex."""
    if x.dtype == bool or jnp.iscomplexobj(x):
        fail(where, argument, "be a real array", f"dtype {x.dtype}", TypeError)


def integral(where: str, argument: str, x: jax.Array) -> None:
    """Checks that an array has integers."""
    if not jnp.issubdtype(x.dtype, jnp.integer):
        fail(where, argument, "be an integer array", f"dtype {x.dtype}", TypeError)


def same_dtype(where: str, **arrays: jax.Array | None) -> None:
    """Checks that the arrays that aren't None have one dtype."""
    dtypes = {name: x.dtype for name, x in arrays.items() if x is not None}
    if len(set(dtypes.values())) > 1:
        fail(where, " and ".join(dtypes), "have one dtype", ", ".join(str(d) for d in dtypes.values()), TypeError)


def rank(where: str, argument: str, x: jax.Array, ranks: Collection[int], layout: str = "") -> None:
    """Checks the number of dimensions of an array; ``layout`` names them, as in ``(C, L) or (N, C, L)``."""
    if x.ndim not in ranks:
        expected = "have rank " + " or ".join(map(str, ranks)) + (f", {layout}" if layout else "")
        fail(where, argument, expected, f"shape {x.shape}")


def shape(where: str, argument: str, x: jax.Array | None, expected: Sequence[int]) -> None:
    """Checks that an array has exactly this shape, or is None."""
    if x is not None and x.shape != tuple(expected):
        fail(where, argument, f"have shape {tuple(expected)}", f"shape {x.shape}")


def broadcastable(where: str, argument: str, x: jax.Array, target: Sequence[int]) -> None:
    """Checks that an array broadcasts to a shape without changing it."""
    extra = x.ndim - len(target)
    if extra > 0 or any(n not in (1, t) for n, t in zip(x.shape, target[-x.ndim :] if x.ndim else (), strict=True)):
        fail(where, argument, f"be broadcastable to {tuple(target)}", f"shape {x.shape}")


def choice(where: str, argument: str, value: object, choices: Collection[Any]) -> None:
    """Checks that a value is one of a few."""
    if value not in choices:
        fail(where, argument, "be one of " + ", ".join(map(repr, choices)), repr(value))


def integer(where: str, argument: str, value: object, least: int | None = None) -> int:
    """Returns an integer, which must be at least ``least``, as a Python integer."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        fail(where, argument, "be an integer", repr(value), TypeError)
    if least is not None and value < least:
        fail(where, argument, f"be at least {least}", value)
    return int(value)


def integers(
    where: str, argument: str, value: object, n: int, least: int | None = None, single: bool = True
) -> tuple[int, ...]:
    """Returns n integers, from one integer or a sequence of n, as torch reads ``kernel_size`` and the like.

    With ``single`` a sequence of one integer is taken too.
    """
    one = isinstance(value, str) or not isinstance(value, Sequence)
    values: tuple[object, ...] = tuple(value) if isinstance(value, Sequence) and not one else (value,)
    if len(values) == 1 and (single or one):
        values *= n
    if len(values) != n:
        fail(where, argument, f"be an integer or {n} integers", repr(value))
    return tuple(integer(where, argument, v, least) for v in values)


def axis(where: str, argument: str, value: object, ndim: int) -> int:
    """Returns a dimension of an array of ``ndim``, counted from the front; a scalar has one, as in torch."""
    value, bound = integer(where, argument, value), max(ndim, 1)
    if not -bound <= value < bound:
        error = IndexError
        fail(where, argument, f"be in [{-bound}, {bound - 1}]", value, error)
    return value % bound


def number(where: str, argument: str, value: Any) -> float:
    """Returns a number, or a numpy or jax scalar whose value is known, as a Python float."""
    if isinstance(value, Tracer) or np.shape(value) or not isinstance(value, int | float | np.number | jax.Array):
        actual = "a traced array" if isinstance(value, Tracer) else repr(value)
        fail(where, argument, "be a number that is known outside of jit", actual, TypeError)
    return float(value)


def probability(where: str, argument: str, value: float) -> None:
    """Checks that a number is from 0 to 1."""
    if not 0.0 <= value <= 1.0:
        fail(where, argument, "be a probability, from 0 to 1", value)


def boolean(where: str, argument: str, value: object) -> None:
    """Checks that a value is True or False, not an array or a number."""
    if not isinstance(value, bool):
        fail(where, argument, "be True or False", repr(value), TypeError)


def nonempty(where: str, argument: str, x: jax.Array, n: int) -> None:
    """Checks that the last n + 1 dimensions of an array, channels and n of space, aren't of size 0; a batch may be."""
    if 0 in x.shape[-n - 1 :]:
        fail(where, argument, "have non-zero size but for the batch", f"shape {x.shape}")


def key(where: str, argument: str, rng: Key | None, needed: str) -> jax.Array:
    """Returns a jax key, typed or of the old kind; ``needed`` says when there must be one.

    None takes the next key of the call of a module or bound layer around, if that has a stream of keys.
    """
    if rng is None and (stream := random.around()) is not None:
        return stream.next()
    if rng is None:
        actual = f"None (give {argument}=jax.random.key(0); inside a module's call keys come from the call)"
        fail(where, argument, f"be a jax key where {needed}", actual)
    if not isinstance(rng, jax.Array | np.ndarray) or not (
        jnp.issubdtype(rng.dtype, jax.dtypes.prng_key) or rng.dtype == jnp.uint32
    ):
        fail(where, argument, "be a jax key", getattr(rng, "dtype", type(rng).__name__), TypeError)
    return jnp.asarray(rng)


def axes(where: str, argument: str, value: object, ndim: int) -> tuple[int, ...]:
    """Returns one or several dimensions as a tuple; None or an empty sequence is all dimensions, as in torch."""
    if value is None or (isinstance(value, Sequence) and not value):
        return tuple(range(ndim))
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    dims = tuple(axis(where, argument, v, ndim) for v in values)
    if len(set(dims)) < len(dims):
        fail(where, argument, "have no repetitions", value)
    return dims[:ndim]


def common_shape(where: str, **arrays: jax.Array) -> tuple[int, ...]:
    """Returns the shape to which the arrays broadcast."""
    shapes = [x.shape for x in arrays.values()]
    try:
        return jnp.broadcast_shapes(*shapes)
    except ValueError:
        fail(where, " and ".join(arrays), "be broadcastable to a common shape", " and ".join(map(str, shapes)))


def broadcast(where: str, **arrays: jax.Array) -> list[jax.Array]:
    """Returns the arrays in their common shape."""
    common = common_shape(where, **arrays)
    return [jnp.broadcast_to(x, common) for x in arrays.values()]
