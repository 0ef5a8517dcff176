"""Random numbers, from an explicit ``rng``: a jax key in place of torch's ``generator``.

Inside a call of a module or bound layer the key may be left out; it then comes from the call. The numbers are
`jax.random`'s: the same key gives the same numbers, which aren't torch's.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn import random as draws
from purenn.interop.ops.operands import array, as_dtype, default_dtype, integer, kind, sizes
from purenn.typing import Array, ArrayLike, DTypeLike, Key, Size
from purenn.value_checks import Within, require

__all__ = [
    "bernoulli",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
]

_NEEDED = "numbers are drawn"


def _floating(where: str, dtype: DTypeLike | None) -> np.dtype:
    dtype = as_dtype(where, dtype or jnp.float32)
    if kind(dtype) < 2:
        check.fail(where, "dtype", "be a floating-point or complex dtype", dtype, TypeError)
    return dtype


def _normal(where: str, key: Key, shape: tuple[int, ...], dtype: DTypeLike) -> jax.Array:
    if kind(dtype) == 3:
        parts = draws.normal(key, (2, *shape), jnp.finfo(dtype).dtype, std=0.5**0.5)
        return jax.lax.complex(parts[0], parts[1])
    return draws.normal(key, shape, dtype)


def _uniform(key: Key, shape: tuple[int, ...], dtype: DTypeLike, low: float = 0.0, high: float = 1.0) -> jax.Array:
    if kind(dtype) == 3:
        parts = draws.uniform(key, (2, *shape), jnp.finfo(dtype).dtype, low, high)
        return jax.lax.complex(parts[0], parts[1])
    drawn = draws.uniform(key, shape, dtype, low, high)
    below = np.nextafter(np.asarray(high, drawn.dtype), np.asarray(low, drawn.dtype))
    return jnp.minimum(drawn, jnp.asarray(below, drawn.dtype))  # half types round up to the bound


def rand(size: Size, *more: int, dtype: DTypeLike | None = None, rng: Key | None = None) -> Array:
    """Draws uniform numbers from [0, 1).

    Example:
        >>> import jax
        >>> from purenn.interop import ops
        >>> ops.rand(2, 3, rng=jax.random.key(0)).shape
        (2, 3)
    """
    dtype = _floating("rand", dtype)
    return _uniform(check.key("rand", "rng", rng, _NEEDED), sizes("rand", "size", (size, *more)), dtype)


def randn(size: Size, *more: int, dtype: DTypeLike | None = None, rng: Key | None = None) -> Array:
    """Draws normal numbers of mean 0 and variance 1.

    Example:
        >>> import jax
        >>> from purenn.interop import ops
        >>> ops.randn((2, 3), rng=jax.random.key(0)).shape
        (2, 3)
    """
    dtype = _floating("randn", dtype)
    return _normal("randn", check.key("randn", "rng", rng, _NEEDED), sizes("randn", "size", (size, *more)), dtype)


def rand_like(input: ArrayLike, *, dtype: DTypeLike | None = None, rng: Key | None = None) -> Array:
    """Draws uniform numbers from [0, 1) of an array's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.rand_like(jnp.ones(3), rng=jax.random.key(0)).shape
        (3,)
    """
    x = check.array("rand_like", "input", input)
    return rand(x.shape, dtype=x.dtype if dtype is None else dtype, rng=rng)


def randn_like(input: ArrayLike, *, dtype: DTypeLike | None = None, rng: Key | None = None) -> Array:
    """Draws normal numbers of an array's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.randn_like(jnp.ones(3), rng=jax.random.key(0)).shape
        (3,)
    """
    x = check.array("randn_like", "input", input)
    return randn(x.shape, dtype=x.dtype if dtype is None else dtype, rng=rng)


def randint(
    low: int,
    high: Size | None = None,
    size: Size | None = None,
    *,
    dtype: DTypeLike | None = None,
    rng: Key | None = None,
) -> Array:
    """Draws integers from ``low``, 0 by default, up to ``high``, exclusive.

    Example:
        >>> import jax
        >>> from purenn.interop import ops
        >>> ops.randint(0, 10, (3,), rng=jax.random.key(0)).shape
        (3,)
    """
    if size is None:
        low, high, size = 0, low, high
    low, high = integer("randint", "low", low), integer("randint", "high", high)
    if low >= high:
        check.fail("randint", "low", f"be below high={high}", low)
    dtype = default_dtype(1) if dtype is None else as_dtype("randint", dtype)
    key = check.key("randint", "rng", rng, _NEEDED)
    work = dtype if kind(dtype) == 1 else default_dtype(1)
    return jax.random.randint(key, sizes("randint", "size", (size,)), low, high, work).astype(dtype)


def randint_like(
    input: ArrayLike, low: int, high: int | None = None, *, dtype: DTypeLike | None = None, rng: Key | None = None
) -> Array:
    """Draws integers of an array's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.randint_like(jnp.ones(3), 10, rng=jax.random.key(0)).dtype
        dtype('float32')
    """
    x = check.array("randint_like", "input", input)
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, x.shape, dtype=x.dtype if dtype is None else dtype, rng=rng)


def randperm(n: int, *, dtype: DTypeLike | None = None, rng: Key | None = None) -> Array:
    """Draws a permutation of the integers from 0 to n - 1.

    Example:
        >>> import jax
        >>> from purenn.interop import ops
        >>> sorted(ops.randperm(3, rng=jax.random.key(0)).tolist())
        [0, 1, 2]
    """
    n = check.integer("randperm", "n", integer("randperm", "n", n), 0)
    dtype = default_dtype(1) if dtype is None else as_dtype("randperm", dtype)
    return jax.random.permutation(check.key("randperm", "rng", rng, _NEEDED), n).astype(dtype)


def normal(
    mean: ArrayLike,
    std: ArrayLike = 1.0,
    size: Size | None = None,
    *,
    dtype: DTypeLike | None = None,
    rng: Key | None = None,
) -> Array:
    """Draws normal numbers of given means and standard deviations, which the gradient reaches.

    Args:
        mean: an array or a number.
        std: an array that broadcasts with it, or a number; known negative ones are refused.
        size: the shape, where both are numbers.
        dtype: the dtype, where both are numbers.
        rng: a jax key.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.normal(jnp.zeros(3), 0.0, rng=jax.random.key(0)).tolist()
        [0.0, 0.0, 0.0]
    """
    arrays = [v for v in (mean, std) if not isinstance(v, int | float)]
    work = arrays[0].dtype if arrays else _floating("normal", dtype)  # type: ignore[union-attr]
    m, s = (array("normal", n, v, work) for n, v in (("mean", mean), ("std", std)))
    check.inexact("normal", "mean", m)
    require(s.real, Within("normal", "std", 0, float("inf"), nan=True, error=ValueError))
    shape = check.common_shape("normal", mean=m, std=s) if size is None else sizes("normal", "size", (size,))
    noise = _normal("normal", check.key("normal", "rng", rng, _NEEDED), shape, m.dtype)
    return jnp.broadcast_to(m, shape) + jnp.broadcast_to(s, shape) * noise


def bernoulli(input: ArrayLike, p: ArrayLike | None = None, *, rng: Key | None = None) -> Array:
    """Draws ones with given probabilities, else zeros, in the input's dtype.

    Args:
        input: probabilities; with ``p`` only their shape and dtype count.
        p: one probability, or an array of them.
        rng: a jax key.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.bernoulli(jnp.array([0.0, 1.0]), rng=jax.random.key(0)).tolist()
        [0.0, 1.0]
    """
    x = check.array("bernoulli", "input", input)
    if p is None:
        check.floating("bernoulli", "input", x)
    chance = x if p is None else array("bernoulli", "p", p, jnp.float32)
    require(chance, Within("bernoulli", "p" if p is not None else "input", 0, 1, error=ValueError))
    check.broadcastable("bernoulli", "p", chance, x.shape)
    key = check.key("bernoulli", "rng", rng, _NEEDED)
    work = jnp.float64 if chance.dtype == jnp.float64 else jnp.float32
    drawn = _uniform(key, x.shape, work) < jnp.broadcast_to(chance, x.shape).astype(work)
    return jax.lax.stop_gradient(drawn.astype(x.dtype))


def multinomial(input: ArrayLike, num_samples: int, replacement: bool = False, *, rng: Key | None = None) -> Array:
    """Draws indices with probabilities in proportion to weights.

    Args:
        input: weights, of shape (n) or (m, n), not negative.
        num_samples: the number of draws per row.
        replacement: whether an index may be drawn again; else known rows need as many weights that aren't 0.
        rng: a jax key.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.multinomial(jnp.array([0.0, 1.0]), 3, replacement=True, rng=jax.random.key(0)).tolist()
        [1, 1, 1]
    """
    w = check.array("multinomial", "input", input)
    check.floating("multinomial", "input", w)
    check.rank("multinomial", "input", w, (1, 2), "(n) or (m, n)")
    n, count = w.shape[-1], check.integer("multinomial", "num_samples", num_samples, 1)
    require(w, Within("multinomial", "input", 0, float("inf"), error=ValueError))
    if not replacement and count > n:
        check.fail("multinomial", "num_samples", f"be at most {n} without replacement", count)
    key = check.key("multinomial", "rng", rng, _NEEDED)
    logits = jnp.log(w.astype(jnp.float32))
    if replacement:
        indices = jax.random.categorical(key, logits[..., None, :], shape=(*w.shape[:-1], count))
    else:
        perturbed = jnp.where(w > 0, logits + jax.random.gumbel(key, w.shape), -jnp.inf)
        indices = jax.lax.top_k(perturbed, count)[1]
    return indices.astype(default_dtype(1))


def poisson(input: ArrayLike, *, rng: Key | None = None) -> Array:
    """Draws counts of given means, in the input's dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.poisson(jnp.zeros(3), rng=jax.random.key(0)).tolist()
        [0.0, 0.0, 0.0]
    """
    x = check.array("poisson", "input", input)
    check.floating("poisson", "input", x)
    require(x, Within("poisson", "input", 0, float("inf"), error=ValueError))
    key = check.key("poisson", "rng", rng, _NEEDED)
    return jax.random.poisson(key, x.astype(jnp.float32), x.shape).astype(x.dtype)
