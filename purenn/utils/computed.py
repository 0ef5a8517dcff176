"""Arrays that are computed from others whenever they are read.

This is the one mechanism below parametrizations, weight and spectral norm, and pruning. A `Computed` says how an array
comes from others. Bound to arrays, a layer keeps it in ``_computed`` (see `purenn.layers.base.Bound`), and whoever
reads ``m.weight`` gets the computed one; the arrays below are what is trained, saved and loaded.

Everything here takes a *target*: a module, which is changed; a layer, which gives a new layer; or a triple
``(layer, params, state)``, which gives a new triple.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from typing import Any

import jax

from purenn import random
from purenn.layers.base import Layer, Spec
from purenn.layers.bound import Bound
from purenn.nn import access
from purenn.nn.from_layer import filled
from purenn.nn.module import Module
from purenn.nn.parameter import Parameter
from purenn.nn.structure import structure

__all__ = ["Computed", "Parametrized", "attach", "computed_of", "detach", "module_of", "pure_stream"]


class Computed:
    """How the array of a name is computed from others, as a function of the bound layer that holds them.

    Attributes:
        name: of the array.
        suffixes: the arrays it is computed from have these behind its name.
    """

    name: str
    suffixes: tuple[str, ...] = ()

    def __call__(self, m: Any) -> Any:
        """The array."""
        raise NotImplementedError

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        """The parameters and buffers that take the place of an array. Keys come from the default generator."""
        raise NotImplementedError

    def shapes(self, x: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arrays that `split` gives, as shapes and dtypes."""
        with random.seeded(random.Settling(0)):
            return jax.eval_shape(self.split, x)

    def children(self) -> Mapping[str, Layer]:
        """The layers that hold the arrays, where they don't lie beside it: these are found in ``parametrizations``."""
        return {}

    def assign(self, m: Any, value: Any) -> None:
        """Sets the arrays so that the computed one is a value."""
        names = " and ".join(self.name + suffix for suffix in self.suffixes)
        raise AttributeError(f"{m!r}: {self.name!r} is computed from {names}: set these, or remove it first")

    def rename(self, given: dict[str, Any], prefix: str) -> None:
        """Brings an older state_dict's names up to date."""


def computed_of(target: Any) -> Mapping[str, Computed]:
    """The functions of the arrays that are computed in a module, a layer or a triple, by name."""
    if isinstance(target, Module):
        return vars(target)["_computed"]
    layer = target if isinstance(target, Layer) else target[0]
    return {c.name: c for c in getattr(layer, "computed", ())}


# Layers.


class ByName(Layer):
    """Layers by name."""

    names: tuple[str, ...]
    layers: tuple[Layer, ...]

    def children(self) -> Mapping[str, Layer]:
        return dict(zip(self.names, self.layers, strict=True))

    def __repr__(self) -> str:
        return super().__repr__().replace("ByName", "ModuleDict", 1)


class Parametrized(Layer):
    """The base beside a layer's own class where some of its arrays are computed."""

    computed: tuple[Computed, ...] = ()

    @property
    def base(self) -> Layer:
        """The layer as it was before."""
        return _base(self)

    def parameters(self) -> Mapping[str, Spec | None]:
        return self._specs(0, self.base.parameters())

    def buffers(self) -> Mapping[str, Spec | None]:
        return self._specs(1, self.base.buffers())

    def _specs(self, kind: int, old: Mapping[str, Spec | None]) -> dict[str, Spec | None]:
        now = {n: s for n, s in drawn_shapes(self)[kind].items() if not isinstance(s, Mapping)}
        absent: dict[str, Spec | None] = {name: None for name, spec in old.items() if spec is None}
        return absent | {name: Spec(leaf.shape, 0.0, leaf.dtype) for name, leaf in now.items()}

    def children(self) -> Mapping[str, Layer]:
        inner = {name: layer for computed in self.computed for name, layer in computed.children().items()}
        return {
            **self.base.children(),
            **({"parametrizations": ByName(tuple(inner), tuple(inner.values()))} if inner else {}),
        }

    def draw(self, stream: random.Stream) -> tuple[dict[str, Any], dict[str, Any]]:
        params, state = self.base.draw(stream)
        with random.seeded(stream):
            for computed in self.computed:
                params, state = replaced(computed, params, state, computed.split)
        return params, state

    def bind(self, params: Any, state: Any, **options: Any) -> Bound:
        m = super().bind(params, state, **options)
        vars(m)["_computed"] = computed_of(self)
        return m

    def extra_repr(self) -> str:
        return self.base.extra_repr()

    def hyperparameters(self) -> dict[str, Any]:
        return self.base.hyperparameters()

    def __reduce__(self) -> Any:
        return with_computed, (self.base, self.computed)


@functools.cache
def _layer_class(cls: type[Layer]) -> type[Any]:
    body = {"__init__": cls.__init__, "__module__": cls.__module__, "__doc__": cls.__doc__}
    return types.new_class(
        f"Parametrized{cls.__name__}", (Parametrized, cls), {}, lambda namespace: namespace.update(body)
    )


def with_computed(base: Layer, computed: tuple[Computed, ...]) -> Layer:
    """A layer with these arrays computed; with none it is the layer itself."""
    if not computed:
        return base
    layer = object.__new__(_layer_class(type(base)))
    vars(layer).update(base.__getstate__(), computed=computed)
    return layer


