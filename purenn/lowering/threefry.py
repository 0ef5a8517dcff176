"""Jax's random numbers from short programs.

`jax.random` on the CPU compiles threefry as a loop over arrays in memory, anew for every shape it fills; the same
rounds written out compile sooner and fuse into one pass. Here they are written out, for jax's
arrays and numpy's alike. Where the key is concrete, few programs of fixed sizes fill arrays of every shape.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from purenn.lowering.sizes import known_below
from purenn.typing import Key

__all__ = ["bernoulli", "concrete_words", "fill", "threefry", "traced"]

Numbers = TypeVar("Numbers", jax.Array, np.ndarray)  # jax's in a trace, numpy's outside

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_NUMPY: Any = types.SimpleNamespace(
    add=np.add,
    bitwise_or=np.bitwise_or,
    bitwise_xor=np.bitwise_xor,
    shift_left=np.left_shift,
    shift_right_logical=np.right_shift,
)
_BLOCK_SIZES = (1 << 14, 1 << 18)  # numbers per call of the programs that are compiled


def threefry(key: Numbers, x0: Numbers, x1: Numbers) -> tuple[Numbers, Numbers]:
    """Threefry-2x32 (Salmon et al., 2011) of the counts x0, x1, bit for bit what jax computes.

    Args:
        key: its two words, uint32.
        x0, x1: the high and the low words of the counts, arrays of uint32.
    """
    ops: Any = lax if isinstance(x1, jax.Array) else _NUMPY  # jax's own operators take twice the time to trace
    keys = (key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    x0, x1 = ops.add(x0, keys[0]), ops.add(x1, keys[1])
    for block in range(5):
        for rotation in _ROTATIONS[block % 2]:
            x0 = ops.add(x0, x1)
            left, right = ops.shift_left(x1, np.uint32(rotation)), ops.shift_right_logical(x1, np.uint32(32 - rotation))
            x1 = ops.bitwise_xor(x0, ops.bitwise_or(left, right))
        x0 = ops.add(x0, keys[(block + 1) % 3])
        x1 = ops.add(ops.add(x1, keys[(block + 2) % 3]), np.uint32(block + 1))
    return x0, x1


def _centred(words: tuple[Numbers, Numbers], dtype: np.dtype) -> Numbers:
    """``jax.random.uniform``'s numbers less 0.5, exactly: of [-0.5, 0.5)."""
    if dtype == np.float64:
        bits = (words[0].astype(np.uint64) << np.uint64(32)) | words[1].astype(np.uint64)
        return ((bits >> np.uint64(12)) | np.uint64(0x3FF << 52)).view(np.float64) - np.float64(1.5)
    return (((words[0] ^ words[1]) >> np.uint32(9)) | np.uint32(0x7F << 23)).view(np.float32) - np.float32(1.5)


def _normal(centred: jax.Array) -> jax.Array:
    """``jax.random.normal``'s numbers from these."""
    half, least = centred.dtype.type(0.5), np.nextafter(centred.dtype.type(-1), centred.dtype.type(0))
    values = jnp.maximum((centred + half) * (1 - least) + least, least)
    return centred.dtype.type(np.sqrt(2)) * lax.erf_inv(values)


def concrete_words(key: Key | np.ndarray) -> np.ndarray | None:
    """The two words of a threefry key, or None if it is traced or of another kind."""
    if isinstance(key, Tracer) or not _is_threefry(key):
        return None
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        with jax.ensure_compile_time_eval():  # it may be used inside a trace
            key = jax.random.key_data(key)
    return np.asarray(key)


def _is_threefry(key: Key | np.ndarray) -> bool:
    if not jax.config.jax_threefry_partitionable:  # pyright: ignore[reportAttributeAccessIssue]
        return False  # jax's older order of counts
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        return str(jax.random.key_impl(key)) == "threefry2x32"
    return key.shape == (2,) and key.dtype == np.uint32


