"""Names and docstrings for functions that a table makes: ``cos = _float("cos", jnp.cos, ...)`` and its like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from purenn.docstring import documented

__all__ = ["named"]

F = TypeVar("F", bound=Callable[..., Any])


def named(function: F, name: str, template: str, **words: str) -> F:
    """Gives a function its name, and the docstring that a template becomes with this name and further words."""
    function.__name__ = function.__qualname__ = name
    return documented(template, name=name, **words)(function)
