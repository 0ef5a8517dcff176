"""Layers that take a size from their first input."""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from purenn import check
from purenn.layers import batchnorm, conv, instancenorm, linear
from purenn.layers.base import Bound, Layer, Params, State

Size = Callable[[Any, Any], int]


class Lazy(Layer):
    """The base of lazy layers: in the first call, or by `init`'s example, one becomes the layer of the size it sees.

    Without arrays it is itself; with arrays, whose shapes say the size, it is bound as what it became.
    """

    lazy: ClassVar[bool] = True
    _target: ClassVar[type[Any]]
    _missing: ClassVar[str]
    _seen: ClassVar[Size]
    _held: ClassVar[Size]

    def __post_init__(self) -> None:
        super().__post_init__()
        plain = self._becomes(0)  # checks the arguments
        vars(self).update(vars(plain))

    def _becomes(self, size: int) -> Layer:
        return self._target(
            **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)}, **{self._missing: size}
        )

    def draw(self, stream: Any) -> tuple[Params, State]:
        return ({}, {}) if stream.settled is None else next(stream.settled).draw(stream)

    def bind(self, params: Params, state: State, **options: Any) -> Bound:
        held = {**params, **state}
        return self.of(held).bind(params, state, **options) if held else super().bind(params, state, **options)

    def of(self, held: Mapping[str, Any]) -> Layer:
        """What it becomes with these arrays."""
        return self._becomes(type(self)._held(self, held))

    def forward(self, m: Any, input: Any, *args: Any, **kwargs: Any) -> Any:
        layer = self._becomes(type(self)._seen(self, check.array(type(self).__name__, "input", input)))
        m._settle(layer)
        return layer.forward(m, input, *args, **kwargs)

    def extra_repr(self) -> str:
        return self._becomes(0).extra_repr()


def lazy(target: type[Any], seen: Size, held: Size, example: str, **defaults: Any) -> type[Any]:
    """The lazy class of a class of layers: its constructor without the first argument, which an input tells.

    Args:
        target: the class.
        seen: what the size is of a layer and an input.
        held: what the size is of a layer and its arrays by name.
        example: the constructor's arguments for the documentation.
        defaults: where they are other than the class's.
    """
    missing, *rest = dataclasses.fields(target)
    namespace: dict[str, Any] = {"__annotations__": {field.name: field.type for field in rest}}
    for field in rest:
        default = defaults.get(field.name, field.default)
        if default is not dataclasses.MISSING:
            namespace[field.name] = dataclasses.field(default=default, kw_only=bool(field.kw_only))
    name = f"Lazy{target.__name__}"
    namespace |= {
        "_target": target,
        "_missing": missing.name,
        "_seen": staticmethod(seen),
        "_held": staticmethod(held),
        "__module__": sys._getframe(1).f_globals["__name__"],
        "__doc__": _DOCUMENTATION.format(
            name=name,
            target=target.__name__,
            missing=missing.name,
            example=example,
            shape=_SHAPES[target.__name__[-2:]],
        ),
    }
    return types.new_class(name, (Lazy,), {}, lambda body: body.update(namespace))


_SHAPES = {"ar": (2, 3), "1d": (2, 3, 4), "2d": (2, 3, 4, 4), "3d": (2, 3, 4, 4, 4)}
_DOCUMENTATION = """`{target}` whose ``{missing}`` is the first input's.

The other arguments are `{target}`'s. A pure layer finds the size in an example, ``init(rng, x)``, where x may be a
``jax.ShapeDtypeStruct``; a module in its first call, in which it becomes a `{target}`.

Source: ``torch.nn.{name}``.

Example:
    >>> import jax, jax.numpy as jnp
    >>> from purenn import layers
    >>> layer = layers.{name}({example})
    >>> params, state = layer.init(jax.random.key(0), jnp.ones({shape}))
    >>> layer.apply(params, state, jnp.ones({shape}))[0].shape[0]
    2
"""


def _unbatched_channels(layer: Any, x: Any) -> int:
    n = layer._target._rank
    check.rank(type(layer).__name__, "input", x, (n + 1, n + 2), "of a sample or a batch")
    return x.shape[-n - 1]


def _channels(layer: Any, x: Any) -> int:
    if x.ndim < 2:
        check.fail(type(layer).__name__, "input", "have rank at least 2", f"shape {x.shape}")
    return x.shape[1]


def _last(layer: Any, x: Any) -> int:
    if x.ndim < 1:
        check.fail(type(layer).__name__, "input", "have rank at least 1", f"shape {x.shape}")
    return x.shape[-1]


def _conv(target: type[Any]) -> type[Any]:
    return lazy(target, _unbatched_channels, lambda self, held: held["weight"].shape[1] * self.groups, "4, 3")


def _conv_transpose(target: type[Any]) -> type[Any]:
    return lazy(target, _unbatched_channels, lambda self, held: held["weight"].shape[0], "4, 3")


def _norm(target: type[Any], seen: Size) -> type[Any]:
    def held_channels(layer: Any, held: Mapping[str, Any]) -> int:
        return next(array.shape[0] for array in held.values() if array.shape)

    return lazy(target, seen, held_channels, "", affine=True, track_running_stats=True)


LazyLinear = lazy(linear.Linear, _last, lambda self, held: held["weight"].shape[1], "4")
LazyConv1d, LazyConv2d, LazyConv3d = map(_conv, (conv.Conv1d, conv.Conv2d, conv.Conv3d))
LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d = map(
    _conv_transpose, (conv.ConvTranspose1d, conv.ConvTranspose2d, conv.ConvTranspose3d)
)
LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d = (
    _norm(t, _channels) for t in (batchnorm.BatchNorm1d, batchnorm.BatchNorm2d, batchnorm.BatchNorm3d)
)
LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d = (
    _norm(t, _unbatched_channels)
    for t in (instancenorm.InstanceNorm1d, instancenorm.InstanceNorm2d, instancenorm.InstanceNorm3d)
)

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]
