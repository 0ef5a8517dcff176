"""Distinct elements of arrays."""

from __future__ import annotations

import jax
import jax.core
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.docstring import documented
from purenn.typing import ArrayLike

__all__ = ["unique", "unique_consecutive"]


_UNIQUE = r"""$summary

    $order

    Args:
        input: of any shape and real dtype.$sorted
        return_inverse: whether to return the index of every element in the result.
        return_counts: whether to return the number of elements that each element of the result stands for.
        dim: the dimension along which slices are compared; None compares elements.
        size: the number of elements or slices to return: further ones are left out; if there are fewer, the last is
            repeated, with a count of 0. Needed under ``jit``, where no shape can depend on values.

    Returns:
        The elements, of shape :math:`(n)`, or the slices, like ``input`` with :math:`n` in dimension ``dim``; then, if
        asked for, the inverse, like ``input`` or of the length of ``dim``, and the counts, of shape :math:`(n)`.

    Raises:
        ValueError: a traced array without ``size``, or slices of size 0.
        IndexError: the input has no such dimension.
        TypeError: the input is complex.

    Source: ``torch.$name``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        $example
    """

_SORTED = """
        sorted: ignored, since the result is always sorted; accepted for compatibility with PyTorch."""


@documented(
    _UNIQUE,
    name="unique",
    summary="Returns the distinct elements of an array, ascending, or its distinct slices, in lexicographic order.",
    order="""NaNs are last, and every NaN is distinct; 0 and -0 are equal. (Torch's order of slices with NaNs depends on
    its sorting algorithm.)""",
    sorted=_SORTED,
    example=""">>> values, counts = F.unique(jnp.array([3, 1, 1, 2]), return_counts=True)
        >>> values.tolist(), counts.tolist()
        ([1, 2, 3], [2, 1, 1])
        >>> jax.jit(lambda x: F.unique(x, size=2))(jnp.array([3, 1, 1, 2])).tolist()
        [1, 2]""",
)
def unique(
    input: ArrayLike,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    size: int | None = None,
) -> jax.Array | tuple[jax.Array, ...]:
    return _groups("unique", input, True, return_inverse, return_counts, dim, size)


@documented(
    _UNIQUE,
    name="unique_consecutive",
    summary="Removes the elements of an array, or its slices, that equal the one before.",
    order="A NaN differs from every other NaN; 0 and -0 are equal.",
    sorted="",
    example=""">>> F.unique_consecutive(jnp.array([1, 1, 2, 2, 1])).tolist()
        [1, 2, 1]""",
)
def unique_consecutive(
    input: ArrayLike,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    size: int | None = None,
) -> jax.Array | tuple[jax.Array, ...]:
    return _groups("unique_consecutive", input, False, return_inverse, return_counts, dim, size)


def _groups(
    where: str,
    input: ArrayLike,
    in_order: bool,
    return_inverse: bool,
    return_counts: bool,
    dim: int | None,
    size: int | None,
) -> jax.Array | tuple[jax.Array, ...]:
    x = check.array(where, "input", input)
    if jnp.iscomplexobj(x):
        check.fail(where, "input", "be a real array", f"dtype {x.dtype}", TypeError)
    if dim is not None:
        if x.ndim == 0:
            check.fail(where, "dim", "be None for a scalar", dim, IndexError)
        dim = check.axis(where, "dim", dim, x.ndim)
        if 0 in x.shape[:dim] + x.shape[dim + 1 :]:
            check.fail(where, "input", "have non-zero size in all dimensions but dim", f"shape {x.shape}")
    if size is not None:
        check.integer(where, "size", size, 0)
    elif isinstance(x, jax.core.Tracer):
        check.fail(where, "size", "be given where the array is traced, as under jit", None)
    slices = x.reshape(-1, 1) if dim is None else jnp.moveaxis(x, dim, 0)
    rows = slices.reshape(slices.shape[0], -1) if slices.size else slices.reshape(0, 1)
    order = _lexicographic(rows) if in_order else jnp.arange(rows.shape[0])
    arranged = rows[order]
    first = jnp.any(arranged[1:] != arranged[:-1], axis=1)  # NaN differs from itself
    group = jnp.concatenate([jnp.zeros(min(rows.shape[0], 1), int), jnp.cumsum(first, dtype=int)])
    if size is None:
        size = int(group[-1]) + 1 if group.size else 0
    counts = jnp.zeros(size, int).at[group].add(1, mode="drop")
    starts = jnp.cumsum(counts) - counts
    values = slices[order[jnp.minimum(starts, rows.shape[0] - 1)]] if rows.shape[0] else slices[:0]
    if size > 0 and rows.shape[0] == 0:
        check.fail(where, "size", "be 0 for an array without elements", size)
    results = [values.reshape(-1) if dim is None else jnp.moveaxis(values, 0, dim)]
    if return_inverse:
        inverse = jnp.zeros_like(group).at[order].set(group)
        results.append(inverse.reshape(x.shape) if dim is None else inverse)
    if return_counts:
        results.append(counts)
    return tuple(results) if len(results) > 1 else results[0]


@jax.jit  # without jit, every call would compile the loop anew
def _lexicographic(rows: jax.Array) -> jax.Array:
    """The stable order of rows: sorts by one column after the other, by the first column last."""
    keys = rows.astype(jnp.uint8) if rows.dtype == bool else rows

    def by_column(i: int, order: jax.Array) -> jax.Array:
        column = lax.dynamic_index_in_dim(keys, keys.shape[1] - 1 - i, 1, keepdims=False)
        return order[jnp.argsort(column[order], stable=True)]

    return lax.fori_loop(0, keys.shape[1], by_column, jnp.arange(keys.shape[0]))
