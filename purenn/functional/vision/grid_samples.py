"""Samples an image between its elements, by weighted sums of the neighbours of a point."""

from __future__ import annotations

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp

from purenn.functional.vision.taps import cubic_weights
from purenn.lowering.dtypes import widened


def _unnormalized(u: jax.Array, size: int, align_corners: bool) -> jax.Array:
    """Maps [-1, 1] to indices; the ends are the centres or the edges of the outermost elements."""
    return (u + 1) * ((size - 1) / 2) if align_corners else (u + 1) * (size / 2) - 0.5


def _clipped(u: jax.Array, size: int) -> jax.Array:
    """Clips to [0, size - 1], and NaN to 0; as in torch, the gradient at the ends is 0 too."""
    last = jnp.full_like(u, size - 1)
    return jnp.where(u > 0, jnp.where(u < last, u, last), jnp.zeros_like(u))


def _reflected(u: jax.Array, size: int, align_corners: bool) -> jax.Array:
    """Reflects indices at the ends until they lie between them."""
    low, span = (0.0, size - 1) if align_corners else (-0.5, size)
    if span == 0:
        return jnp.zeros_like(u)
    distance = u - low
    distance = jnp.where(distance < 0, -distance, distance)
    remainder = jnp.fmod(distance, jnp.full_like(u, span))
    odd = jnp.fmod(jnp.floor(distance / span), jnp.full_like(u, 2)) == 1
    return jnp.where(odd, span - remainder, remainder) + low


def _padded(u: jax.Array, size: int, padding_mode: str, align_corners: bool) -> jax.Array:
    """Moves indices beyond the border into the image, except for the mode ``'zeros'``."""
    if padding_mode == "zeros":
        return u
    return _clipped(_reflected(u, size, align_corners) if padding_mode == "reflection" else u, size)


def _neighbours(
    u: jax.Array, size: int, mode: str, padding_mode: str, align_corners: bool
) -> list[tuple[jax.Array, jax.Array]]:
    """Gives the indices of the neighbours along one coordinate, as floating-point numbers, and their weights."""
    u = _unnormalized(u, size, align_corners)
    if mode == "bicubic":  # the neighbours are moved into the image, not the point
        low = jnp.floor(u)
        near = [_padded(low + k, size, padding_mode, align_corners) for k in range(-1, 3)]
        return list(zip(near, cubic_weights(u - low), strict=True))
    u = _padded(u, size, padding_mode, align_corners)
    if mode == "nearest":
        return [(jnp.round(u), jnp.ones_like(u))]
    low = jnp.floor(u)
    return [(low, low + 1 - u), (low + 1, u - low)]


def sample(x: jax.Array, grid: jax.Array, mode: str, padding_mode: str, align_corners: bool) -> jax.Array:
    """Samples x, (N, C, *size), at the points of a grid, (N, *out, n); the first coordinate is along the last axis."""
    n, sizes, dtype = grid.shape[-1], x.shape[2:], x.dtype
    x, grid = widened(x), widened(grid)
    points = grid.reshape(grid.shape[0], math.prod(grid.shape[1:-1]), n)
    axes = []  # per coordinate, the neighbours: index, whether it is inside, and weight
    for d, size in enumerate(sizes):
        near = _neighbours(points[..., n - 1 - d], size, mode, padding_mode, align_corners)
        inside = [(place >= 0) & (place <= size - 1) for place, _ in near]
        index = [jnp.where(i, p, jnp.zeros_like(p)).astype(jnp.int32) for i, (p, _) in zip(inside, near, strict=True)]
        axes.append(list(zip(index, inside, (weight for _, weight in near), strict=True)))
    # Channels are last, so that one lookup reads all of them.
    pixels = jnp.moveaxis(x.reshape(*x.shape[:2], math.prod(sizes)), 1, 2)
    total: Any = 0
    for corner in itertools.product(*axes):
        index, inside, weight = corner[0]
        for (i, within, share), size in zip(corner[1:], sizes[1:], strict=True):
            index, inside, weight = index * size + i, inside & within, weight * share
        value = jax.vmap(lambda pixels, i: pixels.at[i].get(mode="promise_in_bounds"))(pixels, index)
        value = jnp.where(jnp.broadcast_to(inside[..., None], value.shape), value, jnp.zeros_like(value))
        total = total + value * jnp.broadcast_to(weight[..., None], value.shape)
    return jnp.moveaxis(total, 2, 1).reshape(*x.shape[:2], *grid.shape[1:-1]).astype(dtype)
