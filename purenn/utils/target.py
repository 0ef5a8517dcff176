"""Edits of modules, layers and layers with their arrays, for all utilities that make an array computed.

A utility takes a *target*: a module, which is changed; a layer, for a new layer; or a triple
``(layer, params, state)``, for a new triple. It is written once, as an edit of a bound layer, and `change` runs the
edit: on the module; on the layer of the triple, bound to its arrays; or on the layer, bound to the shapes of the arrays
that it will draw.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import jax

from purenn import nn, random
from purenn.layers.base import Layer
from purenn.layers.bound import Bound
from purenn.nn import from_layer
from purenn.nn.module import Module
from purenn.nn.parameter import Parameter
from purenn.typing import Key
from purenn.utils.computed import Computed, NamedLayers, Parametrized, drawn_shapes, with_computed
from purenn.variable import Variable

__all__ = ["bound", "change", "computed_of", "detach", "hold", "read", "replace", "restore", "set_computed"]

Triple: TypeAlias = tuple[Layer, Mapping[str, Any], Mapping[str, Any]]
Changed = TypeVar("Changed", bound=Module | Layer | Triple)

LISTS = "parametrizations"  # the child that holds the lists of parametrizations


class _NoKeys(random.Stream):
    def next(self) -> Any:
        raise ValueError("random numbers are needed here: pass rng=, a jax key such as jax.random.key(0)")


def bound(target: object, stream: random.Stream | None = None) -> Bound:
    """A module itself, or the layer of a triple bound to its arrays.

    Raises:
        TypeError: the target is anything else.
    """
    if isinstance(target, Module):
        return target
    if not (isinstance(target, tuple | list) and len(target) == 3 and isinstance(target[0], Layer)):
        raise TypeError(f"expected a module, or a triple (layer, params, state), got {target!r}")
    return target[0].bind(target[1], target[2], stream=stream)


def change(target: Changed, edit: Callable[[Any], None], rng: Key | None = None) -> Changed:
    """Runs an edit on a target.

    Args:
        target: a module, a layer, or a triple ``(layer, params, state)``.
        edit: a function that changes a module or bound layer in place. It draws from the default generator. For a layer
            that is a `purenn.random.ShapesOnly`, and the arrays are tracers.
        rng: a jax key; None is the default generator for a module, and no random numbers for a triple.

    Returns:
        The module; or the new layer or triple.
    """
    if isinstance(target, Module):
        _forget_layer(target)
        with random.seeded(random.default_generator() if rng is None else random.Stream(rng)):
            edit(target)
        return target
    result: Any = None

    def run(
        layer: Layer, params: Mapping[str, Any], state: Mapping[str, Any], stream: random.Stream
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        nonlocal result
        with random.seeded(stream):
            m = bound((layer, params, state), stream)
            edit(m)
        base = layer.base if isinstance(layer, Parametrized) else layer
        result = with_computed(base, tuple(m._computed.values()))
        return m._params_tree(), m._state_tree()

    if isinstance(target, Layer):
        jax.eval_shape(lambda trees: run(target, trees[0], trees[1], random.ShapesOnly(0)), drawn_shapes(target))
        return result
    trees = run(target[0], target[1], target[2], _NoKeys() if rng is None else random.Stream(rng))
    return (result, *trees)  # pyright: ignore[reportReturnType]


def computed_of(target: Module | Layer | Triple) -> Mapping[str, Computed]:
    """The computed arrays of a module, a layer or a triple, by name."""
    if isinstance(target, Module):
        return target._computed
    layer = target if isinstance(target, Layer) else target[0]
    return layer.by_name if isinstance(layer, Parametrized) else {}


# Parts of edits.


def read(m: Bound, name: str) -> Any:
    """The array of a name, computed or not.

    Raises:
        ValueError: there is no array of this name.
    """
    if name in m._computed:
        return m._computed[name](m)
    if (variable := m._parameters.get(name) or m._buffers.get(name)) is None:
        raise ValueError(f"{m!r} has no parameter or buffer with name {name!r}")
    return variable.value


def set_computed(m: Bound, computed: Mapping[str, Computed]) -> None:
    """Sets the computed arrays of a module or bound layer."""
    vars(m)["_computed"] = dict(computed)
    if isinstance(m, Module):
        m._touched()


def _take(m: Bound, name: str) -> tuple[str, Variable | None]:
    """Removes an array; returns its group and its variable."""
    group = "_parameters" if m._parameters.get(name) is not None else "_buffers"
    return group, vars(m)[group].pop(name, None)


def _put(m: Bound, group: str, name: str, value: Any, requires_grad: bool = True) -> None:
    """Adds an array, or a variable under a new name."""
    if not isinstance(m, Module):
        vars(m)[group][name] = value if isinstance(value, Variable) else Variable(value, requires_grad)
    elif isinstance(value, Variable):
        m._register(group, name, value)
    elif group == "_parameters":
        m.register_parameter(name, Parameter(value, requires_grad))
    else:
        m.register_buffer(name, value)


def replace(m: Bound, computed: Computed) -> None:
    """Replaces an array by the arrays from which it is computed.

    Raises:
        RuntimeError: the array is computed already. ValueError: there is no array of that name.
    """
    if computed.name in m._computed:
        raise RuntimeError(f"{computed.name!r} of {m!r} is computed already")
    params, state = computed.split(read(m, computed.name))
    group, old = _take(m, computed.name)
    assert old is not None
    for name, array in params.items():  # one may be the old array under another name
        _put(m, group, name, old if array is old.value else array, old.requires_grad)
    for name, array in state.items():
        _put(m, "_buffers", name, array)
    set_computed(m, {**m._computed, computed.name: computed})


def hold(m: Bound, computed: Computed, parametrizations: Bound) -> None:
    """Replaces an array, or its old list of parametrizations, by a list of parametrizations."""
    is_module, name = isinstance(m, Module), computed.name
    if LISTS not in m._modules:
        m._modules[LISTS] = nn.ModuleDict().train(m.training) if is_module else NamedLayers((), ()).bind({}, {})
        if is_module:
            object.__setattr__(m, "__class__", _module_class(type(m)))
    _, old = _take(m, name)
    if old is not None:
        for original in filter(None, parametrizations._parameters.values()):
            original.requires_grad = old.requires_grad
    m._modules[LISTS]._modules[name] = (
        parametrizations.train(m.training) if isinstance(parametrizations, Module) else parametrizations
    )
    set_computed(m, {**m._computed, name: computed})


def restore(m: Bound, name: str, value: object) -> None:
    """Replaces the arrays from which an array was computed by an array."""
    computed = m._computed[name]
    set_computed(m, {n: c for n, c in m._computed.items() if n != name})
    if computed.has_list:
        sources = m._modules[LISTS]._modules.pop(name)._parameters.values()
        if not m._modules[LISTS]._modules:
            del m._modules[LISTS]
            if isinstance(m, Module):
                object.__setattr__(m, "__class__", type(m).__bases__[0])
    else:
        removed = [_take(m, name + suffix) for suffix in computed.suffixes]
        sources = [variable for group, variable in removed if group == "_parameters"]
    trained = [variable.requires_grad for variable in sources if variable is not None]
    _put(m, "_parameters" if trained else "_buffers", name, value, all(trained))


def detach(target: Changed, name: str, kind: type[Computed], refusal: str) -> Changed:
    """Makes a computed array a plain one again, with its present value; used by the ``remove`` functions.

    Args:
        target: a module, a layer, or a triple ``(layer, params, state)``.
        name: the name of the array.
        kind: the class that must compute it.
        refusal: the message of the `ValueError` otherwise.
    """
    if not isinstance(computed_of(target).get(name), kind):
        raise ValueError(refusal)

    def edit(m: Bound) -> None:
        training = m.training
        vars(m)["training"] = False  # in training a read of spectral_norm takes a step
        try:
            value = read(m, name)
        finally:
            vars(m)["training"] = training
        restore(m, name, value)

    return change(target, edit)


# The classes of changed modules.


def _forget_layer(module: Module) -> None:
    """Turns a module of a `Parametrized` layer into a module whose arrays were made computed later."""
    layer = module._layer
    if isinstance(layer, Parametrized):
        vars(module)["_layer"] = layer.base
        cls = from_layer.stateful(type(layer.base))
        object.__setattr__(module, "__class__", _module_class(cls) if LISTS in module._modules else cls)
        module._touched()


def _remade(base: type[Module]) -> Module:
    return _module_class(base)._without_init()


@functools.cache
def _module_class(cls: type[Module]) -> type[Module]:
    """The class of modules of ``cls`` with parametrizations."""

    def __reduce_ex__(self: Any, protocol: object) -> Any:
        return _remade, (cls,), self.__getstate__()

    body = {"__module__": cls.__module__, "__doc__": cls.__doc__, "__reduce_ex__": __reduce_ex__}
    return type(f"Parametrized{cls.__name__}", (cls,), body)
