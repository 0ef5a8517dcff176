"""Activations: functions of every element, and the softmaxes.

Here are the smooth ones; those of straight pieces are in `_piecewise`, the softmaxes in `_softmax`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.lowering import activation as lowering
from purenn.lowering.dtypes import widened
from purenn.lowering.norm import modulus, quotient

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "logsigmoid",
    "mish",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "tanh",
    "tanhshrink",
]


def gelu(input: Any, approximate: str = "none") -> jax.Array:
    r"""The Gaussian error linear unit: :math:`x\,\Phi(x)`, with :math:`\Phi` the normal distribution function.

    Args:
        input: of any shape.
        approximate: ``'none'``, or ``'tanh'`` for
            :math:`\tfrac{x}{2}\bigl(1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715\,x^3))\bigr)`.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: another ``approximate``. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.gelu``; Hendrycks and Gimpel, 2016.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.gelu(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.8413]
    """
    x, dtype = _wide("gelu", input)
    check.choice("gelu", "approximate", approximate, ("none", "tanh"))
    return (lowering.tanh_gelu if approximate == "tanh" else lowering.gelu)(x).astype(dtype)


def silu(input: Any, inplace: bool = False) -> jax.Array:
    r"""The sigmoid linear unit, also called swish: :math:`x\,\sigma(x)`.

    Args:
        input: of any shape.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``.

    Source: ``torch.nn.functional.silu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.silu(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.7311]
    """
    x = check.array("silu", "input", input)
    check.inexact("silu", "input", x)
    return lowering.silu(widened(x)).astype(x.dtype)


def tanh(input: Any) -> jax.Array:
    r"""The hyperbolic tangent :math:`\tanh x`; integers and booleans become float32.

    Args:
        input: of any shape.

    Source: ``torch.nn.functional.tanh``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.tanh(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.7616]
    """
    x = _promoted(check.array("tanh", "input", input))
    return jnp.tanh(widened(x)).astype(x.dtype)


def sigmoid(input: Any) -> jax.Array:
    r"""The logistic function :math:`1 / (1 + e^{-x})`; integers and booleans become float32.

    Args:
        input: of any shape.

    Source: ``torch.nn.functional.sigmoid``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.sigmoid(jnp.array([0.0])).tolist()
        [0.5]
    """
    x = _promoted(check.array("sigmoid", "input", input))
    return lax.logistic(widened(x)).astype(x.dtype)


def _promoted(x: jax.Array) -> jax.Array:
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jnp.float32)


def _wide(where: str, input: Any) -> tuple[jax.Array, Any]:
    """The input in the dtype that is computed in, and its own dtype."""
    x = check.array(where, "input", input)
    check.floating(where, "input", x)
    return widened(x), x.dtype


def _elu(where: str, input: Any, alpha: float, scale: float = 1.0, narrow: bool = False) -> jax.Array:
    x, dtype = _wide(where, input)
    below = jnp.where(x < 0, x, 0)  # where the exponential would overflow it isn't used
    below = alpha * lowering.expm1(below / alpha if narrow else below)
    kink = x if narrow else x * alpha  # torch's at 0: the slope from below, and no curvature
    return (scale * jnp.where(x < 0, below, jnp.where(x == 0, kink, x))).astype(dtype)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> jax.Array:
    r"""The exponential linear unit: :math:`x` where :math:`x > 0`, else :math:`\alpha\,(e^x - 1)`.

    Args:
        input: of any shape.
        alpha: the factor :math:`\alpha`.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivative at 0 is ``alpha``.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.elu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.elu(jnp.array([-100.0, 2.0])).tolist()
        [-1.0, 2.0]
    """
    return _elu("elu", input, alpha)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> jax.Array:
    r"""The continuously differentiable `elu`: :math:`x` where :math:`x > 0`, else :math:`\alpha\,(e^{x / \alpha} - 1)`.

    Args:
        input: of any shape.
        alpha: the factor :math:`\alpha`, not 0.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivative at 0 is 1.

    Raises:
        ValueError: ``alpha`` is 0. TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.celu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.celu(jnp.array([-100.0, 2.0]), 0.5).tolist()
        [-0.5, 2.0]
    """
    if alpha == 0:
        check.fail("celu", "alpha", "be other than 0", alpha)
    return _elu("celu", input, alpha, narrow=True)


def selu(input: Any, inplace: bool = False) -> jax.Array:
    r"""The scaled `elu`, under which mean 0 and variance 1 are a fixed point: :math:`s\,\text{elu}_\alpha(x)`.

    The constants are :math:`\alpha \approx 1.6733` and :math:`s \approx 1.0507`; Klambauer et al., 2017.

    Args:
        input: of any shape.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``. The derivative at 0 is :math:`s \alpha`, about 1.758.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.selu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.selu(jnp.array([-100.0, 1.0])).tolist()]
        [-1.7581, 1.0507]
    """
    return _elu("selu", input, 1.6732632423543772, 1.0507009873554805)


def glu(input: Any, dim: int = -1) -> jax.Array:
    r"""The gated linear unit: :math:`a\,\sigma(b)` for the two halves :math:`a` and :math:`b` of a dimension.

    Args:
        input: of any shape, of even size along ``dim``.
        dim: the dimension.

    Returns:
        An array of half the size along ``dim``.

    Raises:
        ValueError: an odd size, or a scalar. IndexError: no such dimension. TypeError: an input that isn't
            floating-point.

    Source: ``torch.nn.functional.glu``; Dauphin et al., 2016.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.glu(jnp.array([2.0, 4.0, 0.0, 0.0])).tolist()
        [1.0, 2.0]
    """
    x, dtype = _wide("glu", input)
    if x.ndim == 0:
        check.fail("glu", "input", "have rank 1 or more", "shape ()")
    dim = check.axis("glu", "dim", dim, x.ndim)
    if x.shape[dim] % 2:
        check.fail("glu", "input", f"have even size along dim={dim}", f"shape {x.shape}")
    value, gate = jnp.split(x, 2, axis=dim)
    return lowering.gated(value, gate).astype(dtype)


def logsigmoid(input: Any) -> jax.Array:
    r"""The logarithm of `sigmoid`, without its underflow: :math:`-\log(1 + e^{-x})`.

    Args:
        input: of any shape.

    Returns:
        An array like ``input``.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.logsigmoid``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.logsigmoid(jnp.array([-1e4])).tolist()
        [-10000.0]
    """
    x, dtype = _wide("logsigmoid", input)
    return lowering.log_sigmoid(x).astype(dtype)


def softplus(input: Any, beta: float = 1, threshold: float = 20) -> jax.Array:
    r"""A smooth `relu`: :math:`\log(1 + e^{\beta x}) / \beta`, but :math:`x` where :math:`\beta x > t`.

    Args:
        input: of any shape.
        beta: the sharpness :math:`\beta`.
        threshold: :math:`t`, above which the input is returned.

    Returns:
        An array like ``input``.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.softplus``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.softplus(jnp.array([0.0, 30.0])).tolist()]
        [0.6931, 30.0]
    """
    x, dtype = _wide("softplus", input)
    straight = x * beta > threshold
    bent = jnp.where(straight, 0, x) * beta
    return jnp.where(straight, x, jnp.logaddexp(bent, jnp.zeros_like(bent)) / beta).astype(dtype)


def mish(input: Any, inplace: bool = False) -> jax.Array:
    r"""The input times the hyperbolic tangent of its `softplus`: :math:`x \tanh(\log(1 + e^x))`.

    Args:
        input: of any shape.
        inplace: accepted for torch's sake; arrays are immutable.

    Returns:
        An array like ``input``.

    Raises:
        TypeError: an input that isn't floating-point.

    Source: ``torch.nn.functional.mish``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.mish(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.8651]
    """
    x, dtype = _wide("mish", input)
    return lowering.mish(x).astype(dtype)


def tanhshrink(input: Any) -> jax.Array:
    r"""The input without its hyperbolic tangent: :math:`x - \tanh x`; integers become float32.

    Args:
        input: of any shape.

    Returns:
        An array like ``input``.

    Raises:
        TypeError: a boolean input.

    Source: ``torch.nn.functional.tanhshrink``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> [round(y, 4) for y in F.tanhshrink(jnp.array([0.0, 1.0])).tolist()]
        [0.0, 0.2384]
    """
    x = _promoted(_number_array("tanhshrink", input))
    return lowering.tanh_shrink(widened(x)).astype(x.dtype)


def _number_array(where: str, input: Any) -> jax.Array:
    x = check.array(where, "input", input)
    if x.dtype == bool:
        check.fail(where, "input", "be an array of numbers", "dtype bool", TypeError)
    return x


def softsign(input: Any) -> jax.Array:
    r"""The input divided by 1 more than its modulus: :math:`x / (1 + |x|)`; integers become float32.

    Args:
        input: of any shape.

    Returns:
        An array like ``input``.

    Raises:
        TypeError: a boolean input.

    Source: ``torch.nn.functional.softsign``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.softsign(jnp.array([-3.0, 1.0])).tolist()
        [-0.75, 0.5]
    """
    x = _promoted(_number_array("softsign", input))
    wide = widened(x)
    return quotient(wide, (modulus(wide) + 1).astype(wide.dtype)).astype(x.dtype)
