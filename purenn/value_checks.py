"""Checks of values, such as labels out of range, which a compiled program can't refuse.

Where an array is known, `require` looks at it. Inside a program there is nothing to look at: the result is NaN, unless
whoever runs the program has `collected` the checks of its inputs and makes them when it is called.
"""

from __future__ import annotations

import contextvars
import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from purenn import check, tracing
from purenn.context import setting

__all__ = ["Ascending", "Checks", "Total", "Within", "collected", "known", "require"]


def known(x: object) -> np.ndarray | None:
    """The values of an array where they are known: not inside a trace, nor on another host's devices.

    Raises:
        NotInProgram: an eager call is traced, which has values: it is not to be served by a program.
    """
    if isinstance(x, Tracer):
        tracing.not_in_program()
    return _known(x)


def _known(x: object) -> np.ndarray | None:
    if isinstance(x, Tracer) or (isinstance(x, jax.Array) and not x.is_fully_addressable):
        return None
    return np.asarray(jax.device_get(x))


@dataclasses.dataclass(frozen=True)
class Within:
    """All values are from ``least`` to ``most``, or ``besides``; ``nan`` says whether NaN passes."""

    where: str
    argument: str
    least: float
    most: float
    besides: int | None = None
    nan: bool = False
    error: type[Exception] = IndexError

    def refuse(self, values: np.ndarray) -> None:
        if values.size and not (values.min() >= self.least and values.max() <= self.most):
            outside = values[~((values >= self.least) & (values <= self.most))]
            if self.nan:
                outside = outside[outside == outside]
            if self.besides is not None:
                outside = outside[outside != self.besides]
            if outside.size:
                besides = "" if self.besides is None or self.besides >= self.least else f" or {self.besides}"
                most = (
                    f"be at least {self.least}" if self.most == float("inf") else f"be from {self.least} to {self.most}"
                )
                check.fail(self.where, self.argument, most + besides, outside.flat[0], self.error)


@dataclasses.dataclass(frozen=True)
class Ascending:
    """The values start at 0, never fall, and end at ``most`` or before."""

    where: str
    argument: str
    most: int

    def refuse(self, values: np.ndarray) -> None:
        if values.size and (values[0] != 0 or (np.diff(values) < 0).any() or values[-1] > self.most):
            check.fail(self.where, self.argument, f"begin with 0 and ascend, to at most {self.most}", values.tolist())


@dataclasses.dataclass(frozen=True)
class Total:
    """The values' sum is ``total``, the length of another argument."""

    where: str
    argument: str
    total: int
    longer: str

    def refuse(self, values: np.ndarray) -> None:
        if values.sum() != self.total:
            check.fail(self.where, self.argument, f"have sum {self.total}, the length of {self.longer}", values.sum())


Rule = Within | Ascending | Total


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Checks:
    """Rules for inputs of a program, by their numbers; a static part of what the program returns."""

    rules: tuple[tuple[int, Rule], ...]

    def make(self, inputs: Sequence[Any]) -> None:
        for i, rule in self.rules:
            if (values := _known(inputs[i])) is not None:
                rule.refuse(values)


_collected: contextvars.ContextVar[list[tuple[Any, Rule]] | None] = contextvars.ContextVar(
    "purenn_checks", default=None
)


def require(x: object, rule: Rule) -> None:
    """Refuses an array whose values break a rule, now or when they are known."""
    if (values := _known(x)) is not None:
        rule.refuse(values)
    elif (rules := _collected.get()) is not None:
        rules.append((x, rule))


class Collection(list[tuple[Any, Rule]]):
    """The rules that a trace has come upon, with the arrays that they are about."""

    def about(self, inputs: Sequence[Any]) -> Checks:
        """Those about inputs of the program."""
        return Checks(tuple((i, rule) for x, rule in self for i, array in enumerate(inputs) if x is array))


def collected() -> setting[Any]:
    """Inside, rules about traced arrays are collected."""
    return setting(_collected, Collection())
