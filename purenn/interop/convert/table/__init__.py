"""The operators of torch's ATen library as functions over jax arrays, by name and overload.

Most are those of `purenn.interop.ops`, whose names and arguments are torch's. This table has the others: operators
with other arguments than torch's function of the name, functions of layers, and random numbers, whose keys come from
the call around.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from purenn.interop import ops
from purenn.interop.convert.table import (
    casts,
    elementwise,
    indexing,
    losses,
    networks,
    norms,
    randomness,
    reductions,
    views,
)
from purenn.interop.convert.table.registry import ALIASES, TABLE

__all__ = ["find", "has"]

_ = (casts, elementwise, indexing, losses, networks, norms, randomness, reductions, views)  # they fill the table
_NAMESPACES = {"linalg_": ops.linalg, "fft_": ops.fft, "special_": ops.special}


def _lookup(op: str) -> Callable[..., Any] | None:
    base = op.partition(".")[0]
    if (function := TABLE.get(op) or TABLE.get(base)) is not None:
        return function
    base = ALIASES.get(base, base)
    base = base if hasattr(ops, base) else base.removesuffix("_copy")  # as in view_copy, not in index_copy
    if base in TABLE:
        return TABLE[base]
    for prefix, namespace in _NAMESPACES.items():
        if base.startswith(prefix):
            return getattr(namespace, base.removeprefix(prefix), None)
    return None if base.startswith("_") or base.endswith("_") else getattr(ops, base, None)


def has(op: str) -> bool:
    """Whether an operator, such as ``add.Tensor``, has a function."""
    return _lookup(op) is not None


@functools.cache
def find(op: str) -> Callable[..., Any]:
    """The function of an operator: that of its overload, or the one for all overloads."""
    function = _lookup(op)
    if function is None:
        raise KeyError(f"torch's operator {op} has no function")
    return function
