"""Random numbers of torch's distributions, with keys of the call around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from purenn.interop import ops
from purenn.interop.convert.graph import AnyArray
from purenn.interop.convert.table.registry import TABLE, key, op
from purenn.typing import Array

__all__: list[str] = []


def _drawing(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*args, **kwargs, rng=key())


for _name in ("rand", "randn", "rand_like", "randn_like", "randint_like", "randperm", "multinomial"):
    TABLE[_name] = _drawing(getattr(ops, _name))
for _name in ("float_float", "Tensor_Tensor", "Tensor_float", "float_Tensor"):
    TABLE[f"normal.{_name}"] = _drawing(ops.normal)


@op("randint")
def randint(high: int, size: Sequence[int], *, dtype: np.dtype | None = None, **_: object) -> Array:
    return jax.random.randint(key(), tuple(size), 0, high, dtype or jax.dtypes.canonicalize_dtype("int64"))


@op("randint.low", "randint.low_generator")
def randint_low(low: int, high: int, size: Sequence[int], *, dtype: np.dtype | None = None, **_: object) -> Array:
    return jax.random.randint(key(), tuple(size), low, high, dtype or jax.dtypes.canonicalize_dtype("int64"))


@op("bernoulli")
def bernoulli(x: AnyArray, p: float | None = None, *_: object) -> Array:
    return jax.random.bernoulli(key(), x if p is None else p, x.shape).astype(x.dtype)


# Operators that fill in place, without the side effect.


@op("uniform")
def uniform(x: AnyArray, low: float = 0.0, high: float = 1.0, *_: object) -> Array:
    return jax.random.uniform(key(), x.shape, x.dtype, low, high)


@op("normal", "normal_functional")
def normal(x: AnyArray, mean: float = 0.0, std: float = 1.0, *_: object) -> Array:
    return jax.random.normal(key(), x.shape, x.dtype) * std + mean


@op("exponential")
def exponential(x: AnyArray, rate: float = 1.0, *_: object) -> Array:
    return jax.random.exponential(key(), x.shape, x.dtype) / rate


@op("random.from")
def random_from(x: AnyArray, low: int, high: int, *_: object) -> Array:
    return jax.random.randint(key(), x.shape, low, high).astype(x.dtype)


@op("random.to")
def random_to(x: AnyArray, high: int, *_: object) -> Array:
    return jax.random.randint(key(), x.shape, 0, high).astype(x.dtype)
