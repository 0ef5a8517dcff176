"""Takes torch's values apart into leaves: tensors and constants."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any

import torch
from torch.utils import _pytree as pytree

from purenn.interop.convert.structure import Tree

__all__ = ["apart", "tree_of_spec"]

_LEAF = Tree()


def tree_of_spec(spec: pytree.TreeSpec) -> Tree:
    """The tree of torch's own description of a pytree."""
    if spec.is_leaf():
        return _LEAF
    children = tuple(map(tree_of_spec, spec.children()))
    return _node(spec.type, spec.context, children)


def _node(kind: type | FunctionType, context: Any, children: tuple[Tree, ...]) -> Tree:
    """The tree of a node of torch's pytrees. Its kind is a class, or the function ``namedtuple``."""
    numbered = tuple(range(len(children)))
    if kind in (tuple, torch.Size):
        return Tree("tuple", "", numbered, children)
    if kind is list:
        return Tree("list", "", numbered, children)
    if kind is dict or (isinstance(kind, type) and issubclass(kind, dict) and kind.__module__ == "collections"):
        keys = context[1] if kind is collections.defaultdict else context
        return Tree("dict", "", tuple(keys), children)
    if _is_namedtuple(kind) or _is_namedtuple(context):
        cls: Any = kind if _is_namedtuple(kind) else context
        return Tree("namedtuple", cls.__name__, tuple(cls._fields), children)
    if str(getattr(kind, "__module__", "")).startswith("torch.return_types"):
        return Tree("tuple", "", numbered, children)
    return Tree("record", kind.__name__, _keys(context, len(children)), children)


def _is_namedtuple(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def _keys(context: object, count: int) -> tuple[str, ...]:
    """The names in the context of a registered class: a list of as many strings as there are children."""
    candidates = [context, *(context if isinstance(context, tuple | list) else ())]
    for names in candidates:
        if isinstance(names, tuple | list) and len(names) == count and all(isinstance(n, str) for n in names):
            return tuple(names)
    return tuple(map(str, range(count)))


def apart(value: object, *, objects: bool) -> tuple[Tree, list[Any]]:
    """Takes a value apart.

    Args:
        value: tensors in containers.
        objects: whether objects that torch doesn't know as pytrees are taken apart too, by their attributes.
    """
    leaves: list[Any] = []
    tree = _apart(value, leaves.append, objects, set())
    return tree, leaves


def _apart(value: object, add: Callable[[object], None], objects: bool, inside: set[int]) -> Tree:
    kind = type(value)
    if isinstance(value, torch.Tensor) or value is None or isinstance(value, bool | int | float | complex | str):
        add(value)
        return _LEAF

    def children(values: Iterable[object]) -> tuple[Tree, ...]:
        return tuple(_apart(v, add, objects, inside | {id(value)}) for v in values)

    if kind in pytree.SUPPORTED_NODES:
        parts, context = pytree.SUPPORTED_NODES[kind].flatten_fn(value)
        return _node(kind, context, children(parts))
    if isinstance(value, tuple) and _is_namedtuple(kind):
        return _node(kind, None, children(value))
    if not objects or id(value) in inside:
        add(value)
        return _LEAF
    if isinstance(value, Mapping):
        return Tree("record", kind.__name__, tuple(map(str, value)), children(value.values()))
    if isinstance(value, tuple | list):
        return Tree("tuple" if isinstance(value, tuple) else "list", "", tuple(range(len(value))), children(value))
    fields = _fields(value)
    if fields is None:
        add(value)
        return _LEAF
    return Tree("record", kind.__name__, tuple(fields), children(fields.values()))


def _fields(value: object) -> dict[str, Any] | None:
    """The attributes of an object that hold tensors."""
    if isinstance(value, type | torch.nn.Module) or callable(value):
        return None
    if dataclasses.is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    attributes = getattr(value, "__dict__", None)
    if not attributes:
        return None
    fields = {n: v for n, v in attributes.items() if _holds_tensors(v, 4)}
    return fields or None


def _holds_tensors(value: object, depth: int) -> bool:
    if isinstance(value, torch.Tensor):
        return True
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        return any(_holds_tensors(v, depth - 1) for v in value.values())
    if isinstance(value, tuple | list):
        return any(_holds_tensors(v, depth - 1) for v in value)
    return any(_holds_tensors(v, depth - 1) for v in getattr(value, "__dict__", {}).values())
