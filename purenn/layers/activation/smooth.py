"""Smooth activation layers."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.activation.common import INPLACE, activation
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike

__all__ = [
    "GELU",
    "GLU",
    "LogSigmoid",
    "Mish",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]

ANY = "TypeError: a call's input isn't an array."
NO_BOOLEANS = "TypeError: a call's input is boolean."


@activation(
    "GELU()",
    r"""Computes the Gaussian error linear unit: :math:`y = x\,\Phi(x)`.

    :math:`\Phi` is the normal distribution function.""",
    "[-0.046, 0.0, 0.841]",
    r"""approximate: ``'none'``, or ``'tanh'`` for
            :math:`\tfrac{x}{2}\bigl(1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715\,x^3))\bigr)`.""",
    raises="""ValueError: ``approximate`` is neither ``'none'`` nor ``'tanh'`` in a call.
        TypeError: a call's input isn't floating-point.""",
    source="""Hendrycks and Gimpel, *Gaussian Error Linear Units (GELUs)*, 2016,
    https://arxiv.org/abs/1606.08415""",
)
class GELU(Layer):
    approximate: str = "none"

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.gelu(input, self.approximate)


@activation(
    "SiLU()",
    r"Computes the sigmoid linear unit, also called swish: :math:`y = x\,\sigma(x)`.",
    "[-0.238, 0.0, 0.731]",
    INPLACE,
    raises="TypeError: a call's input is neither floating-point nor complex.",
    source="""Elfwing, Uchibe and Doya, *Sigmoid-Weighted Linear Units for Neural Network Function
    Approximation in Reinforcement Learning*, 2017, https://arxiv.org/abs/1702.03118""",
)
class SiLU(Layer):
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.silu(input)


@activation(
    "Mish()",
    r"Multiplies every element by the hyperbolic tangent of its softplus: :math:`y = x \tanh(\log(1 + e^x))`.",
    "[-0.253, 0.0, 0.865]",
    INPLACE,
    source="""Misra, *Mish: A Self Regularized Non-Monotonic Activation Function*, 2019,
    https://arxiv.org/abs/1908.08681""",
)
class Mish(Layer):
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.mish(input)


@activation(
    "Sigmoid()",
    "Computes the logistic function: :math:`y = 1 / (1 + e^{-x})`. Integers and booleans become float32.",
    "[0.119, 0.5, 0.731]",
    raises=ANY,
)
class Sigmoid(Layer):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.sigmoid(input)


@activation(
    "LogSigmoid()",
    r"Computes the logarithm of the sigmoid, without its underflow: :math:`y = -\log(1 + e^{-x})`.",
    "[-2.127, -0.693, -0.313]",
)
class LogSigmoid(Layer):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.logsigmoid(input)


@activation(
    "Tanh()",
    r"Computes the hyperbolic tangent: :math:`y = \tanh x`. Integers and booleans become float32.",
    "[-0.964, 0.0, 0.762]",
    raises=ANY,
)
class Tanh(Layer):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.tanh(input)


@activation(
    "Tanhshrink()",
    r"Subtracts the hyperbolic tangent of every element: :math:`y = x - \tanh x`. Integers become float32.",
    "[-1.036, 0.0, 0.238]",
    raises=NO_BOOLEANS,
)
class Tanhshrink(Layer):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.tanhshrink(input)


@activation(
    "Softsign()",
    r"Divides every element by its absolute value plus 1: :math:`y = x / (1 + |x|)`. Integers become float32.",
    "[-0.667, 0.0, 0.5]",
    raises=NO_BOOLEANS,
)
class Softsign(Layer):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.softsign(input)


@activation(
    "Softplus()",
    r"""Computes a smooth rectifier: :math:`y = \log(1 + e^{\beta x}) / \beta`, but :math:`x` where
    :math:`\beta x > t`.""",
    "[0.127, 0.693, 1.313]",
    r"beta: the sharpness :math:`\beta`.",
    r"threshold: the value :math:`t` of :math:`\beta x` above which the input is returned.",
)
class Softplus(Layer):
    beta: float = 1.0
    threshold: float = 20.0

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.softplus(input, self.beta, self.threshold)


class GLU(Layer):
    r"""Multiplies one half of a dimension by the sigmoid of the other: :math:`y = a\,\sigma(b)`, the gated linear unit.

    Args:
        dim: the dimension whose halves are :math:`a` and :math:`b`.

    Shape: any, of even size along ``dim``; the output has half that size.

    Raises:
        ValueError: the size of a call's input along ``dim`` is odd, or the input is a scalar.
        IndexError: a call's input has no such dimension.
        TypeError: a call's input isn't floating-point.

    Source: ``torch.nn.GLU``; Dauphin, Fan, Auli and Grangier, *Language Modeling with Gated Convolutional Networks*,
    2016, https://arxiv.org/abs/1612.08083.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([2.0, 4.0, 0.0, 0.0])
        >>> nn.GLU()(x).tolist()
        [1.0, 2.0]
        >>> y, state = layers.GLU().apply({}, {}, x)  # the same as a pure function
    """

    dim: int = -1

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.glu(input, self.dim)
