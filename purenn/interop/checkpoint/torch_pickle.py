"""The names that torch's pickles use, and what is built for them."""

from __future__ import annotations

import codecs
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from purenn.interop.checkpoint.errors import CheckpointError
from purenn.interop.checkpoint.pickle_stack import Builder, Opaque, safe_key
from purenn.interop.checkpoint.storage import Blob, StoredTensor, dtype_named

__all__ = ["Storage", "StorageType", "find_global"]

_STORAGES = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "ComplexFloat": "complex64",
    "ComplexDouble": "complex128",
    "Untyped": "uint8",
    "QInt8": "int8",
    "QUInt8": "uint8",
    "QInt32": "int32",
    "QUInt4x2": "uint8",
    "QUInt2x4": "uint8",
}
# Modules that a checkpoint never needs; one that does is an attack. Everything else unknown is left unbuilt.
_RUNS_CODE = """
_posixsubprocess asyncio bdb builtins code codeop commands concurrent ctypes distutils http imp importlib io linecache
marshal multiprocessing nt nturl2path os pdb pickle pip pkgutil platform popen2 posix profile pty pydoc requests runpy
shelve shutil signal site smtplib socket ssl subprocess sys tempfile test threading timeit trace urllib urllib2
webbrowser xmlrpc zipimport
"""
_NEVER = frozenset(_RUNS_CODE.split())
_INERT = frozenset({"builtins.getattr", "builtins.object", "builtins.slice", "builtins.range", "builtins.type"})
UNREADABLE = "a tensor of dtype "  # begins the name of one that numpy and jax have no dtype for
_TENSORS = ("Tensor", "Parameter", "Buffer")


class StorageType:
    """A class of torch's storages, such as ``torch.FloatStorage``."""

    def __init__(self, name: str):
        self.name = name
        self.dtype = dtype_named(_STORAGES.get(name.removesuffix("Storage"), ""))


class Storage:
    """A storage in a file; `blob` is None on torch's device meta, and until a legacy file's bytes are found."""

    def __init__(self, dtype: np.dtype, numel: object, location: str, key: str):
        if type(numel) is not int or not 0 <= numel < 1 << 58:
            raise CheckpointError(f"storage {key!r} must have a size from 0 to 2**58")
        self.dtype, self.nbytes, self.location, self.key = dtype, numel * dtype.itemsize, location, key
        self.blob: Blob | None = None
        self.quantized = False
        self.big_endian = False
        self.offset = 0  # in bytes: a legacy file's storage may be a view of another


class PendingTensor:
    """A tensor whose storage may not have been found yet."""

    def __init__(self, storage: Storage, dtype: np.dtype, offset: object, shape: object, strides: object, bits: object):
        self.storage, self.dtype, self.offset = storage, dtype, offset
        self.shape, self.strides, self.bits = shape, strides, bits

    def stored(self) -> StoredTensor:
        """The tensor over its storage's bytes."""
        storage, bits, offset = self.storage, self.bits, self.offset
        if type(offset) is not int or not isinstance(self.shape, tuple) or not isinstance(self.strides, tuple):
            raise CheckpointError("a tensor's offset must be a number, and its sizes and strides tuples")
        first, rest = divmod(storage.offset, self.dtype.itemsize)
        if rest:
            raise CheckpointError("a tensor must begin where an element of its storage begins")
        if storage.blob is None and storage.location != "meta":
            raise CheckpointError(f"the file has no bytes for storage {storage.key!r}")
        blob = None if storage.location == "meta" else storage.blob
        flags = {str(name): value is True for name, value in bits.items()} if isinstance(bits, dict) else {}
        return StoredTensor(
            blob,
            self.dtype,
            first + offset,
            self.shape,
            self.strides,
            storage.big_endian,
            flags.get("conj", False),
            flags.get("neg", False),
        )


def find_global(module: str, name: str) -> Any:
    """Gives what stands for a global of a pickle.

    Raises:
        CheckpointError: it is one that a checkpoint never needs.
    """
    module = {"__builtin__": "builtins", "torch.tensor": "torch._tensor"}.get(module, module)
    full = f"{module}.{name}"
    if full in _TABLE:
        return _TABLE[full]
    if module in ("torch", "torch.cuda", "torch.storage") and name.endswith("Storage"):
        return StorageType(name)
    if module == "torch" and (dtype := dtype_named(name)) is not None:
        return dtype
    if module.split(".")[0] in _NEVER and full not in _INERT:
        raise CheckpointError(
            f"the pickle asks for {full}: that runs code, which no checkpoint needs; the file is hostile, and "
            "nothing of it was run"
        )
    return Opaque(full)


def _storage(storage: object) -> Storage:
    if not isinstance(storage, Storage):
        raise CheckpointError("a tensor of the pickle has no storage")
    return storage


