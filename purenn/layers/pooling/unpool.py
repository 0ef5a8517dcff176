"""Max unpools: partial inverses of the max pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound
from purenn.layers.pooling.window import Pool, per_dimension
from purenn.typing import Array, ArrayLike

__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class _MaxUnpool(Pool):
    _rank: ClassVar[int]

    def normalize(self) -> Mapping[str, Any]:
        sizes = {"kernel_size": self.kernel_size, "padding": self.padding, **super().normalize()}
        return per_dimension(self, self._rank, sizes)


_UNPOOL = r"""Writes maxima back to their indices in the input of a `MaxPool${rank}d`, and zeros everywhere else.

    Args:
        kernel_size: the size of the pool's windows: $sizes.
        stride: the steps between the pool's windows: $sizes; ``kernel_size`` if None.
        padding: the padding of the pool on both sides: $sizes.

    A call takes the arguments

    - ``input``: the maxima, floating-point.
    - ``indices``: the flat indices of the maxima in the output, as a `MaxPool${rank}d` with ``return_indices`` returns
      them. Which of equal indices wins is undefined. Inside ``jit``, where values are unknown, an index out of range
      makes an element of the output NaN.
    - ``output_size``: the spatial sizes :math:`($spatial_out$comma)` of the output, or its whole shape. They must
      differ by less than one stride from the default sizes, which None gives.

    Shape: :math:`$N` or :math:`$C`, maxima, and indices of the same shape, to :math:`$N_out` or :math:`$C_out`. By
    default, every spatial size :math:`L` becomes :math:`L' = (L - 1) s + K - 2p`, with kernel size :math:`K`, stride
    :math:`s` and padding :math:`p`.

    Raises:
        ValueError: a shape or size of a call doesn't fit.
        TypeError: the maxima aren't floating-point, or the indices aren't integers.
        IndexError: an index is out of range.

    Source: ``torch.nn.MaxUnpool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> y, indices = nn.MaxPool${rank}d(2, return_indices=True)(jnp.ones($x))
        >>> nn.MaxUnpool${rank}d(2)(y, indices).shape
        $x
        >>> x, state = layers.MaxUnpool${rank}d(2).apply({}, {}, y, indices)  # the same as a pure function
    """


@documented(_UNPOOL, 1, comma=",", x="(1, 4, 8)")
class MaxUnpool1d(_MaxUnpool):
    _rank = 1

    def forward(
        self, m: Bound, input: ArrayLike, indices: ArrayLike, output_size: Sequence[int] | None = None
    ) -> Array:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


@documented(_UNPOOL, 2, comma="", x="(1, 4, 8, 8)")
class MaxUnpool2d(_MaxUnpool):
    _rank = 2

    def forward(
        self, m: Bound, input: ArrayLike, indices: ArrayLike, output_size: Sequence[int] | None = None
    ) -> Array:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


@documented(_UNPOOL, 3, comma="", x="(1, 4, 8, 8, 8)")
class MaxUnpool3d(_MaxUnpool):
    _rank = 3

    def forward(
        self, m: Bound, input: ArrayLike, indices: ArrayLike, output_size: Sequence[int] | None = None
    ) -> Array:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
