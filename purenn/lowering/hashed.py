"""Arrays that are compared and hashed by their content, so that they can be static."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["HashedArray"]


class HashedArray:
    """A numpy array that equals another one of the same shape, dtype and content."""

    def __init__(self, array: ArrayLike):
        self.array = np.asarray(array)
        self._content = (self.array.shape, str(self.array.dtype), self.array.tobytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def __repr__(self) -> str:
        return repr(self.array)
