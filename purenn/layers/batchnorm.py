"""Batch normalisation."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from purenn import check
from purenn.functional.normalization.batch import batch_norm_with
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.spec import as_value

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]


class NormBase(Layer):
    """What batch and instance norms share: an affine map and running statistics, a channel each."""

    _version: ClassVar[int] = 2  # of a state_dict: since torch's second they have num_batches_tracked

    num_features: int
    eps: float = 1e-5
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = dataclasses.field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "bias", bool(self.bias and self.affine))

    def parameters(self) -> Mapping[str, Spec | None]:
        shape = (self.num_features,)
        return {
            "weight": Spec(shape, 1.0) if self.affine else None,
            "bias": Spec(shape, 0.0) if self.bias else None,
        }

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
    """The base of batch norms, those over one device's batch and those over several's."""

    def _normalize(self, m: Any, x: jax.Array, axis_name: Any = None) -> jax.Array:
        tracked = m.running_mean is not None
        # torch's order: where no statistics are kept, those of the batch serve in evaluation too, and aren't shared
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

    def forward(self, m: Any, input: Any) -> jax.Array:
        x = check.array("batch_norm", "input", input)
        layouts = {2: "(N, C)", 3: "(N, C, L)", 4: "(N, C, H, W)", 5: "(N, C, D, H, W)"}
        check.rank("batch_norm", "input", x, self._ranks, " or ".join(layouts[r] for r in self._ranks))
        return self._normalize(m, x)


class BatchNorm1d(_BatchNorm):
    r"""Normalises every channel over the batch: :math:`y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\,\gamma + \beta`.

    In training, mean and (biased) variance are the batch's, and the running statistics move towards them,
    :math:`\hat\mu \leftarrow (1 - m)\,\hat\mu + m\,\mu`, the variance as its unbiased estimate; in evaluation the
    running statistics are used. Its arrays are ``weight`` :math:`\gamma` and ``bias`` :math:`\beta`; its state is
    ``running_mean``, ``running_var`` and ``num_batches_tracked``.

    Args:
        num_features: channels of the input.
        eps: added to the variance.
        momentum: the :math:`m` of the running statistics; None averages over all batches alike.
        affine: whether there are a weight and a bias.
        track_running_stats: whether there are running statistics; without, the batch's always serve.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.
        bias: whether there is a bias.

    Shape: :math:`(N, C)` or :math:`(N, C, L)`, which it keeps.

    Source: ``torch.nn.BatchNorm1d``; Ioffe and Szegedy, 2015.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.BatchNorm1d(100)
        >>> params, state = layer.init(jax.random.key(0))
        >>> y, state = layer.apply(params, state, jnp.ones((20, 100)), training=True)
        >>> y.shape, int(state["num_batches_tracked"])
        ((20, 100), 1)
    """

    _ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises every channel of images over the batch; arguments, arrays and formula as `BatchNorm1d`'s.

    Shape: :math:`(N, C, H, W)`, which it keeps.

    Source: ``torch.nn.BatchNorm2d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.BatchNorm2d(3)
        >>> layer.apply(*layer.init(jax.random.key(0)), jnp.ones((2, 3, 4, 4)))[0].shape
        (2, 3, 4, 4)
    """

    _ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalises every channel of volumes over the batch; arguments, arrays and formula as `BatchNorm1d`'s.

    Shape: :math:`(N, C, D, H, W)`, which it keeps.

    Source: ``torch.nn.BatchNorm3d``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.BatchNorm3d(3)
        >>> layer.apply(*layer.init(jax.random.key(0)), jnp.ones((2, 3, 2, 4, 4)))[0].shape
        (2, 3, 2, 4, 4)
    """

    _ranks = (5,)


class SyncBatchNorm(BatchNorm):
    """Normalises every channel over a batch that lies in parts on several devices.

    Formula and arrays are `BatchNorm1d`'s. In training, the statistics are those of the whole batch, along the axis of
    a mesh that ``process_group`` names. Under ``jax.jit`` with a batch that is sharded, where arrays are whole, every
    batch norm does this by itself.

    Args:
        num_features: channels of the input.
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics; None averages over all batches alike.
        affine: whether there are a weight and a bias.
        track_running_stats: whether there are running statistics; without, the batch's always serve.
        process_group: the axis, or axes, of the ``jax.shard_map`` or ``jax.vmap(axis_name=)`` around the call; None
            is plain batch norm.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.
        bias: whether there is a bias.

    Shape: :math:`(N, C, *)`, which it keeps.

    Source: ``torch.nn.SyncBatchNorm``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.SyncBatchNorm(3, process_group="batch")
        >>> params, state = layer.init(jax.random.key(0))
        >>> apply = lambda x: layer.apply(params, state, x, training=True)[0]
        >>> jax.vmap(apply, axis_name="batch")(jnp.ones((2, 5, 3))).shape
        (2, 5, 3)
    """

    process_group: str | tuple[str, ...] | None = None
    device: Any = None
    dtype: DTypeLike | None = None

    def forward(self, m: Any, input: Any) -> jax.Array:
        x = check.array("sync_batch_norm", "input", input)
        if x.ndim < 2 or x.shape[1] == 0:
            check.fail("sync_batch_norm", "input", "have shape (N, C, *) with channels", f"shape {x.shape}")
        return self._normalize(m, x, self.process_group)

    @classmethod
    def convert_sync_batchnorm(cls, module: Any, process_group: str | tuple[str, ...] | None = None) -> Any:
        """The layer, or the module, with every batch norm in it replaced by this one.

        Args:
            module: a layer of `purenn.layers`, of which a converted one is given; or a module of `purenn.nn`, whose
                children are replaced. The arrays stay as they are.
            process_group: the axis, or axes, over which statistics are shared.

        Example:
            >>> from purenn import layers
            >>> net = layers.Sequential(layers.Linear(4, 3), layers.BatchNorm1d(3))
            >>> layers.SyncBatchNorm.convert_sync_batchnorm(net, "batch")[1]
            SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        """
        process_group = as_value(process_group)
        if isinstance(module, Layer):
            return _converted(module, process_group)
        if not isinstance(module, Bound):
            check.fail("convert_sync_batchnorm", "module", "be a layer or a module", type(module).__name__, TypeError)
        return _converted_module(cls, module, process_group, {})


def _arguments(layer: BatchNorm, process_group: Any) -> dict[str, Any]:
    return {**layer.hyperparameters(), "process_group": process_group}


def _converted(layer: Layer, process_group: Any) -> Layer:
    if isinstance(layer, BatchNorm):
        return SyncBatchNorm(**_arguments(layer, process_group), dtype=vars(layer)["dtype"])

    def convert(value: Any) -> Any:
        if isinstance(value, Layer):
            return _converted(value, process_group)
        return tuple(map(convert, value)) if type(value) is tuple else value

    made = object.__new__(type(layer))
    vars(made).update({name: convert(value) for name, value in layer.__getstate__().items()})
    children = made.children()
    if any(_converted(child, process_group) != child for child in children.values()):  # made in children() itself
        made = object.__new__(_converting(type(layer), process_group))
        vars(made).update(layer.__getstate__())
    return layer if made == layer else made


@functools.cache
def _converting(cls: type[Layer], process_group: Any) -> type[Layer]:
    """A class of layers with what its ``children`` makes converted."""

    def children(self: Any) -> Mapping[str, Layer]:
        return {name: _converted(child, process_group) for name, child in cls.children(self).items()}

    def reduce(self: Any) -> Any:
        original = object.__new__(cls)
        vars(original).update(self.__getstate__())
        return _converted, (original, process_group)

    namespace = {"children": children, "__reduce__": reduce, "__module__": cls.__module__, "__doc__": cls.__doc__}
    return types.new_class(cls.__name__, (cls,), {}, lambda body: body.update(namespace))


def _converted_module(cls: Any, module: Any, process_group: Any, made: dict[int, Any]) -> Any:
    """A module in which every batch norm is replaced; one that is there twice by one."""
    if id(module) not in made:
        layer, new = module._layer, module
        if isinstance(layer, BatchNorm):
            new = cls(**_arguments(layer, process_group))
            for group in ("_parameters", "_buffers"):
                vars(new)[group] = vars(module)[group].copy()
            new.train(module.training)
        made[id(module)] = new
        for name, child in module._modules.items():
            if child is not None:
                new.register_module(name, _converted_module(cls, child, process_group, made))
    return made[id(module)]
