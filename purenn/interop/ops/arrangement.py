"""Elements in another order or place: flips, rolls, diagonals, triangles, windows."""

from __future__ import annotations

import builtins
import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from purenn import check
from purenn.functional.padding import pad
from purenn.interop.ops.operands import array, integer, ranked, sizes
from purenn.typing import Array, ArrayLike
from purenn.value_checks import Within, known, require

__all__ = [
    "as_strided",
    "as_strided_copy",
    "combinations",
    "constant_pad_nd",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_copy",
    "flip",
    "fliplr",
    "flipud",
    "narrow",
    "narrow_copy",
    "repeat_interleave",
    "roll",
    "rot90",
    "select",
    "slice",
    "tril",
    "triu",
    "unfold",
    "unfold_copy",
]


def flip(input: ArrayLike, dims: Any, *more: Any) -> Array:
    """Reverses dimensions; ``dims`` is needed, where jnp.flip reverses all without.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.flip(jnp.array([[1, 2], [3, 4]]), (1,)).tolist()
        [[2, 1], [4, 3]]
    """
    x = check.array("flip", "input", input)
    given = sizes("flip", "dims", (dims, *more))
    axes = [check.axis("flip", "dims", d, x.ndim) for d in given]
    if len(set(axes)) != len(axes):
        check.fail("flip", "dims", "have no repetitions", given)
    return jnp.flip(x, axes) if x.ndim else x


def fliplr(input: ArrayLike) -> Array:
    """Reverses the second dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fliplr(jnp.array([[1, 2]])).tolist()
        [[2, 1]]
    """
    return jnp.flip(ranked("fliplr", input, 2), 1)


def flipud(input: ArrayLike) -> Array:
    """Reverses the first dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.flipud(jnp.array([1, 2])).tolist()
        [2, 1]
    """
    return jnp.flip(ranked("flipud", input, 1), 0)


def roll(input: ArrayLike, shifts: Any, dims: Any = None) -> Array:
    """Shifts elements along dimensions; what leaves at the end comes in at the front. Without ``dims`` it is flattened.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.roll(jnp.array([1, 2, 3]), 1).tolist()
        [3, 1, 2]
    """
    x = check.array("roll", "input", input)
    steps = tuple(shifts) if isinstance(shifts, Sequence) else (shifts,)
    steps = tuple(integer("roll", "shifts", s) for s in steps)
    axes = () if dims is None else tuple(dims) if isinstance(dims, Sequence) else (dims,)
    if not axes:
        if len(steps) != 1:
            check.fail("roll", "shifts", "be one number where there are no dims", steps)
        return jnp.roll(x.ravel(), steps[0]).reshape(x.shape)
    if len(steps) != len(axes):
        check.fail("roll", "shifts", f"have a number for each of dims={axes}", steps)
    axes = tuple(check.axis("roll", "dims", d, x.ndim) for d in axes)
    if not x.ndim:
        check.fail("roll", "dims", "be None for a scalar", dims, IndexError)
    return jnp.roll(x, steps, axes)


def rot90(input: ArrayLike, k: int = 1, dims: Sequence[int] = (0, 1)) -> Array:
    """Turns the plane of two dimensions k times by 90 degrees, from the first towards the second.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.rot90(jnp.array([[1, 2], [3, 4]])).tolist()
        [[2, 4], [1, 3]]
    """
    x = check.array("rot90", "input", input)
    if len(dims) != 2 or x.ndim < 2:
        check.fail("rot90", "dims", "be two dimensions of an array that has two", f"{tuple(dims)} for {x.shape}")
    a, b = (check.axis("rot90", "dims", d, x.ndim) for d in dims)
    if a == b:
        check.fail("rot90", "dims", "be two dimensions", tuple(dims))
    return jnp.rot90(x, k, (a, b))


def _sliced(where: str, x: jax.Array, dim: int, start: Any, length: Any) -> jax.Array:
    if isinstance(start, Tracer):
        return lax.dynamic_slice_in_dim(x, start, length, dim)
    return lax.slice_in_dim(x, start, start + length, axis=dim)


def narrow(input: ArrayLike, dim: int, start: Any, length: int) -> Array:
    """Returns ``length`` elements of a dimension from ``start`` on, which may be traced: then it is clamped.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.narrow(jnp.arange(5), 0, 1, 3).tolist()
        [1, 2, 3]
    """
    x = ranked("narrow", input, 1)
    dim = check.axis("narrow", "dim", dim, x.ndim)
    n, length = x.shape[dim], integer("narrow", "length", length)
    if not isinstance(start, Tracer):
        start = integer("narrow", "start", start)
        if not -n <= start <= n:
            check.fail("narrow", "start", f"be in [{-n}, {n}]", start, IndexError)
        start = start + n if start < 0 else start
    if length < 0 or (isinstance(start, int) and start + length > n):
        check.fail("narrow", "length", f"be from 0 to {n}, less start={start}", length)
    return _sliced("narrow", x, dim, start, length)


