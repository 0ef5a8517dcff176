"""``purenn.load``: any checkpoint as a flat dict of arrays."""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from io import FileIO
from typing import Any

import jax
import numpy as np

from purenn.interop.checkpoint.content import Content, choose, flatten_content, plain_value
from purenn.interop.checkpoint.errors import CheckpointError, naming_entry, naming_file
from purenn.interop.checkpoint.safetensors_files import looks_like_safetensors, read_safetensors, strict_json
from purenn.interop.checkpoint.storage import ALIGNMENT_BYTES, Budget, StoredTensor, Tensor, size_of
from purenn.interop.checkpoint.torch_files import read_legacy, read_tar
from purenn.interop.checkpoint.torch_zip import read_zip

__all__ = ["load"]

INDEX_BYTES = 1 << 28  # of the longest index of shards
_OTHERS = {b"GGUF": "a GGUF file", b"\x89HDF": "an HDF5 file", b"\x93NUM": "an array of numpy's (use numpy.load)"}


def load(
    path: str | os.PathLike[str], *, select: str | None = None, strip_prefix: str | None = None, numpy: bool = False
) -> dict[str, Any]:
    """Reads a checkpoint of torch or safetensors, without torch.

    The file may be safetensors, also in shards (give the path of its ``index.json``), or what ``torch.save`` has ever
    written: zip, the older run of pickles, and tar. Its content decides, not its name. A pickle is read by a machine of
    its own that builds tensors and plain containers and calls nothing, so a file that you don't trust can't run code.
    Tensors are read one by one, straight into the memory that jax uses.

    Args:
        path: the file.
        select: the name of the part that is wanted, such as ``"state_dict"`` or ``"model.encoder"``. Only that is read.
        strip_prefix: what is cut off from the names that begin with it, such as ``"module."``.
        numpy: whether to give numpy arrays in the file's own dtypes, rather than jax's. Without ``jax_enable_x64``
            jax has no dtypes of 64 bits: float64 becomes float32, and int64 becomes int32 where the numbers fit.

    Returns:
        Arrays under dotted names, nested dicts joined. Numbers, texts and lists that are there too stay what they are.
        Names that share one tensor (tied weights) have one array.

    Raises:
        CheckpointError: a ValueError: the file is damaged, hostile, or holds objects where arrays are asked for; or
            ``select`` or ``strip_prefix`` fits no name. It names the file and the entry.
        ImportError: a safetensors file, and the library isn't installed (the extra ``interop``).

    Example:
        >>> import os, tempfile, jax.numpy as jnp, purenn
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> purenn.save(path, {"encoder": {"weight": jnp.ones((2, 3))}, "head": {"weight": jnp.zeros(2)}})
        >>> sorted(purenn.load(path))
        ['encoder.weight', 'head.weight']
        >>> purenn.load(path, select="encoder")["weight"].shape
        (2, 3)
    """
    _check_arguments(path, select, strip_prefix)
    with contextlib.ExitStack() as files, naming_file(path):
        reader = _Reader(files, path)
        entries, metadata = choose(reader.content(), select, strip_prefix)
        result: dict[str, Any] = OrderedDict() if metadata else {}
        for name, leaf in entries.items():
            with naming_entry(name):
                result[name] = plain_value(leaf, lambda tensor: reader.array(tensor, numpy))
    if metadata:
        vars(result)["_metadata"] = OrderedDict(metadata)
    return result


def _check_arguments(path: object, select: object, strip_prefix: object) -> None:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"load: path must be a path, got {type(path).__name__}")
    for name, value in (("select", select), ("strip_prefix", strip_prefix)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"load: {name} must be a name, as in select='state_dict', got {type(value).__name__}")
    if os.path.isdir(path):
        raise CheckpointError(f"{os.fspath(path)}: it is a folder: give the file in it, or its index.json")


