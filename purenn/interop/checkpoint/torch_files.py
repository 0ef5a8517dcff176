"""torch's files of before the zip format: a run of pickles (torch 0.2 to 1.5), and a tar (before 0.2)."""

from __future__ import annotations

import struct
from io import FileIO
from typing import Any, NoReturn

from purenn.interop.checkpoint.errors import CheckpointError
from purenn.interop.checkpoint.pickle_machine import load_pickle
from purenn.interop.checkpoint.pickle_stack import Opaque
from purenn.interop.checkpoint.storage import Blob, size_of
from purenn.interop.checkpoint.torch_pickle import PendingTensor, Storage, StorageType, find_global

__all__ = ["LEGACY_MAGIC", "read_legacy", "read_tar", "storage_of"]

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
HEAD_BYTES = 1 << 24  # of the first look at a legacy file's pickles; larger ones are looked at again


def storage_of(kind: object, numel: object, location: object, key: object) -> Storage:
    """The storage that a persistent id describes."""
    name = kind.name if isinstance(kind, StorageType | Opaque) else type(kind).__name__
    if not isinstance(kind, StorageType) or kind.dtype is None:
        raise CheckpointError(
            f"storage {_name(key)!r} is of an unknown kind, {name[:100]}: it can't be read without torch"
        )
    storage = Storage(kind.dtype, numel, _name(location), _name(key))
    storage.quantized = name.startswith("Q")
    return storage


def _name(value: object) -> str:
    if type(value) is bytes:
        return value.decode("ascii", "replace")[:100]
    return str(value)[:100] if type(value) in (str, int) else f"a {type(value).__name__}"


def whole_module(cls: object) -> Opaque:
    """Stands for the class of a whole module; torch marks these in its older files."""
    return cls if isinstance(cls, Opaque) else Opaque(getattr(cls, "name", "a module"))


def read_legacy(file: FileIO) -> Any:
    """The content of a legacy file, which is several pickles and then the bytes of the storages.

    Raises:
        CheckpointError: it is none, or damaged.
    """
    total = size_of(file)
    length = min(HEAD_BYTES, total)
    while True:
        file.seek(0)
        data = memoryview(file.read(length))
        try:
            return _read_legacy(file, data, total)
        except CheckpointError:
            if length >= total:
                raise
            length = min(8 * length, total)


def _read_legacy(file: FileIO, data: memoryview, total: int) -> Any:
    storages: dict[str, Storage] = {}
    views: list[tuple[Storage, Storage, int]] = []

    def persistent(identifier: object) -> Any:
        if not isinstance(identifier, tuple) or len(identifier) < 2:
            raise CheckpointError("the pickle has a persistent id that is none of torch's")
        if _name(identifier[0]) == "module":
            return whole_module(identifier[1])
        if _name(identifier[0]) != "storage" or len(identifier) != 6:
            raise CheckpointError("the pickle has a persistent id that is none of torch's")
        kind, key, location, numel, view = identifier[1:]
        root = storages.setdefault(_name(key), storage_of(kind, numel, location, key))
        if view is None:
            return root
        view_key, offset, size = view
        if _name(view_key) not in storages:
            part = storages[_name(view_key)] = Storage(root.dtype, size, root.location, _name(view_key))
            if type(offset) is not int or not 0 <= offset <= offset + size <= root.nbytes // root.dtype.itemsize:
                raise CheckpointError(f"storage {_name(view_key)!r} reaches outside of storage {_name(key)!r}")
            part.offset = offset * root.dtype.itemsize
            views.append((part, root, size))
        return storages[_name(view_key)]

    def refuse(identifier: object) -> NoReturn:
        raise CheckpointError("the pickle has a persistent id before its content")

    magic, at = load_pickle(data, 0, find_global, refuse)
    version, at = load_pickle(data, at, find_global, refuse)
    if magic != LEGACY_MAGIC or version != _PROTOCOL:
        raise CheckpointError("the file is no checkpoint: it begins with a pickle, but not with torch's")
    _, at = load_pickle(data, at, find_global, refuse)
    content, at = load_pickle(data, at, find_global, persistent)
    keys, at = load_pickle(data, at, find_global, refuse)
    if not isinstance(keys, list) or len(set(map(_name, keys))) != len(keys):
        raise CheckpointError("the list of storages is damaged")
    for key in keys:
        storage = storages.get(_name(key))
        if storage is None:
            raise CheckpointError(f"the file has bytes for storage {_name(key)!r}, which nothing uses")
        at = _place(file, storage, at, total)
    for part, root, _ in views:
        if root.blob is not None:
            part.blob = Blob(file, root.blob.start, part.offset + part.nbytes, root.blob.name)
    return content


