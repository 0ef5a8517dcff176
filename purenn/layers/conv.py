"""Convolution layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from jax.typing import DTypeLike

from purenn import check
from purenn import functional as F
from purenn.layers.base import Layer, Spec
from purenn.layers.linear import weight_and_bias

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

Size = int | tuple[int, ...]


class _ConvNd(Layer):
    """What convolutions and their transposes share; the order of the arguments is each's own."""

    _rank: ClassVar[int]
    _transposed: ClassVar[bool] = False

    def __post_init__(self: Any) -> None:
        super().__post_init__()
        name, n = type(self).__name__, self._rank
        check.integer(name, "groups", self.groups, 1)
        for argument in ("in_channels", "out_channels"):
            if getattr(self, argument) % self.groups:
                check.fail(name, argument, f"be divisible by groups={self.groups}", getattr(self, argument))
        check.choice(name, "padding_mode", self.padding_mode, ("zeros", "reflect", "replicate", "circular"))
        vars(self).update(transposed=self._transposed, output_padding=vars(self).get("output_padding", (0,) * n))
        for argument in ("kernel_size", "stride", "dilation", "padding", "output_padding"):
            value = getattr(self, argument)
            if argument == "padding" and isinstance(value, str):
                check.choice(name, argument, value, ("valid", "same"))
                if value == "same" and any(s != 1 for s in self.stride):
                    check.fail(name, "stride", "be 1 with padding='same'", self.stride)
            else:
                least = 0 if "padding" in argument else 1
                object.__setattr__(self, argument, check.integers(name, argument, value, n, least))

    def parameters(self: Any) -> Mapping[str, Spec | None]:
        ends = (self.in_channels, self.out_channels) if self.transposed else (self.out_channels, self.in_channels)
        return weight_and_bias((ends[0], ends[1] // self.groups, *self.kernel_size), self.bias, self.out_channels)

    def extra_repr(self: Any) -> str:
        parts = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        none, ones = (0,) * self._rank, (1,) * self._rank
        defaults = {"padding": none, "dilation": ones, "output_padding": none, "groups": 1, "bias": True}
        for name, default in {**defaults, "padding_mode": "zeros"}.items():
            if getattr(self, name) != default:
                parts += f", {name}={getattr(self, name)}"
        return parts


class _Conv(_ConvNd):
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


class _ConvTranspose(_ConvNd):
    _transposed = True

    in_channels: int
    out_channels: int
    kernel_size: Size
    stride: Size = 1
    padding: Size = 0
    output_padding: Size = 0
    groups: int = 1
    bias: bool = True
    dilation: Size = 1
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check.choice(type(self).__name__, "padding_mode", self.padding_mode, ("zeros",))

    def forward(self, m: Any, input: Any, output_size: Sequence[int] | None = None) -> Any:
        beyond = self.output_padding if output_size is None else self._beyond(input, output_size)
        conv = getattr(F, f"conv_transpose{self._rank}d")
        return conv(input, m.weight, m.bias, self.stride, self.padding, beyond, self.groups, self.dilation)

    def _beyond(self: Any, input: Any, output_size: Sequence[int]) -> tuple[int, ...]:
        """The ``output_padding`` with which the output has this size."""
        where, n = type(self).__name__, self._rank
        x = check.array(where, "input", input)
        check.rank(where, "input", x, (n + 1, n + 2))
        if len(output_size) not in (n, x.ndim):
            check.fail(where, "output_size", f"be {n} or {x.ndim} sizes", tuple(output_size))
        wanted = tuple(output_size)[-n:]
        least = [
            (size - 1) * s - 2 * p + d * (k - 1) + 1
            for size, s, p, d, k in zip(
                x.shape[-n:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        most = [low + s - 1 for low, s in zip(least, self.stride, strict=True)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most, strict=True)):
            check.fail(where, "output_size", f"be from {least} to {most} for an input of shape {x.shape}", wanted)
        return tuple(size - low for size, low in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    r"""The transpose of `Conv1d`, its gradient in the input; `purenn.functional.conv_transpose1d` has the formula.

    Its arrays are ``weight`` of shape :math:`(\text{in}, \text{out} / \text{groups}, K)` and ``bias`` of shape
    :math:`(\text{out})`, both uniform in :math:`\pm 1 / \sqrt{\text{out} K / \text{groups}}` at first.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: of the kernels, in elements.
        stride: steps between the input's elements in the output.
        padding: what is cut off on both sides, in elements.
        output_padding: what is added on the high side, less than the stride or the dilation.
        groups: into how many independent groups the channels are divided.
        bias: whether there is a bias.
        dilation: steps between the kernel's elements.
        padding_mode: ``'zeros'``.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: :math:`(N, \text{in}, L)` or :math:`(\text{in}, L)` to :math:`(N, \text{out}, L')` or
    :math:`(\text{out}, L')`, where a call's ``output_size`` may choose among the :math:`L'` which `Conv1d` takes to
    :math:`L`.

    Source: ``torch.nn.ConvTranspose1d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.ConvTranspose1d(16, 33, 3, stride=2)
        >>> params, state = layer.init(jax.random.key(0))
        >>> x = jnp.ones((20, 16, 50))
        >>> layer.apply(params, state, x)[0].shape, layer.apply(params, state, x, output_size=[102])[0].shape
        ((20, 33, 101), (20, 33, 102))
    """

    _rank = 1


class ConvTranspose2d(_ConvTranspose):
    r"""The transpose of `Conv2d`, its gradient in the input; arguments and arrays as `ConvTranspose1d`'s.

    Sizes are one number or a pair, ``weight`` is of shape
    :math:`(\text{in}, \text{out} / \text{groups}, K_h, K_w)`.

    Shape: :math:`(N, \text{in}, H, W)` or :math:`(\text{in}, H, W)` to :math:`(N, \text{out}, H', W')` or
    :math:`(\text{out}, H', W')`.

    Source: ``torch.nn.ConvTranspose2d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.ConvTranspose2d(16, 8, 3, stride=2, padding=1)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((1, 16, 6, 6)), output_size=(12, 12))
        >>> y.shape
        (1, 8, 12, 12)
    """

    _rank = 2


class ConvTranspose3d(_ConvTranspose):
    r"""The transpose of `Conv3d`, its gradient in the input; arguments and arrays as `ConvTranspose1d`'s.

    Sizes are one number or three, ``weight`` is of shape
    :math:`(\text{in}, \text{out} / \text{groups}, K_d, K_h, K_w)`.

    Shape: :math:`(N, \text{in}, D, H, W)` or :math:`(\text{in}, D, H, W)` to
    :math:`(N, \text{out}, D', H', W')` or :math:`(\text{out}, D', H', W')`.

    Source: ``torch.nn.ConvTranspose3d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.ConvTranspose3d(4, 1, 3)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((2, 4, 3, 3, 3)))
        >>> y.shape
        (2, 1, 5, 5, 5)
    """

    _rank = 3
