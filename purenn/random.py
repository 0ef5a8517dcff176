"""Where keys come from: a stream of jax keys, and the same numbers without a compilation.

A `Stream` is a key and a count; its n-th key is ``jax.random.fold_in(key, n)``. Each face draws from
one: `init` and `apply` make it from the ``rng`` they are given, modules share the default generator
that `manual_seed` sets. So the same seed gives the same arrays on every face.

`jax.random` compiles one program for every shape it fills, which makes building a model eagerly take
seconds. Where the key is concrete, `uniform` and `normal` compute the same bits without: small arrays with numpy,
large ones with one program of a fixed size.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer
from jax.extend.random import threefry2x32_p
from jax.typing import DTypeLike

__all__ = ["Stream", "default_generator", "manual_seed", "normal", "seeded", "uniform"]

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_BLOCK = 1 << 18  # elements that are drawn at once


def _threefry(key: np.ndarray, x0: np.ndarray, x1: np.ndarray) -> None:
    """Threefry-2x32 (Salmon et al., 2011) in place, bit for bit what jax computes."""
    keys = (key[:1], key[1:2], key[:1] ^ key[1:2] ^ np.uint32(0x1BD11BDA))
    spare = np.empty_like(x1)
    x0 += keys[0]
    x1 += keys[1]
    for block in range(5):
        for rotation in _ROTATIONS[block % 2]:
            x0 += x1
            np.right_shift(x1, 32 - rotation, out=spare)
            np.left_shift(x1, rotation, out=x1)
            x1 |= spare
            x1 ^= x0
        x0 += keys[(block + 1) % 3]
        x1 += keys[(block + 2) % 3] + np.uint32(block + 1)


def _host_key(key: Any) -> np.ndarray | None:
    """The two words of a concrete threefry key, or None where numpy can't give jax's bits."""
    if isinstance(key, Tracer) or not jax.config.jax_threefry_partitionable:  # pyright: ignore
        return None
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        if str(jax.random.key_impl(key)) != "threefry2x32":
            return None
        key = jax.random.key_data(key)
        if isinstance(key, Tracer):  # a concrete key, used inside a trace
            return None
    words = np.asarray(key)  # else raw words, jax's older form of a key
    return words if words.shape == (2,) and words.dtype == np.uint32 else None


def _fold_in(key: np.ndarray, count: int) -> np.ndarray:
    words = np.array([0, count], np.uint32)
    _threefry(key, words[:1], words[1:])
    return words


def _host_bits(key: np.ndarray, size: int, width: int) -> np.ndarray:
    """Jax's random bits: of counts 0, 1, … under the key."""
    bits = np.empty(size, f"u{width // 8}")
    step = max(size, 1) if size < _BLOCK // 8 else _BLOCK
    for start in range(0, size, step):
        part = bits[start : start + step]
        words = _block(key, np.uint32(start)) if step == _BLOCK and start + step < 1 << 32 else None
        if words is None or isinstance(words[0], Tracer):  # small, or inside a trace
            counts = np.arange(start, start + part.size, dtype=np.uint64)
            high, low = (counts >> np.uint64(32)).astype(np.uint32), counts.astype(np.uint32)
            _threefry(key, high, low)
        else:
            high, low = (np.asarray(word)[: part.size] for word in words)
        if width == 32:
            np.bitwise_xor(high, low, out=part)
        else:
            part[:] = (high.astype(np.uint64) << np.uint64(32)) | low
    return bits


@jax.jit
def _block(key: jax.Array, start: jax.Array) -> Any:
    """The words of one block of counts: the one program that all large arrays share."""
    low = start + lax.iota(jnp.uint32, _BLOCK)
    return threefry2x32_p.bind(key[0], key[1], jnp.zeros_like(low), low)


def _host_uniform(key: np.ndarray, size: int, dtype: np.dtype) -> np.ndarray:
    width, mantissa, one = (64, 52, np.uint64(0x3FF << 52)) if dtype == np.float64 else (32, 23, np.uint32(0x7F << 23))
    bits = _host_bits(key, size, width)
    bits >>= bits.dtype.type(width - mantissa)
    bits |= one
    values = bits.view(f"f{width // 8}")
    values -= 1
    return values


def _work_dtype(dtype: DTypeLike) -> np.dtype:
    return np.dtype(np.float64 if np.dtype(dtype) == np.float64 else np.float32)


def _place(values: np.ndarray, shape: Sequence[int], dtype: DTypeLike) -> jax.Array:
    return jax.device_put(values.reshape(shape).astype(dtype, copy=False))


