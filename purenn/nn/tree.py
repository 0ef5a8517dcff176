"""A module's tree: its parts and their arrays by their dotted names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import jax

from purenn.layers.base import Bound

if TYPE_CHECKING:
    from purenn.nn.module import Module

__all__ = ["Tree"]


class Tree(Bound):
    """What a `Module` tells of itself and of what is below it, with torch's methods."""

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, with their dotted names."""
        memo = set() if memo is None else memo
        if id(self) in memo:
            return
        if remove_duplicate:
            memo.add(id(self))
        yield prefix, cast("Module", self)
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}{'.' if prefix else ''}{name}", remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct children, each once, with their names."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Module]:
        """The direct children, each once."""
        return (child for _, child in self.named_children())

    def _named(self, group: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, jax.Array]]:
        seen: set[int] = set()
        modules = self.named_modules(None, prefix, remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, array in vars(module)[group].items():
                if array is not None and not (remove_duplicate and id(array) in seen):
                    seen.add(id(array))
                    yield f"{path}{'.' if path else ''}{name}", array

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, jax.Array]]:
        """The parameters with their dotted names; a tied one has the first of its names."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[jax.Array]:
        """The parameters, tied ones once."""
        return (array for _, array in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, jax.Array]]:
        """The buffers with their dotted names."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[jax.Array]:
        """The buffers."""
        return (array for _, array in self.named_buffers(recurse=recurse))

    def _find(self, target: str, group: str, kind: str) -> Any:
        *path, last = target.split(".")
        module = self.get_submodule(".".join(path))
        if last not in vars(module)[group]:
            raise AttributeError(f"{type(module).__name__} has no {kind} {last!r}")
        return vars(module)[group][last]

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name; the empty name is this one."""
        return cast("Module", self) if not target else self._find(target, "_modules", "submodule")

    def get_parameter(self, target: str) -> jax.Array:
        """The parameter of a dotted name."""
        return self._find(target, "_parameters", "parameter")

    def get_buffer(self, target: str) -> jax.Array:
        """The buffer of a dotted name."""
        return self._find(target, "_buffers", "buffer")
