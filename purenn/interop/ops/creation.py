"""Arrays that are made: full of a value, counted up, or from Python's numbers.

torch's ``out``, ``device``, ``layout``, ``requires_grad``, ``pin_memory`` and ``memory_format`` mean nothing here and
are left out. Without x64, int64 is int32 and float64 is float32.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import array, as_dtype, default_dtype, integer, kind, promoted, sizes
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "complex",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "linspace",
    "logspace",
    "new_empty",
    "new_full",
    "new_ones",
    "new_tensor",
    "new_zeros",
    "ones",
    "ones_like",
    "polar",
    "range",
    "scalar_tensor",
    "tensor",
    "tril_indices",
    "triu_indices",
    "zeros",
    "zeros_like",
]

Number = builtins.int | builtins.float | builtins.complex


def _filled(where: str, size: tuple[Any, ...], value: Any, dtype: Any) -> jax.Array:
    shape = sizes(where, "size", size)
    for n in shape:
        if isinstance(n, int) and n < 0:
            check.fail(where, "size", "have no negative sizes", shape)
    return jnp.broadcast_to(array(where, "fill_value", value, dtype), shape)


def zeros(*size: Any, dtype: DTypeLike | None = None) -> Array:
    """Returns zeros, float32 unless ``dtype`` says otherwise; the sizes come one by one or as one sequence.

    Example:
        >>> from purenn.interop import ops
        >>> ops.zeros(2, 3).shape
        (2, 3)
    """
    return _filled("zeros", size, 0, as_dtype("zeros", dtype or jnp.float32))


def ones(*size: Any, dtype: DTypeLike | None = None) -> Array:
    """Returns ones, float32 unless ``dtype`` says otherwise.

    Example:
        >>> from purenn.interop import ops
        >>> ops.ones(2, dtype=bool).tolist()
        [True, True]
    """
    return _filled("ones", size, 1, as_dtype("ones", dtype or jnp.float32))


def empty(*size: Any, dtype: DTypeLike | None = None) -> Array:
    """Returns an array whose values don't count: zeros. torch leaves what was in memory.

    Example:
        >>> from purenn.interop import ops
        >>> ops.empty(2, 3).shape
        (2, 3)
    """
    return _filled("empty", size, 0, as_dtype("empty", dtype or jnp.float32))


def full(size: Any, fill_value: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array full of one value; its dtype is the value's unless said, so that ``full((2,), 1)`` is int.

    Example:
        >>> from purenn.interop import ops
        >>> ops.full((2,), 7).tolist()
        [7, 7]
    """
    if np.ndim(fill_value):
        check.fail("full", "fill_value", "be a number or a scalar", f"shape {np.shape(fill_value)}")
    return _filled("full", (size,), fill_value, promoted(fill_value) if dtype is None else as_dtype("full", dtype))


def _like(where: str, input: Any, value: Any, dtype: Any, size: tuple[Any, ...] | None = None) -> jax.Array:
    x = check.array(where, "input", input)
    return _filled(where, (x.shape,) if size is None else size, value, x.dtype if dtype is None else dtype)


