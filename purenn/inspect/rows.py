"""The rows of `purenn.summary`: what each layer of a model has, does and returns."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator

from purenn.inspect.flops import flops
from purenn.inspect.trace import Shaped, Trace, arrays_of
from purenn.layers.base import Bound
from purenn.layers.embedding_table import Table
from purenn.nn.module import Module
from purenn.variable import Variable

__all__ = ["Row", "rows_of", "short"]


@dataclasses.dataclass(frozen=True)
class Row:
    """One layer with all that is below it.

    Attributes:
        path: its dotted name; "" is the model.
        layer: the name of its class.
        calls: how often it is called.
        outputs: shape and dtype of each array that its last call returns.
        trained: the number of elements of its parameters that an optimizer trains.
        frozen: the number of elements of those that are frozen.
        buffers: the number of elements of its buffers.
        bytes: the memory of its parameters and buffers.
        output_bytes: the memory of what its last call returns.
        flops: the floating-point operations of all of its calls; None without an input.
        shared: whether some of its arrays are counted in an earlier row.
    """

    path: str
    layer: str
    calls: int
    outputs: tuple[tuple[tuple[int, ...], str], ...]
    trained: int
    frozen: int
    buffers: int
    bytes: int
    output_bytes: int
    flops: int | None
    shared: bool = False

    @property
    def parameters(self) -> int:
        """The number of elements of all of its parameters."""
        return self.trained + self.frozen

    @property
    def depth(self) -> int:
        """The number of names in its path."""
        return self.path.count(".") + 1 if self.path else 0

    def cells(self) -> tuple[str, ...]:
        """The row in print."""
        shapes = ", ".join(str(list(shape)) for shape, _ in self.outputs)
        dtypes = ", ".join(dict.fromkeys(dtype for _, dtype in self.outputs))
        layer = self.layer + (f" ×{self.calls}" if self.calls > 1 else "") + (" (shared)" if self.shared else "")
        unknown = self.flops is None or not (self.flops or self.calls)  # no input, or the layer around computes it
        count = "" if unknown else short(self.flops or 0, 1000, "")
        numbers = (f"{self.trained:,}", f"{self.frozen:,}", f"{self.buffers:,}", count, short(self.bytes, 1024, "B"))
        return (self.path, layer, shapes, dtypes, *numbers)


def rows_of(root: Bound, run: Trace) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows of a model and the parts below it, and notes on what the numbers leave out."""
    exclusive: Counter[str] = Counter()
    notes: list[str] = []
    if run.program is not None:
        counted = flops(run.program)
        for number, operations in counted.by_call.items():
            exclusive[run.calls[number].path if number >= 0 else ""] += operations
        if counted.unknown:
            notes.append(f"not counted: {', '.join(sorted(counted.unknown))}")
        if counted.open_ended:
            notes.append("a loop whose length depends on values counts as one round")
    calls = Counter(call.path for call in run.calls)
    outputs = {call.path: arrays_of(call.output) for call in run.calls}
    if run.program is not None:
        outputs[""] = arrays_of(run.output)
    parts = [*_walk(root, "")]
    known = {path for path, _ in parts}
    inclusive: Counter[str] = Counter()
    for path, operations in exclusive.items():
        while path not in known:
            path = path.rpartition(".")[0]
        for above in _ancestors(path):
            inclusive[above] += operations
    sizes, shared = _sizes(parts)
    rows = []
    for path, part in parts:
        arrays = outputs.get(path, [])
        trained, frozen, buffers, memory = sizes[path]
        rows.append(
            Row(
                path,
                part._get_name(),
                max(calls[path], int(not path and run.program is not None)),
                tuple((tuple(array.shape), str(array.dtype)) for array in arrays),
                trained,
                frozen,
                buffers,
                memory,
                sum(map(_bytes, arrays)),
                None if run.program is None else inclusive[path],
                path in shared,
            )
        )
    return tuple(rows), tuple(notes)


def _walk(part: Bound, path: str) -> Iterator[tuple[str, Bound]]:
    yield path, part
    for name, child in part._modules.items():
        if child is not None:
            yield from _walk(child, f"{path}.{name}" if path else name)


def _ancestors(path: str) -> Iterator[str]:
    """A path and all above it."""
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


def _sizes(parts: list[tuple[str, Bound]]) -> tuple[dict[str, list[int]], set[str]]:
    """The trained, frozen and buffered elements and the bytes of each part: an array counts at its first place."""
    sizes: dict[str, list[int]] = {path: [0, 0, 0, 0] for path, _ in parts}
    seen: set[int] = set()
    shared: set[str] = set()
    for path, part in parts:
        frozen = part._layer.frozen() if isinstance(part._layer, Table) else frozenset()
        for group in (part._parameters, part._buffers):
            for name, variable in group.items():
                if variable is None:
                    continue
                if id(variable) in seen:
                    shared.add(path)
                    continue
                seen.add(id(variable))
                kind = 2 if group is part._buffers else int(_is_frozen(part, name, variable, frozen))
                for above in _ancestors(path):
                    sizes[above][kind] += math.prod(variable.value.shape)
                    sizes[above][3] += _bytes(variable.value)
    return sizes, shared


def _is_frozen(part: Bound, name: str, variable: Variable, frozen: frozenset[str]) -> bool:
    """Whether an optimizer leaves a parameter alone: a module's variable says so, a layer names it."""
    return not variable.requires_grad or (name in frozen and not isinstance(part, Module))


def _bytes(array: Shaped) -> int:
    return math.prod(array.shape) * array.dtype.itemsize


def short(number: int, base: int, unit: str) -> str:
    """A number with three digits and a prefix."""
    value, power = float(number), 0
    while value >= base and power < 6:
        value, power = value / base, power + 1
    if not power:
        return f"{number} {unit}".rstrip()
    prefix = "kMGTPE"[power - 1] if base == 1000 else ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")[power - 1]
    return f"{value:.{max(0, 2 - int(math.log10(value)))}f} {prefix}{unit}"
