"""Gradients of functions of modules."""

from __future__ import annotations

import functools
import types
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from purenn import random
from purenn.layers.location import describe_arguments
from purenn.layers.observe import show
from purenn.nn import access
from purenn.nn.arguments import Arguments
from purenn.nn.copies import Copies
from purenn.nn.handed_out import check_handed_out
from purenn.nn.keyed_jit import Call, KeyedJit
from purenn.nn.module import Module
from purenn.nn.program import Programs, traced
from purenn.nn.reach import Reach
from purenn.nn.structure import structure
from purenn.nn.trees import Result, is_array
from purenn.tree import nest
from purenn.variable import Variable

__all__ = ["grad", "value_and_grad"]


def value_and_grad(
    fn: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Makes a function that returns the value of ``fn`` and its gradients in modules or arrays.

    It is compiled as a step of an `Optimizer` is: once for all that it depends on. Changes of buffers in ``fn`` are
    kept. Gradients of complex parameters are torch's, the direction in which the value rises.

    Args:
        fn: returns a scalar, or with ``has_aux`` a pair of a scalar and anything.
        argnums: the places of the arguments to differentiate: modules, trees of modules, or trees of arrays.
        has_aux: whether ``fn`` returns a pair.

    Returns:
        A function that returns ``(fn's result, gradients)``: in place of each module a dict nested like
        ``module.params``, with zeros for frozen parameters; for several ``argnums`` a tuple.

    Source: ``jax.value_and_grad``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> net = nn.Linear(2, 1, bias=False)
        >>> loss, grads = nn.value_and_grad(lambda net, x: net(x).sum())(net, jnp.array([[3.0, 4.0]]))
        >>> grads
        {'weight': Array([[3., 4.]], dtype=float32)}
    """
    places = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    name = getattr(fn, "__name__", type(fn).__name__)
    programs = _programs(fn, name)

    @functools.wraps(fn)
    def value_and_gradients(*args: object, **kwargs: object) -> Any:
        check_handed_out()
        differentiated = [_differentiable(name, args, place) for place in places]
        value, gradients = _gradients(
            programs, fn, name, args, kwargs, dict(zip(places, differentiated, strict=True)), has_aux
        )
        return value, gradients[0] if isinstance(argnums, int) else tuple(gradients)

    return value_and_gradients


_shared: weakref.WeakValueDictionary[types.CodeType, Programs] = weakref.WeakValueDictionary()
_recent: deque[Programs] = deque(maxlen=16)


def _programs(fn: Callable[..., Any], name: str) -> Programs:
    """The programs of a function; functions of one code, such as lambdas made in a loop, share them."""
    code = getattr(fn, "__code__", None)
    programs = None if code is None else _shared.get(code)
    if programs is None:
        programs = Programs(f"value_and_grad of {name}")
        if code is not None:
            _shared[code] = programs
            _recent.append(programs)
    return programs


def grad(fn: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Makes a function that returns the gradients of ``fn`` in modules or arrays, as `value_and_grad` does.

    Args:
        fn: returns a scalar, or with ``has_aux`` a pair of a scalar and anything.
        argnums: the places of the arguments to differentiate: modules, trees of modules, or trees of arrays.
        has_aux: whether ``fn`` returns a pair.

    Returns:
        A function that returns the gradients, or with ``has_aux`` a pair of the gradients and the second result.

    Source: ``jax.grad``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> net = nn.Linear(2, 1, bias=False)
        >>> nn.grad(lambda net, x: net(x).sum())(net, jnp.array([[3.0, 4.0]]))
        {'weight': Array([[3., 4.]], dtype=float32)}
    """
    both = value_and_grad(fn, argnums, has_aux)

    @functools.wraps(fn)
    def gradients(*args: object, **kwargs: object) -> Any:
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradients


def _differentiable(name: str, args: tuple[Any, ...], place: int) -> Any:
    if not -len(args) <= place < len(args):
        raise TypeError(f"{name}: there is no positional argument {place} to differentiate")
    value = args[place]
    leaves = jax.tree.leaves(value)
    kinds = {isinstance(leaf, Module) for leaf in leaves}
    for leaf in leaves:
        if len(kinds) > 1 or not (
            isinstance(leaf, Module) or (is_array(leaf) and jnp.issubdtype(leaf.dtype, jnp.inexact))
        ):
            raise TypeError(
                f"{name}: argument {place} must be a module, a tree of modules or a tree of floating-point arrays for "
                f"a gradient, got {'both modules and arrays' if len(kinds) > 1 else f'a {type(leaf).__name__}'}"
            )
    return value


def _gradients(
    programs: Programs,
    fn: Callable[..., Any],
    name: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    differentiated: dict[int, Any],
    has_aux: bool,
) -> tuple[Any, list[Any]]:
    """The value of a function, and its gradients in the arguments in ``differentiated``, which are given by place."""
    trees = {place: jax.tree.flatten(value) for place, value in differentiated.items()}
    modules = {p: trees.pop(p) for p in differentiated if any(isinstance(leaf, Module) for leaf in trees[p][0])}
    every = [structure(module).parameters for leaves, _ in modules.values() for module in leaves]
    trained = list({v: None for known in every for v in known.values() if v.requires_grad})
    followed_args = list(args)
    for place in trees:
        followed_args[place] = None

    def run(reach: Reach, arguments: Arguments) -> Any:
        variables = reach.variables
        numbers = {variable: i for i, variable in enumerate(variables)}
        places = tuple(numbers[variable] for variable in trained)
        forms = tuple((place % len(args), tree) for place, (_, tree) in trees.items())
        program = programs.program(
            reach, arguments, (has_aux, places, forms), lambda: _gradient_program(name, has_aux, places, forms)
        )

        def finish(output: Any) -> tuple[Any, list[Variable], list[Any]]:
            result, gradients, changed = output
            if access.in_pure_call() is None:
                access.refuse_tracers([*changed.values()], f"a buffer of a module that {name} calls")
            return (result, gradients), [variables[i] for i in changed], [*changed.values()]

        leaves = [leaf for leaves, _ in trees.values() for leaf in leaves]
        inputs = access.read(variables), leaves, reach.arrays, arguments.inputs
        result, (in_parameters, in_leaves) = program(Call(reach, arguments, programs), None, finish, *inputs)
        by_variable, remaining, gradients = dict(zip(trained, in_parameters, strict=True)), list(in_leaves), []

        def in_module(module: Module) -> dict[str, Any]:
            known = structure(module).parameters
            zeros = {n: jnp.zeros_like(v.value) for n, v in known.items() if v not in by_variable}
            return nest({n: by_variable.get(v, zeros.get(n)) for n, v in known.items()})

        for place in differentiated:
            if place in modules:
                leaves, tree = modules[place]
                gradients.append(jax.tree.unflatten(tree, [in_module(module) for module in leaves]))
            else:
                leaves, tree = trees[place]
                gradients.append(jax.tree.unflatten(tree, remaining[: len(leaves)]))
                del remaining[: len(leaves)]
        return result.value() if isinstance(result, Result) else result, gradients

    return programs.call([], [("the function", fn)], tuple(followed_args), kwargs, run)


def _gradient_program(name: str, has_aux: bool, places: tuple[int, ...], forms: tuple[Any, ...]) -> KeyedJit:
    def run(
        stream: random.Stream, values: list[Any], leaves: Sequence[Any], arrays: list[Any], inputs: list[Any]
    ) -> Any:
        def loss(differentiated: tuple[list[Any], list[Any]]) -> tuple[Any, Any]:
            parameters, leaves = differentiated
            all_values = list(values)
            for place, parameter in zip(places, parameters, strict=True):
                all_values[place] = parameter

            def body(copies: Copies, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                filled, remaining = list(args), list(leaves)
                for place, tree in forms:
                    filled[place] = jax.tree.unflatten(tree, remaining[: tree.num_leaves])
                    del remaining[: tree.num_leaves]
                result = copies.of(copies.reach.roots[0][1])(*filled, **kwargs)
                value = result[0] if has_aux else result
                if getattr(value, "shape", None) != ():
                    raise TypeError(f"{name} must give a scalar for a gradient, got {describe_arguments((value,), {})}")
                return value, Result.of(result, name)

            (value, result), changed = traced(stream, all_values, arrays, inputs, None, body)
            return value, (result, changed)

        differentiated = [values[place] for place in places], leaves
        (value, (result, changed)), gradients = jax.value_and_grad(loss, has_aux=True)(differentiated)
        show(value, f"the value of the function that {name} differentiates")
        return result, jax.tree.map(lambda g: g.conj() if jnp.iscomplexobj(g) else g, gradients), changed

    return KeyedJit(run, f"gradient_of_{name}")
