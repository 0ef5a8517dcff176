"""Builds a pure `Graph` from calls of torch's operators, which write in place and through views."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from purenn.interop.convert import table
from purenn.interop.convert.graph import Argument, Assumption, DType, Graph, Node, Ref, Source, pruned
from purenn.interop.convert.operators import IGNORED, Unsupported, may_view, name_of, pure_name, writes

if TYPE_CHECKING:
    import torch

__all__ = ["Builder", "Slot", "View"]

_DROPPED = {
    "device",
    "layout",
    "pin_memory",
    "memory_format",
    "generator",
    "non_blocking",
    "copy",
    "sparse_grad",
    "implicit",
}
_RESHAPED_IN_PLACE = {"transpose_", "squeeze_", "unsqueeze_", "t_", "as_strided_", "swapdims_", "swapaxes_"}
_MOVING = {"batch_norm", "instance_norm"}  # their argument 5 says whether the statistics move


class View(NamedTuple):
    """How a tensor shows another one.

    Attributes:
        base: the tensor that is shown.
        op: the operator that made the view.
        part: which of the operator's results the view is; None for an operator of one result.
        args: the operator's arguments after the tensor.
    """

    base: Slot
    op: str
    part: int | None = None
    args: tuple[Argument, ...] = ()


class Slot:
    """A torch tensor in a run.

    Attributes:
        value: the number of the value that the tensor had at version ``seen``.
        view: how it shows another tensor; None for a tensor with memory of its own.
        seen: the version of the root that ``value`` belongs to.
        version: how often a tensor over this root was changed.
    """

    __slots__ = ("seen", "value", "version", "view")

    def __init__(self, value: Ref, view: View | None = None):
        self.value, self.view, self.version = value, view, 0
        self.seen = self.root.version

    @property
    def root(self) -> Slot:
        """The tensor with the memory."""
        slot = self
        while slot.view is not None:
            slot = slot.view.base
        return slot


class Builder:
    """Collects the calls of one run."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.sources: list[Source] = []
        self.constants: list[tuple[int, np.ndarray]] = []
        self.assumptions: list[Assumption] = []
        self.buffer_values: set[int] = set()  # the numbers of what buffers hold
        self.buffers: list[Slot] = []
        self.size = 0
        self.calls: tuple[str, ...] = ()
        self.stops = False

    # Values.

    def new(self) -> Ref:
        self.size += 1
        return Ref(self.size - 1)

    def source(self, kind: str, name: str | int) -> Slot:
        ref = self.new()
        self.sources.append(Source(ref.index, kind, name))
        slot = Slot(ref)
        if kind == "buffer":
            self.buffers.append(slot)
        return slot

    def constant(self, array: np.ndarray) -> Slot:
        ref = self.new()
        self.constants.append((ref.index, array))
        return Slot(ref)

    def emit(self, op: str, args: Sequence[Argument], kwargs: Mapping[str, Argument] | None = None) -> Ref:
        """Adds a node of one result, and returns it."""
        ref = self.new()
        self._add(op, args, kwargs or {}, ref.index)
        return ref

    def emit_several(
        self, op: str, args: Sequence[Argument], kwargs: Mapping[str, Argument], outs: int
    ) -> tuple[Ref, ...]:
        """Adds a node of several results, and returns them."""
        refs = tuple(self.new() for _ in range(outs))
        self._add(op, args, kwargs, tuple(ref.index for ref in refs))
        return refs

    def _add(
        self, op: str, args: Sequence[Argument], kwargs: Mapping[str, Argument], out: int | tuple[int, ...]
    ) -> None:
        self.nodes.append(Node(op, tuple(args), tuple(kwargs.items()), out, self.calls, self.stops))

    def shown(self, view: View) -> Ref:
        """The present value of a view."""
        ref = self.emit(view.op, (self.read(view.base), *view.args))
        return ref if view.part is None else self.emit("operator.getitem", (ref, view.part))

    def read(self, slot: Slot) -> Ref:
        """The present value of a tensor."""
        version = slot.root.version
        if slot.view is not None and slot.seen != version:
            slot.value, slot.seen = self.shown(slot.view), version
        return slot.value

    def write(self, slot: Slot, value: Ref) -> None:
        """Gives a tensor, and the tensors that it is a view of, a new value."""
        if slot.view is None:
            slot.version += 1
            slot.value, slot.seen = value, slot.version
            if any(slot is buffer for buffer in self.buffers):
                self.buffer_values.add(value.index)
            return
        base, op, part, args = slot.view
        self.write(base, self.emit("purenn.write", (self.read(base), value, op, part, *args)))
        slot.value, slot.seen = value, slot.root.version

    # Arguments.

    def plain(self, value: object) -> Argument:
        """An argument as data: present values for tensors, no devices, layouts and generators."""
        if isinstance(value, Slot):
            return self.read(value)
        if isinstance(value, tuple | list):
            return self.plain_each(value)
        if value is None or isinstance(value, bool | int | float | complex | str | Ref | Graph | DType):
            return value
        kind = type(value).__name__
        if kind == "dtype":
            return DType(str(value).removeprefix("torch."))
        if kind in ("device", "layout", "memory_format", "Generator"):
            return None
        raise Unsupported(f"an argument of type {kind}")

    def plain_each(self, values: Sequence[object]) -> tuple[Argument, ...]:
        return tuple(map(self.plain, values))

    # Calls.

    def call(
        self,
        func: torch._ops.OpOverload,
        args: Sequence[object],
        kwargs: Mapping[str, object],
        outs: int | None,
        shares: Callable[[], bool],
    ) -> Slot | tuple[Slot, ...] | None:
        """Adds a call of an operator.

        Args:
            func: torch's operator.
            args: its arguments, with `Slot`s for tensors.
            kwargs: the keywords.
            outs: the number of results in its tuple; None for a single result.
            shares: tells whether the result shares its memory with the first argument.

        Returns:
            The result, as a `Slot` or a tuple of them; None for an operator that is left out.

        Raises:
            Unsupported: the table has no function for the operator.
        """
        name = name_of(func)
        base = name.partition(".")[0]
        kwargs = {n: v for n, v in kwargs.items() if n not in _DROPPED}
        if base in IGNORED:
            return None
        if base in _MOVING and len(args) > 5 and args[5] and isinstance(args[3], Slot) and isinstance(args[4], Slot):
            return self._moving(base, args, args[3], args[4])
        changed = writes(func)
        if changed:
            return self._in_place(name, args, kwargs, changed)
        if not table.has(name):
            raise Unsupported(name)
        plain_args, plain_kwargs = self.plain_each(args), {n: self.plain(v) for n, v in kwargs.items()}
        first = args[0] if args else None
        viewable = may_view(func) and (not plain_kwargs or base == "to")
        below = first if isinstance(first, Slot) and viewable and shares() else None
        if outs is None:
            ref = self.emit(name, plain_args, plain_kwargs)
            if below is None:
                return Slot(ref)
            if base == "to":  # it has returned the tensor itself
                return Slot(ref, View(below, "alias"))
            return Slot(ref, View(below, name, None, plain_args[1:]))
        refs = self.emit_several(name, plain_args, plain_kwargs, outs)
        if below is None:
            return tuple(map(Slot, refs))
        return tuple(Slot(ref, View(below, name, i, plain_args[1:])) for i, ref in enumerate(refs))

    def _in_place(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object], changed: list[int | str]
    ) -> Slot | tuple[Slot, ...]:
        base, pure = name.partition(".")[0], pure_name(name)
        targets = [kwargs[c] if isinstance(c, str) else args[c] for c in changed]
        slots = tuple(target for target in targets if isinstance(target, Slot))
        if base in ("set_", "resize_", "resize_as_"):
            raise Unsupported(f"{name} (it gives a tensor other memory)")
        if not table.has(pure):
            raise Unsupported(name)
        if len(slots) < len(targets):
            raise Unsupported(f"{name} on a tensor that is constant")
        plain_kwargs = {n: self.plain(v) for n, v in kwargs.items() if n not in changed}
        plain_args = self.plain_each(args)
        if base in _RESHAPED_IN_PLACE:
            return Slot(self.emit(pure, plain_args, plain_kwargs), View(slots[0], pure, None, plain_args[1:]))
        if len(slots) == 1:
            refs = (self.emit(pure, plain_args, plain_kwargs),)
        else:
            refs = self.emit_several(pure, plain_args, plain_kwargs, len(slots))
        for slot, ref in zip(slots, refs, strict=True):
            self.write(slot, self.emit("purenn.like", (ref, self.read(slot))))
        return slots[0] if len(slots) == 1 else slots

    def _moving(self, base: str, args: Sequence[object], mean: Slot, var: Slot) -> Slot:
        """A norm in training, which changes its running statistics."""
        plain = self.plain_each((*args[:5], *args[6:8]))
        y, new_mean, new_var = self.emit_several(f"purenn.{base}", plain, {}, 3)
        self.write(mean, new_mean)
        self.write(var, new_var)
        return Slot(y)

    def finish(self, outputs: object, updates: Sequence[tuple[str, Slot]], guards: Sequence[str] = ()) -> Graph:
        """The graph of all calls so far, without unused ones."""
        changed = tuple((name, self.read(slot)) for name, slot in updates)
        plain = self.plain(outputs)
        return pruned(
            Graph(
                tuple(self.sources),
                tuple(self.constants),
                tuple(self.nodes),
                plain,
                changed,
                tuple(self.assumptions),
                tuple(guards),
                tuple(sorted(self.buffer_values | {ref.index for _, ref in changed})),
                self.size,
            )
        )
