"""Linear layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from purenn import check, init
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer, Spec
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["Bilinear", "Identity", "Linear"]

EAGER = {"lazily": "", "materializes": "", "example": ""}  # words of the docstrings that lazy classes share


class Identity(Layer):
    """Returns its input.

    Args:
        args: Ignored; accepted for compatibility with PyTorch.
        kwargs: Ignored; accepted for compatibility with PyTorch.

    Shape: any, which the output has too.

    Source: ``torch.nn.Identity``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones(2)
        >>> nn.Identity()(x).tolist()
        [1.0, 1.0]
        >>> y, state = layers.Identity(54, unused=True).apply({}, {}, x)  # the same as a pure function
    """

    def __init__(self, *args: Any, **kwargs: Any):
        self.__post_init__()

    def forward(self, m: Bound, input: Any) -> Any:
        return input


LINEAR = r"""Applies a learned affine map, :math:`y = x A^\top + b`$lazily.

    The parameters are ``weight``, :math:`A`, of shape :math:`(\text{out}, \text{in})` and ``bias``, :math:`b`, of shape
    :math:`(\text{out})`. Both start uniform in :math:`\pm 1 / \sqrt{\text{in}}`.$materializes

    Args:$first
        out_features: the size of the last dimension of the output.
        bias: whether :math:`b` is added.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the parameters; float32 if None.

    Shape: :math:`(*, \text{in})` to :math:`(*, \text{out})`, with any number of leading dimensions.

    Raises:
        ValueError: a size is negative, or a call's input has another last dimension.
        TypeError: a call's input has another dtype than the parameters.

    Source: ``torch.nn.$name``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((128, 20))
        >>> nn.$name(${size}30)(x).shape
        (128, 30)
        >>> layer = layers.$name(${size}30)  # the same as a pair of pure functions
        >>> params, state = layer.init(jax.random.key(0)$example)
        >>> y, state = layer.apply(params, state, x)
    """

_FIRST = "\n        in_features: the size of the last dimension of the input."


@documented(LINEAR, None, name="Linear", first=_FIRST, size="20, ", **EAGER)
class Linear(Layer):
    in_features: int
    out_features: int
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def parameters(self) -> Mapping[str, Spec | None]:
        return weight_and_bias((self.out_features, self.in_features), self.bias)

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.linear(input, m.weight, m.bias)


class Bilinear(Layer):
    r"""Applies a learned bilinear map of two inputs: :math:`y_o = x_1^\top A_o\, x_2 + b_o`.

    The parameters are ``weight``, the matrices :math:`A_o`, of shape :math:`(\text{out}, \text{in}_1, \text{in}_2)` and
    ``bias``, :math:`b`, of shape :math:`(\text{out})`. Both start uniform in :math:`\pm 1 / \sqrt{\text{in}_1}`.

    Args:
        in1_features: the size of the last dimension of the first input; at least 1.
        in2_features: the size of the last dimension of the second input.
        out_features: the size of the last dimension of the output.
        bias: whether :math:`b` is added.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the parameters; float32 if None.

    Shape: :math:`(*, \text{in}_1)` and :math:`(*, \text{in}_2)`, with the same leading dimensions, to
    :math:`(*, \text{out})`.

    Raises:
        ValueError: ``in1_features`` is less than 1, or the shapes of a call's inputs don't fit.
        TypeError: a call's inputs have another dtype than the parameters.

    Source: ``torch.nn.Bilinear``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x1, x2 = jnp.ones((128, 20)), jnp.ones((128, 30))
        >>> nn.Bilinear(20, 30, 40)(x1, x2).shape
        (128, 40)
        >>> layer = layers.Bilinear(20, 30, 40)  # the same as a pair of pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> y, state = layer.apply(params, state, x1, x2)
    """

    in1_features: int
    in2_features: int
    out_features: int
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def normalize(self) -> Mapping[str, Any]:
        check.integer("Bilinear", "in1_features", self.in1_features, 1)
        return {}

    def parameters(self) -> Mapping[str, Spec | None]:
        bound = 1 / math.sqrt(self.in1_features)
        start = init.uniform(-bound, bound)
        return {
            "weight": Spec((self.out_features, self.in1_features, self.in2_features), start),
            "bias": Spec((self.out_features,), start) if self.bias else None,
        }

    def forward(self, m: Bound, input1: ArrayLike, input2: ArrayLike) -> Array:
        return F.bilinear(input1, input2, m.weight, m.bias)


def weight_and_bias(shape: tuple[int, ...], bias: bool, outputs: int | None = None) -> dict[str, Spec | None]:
    """Torch's usual initialization of a weight, of shape (outputs, inputs, *kernel), and of its bias."""
    if min(shape) < 0:
        raise ValueError(f"sizes must be at least 0, got {min(shape)}")
    inputs = math.prod(shape[1:])
    bound = 1 / math.sqrt(inputs) if inputs else 0.0
    return {
        "weight": Spec(shape, init.kaiming_uniform(a=math.sqrt(5)) if inputs else 0.0),
        "bias": Spec((outputs or shape[0],), init.uniform(-bound, bound)) if bias else None,
    }
