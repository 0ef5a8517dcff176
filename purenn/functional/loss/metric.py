"""Losses of embeddings: cosine_embedding_loss and the triplet losses."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.distance import pairwise_distance
from purenn.functional.dtypes import cast, floating_or_float32, result_type
from purenn.functional.loss.common import EPSILON, reduced, reduction_of
from purenn.lowering.activation import relu_unit_slope
from purenn.lowering.dtypes import widened
from purenn.typing import Array, ArrayLike

__all__ = ["cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"]


def cosine_embedding_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes a loss of the angle between the vectors of a similar or dissimilar pair.

    .. math:: \ell = 1 - \cos(x_1, x_2) \text{ where } y = 1, \quad \max(0, \cos(x_1, x_2) - m) \text{ where } y = -1

    and 0 where :math:`y` is another number, with
    :math:`\cos(a, b) = a \cdot b / \sqrt{(a \cdot a + \epsilon)(b \cdot b + \epsilon)}` and
    :math:`\epsilon = 10^{-12}`.

    Args:
        input1: vectors :math:`x_1`, of shape :math:`(M)` or :math:`(N, M)`.
        input2: vectors :math:`x_2`, of the same rank, of a shape that broadcasts with ``input1``'s.
        target: 1 for a similar pair, -1 for a dissimilar one; of shape :math:`()` or :math:`(N)`.
        margin: the margin :math:`m`.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of shape :math:`()` or :math:`(N)` for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: an array is complex.

    Source: ``torch.nn.functional.cosine_embedding_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cosine_embedding_loss(jnp.array([[1.0, 0.0]]), jnp.array([[0.0, 2.0]]), jnp.array([1])).item()
        1.0
    """
    where = "cosine_embedding_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    a, b = check.array(where, "input1", input1), check.array(where, "input2", input2)
    t = check.array(where, "target", target)
    check.rank(where, "target", t, (0, 1), "() or (N)")
    layout = "(N, M) for a target of rank 1" if t.ndim else "(M) for a target of rank 0"
    for name, x in (("input1", a), ("input2", b)):
        check.rank(where, name, x, (t.ndim + 1,), layout)
        if jnp.iscomplexobj(x):
            check.fail(where, name, "be a real array", f"dtype {x.dtype}", TypeError)
    dtype = floating_or_float32(result_type(a, b))
    a, b = (cast(v, dtype) for v in check.broadcast(where, input1=a, input2=b))
    lengths = (jnp.sum(jnp.square(a), -1) + EPSILON) * (jnp.sum(jnp.square(b), -1) + EPSILON)
    cosine = jnp.sum(a * b, -1) / jnp.sqrt(lengths)
    cosine, t = check.broadcast(where, inputs=cosine, target=t)
    zero = jnp.zeros_like(cosine)
    loss = jnp.where(t == 1, 1 - cosine, zero) + jnp.where(t == -1, relu_unit_slope(cosine - margin), zero)
    return reduced(loss, reduction, dtype)


def triplet_margin_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes a hinge between the distances of an anchor to a similar and to a dissimilar example.

    .. math:: \ell = \max(0, d(a, p) - d(a, n) + m) \quad\text{with}\quad d(x, y) = \|x - y + \epsilon\|_p

    Args:
        anchor, positive, negative: vectors :math:`a`, :math:`p` and :math:`n`, of shape :math:`(M)` or :math:`(N, M)`
            or of more dimensions; all three of one rank, of shapes that broadcast together.
        margin: the margin :math:`m`, positive.
        p: the order of the norm.
        eps: the number :math:`\epsilon` added to the differences.
        swap: whether :math:`d(p, n)` replaces :math:`d(a, n)` where it is smaller.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the vectors' common shape without the last dimension for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, ``margin`` isn't positive, or ``reduction`` is unknown.
        TypeError: an array is boolean.

    Source: ``torch.nn.functional.triplet_margin_loss``; Balntas, Riba, Ponsa and Mikolajczyk, *Learning Local Feature
    Descriptors with Triplets and Shallow Convolutional Neural Networks*, 2016, https://doi.org/10.5244/C.30.119.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.triplet_margin_loss(jnp.array([[0.0]]), jnp.array([[2.0]]), jnp.array([[1.0]]), eps=0.0).item()
        2.0
    """
    where = "triplet_margin_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    return _triplets(where, anchor, positive, negative, (p, eps), margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    distance_function: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    r"""Computes a hinge between an anchor's distances to a similar and to a dissimilar example, with any distance.

    .. math:: \ell = \max(0, d(a, p) - d(a, n) + m)

    Args:
        anchor, positive, negative: the arrays :math:`a`, :math:`p` and :math:`n`, of one rank.
        distance_function: the distance :math:`d`, a function of two arrays; None for `pairwise_distance`.
        margin: the margin :math:`m`, positive.
        swap: whether :math:`d(p, n)` replaces :math:`d(a, n)` where it is smaller.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the distances' shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, ``margin`` isn't positive, or ``reduction`` is unknown.

    Source: ``torch.nn.functional.triplet_margin_with_distance_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> a, p, n = jnp.zeros((1, 2)), jnp.ones((1, 2)), jnp.full((1, 2), 2.0)
        >>> manhattan = lambda x, y: jnp.abs(x - y).sum(-1)
        >>> F.triplet_margin_with_distance_loss(a, p, n, distance_function=manhattan, margin=3.0).item()
        1.0
    """
    where = "triplet_margin_with_distance_loss"
    reduction = reduction_of(where, reduction, old_name=False)
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplets(where, anchor, positive, negative, distance, margin, swap, reduction)


def _triplets(
    where: str,
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    distance: Callable[[jax.Array, jax.Array], jax.Array] | tuple[float, float],
    margin: float,
    swap: bool,
    reduction: str,
) -> jax.Array:
    """Computes a triplet loss with a distance function, or with p and eps of an unrounded `pairwise_distance`."""
    if margin <= 0:
        check.fail(where, "margin", "be positive", margin)
    arguments = {"anchor": anchor, "positive": positive, "negative": negative}
    a, p, n = (check.array(where, name, x) for name, x in arguments.items())
    if not a.ndim == p.ndim == n.ndim:
        shapes = f"shapes {a.shape}, {p.shape} and {n.shape}"
        check.fail(where, "anchor, positive and negative", "have one rank", shapes)
    dtype = None
    if isinstance(distance, tuple):
        (order, eps), dtype = distance, floating_or_float32(result_type(a, p, n))
        a, p, n = widened(a), widened(p), widened(n)
        distance = lambda a, b: pairwise_distance(a, b, order, eps)  # noqa: E731
    to_positive, to_negative = distance(a, p), distance(a, n)
    if swap:
        pair = {"distance": to_negative, "swapped distance": distance(p, n)}
        to_negative = jnp.minimum(*_same(where, **pair))
    to_positive, to_negative = _same(where, positive=to_positive, negative=to_negative)
    dtype = to_positive.dtype if dtype is None else dtype
    loss = relu_unit_slope(margin + cast(to_positive, dtype) - cast(to_negative, dtype))
    return reduced(loss, reduction, dtype)


def _same(where: str, **arrays: jax.Array) -> list[jax.Array]:
    """Gives arrays their common shape and dtype."""
    dtype = result_type(*arrays.values())
    return [x.astype(dtype) for x in check.broadcast(where, **arrays)]
