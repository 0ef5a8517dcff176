"""Nested dicts under dotted names, and trees in print."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

__all__ = ["flatten", "nest", "tree_repr"]


def tree_repr(name: str, extra: str, children: Mapping[str, Any]) -> str:
    """A layer or module as torch prints it: arguments in parentheses, children indented."""
    if not children:
        return f"{name}({extra})"
    lines = [extra] if extra else []
    lines += [f"({key}): " + repr(child).replace("\n", "\n  ") for key, child in children.items()]
    return f"{name}(\n  " + "\n  ".join(lines) + "\n)"


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested dict as a flat one, names joined by dots: torch's ``state_dict`` of it."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return flat


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `flatten`."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        functools.reduce(lambda branch, part: branch.setdefault(part, {}), path, tree)[last] = value
    return tree
