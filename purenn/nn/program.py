"""Compiled calls: which program serves a call, and how it is traced.

A module (`purenn.nn.eager`), an `Optimizer` or a function of `nn.grad` has its `Programs`. A call looks at all that it
depends on (`purenn.nn.reach`), takes the program for these facts or traces one, runs it on the present arrays, and
writes all changes in one step at its end.
"""

from __future__ import annotations

import pickle
import random as python_random
import types
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import jax
import numpy as np

from purenn import random
from purenn.nn.arguments import Arguments, unchanged
from purenn.nn.copies import Copies, inside
from purenn.nn.keyed_jit import KeyedJit, current_call
from purenn.nn.reach import Reach, text
from purenn.nn.structure import Hashed, Structure
from purenn.nn.traces import Shape, Traces, differences, note_trace
from purenn.nn.unsteady import refusing
from purenn.nn.values import left_out_of_caches
from purenn.nn.walk import find_reach
from purenn.warn import warn_user

__all__ = ["Programs", "traced"]


_NEEDS_VALUE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)
_VALUES = (
    "purenn: inside of a compiled call or step an array has no value yet, so that Python can't branch on it, print it "
    "or convert it (if, float, .item(), numpy): use jnp.where or jax.lax.cond, jax.debug.print, or return it (a step "
    "does with has_aux=True)."
)
_MAX_PROGRAMS = 64
_MAX_SHARED_PROGRAMS = 4096


