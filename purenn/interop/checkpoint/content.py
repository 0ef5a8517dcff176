"""A checkpoint's content under flat names, and the part of it that was asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from purenn.interop.checkpoint.errors import CheckpointError
from purenn.interop.checkpoint.pickle_stack import Builder, OddKey, Opaque
from purenn.interop.checkpoint.storage import Tensor
from purenn.interop.checkpoint.torch_pickle import UNREADABLE, Storage, StorageType

__all__ = ["Content", "choose", "flatten_content", "plain_value"]

MAX_ENTRIES = 500_000
MAX_DEPTH = 64
MAX_NAME_CHARACTERS = 1 << 25  # of all names together
SAVED_EXTRA = "_extra_state"  # torch's name of what a module saves beside arrays


class Content(NamedTuple):
    """The leaves of a checkpoint by name, and the metadata of its modules by theirs."""

    entries: dict[str, Any]
    metadata: dict[str, Any]


def flatten_content(content: object) -> Content:
    """The leaves of nested dicts under dotted names.

    Raises:
        CheckpointError: two have one name, a name is no text, or the dicts have no end.
    """
    flat = _Flat()
    if isinstance(content, list | tuple):
        content = dict(enumerate(content))
    if isinstance(content, dict):
        flat.add(content, "", 0)
    else:
        flat.entries[""] = content
    return Content(flat.entries, flat.metadata)


class _Flat:
    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.visits = self.characters = 0

    def add(self, tree: dict[Any, Any], prefix: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise CheckpointError(f"entry {prefix[:100]!r}: its dicts are nested more than {MAX_DEPTH} deep")
        for module, versions in _metadata(tree):
            self.metadata[f"{prefix}{module}"] = versions
        for key, value in tree.items():
            if not isinstance(key, str | int | float | bytes) and key is not None:
                raise CheckpointError(f"a dict at {prefix[:100]!r} has a key that is no text and no number")
            name = f"{prefix}{key.decode('latin-1') if isinstance(key, bytes) else key}"
            self.visits += 1
            self.characters += len(name)
            if self.visits > MAX_ENTRIES or self.characters > MAX_NAME_CHARACTERS:
                raise CheckpointError(f"the file has more than {MAX_ENTRIES} entries, or names of endless length")
            if isinstance(value, dict) and name.rpartition(".")[2] != SAVED_EXTRA:
                self.add(value, f"{name}.", depth + 1)
            elif name in self.entries:
                raise CheckpointError(f"the file has two entries of the name {name[:200]!r}")
            else:
                self.entries[name] = value


def _metadata(tree: object) -> Iterable[tuple[str, dict[str, Any]]]:
    metadata = getattr(tree, "_metadata", None) if isinstance(tree, OrderedDict) else None
    if not isinstance(metadata, dict):
        return
    for module, versions in metadata.items():
        if isinstance(module, str) and isinstance(versions, dict):
            yield module, {k: v for k, v in versions.items() if type(k) is str and type(v) in (int, bool)}


# The part that was asked for.


def choose(content: Content, select: str | None, strip_prefix: str | None) -> Content:
    """The entries below a name, without it, and without a prefix."""
    if select is not None:
        content = _below(content, select)
    if strip_prefix:
        content = _without_prefix(content, strip_prefix if strip_prefix.endswith(".") else strip_prefix + ".")
    return content


def _below(content: Content, select: str) -> Content:
    where = f"{select}."
    entries = {name.removeprefix(where): leaf for name, leaf in content.entries.items() if name.startswith(where)}
    if select in content.entries:
        leaf = content.entries[select]
        if isinstance(leaf, Opaque):
            raise CheckpointError(f"entry {select!r}: {_unbuilt(leaf)}")
        entries.setdefault(select.rpartition(".")[2], leaf)
    if not entries:
        raise CheckpointError(f"select={select!r} names nothing; the file has {_parts(content.entries)}")
    metadata = {n.removeprefix(where): v for n, v in content.metadata.items() if n.startswith(where)}
    return Content(entries, metadata)


def _without_prefix(content: Content, prefix: str) -> Content:
    if not any(name.startswith(prefix) for name in content.entries):
        raise CheckpointError(
            f"strip_prefix={prefix!r} is the beginning of no name; the file has {_parts(content.entries)}"
        )
    entries: dict[str, Any] = {}
    for name, leaf in content.entries.items():
        short = name.removeprefix(prefix)
        if short in entries:
            raise CheckpointError(f"strip_prefix={prefix!r} leaves two entries of the name {short!r}")
        entries[short] = leaf
    return Content(entries, {_module_without(name, prefix): v for name, v in content.metadata.items()})


def _module_without(name: str, prefix: str) -> str:
    return "" if name == prefix[:-1] else name.removeprefix(prefix)


def _parts(entries: Mapping[str, Any]) -> str:
    """The first parts of names, for a message."""
    parts = list(dict.fromkeys(name.partition(".")[0][:60] for name in entries))
    return ", ".join(map(repr, parts[:12])) + (f" and {len(parts) - 12} more" if len(parts) > 12 else "") or "no entry"


# Leaves.


def plain_value(value: object, tensor: Callable[[Tensor], Any]) -> Any:
    """A leaf with the tensors inside of it read, each once.

    Args:
        value: the leaf.
        tensor: reads a tensor.

    Raises:
        CheckpointError: it has something in it that is no tensor and no plain container.
    """
    done: dict[int, Any] = {}

    def convert(value: object, depth: int) -> Any:
        if value is None or type(value) in (bool, int, float, complex, str, bytes) or isinstance(value, np.dtype):
            return value
        if id(value) in done:
            return done[id(value)]
        if depth > MAX_DEPTH:
            raise CheckpointError(f"its lists are nested more than {MAX_DEPTH} deep")
        if isinstance(value, Opaque):
            raise CheckpointError(_unbuilt(value))
        if isinstance(value, dict):
            plain: Any = {convert(key, depth + 1): convert(item, depth + 1) for key, item in value.items()}
        elif isinstance(value, list | tuple | set | frozenset):
            plain = type(value)(convert(item, depth + 1) for item in value)
        elif isinstance(value, Tensor):
            plain = tensor(value)
        else:
            kind = _KINDS.get(type(value), type(value).__name__)
            raise CheckpointError(f"it is a {kind}, not a tensor or a plain container")
        done[id(value)] = plain
        return plain

    return convert(value, 0)


_KINDS: dict[type, str] = {
    OddKey: "key of a dict that is no text and no number",
    Builder: "class or function",
    Storage: "bare storage",
    StorageType: "class of storages",
}
_KNOWN = {
    "torch._utils._rebuild_qtensor": "a quantized tensor: in torch, save tensor.dequantize()",
    "torch._utils._rebuild_sparse_tensor": "a sparse tensor: in torch, save tensor.to_dense()",
    "torch._utils._rebuild_nested_tensor": "a nested tensor: in torch, save tensor.unbind()",
}


def _unbuilt(value: Opaque) -> str:
    if value.name in _KNOWN:
        return f"it is {_KNOWN[value.name]}"
    if value.name.startswith(UNREADABLE):
        return f"it is {value.name[:200]}, which can't be read"
    what = f"an object of {value.name[:200]}" if value.called else f"the class or function {value.name[:200]}"
    return (
        f"it is {what}, which is neither a tensor nor a plain container, and is not built. If it is a whole module "
        "(torch.save(model, path)), save its state_dict in torch: torch.save(model.state_dict(), path). If it is "
        "something beside the weights, read the part that holds them: select='state_dict', or its name here"
    )
