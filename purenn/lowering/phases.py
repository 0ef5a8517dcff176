"""Axes seen with a stride: element ``i s + r`` of an axis lies at step i and phase r.

Strided slices and their transposes, which have zeros between the elements, are slow on the CPU. Of an axis that is
split into steps and phases they are plain slices, and the results are interleaved once.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

__all__ = ["interleaved", "merged", "split"]


def split(x: jax.Array, axis: int, strides: Sequence[int], to: int | None = None) -> jax.Array:
    """Splits axes, the first of them `axis`, into steps and phases.

    The phases follow their steps or, with `to`, are neighbouring axes, the first of them `to`. The stride has to divide
    the size.
    """
    n = len(strides)
    sizes = [part for size, s in zip(x.shape[axis : axis + n], strides, strict=True) for part in (size // s, s)]
    x = x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + n :])
    return x if to is None else jnp.moveaxis(x, range(axis + 1, axis + 2 * n, 2), range(to, to + n))


def merged(x: jax.Array, axis: int, count: int = 1) -> jax.Array:
    """Reverses `split` of `count` axes, whose phases follow their steps."""
    pairs = x.shape[axis : axis + 2 * count]
    sizes = [steps * phases for steps, phases in zip(pairs[::2], pairs[1::2], strict=True)]
    return x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 2 * count :])


def interleaved(x: jax.Array, axis: int, n: int) -> jax.Array:
    """Reverses `split` of the last n axes, whose phases are the axes from `axis` on."""
    first = x.ndim - 2 * n
    return merged(jnp.moveaxis(x, range(axis, axis + n), range(first + 1, x.ndim, 2)), first, n)
