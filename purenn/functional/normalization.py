"""Normalisations.

All standardise with `_moments` (two passes, in float32 for half inputs) and `_normalized`; they differ in which
axes are averaged. Running statistics are never touched: `batch_norm_update` and `instance_norm_update` return the
new ones, from the same moments, which XLA computes once where both are under one ``jit``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn.functional import _check
from purenn.functional._norm import vector_norm

__all__ = [
    "batch_norm",
    "batch_norm_update",
    "cross_map_lrn2d",
    "group_norm",
    "instance_norm",
    "instance_norm_update",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "rms_norm",
    "sync_batch_norm",
]


def _accumulator(x: jax.Array) -> Any:
    """The dtype that is computed in: float32 for half inputs."""
    return jnp.float32 if x.dtype.itemsize < 4 else x.dtype


AxisName = str | tuple[str, ...] | None


def _moments(x: jax.Array, axes: Sequence[int], axis_name: AxisName = None) -> tuple[jax.Array, jax.Array]:
    """Mean and biased variance over some axes, which stay, with size 1; the input has the accumulator's dtype.

    Of nothing they are 0 rather than nan, which would reach the weight's gradient.
    """
    if x.size == 0:
        nothing = jnp.zeros([1 if i in axes else n for i, n in enumerate(x.shape)], x.dtype)
        return nothing, nothing

    def mean_of(x: jax.Array) -> jax.Array:
        own = jnp.mean(x, tuple(axes), keepdims=True)
        return own if axis_name is None else lax.pmean(own, axis_name)

    mean = mean_of(x)
    return mean, mean_of(jnp.square(x - mean))


def _normalized(
    x: jax.Array, mean: jax.Array, var: jax.Array, weight: jax.Array | None, bias: jax.Array | None, eps: float
) -> jax.Array:
    """The affine image of the standardised input; everything has one rank and broadcasts."""
    scale = lax.rsqrt(var + eps)
    y = (x - mean) * (scale if weight is None else scale * weight)
    return y if bias is None else y + bias


def _parameters(where: str, x: jax.Array, **arrays: Any) -> list[Any]:
    """The arrays in the accumulator's dtype: they come in one dtype, the input's or float32 for a half input."""
    made = {name: None if a is None else _check.array(where, name, a) for name, a in arrays.items()}
    given = {name: a for name, a in made.items() if a is not None}
    _check.same_dtype(where, **given)
    wide = _accumulator(x)
    for name, a in given.items():
        if a.dtype not in (x.dtype, wide):
            expected = f"of dtype {x.dtype}" + ("" if x.dtype == wide else " or float32") + ", for the input's"
            _check.fail(where, name, expected, f"dtype {a.dtype}", TypeError)
    return [None if a is None else a.astype(wide) for a in made.values()]


def _by_channel(where: str, x: jax.Array, **arrays: Any) -> list[Any]:
    """As `_parameters`, with an element a channel each, in a shape that broadcasts to the input's."""
    channels, made = x.shape[1], _parameters(where, x, **arrays)
    for name, a in zip(arrays, made, strict=True):
        _check.shape(where, name, a, (channels,))
    return [None if a is None else a.reshape((1, channels) + (1,) * (x.ndim - 2)) for a in made]


def _floating(where: str, input: Any, least: int, layout: str) -> jax.Array:
    x = _check.array(where, "input", input)
    _check.floating(where, "input", x)
    if x.ndim < least:
        _check.fail(where, "input", f"of rank {least} or more, {layout}", f"shape {x.shape}")
    return x


def _both_or_neither(where: str, mean: Any, var: Any, needed: str | None) -> None:
    if (mean is None) != (var is None):
        _check.fail(where, "running_mean and running_var", "both given or both None", "one of them")
    if needed is not None and mean is None:
        _check.fail(where, "running_mean and running_var", f"given where {needed}", "None")


def _several(where: str, x: jax.Array, axes: Sequence[int], axis_name: AxisName = None) -> int:
    """How many values there are a mean: a single one has no variance."""
    count = math.prod(x.shape[a] for a in axes)
    if axis_name is not None:
        try:
            count *= lax.axis_size(axis_name)
        except NameError:
            expected = "an axis, or axes, of a mesh or vmap around this call"
            raise ValueError(f"{where}: axis_name must be {expected}, got {axis_name!r}") from None
    if count == 1:
        _check.fail(where, "input", "of more than 1 value a channel where its statistics are used", f"shape {x.shape}")
    return count


