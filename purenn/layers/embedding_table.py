"""The table of embedding layers: its initialization, its checks, and whether it is frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check, init
from purenn.init import Initializer
from purenn.layers.base import Bound, Constant, Layer, Spec
from purenn.typing import Array, DTypeLike, Key

__all__ = ["Table", "rows_and_columns"]


class Table(Layer):
    """The base of look-ups in a table, which is drawn or given, and may be frozen.

    A frozen table gets no gradient in `apply`. A module doesn't train it until ``requires_grad_()`` is called.
    """

    num_embeddings: int
    embedding_dim: int

    def frozen(self) -> frozenset[str]:
        """The names of the parameters that a module doesn't train at first."""
        return frozenset()

    def bind(
        self,
        params: dict[str, Any],
        state: dict[str, Any],
        *,
        make: Callable[[Layer], Bound] | None = None,
        **options: Any,
    ) -> Bound:
        if make is None and self.frozen():
            params = jax.tree.map(jax.lax.stop_gradient, params)
        return super().bind(params, state, make=make, **options)

    def normalize(self) -> Mapping[str, Any]:
        name, n, padding_idx, table = type(self).__name__, self.num_embeddings, *self._given()
        if padding_idx is not None and not -n <= padding_idx < n:
            check.fail(name, "padding_idx", f"be in [{-n}, {n - 1}]", padding_idx)
        if table is not None:
            if not isinstance(table, Constant):
                check.fail(name, "_weight", "be an array or None", repr(table), TypeError)
            if table.array.shape != (n, self.embedding_dim):
                check.fail(name, "_weight", f"have shape {(n, self.embedding_dim)}", f"shape {table.array.shape}")
        return {"padding_idx": None if padding_idx is None else padding_idx % n}

    def parameters(self) -> Mapping[str, Spec | None]:
        padding_idx, table = self._given()
        if isinstance(table, Constant):
            return {"weight": table.spec()}
        return {"weight": Spec((self.num_embeddings, self.embedding_dim), _normal(padding_idx))}

    def _given(self) -> tuple[Any, Any]:
        """Returns ``padding_idx`` and ``_weight``, which come in different orders in the constructors."""
        return vars(self)["padding_idx"], vars(self)["_weight"]


def _normal(padding_idx: int | None) -> Initializer:
    """Returns an initializer: normal numbers, and zeros in the padding row."""

    def start(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32, /) -> Array:
        weight = init.normal()(rng, shape, dtype)
        if padding_idx is None:
            return weight
        keep = jnp.arange(shape[0])[:, None] != padding_idx
        return jnp.where(keep, weight, jnp.zeros((), dtype))

    return start


def rows_and_columns(where: str, embeddings: Array | np.ndarray) -> tuple[int, int]:
    """Returns the sizes of a given table."""
    if len(embeddings.shape) != 2:
        check.fail(where, "embeddings", "have rank 2", f"shape {tuple(embeddings.shape)}")
    return embeddings.shape[0], embeddings.shape[1]
