"""Checks of arguments and running statistics, which the normalizations share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.lowering.dtypes import compute_dtype, widened
from purenn.lowering.normalization import AxisName, affine, apart, moments, normalized
from purenn.typing import ArrayLike


def parameters(where: str, x: jax.Array, **arrays: ArrayLike | None) -> list[Any]:
    """Returns parameters, of the input's dtype or float32 for half precision, in the dtype of the computation."""
    checked = {name: None if a is None else check.array(where, name, a) for name, a in arrays.items()}
    present = {name: a for name, a in checked.items() if a is not None}
    check.same_dtype(where, **present)
    wide = compute_dtype(x.dtype)
    for name, a in present.items():
        if a.dtype not in (x.dtype, wide):
            expected = f"have the input's dtype {x.dtype}" + ("" if x.dtype == wide else ", or float32")
            check.fail(where, name, expected, f"dtype {a.dtype}", TypeError)
    return [None if a is None else a.astype(wide) for a in checked.values()]


def by_channel(where: str, x: jax.Array, **arrays: ArrayLike | None) -> list[Any]:
    """Returns `parameters` of one element per channel, in a shape that broadcasts to the input's."""
    channels, checked = x.shape[1], parameters(where, x, **arrays)
    for name, a in zip(arrays, checked, strict=True):
        check.shape(where, name, a, (channels,))
    return [None if a is None else a.reshape((1, channels) + (1,) * (x.ndim - 2)) for a in checked]


def floating(where: str, input: ArrayLike, least: int, layout: str) -> jax.Array:
    """Returns the input, a floating-point array of at least this rank."""
    x = check.array(where, "input", input)
    check.floating(where, "input", x)
    if x.ndim < least:
        check.fail(where, "input", f"have rank {least} or more, {layout}", f"shape {x.shape}")
    return x


def both_or_neither(where: str, mean: ArrayLike | None, var: ArrayLike | None, needed: str | None) -> None:
    """Checks that the running statistics are both given or both None; ``needed`` says why they must be given."""
    if (mean is None) != (var is None):
        check.fail(where, "running_mean and running_var", "be both given or both None", "one of them")
    if needed is not None and mean is None:
        check.fail(where, "running_mean and running_var", f"be given where {needed}", "None")


def values_per_channel(where: str, x: jax.Array, axes: Sequence[int], axis_name: AxisName = None) -> int:
    """Returns the number of values per mean, after a check that it is more than 1: one value has no variance."""
    count = math.prod(x.shape[a] for a in axes)
    if axis_name is not None:
        try:
            count *= lax.axis_size(axis_name)
        except NameError:
            expected = "an axis, or axes, of a mesh or vmap around this call"
            raise ValueError(f"{where}: axis_name must be {expected}, got {axis_name!r}") from None
    if count == 1:
        expected = "have more than 1 value per channel where its statistics are used"
        check.fail(where, "input", expected, f"shape {x.shape}")
    return count


def statistics(where: str, x: jax.Array, running_mean: ArrayLike | None, running_var: ArrayLike | None) -> list[Any]:
    """Returns running statistics of any floating dtype, in a shape that broadcasts to the input's."""
    checked = {}
    for name, a in (("running_mean", running_mean), ("running_var", running_var)):
        checked[name] = None if a is None else check.array(where, name, a)
        if a is not None:
            check.floating(where, name, checked[name])
            checked[name] = checked[name].astype(compute_dtype(x.dtype))
    return by_channel(where, x, **checked)


def normalize_with(
    where: str,
    x: jax.Array,
    axes: Sequence[int] | None,
    mean: jax.Array | None,
    var: jax.Array | None,
    weight: jax.Array | None,
    bias: jax.Array | None,
    eps: float,
    axis_name: AxisName = None,
) -> tuple[jax.Array, Any]:
    """Normalizes with the input's moments over some axes, which it returns too; or without axes by given moments."""
    wide = widened(x)
    if axes is None:
        assert mean is not None and var is not None
        mean, var = lax.stop_gradient((mean, var))
        return affine(wide, mean, var, weight, bias, eps).astype(x.dtype), None
    values_per_channel(where, x, axes, axis_name)
    y, *batch_stats = normalized(wide, tuple(axes), weight, bias, eps, axis_name)
    return y.astype(x.dtype), batch_stats


def updated_running_stats(
    where: str,
    x: jax.Array,
    axes: Sequence[int],
    running_mean: ArrayLike | None,
    running_var: ArrayLike | None,
    momentum: float | jax.Array,
    axis_name: AxisName = None,
    batch_stats: tuple[jax.Array, jax.Array] | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Moves running statistics towards the moments over some axes, averaged over the batch if it isn't one of them.

    Without `batch_stats` it computes the moments.
    """
    old = [check.array(where, n, a) for n, a in (("running_mean", running_mean), ("running_var", running_var))]
    broad = statistics(where, x, *old)
    count = values_per_channel(where, x, axes, axis_name)
    if x.size == 0:
        return old[0], old[1]
    mean, var = batch_stats or apart(*moments(lax.stop_gradient(widened(x)), tuple(axes), axis_name))
    m = jnp.asarray(momentum, mean.dtype)
    new = [
        ((1 - m) * o + m * jnp.mean(s, 0, keepdims=True)).reshape(a.shape).astype(a.dtype)
        for o, s, a in zip(broad, (mean, var * (count / (count - 1))), old, strict=True)
    ]
    return new[0], new[1]
