"""The softmax layers."""

from __future__ import annotations

import dataclasses

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]

_SOFTMAX = r"""$does

    Args:
        dim: the dimension of the sum; None is 0 for ranks 0, 1 and 3, and else 1, as in torch.

    Shape: any; the output has the input's shape.

    Raises:
        IndexError: a call's input has no such dimension.
        TypeError: a call's input isn't floating-point.

    Source: ``torch.nn.$name``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([0.0, 0.0, 1.0])
        >>> [round(y, 3) for y in nn.$name(dim=0)(x).tolist()]
        $output
        >>> y, state = layers.$name(dim=0).apply({}, {}, x)  # the same as a pure function
    """


@documented(
    _SOFTMAX,
    name="Softmax",
    does=r"Divides exponentials by their sum along a dimension: :math:`y_i = e^{x_i} / \sum_j e^{x_j}`.",
    output="[0.212, 0.212, 0.576]",
)
class Softmax(Layer):
    dim: int | None = None

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.softmax(input, self.dim)


@documented(
    _SOFTMAX,
    name="LogSoftmax",
    does=r"Computes the logarithm of the softmax, without its overflow: :math:`y_i = x_i - \log \sum_j e^{x_j}`.",
    output="[-1.551, -1.551, -0.551]",
)
class LogSoftmax(Layer):
    dim: int | None = None

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.log_softmax(input, self.dim)


@documented(
    _SOFTMAX,
    name="Softmin",
    does=r"Computes the softmax of the negated input: :math:`y_i = e^{-x_i} / \sum_j e^{-x_j}`.",
    output="[0.422, 0.422, 0.155]",
)
class Softmin(Layer):
    dim: int | None = None

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.softmin(input, self.dim)


class Softmax2d(Layer):
    r"""Divides exponentials by their sum over the channels of images: :math:`y_c = e^{x_c} / \sum_{c'} e^{x_{c'}}`.

    Shape: :math:`(N, C, H, W)` or :math:`(C, H, W)`; the output has the input's shape.

    Raises:
        ValueError: a call's input has another rank.
        TypeError: a call's input isn't floating-point.

    Source: ``torch.nn.Softmax2d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.zeros((1, 2, 3, 3))
        >>> nn.Softmax2d()(x)[0, :, 0, 0].tolist()
        [0.5, 0.5]
        >>> y, state = layers.Softmax2d().apply({}, {}, x)  # the same as a pure function
    """

    dim: int = dataclasses.field(default=-3, init=False)

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x = check.array("softmax2d", "input", input)
        check.rank("softmax2d", "input", x, (3, 4), "(C, H, W) or (N, C, H, W)")
        return F.softmax(x, self.dim)
