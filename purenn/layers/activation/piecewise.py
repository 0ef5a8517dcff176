"""Piecewise linear activation layers."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.layers.activation.common import INPLACE, REAL, activation
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike

__all__ = ["Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "ReLU6", "Softshrink", "Threshold"]


@activation(
    "Threshold(0.5, 20.0)",
    """Replaces every element that isn't above a threshold: :math:`y = x` where :math:`x > t`, else :math:`v`.

    The derivative at the threshold is 0.""",
    "[20.0, 20.0, 1.0]",
    "threshold: the threshold :math:`t`.",
    "value: the value :math:`v` in place of the replaced elements.",
    INPLACE,
    raises="TypeError: a call's input is boolean or complex, or ``threshold`` or ``value`` is not a number.",
)
class Threshold(Layer):
    threshold: float
    value: float
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.threshold(input, self.threshold, self.value)


class _Interval(Layer):
    """The hyper-parameters of `Hardtanh`; its constructor has more arguments."""

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False


@activation(
    "Hardtanh(-1.5, 0.5)",
    r"Clips every element to an interval: :math:`y = \min(\max(x, a), b)`. The derivative at the ends is 0.",
    "[-1.5, 0.0, 0.5]",
    "min_val: the lower end :math:`a`.",
    "max_val: the upper end :math:`b`.",
    INPLACE,
    "min_value: deprecated name of ``min_val``, with a warning.",
    "max_value: deprecated name of ``max_val``, with a warning.",
    raises=f"""ValueError: ``max_val`` isn't above ``min_val``.
        {REAL}""",
)
class Hardtanh(_Interval):
    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ):
        if min_value is not None:
            min_val = min_value
            warnings.warn("Hardtanh: min_value is deprecated: use min_val", FutureWarning, stacklevel=2)
        if max_value is not None:
            max_val = max_value
            warnings.warn("Hardtanh: max_value is deprecated: use max_val", FutureWarning, stacklevel=2)
        super().__init__(min_val, max_val, inplace)

    def normalize(self) -> Mapping[str, Any]:
        if self.max_val <= self.min_val:
            check.fail(type(self).__name__, "max_val", f"be greater than min_val={self.min_val}", self.max_val)
        return {}

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.hardtanh(input, self.min_val, self.max_val)


@activation(
    "ReLU6()",
    r"Clips every element to [0, 6]: :math:`y = \min(\max(x, 0), 6)`. The derivatives at 0 and 6 are 0.",
    "[0.0, 0.0, 1.0]",
    INPLACE,
    raises=REAL,
    source="Krizhevsky, *Convolutional Deep Belief Networks on CIFAR-10*, 2010",
)
class ReLU6(Hardtanh):
    min_val: float = dataclasses.field(default=0.0, init=False)
    max_val: float = dataclasses.field(default=6.0, init=False)
    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.relu6(input)


class _Shrink(Layer):
    """The base of shrinkages. Their repr has the bound without its name."""

    lambd: float = 0.5

    def extra_repr(self) -> str:
        return str(self.lambd)


@activation(
    "Hardshrink(1.5)",
    r"""Replaces every small element by 0: :math:`y = 0` where :math:`|x| \le \lambda`, else :math:`x`.

    The derivative at the bounds is 0.""",
    "[-2.0, 0.0, 0.0]",
    r"lambd: the bound :math:`\lambda`.",
)
class Hardshrink(_Shrink):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.hardshrink(input, self.lambd)


@activation(
    "Softshrink(0.5)",
    r"""Moves every element towards 0 by a distance: :math:`y = \operatorname{sgn}(x) \max(|x| - \lambda, 0)`.

    The derivative at :math:`\pm \lambda` is 0.""",
    "[-1.5, 0.0, 0.5]",
    r"lambd: the distance :math:`\lambda`, at least 0.",
    raises="""ValueError: ``lambd`` is negative in a call, or above the largest number of the input's dtype.
        TypeError: a call's input isn't floating-point.""",
)
class Softshrink(_Shrink):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.softshrink(input, self.lambd)


@activation(
    "Hardsigmoid()",
    r"""Computes a piecewise linear sigmoid: :math:`y = \min(\max(x + 3, 0), 6) / 6`.

    The derivatives at -3 and 3 are 0.""",
    "[0.167, 0.5, 0.667]",
    INPLACE,
)
class Hardsigmoid(Layer):
    repr_fields = ()

    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.hardsigmoid(input)


@activation(
    "Hardswish()",
    r"""Multiplies every element by its `Hardsigmoid`: :math:`y = x \min(\max(x + 3, 0), 6) / 6`.

    The derivatives at -3 and 3 are 0 and 1.""",
    "[-0.333, 0.0, 0.667]",
    INPLACE,
    source="Howard et al., *Searching for MobileNetV3*, 2019, https://arxiv.org/abs/1905.02244",
)
class Hardswish(Layer):
    repr_fields = ()

    inplace: bool = False

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.hardswish(input)
