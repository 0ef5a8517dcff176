"""Softmax, its logarithm and its variants."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.lowering import softmax as lowering
from purenn.lowering.dtypes import computed_wide, widened
from purenn.typing import Array, ArrayLike, DTypeLike, Key

__all__ = ["gumbel_softmax", "log_softmax", "softmax", "softmin"]


def softmax(input: ArrayLike, dim: int | None = None, _stacklevel: int = 3, dtype: DTypeLike | None = None) -> Array:
    r"""Divides exponentials by their sum along a dimension: :math:`y_i = e^{x_i} / \sum_j e^{x_j}`.

    Args:
        input: of any shape; floating-point unless ``dtype`` is.
        dim: the dimension of the sum; None is 0 for ranks 0, 1 and 3, and else 1, as in torch.
        _stacklevel: Ignored; accepted for compatibility with PyTorch.
        dtype: the input is cast to it first; None keeps the input's.

    Returns:
        An array of the input's shape, and of ``dtype`` or the input's. Along ``dim`` its sum is 1.

    Raises:
        IndexError: the input has no such dimension.
        TypeError: the input isn't floating-point, and no ``dtype`` is given.

    Source: ``torch.nn.functional.softmax``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.softmax(jnp.zeros((2, 4)), dim=1)[0].tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    x, dim = _softmax_arguments("softmax", input, dim, dtype)
    return _softmax(x, dim)


def log_softmax(
    input: ArrayLike, dim: int | None = None, _stacklevel: int = 3, dtype: DTypeLike | None = None
) -> Array:
    r"""Computes the logarithm of the softmax, without its overflow: :math:`y_i = x_i - \log \sum_j e^{x_j}`.

    Args:
        input: of any shape; floating-point unless ``dtype`` is.
        dim: the dimension of the sum; None is 0 for ranks 0, 1 and 3, and else 1, as in torch.
        _stacklevel: Ignored; accepted for compatibility with PyTorch.
        dtype: the input is cast to it first; None keeps the input's.

    Returns:
        An array of the input's shape, and of ``dtype`` or the input's.

    Raises:
        IndexError: the input has no such dimension.
        TypeError: the input isn't floating-point, and no ``dtype`` is given.

    Source: ``torch.nn.functional.log_softmax``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> round(F.log_softmax(jnp.zeros((1, 4)), dim=1)[0, 0].item(), 4)
        -1.3863
    """
    x, dim = _softmax_arguments("log_softmax", input, dim, dtype)
    return computed_wide(lambda x: lowering.log_softmax(jnp.atleast_1d(x), dim).reshape(x.shape), x)


def softmin(input: ArrayLike, dim: int | None = None, _stacklevel: int = 3, dtype: DTypeLike | None = None) -> Array:
    r"""Computes the softmax of the negated input: :math:`y_i = e^{-x_i} / \sum_j e^{-x_j}`.

    Args:
        input: of any shape; floating-point unless ``dtype`` is.
        dim: the dimension of the sum; None is 0 for ranks 0, 1 and 3, and else 1, as in torch.
        _stacklevel: Ignored; accepted for compatibility with PyTorch.
        dtype: the negated input is cast to it; None keeps the input's.

    Returns:
        An array of the input's shape, and of ``dtype`` or the input's. Along ``dim`` its sum is 1.

    Raises:
        IndexError: the input has no such dimension.
        TypeError: the input is boolean, or isn't floating-point and no ``dtype`` is given.

    Source: ``torch.nn.functional.softmin``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.softmin(jnp.array([0.0, 0.0]), dim=0).tolist()
        [0.5, 0.5]
    """
    x = check.array("softmin", "input", input)
    check.numeric("softmin", "input", x)
    x, dim = _softmax_arguments("softmin", -x, dim, dtype)
    return _softmax(x, dim)


def gumbel_softmax(
    logits: ArrayLike, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1, rng: Key | None = None
) -> Array:
    r"""Draws from the categorical distribution of logits, relaxed so that there is a gradient.

    .. math:: y = \operatorname{softmax}\bigl((x + g) / \tau\bigr)\quad\text{with independent}\quad
        g_i \sim \text{Gumbel}(0, 1)

    Args:
        logits: unnormalised log-probabilities, of any shape, floating-point.
        tau: the temperature :math:`\tau`.
        hard: whether the result is one-hot at the largest element; its gradient is that of the softmax.
        eps: Ignored; accepted for compatibility with PyTorch.
        dim: the dimension of the softmax.
        rng: a jax key.

    Returns:
        An array of the logits' shape and dtype.

    Raises:
        ValueError: ``rng`` is missing, or ``hard`` is True and the size along ``dim`` is 0.
        IndexError: the logits have no such dimension.
        TypeError: the logits aren't floating-point.

    Source: ``torch.nn.functional.gumbel_softmax``; Jang, Gu and Poole, *Categorical Reparameterization with
    Gumbel-Softmax*, 2016, https://arxiv.org/abs/1611.01144.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.gumbel_softmax(jnp.array([0.0, 100.0]), hard=True, rng=jax.random.key(0)).tolist()
        [0.0, 1.0]
    """
    x, dim = _softmax_arguments("gumbel_softmax", logits, dim, None, "logits")
    rng = check.key("gumbel_softmax", "rng", rng, "it is called")
    if hard and x.ndim and x.shape[dim] == 0:
        expected = f"have non-zero size along dim={dim} where hard=True"
        check.fail("gumbel_softmax", "logits", expected, f"shape {x.shape}")
    noise = jax.random.gumbel(rng, x.shape, x.dtype)
    soft = jnp.atleast_1d(_softmax((widened(x) + widened(noise)) / tau, dim))
    if hard:
        first = jnp.expand_dims(jnp.argmax(soft, dim), dim)
        chosen = (lax.broadcasted_iota(first.dtype, soft.shape, dim) == first).astype(soft.dtype)
        soft = chosen - lax.stop_gradient(soft) + soft
    return soft.reshape(x.shape).astype(x.dtype)


def _softmax(x: jax.Array, dim: int) -> jax.Array:
    """Computes the softmax of an array of any rank, in its dtype."""
    return computed_wide(lambda x: lowering.softmax(jnp.atleast_1d(x), dim).reshape(x.shape), x)


def _softmax_arguments(
    where: str, input: ArrayLike, dim: int | None, dtype: DTypeLike | None, name: str = "input"
) -> tuple[jax.Array, int]:
    x = check.array(where, name, input)
    x = x if dtype is None else x.astype(dtype)
    check.floating(where, name, x)
    if dim is None:
        dim = 0 if x.ndim in (0, 1, 3) else 1
    return x, check.axis(where, "dim", dim, x.ndim)
