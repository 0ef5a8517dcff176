"""Operators that read tables."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from purenn.functional import embedding, embedding_bag
from purenn.interop import ops
from purenn.interop.convert.table.registry import TABLE, op

__all__: list[str] = []


@op("embedding")
def embed(
    weight: Any, indices: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Any:
    return embedding(indices, weight, None if padding_idx == -1 else padding_idx, None, 2.0, scale_grad_by_freq)


@op("embedding_bag")
def embed_bags(
    weight: Any,
    indices: Any,
    offsets: Any,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    y = embedding_bag(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, ("sum", "mean", "max")[mode], sparse,
        per_sample_weights, include_last_offset, padding_idx,
    )  # fmt: skip
    return y, None, None, None


@op("_index_put_impl")
def index_put(x: Any, indices: Any, values: Any, accumulate: bool = False, unsafe: bool = False) -> Any:
    return ops.index_put(x, indices, values, accumulate)


@op("one_hot")
def one_hot(x: Any, num_classes: int = -1) -> Any:
    return (x[..., None] == jnp.arange(num_classes)).astype(jax.dtypes.canonicalize_dtype("int64"))


TABLE["nonzero_numpy"] = jnp.nonzero
