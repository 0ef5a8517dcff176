"""Everything that a call can reach: its program depends on it.

A compiled program repeats the Python code of its trace. A `Reach` holds all that the traced Python code can read,
starting from the function, its arguments and the modules, sorted into

- **inputs**: the variables of modules, and the arrays that functions close over, read as globals, have as defaults or
  find in containers and objects. They may change from call to call.
- **facts**: everything else, compared by value, or by identity if there is no value to compare. A call with other facts
  has another program.

Code is followed by the names in it (`purenn.nn.code`): an attribute of a module or an object counts if its name occurs
in code that can be reached. Functions of installed packages count as constants; the variables that they close over are
followed. Functions that can't be followed (`purenn.nn.unsteady`) are noted, and a trace that calls one is refused.
A function that is a value, such as a loss, is traced as a copy over the traced inputs (`purenn.nn.copies`). Methods of
classes can't be copied, so the arrays that they read as globals are facts.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from purenn.nn.node import Node
from purenn.nn.structure import Hashed, Structure
from purenn.nn.unsteady import Unsteady
from purenn.nn.values import content_of, restore
from purenn.variable import Variable

__all__ = ["Path", "Reach", "Seen", "text"]

Path = tuple[Any, ...]  # () at the start; else the path before, and the last step in words


class Watch(NamedTuple):
    """A mutable place with the identities of the values that were in it."""

    path: Path
    read: Callable[[], Iterable[Any]]
    ids: list[int]
    values: list[Any]  # kept, so that no other object gets one of these identities
    container: Any  # the container that was read, if its content can be put back; else None

    def unchanged(self) -> bool:
        return list(map(id, self.read())) == self.ids


class Seen:
    """The objects that a walk, and the walk ``before`` that it continues, have seen, so that each is looked at once."""

    def __init__(self, before: Seen | None = None):
        self.before = before
        self.count: int = before.count if before else 0
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # so that no other object gets one of these ids
        self._classes: set[tuple[int, bool]] = set()

    def number(self, value: object) -> int | None:
        """The number of an object that was seen, or None."""
        number = self._numbers.get(id(value))
        return self.before.number(value) if number is None and self.before is not None else number

    def enter(self, value: object) -> int:
        """Numbers an object that is seen for the first time."""
        self.keep(value)
        number = self._numbers[id(value)] = self.count
        self.count += 1
        return number

    def keep(self, value: object) -> None:
        self._kept.append(value)

    def enter_class(self, cls: type, making: bool) -> bool:
        """Enters a class; returns whether it is new. ``making`` says that the call may make objects of it."""
        entry = (id(cls), making)
        if self._has_class(entry):
            return False
        self._classes.add(entry)
        return True

    def _has_class(self, entry: tuple[int, bool]) -> bool:
        return entry in self._classes or (self.before is not None and self.before._has_class(entry))


class Reach:
    """All that a call can reach now.

    Args:
        names: the names of attributes that count; `purenn.nn.walk.find_reach` finds them.
        fixed: the ids of objects that are facts, although they could be copied.
        lift: whether arrays are inputs; else they are facts too, and Python may ask for their values.
        base: the reach that this one continues; only additions are kept here.

    Attributes:
        facts: what a program depends on, in the order of the walk; ``paths`` says where each was found.
        lifted: the paths of the objects that are copied for a trace, by id.
        unsteady: the functions that a trace must not call, by the code that mentions them.
        caches: the functions with caches (``functools.lru_cache``) in which a trace may leave its arrays.
    """

    def __init__(self, names: set[str], fixed: set[int], lift: bool, base: Reach | None = None):
        self.names, self.fixed, self.lift, self.base = names, fixed, lift, base
        self.roots: list[tuple[str, Any]] = []
        self.names_found: set[str] = set()
        self.fixed_found: set[int] = set()
        self.size = len(names)
        self.facts: list[Any] = [base.key] if base else []
        self.paths: list[Path] = [((), "the module")] if base else []
        self.lifted: dict[int, Path] = {}
        self.watches: list[Watch] = []
        self.contents: list[tuple[Path, np.ndarray, bytes]] = []
        self.structures: list[Structure] = []
        self.generators: list[tuple[Path, Any]] = [*base.generators] if base else []
        self.unsteady: dict[types.CodeType, list[Unsteady]] = {**base.unsteady} if base else {}
        self.caches: list[Any] = [*base.caches] if base else []
        self.own_arrays: list[Any] = []
        self.own_variables: dict[Variable, None] = {}
        self.own_modules: dict[int, Node] = {}
        self.seen = Seen(base.seen if base else None)

    @functools.cached_property
    def key(self) -> Hashed:
        return Hashed(tuple(self.facts))

    @functools.cached_property
    def arrays(self) -> list[Any]:
        """The arrays that are inputs."""
        return [*(self.base.arrays if self.base else ()), *self.own_arrays]

    @functools.cached_property
    def variables(self) -> list[Variable]:
        """The variables whose arrays are inputs."""
        if self.base is not None and not self.own_variables:
            return self.base.variables
        return [*(self.base.variables if self.base else ()), *self.own_variables]

    @property
    def modules(self) -> dict[int, Node]:
        """The modules by their ids."""
        return {**(self.base.modules if self.base else {}), **self.own_modules}

    def path_of(self, value: object) -> Path | None:
        """The path of an object that is copied for a trace, or None."""
        path = self.lifted.get(id(value))
        return self.base.path_of(value) if path is None and self.base is not None else path

    def changed(self) -> Path | None:
        """The path of a place whose content has changed since the walk, or None."""
        for watch in self.watches:
            if not watch.unchanged():
                return watch.path
        for path, array, content in self.contents:
            if content_of(array) != content:
                return path
        return self.base.changed() if self.base is not None else None

    def restore(self) -> None:
        """Puts the content that the walk found back into changed containers."""
        for watch in self.watches:
            if watch.container is not None and not watch.unchanged():
                restore(watch.container, watch.values)
        if self.base is not None:
            self.base.restore()

    def holds(self) -> bool:
        """Whether nothing has changed since the walk, so that its result still holds."""
        for known in self.structures:
            if not known.valid:
                return False
        for watch in self.watches:
            if not watch.unchanged():
                return False
        if self.contents and self.changed() is not None:
            return False
        return self.base is None or self.base.holds()


def text(path: Path) -> str:
    """A path in words."""
    steps = []
    while path:
        path, step = path
        steps.append(step)
        if "(a " in step or step.startswith("'s defaults"):  # the words before it add nothing
            break
    return "".join(reversed(steps)) or "the function"
