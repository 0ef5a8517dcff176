"""Elements that are repeated, by a broadcast, as tiles or one by one, and the sum that undoes a broadcast."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from purenn import check
from purenn.interop.ops.operands import array, is_symbolic, sizes
from purenn.typing import Array, ArrayLike, Size
from purenn.value_checks import Within, known, require

__all__ = ["broadcast_to", "expand", "expand_as", "expand_copy", "repeat", "repeat_interleave", "sum_to_size", "tile"]


def repeat_interleave(
    input: ArrayLike, repeats: ArrayLike | None = None, dim: int | None = None, *, output_size: int | None = None
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


def expand(input: ArrayLike, size: Size, *more: int) -> Array:
    """Repeats dimensions of size 1, and adds dimensions in front; -1 keeps a size.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.expand(jnp.ones((2, 1)), 4, -1, 3).shape
        (4, 2, 3)
    """
    x, lengths = check.array("expand", "input", input), sizes("expand", "size", (size, *more))
    extra = len(lengths) - x.ndim
    if extra < 0 or -1 in lengths[:extra]:
        check.fail("expand", "size", f"have {x.ndim} sizes or more, of which the added ones aren't -1", lengths)
    target = (*lengths[:extra], *(old if n == -1 else n for n, old in zip(lengths[extra:], x.shape, strict=True)))
    return _broadcast("expand", x, target)


def _broadcast(where: str, x: jax.Array, target: tuple[int, ...]) -> jax.Array:
    if not any(map(is_symbolic, (*target, *x.shape))):
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


def broadcast_to(input: ArrayLike, size: Sequence[int]) -> Array:
    """Repeats dimensions of size 1 to a shape.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.broadcast_to(jnp.ones(3), (2, 3)).shape
        (2, 3)
    """
    return expand(input, size)


def sum_to_size(input: ArrayLike, size: Size, *more: int) -> Array:
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


def _tiled(where: str, x: jax.Array, times: tuple[int, ...]) -> jax.Array:
    if any(n < 0 for n in times if isinstance(n, int)):
        check.fail(where, "repeats", "be at least 0", times)
    return jnp.tile(x, times)


def repeat(input: ArrayLike, repeats: Size, *more: int) -> Array:
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


def tile(input: ArrayLike, dims: Size, *more: int) -> Array:
    """Tiles an array; fewer numbers than dimensions are for the last ones.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.tile(jnp.array([[1, 2]]), (2,)).tolist()
        [[1, 2, 1, 2]]
    """
    return _tiled("tile", check.array("tile", "input", input), sizes("tile", "dims", (dims, *more)))


expand_copy = expand
