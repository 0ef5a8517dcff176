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

    with the sum over all paths :math:`\pi` that become the target when repetitions are merged and then blanks removed.
    The mean first divides every loss by the length of its target.

    As in torch, the derivative is that with respect to the logits whose ``log_softmax`` is ``log_probs``.

    Args:
        blank: the label that means no label.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        zero_infinity: whether an input without a path has the loss 0, instead of infinity with a derivative of NaN.

    Shape: log-probabilities :math:`(T, N, C)`; labels :math:`(N, S)`, or concatenated in an array of rank 1; and the
    lengths of inputs and of targets, two arrays or sequences :math:`(N)`; to :math:`(N)` for ``'none'``, else to a
    scalar. Without a batch the shapes are :math:`(T, C)`, :math:`(S)` and :math:`()`.

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
