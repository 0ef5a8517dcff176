"""The arguments of a converted network, and the checks of a call's arguments against the example's."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop.convert.graph import Leaf
from purenn.interop.convert.structure import Tree, flatten
from purenn.typing import Array

__all__ = ["GUARD_NAMES", "Arguments", "arrays_of", "check_guards"]

GUARD_NAMES: dict[str, object] = {"math": math, "max": max, "min": min, "abs": abs, "int": int, "float": float}
GUARD_NAMES |= {"bool": bool, "round": round}
REMEDY = "convert again with an example like this call: from_torch(module, ...)"


@dataclasses.dataclass(frozen=True)
class Arguments:
    """How a call's arguments become leaves.

    Attributes:
        names: the names of the example's arguments; those of ``*args`` are ``args[0]``, ``args[1]`` and so on.
        trees: how each argument is made of leaves.
        order: the parameters that can be given by position.
        rest: the name of ``*args``, if there is one.
        defaults: constant defaults, by parameter; the example may leave these parameters out.
    """

    names: tuple[str, ...]
    trees: tuple[Tree, ...]
    order: tuple[str, ...]
    rest: str = ""
    defaults: tuple[tuple[str, Any], ...] = ()

    def leaves(self, where: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        """The leaves of a call's arguments.

        Raises:
            TypeError: an argument is missing or unexpected, or its structure isn't the example's.
        """
        values: dict[str, Any] = {}
        for i, value in enumerate(args):
            if i >= len(self.order) and not self.rest:
                raise TypeError(f"{where} takes {len(self.order)} arguments by position, got {len(args)}")
            values[self.order[i] if i < len(self.order) else f"{self.rest}[{i - len(self.order)}]"] = value
        if twice := values.keys() & kwargs.keys():
            raise TypeError(f"{where} got {', '.join(sorted(twice))} twice, by position and by name")
        values |= kwargs
        defaults = dict(self.defaults)
        for name in values.keys() - set(self.names):
            if name not in defaults or not _same(values[name], defaults[name]):
                raise TypeError(
                    f"{where} was converted without the argument {name!r}, so that it can't be given: {REMEDY}"
                )
        leaves: list[Any] = []
        for name, tree in zip(self.names, self.trees, strict=True):
            if name in values:
                leaves += flatten(tree, values[name], name)
            elif name in defaults:
                leaves += [defaults[name]] * tree.count
            else:
                raise TypeError(f"{where} is missing the argument {name!r}, which its example had: {REMEDY}")
        return leaves


def _same(value: object, other: object) -> bool:
    return value is other or (
        isinstance(value, bool | int | float | str | None) and type(value) is type(other) and value == other
    )


def arrays_of(where: str, leaves: Sequence[Leaf], values: Sequence[Any]) -> list[Array | np.ndarray | None]:
    """The arrays among a call's leaves, checked against the example's; None for a constant.

    Raises:
        TypeError: a constant, or the kind of a dtype, differs from the example's.
        ValueError: a rank or a fixed size differs from the example's.
    """
    arrays: list[Array | np.ndarray | None] = []
    symbols: dict[str, tuple[int, str]] = {}
    for leaf, value in zip(leaves, values, strict=True):
        if leaf.dtype is None:
            if not _same(value, leaf.value):
                raise TypeError(f"{where} was converted with {leaf.path}={leaf.value!r}, got {_brief(value)}: {REMEDY}")
            arrays.append(None)
            continue
        if value is None or isinstance(value, str):
            raise TypeError(f"{where}: {leaf.path} must be an array as in the example, got {value!r}: {REMEDY}")
        array = value if isinstance(value, jax.Array | np.ndarray) else jnp.asarray(value)
        _check_kind(where, leaf, array)
        fits = len(array.shape) == len(leaf.shape)
        for size, expected in zip(array.shape, leaf.shape, strict=False):
            if isinstance(expected, str):
                known, path = symbols.setdefault(expected, (size, leaf.path))
                if expected.isidentifier() and known != size:
                    raise ValueError(
                        f"{where}: {leaf.path} has shape {array.shape} with a size of {size} that must be the same as "
                        f"one of {path}, which is {known}"
                    )
            elif expected != size:
                fits = False
        if not fits:
            shape = f"({', '.join('any' if isinstance(s, str) else str(s) for s in leaf.shape)})"
            raise ValueError(f"{where}: {leaf.path} must have shape {shape}, got {array.shape}: {REMEDY}")
        arrays.append(array)
    return arrays


def _check_kind(where: str, leaf: Leaf, array: Array | np.ndarray) -> None:
    kinds = (jnp.bool_, jnp.integer, jnp.floating, jnp.complexfloating)
    expected = next(k for k in kinds if jnp.issubdtype(jnp.dtype(str(leaf.dtype)), k))
    if not jnp.issubdtype(array.dtype, expected):
        raise TypeError(f"{where}: {leaf.path} must have a dtype like the example's {leaf.dtype}, got {array.dtype}")


def check_guards(
    where: str, guards: Sequence[str], shapes: Sequence[tuple[int, ...] | None], paths: Sequence[str]
) -> None:
    """Checks the conditions that the conversion found on sizes.

    Raises:
        ValueError: a condition doesn't hold; the message names it.
    """
    for guard in guards:
        if not eval(guard, {"__builtins__": {}}, GUARD_NAMES | {"s": shapes}):
            said = guard
            for i, path in enumerate(paths):
                said = said.replace(f"s[{i}][", f"{path}.shape[")
            raise ValueError(f"{where}: these sizes take another way through its code, it requires {said}: {REMEDY}")


def _brief(value: object) -> str:
    shape = getattr(value, "shape", None)
    return repr(value) if shape is None else f"{type(value).__name__} of shape {shape}"
