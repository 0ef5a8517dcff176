"""Tensors as a file has them, and their way into memory: read piece by piece, so that nothing is there twice."""

from __future__ import annotations

import dataclasses
import math
import os
import sys
import zlib
from io import FileIO
from typing import Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np

from purenn.interop.checkpoint.errors import CheckpointError

__all__ = ["Blob", "Budget", "StoredTensor", "Tensor", "dtype_named"]

PIECE_BYTES = 1 << 22  # of a strided tensor, read at a time
ALLOWANCE_BYTES = 1 << 28  # what a file may unfold to beside four times its own size
ALIGNMENT_BYTES = 64  # jax uses memory with this alignment as it is

_DTYPES = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": jnp.bfloat16,
    "int64": np.int64,
    "int32": np.int32,
    "int16": np.int16,
    "int8": np.int8,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
    "bool": np.bool_,
    "complex64": np.complex64,
    "complex128": np.complex128,
    "float8_e4m3fn": jnp.float8_e4m3fn,
    "float8_e4m3fnuz": jnp.float8_e4m3fnuz,
    "float8_e5m2": jnp.float8_e5m2,
    "float8_e5m2fnuz": jnp.float8_e5m2fnuz,
    "float8_e8m0fnu": jnp.float8_e8m0fnu,
}
PAIR_OF_HALVES = np.dtype([("real", np.float16), ("imag", np.float16)])  # torch.complex32, which numpy lacks


def dtype_named(name: str) -> np.dtype | None:
    """The numpy dtype under torch's name for it, or None."""
    if name == "complex32":
        return PAIR_OF_HALVES
    return np.dtype(_DTYPES[name]) if name in _DTYPES else None


class Budget:
    """The bytes that the tensors of one file may take, so that a small file can't fill the memory."""

    def __init__(self, file_bytes: int):
        self.left = 4 * file_bytes + ALLOWANCE_BYTES

    def spend(self, nbytes: int) -> None:
        if nbytes > self.left:
            raise CheckpointError(f"it needs {nbytes} bytes, far more than the file has: such a file is refused")
        self.left -= nbytes


class Blob:
    """A run of bytes of a file.

    Args:
        file: the open file.
        start, size: where the bytes begin and how many they are.
        name: what messages call them.
        crc: the checksum that the file has for them, if it has one.
        data: the bytes themselves, where the file has them in another form.
    """

    def __init__(
        self, file: FileIO, start: int, size: int, name: str, crc: int | None = None, data: bytes | None = None
    ):
        self.file, self.start, self.size, self.name, self.crc, self.data = file, start, size, name, crc, data

    def read_into(self, begin: int, out: memoryview) -> None:
        """Fills a buffer with the bytes from `begin` on."""
        if begin < 0 or begin + len(out) > self.size:
            raise CheckpointError(f"bytes {begin} to {begin + len(out)} lie outside of {self.name} ({self.size} bytes)")
        if self.data is not None:
            out[:] = self.data[begin : begin + len(out)]
            return
        self.file.seek(self.start + begin)
        while out:
            count = self.file.readinto(out)
            if not count:
                raise CheckpointError(f"the file is truncated: it ends inside of {self.name}")
            out = out[count:]

    def read(self) -> bytes:
        """All bytes, checked."""
        content = bytearray(self.size)
        self.read_into(0, memoryview(content))
        self.check(content)
        return bytes(content)

    def check(self, content: memoryview | bytearray | None = None) -> None:
        """Compares the checksum, of content that was read just now or of what the file has; once."""
        if self.crc is None:
            return
        value = 0
        if content is not None:
            value = zlib.crc32(content)
        else:
            piece = memoryview(bytearray(min(PIECE_BYTES, self.size)))
            for begin in range(0, self.size, PIECE_BYTES):
                part = piece[: min(PIECE_BYTES, self.size - begin)]
                self.read_into(begin, part)
                value = zlib.crc32(part, value)
        if value != self.crc:
            raise CheckpointError(f"the checksum of {self.name} is wrong: the file is damaged")
        self.crc = None


@runtime_checkable
class Tensor(Protocol):
    """A tensor that is read when it is asked for, however its file has it."""

    def stored(self) -> StoredTensor: ...


