"""The state that a call of a torch module may change: modes, buffers, arguments, and random numbers of the process.

`conversion` runs a module several times. With these functions each run begins in the same state, and none changes it.
"""

from __future__ import annotations

import contextlib
import random as python_random
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import torch
from torch.utils import _pytree as pytree

__all__ = ["as_it_was", "copied", "notes_of_draws", "python_draws"]


T = TypeVar("T")


def copied(value: T) -> T:
    """Arguments with tensors of their own, so that a module may write to them."""
    return pytree.tree_map_only(torch.Tensor, lambda x: x.detach().clone(), value)


def python_draws() -> tuple[Any, ...]:
    """The states of the random generators of Python and numpy."""
    return python_random.getstate(), [x.tolist() if isinstance(x, np.ndarray) else x for x in np.random.get_state()]


def notes_of_draws(before: tuple[Any, ...]) -> tuple[str, ...]:
    """One note per generator that was drawn from: its numbers are constants of the graph."""
    now = python_draws()
    return tuple(
        f"the random numbers that its code draws from {name} are those of the conversion"
        for name, a, b in zip(("random", "numpy"), before, now, strict=True)
        if a != b
    )


@contextlib.contextmanager
def as_it_was(module: torch.nn.Module, training: bool) -> Iterator[Callable[[], None]]:
    """Inside, the module is in a mode; afterwards its modes, buffers and all random numbers are as they were.

    Yields a function that puts the buffers back at once.
    """
    modes = [(part, part.training) for part in module.modules()]
    buffers = [
        (part, n, b, None if b is None else b.detach().clone())
        for part in module.modules()
        for n, b in part._buffers.items()
    ]
    states = torch.get_rng_state(), python_random.getstate(), np.random.get_state()

    def again() -> None:
        for part, name, buffer, value in buffers:
            part._buffers[name] = buffer
            if buffer is not None and value is not None:
                with torch.no_grad():
                    buffer.copy_(value)

    try:
        module.train(training)
        with torch.enable_grad():
            yield again
    finally:
        again()
        for part, mode in modes:
            part.training = mode
        torch.set_rng_state(states[0])
        python_random.setstate(states[1])
        np.random.set_state(states[2])
