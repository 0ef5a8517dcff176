"""Records a run on real tensors, call by call, and notes which tensor has which value of the graph."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch._ops import OpOverload
from torch.autograd import Function

from purenn.interop.convert.builder import Builder, Slot, View
from purenn.interop.convert.dtypes import numpy_of
from purenn.interop.convert.functions import Context, forward_of
from purenn.interop.convert.graph import Argument, Assumption, Graph, Ref, path_of
from purenn.interop.convert.operators import Unsupported, may_view, name_of, writes

__all__ = ["Again", "NotTapeable", "Recorder", "same_memory"]


Args: TypeAlias = tuple[Any, ...]  # of torch's operators
Kwargs: TypeAlias = dict[str, Any]
Causes: TypeAlias = frozenset[int]  # the integer inputs that a tensor comes from; -1 for all else that it comes from


class NotTapeable(Exception):
    """A run can't be recorded; there is one message for each place."""

    def __init__(self, problems: Sequence[str]):
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class Again(Exception):
    """The run must begin again with these inputs fixed, since a shape depends on their values."""

    def __init__(self, inputs: frozenset[int]):
        super().__init__()
        self.inputs = inputs


class Recorder:
    """The values of tensors in a run.

    A tensor that depends on no parameter, no float input and no random number has no value: where a call takes it, it
    becomes a constant.
    """

    def begin(
        self,
        module: torch.nn.Module,
        leaves: Sequence[object],
        names: Mapping[int, tuple[str, str]],
        fixed: frozenset[int],
    ) -> None:
        """Starts with parameters, buffers and the inputs that aren't fixed."""
        self.module, self.names, self.fixed = module, names, fixed
        self.builder = Builder()
        self.slots: dict[int, Slot] = {}
        self.causes: dict[int, Causes] = {}  # by a tensor's id
        self.alive: list[torch.Tensor] = []  # so that no id is used twice
        self.storages: dict[int, torch.Tensor] = {}
        self.views: dict[int, tuple[torch.Tensor, str, int | None, tuple[object, ...]]] = {}  # of constants
        self.buffers: dict[str, torch.Tensor] = {}
        self.problems: list[str] = []
        self.paths: dict[int, str] = {}
        self.calls: list[tuple[str, ...]] = [()]  # around what runs, as `Node` has them
        self.counts: dict[str, int] = {}
        self.resting = False  # while an operator runs, what it calls isn't noted
        for path, part in module.named_modules():
            self.paths.setdefault(id(part), path)
            for kind, arrays in (("parameter", part._parameters), ("buffer", part._buffers)):
                for name, tensor in arrays.items():
                    if tensor is not None and id(tensor) not in self.slots:
                        full = self.names.get(id(tensor), (kind, f"{path}.{name}".lstrip(".")))[1]
                        self._know(tensor, self.builder.source(kind, full), frozenset({-1}))
                        if kind == "buffer":
                            self.buffers[full] = tensor
        for i, leaf in enumerate(leaves):
            if isinstance(leaf, torch.Tensor) and i not in self.fixed:
                exact = leaf.dtype.is_floating_point or leaf.dtype.is_complex
                self._know(leaf, self.builder.source("input", i), frozenset({-1 if exact else i}))
        self.starts = {id(t): self.slots[id(t)].value for t in self.buffers.values()}

    def _know(self, tensor: torch.Tensor, slot: Slot, causes: Causes, memory: bool = True) -> Slot:
        """Notes a tensor's value; ``memory`` says whether other tensors over its memory are views of it."""
        self.slots[id(tensor)], self.causes[id(tensor)] = slot, causes
        self.alive.append(tensor)
        if memory and tensor.layout == torch.strided:
            self.storages.setdefault(tensor.untyped_storage()._cdata, tensor)
        return slot

    def _rest(self, func: OpOverload, args: Args, kwargs: Kwargs) -> Any:
        """Runs an operator; the operators that it calls aren't noted."""
        self.resting = True
        try:
            return func(*args, **kwargs)
        finally:
            self.resting = False

    # Noting.

    def _slot(self, tensor: torch.Tensor) -> Slot | None:
        if id(tensor) in self.slots:
            return self.slots[id(tensor)]
        if id(tensor) in self.views:
            below, name, part, rest = self.views[id(tensor)]
            if (base := self._slot(below)) is not None:
                return self._know_view(tensor, View(base, name, part, self.builder.plain_each(rest)), below)
        if tensor.layout == torch.strided and (known := self.storages.get(tensor.untyped_storage()._cdata)) is not None:
            base = self.slots[id(known)]  # a tensor over known memory, such as ``parameter.data``
            size, stride = tuple(tensor.shape), tuple(tensor.stride())
            same = size == tuple(known.shape) and stride == tuple(known.stride())
            places = (size, stride, int(tensor.storage_offset()))
            view = View(base, "alias") if same else View(base, "as_strided", None, places)
            before, self.builder.stops = self.builder.stops, not tensor.requires_grad
            slot = self._know_view(tensor, view, known)
            self.builder.stops = before
            return slot
        return None

    def _know_view(self, tensor: torch.Tensor, view: View, below: torch.Tensor) -> Slot:
        """Notes that a tensor is a view of another one, which has a value."""
        return self._know(tensor, Slot(self.builder.shown(view), view), self.causes[id(below)])

    def _value(self, x: object) -> Any:
        """A tensor's slot, a constant for a tensor that has none; tuples of these; any other value as it is."""
        if isinstance(x, torch.Tensor):
            slot = self._slot(x)
            return self.builder.constant(numpy_of(x)) if slot is None else slot
        if isinstance(x, tuple | list):
            return tuple(map(self._value, x))
        return x

    def _note_view(self, func: OpOverload, args: Args, kwargs: Kwargs, result: Any) -> None:
        """Notes that a constant is a view of another one, in case one of them is written to."""
        if not may_view(func) or kwargs or not args or not same_memory(result, args[0]):
            return
        several = isinstance(result, tuple | list)
        for i, part in enumerate(result if several else [result]):
            if part is args[0]:
                continue
            self.views[id(part)] = (args[0], name_of(func), i if several else None, tuple(args[1:]))
            self.alive.append(part)

    def _promote(self, tensor: torch.Tensor, causes: Causes) -> None:
        """Makes a constant, with what it is a view of, a value that can change."""
        if self._slot(tensor) is None and id(tensor) in self.views:
            self._promote(self.views[id(tensor)][0], causes)
        elif self._slot(tensor) is None:
            self._know(tensor, self.builder.constant(numpy_of(tensor)), causes)

    def _note(self, func: OpOverload, args: Args, plain: tuple[Args, Kwargs], result: Any, causes: Causes) -> None:
        """Notes a call: ``plain`` has its arguments and keywords as they were before it ran, with slots for tensors."""
        self.builder.calls = self.calls[-1]
        self.builder.stops = not torch.is_grad_enabled()
        several = isinstance(result, tuple | list)
        if name_of(func).startswith("_assert"):
            return
        try:
            slots = self.builder.call(
                func, plain[0], plain[1], len(result) if several else None,
                lambda: may_view(func) and same_memory(result, args[0]),
            )  # fmt: skip
        except Unsupported as error:
            self._problem(f"{error} is not known")
            slots = tuple(Slot(self.builder.new()) for _ in result) if several else Slot(self.builder.new())
        self._keep(func, result if several else [result], slots if isinstance(slots, tuple) else [slots], args, causes)

    def _keep(
        self, func: OpOverload, results: Sequence[object], slots: Sequence[Slot | None], args: Args, causes: Causes
    ) -> None:
        for i, (tensor, slot) in enumerate(zip(results, slots, strict=False)):
            if not isinstance(tensor, torch.Tensor) or slot is None:
                continue
            if name_of(func) == "_pack_padded_sequence" and i == 1:
                continue  # the sizes come from lengths that are known
            old = self.causes.get(id(tensor), frozenset())
            shown = bool(args) and isinstance(args[0], torch.Tensor) and args[0] is not tensor
            of_constant = shown and same_memory(tensor, args[0]) and self._slot(args[0]) is None
            self._know(tensor, slot, old | causes, memory=not of_constant)
        for i in writes(func):
            if isinstance(i, int) and isinstance(args[i], torch.Tensor):
                self.causes[id(args[i])] = self.causes.get(id(args[i]), frozenset()) | causes

    # Functions with a backward pass of their own.

    def apply(self, cls: type[Function], args: Args) -> Any:
        """Records a ``torch.autograd.Function``: its forward, and its backward as a graph of its own."""
        inputs = [x if isinstance(x, torch.Tensor) and x.is_floating_point() else None for x in args]
        needs = tuple(x is not None and x.requires_grad for x in inputs)
        context, outer = Context(needs), self.builder
        before = tuple(outer.read(self._value(x)) for x in inputs if x is not None)  # a forward may write to its inputs
        with torch.no_grad():
            output = forward_of(cls, context, args)
        if not torch.is_grad_enabled() or not any(needs):
            return output
        several = isinstance(output, tuple)
        results = [x for x in (output if several else (output,)) if isinstance(x, torch.Tensor)]
        if any(x.layout != torch.strided for x in results):
            self._problem(f"{cls.__name__} gives tensors that aren't dense")
        tensors = [
            x.detach().requires_grad_(x.is_floating_point() and all(x is not p for p in context.plain)) for x in results
        ]
        graph, captured = self._backward(cls, context, results, inputs)
        if graph is None:
            return output
        outer.calls, outer.stops = self.calls[-1], False
        arguments = (graph, before, outer.plain(self._value(results)), captured)
        refs = outer.emit_several("custom_grad", arguments, {}, len(results))
        causes = frozenset().union(*(self.causes.get(id(x), frozenset()) for x in results))
        for tensor, ref in zip(tensors, refs, strict=True):
            self._know(tensor, Slot(ref), causes)
        return tuple(tensors) if several else tensors[0]

    def _backward(
        self,
        cls: type[Function],
        context: Context,
        results: Sequence[torch.Tensor],
        inputs: Sequence[torch.Tensor | None],
    ) -> tuple[Graph | None, tuple[Argument, ...]]:
        """The backward of a function as a graph, and what it captures: pairs of an input's number and its value."""
        outer = self.builder, self.slots, self.causes, self.storages, self.views
        self.builder, self.slots, self.causes, self.storages, self.views = inner = Builder(), {}, {}, {}, {}
        captured: dict[int, Ref] = {}
        grads = [torch.ones_like(x) for x in results]
        for i, grad in enumerate(grads):
            self._know(grad, inner[0].source("input", i), frozenset({-1}))
        for key, slot in outer[1].items():  # what the forward knows is captured where the backward uses it
            inside = inner[0].source("input", len(results) + len(captured))
            captured[inside.value.index] = outer[0].read(slot)
            self.slots[key], self.causes[key] = inside, outer[2][key]
        try:
            with torch.no_grad():
                cotangents = cls.backward(context, *grads)
            cotangents = cotangents if isinstance(cotangents, tuple) else (cotangents,)
            kept = [g for g, x in zip(cotangents, inputs, strict=False) if x is not None]
            if any(g is not None and not isinstance(g, torch.Tensor) for g in kept) or inner[0].assumptions:
                self._problem(f"the backward pass of {cls.__name__} depends on values")
                return None, ()
            graph = inner[0].finish(tuple(None if g is None else self._value(g) for g in kept), ())
        finally:
            self.builder, self.slots, self.causes, self.storages, self.views = outer
        used = {s.index for s in graph.sources}
        return graph, tuple(
            (s.name, captured[s.index]) for s in graph.sources if s.index in captured and s.index in used
        )

    # Values that Python reads.

    def _read(self, func: OpOverload, args: Args, kwargs: Kwargs, tensor: torch.Tensor, causes: Causes) -> Any:
        value = self._rest(func, args, kwargs)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole and -1 not in causes:
            self._need(causes, "")
        if name_of(func) == "equal":
            self._problem("torch.equal of values that depend on parameters or inputs")
            return value
        self.assume(tensor, value)
        return value

    def assume(self, tensor: torch.Tensor, value: bool | int | float | complex) -> None:
        """Notes an assumption: Python has read the only element of a tensor."""
        slot = self._slot(tensor)
        assert slot is not None
        self.builder.calls, self.builder.stops = self.calls[-1], True
        description = f"a value that {self._part()} reads ({_place()})"
        ref = self.builder.emit("reshape", (self.builder.read(slot), ()))
        self.builder.assumptions.append(Assumption(Ref(ref.index), value, description))

    def _need(self, causes: Causes, problem: str) -> None:
        if causes and -1 not in causes:
            raise Again(causes)
        inputs = frozenset(causes - {-1})
        if inputs:
            raise Again(inputs)
        self._problem(problem)
        raise NotTapeable(self.problems)

    def _part(self) -> str:
        """The part whose code runs."""
        return path_of(self.calls[-1]) or type(self.module).__name__

    def _problem(self, what: str) -> None:
        self.problems.append(f"{self._part()}: {what} ({_place()})")


def same_memory(result: object, below: object) -> bool:
    """Whether a tensor, or the first of several, lies in the memory of another one."""
    first = result[0] if isinstance(result, tuple | list) and result else result
    if not isinstance(first, torch.Tensor) or not isinstance(below, torch.Tensor):
        return False
    return first.untyped_storage()._cdata == below.untyped_storage()._cdata


def _place() -> str:
    """The line of the network's code that runs."""
    for frame in reversed(traceback.extract_stack(sys._getframe(1))):
        file = frame.filename.replace("\\", "/")
        if "/purenn/interop/" not in file and "/torch/" not in file:
            return f"line {frame.lineno} of {file.rpartition('/')[2]}: {frame.line}"
    return "unknown line"
