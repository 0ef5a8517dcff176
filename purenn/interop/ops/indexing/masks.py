"""Elements by a condition: chosen, filled, collected, and where they are.

A result whose shape depends on values is what it is in torch where the values are known. Under ``jit`` its size has to
be said, by ``size=``.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import Number, array, default_dtype, integer, kind, operands, promoted
from purenn.typing import Array, ArrayLike
from purenn.value_checks import known

__all__ = ["argwhere", "masked_fill", "masked_scatter", "masked_select", "nonzero", "nonzero_static", "where"]


def _mask(where: str, mask: ArrayLike, argument: str = "mask") -> jax.Array:
    m = check.array(where, argument, mask)
    if m.dtype != bool:
        check.fail(where, argument, "be a boolean array", f"dtype {m.dtype}", TypeError)
    return m


def where(
    condition: ArrayLike, input: ArrayLike | None = None, other: ArrayLike | None = None, *, size: int | None = None
) -> Any:
    """Chooses elements of two arrays by a condition; with the condition alone, `nonzero` as a tuple.

    Args:
        condition: booleans.
        input: what is taken where it is true, an array or a number.
        other: what is taken elsewhere.
        size: for the condition alone, the length of the result, as in `nonzero`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.where(jnp.array([True, False]), jnp.array([1, 2]), 0.5).tolist()
        [1.0, 0.5]
    """
    if input is None and other is None:
        return nonzero(condition, size=size, as_tuple=True)
    if input is None or other is None:
        check.fail("where", "input and other", "be given together", "one of them", TypeError)
    c = check.array("where", "condition", condition)
    if c.dtype not in (jnp.bool_, jnp.uint8):
        check.fail("where", "condition", "be a boolean array", f"dtype {c.dtype}", TypeError)
    a, b = operands("where", broadcast=False, numbers=True, input=input, other=other)
    shape = check.common_shape("where", condition=c, input=a, other=b)
    return jnp.where(*(jnp.broadcast_to(v, shape) for v in (c != jnp.zeros((), c.dtype), a, b)))


def masked_fill(input: ArrayLike, mask: ArrayLike, value: ArrayLike) -> Array:
    """Replaces the elements under a mask by one value, which is cast to the input's dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.masked_fill(jnp.array([1.0, 2.0]), jnp.array([True, False]), -jnp.inf).tolist()
        [-inf, 2.0]
    """
    x, m = check.array("masked_fill", "input", input), _mask("masked_fill", mask)
    if np.ndim(value):
        check.fail("masked_fill", "value", "be a number or a scalar", f"shape {np.shape(value)}")
    if kind(promoted(value)) > kind(x.dtype) and (isinstance(value, jax.Array) or kind(promoted(value)) == 3):
        check.fail("masked_fill", "value", f"be of a kind that {x.dtype} holds", f"dtype {promoted(value)}", TypeError)
    x, m = check.broadcast("masked_fill", input=x, mask=m)
    return jnp.where(m, jnp.broadcast_to(array("masked_fill", "value", value, x.dtype), x.shape), x)


def masked_scatter(input: ArrayLike, mask: ArrayLike, source: ArrayLike) -> Array:
    """Replaces the elements under a mask by those of a source, one after the other.

    Where the source has too few, which is refused where the mask is known, NaN (0 for integers) takes their place.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> mask = jnp.array([True, False, True])
        >>> ops.masked_scatter(jnp.zeros(3), mask, jnp.array([1.0, 2.0])).tolist()
        [1.0, 0.0, 2.0]
    """
    where = "masked_scatter"
    x, m, s = check.array(where, "input", input), _mask(where, mask), check.array(where, "source", source)
    check.same_dtype(where, input=x, source=s)
    x, m = check.broadcast(where, input=x, mask=m)
    flags = m.ravel()
    if (values := known(flags)) is not None and values.sum() > s.size:
        check.fail(where, "source", f"have {values.sum()} elements or more", f"shape {s.shape}")
    place = jnp.cumsum(flags, dtype=default_dtype(1)) - 1
    fill = np.nan if kind(x.dtype) > 1 else 0
    flat = s.ravel() if s.size else jnp.full(1, fill, s.dtype)
    chosen = jnp.take(flat, jnp.where(flags, place, 0), mode="fill", fill_value=fill)
    return jnp.where(flags, chosen, x.ravel()).reshape(x.shape)


def nonzero_places(where: str, x: jax.Array, size: int | None, fill: int | None = None) -> tuple[jax.Array, ...]:
    """One array of indices per dimension of the elements that aren't 0; beyond them `fill`, by default the size.

    Args:
        where: the function's name.
        x: an array of rank 1 or more.
        size: how many; None is as many as there are, where that is known.
        fill: the index beyond them.
    """
    if size is None:
        values = known(x)
        if values is None:
            actual = "None (or use where, or masked_fill, which need no size)"
            check.fail(where, "size", "be given where the array is traced, as under jit", actual)
        return tuple(jnp.asarray(v, default_dtype(1)) for v in np.nonzero(values))
    flags = (x != jnp.zeros((), x.dtype)).ravel()
    flat = jnp.nonzero(flags, size=size, fill_value=x.size)[0].astype(default_dtype(1))
    places = []
    for axis, n in enumerate(x.shape):
        inner = math.prod(x.shape[axis + 1 :])
        place = flat // inner % n if x.size else flat
        places.append(jnp.where(flat < x.size, place, n if fill is None else fill))
    return tuple(places)


def nonzero(input: ArrayLike, *, size: int | None = None, fill_value: int = -1, as_tuple: bool = False) -> Any:
    """Returns the indices of the elements that aren't 0: one row per element, where jnp's is one array per dimension.

    Args:
        input: of any shape.
        size: the number of rows: those beyond are left out, missing ones are ``fill_value``. Needed under ``jit``.
        fill_value: the indices in missing rows.
        as_tuple: whether to return one array per dimension.

    Raises:
        ValueError: a traced array without ``size``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nonzero(jnp.array([[0, 1], [2, 0]])).tolist()
        [[0, 1], [1, 0]]
        >>> jax.jit(lambda x: ops.nonzero(x, size=3))(jnp.array([0, 5])).tolist()
        [[1], [-1], [-1]]
    """
    x = check.array("nonzero", "input", input)
    if size is not None:
        size = check.integer("nonzero", "size", integer("nonzero", "size", size), 0)
    if not x.ndim and not as_tuple:
        places = nonzero_places("nonzero", x.reshape(1), size, fill_value)
        return jnp.zeros((places[0].shape[0], 0), default_dtype(1))
    places = nonzero_places("nonzero", jnp.atleast_1d(x), size, fill_value)
    return places if as_tuple else jnp.stack(places, 1)


def nonzero_static(input: ArrayLike, *, size: int, fill_value: int = -1) -> Array:
    """Returns the indices of the elements that aren't 0 as a fixed number of rows, as `nonzero` with a size.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.nonzero_static(jnp.array([0, 5]), size=2).tolist()
        [[1], [-1]]
    """
    return nonzero(input, size=size, fill_value=fill_value)


def argwhere(input: ArrayLike, *, size: int | None = None) -> Array:
    """Returns the indices of the elements that aren't 0, as `nonzero`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.argwhere(jnp.array([0, 5])).tolist()
        [[1]]
    """
    return nonzero(input, size=size)


def masked_select(input: ArrayLike, mask: ArrayLike, *, size: int | None = None, fill_value: Number = 0) -> Array:
    """Collects the elements under a mask, in order, in an array of rank 1.

    Args:
        input: of any shape.
        mask: booleans that broadcast with it.
        size: the length of the result: what is beyond is left out, what is missing is ``fill_value``. Needed under
            ``jit``.
        fill_value: the elements that are missing.

    Raises:
        ValueError: a traced mask without ``size``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.masked_select(jnp.array([1, 2, 3]), jnp.array([True, False, True])).tolist()
        [1, 3]
    """
    x, m = check.broadcast(
        "masked_select", input=check.array("masked_select", "input", input), mask=_mask("masked_select", mask)
    )
    (place,) = nonzero_places("masked_select", m.ravel(), size)
    return x.ravel().at[place].get(mode="fill", fill_value=fill_value)
