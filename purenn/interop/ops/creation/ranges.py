"""Numbers that are counted up or evenly spaced, and the indices of triangles."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.interop.ops.operands import (
    array,
    as_dtype,
    default_dtype,
    integer,
    is_symbolic,
    kind,
    promoted,
    refuse_traced,
)
from purenn.typing import Array, ArrayLike, DTypeLike
from purenn.value_checks import known

__all__ = ["arange", "linspace", "logspace", "range", "tril_indices", "triu_indices"]


def _steps(where: str, start: float, end: float, step: float) -> int:
    if step == 0:
        check.fail(where, "step", "not be 0", step)
    if not all(map(math.isfinite, (start, end, step))):
        check.fail(where, "start, end and step", "be finite", (start, end, step))
    if (end - start) * step < 0:
        check.fail(where, "end", f"lie on the side of start={start} to which step={step} leads", end)
    return math.ceil((end - start) / step)


def arange(
    *bounds: ArrayLike,
    start: ArrayLike = 0,
    end: ArrayLike | None = None,
    step: ArrayLike = 1,
    dtype: DTypeLike | None = None,
) -> Array:
    r"""Counts from ``start`` up to ``end``, exclusive: ``arange(end)``, ``arange(start, end, step)``.

    The dtype is int64 (int32 without x64) for integers and float32 if one is a float. Element i is start + i step, not
    a running sum. Unlike jnp's, an ``end`` on the wrong side of ``start`` is refused.

    Raises:
        ValueError: a step of 0, or one that leads away from ``end``.

    Example:
        >>> from purenn.interop import ops
        >>> ops.arange(1, 2, 0.25).tolist()
        [1.0, 1.25, 1.5, 1.75]
    """
    if len(bounds) > 3:
        check.fail("arange", "bounds", "be at most start, end and step", bounds, TypeError)
    if len(bounds) == 1:
        start, end = (start, bounds[0]) if end is None else (bounds[0], end)
    elif bounds:
        start, end, step = (*bounds, step)[:3]
    start, end, step = (_known("arange", n) for n in (start, end, step))
    dtype = promoted(start, end, step) if dtype is None else as_dtype("arange", dtype)
    dtype = default_dtype(1) if kind(dtype) == 0 else dtype
    if not all(isinstance(n, int | float) for n in (start, end, step)):
        return jnp.arange(start, end, step, dtype)  # symbolic sizes
    count = _steps("arange", start, end, step)
    if kind(dtype) == 1:
        return jnp.asarray(int(start) + np.arange(count, dtype=np.int64) * int(step), dtype)
    wide = np.float64 if kind(dtype) == 2 else np.int64
    return jnp.asarray((start + np.arange(count).astype(wide) * step).astype(dtype))


def _known(where: str, n: ArrayLike | None) -> float:
    refuse_traced(where, "start, end and step", n)
    number = n.item() if isinstance(n, jax.Array | np.ndarray | np.generic) else n
    if not isinstance(number, int | float) and not is_symbolic(number):
        check.fail(where, "start, end and step", "be real numbers", repr(number), TypeError)
    return number


def range(start: ArrayLike, end: ArrayLike, step: ArrayLike = 1, *, dtype: DTypeLike | None = None) -> Array:
    """Counts from ``start`` up to ``end``, inclusive: torch's deprecated ``range``, float32 also for integers.

    Example:
        >>> from purenn.interop import ops
        >>> ops.range(1, 3).tolist()
        [1.0, 2.0, 3.0]
    """
    start, end, step = (_known("range", n) for n in (start, end, step))
    _steps("range", start, end, step)
    dtype = as_dtype("range", dtype or jnp.float32)
    return jnp.asarray((start + np.arange(math.floor((end - start) / step) + 1) * step).astype(dtype))


def linspace(start: ArrayLike, end: ArrayLike, steps: int, *, dtype: DTypeLike | None = None) -> Array:
    """Returns evenly spaced numbers from ``start`` to ``end``, both included; there is no default number of them.

    Example:
        >>> from purenn.interop import ops
        >>> ops.linspace(0, 1, 5).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return _spaced("linspace", start, end, steps, dtype)


