"""Rematerialization and loops over functions that call modules."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import random, tracing
from purenn.layers.bound import Running, run_by, running
from purenn.variable import Variable

__all__ = ["remat", "scan"]


def remat(fn: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Wraps a function or module so that the backward pass computes its inner values again, to save memory.

    It is ``jax.checkpoint`` for functions that call modules: changes of buffers are handed on, and random numbers are
    the same in both passes. Outside of a pure call there is no backward pass, and ``fn`` is called directly.

    Args:
        fn: a module, or a function that may call modules.
        options: ``jax.checkpoint``'s, such as ``policy``.

    Source: ``jax.checkpoint``; ``torch.utils.checkpoint.checkpoint``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.norm = nn.BatchNorm1d(3)
        ...     def forward(self, x):
        ...         return nn.remat(self.norm)(x)
        >>> net = Net().compile()
        >>> net(jnp.ones((2, 3))).shape, int(net.norm.num_batches_tracked)
        ((2, 3), 1)
    """

    @functools.wraps(fn)
    def call(*args: object, **kwargs: object) -> Any:
        around = running()
        if around is None:
            return fn(*args, **kwargs)
        threaded = _Threaded(around)

        def run(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            with threaded.inside():
                return fn(*args, **kwargs), threaded.changed()

        output, changed = jax.checkpoint(run, **options)(args, kwargs)
        threaded.put(changed)
        return output

    return call


def scan(
    fn: Callable[..., Any],
    init: object,
    xs: object = None,
    length: int | None = None,
    *,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Calls ``fn(carry, x)`` over the leading axis of ``xs``, as one loop in the compiled program.

    It is ``jax.lax.scan`` for functions that call modules: buffers that change are carried from step to step, and each
    step draws its own random numbers. Outside of a pure call it is a loop in Python.

    Args:
        fn: a module, or a function that may call modules; it returns the next carry and an output.
        init: the first carry, a tree of arrays.
        xs: a tree of arrays with a common leading axis; None for none.
        length: the number of steps; needed without ``xs``.
        reverse: whether the steps go from the last to the first.
        unroll: the number of steps per iteration of the compiled loop.

    Returns:
        The last carry, and the outputs stacked.

    Source: ``jax.lax.scan``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> cell = nn.RNNCell(2, 3)
        >>> h, hs = nn.scan(lambda h, x: (cell(x, h),) * 2, jnp.zeros((1, 3)), jnp.ones((5, 1, 2)))
        >>> h.shape, hs.shape
        ((1, 3), (5, 1, 3))
    """
    around, steps = running(), length if length is not None else jax.tree.leaves(xs)[0].shape[0]
    if around is None:
        return _python_scan(fn, init, xs, steps, reverse)
    threaded = _Threaded(around)

    def run(carry: tuple[Any, list[Any]], x: tuple[Any, Any]) -> Any:
        carry, values = carry
        number, x = x
        with threaded.inside(values, number):
            carry, output = fn(carry, x)
            return (carry, threaded.values()), output

    numbers = jnp.arange(steps, dtype=jnp.uint32)
    (carry, values), outputs = lax.scan(
        run, (init, threaded.values()), (numbers, xs), length, reverse=reverse, unroll=unroll
    )
    threaded.put(dict(enumerate(values)))
    return carry, outputs


def _python_scan(fn: Callable[..., Any], init: object, xs: object, steps: int, reverse: bool) -> tuple[Any, Any]:
    carry, outputs = init, []
    for i in reversed(range(steps)) if reverse else range(steps):
        carry, output = fn(carry, jax.tree.map(lambda x, i=i: x[i], xs))
        outputs.append(output)
    outputs = outputs[::-1] if reverse else outputs
    return carry, jax.tree.map(lambda *parts: jnp.stack(parts), *outputs) if outputs else None


class _Threaded:
    """Passes the buffers and the stream of a pure call through a jax transformation inside of it."""

    def __init__(self, around: Running):
        self.parts, self.stream = around.parts, around.stream
        buffers = {v: None for part in self.parts for v in part._buffers.values() if v is not None}
        self.variables = list(buffers)

    def values(self) -> list[Any]:
        return [variable.value for variable in self.variables]

    def changed(self) -> dict[int, Any]:
        pairs = zip(self.values(), self._before, strict=True)
        return {i: new for i, (new, old) in enumerate(pairs) if new is not old}

    def put(self, values: dict[int, Any]) -> None:
        for i, value in values.items():
            self.variables[i].value = value

    @contextlib.contextmanager
    def inside(self, values: list[Any] | None = None, number: Any = None) -> Iterator[None]:
        """A context in which the parts of the call take changes from this trace; later they have their old values."""
        outer, self._before = self.values(), values or self.values()
        now, traces = tracing.current(), [part._made_in for part in self.parts]
        stream = self.stream if number is None or self.stream is None else _StepStream(self.stream, number)
        made_in = self.stream.made_in if self.stream is not None else None
        try:
            self.put(dict(enumerate(self._before)))
            for part in self.parts:
                vars(part).update(_made_in=now, _stream=stream)
            if self.stream is not None:
                self.stream.made_in = now
            with random.drawing_from(stream), run_by(Running(self.parts, stream)):
                yield
        finally:
            self.put(dict(enumerate(outer)))
            for part, trace in zip(self.parts, traces, strict=True):
                vars(part).update(_made_in=trace, _stream=self.stream)
            if self.stream is not None:
                self.stream.made_in = made_in


class _StepStream(random.Stream):
    """The keys of one step of a loop: the loop takes one key of the outer stream; each step folds its number in."""

    def __init__(self, outer: random.Stream, number: Any):
        self.outer, self.number = outer, number
        self.materialized, self.count, self._key = None, 0, None
        self.made_in = tracing.current()

    @property
    def key(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        if self._key is None:
            self._key = jax.random.fold_in(self.outer.next(), self.number)
        return self._key

    def next(self) -> Any:
        self.check()
        return jax.random.fold_in(self.key, self.reserve(Variable(None)))
