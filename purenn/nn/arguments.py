"""The arguments of a compiled call: which are inputs of its program, and which are facts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

from purenn.nn.copies import Copies, refuse_change
from purenn.nn.structure import Hashed
from purenn.nn.trees import FACTS, Fact, is_array, map_leaves, rebuild
from purenn.nn.values import is_namespace

__all__ = ["Arguments"]


class Arguments:
    """Sorts arguments: arrays and floats are inputs; integers, booleans and strings facts; all others are followed.

    Args:
        args, kwargs: the arguments of a call.
        lift: whether floats are inputs; else they are facts too.

    Attributes:
        inputs: the arrays, each once, and the floats.
        key: the facts and the form of the arguments, on which the program depends.
        facts: the facts with their names in messages.
        objects: the arguments that are followed, with such names.
    """

    __slots__ = ("_form", "facts", "inputs", "key", "objects")

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any], lift: bool = True):
        if not kwargs and all(isinstance(value, jax.Array) for value in args) and len({*map(id, args)}) == len(args):
            self.inputs, self.facts, self.objects = [*args], [], []
            self._form, self.key = _of_arrays(len(args))
            return
        self.inputs: list[Any] = []
        self.facts: list[tuple[str, Any]] = []
        self.objects: list[tuple[str, Any]] = []
        seen: dict[int, int] = {}

        def leaf(value: Any, where: str) -> Any:
            kind = type(value)
            if isinstance(value, jax.Array):  # one array in two places is one input
                place = seen.setdefault(id(value), len(self.inputs))
                if place == len(self.inputs):
                    self.inputs.append(value)
                return place
            if is_array(value) or (lift and kind in (float, complex)):
                self.inputs.append(value)
                return len(self.inputs) - 1
            if kind in FACTS:
                fact = Fact(value)
                self.facts.append((_name(value, where), fact.fact))
                return fact
            self.objects.append((_name(value, where), value))
            return -len(self.objects)

        self._form = map_leaves((args, kwargs), leaf)
        self.key = Hashed(self._form)

    def of(self, inputs: list[Any], copies: Copies | None) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with these inputs, and with copies of the objects that are followed."""

        def leaf(place: Any) -> Any:
            if isinstance(place, Fact):
                return place.value
            if place >= 0:
                return inputs[place]
            value = self.objects[-1 - place][1]
            return value if copies is None else copies.of(value)

        return rebuild(self._form, leaf)


@functools.cache
def _of_arrays(count: int) -> tuple[Any, Hashed]:
    """The form and the key of positional arguments that are different arrays: most calls have no others."""
    form = tuple, ((tuple, tuple(range(count))), (dict, (), ()))
    return form, Hashed(form)


def unchanged(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], None]:
    """A check, for after the call, that lists and dicts among its arguments are unchanged."""

    def look() -> tuple[Any, list[Any]]:
        leaves: list[Any] = []
        return map_leaves((args, kwargs), lambda value, where: leaves.append(value)), leaves

    form, leaves = look()

    def check() -> None:
        form_after, after = look()
        if form_after != form or any(a is not b for a, b in zip(after, leaves, strict=True)):
            refuse_change("a list or dict among the arguments")

    return check


def _name(value: object, where: str) -> str:
    kind = type(value)
    name = f"argument {where.partition(']')[2] or '()'}"
    if kind.__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        raise TypeError(f"{name} is a torch {kind.__name__}: convert it, jnp.asarray(tensor.detach().numpy())")
    if is_namespace(kind):
        raise TypeError(
            f"{name} is a {kind.__name__}, which is neither an array nor a tree of arrays: give a dict, a tuple or a "
            "dataclass instead, such as vars(namespace)"
        )
    return name
