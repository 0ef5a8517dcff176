"""Images sampled at places that a grid names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.functional.vision.grid_samples import sample
from purenn.lowering.dtypes import compute_dtype

__all__ = ["affine_grid", "grid_sample"]


def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> jax.Array:
    r"""Reads images or volumes at given points between their elements.

    .. math:: y_{n,c,p} = \sum_q w_q(g_{n,p})\, x_{n,c,q}

    over the neighbours :math:`q` of the point :math:`g`, whose coordinates run from -1 to 1, x first.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`.
        grid: of shape :math:`(N, H', W', 2)` or :math:`(N, D', H', W', 3)`.
        mode: ``'bilinear'``, ``'nearest'`` or, for images, ``'bicubic'``.
        padding_mode: what is beyond the border: ``'zeros'``, the ``'border'``'s value, or the ``'reflection'``.
        align_corners: whether -1 and 1 are the centres of the outermost elements, rather than their outer borders;
            None is False.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(N, C, D', H', W')`. Points that are nan are at the lower
        end where ``padding_mode`` leads back into the image.

    Raises:
        ValueError: the shapes don't fit. TypeError: the dtypes differ or aren't floating-point.

    Source: ``torch.nn.functional.grid_sample``; Jaderberg et al., 2015.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[[[0.0, 4.0]]]])
        >>> F.grid_sample(x, jnp.array([[[[-0.25, 0.0], [0.5, 0.0]]]])).tolist()
        [[[[1.0, 4.0]]]]
    """
    where = "grid_sample"
    x, g = check.array(where, "input", input), check.array(where, "grid", grid)
    check.choice(where, "mode", mode, ("bilinear", "nearest", "bicubic"))
    check.choice(where, "padding_mode", padding_mode, ("zeros", "border", "reflection"))
    check.rank(where, "input", x, (4,) if mode == "bicubic" else (4, 5), f"with mode={mode!r}")
    check.same_dtype(where, input=x, grid=g)
    check.floating(where, "input", x)
    n = x.ndim - 2
    if g.ndim != x.ndim or g.shape[0] != x.shape[0] or g.shape[-1] != n:
        expected = f"have shape ({x.shape[0]}, {', '.join('DHW'[-n:])}, {n}) for an input of shape {x.shape}"
        check.fail(where, "grid", expected, f"shape {g.shape}")
    if 0 in x.shape[2:]:
        check.fail(where, "input", "have non-zero size in space", f"shape {x.shape}")
    return sample(x, g, mode, padding_mode, bool(align_corners))


def affine_grid(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> jax.Array:
    r"""The points for `grid_sample` which affine maps make of those of a regular grid.

    .. math:: g_{n,h,w} = \theta_n\, (x_w, y_h, 1)^\top

    Args:
        theta: of shape :math:`(N, 2, 3)`, or :math:`(N, 3, 4)` for volumes.
        size: of the output of `grid_sample`, :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`.
        align_corners: whether the outermost points lie on -1 and 1, rather than half a step within; None is False.

    Returns:
        An array of shape :math:`(N, H, W, 2)` or :math:`(N, D, H, W, 3)`.

    Raises:
        ValueError: the shapes don't fit. TypeError: a ``theta`` that isn't floating-point.

    Source: ``torch.nn.functional.affine_grid``; Jaderberg et al., 2015.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.affine_grid(jnp.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2))[0, 0].tolist()
        [[-0.5, 0.0], [0.5, 0.0]]
    """
    where = "affine_grid"
    a = check.array(where, "theta", theta)
    check.floating(where, "theta", a)
    if not isinstance(size, Sequence) or len(size) not in (4, 5):
        check.fail(where, "size", "be 4 or 5 integers, (N, C, H, W) or (N, C, D, H, W)", size)
    batch, _, *space = check.integers(where, "size", size, len(size), 0)
    n = len(space)
    check.shape(where, "theta", a, (batch, n, n + 1))
    unit = align_corners and min(space) == 1  # then torch doesn't look at the others
    if not unit and min(size) <= 0:
        check.fail(where, "size", "be positive", size)
    wide = compute_dtype(a.dtype)
    columns = jnp.moveaxis(a.astype(wide), -1, 0).reshape(n + 1, batch, *(1,) * n, n)
    grid = columns[n]
    for d, steps in enumerate(space):
        ends = np.linspace(-1, 1, steps) if steps > 1 else np.zeros(steps)
        along = jnp.asarray(ends if align_corners or steps < 2 else ends * (steps - 1) / steps, wide)
        along = along.reshape(*(1,) * (d + 1), steps, *(1,) * (n - d))
        shape = jnp.broadcast_shapes(grid.shape, along.shape)
        grid = jnp.broadcast_to(grid, shape) + jnp.broadcast_to(along, shape) * jnp.broadcast_to(
            columns[n - 1 - d], shape
        )
    return grid.astype(a.dtype)