class _Reader:
    """The files of one checkpoint, and the arrays that were read from them."""

    def __init__(self, files: contextlib.ExitStack, path: str | os.PathLike[str]):
        self.files, self.path = files, os.fspath(path)
        self.budget = Budget(0)
        self.shards: dict[str, dict[str, Any]] = {}
        self.arrays: dict[tuple[object, ...], jax.Array | np.ndarray] = {}

    def content(self) -> Content:
        file, size = self.open(self.path)
        if file.read(1) == b"{" and not looks_like_safetensors(self._head(file), size):
            return Content(self._index(file, size), {})
        return flatten_content(self.parse(file, size, self.path))

    def open(self, path: str) -> tuple[FileIO, int]:
        file = self.files.enter_context(open(path, "rb", buffering=0))  # noqa: SIM115
        size = size_of(file)
        self.budget.left += 4 * size
        return file, size

    def _head(self, file: FileIO) -> bytes:
        file.seek(0)
        return file.read(512)

    def parse(self, file: FileIO, size: int, path: str) -> Any:
        """The content of one file, whose first bytes tell its kind."""
        head = self._head(file)
        if not head:
            raise CheckpointError("the file is empty")
        if looks_like_safetensors(head, size):  # first: its first byte is any
            return read_safetensors(file, path)
        if head.startswith(b"PK\x03\x04"):
            return read_zip(file)
        if head[257:262] == b"ustar":
            return read_tar(file)
        if head[0] in b"\x80LI":
            return read_legacy(file)
        kind = _OTHERS.get(head[:4], "of an unknown kind, or damaged at its beginning")
        raise CheckpointError(f"the file is {kind}; checkpoints of torch and safetensors can be read")

    def _index(self, file: FileIO, size: int) -> dict[str, Any]:
        """The entries of a checkpoint in several files, by the index that says where each is."""
        if size > INDEX_BYTES:
            raise CheckpointError(f"an index of {size} bytes is refused")
        file.seek(0)
        places = strict_json(file.read(size)).get("weight_map")
        if not isinstance(places, dict):
            raise CheckpointError("its JSON has no weight_map: it is no index of a checkpoint")
        for name, shard in places.items():
            bad = not isinstance(shard, str) or shard in ("", ".", "..") or any(c in shard for c in "/\\\0:")
            if bad:
                raise CheckpointError(f"entry {name[:200]!r}: {str(shard)[:200]!r} must be a file beside the index")
        return {name: _Sharded(self, shard, name) for name, shard in places.items()}

    def shard(self, name: str) -> dict[str, Any]:
        if name not in self.shards:
            path = os.path.join(os.path.dirname(self.path), name)
            if not os.path.isfile(path):
                raise CheckpointError(f"the file {name!r} of the index isn't there")
            with naming_file(name):
                self.shards[name] = flatten_content(self.parse(*self.open(path), path)).entries
        return self.shards[name]

    def array(self, leaf: Tensor, numpy: bool) -> jax.Array | np.ndarray:
        """A tensor as an array; equal views of one storage are one array."""
        stored = leaf.stored()
        if stored.identity not in self.arrays:
            array = stored.read(self.budget)
            self.arrays[stored.identity] = array if numpy else _to_jax(array)
        return self.arrays[stored.identity]


class _Sharded:
    """An entry of another file, which is opened when the entry is read."""

    def __init__(self, reader: _Reader, shard: str, name: str):
        self.reader, self.shard, self.name = reader, shard, name

    def stored(self) -> StoredTensor:
        tensors = self.reader.shard(self.shard)
        if self.name not in tensors:
            raise CheckpointError(f"the file {self.shard!r} doesn't have it, although the index says so")
        leaf = tensors[self.name]
        if not isinstance(leaf, Tensor):
            raise CheckpointError(f"it is no tensor in the file {self.shard!r}")
        return leaf.stored()


def _to_jax(array: np.ndarray) -> jax.Array:
    """A jax array over the memory of an array of numpy's that nobody else has."""
    expected = jax.dtypes.canonicalize_dtype(array.dtype)
    if expected != array.dtype:
        memory = np.empty(array.size * expected.itemsize + ALIGNMENT_BYTES, np.uint8)
        first = -memory.ctypes.data % ALIGNMENT_BYTES
        narrow = memory[first : first + array.size * expected.itemsize].view(expected).reshape(array.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            narrow[...] = array
        exact = array.dtype.kind in "iu"
        if not (np.array_equal(narrow, array) if exact else np.array_equal(np.isfinite(narrow), np.isfinite(array))):
            raise CheckpointError(
                f"it has numbers that don't fit in {expected}: set jax.config.update('jax_enable_x64', True), or read "
                "numpy's arrays by numpy=True"
            )
        array = narrow
    return jax.device_put(array)
