"""Pure calls of modules over other arrays than their own, and module classes as pure pairs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from purenn import random
from purenn.layers.base import Layer
from purenn.layers.bound import Bound, words_of
from purenn.nn import access
from purenn.nn.access import present
from purenn.nn.copies import Copies, inside
from purenn.nn.eager import programs_of
from purenn.nn.node import Node
from purenn.nn.state_dict import assign_trees
from purenn.nn.structure import structure
from purenn.tree import flatten, nest
from purenn.typing import Key
from purenn.variable import Variable

__all__ = ["functional_call", "pure"]


def functional_call(
    module: Node,
    params: Mapping[str, Any],
    state: Mapping[str, Any],
    /,
    *args: object,
    training: bool = False,
    rng: Key | None = None,
    **kwargs: object,
) -> tuple[Any, dict[str, Any]]:
    """Runs a module over other arrays than its own; the module isn't changed.

    Args:
        module: any module.
        params: nested like ``module.params``: a tied parameter under the first of its names.
        state: nested like ``module.state``.
        args: ``forward``'s arguments, as are ``kwargs``.
        training: the mode of all modules. A ``forward`` with an argument ``training`` or ``rng`` receives it too.
        rng: a jax key, where random numbers are needed.

    Returns:
        The output and the new state.

    Raises:
        ValueError: names or shapes don't fit; the message lists them all.

    Source: ``torch.func.functional_call``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import nn
        >>> net = nn.Linear(3, 2)
        >>> zeros = jax.tree.map(jnp.zeros_like, net.params)
        >>> y, state = nn.functional_call(net, zeros, net.state, jnp.ones((1, 3)))
        >>> y.tolist(), state
        ([[0.0, 0.0]], {})
    """
    m = bind(module, params, state, training, None if rng is None else random.Stream(rng))
    for word in words_of(m._forward_function()):
        kwargs[word] = {"training": training, "rng": rng}[word]
    return m(*args, **kwargs), m._state_tree()


class PureModule(Bound):
    """A callable twin of a module over given arrays."""

    def __init__(self, module: Node, copies: Copies):
        vars(self).update(_layer=None, _parameters={}, _buffers={}, _modules={}, module=module, copies=copies)
        vars(self).update(twin=copies.of(module), training=False, _stream=copies.stream)

    def _forward_function(self) -> Callable[..., Any]:
        return self.twin._forward_function()

    def _rebind(self, training: bool | None, stream: random.Stream | None) -> Any:
        twin = super()._rebind(training, stream)
        vars(twin)["twin"] = self.twin._rebind(training, stream)
        return twin

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        copies = self.copies
        with inside(copies):
            output = self.twin(*args, **kwargs)
        copies.check()
        buffers = set(structure(self.module).buffers.values())
        changed = {variable: value for variable, value in copies.changed().items() if variable not in buffers}
        if changed:  # of modules that this one calls, but that are no part of it
            access.keep(changed, f"a module that {type(self.module).__name__} calls")
        return output

    def _tree(self, kind: str) -> dict[str, Any]:
        variables = structure(self.module).variables_of_kind(kind)
        return nest({name: self.copies.variables[live].value for name, live in variables.items()})

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["twin"], name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.twin, name, value)


def bind(
    module: Node,
    params: Mapping[str, Any],
    state: Mapping[str, Any],
    training: bool | None,
    stream: random.Stream | None,
) -> PureModule:
    """A module over given arrays, for one pure call."""
    module = present(module)
    known, values, problems = structure(module), dict[Variable, Any](), list[str]()
    for kind, tree, variables in (("params", params, known.parameters), ("state", state, known.buffers)):
        if not isinstance(tree, Mapping):
            raise TypeError(f"functional_call: {kind} must be a dict, got {type(tree).__name__}")
        arrays = flatten(tree)
        problems += [f"{kind} lacks {name} {v.value.shape}" for name, v in variables.items() if name not in arrays]
        for name, array in arrays.items():
            if name in variables:
                values[variables[name]] = array
                if jnp.shape(array) != variables[name].value.shape:
                    shape = variables[name].value.shape
                    problems.append(f"{kind}'s {name} must have shape {shape}, got {jnp.shape(array)}")
            elif name in known.tied:
                problems.append(f"{name} is tied to {known.tied[name]}: give that alone")
            else:
                problems.append(f"{kind} has an unknown {name}")
    if problems:
        raise ValueError(f"functional_call of {type(module).__name__}: " + "; ".join(problems))
    return PureModule(module, _copies(module, values, training, stream))


def _copies(
    module: Node, values: Mapping[Variable, Any], training: bool | None, stream: random.Stream | None
) -> Copies:
    """Copies of all that a module reaches, with its present arrays where no others are given."""
    reach = programs_of(module).look([(type(module).__name__, module)], [])
    others = [variable for variable in reach.variables if variable not in values]
    live = dict(zip(others, access.read(others), strict=True))
    return Copies(reach, reach.arrays, {**live, **values}, training, stream)


def call_with_overrides(
    module: Node, args: tuple[Any, ...], kwargs: dict[str, Any], training: bool | None, key: Key | None
) -> Any:
    """Calls a module that isn't compiled with ``training=`` or ``rng=``."""
    generator = random.default_generator()
    before = generator.count
    copies = _copies(module, {}, training, generator if key is None else random.Stream(key))
    try:
        with inside(copies):
            output = copies.of(module)._run(args, kwargs)
        copies.check()
        access.keep(copies.changed(), type(module).__name__)
    except BaseException:
        generator.count = before
        raise
    return output


# Modules as pure pairs.


class Pure(Layer):
    """A module class, or any function that makes a module, as a layer."""

    factory: Callable[[], Any]

    def draw(self, stream: random.Stream) -> tuple[dict[str, Any], dict[str, Any]]:
        with random.seeded(stream):
            module = self.factory()
        if structure(module).lazy:
            raise ValueError(f"pure: {module!r} takes sizes from its input: layers have init(rng, x) for that")
        return module._params_tree(), module._state_tree()

    def bind(
        self,
        params: dict[str, Any],
        state: dict[str, Any],
        *,
        training: bool = False,
        stream: random.Stream | None = None,
        make: Callable[[Layer], Bound] | None = None,
    ) -> Any:
        if make is not None:
            with random.seeded(0):
                module = self.factory()
            assign_trees(module, params, state)
            return module
        return bind(_template(self.factory), params, state, training, stream)

    def __repr__(self) -> str:
        return f"pure({getattr(self.factory, '__qualname__', self.factory)})"


@functools.lru_cache(maxsize=256)
def _template(factory: Callable[[], Node]) -> Node:
    """A module of the factory with shapes in place of its arrays: only its structure is used."""
    with jax.ensure_compile_time_eval(), random.seeded(0):
        return factory()._map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype))


def pure(factory: Callable[[], Node]) -> Pure:
    """A module class as a pure pair: the constructor is ``init``, ``forward`` is ``apply``.

    The result is a layer: it unpacks to ``init, apply`` and can be a child of other layers.

    Args:
        factory: a module class, or any function without arguments that always makes the same module.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import nn
        >>> init, apply = nn.pure(lambda: nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2)))
        >>> params, state = init(jax.random.key(0))
        >>> y, state = jax.jit(apply)(params, state, jnp.ones((5, 3)))
        >>> y.shape
        (5, 2)
    """
    return Pure(factory)
