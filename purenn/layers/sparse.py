"""Embedding layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from purenn import functional as F
from purenn import init
from purenn.functional import _check
from purenn.layers.base import Constant, Layer, Spec

__all__ = ["Embedding"]


class Embedding(Layer, function=F.embedding):
    """A table of vectors, looked up by number.

    Its array is ``weight`` of shape (num_embeddings, embedding_dim), normal with mean 0 and deviation 1 at first.

    Args:
        num_embeddings: how many vectors there are.
        embedding_dim: the size of each.
        padding_idx: a number whose vector is zero at first and gets no gradient.
        max_norm: the norm to which looked-up vectors are shortened, if they are longer.
        norm_type: the p of that norm.
        scale_grad_by_freq: whether gradients are divided by how often a number is in the batch.
        sparse: accepted for torch's sake; gradients are dense.
        _weight: the table itself.
        _freeze: whether the table stays as it is.
        device: accepted for torch's sake.
        dtype: of the table; float32 if None.

    Shape: integers of shape :math:`(*)` to :math:`(*, \\text{embedding\\_dim})`.

    Source: ``torch.nn.Embedding``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.Embedding(10, 3)
        >>> y, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.array([[1, 2, 4], [4, 3, 9]]))
        >>> y.shape
        (2, 3, 3)
    """

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None = None
    max_norm: float | None = None
    norm_type: float = 2.0
    scale_grad_by_freq: bool = False
    sparse: bool = False
    _weight: Any = None
    _freeze: bool = False
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.padding_idx is not None:
            n = self.num_embeddings
            if not -n <= self.padding_idx < n:
                _check.fail("Embedding", "padding_idx", f"in [{-n}, {n - 1}]", self.padding_idx)
            object.__setattr__(self, "padding_idx", self.padding_idx % n)
        shape = (self.num_embeddings, self.embedding_dim)
        if self._weight is not None and self._weight.array.shape != shape:
            _check.fail("Embedding", "_weight", f"of shape {shape}", f"shape {self._weight.array.shape}")

    def parameters(self) -> Mapping[str, Spec | None]:
        if isinstance(self._weight, Constant):
            return {"weight": self._weight.spec()}
        return {"weight": Spec((self.num_embeddings, self.embedding_dim), self._start)}

    def _start(self, rng: Any, shape: Any, dtype: DTypeLike = jnp.float32, /) -> jax.Array:
        weight = init.normal()(rng, shape, dtype)
        if self.padding_idx is None:
            return weight
        keep = jnp.arange(shape[0])[:, None] != self.padding_idx
        return jnp.where(keep, weight, jnp.zeros((), dtype))

    def extra_repr(self) -> str:
        parts = f"{self.num_embeddings}, {self.embedding_dim}"
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                parts += f", {name}={getattr(self, name)}"
        return parts
