"""Calls of lasting modules: one jit for a layer, or one for a whole `forward`.

- A stock module without children (`leaf`) runs its layer in a program that all modules with an equal layer share.
- A compiled module, or a stock module with children (`compiled`), runs its whole `forward` in one program, which
  depends on everything that the call can reach.

Either way a module keeps a `FastPath` for its next call with one array; `purenn.nn.structure.invalidate` drops it.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.core import Tracer

from purenn import random, tracing, value_checks
from purenn.layers.base import Layer
from purenn.layers.bound import Bound
from purenn.layers.observe import observers, standing_for
from purenn.nn import access
from purenn.nn.arguments import Arguments
from purenn.nn.copies import Copies
from purenn.nn.keyed_jit import Call, KeyedJit, NoCall, current_call, in_call
from purenn.nn.node import Node
from purenn.nn.program import Programs, traced
from purenn.nn.reach import Reach
from purenn.nn.structure import structure
from purenn.nn.traces import Traces, note_trace
from purenn.nn.trees import Result
from purenn.typing import Key
from purenn.variable import Variable, value_of

__all__ = ["FastPath", "compiled", "leaf"]


class FastPath(NamedTuple):
    """The short way of a module's next call: a function of one array of the class ``kind``."""

    kind: type
    call: Callable[[Any], Any]


def _is_plain(arguments: Arguments, args: tuple[Any, ...], kwargs: dict[str, Any], program: KeyedJit) -> bool:
    """Whether a call has one array and nothing else."""
    one = len(args) == 1 and not kwargs and len(arguments.inputs) == 1 and args[0] is arguments.inputs[0]
    return one and not program.needs_key and isinstance(args[0], jax.Array) and not isinstance(args[0], Tracer)


def _keep_fast_path(
    module: Node, x: object, program: KeyedJit, variables: list[Variable], reach: Reach | None, otherwise: Any
) -> None:
    """Gives a module a `FastPath`, unless the call is traced or the module has hooks.

    Args:
        module: the module that was called.
        x: the array of the call.
        program: the program that served the call.
        variables: the variables whose arrays are inputs of the program.
        reach: the facts and further arrays of the program; None for the program of a layer, which has none.
        otherwise: is called with the array where the program doesn't fit.
    """
    if tracing.current() != tracing.NO_TRACE or module._hooks or module._pre_hooks:
        return
    run, arrays = program.plain.chosen(), [] if reach is None else reach.arrays

    def short(x: object) -> Any:
        if tracing.current() != tracing.NO_TRACE or in_call() or (reach is not None and not reach.holds()):
            return otherwise(x)
        try:
            result, changed, checks = run(*access.read(variables), *arrays, x)
        except NoCall:  # another shape than before, or jax.disable_jit
            return otherwise(x)
        checks.make([x])
        if changed:
            access.write([variables[i] for i in changed], [*changed.values()])
        return result.value() if isinstance(result, Result) else result

    vars(module)["_fast_path"] = FastPath(type(x), short)


def _without_fast_path(module: Node, x: Any) -> Any:
    """Calls a module without its fast path; the call makes a new one."""
    vars(module)["_fast_path"] = None
    return module(x)


def _finish(name: str, variables: list[Variable], inputs: list[Any], output: Any) -> Any:
    """The result of a call, the variables that changed, and their new values, from the output of a program."""
    result, changed, checks = output
    checks.make(inputs)
    if changed:
        access.refuse_tracers([*changed.values()], name)
    return result, [variables[i] for i in changed], [*changed.values()]


# One layer.


def leaf(
    module: Node,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    training: bool | None = None,
    key: Key | None = None,
    method: str | None = None,
) -> Any:
    """Calls a stock module without children: its layer runs in a program that all equal layers share."""
    fields = vars(module)
    if observers() and training is None and key is None:  # observers see the module itself, whose path is known
        return Bound._call_method(module, method, *args, **kwargs) if method else Bound._run(module, args, kwargs)
    arguments = Arguments(args, kwargs)
    if arguments.objects:  # functions and the like, which are followed
        return compiled(module, args, kwargs, training, key, method)
    if tracing.is_staged():
        access.add_constant(module)
    parameters = [v for v in fields["_parameters"].values() if v is not None]
    buffers = [v for v in fields["_buffers"].values() if v is not None]
    variables = [*parameters, *buffers]
    names = tuple((name, v is None) for name, v in (*fields["_parameters"].items(), *fields["_buffers"].items()))
    mode = fields["training"] if training is None else training
    program = _leaf(fields["_layer"], mode, arguments.key, method, names, len(fields["_parameters"]))
    finish = functools.partial(_finish, type(module).__name__, variables, arguments.inputs)
    call = Call(_NOTHING, arguments)
    inputs = *access.read(variables), *arguments.inputs
    if observers():
        with standing_for(module):
            output = program(call, key, finish, *inputs)
    else:
        output = program(call, key, finish, *inputs)
    if training is None and key is None and method is None and _is_plain(arguments, args, kwargs, program):
        _keep_fast_path(module, args[0], program, variables, None, lambda x: leaf(module, (x,), {}))
    return output.value() if isinstance(output, Result) else output


