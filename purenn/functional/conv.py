"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from purenn import check
from purenn.docstring import documented
from purenn.lowering.conv import Convolution
from purenn.typing import Array, ArrayLike, Size

__all__ = ["conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def _arrays(
    where: str, n: int, layout: str, input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None
) -> tuple[jax.Array, jax.Array, jax.Array | None]:
    """Checks the ranks and dtypes of the arrays; `layout` names the first two dimensions of the weight."""
    spatial = ", ".join("DHW"[-n:]) if n > 1 else "L"
    x, w = check.array(where, "input", input), check.array(where, "weight", weight)
    b = None if bias is None else check.array(where, "bias", bias)
    check.rank(where, "input", x, (n + 1, n + 2), f"(C, {spatial}) or (N, C, {spatial})")
    check.rank(where, "weight", w, (n + 2,), f"({layout}, {spatial})")
    check.same_dtype(where, input=x, weight=w, bias=b)
    check.numeric(where, "input", x)
    check.nonempty(where, "input", x, n)
    check.nonempty(where, "weight", w, n + 1)
    return x, w, b


def _with_bias(y: jax.Array, b: jax.Array | None, batched: bool) -> jax.Array:
    """Adds the bias, and removes the batch dimension that was added to an unbatched input."""
    y = y if batched else y[0]
    return y if b is None else y + jnp.broadcast_to(b.reshape((-1,) + (1,) * (y.ndim - 1 - batched)), y.shape)


def _checked(
    n: int,
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
) -> tuple[Convolution, jax.Array, jax.Array, jax.Array | None, bool]:
    """Checks the arguments of a convolution, and gives it, its arrays and whether the input has a batch."""
    where = f"conv{n}d"
    x, w, b = _arrays(where, n, "out, in / groups", input, weight, bias)
    strides = check.integers(where, "stride", stride, n, 1)
    dilations = check.integers(where, "dilation", dilation, n, 1)
    groups = check.integer(where, "groups", groups, 1)
    out, channels = w.shape[0], x.shape[-n - 1]
    if channels != w.shape[1] * groups:
        expected = f"have {w.shape[1] * groups} channels for a weight of shape {w.shape} and groups={groups}"
        check.fail(where, "input", expected, f"{channels} channels (shape {x.shape})")
    if out % groups:
        check.fail(where, "weight", f"have a number of outputs divisible by groups={groups}", f"shape {w.shape}")
    check.shape(where, "bias", b, (out,))
    extents = [d * (k - 1) for d, k in zip(dilations, w.shape[2:], strict=True)]
    pads = _pads(where, n, padding, strides, extents)
    for size, (low, high), extent in zip(x.shape[-n:], pads, extents, strict=True):
        if size + low + high < extent + 1:
            expected = f"be at least as wide as the dilated kernel, {extent + 1}, in every dimension after padding"
            check.fail(where, "input", expected, f"shape {x.shape} with padding {pads}")
    batched = x.ndim == n + 2
    return Convolution(strides, tuple(pads), dilations, groups), x if batched else x[None], w, b, batched


