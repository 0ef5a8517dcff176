"""The copies that a pure call sees in place of live objects: twins of modules, copies of functions and containers.

A twin is a copy of a module over other variables. It lives for one call. Its buffers may change, and the call reads
them at its end. Any other change happens to a copy: it is found at the end and refused, and no tracer stays on a live
object.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import itertools
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from purenn import random, tracing
from purenn.layers.bound import Running, run_by
from purenn.nn import access
from purenn.nn.node import Node
from purenn.nn.reach import Reach, text
from purenn.nn.structure import attributes_of
from purenn.nn.values import cell_contents, is_namespace, slots_of
from purenn.variable import Variable

__all__ = ["Copies", "inside", "refuse_change"]


class Copies:
    """The copies for one pure call.

    Args:
        reach: what the call can reach.
        arrays: the arrays in place of ``reach.arrays``.
        values: the arrays of the twins, by the live variables.
        training: the mode of all modules; None keeps the mode of each.
        stream: the source of random keys.
    """

    def __init__(
        self,
        reach: Reach,
        arrays: Sequence[Any],
        values: Mapping[Variable, Any],
        training: bool | None,
        stream: random.Stream | None,
    ):
        self.reach, self.stream = reach, stream
        self.copies: dict[int, Any] = {id(live): array for live, array in zip(reach.arrays, arrays, strict=True)}
        self._contents: list[tuple[Any, Any, list[Any]]] = []
        self.variables = {live: Variable(value, live.requires_grad) for live, value in values.items()}
        self._values = values
        parts = [*reach.modules.values()]
        for part in parts:
            self.copies[id(part)] = object.__new__(type(part))
        self.twins = [self.copies[id(part)] for part in parts]
        for part in parts:
            self._fill(part, part.training if training is None else training)
        for twin in self.twins:
            twin._name_children(keep=True)

    def _fill(self, part: Node, training: bool) -> None:
        twin, fields = self.copies[id(part)], vars(part)
        vars(twin).update(fields)
        vars(twin).update({name: self.of(value) for name, value in attributes_of(part).items()})
        twins = {k: None if child is None else self.copies[id(child)] for k, child in part._modules.items()}
        vars(twin).update(
            _pure=True,
            _structure=None,
            _watchers=[],
            _fast_path=None,
            _made_in=tracing.current(),
            _stream=self.stream,
            training=training,
            _parameters=self._variables(part._parameters),
            _buffers=self._variables(part._buffers),
            _modules=twins,
            _pre_hooks={handle: self.of(hook) for handle, hook in part._pre_hooks.items()},
            _hooks={handle: self.of(hook) for handle, hook in part._hooks.items()},
        )

    def _variables(self, group: Mapping[str, Variable | None]) -> dict[str, Variable | None]:
        return {name: None if live is None else self.variables[live] for name, live in group.items()}

    # The copy of a value.

    def of(self, value: object) -> Any:
        """The copy of a value; the value itself, if nothing in it is copied."""
        copied = self.copies.get(id(value), self)
        if copied is not self:
            return copied
        if self.reach.path_of(value) is None:
            return value
        return self._copy(value)

    def _copy(self, value: object) -> Any:
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return types.MethodType(value.__func__, self.of(value.__self__))
        if isinstance(value, types.BuiltinFunctionType):
            return getattr(self.of(value.__self__), value.__name__)
        if isinstance(value, functools.partial):
            keywords = {name: self.of(part) for name, part in value.keywords.items()}
            return type(value)(self.of(value.func), *map(self.of, value.args), **keywords)
        if isinstance(value, tuple):
            items = [*map(self.of, value)]
            if all(a is b for a, b in zip(items, value, strict=True)):
                return value
            return value._make(items) if hasattr(value, "_make") else type(value)(items)  # pyright: ignore
        if isinstance(value, types.MappingProxyType):
            return types.MappingProxyType({name: self.of(part) for name, part in value.items()})
        if not isinstance(value, dict | list | deque | set | frozenset):
            return self._object(value)
        copied = self._keep(value, copy.copy(value))
        self._copy_attributes(value, copied)
        if isinstance(value, dict):
            for name, part in value.items():
                dict.__setitem__(copied, name, self.of(part))
            return self._record(value, copied, functools.partial(itertools.chain, copied, copied.values()))
        for i, part in enumerate(value if isinstance(value, list | deque) else ()):
            copied[i] = self.of(part)
        return self._record(value, copied, functools.partial(iter, copied))

    def _object(self, value: object) -> Any:
        copied = self._keep(value, type(value)() if is_namespace(type(value)) else object.__new__(type(value)))
        self._copy_attributes(value, copied)
        slots = [name for name in slots_of(type(value)) if hasattr(value, name)]
        for name in slots:
            object.__setattr__(copied, name, self.of(getattr(value, name)))
        items = getattr(copied, "__dict__", {})
        content = lambda: [*items, *items.values(), *(getattr(copied, name, None) for name in slots)]  # noqa: E731
        return self._record(value, copied, content)

    def _function(self, function: types.FunctionType) -> Any:
        cells = tuple(types.CellType() for _ in function.__closure__ or ())
        names = dict(function.__globals__)
        copied = types.FunctionType(function.__code__, names, function.__name__, None, cells)
        self._keep(function, copied)
        functools.update_wrapper(copied, function, ("__module__", "__qualname__", "__doc__", "__annotations__"), ())
        self._copy_attributes(function, copied)
        copied.__defaults__ = function.__defaults__ and tuple(map(self.of, function.__defaults__))
        copied.__kwdefaults__ = function.__kwdefaults__ and {n: self.of(v) for n, v in function.__kwdefaults__.items()}
        for cell, live in zip(cells, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # not set yet
                cell.cell_contents = self.of(live.cell_contents)
        names.update({name: self.of(value) for name, value in names.items()})
        content = lambda: [*names.values(), *map(cell_contents, cells), *vars(copied), *vars(copied).values()]  # noqa: E731
        return self._record(function, copied, content)

    def _copy_attributes(self, value: object, copied: Any) -> None:
        """Copies the attributes of a function or an object to its copy."""
        for name, part in getattr(value, "__dict__", {}).items():
            vars(copied)[name] = self.of(part)

    def _keep(self, value: object, copied: object) -> Any:
        self.copies[id(value)] = copied
        return copied

    def _record(self, value: object, copied: object, content: Callable[[], Iterable[Any]]) -> Any:
        self._contents.append((value, content, [*content()]))
        return copied

    # After the call.

    def check(self) -> None:
        """Refuses changes of anything but buffers: they happened to copies, which are thrown away."""
        for value, content, before in self._contents:
            after = [*content()]
            if len(after) != len(before) or any(a is not b for a, b in zip(after, before, strict=True)):
                refuse_change(text(self.reach.path_of(value) or ()))
        for part, twin in zip(self.reach.modules.values(), self.twins, strict=True):
            kept = {name for name in vars(type(part)) if isinstance(vars(type(part))[name], functools.cached_property)}
            if new := attributes_of(twin).keys() - attributes_of(part).keys() - kept:
                refuse_change(f"{type(part).__name__}.{min(new)}")
        if (path := self.reach.changed()) is not None:
            self.reach.restore()
            refuse_change(text(path))

    def changed(self) -> dict[Variable, Any]:
        """The new values of the live variables that the call has changed."""
        return {live: new.value for live, new in self.variables.items() if new.value is not self._values[live]}


def refuse_change(what: str) -> None:
    raise RuntimeError(
        f"{what} is changed inside a compiled or pure call, where the change would happen once, when the call is "
        "traced, and be lost afterwards: return what is needed, keep it in a buffer (register_buffer), or call the "
        "module eagerly"
    )


@contextlib.contextmanager
def inside(copies: Copies) -> Iterator[None]:
    """A context in which a call of a live module runs its twin, however Python got at the module."""
    with access.standing_for(copies.copies), run_by(Running(copies.twins, copies.stream)):
        yield
