"""Arrays that are full of a value, of a given shape or of another array's, and identity matrices.

torch's ``out``, ``device``, ``layout``, ``requires_grad``, ``pin_memory`` and ``memory_format`` mean nothing here and
are left out. Without x64, int64 is int32 and float64 is float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import array, as_dtype, integer, promoted, sizes
from purenn.typing import Array, ArrayLike, DTypeLike, Size

__all__ = [
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "eye",
    "full",
    "full_like",
    "new_empty",
    "new_full",
    "new_ones",
    "new_zeros",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


def _filled(where: str, size: Sequence[Size], value: ArrayLike, dtype: DTypeLike) -> jax.Array:
    shape = sizes(where, "size", size)
    for n in shape:
        if isinstance(n, int) and n < 0:
            check.fail(where, "size", "have no negative sizes", shape)
    return jnp.broadcast_to(array(where, "fill_value", value, dtype), shape)


def zeros(size: Size, *more: int, dtype: DTypeLike | None = None) -> Array:
    """Returns zeros, float32 unless ``dtype`` says otherwise; the sizes come one by one or as one sequence.

    Example:
        >>> from purenn.interop import ops
        >>> ops.zeros(2, 3).shape
        (2, 3)
    """
    return _filled("zeros", (size, *more), 0, as_dtype("zeros", dtype or jnp.float32))


def ones(size: Size, *more: int, dtype: DTypeLike | None = None) -> Array:
    """Returns ones, float32 unless ``dtype`` says otherwise.

    Example:
        >>> from purenn.interop import ops
        >>> ops.ones(2, dtype=bool).tolist()
        [True, True]
    """
    return _filled("ones", (size, *more), 1, as_dtype("ones", dtype or jnp.float32))


def empty(size: Size, *more: int, dtype: DTypeLike | None = None) -> Array:
    """Returns an array whose values don't count: zeros. torch leaves what was in memory.

    Example:
        >>> from purenn.interop import ops
        >>> ops.empty(2, 3).shape
        (2, 3)
    """
    return _filled("empty", (size, *more), 0, as_dtype("empty", dtype or jnp.float32))


def empty_permuted(
    size: Sequence[int], physical_layout: Sequence[int] | None = None, *, dtype: DTypeLike | None = None
) -> Array:
    """Returns an array whose values don't count, zeros; XLA chooses the layout in memory.

    Example:
        >>> from purenn.interop import ops
        >>> ops.empty_permuted((2, 3), (1, 0)).shape
        (2, 3)
    """
    layout = range(len(size)) if physical_layout is None else physical_layout
    if sorted(layout) != list(range(len(size))):
        check.fail("empty_permuted", "physical_layout", f"have each of {len(size)} dimensions once", physical_layout)
    return _filled("empty_permuted", (size,), 0, as_dtype("empty_permuted", dtype or jnp.float32))


def empty_strided(size: Sequence[int], stride: Sequence[int] | None = None, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array whose values don't count, zeros; XLA chooses the strides.

    Example:
        >>> from purenn.interop import ops
        >>> ops.empty_strided((2, 3), (1, 2)).shape
        (2, 3)
    """
    return _filled("empty_strided", (size,), 0, as_dtype("empty_strided", dtype or jnp.float32))


def full(size: Size, fill_value: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array full of one value, by default of its dtype: ``full((2,), 1)`` has integers.

    Example:
        >>> from purenn.interop import ops
        >>> ops.full((2,), 7).tolist()
        [7, 7]
    """
    if np.ndim(fill_value):
        check.fail("full", "fill_value", "be a number or a scalar", f"shape {np.shape(fill_value)}")
    return _filled("full", (size,), fill_value, promoted(fill_value) if dtype is None else as_dtype("full", dtype))


def _like(
    where: str, input: ArrayLike, value: ArrayLike, dtype: DTypeLike | None, size: Sequence[Size] | None = None
) -> jax.Array:
    x = check.array(where, "input", input)
    return _filled(
        where, (x.shape,) if size is None else size, value, x.dtype if dtype is None else as_dtype(where, dtype)
    )


def zeros_like(input: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns zeros of an array's shape and dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.zeros_like(jnp.array([1, 2])).tolist()
        [0, 0]
    """
    return _like("zeros_like", input, 0, dtype)


def ones_like(input: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns ones of an array's shape and dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.ones_like(jnp.array([1, 2])).tolist()
        [1, 1]
    """
    return _like("ones_like", input, 1, dtype)


def empty_like(input: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array of another's shape and dtype whose values don't count: zeros.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.empty_like(jnp.ones((2, 3))).shape
        (2, 3)
    """
    return _like("empty_like", input, 0, dtype)


def full_like(input: ArrayLike, fill_value: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array of another's shape and dtype, full of one value, which is cast to that dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.full_like(jnp.array([1, 2]), 7.9).tolist()
        [7, 7]
    """
    return _like("full_like", input, fill_value, dtype)


def new_zeros(input: ArrayLike, size: Size, *more: int, dtype: DTypeLike | None = None) -> Array:
    """Returns zeros of a size, of an array's dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_zeros(jnp.array([1, 2]), 3).tolist()
        [0, 0, 0]
    """
    return _like("new_zeros", input, 0, dtype, (size, *more))


def new_ones(input: ArrayLike, size: Size, *more: int, dtype: DTypeLike | None = None) -> Array:
    """Returns ones of a size, of an array's dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_ones(jnp.array([1, 2]), (3,)).tolist()
        [1, 1, 1]
    """
    return _like("new_ones", input, 1, dtype, (size, *more))


def new_empty(input: ArrayLike, size: Size, *more: int, dtype: DTypeLike | None = None) -> Array:
    """Returns an array of a size, of another's dtype, whose values don't count: zeros.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_empty(jnp.ones(2), 3, 4).shape
        (3, 4)
    """
    return _like("new_empty", input, 0, dtype, (size, *more))


def new_full(input: ArrayLike, size: Size, fill_value: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array of a size, of another's dtype, full of one value.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_full(jnp.ones(2), (3,), 7).tolist()
        [7.0, 7.0, 7.0]
    """
    return _like("new_full", input, fill_value, dtype, (size,))


def eye(n: int, m: int | None = None, *, dtype: DTypeLike | None = None) -> Array:
    """Returns ones on the diagonal of an n by m matrix, m being n by default.

    Example:
        >>> from purenn.interop import ops
        >>> ops.eye(2, 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    n = check.integer("eye", "n", integer("eye", "n", n), 0)
    m = n if m is None else check.integer("eye", "m", integer("eye", "m", m), 0)
    return jnp.eye(n, m, dtype=as_dtype("eye", dtype or jnp.float32))
