"""Casts, copies, and arrays of a shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop import ops
from purenn.interop.convert.table.registry import TABLE, op

__all__ = ["flat_places"]


def _cast(x: Any, dtype: Any) -> Any:
    if dtype is None or dtype == x.dtype:
        return x
    if jnp.issubdtype(x.dtype, jnp.complexfloating) and not jnp.issubdtype(dtype, jnp.complexfloating):
        x = jnp.real(x)
    return x.astype(dtype)


@op("to", "_to_copy")
def to(x: Any, *args: Any, dtype: Any = None, **_: Any) -> Any:
    """Every overload: the dtype stands anywhere, devices and flags say nothing here."""
    return _cast(jnp.asarray(x), next((a for a in (dtype, *args) if isinstance(a, np.dtype)), None))


@op("to.other")
def to_other(x: Any, other: Any, *_: Any, **__: Any) -> Any:
    return _cast(x, other.dtype)


@op("prims::convert_element_type")
def convert(x: Any, dtype: Any) -> Any:
    return _cast(x, dtype)


for _name in ("contiguous", "clone", "alias", "lift_fresh", "lift", "positive", "requires_grad_", "resolve_neg"):
    TABLE[_name] = lambda x, *_, **__: x


@op("detach")
def detach(x: Any) -> Any:
    return jax.lax.stop_gradient(x)


@op("copy")
def copy(x: Any, source: Any, *_: Any) -> Any:
    return jnp.broadcast_to(_cast(jnp.asarray(source), x.dtype), x.shape)


@op("fill")
def fill(x: Any, value: Any) -> Any:
    return jnp.broadcast_to(jnp.asarray(value).astype(x.dtype), x.shape)


@op("zero")
def zero(x: Any) -> Any:
    return jnp.zeros_like(x)


@op("purenn.like")
def like(x: Any, old: Any) -> Any:
    """A new value for an array, which keeps its dtype and its shape."""
    return jnp.broadcast_to(_cast(jnp.asarray(x), old.dtype), old.shape)


@op("empty_strided", "empty_permuted")
def empty(size: Sequence[int], *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jnp.zeros(tuple(size), dtype or jnp.float32)


@op("new_empty_strided")
def new_empty(x: Any, size: Sequence[int], *_: Any, dtype: Any = None, **__: Any) -> Any:
    return jnp.zeros(tuple(size), dtype or x.dtype)


@op("narrow.Tensor")
def narrow(x: Any, dim: int, start: Any, length: int) -> Any:
    return ops.narrow(x, dim, int(start), length)


@op("split_with_sizes", "unsafe_split_with_sizes")
def split_with_sizes(x: Any, sizes: Sequence[int], dim: int = 0) -> Any:
    return jnp.split(x, np.cumsum(sizes)[:-1].tolist(), dim)


def flat_places(size: Sequence[int], stride: Sequence[int], offset: int) -> np.ndarray:
    """The places in its storage of a strided view's entries."""
    places = np.full(tuple(size), offset, np.int32)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(n, dtype=np.int32) * step).reshape((-1,) + (1,) * (len(size) - axis - 1))
    return places


@op("as_strided")
def as_strided(x: Any, size: Sequence[int], stride: Sequence[int], storage_offset: Any = None) -> Any:
    dense = [math.prod(size[i + 1 :]) for i in range(len(size))]
    if all(n == 1 or have == want for n, have, want in zip(size, stride, dense, strict=True)):
        start = storage_offset or 0
        return jnp.ravel(x)[start : start + math.prod(size)].reshape(tuple(size))
    return jnp.ravel(x)[flat_places(size, stride, storage_offset or 0)]
