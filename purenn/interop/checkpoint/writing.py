"""``purenn.save``: arrays into a safetensors file, all of it or nothing."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn.interop.checkpoint.safetensors_files import TIED, import_safetensors
from purenn.interop.checkpoint.storage import PAIR_OF_HALVES, dtype_named
from purenn.tree import flatten

if TYPE_CHECKING:
    from purenn.nn.module import Module

__all__ = ["save", "write_whole"]

_UNWRITTEN = ("complex128",)  # which safetensors lacks


def save(
    path: str | os.PathLike[str], arrays: Mapping[str, Any] | Module, *, metadata: Mapping[str, str] | None = None
) -> None:
    """Writes arrays to a safetensors file, which torch and every other reader of safetensors reads.

    The file is written beside the old one, brought to the disk and then put in its place: after a crash, a kill or a
    full disk the old file is whole. An array that has two names is written under both, and `purenn.load` gives one.

    Args:
        path: the file.
        arrays: a dict of arrays by name, which may be nested, or a module.
        metadata: texts that are kept in the file's header.

    Raises:
        TypeError: something is no array, or safetensors has no such dtype.
        ValueError: two arrays have one name.
        ImportError: safetensors isn't installed (the extra ``interop``).

    Example:
        >>> import os, tempfile, purenn
        >>> from purenn import nn
        >>> net = nn.Linear(3, 2)
        >>> path = os.path.join(tempfile.mkdtemp(), "net.safetensors")
        >>> purenn.save(path, net)
        >>> net.load_state_dict(path)
        <All keys matched successfully>
    """
    library = import_safetensors()
    named, tied = _arrays(arrays)
    texts = _texts(metadata)
    if tied:
        texts[TIED] = json.dumps(tied)
    specs = {
        name: library.TensorSpec(
            dtype=array.dtype.name, shape=list(array.shape), data_ptr=array.ctypes.data, data_len=array.nbytes
        )
        for name, array in named.items()
    }
    with write_whole(path) as temporary:
        library.serialize_file(specs, temporary, metadata=texts or None)
    del named  # the pointers are over; until here their arrays had to live


def _texts(metadata: Mapping[str, str] | None) -> dict[str, str]:
    texts = {"format": "pt"} | dict(metadata or {})  # transformers reads files of this format alone
    for key, value in texts.items():
        if not isinstance(key, str) or not isinstance(value, str) or key == TIED:
            raise TypeError(f"save: metadata must have texts under names other than {TIED!r}, got {key!r}: {value!r}")
    return texts


def _arrays(arrays: object) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays on the host by name, and for names of an array that has another name, that one."""
    tree: Any = arrays
    if not isinstance(tree, Mapping):
        state_dict = getattr(tree, "state_dict", None)
        if not callable(state_dict):
            raise TypeError(f"save: arrays must be a dict of arrays by name or a module, got {type(arrays).__name__}")
        tree = state_dict()
    flat = {str(name): value for name, value in flatten(_checked(tree)).items()}
    named: dict[str, np.ndarray] = {}
    first: dict[int, str] = {}
    tied: dict[str, str] = {}
    for name, value in flat.items():
        kept = first.setdefault(id(value), name)
        if kept != name:
            tied[name] = kept
            named[name] = named[kept]
        else:
            named[name] = _on_host(name, value)
    return named, tied


def _checked(tree: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """The tree with texts for names, none of them twice once they are joined."""
    checked: dict[str, Any] = {}
    for key, value in tree.items():
        name = str(key)
        if name in checked:
            raise ValueError(f"save: two arrays have the name {prefix + name!r}")
        checked[name] = _checked(value, f"{prefix}{name}.") if isinstance(value, Mapping) else value
    joined = [name for name, value in checked.items() if not isinstance(value, Mapping)]
    nested = [
        f"{name}.{inner}" for name, value in checked.items() if isinstance(value, Mapping) for inner in flatten(value)
    ]
    if twice := set(joined) & set(nested):
        raise ValueError(f"save: two arrays have the name {prefix + min(twice)!r}")
    if len(set(nested)) != len(nested):
        raise ValueError(f"save: two arrays below {prefix!r} have one name once their names are joined by dots")
    return checked


def _on_host(name: str, value: object) -> np.ndarray:
    if isinstance(value, Tracer):
        raise TypeError(f"save: {name!r} is a tracer: save outside of jit and other transformations")
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        raise TypeError(f"save: {name!r} is a random key: save jax.random.key_data(key)")
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        raise TypeError(f"save: {name!r} must be an array, got {type(value).__name__}")
    array = np.asarray(value)
    if array.dtype == PAIR_OF_HALVES or dtype_named(array.dtype.name) is None or array.dtype.name in _UNWRITTEN:
        raise TypeError(f"save: safetensors has no dtype for {name!r}, which is {array.dtype}")
    return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False)).reshape(array.shape)


# Whole files.


@contextlib.contextmanager
def write_whole(path: str | os.PathLike[str]) -> Iterator[str]:
    """Gives the name of a temporary file, which takes the path's place when the block ends without an error."""
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
    os.close(handle)
    try:
        yield temporary
        os.chmod(temporary, _mode(target))
        _sync(temporary)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if os.name == "posix":
        _sync(folder)


def _mode(target: str) -> int:
    """The old file's permissions, or those of a new file."""
    with contextlib.suppress(FileNotFoundError):
        return os.stat(target).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
