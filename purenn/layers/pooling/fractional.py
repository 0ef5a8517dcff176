"""Fractional max pools: maxima over windows that start at random indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.pooling.window import per_dimension
from purenn.layers.spec import array_spec
from purenn.typing import ArrayLike, Size

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


class _FractionalMaxPool(Layer):
    """The base of fractional max pools: their hyper-parameters and checks."""

    _rank: ClassVar[int]
    repr_fields = ()

    kernel_size: Size
    output_size: Size | None = None
    output_ratio: float | Sequence[float] | None = None
    return_indices: bool = False
    _random_samples: Any = None

    def normalize(self) -> Mapping[str, Any]:
        name, n, ratio = type(self).__name__, self._rank, self.output_ratio
        sizes = per_dimension(self, n, {"kernel_size": self.kernel_size, "output_size": self.output_size})
        check.integers(name, "kernel_size", sizes["kernel_size"], n, 1)
        if (self.output_size is None) == (ratio is None):
            check.fail(name, "output_size", "be given if output_ratio isn't, and only then", (self.output_size, ratio))
        if ratio is None:
            return sizes
        ratios = tuple(ratio) if isinstance(ratio, Sequence) else (ratio,) * n
        if len(ratios) != n or not all(0 < r < 1 for r in ratios):
            check.fail(name, "output_ratio", f"be between 0 and 1, one number or {n}", ratio)
        return {**sizes, "output_ratio": ratios}

    def buffers(self) -> Mapping[str, Spec | None]:
        return {"_random_samples": array_spec(self._random_samples)}


_FRACTIONAL = r"""Takes the maximum over windows of $inputs that start at random, almost evenly spaced indices.

    In a dimension of size :math:`L`, window :math:`t` of :math:`L'` windows of size :math:`K` starts at

    .. math:: \lfloor (t + u) \alpha \rfloor - \lfloor u \alpha \rfloor \qquad \alpha = (L - K) / (L' - 1)

    and the last window at :math:`L - K`. The number :math:`u` is random for every sample, channel and dimension, in
    evaluation too. Among equal maxima the first receives the gradient.

    Args:
        kernel_size: the size of a window: $sizes.
        output_size: the size of the output: $sizes. Either it or ``output_ratio`` must be given.
        output_ratio: the size of the output as a fraction of the input's, rounded down, between 0 and 1: $sizes.
        return_indices: whether a call returns the indices of the maxima too, for `MaxUnpool${rank}d`.
        _random_samples: the numbers :math:`u` between 0 and 1, of shape :math:`(N, C, $rank)`, in the order $order; it
            is a buffer. None draws them in every call.

    Shape: :math:`$N` or :math:`$C` to :math:`$N_out` or :math:`$C_out`.

    Raises:
        ValueError: a size or a ratio doesn't fit; not exactly one of ``output_size`` and ``output_ratio`` is given; or
            a pure call that draws has no ``rng``.
        TypeError: a call's input isn't floating-point.

    Source: ``torch.nn.FractionalMaxPool${rank}d``; Graham, *Fractional Max-Pooling*, 2014,
    https://arxiv.org/abs/1412.6071.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> nn.FractionalMaxPool${rank}d(3, output_ratio=0.5)(x).shape
        $y
        >>> layer = layers.FractionalMaxPool${rank}d(3, output_ratio=0.5)
        >>> y, state = layer.apply({}, {}, x, rng=jax.random.key(0))  # the same as a pure function
    """


@documented(_FRACTIONAL, 2, order="width, height", x="(1, 4, 9, 9)", y="(1, 4, 4, 4)")
class FractionalMaxPool2d(_FractionalMaxPool):
    _rank = 2

    def forward(self, m: Bound, input: ArrayLike) -> Any:
        samples = m._random_samples
        rng = m.make_rng() if samples is None else None  # in evaluation too, as in torch
        sizes = self.kernel_size, self.output_size, self.output_ratio
        return F.fractional_max_pool2d(input, *sizes, self.return_indices, samples, rng)


@documented(_FRACTIONAL, 3, order="depth, height, width", x="(1, 4, 9, 9, 9)", y="(1, 4, 4, 4, 4)")
class FractionalMaxPool3d(_FractionalMaxPool):
    _rank = 3

    def forward(self, m: Bound, input: ArrayLike) -> Any:
        samples = m._random_samples
        rng = m.make_rng() if samples is None else None  # in evaluation too, as in torch
        sizes = self.kernel_size, self.output_size, self.output_ratio
        return F.fractional_max_pool3d(input, *sizes, self.return_indices, samples, rng)
