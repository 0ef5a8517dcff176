"""Attention masks that store which blocks of the scores they keep."""

# ruff: noqa: N803 (torch's names of arguments)

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.functional.attention.blocks import as_booleans, by_column, by_row, picture
from purenn.functional.attention.mask_mod import (
    Mod,
    count_arguments,
    create_mask,
    noop_mask,
    over_indices,
    sliced_mask_mod,
)
from purenn.typing import Array

__all__ = ["BlockMask", "create_block_mask"]


_ARRAYS = tuple(
    f"{kind}{side}_{what}" for side in ("kv", "q") for kind in ("", "full_") for what in ("num_blocks", "indices")
)


@jax.tree_util.register_pytree_node_class
class BlockMask:
    """An attention mask that stores which blocks of the scores it keeps: partially, by ``mask_mod``, or fully.

    `create_block_mask` and `from_kv_blocks` make it. It is a pytree of its arrays, so it can be an argument of a jitted
    function.

    Attributes:
        seq_lengths: the numbers of queries and keys.
        kv_num_blocks: the number of partial blocks per row of blocks.
        kv_indices: the indices of all blocks of every row, the partial ones first.
        full_kv_num_blocks: the number of full blocks per row, or None.
        full_kv_indices: the indices of all blocks of every row, the full ones first; or None.
        q_num_blocks: the number of partial blocks per column of blocks.
        q_indices: the indices of all blocks of every column, the partial ones first.
        full_q_num_blocks: the number of full blocks per column, or None.
        full_q_indices: the indices of all blocks of every column, the full ones first; or None.
        BLOCK_SIZE: the numbers of queries and keys per block.
        mask_mod: a function of four integers (batch, head, query and key) to a boolean, true to keep a score.

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
        kv_num_blocks: Array,
        kv_indices: Array,
        full_kv_num_blocks: Array | None,
        full_kv_indices: Array | None,
        q_num_blocks: Array | None,
        q_indices: Array | None,
        full_q_num_blocks: Array | None,
        full_q_indices: Array | None,
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
    def tree_unflatten(cls, static: tuple[Any, ...], arrays: Iterable[Any]) -> BlockMask:
        mask = object.__new__(cls)
        mask.seq_lengths, mask.BLOCK_SIZE, mask.mask_mod = static
        vars(mask).update(zip(_ARRAYS, arrays, strict=True))
        return mask

    @classmethod
    def from_kv_blocks(
        cls,
        kv_num_blocks: Array,
        kv_indices: Array,
        full_kv_num_blocks: Array | None = None,
        full_kv_indices: Array | None = None,
        BLOCK_SIZE: int | tuple[int, int] = 128,
        mask_mod: Mod | None = None,
        seq_lengths: tuple[int, int] | None = None,
        compute_q_blocks: bool = True,
    ) -> BlockMask:
        """Makes a mask from the blocks of every row.

        Args:
            kv_num_blocks: the number of partial blocks per row of blocks.
            kv_indices: the indices of all blocks of every row, the partial ones first.
            full_kv_num_blocks: the number of full blocks per row, or None.
            full_kv_indices: the indices of all blocks of every row, the full ones first; or None.
            BLOCK_SIZE: the numbers of queries and keys per block, or one number for both.
            mask_mod: a function of four indices; None keeps every score.
            seq_lengths: the numbers of queries and keys; None for the total size of the blocks.
            compute_q_blocks: whether the blocks per column are computed too.

        Raises:
            ValueError: ``kv_indices`` has fewer than two dimensions.
        """
        size = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else BLOCK_SIZE
        if jnp.ndim(kv_indices) < 2:
            check.fail("BlockMask", "kv_indices", "have rank at least 2", f"shape {jnp.shape(kv_indices)}")
        columns: tuple[Any, ...] = (None,) * 4
        if compute_q_blocks:
            columns = (*by_column(kv_num_blocks, kv_indices), *by_column(full_kv_num_blocks, full_kv_indices))
        lengths: Any = seq_lengths or (kv_indices.shape[-2] * size[0], kv_indices.shape[-1] * size[1])
        rows = kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices
        return cls(lengths, *rows, *columns, BLOCK_SIZE=size, mask_mod=noop_mask if mask_mod is None else mask_mod)

    def as_tuple(self, flatten: bool = True) -> tuple[Any, ...]:
        """Returns lengths, arrays, block sizes and the function; ``flatten`` unpacks the two pairs of sizes."""
        arrays = [getattr(self, name) for name in _ARRAYS]
        lengths, sizes = (self.seq_lengths, self.BLOCK_SIZE) if flatten else ((self.seq_lengths,), (self.BLOCK_SIZE,))
        return (*lengths, *arrays, *sizes, self.mask_mod)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the scores."""
        return (*self.kv_indices.shape[:-2], *self.seq_lengths)

    def numel(self) -> int:
        """Returns the number of scores."""
        return math.prod(self.shape)

    def sparsity(self) -> float:
        """Returns the percentage of the scores that lie in masked blocks."""
        blocks = int(self.kv_num_blocks.sum())
        if self.full_kv_num_blocks is not None:
            blocks += int(self.full_kv_num_blocks.sum())
        return 100 * (1 - blocks * self.BLOCK_SIZE[0] * self.BLOCK_SIZE[1] / self.numel())

    def to_dense(self) -> Array:
        """Returns an array of the blocks: 1 for a partial or full block, 0 for a masked one."""
        return (self._partial() | self._full()).astype(jnp.int32)

    def _partial(self) -> jax.Array:
        return as_booleans(self.kv_num_blocks, self.kv_indices)

    def _full(self) -> jax.Array:
        if self.full_kv_num_blocks is None or self.full_kv_indices is None:
            return jnp.zeros(self.kv_indices.shape, bool)
        return as_booleans(self.full_kv_num_blocks, self.full_kv_indices)

    def to_mask(self, batch: int, heads: int) -> Array:
        """Returns the mask of all scores: true in full blocks, and in partial ones where ``mask_mod`` is true."""
        q_len, kv_len = self.seq_lengths

        def spread(blocks: jax.Array) -> jax.Array:
            rows, columns = (jnp.arange(n) // size for n, size in zip(self.seq_lengths, self.BLOCK_SIZE, strict=True))
            return blocks[..., rows[:, None], columns[None, :]]

        mask = over_indices(self.mask_mod, batch, heads, q_len, kv_len)
        leading = (1,) * (4 - len(self.shape))
        blocks = [spread(b).reshape(*leading, *self.shape) for b in (self._partial(), self._full())]
        return (jnp.broadcast_to(blocks[0], mask.shape) & mask) | jnp.broadcast_to(blocks[1], mask.shape)

    def __getitem__(self, index: Any) -> BlockMask:
        """Returns the mask of some batches, heads and rows of blocks; an integer keeps its dimension, of size 1."""
        index = index if isinstance(index, tuple) else (index,)
        index = (*index, slice(None), slice(None), slice(None))[:3]
        starts = [
            i + n if isinstance(i, int) and i < 0 else i for i, n in zip(index, self.kv_num_blocks.shape, strict=False)
        ]
        index = tuple(slice(i, i + 1) if isinstance(i, int) else i for i in starts)
        full = (self.full_kv_num_blocks, self.full_kv_indices)
        return BlockMask.from_kv_blocks(
            self.kv_num_blocks[index],
            self.kv_indices[index],
            *(None if x is None else x[index] for x in full),
            BLOCK_SIZE=self.BLOCK_SIZE,
            mask_mod=sliced_mask_mod,
            seq_lengths=self.seq_lengths,
            compute_q_blocks=self.q_indices is not None,
        )

    def _adjust(self, new_q_len: int, new_kv_len: int) -> BlockMask:
        """Returns the upper left corner of the mask."""
        rows, columns = (-(-n // size) for n, size in zip((new_q_len, new_kv_len), self.BLOCK_SIZE, strict=True))

        def cropped(count: Array | None, indices: Array | None) -> tuple[Any, Any]:
            if count is None or indices is None:
                return None, None
            return by_row(as_booleans(count, indices)[..., :rows, :columns])

        return BlockMask.from_kv_blocks(
            *cropped(self.kv_num_blocks, self.kv_indices),
            *cropped(self.full_kv_num_blocks, self.full_kv_indices),
            BLOCK_SIZE=self.BLOCK_SIZE,
            mask_mod=self.mask_mod,
            seq_lengths=(new_q_len, new_kv_len),
            compute_q_blocks=self.q_indices is not None,
        )

    def to_string(self, grid_size: int | tuple[int, int] = (20, 20), limit: int = 4) -> str:
        """Draws the blocks: a full field keeps all scores, a shaded one some, an empty one none.

        Args:
            grid_size: the largest number of rows and columns of fields, or one number for both; -1 draws every block.
            limit: the largest number of pictures, one per batch and head.
        """
        return picture(np.asarray(self.to_dense()), grid_size, limit)

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
    device: object = None,
    BLOCK_SIZE: int | tuple[int, int] = 128,
    _compile: bool = False,
    separate_full_blocks: bool = True,
) -> BlockMask:
    """Makes a `BlockMask` from a function of indices.

    Args:
        mask_mod: a function of four integers (batch, head, query and key) to a boolean, true to keep a score.
        B: the size of the batch; None is 1, which broadcasts.
        H: the number of heads; None is 1, which broadcasts.
        Q_LEN: the number of queries.
        KV_LEN: the number of keys.
        device: Ignored; accepted for compatibility with PyTorch.
        BLOCK_SIZE: the numbers of queries and keys per block, or one number for both.
        _compile: Ignored; accepted for compatibility with PyTorch.
        separate_full_blocks: whether full blocks are stored apart from partial ones.

    Raises:
        ValueError: the function doesn't take four arguments, or a size is below 1.

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
    if count_arguments("create_block_mask", mask_mod) != 4:
        check.fail("create_block_mask", "mask_mod", "be a function of 4 indices", repr(mask_mod))
    sizes = check.integers("create_block_mask", "BLOCK_SIZE", BLOCK_SIZE, 2, 1)
    mask = create_mask(mask_mod, B, H, Q_LEN, KV_LEN)
    blocks = [-(-n // size) for n, size in zip(mask.shape[-2:], sizes, strict=True)]
    spare = [n * size - length for n, size, length in zip(blocks, sizes, mask.shape[-2:], strict=True)]
    padded = jnp.pad(mask, ((0, 0), (0, 0), (0, spare[0]), (0, spare[1])))
    tiles = padded.reshape(*mask.shape[:2], blocks[0], sizes[0], blocks[1], sizes[1])
    left, full = jnp.any(tiles, (3, 5)), jnp.all(tiles, (3, 5))
    pairs = (*by_row(left & ~full), *by_row(full)) if separate_full_blocks else (*by_row(left), None, None)
    return BlockMask.from_kv_blocks(
        *pairs, BLOCK_SIZE=(sizes[0], sizes[1]), mask_mod=mask_mod, seq_lengths=(Q_LEN, KV_LEN)
    )
