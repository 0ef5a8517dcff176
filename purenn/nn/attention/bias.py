"""torch.nn.attention.bias: causal masks that are given by two lengths."""

from __future__ import annotations

import dataclasses
from enum import IntEnum, auto

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.typing import DTypeLike

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(IntEnum):
    """Where the diagonal of a causal mask begins or ends: in the upper left or in the lower right corner."""

    UPPER_LEFT = auto()
    LOWER_RIGHT = auto()


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True, repr=False)
class CausalBias:
    """A causal mask: give it to `scaled_dot_product_attention` as ``attn_mask``.

    It is a value that becomes a boolean array wherever one is needed. A query that may attend to no key, which the
    lower right variant has with more queries than keys, gives 0; torch gives nan.

    Args:
        variant: where the diagonal lies.
        seq_len_q: the number of queries.
        seq_len_kv: the number of keys.

    Source: ``torch.nn.attention.bias.CausalBias``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> from purenn.nn.attention.bias import causal_lower_right
        >>> q, k = jnp.zeros((1, 1, 2)), jnp.zeros((1, 2, 2))
        >>> F.scaled_dot_product_attention(q, k, jnp.array([[[1.0], [2.0]]]), causal_lower_right(1, 2))
        Array([[[1.5]]], dtype=float32)
    """

    variant: CausalVariant
    seq_len_q: int
    seq_len_kv: int

    def __post_init__(self) -> None:
        if not isinstance(self.variant, CausalVariant):
            check.fail("CausalBias", "variant", "be a CausalVariant", repr(self.variant), TypeError)
        for name in ("seq_len_q", "seq_len_kv"):
            check.integer("CausalBias", name, getattr(self, name), 0)

    @property
    def shape(self) -> tuple[int, int]:
        """The two lengths."""
        return self.seq_len_q, self.seq_len_kv

    def _materialize(self, device: object = None) -> jax.Array:
        """The mask as a boolean array."""
        offset = self.seq_len_kv - self.seq_len_q if self.variant == CausalVariant.LOWER_RIGHT else 0
        return jnp.tri(self.seq_len_q, self.seq_len_kv, offset, dtype=bool)

    def __jax_array__(self) -> jax.Array:
        return self._materialize()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self._materialize(), dtype)

    def __repr__(self) -> str:
        return repr(self._materialize())


def causal_upper_left(*size: int) -> CausalBias:
    """The causal mask whose diagonal begins in the upper left corner.

    Args:
        size: the numbers of queries and of keys.

    Source: ``torch.nn.attention.bias.causal_upper_left``.

    Example:
        >>> from purenn.nn.attention.bias import causal_upper_left
        >>> causal_upper_left(2, 3)
        Array([[ True, False, False],
               [ True,  True, False]], dtype=bool)
    """
    return CausalBias(CausalVariant.UPPER_LEFT, *check.integers("causal_upper_left", "size", size, 2, single=False))


def causal_lower_right(*size: int) -> CausalBias:
    """The causal mask whose diagonal ends in the lower right corner.

    Args:
        size: the numbers of queries and of keys.

    Source: ``torch.nn.attention.bias.causal_lower_right``.

    Example:
        >>> from purenn.nn.attention.bias import causal_lower_right
        >>> causal_lower_right(2, 3)
        Array([[ True,  True, False],
               [ True,  True,  True]], dtype=bool)
    """
    return CausalBias(CausalVariant.LOWER_RIGHT, *check.integers("causal_lower_right", "size", size, 2, single=False))
