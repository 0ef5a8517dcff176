"""Checks of values, such as labels out of range, which a compiled program can't refuse.

`require` checks an array whose values are known. Inside a program they aren't, and the result is NaN, unless the caller
of the program has `collected` the checks of its inputs and makes them in each call.
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
    """The values of an array, or None inside a trace or on the devices of another host.

    Raises:
        NotInProgram: the program of an eager call is traced; the call itself has values and must run without it.
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
    """All values are from ``least`` to ``most``, or equal to ``besides``; with ``nan`` NaN passes."""

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
    """The values start at 0, don't decrease, and end at ``most`` or less."""

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
    """Rules for the inputs of a program, by their numbers; a static part of the program's output."""

    rules: tuple[tuple[int, Rule], ...]

    def make(self, inputs: Sequence[Any]) -> None:
        for i, rule in self.rules:
            if (values := _known(inputs[i])) is not None:
                rule.refuse(values)


_collected: contextvars.ContextVar[list[tuple[Any, Rule]] | None] = contextvars.ContextVar(
    "purenn_checks", default=None
)


def require(x: object, rule: Rule) -> None:
    """Refuses an array whose values break a rule; inside a trace the rule is collected."""
    if (values := _known(x)) is not None:
        rule.refuse(values)
    elif (rules := _collected.get()) is not None:
        rules.append((x, rule))


class Collection(list[tuple[Any, Rule]]):
    """The rules that a trace has required, with their arrays."""

    def about(self, inputs: Sequence[Any]) -> Checks:
        """The rules about inputs of the program."""
        return Checks(tuple((i, rule) for x, rule in self for i, array in enumerate(inputs) if x is array))


def collected() -> setting[Any]:
    """A context in which rules about traced arrays are collected."""
    return setting(_collected, Collection())
