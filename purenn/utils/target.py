"""The one way in which utilities change arrays, whether a module, a layer, or a layer with its arrays is changed.

A utility takes a *target*: a module, which is changed; a layer, which gives a new layer; or a triple
``(layer, params, state)``, which gives a new triple. It is written once, as an edit of a bound layer, and `change` runs
the edit: on a module itself; on a triple's layer, bound to its arrays; on a layer, bound to the shapes of the arrays
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
        TypeError: the target is neither.
    """
    if isinstance(target, Module):
        return target
    if not (isinstance(target, tuple | list) and len(target) == 3 and isinstance(target[0], Layer)):
        raise TypeError(f"expected a module, or a triple (layer, params, state), got {target!r}")
    return target[0].bind(target[1], target[2], stream=stream)


def change(target: Changed, edit: Callable[[Any], None], rng: Key | None = None) -> Changed:
    """Runs an edit.

    Args:
        target: a module, a layer, or a triple ``(layer, params, state)``.
        edit: a function that changes the module or bound layer which it is given. It draws from the default generator;
            for a layer that is a `purenn.random.ShapesOnly`, and the arrays are tracers.
        rng: a jax key; None stands for the default generator for a module, and for no random numbers for a triple.

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
    """The functions of the arrays that are computed in a module, a layer or a triple, by name."""
    if isinstance(target, Module):
        return target._computed
    layer = target if isinstance(target, Layer) else target[0]
    return layer.by_name if isinstance(layer, Parametrized) else {}


# Parts of edits.


def read(m: Bound, name: str) -> Any:
    """The array of a name, computed or not.

    Raises:
        ValueError: there is none.
    """
    if name in m._computed:
        return m._computed[name](m)
    if (variable := m._parameters.get(name) or m._buffers.get(name)) is None:
        raise ValueError(f"{m!r} has no parameter or buffer with name {name!r}")
    return variable.value


def set_computed(m: Bound, computed: Mapping[str, Computed]) -> None:
    """Says which arrays are computed, and how."""
    vars(m)["_computed"] = dict(computed)
    if isinstance(m, Module):
        m._touched()


def _take(m: Bound, name: str) -> tuple[str, Variable | None]:
    """Takes an array out; gives the group in which it was."""
    group = "_parameters" if m._parameters.get(name) is not None else "_buffers"
    return group, vars(m)[group].pop(name, None)


def _put(m: Bound, group: str, name: str, value: Any, requires_grad: bool = True) -> None:
    """Adds an array, or a variable that had another name."""
    if not isinstance(m, Module):
        vars(m)[group][name] = value if isinstance(value, Variable) else Variable(value, requires_grad)
    elif isinstance(value, Variable):
        m._register(group, name, value)
    elif group == "_parameters":
        m.register_parameter(name, Parameter(value, requires_grad))
    else:
        m.register_buffer(name, value)


def replace(m: Bound, computed: Computed) -> None:
    """Puts the arrays from which an array is computed in its place.

    Raises:
        RuntimeError: it is computed already. ValueError: there is no array of that name.
    """
    if computed.name in m._computed:
        raise RuntimeError(f"{computed.name!r} of {m!r} is computed already")
    params, state = computed.split(read(m, computed.name))
    group, old = _take(m, computed.name)
    assert old is not None
    for name, array in params.items():  # one of them may be the array itself, under another name
        _put(m, group, name, old if array is old.value else array, old.requires_grad)
    for name, array in state.items():
        _put(m, "_buffers", name, array)
    set_computed(m, {**m._computed, computed.name: computed})


def hold(m: Bound, computed: Computed, parametrizations: Bound) -> None:
    """Puts a list of parametrizations in the place of an array, or of the list that it had before."""
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
    """Puts an array in the place of those from which it was computed."""
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
    """Makes a computed array a plain one again, with the value it has; of a layer alone, as it was before.

    Args:
        target: a module, a layer, or a triple ``(layer, params, state)``.
        name: the array's.
        kind: how it must be computed.
        refusal: the message of the `ValueError` if it isn't.
    """
    if not isinstance(computed_of(target).get(name), kind):
        raise ValueError(refusal)

    def edit(m: Bound) -> None:
        training = m.training
        vars(m)["training"] = False  # in training the power method would take a step
        try:
            value = read(m, name)
        finally:
            vars(m)["training"] = training
        restore(m, name, value)

    return change(target, edit)


# The classes of changed modules.


def _forget_layer(module: Module) -> None:
    """Makes a module that was made from a layer with computed arrays one in which they were computed afterwards."""
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
    """The class of modules with parametrizations."""

    def __reduce_ex__(self: Any, protocol: object) -> Any:
        return _remade, (cls,), self.__getstate__()

    body = {"__module__": cls.__module__, "__doc__": cls.__doc__, "__reduce_ex__": __reduce_ex__}
    return type(f"Parametrized{cls.__name__}", (cls,), body)
