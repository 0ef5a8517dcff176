"""Embedding layers."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from purenn import functional as F
from purenn.layers.base import Bound, Constant
from purenn.layers.embedding_table import Table, rows_and_columns
from purenn.layers.spec import as_value, changed
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["Embedding", "EmbeddingBag"]


class _Frozen(Constant):
    """A given table that is frozen, for a constructor that has no argument for this."""

    def __init__(self, array: object):
        super().__init__(as_value(array).array)
        self._content = (*self._content, "frozen")


class Embedding(Table):
    r"""Looks up rows of a table: :math:`y_i = w_{x_i}`.

    Its array is ``weight``, the table :math:`w` of shape
    :math:`(\text{num\_embeddings}, \text{embedding\_dim})`, at first normal with mean 0 and deviation 1.

    Args:
        num_embeddings: the number of rows.
        embedding_dim: the size of each row.
        padding_idx: the row that is zero at first and gets no gradient; a negative number counts from the end. None for
            no such row.
        max_norm: the largest norm of the returned rows: a longer row is divided by its norm and multiplied by
            ``max_norm``. Torch also changes ``weight`` in place; here the table stays as it is. None for no limit.
        norm_type: the p of the norm.
        scale_grad_by_freq: whether a row's gradient is divided by the number of times it is looked up in a call.
        sparse: Ignored; accepted for compatibility with PyTorch. Gradients are dense.
        _weight: the table, in place of a drawn one.
        _freeze: whether the table isn't trained: `apply` gives it no gradient, and an optimizer doesn't change a
            module's table until ``requires_grad_()`` is called.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the table; float32 if None.

    Shape: integers from 0 to num_embeddings - 1 of shape :math:`(*)` to :math:`(*, \text{embedding\_dim})`.

    Raises:
        ValueError: ``padding_idx`` isn't a row, or ``_weight`` has another shape.
        TypeError: ``_weight`` isn't an array, or a call's input isn't integer.
        IndexError: an index is out of range. Inside ``jit``, where values are unknown, it gives a row of NaN instead.

    Source: ``torch.nn.Embedding``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([[1, 2, 4], [4, 3, 9]])
        >>> nn.Embedding(10, 3)(x).shape
        (2, 3, 3)
        >>> init, apply = layers.Embedding(10, 3)  # the same as a pure function
        >>> params, state = init(jax.random.key(0))
        >>> y, state = apply(params, state, x)
    """

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
        embeddings: Array | np.ndarray,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        r"""Makes a layer with a given table.

        Args:
            embeddings: the table, of shape :math:`(\text{num\_embeddings}, \text{embedding\_dim})`.
            freeze: whether the table isn't trained.
            padding_idx: the row that gets no gradient; a negative number counts from the end. None for no such row.
            max_norm: the largest norm of the returned rows; longer ones are shortened to it. None for no limit.
            norm_type: the p of the norm.
            scale_grad_by_freq: whether a row's gradient is divided by the number of times it is looked up in a call.
            sparse: Ignored; accepted for compatibility with PyTorch. Gradients are dense.

        Raises:
            ValueError: the table isn't of rank 2.

        Example:
            >>> import jax.numpy as jnp
            >>> from purenn import nn
            >>> table = jnp.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
            >>> nn.Embedding.from_pretrained(table)(jnp.array([1])).tolist()
            [[4.0, 5.0, 6.0]]
        """
        return cls(
            *rows_and_columns("Embedding.from_pretrained", embeddings),
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
            _weight=embeddings,
            _freeze=freeze,
        )

    def frozen(self) -> frozenset[str]:
        return frozenset({"weight"} if self._freeze else ())

    def forward(self, m: Bound, input: ArrayLike) -> Array:
        return F.embedding(
            input, m.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        return f"{self.num_embeddings}, {self.embedding_dim}{changed(self, defaults)}"


class EmbeddingBag(Table):
    r"""Looks up rows of a table and reduces them in bags, for example :math:`y_b = \sum_{i \in b} s_i w_{x_i}`.

    Its array is ``weight``, the table :math:`w` of shape
    :math:`(\text{num\_embeddings}, \text{embedding\_dim})`, at first normal with mean 0 and deviation 1.

    Args:
        num_embeddings: the number of rows.
        embedding_dim: the size of each row.
        max_norm: the largest norm of a row: a longer row is divided by its norm and multiplied by ``max_norm`` before
            the reduction. Torch also changes ``weight`` in place; here the table stays as it is. None for no limit.
        norm_type: the p of the norm.
        scale_grad_by_freq: whether a row's gradient is divided by the number of times it is looked up in a call; not
            for ``'max'``.
        mode: ``'sum'``, ``'mean'`` or ``'max'``. Empty bags give zeros. Among equal maxima only the first receives the
            gradient.
        sparse: Ignored; accepted for compatibility with PyTorch. Gradients are dense.
        _weight: the table, in place of a drawn one.
        include_last_offset: whether the offsets of a call have one more element, the end of the last bag.
        padding_idx: the row that is left out of its bag, is zero at first and gets no gradient; a negative number
            counts from the end. None for no such row.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the table; float32 if None.

    Shape: integers of shape :math:`(B, L)`, one bag per row, or of shape :math:`(N)` with ``offsets`` of shape
    :math:`(B)`, where the bags start; and ``per_sample_weights``, the factors :math:`s`, of the integers' shape, for
    ``'sum'`` only; to :math:`(B, \text{embedding\_dim})`.

    Raises:
        ValueError: ``padding_idx`` isn't a row, ``_weight`` has another shape, or the shapes or offsets of a call don't
            fit.
        TypeError: ``_weight`` isn't an array, or a dtype of a call doesn't fit.
        IndexError: an index is out of range. Inside ``jit``, where values are unknown, it gives NaN instead.

    Source: ``torch.nn.EmbeddingBag``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, offsets = jnp.array([1, 2, 4, 5, 4, 3, 2, 9]), jnp.array([0, 4])
        >>> nn.EmbeddingBag(10, 3, mode="sum")(x, offsets).shape
        (2, 3)
        >>> init, apply = layers.EmbeddingBag(10, 3, mode="sum")  # the same as a pure function
        >>> params, state = init(jax.random.key(0))
        >>> y, state = apply(params, state, x, offsets)
    """

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

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Array | np.ndarray,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        r"""Makes a layer with a given table.

        Args:
            embeddings: the table, of shape :math:`(\text{num\_embeddings}, \text{embedding\_dim})`.
            freeze: whether the table isn't trained.
            max_norm: the largest norm of a row; longer ones are shortened to it. None for no limit.
            norm_type: the p of the norm.
            scale_grad_by_freq: whether a row's gradient is divided by the number of times it is looked up in a call.
            mode: ``'sum'``, ``'mean'`` or ``'max'``.
            sparse: Ignored; accepted for compatibility with PyTorch. Gradients are dense.
            include_last_offset: whether the offsets of a call have one more element, the end of the last bag.
            padding_idx: the row that is left out of its bag and gets no gradient. None for no such row.

        Raises:
            ValueError: the table isn't of rank 2.

        Example:
            >>> import jax.numpy as jnp
            >>> from purenn import nn
            >>> table = jnp.array([[1.0, 2.0], [4.0, 5.0]])
            >>> nn.EmbeddingBag.from_pretrained(table, mode="sum")(jnp.array([[1, 0]])).tolist()
            [[5.0, 7.0]]
        """
        return cls(
            *rows_and_columns("EmbeddingBag.from_pretrained", embeddings),
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            _weight=_Frozen(embeddings) if freeze else embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )

    def frozen(self) -> frozenset[str]:
        return frozenset({"weight"} if isinstance(self._weight, _Frozen) else ())

    def forward(
        self, m: Bound, input: ArrayLike, offsets: ArrayLike | None = None, per_sample_weights: ArrayLike | None = None
    ) -> Array:
        return F.embedding_bag(
            input,
            m.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        parts = changed(self, {"max_norm": None, "norm_type": 2, "scale_grad_by_freq": False})
        padding = changed(self, {"padding_idx": None})
        return f"{self.num_embeddings}, {self.embedding_dim}{parts}, mode={self.mode!r}{padding}"
