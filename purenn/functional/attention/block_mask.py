"""Masks of attention as functions of indices, and which blocks of the scores they leave."""

# ruff: noqa: N803 (torch's names of arguments)

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check

__all__ = ["BlockMask", "and_masks", "create_block_mask", "create_mask", "noop_mask", "or_masks", "over_indices"]

_LARGE = 1 << 30  # a block that holds everything
Mod = Callable[..., Any]


def over_indices(mod: Mod, batch: int, heads: int, q_len: int, kv_len: int, scores: jax.Array | None = None) -> Any:
    """What a function of the indices, and of a score before them, gives at every place of the scores."""
    scored = () if scores is None else (0,)
    for axes in ((None, None, None, 0), (None, None, 0, None), (None, 0, None, None), (0, None, None, None)):
        mod = jax.vmap(mod, in_axes=(*scored, *axes))
    indices = (jnp.arange(n, dtype=jnp.int32) for n in (batch, heads, q_len, kv_len))
    return mod(*indices) if scores is None else mod(scores, *indices)


def noop_mask(batch: Any, head: Any, token_q: Any, token_kv: Any) -> jax.Array:
    """The mask that leaves everything.

    Source: ``torch.nn.attention.flex_attention.noop_mask``.

    Example:
        >>> from purenn.nn.attention.flex_attention import create_mask, noop_mask
        >>> create_mask(noop_mask, 1, 1, 1, 2).tolist()
        [[[[True, True]]]]
    """
    return jnp.ones((), bool)


def _mask_mods(where: str, mask_mods: tuple[Mod, ...]) -> None:
    if not all(map(callable, mask_mods)):
        check.fail(where, "mask_mods", "be functions of the indices", repr(mask_mods), TypeError)


def or_masks(*mask_mods: Mod) -> Mod:
    """The mask that leaves what any of these leaves.

    Args:
        mask_mods: functions of the batch, the head, the query and the key, four integers, to a boolean.

    Source: ``torch.nn.attention.flex_attention.or_masks``.

    Example:
        >>> from purenn.nn.attention.flex_attention import create_mask, or_masks
        >>> mask = or_masks(lambda b, h, q, k: q > k, lambda b, h, q, k: q == k)
        >>> create_mask(mask, 1, 1, 2, 2)[0, 0].tolist()
        [[True, False], [True, True]]
    """
    _mask_mods("or_masks", mask_mods)

    def or_mask(b: Any, h: Any, q_idx: Any, kv_idx: Any) -> Any:
        result = jnp.zeros((), bool)
        for mask in mask_mods:
            result = result | mask(b, h, q_idx, kv_idx)
        return result

    return or_mask


def and_masks(*mask_mods: Mod) -> Mod:
    """The mask that leaves what all of these leave.

    Args:
        mask_mods: functions of the batch, the head, the query and the key, four integers, to a boolean.

    Source: ``torch.nn.attention.flex_attention.and_masks``.

    Example:
        >>> from purenn.nn.attention.flex_attention import and_masks, create_mask
        >>> mask = and_masks(lambda b, h, q, k: q >= k, lambda b, h, q, k: q - k < 2)
        >>> create_mask(mask, 1, 1, 3, 3)[0, 0].tolist()
        [[True, False, False], [True, True, False], [False, True, True]]
    """
    _mask_mods("and_masks", mask_mods)

    def and_mask(b: Any, h: Any, q_idx: Any, kv_idx: Any) -> Any:
        result = jnp.ones((), bool)
        for mask in mask_mods:
            result = result & mask(b, h, q_idx, kv_idx)
        return result

    return and_mask


def _arguments(where: str, mod: Mod) -> int:
    parameters = inspect.signature(mod).parameters.values()
    count = sum(p.default is inspect.Parameter.empty for p in parameters)
    if count not in (4, 5):
        check.fail(where, "the function", "take 4 indices, or a score and 4 indices", f"{count} arguments")
    return count


