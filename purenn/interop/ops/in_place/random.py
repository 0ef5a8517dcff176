"""Arrays of another's shape and dtype that are filled with random numbers, from a key ``rng``."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.creation import random
from purenn.interop.ops.operands import array, kind
from purenn.typing import Array, ArrayLike, Key

__all__ = ["bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "normal_", "random_", "uniform_"]


def _drawn(where: str, input: ArrayLike) -> jax.Array:
    x = check.array(where, "input", input)
    check.inexact(where, "input", x)
    return x


def normal_(input: ArrayLike, mean: float = 0.0, std: float = 1.0, *, rng: Key | None = None) -> Array:
    """Returns normal numbers of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.normal_(jnp.ones(3), rng=jax.random.key(0)).shape
        (3,)
    """
    x = _drawn("normal_", input)
    return random.normal(mean, std, x.shape, dtype=x.dtype, rng=rng)


def uniform_(input: ArrayLike, from_: float = 0.0, to: float = 1.0, *, rng: Key | None = None) -> Array:
    """Returns uniform numbers from [from_, to) of the input's shape and dtype; torch's ``from`` is no name in Python.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.uniform_(jnp.ones(3), 2.0, 2.0, rng=jax.random.key(0)).tolist()
        [2.0, 2.0, 2.0]
    """
    x = _drawn("uniform_", input)
    if from_ > to:
        check.fail("uniform_", "from_", f"be at most to={to}", from_)
    width = array("uniform_", "to", to - from_, x.dtype)
    return random.rand_like(x, rng=rng) * width + array("uniform_", "from_", from_, x.dtype)


def exponential_(input: ArrayLike, lambd: float = 1.0, *, rng: Key | None = None) -> Array:
    """Returns numbers of an exponential distribution, of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.exponential_(jnp.ones(3), rng=jax.random.key(0)).shape
        (3,)
    """
    x = _drawn("exponential_", input)
    if not lambd > 0:
        check.fail("exponential_", "lambd", "be above 0", lambd)
    return -jnp.log1p(-random.rand_like(x, rng=rng)) / array("exponential_", "lambd", lambd, x.dtype)


def bernoulli_(input: ArrayLike, p: ArrayLike = 0.5, *, rng: Key | None = None) -> Array:
    """Returns ones with a probability, else zeros, of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.bernoulli_(jnp.ones(3), 0.0, rng=jax.random.key(0)).tolist()
        [0.0, 0.0, 0.0]
    """
    return random.bernoulli(input, p, rng=rng)


def random_(input: ArrayLike, from_: int = 0, to: int | None = None, *, rng: Key | None = None) -> Array:
    """Returns integers from ``from_`` up to ``to``, exclusive, of the input's shape and dtype.

    Without ``to`` they go up to the largest that the dtype holds exactly, at most 2**31 - 1.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.random_(jnp.ones(3), 2, 3, rng=jax.random.key(0)).tolist()
        [2.0, 2.0, 2.0]
    """
    x = check.array("random_", "input", input)
    if to is None:
        digits = jnp.finfo(x.dtype).nmant + 1 if kind(x.dtype) == 2 else 31
        to = min(1 << digits, (jnp.iinfo(x.dtype).max if kind(x.dtype) == 1 else 1 << digits), (1 << 31) - 1)
    return random.randint(from_, to, x.shape, dtype=x.dtype, rng=rng)


def cauchy_(input: ArrayLike, median: float = 0.0, sigma: float = 1.0, *, rng: Key | None = None) -> Array:
    """Returns numbers of a Cauchy distribution, of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.cauchy_(jnp.ones(3), rng=jax.random.key(0)).shape
        (3,)
    """
    x = _drawn("cauchy_", input)
    if not sigma > 0:
        check.fail("cauchy_", "sigma", "be above 0", sigma)
    drawn = jnp.tan(
        (random.rand_like(x, rng=rng) - array("cauchy_", "half", 0.5, x.dtype)) * array("", "", jnp.pi, x.dtype)
    )
    return array("cauchy_", "median", median, x.dtype) + array("cauchy_", "sigma", sigma, x.dtype) * drawn


def log_normal_(input: ArrayLike, mean: float = 1.0, std: float = 2.0, *, rng: Key | None = None) -> Array:
    """Returns exponentials of normal numbers, of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.log_normal_(jnp.ones(3), 0.0, 1e-9, rng=jax.random.key(0)).round(3).tolist()
        [1.0, 1.0, 1.0]
    """
    if not std > 0:
        check.fail("log_normal_", "std", "be above 0", std)
    return jnp.exp(normal_(input, mean, std, rng=rng))


def geometric_(input: ArrayLike, p: float, *, rng: Key | None = None) -> Array:
    """Returns the numbers of trials up to the first success of probability p, of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.geometric_(jnp.ones(3), 0.999999, rng=jax.random.key(0)).tolist()
        [1.0, 1.0, 1.0]
    """
    x = check.array("geometric_", "input", input)
    if not 0 < p < 1:
        check.fail("geometric_", "p", "be above 0 and below 1", p)
    work = random.rand(*x.shape, rng=rng)
    return jnp.maximum(jnp.ceil(jnp.log1p(-work) / jnp.log1p(jnp.asarray(-p, work.dtype))), 1).astype(x.dtype)
