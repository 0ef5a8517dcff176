"""Layers that rearrange blocks of images as columns, and back."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike, Size

__all__ = ["Fold", "Unfold"]


class Fold(Layer):
    r"""Adds every column to the block of an image from which `Unfold` extracts it: the transpose of `Unfold`.

    .. math:: y_{n,c,r,q} = \sum_{h s + i d - p = r} \; \sum_{w s + j d - p = q} x_{n,\,(c K_h + i) K_w + j,\,h W' + w}

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`.

    Args:
        output_size: the size :math:`(H, W)` of the images: one number, or one per spatial dimension (H, W).
        kernel_size: the size :math:`(K_h, K_w)` of a block: one number, or one per spatial dimension (H, W).
        dilation: the steps between the elements of a block: one number, or one per spatial dimension (H, W).
        padding: the number of elements to leave out on both sides of the images: one number, or one per spatial
            dimension (H, W).
        stride: the steps between blocks: one number, or one per spatial dimension (H, W).

    Shape: :math:`(N, C K_h K_w, H' W')` or :math:`(C K_h K_w, H' W')` to :math:`(N, C, H, W)` or :math:`(C, H, W)`,
    with :math:`H' = \lfloor (H + 2p - d (K_h - 1) - 1) / s \rfloor + 1` and :math:`W'` likewise.

    Raises:
        ValueError: a call's input doesn't fit the sizes.
        TypeError: the input is of an integer dtype.

    Source: ``torch.nn.Fold``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((1, 12, 12))
        >>> nn.Fold(output_size=(4, 5), kernel_size=2)(x).shape
        (1, 3, 4, 5)
        >>> y, state = layers.Fold(output_size=(4, 5), kernel_size=2).apply({}, {}, x)  # the same as a pure function
    """

    output_size: Size
    kernel_size: Size
    dilation: Size = 1
    padding: Size = 0
    stride: Size = 1

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)


class Unfold(Layer):
    r"""Extracts the blocks of images that a convolution sees, each as a column: the convolution is a matrix product.

    .. math:: y_{n,\,(c K_h + i) K_w + j,\,h W' + w} = x_{n,\,c,\,h s + i d - p,\,w s + j d - p}

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`.

    Args:
        kernel_size: the size :math:`(K_h, K_w)` of a block: one number, or one per spatial dimension (H, W).
        dilation: the steps between the elements of a block: one number, or one per spatial dimension (H, W).
        padding: the number of zeros on both sides: one number, or one per spatial dimension (H, W).
        stride: the steps between blocks: one number, or one per spatial dimension (H, W).

    Shape: :math:`(N, C, H, W)` or :math:`(C, H, W)` to :math:`(N, C K_h K_w, H' W')` or :math:`(C K_h K_w, H' W')`,
    with :math:`H' = \lfloor (H + 2p - d (K_h - 1) - 1) / s \rfloor + 1` and :math:`W'` likewise.

    Raises:
        ValueError: a call's input doesn't fit the sizes.
        TypeError: the input is of an integer dtype.

    Source: ``torch.nn.Unfold``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((1, 3, 4, 5))
        >>> nn.Unfold(kernel_size=(2, 3))(x).shape
        (1, 18, 9)
        >>> y, state = layers.Unfold(kernel_size=(2, 3)).apply({}, {}, x)  # the same as a pure function
    """

    kernel_size: Size
    dilation: Size = 1
    padding: Size = 0
    stride: Size = 1

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)
