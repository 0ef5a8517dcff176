"""Convolution layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jax.typing import DTypeLike

from purenn import functional as F
from purenn.functional import _check
from purenn.layers.base import Layer, Spec
from purenn.layers.linear import weight_and_bias

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

Size = int | tuple[int, ...]


class _Conv(Layer):
    _rank: ClassVar[int]

    in_channels: int
    out_channels: int
    kernel_size: Size
    stride: Size = 1
    padding: Size | str = 0
    dilation: Size = 1
    groups: int = 1
    bias: bool = True
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        name, n = type(self).__name__, self._rank
        _check.integer(name, "groups", self.groups, 1)
        for argument in ("in_channels", "out_channels"):
            if getattr(self, argument) % self.groups:
                _check.fail(name, argument, f"divisible by groups={self.groups}", getattr(self, argument))
        _check.choice(name, "padding_mode", self.padding_mode, ("zeros", "reflect", "replicate", "circular"))
        for argument in ("kernel_size", "stride", "padding", "dilation"):
            value = getattr(self, argument)
            if argument == "padding" and isinstance(value, str):
                _check.choice(name, argument, value, ("valid", "same"))
                if value == "same" and any(s != 1 for s in self.stride):  # pyright: ignore[reportGeneralTypeIssues]
                    _check.fail(name, "stride", "1 with padding='same'", self.stride)
            else:
                least = 0 if argument == "padding" else 1
                object.__setattr__(self, argument, _check.integers(name, argument, value, n, least))

    def parameters(self) -> Mapping[str, Spec | None]:
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)  # pyright: ignore
        return weight_and_bias(shape, self.bias)

    def forward(self, m: Any, input: Any) -> Any:
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._pads(), mode=self.padding_mode), 0
        conv = getattr(F, f"conv{self._rank}d")
        return conv(input, m.weight, m.bias, self.stride, padding, self.dilation, self.groups)

    def _pads(self) -> list[int]:
        """The padding as `F.pad` reads it: low and high of the last dimension first."""
        if self.padding == "valid":
            return [0] * (2 * self._rank)
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]  # pyright: ignore
            return [side for t in reversed(total) for side in (t // 2, t - t // 2)]
        return [side for p in reversed(self.padding) for side in (p, p)]  # pyright: ignore

    def extra_repr(self) -> str:
        parts = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        n = self._rank
        for name, default in (("padding", (0,) * n), ("dilation", (1,) * n), ("groups", 1)):
            if getattr(self, name) != default:
                parts += f", {name}={getattr(self, name)}"
        if not self.bias:
            parts += ", bias=False"
        if self.padding_mode != "zeros":
            parts += f", padding_mode={self.padding_mode}"
        return parts


class Conv1d(_Conv):
    r"""Cross-correlates a signal with a bank of learned kernels; `purenn.functional.conv1d` has the formula.

    Its arrays are ``weight`` of shape :math:`(\text{out}, \text{in} / \text{groups}, K)` and ``bias`` of shape
    :math:`(\text{out})`, both uniform in :math:`\pm 1 / \sqrt{\text{in} K / \text{groups}}` at first.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: of the kernels, in elements.
        stride: steps between outputs.
        padding: on both sides, in elements, or ``'valid'`` or ``'same'``.
        dilation: steps between the kernel's elements.
        groups: into how many independent groups the channels are divided.
        bias: whether there is a bias.
        padding_mode: ``'zeros'``, ``'reflect'``, ``'replicate'`` or ``'circular'``.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: :math:`(N, \text{in}, L)` or :math:`(\text{in}, L)` to :math:`(N, \text{out}, L')` or
    :math:`(\text{out}, L')`.

    Source: ``torch.nn.Conv1d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.Conv1d(16, 33, 3, stride=2)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((20, 16, 50)))
        >>> y.shape
        (20, 33, 24)
    """

    _rank = 1


class Conv2d(_Conv):
    r"""Cross-correlates images with a bank of learned kernels; arguments and arrays as `Conv1d`'s.

    Sizes are one number or a pair, ``weight`` is of shape
    :math:`(\text{out}, \text{in} / \text{groups}, K_h, K_w)`.

    Shape: :math:`(N, \text{in}, H, W)` or :math:`(\text{in}, H, W)` to :math:`(N, \text{out}, H', W')` or
    :math:`(\text{out}, H', W')`.

    Source: ``torch.nn.Conv2d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.Conv2d(3, 16, 3, padding=1)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((2, 3, 8, 8)))
        >>> y.shape
        (2, 16, 8, 8)
    """

    _rank = 2


class Conv3d(_Conv):
    r"""Cross-correlates volumes with a bank of learned kernels; arguments and arrays as `Conv1d`'s.

    Sizes are one number or three, ``weight`` is of shape
    :math:`(\text{out}, \text{in} / \text{groups}, K_d, K_h, K_w)`.

    Shape: :math:`(N, \text{in}, D, H, W)` or :math:`(\text{in}, D, H, W)` to
    :math:`(N, \text{out}, D', H', W')` or :math:`(\text{out}, D', H', W')`.

    Source: ``torch.nn.Conv3d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.Conv3d(1, 4, 3)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((2, 1, 5, 5, 5)))
        >>> y.shape
        (2, 4, 3, 3, 3)
    """

    _rank = 3
