"""Normalisation layers without running statistics."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from jax.typing import DTypeLike

from purenn import check
from purenn import functional as F
from purenn.layers.base import Layer, Spec
from purenn.layers.generate import Functional, from_function

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


def _sizes(where: str, shape: Any) -> tuple[int, ...]:
    sizes = shape if isinstance(shape, tuple) else (shape,)
    return tuple(check.integer(where, "normalized_shape", n, 0) for n in sizes)


class LayerNorm(Layer, function=F.layer_norm):
    r"""Normalises over the last dimensions: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma + \beta`.

    Its arrays are ``weight`` :math:`\gamma`, ones at first, and ``bias`` :math:`\beta`, zeros at first, both of shape
    ``normalized_shape``; mean and (biased) variance are taken over as many of the last dimensions.

    Args:
        normalized_shape: the sizes of these dimensions; one number for the last alone.
        eps: added to the variance.
        elementwise_affine: whether there are a weight and a bias.
        bias: whether there is a bias.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Source: ``torch.nn.LayerNorm``; Ba, Kiros and Hinton, 2016.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.LayerNorm(10)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((20, 5, 10)))
        >>> y.shape
        (20, 5, 10)
    """

    normalized_shape: int | tuple[int, ...]
    eps: float = 1e-5
    elementwise_affine: bool = True
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "normalized_shape", _sizes("LayerNorm", self.normalized_shape))
        object.__setattr__(self, "bias", bool(self.bias and self.elementwise_affine))

    def parameters(self) -> Mapping[str, Spec | None]:
        shape: Any = self.normalized_shape
        return {
            "weight": Spec(shape, 1.0) if self.elementwise_affine else None,
            "bias": Spec(shape, 0.0) if self.bias else None,
        }

    def extra_repr(self) -> str:
        shape, rest = self.normalized_shape, f"elementwise_affine={self.elementwise_affine}, bias={self.bias}"
        return f"{shape}, eps={self.eps}, {rest}"


class RMSNorm(Layer):
    r"""Divides by the root mean square: :math:`y = \frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \epsilon}}\,\gamma`.

    Its array is ``weight`` :math:`\gamma`, ones at first, of shape ``normalized_shape``; the mean is taken over as many
    of the last dimensions.

    Args:
        normalized_shape: the sizes of these dimensions; one number for the last alone.
        eps: added to the mean square; None is the machine epsilon.
        elementwise_affine: whether there is a weight.
        device: accepted for torch's sake.
        dtype: of the weight; float32 if None.

    Source: ``torch.nn.RMSNorm``; Zhang and Sennrich, 2019.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.RMSNorm(10)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((20, 5, 10)))
        >>> y.shape
        (20, 5, 10)
    """

    normalized_shape: int | tuple[int, ...]
    eps: float | None = None
    elementwise_affine: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "normalized_shape", _sizes("RMSNorm", self.normalized_shape))

    def parameters(self) -> Mapping[str, Spec | None]:
        shape: Any = self.normalized_shape
        return {"weight": Spec(shape, 1.0) if self.elementwise_affine else None}

    def forward(self, m: Any, x: Any) -> Any:
        shape: Any = self.normalized_shape
        return F.rms_norm(x, shape, m.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Layer, function=F.group_norm):
    r"""Normalises groups of channels: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma + \beta`.

    Mean and (biased) variance are those of a sample's group; ``weight`` :math:`\gamma`, ones at first, and ``bias``
    :math:`\beta`, zeros at first, have an element a channel.

    Args:
        num_groups: into how many groups the channels are divided.
        num_channels: channels of the input.
        eps: added to the variance.
        affine: whether there are a weight and a bias.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.
        bias: whether there is a bias.

    Shape: :math:`(N, C, *)`, which it keeps.

    Source: ``torch.nn.GroupNorm``; Wu and He, 2018.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.GroupNorm(3, 6)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((20, 6, 10, 10)))
        >>> y.shape
        (20, 6, 10, 10)
    """

    num_groups: int
    num_channels: int
    eps: float = 1e-5
    affine: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    bias: bool = dataclasses.field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check.integer("GroupNorm", "num_groups", self.num_groups, 1)
        if self.num_channels % self.num_groups:
            check.fail("GroupNorm", "num_channels", f"be divisible by num_groups={self.num_groups}", self.num_channels)
        object.__setattr__(self, "bias", bool(self.bias and self.affine))

    def parameters(self) -> Mapping[str, Spec | None]:
        shape = (self.num_channels,)
        return {
            "weight": Spec(shape, 1.0) if self.affine else None,
            "bias": Spec(shape, 0.0) if self.bias else None,
        }

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias}"


class _AcrossChannels(Functional):
    def extra_repr(self: Any) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


LocalResponseNorm = from_function(
    "LocalResponseNorm", F.local_response_norm, base=_AcrossChannels, example="LocalResponseNorm(2)"
)
CrossMapLRN2d = from_function("CrossMapLRN2d", F.cross_map_lrn2d, base=_AcrossChannels, example="CrossMapLRN2d(3)")
