"""Losses of distributions: the Kullback-Leibler divergence, Poisson and Gaussian likelihoods."""

from __future__ import annotations

import dataclasses

from purenn import functional as F
from purenn.layers.base import Bound
from purenn.layers.loss.common import Loss
from purenn.typing import Array, ArrayLike

__all__ = ["GaussianNLLLoss", "KLDivLoss", "PoissonNLLLoss"]


class KLDivLoss(Loss):
    r"""Computes the Kullback-Leibler divergence from log-probabilities: :math:`\ell = y\,(\log y - x)`.

    Args:
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        reduction: ``'none'``, ``'mean'`` (over all elements), ``'sum'``, or ``'batchmean'``, the sum divided by the
            input's first dimension. Torch warns that its ``'mean'`` may change; this one won't.
        log_target: whether the target is log-probabilities.

    Shape: :math:`(*)`, log-probabilities, and :math:`(*)`, probabilities, to :math:`(*)` for ``'none'``, else to a
    scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: a dtype isn't floating-point.

    Source: ``torch.nn.KLDivLoss``; Kullback and Leibler, *On Information and Sufficiency*, 1951,
    https://doi.org/10.1214/aoms/1177729694.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.log(jnp.array([[0.5, 0.5]])), jnp.array([[1.0, 0.0]])
        >>> round(nn.KLDivLoss(reduction="batchmean")(x, y).item(), 4)
        0.6931
        >>> loss, state = layers.KLDivLoss(reduction="batchmean").apply({}, {}, x, y)  # the same as a pure function
    """

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    log_target: bool = False

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(Loss):
    r"""Computes the negative log-likelihood of counts under Poisson distributions, without the term :math:`\log y!`.

    .. math:: \ell = e^x - y x \quad\text{or, without log\_input,}\quad \ell = x - y \log(x + \epsilon)

    Args:
        log_input: whether the input is the logarithm of the expectation.
        full: whether Stirling's approximation of :math:`\log y!`, :math:`y \log y - y + \tfrac12 \log 2 \pi y`, is
            added where :math:`y > 1`.
        size_average, reduce: deprecated; ``reduce=False`` means ``'none'``, ``size_average=False`` means ``'sum'``.
        eps: the number :math:`\epsilon` that keeps the logarithm from 0.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: expectations or their logarithms :math:`(*)`, and counts :math:`(*)`, to :math:`(*)` for ``'none'``, else to
    a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: an array is complex, or both are boolean.

    Source: ``torch.nn.PoissonNLLLoss``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.array([0.0, 1.0]), jnp.array([2.0, 1.0])
        >>> [round(loss, 4) for loss in nn.PoissonNLLLoss(reduction="none")(x, y).tolist()]
        [1.0, 1.7183]
        >>> loss, state = layers.PoissonNLLLoss().apply({}, {}, x, y)  # the same as a pure function
    """

    log_input: bool = True
    full: bool = False
    size_average: bool | None = None
    eps: float = 1e-8
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, m: Bound, log_input: ArrayLike, target: ArrayLike) -> Array:
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


class GaussianNLLLoss(Loss):
    r"""Computes the negative log-likelihood of samples under Gaussian distributions of given mean and variance.

    .. math:: \ell = \tfrac12 \bigl(\log v + (x - y)^2 / v\bigr) \quad\text{with}\quad v = \max(\text{var}, \epsilon)

    The clamp doesn't change the derivative with respect to the variance, as in torch.

    Args:
        full: whether the constant :math:`\tfrac12 \log 2 \pi` is added.
        eps: the lower bound :math:`\epsilon` of the variance.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Shape: means :math:`(*)`, samples :math:`(*)`, and variances of the same shape, which may lack its last dimension or
    have one dimension of size 1, or a float; to :math:`(*)` for ``'none'``, else to a scalar.

    Raises:
        ValueError: the shapes of a call don't fit, a variance is negative, or ``reduction`` is unknown.
        TypeError: a dtype doesn't fit.

    Source: ``torch.nn.GaussianNLLLoss``; Nix and Weigend, *Estimating the Mean and Variance of the Target Probability
    Distribution*, 1994, https://doi.org/10.1109/ICNN.1994.374138.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y, variance = jnp.array([1.0]), jnp.array([3.0]), jnp.array([1.0])
        >>> nn.GaussianNLLLoss()(x, y, variance).item()
        2.0
        >>> loss, state = layers.GaussianNLLLoss().apply({}, {}, x, y, variance)  # the same as a pure function
    """

    _: dataclasses.KW_ONLY
    full: bool = False
    eps: float = 1e-6
    reduction: str = "mean"

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike, var: ArrayLike) -> Array:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
