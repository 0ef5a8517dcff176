"""Linear layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jax.typing import DTypeLike

from purenn import check, init
from purenn import functional as F
from purenn.layers.base import Layer, Spec

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Layer):
    """Gives back its input, whatever arguments it was made with.

    Source: ``torch.nn.Identity``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layers.Identity(54, unused=True).apply({}, {}, jnp.ones(2))
        (Array([1., 1.], dtype=float32), {})
    """

    def __init__(self, *args: Any, **kwargs: Any):
        self.__post_init__()

    def forward(self, m: Any, input: Any) -> Any:
        return input


class Linear(Layer, function=F.linear):
    r"""Applies an affine map: :math:`y = x A^\top + b`.

    Its arrays are ``weight`` of shape :math:`(\text{out}, \text{in})` and ``bias`` of shape
    :math:`(\text{out})`, both uniform in :math:`\pm 1 / \sqrt{\text{in}}` at first.

    Args:
        in_features: the size of each input.
        out_features: the size of each output.
        bias: whether there is a :math:`b`.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: :math:`(*, \text{in})` to :math:`(*, \text{out})`.

    Source: ``torch.nn.Linear``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> params, state = layers.Linear(20, 30).init(jax.random.key(0))
        >>> y, state = layers.Linear(20, 30).apply(params, state, jnp.ones((128, 20)))
        >>> y.shape
        (128, 30)
    """

    in_features: int
    out_features: int
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def parameters(self) -> Mapping[str, Spec | None]:
        return weight_and_bias((self.out_features, self.in_features), self.bias)


class Bilinear(Layer, function=F.bilinear):
    r"""Applies a bilinear map: :math:`y_o = x_1^\top A_o\, x_2 + b_o`.

    Its arrays are ``weight`` of shape :math:`(\text{out}, \text{in}_1, \text{in}_2)` and ``bias`` of shape
    :math:`(\text{out})`, both uniform in :math:`\pm 1 / \sqrt{\text{in}_1}` at first.

    Args:
        in1_features: the size of each first input.
        in2_features: the size of each second input.
        out_features: the size of each output.
        bias: whether there is a :math:`b`.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: :math:`(*, \text{in}_1)` and :math:`(*, \text{in}_2)` to :math:`(*, \text{out})`.

    Source: ``torch.nn.Bilinear``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.Bilinear(20, 30, 40)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((128, 20)), jnp.ones((128, 30)))
        >>> y.shape
        (128, 40)
    """

    in1_features: int
    in2_features: int
    out_features: int
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check.integer("Bilinear", "in1_features", self.in1_features, 1)

    def parameters(self) -> Mapping[str, Spec | None]:
        bound = 1 / math.sqrt(self.in1_features)
        start = init.uniform(-bound, bound)
        return {
            "weight": Spec((self.out_features, self.in1_features, self.in2_features), start),
            "bias": Spec((self.out_features,), start) if self.bias else None,
        }


def weight_and_bias(shape: tuple[int, ...], bias: bool, outputs: int | None = None) -> dict[str, Spec | None]:
    """Torch's usual start for a weight of this shape, (outputs, inputs, *kernel), and its bias."""
    if min(shape) < 0:
        raise ValueError(f"sizes must be at least 0, got {min(shape)}")
    inputs = math.prod(shape[1:])
    bound = 1 / math.sqrt(inputs) if inputs else 0.0
    return {
        "weight": Spec(shape, init.kaiming_uniform(a=math.sqrt(5)) if inputs else 0.0),
        "bias": Spec((outputs or shape[0],), init.uniform(-bound, bound)) if bias else None,
    }