def create_mask(mod_fn: Mod, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = None) -> jax.Array:
    """A mask as an array, from a function.

    Args:
        mod_fn: a function of four indices to a boolean; or of a score and four indices to a score, whose mask is where
            it doesn't give minus infinity.
        B: the batch's size; None is 1.
        H: the number of heads; None is 1.
        Q_LEN: the number of queries.
        KV_LEN: the number of keys.
        device: accepted for torch's sake.

    Returns:
        A boolean array of shape :math:`(B, H, Q, K)`.

    Source: ``torch.nn.attention.flex_attention.create_mask``.

    Example:
        >>> from purenn.nn.attention.flex_attention import create_mask
        >>> create_mask(lambda b, h, q, k: q >= k, None, None, 2, 2)[0, 0].tolist()
        [[True, False], [True, True]]
    """
    shape = (1 if B is None else B, 1 if H is None else H, Q_LEN, KV_LEN)
    if _arguments("create_mask", mod_fn) == 5:
        return ~jnp.isneginf(over_indices(mod_fn, *shape, scores=jnp.zeros(shape, jnp.float32)))
    return over_indices(mod_fn, *shape)


# Blocks: how many of a row are needed, and their numbers, those that are needed first.


def _ordered(dense: jax.Array) -> tuple[jax.Array, jax.Array]:
    dense = dense.astype(jnp.int32)
    return jnp.sum(dense, -1, dtype=jnp.int32), jnp.argsort(-dense, -1, stable=True).astype(jnp.int32)


def _dense(count: jax.Array, indices: jax.Array) -> jax.Array:
    """The inverse of `_ordered`, in booleans."""
    n, ndim = indices.shape[-1], indices.ndim
    needed = lax.broadcasted_iota(jnp.int32, indices.shape, ndim - 1) < jnp.expand_dims(count, -1)
    found = jnp.expand_dims(indices, -1) == lax.broadcasted_iota(jnp.int32, (*indices.shape, n), ndim)
    return jnp.any(found & jnp.expand_dims(needed, -1), -2)


def _transposed(count: jax.Array | None, indices: jax.Array | None) -> tuple[Any, Any]:
    if count is None or indices is None:
        return None, None
    return _ordered(jnp.swapaxes(_dense(count, indices), -1, -2))


def sliced_mask_mod(batch: Any, head: Any, token_q: Any, token_kv: Any) -> Any:
    raise RuntimeError(
        "Cannot use mask_mod from a sliced BlockMask: its indices count from the slice's start; set mask_mod to one "
        "that is made from the whole BlockMask's"
    )


_ARRAYS = tuple(
    f"{kind}{side}_{what}" for side in ("kv", "q") for kind in ("", "full_") for what in ("num_blocks", "indices")
)


