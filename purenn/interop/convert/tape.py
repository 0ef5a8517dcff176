"""Graphs by a tape: one run on real tensors, with every operator recorded above autograd, where layers call them.

What depends on no parameter, no float input and no random number is a constant. A value that Python reads from another
tensor is an assumption; where a shape depends on an integer or boolean input, this input is fixed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch._ops import OpOverload
from torch.fx.experimental.proxy_tensor import ProxyTorchDispatchMode
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from purenn.interop.convert.functions import intercepted
from purenn.interop.convert.graph import Graph
from purenn.interop.convert.operators import decomposition_of, name_of, places_of, takes, writes
from purenn.interop.convert.recorder import Again, NotTapeable, Recorder
from purenn.interop.convert.structure import Tree
from purenn.interop.convert.torch_trees import apart

__all__ = ["NotTapeable", "Taped", "record"]

_READS = {"item", "_local_scalar_dense", "is_nonzero", "equal", "_is_all_true_item"}
_COUNTS = {"nonzero", "masked_select", "nonzero_numpy", "unique2", "_unique2", "unique_dim", "unique_consecutive"}
_PEEKS = {"tolist", "numpy", "__array__", "__int__", "__float__", "__bool__", "__index__"}


class Taped:
    """The result of a tape: the graph, the leaves of the output with their tree, and which inputs are fixed."""

    def __init__(self, graph: Graph, output: Tree, fixed: frozenset[int]):
        self.graph, self.output, self.fixed = graph, output, fixed
        self.notes: tuple[str, ...] = ()


def record(
    module: torch.nn.Module,
    reset: Callable[[], None],
    call: Callable[[], object],
    leaves: Sequence[object],
    names: Mapping[int, tuple[str, str]],
) -> Taped:
    """Runs a module once and records it.

    Args:
        module: the torch module.
        reset: puts its buffers back to what they were; it isn't recorded.
        call: runs it on leaves; the arguments' tensors are cloned by the caller.
        leaves: the leaves of the arguments.
        names: kind and dotted name of each parameter and buffer, by the tensor's ``id``.

    Raises:
        NotTapeable: something can't be recorded; the message has all that was found.
    """
    fixed: frozenset[int] = frozenset()
    while True:
        reset()
        tape = _Tape(module, leaves, names, fixed)
        try:
            with tape.recording():
                output = call()
            if tape.problems:
                raise NotTapeable(tape.problems)
            return tape.finish(output)
        except Again as again:
            fixed |= again.inputs


class _Tape(Recorder, ProxyTorchDispatchMode):
    """The recorder. It stands in for torch's own tracer, which is the one that sees calls above autograd."""

    def __init__(
        self,
        module: torch.nn.Module,
        leaves: Sequence[object],
        names: Mapping[int, tuple[str, str]],
        fixed: frozenset[int],
    ):
        TorchDispatchMode.__init__(self, torch._C.DispatchKey.PreDispatch)
        self.pre_dispatch, self.enter_stack, self.decomp_layers = True, [], 0
        self.emulate_precision_casts = False
        self._mode_key = torch._C._TorchDispatchModeKey.PROXY
        self.begin(module, leaves, names, fixed)

    # Running.

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Inside, calls are recorded."""
        hooks = torch.nn.modules.module
        before = hooks.register_module_forward_pre_hook(self._enter)
        after = hooks.register_module_forward_hook(self._leave, always_call=True)
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            with intercepted(self.apply), _Peeks(self), enable_python_dispatcher(), self:
                yield
        finally:
            before.remove()
            after.remove()
            torch.backends.mha.set_fastpath_enabled(fast)

    def _enter(self, part: torch.nn.Module, args: object) -> None:
        calls = self.calls[-1]
        if path := self.paths.get(id(part)):
            number = self.counts[path] = self.counts.get(path, -1) + 1
            calls = (*calls, f"{path}@{number}")
        self.calls.append(calls)
        self.builder.calls = calls

    def _leave(self, part: torch.nn.Module, args: object, output: object) -> None:
        if len(self.calls) > 1:
            self.calls.pop()
        self.builder.calls = self.calls[-1]

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if self.resting or not isinstance(func, OpOverload):
            return func(*args, **kwargs)
        tensors = [x for x in pytree.tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        drawn = torch.Tag.nondeterministic_seeded in func.tags
        followed = [t for t in tensors if self._slot(t) is not None]
        if not followed and not (drawn and not _constant_draw(func, args)):
            result = self._rest(func, args, kwargs)
            self._note_view(func, args, kwargs, result)
            return result
        causes = frozenset().union(*(self.causes[id(t)] for t in followed)) if followed else frozenset({-1})
        name = name_of(func)
        base = name.partition(".")[0]
        if base in _READS:
            return self._read(func, args, kwargs, followed[0], causes)
        if counted := self._counted(base, args):
            needed = frozenset().union(*(self.causes[id(t)] for t in counted))
            self._need(needed, f"{func}: the shape of the result depends on values")
        if not takes(func) and (function := decomposition_of(func)) is not None:
            with self:
                return function(*args, **kwargs)
        for i in writes(func):  # a constant that is written to is no constant from now on
            target = kwargs.get(i) if isinstance(i, str) else args[i]
            if isinstance(target, torch.Tensor) and self._slot(target) is None:
                self._promote(target, causes)
        if base == "as_strided" and (places := places_of(args[0], *args[1:4])) is not None:
            func, args = torch.ops.aten.take.default, (args[0], torch.from_numpy(places))
        plain = tuple(map(self._value, args)), {n: self._value(v) for n, v in kwargs.items()}
        result = self._rest(func, args, kwargs)
        self._note(func, args, plain, result, causes)
        return result

    def _counted(self, base: str, args: tuple[Any, ...]) -> list[torch.Tensor]:
        """The recorded tensors whose values determine the shape of a result, such as masks."""
        if base in _COUNTS:
            counted = [x for x in args if isinstance(x, torch.Tensor)]
        elif base in ("index", "index_put", "index_put_"):
            counted = [i for i in args[1] if isinstance(i, torch.Tensor) and i.dtype in (torch.bool, torch.uint8)]
            if base != "index" and len(args[1]) == 1 and args[2].numel() == 1:
                return []
        else:
            return []
        return [x for x in counted if self._slot(x) is not None]

    def finish(self, output: object) -> Taped:
        """The graph of what was recorded."""
        tree, leaves = apart(output, objects=True)
        self.builder.calls, self.builder.stops = (), False
        outputs = []
        for leaf in leaves:
            if isinstance(leaf, torch.Tensor):
                outputs.append(self._value(leaf))
            elif leaf is None or isinstance(leaf, bool | int | float | complex | str):
                outputs.append(leaf)
            else:
                raise NotTapeable([f"the output holds {type(leaf).__name__}, which is neither array nor number"])
        updates = []
        for path, part in self.module.named_modules():
            for name, tensor in part._buffers.items():
                full = f"{path}.{name}".lstrip(".")
                old = self.buffers.get(full)
                if tensor is None or old is None:
                    continue
                slot = self._value(tensor)
                if tensor is not old or self.builder.read(slot) != self.starts[id(old)]:
                    updates.append((full, slot))
        return Taped(self.builder.finish(tuple(outputs), updates), tree, self.fixed)


class _Peeks(TorchFunctionMode):
    """Sees reads of whole tensors, which are no calls of operators."""

    def __init__(self, tape: _Tape):
        self.tape = tape

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name, tape = getattr(func, "__name__", ""), self.tape
        if args and isinstance(args[0], torch.Tensor) and not tape.resting:
            if name in ("tolist", "numpy", "__array__") and tape._slot(args[0]) is not None:
                causes = tape.causes[id(args[0])]
                tape._need(causes, f"Tensor.{name}() of values that depend on parameters or float inputs")
            if name == "__get__" and getattr(getattr(func, "__self__", None), "__name__", "") == "data":
                return args[0].detach()
        if name in ("grad", "backward") and getattr(func, "__module__", "").startswith("torch.autograd"):
            tape._problem("a gradient is taken inside of the forward")
        return func(*args, **(kwargs or {}))


def _constant_draw(func: OpOverload, args: tuple[Any, ...]) -> bool:
    """Whether an operator draws nothing, such as dropout in evaluation."""
    return name_of(func) in ("dropout", "alpha_dropout", "feature_dropout") and not args[2]
