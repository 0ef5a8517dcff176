"""Embeddings, and operators of indices."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from purenn.functional import embedding, embedding_bag
from purenn.interop import ops
from purenn.interop.convert.graph import AnyArray
from purenn.interop.convert.table.registry import TABLE, op
from purenn.typing import Array

__all__: list[str] = []


@op("embedding")
def embed(
    weight: AnyArray, indices: AnyArray, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Array:
    return embedding(indices, weight, None if padding_idx == -1 else padding_idx, None, 2.0, scale_grad_by_freq)


@op("embedding_bag")
def embed_bags(
    weight: AnyArray,
    indices: AnyArray,
    offsets: AnyArray,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: AnyArray | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Array, None, None, None]:
    y = embedding_bag(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, ("sum", "mean", "max")[mode], sparse,
        per_sample_weights, include_last_offset, padding_idx,
    )  # fmt: skip
    return y, None, None, None


@op("_index_put_impl")
def index_put(
    x: AnyArray, indices: Sequence[AnyArray | None], values: AnyArray, accumulate: bool = False, unsafe: bool = False
) -> Array:
    return ops.index_put(x, indices, values, accumulate)


@op("one_hot")
def one_hot(x: AnyArray, num_classes: int = -1) -> Array:
    return (x[..., None] == jnp.arange(num_classes)).astype(jax.dtypes.canonicalize_dtype("int64"))


TABLE["nonzero_numpy"] = jnp.nonzero
