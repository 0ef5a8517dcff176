"""Weight normalization under torch's older names, ``weight_g`` and ``weight_v``."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.layers.bound import Bound
from purenn.lowering.dtypes import compute_dtype, widened
from purenn.utils.computed import Computed
from purenn.utils.target import Changed, change, detach, replace

__all__ = ["WeightNorm", "norm_except_dim", "normalized_weight", "remove_weight_norm", "weight_norm"]


def norm_except_dim(v: jax.Array, dim: int | None) -> jax.Array:
    """The 2-norms of the slices along a dimension; the other dimensions are kept with size 1.

    As in torch, None and -1 give the norm of the whole array.
    """
    wide = widened(v)
    if dim is None or dim == -1:
        return jnp.linalg.norm(wide.ravel()).astype(v.dtype)
    axis = check.axis("weight_norm", "dim", dim, v.ndim)
    axes = tuple(i for i in range(v.ndim) if i != axis)
    return jnp.sqrt(jnp.sum(jnp.square(jnp.abs(wide)), axes, keepdims=True)).astype(v.dtype)


def normalized_weight(v: jax.Array, g: jax.Array, dim: int | None) -> jax.Array:
    """``v`` with its norms replaced by ``g``."""
    wide = compute_dtype(v.dtype)
    scale = g.astype(wide) / norm_except_dim(v.astype(wide), dim)
    return (v.astype(wide) * jnp.broadcast_to(scale, v.shape)).astype(v.dtype)


@dataclasses.dataclass(frozen=True)
class WeightNorm(Computed):
    """A weight that is computed from its norms ``g`` and its direction ``v``."""

    name: str
    dim: int | None = 0
    suffixes = ("_g", "_v")

    def __call__(self, m: Bound) -> Any:
        return normalized_weight(getattr(m, self.name + "_v"), getattr(m, self.name + "_g"), self.dim)

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        return {self.name + "_g": norm_except_dim(x, self.dim), self.name + "_v": x}, {}


def weight_norm(module: Changed, name: str = "weight", dim: int | None = 0) -> Changed:
    r"""Computes a weight from its norms and its direction, with torch's older names.

    .. math:: w = g\, \frac{v}{\lVert v \rVert}

    `purenn.utils.parametrizations.weight_norm` is the newer form; it loads the state_dict of this one too.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the weight, which is replaced by ``name_g`` and ``name_v``.
        dim: the dimension whose slices are normalized; None normalizes the whole array.

    Raises:
        RuntimeError: the weight is computed already. ValueError: there is no array of that name.

    Source: ``torch.nn.utils.weight_norm``; Salimans and Kingma, 2016.

    Example:
        >>> from purenn import nn, utils
        >>> m = utils.weight_norm(nn.Linear(20, 40))
        >>> m.weight_g.shape, m.weight_v.shape, m.weight.shape
        ((40, 1), (40, 20), (40, 20))
    """
    return change(module, lambda m: replace(m, WeightNorm(name, dim)))


def remove_weight_norm(module: Changed, name: str = "weight") -> Changed:
    """Makes a weight that `weight_norm` changed a plain parameter again, with its present value.

    Args:
        module: the result of `weight_norm`, or a triple with its layer.
        name: the name of the weight.

    Source: ``torch.nn.utils.remove_weight_norm``.

    Example:
        >>> from purenn import nn, utils
        >>> m = utils.remove_weight_norm(utils.weight_norm(nn.Linear(2, 3)))
        >>> sorted(m.state_dict())
        ['bias', 'weight']
    """
    return detach(module, name, WeightNorm, f"weight_norm of {name!r} not found in {module!r}")
