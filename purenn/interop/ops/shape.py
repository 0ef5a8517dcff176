"""Shapes: views, dimensions that are moved, added, dropped, repeated.

torch's views share memory with their tensor; here each result is an array of its own, and a change of one is never seen
in the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import export

from purenn import check
from purenn.interop.ops.operands import array, integer, kind, ranked, sizes
from purenn.typing import Array, ArrayLike

__all__ = [
    "H",
    "T",
    "adjoint",
    "broadcast_to",
    "expand",
    "expand_as",
    "expand_copy",
    "flatten",
    "mH",
    "mT",
    "moveaxis",
    "movedim",
    "permute",
    "permute_copy",
    "ravel",
    "repeat",
    "reshape",
    "reshape_as",
    "squeeze",
    "squeeze_copy",
    "sum_to_size",
    "swapaxes",
    "swapdims",
    "t",
    "t_copy",
    "tile",
    "transpose",
    "transpose_copy",
    "unflatten",
    "unsqueeze",
    "unsqueeze_copy",
    "view",
    "view_as",
    "view_as_complex",
    "view_as_real",
    "view_copy",
]


def _inferred(where: str, total: Any, shape: tuple[Any, ...], came: tuple[Any, ...]) -> tuple[Any, ...]:
    """The sizes, with -1 replaced."""
    if any(map(export.is_symbolic_dim, (*shape, *came))):
        return shape  # jax infers
    if any(n < -1 for n in shape) or shape.count(-1) > 1:
        check.fail(where, "shape", "have sizes of at least 0, and -1 at most once", shape)
    if -1 not in shape:
        if math.prod(shape) != total:
            check.fail(where, "shape", f"have {total} elements, as an array of shape {came}", shape)
        return shape
    rest = math.prod(n for n in shape if n != -1)
    if not rest or total % rest:
        why = "leave one size for -1" if not rest else f"divide the {total} elements of an array of shape {came}"
        check.fail(where, "shape", why, shape)
    return tuple(total // rest if n == -1 else n for n in shape)


def _reshaped(where: str, x: jax.Array, shape: tuple[Any, ...]) -> jax.Array:
    return x.reshape(_inferred(where, x.size, shape, x.shape))


def reshape(input: ArrayLike, shape: Any, *more: Any) -> Array:
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


def view(input: ArrayLike, shape: Any, *more: Any) -> Array:
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
    if not more and not isinstance(shape, int | Sequence | jax.Array) and not export.is_symbolic_dim(shape):
        return _bits(x, jnp.dtype(shape))
    return _reshaped("view", x, sizes("view", "shape", (shape, *more)))


def _bits(x: jax.Array, dtype: Any) -> jax.Array:
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


def unflatten(input: ArrayLike, dim: int, sizes: Sequence[Any]) -> Array:
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


def squeeze(input: ArrayLike, dim: Any = None) -> Array:
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


def _swapped(where: str, input: Any, one: Any, other: Any, names: tuple[str, str]) -> jax.Array:
    x = check.array(where, "input", input)
    a, b = (check.axis(where, name, d, x.ndim) for name, d in zip(names, (one, other), strict=True))
    return jnp.swapaxes(x, a, b) if x.ndim else x


def transpose(input: ArrayLike, dim0: int, dim1: int) -> Array:
    """Exchanges two dimensions. jnp.transpose takes a permutation of all: that is `permute`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.transpose(jnp.ones((2, 3, 4)), 1, 2).shape
        (2, 4, 3)
    """
    return _swapped("transpose", input, dim0, dim1, ("dim0", "dim1"))


swapdims = transpose


def swapaxes(input: ArrayLike, axis0: int, axis1: int) -> Array:
    """Exchanges two dimensions, as `transpose`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.swapaxes(jnp.ones((2, 3, 4)), 0, 2).shape
        (4, 3, 2)
    """
    return _swapped("swapaxes", input, axis0, axis1, ("axis0", "axis1"))


def t(input: ArrayLike) -> Array:
    """Transposes a matrix; an array of rank 1 or 0 stays.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.t(jnp.ones((2, 3))).shape
        (3, 2)
    """
    x = check.array("t", "input", input)
    check.rank("t", "input", x, (0, 1, 2))
    return x.T


def T(input: ArrayLike) -> Array:
    """Reverses the dimensions, torch's property ``.T``, which is deprecated for ranks other than 2.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.T(jnp.ones((2, 3))).shape
        (3, 2)
    """
    return check.array("T", "input", input).T


def mT(input: ArrayLike) -> Array:
    """Exchanges the last two dimensions, torch's property ``.mT``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.mT(jnp.ones((2, 3, 4))).shape
        (2, 4, 3)
    """
    return jnp.swapaxes(ranked("mT", input, 2), -1, -2)


def H(input: ArrayLike) -> Array:
    """Transposes a matrix and conjugates it, torch's property ``.H``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.H(jnp.array([[1j, 2.0]])).tolist()
        [[-1j], [(2-0j)]]
    """
    x = check.array("H", "input", input)
    check.rank("H", "input", x, (0, 2))
    return jnp.conj(x.T) if kind(x.dtype) == 3 else x.T


def mH(input: ArrayLike) -> Array:
    """Exchanges the last two dimensions and conjugates, torch's property ``.mH``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.mH(jnp.ones((2, 3, 4))).shape
        (2, 4, 3)
    """
    x = mT(input)
    return jnp.conj(x) if kind(x.dtype) == 3 else x


adjoint = mH


def permute(input: ArrayLike, dims: Any, *more: Any) -> Array:
    """Rearranges all dimensions: dimension i of the result is dimension ``dims[i]``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.permute(jnp.ones((2, 3, 4)), 2, 0, 1).shape
        (4, 2, 3)
    """
    x, given = check.array("permute", "input", input), sizes("permute", "dims", (dims, *more))
    order = [check.axis("permute", "dims", d, x.ndim) for d in given]
    if len(set(order)) != x.ndim or len(order) != x.ndim:
        check.fail("permute", "dims", f"have each of {x.ndim} dimensions once", given)
    return jnp.transpose(x, order)


def movedim(input: ArrayLike, source: Any, destination: Any) -> Array:
    """Moves dimensions to other places; the rest keep their order.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.movedim(jnp.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    x = check.array("movedim", "input", input)
    places = []
    for name, given in (("source", source), ("destination", destination)):
        several = tuple(given) if isinstance(given, Sequence) else (given,)
        places.append(tuple(check.axis("movedim", name, d, x.ndim) for d in several))
        if len(set(places[-1])) != len(places[-1]):
            check.fail("movedim", name, "have no repetitions", given)
    if len(places[0]) != len(places[1]):
        check.fail("movedim", "destination", f"have {len(places[0])} dimensions, as source", destination)
    return jnp.moveaxis(x, *places) if x.ndim else x


moveaxis = movedim


def expand(input: ArrayLike, size: Any, *more: Any) -> Array:
    """Repeats dimensions of size 1, and adds dimensions in front; -1 keeps a size.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.expand(jnp.ones((2, 1)), 4, -1, 3).shape
        (4, 2, 3)
    """
    x, given = check.array("expand", "input", input), sizes("expand", "size", (size, *more))
    extra = len(given) - x.ndim
    if extra < 0 or -1 in given[:extra]:
        check.fail("expand", "size", f"have {x.ndim} sizes or more, of which the added ones aren't -1", given)
    target = (*given[:extra], *(old if n == -1 else n for n, old in zip(given[extra:], x.shape, strict=True)))
    return _broadcast("expand", x, target)


def _broadcast(where: str, x: jax.Array, target: tuple[Any, ...]) -> jax.Array:
    if not any(map(export.is_symbolic_dim, (*target, *x.shape))):
        check.broadcastable(where, "input", x, target)
        if any(n < 0 for n in target):
            check.fail(where, "size", "have no negative sizes", target)
    return jnp.broadcast_to(x, target)


def expand_as(input: ArrayLike, other: ArrayLike) -> Array:
    """Repeats dimensions of size 1 to another array's shape.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.expand_as(jnp.ones((2, 1)), jnp.ones((2, 3))).shape
        (2, 3)
    """
    return _broadcast("expand_as", check.array("expand_as", "input", input), array("expand_as", "other", other).shape)


def broadcast_to(input: ArrayLike, size: Sequence[Any]) -> Array:
    """Repeats dimensions of size 1 to a shape.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.broadcast_to(jnp.ones(3), (2, 3)).shape
        (2, 3)
    """
    return expand(input, size)


def sum_to_size(input: ArrayLike, size: Any, *more: Any) -> Array:
    """Sums to a shape from which the array's could be broadcast.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.sum_to_size(jnp.ones((2, 3)), 1, 3).tolist()
        [[2.0, 2.0, 2.0]]
    """
    x, target = check.array("sum_to_size", "input", input), sizes("sum_to_size", "size", (size, *more))
    extra = x.ndim - len(target)
    if extra < 0 or any(n not in (1, old) for n, old in zip(target, x.shape[extra:], strict=True)):
        check.fail("sum_to_size", "size", f"be a shape that broadcasts to {x.shape}", target)
    axes = [extra + i for i, n in enumerate(target) if n != x.shape[extra + i]]
    return jnp.sum(x, (*range(extra), *axes), dtype=x.dtype).reshape(target)


def _tiled(where: str, x: jax.Array, times: tuple[Any, ...]) -> jax.Array:
    if any(n < 0 for n in times if isinstance(n, int)):
        check.fail(where, "repeats", "be at least 0", times)
    return jnp.tile(x, times)


def repeat(input: ArrayLike, repeats: Any, *more: Any) -> Array:
    """Tiles an array: one number per dimension, with more in front for new dimensions.

    jnp.repeat repeats elements: that is `repeat_interleave`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.repeat(jnp.array([1, 2]), 2, 2).tolist()
        [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    x, times = check.array("repeat", "input", input), sizes("repeat", "repeats", (repeats, *more))
    if len(times) < x.ndim:
        check.fail("repeat", "repeats", f"have a number for each of {x.ndim} dimensions; use tile for fewer", times)
    return _tiled("repeat", x, times)


def tile(input: ArrayLike, dims: Any, *more: Any) -> Array:
    """Tiles an array; fewer numbers than dimensions are for the last ones.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.tile(jnp.array([[1, 2]]), (2,)).tolist()
        [[1, 2, 1, 2]]
    """
    return _tiled("tile", check.array("tile", "input", input), sizes("tile", "dims", (dims, *more)))


def view_as_real(input: ArrayLike) -> Array:
    """Splits a complex array into real and imaginary parts, in a new last dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.view_as_real(jnp.array([1 + 2j])).tolist()
        [[1.0, 2.0]]
    """
    x = check.array("view_as_real", "input", input)
    if kind(x.dtype) != 3:
        check.fail("view_as_real", "input", "be a complex array", f"dtype {x.dtype}", TypeError)
    return jnp.stack([x.real, x.imag], -1)


def view_as_complex(input: ArrayLike) -> Array:
    """Joins the real and imaginary parts in a last dimension of size 2.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.view_as_complex(jnp.array([[1.0, 2.0]])).tolist()
        [(1+2j)]
    """
    x = check.array("view_as_complex", "input", input)
    check.floating("view_as_complex", "input", x)
    check.at_least_single("view_as_complex", "input", x)
    if not x.ndim or x.shape[-1] != 2:
        check.fail("view_as_complex", "input", "have a last dimension of size 2", f"shape {x.shape}")
    return jax.lax.complex(x[..., 0], x[..., 1])


expand_copy = expand
permute_copy = permute
squeeze_copy = squeeze
t_copy = t
transpose_copy = transpose
unsqueeze_copy = unsqueeze
view_copy = view