def uniform(key: Any, shape: Sequence[int], dtype: DTypeLike = jnp.float32, low: float = -1.0, high: float = 1.0):
    """Uniform numbers of ``[low, high)``: ``jax.random.uniform``'s, mapped from ``[0, 1)``."""
    work, size = _work_dtype(dtype), int(np.prod(shape))
    scale, shift = work.type(high - low), work.type(low)
    words = _host_key(key)
    if words is None:
        values = jax.random.uniform(key, shape, work)
        return (_symmetric(values, scale) if low == -high else values * scale + shift).astype(dtype)
    values = _host_uniform(words, size, work)
    if low == -high:
        return _place(_symmetric(values, scale), shape, dtype)
    values *= scale
    values += shift
    return _place(values, shape, dtype)


def _symmetric(values: Any, scale: Any) -> Any:
    """``[0, 1)`` to ``[-scale/2, scale/2)`` with one rounding, so that a fused multiply-add changes nothing."""
    return (values - values.dtype.type(0.5)) * scale


def normal(key: Any, shape: Sequence[int], dtype: DTypeLike = jnp.float32, mean: float = 0.0, std: float = 1.0):
    """Normal numbers: ``jax.random.normal``'s, times ``std`` plus ``mean``."""
    work, size = _work_dtype(dtype), int(np.prod(shape))
    words = _host_key(key)
    if words is None:
        values = jax.random.normal(key, shape, work)
        return (values * work.type(std) + work.type(mean)).astype(dtype)
    values = _host_uniform(words, size, work)
    least = np.nextafter(work.type(-1), work.type(0))
    values *= 1 - least
    values += least
    np.maximum(values, least, out=values)
    room = 1024  # few sizes are compiled: the next power of four
    while room < size:
        room *= 4
    padded = np.zeros(room, work)
    padded[:size] = values
    values = np.array(_normal_quantile(padded)[:size])
    values *= work.type(std)
    values += work.type(mean)
    return _place(values, shape, dtype)


@jax.jit
def _quantile(values: jax.Array) -> jax.Array:
    return values.dtype.type(np.sqrt(2)) * lax.erf_inv(values)


def _normal_quantile(values: np.ndarray) -> np.ndarray:
    return np.asarray(_quantile(values))


def constant(value: float, shape: Sequence[int], dtype: DTypeLike, *, traced: bool) -> jax.Array:
    """An array full of `value`, without a compilation where no trace asks for one."""
    if traced:
        return jnp.full(shape, value, dtype)
    return jax.device_put(np.full(shape, value, dtype))


def as_key(words: Any) -> jax.Array:
    """The jax key of two words of threefry's."""
    return jax.random.wrap_key_data(words, impl="threefry2x32")


class Stream:
    """A sequence of keys: the n-th is ``jax.random.fold_in(key, n)``.

    Args:
        key: a jax key, or an integer seed.

    Example:
        >>> import jax
        >>> from purenn.random import Stream
        >>> first = Stream(jax.random.key(0)).next()
        >>> bool(jax.random.fold_in(jax.random.key(0), 0) == first)
        True
    """

    def __init__(self, key: Any = 0):
        if isinstance(key, int | np.integer):
            if not 0 <= key < 1 << 64:
                raise ValueError(f"seed must be an integer from 0 to 2**64 - 1, got {key}")
            key = np.array([int(key) >> 32, int(key) & 0xFFFFFFFF], np.uint32)
        elif not _is_key(key):
            raise TypeError(f"rng must be one jax key, as jax.random.key(0) makes, got {key!r}")
        words = _host_key(key)
        self.key = key if words is None else words
        self.count = 0

    @property
    def traced(self) -> bool:
        return isinstance(self.key, Tracer)

    def next(self) -> Any:
        """The next key."""
        count, self.count = self.count, self.count + 1
        if isinstance(self.key, np.ndarray):
            return as_key(_fold_in(self.key, count))
        return jax.random.fold_in(self.key, count)

    def __repr__(self) -> str:
        return f"Stream(key={self.key}, count={self.count})"


def _is_key(key: Any) -> bool:
    if not isinstance(key, jax.Array | np.ndarray):
        return False
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        return key.shape == ()
    return key.ndim == 1 and key.dtype == jnp.uint32


@functools.cache
def _process_generator() -> Stream:
    return Stream(0)


_override: contextvars.ContextVar[Stream | None] = contextvars.ContextVar("purenn_generator", default=None)


def default_generator() -> Stream:
    """The stream from which modules draw: parameters when they are made, dropout masks when they run."""
    return _override.get() or _process_generator()


def manual_seed(seed: int) -> None:
    """Starts the default generator anew, as ``torch.manual_seed``.

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
def seeded(key: Any) -> Iterator[Stream]:
    """Inside, modules draw from ``Stream(key)``; afterwards the default generator is as it was."""
    token = _override.set(Stream(key) if not isinstance(key, Stream) else key)
    try:
        yield default_generator()
    finally:
        _override.reset(token)
