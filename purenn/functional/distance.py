"""Distances and similarities."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.dtypes import cast, floating_or_float32, result_type
from purenn.lowering.activation import clamp_straight_through
from purenn.lowering.distance import differing, power_sums, upper_triangle
from purenn.lowering.norm import max_modulus, quotient, root, vector_norm
from purenn.typing import Array, ArrayLike

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]


def cosine_similarity(x1: ArrayLike, x2: ArrayLike, dim: int = 1, eps: float = 1e-8) -> Array:
    r"""Computes the cosine of the angle between vectors.

    .. math:: \frac{x_1 \cdot x_2}{\max(\|x_1\|, \epsilon)\, \max(\|x_2\|, \epsilon)}

    The clamp doesn't change the derivative with respect to the norms, as in torch.

    Args:
        x1: of any shape.
        x2: of a shape that broadcasts with ``x1``'s.
        dim: the dimension of the common shape along which the vectors lie.
        eps: the lower bound :math:`\epsilon` of the norms.

    Returns:
        An array of the common shape without ``dim``.

    Raises:
        ValueError: the shapes don't fit.
        IndexError: the common shape has no such dimension.
        TypeError: neither array is floating-point.

    Source: ``torch.nn.functional.cosine_similarity``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cosine_similarity(jnp.array([[3.0, 4.0]]), jnp.array([[4.0, 3.0]])).round(4).tolist()
        [0.9599999785423279]
    """
    where = "cosine_similarity"
    a, b = check.array(where, "x1", x1), check.array(where, "x2", x2)
    dtype = result_type(a, b)
    if not jnp.issubdtype(dtype, jnp.floating):
        check.fail(where, "x1 or x2", "be a floating-point array", f"dtype {dtype}", TypeError)
    a, b = (cast(x, dtype) for x in check.broadcast(where, x1=a, x2=b))
    dim = check.axis(where, "dim", dim, a.ndim)
    shape = a.shape[:dim] + a.shape[dim + 1 :]
    a, b = jnp.atleast_1d(a), jnp.atleast_1d(b)

    def unit(x: jax.Array) -> jax.Array:
        return quotient(x, clamp_straight_through(vector_norm(x, 2, dim, keepdims=True), eps))

    return jnp.sum(unit(a) * unit(b), dim).reshape(shape).astype(dtype)


def pairwise_distance(x1: ArrayLike, x2: ArrayLike, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Array:
    r"""Computes the p-norms of the differences of vectors: :math:`\|x_1 - x_2 + \epsilon\|_p`.

    Args:
        x1: of shape :math:`(*, D)`.
        x2: of a shape that broadcasts with ``x1``'s.
        p: the order of the norm, also 0 and :math:`\pm\infty`.
        eps: the number :math:`\epsilon` added to the differences.
        keepdim: whether the last dimension is kept, with size 1.

    Returns:
        An array of the common shape without the last dimension. The derivative at the distance 0 is 0.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: an array is boolean.

    Source: ``torch.nn.functional.pairwise_distance``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.pairwise_distance(jnp.array([[3.0, 4.0]]), jnp.array([[0.0, 0.0]]), eps=0.0).tolist()
        [5.0]
    """
    where = "pairwise_distance"
    a, b = check.array(where, "x1", x1), check.array(where, "x2", x2)
    for name, x in (("x1", a), ("x2", b)):
        check.numeric(where, name, x)
    dtype = floating_or_float32(result_type(a, b))
    a, b = (cast(x, dtype) for x in check.broadcast(where, x1=a, x2=b))
    difference = a - b + eps
    if p in (float("inf"), float("-inf")) and difference.ndim and difference.shape[-1] == 0:
        check.fail(where, "x1 and x2", f"have a non-empty last dimension for p={p}", f"shape {difference.shape}")
    distance = vector_norm(jnp.atleast_1d(difference), p, -1, keepdims=keepdim and difference.ndim > 0)
    return distance.astype(jnp.finfo(dtype).dtype)


def pdist(input: ArrayLike, p: float = 2.0) -> Array:
    r"""Computes the distances between the rows of a matrix: :math:`\|x_i - x_j\|_p` for :math:`i < j`, row by row.

    Args:
        input: of shape :math:`(N, M)`.
        p: the order of the norm, from 0 to :math:`\infty`.

    Returns:
        An array of shape :math:`(N (N - 1) / 2)`. The derivative at the distance 0 is 0. For infinite p, every
        component that attains the maximum has the full gradient, as in torch.

    Raises:
        ValueError: the input isn't a matrix, or p is negative.
        TypeError: the input isn't floating-point of single or double precision.

    Source: ``torch.nn.functional.pdist``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.pdist(jnp.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])).round(4).tolist()
        [5.0, 1.0, 4.242599964141846]
    """
    x = check.array("pdist", "input", input)
    check.floating("pdist", "input", x)
    check.rank("pdist", "input", x, (2,), "(N, M)")
    if not p >= 0:
        check.fail("pdist", "p", "be at least 0", p)
    if len(x) < 2 or not x.shape[1]:
        return jnp.zeros(len(x) * (len(x) - 1) // 2, x.dtype)
    check.at_least_single("pdist", "input", x)
    if p not in (0, float("inf")):
        sums = power_sums(x[None], x[None], float(p), some=p == 1)[0]
        return root(upper_triangle(sums), p)
    shape = (len(x), *x.shape)
    difference = jnp.broadcast_to(x[:, None], shape) - jnp.broadcast_to(x[None], shape)
    return upper_triangle(max_modulus(difference) if p else differing(difference))


_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


def cdist(x1: ArrayLike, x2: ArrayLike, p: float = 2.0, compute_mode: str = _MODES[0]) -> Array:
    r"""Computes the distances between the rows of two matrices: :math:`d_{ij} = \lVert a_i - b_j \rVert_p`.

    The gradient at distance 0 is 0. For infinite p, every component that attains the maximum has the full gradient,
    as in torch.

    Args:
        x1: of shape :math:`(*, P, M)`.
        x2: of shape :math:`(*, R, M)`; the leading dimensions broadcast.
        p: 0 or above: 0 counts the components that differ, ``inf`` takes the largest difference.
        compute_mode: for p = 2, ``'use_mm_for_euclid_dist'`` computes
            :math:`\sqrt{|a|^2 - 2\,a \cdot b + |b|^2}`, which is faster and cancels for close rows;
            ``'donot_use_mm_for_euclid_dist'`` sums the squared differences;
            ``'use_mm_for_euclid_dist_if_necessary'`` uses the product where P or R is above 25.

    Returns:
        An array of shape :math:`(*, P, R)`.

    Raises:
        ValueError: the shapes don't fit, p is negative, or ``compute_mode`` is unknown.
        TypeError: the inputs aren't floating-point arrays of one dtype, or p is no number; or the inputs are of half
            precision where the distances aren't computed by a product.

    For infinite p, a NaN component makes the distance NaN; torch ignores the component.

    Source: ``torch.cdist``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cdist(jnp.zeros((1, 2)), jnp.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
        [[5.0, 1.0]]
    """
    a, b = check.array("cdist", "x1", x1), check.array("cdist", "x2", x2)
    for name, x in (("x1", a), ("x2", b)):
        check.floating("cdist", name, x)
        if x.ndim < 2:
            check.fail("cdist", name, "have shape (*, rows, columns)", f"shape {x.shape}")
    check.same_dtype("cdist", x1=a, x2=b)
    if a.shape[-1] != b.shape[-1]:
        check.fail("cdist", "x2", f"have {a.shape[-1]} columns, like x1", f"shape {b.shape}")
    if not isinstance(p, int | float):
        check.fail("cdist", "p", "be a number", repr(p), TypeError)
    if not p >= 0:
        check.fail("cdist", "p", "be at least 0", p)
    check.choice("cdist", "compute_mode", compute_mode, _MODES)
    try:
        batch = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        check.fail("cdist", "x2", f"have leading dimensions that broadcast with {a.shape[:-2]}", f"shape {b.shape}")
    a, b = (jnp.broadcast_to(x, batch + x.shape[-2:]) for x in (a, b))
    rows = max(a.shape[-2], b.shape[-2])
    if p == 2 and (compute_mode == _MODES[1] or (compute_mode == _MODES[0] and rows > 25)):
        return _euclidean(a, b)
    if 0 not in (*a.shape, b.shape[-2]):
        check.at_least_single("cdist", "x1", a)
        if p not in (0, math.inf):
            sums = power_sums(*(x.reshape(-1, *x.shape[-2:]) for x in (a, b)), float(p))
            return root(sums, p).reshape(*batch, a.shape[-2], b.shape[-2])
    difference = a[..., :, None, :] - b[..., None, :, :]
    if p == math.inf:
        return max_modulus(difference) if a.shape[-1] else jnp.zeros(difference.shape[:-1], a.dtype)
    return differing(difference)


def _euclidean(a: jax.Array, b: jax.Array) -> jax.Array:
    """Computes distances by one matrix product, which sums all three terms, so that equal rows cancel better."""
    ones = lambda x: jnp.ones((*x.shape[:-1], 1), x.dtype)  # noqa: E731
    squared = lambda x: jnp.sum(jnp.square(x), -1, keepdims=True)  # noqa: E731
    left = jnp.concatenate([-2 * a, squared(a), ones(a)], -1)
    right = jnp.concatenate([b, ones(b), squared(b)], -1)
    d = jnp.maximum(jnp.matmul(left, jnp.swapaxes(right, -1, -2), precision=lax.Precision.HIGHEST), 0)
    return jnp.where(d == 0, 0, jnp.sqrt(jnp.where(d == 0, 1, d)))  # the gradient at 0 is 0
