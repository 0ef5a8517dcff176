"""Layers that change the shape alone."""

from __future__ import annotations

import math
from typing import Any

import jax

from purenn import check
from purenn.layers.base import Layer

__all__ = ["Flatten", "Unflatten"]


class Flatten(Layer):
    """Joins a run of dimensions into one.

    Args:
        start_dim: the first of them.
        end_dim: the last of them.

    Shape: :math:`(*, S_a, \\dots, S_b, *)` to :math:`(*, \\prod_i S_i, *)`.

    Source: ``torch.nn.Flatten``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers
        >>> layers.Flatten().apply({}, {}, jnp.ones((32, 1, 5, 5)))[0].shape
        (32, 25)
    """

    start_dim: int = 1
    end_dim: int = -1

    def forward(self, m: Any, input: Any) -> jax.Array:
        x = check.array("flatten", "input", input)
        start = check.axis("flatten", "start_dim", self.start_dim, x.ndim)
        end = check.axis("flatten", "end_dim", self.end_dim, x.ndim)
        if start > end:
            check.fail("flatten", "start_dim", f"be at most end_dim={self.end_dim}", self.start_dim)
        return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])


class Unflatten(Layer):
    """Splits a dimension into several.

    Args:
        dim: the dimension.
        unflattened_size: what it becomes; one size may be -1, which stands for what is left.

    Shape: :math:`(*, \\prod_i U_i, *)` to :math:`(*, U_1, \\dots, U_k, *)`.

    Raises:
        ValueError: the sizes don't multiply to the dimension's. TypeError: they aren't a sequence of integers.

    Source: ``torch.nn.Unflatten``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers
        >>> layers.Unflatten(1, (2, -1)).apply({}, {}, jnp.ones((4, 6)))[0].shape
        (4, 2, 3)
    """

    dim: int
    unflattened_size: tuple[int, ...] | list[int]

    def __post_init__(self) -> None:
        if not isinstance(self.unflattened_size, tuple | list):
            check.fail(
                "Unflatten", "unflattened_size", "be a tuple of integers", repr(self.unflattened_size), TypeError
            )
        sizes = tuple(check.integer("Unflatten", "unflattened_size", size) for size in self.unflattened_size)
        object.__setattr__(self, "unflattened_size", sizes)
        super().__post_init__()

    def forward(self, m: Any, input: Any) -> jax.Array:
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
