"""torch's dtypes by name, as those that jax computes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop.convert.graph import DType
from purenn.nn.loading import tensor_values

if TYPE_CHECKING:
    import torch
__all__ = ["dtype_of", "narrowed", "numpy_of"]

_OTHER_NAMES = {"half": "float16", "float": "float32", "double": "float64", "int": "int32", "long": "int64"}
_OTHER_NAMES |= {"short": "int16", "bool": "bool", "cfloat": "complex64", "cdouble": "complex128"}


def dtype_of(dtype: DType | str) -> np.dtype:
    """The dtype of a name; a wide one becomes a narrow one where jax has 64 bits switched off."""
    name = dtype.name if isinstance(dtype, DType) else dtype
    return jax.dtypes.canonicalize_dtype(jnp.dtype(_OTHER_NAMES.get(name, name)))


def narrowed(array: np.ndarray) -> np.ndarray:
    """An array in the dtype that jax has for its own, without a change of an integer that doesn't fit.

    Raises:
        OverflowError: an integer needs 64 bits, and jax has them switched off.
    """
    target = jax.dtypes.canonicalize_dtype(array.dtype)
    if target == array.dtype or not jnp.issubdtype(target, jnp.integer):
        return array.astype(target, copy=False)
    limits, wide = np.iinfo(target), np.iinfo(array.dtype)
    ends = np.where(array == wide.max, limits.max, np.where(array == wide.min, limits.min, array))
    if array.size and (ends.max() > limits.max or ends.min() < limits.min):
        raise OverflowError(
            f"a constant of dtype {array.dtype} holds {array.flat[np.abs(array).argmax()]}, which {target} can't hold: "
            'switch 64 bits on with jax.config.update("jax_enable_x64", True)'
        )
    return ends.astype(target)


def numpy_of(tensor: torch.Tensor) -> np.ndarray:
    """A torch tensor's values, copied."""
    return tensor_values(tensor).copy()
