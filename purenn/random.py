"""Streams of jax keys, and random numbers without a compilation.

A `Stream` is a key and a count; its n-th key is ``jax.random.fold_in(key, n)``. Each face draws from one: `init` and
`apply` make it from their ``rng``, modules share the default generator that `manual_seed` sets. So the same seed gives
the same arrays on every face.

Keys and numbers are those of `jax.random`; `purenn.lowering.threefry` computes them without a compilation per shape.
"""

from __future__ import annotations

import contextlib
import contextvars
import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import DTypeLike

from purenn import tracing
from purenn.context import setting
from purenn.lowering import threefry
from purenn.typing import Key
from purenn.variable import Variable

__all__ = [
    "NeedsKey",
    "NoKeys",
    "Stream",
    "around",
    "default_generator",
    "drawing_from",
    "manual_seed",
    "normal",
    "seeded",
    "uniform",
]


def _fold_in(key: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate(threefry.threefry(key, np.zeros(1, np.uint32), np.array([count], np.uint32)))


def _work_dtype(dtype: DTypeLike) -> np.dtype:
    return np.dtype(np.float64 if np.dtype(dtype) == np.float64 else np.float32)


def _draw(key: Key, shape: Sequence[int], dtype: DTypeLike, scale: float, shift: float, normal: bool) -> jax.Array:
    work, words = _work_dtype(dtype), threefry.concrete_words(key)
    if words is None:
        values = threefry.traced(key, shape, work, normal=normal) * work.type(scale)
        return (values + work.type(shift) if shift else values).astype(dtype)
    values = threefry.fill(words, math.prod(shape), work, normal=normal)
    values *= work.type(scale)
    if shift:
        values += work.type(shift)
    return jax.device_put(values.reshape(shape).astype(dtype, copy=False))


def uniform(
    key: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32, low: float = -1.0, high: float = 1.0
) -> jax.Array:
    """Uniform numbers in ``[low, high)``, from the bits of `jax.random.uniform`."""
    return _draw(key, shape, dtype, high - low, (low + high) / 2, normal=False)


def normal(
    key: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32, mean: float = 0.0, std: float = 1.0
) -> jax.Array:
    """The normal numbers of `jax.random.normal`, times ``std`` plus ``mean``."""
    return _draw(key, shape, dtype, std, mean, normal=True)


def constant(value: float, shape: Sequence[int], dtype: DTypeLike, *, traced: bool) -> jax.Array:
    """An array full of ``value``; without a compilation unless it is ``traced``."""
    if traced:
        return jnp.full(shape, value, dtype)
    return jax.device_put(np.full(shape, value, dtype))


def as_key(words: Any) -> jax.Array:
    """The jax key of two words of threefry."""
    return jax.random.wrap_key_data(words, impl="threefry2x32")


_lock = threading.Lock()


class Stream:
    """A sequence of keys: the n-th is ``jax.random.fold_in(key, n)``.

    Threads that share a stream get different keys. Inside a jax transformation that began after the stream was made, a
    key would be the same for every step of a scan or every row of a vmap. Drawing one is refused.

    Args:
        key: a jax key, or an integer seed.

    Example:
        >>> import jax
        >>> from purenn.random import Stream
        >>> first = Stream(jax.random.key(0)).next()
        >>> bool(jax.random.fold_in(jax.random.key(0), 0) == first)
        True
    """

    def __init__(self, key: Key | np.ndarray | int = 0):
        if isinstance(key, int | np.integer):
            if not 0 <= key < 1 << 64:
                raise ValueError(f"seed must be an integer from 0 to 2**64 - 1, got {key}")
            key = np.array([int(key) >> 32, int(key) & 0xFFFFFFFF], np.uint32)
        elif not is_key(key):
            raise TypeError(f"rng must be one jax key, as jax.random.key(0) makes, got {key!r}")
        words = threefry.concrete_words(key)
        self.key = key if words is None else words
        self.count = 0
        self.materialized: Any = None  # the layers that lazy layers become, while arrays are drawn for them
        self.made_in = tracing.current()

    @property
    def traced(self) -> bool:
        return isinstance(self.key, Tracer)

    def next(self) -> Any:
        """The next key."""
        self.check()
        count = self.reserve(Variable(None))
        if isinstance(self.key, np.ndarray):
            return as_key(_fold_in(self.key, count))
        return jax.random.fold_in(self.key, count)

    def afresh(self) -> Stream:
        """A new stream of the same key, for another run of the same function."""
        return Stream(self.key)

    def check(self) -> None:
        """Refuses to draw where one key would be used more than once.

        Raises:
            RuntimeError: inside a transformation that began later than the stream and repeats or keeps its function.
        """
        if tracing.current() != self.made_in and (inner := tracing.transformations_since(self.made_in)):
            remedies = {"jax.lax.scan": "use nn.scan, or ", "jax.checkpoint": "use nn.remat, or "}
            raise RuntimeError(
                f"random numbers are drawn inside {inner[0]}, where they would be the same whenever it repeats its "
                f"function: {remedies.get(inner[0], '')}give each call a key of its own, as in functional_call(net, "
                "params, state, x, training=True, rng=key)"
            )

    def reserve(self, ticket: Variable) -> int:
        """Takes the next count for the caller alone; `restore` gives it back by the ticket, in which it is written."""
        with _lock:
            ticket.value = count = self.count
            self.count = count + 1
        return count

    def restore(self, ticket: Variable) -> None:
        """Gives the count on a ticket back, unless a later one was taken."""
        with _lock:
            if ticket.value is not None and self.count == ticket.value + 1:
                self.count = ticket.value

    def __repr__(self) -> str:
        return f"Stream(key={self.key}, count={self.count})"


class NeedsKey(Exception):
    """Raised by a trace without a key when it first needs one."""


class NoKeys(Stream):
    """The stream of a trace that may need no keys; it raises `NeedsKey`."""

    def __init__(self) -> None:
        self.count, self.materialized, self.made_in = 0, None, tracing.NO_TRACE

    def next(self) -> Any:
        raise NeedsKey

    def afresh(self) -> NoKeys:
        return self

    def check(self) -> None:
        raise NeedsKey


class ShapesOnly(Stream):
    """The keys of a run for shapes alone, also inside a scan; lazy layers may take their sizes in it."""

    def next(self) -> Any:
        self.made_in = tracing.current()
        return super().next()


class Concrete(Stream):
    """The next keys of a generator as words, so that arrays drawn inside a trace are concrete."""

    def __init__(self, generator: Stream):
        self.generator, self.key, self.materialized = generator, generator.key, generator.materialized

    def next(self) -> Any:
        if not isinstance(self.key, np.ndarray):
            return self.generator.next()
        return _fold_in(self.key, self.generator.reserve(Variable(None)))


def is_key(key: object) -> bool:
    """Whether a value is one jax key."""
    if not isinstance(key, jax.Array | np.ndarray):
        return False
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        return key.shape == ()
    return key.ndim == 1 and key.dtype == jnp.uint32


_PROCESS_GENERATOR = Stream(0)
_PROCESS_GENERATOR.made_in = tracing.NO_TRACE

_override: contextvars.ContextVar[Stream | None] = contextvars.ContextVar("purenn_generator", default=None)
_around: contextvars.ContextVar[Stream | None] = contextvars.ContextVar("purenn_stream", default=None)


def default_generator() -> Stream:
    """The stream from which modules draw: parameters in their constructors, dropout masks in calls."""
    return _override.get() or _PROCESS_GENERATOR


around = _around.get  # the stream of the call of a module or bound layer around, or None


def drawing_from(stream: Stream | None) -> setting[Stream | None]:
    """A context in which functions without ``rng`` draw from this stream."""
    return setting(_around, stream)


def manual_seed(seed: int) -> None:
    """Restarts the default generator from a seed, as ``torch.manual_seed``.

    Example:
        >>> import purenn
        >>> from purenn import nn
        >>> purenn.manual_seed(0); a = nn.Linear(2, 2)
        >>> purenn.manual_seed(0); b = nn.Linear(2, 2)
        >>> bool((a.weight == b.weight).all())
        True
    """
    fresh = Stream(seed)
    generator = default_generator()
    generator.key, generator.count = fresh.key, fresh.count


@contextlib.contextmanager
def seeded(key: Key | Stream | int) -> Iterator[Stream]:
    """A context in which modules draw from ``Stream(key)``, not from the default generator."""
    stream = key if isinstance(key, Stream) else Stream(key)
    with setting(_override, stream):
        yield stream
