"""Nested dicts under dotted names, and trees in print."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

__all__ = ["copied", "flatten", "list_repr", "nest", "tree_repr"]


def copied(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree with copies of its arrays; concrete arrays are copied without a compilation."""

    def copy(x: jax.Array) -> jax.Array:
        return jnp.copy(x) if isinstance(x, Tracer) else jax.device_put(np.array(x))

    return nest({name: copy(array) for name, array in flatten(tree).items()})  # in the order of the tree


def tree_repr(name: str, extra: str, children: Mapping[str, Any]) -> str:
    """A layer or module as torch prints it: arguments in parentheses, children indented."""
    if not children:
        return f"{name}({extra})"
    lines = [extra] if extra else []
    lines += [f"({key}): " + repr(child).replace("\n", "\n  ") for key, child in children.items()]
    return f"{name}(\n  " + "\n  ".join(lines) + "\n)"


def list_repr(name: str, children: Iterable[Any]) -> str:
    """A list of layers or modules as torch prints it: equal neighbours are one line."""
    runs: list[list[Any]] = []
    for i, text in enumerate(map(repr, children)):
        if runs and runs[-1][2] == text:
            runs[-1][1] = i
        else:
            runs.append([i, i, text])
    lines = [
        f"  ({a}): {text}" if a == b else f"  ({a}-{b}): {b - a + 1} x {text}"
        for a, b, text in ((a, b, text.replace("\n", "\n  ")) for a, b, text in runs)
    ]
    return f"{name}()" if not lines else f"{name}(\n" + "\n".join(lines) + "\n)"


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested dict as a flat one, names joined by dots, as in torch's ``state_dict``."""
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
