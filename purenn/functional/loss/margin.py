"""Losses of margins between scores."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.dtypes import cast, floating_or_float32, result_type
from purenn.functional.loss.common import reduced, reduction_of
from purenn.lowering.activation import log_sigmoid, relu_unit_slope
from purenn.typing import Array, ArrayLike

__all__ = [
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
]


def _arrays(where: str, **arguments: ArrayLike) -> list[jax.Array]:
    """Gives the arguments as real arrays."""
    arrays = [check.array(where, name, x) for name, x in arguments.items()]
    for name, x in zip(arguments, arrays, strict=True):
        check.real(where, name, x)
    return arrays


def margin_ranking_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes a hinge loss on the order of two scores: :math:`\ell = \max(0, -y\,(x_1 - x_2) + m)`.

    Args:
        input1: scores :math:`x_1`, of any shape.
        input2: scores :math:`x_2`, of the same rank, of a shape that broadcasts with ``input1``'s.
        target: 1 where the first score should be larger, -1 where the second should; of the same rank.
        margin: the margin :math:`m`.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the common shape for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: an array is boolean or complex.

    Source: ``torch.nn.functional.margin_ranking_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.margin_ranking_loss(jnp.array([1.0, 3.0]), jnp.array([2.0, 1.0]), jnp.array([1, 1])).item()
        0.5
    """
    where = "margin_ranking_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    a, b, t = _arrays(where, input1=input1, input2=input2, target=target)
    if not a.ndim == b.ndim == t.ndim:
        check.fail(where, "input1, input2 and target", "have one rank", f"shapes {a.shape}, {b.shape} and {t.shape}")
    dtype = floating_or_float32(result_type(a, b, t))
    a, b, t = (cast(v, dtype) for v in check.broadcast(where, input1=a, input2=b, target=t))
    return reduced(relu_unit_slope(-t * (a - b) + margin), reduction, dtype)


def hinge_embedding_loss(
    input: ArrayLike,
    target: ArrayLike,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes the distance of similar pairs, and a hinge on the distance of dissimilar pairs.

    .. math:: \ell = x \text{ where } y = 1, \quad \max(0, m - x) \text{ where } y = -1

    and the sum of the two where :math:`y` is another number.

    Args:
        input: distances :math:`x`, of any shape.
        target: 1 for a similar pair, -1 for a dissimilar one; of a shape that broadcasts with the input's.
        margin: the margin :math:`m`.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the common shape for ``'none'``, else a scalar; of the input's dtype.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: the input is boolean or complex, or is integer and ``reduction`` is ``'mean'``.

    Source: ``torch.nn.functional.hinge_embedding_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.hinge_embedding_loss(jnp.array([0.25, 0.25]), jnp.array([1, -1]), reduction="none").tolist()
        [0.25, 0.75]
    """
    where = "hinge_embedding_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    (x,), t = _arrays(where, input=input), check.array(where, "target", target)
    dtype = x.dtype
    if not jnp.issubdtype(dtype, jnp.floating):
        margin = int(margin)
        if reduction == "mean":
            check.fail(where, "input", "be a floating-point array where the mean is taken", f"dtype {dtype}", TypeError)
    x, t = check.broadcast(where, input=cast(x, dtype), target=t)
    zero = jnp.zeros_like(x)
    loss = jnp.where(t != 1, relu_unit_slope(margin - x), zero) + jnp.where(t != -1, x, zero)
    return reduced(loss, reduction, dtype)


def soft_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes the logistic loss: :math:`\ell = \log(1 + e^{-y x})`, which overflows as torch's does.

    Args:
        input: scores :math:`x`, of any shape.
        target: 1 or -1, of a shape that broadcasts to the input's.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the input's shape for ``'none'``, else a scalar; of the input's dtype.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.soft_margin_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.soft_margin_loss(jnp.array([0.0, 1.0]), jnp.array([1.0, -1.0]), reduction="none").round(4).tolist()
        [0.6930999755859375, 1.3133000135421753]
    """
    where = "soft_margin_loss"
    reduction = reduction_of(where, reduction, size_average, reduce)
    x, t = check.array(where, "input", input), check.array(where, "target", target)
    check.floating(where, "input", x)
    if jnp.iscomplexobj(t):
        check.fail(where, "target", "be a real array", f"dtype {t.dtype}", TypeError)
    check.broadcastable(where, "target", t, x.shape)
    t = jnp.broadcast_to(cast(t, x.dtype), x.shape)
    return reduced(_log1p_exp(-t * cast(x, x.dtype)), reduction, x.dtype)


@jax.custom_jvp
def _log1p_exp(z: jax.Array) -> jax.Array:
    return jnp.log1p(jnp.exp(z))


@_log1p_exp.defjvp
def _log1p_exp_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    """Gives torch's derivative: 1 / (1 + exp z) alone would be 0 before exp z overflows."""
    (z,), (dz,) = primals, tangents
    e = jnp.exp(z)
    return jnp.log1p(e), e / (1 + e) * dz


def multilabel_soft_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    r"""Computes the mean over the classes of binary cross entropies of logits.

    .. math:: \ell_n = -\tfrac1C \sum_c w_c\, (y_{n,c} \log \sigma(x_{n,c}) + (1 - y_{n,c}) \log \sigma(-x_{n,c}))

    Args:
        input: logits :math:`x`, of shape :math:`(C)` or :math:`(N, C)`, or with more dimensions before the classes'.
        target: probabilities :math:`y`, of the input's shape.
        weight: one weight :math:`w_c` per class, of shape :math:`(C)` or any that broadcasts with the input's; None is
            the weight 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Returns:
        An array of the input's shape without its last dimension for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.

    Source: ``torch.nn.functional.multilabel_soft_margin_loss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.multilabel_soft_margin_loss(jnp.zeros((1, 2)), jnp.array([[1.0, 0.0]])).round(4).item()
        0.6930999755859375
    """
    where = "multilabel_soft_margin_loss"
    reduction = reduction_of(where, reduction, size_average, reduce, old_name=False)
    x, t = _arrays(where, input=input, target=target)
    arrays = {"input": x, "target": t}
    check.floating(where, "input", x)
    if x.ndim == 0:
        check.fail(where, "input", "have rank at least 1, (C) or (N, C)", "shape ()")
    if weight is not None:
        arrays["weight"] = check.array(where, "weight", weight)
    dtype = result_type(*arrays.values())
    logits, t, *w = (cast(v, dtype) for v in check.broadcast(where, **arrays))
    loss = -(t * log_sigmoid(logits) + (1 - t) * log_sigmoid(-logits))
    loss = loss * w[0] if w else loss
    return reduced(jnp.sum(loss, x.ndim - 1) / x.shape[-1], reduction, dtype)