@dataclasses.dataclass(frozen=True, eq=False)
class StoredTensor:
    """A tensor that is still in its file.

    Args:
        blob: the storage; None for a tensor without data (torch's device meta).
        dtype: the dtype.
        offset: the first element's place, in elements, as `strides`.
        shape: the sizes.
        strides: the steps from one element to the next, by dimension.
        big_endian: whether the bytes are in that order.
        conj, neg: torch's bits for a view that is conjugated or negated.
    """

    blob: Blob | None
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    big_endian: bool = False
    conj: bool = False
    neg: bool = False

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for two tensors that are the same view of one storage: tied weights."""
        return (
            id(self.blob),
            self.dtype.str,
            str(self.dtype),
            self.offset,
            self.shape,
            self.strides,
            self.conj,
            self.neg,
        )

    def stored(self) -> StoredTensor:
        return self

    def read(self, budget: Budget) -> np.ndarray:
        """The tensor in memory, contiguous and in the machine's byte order."""
        blob = self.blob
        if blob is None:
            raise CheckpointError("the tensor has no data: it was saved from torch's device meta")
        self._check(blob)
        count = math.prod(self.shape)
        budget.spend(count * self.dtype.itemsize)
        memory = np.empty(count * self.dtype.itemsize + ALIGNMENT_BYTES, np.uint8)
        first = -memory.ctypes.data % ALIGNMENT_BYTES
        out = memory[first : first + count * self.dtype.itemsize].view(self.dtype).reshape(self.shape)
        if count and _is_contiguous(self.shape, self.strides):
            flat = memory[first : first + out.nbytes].data
            blob.read_into(self.offset * self.dtype.itemsize, flat)
            blob.check(flat if len(flat) == blob.size else None)
        elif count:
            blob.check()
            _read_strided(blob, out, self.offset, self.strides)
        return self._finished(out)

    def _check(self, blob: Blob) -> None:
        """Refuses a view that reaches outside of its storage."""
        numbers = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or not all(type(n) is int and 0 <= n < 1 << 62 for n in numbers):
            raise CheckpointError(
                f"offset, sizes and strides must be numbers from 0 on, got {_shown(self.offset)}, {_shown(self.shape)} "
                f"and {_shown(self.strides)}"
            )
        if len(self.shape) > 64:
            raise CheckpointError(f"a tensor has at most 64 dimensions, got {len(self.shape)}")
        if 0 in self.shape:
            return
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        count = blob.size // self.dtype.itemsize
        if last >= count:
            raise CheckpointError(
                f"the tensor of shape {self.shape}, strides {self.strides} and offset {self.offset} reaches element "
                f"{last} of a storage of {count} elements ({blob.name})"
            )

    def _finished(self, out: np.ndarray) -> np.ndarray:
        if self.big_endian != (sys.byteorder == "big") and self.dtype.itemsize > 1:
            part = self.dtype.itemsize // (2 if self.dtype.kind == "c" or self.dtype == PAIR_OF_HALVES else 1)
            out.reshape(-1).view(f"u{part}").byteswap(inplace=True)
        if self.dtype == PAIR_OF_HALVES:
            out = (out["real"] + np.complex64(1j) * out["imag"].astype(np.float32)).astype(np.complex64)
        if self.dtype == np.bool_ and np.any(out.view(np.uint8) > 1):
            raise CheckpointError("a tensor of booleans must hold bytes of 0 and 1")
        if self.conj:
            np.conjugate(out, out=out)
        if self.neg:
            np.negative(out, out=out)
        return out


def _shown(value: object) -> str:
    """A value for a message, however large it is."""
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_shown, value[:8])) + (", ...)" if len(value) > 8 else ")")
    if type(value) is int:
        return str(value) if abs(value) < 1 << 64 else "a number above 2**64"
    return f"a {type(value).__name__}"


def _is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    step = 1
    for n, stride in zip(reversed(shape), reversed(strides), strict=True):
        if n != 1 and stride != step:
            return False
        step *= n
    return True


def _read_strided(blob: Blob, out: np.ndarray, offset: int, strides: tuple[int, ...]) -> None:
    """Fills an array from a view of a storage, in pieces along its longest strides."""
    size = out.dtype.itemsize
    extent = sum((n - 1) * step for n, step in zip(out.shape, strides, strict=True)) + 1
    if extent * size <= PIECE_BYTES or extent == 1:
        piece = np.empty(extent, out.dtype)
        blob.read_into(offset * size, piece.view(np.uint8).data)
        out[...] = np.lib.stride_tricks.as_strided(piece, out.shape, [step * size for step in strides])
        return
    axis = max(range(out.ndim), key=lambda i: (out.shape[i] > 1, strides[i]))
    rest = extent - (out.shape[axis] - 1) * strides[axis]
    count = max(1, (PIECE_BYTES // size - rest) // max(1, strides[axis]))
    for begin in range(0, out.shape[axis], count):
        end = min(begin + count, out.shape[axis])
        part = out[(slice(None),) * axis + (slice(begin, end),)]
        if end - begin == 1 and rest * size > PIECE_BYTES:
            part, steps = part[(slice(None),) * axis + (0,)], strides[:axis] + strides[axis + 1 :]
        else:
            steps = strides
        _read_strided(blob, part, offset + begin * strides[axis], steps)


def size_of(file: FileIO) -> int:
    """The size of an open file."""
    return os.fstat(file.fileno()).st_size
