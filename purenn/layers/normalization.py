"""Normalization layers without running statistics."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.spec import scale_and_shift
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class _OverLast(Layer):
    """The base of norms over the last dimensions."""

    normalized_shape: int | tuple[int, ...]

    @property
    def _sizes(self) -> tuple[int, ...]:
        shape = self.normalized_shape
        return shape if isinstance(shape, tuple) else (shape,)

    def normalize(self) -> Mapping[str, Any]:
        where = type(self).__name__
        return {"normalized_shape": tuple(check.integer(where, "normalized_shape", n, 0) for n in self._sizes)}


class LayerNorm(_OverLast):
    r"""Normalizes over the last dimensions.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, \gamma + \beta

    with the mean :math:`\mu` and the biased variance :math:`\sigma^2` over the last ``len(normalized_shape)``
    dimensions. The parameters are ``weight`` :math:`\gamma`, ones at first, and ``bias`` :math:`\beta`, zeros at first,
    both of shape ``normalized_shape``.

    Args:
        normalized_shape: the sizes of the last dimensions, or the size of the last one.
        eps: the number :math:`\epsilon` added to the variance.
        elementwise_affine: whether there are a weight and a bias.
        bias: whether there is a bias, with ``elementwise_affine``.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.

    Shape: :math:`(*, \text{normalized\_shape})`, which the output has too.

    Raises:
        ValueError: a call's input doesn't end with these sizes.
        TypeError: the dtype of a call's input isn't floating-point, or doesn't fit the arrays.

    Source: ``torch.nn.LayerNorm``; Ba, Kiros and Hinton, *Layer Normalization*, 2016, https://arxiv.org/abs/1607.06450.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([[1.0, 3.0], [4.0, 8.0]])
        >>> nn.LayerNorm(2)(x).round(3).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
        >>> layer = layers.LayerNorm(2)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> y, state = layer.apply(params, state, x)
    """

    eps: float = 1e-5
    elementwise_affine: bool = True
    bias: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def normalize(self) -> Mapping[str, Any]:
        return {**super().normalize(), "bias": bool(self.bias and self.elementwise_affine)}

    def parameters(self) -> Mapping[str, Spec | None]:
        return scale_and_shift(self._sizes, self.elementwise_affine, self.bias)

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.layer_norm(input, self._sizes, m.weight, m.bias, self.eps)

    def extra_repr(self) -> str:
        shape, flags = self.normalized_shape, f"elementwise_affine={self.elementwise_affine}, bias={self.bias}"
        return f"{shape}, eps={self.eps}, {flags}"


class RMSNorm(_OverLast):
    r"""Divides by the root of the mean square over the last dimensions.

    .. math:: y = \frac{x}{\sqrt{\frac{1}{n} \sum_{i=1}^n x_i^2 + \epsilon}}\, \gamma

    with the sum over the last ``len(normalized_shape)`` dimensions. The parameter is ``weight`` :math:`\gamma`, ones at
    first, of shape ``normalized_shape``.

    Args:
        normalized_shape: the sizes of the last dimensions, or the size of the last one.
        eps: the number :math:`\epsilon` added to the mean square; None for the machine epsilon of the input's dtype, or
            of float32 for float16 and bfloat16.
        elementwise_affine: whether there is a weight.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the weight; float32 if None.

    Shape: :math:`(*, \text{normalized\_shape})`, which the output has too.

    Raises:
        ValueError: a call's input doesn't end with these sizes.
        TypeError: a call's input is neither floating-point nor complex.

    Source: ``torch.nn.RMSNorm``; Zhang and Sennrich, *Root Mean Square Layer Normalization*, 2019,
    https://arxiv.org/abs/1910.07467.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([[4.0, 0.0, 0.0, 0.0]])
        >>> nn.RMSNorm(4)(x).round(3).tolist()
        [[2.0, 0.0, 0.0, 0.0]]
        >>> layer = layers.RMSNorm(4)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> y, state = layer.apply(params, state, x)
    """

    eps: float | None = None
    elementwise_affine: bool = True
    device: Any = None
    dtype: DTypeLike | None = None

    def parameters(self) -> Mapping[str, Spec | None]:
        return {"weight": Spec(self._sizes, 1.0) if self.elementwise_affine else None}

    def forward(self, m: Bound, x: ArrayLike) -> Array:
        return F.rms_norm(x, self._sizes, m.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Layer):
    r"""Normalizes every sample over groups of channels and the spatial dimensions.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, \gamma + \beta

    with one mean :math:`\mu` and one biased variance :math:`\sigma^2` per sample and group. The parameters are
    ``weight`` :math:`\gamma`, ones at first, and ``bias`` :math:`\beta`, zeros at first, of shape :math:`(C)`.

    Args:
        num_groups: the number of groups of adjacent channels.
        num_channels: the number :math:`C` of channels, a multiple of ``num_groups``.
        eps: the number :math:`\epsilon` added to the variance.
        affine: whether there are a weight and a bias.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.
        bias: whether there is a bias, with ``affine``.

    Shape: :math:`(N, C, *)`, which the output has too.

    Raises:
        ValueError: ``num_groups`` doesn't divide ``num_channels``, or a call's input has a wrong number of channels, or
            one value in all per group.
        TypeError: the dtype of a call's input isn't floating-point, or doesn't fit the arrays.

    Source: ``torch.nn.GroupNorm``; Wu and He, *Group Normalization*, 2018, https://arxiv.org/abs/1803.08494.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([[1.0, 3.0, 4.0, 8.0]])
        >>> nn.GroupNorm(2, 4)(x).round(3).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
        >>> layer = layers.GroupNorm(2, 4)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> y, state = layer.apply(params, state, x)
    """

    num_groups: int
    num_channels: int
    eps: float = 1e-5
    affine: bool = True
    device: Any = None
    dtype: DTypeLike | None = None
    bias: bool = dataclasses.field(default=True, kw_only=True)

    def normalize(self) -> Mapping[str, Any]:
        check.integer("GroupNorm", "num_groups", self.num_groups, 1)
        if self.num_channels % self.num_groups:
            check.fail("GroupNorm", "num_channels", f"be divisible by num_groups={self.num_groups}", self.num_channels)
        return {"bias": bool(self.bias and self.affine)}

    def parameters(self) -> Mapping[str, Spec | None]:
        return scale_and_shift((self.num_channels,), self.affine, self.bias)

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.group_norm(input, self.num_groups, m.weight, m.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias}"


class _AcrossChannels(Layer):
    """The base of norms over neighbouring channels."""

    size: int
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


_RESPONSE_NORM = r"""$summary

    .. math:: y_c = x_c \Bigl(k + \frac{\alpha}{n} \sum_{c'} x_{c'}^2\Bigr)^{-\beta}

    $window

    Args:
        size: the number :math:`n` of channels; channels before the first and after the last are zeros.
        alpha: the factor :math:`\alpha`.
        beta: the exponent :math:`\beta`.
        k: the constant :math:`k`.

    Shape: :math:`$shape`, which the output has too.

    Raises:
        ValueError: the rank of a call's input doesn't fit, or ``size`` is below 1.
        TypeError: $type

    Source: ``torch.nn.$name``; Krizhevsky, Sutskever and Hinton, *ImageNet Classification with Deep Convolutional
    Neural Networks*, 2012, https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.full((1, 1, 1, 1), 3.0)
        >>> nn.$name(1, alpha=1.0, beta=0.5, k=7.0)(x).tolist()
        [[[[0.75]]]]
        >>> y, state = layers.$name(1, alpha=1.0, beta=0.5, k=7.0).apply({}, {}, x)  # the same as a pure function
    """


@documented(
    _RESPONSE_NORM,
    name="LocalResponseNorm",
    summary="Divides every element by a power of the mean square over neighbouring channels.",
    window=r"with the sum over :math:`c - \lfloor n / 2 \rfloor \le c' \le c + \lfloor (n - 1) / 2 \rfloor`.",
    shape="(N, C, *)",
    type="its dtype is boolean or complex.",
)
class LocalResponseNorm(_AcrossChannels):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)


@documented(
    _RESPONSE_NORM,
    name="CrossMapLRN2d",
    summary="Divides every element of images by a power of the mean square over neighbouring channels.",
    window=r"""with the sum over :math:`|c' - c| \le \lfloor (n - 1) / 2 \rfloor` and over channel 0, which torch never
    drops. The gradient is the derivative of this formula; torch's gradient isn't: for an odd ``size`` its window is
    shifted.""",
    shape="(N, C, H, W)",
    type="its dtype isn't floating-point.",
)
class CrossMapLRN2d(_AcrossChannels):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.cross_map_lrn2d(input, self.size, self.alpha, self.beta, self.k)