@jax.tree_util.register_pytree_node_class
class BlockMask:
    """A mask of attention that knows which blocks of the scores it leaves: partly, by ``mask_mod``, or in full.

    `create_block_mask` and `from_kv_blocks` make it. It is a tree of its arrays, so it goes through jit.

    Attributes:
        seq_lengths: the numbers of queries and keys.
        kv_num_blocks: how many blocks each row of blocks has that are left partly.
        kv_indices: their numbers, first in their row.
        full_kv_num_blocks: as many for those that are left in full, or None.
        full_kv_indices: their numbers, or None.
        q_num_blocks: the same by columns, as are the other three.
        BLOCK_SIZE: the sizes of a block, of queries and keys.
        mask_mod: a function of four indices.

    Source: ``torch.nn.attention.flex_attention.BlockMask``.

    Example:
        >>> from purenn.nn.attention.flex_attention import create_block_mask
        >>> mask = create_block_mask(lambda b, h, q, k: q >= k, 1, 1, 8, 8, BLOCK_SIZE=4)
        >>> mask.shape, mask.sparsity(), mask.to_dense()[0, 0].tolist()
        ((1, 1, 8, 8), 25.0, [[1, 0], [1, 1]])
    """

    def __init__(
        self,
        seq_lengths: tuple[int, int],
        kv_num_blocks: Any,
        kv_indices: Any,
        full_kv_num_blocks: Any,
        full_kv_indices: Any,
        q_num_blocks: Any,
        q_indices: Any,
        full_q_num_blocks: Any,
        full_q_indices: Any,
        BLOCK_SIZE: tuple[int, int] = (128, 128),
        mask_mod: Mod = noop_mask,
    ):
        if kv_num_blocks is None or kv_indices is None:
            check.fail("BlockMask", "kv_num_blocks and kv_indices", "be arrays", None)
        if jnp.ndim(kv_indices) < 2:
            check.fail("BlockMask", "kv_indices", "have rank at least 2", f"shape {jnp.shape(kv_indices)}")
        for side, pair in (("kv", (full_kv_num_blocks, full_kv_indices)), ("q", (full_q_num_blocks, full_q_indices))):
            if (pair[0] is None) != (pair[1] is None):
                check.fail("BlockMask", f"full_{side}_num_blocks and full_{side}_indices", "be given together", "one")
        self.seq_lengths, self.BLOCK_SIZE, self.mask_mod = seq_lengths, BLOCK_SIZE, mask_mod
        self.kv_num_blocks, self.kv_indices = kv_num_blocks, kv_indices
        self.full_kv_num_blocks, self.full_kv_indices = full_kv_num_blocks, full_kv_indices
        self.q_num_blocks, self.q_indices = q_num_blocks, q_indices
        self.full_q_num_blocks, self.full_q_indices = full_q_num_blocks, full_q_indices

    def tree_flatten(self) -> tuple[tuple[Any, ...], Any]:
        return tuple(getattr(self, name) for name in _ARRAYS), (self.seq_lengths, self.BLOCK_SIZE, self.mask_mod)

    @classmethod
    def tree_unflatten(cls, static: Any, arrays: Any) -> BlockMask:
        mask = object.__new__(cls)
        mask.seq_lengths, mask.BLOCK_SIZE, mask.mask_mod = static
        vars(mask).update(zip(_ARRAYS, arrays, strict=True))
        return mask

    @classmethod
    def from_kv_blocks(
        cls,
        kv_num_blocks: Any,
        kv_indices: Any,
        full_kv_num_blocks: Any = None,
        full_kv_indices: Any = None,
        BLOCK_SIZE: int | tuple[int, int] = 128,
        mask_mod: Mod | None = None,
        seq_lengths: tuple[int, int] | None = None,
        compute_q_blocks: bool = True,
    ) -> BlockMask:
        """A mask from its blocks by rows; those by columns follow."""
        size = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else BLOCK_SIZE
        if jnp.ndim(kv_indices) < 2:
            check.fail("BlockMask", "kv_indices", "have rank at least 2", f"shape {jnp.shape(kv_indices)}")
        by_column: tuple[Any, ...] = (None,) * 4
        if compute_q_blocks:
            by_column = (*_transposed(kv_num_blocks, kv_indices), *_transposed(full_kv_num_blocks, full_kv_indices))
        lengths: Any = seq_lengths or (kv_indices.shape[-2] * size[0], kv_indices.shape[-1] * size[1])
        rows = kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices
        return cls(lengths, *rows, *by_column, BLOCK_SIZE=size, mask_mod=noop_mask if mask_mod is None else mask_mod)

    def as_tuple(self, flatten: bool = True) -> tuple[Any, ...]:
        """All of it: lengths, arrays, block sizes and the function, the pairs opened with `flatten`."""
        arrays = [getattr(self, name) for name in _ARRAYS]
        lengths, sizes = (self.seq_lengths, self.BLOCK_SIZE) if flatten else ((self.seq_lengths,), (self.BLOCK_SIZE,))
        return (*lengths, *arrays, *sizes, self.mask_mod)

    @property
    def shape(self) -> tuple[int, ...]:
        """The scores' shape."""
        return (*self.kv_indices.shape[:-2], *self.seq_lengths)

    def numel(self) -> int:
        """How many scores there are."""
        return math.prod(self.shape)

    def sparsity(self) -> float:
        """Which part of the scores, in percent, lies in blocks that aren't needed."""
        blocks = int(self.kv_num_blocks.sum())
        if self.full_kv_num_blocks is not None:
            blocks += int(self.full_kv_num_blocks.sum())
        return 100 * (1 - blocks * self.BLOCK_SIZE[0] * self.BLOCK_SIZE[1] / self.numel())

    def to_dense(self) -> jax.Array:
        """The blocks as an array: 1 where one is needed."""
        return (self._partial() | self._full()).astype(jnp.int32)

    def _partial(self) -> jax.Array:
        return _dense(self.kv_num_blocks, self.kv_indices)

    def _full(self) -> jax.Array:
        if self.full_kv_num_blocks is None:
            return jnp.zeros(self.kv_indices.shape, bool)
        return _dense(self.full_kv_num_blocks, self.full_kv_indices)

    def to_mask(self, batch: int, heads: int) -> jax.Array:
        """The mask of the scores as an array: blocks in full, and partial ones where ``mask_mod`` is true."""
        q_len, kv_len = self.seq_lengths

        def spread(blocks: jax.Array) -> jax.Array:
            rows, columns = (jnp.arange(n) // size for n, size in zip(self.seq_lengths, self.BLOCK_SIZE, strict=True))
            return blocks[..., rows[:, None], columns[None, :]]

        mask = over_indices(self.mask_mod, batch, heads, q_len, kv_len)
        leading = (1,) * (4 - len(self.shape))
        blocks = [spread(b).reshape(*leading, *self.shape) for b in (self._partial(), self._full())]
        return (jnp.broadcast_to(blocks[0], mask.shape) & mask) | jnp.broadcast_to(blocks[1], mask.shape)

    def __getitem__(self, index: Any) -> BlockMask:
        """The mask of some batches, heads and rows of blocks; an integer keeps its dimension, with size 1."""
        index = index if isinstance(index, tuple) else (index,)
        index = (*index, slice(None), slice(None), slice(None))[:3]
        starts = [
            i + n if isinstance(i, int) and i < 0 else i for i, n in zip(index, self.kv_num_blocks.shape, strict=False)
        ]
        index = tuple(slice(i, i + 1) if isinstance(i, int) else i for i in starts)
        rows = (self.kv_num_blocks, self.kv_indices, self.full_kv_num_blocks, self.full_kv_indices)
        return BlockMask.from_kv_blocks(
            *(None if x is None else x[index] for x in rows),
            BLOCK_SIZE=self.BLOCK_SIZE,
            mask_mod=sliced_mask_mod,
            seq_lengths=self.seq_lengths,
            compute_q_blocks=self.q_indices is not None,
        )

    def _adjust(self, new_q_len: int, new_kv_len: int) -> BlockMask:
        """The upper left corner of the mask."""
        rows, columns = (-(-n // size) for n, size in zip((new_q_len, new_kv_len), self.BLOCK_SIZE, strict=True))

        def cropped(count: Any, indices: Any) -> tuple[Any, Any]:
            if count is None:
                return None, None
            return _ordered(_dense(count, indices)[..., :rows, :columns])

        return BlockMask.from_kv_blocks(
            *cropped(self.kv_num_blocks, self.kv_indices),
            *cropped(self.full_kv_num_blocks, self.full_kv_indices),
            BLOCK_SIZE=self.BLOCK_SIZE,
            mask_mod=self.mask_mod,
            seq_lengths=(new_q_len, new_kv_len),
            compute_q_blocks=self.q_indices is not None,
        )

    def to_string(self, grid_size: int | tuple[int, int] = (20, 20), limit: int = 4) -> str:
        """The blocks as a picture: full, shaded and empty fields. A `grid_size` of -1 joins none of them."""
        dense = np.asarray(self.to_dense())
        *batch, rows, columns = dense.shape
        most = (grid_size, grid_size) if isinstance(grid_size, int) else grid_size
        most = (rows, columns) if grid_size == -1 else most
        steps = [max(1, -(-n // m)) for n, m in zip((rows, columns), most, strict=True)]
        pictures = []
        for i, place in enumerate(itertools.product(*map(range, batch))):
            if i == limit:
                pictures += ["...", "BlockMask.to_string(limit=N) shows more, BlockMask[batch, head] a certain one"]
                break
            lines = [f"{place}"]
            for r in range(0, rows, steps[0]):
                parts = [
                    dense[(*place, slice(r, r + steps[0]), slice(c, c + steps[1]))].mean()
                    for c in range(0, columns, steps[1])
                ]
                lines.append("".join("██" if p == 1 else "  " if p == 0 else "░░" for p in parts))
            pictures.append("\n".join(lines) + "\n")
        return "\n".join(pictures)

    def __str__(self) -> str:
        return f"BlockMask(shape={self.shape}, sparsity={self.sparsity():.2f}%, \n{self.to_string().strip()}\n)"

    def __repr__(self) -> str:
        arrays = "".join(f"    {name}={getattr(getattr(self, name), 'shape', None)},\n" for name in _ARRAYS)
        return (
            f"BlockMask(\n{arrays}    BLOCK_SIZE={self.BLOCK_SIZE},\n    shape={self.shape},\n"
            f"    sparsity={self.sparsity():.2f}%,\n    mask_mod={getattr(self.mask_mod, '__name__', self.mask_mod)}\n)"
        )


def create_block_mask(
    mask_mod: Mod,
    B: int | None,
    H: int | None,
    Q_LEN: int,
    KV_LEN: int,
    device: Any = None,
    BLOCK_SIZE: int | tuple[int, int] = 128,
    _compile: bool = False,
    separate_full_blocks: bool = True,
) -> BlockMask:
    """A mask that knows its blocks, from a function.

    Args:
        mask_mod: a function of the batch, the head, the query and the key, four integers, to a boolean.
        B: the batch's size; None is 1, for all.
        H: the number of heads; None is 1, for all.
        Q_LEN: the number of queries.
        KV_LEN: the number of keys.
        device: accepted for torch's sake, as is ``_compile``.
        BLOCK_SIZE: the size of a block, or its two sizes, of queries and keys.
        separate_full_blocks: whether blocks that are left in full are kept apart.

    Source: ``torch.nn.attention.flex_attention.create_block_mask``.

    Example:
        >>> from purenn.nn.attention.flex_attention import create_block_mask
        >>> print(create_block_mask(lambda b, h, q, k: q >= k, None, None, 12, 12, BLOCK_SIZE=4))
        BlockMask(shape=(1, 1, 12, 12), sparsity=33.33%,
        (0, 0)
        ██
        ████
        ██████
        )
    """
    if _arguments("create_block_mask", mask_mod) != 4:
        check.fail("create_block_mask", "mask_mod", "be a function of 4 indices", repr(mask_mod))
    sizes = check.integers("create_block_mask", "BLOCK_SIZE", BLOCK_SIZE, 2, 1)
    mask = create_mask(mask_mod, B, H, Q_LEN, KV_LEN)
    blocks = [-(-n // size) for n, size in zip(mask.shape[-2:], sizes, strict=True)]
    spare = [n * size - length for n, size, length in zip(blocks, sizes, mask.shape[-2:], strict=True)]
    padded = jnp.pad(mask, ((0, 0), (0, 0), (0, spare[0]), (0, spare[1])))
    tiles = padded.reshape(*mask.shape[:2], blocks[0], sizes[0], blocks[1], sizes[1])
    left, full = jnp.any(tiles, (3, 5)), jnp.all(tiles, (3, 5))
    pairs = (*_ordered(left & ~full), *_ordered(full)) if separate_full_blocks else (*_ordered(left), None, None)
    return BlockMask.from_kv_blocks(
        *pairs, BLOCK_SIZE=(sizes[0], sizes[1]), mask_mod=mask_mod, seq_lengths=(Q_LEN, KV_LEN)
    )
