"""Dropout: elements, or whole channels, are replaced at random; what stays is scaled to keep the expectation."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.lowering import random
from purenn.lowering.dtypes import widened

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

ALPHA = -1.7580993408473766  # what selu tends to at minus infinity


def _dropped(
    where: str, input: Any, p: float, training: bool, rng: Any, channels: tuple[int, ...] | None, alpha: bool = False
) -> jax.Array:
    """The engine of all: elements are dropped, or whole channels, which are counted in the given dimensions.

    What stays is multiplied by a and moved by b, what goes becomes b alone (0, or with `alpha` what keeps mean 0
    and variance 1). Always a product, so that infinity times 0 is nan as in torch.
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
    kept = random.bernoulli(check.key(where, "rng", rng, "training=True"), 1 - p, shape)
    wide = widened(x)
    kept = kept.astype(wide.dtype)
    if not alpha:
        return (wide * (kept * (1 / (1 - p)))).astype(x.dtype)
    a = 1 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    return (wide * (kept * a) + ((1 - kept) - p) * (ALPHA * a)).astype(x.dtype)


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, rng: Any = None) -> jax.Array:
    r"""Zeroes every element with probability p, and divides the others by 1 - p.

    .. math:: y_i = \frac{k_i}{1 - p}\, x_i \quad\text{with independent}\quad k_i \sim \text{Bernoulli}(1 - p)

    Args:
        input: of any shape.
        p: the probability of zero; a Python number.
        training: whether anything is dropped; else the input is returned.
        inplace: accepted for torch's sake; arrays are immutable.
        rng: a jax key; needed in training, unless p is 0 or 1.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: p is no probability, or there is no rng where it's needed.
        TypeError: an input that isn't floating-point, where it is scaled.

    Source: ``torch.nn.functional.dropout``; Hinton et al., 2012.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> y = F.dropout(jnp.ones(1000), p=0.2, rng=jax.random.key(0))
        >>> sorted(set(y.tolist()))
        [0.0, 1.25]
    """
    return _dropped("dropout", input, p, training, rng, None)


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, rng: Any = None) -> jax.Array:
    r"""Zeroes every channel of a sequence with probability p, and divides the others by 1 - p.

    Args:
        input: of shape :math:`(N, C, L)` or :math:`(C, L)`.
        p: the probability of zero; a Python number.
        training: whether anything is dropped; else the input is returned.
        inplace: accepted for torch's sake; arrays are immutable.
        rng: a jax key; needed in training, unless p is 0 or 1.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the rank, p is no probability, or there is no rng where it's needed.
        TypeError: an input that isn't floating-point, where it is scaled.

    Source: ``torch.nn.functional.dropout1d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> sorted(set(F.dropout1d(jnp.ones((8, 8, 5)), rng=jax.random.key(0)).sum(2).ravel().tolist()))
        [0.0, 10.0]
    """
    x = check.array("dropout1d", "input", input)
    check.rank("dropout1d", "input", x, (2, 3), "(C, L) or (N, C, L)")
    return _dropped("dropout1d", x, p, training, rng, tuple(range(x.ndim - 1)))


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, rng: Any = None) -> jax.Array:
    r"""Zeroes every channel of images with probability p, and divides the others by 1 - p.

    Args:
        input: of shape :math:`(N, C, H, W)`, or any of rank 2 or more, in which the first two dimensions are the
            batch and the channels. That includes rank 3, read as :math:`(N, C, L)`, as torch does.
        p: the probability of zero; a Python number.
        training: whether anything is dropped; else the input is returned.
        inplace: accepted for torch's sake; arrays are immutable.
        rng: a jax key; needed in training, unless p is 0 or 1.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the rank, p is no probability, or there is no rng where it's needed.
        TypeError: an input that isn't floating-point, where it is scaled.

    Source: ``torch.nn.functional.dropout2d``; Tompson et al., 2014.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> sorted(set(F.dropout2d(jnp.ones((8, 8, 2, 2)), rng=jax.random.key(0)).sum((2, 3)).ravel().tolist()))
        [0.0, 8.0]
    """
    return _dropped("dropout2d", input, p, training, rng, (0, 1))


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, rng: Any = None) -> jax.Array:
    r"""Zeroes every channel of volumes with probability p, and divides the others by 1 - p.

    Args:
        input: of shape :math:`(N, C, D, H, W)` or :math:`(C, D, H, W)`; of any other rank too, in which the first
            dimension is that of the channels, as torch does.
        p: the probability of zero; a Python number.
        training: whether anything is dropped; else the input is returned.
        inplace: accepted for torch's sake; arrays are immutable.
        rng: a jax key; needed in training, unless p is 0 or 1.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the rank, p is no probability, or there is no rng where it's needed.
        TypeError: an input that isn't floating-point, where it is scaled.

    Source: ``torch.nn.functional.dropout3d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> sorted(set(F.dropout3d(jnp.ones((9, 1, 2, 2)), rng=jax.random.key(0)).sum((1, 2, 3)).tolist()))
        [0.0, 8.0]
    """
    x = check.array("dropout3d", "input", input)
    return _dropped("dropout3d", x, p, training, rng, (0, 1) if x.ndim == 5 else (0,))


def alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, rng: Any = None
) -> jax.Array:
    r"""Replaces every element by the limit of `selu` with probability p, and keeps mean 0 and variance 1.

    .. math:: y_i = a\,(k_i x_i + (1 - k_i)\,\alpha') - a\,p\,\alpha' \quad\text{with independent}\quad
        k_i \sim \text{Bernoulli}(1 - p)

    where :math:`\alpha' \approx -1.7581` and :math:`a = \bigl((1 - p)(1 + p\,\alpha'^2)\bigr)^{-1/2}`; zeros where p
    is 1.

    Args:
        input: of any shape.
        p: the probability of zero; a Python number.
        training: whether anything is dropped; else the input is returned.
        inplace: accepted for torch's sake; arrays are immutable.
        rng: a jax key; needed in training, unless p is 0 or 1.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the rank, p is no probability, or there is no rng where it's needed.
        TypeError: an input that isn't floating-point, where it is scaled.

    Source: ``torch.nn.functional.alpha_dropout``; Klambauer et al., 2017.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 3) for y in sorted(set(F.alpha_dropout(jnp.ones(99), 0.5, True, rng=jax.random.key(0)).tolist()))]
        [-0.779, 1.666]
    """
    return _dropped("alpha_dropout", input, p, training, rng, None, alpha=True)


def feature_alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, rng: Any = None
) -> jax.Array:
    r"""Does to whole channels what `alpha_dropout` does to elements.

    Args:
        input: of shape :math:`(N, C, *)`.
        p: the probability of zero; a Python number.
        training: whether anything is dropped; else the input is returned.
        inplace: accepted for torch's sake; arrays are immutable.
        rng: a jax key; needed in training, unless p is 0 or 1.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the rank, p is no probability, or there is no rng where it's needed.
        TypeError: an input that isn't floating-point, where it is scaled.

    Source: ``torch.nn.functional.feature_alpha_dropout``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.feature_alpha_dropout(jnp.ones((2, 3, 4)), 0.5, True, rng=jax.random.key(0)).shape
        (2, 3, 4)
    """
    return _dropped("feature_alpha_dropout", input, p, training, rng, (0, 1), alpha=True)
