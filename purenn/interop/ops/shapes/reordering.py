"""Elements of the same dimensions in another order: flips, rolls, quarter turns, padding, combinations."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.functional.padding import pad as _pad
from purenn.interop.ops.operands import ranked, sizes
from purenn.typing import Array, ArrayLike, Size

__all__ = ["combinations", "constant_pad_nd", "flip", "fliplr", "flipud", "roll", "rot90"]


def flip(input: ArrayLike, dims: Size, *more: int) -> Array:
    """Reverses dimensions; ``dims`` is needed, where jnp.flip reverses all without.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.flip(jnp.array([[1, 2], [3, 4]]), (1,)).tolist()
        [[2, 1], [4, 3]]
    """
    x = check.array("flip", "input", input)
    numbers = sizes("flip", "dims", (dims, *more))
    axes = [check.axis("flip", "dims", d, x.ndim) for d in numbers]
    if len(set(axes)) != len(axes):
        check.fail("flip", "dims", "have no repetitions", numbers)
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


def roll(input: ArrayLike, shifts: Size, dims: Size | None = None) -> Array:
    """Shifts elements along dimensions; what leaves at the end comes in at the front. Without ``dims`` it is flattened.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.roll(jnp.array([1, 2, 3]), 1).tolist()
        [3, 1, 2]
    """
    x = check.array("roll", "input", input)
    steps = sizes("roll", "shifts", (shifts,))
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


def constant_pad_nd(input: ArrayLike, pad: Sequence[int], value: float = 0) -> Array:
    """Adds a constant around the last dimensions, pairs of numbers from the last one on; negative numbers cut.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.constant_pad_nd(jnp.array([1, 2]), (1, 2), 7).tolist()
        [7, 1, 2, 7, 7]
    """
    return _pad(input, pad, "constant", value)


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
