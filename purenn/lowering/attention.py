"""Attention: unnormalised weights, divided at the end, and of many scores only some at a time.

On the CPU scores that don't fit in the caches cost more than the products. Large ones are therefore made in chunks: of
some heads, or of some queries of one head. A chunk's gradient makes its scores again, from what is kept of every row:
its largest score, its sum and its output. Causal attention also leaves out blocks of keys that no query sees. On
NVIDIA's GPUs cuDNN computes half types without a mask.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from purenn.lowering.cuda import Kernel, cuda_capability
from purenn.lowering.dtypes import compute_dtype, computed_wide, is_half
from purenn.lowering.linear_map import Arrays
from purenn.lowering.product import matmul_nn, matmul_nt
from purenn.lowering.rounding import rounded
from purenn.lowering.sizes import divisor, known_below
from purenn.lowering.varying import partitioned
from purenn.typing import Key

__all__ = ["Attention", "unnormalised"]

MAX_WHOLE_BYTES = 8 << 20  # of scores that are made at once; more are made chunk by chunk
MAX_CHUNK_BYTES = 4 << 20  # of a chunk's scores, which the caches hold
SYMBOLIC_QUERIES = 128  # queries per chunk where the length of the sequence is a symbol
MAX_BLOCKS, MIN_BLOCK_QUERIES = 4, 256  # how causal queries are cut

_KEPT = jax.checkpoint_policies.save_only_these_names("attention_rows")


@dataclasses.dataclass(frozen=True)
class Attention:
    """Averages (*, G, L, Ev) of values (*, S, Ev), weighted by how queries (*, G, L, E) fit their keys (*, S, E).

    The leading dimensions, batch and heads, stay apart where a mesh may divide them.

    Args:
        scale: of the scores.
        causal: whether the i-th query sees the first i keys only; there is no mask then.
        drop: drops some of the weights, given a key.
    """

    scale: float
    causal: bool = False
    drop: Callable[[jax.Array, Key | None], jax.Array] | None = None

    def __call__(self, q: jax.Array, k: jax.Array, v: jax.Array, mask: jax.Array | None, rng: Key | None) -> jax.Array:
        """The averages.

        Args:
            q, k, v: the arrays; G heads of queries share one of keys and values.
            mask: of the scores' rank, of their size or 1 in every dimension. Where a boolean is false the weight is 0,
                a number is added to the score.
            rng: a key for `drop`.
        """
        if mask is None and self.drop is None and _fits_cudnn(q, k, v, self.causal):
            return _Cudnn(self)(q, k, v)[0]
        whole = known_below(_bytes(q, k), MAX_WHOLE_BYTES + 1)
        if whole and not is_half(q.dtype):
            return self.whole(q, k, v, mask, rng)
        in_chunks, other = (functools.partial(self.blocks, each) for each in (self.chunks, self.at_once))
        other = self.whole if whole else other
        in_chunks = self.whole if whole or partitioned(q, k, v) else in_chunks

        # the CPU rounds the sums of half types' products
        def wide(q: jax.Array, k: jax.Array, v: jax.Array, mask: jax.Array | None, rng: Key | None) -> jax.Array:
            return computed_wide(lambda q, k, v: in_chunks(q, k, v, mask, rng), q, k, v)

        return lax.platform_dependent(q, k, v, mask, rng, cpu=wide, default=other)

    def whole(
        self,
        q: jax.Array,
        k: jax.Array,
        v: jax.Array,
        mask: jax.Array | None,
        rng: Key | None,
        start: int | jax.Array = 0,
        divided: bool = False,
    ) -> jax.Array:
        """Computes all scores at once: the obvious formulation. The first of the queries is the `start`-th.

        The averages are divided by the sums of the weights. If `divided`, the weights are instead, and every query has
        to see a key.
        """
        (*lead, G, L, E), S = q.shape, k.shape[-2]
        wide = compute_dtype(q.dtype)
        s = matmul_nt(q.reshape(*lead, G * L, E), k, wide).reshape(*lead, G, L, S) * jnp.asarray(self.scale, wide)
        never = jnp.asarray(-jnp.inf, wide)
        if self.causal:
            row, column = (lax.broadcasted_iota(jnp.int32, s.shape[-2:], axis) for axis in (0, 1))
            mask = column <= row + start
        if mask is not None:
            mask = jnp.broadcast_to(mask, s.shape)
            s = jnp.where(mask, s, never) if mask.dtype == bool else s + mask.astype(wide)
        e, total = (jax.nn.softmax(rounded(s, summed=True), -1), None) if divided else unnormalised(s)
        e = e if self.drop is None else self.drop(e, rng)
        y = matmul_nn(e.reshape(*lead, G * L, S).astype(v.dtype), v, wide)
        y = checkpoint_name(y, "attention_rows").reshape(*lead, G, L, v.shape[-1])
        return (y if total is None else y / jnp.broadcast_to(total, y.shape)).astype(v.dtype)

    def blocks(
        self,
        each: Callable[..., jax.Array],
        q: jax.Array,
        k: jax.Array,
        v: jax.Array,
        mask: jax.Array | None,
        rng: Key | None,
    ) -> jax.Array:
        """Runs one block after the other. A causal block is some queries, with the keys that the last of them sees."""
        L = q.shape[-2]
        count = min(MAX_BLOCKS, L // MIN_BLOCK_QUERIES) if self.causal and isinstance(L, int) else 1
        if count < 2:
            return each(q, k, v, mask, rng, 0)
        size = -(-L // count)
        starts = range(0, L, size)
        keys = [None] * len(starts) if rng is None else jax.random.split(rng, len(starts))
        parts = []
        for start, key in zip(starts, keys, strict=True):
            end = start + size
            parts.append(each(q[..., start:end, :], k[..., :end, :], v[..., :end, :], None, key, start))
        return jnp.concatenate(parts, -2)

    def at_once(
        self, q: jax.Array, k: jax.Array, v: jax.Array, mask: jax.Array | None, rng: Key | None, start: int
    ) -> jax.Array:
        """Runs `whole`. Without mask and dropout the weights are divided, which a GPU does in one kernel."""
        if mask is None and self.drop is None:
            return _divided(self, start, q, k, v)
        return self.whole(q, k, v, mask, rng, start)

    def chunks(
        self, q: jax.Array, k: jax.Array, v: jax.Array, mask: jax.Array | None, rng: Key | None, start: int
    ) -> jax.Array:
        """Runs some heads at a time, or some queries of one head."""
        *lead, _, L, _ = q.shape
        B = math.prod(lead)
        q, k, v = q.reshape(B, *q.shape[-3:]), k.reshape(B, *k.shape[-2:]), v.reshape(B, *v.shape[-2:])
        if mask is not None:
            common = lead if any(n != 1 for n in mask.shape[:-3]) else [1] * len(lead)
            mask = jnp.broadcast_to(mask, (*common, *mask.shape[-3:])).reshape(math.prod(common), *mask.shape[-3:])
        of_head = _bytes(q[:1], k[:1])
        if isinstance(of_head, int):
            heads = divisor(B, max(1, MAX_CHUNK_BYTES // max(of_head, 1)))
            pieces = -(-of_head // MAX_CHUNK_BYTES) if heads == 1 else 1
            queries = -(-L // min(pieces, L))
        else:
            heads, queries = 1, SYMBOLIC_QUERIES
        if heads == B:
            y = self.queries(q, k, v, mask, rng, start, queries)
            return y.reshape(*lead, *y.shape[1:])
        groups = B // heads
        masks = None if mask is None or mask.shape[0] == 1 else mask.reshape(groups, heads, *mask.shape[1:])
        q, k, v = (x.reshape(groups, heads, *x.shape[1:]) for x in (q, k, v))
        keys = None if rng is None else jax.random.split(rng, groups)

        def of_group(slices: tuple[jax.Array, jax.Array, jax.Array, Key | None, jax.Array | None]) -> jax.Array:
            q, k, v, key, group_mask = slices
            return self.queries(q, k, v, mask if group_mask is None else group_mask, key, start, queries)

        return lax.map(of_group, (q, k, v, keys, masks)).reshape(*lead, *q.shape[2:4], v.shape[-1])

    def queries(
        self, q: jax.Array, k: jax.Array, v: jax.Array, mask: jax.Array | None, rng: Key | None, start: int, size: int
    ) -> jax.Array:
        """Runs `size` queries at a time."""
        B, G, L, _ = q.shape
        of_chunk = jax.checkpoint(self.whole, policy=_KEPT, prevent_cse=False)
        if known_below(L, size + 1):
            return of_chunk(q, k, v, mask, rng, start)
        count = -(-L // size)

        def cut(x: jax.Array) -> jax.Array:
            x = jnp.pad(x, ((0, 0), (0, 0), (0, count * size - L), (0, 0)))
            return jnp.moveaxis(x.reshape(*x.shape[:2], count, size, -1), 2, 0)

        masks = None if mask is None or mask.shape[2] == 1 else cut(mask)
        starts = start + size * jnp.arange(count, dtype=jnp.int32)
        keys = None if rng is None else jax.random.split(rng, count)

        def of_queries(slices: tuple[jax.Array, jax.Array | None, Key | None, jax.Array]) -> jax.Array:
            q, chunk_mask, key, start = slices
            return of_chunk(q, k, v, mask if chunk_mask is None else chunk_mask, key, start)

        y = lax.map(of_queries, (cut(q), masks, keys, starts))
        return jnp.moveaxis(y, 0, 2).reshape(B, G, count * size, -1)[:, :, :L]


def unnormalised(s: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The exponentials of scores less the largest of their row, and the rows' sums; 0 and 1 for a row of -inf."""
    top = lax.stop_gradient(jnp.max(s, -1, keepdims=True, initial=-jnp.inf))
    top = checkpoint_name(jnp.where(top == -jnp.inf, jnp.zeros_like(top), top), "attention_rows")
    e = jnp.exp(rounded(s, summed=True) - top)
    total = jnp.sum(e, -1, keepdims=True)
    return e, checkpoint_name(jnp.where(total == 0, jnp.ones_like(total), total), "attention_rows")


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _divided(of: Attention, start: int, q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
    """The averages with divided weights; their derivatives are those of undivided ones."""
    return of.whole(q, k, v, None, None, start, divided=True)


@_divided.defjvp
def _divided_jvp(of: Attention, start: int, primals: Arrays, tangents: Arrays) -> tuple[jax.Array, jax.Array]:
    return jax.jvp(lambda q, k, v: of.whole(q, k, v, None, None, start), primals, tangents)


@dataclasses.dataclass(frozen=True)
class _Cudnn(Kernel):
    of: Attention

    def reference(self, *arrays: jax.Array) -> Arrays:
        q, k, v = arrays
        return (self.of.whole(q, k, v, None, None),)

    def kernel(self, *arrays: jax.Array) -> Arrays:
        *lead, G, L, E = arrays[0].shape
        # as one head of keys there is nothing to lay out anew; heads that a mesh may divide stay a dimension
        heads = lead[-1] if lead and partitioned(*arrays) else 1
        counts = (heads * G, heads, heads)
        laid_out = (jnp.swapaxes(x.reshape(-1, n, *x.shape[-2:]), 1, 2) for x, n in zip(arrays, counts, strict=True))
        scale, causal = self.of.scale, self.of.causal
        y = jax.nn.dot_product_attention(*laid_out, scale=scale, is_causal=causal, implementation="cudnn")
        return (jnp.swapaxes(y, 1, 2).reshape(*lead, G, L, E),)


def _fits_cudnn(q: jax.Array, k: jax.Array, v: jax.Array, causal: bool) -> bool:
    """Whether cuDNN takes the arrays, by ``jax.nn.dot_product_attention``: half types, and heads of some sizes.

    Causal queries have to be as many as the keys: with cuDNN's mask a single query would see all of them.
    """
    most = 256 if cuda_capability() >= (9, 0) else 128 if cuda_capability() >= (8, 0) else 0
    size = q.shape[-1]
    half = q.dtype == k.dtype == v.dtype and q.dtype in (jnp.float16, jnp.bfloat16)
    return (
        half
        and size <= most
        and size % 8 == 0
        and v.shape[-1] == size
        and 0 not in (*q.shape, *k.shape)
        and not (causal and q.shape[-2] != k.shape[-2])
    )


def _bytes(q: jax.Array, k: jax.Array) -> int:
    """The memory of the scores, in bytes."""
    return math.prod(q.shape[:-1]) * k.shape[-2] * max(q.dtype.itemsize, 4)
