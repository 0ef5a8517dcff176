"""A dimension cut into bins, as adaptive pooling sees it."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from purenn.lowering.resampling import Taps, apply_taps
from purenn.lowering.sizes import are_known, as_value

__all__ = ["AdaptiveBins"]


class AdaptiveBins(NamedTuple):
    """A dimension in bins as even as can be, which overlap if they must: bin t from ``t size // outputs`` on.

    A size that is a symbol has to be a multiple of the outputs.
    """

    size: int
    outputs: int

    def starts(self) -> np.ndarray:
        return np.arange(self.outputs) * self.size // max(self.outputs, 1)

    def ends(self) -> np.ndarray:
        return -(-(np.arange(self.outputs) + 1) * self.size // max(self.outputs, 1))

    def widths(self) -> np.ndarray | jax.Array:
        if are_known([self.size]):
            return self.ends() - self.starts()
        return jnp.full((self.outputs,), as_value(self.size // self.outputs, np.int32))

    def taps(self) -> Taps:
        """The taps whose sums are the sums of the bins."""
        starts, ends = self.starts()[:, None], self.ends()[:, None]
        places = starts + np.arange((ends - starts).max(initial=1))
        return Taps(np.minimum(places, ends - 1), np.ones(places.shape, np.float32), places < ends)

    def split(self, x: jax.Array, axis: int, fill: float = 0) -> jax.Array:
        """The axis becomes two, bins and their elements; `fill` follows the elements of shorter bins."""
        if self.outputs and self.size % self.outputs == 0:
            return x.reshape(*x.shape[:axis], self.outputs, self.size // self.outputs, *x.shape[axis + 1 :])
        places, ones, inside = self.taps()
        x = apply_taps(x, {axis: Taps(*(a.reshape(-1, 1) for a in (places, ones, inside)))})
        x = x.reshape(*x.shape[:axis], *places.shape, *x.shape[axis + 1 :])
        inside = inside.reshape(*inside.shape, *[1] * (x.ndim - axis - 2))
        return jnp.where(inside, x, np.asarray(fill, x.dtype)) if fill else x
