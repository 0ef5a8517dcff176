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


_UNPOOL = r"""Writes maxima back to their places in the input of a `MaxPool${rank}d`, and zeros everywhere else.

    Args:
        kernel_size: the size of the pool's windows: $sizes.
        stride: the steps between the pool's windows: $sizes; ``kernel_size`` if None.
        padding: the padding of the pool on both sides: $sizes.

    A call takes the maxima and ``indices``, their places $places, as a `MaxPool${rank}d` with ``return_indices``
    gives them. It may take ``output_size`` too: the spatial sizes :math:`($spatial_out$comma)` of the output, or its
    whole shape. Of equal places any may win. Inside ``jax.jit``, where values are not known, a place outside of the
    output makes an element of the output NaN.

    Shape: :math:`$N` or :math:`$C`, twice, to :math:`$N_out` or :math:`$C_out`, where every spatial size :math:`L`
    becomes :math:`L' = (L - 1) s + K - 2p`, with kernel size :math:`K`, stride :math:`s` and padding :math:`p`, or the
    ``output_size``, which differs from it by less than :math:`s`.

    Raises:
        ValueError: shapes or sizes of a call don't fit.
        TypeError: the maxima aren't floating-point, or their places aren't integers.
        IndexError: a place is outside of the output.

    Source: ``torch.nn.MaxUnpool${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> y, places = nn.MaxPool${rank}d(2, return_indices=True)(jnp.ones($x))
        >>> nn.MaxUnpool${rank}d(2)(y, places).shape
        $x
        >>> x, state = layers.MaxUnpool${rank}d(2).apply({}, {}, y, places)  # the same as a pure function
    """


@documented(_UNPOOL, 1, comma=",", places=":math:`l` in the output", x="(1, 4, 8)")
class MaxUnpool1d(_MaxUnpool):
    _rank = 1

    def forward(
        self, m: Bound, input: ArrayLike, indices: ArrayLike, output_size: Sequence[int] | None = None
    ) -> Array:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


@documented(_UNPOOL, 2, comma="", places=":math:`h W + w` in the output's images", x="(1, 4, 8, 8)")
class MaxUnpool2d(_MaxUnpool):
    _rank = 2

    def forward(
        self, m: Bound, input: ArrayLike, indices: ArrayLike, output_size: Sequence[int] | None = None
    ) -> Array:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


@documented(_UNPOOL, 3, comma="", places=":math:`(d H + h) W + w` in the output's volumes", x="(1, 4, 8, 8, 8)")
class MaxUnpool3d(_MaxUnpool):
    _rank = 3

    def forward(
        self, m: Bound, input: ArrayLike, indices: ArrayLike, output_size: Sequence[int] | None = None
    ) -> Array:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
