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

SizeOf: TypeAlias = Callable[[Any, Any], int]  # gives a size from a lazy layer and an input, or its arrays by name


class Lazy(Layer):
    """The base of lazy layers, which take a size from their first input, or from the example that `init` is given.

    Without arrays a layer stays lazy. With arrays, whose shapes tell the size, the layer of that size is bound.
    """

    lazy: ClassVar[bool] = True
    _target: ClassVar[type[Any]]
    _missing: ClassVar[str]
    _size_of_input: ClassVar[SizeOf]
    _size_of_arrays: ClassVar[SizeOf]

    def normalize(self) -> Mapping[str, Any]:
        return vars(self._becomes(0))

    def _becomes(self, size: int) -> Layer:
        """Makes the layer for a size; 0 stands for one that is not known yet."""
        return self._target(
            **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)}, **{self._missing: size}
        )

    def draw(self, stream: random.Stream) -> tuple[Params, State]:
        return ({}, {}) if stream.materialized is None else next(stream.materialized).draw(stream)

    def bind(self, params: Params, state: State, **options: Any) -> Bound:
        arrays = {**params, **state}
        return self.of(arrays).bind(params, state, **options) if arrays else super().bind(params, state, **options)

    def of(self, arrays: Mapping[str, Any]) -> Layer:
        """Makes the layer that these arrays belong to."""
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
        size_of_input: gives the size from a layer and an input.
        size_of_arrays: gives the size from a layer and its arrays by name.
        defaults: the defaults that differ from those of the layer class.
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
    """Gives the channels of a batch."""
    if x.ndim < 2:
        check.fail(type(layer).__name__, "input", "have rank at least 2", f"shape {x.shape}")
    return x.shape[1]


def _channels_before(n: int) -> SizeOf:
    """Gives the channels of an input with n spatial dimensions, with or without a batch."""

    def size_of_input(layer: Layer, x: Array) -> int:
        check.rank(type(layer).__name__, "input", x, (n + 1, n + 2), "of a sample or a batch")
        return x.shape[-n - 1]

    return size_of_input


def _last(layer: Layer, x: Array) -> int:
    """Gives the size of the last dimension."""
    if x.ndim < 1:
        check.fail(type(layer).__name__, "input", "have rank at least 1", f"shape {x.shape}")
    return x.shape[-1]


def _array_channels(layer: Layer, arrays: Mapping[str, Any]) -> int:
    """Gives the size of the arrays, one number per channel."""
    return next(array.shape[0] for array in arrays.values() if array.shape)


def _words(target: str, missing: str) -> dict[str, str]:
    """Gives what the docstring of a lazy class says beside that of its layer class."""
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


def _conv(target: type[Any], rank: int) -> type[Any]:
    lazy_class = lazy(target, _channels_before(rank), lambda self, arrays: arrays["weight"].shape[1] * self.groups)
    return conv.document(conv.CONV, rank, **_words(target.__name__, "in_channels"))(lazy_class)


def _conv_transpose(target: type[Any], rank: int) -> type[Any]:
    lazy_class = lazy(target, _channels_before(rank), lambda self, arrays: arrays["weight"].shape[0])
    return conv.document(conv.CONV_TRANSPOSE, rank, **_words(target.__name__, "in_channels"))(lazy_class)


LazyConv1d, LazyConv2d, LazyConv3d = (
    _conv(target, rank) for rank, target in enumerate((conv.Conv1d, conv.Conv2d, conv.Conv3d), 1)
)
LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d = (
    _conv_transpose(target, rank)
    for rank, target in enumerate((conv.ConvTranspose1d, conv.ConvTranspose2d, conv.ConvTranspose3d), 1)
)
LazyLinear = documented(linear.LINEAR, None, **_words("Linear", "in_features"))(
    lazy(linear.Linear, _last, lambda self, arrays: arrays["weight"].shape[1])
)

_NORM = r"""Normalizes every channel $over$lazily.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma + \beta

    $statistics

    The parameters are ``weight``, :math:`\gamma`, which starts at 1, and ``bias``, :math:`\beta`, which starts at 0.
    The buffers are ``running_mean``, ``running_var`` and ``num_batches_tracked``$tracked.$materializes

    Args:$first
        eps: the number :math:`\epsilon` that is added to the variance.
        momentum: the weight :math:`m` of the newest statistics in the running ones; with None $none.
        affine: whether there are parameters.
        track_running_stats: whether there are buffers; without them, evaluation uses the statistics of the input too.
        device: ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.
        bias: whether ``affine`` makes a ``bias`` too.

    Shape: $shapes, which the output has too.

    Raises:
        ValueError: the rank of a call's input doesn't fit.

    Source: ``torch.nn.$name``; $paper.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> module = nn.$name($size)
        >>> module(x).shape, module.num_features
        ($x, 3)
        >>> layer = layers.$name($size)  # the same as a pair of pure functions
        >>> params, state = layer.init(jax.random.key(0)$example)
        >>> y, state = layer.apply(params, state, x, training=True)
    """
_BATCH = {
    "over": "over the batch",
    "statistics": r"""In training, :math:`\mu` and :math:`\sigma^2` are the mean and the biased variance of the channel
    in the batch. The running statistics move towards them, :math:`\hat\mu \leftarrow (1 - m)\,\hat\mu + m\,\mu`,
    and towards the unbiased variance. In evaluation the running statistics are used.""",
    "tracked": "",
    "none": "all batches weigh the same",
    "paper": """Ioffe and Szegedy, *Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift*, 2015, https://arxiv.org/abs/1502.03167""",
}
_INSTANCE = {
    "over": "of every sample",
    "statistics": r"""In training, :math:`\mu` and :math:`\sigma^2` are the mean and the biased variance of the channel
    in the sample. The running statistics move towards their averages over the batch,
    :math:`\hat\mu \leftarrow (1 - m)\,\hat\mu + m\,\mu`. In evaluation the running statistics are used.""",
    "tracked": ", which stays 0, as in torch",
    "none": "they do not move, as in torch",
    "paper": """Ulyanov, Vedaldi and Lempitsky, *Instance Normalization: The Missing Ingredient for Fast
    Stylization*, 2016, https://arxiv.org/abs/1607.08022""",
}


def _norm(target: type[Any], size_of_input: SizeOf, rank: int, shapes: str, words: Mapping[str, str]) -> type[Any]:
    lazy_class = lazy(target, size_of_input, _array_channels, affine=True, track_running_stats=True)
    x = str((2, 3, *[4] * rank))
    return documented(_NORM, rank, shapes=shapes, x=x, **words, **_words(target.__name__, "num_features"))(lazy_class)


LazyBatchNorm1d = _norm(batchnorm.BatchNorm1d, _channels, 1, ":math:`(N, C)` or :math:`(N, C, L)`", _BATCH)
LazyBatchNorm2d = _norm(batchnorm.BatchNorm2d, _channels, 2, ":math:`(N, C, H, W)`", _BATCH)
LazyBatchNorm3d = _norm(batchnorm.BatchNorm3d, _channels, 3, ":math:`(N, C, D, H, W)`", _BATCH)
LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d = (
    _norm(target, _channels_before(rank), rank, f":math:`(N, C, {sizes})` or :math:`(C, {sizes})`", _INSTANCE)
    for rank, (target, sizes) in enumerate(
        (
            (instancenorm.InstanceNorm1d, "L"),
            (instancenorm.InstanceNorm2d, "H, W"),
            (instancenorm.InstanceNorm3d, "D, H, W"),
        ),
        1,
    )
)
