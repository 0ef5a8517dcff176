"""Smooth activations."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.activation.common import wide
from purenn.lowering import activation as lowering
from purenn.lowering.dtypes import computed_wide
from purenn.lowering.norm import modulus, quotient
from purenn.typing import Array, ArrayLike

__all__ = [
    "gelu",
    "glu",
    "logsigmoid",
    "mish",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "tanh",
    "tanhshrink",
]


def gelu(input: ArrayLike, approximate: str = "none") -> Array:
    r"""Computes the Gaussian error linear unit: :math:`y = x\,\Phi(x)`.

    :math:`\Phi` is the normal distribution function.

    Args:
        input: of any shape, floating-point.
        approximate: ``'none'``, or ``'tanh'`` for
            :math:`\tfrac{x}{2}\bigl(1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715\,x^3))\bigr)`.

    Returns:
        An array of the input's shape and dtype.

    Raises:
        ValueError: ``approximate`` is neither ``'none'`` nor ``'tanh'``.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.gelu``; Hendrycks and Gimpel, *Gaussian Error Linear Units (GELUs)*, 2016,
    https://arxiv.org/abs/1606.08415.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.gelu(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.8413]
    """
    x, dtype = wide("gelu", input)
    check.choice("gelu", "approximate", approximate, ("none", "tanh"))
    return (lowering.tanh_gelu if approximate == "tanh" else lowering.gelu)(x).astype(dtype)


def silu(input: ArrayLike, inplace: bool = False) -> Array:
    r"""Computes the sigmoid linear unit, also called swish: :math:`y = x\,\sigma(x)`.

    Args:
        input: of any shape, floating-point or complex.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype.

    Raises:
        TypeError: the input is neither floating-point nor complex.

    Source: ``torch.nn.functional.silu``; Elfwing, Uchibe and Doya, *Sigmoid-Weighted Linear Units for Neural Network
    Function Approximation in Reinforcement Learning*, 2017, https://arxiv.org/abs/1702.03118.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.silu(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.7311]
    """
    x = check.array("silu", "input", input)
    check.inexact("silu", "input", x)
    return computed_wide(lowering.silu, x)


def tanh(input: ArrayLike) -> Array:
    r"""Computes the hyperbolic tangent: :math:`y = \tanh x`.

    Args:
        input: of any shape.

    Returns:
        An array of the input's shape and dtype; float32 for integers and booleans.

    Source: ``torch.nn.functional.tanh``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.tanh(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.7616]
    """
    return computed_wide(jnp.tanh, _promoted("tanh", input))


def sigmoid(input: ArrayLike) -> Array:
    """Computes the logistic function: :math:`y = 1 / (1 + e^{-x})`.

    Args:
        input: of any shape.

    Returns:
        An array of the input's shape and dtype; float32 for integers and booleans.

    Source: ``torch.nn.functional.sigmoid``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.sigmoid(jnp.array([0.0])).tolist()
        [0.5]
    """
    return computed_wide(lax.logistic, _promoted("sigmoid", input))


def _promoted(where: str, input: ArrayLike, booleans: bool = True) -> jax.Array:
    """Gives the input as an array, in float32 for integers and, unless they are refused, booleans."""
    x = check.array(where, "input", input)
    if not booleans:
        check.numeric(where, "input", x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jnp.float32)


def glu(input: ArrayLike, dim: int = -1) -> Array:
    r"""Multiplies one half of a dimension by the sigmoid of the other: :math:`y = a\,\sigma(b)`, the gated linear unit.

    Args:
        input: of any shape, of even size along ``dim``, floating-point. Its halves are :math:`a` and :math:`b`.
        dim: the dimension that is halved.

    Returns:
        An array of the input's dtype, of half the size along ``dim``.

    Raises:
        ValueError: the size along ``dim`` is odd, or the input is a scalar.
        IndexError: the input has no such dimension.
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.glu``; Dauphin, Fan, Auli and Grangier, *Language Modeling with Gated Convolutional
    Networks*, 2016, https://arxiv.org/abs/1612.08083.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.glu(jnp.array([2.0, 4.0, 0.0, 0.0])).tolist()
        [1.0, 2.0]
    """
    x, dtype = wide("glu", input)
    if x.ndim == 0:
        check.fail("glu", "input", "have rank 1 or more", "shape ()")
    dim = check.axis("glu", "dim", dim, x.ndim)
    if x.shape[dim] % 2:
        check.fail("glu", "input", f"have even size along dim={dim}", f"shape {x.shape}")
    value, gate = jnp.split(x, 2, axis=dim)
    return lowering.gated(value, gate).astype(dtype)


def logsigmoid(input: ArrayLike) -> Array:
    r"""Computes the logarithm of the sigmoid, without its underflow: :math:`y = -\log(1 + e^{-x})`.

    Args:
        input: of any shape, floating-point.

    Returns:
        An array of the input's shape and dtype.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.logsigmoid``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.logsigmoid(jnp.array([-1e4])).tolist()
        [-10000.0]
    """
    x, dtype = wide("logsigmoid", input)
    return lowering.log_sigmoid(x).astype(dtype)


def softplus(input: ArrayLike, beta: float = 1, threshold: float = 20) -> Array:
    r"""Computes a smooth rectifier: :math:`y = \log(1 + e^{\beta x}) / \beta`, but :math:`x` where :math:`\beta x > t`.

    Args:
        input: of any shape, floating-point.
        beta: the sharpness :math:`\beta`.
        threshold: the value :math:`t` of :math:`\beta x` above which the input is returned.

    Returns:
        An array of the input's shape and dtype.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.softplus``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.softplus(jnp.array([0.0, 30.0])).tolist()]
        [0.6931, 30.0]
    """
    x, dtype = wide("softplus", input)
    straight = x * beta > threshold
    bent = jnp.where(straight, 0, x) * beta
    return jnp.where(straight, x, jnp.logaddexp(bent, jnp.zeros_like(bent)) / beta).astype(dtype)


def mish(input: ArrayLike, inplace: bool = False) -> Array:
    r"""Multiplies every element by the hyperbolic tangent of its softplus: :math:`y = x \tanh(\log(1 + e^x))`.

    Args:
        input: of any shape, floating-point.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Returns:
        An array of the input's shape and dtype.

    Raises:
        TypeError: the input isn't floating-point.

    Source: ``torch.nn.functional.mish``; Misra, *Mish: A Self Regularized Non-Monotonic Activation Function*, 2019,
    https://arxiv.org/abs/1908.08681.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.mish(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.8651]
    """
    x, dtype = wide("mish", input)
    return lowering.mish(x).astype(dtype)


def tanhshrink(input: ArrayLike) -> Array:
    r"""Subtracts the hyperbolic tangent of every element: :math:`y = x - \tanh x`.

    Args:
        input: of any shape; not boolean.

    Returns:
        An array of the input's shape and dtype; float32 for integers.

    Raises:
        TypeError: the input is boolean.

    Source: ``torch.nn.functional.tanhshrink``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.tanhshrink(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.2384]
    """
    return computed_wide(lowering.tanh_shrink, _promoted("tanhshrink", input, booleans=False))


def softsign(input: ArrayLike) -> Array:
    """Divides every element by its absolute value plus 1: :math:`y = x / (1 + |x|)`.

    Args:
        input: of any shape; not boolean.

    Returns:
        An array of the input's shape and dtype; float32 for integers.

    Raises:
        TypeError: the input is boolean.

    Source: ``torch.nn.functional.softsign``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.softsign(jnp.array([-3.0, 1.0])).tolist()
        [-0.75, 0.5]
    """
    x = _promoted("softsign", input, booleans=False)
    return computed_wide(lambda x: quotient(x, (modulus(x) + 1).astype(x.dtype)), x)
