"""Packed sequences of different lengths, and their conversion from and to padded arrays.

The rows of ``data`` are in the order of time, at every time the longest sequences first. With the sizes :math:`b_t` of
the batch at every time, sequence i at time t is in row :math:`b_0 + \\dots + b_{t-1} + i`. If the lengths are known,
there is one row per element. If they are traced, shapes can't depend on them, so rows of zeros and sizes of 0 follow.
Readers find rows from the sizes, in both cases alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from jax.tree_util import GetAttrKey, register_pytree_with_keys

from purenn import check
from purenn.typing import Array, ArrayLike, DTypeLike
from purenn.value_checks import known

__all__ = ["PackedSequence", "inverse", "pack", "pad", "present"]


class _Fields(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(_Fields):
    """Sequences of different lengths in one array without gaps, as recurrent layers take them.

    Make it by ``pack_padded_sequence`` or ``pack_sequence``, not by hand. If the lengths were known, sizes and indices
    are numpy arrays, as torch keeps them on the CPU, so that shapes can depend on them under jit too.

    Args:
        data: the elements in the order of time, of shape :math:`(R, *)`. With traced lengths there are :math:`TB` rows,
            the last of them zeros.
        batch_sizes: the number of sequences at every time, followed by zeros if the lengths were traced.
        sorted_indices: the indices of the original sequences from the longest to the shortest; None for their order.
        unsorted_indices: the inverse permutation.

    Source: ``torch.nn.utils.rnn.PackedSequence``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import rnn
        >>> rnn.pack_sequence([jnp.array([1, 2, 3]), jnp.array([4, 5])]).data.tolist()
        [1, 4, 2, 5, 3]
    """

    # The batch size is static: shapes depend on it, and traced batch_sizes don't tell it.
    _batch: int | None

    def __new__(
        cls,
        data: ArrayLike,
        batch_sizes: Any = None,
        sorted_indices: Any = None,
        unsorted_indices: Any = None,
    ) -> PackedSequence:
        if batch_sizes is None:
            if not isinstance(data, list | tuple) or len(data) != 2:
                check.fail("PackedSequence", "data", "be a pair of data and batch_sizes, or both", type(data).__name__)
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = inverse(sorted_indices)
        batch = None
        if sorted_indices is not None:
            batch = sorted_indices.shape[-1]
        elif (sizes := known(batch_sizes)) is not None and sizes.ndim == 1 and sizes.size:
            batch = int(sizes[0])
        return _packed((data, batch_sizes, sorted_indices, unsorted_indices), batch)

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> PackedSequence:  # pyright: ignore[reportIncompatibleMethodOverride]
        return cls(*iterable)

    def _replace(self, **fields: Any) -> PackedSequence:  # pyright: ignore[reportIncompatibleMethodOverride]
        replaced = super()._replace(**fields)
        return _packed(replaced, self._batch if replaced._batch is None else replaced._batch)

    @property
    def batch(self) -> int:
        """The number of sequences."""
        if self._batch is None:
            expected = "be known, or sorted_indices be given (pack_padded_sequence does either)"
            check.fail("PackedSequence", "batch_sizes", expected, "a traced array")
        return self._batch

    def to(self, *args: object, dtype: DTypeLike | None = None, device: object = None) -> PackedSequence:
        """Casts ``data`` to another dtype, or moves it to another device (of jax, or a sharding)."""
        data = self.data
        for arg in (*args, dtype, device):
            if isinstance(arg, jax.Device | jax.sharding.Sharding):
                data = jax.device_put(data, arg)
            elif arg is not None:
                data = data.astype(arg)
        return self._replace(data=data)

    def double(self) -> PackedSequence:
        """Casts ``data`` to float64, which needs ``jax_enable_x64``."""
        return self.to(jnp.float64)

    def float(self) -> PackedSequence:
        """Casts ``data`` to float32."""
        return self.to(jnp.float32)

    def half(self) -> PackedSequence:
        """Casts ``data`` to float16."""
        return self.to(jnp.float16)


def _packed(fields: Iterable[Any], batch: int | None) -> PackedSequence:
    """Makes the tuple of any fields: transformations put other objects than arrays in it."""
    packed = tuple.__new__(PackedSequence, fields)
    packed._batch = batch
    return packed


register_pytree_with_keys(
    PackedSequence,
    lambda p: ([(GetAttrKey(name), value) for name, value in zip(p._fields, p, strict=True)], p._batch),
    lambda batch, fields: _packed(fields, batch),
    lambda p: (tuple(p), p._batch),
)
export.register_pytree_node_serialization(
    PackedSequence,
    serialized_name="purenn.PackedSequence",
    serialize_auxdata=lambda batch: b"" if batch is None else b"%d" % batch,
    deserialize_auxdata=lambda data: int(data) if data else None,
    from_children=lambda aux_data, children: _packed(children, aux_data),
)


def inverse(permutation: jax.Array) -> Any:
    """The inverse of a permutation, a numpy array if its values are known; None for None."""
    if permutation is None:
        return None
    if (values := known(permutation)) is None:
        return jnp.zeros_like(permutation).at[permutation].set(jnp.arange(permutation.size, dtype=permutation.dtype))
    result = np.empty_like(values)
    result[values] = np.arange(values.size)
    return result


def present(where: str, packed: PackedSequence) -> Any:
    """The mask of the elements, of shape (T, B) for T sizes; a numpy array if the sizes are known."""
    if not isinstance(packed, PackedSequence):
        check.fail(where, "sequence", "be a PackedSequence", type(packed).__name__, TypeError)
    sizes = known(packed.batch_sizes)
    if (packed.batch_sizes if sizes is None else sizes).ndim != 1:
        check.fail(where, "batch_sizes", "have rank 1", f"shape {packed.batch_sizes.shape}")
    if sizes is None:
        return jnp.arange(packed.batch)[None] < packed.batch_sizes[:, None]
    if packed.data.ndim == 0 or sizes.sum() > packed.data.shape[0] or (np.diff(sizes) > 0).any():
        expected = "never increase, and sum to at most the number of rows of data"
        check.fail(where, "batch_sizes", expected, f"{sizes.tolist()} for data of shape {packed.data.shape}")
    return np.arange(packed.batch) < sizes[:, None]


def pad(packed: PackedSequence, valid: Array | np.ndarray, value: float = 0) -> jax.Array:
    """The padded array, (T, B, *): the elements where `valid`, and a value elsewhere."""
    xp: Any = np if isinstance(valid, np.ndarray) else jnp
    sizes = valid.sum(1)
    rows = xp.where(valid, (xp.cumsum(sizes) - sizes)[:, None] + xp.arange(valid.shape[1])[None], packed.data.shape[0])
    return packed.data.at[rows].get(mode="fill", fill_value=value)


def pack(padded: jax.Array, valid: Array | np.ndarray, rows: int) -> jax.Array:
    """The `valid` elements of an array (T, B, *), one per row, followed by rows of zeros."""
    flat = padded.reshape(valid.size, *padded.shape[2:])
    if isinstance(valid, np.ndarray):
        places: Any = np.flatnonzero(valid)
        places = np.pad(places, (0, rows - places.size), constant_values=valid.size)
    else:
        places = jnp.flatnonzero(valid, size=rows, fill_value=valid.size)
    return flat.at[places].get(mode="fill", fill_value=0)
