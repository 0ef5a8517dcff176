"""Variables, which hold the arrays of layers and modules."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Variable", "noted_flag", "swap", "value_of", "values_of", "variables_of"]


class Variable:
    """A place that holds an array.

    Parameters and buffers of a bound layer are variables by name. A tied parameter is one variable under several
    names; copies, pickles and casts keep it as one.

    Attributes:
        value: the array.
        requires_grad: whether an optimizer trains it. A value that a user has set on the array itself, as in
            ``net.weight.requires_grad = False``, takes precedence.
    """

    __slots__ = ("__weakref__", "_requires_grad", "value")

    value: Any

    def __init__(self, value: object, requires_grad: bool = True):
        self.value = value
        self._requires_grad = requires_grad

    @property
    def requires_grad(self) -> bool:
        return (getattr(self.value, "__dict__", None) or {}).get("requires_grad", self._requires_grad)

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self._requires_grad = requires_grad
        if attributes := getattr(self.value, "__dict__", None):
            attributes["requires_grad"] = requires_grad

    def __reduce__(self) -> Any:
        return Variable, (self.value, self.requires_grad)

    def __repr__(self) -> str:
        return f"Variable({self.value!r}, requires_grad={self.requires_grad})"


value_of = operator.attrgetter("value")
noted_flag = operator.attrgetter("_requires_grad")  # `requires_grad` after `access.note_requests`, in one loop of C
_set_value: Any = vars(Variable)["value"].__set__


def values_of(variables: Mapping[str, Variable | None]) -> dict[str, Any]:
    """The arrays of variables by name; names without an array are left out."""
    return {name: variable.value for name, variable in variables.items() if variable is not None}


def variables_of(arrays: Mapping[str, Any], names: Iterable[str]) -> dict[str, Variable | None]:
    """A variable for each name that has an array, and None for each that has none."""
    by_name = {name: arrays.get(name) for name in names}
    return {name: None if array is None else Variable(array) for name, array in by_name.items()}


def swap(variables: list[Variable], values: list[Any]) -> None:
    """Puts new values into variables, all of them at once.

    The loop runs in C, so neither another thread nor an interrupt comes in between. The old values are kept until it
    ends, since freeing an array may let another thread run.
    """
    old = list(map(value_of, variables))
    deque(map(_set_value, variables, values), 0)
    del old
