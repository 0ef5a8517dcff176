"""Activation layers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import jax
from jax.typing import DTypeLike

from purenn import check
from purenn import functional as F
from purenn.layers.base import Layer, Spec
from purenn.layers.generate import Functional, from_function

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class Hardtanh(Functional, function=F.hardtanh, inputs=("input",)):
    r"""Clips to an interval: :math:`\min(\max(x, a), b)`.

    Args:
        min_val, max_val: the interval's ends :math:`a` and :math:`b`.
        inplace: accepted for torch's sake; arrays are immutable.
        min_value, max_value: the ends under their old names, with a warning.

    Shape: any, which it keeps.

    Raises:
        ValueError: ``max_val`` isn't above ``min_val``.

    Source: ``torch.nn.Hardtanh``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers
        >>> layers.Hardtanh(-2.0, 2.0).apply({}, {}, jnp.array([-3.0, 0.5, 3.0]))[0].tolist()
        [-2.0, 0.5, 2.0]
    """

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ):
        ends = {"min_val": min_val, "max_val": max_val}
        for old, value in (("min_value", min_value), ("max_value", max_value)):
            if value is not None:
                ends[new := old[:-2]] = value
                warnings.warn(f"Hardtanh: {old} is deprecated, say {new}", FutureWarning, stacklevel=2)
        for name, value in {**ends, "inplace": inplace}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_val <= self.min_val:
            check.fail(type(self).__name__, "max_val", f"be greater than min_val={self.min_val}", self.max_val)


class PReLU(Layer, function=F.prelu):
    r"""A `LeakyReLU` with a learned slope: :math:`\max(0, x) + a \min(0, x)`.

    Its array is ``weight``, the slopes :math:`a`, one for all channels or one for each.

    Args:
        num_parameters: how many slopes: 1, or the channels of the input.
        init: the slopes at first. (The layer keeps it as ``start``; its ``init`` makes the arrays.)
        device: accepted for torch's sake.
        dtype: of the array; float32 if None.

    Shape: any, which it keeps; the second dimension has the channels.

    Source: ``torch.nn.PReLU``; He et al., 2015.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.PReLU()
        >>> layer.apply(*layer.init(jax.random.key(0)), jnp.array([-4.0, 2.0]))[0].tolist()
        [-1.0, 2.0]
    """

    num_parameters: int = 1
    start: float = 0.25
    device: Any = None
    dtype: DTypeLike | None = None

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: DTypeLike | None = None):
        given = {"num_parameters": num_parameters, "start": init, "device": device, "dtype": dtype}
        for name, value in given.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def __post_init__(self) -> None:
        super().__post_init__()
        check.integer("PReLU", "num_parameters", self.num_parameters, 0)

    def parameters(self) -> Mapping[str, Spec | None]:
        return {"weight": Spec((self.num_parameters,), self.start)}

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class _Shrink(Functional):
    lambd: float = 0.5

    def extra_repr(self) -> str:
        return str(self.lambd)


class _Softmax2d(Functional):
    def forward(self, m: Any, input: Any) -> jax.Array:
        x = check.array("softmax2d", "input", input)
        check.rank("softmax2d", "input", x, (3, 4), "(C, H, W) or (N, C, H, W)")
        return super().forward(m, x)


CELU = from_function("CELU", F.celu)
ELU = from_function("ELU", F.elu)
GELU = from_function("GELU", F.gelu)
GLU = from_function("GLU", F.glu)
Hardshrink = from_function("Hardshrink", F.hardshrink, base=_Shrink)
Hardsigmoid = from_function("Hardsigmoid", F.hardsigmoid, shown="")
Hardswish = from_function("Hardswish", F.hardswish, shown="")
LeakyReLU = from_function("LeakyReLU", F.leaky_relu, example="LeakyReLU(0.1)")
LogSigmoid = from_function("LogSigmoid", F.logsigmoid)
LogSoftmax = from_function("LogSoftmax", F.log_softmax, example="LogSoftmax(dim=1)")
Mish = from_function("Mish", F.mish)
ReLU = from_function("ReLU", F.relu)
ReLU6 = from_function("ReLU6", F.relu6, fixed={"min_val": 0.0, "max_val": 6.0}, base=Hardtanh)
RReLU = from_function("RReLU", F.rrelu, example="RReLU(0.1, 0.3)")
SELU = from_function("SELU", F.selu)
Sigmoid = from_function("Sigmoid", F.sigmoid)
SiLU = from_function("SiLU", F.silu)
Softmax = from_function("Softmax", F.softmax, example="Softmax(dim=1)")
Softmax2d = from_function("Softmax2d", F.softmax, fixed={"dim": -3}, base=_Softmax2d)
Softmin = from_function("Softmin", F.softmin, example="Softmin(dim=1)")
Softplus = from_function("Softplus", F.softplus)
Softshrink = from_function("Softshrink", F.softshrink, base=_Shrink)
Softsign = from_function("Softsign", F.softsign)
Tanh = from_function("Tanh", F.tanh)
Tanhshrink = from_function("Tanhshrink", F.tanhshrink)
Threshold = from_function("Threshold", F.threshold, example="Threshold(0.1, 20.0)")
