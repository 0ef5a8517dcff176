"""Batch normalization."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import jax
import jax.numpy as jnp

from purenn import check
from purenn.docstring import documented
from purenn.functional.normalization.batch import batch_norm_with
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.linear import EAGER
from purenn.layers.spec import as_value, scale_and_shift
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]

T = TypeVar("T")


class NormBase(Layer):
    """The base of batch and instance norms: an affine map and running statistics per channel."""

    _version: ClassVar[int] = 2  # of the state_dict; num_batches_tracked is in it since torch's version 2

    num_features: int
    eps: float = 1e-5
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = dataclasses.field(default=True, kw_only=True)

    def normalize(self) -> Mapping[str, Any]:
        return {"bias": bool(self.bias and self.affine)}

    def parameters(self) -> Mapping[str, Spec | None]:
        return scale_and_shift((self.num_features,), self.affine, self.bias)

    def buffers(self) -> Mapping[str, Spec | None]:
        shape, track = (self.num_features,), self.track_running_stats
        return {
            "running_mean": Spec(shape, 0.0) if track else None,
            "running_var": Spec(shape, 1.0) if track else None,
            "num_batches_tracked": Spec((), 0, jax.dtypes.canonicalize_dtype("int64")) if track else None,
        }

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm(NormBase):
    """The base of batch norms, over a whole batch or a split one."""

    def _batch_norm(self, m: Bound, x: Array, axis_name: str | tuple[str, ...] | None = None) -> Array:
        """Normalizes, and updates the running statistics in training."""
        tracked = m.running_mean is not None
        # as in torch: without running statistics, evaluation uses the local batch's statistics
        momentum, use_batch = 0.0 if self.momentum is None else self.momentum, m.training or not tracked
        shared, update = axis_name if m.training else None, m.training and tracked
        if update:
            m.num_batches_tracked += jnp.ones((), m.num_batches_tracked.dtype)
            if self.momentum is None:
                momentum = 1 / m.num_batches_tracked.astype(jnp.float32)
        arrays = m.running_mean, m.running_var, m.weight, m.bias
        y, new = batch_norm_with("batch_norm", x, *arrays, use_batch, momentum, self.eps, shared, update)
        if update:
            m.running_mean, m.running_var = new
        return y


class _BatchNorm(BatchNorm):
    _ranks: ClassVar[tuple[int, ...]]

    device: Any = None
    dtype: DTypeLike | None = None

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x = check.array("batch_norm", "input", input)
        layouts = {2: "(N, C)", 3: "(N, C, L)", 4: "(N, C, H, W)", 5: "(N, C, D, H, W)"}
        check.rank("batch_norm", "input", x, self._ranks, " or ".join(layouts[r] for r in self._ranks))
        return self._batch_norm(m, x)


_BATCH_NORM = r"""Normalizes every channel of $inputs over the batch$lazily.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, \gamma + \beta

    In training, :math:`\mu` and :math:`\sigma^2` are the mean and the biased variance of the channel over $over. The
    running statistics move towards them: :math:`\hat\mu \leftarrow (1 - m)\, \hat\mu + m\, \mu`, and likewise
    :math:`\hat\sigma^2` with the unbiased variance. In evaluation, :math:`\mu` and :math:`\sigma^2` are the running
    statistics.

    The parameters are ``weight`` :math:`\gamma`, ones at first, and ``bias`` :math:`\beta`, zeros at first, of shape
    :math:`(C)`. The buffers are ``running_mean``, zeros at first, and ``running_var``, ones at first, of shape
    :math:`(C)`, and ``num_batches_tracked``, which counts the batches.$materializes

    Args:$first
        eps: the number :math:`\epsilon` added to the variance.
        momentum: the weight :math:`m` of a new batch in the running statistics; with None, all batches weigh the same.
        affine: whether there are a weight and a bias.
        track_running_stats: whether there are running statistics. Without them, evaluation uses the batch's statistics.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.
        bias: whether there is a bias.

    Shape: :math:`$shape`, which the output has too.

    Raises:
        ValueError: a call's input has another rank, a number of channels that doesn't fit the arrays, or in training
            one value per channel.
        TypeError: the dtype of a call's input isn't floating-point, or doesn't fit the arrays.

    Source: ``torch.nn.$name``; Ioffe and Szegedy, *Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift*, 2015, https://arxiv.org/abs/1502.03167.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones($x)
        >>> norm = nn.$name($size)
        >>> norm(x).shape, int(norm.num_batches_tracked)
        ($x, 1)
        >>> layer = layers.$name($size)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0)$example)
        >>> y, state = layer.apply(params, state, x, training=True)
    """
_WORDS = {
    1: {"over": "the batch and the signals' length", "shape": "(N, C)` or :math:`(N, C, L)", "x": "(2, 3, 9)"},
    2: {"over": "all pixels of the batch", "shape": "(N, C, H, W)", "x": "(2, 3, 4, 4)"},
    3: {"over": "all voxels of the batch", "shape": "(N, C, D, H, W)", "x": "(2, 3, 2, 4, 4)"},
}
PLAIN = {"first": "\n        num_features: the number :math:`C` of channels.", **EAGER}


def document(rank: int, **words: str) -> Callable[[T], T]:
    """Documents a class of batch norms, or a lazy one, for a number of spatial dimensions."""
    return documented(_BATCH_NORM, rank, **_WORDS[rank], **words)


@document(1, name="BatchNorm1d", size="3", **PLAIN)
class BatchNorm1d(_BatchNorm):
    _ranks = (2, 3)


@document(2, name="BatchNorm2d", size="3", **PLAIN)
class BatchNorm2d(_BatchNorm):
    _ranks = (4,)


@document(3, name="BatchNorm3d", size="3", **PLAIN)
class BatchNorm3d(_BatchNorm):
    _ranks = (5,)


class SyncBatchNorm(BatchNorm):
    r"""Normalizes every channel over a batch that is split over several devices.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, \gamma + \beta

    In training, :math:`\mu` and :math:`\sigma^2` are the mean and the biased variance of the channel over the whole
    batch, along the axis of a mesh that ``process_group`` names. The running statistics move towards them:
    :math:`\hat\mu \leftarrow (1 - m)\, \hat\mu + m\, \mu`, and likewise :math:`\hat\sigma^2` with the unbiased
    variance. In evaluation, :math:`\mu` and :math:`\sigma^2` are the running statistics. Under ``jax.jit`` with a
    sharded batch, every plain batch norm computes the statistics of the whole batch too.

    The parameters are ``weight`` :math:`\gamma`, ones at first, and ``bias`` :math:`\beta`, zeros at first, of shape
    :math:`(C)`. The buffers are ``running_mean``, zeros at first, and ``running_var``, ones at first, of shape
    :math:`(C)`, and ``num_batches_tracked``, which counts the batches.

    Args:
        num_features: the number :math:`C` of channels.
        eps: the number :math:`\epsilon` added to the variance.
        momentum: the weight :math:`m` of a new batch in the running statistics; with None, all batches weigh the same.
        affine: whether there are a weight and a bias.
        track_running_stats: whether there are running statistics. Without them, evaluation uses the part's statistics.
        process_group: the axis, or axes, of the ``jax.shard_map`` or ``jax.vmap(axis_name=)`` around the call; None is
            plain batch norm.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.
        bias: whether there is a bias.

    Shape: :math:`(N, C, *)`, which the output has too.

    Raises:
        ValueError: a call's input has another rank, a number of channels that doesn't fit the arrays, or in training
            one value per channel; or no axis has the name.
        TypeError: the dtype of a call's input isn't floating-point, or doesn't fit the arrays.

    Source: ``torch.nn.SyncBatchNorm``; Ioffe and Szegedy, *Batch Normalization: Accelerating Deep Network Training by
    Reducing Internal Covariate Shift*, 2015, https://arxiv.org/abs/1502.03167.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> norm = nn.SyncBatchNorm(3, process_group="batch").eval()
        >>> norm(jnp.ones((5, 3))).shape
        (5, 3)
        >>> layer = layers.SyncBatchNorm(3, process_group="batch")  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> apply = lambda x: layer.apply(params, state, x, training=True)[0]
        >>> jax.vmap(apply, axis_name="batch")(jnp.ones((2, 5, 3))).shape
        (2, 5, 3)
    """

    process_group: str | tuple[str, ...] | None = None
    device: Any = None
    dtype: DTypeLike | None = None

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        x = check.array("sync_batch_norm", "input", input)
        if x.ndim < 2 or x.shape[1] == 0:
            check.fail("sync_batch_norm", "input", "have shape (N, C, *) with channels", f"shape {x.shape}")
        return self._batch_norm(m, x, self.process_group)

    @classmethod
    def convert_sync_batchnorm(cls, module: Layer, process_group: str | tuple[str, ...] | None = None) -> Layer:
        """Returns the layer with every batch norm in it replaced by a `SyncBatchNorm`.

        Args:
            module: a layer. ``nn.SyncBatchNorm.convert_sync_batchnorm`` does the same to a module.
            process_group: the axis, or axes, over which statistics are shared.

        Raises:
            TypeError: ``module`` isn't a layer.

        Example:
            >>> from purenn import layers
            >>> net = layers.Sequential(layers.Linear(4, 3), layers.BatchNorm1d(3))
            >>> layers.SyncBatchNorm.convert_sync_batchnorm(net, "batch")[1]
            SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        """
        if not isinstance(module, Layer):
            expected = "be a layer (nn.SyncBatchNorm.convert_sync_batchnorm takes a layer or a module)"
            check.fail("convert_sync_batchnorm", "module", expected, type(module).__name__, TypeError)
        return _converted(module, as_value(process_group))


def _converted(layer: Layer, process_group: object) -> Layer:
    if isinstance(layer, BatchNorm):
        return SyncBatchNorm(
            **{**layer.hyperparameters(), "process_group": process_group}, dtype=getattr(layer, "dtype", None)
        )

    def convert(value: object) -> Any:
        if isinstance(value, Layer):
            return _converted(value, process_group)
        return tuple(map(convert, value)) if type(value) is tuple else value

    values = layer.__getstate__()
    converted = _layer(type(layer), {name: convert(value) for name, value in values.items()})
    if any(_converted(child, process_group) != child for child in converted.children().values()):
        converted = _layer(_converting(type(layer), process_group), values)  # its children() makes the batch norms
    return layer if converted == layer else converted


def _layer(cls: type[Layer], values: Mapping[str, Any]) -> Layer:
    """Makes a layer from its attributes, not by its constructor, whose arguments may differ."""
    layer = object.__new__(cls)
    vars(layer).update(values)
    return layer


@functools.cache
def _converting(cls: type[Layer], process_group: object) -> type[Layer]:
    """Makes a subclass whose ``children`` are converted."""

    def children(self: Layer) -> Mapping[str, Layer]:
        return {name: _converted(child, process_group) for name, child in cls.children(self).items()}

    def reduce(self: Layer) -> Any:
        return _converted, (_layer(cls, self.__getstate__()), process_group)

    namespace = {"children": children, "__reduce__": reduce, "__module__": cls.__module__, "__doc__": cls.__doc__}
    return types.new_class(cls.__name__, (cls,), {}, lambda body: body.update(namespace))
