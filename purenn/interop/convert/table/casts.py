"""Casts, copies, and arrays of given sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop import ops
from purenn.interop.convert.graph import AnyArray
from purenn.interop.convert.table.registry import TABLE, op
from purenn.typing import Array, ArrayLike

__all__ = ["flat_places"]


def _cast(x: AnyArray, dtype: np.dtype | None) -> AnyArray:
    if dtype is None or dtype == x.dtype:
        return x
    if jnp.issubdtype(x.dtype, jnp.complexfloating) and not jnp.issubdtype(dtype, jnp.complexfloating):
        x = jnp.real(x)
    return x.astype(dtype)


@op("to", "_to_copy")
def to(x: ArrayLike, *args: object, dtype: np.dtype | None = None, **_: object) -> AnyArray:
    """All overloads: the dtype may be at any place; devices and flags have no effect."""
    return _cast(jnp.asarray(x), next((a for a in (dtype, *args) if isinstance(a, np.dtype)), None))


@op("to.other")
def to_other(x: AnyArray, other: AnyArray, *_: object, **__: object) -> AnyArray:
    return _cast(x, other.dtype)


@op("prims::convert_element_type")
def convert(x: AnyArray, dtype: np.dtype) -> AnyArray:
    return _cast(x, dtype)


for _name in ("contiguous", "clone", "alias", "lift_fresh", "lift", "positive", "requires_grad_", "resolve_neg"):
    TABLE[_name] = lambda x, *_, **__: x


@op("detach")
def detach(x: AnyArray) -> AnyArray:
    return jax.lax.stop_gradient(x)


@op("copy")
def copy(x: AnyArray, source: ArrayLike, *_: object) -> Array:
    return jnp.broadcast_to(_cast(jnp.asarray(source), x.dtype), x.shape)


@op("fill")
def fill(x: AnyArray, value: ArrayLike) -> Array:
    return jnp.broadcast_to(jnp.asarray(value).astype(x.dtype), x.shape)


@op("zero")
def zero(x: AnyArray) -> Array:
    return jnp.zeros_like(x)


@op("purenn.like")
def like(x: ArrayLike, old: AnyArray) -> Array:
    """A new value in the dtype and shape of the old one."""
    return jnp.broadcast_to(_cast(jnp.asarray(x), old.dtype), old.shape)


@op("empty_strided", "empty_permuted")
def empty(size: Sequence[int], *_: object, dtype: np.dtype | None = None, **__: object) -> Array:
    return jnp.zeros(tuple(size), dtype or jnp.float32)


@op("new_empty_strided")
def new_empty(x: AnyArray, size: Sequence[int], *_: object, dtype: np.dtype | None = None, **__: object) -> Array:
    return jnp.zeros(tuple(size), dtype or x.dtype)


@op("narrow.Tensor")
def narrow(x: AnyArray, dim: int, start: AnyArray, length: int) -> Array:
    return ops.narrow(x, dim, int(start), length)


@op("split_with_sizes", "unsafe_split_with_sizes")
def split_with_sizes(x: AnyArray, sizes: Sequence[int], dim: int = 0) -> list[Array]:
    return jnp.split(x, np.cumsum(sizes)[:-1].tolist(), dim)


def flat_places(size: Sequence[int], stride: Sequence[int], offset: int) -> np.ndarray:
    """The places of a strided view's entries in the storage."""
    places = np.full(tuple(size), offset, np.int32)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(n, dtype=np.int32) * step).reshape((-1,) + (1,) * (len(size) - axis - 1))
    return places


@op("as_strided")
def as_strided(x: AnyArray, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Array:
    dense = [math.prod(size[i + 1 :]) for i in range(len(size))]
    if all(n == 1 or have == want for n, have, want in zip(size, stride, dense, strict=True)):
        start = storage_offset or 0
        return jnp.ravel(x)[start : start + math.prod(size)].reshape(tuple(size))
    return jnp.ravel(x)[flat_places(size, stride, storage_offset or 0)]
