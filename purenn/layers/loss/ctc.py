"""The connectionist temporal classification loss."""

from __future__ import annotations

from collections.abc import Sequence

from purenn import functional as F
from purenn.layers.base import Bound
from purenn.layers.loss.common import Loss
from purenn.typing import Array, ArrayLike

__all__ = ["CTCLoss"]


class CTCLoss(Loss):
    r"""Computes the connectionist temporal classification loss: minus the log-probability of a sequence of labels.

    .. math:: \ell = -\log \sum_\pi \prod_t p_{t, \pi_t}

    sums over the paths :math:`\pi` that become the target when repetitions are merged and then blanks dropped. The mean
    divides every loss by the length of its target first.

    The derivative is torch's: the derivative with respect to the logits of the ``log_softmax`` that gave ``log_probs``.

    Args:
        blank: the label that stands for no label.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        zero_infinity: whether the loss is 0 where no path exists, instead of infinite with derivatives of NaN.

    Shape: :math:`(T, N, C)`, labels of shape :math:`(N, S)` or concatenated in an array of rank 1, and two arrays or
    sequences :math:`(N)`, the lengths of inputs and targets, to :math:`(N)` for ``'none'``, else to a scalar. Without a
    batch they are :math:`(T, C)`, :math:`(S)` and :math:`()`.

    Raises:
        ValueError: the shapes, the lengths or the blank don't fit.
        TypeError: a dtype doesn't fit.

    Source: ``torch.nn.CTCLoss``; Graves, Fernández, Gomez and Schmidhuber, *Connectionist Temporal Classification:
    Labelling Unsegmented Sequence Data with Recurrent Neural Networks*, 2006, https://doi.org/10.1145/1143844.1143891.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> log_probs = jnp.log(jnp.full((3, 1, 2), 0.5))
        >>> targets, lengths = jnp.array([[1]]), (jnp.array([3]), jnp.array([1]))
        >>> round(nn.CTCLoss()(log_probs, targets, *lengths).item(), 4)
        0.2877
        >>> loss, state = layers.CTCLoss().apply({}, {}, log_probs, targets, *lengths)  # the same as a pure function
    """

    blank: int = 0
    reduction: str = "mean"
    zero_infinity: bool = False

    def forward(
        self,
        m: Bound,
        log_probs: ArrayLike,
        targets: ArrayLike,
        input_lengths: ArrayLike | Sequence[int],
        target_lengths: ArrayLike | Sequence[int],
    ) -> Array:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
