"""Layers that are their function: the signature and the documentation are the function's own."""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from purenn.layers.base import Constant, Layer, Spec

__all__ = ["Functional", "from_function"]

_NOT_FIELDS = {"training", "rng", "_stacklevel", "dtype"}


class Functional(Layer):
    """The base of layers that are generated from a function."""

    def buffers(self) -> Mapping[str, Spec | None]:
        """Arrays among the hyper-parameters, such as the class weights of a loss."""
        weight = getattr(self, "weight", None)
        return {"weight": weight.spec() if isinstance(weight, Constant) else None} if hasattr(self, "weight") else {}

    def extra_repr(self) -> str:
        shown = {n: v for n, v in self.hyperparameters().items() if n != "inplace" or v}
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


def from_function(
    name: str,
    function: Callable[..., Any],
    *,
    inputs: int = 1,
    fields: str | None = None,
    base: type[Functional] = Functional,
    example: str = "",
) -> type[Any]:
    """A class of layers whose hyper-parameters are a function's arguments behind its inputs.

    Args:
        name: the class's.
        function: a function of `purenn.functional`.
        inputs: how many arguments come from the call.
        fields: which arguments are the constructor's, in its order, where that isn't simply all of them.
        base: a class with what the function doesn't say.
        example: a call of the constructor for the documentation.
    """
    arguments = dict(list(inspect.signature(function).parameters.items())[inputs:])
    names = fields.split() if fields else [n for n in arguments if n not in _NOT_FIELDS]
    namespace = {n: arguments[n].default for n in names if arguments[n].default is not inspect.Parameter.empty}
    namespace |= {
        "__annotations__": {n: arguments[n].annotation for n in names},
        "__doc__": _documentation(name, function, names, example or f"{name}()"),
        "__module__": sys._getframe(1).f_globals["__name__"],
    }
    given = tuple(inspect.signature(function).parameters)[:inputs]
    return types.new_class(name, (base,), {"function": function, "inputs": given}, lambda body: body.update(namespace))


def _documentation(name: str, function: Callable[..., Any], fields: list[str], example: str) -> str:
    """The function's words on what it computes and on the arguments that became hyper-parameters."""
    text = inspect.cleandoc(function.__doc__ or "")
    head, _, rest = text.partition("\nArgs:\n")
    arguments = re.split(r"\n(?=\S)", rest)[0] if rest else ""
    entries = re.split(r"\n(?= {4}\w)", "\n" + arguments)
    kept = [
        entry.rstrip() for entry in entries if re.match(r" {4}(\w+)", entry) and entry.split(":")[0].strip() in fields
    ]
    parts = [head.strip(), f"As a layer: `purenn.functional.{function.__name__}` with these arguments fixed."]
    if kept:
        parts.append("Args:\n" + "\n".join(kept))
    parts.append(f"Source: ``torch.nn.{name}``.")
    parts.append(f"Example:\n    >>> from purenn import layers\n    >>> layer = layers.{example}")
    return "\n\n".join(parts) + "\n"
