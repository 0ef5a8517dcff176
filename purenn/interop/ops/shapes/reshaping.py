"""Other shapes for the same elements in row-major order: views, merged, split, added and dropped dimensions.

torch's views share memory with their tensor; here each result is an array of its own, and a change of one is never seen
in the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import Dims, integer, is_symbolic, sizes
from purenn.typing import Array, ArrayLike, Size

__all__ = [
    "flatten",
    "ravel",
    "reshape",
    "reshape_as",
    "squeeze",
    "squeeze_copy",
    "unflatten",
    "unsqueeze",
    "unsqueeze_copy",
    "view",
    "view_as",
    "view_copy",
]


def _inferred(where: str, total: int, shape: tuple[int, ...], original: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes, with -1 replaced."""
    if any(map(is_symbolic, (*shape, *original))):
        return shape  # jax infers
    if any(n < -1 for n in shape) or shape.count(-1) > 1:
        check.fail(where, "shape", "have sizes of at least 0, and -1 at most once", shape)
    if -1 not in shape:
        if math.prod(shape) != total:
            check.fail(where, "shape", f"have {total} elements, as an array of shape {original}", shape)
        return shape
    rest = math.prod(n for n in shape if n != -1)
    if not rest or total % rest:
        why = "leave one size for -1" if not rest else f"divide the {total} elements of an array of shape {original}"
        check.fail(where, "shape", why, shape)
    return tuple(total // rest if n == -1 else n for n in shape)


def _reshaped(where: str, x: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    return x.reshape(_inferred(where, x.size, shape, x.shape))


def reshape(input: ArrayLike, shape: Size, *more: int) -> Array:
    """Gives an array another shape, in row-major order; one size may be -1 and is inferred.

    Args:
        input: of any shape.
        shape: sizes, one by one or as one sequence.

    Raises:
        ValueError: sizes that don't fit.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.reshape(jnp.ones((2, 6)), (3, -1)).shape
        (3, 4)
    """
    return _reshaped("reshape", check.array("reshape", "input", input), sizes("reshape", "shape", (shape, *more)))


def view(input: ArrayLike, shape: Size | str | type | np.dtype, *more: int) -> Array:
    """Gives an array another shape, as `reshape`, or with one dtype as argument reads its bits as that dtype.

    torch refuses a view of what isn't contiguous; arrays here always are.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.view(jnp.ones((2, 6)), 4, -1).shape
        (4, 3)
        >>> ops.view(jnp.array([1.0]), jnp.int32).tolist()
        [1065353216]
    """
    x = check.array("view", "input", input)
    if not more and isinstance(shape, str | type | np.dtype):
        return _bits(x, jnp.dtype(shape))
    return _reshaped("view", x, sizes("view", "shape", (shape, *more)))


def _bits(x: jax.Array, dtype: np.dtype) -> jax.Array:
    old, new = x.dtype.itemsize, dtype.itemsize
    if old != new and (x.ndim == 0 or (x.shape[-1] * old) % new):
        check.fail("view", "input", f"have a last dimension of whole elements of {dtype}", f"{x.dtype} {x.shape}")
    return x.view(dtype)


def reshape_as(input: ArrayLike, other: ArrayLike) -> Array:
    """Gives an array the shape of another.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.reshape_as(jnp.ones(6), jnp.ones((2, 3))).shape
        (2, 3)
    """
    shape = check.array("reshape_as", "other", other).shape
    return _reshaped("reshape_as", check.array("reshape_as", "input", input), shape)


def view_as(input: ArrayLike, other: ArrayLike) -> Array:
    """Gives an array the shape of another.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.view_as(jnp.ones(6), jnp.ones((2, 3))).shape
        (2, 3)
    """
    return _reshaped("view_as", check.array("view_as", "input", input), check.array("view_as", "other", other).shape)


def flatten(input: ArrayLike, start_dim: int = 0, end_dim: int = -1) -> Array:
    """Merges the dimensions from one to another; a scalar gets one.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.flatten(jnp.ones((2, 3, 4)), 1).shape
        (2, 12)
    """
    x = check.array("flatten", "input", input)
    start, end = (
        check.axis("flatten", name, d, x.ndim) for name, d in (("start_dim", start_dim), ("end_dim", end_dim))
    )
    if start > end:
        check.fail("flatten", "start_dim", f"be at most end_dim={end}", start)
    if not x.ndim:
        return x.reshape(1)
    merged = math.prod(x.shape[start : end + 1])
    return x.reshape(*x.shape[:start], merged, *x.shape[end + 1 :])


def ravel(input: ArrayLike) -> Array:
    """Flattens an array to one dimension, in row-major order.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.ravel(jnp.ones((2, 3))).shape
        (6,)
    """
    return check.array("ravel", "input", input).ravel()


def unflatten(input: ArrayLike, dim: int, sizes: Sequence[int]) -> Array:
    """Splits one dimension into several, one size of which may be -1.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.unflatten(jnp.ones((2, 12)), 1, (3, -1)).shape
        (2, 3, 4)
    """
    x = check.array("unflatten", "input", input)
    if not x.ndim or not sizes:
        check.fail("unflatten", "input and sizes", "have a dimension and sizes for it", f"shape {x.shape}, {sizes}")
    dim = check.axis("unflatten", "dim", dim, x.ndim)
    inner = tuple(integer("unflatten", "sizes", n) for n in sizes)
    inner = _inferred("unflatten", x.shape[dim], inner, (x.shape[dim],))
    return x.reshape(*x.shape[:dim], *inner, *x.shape[dim + 1 :])


def squeeze(input: ArrayLike, dim: Dims = None) -> Array:
    """Drops dimensions of size 1: all, or those given; where the size isn't 1 they stay, where jnp's refuses.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.squeeze(jnp.ones((1, 3, 1)), 1).shape, ops.squeeze(jnp.ones((1, 3, 1))).shape
        ((1, 3, 1), (3,))
    """
    x = check.array("squeeze", "input", input)
    if isinstance(dim, Sequence) and not dim:
        return x
    axes = check.axes("squeeze", "dim", dim, x.ndim)
    return jnp.squeeze(x, tuple(a for a in axes if x.shape[a] == 1))


def unsqueeze(input: ArrayLike, dim: int) -> Array:
    """Adds a dimension of size 1.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.unsqueeze(jnp.ones((2, 3)), -1).shape
        (2, 3, 1)
    """
    x = check.array("unsqueeze", "input", input)
    return jnp.expand_dims(x, check.axis("unsqueeze", "dim", dim, x.ndim + 1))


squeeze_copy = squeeze
unsqueeze_copy = unsqueeze
view_copy = view
