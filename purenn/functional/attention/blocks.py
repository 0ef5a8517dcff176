"""The needed blocks of a mask, in three forms: indices per row, booleans, and a picture.

`BlockMask` stores the indices per row and per column.
"""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["as_booleans", "by_column", "by_row", "picture"]


def by_row(dense: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the number of needed blocks per row, and the indices of all blocks, the needed ones first."""
    dense = dense.astype(jnp.int32)
    return jnp.sum(dense, -1, dtype=jnp.int32), jnp.argsort(-dense, -1, stable=True).astype(jnp.int32)


def as_booleans(count: jax.Array, indices: jax.Array) -> jax.Array:
    """Inverts `by_row`: true for a needed block."""
    n, ndim = indices.shape[-1], indices.ndim
    needed = lax.broadcasted_iota(jnp.int32, indices.shape, ndim - 1) < jnp.expand_dims(count, -1)
    hits = jnp.expand_dims(indices, -1) == lax.broadcasted_iota(jnp.int32, (*indices.shape, n), ndim)
    return jnp.any(hits & jnp.expand_dims(needed, -1), -2)


def by_column(count: jax.Array | None, indices: jax.Array | None) -> tuple[Any, Any]:
    """Returns the number and the indices per column, from those per row; None for None."""
    if count is None or indices is None:
        return None, None
    return by_row(jnp.swapaxes(as_booleans(count, indices), -1, -2))


def picture(dense: np.ndarray, grid_size: int | tuple[int, int], limit: int) -> str:
    """Draws blocks for `BlockMask.to_string`."""
    *batch, rows, columns = dense.shape
    most = (grid_size, grid_size) if isinstance(grid_size, int) else grid_size
    most = (rows, columns) if grid_size == -1 else most
    steps = [max(1, -(-n // m)) for n, m in zip((rows, columns), most, strict=True)]
    pictures = []
    for i, place in enumerate(itertools.product(*map(range, batch))):
        if i == limit:
            pictures += ["...", "BlockMask.to_string(limit=N) shows more; BlockMask[batch, head] selects one"]
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
