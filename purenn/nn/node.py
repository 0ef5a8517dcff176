"""The base of modules: their fields, and the modules and arrays below them by dotted names.

The files that run modules (`structure`, `reach`, `copies`, `program`, `eager`, `pure_calls`) need only `Node`.
`purenn.nn.module.Module` adds the other methods of torch.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, cast

import jax

from purenn import tracing
from purenn.layers.bound import Bound
from purenn.nn import access
from purenn.nn.code import note_package
from purenn.nn.handed_out import hand_out_array
from purenn.nn.structure import Structure, invalidate, structure
from purenn.tree import nest
from purenn.variable import Variable

if TYPE_CHECKING:
    from purenn.nn.module import Module

__all__ = ["Node"]


class Node(Bound):
    """The base of `Module`, with torch's methods that list and find modules and arrays."""

    _own_attributes: ClassVar[bool] = False  # whether the class itself sets attributes, which its code reads
    _runs_layers_only: ClassVar[bool]  # set in containers of torch, not in their subclasses
    _pure: bool = False  # a twin, alive for one pure call
    _compiled: bool = False

    _volatile: set[str]
    _pre_hooks: dict[Any, Any]
    _hooks: dict[Any, Any]
    _structure: Structure | None
    _watchers: list[Any]
    _fast_path: Any
    _programs: Any
    _born_in: Any  # the pure call in which it was made

    def _init_fields(self) -> None:
        """Sets the fields that a bound layer doesn't have."""
        vars(self).update(
            _volatile=set(),
            _computed={},
            _pre_hooks={},
            _hooks={},
            _structure=None,
            _watchers=[],
            _fast_path=None,
            _programs=None,
            _made_in=tracing.NO_TRACE,
            _born_in=weakref.ref(calls) if (calls := access.in_pure_call()) is not None else None,
        )

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        note_package(cls)

    @classmethod
    def _without_init(cls) -> Self:
        """A module whose constructor hasn't run, to which a layer can be bound."""
        node = object.__new__(cls)
        node._init_fields()
        return node

    def _is_older(self) -> bool:
        """Whether the module is older than the pure call around, which then can't change it."""
        calls, born_in = access.in_pure_call(), vars(self).get("_born_in")
        return calls is not None and (born_in is None or born_in() is not calls)

    @property
    def _is_compiled(self) -> bool:
        """Whether a call runs as one program: after `compile`, unless jit is disabled."""
        return self._compiled and not jax.config.jax_disable_jit  # pyright: ignore[reportAttributeAccessIssue]

    def _refuse_change(self, what: str) -> NoReturn:
        raise RuntimeError(
            f"{type(self).__name__}.{what} can't be set inside a pure call (compile, Optimizer.step, functional_call, "
            "apply), which would lose the change: do it before, or keep what changes in a buffer (register_buffer), "
            "whose new value a pure call hands on"
        )

    # Parts.

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, with their dotted names.

        Args:
            memo: modules to leave out; the modules that are returned are added.
            prefix: is put before every name, with a dot.
            remove_duplicate: whether a module with several names is returned once.
        """
        module = access.present(self)
        memo = set() if memo is None else memo
        if module in memo:
            return
        if remove_duplicate:
            memo.add(module)
        yield prefix, cast("Module", module)
        for name, child in module._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}{'.' if prefix else ''}{name}", remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it, each once unless duplicates are asked for."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct children, each once, with their names."""
        seen: set[int] = set()
        for name, child in access.present(self)._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Module]:
        """The direct children, each once."""
        return (child for _, child in self.named_children())

    # Arrays.

    def _named(self, group: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, jax.Array]]:
        seen: set[int] = set()
        root = access.present(self)
        modules = root.named_modules(None, prefix, remove_duplicate) if recurse else [(prefix, root)]
        for path, module in modules:
            for name, variable in vars(module)[group].items():
                if variable is not None and not (remove_duplicate and id(variable) in seen):
                    seen.add(id(variable))
                    yield f"{path}{'.' if path else ''}{name}", access.hand_out(variable)

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, jax.Array]]:
        """The parameters with their dotted names; a tied parameter has the first of its names."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[jax.Array]:
        """The parameters; a tied parameter comes once."""
        return (array for _, array in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, jax.Array]]:
        """The buffers with their dotted names."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[jax.Array]:
        """The buffers."""
        return (array for _, array in self.named_buffers(recurse=recurse))

    def _tree(self, kind: str) -> dict[str, Any]:
        """The arrays of one kind as a nested dict, tied parameters and shared modules once."""
        variables = structure(self).variables_of_kind(kind)
        return nest(dict(zip(variables, access.read([*variables.values()]), strict=True)))

    # By name.

    def _find(self, target: str, group: str, kind: str) -> Any:
        path, _, last = target.rpartition(".")
        module = self.get_submodule(path)
        variable = vars(module)[group].get(last)
        if variable is None and (group != "_buffers" or last not in module._buffers):
            is_none = ", it is None" if last in vars(module)[group] else ""
            raise AttributeError(f"{type(module).__name__} has no {kind} {last!r}{is_none}")
        return variable

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name; the empty name is this one."""
        module = access.present(self)
        return cast("Module", module) if not target else module._find(target, "_modules", "submodule")

    def get_parameter(self, target: str) -> jax.Array:
        """The parameter of a dotted name."""
        return self._array(self._find(target, "_parameters", "parameter"))

    def get_buffer(self, target: str) -> jax.Array:
        """The buffer of a dotted name."""
        return self._array(self._find(target, "_buffers", "buffer"))

    def _array(self, variable: Variable | None) -> Any:
        """The array of a variable of this module, for a user."""
        if variable is None:
            return None
        if self._pure:
            return variable.value
        if tracing.is_staged():
            access.add_constant(self)
        return hand_out_array(access.read_one(variable))

    # Attributes.

    def __getattr__(self, name: str) -> Any:
        fields = vars(self)
        if access.in_pure_call() is not None and "_pure" not in fields and (twin := access.present(self)) is not self:
            return getattr(twin, name)
        if name in (modules := fields.get("_modules", ())):
            return modules[name]
        for group in ("_parameters", "_buffers"):
            if name in fields.get(group, ()):
                return self._array(fields[group][name])
        return super().__getattr__(name)

    def _touched(self) -> None:
        """Marks the structures and programs that depend on this module as out of date."""
        invalidate(cast("Module", self))
