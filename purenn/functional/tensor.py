"""Functions of shapes: broadcasting, grids and splits."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.docstring import documented
from purenn.typing import Array, ArrayLike

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "meshgrid",
    "split",
    "unravel_index",
]


def arrays_of(where: str, tensors: Sequence[Any], argument: str = "tensors") -> list[jax.Array]:
    """Returns the elements of a sequence as arrays."""
    return [check.array(where, f"{argument}[{i}]", t) for i, t in enumerate(tensors)]


def one_dtype(where: str, arrays: Sequence[jax.Array], argument: str = "tensors") -> None:
    """Checks that arrays have one dtype."""
    if len({x.dtype for x in arrays}) > 1:
        check.fail(where, argument, "have one dtype", ", ".join(str(x.dtype) for x in arrays), TypeError)


def _atleast(n: int, tensors: tuple[Any, ...]) -> jax.Array | tuple[jax.Array, ...]:
    where = f"atleast_{n}d"
    if len(tensors) == 1 and not isinstance(tensors[0], list | tuple):
        x = check.array(where, "tensors", tensors[0])
        front = 1 if n > 1 and x.ndim < 2 else 0  # the only dimension becomes the second one
        return x.reshape(((1,) * front + x.shape + (1,) * n)[: max(n, x.ndim)])
    if len(tensors) == 1:
        tensors = tuple(tensors[0])
    return tuple(_atleast(n, (x,)) for x in arrays_of(where, tensors))  # type: ignore[misc]


_ATLEAST = r"""Gives arrays at least $number: $becomes.

    Args:
        tensors: one array, several arrays, or one list of arrays.

    Returns:
        An array for one array; a tuple for several or for a list.

    Raises:
        TypeError: an argument isn't an array.

    Source: ``torch.atleast_${n}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> $example
    """


@documented(
    _ATLEAST,
    n="1",
    number="one dimension",
    becomes=":math:`()` becomes :math:`(1)`",
    example="""F.atleast_1d(jnp.array(2.0)).shape
        (1,)""",
)
def atleast_1d(*tensors: ArrayLike | Sequence[ArrayLike]) -> Array | tuple[Array, ...]:
    return _atleast(1, tensors)


@documented(
    _ATLEAST,
    n="2",
    number="two dimensions",
    becomes=":math:`(n)` becomes :math:`(1, n)`",
    example="""[x.shape for x in F.atleast_2d(jnp.ones(3), jnp.array(2.0))]
        [(1, 3), (1, 1)]""",
)
def atleast_2d(*tensors: ArrayLike | Sequence[ArrayLike]) -> Array | tuple[Array, ...]:
    return _atleast(2, tensors)


@documented(
    _ATLEAST,
    n="3",
    number="three dimensions",
    becomes=":math:`(n)` becomes :math:`(1, n, 1)`, :math:`(m, n)` becomes :math:`(m, n, 1)`",
    example="""F.atleast_3d(jnp.ones((2, 3))).shape
        (2, 3, 1)""",
)
def atleast_3d(*tensors: ArrayLike | Sequence[ArrayLike]) -> Array | tuple[Array, ...]:
    return _atleast(3, tensors)


def broadcast_shapes(*shapes: int | Sequence[int] | None) -> tuple[int, ...]:
    r"""Returns the shape of several shapes broadcast together: in each dimension the size that isn't 1.

    Args:
        shapes: sequences of sizes; an integer :math:`n` stands for :math:`(n)`, None for :math:`()`.

    Returns:
        A tuple.

    Raises:
        ValueError: two sizes differ and neither is 1, or a size is negative.
        TypeError: a size isn't an integer.

    Source: ``torch.broadcast_shapes``.

    Example:
        >>> from purenn import functional as F
        >>> F.broadcast_shapes((2, 1), (3,))
        (2, 3)
    """
    checked = []
    for i, shape in enumerate(shapes):
        sizes = () if shape is None else tuple(shape) if isinstance(shape, Sequence) else (shape,)
        checked.append(tuple(check.integer("broadcast_shapes", f"shapes[{i}]", n, 0) for n in sizes))
    return _common_shape("broadcast_shapes", "shapes", checked)


def _common_shape(where: str, argument: str, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    try:
        return jnp.broadcast_shapes(*shapes)
    except ValueError:
        check.fail(where, argument, "be broadcastable with each other", ", ".join(map(str, shapes)))


def broadcast_tensors(*tensors: ArrayLike) -> tuple[Array, ...]:
    r"""Broadcasts arrays to their common shape.

    Args:
        tensors: arrays whose shapes broadcast; each keeps its dtype.

    Returns:
        A tuple of arrays of one shape.

    Raises:
        ValueError: the shapes don't broadcast.
        TypeError: an argument isn't an array.

    Source: ``torch.broadcast_tensors``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [x.shape for x in F.broadcast_tensors(jnp.ones((2, 1)), jnp.ones(3))]
        [(2, 3), (2, 3)]
    """
    arrays = arrays_of("broadcast_tensors", tensors)
    shape = _common_shape("broadcast_tensors", "tensors", [x.shape for x in arrays])
    return tuple(jnp.broadcast_to(x, shape) for x in arrays)


def meshgrid(*tensors: ArrayLike | Sequence[ArrayLike], indexing: str | None = None) -> tuple[Array, ...]:
    r"""Makes grids of coordinates: :math:`g^{(k)}_{i_1 \ldots i_n} = x^{(k)}_{i_k}`.

    Args:
        tensors: arrays of rank 0 or 1 and one dtype, or one list of them.
        indexing: ``'ij'`` or None; or ``'xy'``, which swaps the first two dimensions of the grids.

    Returns:
        A tuple with one array per argument, each of shape :math:`(n_1, \ldots, n_k)`.

    Raises:
        ValueError: no array is given, a rank is above 1, or ``indexing`` is unknown.
        TypeError: the dtypes differ.

    Source: ``torch.meshgrid``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.meshgrid(jnp.arange(2), jnp.arange(3))[0].tolist()
        [[0, 0, 0], [1, 1, 1]]
    """
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        tensors = tuple(tensors[0])
    check.choice("meshgrid", "indexing", indexing, ("ij", "xy", None))
    return _grids("meshgrid", arrays_of("meshgrid", tensors), (0, 1), indexing == "xy")


def _grids(where: str, arrays: list[jax.Array], ranks: tuple[int, ...], swapped: bool) -> tuple[jax.Array, ...]:
    if not arrays:
        check.fail(where, "tensors", "be at least one array", "none")
    for i, x in enumerate(arrays):
        check.rank(where, f"tensors[{i}]", x, ranks)
    one_dtype(where, arrays)
    axes = list(range(len(arrays)))
    if swapped:
        axes[:2] = axes[:2][::-1]
    shape = tuple(arrays[a].size for a in axes)
    return tuple(lax.broadcast_in_dim(x.ravel(), shape, (axes.index(i),)) for i, x in enumerate(arrays))


def cartesian_prod(*tensors: ArrayLike) -> Array:
    r"""Lists all combinations of one element per array; the last array's elements vary fastest.

    Args:
        tensors: arrays of shape :math:`(n_k)` and one dtype.

    Returns:
        An array of shape :math:`(n_1 \cdots n_m, m)`; a single array is returned as it is.

    Raises:
        ValueError: no array is given, or a rank isn't 1.
        TypeError: the dtypes differ.

    Source: ``torch.cartesian_prod``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cartesian_prod(jnp.array([1, 2]), jnp.array([3, 4])).tolist()
        [[1, 3], [1, 4], [2, 3], [2, 4]]
    """
    arrays = arrays_of("cartesian_prod", tensors)
    grids = _grids("cartesian_prod", arrays, (1,), False)
    return arrays[0] if len(arrays) == 1 else jnp.stack([g.ravel() for g in grids], 1)


def split(tensor: ArrayLike, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Array, ...]:
    r"""Cuts an array into pieces along a dimension.

    Args:
        tensor: of rank 1 or more.
        split_size_or_sections: the size of the pieces (the last one may be smaller), or the list of their sizes.
        dim: the dimension to cut.

    Returns:
        A tuple of arrays.

    Raises:
        ValueError: the sizes are negative or don't sum to the dimension's, or the array is a scalar.
        IndexError: the array has no such dimension.
        TypeError: a size isn't an integer.

    Source: ``torch.split``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [x.tolist() for x in F.split(jnp.arange(5), 2)]
        [[0, 1], [2, 3], [4]]
        >>> [x.tolist() for x in F.split(jnp.arange(5), [1, 4])]
        [[0], [1, 2, 3, 4]]
    """
    x, name, sizes = check.array("split", "tensor", tensor), "split_size_or_sections", split_size_or_sections
    if x.ndim == 0:
        check.fail("split", "tensor", "have rank 1 or more", f"shape {x.shape}")
    dim = check.axis("split", "dim", dim, x.ndim)
    n = x.shape[dim]
    if isinstance(sizes, Sequence) and not isinstance(sizes, str):
        pieces = [check.integer("split", name, s, 0) for s in sizes]
        if sum(pieces) != n:
            check.fail("split", name, f"have sum {n}, the size of dimension {dim}", pieces)
    else:
        size = check.integer("split", name, sizes, 0)
        if size == 0 and n:
            check.fail("split", name, f"be at least 1 for a dimension of size {n}", 0)
        pieces = [min(size, n - start) for start in range(0, n, max(size, 1))] or [0]
    ends = np.cumsum([0, *pieces])
    return tuple(lax.slice_in_dim(x, int(a), int(b), axis=dim) for a, b in itertools.pairwise(ends))


def unravel_index(indices: ArrayLike, shape: int | Sequence[int]) -> tuple[Array, ...]:
    r"""Returns the coordinates of the elements at flat positions of an array.

    Args:
        indices: integers of any shape; an index out of range wraps around, as in torch.
        shape: the shape of the array, or the length of its only dimension.

    Returns:
        A tuple of arrays like ``indices``, one per dimension, of the default integer dtype.

    Raises:
        ValueError: a size is negative, or is 0 while there are indices.
        TypeError: the indices or sizes aren't integers.

    Source: ``torch.unravel_index``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [x.tolist() for x in F.unravel_index(jnp.array([1, 5]), (2, 3))]
        [[0, 1], [1, 2]]
    """
    i = check.array("unravel_index", "indices", indices)
    check.integral("unravel_index", "indices", i)
    sizes = shape if isinstance(shape, Sequence) and not isinstance(shape, str) else (shape,)
    sizes = [check.integer("unravel_index", "shape", n, 0) for n in sizes]
    if i.size and 0 in sizes:
        check.fail("unravel_index", "shape", "have no zeros where there are indices", tuple(sizes))
    i, coordinates = i.astype(int), []
    for n in reversed(sizes):
        i, coordinate = jnp.floor_divide(i, max(n, 1)), jnp.remainder(i, max(n, 1))
        coordinates.append(coordinate)
    return tuple(reversed(coordinates))
