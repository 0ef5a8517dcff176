"""Layers that only change the shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike

__all__ = ["Flatten", "Unflatten"]


class Flatten(Layer):
    r"""Joins consecutive dimensions into one.

    Args:
        start_dim: the first of these dimensions; a negative number counts from the end.
        end_dim: the last of these dimensions.

    Shape: :math:`(*, S_a, \dots, S_b, *)` to :math:`(*, \prod_i S_i, *)`, where :math:`a` is ``start_dim`` and
    :math:`b` is ``end_dim``.

    Raises:
        ValueError: ``start_dim`` is after ``end_dim`` for a call's input.
        IndexError: the input has no such dimension.

    Source: ``torch.nn.Flatten``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((32, 1, 5, 5))
        >>> nn.Flatten()(x).shape
        (32, 25)
        >>> y, state = layers.Flatten().apply({}, {}, x)  # the same as a pure function
    """

    start_dim: int = 1
    end_dim: int = -1

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x = check.array("flatten", "input", input)
        start = check.axis("flatten", "start_dim", self.start_dim, x.ndim)
        end = check.axis("flatten", "end_dim", self.end_dim, x.ndim)
        if start > end:
            check.fail("flatten", "start_dim", f"be at most end_dim={self.end_dim}", self.start_dim)
        return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])


class Unflatten(Layer):
    r"""Splits one dimension into several.

    Args:
        dim: the dimension to split; a negative number counts from the end.
        unflattened_size: the sizes of the new dimensions, a tuple or a list. One size may be -1: it is computed
            from the others.

    Shape: :math:`(*, \prod_i U_i, *)` to :math:`(*, U_1, \dots, U_k, *)`, where the :math:`U_i` are the sizes.

    Raises:
        ValueError: the product of the sizes isn't the size of the dimension.
        TypeError: ``unflattened_size`` isn't a tuple or a list of integers.
        IndexError: a call's input has no such dimension.

    Source: ``torch.nn.Unflatten``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((4, 6))
        >>> nn.Unflatten(1, (2, -1))(x).shape
        (4, 2, 3)
        >>> y, state = layers.Unflatten(1, (2, -1)).apply({}, {}, x)  # the same as a pure function
    """

    dim: int
    unflattened_size: tuple[int, ...] | list[int]

    def normalize(self) -> Mapping[str, Any]:
        where, sizes = "Unflatten", self.unflattened_size
        if not isinstance(sizes, tuple):
            check.fail(where, "unflattened_size", "be a tuple of integers", repr(sizes), TypeError)
        return {"unflattened_size": tuple(check.integer(where, "unflattened_size", size) for size in sizes)}

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x = check.array("unflatten", "input", input)
        if x.ndim == 0:
            check.fail("unflatten", "input", "have rank 1 or more", "shape ()")
        dim, sizes = check.axis("unflatten", "dim", self.dim, x.ndim), tuple(self.unflattened_size)
        known, free = math.prod(size for size in sizes if size != -1), sizes.count(-1)
        if free == 1 and known > 0 and x.shape[dim] % known == 0:
            sizes = tuple(x.shape[dim] // known if size == -1 else size for size in sizes)
        if not sizes or min(sizes) < 0 or math.prod(sizes) != x.shape[dim]:
            expected = f"have product {x.shape[dim]}, the size of dimension {dim}, with one -1 at most"
            check.fail("unflatten", "unflattened_size", expected, self.unflattened_size)
        return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])
