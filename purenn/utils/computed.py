"""Arrays that are computed from others whenever they are read.

This is the one mechanism below parametrizations, weight and spectral norm, and pruning. A `Computed` says how an array
comes from others. Bound to arrays, a layer keeps it in ``_computed`` (see `purenn.layers.base.Bound`), and whoever
reads ``m.weight`` gets the computed one; the arrays below are what is trained, saved and loaded.

Here is what a layer is whose arrays are computed; `purenn.utils.target` has the changes, of modules too.
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

__all__ = ["Computed", "NamedLayers", "Parametrized", "drawn_shapes", "joined", "with_computed"]


class Computed:
    """How the array of a name is computed from others, as a function of the bound layer that holds them.

    Attributes:
        name: of the array.
        suffixes: the arrays it is computed from have these behind its name.
        has_list: whether these arrays lie in a list of parametrizations, the child ``parametrizations.name``.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    has_list: ClassVar[bool] = False

    def __call__(self, m: Bound) -> Any:
        """The array."""
        raise NotImplementedError

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        """The parameters and buffers that take the place of an array. Keys come from the default generator."""
        raise NotImplementedError

    def shapes(self, x: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arrays that `split` gives, as shapes and dtypes."""
        with random.seeded(random.ShapesOnly(0)):
            return jax.eval_shape(self.split, x)

    def children(self) -> Mapping[str, Layer]:
        """The layers that hold the arrays, where they don't lie beside it: these are found in ``parametrizations``."""
        return {}

    def assign(self, m: Bound, value: object) -> None:
        """Sets the arrays so that the computed one is a value."""
        names = " and ".join(self.name + suffix for suffix in self.suffixes)
        raise AttributeError(f"{m!r}: {self.name!r} is computed from {names}: set these, or remove it first")

    def rename(self, arrays: dict[str, Any], prefix: str) -> None:
        """Brings an older state_dict's names up to date."""


class NamedLayers(Layer):
    """Layers by name."""

    names: tuple[str, ...]
    layers: tuple[Layer, ...]

    def children(self) -> Mapping[str, Layer]:
        return dict(zip(self.names, self.layers, strict=True))

    def __repr__(self) -> str:
        return super().__repr__().replace("NamedLayers", "ModuleDict", 1)


class Parametrized(Layer):
    """The base beside a layer's own class where some of its arrays are computed."""

    computed: tuple[Computed, ...] = ()

    @property
    def by_name(self) -> dict[str, Computed]:
        """The functions of the computed arrays."""
        return {computed.name: computed for computed in self.computed}

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
        params, state = _replaced(computed, params, state, computed.shapes)
    return params, state


def _replaced(
    computed: Computed,
    params: Mapping[str, Any],
    state: Mapping[str, Any],
    split: Callable[[Any], tuple[dict[str, Any], dict[str, Any]]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trees with an array's place taken by those it is computed from."""
    params, state = dict(params), dict(state)
    if computed.name not in params and computed.name not in state:
        raise ValueError(f"there is no parameter or buffer with name {computed.name!r}: {[*params, *state]}")
    trained = computed.name in params
    new = split((params if trained else state).pop(computed.name))
    for tree, part in ((params if trained else state, new[0]), (state, new[1])):
        for name, value in part.items():
            tree[name] = joined(tree.get(name, {}), value) if isinstance(value, Mapping) else value
    return params, state


def joined(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested dicts as one; of two leaves under one name the second counts."""
    return {**a, **{k: joined(a[k], v) if k in a and isinstance(v, Mapping) else v for k, v in b.items()}}
