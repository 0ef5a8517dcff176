"""Normalisation layers without running statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jax.typing import DTypeLike

from purenn import functional as F
from purenn.functional import _check
from purenn.layers.base import Layer, Spec

__all__ = ["LayerNorm"]


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
        shape = self.normalized_shape if isinstance(self.normalized_shape, tuple) else (self.normalized_shape,)
        shape = tuple(_check.integer("LayerNorm", "normalized_shape", n, 0) for n in shape)
        object.__setattr__(self, "normalized_shape", shape)
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
