"""Batch normalisation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from purenn import functional as F
from purenn.functional import _check
from purenn.layers.base import Layer, Spec

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]


class _BatchNorm(Layer):
    _ranks: ClassVar[tuple[int, ...]]

    num_features: int
    eps: float = 1e-5
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    bias: bool = dataclasses.field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "bias", bool(self.bias and self.affine))

    def parameters(self) -> Mapping[str, Spec | None]:
        shape = (self.num_features,)
        return {
            "weight": Spec(shape, 1.0) if self.affine else None,
            "bias": Spec(shape, 0.0) if self.bias else None,
        }

    def buffers(self) -> Mapping[str, Spec | None]:
        shape, track = (self.num_features,), self.track_running_stats
        return {
            "running_mean": Spec(shape, 0.0) if track else None,
            "running_var": Spec(shape, 1.0) if track else None,
            "num_batches_tracked": Spec((), 0, jax.dtypes.canonicalize_dtype("int64")) if track else None,
        }

    def forward(self, m: Any, input: Any) -> jax.Array:
        x = _check.array("batch_norm", "input", input)
        layouts = {2: "(N, C)", 3: "(N, C, L)", 4: "(N, C, H, W)", 5: "(N, C, D, H, W)"}
        _check.rank("batch_norm", "input", x, self._ranks, " or ".join(layouts[r] for r in self._ranks))
        tracked = m.running_mean is not None
        mean, var = m.running_mean, m.running_var
        if m.training and tracked:
            count = m.num_batches_tracked + jnp.ones((), m.num_batches_tracked.dtype)
            momentum = 1 / count.astype(jnp.float32) if self.momentum is None else self.momentum
            m.num_batches_tracked = count
            m.running_mean, m.running_var = F.batch_norm_update(x, mean, var, momentum)
        # torch's order: where no statistics are kept, those of the batch serve in evaluation too
        momentum = 0.0 if self.momentum is None else self.momentum
        return F.batch_norm(x, mean, var, m.weight, m.bias, m.training or not tracked, momentum, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    r"""Normalises every channel over the batch: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma + \beta`.

    In training, mean and (biased) variance are the batch's, and the running statistics move towards them,
    :math:`\hat\mu \leftarrow (1 - m)\,\hat\mu + m\,\mu`, the variance as its unbiased estimate; in evaluation the
    running statistics are used. Its arrays are ``weight`` :math:`\gamma` and ``bias`` :math:`\beta`; its state is
    ``running_mean``, ``running_var`` and ``num_batches_tracked``.

    Args:
        num_features: channels of the input.
        eps: added to the variance.
        momentum: the :math:`m` of the running statistics; None averages over all batches alike.
        affine: whether there are a weight and a bias.
        track_running_stats: whether there are running statistics; without, the batch's always serve.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.
        bias: whether there is a bias.

    Shape: :math:`(N, C)` or :math:`(N, C, L)`, which it keeps.

    Source: ``torch.nn.BatchNorm1d``; Ioffe and Szegedy, 2015.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.BatchNorm1d(100)
        >>> params, state = layer.init(jax.random.key(0))
        >>> y, state = layer.apply(params, state, jnp.ones((20, 100)), training=True)
        >>> y.shape, int(state["num_batches_tracked"])
        ((20, 100), 1)
    """

    _ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises every channel of images over the batch; arguments, arrays and formula as `BatchNorm1d`'s.

    Shape: :math:`(N, C, H, W)`, which it keeps.

    Source: ``torch.nn.BatchNorm2d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.BatchNorm2d(3)
        >>> layer.apply(*layer.init(jax.random.key(0)), jnp.ones((2, 3, 4, 4)))[0].shape
        (2, 3, 4, 4)
    """

    _ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalises every channel of volumes over the batch; arguments, arrays and formula as `BatchNorm1d`'s.

    Shape: :math:`(N, C, D, H, W)`, which it keeps.

    Source: ``torch.nn.BatchNorm3d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.BatchNorm3d(3)
        >>> layer.apply(*layer.init(jax.random.key(0)), jnp.ones((2, 3, 2, 4, 4)))[0].shape
        (2, 3, 2, 4, 4)
    """

    _ranks = (5,)
