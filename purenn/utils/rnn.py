"""Sequences of different lengths: packed, padded and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn import check
from purenn.functional.rnn import packed
from purenn.functional.rnn.packed import PackedSequence
from purenn.typing import ArrayLike
from purenn.value_checks import known

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


def invert_permutation(permutation: jax.Array) -> Any:
    """The inverse of a permutation.

    Args:
        permutation: integers of shape (n), each from 0 to n - 1 once; None returns None.

    Source: ``torch.nn.utils.rnn.invert_permutation``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import rnn
        >>> rnn.invert_permutation(jnp.array([2, 0, 1])).tolist()
        [1, 2, 0]
    """
    if permutation is not None:
        where = "invert_permutation"
        checked = check.array(where, "permutation", permutation)
        check.rank(where, "permutation", checked, (1,))
        check.integral(where, "permutation", checked)
    inverse = packed.inverse(permutation)
    return jnp.asarray(inverse) if isinstance(permutation, jax.Array) else inverse


def pack_padded_sequence(
    input: jax.Array, lengths: ArrayLike | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    r"""Packs a padded batch of sequences.

    Inside a jit, lengths may be traced. Then no shape depends on them: ``data`` has one row per element of the input,
    with the padding as zeros at the end, and ``batch_sizes`` has one entry per time, with zeros at the end. Traced
    lengths aren't checked: a length above T counts as T, and sequences are sorted whatever ``enforce_sorted`` says.

    Args:
        input: of shape :math:`(T, B, *)`.
        lengths: of shape :math:`(B)`, integers from 1 to T.
        batch_first: whether ``input`` is of shape :math:`(B, T, *)`.
        enforce_sorted: whether the longest sequences have to be first; else they are sorted.

    Raises:
        ValueError: ``input`` has a rank below 2 or is empty; ``lengths`` are out of range, not sorted, or not one per
            sequence.
        TypeError: ``lengths`` aren't integers.

    Source: ``torch.nn.utils.rnn.pack_padded_sequence``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.utils import rnn
        >>> x = jnp.array([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
        >>> packed = rnn.pack_padded_sequence(x, [2, 1, 3], batch_first=True, enforce_sorted=False)
        >>> packed.data.tolist(), packed.batch_sizes.tolist(), packed.sorted_indices.tolist()
        ([4, 1, 3, 5, 2, 6], [3, 2, 1], [2, 0, 1])
        >>> pack = jax.jit(lambda x, lengths: rnn.pack_padded_sequence(x, lengths, True, False))
        >>> pack(x, jnp.array([2, 1, 2])).data.tolist()
        [1, 4, 3, 2, 5, 0, 0, 0, 0]
    """
    where = "pack_padded_sequence"
    x = check.array(where, "input", input)
    if x.ndim < 2:
        check.fail(where, "input", "have rank 2 or more", f"shape {x.shape}")
    if x.size == 0:
        check.fail(where, "input", "not be empty", f"shape {x.shape}")
    x = x.swapaxes(0, 1) if batch_first else x
    traced = isinstance(lengths, Tracer)
    xp: Any = jnp if traced else np
    length_array = lengths if traced else np.asarray(lengths)
    if not jnp.issubdtype(length_array.dtype, jnp.integer):
        check.fail(where, "lengths", "be integers", f"dtype {length_array.dtype}", TypeError)
    if length_array.shape != x.shape[1:2]:
        check.fail(where, "lengths", f"have shape {x.shape[1:2]}, one for each sequence", f"shape {length_array.shape}")
    length_array = length_array.astype(jax.dtypes.canonicalize_dtype(np.int64))
    if not traced:
        if length_array.min() <= 0 or length_array.max() > x.shape[0]:
            check.fail(where, "lengths", f"be from 1 to {x.shape[0]}", length_array.tolist())
        if enforce_sorted and (np.diff(length_array) > 0).any():
            expected = "be sorted, the longest first, or enforce_sorted=False"
            check.fail(where, "lengths", expected, length_array.tolist())
    order = None
    if traced or not enforce_sorted:
        order = xp.argsort(-length_array, stable=True).astype(length_array.dtype)
        length_array, x = length_array[order], x[:, order]
    valid = xp.arange(x.shape[0] if traced else length_array.max())[:, None] < length_array[None]
    data = packed.pack(x[: valid.shape[0]], valid, x.shape[0] * x.shape[1] if traced else int(length_array.sum()))
    return PackedSequence(data, valid.sum(1, dtype=length_array.dtype), order)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[jax.Array, Any]:
    r"""Pads a packed batch of sequences: the inverse of `pack_padded_sequence`.

    Args:
        sequence: a packed sequence.
        batch_first: whether the result has shape :math:`(B, T, *)`.
        padding_value: the value behind the end of a sequence.
        total_length: :math:`T`; None is the length of the longest sequence, or of the packed input if sizes are traced.

    Returns:
        An array of shape :math:`(T, B, *)`, and the lengths: a numpy array where they are known.

    Raises:
        ValueError: ``total_length`` is below the greatest length.
        TypeError: ``sequence`` isn't a PackedSequence.

    Source: ``torch.nn.utils.rnn.pad_packed_sequence``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import rnn
        >>> packed = rnn.pack_sequence([jnp.array([1, 2, 3]), jnp.array([4, 5])])
        >>> x, lengths = rnn.pad_packed_sequence(packed, batch_first=True, total_length=4)
        >>> x.tolist(), lengths.tolist()
        ([[1, 2, 3, 0], [4, 5, 0, 0]], [3, 2])
    """
    where = "pad_packed_sequence"
    valid = packed.present(where, sequence)
    if isinstance(valid, np.ndarray):
        valid = valid[: np.count_nonzero(valid.any(1))]  # a jit leaves sizes of 0
    longest = valid.shape[0]
    total = longest if total_length is None else check.integer(where, "total_length", total_length)
    if total < longest:
        check.fail(where, "total_length", f"be at least {longest}, the length of the longest sequence", total)
    padded = packed.pad(sequence._replace(data=check.array(where, "data", sequence.data)), valid, padding_value)
    tail = jnp.full((total - longest, *padded.shape[1:]), padding_value, padded.dtype)
    padded = jnp.concatenate([padded, tail]) if tail.size else padded
    lengths = valid.sum(0, dtype=sequence.batch_sizes.dtype)
    if sequence.unsorted_indices is not None:
        order = sequence.unsorted_indices
        numbers = known(order) if isinstance(lengths, np.ndarray) else None
        padded, lengths = padded[:, order], lengths[order] if numbers is None else lengths[numbers]
    return padded.swapaxes(0, 1) if batch_first else padded, lengths


def pad_sequence(
    sequences: Iterable[ArrayLike], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> jax.Array:
    r"""Puts sequences of different lengths into one array.

    Args:
        sequences: arrays of shape :math:`(L_i, *)`, or one array of them.
        batch_first: whether the result has shape :math:`(B, T, *)`.
        padding_value: the value that fills shorter sequences.
        padding_side: the end that is filled, ``'right'`` or ``'left'``.

    Returns:
        An array of shape :math:`(T, B, *)` with T the greatest length, of the first one's dtype.

    Raises:
        ValueError: there are no sequences, or their shapes differ in more than the length.
        TypeError: ``sequences`` has anything but arrays.

    Source: ``torch.nn.utils.rnn.pad_sequence``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import rnn
        >>> rnn.pad_sequence([jnp.array([1, 2, 3]), jnp.array([4])], batch_first=True, padding_value=9).tolist()
        [[1, 2, 3], [4, 9, 9]]
    """
    arrays = _sequences("pad_sequence", sequences)
    check.choice("pad_sequence", "padding_side", padding_side, ("right", "left"))
    longest = max(a.shape[0] for a in arrays)

    def padded(x: jax.Array) -> jax.Array:
        fill = jnp.full((longest - x.shape[0], *x.shape[1:]), padding_value, arrays[0].dtype)
        x = x.astype(arrays[0].dtype)
        return jnp.concatenate([x, fill] if padding_side == "right" else [fill, x])

    return jnp.stack([padded(a) for a in arrays], 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: ArrayLike, lengths: ArrayLike | Sequence[int], batch_first: bool = False
) -> list[jax.Array]:
    r"""Takes the sequences out of a padded array: the inverse of `pad_sequence`.

    Args:
        padded_sequences: of shape :math:`(T, B, *)`.
        lengths: of shape :math:`(B)`; not traced, since shapes depend on them.
        batch_first: whether the array is of shape :math:`(B, T, *)`.

    Returns:
        B arrays of shape :math:`(L_i, *)`.

    Raises:
        ValueError: the array has a rank below 2, or ``lengths`` aren't one per sequence.
        TypeError: ``lengths`` aren't integers, or are traced.

    Source: ``torch.nn.utils.rnn.unpad_sequence``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import rnn
        >>> [x.tolist() for x in rnn.unpad_sequence(jnp.array([[1, 2, 3], [4, 9, 9]]), [3, 1], batch_first=True)]
        [[1, 2, 3], [4]]
    """
    where = "unpad_sequence"
    x = check.array(where, "padded_sequences", padded_sequences)
    if x.ndim < 2:
        check.fail(where, "padded_sequences", "have rank 2 or more", f"shape {x.shape}")
    x = x if batch_first else x.swapaxes(0, 1)
    values = known(lengths)
    if values is None:
        check.fail(where, "lengths", "be known outside of jit, since shapes depend on them", "tracers", TypeError)
    if not np.issubdtype(values.dtype, np.integer):
        check.fail(where, "lengths", "be integers", f"dtype {values.dtype}", TypeError)
    if values.shape != x.shape[:1]:
        check.fail(where, "lengths", f"have shape {x.shape[:1]}, one for each sequence", f"shape {values.shape}")
    return [sequence[: max(int(n), 0)] for sequence, n in zip(x, values, strict=True)]


def pack_sequence(sequences: Iterable[ArrayLike], enforce_sorted: bool = True) -> PackedSequence:
    r"""Packs sequences of different lengths.

    Args:
        sequences: arrays of shape :math:`(L_i, *)`.
        enforce_sorted: whether the longest have to be first; else they are sorted.

    Raises:
        ValueError: as in `pad_sequence` and `pack_padded_sequence`.
        TypeError: ``sequences`` has anything but arrays.

    Source: ``torch.nn.utils.rnn.pack_sequence``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import rnn
        >>> packed = rnn.pack_sequence([jnp.array([1, 2, 3]), jnp.array([4, 5]), jnp.array([6])])
        >>> packed.data.tolist(), packed.batch_sizes.tolist()
        ([1, 4, 6, 2, 5, 3], [3, 2, 1])
    """
    arrays = _sequences("pack_sequence", sequences)
    return pack_padded_sequence(pad_sequence(arrays), [a.shape[0] for a in arrays], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[jax.Array]:
    r"""Takes the sequences out of a packed batch: the inverse of `pack_sequence`.

    Args:
        packed_sequences: a packed sequence whose sizes aren't traced, since shapes depend on them.

    Returns:
        B arrays of shape :math:`(L_i, *)`, in the order in which they were packed.

    Raises:
        TypeError: ``packed_sequences`` isn't a PackedSequence, or its sizes are traced.

    Source: ``torch.nn.utils.rnn.unpack_sequence``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import rnn
        >>> packed = rnn.pack_sequence([jnp.array([1]), jnp.array([2, 3])], enforce_sorted=False)
        >>> [x.tolist() for x in rnn.unpack_sequence(packed)]
        [[1], [2, 3]]
    """
    if isinstance(packed_sequences, PackedSequence) and known(packed_sequences.batch_sizes) is None:
        check.fail(
            "unpack_sequence",
            "batch_sizes",
            "be known outside of jit, since shapes depend on them",
            "tracers",
            TypeError,
        )
    return unpad_sequence(*pad_packed_sequence(packed_sequences, batch_first=True), batch_first=True)


def _sequences(where: str, sequences: object) -> Sequence[jax.Array]:
    """Checks that sequences are arrays whose shapes differ in the first dimension alone, and returns them."""
    if not isinstance(sequences, Iterable):
        check.fail(where, "sequences", "be arrays", type(sequences).__name__, TypeError)
    arrays = [check.array(where, f"sequences[{i}]", a) for i, a in enumerate(sequences)]
    if not arrays:
        check.fail(where, "sequences", "be one array or more", "none")
    for i, a in enumerate(arrays):
        if a.ndim == 0 or a.shape[1:] != arrays[0].shape[1:]:
            check.fail(where, f"sequences[{i}]", f"have shape {('L', *arrays[0].shape[1:])}".replace("'", ""), a.shape)
    return arrays
