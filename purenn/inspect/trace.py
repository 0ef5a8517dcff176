"""Runs a model on shapes alone: the calls of its layers, and the program, whose operations say their call.

No array is made. Every call has a number while the run is traced. ``jax.named_scope`` puts the number into the names of
the call's operations, so that each equation of the program tells its call.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, JaxprEqn

from purenn import random
from purenn.layers.base import Bound, Layer
from purenn.layers.lazy_sizes import is_lazy
from purenn.layers.observe import Observer, observing
from purenn.layers.spec import Spec
from purenn.nn.module import Module
from purenn.nn.pure_calls import functional_call
from purenn.nn.structure import structure
from purenn.typing import Key

__all__ = ["Call", "Shaped", "Trace", "arrays_of", "call_of", "check_depth", "is_array", "trace"]

_MARK = "purenn_call_"
_KEY = functools.cache(lambda: jax.eval_shape(lambda: jax.random.key(0)))
_NUMBER = re.compile(_MARK + r"(\d+)")


class Shaped(Protocol):
    """An array, or the shape and dtype of one."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype: ...


@dataclasses.dataclass
class Call:
    """A call of a layer.

    Attributes:
        path: the layer's dotted name.
        layer: the name of its class.
        parent: the number of the call around it, or None.
        output: what it returned, with shapes in place of arrays.
    """

    path: str
    layer: str
    parent: int | None
    output: Any = None


@dataclasses.dataclass
class Trace:
    """A run of a model.

    Attributes:
        calls: the calls, by number.
        root: the model, bound to arrays.
        program: the jaxpr, or None where there was no input to run on.
        names: the names of the program's inputs: the paths of parameters and buffers, ``rng``, the arguments' names.
        count: the number of inputs before the arguments.
        output: what the model returned, with shapes in place of arrays.
    """

    calls: list[Call]
    root: Bound
    program: ClosedJaxpr | None
    names: list[str]
    count: int
    output: Any


class _Numbering(Observer):
    """An observer that numbers the calls."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.root: Bound | None = None
        self._around: list[int] = []

    def call(
        self, m: Bound, path: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        if self.root is None:
            self.root = m
        number = len(self.calls)
        call = Call(path, m._get_name(), self._around[-1] if self._around else None)
        self.calls.append(call)
        self._around.append(number)
        try:
            with jax.named_scope(f"{_MARK}{number}"):
                output = function(*args, **kwargs)
        finally:
            self._around.pop()
        call.output = jax.tree.map(lambda leaf: _struct(leaf) if is_array(leaf) else leaf, output)
        return output


def check_depth(what: str, depth: object) -> None:
    """Refuses a depth that is no number of levels."""
    if depth is None:
        return
    if not isinstance(depth, int) or isinstance(depth, bool):
        raise TypeError(f"{what}: depth must be an integer or None, got {depth!r}")
    if depth < 0:
        raise ValueError(f"{what}: depth must be at least 0, got {depth}")


def call_of(equation: JaxprEqn, otherwise: int) -> int:
    """The number of the call in which an equation was made; ``otherwise`` if it was made in none."""
    numbers = _NUMBER.findall(str(equation.source_info.name_stack))
    return int(numbers[-1]) if numbers else otherwise


def is_array(value: object) -> TypeGuard[Shaped]:
    """Whether a value is an array, or says the shape and dtype of one."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def arrays_of(tree: object) -> list[Shaped]:
    """The arrays in a tree, or what stands for them."""
    return [leaf for leaf in jax.tree.leaves(tree) if is_array(leaf)]


def _struct(value: Shaped) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(value.shape, value.dtype)


