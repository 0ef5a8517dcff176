"""The structure of a module's tree: its parts, their variables by name, and the facts that a program depends on.

A module keeps its `Structure` until a part of the tree changes. Every part knows the structures that contain it;
`invalidate` marks these, and no others, as out of date.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from purenn.nn import access
from purenn.variable import Variable

if TYPE_CHECKING:
    from purenn.nn.node import Node

__all__ = ["PRIVATE", "Hashed", "Structure", "attributes_of", "invalidate", "structure"]

# The entries of a module's `__dict__` that aren't attributes of the user.
PRIVATE = frozenset(
    [
        "_layer",
        "_parameters",
        "_buffers",
        "_modules",
        "_volatile",
        "_computed",
        "_pre_hooks",
        "_hooks",
        "_stream",
        "_made_in",
        "_Bound__scope",
        "_structure",
        "_watchers",
        "_fast_path",
        "_programs",
        "_compiled",
        "_pure",
        "_born_in",
        "_save_hooks",
        "_load_hooks",
        "training",
    ]
)


def attributes_of(module: Node) -> dict[str, Any]:
    """The attributes that a user has set, without the arrays and children of the module."""
    return {name: value for name, value in vars(module).items() if name not in PRIVATE}


class Hashed:
    """A tuple that is hashed once."""

    __slots__ = ("facts", "hash")

    def __init__(self, facts: tuple[Any, ...]):
        self.facts, self.hash = facts, hash(facts)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Hashed) and self.hash == other.hash and self.facts == other.facts)


class Structure:
    """The parts of a module's tree and their variables, each once and under the first of its names.

    Attributes:
        valid: whether the tree is unchanged.
        parts: the modules of the tree by path.
        parameters, buffers: the variables by dotted name.
        tied: the first name of a parameter by each of its names.
        lazy: whether a part takes a size from its first input.
        hooked: whether a part has hooks.
    """

    def __init__(self, module: Node):
        self.valid = True
        self.parts: dict[str, Node] = {}
        self.parameters: dict[str, Variable] = {}
        self.buffers: dict[str, Variable] = {}
        self.tied: dict[str, str] = {}
        first: dict[int, str] = {}
        me = weakref.ref(self)
        for path, part in _walk(module, "", set()):
            self.parts[path] = part
            prefix = f"{path}." if path else ""
            for key, variable in part._parameters.items():
                if variable is not None:
                    name = prefix + key
                    self.tied[name] = original = first.setdefault(id(variable), name)
                    if original is name:
                        self.parameters[name] = variable
            for key, variable in part._buffers.items():
                if variable is not None:
                    self.buffers[prefix + key] = variable
            watchers = vars(part)["_watchers"]
            if len(watchers) > 8:
                watchers[:] = [watcher for watcher in watchers if watcher() is not None]
            watchers.append(me)
        self.lazy = any(part._layer is not None and part._layer.lazy for part in self.parts.values())
        self.hooked = any(part._hooks or part._pre_hooks for part in self.parts.values())
        self.variables = [*self.parameters.values(), *self.buffers.values()]

    @cached_property
    def signature(self) -> Hashed:
        """The facts of the tree for a program, without the values of arrays and without users' attributes."""
        places = {id(part): i for i, part in enumerate(self.parts.values())}
        places |= {id(variable): i for i, variable in enumerate(self.variables)}

        def placed(members: dict[str, Any]) -> tuple[Any, ...]:
            return tuple((name, None if member is None else places[id(member)]) for name, member in members.items())

        return Hashed(
            tuple(
                (
                    type(part),
                    part._layer,
                    part.training,
                    placed(part._parameters),
                    placed(part._buffers),
                    placed(part._modules),
                    tuple(part._computed.values()),
                )
                for part in self.parts.values()
            )
        )

    def variables_of_kind(self, kind: str) -> dict[str, Variable]:
        return self.parameters if kind == "_parameters" else self.buffers


def _walk(module: Node, path: str, seen: set[int]) -> Iterator[tuple[str, Node]]:
    """The modules of a tree, each once."""
    if id(module) not in seen:
        seen.add(id(module))
        yield path, module
        prefix = f"{path}." if path else ""
        for name, child in module._modules.items():
            if child is not None:
                yield from _walk(child, prefix + name, seen)


def structure(module: Node) -> Structure:
    """The structure of a module: the one that it keeps, or a new one if that is out of date."""
    fields = vars(module)
    known = fields["_structure"]
    if known is None or not known.valid:
        known = fields["_structure"] = Structure(module)
    return known


def invalidate(module: Node) -> None:
    """Drops the fast path of a module, and marks the structures that contain it as out of date."""
    fields = vars(module)
    fields["_fast_path"] = None
    if access.is_constant(module):
        access.drop_programs()
    watchers = fields["_watchers"]
    for watcher in watchers:
        if (known := watcher()) is not None:
            known.valid = False
    watchers.clear()
