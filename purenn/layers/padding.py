"""Padding layers: five ways to pad, each in one, two and three dimensions."""

from __future__ import annotations

import dataclasses
import types
from typing import Any, ClassVar

import jax

from purenn import check
from purenn import functional as F
from purenn.layers.base import Layer

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


class Pad(Layer):
    """The base of paddings: how they pad, and how many dimensions one number is for."""

    _mode: ClassVar[str]
    _rank: ClassVar[int]

    padding: int | tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        amounts = self.padding if isinstance(self.padding, tuple) else (self.padding,) * (2 * self._rank)
        amounts = tuple(check.integer(type(self).__name__, "padding", p) for p in amounts)
        object.__setattr__(self, "padding", amounts)

    def forward(self, m: Any, input: Any) -> jax.Array:
        return F.pad(input, self.padding, self._mode, getattr(self, "value", None))  # pyright: ignore[reportArgumentType]

    def extra_repr(self) -> str:
        return str(self.padding)


class ConstantPad(Pad):
    """The base of paddings with a constant."""

    value: float

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ZeroPad(ConstantPad):
    """What makes a padding with a constant one with 0."""

    value: float = dataclasses.field(default=0.0, init=False)

    def extra_repr(self) -> str:
        return str(self.padding)


# what stands at the place y_j, l elements being before a dimension of size n
_WORDS = {
    "Circular": r"what stands at the other end, as if the input went round, :math:`y_j = x_{(j - l) \bmod n}`",
    "Constant": "a constant",
    "Reflection": "what stands as far inside of the border as it is outside: "
    r":math:`y_j = x_i` with :math:`i = (n - 1) - \bigl|(n - 1) - |j - l|\bigr|`",
    "Replication": r"the element at the border, :math:`y_j = x_i` with :math:`i = \min(\max(j - l, 0), n - 1)`",
    "Zero": "zeros",
}
_WHERE = {1: "the last dimension", 2: "the last two dimensions", 3: "the last three dimensions"}
_SHAPES = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}


def _family(family: str, mode: str, base: type[Pad], more: tuple[Any, ...] = ()) -> tuple[Any, Any, Any]:
    """The classes of a way to pad, in one, two and three dimensions; ``more`` has a further base of each."""

    def made(rank: int) -> Any:
        name, constant = f"{family}Pad{rank}d", family == "Constant"
        sides = ", ".join(("left, right", "top, bottom", "front, back")[:rank])
        shape = f":math:`{_SHAPES[rank]}` or :math:`{_SHAPES[rank].replace('N, ', '')}`"
        shape = f"any of {rank} or more dimensions" if mode == "constant" else shape
        text = [
            f"Pads {_WHERE[rank]} of an array on both sides with {_WORDS[family]}.",
            "Here, :math:`l` elements come before a dimension of size :math:`n`. Negative numbers shorten it.",
            f"Args:\n    padding: {sides}, or one number for all." + constant * "\n    value: the constant.",
            f"Shape: {shape}; every padded dimension grows by its two numbers.",
            "Raises:\n    ValueError: sizes that don't fit. TypeError: ``padding`` isn't of integers.",
            f"Source: ``torch.nn.{name}``.",
            "Example:\n    >>> import jax.numpy as jnp\n    >>> from purenn import layers\n"
            f"    >>> layer = layers.{name}(1{', 3.5' * constant})\n"
            f"    >>> layer.apply({{}}, {{}}, jnp.ones({(1, *[2] * rank)}))[0].shape\n    {(1, *[4] * rank)}\n",
        ]
        body = {"_mode": mode, "_rank": rank, "__doc__": "\n\n".join(text), "__module__": __name__}
        return types.new_class(name, (base, *more[rank - 1 : rank]), {}, lambda namespace: namespace.update(body))

    return made(1), made(2), made(3)


CircularPad1d, CircularPad2d, CircularPad3d = _family("Circular", "circular", Pad)
ConstantPad1d, ConstantPad2d, ConstantPad3d = _CONSTANT = _family("Constant", "constant", ConstantPad)
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = _family("Reflection", "reflect", Pad)
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = _family("Replication", "replicate", Pad)
ZeroPad1d, ZeroPad2d, ZeroPad3d = _family("Zero", "constant", ZeroPad, _CONSTANT)
