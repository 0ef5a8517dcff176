"""Layers that take a size from their first input."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

from purenn import check, random
from purenn.docstring import documented
from purenn.layers import batchnorm, conv, instancenorm, linear
from purenn.layers.base import Bound, Layer, Params, State
from purenn.typing import Array, ArrayLike

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

SizeOf: TypeAlias = Callable[[Any, Any], int]  # from a lazy layer and an input, or its arrays by name


class Lazy(Layer):
    """The base of lazy layers, which take a size from their first input, or from the example of `init`.

    Bound without arrays a layer stays lazy. Bound to arrays, it is the layer of the size that their shapes imply.
    """

    lazy: ClassVar[bool] = True
    _target: ClassVar[type[Any]]
    _missing: ClassVar[str]
    _size_of_input: ClassVar[SizeOf]
    _size_of_arrays: ClassVar[SizeOf]

    def normalize(self) -> Mapping[str, Any]:
        return vars(self._becomes(0))

    def _becomes(self, size: int) -> Layer:
        """Makes the layer of a size; 0 stands for an unknown size."""
        return self._target(
            **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)}, **{self._missing: size}
        )

    def draw(self, stream: random.Stream) -> tuple[Params, State]:
        return ({}, {}) if stream.materialized is None else next(stream.materialized).draw(stream)

    def bind(self, params: Params, state: State, **options: Any) -> Bound:
        arrays = {**params, **state}
        return self.of(arrays).bind(params, state, **options) if arrays else super().bind(params, state, **options)

    def of(self, arrays: Mapping[str, Any]) -> Layer:
        """Makes the layer that fits these arrays."""
        return self._becomes(type(self)._size_of_arrays(self, arrays))

    def forward(self, m: Bound, input: ArrayLike, *args: Any, **kwargs: Any) -> Any:
        layer = self._becomes(type(self)._size_of_input(self, check.array(type(self).__name__, "input", input)))
        m._materialize(layer)
        return layer.forward(m, input, *args, **kwargs)

    def extra_repr(self) -> str:
        return self._becomes(0).extra_repr()


def lazy(target: type[Any], size_of_input: SizeOf, size_of_arrays: SizeOf, **defaults: object) -> type[Any]:
    """Makes the lazy class of a layer class: the same constructor without the first argument.

    Args:
        target: the layer class.
        size_of_input: a function of a layer and an input to the size.
        size_of_arrays: a function of a layer and its arrays by name to the size.
        defaults: defaults that replace those of the layer class.
    """
    missing, *fields = dataclasses.fields(target)
    namespace: dict[str, Any] = {"__annotations__": {field.name: field.type for field in fields}}
    for field in fields:
        default = defaults.get(field.name, field.default)
        if default is not dataclasses.MISSING:
            namespace[field.name] = dataclasses.field(default=default, kw_only=bool(field.kw_only))
    namespace |= {
        "_target": target,
        "_missing": missing.name,
        "_size_of_input": staticmethod(size_of_input),
        "_size_of_arrays": staticmethod(size_of_arrays),
        "__module__": __name__,
    }
    return types.new_class(f"Lazy{target.__name__}", (Lazy,), {}, lambda body: body.update(namespace))


def _channels(layer: Layer, x: Array) -> int:
    """The number of channels of a batch."""
    if x.ndim < 2:
        check.fail(type(layer).__name__, "input", "have rank at least 2", f"shape {x.shape}")
    return x.shape[1]


def _channels_before(n: int) -> SizeOf:
    """The number of channels of an input with n spatial dimensions, with or without a batch."""

    def size_of_input(layer: Layer, x: Array) -> int:
        check.rank(type(layer).__name__, "input", x, (n + 1, n + 2), "of a sample or a batch")
        return x.shape[-n - 1]

    return size_of_input


def _last(layer: Layer, x: Array) -> int:
    """The size of the last dimension."""
    if x.ndim < 1:
        check.fail(type(layer).__name__, "input", "have rank at least 1", f"shape {x.shape}")
    return x.shape[-1]


def _array_channels(layer: Layer, arrays: Mapping[str, Any]) -> int:
    """The number of channels, from arrays of one element per channel."""
    return next(array.shape[0] for array in arrays.values() if array.shape)


def _words(target: str, missing: str) -> dict[str, str]:
    """The words that a lazy class adds to the docstring of its layer class."""
    return {
        "name": f"Lazy{target}",
        "lazily": f"; takes ``{missing}`` from its first input",
        "materializes": f"""

    A module takes ``{missing}`` from the input of its first call, in which it becomes a `{target}`. A pure layer takes
    it from the example in ``init(rng, x)``, where ``x`` may be a ``jax.ShapeDtypeStruct``.""",
        "first": "",
        "size": "",
        "example": ", x",
    }


def _conv(rank: int, target: type[Any]) -> type[Any]:
    lazy_class = lazy(target, _channels_before(rank), lambda self, arrays: arrays["weight"].shape[1] * self.groups)
    return conv.document(conv.CONV, rank, **_words(target.__name__, "in_channels"))(lazy_class)


def _conv_transpose(rank: int, target: type[Any]) -> type[Any]:
    lazy_class = lazy(target, _channels_before(rank), lambda self, arrays: arrays["weight"].shape[0])
    return conv.document(conv.CONV_TRANSPOSE, rank, **_words(target.__name__, "in_channels"))(lazy_class)


def _batch_norm(rank: int, target: type[Any]) -> type[Any]:
    lazy_class = lazy(target, _channels, _array_channels, affine=True, track_running_stats=True)
    return batchnorm.document(rank, **_words(target.__name__, "num_features"))(lazy_class)


def _instance_norm(rank: int, target: type[Any]) -> type[Any]:
    lazy_class = lazy(target, _channels_before(rank), _array_channels, affine=True, track_running_stats=True)
    return instancenorm.document(rank, **_words(target.__name__, "num_features"))(lazy_class)


LazyConv1d, LazyConv2d, LazyConv3d = map(_conv, (1, 2, 3), (conv.Conv1d, conv.Conv2d, conv.Conv3d))
LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d = map(
    _conv_transpose, (1, 2, 3), (conv.ConvTranspose1d, conv.ConvTranspose2d, conv.ConvTranspose3d)
)
LazyLinear = documented(linear.LINEAR, None, **_words("Linear", "in_features"))(
    lazy(linear.Linear, _last, lambda self, arrays: arrays["weight"].shape[1])
)
LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d = map(
    _batch_norm, (1, 2, 3), (batchnorm.BatchNorm1d, batchnorm.BatchNorm2d, batchnorm.BatchNorm3d)
)
LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d = map(
    _instance_norm, (1, 2, 3), (instancenorm.InstanceNorm1d, instancenorm.InstanceNorm2d, instancenorm.InstanceNorm3d)
)
