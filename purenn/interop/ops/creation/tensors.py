"""Arrays from Python's numbers, nested sequences and numpy arrays."""

from __future__ import annotations

from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import array, as_dtype, promoted
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["as_tensor", "asarray", "from_numpy", "new_tensor", "scalar_tensor", "tensor"]

Data: TypeAlias = ArrayLike | list[Any] | tuple[Any, ...]  # nested lists and tuples of numbers and arrays


def new_tensor(input: ArrayLike, data: Data, *, dtype: DTypeLike | None = None) -> Array:
    """Returns the data as an array of another's dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.new_tensor(jnp.ones(2), [1, 2]).tolist()
        [1.0, 2.0]
    """
    return tensor(data, dtype=check.array("new_tensor", "input", input).dtype if dtype is None else dtype)


def tensor(data: Data, *, dtype: DTypeLike | None = None) -> Array:
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
    natural = promoted(*leaves) if leaves else jnp.dtype(jnp.float32)
    dtype = natural if dtype is None else as_dtype("tensor", dtype)
    return jax.lax.stop_gradient(_stacked(data, natural).astype(dtype))


def _stacked(data: Data, dtype: DTypeLike) -> jax.Array:
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


def as_tensor(data: Data, dtype: DTypeLike | None = None) -> Array:
    """Returns the data as an array; an array stays differentiable.

    Example:
        >>> from purenn.interop import ops
        >>> ops.as_tensor([1, 2]).tolist()
        [1, 2]
    """
    if isinstance(data, jax.Array):
        return data if dtype is None else data.astype(as_dtype("as_tensor", dtype))
    return tensor(data, dtype=dtype)


def asarray(obj: Data, *, dtype: DTypeLike | None = None) -> Array:
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
