"""Runs an eager call of a public function as one compiled program; a call inside a trace stays a plain call.

Run operation by operation, a loss is twenty programs of one operation each. An eager call runs one program instead,
which it shares with all calls that differ in arrays only. A call stays plain if it needs the values of its arrays
(``F.unique``), draws from the stream of the module around it, warns, or returns anything but arrays; or if it fails, so
that the function itself raises the error.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import jax
import numpy as np

from purenn import random, tracing, value_checks
from purenn.lowering import compiler
from purenn.sharding import has_explicit_axes, over_explicit_axes

__all__ = ["called"]

F = TypeVar("F", bound=Callable[..., Any])
Program = Callable[..., tuple[Any, value_checks.Checks]]

_CONSTANTS = frozenset({bool, int, complex, str})
MAX_PROGRAMS = 512  # per function; then all are dropped
MAX_NUMBERS = 16  # programs that differ in numbers only: a number that always changes would compile in every call


def called(function: F) -> F:
    """Makes a function run as one program when it is called eagerly."""
    programs = _Programs(function)

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> Any:
        if has_explicit_axes():
            return over_explicit_axes(function, args, kwargs)
        if tracing.current() != tracing.NO_TRACE or jax.config.jax_disable_jit:  # pyright: ignore[reportAttributeAccessIssue]
            return function(*args, **kwargs)
        return programs.run(args, kwargs)

    return call  # pyright: ignore[reportReturnType]


class _Programs:
    """The programs of one function, one for each combination of the arguments that are no arrays."""

    def __init__(self, function: Callable[..., Any]):
        self.function = function
        self.programs: dict[Hashable, Program | None] = {}  # None: call the function itself
        self.numbers = Counter[Hashable]()

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        leaves, tree = jax.tree.flatten((args, kwargs))
        arrays, constants = [], []
        for leaf in leaves:
            kind = type(leaf)
            if kind in _CONSTANTS:
                constants.append((kind, leaf))
            elif kind is float:
                constants.append((kind, repr(leaf)))  # 0.0 and -0.0 are equal
            elif isinstance(leaf, jax.Array) or kind is np.ndarray:
                arrays.append(leaf)
                constants.append(None)
            elif isinstance(leaf, type | np.dtype):
                constants.append((kind, leaf))
            else:
                return self.function(*args, **kwargs)
        key = tree, tuple(constants)
        try:
            program = self.programs[key]
        except KeyError:
            program = self.programs[key] = self.new_program(key, leaves) if arrays else None
        if program is None:
            return self.function(*args, **kwargs)
        output = _tried(program, arrays)
        if output is None:
            result = self.function(*args, **kwargs)
            self.programs[key] = None
            return result
        result, checks = output
        if checks.rules:
            checks.make(arrays)
        return result

    def new_program(self, key: tuple[Any, tuple[Any, ...]], leaves: list[Any]) -> Program | None:
        tree, constants = key
        if len(self.programs) >= MAX_PROGRAMS:
            self.programs.clear()
            self.numbers.clear()
        alike = tree, tuple(c[0] if c and c[0] in (int, float, complex) else c for c in constants)
        self.numbers[alike] += 1
        if self.numbers[alike] > MAX_NUMBERS:
            return None
        constant_leaves = [None if constant is None else leaf for constant, leaf in zip(constants, leaves, strict=True)]
        places = [i for i, constant in enumerate(constants) if constant is None]

        def run(*arrays: jax.Array) -> tuple[Any, value_checks.Checks]:
            filled = list(constant_leaves)
            for place, array in zip(places, arrays, strict=True):
                filled[place] = array
            args, kwargs = jax.tree.unflatten(tree, filled)
            keys = random.NoKeys() if random.around() is not None else None
            with tracing.eager_program(), random.drawing_from(keys), value_checks.collected() as rules:
                result = self.function(*args, **kwargs)
            checks = rules.about(arrays)
            if len(checks.rules) < len(rules) or not all(isinstance(x, jax.Array) for x in jax.tree.leaves(result)):
                raise tracing.NotInProgram
            return result, checks

        run.__name__ = run.__qualname__ = self.function.__name__
        return compiler.jit(run).chosen()


def _tried(program: Program, arrays: list[Any]) -> tuple[Any, value_checks.Checks] | None:
    """Runs a program; None if it fails. The plain call then raises the right error, or succeeds."""
    try:
        return program(*arrays)
    except Exception:
        return None
