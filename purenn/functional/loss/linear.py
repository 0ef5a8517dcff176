"""The cross entropy of a linear map, computed without holding all logits in memory."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.loss.classification import checked_dtype, cross_entropies
from purenn.functional.loss.common import reduced, reduction_of
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.loss import samples_per_chunk
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["LinearCrossEntropyOptions", "linear_cross_entropy"]


@dataclasses.dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """The division of a batch into chunks by `linear_cross_entropy`.

    Args:
        allow_retain_graph: Ignored; accepted for compatibility with PyTorch.
        batch_chunk_size: the number of rows per chunk, whose logits are in memory together.
        chunking_method: the rule if ``batch_chunk_size`` is None: ``'aspect_ratio'`` makes a chunk's logits as large as
            the input, ``'aspect_ratio:n'`` n times smaller. ``'auto'`` is ``'aspect_ratio:2'``; None makes one chunk.
        acc_policy: Ignored; accepted for compatibility with PyTorch. Half-precision logits are computed in float32.
        acc_dtype: Ignored; accepted for compatibility with PyTorch.

    Raises:
        ValueError: a value that torch refuses.

    Source: ``torch.nn.LinearCrossEntropyOptions``.

    Example:
        >>> from purenn import functional as F
        >>> F.LinearCrossEntropyOptions(batch_chunk_size=64).rows(batch=1000, features=8, classes=5)
        64
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        where = "LinearCrossEntropyOptions"
        check.choice(where, "acc_policy", self.acc_policy, ("auto", "accurate", "balanced", "compact"))
        if self.batch_chunk_size is not None:
            check.integer(where, "batch_chunk_size", self.batch_chunk_size, 1)
        if self.chunking_method not in (None, "auto"):
            name, colon, factor = self.chunking_method.partition(":")
            if name != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor) > 0)):
                check.fail(where, "chunking_method", "be 'auto', 'aspect_ratio', 'aspect_ratio:N' or None", repr(name))

    def rows(self, batch: int, features: int, classes: int) -> int:
        """Gives the number of rows per chunk."""
        if self.batch_chunk_size is not None:
            return self.batch_chunk_size
        if self.chunking_method is None or 0 in (batch, features, classes):
            return max(batch, 1)
        factor = {"auto": "2", "aspect_ratio": "1"}.get(self.chunking_method) or self.chunking_method.split(":")[1]
        rows = -(-batch // -(-classes // features))
        return max(1, (1 << (rows - 1).bit_length()) // int(factor))


def linear_cross_entropy(
    input: ArrayLike,
    linear_weight: ArrayLike,
    target: ArrayLike,
    *,
    linear_bias: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Array:
    r"""Computes the cross entropy of the logits :math:`x A^\top + b`, without holding all of them in memory.

    With :math:`p = \log\operatorname{softmax}(x A^\top + b)` over the classes, smoothing :math:`s` and C classes,

    .. math::
        \ell_n = -(1 - s)\, w_{y_n} p_{n, y_n} - \tfrac{s}{C} \sum_c w_c\, p_{n,c}
        \quad\text{or}\quad
        \ell_n = -\sum_c w_c\, \bigl((1 - s)\, y_{n,c} + \tfrac{s}{C}\bigr)\, p_{n,c}

    Logits of more than 32 MiB are computed in chunks of the batch, and again for the gradient, so that all N times C of
    them are never in memory together. With ``options``, logits of any size are.

    Args:
        input: of shape :math:`(\text{in})` or :math:`(N, \text{in})`.
        linear_weight: :math:`A`, of shape :math:`(C, \text{in})`, or :math:`(C, d_1, \dots, d_K, \text{in})` with a
            batch.
        target: classes from 0 to C - 1, of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`; or
            probabilities, of the logits' shape.
        linear_bias: :math:`b`, of shape :math:`(C)` or :math:`(C, d_1, \dots, d_K)`; None for none.
        weight: one weight :math:`w_c` per class, of shape :math:`(C)`. None is the weight 1.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        ignore_index: the class whose loss is 0 and which the mean leaves out, -100 if None; not for probabilities.
        label_smoothing: the weight :math:`s` of the uniform distribution in the target, at most 1.
        options: the division of the batch, a ``LinearCrossEntropyOptions``; None divides large batches only. Unlike
            torch's, options restrict neither the other arguments nor derivatives.

    Returns:
        An array of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)` for ``'none'``, else a scalar.

    Raises:
        ValueError: the shapes don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.functional.linear_cross_entropy``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.linear_cross_entropy(jnp.ones((2, 3)), jnp.zeros((4, 3)), jnp.array([0, 1])).round(4).item()
        1.386299967765808
    """
    where = "linear_cross_entropy"
    reduction = reduction_of(where, reduction)
    x, a = check.array(where, "input", input), check.array(where, "linear_weight", linear_weight)
    t = check.array(where, "target", target)
    b = None if linear_bias is None else check.array(where, "linear_bias", linear_bias)
    w = None if weight is None else check.array(where, "weight", weight)
    check.rank(where, "input", x, (1, 2), "(in) or (N, in)")
    check.floating(where, "input", x)
    check.same_dtype(where, input=x, linear_weight=a, linear_bias=b)
    if a.ndim < 2 or a.shape[-1] != x.shape[-1]:
        check.fail(where, "linear_weight", f"have shape (C, ..., {x.shape[-1]})", f"shape {a.shape}")
    if a.ndim > 2 and x.ndim == 1:
        check.fail(where, "input", "have rank 2, (N, in), for a linear_weight of rank 3 and more", f"shape {x.shape}")
    check.shape(where, "linear_bias", b, a.shape[:-1])
    logits: Any = jax.ShapeDtypeStruct(x.shape[:-1] + a.shape[:-1], x.dtype)
    if t.shape == logits.shape and ignore_index is not None:
        check.fail(where, "ignore_index", "be None with probabilities", ignore_index)
    ignored = -100 if ignore_index is None else ignore_index
    dtype = checked_dtype(where, logits, t, w, ignored, label_smoothing)

    def losses_of(x: jax.Array, t: jax.Array, a: jax.Array, b: jax.Array | None) -> tuple[jax.Array, jax.Array]:
        y = jnp.tensordot(x, a, (-1, -1), preferred_element_type=compute_dtype(x.dtype))
        y = y.astype(compute_dtype(dtype))
        y = y if b is None else y + jnp.broadcast_to(b.astype(y.dtype), y.shape)
        return cross_entropies(y, t, w, ignored, label_smoothing)

    rows = 0
    if x.ndim == 2:
        batch, features = x.shape
        if options is None:
            rows = samples_per_chunk(batch, math.prod(a.shape[:-1]))
        else:
            rows = options.rows(batch, features, a.shape[0])
    if not 0 < rows < x.shape[0]:
        losses, weights = losses_of(x, t, a, b)
    else:
        # The gradient recomputes the logits of a chunk. Rows that don't fill a chunk form a smaller one.
        whole, of_chunk = x.shape[0] // rows * rows, jax.checkpoint(losses_of)
        chunks = [v[:whole].reshape(-1, rows, *v.shape[1:]) for v in (x, t)]
        losses, weights = lax.map(lambda chunk: of_chunk(*chunk, a, b), (chunks[0], chunks[1]))
        losses, weights = (v.reshape(whole, *v.shape[2:]) for v in (losses, weights))
        if whole < x.shape[0]:
            remainder = of_chunk(x[whole:], t[whole:], a, b)
            losses, weights = (jnp.concatenate(pair) for pair in zip((losses, weights), remainder, strict=True))
    return reduced(losses, reduction, dtype, jnp.sum(weights))
