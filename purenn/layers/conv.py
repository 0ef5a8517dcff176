"""Convolution layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.linear import EAGER, weight_and_bias
from purenn.layers.spec import changed
from purenn.typing import Array, ArrayLike, DTypeLike, Size

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

T = TypeVar("T")


class _ConvNd(Layer):
    """The base of convolutions and transposed convolutions; their further arguments differ in order."""

    _rank: ClassVar[int]

    in_channels: int
    out_channels: int
    kernel_size: Size
    stride: Size = 1

    def _checked(self, groups: int, **sizes: Size) -> dict[str, tuple[int, ...]]:
        """Checks the numbers of channels, and returns the sizes as one number per spatial dimension."""
        name = type(self).__name__
        check.integer(name, "groups", groups, 1)
        for argument, channels in {"in_channels": self.in_channels, "out_channels": self.out_channels}.items():
            if channels % groups:
                check.fail(name, argument, f"be divisible by groups={groups}", channels)
        sizes = {"kernel_size": self.kernel_size, "stride": self.stride, **sizes}
        return {
            argument: check.integers(name, argument, size, self._rank, 0 if "padding" in argument else 1)
            for argument, size in sizes.items()
        }

    def extra_repr(self) -> str:
        parts = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        none, ones = (0,) * self._rank, (1,) * self._rank
        defaults = {"padding": none, "dilation": ones, "output_padding": none, "groups": 1, "bias": True}
        return parts + changed(self, {**defaults, "padding_mode": "zeros"})


def _numbers(size: Size | str) -> tuple[int, ...]:
    """Returns a size, which a layer stores as a tuple."""
    assert isinstance(size, tuple)
    return size


class _Conv(_ConvNd):
    padding: Size | str = 0
    dilation: Size = 1
    groups: int = 1
    bias: bool = True
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None

    def normalize(self) -> Mapping[str, Any]:
        name = type(self).__name__
        check.choice(name, "padding_mode", self.padding_mode, ("zeros", "reflect", "replicate", "circular"))
        fixed = {"transposed": False, "output_padding": (0,) * self._rank}
        if not isinstance(self.padding, str):
            return {**fixed, **self._checked(self.groups, dilation=self.dilation, padding=self.padding)}
        sizes = self._checked(self.groups, dilation=self.dilation)
        check.choice(name, "padding", self.padding, ("valid", "same"))
        if self.padding == "same" and any(s != 1 for s in sizes["stride"]):
            check.fail(name, "stride", "be 1 with padding='same'", sizes["stride"])
        return {**fixed, **sizes}

    def parameters(self) -> Mapping[str, Spec | None]:
        shape = (self.out_channels, self.in_channels // self.groups, *_numbers(self.kernel_size))
        return weight_and_bias(shape, self.bias)

    def _padded(self, input: ArrayLike) -> tuple[ArrayLike, Size | str]:
        """Pads by a mode other than zeros, and returns the padding that the convolution adds."""
        if self.padding_mode == "zeros":
            return input, self.padding
        return F.pad(input, self._amounts(), self.padding_mode), 0

    def _amounts(self) -> list[int]:
        """Gives the padding as `F.pad` takes it, the last dimension first."""
        if self.padding == "valid":
            return [0] * (2 * self._rank)
        if self.padding == "same":
            sizes = zip(_numbers(self.dilation), _numbers(self.kernel_size), strict=True)
            total = [d * (k - 1) for d, k in sizes]
            return [side for t in reversed(total) for side in (t // 2, t - t // 2)]
        return [side for p in reversed(_numbers(self.padding)) for side in (p, p)]


CONV = r"""Cross-correlates $inputs with a bank of learned kernels and adds a bias$lazily.

    .. math:: y_{n,o,t} = b_o + \sum_{c,k} w_{o,c,k}\, x_{n,\,c,\,t s + k d - p}

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`, where :math:`t` and :math:`k` are positions in
    every spatial dimension. The sum over :math:`c` runs over the channels of the group of :math:`o`.

    The parameters are ``weight`` of shape :math:`(\text{out}, \text{in} / \text{groups}, $kernel)` and ``bias`` of
    shape :math:`(\text{out})`. Both start uniform in :math:`\pm 1 / \sqrt{n}`, where :math:`n` is the number of
    weights per output channel.$materializes

    Args:$first
        out_channels: the number of channels of the output.
        kernel_size: the size of the kernels: $sizes.
        stride: the steps between outputs: $sizes.
        padding: the number of padding elements on both sides: $sizes. Or ``'valid'`` for no padding; or ``'same'`` for
            an output of the input's size, with a stride of 1.
        dilation: the steps between the elements of a kernel: $sizes.
        groups: the number of independent groups into which the channels are divided.
        bias: whether a bias is added.
        padding_mode: the values of the padding: ``'zeros'``; ``'reflect'``, the input mirrored at its border;
            ``'replicate'``, the element at the border; or ``'circular'``, the opposite end of the input.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the parameters; float32 if None.

    Shape: :math:`(N, \text{in}, $spatial)` or :math:`(\text{in}, $spatial)` to :math:`(N, \text{out}, $spatial_out)` or
    :math:`(\text{out}, $spatial_out)`, where every spatial size :math:`L` becomes
    :math:`L' = \lfloor (L + 2p - d (K - 1) - 1) / s \rfloor + 1`.

    Raises:
        ValueError: ``groups`` doesn't divide the channels, or a size or a call's input doesn't fit.
        TypeError: a call's input has another dtype than the parameters.

    Source: ``torch.nn.$name``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((2, 3$edge8))
        >>> nn.$name(${size}16, 3, stride=2, padding=1)(x).shape
        (2, 16$edge4)
        >>> layer = layers.$name(${size}16, 3, stride=2, padding=1)  # the same as a pair of pure functions
        >>> params, state = layer.init(jax.random.key(0)$example)
        >>> y, state = layer.apply(params, state, x)
    """


def document(template: str, rank: int, **words: str) -> Callable[[T], T]:
    """Documents a class of convolutions, or a lazy one, for a number of spatial dimensions."""
    kernel = {1: "K", 2: "K_h, K_w", 3: "K_d, K_h, K_w"}[rank]
    edges = {f"edge{n}": f", {n}" * rank for n in (4, 7, 8)}
    return documented(template, rank, kernel=kernel, output_size=str((8,) * rank), **edges, **words)


_PLAIN = {"first": "\n        in_channels: the number of channels of the input.", **EAGER}


@document(CONV, 1, name="Conv1d", size="3, ", **_PLAIN)
class Conv1d(_Conv):
    _rank = 1

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x, padding = self._padded(input)
        return F.conv1d(x, m.weight, m.bias, self.stride, padding, self.dilation, self.groups)


@document(CONV, 2, name="Conv2d", size="3, ", **_PLAIN)
class Conv2d(_Conv):
    _rank = 2

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x, padding = self._padded(input)
        return F.conv2d(x, m.weight, m.bias, self.stride, padding, self.dilation, self.groups)


@document(CONV, 3, name="Conv3d", size="3, ", **_PLAIN)
class Conv3d(_Conv):
    _rank = 3

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x, padding = self._padded(input)
        return F.conv3d(x, m.weight, m.bias, self.stride, padding, self.dilation, self.groups)


class _ConvTranspose(_ConvNd):
    padding: Size = 0
    output_padding: Size = 0
    groups: int = 1
    bias: bool = True
    dilation: Size = 1
    padding_mode: str = "zeros"
    device: Any = None
    dtype: DTypeLike | None = None

    def normalize(self) -> Mapping[str, Any]:
        check.choice(type(self).__name__, "padding_mode", self.padding_mode, ("zeros",))
        sizes = {"dilation": self.dilation, "padding": self.padding, "output_padding": self.output_padding}
        return {"transposed": True, **self._checked(self.groups, **sizes)}

    def parameters(self) -> Mapping[str, Spec | None]:
        shape = (self.in_channels, self.out_channels // self.groups, *_numbers(self.kernel_size))
        return weight_and_bias(shape, self.bias, self.out_channels)

    def _output_padding(self, input: ArrayLike, output_size: Sequence[int] | None) -> Size:
        """Returns the ``output_padding`` for an output of this size."""
        if output_size is None:
            return self.output_padding
        where, n = type(self).__name__, self._rank
        x = check.array(where, "input", input)
        check.rank(where, "input", x, (n + 1, n + 2))
        if len(output_size) not in (n, x.ndim):
            check.fail(where, "output_size", f"be {n} or {x.ndim} sizes", tuple(output_size))
        requested = tuple(output_size)[-n:]
        strides = _numbers(self.stride)
        sizes = strides, _numbers(self.padding), _numbers(self.dilation), _numbers(self.kernel_size)
        least = [
            (size - 1) * s - 2 * p + d * (k - 1) + 1 for size, s, p, d, k in zip(x.shape[-n:], *sizes, strict=True)
        ]
        most = [low + s - 1 for low, s in zip(least, strides, strict=True)]
        if any(not low <= size <= high for low, size, high in zip(least, requested, most, strict=True)):
            check.fail(where, "output_size", f"be from {least} to {most} for an input of shape {x.shape}", requested)
        return tuple(size - low for size, low in zip(requested, least, strict=True))


CONV_TRANSPOSE = r"""Applies the transpose of a `Conv${rank}d`, with learned kernels, and adds a bias$lazily.

    .. math:: y_{n,o,t} = b_o + \sum_{c} \sum_{i s + k d - p = t} w_{c,o,k}\, x_{n,c,i}

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`, where :math:`t`, :math:`i` and :math:`k` are
    positions in every spatial dimension. The sum over :math:`c` runs over the channels of the group of :math:`o`.

    The parameters are ``weight`` of shape :math:`(\text{in}, \text{out} / \text{groups}, $kernel)` and ``bias`` of
    shape :math:`(\text{out})`. Both start uniform in :math:`\pm 1 / \sqrt{n}`, where :math:`n` is the number of
    weights per input channel.$materializes

    Args:$first
        out_channels: the number of channels of the output.
        kernel_size: the size of the kernels: $sizes.
        stride: the steps in the output between the kernels of adjacent inputs: $sizes.
        padding: the number of elements to remove from both sides of the output: $sizes.
        output_padding: the number of elements to add at the end of the output, less than ``stride`` or ``dilation``:
            $sizes.
        groups: the number of independent groups into which the channels are divided.
        bias: whether a bias is added.
        dilation: the steps between the elements of a kernel: $sizes.
        padding_mode: must be ``'zeros'``.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the parameters; float32 if None.

    Shape: :math:`(N, \text{in}, $spatial)` or :math:`(\text{in}, $spatial)` to :math:`(N, \text{out}, $spatial_out)` or
    :math:`(\text{out}, $spatial_out)`, where every spatial size :math:`L` becomes
    :math:`L' = (L - 1) s - 2p + d (K - 1) + 1`, plus ``output_padding``. The argument ``output_size`` of a call sets
    another size, which exceeds the size without ``output_padding`` by less than :math:`s`.

    Raises:
        ValueError: ``groups`` doesn't divide the channels, or a size, a call's input or ``output_size`` doesn't fit.
        TypeError: a call's input has another dtype than the parameters.

    Source: ``torch.nn.$name``; Dumoulin and Visin, *A guide to convolution arithmetic for deep
    learning*, 2016, https://arxiv.org/abs/1603.07285.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((2, 16$edge4))
        >>> upsample = nn.$name(${size}3, 3, stride=2, padding=1)
        >>> upsample(x).shape, upsample(x, output_size=$output_size).shape
        ((2, 3$edge7), (2, 3$edge8))
        >>> layer = layers.$name(${size}3, 3, stride=2, padding=1)  # the same as a pair of pure functions
        >>> params, state = layer.init(jax.random.key(0)$example)
        >>> y, state = layer.apply(params, state, x)
    """


@document(CONV_TRANSPOSE, 1, name="ConvTranspose1d", size="16, ", **_PLAIN)
class ConvTranspose1d(_ConvTranspose):
    _rank = 1

    def forward(self, m: Bound, input: ArrayLike, output_size: Sequence[int] | None = None) -> Array:
        extra = self._output_padding(input, output_size)
        return F.conv_transpose1d(input, m.weight, m.bias, self.stride, self.padding, extra, self.groups, self.dilation)


@document(CONV_TRANSPOSE, 2, name="ConvTranspose2d", size="16, ", **_PLAIN)
class ConvTranspose2d(_ConvTranspose):
    _rank = 2

    def forward(self, m: Bound, input: ArrayLike, output_size: Sequence[int] | None = None) -> Array:
        extra = self._output_padding(input, output_size)
        return F.conv_transpose2d(input, m.weight, m.bias, self.stride, self.padding, extra, self.groups, self.dilation)


@document(CONV_TRANSPOSE, 3, name="ConvTranspose3d", size="16, ", **_PLAIN)
class ConvTranspose3d(_ConvTranspose):
    _rank = 3

    def forward(self, m: Bound, input: ArrayLike, output_size: Sequence[int] | None = None) -> Array:
        extra = self._output_padding(input, output_size)
        return F.conv_transpose3d(input, m.weight, m.bias, self.stride, self.padding, extra, self.groups, self.dilation)
