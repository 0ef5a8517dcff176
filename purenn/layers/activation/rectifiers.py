"""Rectifiers: positive elements pass, negative ones are scaled, bent or replaced by 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.layers.activation.common import INPLACE, REAL, activation
from purenn.layers.base import Bound, Layer, Spec
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["CELU", "ELU", "SELU", "LeakyReLU", "PReLU", "RReLU", "ReLU"]


@activation(
    "ReLU()",
    r"Replaces every negative element by 0: :math:`y = \max(0, x)`. The derivative at 0 is 0.",
    "[0.0, 0.0, 1.0]",
    INPLACE,
    raises=REAL,
    source="""Nair and Hinton, *Rectified Linear Units Improve Restricted Boltzmann Machines*,
    2010""",
)
class ReLU(Layer):
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.relu(input)


@activation(
    "LeakyReLU(0.1)",
    """Multiplies every negative element by a small slope: :math:`y = x` where :math:`x > 0`, else :math:`a x`.

    The derivative at 0 is the slope.""",
    "[-0.2, 0.0, 1.0]",
    "negative_slope: the slope :math:`a`.",
    INPLACE,
    source="""Maas, Hannun and Ng, *Rectifier Nonlinearities Improve Neural Network Acoustic
    Models*, 2013""",
)
class LeakyReLU(Layer):
    negative_slope: float = 0.01
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.leaky_relu(input, self.negative_slope)


class _PReLU(Layer):
    """The hyper-parameters of `PReLU`, with ``start`` for ``init``, which is a method of every layer."""

    num_parameters: int = 1
    start: float = 0.25
    device: Any = None
    dtype: DTypeLike | None = None


class PReLU(_PReLU):
    r"""Multiplies every negative element by a learned slope: :math:`y = x` where :math:`x > 0`, else :math:`a x`.

    The derivative at 0 is the slope. The parameter is ``weight``, the slopes :math:`a`, of shape
    :math:`(\text{num\_parameters})`.

    Args:
        num_parameters: the number of slopes: 1 for all channels, or the number of channels.
        init: the initial value of the slopes; also the attribute ``start``.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the slopes; float32 if None.

    Shape: any; the output has the input's shape. The channels are the input's second dimension.

    Raises:
        ValueError: ``num_parameters`` is negative, or isn't 1 or the number of channels in a call.
        TypeError: a call's input isn't floating-point, or has another dtype than the slopes.

    Source: ``torch.nn.PReLU``; He, Zhang, Ren and Sun, *Delving Deep into Rectifiers: Surpassing Human-Level
    Performance on ImageNet Classification*, 2015, https://arxiv.org/abs/1502.01852.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([-4.0, 2.0])
        >>> nn.PReLU()(x).tolist()
        [-1.0, 2.0]
        >>> init, apply = layers.PReLU()  # the same as a pure function
        >>> params, state = init(jax.random.key(0))
        >>> y, state = apply(params, state, x)
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: object = None, dtype: DTypeLike | None = None
    ):
        super().__init__(num_parameters, init, device, dtype)

    def normalize(self) -> Mapping[str, Any]:
        check.integer("PReLU", "num_parameters", self.num_parameters, 0)
        return {}

    def parameters(self) -> Mapping[str, Spec | None]:
        return {"weight": Spec((self.num_parameters,), self.start)}

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.prelu(input, m.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Layer):
    r"""Multiplies every negative element by a random slope of its own.

    .. math:: y_i = x_i \text{ where } x_i > 0, \text{ else } a_i x_i \quad\text{with}\quad a_i \sim U(l, u)

    Outside of training all slopes are :math:`(l + u) / 2`. The derivative at 0 is the slope.

    Args:
        lower: the least slope :math:`l`.
        upper: the largest slope :math:`u`.
        inplace: Ignored; accepted for compatibility with PyTorch.

    Shape: any; the output has the input's shape.

    Raises:
        ValueError: ``lower`` is above ``upper``, one of them is infinite, or `apply` has no ``rng`` in training.
        TypeError: a call's input isn't floating-point.

    Source: ``torch.nn.RReLU``; Xu, Wang, Chen and Li, *Empirical Evaluation of Rectified Activations in Convolutional
    Network*, 2015, https://arxiv.org/abs/1505.00853.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([-2.0, 0.0, 1.0])
        >>> nn.RReLU(0.25, 0.75).eval()(x).tolist()
        [-1.0, 0.0, 1.0]
        >>> y, state = layers.RReLU(0.25, 0.75).apply({}, {}, x, training=True, rng=jax.random.key(0))
    """

    lower: float = 1.0 / 8
    upper: float = 1.0 / 3
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.rrelu(input, self.lower, self.upper, m.training, rng=m.make_rng() if m.training else None)


@activation(
    "ELU()",
    r"""Computes the exponential linear unit: :math:`y = x` where :math:`x > 0`, else :math:`\alpha\,(e^x - 1)`.

    The derivative at 0 is :math:`\alpha`.""",
    "[-0.865, 0.0, 1.0]",
    r"alpha: the factor :math:`\alpha`; the limit at :math:`-\infty` is :math:`-\alpha`.",
    INPLACE,
    source="""Clevert, Unterthiner and Hochreiter, *Fast and Accurate Deep Network Learning by
    Exponential Linear Units (ELUs)*, 2015, https://arxiv.org/abs/1511.07289""",
)
class ELU(Layer):
    alpha: float = 1.0
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.elu(input, self.alpha)


@activation(
    "CELU()",
    r"""Computes the continuously differentiable exponential linear unit.

    .. math:: y = x \text{ where } x > 0, \text{ else } \alpha\,(e^{x / \alpha} - 1)

    The derivative at 0 is 1.""",
    "[-0.865, 0.0, 1.0]",
    r"alpha: the scale :math:`\alpha`, not 0; the limit at :math:`-\infty` is :math:`-\alpha`.",
    INPLACE,
    raises="""ValueError: ``alpha`` is 0 in a call.
        TypeError: a call's input isn't floating-point.""",
    source="""Barron, *Continuously Differentiable Exponential Linear Units*, 2017,
    https://arxiv.org/abs/1704.07483""",
)
class CELU(Layer):
    alpha: float = 1.0
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.celu(input, self.alpha)


@activation(
    "SELU()",
    r"""Computes the scaled exponential linear unit, for which mean 0 and variance 1 are a fixed point.

    .. math:: y = s\,x \text{ where } x > 0, \text{ else } s\,\alpha\,(e^x - 1)

    with :math:`\alpha \approx 1.6733` and :math:`s \approx 1.0507`. The derivative at 0 is :math:`s \alpha`.""",
    "[-1.52, 0.0, 1.051]",
    INPLACE,
    source="""Klambauer, Unterthiner, Mayr and Hochreiter, *Self-Normalizing Neural Networks*, 2017,
    https://arxiv.org/abs/1706.02515""",
)
class SELU(Layer):
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.selu(input)
