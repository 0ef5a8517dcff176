"""The decorator for translations of functions that make something, and readers of their arguments.

`factories` (tensors), `random_factories` and `program_functions` have a table each; `calls` looks names up in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from purenn.port.context import Context
from purenn.port.nodes import argument, code
from purenn.port.shapes import shape_of

__all__ = ["Factory", "dtype_argument", "factory", "name_of", "shape_argument", "split_arguments"]

Factory = Callable[[Context, cst.Call, Sequence[cst.Arg]], "cst.BaseExpression | None"]


def factory(table: dict[str, Factory], *names: str) -> Callable[[Factory], Factory]:
    """Registers a translation of functions of ``torch``; it receives the context, the call and the arguments."""

    def register(function: Factory) -> Factory:
        table.update(dict.fromkeys(names, function))
        return function

    return register


def split_arguments(args: Sequence[cst.Arg]) -> tuple[list[cst.Arg], dict[str, cst.BaseExpression]]:
    """The arguments by position, and those by keyword."""
    positional = [arg for arg in args if arg.keyword is None]
    return positional, {arg.keyword.value: arg.value for arg in args if arg.keyword is not None}


def _last(node: cst.Call) -> str:
    func = node.func
    return func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else ""


def shape_argument(args: Sequence[cst.Arg], keywords: dict[str, cst.BaseExpression]) -> cst.BaseExpression | None:
    """The argument that is the size, by keyword or by position."""
    return keywords["size"] if "size" in keywords else shape_of(args)


def dtype_argument(keywords: dict[str, cst.BaseExpression]) -> list[cst.Arg]:
    """The keyword argument ``dtype``, in a list; none if it is missing or None."""
    return [argument(keywords["dtype"], "dtype")] if "dtype" in keywords and code(keywords["dtype"]) != "None" else []


def name_of(context: Context, node: cst.Call) -> str:
    """The last part of the qualified name that a call calls."""
    return (context.names.qualify(node.func) or _last(node)).rsplit(".", 1)[-1]
