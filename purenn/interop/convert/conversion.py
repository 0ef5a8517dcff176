"""From a live torch module to a layer with its arrays; `api` calls `convert`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch

from purenn.interop.convert import exported, tape
from purenn.interop.convert.arguments import Arguments
from purenn.interop.convert.dtypes import narrowed, numpy_of
from purenn.interop.convert.graph import Graph, Leaf
from purenn.interop.convert.layer import ArrayField, Converted, Mode, Part, Program
from purenn.interop.convert.module_state import as_it_was, copied, notes_of_draws, python_draws
from purenn.interop.convert.named_arrays import Arrays, ConversionError, NamedArrays
from purenn.interop.convert.stock import stock_layer
from purenn.interop.convert.structure import paths
from purenn.interop.convert.torch_trees import apart, tree_of_spec
from purenn.layers.base import Layer
from purenn.layers.spec import Constant

__all__ = ["ConversionError", "convert"]

_Shape: TypeAlias = tuple[int | str, ...]  # numbers, and symbols for free sizes


def convert(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Layer, Arrays, Arrays]:
    """Converts a module: to stock layers where it is made of stock modules alone, else to its graphs."""
    names = NamedArrays(module)
    if not names.ties and (layer := stock_layer(module)) is not None:
        return layer, *names.arrays(())
    if not (args or kwargs) and _needs_arguments(module):
        raise TypeError(
            f"{type(module).__name__} has a forward of its own, so that example inputs are needed: "
            "give them after the module, as in from_torch(module, *example, **kwargs)"
        )
    arguments, leaves = _arguments(module, args, kwargs)
    given_up: set[str] = set()
    evaluation, problems = _mode(module, False, arguments, leaves, args, kwargs, names, given_up)
    if evaluation is None:
        raise ConversionError(_message(module, problems))
    training, problems = _mode(module, True, arguments, leaves, args, kwargs, names, given_up)
    trained = training or f"{type(module).__name__} can't be run in training: " + _message(module, problems)
    changing = {name for mode in (evaluation, training) if mode for name, _ in mode.graph.updates}
    dropped = {n: t for n, t in names.transient.items() if n not in changing}
    evaluation = _without(evaluation, dropped)
    trained = _without(trained, dropped) if isinstance(trained, Mode) else trained
    transient = tuple(n for n in names.transient if n in changing)
    program = Program(arguments, evaluation, trained, names.ties, names.frozen, transient)
    layer = _tree(module, "", names, set(dropped), program)
    return layer, *names.arrays(dropped)


def _message(module: torch.nn.Module, problems: Sequence[str]) -> str:
    lines = "".join(f"\n  {p}" for p in dict.fromkeys(problems))
    return (
        f"{type(module).__name__} can't be converted, for these reasons:{lines}\nWrite these parts in another way, "
        "with sizes that don't depend on values and operators of torch itself, or port the module's source to purenn."
    )


def _needs_arguments(module: torch.nn.Module) -> bool:
    parameters = inspect.signature(module.forward).parameters.values()
    return any(p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def _arguments(
    module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Arguments, list[Any]]:
    signature = inspect.signature(module.forward)
    signature.bind(*args, **kwargs)
    parameters = list(signature.parameters.values())
    order = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "")
    names = [order[i] if i < len(order) else f"{rest}[{i - len(order)}]" for i in range(len(args))]
    names += list(kwargs)
    trees, leaves = [], []
    for name, value in zip(names, (*args, *kwargs.values()), strict=True):
        tree, parts = apart(value, objects=False)
        trees.append(tree)
        leaves += parts
        for part in parts:
            if not isinstance(part, torch.Tensor | bool | int | float | complex | str | None):
                raise ConversionError(
                    f"the argument {name!r} holds a {type(part).__name__}, which is neither tensor nor constant: give "
                    "its tensors in tuples, lists or dicts, or register its class as a pytree of torch"
                )
    defaults = tuple(
        (p.name, p.default)
        for p in parameters
        if p.default is not p.empty and isinstance(p.default, bool | int | float | str | None)
    )
    return Arguments(tuple(names), tuple(trees), tuple(order), rest, defaults), leaves


def _mode(
    module: torch.nn.Module,
    training: bool,
    arguments: Arguments,
    leaves: list[Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    names: NamedArrays,
    given_up: set[str],
) -> tuple[Mode | None, list[str]]:
    """The module in one mode, or None and the reasons why it can't be converted."""
    places = [path for name, tree in zip(arguments.names, arguments.trees, strict=True) for path in paths(tree, name)]
    reason: Exception | None = None
    drawn = python_draws()
    with as_it_was(module, training):
        try:
            program = exported.export(module, copied(args), copied(kwargs), places, given_up)
            if len(program.shapes) == len(leaves):
                described = _described(places, leaves, program.shapes, frozenset())
                graph = _renamed(program.graph, names)
                return Mode(graph, described, tree_of_spec(program.spec), "export", notes_of_draws(drawn)), []
        except Exception as error:  # if the tape fails too, its error is the one to show
            reason = error
    try:
        taped = _tape(module, training, args, kwargs, names)
    except tape.NotTapeable as error:
        return None, error.problems
    except Exception as error:
        raise ConversionError(
            f"{type(module).__name__} can't be converted: torch.export fails ({_brief(reason)}), and so does a run on "
            f"the example ({_brief(error)})"
        ) from error
    shapes = [tuple(x.shape) if isinstance(x, torch.Tensor) else None for x in leaves]
    described = _described(places, leaves, shapes, taped.fixed)
    return Mode(_renamed(taped.graph, names), described, taped.output, "tape", taped.notes), []