def _place(file: FileIO, storage: Storage, at: int, total: int) -> int:
    """Finds a storage's bytes: its number of elements, then they, always with the low byte first."""
    if at + 8 > total:
        raise CheckpointError(f"the file is truncated: it ends before storage {storage.key!r}")
    file.seek(at)
    (numel,) = struct.unpack("<q", file.read(8))
    if numel * storage.dtype.itemsize != storage.nbytes or at + 8 + storage.nbytes > total:
        raise CheckpointError(
            f"storage {storage.key!r} announces {numel} elements of {storage.dtype.itemsize} bytes; the pickle says "
            f"{storage.nbytes} bytes and {total - at - 8} bytes follow: the file is truncated or damaged"
        )
    storage.blob = Blob(file, at + 8, storage.nbytes, f"storage {storage.key!r}")
    return at + 8 + storage.nbytes


# The tar.


def read_tar(file: FileIO) -> Any:
    """The content of a tar with the members storages, tensors and pickle."""
    import tarfile

    members: dict[str, tarfile.TarInfo] = {}
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            if member.name in members or not (member.isfile() or member.isdir()) or member.issparse():
                raise CheckpointError(f"the tar has a member {member.name[:100]!r} that is a link, or is there twice")
            if member.name.startswith("/") or ".." in member.name.split("/"):
                raise CheckpointError(f"the tar has a member with the path {member.name[:100]!r}")
            members[member.name] = member
    missing = [name for name in ("storages", "tensors", "pickle") if name not in members or not members[name].isfile()]
    if missing:
        raise CheckpointError(f"the tar has no {' and no '.join(missing)}: it is none of torch's")
    total = size_of(file)
    places = {name: (members[name].offset_data, members[name].size) for name in ("storages", "tensors", "pickle")}
    for name, (start, size) in places.items():
        if start + size > total:
            raise CheckpointError(f"the file is truncated: it ends inside of {name}")
    objects = _tar_storages(file, *places["storages"])
    _tar_tensors(_member(file, *places["tensors"]), objects)

    def persistent(identifier: object) -> Any:
        if isinstance(identifier, tuple) and identifier:
            return whole_module(identifier[0])
        return objects[_name(identifier)]

    return load_pickle(_member(file, *places["pickle"]), 0, find_global, persistent)[0]


def _member(file: FileIO, start: int, size: int) -> memoryview:
    file.seek(start)
    return memoryview(file.read(size))


def _no_ids(identifier: object) -> NoReturn:
    raise CheckpointError("the pickle has a persistent id where torch has none")


def _tar_storages(file: FileIO, start: int, size: int) -> dict[str, Any]:
    """The storages by key; their bytes stand between small pickles."""
    storages: dict[str, Any] = {}

    def pickled(at: int) -> tuple[Any, int]:
        length = min(4096, size - at)
        while True:
            try:
                value, used = load_pickle(_member(file, start + at, length), 0, find_global, _no_ids)
                return value, at + used
            except CheckpointError:
                if length >= size - at:
                    raise
                length = min(64 * length, size - at)

    count, at = pickled(0)
    for _ in range(_count(count, size)):
        (key, location, kind), at = pickled(at)
        (numel,) = struct.unpack("<q", _member(file, start + at, 8))
        storage = storages[_name(key)] = storage_of(kind, numel, location, key)
        at += 8
        if at + storage.nbytes > size:
            raise CheckpointError(f"storage {storage.key!r} announces {numel} elements, more than the file has")
        storage.blob = Blob(file, start + at, storage.nbytes, f"storage {storage.key!r}")
        at += storage.nbytes
    views, at = pickled(at)
    for target, root_key, offset, numel in views:
        root = storages[_name(root_key)]
        part = storages[_name(target)] = Storage(root.dtype, numel, root.location, _name(target))
        part.offset = root.offset + offset * root.dtype.itemsize
        if offset < 0 or part.offset + part.nbytes > root.blob.size:
            raise CheckpointError(f"storage {_name(target)!r} reaches outside of storage {_name(root_key)!r}")
        part.blob = Blob(file, root.blob.start, part.offset + part.nbytes, root.blob.name)
    return storages


def _count(count: object, size: int) -> int:
    if type(count) is not int or not 0 <= count <= size:
        raise CheckpointError("the tar announces more content than it has")
    return count


def _tar_tensors(data: memoryview, objects: dict[str, Any]) -> None:
    count, at = load_pickle(data, 0, find_global, _no_ids)
    for _ in range(_count(count, len(data))):
        (key, storage_key, _), at = load_pickle(data, at, find_global, _no_ids)
        (ndim,) = struct.unpack_from("<i", data, at)
        if not 0 <= ndim <= 64:
            raise CheckpointError(f"tensor {_name(key)!r} has {ndim} dimensions")
        numbers = struct.unpack_from(f"<{2 * ndim + 1}q", data, at + 8)
        at += 8 + 8 * len(numbers)
        storage = objects[_name(storage_key)]
        if not isinstance(storage, Storage):
            raise CheckpointError(f"tensor {_name(key)!r} has no storage")
        objects[_name(key)] = PendingTensor(
            storage, storage.dtype, numbers[-1], numbers[:ndim], numbers[ndim : 2 * ndim], None
        )
