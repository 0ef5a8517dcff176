"""torch's zip files: since 1.6 what ``torch.save`` writes."""

from __future__ import annotations

import struct
import zlib
from io import FileIO
from typing import TYPE_CHECKING, Any

from purenn.interop.checkpoint.errors import CheckpointError, naming_entry
from purenn.interop.checkpoint.pickle_machine import load_pickle
from purenn.interop.checkpoint.storage import ALLOWANCE_BYTES, Blob, size_of
from purenn.interop.checkpoint.torch_files import storage_of
from purenn.interop.checkpoint.torch_pickle import Storage, find_global

if TYPE_CHECKING:
    import zipfile

__all__ = ["read_zip"]

_HEADER_BYTES = 30  # of an entry's own header, before its name
_STORED, _DEFLATED = 0, 8  # of zip's methods


def read_zip(file: FileIO) -> Any:
    """The content of one of torch's zip files.

    Raises:
        CheckpointError: it is a zip of something else, or damaged.
    """
    records = _Records(file)
    top = records.top
    if any(name.startswith(f"{top}code/") for name in records.infos) or f"{top}constants.pkl" in records.infos:
        raise CheckpointError(
            "the file is a TorchScript archive, a program with its weights: in torch, save "
            "torch.jit.load(path).state_dict() by torch.save, and load that"
        )
    order = records.blob(f"{top}byteorder").read() if f"{top}byteorder" in records.infos else b"little"
    if order not in (b"little", b"big"):
        raise CheckpointError(f"entry 'byteorder' must be little or big, got {order[:20]!r}")
    storages: dict[str, Storage] = {}

    def persistent(identifier: object) -> Storage:
        if not isinstance(identifier, tuple) or len(identifier) != 5 or identifier[0] not in ("storage", b"storage"):
            raise CheckpointError("the pickle has a persistent id that is none of torch's")
        _, kind, key, location, numel = identifier
        storage = storage_of(kind, numel, location, key)
        if storage.key in storages:
            return storages[storage.key]
        storage.big_endian = order == b"big"
        if storage.location != "meta":
            storage.blob = records.blob(f"{top}data/{storage.key}")
            if storage.nbytes > storage.blob.size:
                raise CheckpointError(
                    f"storage {storage.key!r} must have {storage.nbytes} bytes, its entry has {storage.blob.size}"
                )
        return storages.setdefault(storage.key, storage)

    with naming_entry("data.pkl"):
        content, _ = load_pickle(memoryview(records.blob(f"{top}data.pkl").read()), 0, find_global, persistent)
    return content


class _Records:
    """The entries of a zip, after a check of all that its directory says about them."""

    def __init__(self, file: FileIO):
        import zipfile

        self.file, self.total = file, size_of(file)
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            self.infos: dict[str, zipfile.ZipInfo] = {}
            for info in archive.infolist():
                self._add(info)
            end = archive.start_dir
        self.top = self._find_top()
        self.left = 4 * self.total + ALLOWANCE_BYTES  # to be unfolded
        self.blobs: dict[str, Blob] = {}
        last = 0
        for info in sorted(self.infos.values(), key=lambda info: info.header_offset):
            if info.header_offset < last or info.header_offset + _HEADER_BYTES + info.compress_size > end:
                raise CheckpointError(f"the zip's entry {_short(info.filename)} overlaps another, or the file's end")
            last = info.header_offset + _HEADER_BYTES + info.compress_size

    def _add(self, info: zipfile.ZipInfo) -> None:
        name = info.orig_filename
        if name in self.infos:
            raise CheckpointError(f"the zip has the entry {_short(name)} twice")
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in name or "\\" in name:
            raise CheckpointError(f"the zip has an entry with the path {_short(name)}, which leads elsewhere")
        if info.flag_bits & 1:
            raise CheckpointError(f"the zip's entry {_short(name)} is encrypted")
        if info.compress_type not in (_STORED, _DEFLATED):
            raise CheckpointError(f"the zip's entry {_short(name)} is compressed by method {info.compress_type}")
        if info.compress_type == _STORED and info.file_size != info.compress_size:
            raise CheckpointError(f"the zip's entry {_short(name)} has two different sizes")
        self.infos[name] = info

    def _find_top(self) -> str:
        """The folder in which everything is, with a slash."""
        tops = [name.removesuffix("data.pkl") for name in self.infos if name.endswith("/data.pkl")]
        tops = [top for top in tops if top.count("/") == 1]
        if len(tops) != 1:
            kind = "numpy's (use numpy.load)" if any(n.endswith(".npy") for n in self.infos) else "something else's"
            raise CheckpointError(f"the zip has no data.pkl in its only folder: it is {kind}, not torch's")
        return tops[0]

    def blob(self, name: str) -> Blob:
        """The bytes of an entry."""
        if name in self.blobs:
            return self.blobs[name]
        short = _short(name)
        info = self.infos.get(name)
        if info is None:
            raise CheckpointError(f"the zip has no entry {short}")
        self.file.seek(info.header_offset)
        header = self.file.read(_HEADER_BYTES)
        if len(header) != _HEADER_BYTES or header[:4] != b"PK\x03\x04":
            raise CheckpointError(f"the zip's entry {short} has no header where the directory says")
        name_bytes, extra_bytes = struct.unpack("<HH", header[26:])
        start = info.header_offset + _HEADER_BYTES + name_bytes + extra_bytes
        if self.file.read(name_bytes).rstrip(b"\0") != info.orig_filename.encode():
            raise CheckpointError(f"the zip's entry {short} has another name in its header")
        if start + info.compress_size > self.total:
            raise CheckpointError(f"the file is truncated: it ends inside of {short}")
        data = None if info.compress_type == _STORED else self._inflated(info, start)
        crc = info.CRC or None  # torch writes none with set_crc32_options(False)
        blob = self.blobs[name] = Blob(self.file, start, info.file_size, f"entry {short}", crc, data)
        return blob

    def _inflated(self, info: zipfile.ZipInfo, start: int) -> bytes:
        """The bytes of a compressed entry, whose declared size is the most that is unfolded."""
        short = _short(info.filename)
        if info.file_size > self.left:
            raise CheckpointError(
                f"the zip's entry {short} unfolds to {info.file_size} bytes, far more than the file has"
            )
        self.left -= info.file_size
        self.file.seek(start)
        machine = zlib.decompressobj(-15)
        data = machine.decompress(self.file.read(info.compress_size), info.file_size + 1)
        if len(data) != info.file_size or not machine.eof:
            raise CheckpointError(f"the zip's entry {short} declares {info.file_size} bytes, which it doesn't have")
        return data


def _short(name: str) -> str:
    return repr(name[:200])
