"""Dropout layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike, Key

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Layer):
    """The base of dropouts."""

    repr_fields = ("p", "inplace")

    p: float = 0.5
    inplace: bool = False

    def normalize(self) -> Mapping[str, Any]:
        check.probability(type(self).__name__, "p", self.p)
        return {}

    def _rng(self, m: Bound) -> Key | None:
        """The key of a call, or None if it needs none."""
        return m.make_rng() if m.training and 0 < self.p < 1 else None


class Dropout(_Dropout):
    r"""Zeroes every element with probability p in training, and divides the others by 1 - p.

    .. math:: y_i = \frac{k_i}{1 - p}\, x_i \quad\text{with independent}\quad k_i \sim \text{Bernoulli}(1 - p)

    Outside of training it returns the input.

    Args:
        p: the probability of zero.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Shape: any; the output has the input's shape.

    Raises:
        ValueError: p is not a probability, or `apply` has no ``rng`` in training.
        TypeError: a call's input isn't floating-point in training.

    Source: ``torch.nn.Dropout``; Hinton, Srivastava, Krizhevsky, Sutskever and Salakhutdinov, *Improving Neural
    Networks by Preventing Co-adaptation of Feature Detectors*, 2012, https://arxiv.org/abs/1207.0580.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones(1000)
        >>> drop = nn.Dropout(0.2)
        >>> sorted(set(drop(x).tolist())), sorted(set(drop.eval()(x).tolist()))
        ([0.0, 1.25], [1.0])
        >>> y, state = layers.Dropout(0.2).apply({}, {}, x, training=True, rng=jax.random.key(0))
    """

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.dropout(input, self.p, m.training, rng=self._rng(m))


_CHANNELS = r"""Zeroes every channel of $inputs with probability p in training, and divides the other channels by 1 - p.

    .. math:: y_{n,c} = \frac{k_{n,c}}{1 - p}\, x_{n,c} \quad\text{with independent}\quad
        k_{n,c} \sim \text{Bernoulli}(1 - p)

    Outside of training it returns the input.

    Args:
        p: the probability of zero.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Shape: $shape; the output has the input's shape.

    Raises:
        ValueError: p is not a probability, a call's input has another rank, or `apply` has no ``rng`` in training.
        TypeError: a call's input isn't floating-point in training.

    Source: ``torch.nn.Dropout${rank}d``; Tompson, Goroshin, Jain, LeCun and Bregler, *Efficient Object Localization
    Using Convolutional Networks*, 2014, https://arxiv.org/abs/1411.4280.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> drop = nn.Dropout${rank}d(0.5)
        >>> sorted(set(drop(x).sum($axes).ravel().tolist()))  # a channel is zeroed, or doubled, as a whole
        [0.0, 8.0]
        >>> y, state = layers.Dropout${rank}d(0.5).apply({}, {}, x, training=True, rng=jax.random.key(0))
    """


@documented(_CHANNELS, 1, shape=":math:`(N, C, L)` or :math:`(C, L)`", x="(8, 8, 4)", axes="2")
class Dropout1d(_Dropout):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.dropout1d(input, self.p, m.training, rng=self._rng(m))


_SHAPES_2D = """:math:`(N, C, H, W)`, or any of rank 2 or more with the batch and the channels in front. A shape of
    rank 3 is read as :math:`(N, C, L)`, as in torch"""


@documented(_CHANNELS, 2, shape=_SHAPES_2D, x="(8, 8, 2, 2)", axes="(2, 3)")
class Dropout2d(_Dropout):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.dropout2d(input, self.p, m.training, rng=self._rng(m))


_SHAPES_3D = """:math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`. In a shape of any other rank the first dimension counts
    as the channels, as in torch"""


@documented(_CHANNELS, 3, shape=_SHAPES_3D, x="(8, 8, 1, 2, 2)", axes="(2, 3, 4)")
class Dropout3d(_Dropout):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.dropout3d(input, self.p, m.training, rng=self._rng(m))


_ALPHA = r"""Replaces every $part by the limit of `SELU` with probability p in training; keeps mean 0 and variance 1.

    .. math:: y = a\,(k x + (1 - k)\,\alpha') - a\,p\,\alpha' \quad\text{with}\quad k \sim \text{Bernoulli}(1 - p)

    independent for every $part, where :math:`\alpha' \approx -1.7581` and
    :math:`a = \bigl((1 - p)(1 + p\,\alpha'^2)\bigr)^{-1/2}`. If p is 1, the output is zero. Outside of training it
    returns the input.

    Args:
        p: the probability of a replacement.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Shape: $shape; the output has the input's shape.

    Raises:
        ValueError: p is not a probability, $rank_error`apply` has no ``rng`` in training.
        TypeError: a call's input isn't floating-point in training.

    Source: ``torch.nn.$name``; Klambauer, Unterthiner, Mayr and Hochreiter, *Self-Normalizing Neural
    Networks*, 2017, https://arxiv.org/abs/1706.02515.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((8, 8, 4))
        >>> y = nn.$name(0.5)(x)
        >>> sorted({round(value, 3) for value in y.ravel().tolist()})
        [-0.779, 1.666]
        >>> y, state = layers.$name(0.5).apply({}, {}, x, training=True, rng=jax.random.key(0))
    """


@documented(_ALPHA, name="AlphaDropout", part="element", shape="any", rank_error="or ")
class AlphaDropout(_Dropout):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.alpha_dropout(input, self.p, m.training, rng=self._rng(m))


@documented(
    _ALPHA,
    name="FeatureAlphaDropout",
    part="channel",
    shape=":math:`(N, C, *)`",
    rank_error="a call's input has a rank below 2, or ",
)
class FeatureAlphaDropout(_Dropout):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.feature_alpha_dropout(input, self.p, m.training, rng=self._rng(m))
