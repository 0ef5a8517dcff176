"""Forward, inverse and checks of a list of parametrizations, a bound layer or a module.

`purenn.utils.parametrization_list` calls them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import jax

from purenn.layers.bound import Bound
from purenn.typing import DTypeLike
from purenn.variable import values_of

__all__ = ["check_safe", "check_unchanged", "evaluate", "inverted", "originals_of"]


def originals_of(m: Bound) -> dict[str, Any]:
    """The arrays from which the first parametrization of a list starts."""
    return {n: getattr(m, n) for group in (m._parameters, m._buffers) for n in values_of(group)}


def evaluate(m: Bound) -> Any:
    """The array that a list of parametrizations computes."""
    first, *rest = m._modules.values()
    x = first(*originals_of(m).values())
    for parametrization in rest:
        x = parametrization(x)
    return x


def _named(value: Any, dtype: DTypeLike) -> dict[str, Any]:
    """The arrays that ``right_inverse`` returned, under torch's names."""
    if not isinstance(value, Sequence):
        if not hasattr(value, "dtype"):
            raise ValueError(f"right_inverse must give an array or a sequence of arrays, got {type(value).__name__}")
        if value.dtype != dtype:
            raise ValueError(f"right_inverse may not change the dtype {dtype} of one array, got {value.dtype}")
        return {"original": value}
    for i, part in enumerate(value):
        if not hasattr(part, "dtype"):
            raise ValueError(f"right_inverse must give arrays, got {type(part).__name__} as element {i}")
    return {f"original{i}": part for i, part in enumerate(value)}


def inverted(parametrizations: Sequence[Any], x: jax.Array, *, all_must: bool = False) -> dict[str, Any]:
    """The arrays from which parametrizations compute ``x``.

    Args:
        parametrizations: the parametrizations in order.
        x: the array.
        all_must: whether a parametrization without ``right_inverse`` is an error; else it counts as the identity.
    """
    value: Any = x
    for parametrization in reversed(parametrizations):
        if hasattr(parametrization, "right_inverse"):
            try:
                value = parametrization.right_inverse(value)
            except NotImplementedError:
                if all_must:
                    raise
        elif all_must:
            raise RuntimeError(f"parametrization {parametrization!r} does not implement right_inverse.")
    return _named(value, x.dtype)


def check_unchanged(before: object, after: object, what: str = "a parametrization") -> None:
    """Checks that an array has the dtype and shape of another."""
    if not hasattr(after, "dtype"):
        raise ValueError(f"{what} must give an array, got {type(after).__name__}")
    for fact in ("dtype", "shape"):
        was, now = getattr(before, fact), getattr(after, fact)
        if was != now:
            raise ValueError(f"{what} may not change the {fact} of the array without unsafe=True: from {was} to {now}")


def check_safe(parametrization: Any, x: jax.Array) -> None:
    """Checks that a parametrization on top of others, and its inverse, keep the dtype and shape of an array."""
    y = parametrization(x)
    check_unchanged(x, y)
    if hasattr(parametrization, "right_inverse"):
        with contextlib.suppress(NotImplementedError):
            check_unchanged(x, parametrization.right_inverse(y), "right_inverse")