def _tape(
    module: torch.nn.Module, training: bool, args: tuple[Any, ...], kwargs: dict[str, Any], names: NamedArrays
) -> tape.Taped:
    args, kwargs = copied(args), copied(kwargs)
    leaves = [leaf for value in (*args, *kwargs.values()) for leaf in apart(value, objects=False)[1]]
    with as_it_was(module, training) as again:
        drawn = python_draws()
        taped = tape.record(module, again, lambda: module(*args, **kwargs), leaves, names.by_id)
        taped.notes = notes_of_draws(drawn)
        return taped


def _brief(error: Exception | None) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0] if text else ''}"


def _described(
    places: Sequence[str], leaves: Sequence[Any], shapes: Sequence[_Shape | None], fixed: frozenset[int]
) -> tuple[Leaf, ...]:
    """The leaves of the arguments as data."""
    numbered = enumerate(zip(places, leaves, shapes, strict=True))
    return tuple(_leaf(path, value, shape, i in fixed) for i, (path, value, shape) in numbered)


def _leaf(
    path: str, value: torch.Tensor | bool | int | float | complex | str | None, shape: _Shape | None, fixed: bool
) -> Leaf:
    if not isinstance(value, torch.Tensor):
        return Leaf(path, value=value)
    dtype = str(value.dtype).removeprefix("torch.")
    kept = Constant(narrowed(numpy_of(value))) if fixed else None
    return Leaf(path, dtype, tuple(value.shape) if shape is None else shape, kept)


def _renamed(graph: Graph, names: NamedArrays) -> Graph:
    sources = tuple(
        dataclasses.replace(s, name=names.canonical.get(str(s.name), s.name)) if s.kind != "input" else s
        for s in graph.sources
    )
    updates = tuple((names.canonical.get(n, n), r) for n, r in graph.updates)
    if changed := [n for n, _ in updates if n in names.parameters]:
        raise ConversionError(f"the forward changes the parameters {', '.join(changed)}: make them buffers")
    return dataclasses.replace(graph, sources=sources, updates=updates)


def _without(mode: Mode, dropped: Mapping[str, torch.Tensor]) -> Mode:
    """The mode with buffers as constants: those that no state_dict has and no call changes."""
    graph = mode.graph
    constants = [
        (s.index, numpy_of(dropped[str(s.name)])) for s in graph.sources if s.kind == "buffer" and s.name in dropped
    ]
    sources = tuple(s for s in graph.sources if s.kind != "buffer" or s.name not in dropped)
    graph = dataclasses.replace(graph, sources=sources, constants=(*graph.constants, *constants))
    return dataclasses.replace(mode, graph=graph)


def _tree(module: torch.nn.Module, path: str, names: NamedArrays, dropped: set[str], program: Program | None) -> Layer:
    """The layer of a part: a stock layer for a stock module with all of its arrays, else a `Part` with the arrays."""
    prefix = f"{path}." if path else ""
    second = {alias for alias, _ in names.ties}
    parameters, buffers = module.named_parameters(remove_duplicate=False), module.named_buffers(remove_duplicate=False)
    inside = {prefix + n for n, _ in (*parameters, *buffers)}
    complete = inside.isdisjoint(second | dropped)
    if program is None and complete and (stock := stock_layer(module)) is not None:
        return stock
    fields = [
        ArrayField(name, kind, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for kind, arrays in (("parameter", module._parameters), ("buffer", module._buffers))
        for name, tensor in arrays.items()
        if tensor is not None and prefix + name not in second and prefix + name not in dropped
    ]
    children = {n: c for n, c in module._modules.items() if c is not None}
    parts = tuple(_tree(c, prefix + n, names, dropped, None) for n, c in children.items())
    never_called = type(module).forward is torch.nn.Module.forward and "forward" not in vars(module)
    arguments = (type(module).__name__, module.extra_repr(), tuple(fields), tuple(children), parts, never_called)
    return Part(*arguments) if program is None else Converted(*arguments, program=program)
