"""Layers whose arrays are computed from others whenever they are read.

This is the one mechanism of parametrizations, weight and spectral norm, and pruning. A `Computed` is a function that
computes an array from others. A bound layer keeps it in ``_computed`` (see `purenn.layers.base.Bound`), and
``m.weight`` is the computed array. The arrays from which it is computed are trained, saved and loaded.
`purenn.utils.target` changes layers and modules into such ones.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import jax

from purenn import random
from purenn.layers.base import Layer, Spec
from purenn.layers.bound import Bound
from purenn.tree import flatten, nest

__all__ = ["Computed", "NamedLayers", "Parametrized", "drawn_shapes", "with_computed"]


class Computed:
    """A function that computes an array from others, called with the bound layer that holds them.

    Attributes:
        name: the name of the array.
        suffixes: follow the name in the names of the arrays from which it is computed.
        has_list: whether these arrays lie in a list of parametrizations, the child ``parametrizations.name``.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    has_list: ClassVar[bool] = False

    def __call__(self, m: Bound) -> Any:
        """The computed array."""
        raise NotImplementedError

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        """The parameters and buffers that replace an array. Keys come from the default generator."""
        raise NotImplementedError

    def shapes(self, x: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arrays that `split` returns, as shapes and dtypes."""
        with random.seeded(random.ShapesOnly(0)):
            return jax.eval_shape(self.split, x)

    def children(self) -> Mapping[str, Layer]:
        """The layers in ``parametrizations`` that hold the arrays, unless these lie beside the computed one."""
        return {}

    def assign(self, m: Bound, value: object) -> None:
        """Sets the arrays so that the computed array becomes a value."""
        names = " and ".join(self.name + suffix for suffix in self.suffixes)
        raise AttributeError(f"{m!r}: {self.name!r} is computed from {names}: set these, or remove it first")

    def rename(self, arrays: dict[str, Any], prefix: str) -> None:
        """Replaces the names in a state_dict of an older version."""


class NamedLayers(Layer):
    """Layers by name."""

    names: tuple[str, ...]
    layers: tuple[Layer, ...]

    def children(self) -> Mapping[str, Layer]:
        return dict(zip(self.names, self.layers, strict=True))

    def __repr__(self) -> str:
        return super().__repr__().replace("NamedLayers", "ModuleDict", 1)


class Parametrized(Layer):
    """A base of layers with computed arrays; the class of the layer is the other base."""

    computed: tuple[Computed, ...] = ()

    @property
    def by_name(self) -> dict[str, Computed]:
        """The functions of the computed arrays."""
        return {computed.name: computed for computed in self.computed}

    @property
    def base(self) -> Layer:
        """The layer without computed arrays."""
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
            **({"parametrizations": NamedLayers(tuple(inner), tuple(inner.values()))} if inner else {}),
        }

    def draw(self, stream: random.Stream) -> tuple[dict[str, Any], dict[str, Any]]:
        params, state = self.base.draw(stream)
        with random.seeded(stream):
            for computed in self.computed:
                params, state = _replaced(computed, params, state, computed.split)
        return params, state

    def bind(self, params: dict[str, Any], state: dict[str, Any], **options: Any) -> Bound:
        m = super().bind(params, state, **options)
        vars(m)["_computed"] = self.by_name
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
    """A layer with these computed arrays; the layer itself if there are none."""
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
    """The arrays that `draw` returns, as shapes and dtypes."""
    if not isinstance(layer, Parametrized):
        return jax.eval_shape(lambda: layer.draw(random.Stream(0)))
    params, state = drawn_shapes(layer.base)
    for computed in layer.computed:
        params, state = _replaced(computed, params, state, computed.shapes)
    return params, state


def _replaced(
    computed: Computed,
    params: Mapping[str, Any],
    state: Mapping[str, Any],
    split: Callable[[Any], tuple[dict[str, Any], dict[str, Any]]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trees with an array replaced by those from which it is computed."""
    params, state = dict(params), dict(state)
    if computed.name not in params and computed.name not in state:
        raise ValueError(f"there is no parameter or buffer with name {computed.name!r}: {[*params, *state]}")
    trained = computed.name in params
    new = split((params if trained else state).pop(computed.name))
    for tree, part in ((params if trained else state, new[0]), (state, new[1])):
        for name, value in part.items():
            tree[name] = nest(flatten(tree.get(name, {})) | flatten(value)) if isinstance(value, Mapping) else value
    return params, state
