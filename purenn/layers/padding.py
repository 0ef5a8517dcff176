"""Padding layers: five ways to pad, each in one, two and three dimensions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike, Size

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

T = TypeVar("T")


class Pad(Layer):
    """The base of paddings, which store one number per side."""

    _rank: ClassVar[int]

    padding: Size

    def normalize(self) -> Mapping[str, Any]:
        amounts = self.padding if isinstance(self.padding, tuple) else (self.padding,) * (2 * self._rank)
        return {"padding": tuple(check.integer(type(self).__name__, "padding", p) for p in amounts)}

    def _amounts(self) -> tuple[int, ...]:
        assert isinstance(self.padding, tuple)
        return self.padding

    def extra_repr(self) -> str:
        return str(self.padding)


_PAD = r"""Pads $inputs on all sides with $values.

    $formula

    Args:
        padding: the numbers of elements, ``($sides)``, or one number for all sides. Negative numbers remove
            elements.$value

    Shape: $shapes, where :math:`W' = W + \text{left} + \text{right}`$further.

    Raises:
        ValueError: a call's input doesn't fit ``padding``.
        TypeError: ``padding`` doesn't consist of integers, or the dtype of a call's input doesn't fit.

    Source: ``torch.nn.$name``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> nn.$name($arguments)(x).shape
        $y
        >>> y, state = layers.$name($arguments).apply({}, {}, x)  # the same as a pure function
    """

_FAMILIES = {
    "Circular": {
        "values": "the elements at the opposite end",
        "formula": r""".. math:: y_j = x_{(j - l) \bmod n}

    where :math:`l` elements are added before a dimension of size :math:`n`. No side may have more than :math:`n`.""",
    },
    "Constant": {
        "values": "a constant",
        "formula": r""".. math:: y_j = x_{j - l}

    where :math:`l` elements are added before a dimension, and the constant where there is no such element.""",
        "value": "\n        value: the constant.",
        "arguments": "1, 3.5",
    },
    "Reflection": {
        "values": "the elements mirrored at the border",
        "formula": r""".. math:: y_j = x_i \qquad i = (n - 1) - \bigl|(n - 1) - |j - l|\bigr|

    where :math:`l` elements are added before a dimension of size :math:`n`. No side may have more than
    :math:`n - 1`.""",
    },
    "Replication": {
        "values": "the element at the border",
        "formula": r""".. math:: y_j = x_i \qquad i = \min(\max(j - l, 0), n - 1)

    where :math:`l` elements are added before a dimension of size :math:`n`.""",
    },
    "Zero": {
        "values": "zeros",
        "formula": r""".. math:: y_j = x_{j - l}

    where :math:`l` elements are added before a dimension, and 0 where there is no such element.""",
    },
}


def _documented(family: str, rank: int) -> Callable[[T], T]:
    """Documents the class of a family for a number of spatial dimensions."""
    sizes = {1: "W", 2: "H, W", 3: "D, H, W"}[rank]
    out = {1: "W'", 2: "H', W'", 3: "D', H', W'"}[rank]
    leading = ("*",) if family in ("Constant", "Zero") else ("N, C", "C")
    shapes = (" or ".join(f":math:`({first}, {last})`" for first in leading) for last in (sizes, out))
    return documented(
        _PAD,
        rank,
        name=f"{family}Pad{rank}d",
        sides=", ".join(("left, right", "top, bottom", "front, back")[:rank]),
        shapes=" to ".join(shapes),
        further={1: "", 2: " and :math:`H'` likewise", 3: ", :math:`H'` and :math:`D'` likewise"}[rank],
        x=str((1, 2, *[4] * rank)),
        y=str((1, 2, *[6] * rank)),
        **{"value": "", "arguments": "1", **_FAMILIES[family]},
    )


class _CircularPad(Pad):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.pad(input, self._amounts(), "circular")


@_documented("Circular", 1)
class CircularPad1d(_CircularPad):
    _rank = 1


@_documented("Circular", 2)
class CircularPad2d(_CircularPad):
    _rank = 2


@_documented("Circular", 3)
class CircularPad3d(_CircularPad):
    _rank = 3


class _ConstantPad(Pad):
    value: float

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.pad(input, self._amounts(), "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


@_documented("Constant", 1)
class ConstantPad1d(_ConstantPad):
    _rank = 1


@_documented("Constant", 2)
class ConstantPad2d(_ConstantPad):
    _rank = 2


@_documented("Constant", 3)
class ConstantPad3d(_ConstantPad):
    _rank = 3


class _ReflectionPad(Pad):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.pad(input, self._amounts(), "reflect")


@_documented("Reflection", 1)
class ReflectionPad1d(_ReflectionPad):
    _rank = 1


@_documented("Reflection", 2)
class ReflectionPad2d(_ReflectionPad):
    _rank = 2


@_documented("Reflection", 3)
class ReflectionPad3d(_ReflectionPad):
    _rank = 3


class _ReplicationPad(Pad):
    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.pad(input, self._amounts(), "replicate")


@_documented("Replication", 1)
class ReplicationPad1d(_ReplicationPad):
    _rank = 1


@_documented("Replication", 2)
class ReplicationPad2d(_ReplicationPad):
    _rank = 2


@_documented("Replication", 3)
class ReplicationPad3d(_ReplicationPad):
    _rank = 3


class _ZeroPad(_ConstantPad):
    value: float = dataclasses.field(default=0.0, init=False)

    def extra_repr(self) -> str:
        return str(self.padding)


@_documented("Zero", 1)
class ZeroPad1d(_ZeroPad, ConstantPad1d):
    pass


@_documented("Zero", 2)
class ZeroPad2d(_ZeroPad, ConstantPad2d):
    pass


@_documented("Zero", 3)
class ZeroPad3d(_ZeroPad, ConstantPad3d):
    pass
