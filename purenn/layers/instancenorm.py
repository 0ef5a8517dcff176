"""Instance normalization."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from purenn import check
from purenn.docstring import documented
from purenn.functional.normalization.instance import instance_norm_with
from purenn.layers.base import Bound
from purenn.layers.batchnorm import PLAIN, NormBase
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]

T = TypeVar("T")


class _InstanceNorm(NormBase):
    _rank: ClassVar[int]

    affine: bool = False
    track_running_stats: bool = False
    device: Any = None
    dtype: DTypeLike | None = None

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x, n = check.array("instance_norm", "input", input), self._rank
        layout = {1: "L", 2: "H, W", 3: "D, H, W"}[n]
        check.rank("instance_norm", "input", x, (n + 1, n + 2), f"(C, {layout}) or (N, C, {layout})")
        channels = x.shape[-n - 1]
        if channels != self.num_features:
            if self.affine:
                expected = f"have num_features={self.num_features} channels"
                check.fail("instance_norm", "input", expected, f"{channels} channels (shape {x.shape})")
            warnings.warn(
                f"{self!r}: the input has {channels} channels; without affine, num_features is unused", stacklevel=2
            )
        batch = x if x.ndim == n + 2 else x[None]
        momentum, update = 0.0 if self.momentum is None else self.momentum, m.training and m.running_mean is not None
        use_input_stats = m.training or not self.track_running_stats
        arrays = m.running_mean, m.running_var, m.weight, m.bias
        y, new = instance_norm_with(batch, *arrays, use_input_stats, momentum, self.eps, update)
        if update:
            m.running_mean, m.running_var = new
        return y.reshape(x.shape)


_INSTANCE_NORM = r"""Normalizes every channel of every $sample by itself$lazily.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, \gamma + \beta

    with the mean :math:`\mu` and the biased variance :math:`\sigma^2` of one channel of one $sample. With
    ``track_running_stats``, running statistics move in training towards the averages of these over the batch:
    :math:`\hat\mu \leftarrow (1 - m)\, \hat\mu + m\, \mu`, and likewise :math:`\hat\sigma^2` with the unbiased
    variance. In evaluation, :math:`\mu` and :math:`\sigma^2` are then the running statistics.

    With ``affine`` the parameters are ``weight`` :math:`\gamma`, ones at first, and ``bias`` :math:`\beta`, zeros at
    first, of shape :math:`(C)`. With ``track_running_stats`` the buffers are ``running_mean``, zeros at first, and
    ``running_var``, ones at first, of shape :math:`(C)`, and ``num_batches_tracked``, which is 0.$materializes

    Args:$first
        eps: the number :math:`\epsilon` added to the variance.
        momentum: the weight :math:`m` of a new batch in the running statistics; with None they don't move, as in torch.
        affine: whether there are a weight and a bias.
        track_running_stats: whether there are running statistics. Without them, evaluation uses the $sample's
            statistics.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.
        bias: whether there is a bias, with ``affine``.

    Shape: :math:`$N` or :math:`$C`, which the output has too.

    Raises:
        ValueError: a call's input has another rank, a number of channels that doesn't fit the arrays, or one value per
            channel.
        TypeError: the dtype of a call's input isn't floating-point, or doesn't fit the arrays.

    Source: ``torch.nn.$name``; Ulyanov, Vedaldi and Lempitsky, *Instance Normalization: The Missing Ingredient for Fast
    Stylization*, 2016, https://arxiv.org/abs/1607.08022.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> nn.$name(${size}affine=True)(x).shape
        $x
        >>> layer = layers.$name(${size}affine=True)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0)$example)
        >>> y, state = layer.apply(params, state, x)
    """
_WORDS = {
    1: {"sample": "signal", "x": "(2, 3, 9)"},
    2: {"sample": "image", "x": "(2, 3, 4, 4)"},
    3: {"sample": "volume", "x": "(2, 3, 2, 4, 4)"},
}


def document(rank: int, **words: str) -> Callable[[T], T]:
    """Documents a class of instance norms, or a lazy one, for a number of spatial dimensions."""
    return documented(_INSTANCE_NORM, rank, **_WORDS[rank], **words)


@document(1, name="InstanceNorm1d", size="3, ", **PLAIN)
class InstanceNorm1d(_InstanceNorm):
    _rank = 1


@document(2, name="InstanceNorm2d", size="3, ", **PLAIN)
class InstanceNorm2d(_InstanceNorm):
    _rank = 2


@document(3, name="InstanceNorm3d", size="3, ", **PLAIN)
class InstanceNorm3d(_InstanceNorm):
    _rank = 3
