"""Layers that change the shape alone."""

from __future__ import annotations

import math
from typing import Any

import jax

from purenn.functional import _check
from purenn.layers.base import Layer

__all__ = ["Flatten"]


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
        x = _check.array("flatten", "input", input)
        start = _check.axis("flatten", "start_dim", self.start_dim, x.ndim)
        end = _check.axis("flatten", "end_dim", self.end_dim, x.ndim)
        if start > end:
            _check.fail("flatten", "start_dim", f"at most end_dim={self.end_dim}", self.start_dim)
        return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])
