"""Specifications of a layer's arrays, and hyper-parameters as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from purenn import random
from purenn.init import Initializer
from purenn.lowering.hashed import HashedArray
from purenn.typing import DTypeLike

__all__ = ["Constant", "Spec", "array_spec", "as_dtype", "as_value", "changed", "scale_and_shift"]


class Spec(NamedTuple):
    """The specification of a layer's array: its shape, its initializer or constant, and its dtype."""

    shape: tuple[int, ...]
    init: Initializer | float
    dtype: DTypeLike | None = None

    def create(self, stream: random.Stream, dtype: DTypeLike | None) -> jax.Array:
        wanted: DTypeLike = self.dtype or dtype or jnp.float32
        if callable(self.init):
            return self.init(stream.next(), self.shape, wanted)
        return random.constant(self.init, self.shape, wanted, traced=stream.traced)


class Constant(HashedArray):
    """An array as a hyper-parameter, such as the class weights of a loss: compared and hashed by its content."""

    def spec(self) -> Spec:
        """The buffer that holds this array."""
        return Spec(self.array.shape, lambda rng, shape, dtype=None: jnp.asarray(self.array), self.array.dtype)


def array_spec(array: object) -> Spec | None:
    """The buffer for a hyper-parameter that is an array; None for None."""
    return array.spec() if isinstance(array, Constant) else None


def scale_and_shift(shape: tuple[int, ...], scale: bool, shift: bool) -> dict[str, Spec | None]:
    """The parameters of a norm: ``weight``, ones at first, and ``bias``, zeros at first; None for one without."""
    return {"weight": Spec(shape, 1.0) if scale else None, "bias": Spec(shape, 0.0) if shift else None}


def changed(layer: object, defaults: Mapping[str, object]) -> str:
    """The hyper-parameters that differ from their defaults, as a repr lists them after others."""
    values = {name: getattr(layer, name) for name in defaults}
    return "".join(f", {name}={value}" for name, value in values.items() if value != defaults[name])


def as_value(value: Any) -> Any:
    """A hyper-parameter as a hashable value: lists become tuples, arrays constants."""
    if isinstance(value, list | tuple):
        return type(value)(map(as_value, value)) if type(value) is tuple else tuple(map(as_value, value))
    if hasattr(value, "detach"):  # torch's
        return Constant(value.detach())
    if isinstance(value, np.ndarray | jax.Array):
        return Constant(value)
    return value


def as_dtype(dtype: Any) -> np.dtype | None:
    """A dtype of numpy, also from one of torch."""
    return None if dtype is None else jnp.dtype(str(dtype).removeprefix("torch.") if "torch." in str(dtype) else dtype)
