"""The location of an error: the path of the layer, and the arguments of its call."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import jax

from purenn.layers.observe import path_below

if TYPE_CHECKING:
    from purenn.layers.bound import Bound

__all__ = ["add_location", "describe_arguments", "move_location"]


_FEW = 4  # a longer container is abbreviated


@dataclasses.dataclass
class _Location:
    message: str
    layer: str
    arrived: str
    path: list[str]
    last: Any  # the outermost bound layer that the error has passed


def add_location(error: Exception, m: Bound, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Adds to an error the bound layer that raised it; every surrounding layer adds the child's name.

    A ValueError or TypeError gets it in its message; any other error, such as one of jax's classes, in a note.
    """
    location = vars(error).get("_location")
    if location is None:
        layer = m._get_name() if m._modules else repr(m)
        location = _Location(str(error), layer, describe_arguments(args, kwargs), [], m)
        vars(error)["_location"] = location
    elif location.last is not m:
        location.path[:0] = path_below(m, location.last) or []
        location.last = m
    path = f"{'.'.join(location.path)}: " if location.path else ""
    text = f"  in {path}{location.layer}\n  called with {location.arrived or 'no arguments'}"
    if type(error) in (ValueError, TypeError):
        error.args = (f"{location.message}\n{text}", *error.args[1:])
    else:
        notes = [note for note in getattr(error, "__notes__", ()) if not note.startswith("  in ")]
        error.__notes__ = [*notes, text]


def move_location(error: Exception, m: Bound) -> None:
    """Makes this layer the outermost one of an error so far, in place of its copy."""
    if (location := vars(error).get("_location")) is not None:
        location.last = m


def describe_arguments(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """The arguments of a call, in short: dtypes and shapes of arrays, types of other objects."""
    named = [f"{name}={_describe(value)}" for name, value in kwargs.items()]
    return ", ".join([*map(_describe, args), *named])


def _describe(value: Any) -> str:
    if isinstance(value, jax.Array) or (hasattr(value, "dtype") and hasattr(value, "shape")):
        return f"{value.dtype}[{', '.join(map(str, value.shape))}]"
    if value is None or isinstance(value, bool | int | float | complex | str):
        return repr(value)
    if type(value) in (tuple, list):
        inside = _first(map(_describe, value), len(value))
        return f"({inside})" if type(value) is tuple else f"[{inside}]"
    if type(value) is dict:
        return f"{{{_first((f'{key!r}: {_describe(each)}' for key, each in value.items()), len(value))}}}"
    return type(value).__name__


def _first(described: Iterable[str], count: int) -> str:
    """The first entries of a container and the number of the others; all entries if they are few."""
    if count <= _FEW:
        return ", ".join(described)
    return ", ".join((*itertools.islice(described, _FEW - 1), f"and {count - _FEW + 1} more"))
