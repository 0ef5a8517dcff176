"""safetensors files: the library checks the header, and the bytes are read from where it says."""

from __future__ import annotations

import json
import os
import struct
from io import FileIO
from typing import Any

from purenn.interop.checkpoint.errors import CheckpointError
from purenn.interop.checkpoint.storage import Blob, StoredTensor, dtype_named

__all__ = ["TIED", "looks_like_safetensors", "read_metadata", "read_safetensors", "strict_json"]

TIED = "purenn.tied"  # the key of the metadata that says which names are one array
COMPARED_BYTES = 1 << 22  # at a time

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2": "float8_e5m2",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
}


def looks_like_safetensors(head: bytes, size: int) -> bool:
    """Whether a file's first bytes are a header's length and the header's brace."""
    return len(head) > 8 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] <= size - 8


def import_safetensors() -> Any:
    """The library.

    Raises:
        ImportError: it isn't installed.
    """
    try:
        import safetensors
    except ImportError as error:
        raise ImportError("safetensors files need the library: pip install 'purenn[interop]'") from error
    return safetensors


class TiedTensor:
    """A tensor that is said to be equal to another; it is looked whether it is."""

    def __init__(self, tensor: StoredTensor, target: StoredTensor):
        self.tensor, self.target = tensor, target

    def stored(self) -> StoredTensor:
        tensor, target = self.tensor, self.target
        if (tensor.dtype, tensor.shape) != (target.dtype, target.shape):
            return tensor
        assert tensor.blob is not None and target.blob is not None
        for begin in range(0, tensor.blob.size, COMPARED_BYTES):
            size = min(COMPARED_BYTES, tensor.blob.size - begin)
            pieces = bytearray(size), bytearray(size)
            tensor.blob.read_into(begin, memoryview(pieces[0]))
            target.blob.read_into(begin, memoryview(pieces[1]))
            if pieces[0] != pieces[1]:
                return tensor
        return target


def _opened(path: str | os.PathLike[str]) -> tuple[set[str], dict[str, str]]:
    """The names and the metadata, by the library."""
    library = import_safetensors()
    try:
        with library.safe_open(os.fspath(path), framework="numpy", backend="pread") as opened:
            return set(opened.keys()), opened.metadata() or {}
    except library.SafetensorError as error:
        raise CheckpointError(f"safetensors can't read it: {str(error)[:300]}") from error


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The texts of a file's header."""
    return _opened(path)[1]


def read_safetensors(file: FileIO, path: str | os.PathLike[str]) -> dict[str, StoredTensor | TiedTensor]:
    """The tensors of a file by name.

    Raises:
        CheckpointError: the file is damaged.
        ImportError: the library isn't installed.
    """
    names, metadata = _opened(path)
    file.seek(0)
    (length,) = struct.unpack("<Q", file.read(8))
    header = strict_json(file.read(length))
    header.pop("__metadata__", None)
    if set(header) != names:
        raise CheckpointError("the names of the header are not those that safetensors reads")
    tensors: dict[str, StoredTensor] = {}
    for name, entry in header.items():
        dtype = dtype_named(_DTYPES.get(entry["dtype"], ""))
        if dtype is None:
            raise CheckpointError(f"entry {name[:200]!r}: the dtype {entry['dtype'][:20]!r} is unknown")
        begin, end = entry["data_offsets"]
        blob = Blob(file, 8 + length + begin, end - begin, f"entry {name[:200]!r}")
        shape = tuple(entry["shape"])
        tensors[name] = StoredTensor(blob, dtype, 0, shape, _strides(shape))
    return tensors | _tied(tensors, metadata)


def _tied(tensors: dict[str, StoredTensor], metadata: dict[str, str]) -> dict[str, StoredTensor | TiedTensor]:
    """The tensors that are others: by our own metadata, or by that of safetensors.torch.save_model."""
    tied: dict[str, StoredTensor | TiedTensor] = {
        name: tensors[kept]
        for name, kept in metadata.items()
        if name not in tensors and kept in tensors and name != "format"
    }
    try:
        said = strict_json(metadata.get(TIED, "{}").encode())
    except ValueError:  # of somebody else's
        return tied
    for name, kept in said.items():
        if name in tensors and isinstance(kept, str) and kept in tensors and name != kept:
            tied[name] = TiedTensor(tensors[name], tensors[kept])
    return tied


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


def strict_json(text: bytes) -> dict[str, Any]:
    """A JSON object that has no name twice.

    Raises:
        CheckpointError: it is none.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise CheckpointError(f"the name {twice[:200]!r} is there twice")
        return fields

    try:
        value = json.loads(text, object_pairs_hook=once)
    except CheckpointError:
        raise
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"its JSON is damaged: {str(error)[:200]}") from error
    if not isinstance(value, dict):
        raise CheckpointError("its JSON must be an object")
    return value
