"""A converted torch module as a layer."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn.interop.convert.arguments import Arguments, arrays_of, check_guards
from purenn.interop.convert.calls import Block
from purenn.interop.convert.dtypes import dtype_of
from purenn.interop.convert.graph import Graph, Leaf
from purenn.interop.convert.interpret import is_array, is_floating, run
from purenn.interop.convert.structure import Tree, unflatten
from purenn.layers.base import Bound, Constant, Layer, Spec
from purenn.layers.container import BoundList
from purenn.layers.observe import observers
from purenn.tree import list_repr
from purenn.typing import Array, ArrayLike, DTypeLike, Key

__all__ = ["ArrayField", "Converted", "Mode", "Part", "Program", "part_of"]

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class ArrayField:
    """An array that a part holds: ``kind`` is ``parameter`` or ``buffer``, ``dtype`` is torch's name."""

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str


@dataclasses.dataclass(frozen=True)
class Mode:
    """A network in evaluation, or in training.

    Attributes:
        graph: the calls.
        leaves: the leaves of the arguments.
        output: how the output is made of leaves.
        way: how the graph was recorded, ``export`` or ``tape``.
        notes: facts of the conversion that a call relies on and can't check.
    """

    graph: Graph
    leaves: tuple[Leaf, ...]
    output: Tree
    way: str
    notes: tuple[str, ...] = ()

    def remarks(self) -> list[str]:
        """The values and facts that the graph relies on, in words."""
        said = [*self.notes, *map(str, self.graph.assumptions)]
        return said + [f"{x.path} has the values of the example" for x in self.leaves if isinstance(x.value, Constant)]


@dataclasses.dataclass(frozen=True)
class Program:
    """A network in both modes. For a mode that can't be converted there is the message that says why.

    Attributes:
        arguments: the arguments of a call.
        evaluation: outside training.
        training: in training.
        ties: pairs of a further name of an array and its first name.
        frozen: the parameters that torch doesn't train.
        transient: buffers that no state_dict has.
    """

    arguments: Arguments
    evaluation: Mode | str
    training: Mode | str
    ties: tuple[tuple[str, str], ...] = ()
    frozen: tuple[str, ...] = ()
    transient: tuple[str, ...] = ()


