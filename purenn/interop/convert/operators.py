"""Facts about torch's operators, from their schemas: names, arguments that are written, results that may be views.

`builder` collects calls of operators by these facts; the two ways to record calls, `exported` and `tape`, use them too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from purenn.interop.convert import table
from purenn.interop.convert.table.casts import flat_places

if TYPE_CHECKING:
    import torch
__all__ = [
    "IGNORED",
    "Unsupported",
    "decomposition_of",
    "may_view",
    "name_of",
    "places_of",
    "pure_name",
    "takes",
    "writes",
]

IGNORED = {"_assert_tensor_metadata", "sym_constrain_range", "sym_constrain_range_for_size", "_record_function_enter"}


class Unsupported(Exception):
    """An operator that has no function here."""


def name_of(func: Callable[..., Any]) -> str:
    """The name of an operator in the table, such as ``add.Tensor``; the default overload has no suffix."""
    schema = getattr(func, "_schema", None)
    if schema is None:
        module = getattr(func, "__module__", "") or ""
        name = getattr(func, "__name__", str(func))
        return f"{module.lstrip('_')}.{name}" if module in ("_operator", "operator", "math") else name
    namespace, _, name = schema.name.partition("::")
    overload = f".{schema.overload_name}" if schema.overload_name else ""
    return f"{'' if namespace == 'aten' else namespace + '::'}{name}{overload}"


def pure_name(name: str) -> str:
    """The name of the operator without side effects that computes what one in place, or with ``out``, writes."""
    base, dot, overload = name.partition(".")
    if base.startswith("__i") and base.endswith("__"):
        base = "__" + base[3:]
    elif base.endswith("_") and not base.endswith("__"):
        base = base[:-1]
    if overload == "out" or overload.endswith("_out"):
        overload = overload.removesuffix("out").removesuffix("_")
        dot = "." if overload else ""
    return base + dot + overload


def takes(func: torch._ops.OpOverload) -> bool:
    """Whether an operator needs no decomposition: the table has a function, or it is left out."""
    name = name_of(func)
    name = pure_name(name) if writes(func) else name
    base = name.partition(".")[0]
    return base in IGNORED or base.startswith("_assert_") or base == "requires_grad" or table.has(name)


def decomposition_of(func: torch._ops.OpOverload) -> Callable[..., Any] | None:
    """torch's function that computes an operator by other operators, or None."""
    from torch._decomp import decomposition_table

    return decomposition_table.get(func) or (func.decompose if func._can_decompose() else None)


def writes(func: torch._ops.OpOverload) -> list[int | str]:
    """Which arguments an operator changes: their places, or the names of those that are keywords."""
    return [
        argument.name if argument.kwarg_only else i
        for i, argument in enumerate(func._schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]


def may_view(func: torch._ops.OpOverload) -> bool:
    """Whether a result may be a view of the first argument."""
    schema = func._schema
    return not schema.is_mutable and any(r.alias_info is not None for r in schema.returns)


def places_of(
    x: torch.Tensor, size: Sequence[int], stride: Sequence[int], offset: int | None = None
) -> np.ndarray | None:
    """The places, in a flattened tensor, of the entries that a strided view of its memory shows.

    None for a contiguous tensor at the start of its memory: there size, stride and offset alone give the places.

    Raises:
        Unsupported: the view shows memory outside of the tensor, or a size is free.
    """
    start = x.storage_offset()
    if x.is_contiguous() and start == 0:
        return None
    numbers = [*x.shape, *x.stride(), *size, *stride, 0 if offset is None else offset]
    if not isinstance(start, int) or not all(isinstance(n, int) for n in numbers):
        raise Unsupported("as_strided of a tensor with free sizes that isn't contiguous")
    tensor = flat_places(x.shape, x.stride(), start).ravel()
    view = flat_places(size, stride, start if offset is None else offset)
    where = np.full(max(tensor.max(initial=0), view.max(initial=0)) + 1, -1, np.int64)
    where[tensor] = np.arange(tensor.size)
    places = where[view]
    if (places < 0).any():
        raise Unsupported("as_strided to memory that the tensor doesn't show")
    return places
