"""The operators of torch's ATen library as functions over jax arrays, by name and overload."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from purenn.interop.convert.table import creation, elementwise, indexing, networks, norms, reductions, shapes, views
from purenn.interop.convert.table.registry import TABLE

__all__ = ["find", "has"]

_ = (creation, elementwise, indexing, networks, norms, reductions, shapes, views)  # importing them fills the table


def has(op: str) -> bool:
    """Whether an operator, such as ``add.Tensor``, has a function."""
    return op in TABLE or op.partition(".")[0] in TABLE


@functools.cache
def find(op: str) -> Callable[..., Any]:
    """The function of an operator: that of its overload, or the one for all overloads."""
    return TABLE[op] if op in TABLE else TABLE[op.partition(".")[0]]