@functools.cache
def _traces(cls: type[Layer]) -> Traces:
    """The latest traces of layers of a class."""
    return Traces()


_NOTHING = Reach(set(), set(), lift=True)


@functools.lru_cache(maxsize=4096)
def _leaf(
    layer: Layer, training: bool, arguments: Any, method: str | None, names: tuple[tuple[str, bool], ...], count: int
) -> KeyedJit:
    def run(stream: random.Stream, *inputs: object) -> Any:
        call, remaining = current_call(), iter(inputs)
        variables = [None if absent else Variable(next(remaining)) for _, absent in names]
        named = [(name, variable) for (name, _), variable in zip(names, variables, strict=True)]
        present = [variable for variable in variables if variable is not None]
        before = list(map(value_of, present))
        m = Bound.__new__(Bound)
        vars(m).update(
            _layer=layer,
            _parameters=dict(named[:count]),
            _buffers=dict(named[count:]),
            _modules={},
            training=training,
            _stream=stream,
            _made_in=tracing.current(),
        )
        argument_inputs = list(remaining)
        args, kwargs = call.arguments.of(argument_inputs, None)
        note_trace(_traces(type(layer)), type(layer).__name__, call, {"the layer": layer, "training": training})
        with random.drawing_from(stream), value_checks.collected() as rules:
            output = m._call_with_context(functools.partial(getattr(layer, method or "forward"), m), args, kwargs)
        changed = {i: v.value for i, v in enumerate(present) if v.value is not before[i]}
        return Result.of(output, type(layer).__name__), changed, rules.about(argument_inputs)

    return KeyedJit(run, type(layer).__name__)


# A whole forward.

_shared: OrderedDict[Any, KeyedJit] = OrderedDict()


def programs_of(module: Node, shared: bool = False) -> Programs:
    """The programs of a module; ``shared``: one cache for all stock modules."""
    fields = vars(module)
    if fields["_programs"] is None:
        fields["_programs"] = Programs(type(module).__name__, _shared if shared else None)
    return fields["_programs"]


def compiled(
    module: Node,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    training: bool | None = None,
    key: Key | None = None,
    method: str | None = None,
    *,
    shared: bool = False,
) -> Any:
    """Calls a module in one program for its whole `forward`, or for another method of its layer."""
    name = type(module).__name__
    programs = programs_of(module, shared)
    if tracing.is_staged():
        for part in structure(module).parts.values():
            access.add_constant(part)

    def run(reach: Reach, arguments: Arguments) -> Any:
        variables = reach.variables
        program = programs.program(reach, arguments, (training, method), lambda: _whole(name, training, method, shared))
        finish = functools.partial(_finish, name, variables, arguments.inputs)
        inputs = *access.read(variables), *reach.arrays, *arguments.inputs
        output = program(Call(reach, arguments, programs), key, finish, *inputs)
        if training is None and key is None and method is None and _is_plain(arguments, args, kwargs, program):
            otherwise = functools.partial(_without_fast_path, module)
            _keep_fast_path(module, args[0], program, variables, reach, otherwise)
        return output.value() if isinstance(output, Result) else output

    if observers():
        with standing_for(module):
            return programs.call([(name, module)], [], args, kwargs, run)
    return programs.call([(name, module)], [], args, kwargs, run)


def _whole(name: str, training: bool | None, method: str | None, checked: bool) -> KeyedJit:
    """The program of a whole `forward`; ``checked`` says whether values are checked, as in an eager call."""

    def body(copies: Copies, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        reach = copies.reach.base or copies.reach  # its only root is the module
        twin = copies.of(reach.roots[0][1])
        output = twin._run(args, kwargs) if method is None else twin._call_method(method, *args, **kwargs)
        return Result.of(output, name)

    def run(stream: random.Stream, *inputs: object) -> Any:
        reach = current_call().reach
        count, end = len(reach.variables), len(reach.variables) + len(reach.arrays)
        argument_inputs = list(inputs[end:])
        with value_checks.collected() as rules:
            output = traced(stream, list(inputs[:count]), list(inputs[count:end]), argument_inputs, training, body)
        return *output, rules.about(argument_inputs if checked else [])

    return KeyedJit(run, name)