class Programs:
    """The programs of one module, optimizer or function.

    Args:
        name: the name of the programs in profiles and messages.
        cache: the programs, if they are shared with others.
    """

    def __init__(self, name: str, cache: OrderedDict[Hashable, KeyedJit] | None = None):
        self.name = name
        self.names: set[str] = set()
        self._last: Reach | None = None
        self._programs = OrderedDict[Hashable, KeyedJit]() if cache is None else cache
        self._most = _MAX_PROGRAMS if cache is None else _MAX_SHARED_PROGRAMS
        self.traces = Traces()
        self._history: dict[Hashable, list[dict[str, Any]]] = {}
        self._told = False

    def look(self, modules: list[tuple[str, Any]], others: list[tuple[str, Any]], lift: bool = True) -> Reach:
        """The reach of a call: the last one if it holds. Modules are walked again only if something in them changed."""
        last = self._last
        if last is not None and last.lift == lift:
            roots = (last.base.roots, last.roots) if last.base is not None else (last.roots, [])
            if _same(roots[0], modules) and _same(roots[1], others) and last.holds():
                return last
        base = self._last and (self._last.base or self._last)
        if base is None or base.lift != lift or not _same(base.roots, modules) or not base.holds():
            base = find_reach(modules, self.names, lift=lift)
        self._last = find_reach(others, self.names, lift=lift, base=base) if others else base
        return self._last

    def call(
        self,
        modules: list[tuple[str, Any]],
        others: list[tuple[str, Any]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        run: Callable[[Reach, Arguments], Any],
    ) -> Any:
        """Calls ``run``; if Python asks for a value, again, with floats and arrays that are no arguments as facts."""
        lift = True
        while True:
            arguments = Arguments(args, kwargs, lift)
            reach = self.look(modules, [*others, *arguments.objects], lift)
            try:
                return run(reach, arguments)
            except (*_NEEDS_VALUE, TypeError) as error:
                if not isinstance(error, _NEEDS_VALUE) and "concrete value" not in str(error):
                    raise
                if not lift or not (reach.arrays or Arguments(args, kwargs, False).key != arguments.key):
                    error.add_note(_VALUES)
                    raise
                lift = False

    def program(self, reach: Reach, arguments: Arguments, options: Hashable, make: Callable[[], KeyedJit]) -> KeyedJit:
        """The program for the facts of a call; ``make`` makes it if there is none."""
        key = reach.key, arguments.key, options
        program = self._programs.get(key)
        if program is None:
            self._tell(reach, arguments, options)
            program = self._programs[key] = make()
            if len(self._programs) > self._most:
                self._programs.popitem(last=False)
        return program

    def _tell(self, reach: Reach, arguments: Arguments, options: Hashable) -> None:
        """Warns, once, when the same modules and arguments of the same shapes are compiled for the third time."""
        trees = tuple((*((type(p), p.training) for p in known.parts.values()),) for known in _structures(reach))
        codes = tuple(fact for fact in reach.facts if isinstance(fact, types.CodeType))
        shapes = options, trees, codes, tuple(map(Shape.of, arguments.inputs))
        if len(self._history) > _MAX_PROGRAMS:
            self._history.clear()
        before = self._history.setdefault(shapes, [])
        before[:] = [*before[-2:], {**_facts_of(reach), **dict(arguments.facts)}]
        if len(before) == 3 and not self._told:
            self._told = True
            new = differences(*before[1:]) or ["which functions or objects are reached, and in what order"]
            warn_user(
                f"{self.name} is compiled for the third time for arguments of the same shapes. New this time: "
                f"{new[0]}. A number that changes in every call is better given as an array, as an argument or in a "
                "buffer."
            )


def _structures(reach: Reach) -> list[Structure]:
    return [*(_structures(reach.base) if reach.base else ()), *reach.structures]


def _facts_of(reach: Reach) -> dict[str, Any]:
    """The facts of a reach and the layers of its modules, by words for them."""
    facts = _facts_of(reach.base) if reach.base else {}
    facts |= {text(path): fact for path, fact in zip(reach.paths, reach.facts, strict=True)}
    layers = {path or "the module": part._layer for known in _structures(reach) for path, part in known.parts.items()}
    return {name: fact for name, fact in facts.items() if not isinstance(fact, Hashed)} | layers


def _modes(reach: Reach) -> dict[str, Any]:
    """The modes of modules, and of parts that have another mode than the whole, by their names."""
    modes: dict[str, Any] = {}
    for known in _structures(reach):
        whole = known.parts[""].training
        modes["the module.training"] = whole
        modes |= {f"{path}.training": p.training for path, p in known.parts.items() if p.training != whole}
    return modes


def _shapes(reach: Reach) -> dict[str, Any]:
    """The shapes of the arrays of modules and functions, by their names."""
    known = [
        (name, v.value) for each in _structures(reach) for name, v in (*each.parameters.items(), *each.buffers.items())
    ]
    known += [(text(reach.path_of(array) or ()), array) for array in reach.arrays]
    return {name: Shape.of(array) for name, array in known}


def _same(a: list[tuple[str, Any]], b: list[tuple[str, Any]]) -> bool:
    return len(a) == len(b) and all(x is y for (_, x), (_, y) in zip(a, b, strict=True))


# Tracing a program.


def traced(
    stream: random.Stream,
    values: list[Any],
    arrays: list[Any],
    inputs: list[Any],
    training: bool | None,
    body: Callable[..., Any],
) -> tuple[Any, dict[int, Any]]:
    """Traces a call on copies of all that it can reach.

    Args:
        stream: the source of random keys.
        values: the arrays in place of those in ``reach.variables``.
        arrays: the arrays in place of ``reach.arrays``.
        inputs: the arrays in place of ``arguments.inputs``.
        training: the mode of all modules; None keeps the mode of each.
        body: is called with the copies, the arguments and the keywords.

    Returns:
        The result of ``body``, and the new values of variables by their numbers.
    """
    call = current_call()
    reach, arguments = call.reach, call.arguments
    if call.programs is not None:
        modes = {"training": training} if training is not None else _modes(reach)
        note_trace(call.programs.traces, call.programs.name, call, {**_facts_of(reach), **modes, **_shapes(reach)})
    variables = reach.variables
    copies = Copies(reach, arrays, dict(zip(variables, values, strict=True)), training, stream)
    args, kwargs = arguments.of(inputs, copies)
    check_arguments, check_generators = unchanged(args, kwargs), _generators_unchanged(reach)
    with inside(copies), refusing(reach.unsteady), left_out_of_caches(reach.caches):
        result = body(copies, args, kwargs)
    copies.check()
    check_arguments()
    check_generators()
    changed = copies.changed()
    return result, {i: changed[variable] for i, variable in enumerate(variables) if variable in changed}


def _generators_unchanged(reach: Reach) -> Callable[[], None]:
    """A check, for after a trace, that no generator of Python or numpy was used: its numbers would be constants."""

    def states() -> list[tuple[str, bytes]]:
        shared = [("numpy's global generator", np.random.get_state()), ("the module random", python_random.getstate())]
        reached = [(text(path), _state(generator)) for path, generator in reach.generators]
        return [(name, pickle.dumps(state)) for name, state in shared + reached]

    before = states()

    def check() -> None:
        for (name, old), (_, new) in zip(before, states(), strict=True):
            if old != new:
                raise RuntimeError(
                    f"random numbers are drawn from {name} inside a compiled call, where they would be the same in "
                    "every call: draw them before the call and give them as an argument, or use jax.random with a key "
                    "that a module gives, net.make_rng()"
                )

    return check


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.get_state() if isinstance(generator, np.random.RandomState) else generator.getstate()