def _pads(
    where: str, n: int, padding: Size | str, stride: tuple[int, ...], extents: Sequence[int]
) -> list[tuple[int, int]]:
    """Gives the zeros before and after each spatial dimension."""
    if isinstance(padding, str):
        check.choice(where, "padding", padding, ("valid", "same"))
        if padding == "valid":
            return [(0, 0)] * n
        if any(s != 1 for s in stride):
            check.fail(where, "stride", "be 1 with padding='same'", stride)
        return [(extent // 2, extent - extent // 2) for extent in extents]
    return [(p, p) for p in check.integers(where, "padding", padding, n, 0)]


def _conv_transpose(
    n: int,
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None,
    stride: Size,
    padding: Size,
    output_padding: Size,
    groups: int,
    dilation: Size,
) -> jax.Array:
    """Checks the arguments and applies the transpose of a convolution."""
    where = f"conv_transpose{n}d"
    x, w, b = _arrays(where, n, "in, out / groups", input, weight, bias)
    if jnp.issubdtype(x.dtype, jnp.integer) and x.dtype != jax.dtypes.canonicalize_dtype(int):
        check.fail(where, "input", "be floating-point, complex or of the default integer dtype", x.dtype, TypeError)
    strides = check.integers(where, "stride", stride, n, 1)
    paddings = check.integers(where, "padding", padding, n, 0)
    output_paddings = check.integers(where, "output_padding", output_padding, n, 0)
    dilations = check.integers(where, "dilation", dilation, n, 1)
    groups = check.integer(where, "groups", groups, 1)
    channels, out = w.shape[0], w.shape[1] * groups
    if x.shape[-n - 1] != channels:
        expected = f"have {channels} channels for a weight of shape {w.shape}"
        check.fail(where, "input", expected, f"{x.shape[-n - 1]} channels (shape {x.shape})")
    if channels % groups:
        check.fail(where, "weight", f"have a number of inputs divisible by groups={groups}", f"shape {w.shape}")
    check.shape(where, "bias", b, (out,))
    if any(o >= max(s, d) for o, s, d in zip(output_paddings, strides, dilations, strict=True)):
        check.fail(where, "output_padding", "be smaller than the stride or the dilation", output_paddings)
    extents = [d * (k - 1) for d, k in zip(dilations, w.shape[2:], strict=True)]
    geometry = zip(x.shape[-n:], strides, paddings, output_paddings, extents, strict=True)
    sizes = [(m - 1) * s + 1 - 2 * p + e + o for m, s, p, o, e in geometry]
    pads = tuple((p, p - o) for p, o in zip(paddings, output_paddings, strict=True))
    if any(size < 1 for size in sizes):
        check.fail(where, "padding", f"be small enough for a non-empty output of an input of shape {x.shape}", paddings)
    batched = x.ndim == n + 2
    like = jax.ShapeDtypeStruct((x.shape[0] if batched else 1, out, *sizes), x.dtype)
    y = Convolution(strides, pads, dilations, groups).transposed(w, x if batched else x[None], like)
    return _with_bias(y, b, batched)


_KERNELS = {1: "K", 2: "K_h, K_w", 3: "K_d, K_h, K_w"}
_CONV = r"""Cross-correlates $inputs with a bank of kernels and adds a bias.

    .. math:: y_{n,o,t} = b_o + \sum_{c,k} w_{o,c,k}\, x_{n,\,c,\,t s + k d - p}

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`, where :math:`t` and :math:`k` are positions in
    every spatial dimension. The sum over :math:`c` runs over the channels of the group of :math:`o`.

    Args:
        input: of shape :math:`$N` or :math:`$C`.
        weight: of shape :math:`(\text{out}, C / \text{groups}, $kernel)`.
        bias: of shape :math:`(\text{out})`; no bias is added if None.
        stride: the steps between outputs: $sizes.
        padding: the number of zeros on both sides: $sizes. Or ``'valid'`` for no zeros; or ``'same'`` for an output of
            the input's size, with a stride of 1.
        dilation: the steps between the elements of a kernel: $sizes.
        groups: the number of independent groups into which the channels are divided.

    Returns:
        An array of shape :math:`(N, \text{out}, $spatial_out)` or :math:`(\text{out}, $spatial_out)`, where every
        spatial size :math:`L` becomes :math:`L' = \lfloor (L + 2p - d (K - 1) - 1) / s \rfloor + 1`.

    Raises:
        ValueError: a shape or a size does not fit.
        TypeError: the dtypes differ, or are boolean.

    Source: ``torch.nn.functional.conv${rank}d``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.conv${rank}d(jnp.ones($x), jnp.ones($w), stride=2, padding=1).shape
        $y
    """


@documented(_CONV, 1, kernel=_KERNELS[1], x="(1, 3, 8)", w="(16, 3, 3)", y="(1, 16, 4)")
def conv1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Array:
    convolve, x, w, b, batched = _checked(1, input, weight, bias, stride, padding, dilation, groups)
    return _with_bias(convolve(x, w), b, batched)


@documented(_CONV, 2, kernel=_KERNELS[2], x="(1, 3, 8, 8)", w="(16, 3, 3, 3)", y="(1, 16, 4, 4)")
def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Array:
    convolve, x, w, b, batched = _checked(2, input, weight, bias, stride, padding, dilation, groups)
    return _with_bias(convolve(x, w), b, batched)


@documented(_CONV, 3, kernel=_KERNELS[3], x="(1, 3, 8, 8, 8)", w="(16, 3, 3, 3, 3)", y="(1, 16, 4, 4, 4)")
def conv3d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Array:
    convolve, x, w, b, batched = _checked(3, input, weight, bias, stride, padding, dilation, groups)
    return _with_bias(convolve(x, w), b, batched)


_CONV_TRANSPOSE = r"""Applies the transpose of `conv${rank}d`, a sum of one scaled kernel per element, and adds a bias.

    .. math:: y_{n,o,t} = b_o + \sum_{c} \sum_{i s + k d - p = t} w_{c,o,k}\, x_{n,c,i}

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`, where :math:`t`, :math:`i` and :math:`k` are
    positions in every spatial dimension. The sum over :math:`c` runs over the channels of the group of :math:`o`.

    Args:
        input: of shape :math:`$N` or :math:`$C`.
        weight: of shape :math:`(C, \text{out} / \text{groups}, $kernel)`.
        bias: of shape :math:`(\text{out})`; no bias is added if None.
        stride: the steps in the output between the kernels of adjacent inputs: $sizes.
        padding: the number of elements to remove from both sides of the output: $sizes.
        output_padding: the number of elements to add at the end of the output, less than ``stride`` or ``dilation``:
            $sizes.
        groups: the number of independent groups into which the channels are divided.
        dilation: the steps between the elements of a kernel: $sizes.

    Returns:
        An array of shape :math:`(N, \text{out}, $spatial_out)` or :math:`(\text{out}, $spatial_out)`, where every
        spatial size :math:`L` becomes :math:`L' = (L - 1) s - 2p + d (K - 1) + 1`, plus ``output_padding``.

    Raises:
        ValueError: a shape or a size does not fit.
        TypeError: the dtypes differ, or are boolean or an integer dtype other than jax's default one.

    Source: ``torch.nn.functional.conv_transpose${rank}d``; Dumoulin and Visin, *A guide to convolution arithmetic for
    deep learning*, 2016, https://arxiv.org/abs/1603.07285.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.conv_transpose${rank}d(jnp.ones($x), jnp.ones($w), stride=2, padding=1).shape
        $y
    """


@documented(_CONV_TRANSPOSE, 1, kernel=_KERNELS[1], x="(1, 16, 4)", w="(16, 3, 4)", y="(1, 3, 8)")
def conv_transpose1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@documented(_CONV_TRANSPOSE, 2, kernel=_KERNELS[2], x="(1, 16, 4, 4)", w="(16, 3, 4, 4)", y="(1, 3, 8, 8)")
def conv_transpose2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@documented(_CONV_TRANSPOSE, 3, kernel=_KERNELS[3], x="(1, 16, 4, 4, 4)", w="(16, 3, 4, 4, 4)", y="(1, 3, 8, 8, 8)")
def conv_transpose3d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_tbc(input: ArrayLike, weight: ArrayLike, bias: ArrayLike, pad: int = 0) -> Array:
    r"""Cross-correlates sequences whose first dimension is time with a bank of kernels, and adds a bias.

    .. math:: y_{t,n,o} = b_o + \sum_{c,k} w_{k,c,o}\, x_{t + k - p,\,n,\,c}

    with padding :math:`p`.

    Args:
        input: of shape :math:`(T, N, C)`.
        weight: of shape :math:`(K, C, \text{out})`.
        bias: of shape :math:`(\text{out})`.
        pad: the number :math:`p` of zeros before and after; a negative number removes elements.

    Returns:
        An array of shape :math:`(T + 2p - K + 1, N, \text{out})`.

    Raises:
        ValueError: a shape does not fit.
        TypeError: the dtypes of ``input`` and ``weight`` differ, or are boolean.

    Source: ``torch.nn.functional.conv_tbc``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.conv_tbc(jnp.ones((5, 1, 2)), jnp.ones((3, 2, 1)), jnp.zeros(1)).ravel().tolist()
        [6.0, 6.0, 6.0]
    """
    x, w = check.array("conv_tbc", "input", input), check.array("conv_tbc", "weight", weight)
    b = check.array("conv_tbc", "bias", bias)
    pad = check.integer("conv_tbc", "pad", pad)
    check.rank("conv_tbc", "input", x, (3,), "(T, N, C)")
    check.rank("conv_tbc", "weight", w, (3,), "(K, C, out)")
    check.same_dtype("conv_tbc", input=x, weight=w)
    check.numeric("conv_tbc", "input", x)
    if x.shape[2] != w.shape[1]:
        check.fail("conv_tbc", "input", f"have shape (T, N, {w.shape[1]})", f"shape {x.shape}")
    check.shape("conv_tbc", "bias", b, w.shape[2:])
    time = x.shape[0] + 2 * pad - w.shape[0] + 1
    if time < 0:
        check.fail("conv_tbc", "input", f"be at least {w.shape[0] - 2 * pad - 1} long", f"shape {x.shape}")
    b = jnp.broadcast_to(b.astype(x.dtype), (time, x.shape[1], w.shape[2]))
    if 0 in b.shape or 0 in w.shape or x.shape[0] == 0:
        return b
    y = Convolution((1,), ((pad, pad),), (1,), 1)(x.transpose(1, 2, 0), w.transpose(2, 1, 0))
    return y.transpose(2, 0, 1) + b