def _batch_axes(x: jax.Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> jax.Array:
    r"""Normalises every channel over the batch and the spatial dimensions.

    .. math:: y = \frac{x - \mu_c}{\sqrt{\sigma^2_c + \epsilon}}\, w_c + b_c

    where the mean and the (biased) variance are the input's with ``training``, and else the running ones.

    Args:
        input: of shape :math:`(N, C, *)`.
        running_mean, running_var: of shape :math:`(C)`, or both None with ``training``. They are not
            differentiated, and not changed: `batch_norm_update` has the new ones.
        weight, bias: of shape :math:`(C)`.
        training: whether the input's statistics are used.
        momentum: accepted for torch's sake; `batch_norm_update` takes it.
        eps: added to the variance; positive with ``training``.

    Returns:
        An array like ``input``, alone.

    Raises:
        ValueError: the shapes don't fit, the running statistics are missing, or one value a channel in training.
        TypeError: the dtypes don't fit. Parameters have the input's, or all float32 for a half input.

    Source: ``torch.nn.functional.batch_norm``; Ioffe and Szegedy, 2015.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[1.0, 4.0], [3.0, 8.0]])
        >>> F.batch_norm(x, jnp.zeros(2), jnp.ones(2), training=True).round(3).tolist()
        [[-1.0, -1.0], [1.0, 1.0]]
    """
    return _batch_norm(
        "batch_norm", input, running_mean, running_var, weight, bias, training, momentum, eps, axis_name=None
    )


def sync_batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    axis_name: str | tuple[str, ...] | None = None,
) -> jax.Array:
    r"""The `batch_norm` of a batch that lies in parts along an axis of a mesh: its statistics are the whole batch's.

    Args:
        input: this part, of shape :math:`(N, C, *)`.
        running_mean, running_var, weight, bias, training, momentum, eps: as in `batch_norm`, alike in all parts.
        axis_name: the axis or axes, as ``jax.shard_map`` or ``jax.vmap(axis_name=)`` names them; None for a batch
            that is whole. Only the input's own statistics are shared, so that nothing is where ``training`` is False.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: as in `batch_norm`, or no axis has that name.

    Source: ``torch.nn.SyncBatchNorm``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> norm = lambda x: F.sync_batch_norm(x, None, None, training=True, axis_name="batch")
        >>> parts = jnp.array([[[1.0]], [[3.0]]])
        >>> jax.vmap(norm, axis_name="batch")(parts).round(3).tolist()
        [[[-1.0]], [[1.0]]]
    """
    return _batch_norm(
        "sync_batch_norm", input, running_mean, running_var, weight, bias, training, momentum, eps, axis_name
    )