@functools.lru_cache(maxsize=4096)
def _base(layer: Parametrized) -> Layer:
    base = object.__new__(type(layer).__bases__[1])
    vars(base).update({n: v for n, v in layer.__getstate__().items() if n != "computed"})
    return base


@functools.lru_cache(maxsize=4096)
def drawn_shapes(layer: Layer) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays that `draw` gives, as shapes and dtypes."""
    if not isinstance(layer, Parametrized):
        return jax.eval_shape(lambda: layer.draw(random.Stream(0)))
    params, state = drawn_shapes(layer.base)
    for computed in layer.computed:
        params, state = replaced(computed, params, state, computed.shapes)
    return params, state


def replaced(computed: Computed, params: Any, state: Any, split: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trees with an array's place taken by those it is computed from."""
    params, state = dict(params), dict(state)
    if computed.name not in params and computed.name not in state:
        raise ValueError(f"there is no parameter or buffer with name {computed.name!r}: {[*params, *state]}")
    trained = computed.name in params
    new = split((params if trained else state).pop(computed.name))
    for tree, part in ((params if trained else state, new[0]), (state, new[1])):
        for name, value in part.items():
            tree[name] = _joined(tree.get(name, {}), value) if isinstance(value, Mapping) else value
    return params, state


def _joined(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    return {**a, **{k: _joined(a[k], v) if k in a and isinstance(v, Mapping) else v for k, v in b.items()}}


class _NoKeys(random.Stream):
    def next(self) -> Any:
        raise ValueError("random numbers are needed here: pass rng=, a jax key such as jax.random.key(0)")


def pure_stream(rng: Any) -> Any:
    """The context in which a triple is changed: keys come from ``rng``, and only from there."""
    return random.seeded(_NoKeys() if rng is None else random.Stream(rng))


# All targets.


def attach(target: Any, computed: Computed, rng: Any = None) -> Any:
    """Has an array of a module, a layer or a triple computed from now on."""
    if isinstance(target, Module):
        with random.seeded(random.default_generator() if rng is None else random.Stream(rng)):
            _attach_to_module(target, computed)
        return target
    layer = target if isinstance(target, Layer) else target[0]
    old = computed_of(layer)
    if computed.name in old:
        raise RuntimeError(f"{computed.name!r} of {layer!r} is computed already")
    base = layer.base if isinstance(layer, Parametrized) else layer
    new = with_computed(base, (*old.values(), computed))
    drawn_shapes(new)
    if isinstance(target, Layer):
        return new
    with pure_stream(rng):
        return new, *replaced(computed, target[1], target[2], computed.split)


def _attach_to_module(module: Module, computed: Computed) -> None:
    own, name = vars(module), computed.name
    if name in own["_computed"]:
        raise RuntimeError(f"{name!r} of {module!r} is computed already")
    trained = name in own["_parameters"]
    group = own["_parameters" if trained else "_buffers"]
    if group.get(name) is None:
        raise ValueError(f"{module!r} has no parameter or buffer with name {name!r}")
    old = group[name]
    arrays, buffers = computed.split(old.value)
    del group[name]
    for key, array in arrays.items():
        if not trained:
            module.register_buffer(key, array)
        elif array is old.value:  # the parameter itself, under another name
            module._register("_parameters", key, old)
        else:
            module.register_parameter(key, Parameter(array, old.requires_grad))
    for key, array in buffers.items():
        module.register_buffer(key, array)
    set_computed(module, {**own["_computed"], name: computed})


def set_computed(module: Module, computed: Mapping[str, Computed]) -> None:
    """Says what a module computes."""
    vars(module)["_computed"] = dict(computed)
    module._touched()


def detach(target: Any, name: str) -> Any:
    """Makes a computed array a plain one again, with the value it has; of a layer alone, as it was before."""
    computed = computed_of(target)[name]
    others = {n: c for n, c in computed_of(target).items() if n != name}
    if isinstance(target, Module):
        value = _evaluated(target, computed)
        sources = [v for suffix in computed.suffixes if (v := target._parameters.get(name + suffix)) is not None]
        set_computed(target, others)
        for suffix in computed.suffixes:
            delattr(target, name + suffix)
        if sources:
            target.register_parameter(name, Parameter(value, all(v.requires_grad for v in sources)))
        else:
            target.register_buffer(name, value)
        return target
    layer = target if isinstance(target, Layer) else target[0]
    assert isinstance(layer, Parametrized)
    plain = with_computed(layer.base, tuple(others.values()))
    if isinstance(target, Layer):
        return plain
    params, state = ({**tree} for tree in target[1:])
    value = computed(layer.bind(params, state))
    trained = name in drawn_shapes(layer.base)[0]
    for suffix in computed.suffixes:
        params.pop(name + suffix, None)
        state.pop(name + suffix, None)
    (params if trained else state)[name] = value
    return plain, params, state


def _evaluated(module: Module, computed: Computed) -> Any:
    """The arrays that a module computes, outside of training."""
    training = module.training
    vars(module)["training"] = False
    try:
        return computed(module)
    finally:
        vars(module)["training"] = training


def module_of(layer: Layer) -> Module:
    """A module from a layer, its arrays drawn from the default generator."""
    params, state = layer.draw(random.default_generator())
    m = filled(layer, params, state)
    for part in structure(m).parts.values():
        access.track(part)
    return m