def trace(
    what: str,
    model: Layer | Module,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    *,
    params: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    training: bool = False,
) -> Trace:
    """Runs a model on shapes.

    Args:
        what: the function that asks, for messages.
        model: a layer or a module.
        args, kwargs: the arguments of ``forward``. Arrays and ``jax.ShapeDtypeStruct`` are shapes; other values are
            taken as they are. Without any there is no run.
        params, state: the model's arrays or their shapes; None for those that it has, or that `init` would make.
        training: the mode.

    Raises:
        TypeError: the model is neither a layer nor a module.
        ValueError: a lazy module was not called yet, or arrays don't fit.
    """
    if isinstance(model, Module) and structure(model).lazy:
        raise ValueError(
            f"{what}: {type(model).__name__} has no arrays yet for its lazy layers: call it once before, or give the "
            "layer (purenn.layers) with an input"
        )
    if not isinstance(model, Module | Layer):
        raise TypeError(f"{what}: model must be a layer or a module, got {_describe_model(model)}")
    leaves, form = jax.tree.flatten((args, dict(kwargs)))
    structs = [_struct(leaf) for leaf in leaves if is_array(leaf)]

    def rebuilt(arrays: Iterator[Shaped]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return jax.tree.unflatten(form, [next(arrays) if is_array(leaf) else leaf for leaf in leaves])

    trees = _shapes(model, rebuilt(iter(structs))[0], params, state)
    watch = _Numbering()

    def run(trees: tuple[Any, Any], key: Key, *arrays: jax.Array) -> list[Shaped]:
        args, kwargs = rebuilt(iter(arrays))
        if isinstance(model, Module):
            output, _ = functional_call(model, *trees, *args, training=training, rng=key, **kwargs)
        else:
            output, _ = model.apply(*trees, *args, training=training, rng=key, **kwargs)
        return arrays_of(output)

    if not leaves:
        root = model if isinstance(model, Module) else model.bind(*trees)
        return Trace([], root, None, [], 0, None)
    with observing(watch):
        program, output = jax.make_jaxpr(run, return_shape=True)(trees, _KEY(), *structs)
    assert watch.root is not None
    names = ["".join(map(_word, path[1:]))[1:] for path, _ in jax.tree_util.tree_leaves_with_path(trees)]
    arguments = jax.tree_util.tree_leaves_with_path((args, dict(kwargs)))
    arguments = ["".join(map(_word, path[1:]))[1:] for path, leaf in arguments if is_array(leaf)]
    return Trace(watch.calls, watch.root, program, [*names, "rng", *arguments], len(names) + 1, output)


def _describe_model(model: object) -> str:
    """Names what was given for a model, and says what to give instead where that is clear."""
    if isinstance(model, tuple) and len(model) == 2 and all(map(callable, model)):
        return "a pair of functions: give the layer that init and apply were made of"
    return type(model).__name__


def _word(entry: object) -> str:
    return f".{getattr(entry, 'key', getattr(entry, 'idx', getattr(entry, 'name', entry)))}"


def _shapes(
    model: Layer | Module,
    example: tuple[object, ...],
    params: Mapping[str, Any] | None,
    state: Mapping[str, Any] | None,
) -> tuple[Any, Any]:
    """The shapes of a model's parameters and buffers."""
    if isinstance(model, Module):
        trees: tuple[Any, Any] = model._params_tree(), model._state_tree()
    elif params is not None and state is not None:
        trees = {}, {}
    elif is_lazy(model):
        leaves, form = jax.tree.flatten(example)
        static = [None if is_array(leaf) else leaf for leaf in leaves]

        def init(key: Key, arrays: list[jax.Array]) -> tuple[dict[str, Any], dict[str, Any]]:
            remaining = iter(arrays)
            filled = [next(remaining) if is_array(leaf) else value for leaf, value in zip(leaves, static, strict=True)]
            return model.init(key, *jax.tree.unflatten(form, filled))

        trees = jax.eval_shape(init, _KEY(), arrays_of(example))
    else:
        trees = _specified(model)
    trees = trees[0] if params is None else params, trees[1] if state is None else state
    for kind, tree in zip(("params", "state"), trees, strict=True):
        for leaf in jax.tree.leaves(tree):
            if not is_array(leaf):
                raise TypeError(f"{kind} must hold arrays or jax.ShapeDtypeStruct, got {type(leaf).__name__}")
    return jax.tree.map(_struct, trees[0]), jax.tree.map(_struct, trees[1])


def _specified(layer: Layer) -> tuple[dict[str, Any], dict[str, Any]]:
    """The shapes of what `draw` returns, from the specifications of the layer's arrays; nothing is drawn."""
    if type(layer).draw is not Layer.draw:
        return jax.eval_shape(lambda key: layer.draw(random.Stream(key)), _KEY())
    default = getattr(layer, "dtype", None) or jnp.float32

    def structs(specs: Mapping[str, Spec | None]) -> dict[str, Any]:
        return {
            name: jax.ShapeDtypeStruct(spec.shape, jax.dtypes.canonicalize_dtype(spec.dtype or default))
            for name, spec in specs.items()
            if spec is not None
        }

    params, state = structs(layer.parameters()), structs(layer.buffers())
    for name, child in layer.children().items():
        for tree, branch in zip((params, state), _specified(child), strict=True):
            if branch:
                tree[name] = branch
    return params, state