narrow_copy = narrow


def select(input: ArrayLike, dim: int, index: Any) -> Array:
    """Returns the slice at an index of a dimension, without that dimension; a traced index out of range gives NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.select(jnp.array([[1, 2], [3, 4]]), 1, -1).tolist()
        [2, 4]
    """
    x = check.array("select", "input", input)
    if not x.ndim:
        check.fail("select", "input", "have rank 1 or more", f"shape {x.shape}", IndexError)
    dim = check.axis("select", "dim", dim, x.ndim)
    if isinstance(index, Tracer):
        return jnp.take(x, index, dim, mode="fill")
    index, n = integer("select", "index", index), x.shape[dim]
    if not -n <= index < n:
        check.fail("select", "index", f"be in [{-n}, {n - 1}]", index, IndexError)
    return lax.index_in_dim(x, index, dim, keepdims=False)


def slice(input: ArrayLike, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Array:
    """Returns every ``step``-th element of a dimension between two places, which are clamped as Python's.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.slice(jnp.arange(5), 0, 1, -1, 2).tolist()
        [1, 3]
    """
    x = ranked("slice", input, 1)
    dim = check.axis("slice", "dim", dim, x.ndim)
    if step < 1:
        check.fail("slice", "step", "be at least 1", step)
    return x[(builtins.slice(None),) * dim + (builtins.slice(start, end, step),)]


def unfold(input: ArrayLike, dimension: int, size: int, step: int) -> Array:
    """Returns the windows of a dimension, ``step`` apart; their elements are a new last dimension.

    It is torch.Tensor.unfold; windows of images are `purenn.functional.unfold`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.unfold(jnp.arange(5), 0, 3, 2).tolist()
        [[0, 1, 2], [2, 3, 4]]
    """
    x = check.array("unfold", "input", input)
    dim = check.axis("unfold", "dimension", dimension, x.ndim)
    n = x.shape[dim] if x.ndim else 1
    size, step = check.integer("unfold", "size", size, 0), check.integer("unfold", "step", step, 1)
    if size > n:
        check.fail("unfold", "size", f"be at most {n}, the size of dimension {dim}", size)
    if not x.ndim:
        return x.reshape(1)[:size]
    count = (n - size) // step + 1
    last = (count - 1) * step + 1
    if not size:
        return jnp.moveaxis(jnp.zeros((*x.shape[:dim], count, *x.shape[dim + 1 :], 0), x.dtype), dim, dim)
    return jnp.stack([lax.slice_in_dim(x, k, k + last, step, dim) for k in range(size)], -1)


def as_strided(
    input: ArrayLike, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Array:
    """Reads an array's elements in row-major order at given strides; those that overlap add up in the gradient.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.as_strided(jnp.arange(4), (3, 2), (1, 1)).tolist()
        [[0, 1], [1, 2], [2, 3]]
    """
    x = check.array("as_strided", "input", input)
    return x.ravel()[strided_places("as_strided", x, size, stride, storage_offset)]


def strided_places(where: str, x: jax.Array, size: Any, stride: Any, offset: Any) -> np.ndarray:
    """The flat places of a strided view."""
    size = tuple(check.integer(where, "size", n, 0) for n in size)
    stride = tuple(check.integer(where, "stride", n, 0) for n in stride)
    if len(size) != len(stride):
        check.fail(where, "stride", f"have {len(size)} numbers, as size", stride)
    places = np.full(size, check.integer(where, "storage_offset", offset or 0, 0))
    for axis, step in enumerate(stride):
        places = places + (np.arange(size[axis]) * step).reshape(-1, *(1,) * (len(size) - axis - 1))
    if places.size and places.max() >= x.size:
        check.fail(where, "size, stride and storage_offset", f"stay within {x.size} elements", int(places.max()))
    return places


def diagonal(input: ArrayLike, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """Returns the diagonal of two dimensions, as a new last dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diagonal(jnp.array([[1, 2], [3, 4]]), 1).tolist()
        [2]
    """
    x = check.array("diagonal", "input", input)
    a, b = (check.axis("diagonal", name, d, x.ndim) for name, d in (("dim1", dim1), ("dim2", dim2)))
    if a == b or x.ndim < 2:
        check.fail("diagonal", "dim1 and dim2", "be two dimensions", (dim1, dim2))
    return jnp.diagonal(x, offset, a, b)


def diag_embed(input: ArrayLike, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Puts the last dimension on a diagonal of two new dimensions.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diag_embed(jnp.array([1, 2])).tolist()
        [[1, 0], [0, 2]]
    """
    x = check.array("diag_embed", "input", input)
    if not x.ndim:
        x = x.reshape(1)
    a, b = (check.axis("diag_embed", name, d, x.ndim + 1) for name, d in (("dim1", dim1), ("dim2", dim2)))
    if a == b:
        check.fail("diag_embed", "dim1 and dim2", "be two dimensions", (dim1, dim2))
    n = x.shape[-1] + abs(offset)
    rows = np.arange(x.shape[-1]) + max(-offset, 0)
    columns = np.arange(x.shape[-1]) + max(offset, 0)
    embedded = jnp.zeros((*x.shape[:-1], n, n), x.dtype).at[..., rows, columns].set(x)
    return jnp.moveaxis(embedded, (-2, -1), (a, b))


def diag(input: ArrayLike, diagonal: int = 0) -> Array:
    """Puts an array of rank 1 on a diagonal, or returns the diagonal of a matrix.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diag(jnp.array([[1, 2], [3, 4]])).tolist()
        [1, 4]
    """
    x = check.array("diag", "input", input)
    check.rank("diag", "input", x, (1, 2))
    return diag_embed(x, diagonal) if x.ndim == 1 else jnp.diagonal(x, diagonal)


def diagflat(input: ArrayLike, offset: int = 0) -> Array:
    """Puts the elements of an array on a diagonal of a matrix.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.diagflat(jnp.array([[1], [2]])).tolist()
        [[1, 0], [0, 2]]
    """
    return diag_embed(check.array("diagflat", "input", input).ravel(), offset)


def _triangle(where: str, input: Any, diagonal: int, lower: bool) -> jax.Array:
    x = ranked(where, input, 2)
    return (jnp.tril if lower else jnp.triu)(x, check.integer(where, "diagonal", diagonal))


def tril(input: ArrayLike, diagonal: int = 0) -> Array:
    """Returns matrices with zeros above a diagonal.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.tril(jnp.ones((2, 2))).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    return _triangle("tril", input, diagonal, True)


def triu(input: ArrayLike, diagonal: int = 0) -> Array:
    """Returns matrices with zeros below a diagonal.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.triu(jnp.ones((2, 2)), 1).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
    """
    return _triangle("triu", input, diagonal, False)


def constant_pad_nd(input: ArrayLike, pad: Sequence[int], value: Any = 0) -> Array:
    """Adds a constant around the last dimensions, pairs of numbers from the last one on; negative numbers cut.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.constant_pad_nd(jnp.array([1, 2]), (1, 2), 7).tolist()
        [7, 1, 2, 7, 7]
    """
    return _pad(input, pad, "constant", value)


_pad = pad


def repeat_interleave(
    input: ArrayLike, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Array:
    """Repeats each element along a dimension, or of the flattened array; it is jnp.repeat.

    Args:
        input: of any shape; without ``repeats``, the numbers of repetitions of 0, 1, 2, ...
        repeats: a number, or one per element.
        dim: the dimension; None flattens.
        output_size: the sum of the repetitions, needed where they are traced.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.repeat_interleave(jnp.array([1, 2]), jnp.array([1, 2])).tolist()
        [1, 2, 2]
    """
    where = "repeat_interleave"
    x = check.array(where, "input", input)
    if repeats is None:
        check.rank(where, "input", x, (1,))
        check.integral(where, "input", x)
        return repeat_interleave(jnp.arange(len(x), dtype=x.dtype), x, 0, output_size=output_size)
    if dim is None:
        x, dim = x.ravel(), 0
    dim = check.axis(where, "dim", dim, x.ndim)
    x = x.reshape(1) if not x.ndim else x
    times = array(where, "repeats", repeats, None)
    check.integral(where, "repeats", times)
    check.rank(where, "repeats", times, (0, 1))
    require(times, Within(where, "repeats", 0, math.inf, error=ValueError))
    if times.size not in (1, x.shape[dim]):
        check.fail(where, "repeats", f"have 1 or {x.shape[dim]} elements", f"shape {times.shape}")
    times = times.reshape(-1)
    values = known(times)
    if values is None and output_size is None:
        check.fail(where, "output_size", "be given where repeats are traced, as under jit", None)
    total = None if values is None else int(values.sum() * (x.shape[dim] if times.size == 1 else 1))
    if total is not None and output_size is not None and total != output_size:
        check.fail(where, "output_size", f"be {total}, the sum of the repetitions", output_size)
    counts = jnp.broadcast_to(times, (x.shape[dim],))
    return jnp.repeat(x, counts, dim, total_repeat_length=output_size if total is None else total)


def combinations(input: ArrayLike, r: int = 2, with_replacement: bool = False) -> Array:
    """Lists the combinations of r elements, in order, as rows.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.combinations(jnp.array([1, 2, 3])).tolist()
        [[1, 2], [1, 3], [2, 3]]
    """
    x = check.array("combinations", "input", input)
    check.rank("combinations", "input", x, (1,))
    r = check.integer("combinations", "r", r, 0)
    if not r:
        return jnp.zeros(0, x.dtype)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(len(x)), r)), np.int32).reshape(-1, r)
    return x[places]


as_strided_copy = as_strided
diagonal_copy = diagonal
unfold_copy = unfold
