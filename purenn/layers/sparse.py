"""Embedding layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from purenn import check, init
from purenn import functional as F
from purenn.layers.base import Bound, Constant, Layer, Spec

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Layer):
    """What both have: the table, given or drawn, its padding row, and that it may be frozen.

    A frozen table gets no gradient in `apply`; a module's isn't trained until ``requires_grad_`` says so.
    """

    def __post_init__(self: Any) -> None:
        super().__post_init__()
        name, n = type(self).__name__, self.num_embeddings
        if self.padding_idx is not None:
            if not -n <= self.padding_idx < n:
                check.fail(name, "padding_idx", f"be in [{-n}, {n - 1}]", self.padding_idx)
            object.__setattr__(self, "padding_idx", self.padding_idx % n)
        shape = (n, self.embedding_dim)
        if self._weight is not None:
            if not isinstance(self._weight, Constant):
                check.fail(name, "_weight", "be an array or None", repr(self._weight), TypeError)
            if self._weight.array.shape != shape:
                check.fail(name, "_weight", f"have shape {shape}", f"shape {self._weight.array.shape}")

    def parameters(self: Any) -> Mapping[str, Spec | None]:
        if self._weight is not None:
            return {"weight": self._weight.spec()}
        return {"weight": Spec((self.num_embeddings, self.embedding_dim), self._start)}

    def _start(self: Any, rng: Any, shape: Any, dtype: DTypeLike = jnp.float32, /) -> jax.Array:
        weight = init.normal()(rng, shape, dtype)
        if self.padding_idx is None:
            return weight
        keep = jnp.arange(shape[0])[:, None] != self.padding_idx
        return jnp.where(keep, weight, jnp.zeros((), dtype))

    def bind(self: Any, params: Any, state: Any, *, make: Any = None, **options: Any) -> Bound:
        m = super().bind(params, state, make=make, **options)
        if self._freeze:
            variable = m._parameters["weight"]
            assert variable is not None
            variable.requires_grad = False
            if make is None:
                variable.value = jax.lax.stop_gradient(variable.value)
        return m


def _rows_and_columns(where: str, embeddings: Any) -> tuple[int, int]:
    if len(embeddings.shape) != 2:
        check.fail(where, "embeddings", "have rank 2", f"shape {tuple(embeddings.shape)}")
    return tuple(embeddings.shape)


class Embedding(_Table, function=F.embedding):
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
        _freeze: whether the table stays as it is: its gradient is zero, and a module's optimizer leaves it.
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

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Any:
        """One with a given table.

        Args:
            embeddings: of shape (num_embeddings, embedding_dim).
            freeze: whether the table stays as it is.
            padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse: as the constructor's.

        Example:
            >>> import jax, jax.numpy as jnp
            >>> from purenn import layers
            >>> layer = layers.Embedding.from_pretrained(jnp.array([[1.0, 2.3, 3.0], [4.0, 5.1, 6.3]]))
            >>> layer.apply(*layer.init(jax.random.key(0)), jnp.array([1]))[0].round(1).shape
            (1, 3)
        """
        return cls(
            *_rows_and_columns("Embedding.from_pretrained", embeddings),
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            embeddings,
            freeze,
        )

    def extra_repr(self) -> str:
        parts = f"{self.num_embeddings}, {self.embedding_dim}"
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                parts += f", {name}={getattr(self, name)}"
        return parts


class EmbeddingBag(_Table, function=F.embedding_bag):
    """A table of vectors, looked up by number and reduced in bags; `purenn.functional.embedding_bag` has the formula.

    Its array is ``weight`` of shape (num_embeddings, embedding_dim), normal with mean 0 and deviation 1 at first.

    Args:
        num_embeddings: how many vectors there are.
        embedding_dim: the size of each.
        max_norm: the norm to which looked-up vectors are shortened, if they are longer.
        norm_type: the p of that norm.
        scale_grad_by_freq: whether gradients are divided by how often a number is in the batch; not for ``'max'``.
        mode: ``'sum'``, ``'mean'`` or ``'max'``.
        sparse: accepted for torch's sake; gradients are dense.
        _weight: the table itself.
        include_last_offset: whether the offsets of a call have one element more, where the last bag ends.
        padding_idx: a number that is left out of its bag; its vector is zero at first and gets no gradient.
        device: accepted for torch's sake.
        dtype: of the table; float32 if None.

    Shape: integers of shape :math:`(B, L)`, or of shape :math:`(N)` with ``offsets`` of shape :math:`(B)`, and
    ``per_sample_weights`` of the integers' shape, to :math:`(B, \\text{embedding\\_dim})`.

    Source: ``torch.nn.EmbeddingBag``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.EmbeddingBag(10, 3, mode="sum")
        >>> params, state = layer.init(jax.random.key(0))
        >>> layer.apply(params, state, jnp.array([1, 2, 4, 5, 4, 3, 2, 9]), jnp.array([0, 4]))[0].shape
        (2, 3)
    """

    num_embeddings: int
    embedding_dim: int
    max_norm: float | None = None
    norm_type: float = 2.0
    scale_grad_by_freq: bool = False
    mode: str = "mean"
    sparse: bool = False
    _weight: Any = None
    include_last_offset: bool = False
    padding_idx: int | None = None
    device: Any = None
    dtype: DTypeLike | None = None
    _freeze: bool = dataclasses.field(default=False, init=False)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Any:
        """One with a given table.

        Args:
            embeddings: of shape (num_embeddings, embedding_dim).
            freeze: whether the table stays as it is.
            max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_idx: as the
                constructor's.

        Example:
            >>> import jax, jax.numpy as jnp
            >>> from purenn import layers
            >>> layer = layers.EmbeddingBag.from_pretrained(jnp.array([[1.0, 2.0], [4.0, 5.0]]), mode="sum")
            >>> layer.apply(*layer.init(jax.random.key(0)), jnp.array([[1, 0]]))[0].tolist()
            [[5.0, 7.0]]
        """
        made: Any = cls(
            *_rows_and_columns("EmbeddingBag.from_pretrained", embeddings),
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            embeddings,
            include_last_offset,
            padding_idx,
        )
        if isinstance(made, Layer):
            object.__setattr__(made, "_freeze", freeze)
        else:
            made.requires_grad_(not freeze)
        return made

    def extra_repr(self) -> str:
        parts = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, default in {"max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}.items():
            if getattr(self, name) != default:
                parts += f", {name}={getattr(self, name)}"
        parts += f", mode={self.mode!r}"
        return parts if self.padding_idx is None else f"{parts}, padding_idx={self.padding_idx}"
