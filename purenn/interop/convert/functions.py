"""``torch.autograd.Function``s, whose backward pass is Python code of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.autograd import Function

__all__ = ["Context", "forward_of", "intercepted"]


class Context:
    """The ``ctx`` of a function's forward and backward."""

    def __init__(self, needs_input_grad: tuple[bool, ...]):
        self.needs_input_grad = needs_input_grad
        self.saved: tuple[torch.Tensor | None, ...] = ()
        self.plain: tuple[torch.Tensor, ...] = ()  # results without a gradient
        self.materialize_grads = True

    @property
    def saved_tensors(self) -> tuple[torch.Tensor | None, ...]:
        return self.saved

    def save_for_backward(self, *tensors: torch.Tensor | None) -> None:
        self.saved = tensors

    def save_for_forward(self, *tensors: torch.Tensor | None) -> None:
        pass

    def mark_non_differentiable(self, *tensors: torch.Tensor) -> None:
        self.plain = tensors

    def mark_dirty(self, *tensors: torch.Tensor) -> None:
        pass

    def set_materialize_grads(self, value: bool) -> None:
        self.materialize_grads = value


def forward_of(cls: type[Function], ctx: Context, args: tuple[object, ...]) -> Any:
    """Runs a function's forward, in either of torch's two forms."""
    if cls.setup_context is not Function.setup_context:
        output = cls.forward(*args)
        cls.setup_context(ctx, args, output)
        return output
    return cls.forward(ctx, *args)


@contextlib.contextmanager
def intercepted(handle: Callable[[type[Function], tuple[Any, ...]], Any]) -> Iterator[None]:
    """Inside, ``apply`` of every function is ``handle(class, arguments)``; checkpoints just run what they wrap."""
    base: Any = torch.autograd.function._SingleLevelFunction  # every ``apply`` ends in it, whatever name it was kept by

    def apply(cls: type[Function], *args: Any, **kwargs: object) -> Any:
        if cls.__module__ == "torch.utils.checkpoint":
            return args[0](*args[2:])
        if cls.__module__.startswith("torch."):  # those of torch's own control flow
            return super(base, cls).apply(*args, **kwargs)
        return handle(cls, args)

    base.apply = classmethod(apply)
    try:
        yield
    finally:
        del base.apply
