"""Attention masks as functions of indices."""

# ruff: noqa: N803 (torch's names of arguments)

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.typing import Array, ArrayLike

__all__ = [
    "Mod",
    "and_masks",
    "count_arguments",
    "create_mask",
    "noop_mask",
    "or_masks",
    "over_indices",
    "sliced_mask_mod",
]

Mod = Callable[..., Any]


def over_indices(mod: Mod, batch: int, heads: int, q_len: int, kv_len: int, scores: jax.Array | None = None) -> Any:
    """Computes a function of the four indices, or of a score and the indices, for every score."""
    scored = () if scores is None else (0,)
    for axes in ((None, None, None, 0), (None, None, 0, None), (None, 0, None, None), (0, None, None, None)):
        mod = jax.vmap(mod, in_axes=(*scored, *axes))
    indices = (jnp.arange(n, dtype=jnp.int32) for n in (batch, heads, q_len, kv_len))
    return mod(*indices) if scores is None else mod(scores, *indices)


def noop_mask(batch: ArrayLike, head: ArrayLike, token_q: ArrayLike, token_kv: ArrayLike) -> Array:
    """Keeps every score.

    Args:
        batch: the index of the batch.
        head: the index of the head.
        token_q: the index of the query.
        token_kv: the index of the key.

    Returns:
        True.

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
    """Returns a mask that keeps a score if any of the given masks does.

    Args:
        mask_mods: functions of four integers (batch, head, query and key) to a boolean, true to keep a score.

    Returns:
        A function of the same form.

    Raises:
        TypeError: an argument isn't a function.

    Source: ``torch.nn.attention.flex_attention.or_masks``.

    Example:
        >>> from purenn.nn.attention.flex_attention import create_mask, or_masks
        >>> mask = or_masks(lambda b, h, q, k: q > k, lambda b, h, q, k: q == k)
        >>> create_mask(mask, 1, 1, 2, 2)[0, 0].tolist()
        [[True, False], [True, True]]
    """
    _mask_mods("or_masks", mask_mods)

    def or_mask(b: Array, h: Array, q_idx: Array, kv_idx: Array) -> Array:
        masks = (mask(b, h, q_idx, kv_idx) for mask in mask_mods)
        return functools.reduce(operator.or_, masks, jnp.zeros((), bool))

    return or_mask


def and_masks(*mask_mods: Mod) -> Mod:
    """Returns a mask that keeps a score if all of the given masks do.

    Args:
        mask_mods: functions of four integers (batch, head, query and key) to a boolean, true to keep a score.

    Returns:
        A function of the same form.

    Raises:
        TypeError: an argument isn't a function.

    Source: ``torch.nn.attention.flex_attention.and_masks``.

    Example:
        >>> from purenn.nn.attention.flex_attention import and_masks, create_mask
        >>> mask = and_masks(lambda b, h, q, k: q >= k, lambda b, h, q, k: q - k < 2)
        >>> create_mask(mask, 1, 1, 3, 3)[0, 0].tolist()
        [[True, False, False], [True, True, False], [False, True, True]]
    """
    _mask_mods("and_masks", mask_mods)

    def and_mask(b: Array, h: Array, q_idx: Array, kv_idx: Array) -> Array:
        masks = (mask(b, h, q_idx, kv_idx) for mask in mask_mods)
        return functools.reduce(operator.and_, masks, jnp.ones((), bool))

    return and_mask


def count_arguments(where: str, mod: Mod) -> int:
    """Returns the number of arguments that a function needs: 4 (indices) or 5 (a score and indices)."""
    parameters = inspect.signature(mod).parameters.values()
    count = sum(p.default is inspect.Parameter.empty for p in parameters)
    if count not in (4, 5):
        check.fail(where, "the function", "take 4 indices, or a score and 4 indices", f"{count} arguments")
    return count


def create_mask(mod_fn: Mod, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: object = None) -> Array:
    """Makes a boolean array from a function of indices.

    Args:
        mod_fn: a function of four indices to a boolean, true to keep a score; or a function of a score and four indices
            to a score, minus infinity to mask it.
        B: the size of the batch; None is 1.
        H: the number of heads; None is 1.
        Q_LEN: the number of queries.
        KV_LEN: the number of keys.
        device: Ignored; accepted for compatibility with PyTorch.

    Returns:
        A boolean array of shape :math:`(B, H, Q, K)`, true where a score is kept.

    Raises:
        ValueError: the function doesn't take four or five arguments.

    Source: ``torch.nn.attention.flex_attention.create_mask``.

    Example:
        >>> from purenn.nn.attention.flex_attention import create_mask
        >>> create_mask(lambda b, h, q, k: q >= k, None, None, 2, 2)[0, 0].tolist()
        [[True, False], [True, True]]
    """
    shape = (1 if B is None else B, 1 if H is None else H, Q_LEN, KV_LEN)
    if count_arguments("create_mask", mod_fn) == 5:
        return ~jnp.isneginf(over_indices(mod_fn, *shape, scores=jnp.zeros(shape, jnp.float32)))
    return over_indices(mod_fn, *shape)


def sliced_mask_mod(batch: Array, head: Array, token_q: Array, token_kv: Array) -> Any:
    """Raises an error: it takes the place of ``mask_mod`` in a slice of a `BlockMask`."""
    raise RuntimeError(
        "Cannot use mask_mod from a sliced BlockMask: its indices count from the slice's start; set mask_mod to one "
        "that is made from the whole BlockMask's"
    )
