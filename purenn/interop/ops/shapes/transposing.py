"""Dimensions in another order: transposes, with and without conjugation, permutations, moves."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import kind, ranked, sizes
from purenn.typing import Array, ArrayLike, Size

__all__ = [
    "H",
    "T",
    "adjoint",
    "mH",
    "mT",
    "moveaxis",
    "movedim",
    "permute",
    "permute_copy",
    "swapaxes",
    "swapdims",
    "t",
    "t_copy",
    "transpose",
    "transpose_copy",
]


def _swapped(where: str, input: ArrayLike, one: int, other: int, names: tuple[str, str]) -> jax.Array:
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


def permute(input: ArrayLike, dims: Size, *more: int) -> Array:
    """Rearranges all dimensions: dimension i of the result is dimension ``dims[i]``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.permute(jnp.ones((2, 3, 4)), 2, 0, 1).shape
        (4, 2, 3)
    """
    x, numbers = check.array("permute", "input", input), sizes("permute", "dims", (dims, *more))
    order = [check.axis("permute", "dims", d, x.ndim) for d in numbers]
    if len(set(order)) != x.ndim or len(order) != x.ndim:
        check.fail("permute", "dims", f"have each of {x.ndim} dimensions once", numbers)
    return jnp.transpose(x, order)


def movedim(input: ArrayLike, source: Size, destination: Size) -> Array:
    """Moves dimensions to other places; the rest keep their order.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.movedim(jnp.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    x = check.array("movedim", "input", input)
    places = []
    for name, value in (("source", source), ("destination", destination)):
        dims = tuple(value) if isinstance(value, Sequence) else (value,)
        places.append(tuple(check.axis("movedim", name, d, x.ndim) for d in dims))
        if len(set(places[-1])) != len(places[-1]):
            check.fail("movedim", name, "have no repetitions", value)
    if len(places[0]) != len(places[1]):
        check.fail("movedim", "destination", f"have {len(places[0])} dimensions, as source", destination)
    return jnp.moveaxis(x, *places) if x.ndim else x


moveaxis = movedim
permute_copy = permute
t_copy = t
transpose_copy = transpose