def _v2(
    storage: object,
    offset: object,
    shape: object,
    strides: object,
    grad: object = None,
    hooks: object = None,
    bits: object = None,
) -> PendingTensor | Opaque:
    storage = _storage(storage)
    if storage.quantized:
        return Opaque("torch._utils._rebuild_qtensor", called=True)
    return PendingTensor(storage, storage.dtype, offset, shape, strides, bits)


def _v3(
    storage: object,
    offset: object,
    shape: object,
    strides: object,
    grad: object,
    hooks: object,
    dtype: object,
    bits: object = None,
) -> PendingTensor | Opaque:
    if not isinstance(dtype, np.dtype):
        return _of_unknown_dtype(dtype)
    return PendingTensor(_storage(storage), dtype, offset, shape, strides, bits)


def _of_unknown_dtype(dtype: object) -> Opaque:
    return Opaque(f"{UNREADABLE}{dtype.name if isinstance(dtype, Opaque) else type(dtype).__name__}", called=True)


def _parameter(data: object, *rest: object) -> object:
    return data


def _typed(function: object, cls: object, args: object, state: object) -> object:
    """A tensor with attributes, or of a subclass, whose meaning isn't known."""
    if not isinstance(function, Builder) or not isinstance(args, tuple):
        return Opaque(getattr(function, "name", "a tensor of unknown kind"), called=True)
    plain = isinstance(cls, Builder) and cls.name.rpartition(".")[2] in _TENSORS
    return function.build(*args) if plain else Opaque(getattr(cls, "name", "a class without a name"), called=True)


def _meta(dtype: object, shape: object, strides: object, grad: object = None) -> PendingTensor | Opaque:
    if not isinstance(dtype, np.dtype):
        return _of_unknown_dtype(dtype)
    return PendingTensor(Storage(dtype, 0, "meta", "meta"), dtype, 0, shape, strides, None)


def _from_cpu(data: object, dtype: object, device: object, grad: object) -> PendingTensor | Opaque:
    if isinstance(data, PendingTensor) and data.dtype == dtype:
        return data
    return Opaque("a tensor of a device that changes its dtype", called=True)


def _unbuilt(name: str) -> Builder:
    return Builder(name, lambda *args: Opaque(name, called=True))


def _pairs(pairs: object = ()) -> OrderedDict[Any, Any]:
    """An OrderedDict, which Python 2 pickles with a list of pairs."""
    mapping: OrderedDict[Any, Any] = OrderedDict()
    for key, value in pairs.items() if isinstance(pairs, dict) else _items(pairs):
        if type(key) not in (str, int) or key in mapping:
            raise CheckpointError("the pickle has an OrderedDict with a name twice, or with one that is no text")
        mapping[key] = value
    return mapping


def _items(values: object = ()) -> list[Any]:
    if not isinstance(values, list | tuple):
        raise CheckpointError("the pickle has a container that is made of no list")
    return list(values)


def _plain(kinds: tuple[type, ...], make: type) -> Callable[..., object]:
    """A function of plain values of some kinds alone."""

    def build(*args: object) -> object:
        if not all(isinstance(arg, kinds) for arg in args):
            raise CheckpointError(f"the pickle makes a {make.__name__} of something else")
        return make(*args)

    return build


def _encoded(text: object, coding: object = "utf-8") -> bytes:
    if type(text) is not str or coding not in ("utf-8", "latin1", "latin-1", "ascii"):
        raise CheckpointError("the pickle has bytes in an unknown coding")
    return codecs.encode(text, coding)


_BUILD: dict[str, Callable[..., object]] = {
    "collections.OrderedDict": _pairs,
    "collections.defaultdict": lambda factory=None: {},
    "collections.Counter": lambda content=None: dict(content) if isinstance(content, dict) else {},
    "builtins.set": lambda values=(): set(map(safe_key, _items(values))),
    "builtins.frozenset": lambda values=(): frozenset(map(safe_key, _items(values))),
    "builtins.list": _items,
    "builtins.tuple": lambda values=(): tuple(_items(values)),
    "builtins.dict": lambda: {},
    "builtins.complex": _plain((int, float), complex),
    "builtins.bytearray": _plain((bytes,), bytes),
    "_codecs.encode": _encoded,
    "torch.Size": lambda sizes=(): tuple(_items(sizes)),
    "torch.device": lambda kind, index=None: kind if index is None else f"{kind}:{index}",
    "torch._utils._rebuild_tensor": _v2,
    "torch._utils._rebuild_tensor_v2": _v2,
    "torch._utils._rebuild_tensor_v3": _v3,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _from_cpu,
    "torch._tensor._rebuild_from_type_v2": _typed,
    "torch.nn.parameter.Parameter": _parameter,
    "torch.nn.parameter.Buffer": _parameter,
    "torch.autograd.variable.Variable": _parameter,
    "torch.Tensor": _parameter,
    "torch._tensor.Tensor": _parameter,
}
_TABLE: dict[str, Builder] = {name: Builder(name, build) for name, build in _BUILD.items()}
