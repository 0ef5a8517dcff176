"""A jitted program that takes a random key only if it needs one, and whose changes are written in one step.

Modules (`purenn.nn.eager`), `Optimizer` and `nn.grad` run their calls by a `KeyedJit`. A trace reads its call from
`current_call`.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from purenn import random, tracing
from purenn.layers.observe import observers, unobserved
from purenn.lowering import compiler
from purenn.nn import access
from purenn.nn.arguments import Arguments
from purenn.nn.reach import Reach
from purenn.typing import Key
from purenn.variable import Variable

__all__ = ["Call", "KeyedJit", "NoCall", "current_call", "in_call"]


class Call(NamedTuple):
    """A call that runs: its reach, its arguments, and the `Programs` of which one serves it.

    ``facts()`` gives further facts for `purenn.nn.traces`.
    """

    reach: Reach
    arguments: Arguments
    programs: Any = None
    facts: Callable[[], dict[str, Any]] = dict


_call: contextvars.ContextVar[Call | None] = contextvars.ContextVar("purenn_call", default=None)


class NoCall(Exception):
    """Raised by a trace that a `FastPath` has started: only a whole call can be traced."""


def in_call() -> bool:
    """Whether a call runs, or an interrupt has left one behind."""
    return _call.get() is not None


def current_call() -> Call:
    """The call that is traced now."""
    if (call := _call.get()) is None:
        raise NoCall
    return call


class KeyedJit:
    """A jitted function that is given random keys only if its trace asks for one.

    ``run(stream, *inputs)`` is traced with a stream of keys. It starts from the caller's key, or from the next key of a
    generator, which is passed as the generator's words and a count. Profiles show the function as ``name``.
    """

    def __init__(self, run: Callable[..., Any], name: str, donate: tuple[int, ...] = ()):
        self.needs_key = False

        def keyed(key: jax.Array, count: jax.Array | None, *inputs: object) -> Any:
            if count is not None:
                key = jax.random.fold_in(random.as_key(key) if key.dtype == np.uint32 else key, count)
            return run(random.Stream(key), *inputs)

        for function in (run, keyed):
            function.__name__ = function.__qualname__ = name
        self.plain = compiler.jit(functools.partial(run, random.NoKeys()), donate_argnums=donate)
        self.keyed = compiler.jit(keyed, donate_argnums=tuple(2 + i for i in donate))

    def __call__(
        self,
        call: Call,
        key: Key | None,
        finish: Callable[[Any], tuple[Any, list[Variable], list[Any]]],
        *inputs: object,
    ) -> Any:
        """Runs the program and writes all changes, or none if it raises.

        Args:
            call: the call, for a trace.
            key: the caller's key, or None for the next key of the generator around.
            finish: maps the output of the program to the result of the call, the variables that changed, and their
                new values.
            inputs: the inputs of the program.
        """
        generator, ticket = random.around() or random.default_generator(), Variable(None)
        outer = None if tracing.current() == tracing.NO_TRACE else _call.get()  # an interrupt may have left one behind
        try:
            _call.set(call)
            output = None
            if not self.needs_key and observers():  # observers must see one trace, and none that ends midway
                with unobserved(), contextlib.suppress(random.NeedsKey):
                    self.needs_key = True
                    jax.eval_shape(self.plain.chosen(), *inputs)
                    self.needs_key = False
            if not self.needs_key:
                try:
                    output = self.plain.chosen()(*inputs)
                except random.NeedsKey:
                    self.needs_key = True
            if self.needs_key:
                output = self.keyed.chosen()(*_key_and_count(key, generator, ticket), *inputs)
            result, variables, values = finish(output)
            access.write([*variables, ticket], [*values, None])
            return result
        except BaseException:
            generator.restore(ticket)
            raise
        finally:
            _call.set(outer)


def _key_and_count(key: Key | None, generator: random.Stream, ticket: Variable) -> tuple[Any, Any]:
    """The caller's key and None, or a generator's words and the count of its next key."""
    if key is not None:
        return key, None
    generator.check()
    count = np.uint32(generator.reserve(ticket))
    words = generator.key
    if isinstance(words, np.ndarray) and tracing.current() == tracing.NO_TRACE:
        words, count = jax.device_put((words, count))  # explicitly: a transfer guard refuses implicit transfers
    return words, count