@functools.cache
def _program(size: int, dtype: np.dtype, normal: bool) -> Callable[..., jax.Array]:
    """The compiled function that fills a block from the key and the words of its first count, inside a trace too."""

    def block(key: jax.Array, high: jax.Array, low: jax.Array) -> jax.Array:
        low = low + lax.iota(jnp.uint32, size)
        centred = _centred(threefry(key, jnp.full_like(low, high), low), dtype)
        return _normal(centred) if normal else centred

    word = np.uint32(0)
    with jax.disable_jit(False):
        return jax.jit(block).lower(np.zeros(2, np.uint32), word, word).compile()


def fill(words: np.ndarray, size: int, dtype: np.dtype, *, normal: bool = False) -> np.ndarray:
    """`size` uniform numbers of [-0.5, 0.5), or normal ones, from a concrete key's two words."""
    if not normal and size <= 1 << 14:
        low = np.arange(size, dtype=np.uint32)
        return _centred(threefry(words, np.zeros_like(low), low), dtype)
    values = np.empty(size, dtype)
    block = _BLOCK_SIZES[0] if size <= 4 * _BLOCK_SIZES[0] else _BLOCK_SIZES[1]
    program = _program(block, dtype, normal)
    waiting: list[tuple[int, jax.Array]] = []
    for start in range(0, size, block):
        with jax.disable_jit(False):  # it is compiled already
            waiting.append((start, program(words, np.uint32(start >> 32), np.uint32(start & 0xFFFFFFFF))))
        if len(waiting) > 2:  # the next is computed while this one is copied
            _copy(values, *waiting.pop(0))
    for start, part in waiting:
        _copy(values, start, part)
    return values


def _copy(values: np.ndarray, start: int, part: jax.Array) -> None:
    room = values[start : start + part.size]
    room[:] = np.asarray(part)[: room.size]


def traced(key: Key, shape: Sequence[int], dtype: np.dtype, *, normal: bool = False) -> jax.Array:
    """The numbers of `fill` inside a trace, as an array that can be partitioned along every dimension."""
    if not _is_threefry(key) or not known_below(math.prod(shape), (1 << 32) + 1):
        if normal:
            return jax.random.normal(key, shape, dtype)
        return jax.random.uniform(key, shape, dtype) - dtype.type(0.5)
    return _traced(_words(key), tuple(shape), dtype, normal)


def _words(key: Key) -> jax.Array:
    return jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key


def _counts(shape: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    """The high and low words of an array's counts, which can be partitioned along every dimension."""
    low, stride = jnp.zeros(shape, jnp.uint32), 1
    for dim in reversed(range(len(shape))):
        low += lax.broadcasted_iota(jnp.uint32, shape, dim) * np.uint32(stride % (1 << 32))
        stride *= shape[dim]
    return jnp.zeros_like(low), low


@functools.partial(jax.jit, static_argnums=(1, 2, 3), inline=True)  # a shape is traced once
def _traced(words: jax.Array, shape: tuple[int, ...], dtype: np.dtype, normal: bool) -> jax.Array:
    centred = _centred(threefry(words, *_counts(shape)), dtype)
    return _normal(centred) if normal else centred


def bernoulli(key: Key, p: float, shape: Sequence[int]) -> jax.Array:
    """``jax.random.bernoulli(key, numpy.float32(p), shape)``, bit for bit."""
    if not _is_threefry(key) or not known_below(math.prod(shape), (1 << 32) + 1):
        return jax.random.bernoulli(key, np.float32(p), shape)
    return _bernoulli(_words(key), math.ceil(float(np.float32(p)) * 2**23), tuple(shape))


@functools.partial(jax.jit, static_argnums=(1, 2), inline=True)
def _bernoulli(words: jax.Array, below: int, shape: tuple[int, ...]) -> jax.Array:
    high, low = threefry(words, *_counts(shape))
    return lax.shift_right_logical(high ^ low, np.uint32(9)) < np.uint32(below)  # 23 bits, as in a uniform number
