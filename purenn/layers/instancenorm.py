"""Instance normalisation."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import jax
from jax.typing import DTypeLike

from purenn import check
from purenn.functional.normalization.instance import instance_norm_with
from purenn.layers.batchnorm import NormBase

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(NormBase):
    _rank: ClassVar[int]

    affine: bool = False
    track_running_stats: bool = False
    device: Any = None
    dtype: DTypeLike | None = None

    def forward(self, m: Any, input: Any) -> jax.Array:
        x, n = check.array("instance_norm", "input", input), self._rank
        layout = {1: "L", 2: "H, W", 3: "D, H, W"}[n]
        check.rank("instance_norm", "input", x, (n + 1, n + 2), f"(C, {layout}) or (N, C, {layout})")
        channels = x.shape[-n - 1]
        if channels != self.num_features:
            if self.affine:
                expected = f"have num_features={self.num_features} channels"
                check.fail("instance_norm", "input", expected, f"{channels} channels (shape {x.shape})")
            warnings.warn(
                f"{self!r}: the input has {channels} channels; without affine, num_features says nothing", stacklevel=2
            )
        batch = x if x.ndim == n + 2 else x[None]
        momentum, update = 0.0 if self.momentum is None else self.momentum, m.training and m.running_mean is not None
        own, arrays = m.training or not self.track_running_stats, (m.running_mean, m.running_var, m.weight, m.bias)
        y, new = instance_norm_with(batch, *arrays, own, momentum, self.eps, update)
        if update:
            m.running_mean, m.running_var = new
        return y.reshape(x.shape)


class InstanceNorm1d(_InstanceNorm):
    r"""Normalises each channel of each sample: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma + \beta`.

    Mean and (biased) variance are those of a sample's channel. With ``track_running_stats``, in training, running
    statistics move towards their averages over the batch, :math:`\hat\mu \leftarrow (1 - m)\,\hat\mu + m\,\mu`, and
    in evaluation they are used. Its arrays are ``weight`` :math:`\gamma` and ``bias`` :math:`\beta`; its state is
    ``running_mean``, ``running_var`` and ``num_batches_tracked``, which torch leaves at 0.

    Args:
        num_features: channels of the input.
        eps: added to the variance.
        momentum: the :math:`m` of the running statistics; with None they don't move, as in torch.
        affine: whether there are a weight and a bias.
        track_running_stats: whether there are running statistics; without, the sample's always serve.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.
        bias: whether there is a bias.

    Shape: :math:`(N, C, L)` or :math:`(C, L)`, which it keeps.

    Source: ``torch.nn.InstanceNorm1d``; Ulyanov, Vedaldi and Lempitsky, 2016.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.InstanceNorm1d(100, affine=True)
        >>> params, state = layer.init(jax.random.key(0))
        >>> layer.apply(params, state, jnp.ones((20, 100, 40)))[0].shape
        (20, 100, 40)
    """

    _rank = 1


class InstanceNorm2d(_InstanceNorm):
    """Normalises every channel of every image; arguments, arrays and formula as `InstanceNorm1d`'s.

    Shape: :math:`(N, C, H, W)` or :math:`(C, H, W)`, which it keeps.

    Source: ``torch.nn.InstanceNorm2d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers
        >>> layers.InstanceNorm2d(3).apply({}, {}, jnp.ones((2, 3, 4, 4)))[0].shape
        (2, 3, 4, 4)
    """

    _rank = 2


class InstanceNorm3d(_InstanceNorm):
    """Normalises every channel of every volume; arguments, arrays and formula as `InstanceNorm1d`'s.

    Shape: :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`, which it keeps.

    Source: ``torch.nn.InstanceNorm3d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers
        >>> layers.InstanceNorm3d(3).apply({}, {}, jnp.ones((2, 3, 2, 4, 4)))[0].shape
        (2, 3, 2, 4, 4)
    """

    _rank = 3
