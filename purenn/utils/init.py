"""Modules without their initialization."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from purenn import random
from purenn.layers.base import Layer
from purenn.nn.module import Module
from purenn.typing import Key
from purenn.utils.computed import drawn_shapes

__all__ = ["skip_init"]


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """Makes a module whose arrays are zeros, without its initialization.

    Args:
        module_cls: a class of modules, or of layers.
        args, kwargs: the arguments of its constructor.

    Returns:
        The module; or for layers a triple ``(layer, params, state)`` with a ``jax.ShapeDtypeStruct`` for every array.

    Raises:
        TypeError: ``module_cls`` is neither.

    Source: ``torch.nn.utils.skip_init``.

    Example:
        >>> from purenn import layers, nn, utils
        >>> utils.skip_init(nn.Linear, 2, 1).weight
        Array([[0., 0.]], dtype=float32)
        >>> utils.skip_init(layers.Linear, 2, 1)[1]["weight"]
        ShapeDtypeStruct(shape=(1, 2), dtype=float32)
    """
    if not isinstance(module_cls, type) or not issubclass(module_cls, Module | Layer):
        raise TypeError(f"skip_init: module_cls must be a class of modules or layers, got {module_cls!r}")
    if issubclass(module_cls, Layer):
        layer = module_cls(*args, **kwargs)
        return layer, *drawn_shapes(layer)
    modules: list[Module] = []

    def make(key: Key) -> Any:
        with random.seeded(random.Stream(key)):
            modules.append(module_cls(*args, **kwargs))
        return modules[-1]._params_tree(), modules[-1]._state_tree()

    jax.eval_shape(make, jax.random.key(0))
    return modules[-1]._map(lambda x: jnp.zeros(x.shape, x.dtype))
