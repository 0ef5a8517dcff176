"""Losses of classification by log-probabilities or logits."""

from __future__ import annotations

import warnings

from purenn import functional as F
from purenn.layers.base import Bound
from purenn.layers.loss.common import Loss
from purenn.typing import Array, ArrayLike

__all__ = ["CrossEntropyLoss", "NLLLoss", "NLLLoss2d"]


class NLLLoss(Loss):
    r"""Computes the negative log-likelihood of classes: :math:`\ell_n = -w_{y_n} x_{n, y_n}`.

    The mean is weighted: :math:`\sum_n \ell_n / \sum_n w_{y_n}`, over the targets that aren't ignored.

    Args:
        weight: one weight :math:`w_c` per class, of shape :math:`(C)`; it is a buffer. None is the weight 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        ignore_index: the target whose loss is 0 and which the mean leaves out.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(C)`, :math:`(N, C)` or :math:`(N, C, d_1, \dots, d_K)`, log-probabilities, and classes from 0 to C -
    1 of shape :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`, to the classes' shape for ``'none'``, else to a
    scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.NLLLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.log(jnp.array([[0.5, 0.5], [0.25, 0.75]])), jnp.array([0, 0])
        >>> round(nn.NLLLoss()(x, y).item(), 4)
        1.0397
        >>> loss, state = layers.NLLLoss().apply({}, {}, x, y)  # the same as a pure function
    """

    weight: ArrayLike | None = None
    size_average: bool | None = None
    ignore_index: int = -100
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.nll_loss(input, target, m.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class NLLLoss2d(NLLLoss):
    r"""Computes the negative log-likelihood of classes; a deprecated name of `NLLLoss`.

    .. math:: \ell_n = -w_{y_n} x_{n, y_n}

    The mean is weighted: :math:`\sum_n \ell_n / \sum_n w_{y_n}`, over the targets that aren't ignored.

    Args:
        weight: one weight :math:`w_c` per class, of shape :math:`(C)`; it is a buffer. None is the weight 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        ignore_index: the target whose loss is 0 and which the mean leaves out.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: :math:`(N, C, H, W)`, log-probabilities, and classes from 0 to C - 1 of shape :math:`(N, H, W)`, to the
    classes' shape for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.NLLLoss2d``.

    Example:
        >>> import warnings
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.log(jnp.full((1, 2, 3, 3), 0.5)), jnp.zeros((1, 3, 3), int)
        >>> with warnings.catch_warnings(action="ignore"):
        ...     round(nn.NLLLoss2d()(x, y).item(), 4)
        ...     loss, state = layers.NLLLoss2d().apply({}, {}, x, y)  # the same as a pure function
        0.6931
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        warnings.warn("NLLLoss2d is deprecated: use NLLLoss, which takes images too.", FutureWarning, stacklevel=3)


class CrossEntropyLoss(Loss):
    r"""Computes the cross entropy between the softmax of logits and classes, or probabilities.

    With :math:`p = \log\operatorname{softmax}(x)` over the classes, smoothing :math:`s` and C classes,

    .. math::
        \ell_n = -(1 - s)\, w_{y_n} p_{n, y_n} - \tfrac{s}{C} \sum_c w_c\, p_{n,c}
        \quad\text{or}\quad
        \ell_n = -\sum_c w_c\, \bigl((1 - s)\, y_{n,c} + \tfrac{s}{C}\bigr)\, p_{n,c}

    for classes, or for probabilities. The mean is :math:`\sum_n \ell_n / \sum_n w_{y_n}` over the classes that aren't
    ignored, or :math:`\sum_n \ell_n / N`.

    Args:
        weight: one weight :math:`w_c` per class, of shape :math:`(C)`; it is a buffer. None is the weight 1.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        ignore_index: the class whose loss is 0 and which the mean leaves out; not for probabilities.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        label_smoothing: the weight :math:`s` of the uniform distribution in the target, at most 1.

    Shape: :math:`(C)`, :math:`(N, C)` or :math:`(N, C, d_1, \dots, d_K)`, logits, and classes from 0 to C - 1 of shape
    :math:`()`, :math:`(N)` or :math:`(N, d_1, \dots, d_K)`, or probabilities of the logits' shape, to the logits' shape
    without C for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.CrossEntropyLoss``; label smoothing: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, *Rethinking the
    Inception Architecture for Computer Vision*, 2015, https://arxiv.org/abs/1512.00567.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([[2.0, 0.0], [0.0, 2.0]]), jnp.array([0, 1])
        >>> round(nn.CrossEntropyLoss()(x, y).item(), 4)
        0.1269
        >>> loss, state = layers.CrossEntropyLoss().apply({}, {}, x, y)  # the same as a pure function
    """

    weight: ArrayLike | None = None
    size_average: bool | None = None
    ignore_index: int = -100
    reduce: bool | None = None
    reduction: str = "mean"
    label_smoothing: float = 0.0

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.cross_entropy(
            input,
            target,
            m.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