def zeros_like(input: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns zeros of an array's shape and dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.zeros_like(jnp.array([1, 2])).tolist()
        [0, 0]
    """
    return _like("zeros_like", input, 0, dtype and as_dtype("zeros_like", dtype))


def ones_like(input: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns ones of an array's shape and dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.ones_like(jnp.array([1, 2])).tolist()
        [1, 1]
    """
    return _like("ones_like", input, 1, dtype and as_dtype("ones_like", dtype))


def empty_like(input: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array of another's shape and dtype whose values don't count: zeros.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.empty_like(jnp.ones((2, 3))).shape
        (2, 3)
    """
    return _like("empty_like", input, 0, dtype and as_dtype("empty_like", dtype))


def full_like(input: ArrayLike, fill_value: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array of another's shape and dtype, full of one value, which is cast to that dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.full_like(jnp.array([1, 2]), 7.9).tolist()
        [7, 7]
    """
    return _like("full_like", input, fill_value, dtype and as_dtype("full_like", dtype))


def new_zeros(input: ArrayLike, *size: Any, dtype: DTypeLike | None = None) -> Array:
    """Returns zeros of a size, of an array's dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_zeros(jnp.array([1, 2]), 3).tolist()
        [0, 0, 0]
    """
    return _like("new_zeros", input, 0, dtype and as_dtype("new_zeros", dtype), size)


def new_ones(input: ArrayLike, *size: Any, dtype: DTypeLike | None = None) -> Array:
    """Returns ones of a size, of an array's dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_ones(jnp.array([1, 2]), (3,)).tolist()
        [1, 1, 1]
    """
    return _like("new_ones", input, 1, dtype and as_dtype("new_ones", dtype), size)


def new_empty(input: ArrayLike, *size: Any, dtype: DTypeLike | None = None) -> Array:
    """Returns an array of a size, of another's dtype, whose values don't count: zeros.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_empty(jnp.ones(2), 3, 4).shape
        (3, 4)
    """
    return _like("new_empty", input, 0, dtype and as_dtype("new_empty", dtype), size)


def new_full(input: ArrayLike, size: Any, fill_value: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns an array of a size, of another's dtype, full of one value.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_full(jnp.ones(2), (3,), 7).tolist()
        [7.0, 7.0, 7.0]
    """
    return _like("new_full", input, fill_value, dtype and as_dtype("new_full", dtype), (size,))


def new_tensor(input: ArrayLike, data: Any, *, dtype: DTypeLike | None = None) -> Array:
    """Returns the data as an array of another's dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_tensor(jnp.ones(2), [1, 2]).tolist()
        [1.0, 2.0]
    """
    return tensor(data, dtype=check.array("new_tensor", "input", input).dtype if dtype is None else dtype)


def tensor(data: Any, *, dtype: DTypeLike | None = None) -> Array:
    """Makes an array from numbers, nested sequences or arrays.

    Python's numbers are float32, int64 (int32 without x64) or bool; numpy arrays keep their dtype as far as jax holds
    it. The values are copied and carry no gradient, as in torch, except that traced arrays are allowed in the sequence.

    Example:
        >>> from purenn.interop import ops
        >>> ops.tensor([[1, 2.5], [3, 4]]).dtype
        dtype('float32')
    """
    if isinstance(data, jax.Array | np.ndarray | np.generic):
        x = jnp.array(data, as_dtype("tensor", data.dtype))
        return jax.lax.stop_gradient(x if dtype is None else x.astype(as_dtype("tensor", dtype)))
    leaves = jax.tree.leaves(data)
    found = promoted(*leaves) if leaves else jnp.dtype(jnp.float32)
    dtype = found if dtype is None else as_dtype("tensor", dtype)
    return jax.lax.stop_gradient(_stacked(data, found).astype(dtype))


def _stacked(data: Any, dtype: Any) -> jax.Array:
    if not isinstance(data, list | tuple):
        return array("tensor", "data", data, dtype)
    if not any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(data)):
        try:
            return jnp.asarray(np.array(data), dtype)
        except ValueError:
            check.fail("tensor", "data", "have sequences of one length at each depth", "others")
    parts = [_stacked(part, dtype) for part in data]
    if len({p.shape for p in parts}) > 1:
        check.fail("tensor", "data", "have sequences of one length at each depth", [p.shape for p in parts])
    return jnp.stack(parts) if parts else jnp.zeros(0, dtype)


def as_tensor(data: Any, dtype: DTypeLike | None = None) -> Array:
    """Returns the data as an array; an array stays differentiable.

    Example:
        >>> from purenn.interop import ops
        >>> ops.as_tensor([1, 2]).tolist()
        [1, 2]
    """
    if isinstance(data, jax.Array):
        return data if dtype is None else data.astype(as_dtype("as_tensor", dtype))
    return tensor(data, dtype=dtype)


def asarray(obj: Any, *, dtype: DTypeLike | None = None) -> Array:
    """Returns the data as an array, as `as_tensor` does.

    Example:
        >>> from purenn.interop import ops
        >>> ops.asarray([1.0]).tolist()
        [1.0]
    """
    return as_tensor(obj, dtype)


def from_numpy(ndarray: np.ndarray) -> Array:
    """Returns a numpy array's values; later changes of the numpy array aren't seen, unlike in torch.

    Example:
        >>> import numpy as np
        >>> from purenn.interop import ops
        >>> ops.from_numpy(np.ones(2, np.float32)).tolist()
        [1.0, 1.0]
    """
    if not isinstance(ndarray, np.ndarray):
        check.fail("from_numpy", "ndarray", "be a numpy array", type(ndarray).__name__, TypeError)
    return tensor(ndarray)


def scalar_tensor(s: ArrayLike, *, dtype: DTypeLike | None = None) -> Array:
    """Returns a number as a scalar array, float32 unless ``dtype`` says otherwise, also for an integer.

    Example:
        >>> from purenn.interop import ops
        >>> ops.scalar_tensor(1).dtype
        dtype('float32')
    """
    return array("scalar_tensor", "s", s, as_dtype("scalar_tensor", dtype or jnp.float32))


def _steps(where: str, start: Any, end: Any, step: Any) -> builtins.int:
    if step == 0:
        check.fail(where, "step", "not be 0", step)
    if not all(map(math.isfinite, (start, end, step))):
        check.fail(where, "start, end and step", "be finite", (start, end, step))
    if (end - start) * step < 0:
        check.fail(where, "end", f"lie on the side of start={start} to which step={step} leads", end)
    return math.ceil((end - start) / step)


def arange(*bounds: Any, start: Any = 0, end: Any = None, step: Any = 1, dtype: DTypeLike | None = None) -> Array:
    r"""Counts from ``start`` up to ``end``, which is left out: ``arange(end)``, ``arange(start, end, step)``.

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
        end = bounds[0]
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


def _known(where: str, n: Any) -> Any:
    if isinstance(n, jax.core.Tracer):
        check.fail(where, "start, end and step", "be known outside of jit", "a traced array", TypeError)
    if isinstance(n, jax.Array | np.ndarray | np.generic):
        return n.item()
    return n


def range(start: Number, end: Number, step: Number = 1, *, dtype: DTypeLike | None = None) -> Array:
    """Counts from ``start`` up to ``end``, which is included: torch's deprecated ``range``, float32 also for integers.

    Example:
        >>> from purenn.interop import ops
        >>> ops.range(1, 3).tolist()
        [1.0, 2.0, 3.0]
    """
    start, end, step = (_known("range", n) for n in (start, end, step))
    _steps("range", start, end, step)
    dtype = as_dtype("range", dtype or jnp.float32)
    return jnp.asarray((start + np.arange(math.floor((end - start) / step) + 1) * step).astype(dtype))  # type: ignore


def linspace(start: ArrayLike, end: ArrayLike, steps: Any, *, dtype: DTypeLike | None = None) -> Array:
    """Returns evenly spaced numbers from ``start`` to ``end``, both included; there is no default number of them.

    Example:
        >>> from purenn.interop import ops
        >>> ops.linspace(0, 1, 5).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return _spaced("linspace", start, end, steps, dtype)


def logspace(
    start: ArrayLike, end: ArrayLike, steps: Any, base: builtins.float = 10.0, *, dtype: DTypeLike | None = None
) -> Array:
    """Returns powers of ``base`` with evenly spaced exponents from ``start`` to ``end``, both included.

    Example:
        >>> from purenn.interop import ops
        >>> ops.logspace(0, 2, 3).tolist()
        [1.0, 10.0, 100.0]
    """
    return _spaced("logspace", start, end, steps, dtype, base)


def _spaced(where: str, start: Any, end: Any, steps: Any, dtype: Any, base: Any = None) -> jax.Array:
    steps = integer(where, "steps", steps)
    if steps < 0:
        check.fail(where, "steps", "be at least 0", steps)
    found = promoted(start, end)
    dtype = (found if kind(found) > 1 else jnp.float32) if dtype is None else as_dtype(where, dtype)
    work = dtype if kind(dtype) == 3 else jnp.float32 if dtype != jnp.float64 else dtype
    if not any(isinstance(v, jax.Array) for v in (start, end)) and kind(dtype) < 3:
        a, b = (np.asarray(v, np.float64).astype(np.int64 if kind(dtype) == 1 else np.float64) for v in (start, end))
        values = np.linspace(a.astype(np.float64), b.astype(np.float64), steps)
        values = values if base is None else np.power(np.float64(base), values)
        return jnp.asarray(values.astype(dtype))
    a, b = (array(where, name, v, work) for name, v in (("start", start), ("end", end)))
    for name, v in (("start", a), ("end", b)):
        check.rank(where, name, v, (0,))
    if kind(dtype) == 1:
        a, b = jnp.trunc(a), jnp.trunc(b)
    values = jnp.linspace(a, b, steps, dtype=work)
    return (values if base is None else jnp.power(jnp.asarray(base, work), values)).astype(dtype)


def eye(n: Any, m: Any = None, *, dtype: DTypeLike | None = None) -> Array:
    """Returns ones on the diagonal of an n by m matrix, m being n by default.

    Example:
        >>> from purenn.interop import ops
        >>> ops.eye(2, 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    n = check.integer("eye", "n", integer("eye", "n", n), 0)
    m = n if m is None else check.integer("eye", "m", integer("eye", "m", m), 0)
    return jnp.eye(n, m, dtype=as_dtype("eye", dtype or jnp.float32))


def complex(real: ArrayLike, imag: ArrayLike) -> Array:
    """Makes a complex array from its real and imaginary parts, both of one floating dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.complex(jnp.array(1.0), jnp.array(2.0)).item()
        (1+2j)
    """
    return jax.lax.complex(*_parts("complex", real=real, imag=imag))


def polar(abs: ArrayLike, angle: ArrayLike) -> Array:
    """Makes a complex array from moduli and angles in radians.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.polar(jnp.array(2.0), jnp.array(0.0)).item()
        (2+0j)
    """
    r, angle = _parts("polar", abs=abs, angle=angle)
    return jax.lax.complex(r * jnp.cos(angle), r * jnp.sin(angle))


def _parts(where: str, **named: Any) -> list[jax.Array]:
    arrays = {name: check.array(where, name, x) for name, x in named.items()}
    check.same_dtype(where, **arrays)
    for name, x in arrays.items():
        check.floating(where, name, x)
        check.at_least_single(where, name, x)
    return check.broadcast(where, **arrays)


def tril_indices(row: builtins.int, col: builtins.int, offset: builtins.int = 0) -> Array:
    """Returns the rows and columns of the elements on and below a diagonal, as an array of shape (2, n).

    Example:
        >>> from purenn.interop import ops
        >>> ops.tril_indices(2, 2).tolist()
        [[0, 1, 1], [0, 0, 1]]
    """
    shape = check.integers("tril_indices", "row and col", (row, col), 2, 0)
    return jnp.asarray(np.stack(np.nonzero(np.tri(*shape, offset))), default_dtype(1))


def triu_indices(row: builtins.int, col: builtins.int, offset: builtins.int = 0) -> Array:
    """Returns the rows and columns of the elements on and above a diagonal, as an array of shape (2, n).

    Example:
        >>> from purenn.interop import ops
        >>> ops.triu_indices(2, 2).tolist()
        [[0, 0, 1], [0, 1, 1]]
    """
    shape = check.integers("triu_indices", "row and col", (row, col), 2, 0)
    return jnp.asarray(np.stack(np.nonzero(1 - np.tri(*shape, offset - 1))), default_dtype(1))
