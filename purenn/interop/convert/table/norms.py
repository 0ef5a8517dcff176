"""Normalizations, and the running statistics that they update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import jax
import jax.numpy as jnp

from purenn import functional as F
from purenn.functional.normalization.batch import batch_norm_with
from purenn.interop.convert.graph import AnyArray
from purenn.interop.convert.table.registry import op
from purenn.typing import Array

__all__: list[str] = []

WithMoments: TypeAlias = tuple[Array, Array, Array]  # the output and two arrays of statistics


@op("layer_norm")
def layer_norm(
    x: AnyArray,
    shape: Sequence[int],
    weight: AnyArray | None = None,
    bias: AnyArray | None = None,
    eps: float = 1e-5,
    *_: object,
) -> Array:
    return F.layer_norm(x, tuple(shape), weight, bias, eps)


@op("native_layer_norm")
def native_layer_norm(
    x: AnyArray, shape: Sequence[int], weight: AnyArray | None, bias: AnyArray | None, eps: float
) -> WithMoments:
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    mean = jnp.mean(x, axes, keepdims=True)
    return F.layer_norm(x, tuple(shape), weight, bias, eps), mean, jax.lax.rsqrt(jnp.var(x, axes, keepdims=True) + eps)


@op("group_norm")
def group_norm(
    x: AnyArray,
    groups: int,
    weight: AnyArray | None = None,
    bias: AnyArray | None = None,
    eps: float = 1e-5,
    *_: object,
) -> Array:
    return F.group_norm(x, groups, weight, bias, eps)


@op("native_group_norm")
def native_group_norm(
    x: AnyArray, weight: AnyArray | None, bias: AnyArray | None, n: int, c: int, hw: int, groups: int, eps: float
) -> WithMoments:
    parts = jnp.reshape(x, (x.shape[0], groups, -1))
    mean, var = jnp.mean(parts, -1), jnp.var(parts, -1)
    return F.group_norm(x, groups, weight, bias, eps), mean, jax.lax.rsqrt(var + eps)


@op("rms_norm")
def rms_norm(x: AnyArray, shape: Sequence[int], weight: AnyArray | None = None, eps: float | None = None) -> Array:
    return F.rms_norm(x, tuple(shape), weight, eps)


@op("batch_norm")
def batch_norm(
    x: AnyArray,
    weight: AnyArray | None,
    bias: AnyArray | None,
    mean: AnyArray | None,
    var: AnyArray | None,
    training: bool,
    momentum: float,
    eps: float,
    *_: object,
) -> Array:
    return F.batch_norm(x, mean, var, weight, bias, training, momentum, eps)


@op("purenn.batch_norm")
def batch_norm_moving(
    x: AnyArray,
    weight: AnyArray | None,
    bias: AnyArray | None,
    mean: AnyArray,
    var: AnyArray,
    momentum: float,
    eps: float,
) -> WithMoments:
    """In training: the output and the new statistics, with the moments computed once."""
    y, moved = batch_norm_with("batch_norm", x, mean, var, weight, bias, True, momentum, eps, None, True)
    return y, *moved


@op("instance_norm")
def instance_norm(
    x: AnyArray,
    weight: AnyArray | None,
    bias: AnyArray | None,
    mean: AnyArray | None,
    var: AnyArray | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    *_: object,
) -> Array:
    return F.instance_norm(x, mean, var, weight, bias, use_input_stats, momentum, eps)


@op("purenn.instance_norm")
def instance_norm_moving(
    x: AnyArray,
    weight: AnyArray | None,
    bias: AnyArray | None,
    mean: AnyArray,
    var: AnyArray,
    momentum: float,
    eps: float,
) -> WithMoments:
    y = F.instance_norm(x, mean, var, weight, bias, True, momentum, eps)
    return y, *F.instance_norm_update(x, mean, var, momentum)


@op("_native_batch_norm_legit_no_training", "native_batch_norm_eval")
def native_batch_norm(
    x: AnyArray,
    weight: AnyArray | None,
    bias: AnyArray | None,
    mean: AnyArray,
    var: AnyArray,
    momentum: float,
    eps: float,
) -> tuple[Array, None, None]:
    return F.batch_norm(x, mean, var, weight, bias, False, momentum, eps), None, None


@op("_native_batch_norm_legit.no_stats")
def native_batch_norm_no_stats(
    x: AnyArray, weight: AnyArray | None, bias: AnyArray | None, training: bool, momentum: float, eps: float
) -> tuple[Array, None, None]:
    return F.batch_norm(x, None, None, weight, bias, True, momentum, eps), None, None


@op("local_response_norm")
def local_response_norm(x: AnyArray, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    return F.local_response_norm(x, size, alpha, beta, k)