def _unknown(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> NoReturn:
    raise ValueError(
        "a converted network doesn't know how torch made its arrays: use the params and state that from_torch gave"
    )


class Part(Layer):
    """A part of a converted network: its arrays and parts under torch's names. The network's graph computes it.

    Attributes:
        kind: the torch class's name.
        extra: what the torch module prints between its parentheses.
        array_fields: the arrays.
        names: the names of the parts.
        parts: the parts.
        holds_only: whether it only holds parts and is never called itself.
    """

    kind: str
    extra: str = ""
    array_fields: tuple[ArrayField, ...] = ()
    names: tuple[str, ...] = ()
    parts: tuple[Layer, ...] = ()
    holds_only: bool = False

    def parameters(self) -> Mapping[str, Spec | None]:
        return self._specs("parameter")

    def buffers(self) -> Mapping[str, Spec | None]:
        return self._specs("buffer")

    def _specs(self, kind: str) -> dict[str, Spec | None]:
        return {f.name: Spec(f.shape, _unknown, dtype_of(f.dtype)) for f in self.array_fields if f.kind == kind}

    def children(self) -> Mapping[str, Layer]:
        return dict(zip(self.names, self.parts, strict=True))

    def forward(self, m: Bound, *args: object, **kwargs: object) -> Any:
        raise NotImplementedError(
            f"{self.kind} is a part of a converted network and can't be called alone: convert the torch module itself"
        )

    @property
    def _holds_only(self) -> bool:
        return self.holds_only

    def _bound(self) -> type[Bound]:
        return BoundList if self.kind in ("ModuleList", "Sequential") else Bound

    def extra_repr(self) -> str:
        return self.extra

    def _get_name(self) -> str:
        return self.kind

    def _tree_repr(self, name: str, extra: str, children: Mapping[str, Any]) -> str:
        if self.kind == "ModuleList" and [*children] == [*map(str, range(len(children)))]:
            return list_repr(name, [*children.values()])
        return super()._tree_repr(name, extra, children)


class Converted(Part):
    """A network that `from_torch` has made of a torch module: the module's tree, and what it computes.

    It can be pickled, and runs without torch.

    Attributes:
        program: what it computes.
    """

    program: Program = dataclasses.field(kw_only=True)

    def forward(self, m: Bound, *args: object, **kwargs: object) -> Any:
        mode = self.program.training if m.training else self.program.evaluation
        if isinstance(mode, str):
            raise ValueError(mode)
        where, graph = self.kind, mode.graph
        leaves = self.program.arguments.leaves(where, args, kwargs)
        arrays = arrays_of(where, mode.leaves, leaves)
        shapes = [None if a is None else a.shape for a in arrays]
        check_guards(where, graph.guards, shapes, [leaf.path for leaf in mode.leaves])
        sources = {("input", i): jnp.asarray(a) for i, a in enumerate(arrays) if a is not None}
        sources |= {(s.kind, s.name): self._read(m, str(s.name)) for s in graph.sources if s.kind != "input"}
        values, outputs = run(graph, sources, functools.partial(self._call_part, m, graph))
        self._update(m, graph, values)
        outputs = _checked(where, outputs, _claims(mode, arrays, values))
        return unflatten(mode.output, iter(outputs))

    def _read(self, m: Bound, name: str) -> Any:
        """A parameter or buffer."""
        part, last = part_of(m, name)
        value = getattr(part, last)
        return jax.lax.stop_gradient(value) if name in self.program.frozen else value

    def _update(self, m: Bound, graph: Graph, values: list[Any], block: Block | None = None) -> None:
        """Sets the buffers that change; with a block, only the buffers of its part that it computes."""
        for name, ref in graph.updates:
            if block is None or (_owner(name) == block.path and ref.index in block.values):
                part, last = part_of(m, name)
                setattr(part, last, values[ref.index])

    def _call_part(self, m: Bound, graph: Graph, block: Block, values: list[Any], compute: Callable[[], None]) -> None:
        """Makes the call of a part, as if its own `forward` had been called with the arrays that go into the block.

        Observers of calls may replace inputs, outputs and parameters.
        """
        part = part_of(m, f"{block.path}.")[0]
        arrays = {i: values[i] for i in block.inputs if is_array(values[i])}
        looked_at = bool(observers())
        parameters = (
            [s for s in graph.sources if s.kind == "parameter" and _owner(s.name) == block.path] if looked_at else []
        )
        before = arrays | {s.index: values[s.index] for s in parameters}

        def function(*args: object) -> Any:
            for i, value in zip(arrays, args, strict=True):
                values[i] = value
            for s in parameters:
                values[s.index] = self._read(m, str(s.name))
            compute()
            if looked_at:
                self._update(m, graph, values, block)
            outputs = tuple(values[i] for i in results())
            return outputs[0] if len(outputs) == 1 else outputs

        def results() -> list[int]:
            return [i for i in block.outputs if is_array(values[i])]

        outputs = part._call_with_context(function, tuple(arrays.values()), {})
        numbers = results()
        for i, value in [*before.items(), *zip(numbers, outputs if len(numbers) != 1 else (outputs,), strict=True)]:
            values[i] = value

    def _tree_repr(self, name: str, extra: str, children: Mapping[str, Any]) -> str:
        text = super()._tree_repr(name, extra, children)
        modes = {"evaluation": self.program.evaluation, "training": self.program.training}
        notes = [f"  # in {n}: {r}" for n, mode in modes.items() if isinstance(mode, Mode) for r in mode.remarks()]
        notes += [f"  # no {n}: {mode.splitlines()[0]}" for n, mode in modes.items() if isinstance(mode, str)]
        return "\n".join((text, *notes))


def _owner(name: str | int) -> str:
    """The part that holds an array."""
    return str(name).rpartition(".")[0]


def part_of(m: Bound, path: str) -> tuple[Bound, str]:
    """The part that a dotted name leads to, and the last name."""
    *parents, last = path.split(".")
    for name in parents:
        m = m._modules[name]
    return m, last


def _claims(mode: Mode, arrays: list[Any], values: list[Any]) -> Iterable[tuple[ArrayLike, ArrayLike, str]]:
    """Triples of a value, the value that the graph relies on, and a description."""
    for leaf, array in zip(mode.leaves, arrays, strict=True):
        if isinstance(leaf.value, Constant):
            yield array, leaf.value.array, leaf.path
    for assumption in mode.graph.assumptions:
        yield values[assumption.ref.index], assumption.value, assumption.where


def _checked(where: str, outputs: T, claims: Iterable[tuple[ArrayLike, ArrayLike, str]]) -> T:
    """The outputs, if every claim holds. Under ``jit``, outputs are NaN where a claim on a traced value doesn't.

    Raises:
        ValueError: a claim on a concrete value doesn't hold.
    """
    holds: list[Array] = []
    for value, expected, description in claims:
        if isinstance(value, Tracer):
            holds.append(jnp.all(value == expected) if np.shape(value) == np.shape(expected) else jnp.array(False))
        elif not np.array_equal(np.asarray(value), np.asarray(expected)):
            brief = repr(expected) if np.ndim(expected) == 0 else "the values of the example"
            raise ValueError(
                f"{where} was converted for {description} being {brief}, which this call's isn't: convert again with "
                "an example like this call"
            )
    if not holds:
        return outputs
    fine = jnp.stack(holds).all()

    def guarded(x: object) -> object:
        return jnp.where(fine, x, jnp.nan) if is_floating(x) else x

    return jax.tree.map(guarded, outputs)
