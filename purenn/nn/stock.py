"""The stock classes: every layer as a module class."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from purenn import random
from purenn.layers.base import Composite, Layer
from purenn.nn.module import Module, blank

__all__ = ["stateful"]


_written: dict[type[Layer], type[Module]] = {}


def register(layer_class: type[Layer], module_class: type[Module]) -> None:
    """Says which written class is the module class of a layer class."""
    _written[layer_class] = module_class


@functools.cache
def stateful(layer_class: type[Layer]) -> type[Module]:
    """The module class of a layer class: the same constructor, the same arithmetic, its arrays held.

    Args:
        layer_class: a class of layers, stock or your own.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> class Double(layers.Layer):
        ...     def forward(self, m, x):
        ...         return 2 * x
        >>> double = nn.stateful(Double)()
        >>> double, double(jnp.ones(2)).tolist()
        (Double(), [2.0, 2.0])
    """
    if layer_class in _written:
        return _written[layer_class]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        vars(self).update(vars(blank(Module)))
        layer = layer_class(*args, **kwargs)
        generator = random.default_generator()
        before = generator.count
        try:
            params, state = layer.draw(generator)
        except BaseException:
            generator.count = before
            raise
        layer.bind(params, state, training=True, make=lambda part: self if part is layer else _child(part))

    signature = inspect.signature(layer_class)
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = signature.replace(  # pyright: ignore[reportFunctionMemberAccess]
        parameters=[itself, *signature.parameters.values()]
    )
    __init__.__qualname__ = f"{layer_class.__qualname__}.__init__"
    bases = tuple(stateful(b) for b in layer_class.__bases__ if b not in (Layer, Composite, object))
    return type(
        layer_class.__name__,
        bases or (Module,),
        {
            "__init__": __init__,
            "__doc__": layer_class.__doc__,
            "__module__": layer_class.__module__,
            "__qualname__": layer_class.__qualname__,
            "_layer_class": layer_class,
        },
    )


def _child(layer: Layer) -> Module:
    return blank(stateful(type(layer)))
