"""Operators that make arrays: constants, casts, random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from purenn.interop.convert.table.registry import TABLE, key, op

__all__: list[str] = []


def _default(value: Any) -> Any:
    if isinstance(value, bool):
        return jnp.bool_
    if isinstance(value, int):
        return jax.dtypes.canonicalize_dtype("int64")
    return jnp.complex64 if isinstance(value, complex) else jnp.float32


@op("full")
def full(size: Sequence[int], value: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.full(tuple(size), value, dtype or (value.dtype if hasattr(value, "dtype") else _default(value)))


@op("zeros", "empty", "empty_strided")
def zeros(size: Sequence[int], *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jnp.zeros(tuple(size), dtype or jnp.float32)


@op("ones")
def ones(size: Sequence[int], *, dtype: Any = None, **_: Any) -> Any:
    return jnp.ones(tuple(size), dtype or jnp.float32)


@op("empty_permuted")
def empty_permuted(size: Sequence[int], layout: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.zeros(tuple(size), dtype or jnp.float32)


@op("zeros_like", "empty_like")
def zeros_like(x: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.zeros(x.shape, dtype or x.dtype)


@op("ones_like")
def ones_like(x: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.ones(x.shape, dtype or x.dtype)


@op("full_like")
def full_like(x: Any, value: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.full(x.shape, value, dtype or x.dtype)


@op("new_zeros", "new_empty", "new_empty_strided")
def new_zeros(x: Any, size: Sequence[int], *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jnp.zeros(tuple(size), dtype or x.dtype)


@op("new_ones")
def new_ones(x: Any, size: Sequence[int], *, dtype: Any = None, **_: Any) -> Any:
    return jnp.ones(tuple(size), dtype or x.dtype)


@op("new_full")
def new_full(x: Any, size: Sequence[int], value: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.full(tuple(size), value, dtype or x.dtype)


@op("arange")
def arange(end: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.arange(end, dtype=dtype or _default(end))


@op("arange.start", "arange.start_step")
def arange_start(start: Any, end: Any, step: Any = 1, *, dtype: Any = None, **_: Any) -> Any:
    kinds = {_default(v) for v in (start, end, step)}
    return jnp.arange(start, end, step, dtype=dtype or (jnp.float32 if jnp.float32 in kinds else kinds.pop()))


@op("linspace")
def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.linspace(start, end, steps, dtype=dtype or jnp.float32)


@op("logspace")
def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.logspace(start, end, steps, base=base, dtype=dtype or jnp.float32)


@op("eye")
def eye(n: int, m: Any = None, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.eye(n, m, dtype=dtype or jnp.float32)


@op("scalar_tensor")
def scalar_tensor(value: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jnp.asarray(value, dtype or jnp.float32)


for _name, _function in {
    "hann_window": jnp.hanning, "hamming_window": jnp.hamming, "blackman_window": jnp.blackman,
    "bartlett_window": jnp.bartlett,
}.items():  # fmt: skip
    TABLE[_name] = (
        lambda f: (
            lambda n, periodic=True, *_, dtype=None, **__: (f(n + 1)[:-1] if periodic else f(n)).astype(
                dtype or jnp.float32
            )
        )
    )(_function)


# Casts and copies.


def _cast(x: Any, *candidates: Any) -> Any:
    dtype = next((c for c in candidates if isinstance(c, jnp.dtype)), None)
    return x if dtype is None or dtype == x.dtype else _to(x, dtype)


def _to(x: Any, dtype: Any) -> Any:
    if jnp.issubdtype(x.dtype, jnp.complexfloating) and not jnp.issubdtype(dtype, jnp.complexfloating):
        x = jnp.real(x)
    return x.astype(dtype)


@op("to", "_to_copy")
def to(x: Any, *args: Any, dtype: Any = None, **_: Any) -> Any:
    return _cast(jnp.asarray(x), dtype, *args)


@op("to.other", "type_as")
def type_as(x: Any, other: Any, *_: Any, **__: Any) -> Any:
    return _cast(x, other.dtype)


@op("prims_convert_element_type", "convert_element_type")
def convert(x: Any, dtype: Any) -> Any:
    return _cast(x, dtype)


for _name in (
    "contiguous", "clone", "alias", "lift_fresh", "lift_fresh_copy", "lift", "detach_copy", "alias_copy",
    "copy_to", "requires_grad_", "positive",
):  # fmt: skip
    TABLE[_name] = lambda x, *_, **__: x


@op("detach")
def detach(x: Any) -> Any:
    return jax.lax.stop_gradient(x)


@op("copy")
def copy(x: Any, source: Any, *_: Any) -> Any:
    return jnp.broadcast_to(_to(jnp.asarray(source), x.dtype), x.shape)


@op("purenn.like")
def like(x: Any, old: Any) -> Any:
    """A new value for an array, which keeps its dtype and its shape."""
    x = jnp.asarray(x)
    return jnp.broadcast_to(x if x.dtype == old.dtype else _to(x, old.dtype), old.shape)


# Random numbers: the draws are jax's, the distributions torch's.


@op("rand")
def rand(size: Sequence[int], *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jax.random.uniform(key(), tuple(size), dtype or jnp.float32)


@op("randn")
def randn(size: Sequence[int], *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jax.random.normal(key(), tuple(size), dtype or jnp.float32)


@op("rand_like")
def rand_like(x: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jax.random.uniform(key(), x.shape, dtype or x.dtype)


@op("randn_like")
def randn_like(x: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jax.random.normal(key(), x.shape, dtype or x.dtype)


@op("randint", "randint.generator")
def randint(high: int, size: Sequence[int], *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jax.random.randint(key(), tuple(size), 0, high, dtype or _default(0))


@op("randint.low", "randint.low_generator")
def randint_low(low: int, high: int, size: Sequence[int], *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jax.random.randint(key(), tuple(size), low, high, dtype or _default(0))


@op("randint_like")
def randint_like(x: Any, *bounds: int, dtype: Any = None, **_: Any) -> Any:
    low, high = (0, *bounds)[-2:]
    return jax.random.randint(key(), x.shape, low, high, dtype or _default(0)).astype(dtype or x.dtype)


@op("randperm")
def randperm(n: int, *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jax.random.permutation(key(), n).astype(dtype or _default(0))


@op("bernoulli")
def bernoulli(x: Any, p: Any = None, *_: Any, **__: Any) -> Any:
    return jax.random.bernoulli(key(), x if p is None else p, x.shape).astype(x.dtype)


@op("uniform")
def uniform(x: Any, low: Any = 0.0, high: Any = 1.0, *_: Any, **__: Any) -> Any:
    return jax.random.uniform(key(), x.shape, x.dtype, low, high)


@op("normal", "normal_functional")
def normal(x: Any, mean: Any = 0.0, std: Any = 1.0, *_: Any, **__: Any) -> Any:
    return jax.random.normal(key(), x.shape, x.dtype) * std + mean


@op("normal.float_float")
def normal_of(mean: Any, std: Any, size: Any, *, dtype: Any = None, **_: Any) -> Any:
    return jax.random.normal(key(), tuple(size), dtype or jnp.float32) * std + mean


@op("normal.Tensor_Tensor", "normal.Tensor_float", "normal.float_Tensor")
def normal_by(mean: Any, std: Any = 1.0, **_: Any) -> Any:
    mean, std = jnp.asarray(mean, jnp.float32), jnp.asarray(std, jnp.float32)
    return jax.random.normal(key(), jnp.broadcast_shapes(mean.shape, std.shape)) * std + mean


@op("exponential")
def exponential(x: Any, rate: float = 1.0, **_: Any) -> Any:
    return jax.random.exponential(key(), x.shape, x.dtype) / rate


@op("random.from")
def random_from(x: Any, low: int, high: int, **_: Any) -> Any:
    return jax.random.randint(key(), x.shape, low, high).astype(x.dtype)


@op("multinomial")
def multinomial(x: Any, n: int, replacement: bool = False, **_: Any) -> Any:
    logits = jnp.log(x)
    if replacement:
        drawn = jax.random.categorical(key(), logits, shape=(n, *x.shape[:-1]))
        return jnp.moveaxis(drawn, 0, -1)
    return jax.lax.top_k(logits + jax.random.gumbel(key(), x.shape, x.dtype), n)[1]
