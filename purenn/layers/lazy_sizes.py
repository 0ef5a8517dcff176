"""Finds the sizes of lazy layers, by a run of the whole layer on shapes alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jax

from purenn.layers.bound import parts_of
from purenn.random import ShapesOnly
from purenn.typing import Key

if TYPE_CHECKING:
    from purenn.layers.base import Layer

__all__ = ["is_lazy", "materialized_layers"]


def is_lazy(layer: Layer) -> bool:
    """Whether the layer or a part of it is lazy."""
    return layer.lazy or any(map(is_lazy, layer._checked_children().values()))


def materialized_layers(layer: Layer, example: tuple[Any, ...]) -> Iterator[Layer]:
    """Finds the layers that the lazy parts become on these inputs, in the order of the tree."""
    if not example:
        raise ValueError(f"{layer!r} takes sizes from its input: init(rng, x), where x may be a jax.ShapeDtypeStruct")
    became: list[Layer] = []

    def run(key: Key, *example: object) -> None:
        stream = ShapesOnly(key)
        m = layer.bind(*layer.draw(stream), stream=stream)
        waiting = [part for part in parts_of(m) if part._layer is not None and part._layer.lazy]
        m(*example)
        became.extend(part._layer for part in waiting if part._layer is not None)

    jax.eval_shape(run, jax.random.key(0), *example)
    for part in became:
        if part.lazy:
            raise ValueError(f"{part!r} is not called on this example, so that its size stays unknown")
    return iter(became)
