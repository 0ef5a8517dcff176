"""Dropout: elements, or whole channels, are replaced at random, and the others scaled to keep the expectation."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from purenn import check
from purenn.docstring import documented
from purenn.lowering import threefry
from purenn.lowering.dtypes import widened
from purenn.typing import Array, ArrayLike, Key

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

ALPHA = -1.7580993408473766  # the limit of selu at minus infinity


def _dropped(
    where: str,
    input: ArrayLike,
    p: float,
    training: bool,
    rng: Key | None,
    channels: tuple[int, ...] | None,
    alpha: bool = False,
) -> jax.Array:
    """Drops elements, or whole channels, which the dimensions `channels` number.

    A kept element x becomes ax + b, a dropped one b; b is 0, or with `alpha` it keeps mean 0 and variance 1. Both are
    products with the mask, so that infinity times 0 is NaN, as in torch.
    """
    x = check.array(where, "input", input)
    check.probability(where, "p", p)
    if not training or p == 0 or x.size == 0:
        return x
    if p == 1:
        return x * jnp.zeros_like(x)
    check.floating(where, "input", x)
    if channels is not None and x.ndim < len(channels):
        check.fail(where, "input", f"have rank {len(channels)} or more", f"shape {x.shape}")
    shape = tuple(n if channels is None or i in channels else 1 for i, n in enumerate(x.shape))
    mask = threefry.bernoulli(check.key(where, "rng", rng, "training=True"), 1 - p, shape)
    wide = widened(x)
    mask = mask.astype(wide.dtype)
    if not alpha:
        return (wide * (mask * (1 / (1 - p)))).astype(x.dtype)
    a = 1 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    return (wide * (mask * a) + ((1 - mask) - p) * (ALPHA * a)).astype(x.dtype)


def dropout(
    input: ArrayLike, p: float = 0.5, training: bool = True, inplace: bool = False, rng: Key | None = None
) -> Array:
    r"""Zeroes every element with probability p, and divides the others by 1 - p.

    .. math:: y_i = \frac{k_i}{1 - p}\, x_i \quad\text{with independent}\quad k_i \sim \text{Bernoulli}(1 - p)

    Args:
        input: of any shape.
        p: the probability of zero; a Python number.
        training: whether elements are zeroed; if not, the input is returned.
        inplace: Ignored; accepted for compatibility with PyTorch.
        rng: a jax key, needed in training unless p is 0 or 1.

    Returns:
        An array of the input's shape and dtype.

    Raises:
        ValueError: p is not a probability, or a needed ``rng`` is missing.
        TypeError: the input isn't floating-point in training.

    Source: ``torch.nn.functional.dropout``; Hinton, Srivastava, Krizhevsky, Sutskever and Salakhutdinov, *Improving
    Neural Networks by Preventing Co-adaptation of Feature Detectors*, 2012, https://arxiv.org/abs/1207.0580.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y = F.dropout(jnp.ones(1000), p=0.2, rng=jax.random.key(0))
        >>> sorted(set(y.tolist()))
        [0.0, 1.25]
    """
    return _dropped("dropout", input, p, training, rng, None)


_CHANNELS = r"""Zeroes every channel of $inputs with probability p, and divides the other channels by 1 - p.

    .. math:: y_{n,c} = \frac{k_{n,c}}{1 - p}\, x_{n,c} \quad\text{with independent}\quad
        k_{n,c} \sim \text{Bernoulli}(1 - p)

    Args:
        input: $input_shapes.
        p: the probability of zero; a Python number.
        training: whether channels are zeroed; if not, the input is returned.
        inplace: Ignored; accepted for compatibility with PyTorch.
        rng: a jax key, needed in training unless p is 0 or 1.

    Returns:
        An array of the input's shape and dtype.

    Raises:
        ValueError: the input's rank doesn't fit, p is not a probability, or a needed ``rng`` is missing.
        TypeError: the input isn't floating-point in training.

    Source: ``torch.nn.functional.dropout${rank}d``; Tompson, Goroshin, Jain, LeCun and Bregler, *Efficient Object
    Localization Using Convolutional Networks*, 2014, https://arxiv.org/abs/1411.4280.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y = F.dropout${rank}d(jnp.ones($x), rng=jax.random.key(0))
        >>> sorted(set(y.sum($axes).ravel().tolist()))  # a channel is zeroed, or doubled, as a whole
        [0.0, 8.0]
    """


@documented(_CHANNELS, 1, input_shapes="of shape :math:`(N, C, L)` or :math:`(C, L)`", x="(8, 8, 4)", axes="2")
def dropout1d(
    input: ArrayLike, p: float = 0.5, training: bool = True, inplace: bool = False, rng: Key | None = None
) -> Array:
    x = check.array("dropout1d", "input", input)
    check.rank("dropout1d", "input", x, (2, 3), "(C, L) or (N, C, L)")
    return _dropped("dropout1d", x, p, training, rng, tuple(range(x.ndim - 1)))


_SHAPES_2D = """of shape :math:`(N, C, H, W)`, or of any rank from 2 on with the batch and the channels in front. An
            input of rank 3 is read as :math:`(N, C, L)`, as in torch"""


@documented(_CHANNELS, 2, input_shapes=_SHAPES_2D, x="(8, 8, 2, 2)", axes="(2, 3)")
def dropout2d(
    input: ArrayLike, p: float = 0.5, training: bool = True, inplace: bool = False, rng: Key | None = None
) -> Array:
    return _dropped("dropout2d", input, p, training, rng, (0, 1))


_SHAPES_3D = """of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`. The first dimension of an input of any other
            rank counts as the channels, as in torch"""


@documented(_CHANNELS, 3, input_shapes=_SHAPES_3D, x="(9, 1, 2, 2)", axes="(1, 2, 3)")
def dropout3d(
    input: ArrayLike, p: float = 0.5, training: bool = True, inplace: bool = False, rng: Key | None = None
) -> Array:
    x = check.array("dropout3d", "input", input)
    return _dropped("dropout3d", x, p, training, rng, (0, 1) if x.ndim == 5 else (0,))


_ALPHA = r"""Replaces every $part by the limit of `selu` with probability p, and keeps mean 0 and variance 1.

    .. math:: y_{$i} = a\,(k_{$i} x_{$i} + (1 - k_{$i})\,\alpha') - a\,p\,\alpha' \quad\text{with independent}\quad
        k_{$i} \sim \text{Bernoulli}(1 - p)

    where :math:`\alpha' \approx -1.7581` and :math:`a = \bigl((1 - p)(1 + p\,\alpha'^2)\bigr)^{-1/2}`. If p is 1, the
    output is zero.

    Args:
        input: of $shape.
        p: the probability of a replacement; a Python number.
        training: whether ${part}s are replaced; if not, the input is returned.
        inplace: Ignored; accepted for compatibility with PyTorch.
        rng: a jax key, needed in training unless p is 0 or 1.

    Returns:
        An array of the input's shape and dtype.

    Raises:
        ValueError: $rank_error``p`` is not a probability, or a needed ``rng`` is missing.
        TypeError: the input isn't floating-point in training.

    Source: ``torch.nn.functional.$name``; Klambauer, Unterthiner, Mayr and Hochreiter, *Self-Normalizing Neural
    Networks*, 2017, https://arxiv.org/abs/1706.02515.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y = F.$name(jnp.ones((9, 9)), 0.5, True, rng=jax.random.key(0))
        >>> sorted({round(value, 3) for value in y.ravel().tolist()})
        [-0.779, 1.666]
    """


@documented(_ALPHA, name="alpha_dropout", part="element", i="i", shape="any shape", rank_error="")
def alpha_dropout(
    input: ArrayLike, p: float = 0.5, training: bool = False, inplace: bool = False, rng: Key | None = None
) -> Array:
    return _dropped("alpha_dropout", input, p, training, rng, None, alpha=True)


_FEATURES = {"i": "n,c", "shape": "shape :math:`(N, C, *)`", "rank_error": "the input's rank is below 2, "}


@documented(_ALPHA, None, name="feature_alpha_dropout", part="channel", **_FEATURES)
def feature_alpha_dropout(
    input: ArrayLike, p: float = 0.5, training: bool = False, inplace: bool = False, rng: Key | None = None
) -> Array:
    return _dropped("feature_alpha_dropout", input, p, training, rng, (0, 1), alpha=True)
