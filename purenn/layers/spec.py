"""Specifications of a layer's arrays, and hyper-parameters as values."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from purenn import random
from purenn.init import Initializer
from purenn.typing import ArrayLike, DTypeLike

__all__ = ["Constant", "Spec", "array_spec", "as_dtype", "as_value"]


class Spec(NamedTuple):
    """An array that a layer owns: its shape, how it starts (an initializer or a number) and its dtype."""

    shape: tuple[int, ...]
    start: Initializer | float
    dtype: DTypeLike | None = None

    def make(self, stream: random.Stream, dtype: DTypeLike | None) -> jax.Array:
        wanted: DTypeLike = self.dtype or dtype or jnp.float32
        if callable(self.start):
            return self.start(stream.next(), self.shape, wanted)
        return random.constant(self.start, self.shape, wanted, traced=stream.traced)


class Constant:
    """An array as a hyper-parameter, such as the class weights of a loss: compared and hashed by its content."""

    def __init__(self, array: ArrayLike):
        self.array = np.asarray(array)
        self._content = (self.array.shape, str(self.array.dtype), self.array.tobytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def __repr__(self) -> str:
        return repr(self.array)

    def spec(self) -> Spec:
        """The buffer that holds this array."""
        return Spec(self.array.shape, lambda rng, shape, dtype=None: jnp.asarray(self.array), self.array.dtype)


def array_spec(array: object) -> Spec | None:
    """The buffer that holds an array that is a hyper-parameter."""
    return array.spec() if isinstance(array, Constant) else None


def as_value(value: Any) -> Any:
    """A hyper-parameter as something hashable: lists become tuples, arrays constants."""
    if isinstance(value, list | tuple):
        return type(value)(map(as_value, value)) if type(value) is tuple else tuple(map(as_value, value))
    if hasattr(value, "detach"):  # torch's
        return Constant(value.detach())
    if isinstance(value, np.ndarray | jax.Array):
        return Constant(value)
    return value


def as_dtype(dtype: Any) -> np.dtype | None:
    """A dtype in numpy's form; torch's are understood by their names."""
    return None if dtype is None else jnp.dtype(str(dtype).removeprefix("torch.") if "torch." in str(dtype) else dtype)