def _batch_norm(
    where: str,
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    training: bool,
    momentum: float,
    eps: float,
    axis_name: AxisName,
) -> jax.Array:
    x = _floating(where, input, 2, "(N, C, *)")
    _both_or_neither(where, running_mean, running_var, None if training else "training is False")
    if momentum is None:
        _check.fail(where, "momentum", "a number", None, TypeError)
    if eps < 0 or (training and eps == 0):
        _check.fail(where, "eps", "positive in training and else not negative", eps)
    mean, var, weight, bias = _by_channel(
        where, x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    return _with_statistics(where, x, _batch_axes(x) if training else None, mean, var, weight, bias, eps, axis_name)


def _with_statistics(
    where: str,
    x: jax.Array,
    axes: Sequence[int] | None,
    mean: Any,
    var: Any,
    weight: Any,
    bias: Any,
    eps: float,
    axis_name: AxisName = None,
) -> jax.Array:
    """Normalised with the input's own moments over some axes, or with the given ones."""
    wide = x.astype(_accumulator(x))
    if axes is None:
        mean, var = lax.stop_gradient((mean, var))
    else:
        _several(where, x, axes, axis_name)
        mean, var = _moments(wide, axes, axis_name)
    return _normalized(wide, mean, var, weight, bias, eps).astype(x.dtype)


def batch_norm_update(
    input: Any,
    running_mean: Any,
    running_var: Any,
    momentum: float | jax.Array = 0.1,
    axis_name: str | tuple[str, ...] | None = None,
) -> tuple[jax.Array, jax.Array]:
    r"""The running statistics after `batch_norm` has seen an input in training.

    .. math:: r' = (1 - m)\, r + m\, s

    with the input's mean, or its unbiased variance, for :math:`s`. An empty input changes nothing. No gradient
    flows through.

    Args:
        input: of shape :math:`(N, C, *)`.
        running_mean, running_var: of shape :math:`(C)`.
        momentum: the weight :math:`m` of the new; a number or a scalar array. For a cumulative average, 1 / how
            many inputs there have been, this one counted.
        axis_name: as in `sync_batch_norm`.

    Returns:
        The new mean and variance, like the old ones.

    Raises:
        ValueError: the shapes don't fit. TypeError: the dtypes don't fit.

    Source: ``torch.nn.functional.batch_norm`` does this to its arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[1.0, 4.0], [3.0, 8.0]])
        >>> mean, var = F.batch_norm_update(x, jnp.zeros(2), jnp.ones(2), momentum=0.5)
        >>> mean.tolist(), var.tolist()
        ([1.0, 3.0], [1.5, 4.5])
    """
    x = _floating("batch_norm_update", input, 2, "(N, C, *)")
    return _updated("batch_norm_update", x, _batch_axes(x), running_mean, running_var, momentum, axis_name)


def _statistics(where: str, x: jax.Array, running_mean: Any, running_var: Any) -> list[Any]:
    """Running statistics of any floating dtype, in a shape that broadcasts to the input's."""
    made = {}
    for name, a in (("running_mean", running_mean), ("running_var", running_var)):
        made[name] = None if a is None else _check.array(where, name, a)
        if a is not None:
            _check.floating(where, name, made[name])
            made[name] = made[name].astype(_accumulator(x))
    return _by_channel(where, x, **made)


def _updated(
    where: str,
    x: jax.Array,
    axes: Sequence[int],
    running_mean: Any,
    running_var: Any,
    momentum: float | jax.Array,
    axis_name: AxisName = None,
) -> tuple[jax.Array, jax.Array]:
    """Running statistics moved towards the moments over some axes, averaged over the batch where that isn't one."""
    old = [_check.array(where, n, a) for n, a in (("running_mean", running_mean), ("running_var", running_var))]
    broad = _statistics(where, x, *old)
    count = _several(where, x, axes, axis_name)
    if x.size == 0:
        return old[0], old[1]
    wide = lax.stop_gradient(x.astype(_accumulator(x)))
    mean, var = _moments(wide, axes, axis_name)
    m = jnp.asarray(momentum, wide.dtype)
    new = [
        ((1 - m) * o + m * jnp.mean(s, 0, keepdims=True)).reshape(a.shape).astype(a.dtype)
        for o, s, a in zip(broad, (mean, var * (count / (count - 1))), old, strict=True)
    ]
    return new[0], new[1]


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> jax.Array:
    r"""Normalises every channel of every sample over the spatial dimensions.

    The formula is that of `batch_norm`, with a mean and a variance a sample and channel.

    Args:
        input: of shape :math:`(N, C, *)`.
        running_mean, running_var: of shape :math:`(C)`, or both None with ``use_input_stats``. They are not
            differentiated, and not changed: `instance_norm_update` has the new ones.
        weight, bias: of shape :math:`(C)`.
        use_input_stats: whether the input's statistics are used, and not the running ones.
        momentum: accepted for torch's sake; `instance_norm_update` takes it.
        eps: added to the variance.

    Returns:
        An array like ``input``, alone.

    Raises:
        ValueError: the shapes don't fit, the running statistics are missing, or there is one value a mean.
        TypeError: the dtypes don't fit. Parameters have the input's, or both float32 for a half input.

    Source: ``torch.nn.functional.instance_norm``; Ulyanov, Vedaldi and Lempitsky, 2016.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.instance_norm(jnp.array([[[1.0, 3.0], [4.0, 8.0]]])).round(3).tolist()
        [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    where = "instance_norm"
    x = _floating(where, input, 2, "(N, C, *)")
    _both_or_neither(where, running_mean, running_var, None if use_input_stats else "use_input_stats is False")
    if momentum is None:
        _check.fail(where, "momentum", "a number", None, TypeError)
    mean, var = _statistics(where, x, running_mean, running_var)
    weight, bias = _by_channel(where, x, weight=weight, bias=bias)
    return _with_statistics(where, x, range(2, x.ndim) if use_input_stats else None, mean, var, weight, bias, eps)


def instance_norm_update(
    input: Any, running_mean: Any, running_var: Any, momentum: float | jax.Array = 0.1
) -> tuple[jax.Array, jax.Array]:
    r"""The running statistics after `instance_norm` has seen an input in training; see `batch_norm_update`.

    The input's statistics are those of its samples, averaged over the batch.

    Args:
        input: of shape :math:`(N, C, *)`.
        running_mean, running_var: of shape :math:`(C)`.
        momentum: the weight of the new; a number or a scalar array.

    Returns:
        The new mean and variance, like the old ones.

    Raises:
        ValueError: the shapes don't fit. TypeError: a dtype isn't floating-point.

    Source: ``torch.nn.functional.instance_norm`` does this to its arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x = jnp.array([[[1.0, 3.0]], [[3.0, 5.0]]])
        >>> mean, var = F.instance_norm_update(x, jnp.zeros(1), jnp.ones(1), momentum=0.5)
        >>> mean.tolist(), var.tolist()
        ([1.5], [1.5])
    """
    x = _floating("instance_norm_update", input, 2, "(N, C, *)")
    return _updated("instance_norm_update", x, range(2, x.ndim), running_mean, running_var, momentum)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> jax.Array:
    r"""Normalises every sample over groups of channels and the spatial dimensions.

    The formula is that of `batch_norm`, with a mean and a variance a sample and group.

    Args:
        input: of shape :math:`(N, C, *)`.
        num_groups: into how many groups the channels are divided.
        weight, bias: of shape :math:`(C)`.
        eps: added to the variance.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit, the groups don't divide the channels, or there is one value in all a group.
        TypeError: the dtypes don't fit. Parameters have the input's, or both float32 for a half input.

    Source: ``torch.nn.functional.group_norm``; Wu and He, 2018.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.group_norm(jnp.array([[1.0, 3.0, 4.0, 8.0]]), 2).round(3).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """
    where = "group_norm"
    x = _floating(where, input, 2, "(N, C, *)")
    groups = _check.integer(where, "num_groups", num_groups, 1)
    n, channels, size = x.shape[0], x.shape[1], math.prod(x.shape[2:])
    if channels % groups:
        _check.fail(where, "input", f"with channels divisible by num_groups={groups}", f"shape {x.shape}")
    if n * (channels // groups) * size == 1:
        _check.fail(where, "input", "of more than 1 value a group", f"shape {x.shape} with num_groups={groups}")
    weight, bias = _parameters(where, x, weight=weight, bias=bias)
    for name, a in (("weight", weight), ("bias", bias)):
        _check.shape(where, name, a, (channels,))
    weight, bias = (None if a is None else a.reshape(1, groups, channels // groups, 1) for a in (weight, bias))
    wide = x.astype(_accumulator(x)).reshape(n, groups, channels // groups, size)
    return _normalized(wide, *_moments(wide, (2, 3)), weight, bias, eps).reshape(x.shape).astype(x.dtype)


def layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> jax.Array:
    r"""Normalises over the last dimensions, for every element of the others.

    .. math:: y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, w + b

    with the mean and the (biased) variance over the last ``len(normalized_shape)`` dimensions.

    Args:
        input: of shape :math:`(*, \text{normalized\_shape})`.
        normalized_shape: the sizes of the last dimensions.
        weight, bias: of shape ``normalized_shape``.
        eps: added to the variance.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: the dtypes don't fit. Parameters have the input's, or all float32 for a half input.

    Source: ``torch.nn.functional.layer_norm``; Ba, Kiros and Hinton, 2016.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.layer_norm(jnp.array([[1.0, 3.0]]), (2,)).round(3).tolist()
        [[-1.0, 1.0]]
    """
    x = _floating("layer_norm", input, 0, "")
    axes = _last_axes("layer_norm", x, normalized_shape)
    weight, bias = _parameters("layer_norm", x, weight=weight, bias=bias)
    wide = x.astype(_accumulator(x))
    leading = (1,) * (x.ndim - len(axes))
    for name, a in (("weight", weight), ("bias", bias)):
        _check.shape("layer_norm", name, a, x.shape[len(leading) :])
    weight, bias = (None if a is None else a.reshape(leading + a.shape) for a in (weight, bias))
    return _normalized(wide, *_moments(wide, axes), weight, bias, eps).astype(x.dtype)


def _last_axes(where: str, x: jax.Array, normalized_shape: Sequence[int]) -> tuple[int, ...]:
    """The axes that have the given sizes, which are the last."""
    if isinstance(normalized_shape, str) or not isinstance(normalized_shape, Sequence):
        _check.fail(where, "normalized_shape", "a sequence of integers", repr(normalized_shape), TypeError)
    sizes = tuple(_check.integer(where, "normalized_shape", s) for s in normalized_shape)
    if not sizes:
        _check.fail(where, "normalized_shape", "of at least one size", sizes)
    if x.shape[-len(sizes) :] != sizes:
        expected = f"of shape (*, {', '.join(map(str, sizes))}) for normalized_shape={sizes}"
        _check.fail(where, "input", expected, f"shape {x.shape}")
    return tuple(range(x.ndim - len(sizes), x.ndim))


def rms_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None) -> jax.Array:
    r"""Divides by the root of the mean square over the last dimensions.

    .. math:: y = \frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \epsilon}}\, w

    Args:
        input: of shape :math:`(*, \text{normalized\_shape})`, floating-point or complex.
        normalized_shape: the sizes of the last dimensions.
        weight: of shape ``normalized_shape`` and any floating dtype.
        eps: added to the mean square; None is the machine epsilon of the input's dtype, float32's for half inputs.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: the shapes don't fit. TypeError: the dtypes don't fit.

    Source: ``torch.nn.functional.rms_norm``; Zhang and Sennrich, 2019.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.rms_norm(jnp.array([[4.0, 0.0, 0.0, 0.0]]), (4,)).round(3).tolist()
        [[2.0, 0.0, 0.0, 0.0]]
    """
    x = _check.array("rms_norm", "input", input)
    _check.inexact("rms_norm", "input", x)
    axes = _last_axes("rms_norm", x, normalized_shape)
    wide = x.astype(_accumulator(x))
    eps = float(jnp.finfo(wide.dtype).eps) if eps is None else eps
    y = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axes, keepdims=True) + eps)
    if weight is not None:
        w = _check.array("rms_norm", "weight", weight)
        (_check.inexact if jnp.iscomplexobj(x) else _check.floating)("rms_norm", "weight", w)
        _check.shape("rms_norm", "weight", w, x.shape[axes[0] :])
        dtype = w.dtype if jnp.finfo(w.dtype).bits > jnp.finfo(y.dtype).bits else y.dtype
        y = y.astype(dtype) * w.astype(dtype).reshape((1,) * axes[0] + w.shape)
    return y.astype(x.dtype)


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> jax.Array:
    r"""Divides by a power of the mean square over neighbouring channels.

    .. math:: y_c = x_c \Bigl(k + \frac{\alpha}{n} \sum_{c' = c - \lfloor n / 2 \rfloor}
        ^{c + \lfloor (n - 1) / 2 \rfloor} x_{c'}^2\Bigr)^{-\beta}

    Args:
        input: of shape :math:`(N, C, *)`, of rank 3 or more.
        size: how many channels :math:`n`; there are zeros beyond the first and the last.
        alpha, beta, k: the factor :math:`\alpha`, the exponent :math:`\beta` and the constant :math:`k`.

    Returns:
        An array like ``input``; float32 for integers, of which torch takes the mean without its fraction.

    Raises:
        ValueError: the rank, or a size below 1. TypeError: a boolean or complex input.

    Source: ``torch.nn.functional.local_response_norm``; Krizhevsky, Sutskever and Hinton, 2012.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.local_response_norm(jnp.full((1, 1, 1), 3.0), size=1, alpha=1.0, beta=0.5, k=0.0).tolist()
        [[[1.0]]]
    """
    where = "local_response_norm"
    x = _check.array(where, "input", input)
    if x.dtype == bool or jnp.iscomplexobj(x):
        _check.fail(where, "input", "a real array", f"dtype {x.dtype}", TypeError)
    if x.ndim < 3:
        _check.fail(where, "input", "of rank 3 or more, (N, C, *)", f"shape {x.shape}")
    size = _check.integer(where, "size", size, None if x.size == 0 else 1)
    if x.size == 0:
        return x
    whole, channels = jnp.issubdtype(x.dtype, jnp.integer), x.shape[1]
    wide = x if whole else x.astype(_accumulator(x))
    padding = [(size // 2, (size - 1) // 2) if axis == 1 else (0, 0) for axis in range(x.ndim)]
    squares = jnp.pad(jnp.square(wide), padding)
    total = functools.reduce(jnp.add, (lax.slice_in_dim(squares, i, i + channels, axis=1) for i in range(size)))
    mean = (total // size).astype(jnp.float32) if whole else total / size
    y = wide.astype(mean.dtype) / (mean * alpha + k) ** beta
    return y if whole else y.astype(x.dtype)


def cross_map_lrn2d(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> jax.Array:
    r"""The `local_response_norm` of images, with the windows that torch's `CrossMapLRN2d` has.

    Channel c is divided by :math:`\bigl(k + \tfrac{\alpha}{n} \sum_{c'} x_{c'}^2\bigr)^\beta` over
    :math:`|c' - c| \le \lfloor (n - 1) / 2 \rfloor`, and over channel 0, which torch never drops. The gradient is the
    derivative of that; torch's own is not, and for an odd ``size`` is that of a shifted window.

    Args:
        input: of shape :math:`(N, C, H, W)`.
        size: the :math:`n`.
        alpha, beta, k: the factor :math:`\alpha`, the exponent :math:`\beta` and the constant :math:`k`.

    Returns:
        An array like ``input``.

    Raises:
        ValueError: an input of another rank. TypeError: one that isn't floating-point.

    Source: ``torch.nn.CrossMapLRN2d``; Krizhevsky, Sutskever and Hinton, 2012.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.cross_map_lrn2d(jnp.ones((1, 2, 1, 1)), 1, alpha=1.0, beta=1.0, k=2.0).ravel().tolist()
        [0.3333333432674408, 0.25]
    """
    where = "cross_map_lrn2d"
    x = _floating(where, input, 4, "(N, C, H, W)")
    _check.rank(where, "input", x, (4,), "(N, C, H, W)")
    reach = (_check.integer(where, "size", size, 1) - 1) // 2
    wide = x.astype(_accumulator(x))
    channel = np.arange(x.shape[1])
    window = (np.abs(channel - channel[:, None]) <= reach) | (channel == 0) & (channel[:, None] > reach)
    total = jnp.einsum("cd,ndhw->nchw", jnp.asarray(window, wide.dtype), jnp.square(wide))
    return (wide * (total * (alpha / size) + k) ** -beta).astype(x.dtype)


def normalize(
    input: Any, p: float | str | None = 2.0, dim: int | Sequence[int] | None = 1, eps: float = 1e-12
) -> jax.Array:
    r"""Divides by the p-norm along a dimension: :math:`x / \max(\lVert x \rVert_p, \epsilon)`.

    Args:
        input: of any shape, floating-point or complex.
        p: the norm's; also 0 and :math:`\pm\infty`. None and ``'fro'`` are 2.
        dim: the dimension, or several; all of them where it is None or empty.
        eps: the least divisor, rounded to the input's dtype: 0 in float16, in which zeros give nan, as in torch.

    Returns:
        An array like ``input``. The gradient of the norm at a zero vector is 0.

    Raises:
        ValueError: another name of a norm; nuclear norms are left to matrix functions. Also where an infinite norm
            has nothing to look at.
        IndexError: no such dimension. TypeError: an input that isn't floating-point or complex.

    Source: ``torch.nn.functional.normalize``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.normalize(jnp.array([[3.0, 4.0]])).round(3).tolist()
        [[0.6000000238418579, 0.800000011920929]]
    """
    x = _check.array("normalize", "input", input)
    _check.inexact("normalize", "input", x)
    axes = _check.axes("normalize", "dim", dim, x.ndim)
    if isinstance(p, str):
        _check.choice("normalize", "p", p, ("fro",))
    p = 2.0 if p is None or isinstance(p, str) else p
    if abs(p) == math.inf and 0 in [x.shape[a] for a in axes]:
        _check.fail("normalize", "input", f"of non-zero size along dim={dim} for p={p}", f"shape {x.shape}")
    norm = vector_norm(x, p, axes, keepdims=True)
    norm = norm.astype(jnp.finfo(x.dtype).dtype)  # half inputs are divided by a rounded norm, as in torch
    return x / jnp.where(norm < eps, eps, norm).astype(x.dtype)
