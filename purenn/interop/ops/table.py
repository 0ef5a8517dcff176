"""Functions that differ in one call of jax, for tables: ``cos = _float("cos", jnp.cos, "cosine", ...)`` and its like.

A table gives each function its path below `ops`, what it computes in words, and an example with its value. Tables with
checks of their own give `named` a function of theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax

from purenn.docstring import documented
from purenn.functional.dtypes import cast, floating_or_float32
from purenn.interop.ops.operands import numeric, operands
from purenn.typing import Array, ArrayLike

__all__ = ["binary", "named", "unary"]

F = TypeVar("F", bound=Callable[..., Any])

_EXAMPLE = """$summary

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> f"{ops.$path($arguments):.4f}"
        '$value'
    """


def named(function: F, name: str, template: str, **words: str) -> F:
    """Gives a function its name, and the docstring that a template becomes with this name and further words."""
    function.__name__ = function.__qualname__ = name
    return documented(template, None, name=name, **words)(function)


def _with_example(function: F, path: str, summary: str, value: str, *arguments: float) -> F:
    shown = ", ".join(f"jnp.array({argument})" for argument in arguments)
    name = path.rpartition(".")[2]
    return named(function, name, _EXAMPLE, summary=summary, path=path, arguments=shown, value=value)


def unary(
    path: str, compute: Callable[[jax.Array], jax.Array], summary: str, at: float, value: str, real: bool = False
) -> Callable[[ArrayLike], Array]:
    """A function of one array with a floating result; half types are computed in float32 and rounded once.

    Args:
        path: the function's name below `ops`, such as ``special.entr``.
        compute: what it computes of an array.
        summary: the beginning of its docstring.
        at: the argument of the example.
        value: the example's result.
        real: whether complex arrays are refused.
    """

    def function(input: ArrayLike) -> Array:
        x = numeric(path, input, 0, 2 if real else 3)
        dtype = floating_or_float32(x.dtype)
        return compute(cast(x, dtype)).astype(dtype)

    return _with_example(function, path, summary, value, at)


def binary(
    path: str, compute: Callable[[jax.Array, jax.Array], jax.Array], summary: str, x: float, y: float, value: str
) -> Callable[[ArrayLike, ArrayLike], Array]:
    """A function of two arrays, ``input`` and ``other``, with a floating result; the arguments are those of `unary`."""

    def function(input: ArrayLike, other: ArrayLike) -> Array:
        a, b = operands(path, floating=True, input=input, other=other)
        return compute(a, b)

    return _with_example(function, path, summary, value, x, y)
