"""The types that signatures use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import jax
from jax.typing import ArrayLike, DTypeLike

__all__ = ["Array", "ArrayLike", "DTypeLike", "Key", "Size"]

Array: TypeAlias = jax.Array
Key: TypeAlias = jax.Array  # one of jax.random.key, or of the older jax.random.PRNGKey
Size: TypeAlias = int | Sequence[int]  # one number for every spatial dimension, or one for each
