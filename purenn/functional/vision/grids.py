"""Samples images and volumes at the points of a grid."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.functional.vision.grid_samples import sample
from purenn.lowering.dtypes import compute_dtype
from purenn.typing import Array, ArrayLike

__all__ = ["affine_grid", "grid_sample"]


def grid_sample(
    input: ArrayLike,
    grid: ArrayLike,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Array:
    r"""Samples images or volumes at points between their elements.

    .. math:: y_{n,c,p} = \sum_q w_q(g_{n,p})\, x_{n,c,q}

    with the sum over the elements :math:`q` next to the point :math:`g_{n,p}`; a weight :math:`w_q` depends on the
    distance from the point.

    Args:
        input: of shape :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`; floating-point.
        grid: the points, of shape :math:`(N, H', W', 2)` or :math:`(N, D', H', W', 3)`. The coordinates run from -1 to
            1 across the input, in the order x, y, z.
        mode: ``'bilinear'``, ``'nearest'`` or, for images, ``'bicubic'``.
        padding_mode: the values beyond the border: ``'zeros'``; ``'border'``, the element at the border; or
            ``'reflection'``, the input mirrored at its border.
        align_corners: whether -1 and 1 are the centres of the outermost elements. Otherwise, and if None, they are the
            outer edges of these elements.

    Returns:
        An array of shape :math:`(N, C, H', W')` or :math:`(N, C, D', H', W')`. With ``'border'`` or ``'reflection'``, a
        NaN coordinate counts as the lower end.

    Raises:
        ValueError: a shape does not fit.
        TypeError: the dtypes differ, or are not floating-point.

    Source: ``torch.nn.functional.grid_sample``; Jaderberg, Simonyan, Zisserman and
    Kavukcuoglu, *Spatial Transformer Networks*, 2015, https://arxiv.org/abs/1506.02025.

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


def affine_grid(theta: ArrayLike, size: Sequence[int], align_corners: bool | None = None) -> Array:
    r"""Applies affine maps to the points of a regular grid; `grid_sample` takes the result.

    .. math:: g_{n,h,w} = \theta_n\, (x_w, y_h, 1)^\top

    Args:
        theta: the affine maps, of shape :math:`(N, 2, 3)` for images or :math:`(N, 3, 4)` for volumes; floating-point.
        size: the shape of the output of `grid_sample`, :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`.
        align_corners: whether the outermost points of the regular grid lie at -1 and 1. Otherwise, and if None, they
            lie half a step inside.

    Returns:
        An array of shape :math:`(N, H, W, 2)` or :math:`(N, D, H, W, 3)`.

    Raises:
        ValueError: a shape does not fit.
        TypeError: ``theta`` is not floating-point.

    Source: ``torch.nn.functional.affine_grid``; Jaderberg, Simonyan, Zisserman and
    Kavukcuoglu, *Spatial Transformer Networks*, 2015, https://arxiv.org/abs/1506.02025.

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
    unit = align_corners and min(space) == 1  # then torch doesn't check the other sizes
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
