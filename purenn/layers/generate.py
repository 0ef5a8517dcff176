"""Layers that are their function: the signature and the documentation are the function's own."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from purenn import check
from purenn.layers.base import Constant, Layer, Spec

__all__ = ["Functional", "from_function"]

_NOT_FIELDS = {"training", "rng", "_stacklevel", "dtype"}


class Functional(Layer):
    """The base of layers that are generated from a function.

    A subclass may say in ``_shown`` which hyper-parameters are printed, and in ``_tuples`` which are kept as one number
    for each of the ``_rank`` dimensions of space, as torch keeps them.
    """

    _shown: ClassVar[tuple[str, ...] | None] = None
    _tuples: ClassVar[tuple[str, ...]] = ()
    _rank: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self._tuples:
            if (value := getattr(self, name)) is not None:
                object.__setattr__(
                    self, name, check.integers(type(self).__name__, name, value, self._rank, single=False)
                )

    def buffers(self) -> Mapping[str, Spec | None]:
        """Arrays among the hyper-parameters, such as the class weights of a loss: what a function annotates as Any."""
        given = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.type in ("Any", Any)}
        specs = {n: v.spec() if isinstance(v, Constant) else v for n, v in given.items() if n != "device"}
        return {n: spec for n, spec in specs.items() if spec is None or isinstance(spec, Spec)}

    def extra_repr(self) -> str:
        if self._shown is not None:
            return ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown)
        shown = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        shown = {n: v for n, v in shown.items() if n not in ("device", "dtype") and (n != "inplace" or v)}
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


def from_function(
    name: str,
    function: Callable[..., Any],
    *,
    inputs: int | str = 1,
    fields: str | None = None,
    fixed: Mapping[str, Any] | None = None,
    shown: str | None = None,
    rank: int | None = None,
    keyword_only: bool = False,
    base: type[Functional] = Functional,
    example: str = "",
) -> type[Any]:
    """A class of layers whose hyper-parameters are a function's arguments behind its inputs.

    Args:
        name: the class's.
        function: a function of `purenn.functional`.
        inputs: which arguments come from the call, by their names, or how many of the first.
        fields: which arguments are the constructor's, in its order, where that isn't simply all others.
        fixed: hyper-parameters that the constructor doesn't take, with their values.
        shown: which hyper-parameters are printed, where it isn't all of the constructor's.
        rank: the dimensions of space, where the base asks for them.
        keyword_only: whether the constructor takes its arguments by name alone, as it does those of the function.
        base: a class with what the function doesn't say.
        example: a call of the constructor for the documentation.
    """
    arguments = inspect.signature(function).parameters
    given = tuple(arguments)[:inputs] if isinstance(inputs, int) else tuple(inputs.split())
    held = dict(fixed or {})
    names = [n for n in arguments if n not in {*given, *held, *_NOT_FIELDS}] if fields is None else fields.split()
    namespace: dict[str, Any] = {n: _default(arguments[n]) for n in names if arguments[n].default is not _EMPTY}
    for n, value in namespace.items():
        if keyword_only or arguments[n].kind is inspect.Parameter.KEYWORD_ONLY:
            namespace[n] = dataclasses.field(default=value, kw_only=True)
    namespace |= {n: dataclasses.field(default=value, init=False) for n, value in held.items()}
    namespace |= {
        "__annotations__": {
            n: arguments[n].annotation if n in arguments else type(held[n]).__name__ for n in (*names, *held)
        },
        "__doc__": _documentation(name, function, given, names, held, example or f"{name}()"),
        "__module__": sys._getframe(1).f_globals["__name__"],
    }
    if shown is not None:
        namespace["_shown"] = tuple(shown.split())
    if rank is not None:
        namespace["_rank"] = rank
    return types.new_class(name, (base,), {"function": function, "inputs": given}, lambda body: body.update(namespace))


_EMPTY = inspect.Parameter.empty


def _default(parameter: inspect.Parameter) -> Any:
    """A default in its annotated type: torch's classes have 1.0 where its functions have 1."""
    return float(parameter.default) if parameter.annotation == "float" else parameter.default


def _documentation(
    name: str, function: Callable[..., Any], inputs: tuple[str, ...], fields: list[str], held: dict[str, Any], call: str
) -> str:
    """The function's words on what it computes, on the arguments that became hyper-parameters and on its inputs."""
    text = inspect.cleandoc(function.__doc__ or "")
    head = re.split(r"\n(?=(?:Args|Returns|Raises|Source|Example)\b)", text)[0]
    sections = dict(re.findall(r"^(\w+):\n((?: {4}.*\n?|\n)+)", text, re.MULTILINE))
    entries = {
        tuple(names.split(", ")): words
        for names, words in re.findall(r"^ {4}([\w, ]+): ((?:.|\n {5,})+)", sections.get("Args", ""), re.MULTILINE)
    }

    def kept(wanted: Any) -> list[str]:
        found = ((", ".join(n for n in names if n in wanted), words) for names, words in entries.items())
        return [f"    {names}: {words}" for names, words in found if names]

    signature = inspect.signature(function).parameters
    told = [f", ``{n}={value!r}``" for n, value in held.items() if n in signature and value is not signature[n].default]
    parts = [
        head.strip(),
        f"As a layer: `purenn.functional.{function.__name__}` with these arguments fixed{''.join(told)}.",
    ]
    output = sections.get("Returns", "").strip().replace("\n", "\n    ")
    shape = [*kept(inputs), *([f"    output: {output}"] if output else [])]
    for title, lines in (("Args", kept(fields)), ("Shape", shape), ("Raises", [sections.get("Raises", "").rstrip()])):
        if any(lines):
            parts.append(f"{title}:\n" + "\n".join(lines))
    parts.append(f"Source: ``torch.nn.{name}``.")
    parts.append(f"Example:\n    >>> from purenn import layers\n    >>> layer = layers.{call}")
    return "\n\n".join(parts) + "\n"