def logspace(
    start: ArrayLike, end: ArrayLike, steps: int, base: float = 10.0, *, dtype: DTypeLike | None = None
) -> Array:
    """Returns powers of ``base`` with evenly spaced exponents from ``start`` to ``end``, both included.

    Example:
        >>> from purenn.interop import ops
        >>> ops.logspace(0, 2, 3).tolist()
        [1.0, 10.0, 100.0]
    """
    return _spaced("logspace", start, end, steps, dtype, base)


def _spaced(
    where: str, start: ArrayLike, end: ArrayLike, steps: int, dtype: DTypeLike | None, base: float | None = None
) -> jax.Array:
    steps = integer(where, "steps", steps)
    if steps < 0:
        check.fail(where, "steps", "be at least 0", steps)
    natural = promoted(start, end)
    dtype = (natural if kind(natural) > 1 else jnp.float32) if dtype is None else as_dtype(where, dtype)
    work = dtype if kind(dtype) == 3 else jnp.float32 if dtype != jnp.float64 else dtype
    arrays = [v for v in (start, end) if isinstance(v, jax.Array)]
    # torch counts integers in float64
    if kind(dtype) < 3 and (not arrays or (kind(dtype) == 1 and all(known(v) is not None for v in arrays))):
        a, b = (np.asarray(v, np.float64).astype(np.int64 if kind(dtype) == 1 else np.float64) for v in (start, end))
        values = _evenly(np, a.astype(np.float64), b.astype(np.float64), steps, max(steps - 1, 1))
        values = values if base is None else np.power(np.float64(base), values)
        return jnp.asarray(values.astype(dtype))
    a, b = (array(where, name, v, work) for name, v in (("start", start), ("end", end)))
    for name, v in (("start", a), ("end", b)):
        check.rank(where, name, v, (0,))
    if kind(dtype) == 1:
        a, b = jnp.trunc(a), jnp.trunc(b)
    gaps = lax.optimization_barrier(jnp.asarray(max(steps - 1, 1), work))  # XLA multiplies by a constant's reciprocal
    values = _evenly(jnp, a, b, steps, gaps)
    return (values if base is None else jnp.power(jnp.asarray(base, work), values)).astype(dtype)


def _evenly(
    xp: ModuleType, start: jax.Array | np.ndarray, end: jax.Array | np.ndarray, steps: int, gaps: int | jax.Array
) -> Any:
    """Adds multiples of one step to the start in the first half, and subtracts them from the end in the second."""
    step = (end - start) / gaps
    i = xp.arange(steps)
    forth, back = (step * n.astype(step.dtype) for n in (i, steps - 1 - i))
    return xp.where(i < (steps + 1) // 2, start + forth, end - back)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: DTypeLike | None = None) -> Array:
    """Returns the rows and columns of the elements on and below a diagonal, as an array of shape (2, n).

    Example:
        >>> from purenn.interop import ops
        >>> ops.tril_indices(2, 2).tolist()
        [[0, 1, 1], [0, 0, 1]]
    """
    rows, columns = check.integers("tril_indices", "row and col", (row, col), 2, 0)
    return jnp.asarray(
        np.stack(np.nonzero(np.tri(rows, columns, offset))),
        default_dtype(1) if dtype is None else as_dtype("tril_indices", dtype),
    )


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: DTypeLike | None = None) -> Array:
    """Returns the rows and columns of the elements on and above a diagonal, as an array of shape (2, n).

    Example:
        >>> from purenn.interop import ops
        >>> ops.triu_indices(2, 2).tolist()
        [[0, 0, 1], [0, 1, 1]]
    """
    rows, columns = check.integers("triu_indices", "row and col", (row, col), 2, 0)
    return jnp.asarray(
        np.stack(np.nonzero(1 - np.tri(rows, columns, offset - 1))),
        default_dtype(1) if dtype is None else as_dtype("triu_indices", dtype),
    )
