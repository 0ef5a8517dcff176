"""From calls of torch operators, which change arrays in place and through views, to a pure `Graph`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from purenn.interop.convert import table
from purenn.interop.convert.graph import Assumption, DType, Graph, Node, Ref, Source, pruned
from purenn.interop.convert.operators import IGNORED, Unsupported, may_view, name_of, pure_name, writes

__all__ = ["Builder", "Slot"]

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
_MOVING = {"batch_norm": 5, "instance_norm": 5}  # the place of the argument that says whether statistics move


class Slot:
    """A torch tensor: its present value, and where it is a view, the tensor below it and how it shows that one.

    Attributes:
        value: the number of the value that the tensor had at version ``seen``.
        base: the tensor of which this one is a view.
        view: the operator, which of its results, and its further arguments.
        seen: the version of the root that ``value`` belongs to.
        version: how often something in the tensors over this root was changed.
    """

    __slots__ = ("base", "seen", "value", "version", "view")

    def __init__(self, value: Ref, base: Slot | None = None, view: Any = None):
        self.value, self.base, self.view, self.version = value, base, view, 0
        self.seen = self.root.version

    @property
    def root(self) -> Slot:
        slot = self
        while slot.base is not None:
            slot = slot.base
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

    def emit(self, op: str, args: Sequence[Any], kwargs: dict[str, Any] | None = None, outs: int | None = None) -> Any:
        """Adds a node; gives its result, or its ``outs`` results."""
        results = self.new() if outs is None else tuple(self.new() for _ in range(outs))
        out = results.index if isinstance(results, Ref) else tuple(r.index for r in results)
        self.nodes.append(Node(op, tuple(args), tuple((kwargs or {}).items()), out, self.calls, self.stops))
        return results

    def read(self, slot: Slot) -> Ref:
        """The present value of a tensor."""
        root = slot.root
        if slot.base is not None and slot.seen != root.version:
            op, part, args = slot.view
            below = self.read(slot.base)
            if part is None:
                slot.value = self.emit(op, (below, *args))
            else:
                slot.value = self.emit("operator.getitem", (self.emit(op, (below, *args)), part))
            slot.seen = root.version
        return slot.value

    def write(self, slot: Slot, value: Ref) -> None:
        """Gives a tensor a new value, and with it what it is a view of."""
        if slot.base is None:
            slot.version += 1
            slot.value, slot.seen = value, slot.version
            if any(slot is buffer for buffer in self.buffers):
                self.buffer_values.add(value.index)
            return
        op, part, args = slot.view
        below = self.read(slot.base)
        self.write(slot.base, self.emit("purenn.write", (below, value, op, part, *args)))
        slot.value, slot.seen = value, slot.root.version

    # Arguments.

    def plain(self, value: Any) -> Any:
        """An argument as data: present values for tensors, no devices, layouts and generators."""
        if isinstance(value, Slot):
            return self.read(value)
        if isinstance(value, tuple | list):
            return tuple(self.plain(v) for v in value)
        if value is None or isinstance(value, bool | int | float | complex | str | Ref | Graph | DType):
            return value
        kind = type(value).__name__
        if kind == "dtype":
            return DType(str(value).removeprefix("torch."))
        if kind in ("device", "layout", "memory_format", "Generator"):
            return None
        raise Unsupported(f"an argument of type {kind}")

    # Calls.

    def call(
        self, func: Any, args: Sequence[Any], kwargs: dict[str, Any], outs: int | None, shares: Callable[[], bool]
    ) -> Any:
        """Adds a call of an operator.

        Args:
            func: torch's operator.
            args: its arguments, with `Slot`s for tensors.
            kwargs: the keywords.
            outs: how many results it has, None for one that stands alone.
            shares: tells whether the result shares its memory with the first argument.

        Returns:
            The result, as a `Slot` or a tuple of them.

        Raises:
            Unsupported: the table doesn't have it.
        """
        name = name_of(func)
        base = name.partition(".")[0]
        kwargs = {n: v for n, v in kwargs.items() if n not in _DROPPED}
        if base in IGNORED:
            return None
        if base in _MOVING and len(args) > 5 and args[5] and isinstance(args[3], Slot):
            return self._moving(base, args)
        changed = writes(func)
        if changed:
            return self._in_place(name, args, kwargs, changed)
        if not table.has(name):
            raise Unsupported(name)
        plain_args, plain_kwargs = self.plain(args), {n: self.plain(v) for n, v in kwargs.items()}
        results = self.emit(name, plain_args, plain_kwargs, outs)
        if may_view(func) and args and isinstance(args[0], Slot) and (not plain_kwargs or base == "to") and shares():
            if base == "to":  # it has given the tensor itself
                name, plain_args = "alias", plain_args[:1]
            if outs is None:
                return Slot(results, args[0], (name, None, plain_args[1:]))
            return tuple(Slot(ref, args[0], (name, i, plain_args[1:])) for i, ref in enumerate(results))
        return Slot(results) if outs is None else tuple(map(Slot, results))

    def _in_place(self, name: str, args: Sequence[Any], kwargs: dict[str, Any], changed: list[int | str]) -> Any:
        base, pure = name.partition(".")[0], pure_name(name)
        if base in ("detach_", "requires_grad_", "lift_fresh_"):
            return args[0]
        if base in ("set_", "resize_", "resize_as_"):
            raise Unsupported(f"{name} (it gives a tensor other memory)")
        if not table.has(pure):
            raise Unsupported(name)
        targets = [kwargs[c] if isinstance(c, str) else args[c] for c in changed]
        if not all(isinstance(t, Slot) for t in targets):
            raise Unsupported(f"{name} on a tensor that is constant")
        plain_kwargs = {n: self.plain(v) for n, v in kwargs.items() if n not in changed}
        plain_args = self.plain(args)
        if base in _RESHAPED_IN_PLACE:
            return Slot(self.emit(pure, plain_args, plain_kwargs), args[0], (pure, None, plain_args[1:]))
        results = self.emit(pure, plain_args, plain_kwargs, None if len(targets) == 1 else len(targets))
        for target, ref in zip(targets, [results] if len(targets) == 1 else results, strict=True):
            self.write(target, self.emit("purenn.like", (ref, self.read(target))))
        return targets[0] if len(targets) == 1 else tuple(targets)

    def _moving(self, base: str, args: Sequence[Any]) -> Slot:
        """A norm in training, which changes its running statistics."""
        mean, var = args[3], args[4]
        y, new_mean, new_var = self.emit(f"purenn.{base}", (*self.plain(args[:5]), *self.plain(args[6:8])), None, 3)
        for slot, ref in ((mean, new_mean), (var, new_var)):
            self.write(slot, ref)
        return Slot(y)

    def finish(self, outputs: Any, updates: Sequence[tuple[str, Slot]], guards: Sequence[str] = ()) -> Graph:
        """The graph of all calls so far, without those that nothing needs."""
        changed = tuple((name, self.read(slot)) for name, slot in updates)
        return pruned(
            Graph(
                tuple(self.sources),
                tuple(self.constants),
                (),
                self.plain(outputs),
                changed,
                tuple(self.assumptions),
                tuple(guards),
                tuple(sorted(self.buffer_values | {ref.index for _, ref in changed})),
            ).with_nodes(tuple(self.nodes), self.size)
        )
