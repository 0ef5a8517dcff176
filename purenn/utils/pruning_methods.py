"""The pruning methods: they choose the elements or slices of an array to prune."""

from __future__ import annotations

import numbers

import jax
import jax.numpy as jnp

from purenn import random
from purenn.typing import Array, ArrayLike
from purenn.utils.pruning import BasePruningMethod

__all__ = [
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "RandomStructured",
    "RandomUnstructured",
]


class Identity(BasePruningMethod):
    """Prunes nothing.

    Source: ``torch.nn.utils.prune.Identity``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> prune.Identity().prune(jnp.ones(2))
        Array([1., 1.], dtype=float32)
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Array, default_mask: Array) -> Array:
        return default_mask


def _amount(amount: float) -> float:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"amount must be an integer or a float, got {amount!r}")
    whole = isinstance(amount, numbers.Integral)
    if (whole and amount < 0) or (not whole and not 0.0 <= float(amount) <= 1.0):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
    return amount


def _count(amount: float, size: int) -> int:
    """The number of ``size`` elements or slices to prune."""
    if not isinstance(amount, numbers.Integral):
        return round(amount * size)
    if int(amount) > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
    return int(amount)


class _Unstructured(BasePruningMethod):
    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float):
        self.amount = _amount(amount)

    def _order(self, t: Array) -> jax.Array:
        """The indices of the elements, in the order in which they are pruned."""
        raise NotImplementedError

    def compute_mask(self, t: Array, default_mask: Array) -> Array:
        count = _count(self.amount, t.size)
        if count == 0:
            return default_mask
        return default_mask.ravel().at[self._order(t)[:count]].set(0).reshape(default_mask.shape)


class _Structured(BasePruningMethod):
    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1):
        self.amount, self.dim = _amount(amount), dim

    def _order(self, t: Array) -> Array:
        """The indices of the slices, in the order in which they are pruned."""
        raise NotImplementedError

    def compute_mask(self, t: Array, default_mask: Array) -> Array:
        if t.ndim <= 1:
            raise ValueError(f"structured pruning takes arrays of 2 dimensions at least, got shape {t.shape}")
        if not -t.ndim <= self.dim < t.ndim:
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        count = _count(self.amount, t.shape[self.dim])
        if count == 0:
            return default_mask
        pruned = jnp.moveaxis(default_mask, self.dim, 0).at[self._order(t)[:count]].set(0)
        return jnp.moveaxis(pruned, 0, self.dim)


class RandomUnstructured(_Unstructured):
    """Prunes elements at random.

    Args:
        amount: the number, or as a float the fraction, to prune.

    Source: ``torch.nn.utils.prune.RandomUnstructured``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> float(prune.RandomUnstructured(0.25).prune(jnp.ones((2, 4))).sum())
        6.0
    """

    def _order(self, t: Array) -> jax.Array:
        return jax.random.permutation(random.default_generator().next(), t.size)


class L1Unstructured(_Unstructured):
    """Prunes the elements of smallest absolute value.

    Among equal elements the first are pruned; torch doesn't say which.

    Args:
        amount: the number, or as a float the fraction, to prune.

    Source: ``torch.nn.utils.prune.L1Unstructured``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> prune.L1Unstructured(1).prune(jnp.array([-2.0, 1.0, 3.0]))
        Array([-2.,  0.,  3.], dtype=float32)
    """

    def _order(self, t: Array) -> jax.Array:
        return jnp.argsort(jnp.abs(t).ravel(), stable=True)


class RandomStructured(_Structured):
    """Prunes slices at random.

    Args:
        amount: the number, or as a float the fraction, to prune.
        dim: the dimension along which slices are pruned.

    Source: ``torch.nn.utils.prune.RandomStructured``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> sorted(prune.RandomStructured(1, dim=0).prune(jnp.ones((2, 3))).sum(1).tolist())
        [0.0, 3.0]
    """

    def _order(self, t: Array) -> Array:
        return jnp.argsort(jax.random.permutation(random.default_generator().next(), t.shape[self.dim]))


class LnStructured(_Structured):
    """Prunes the slices of smallest norm.

    Args:
        amount: the number, or as a float the fraction, to prune.
        n: the norm: a number, also infinite, ``"fro"``, or for three dimensions ``"nuc"``.
        dim: the dimension along which slices are pruned.

    Source: ``torch.nn.utils.prune.LnStructured``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> prune.LnStructured(1, 2, dim=0).prune(jnp.array([[1.0, 2.0], [3.0, 0.0]]))
        Array([[0., 0.],
               [3., 0.]], dtype=float32)
    """

    def __init__(self, amount: float, n: float | str, dim: int = -1):
        super().__init__(amount, dim)
        self.n = n

    def _order(self, t: Array) -> Array:
        return jnp.argsort(-_norms(t, self.n, self.dim), stable=True)[::-1]


def _norms(t: Array, n: float | str, dim: int) -> jax.Array:
    """The norms of the slices along a dimension."""
    slices = jnp.moveaxis(t, dim, 0)
    if n == "nuc":
        if t.ndim != 3:
            raise ValueError(f"LnStructured: n='nuc' takes arrays of 3 dimensions, got shape {t.shape}")
        return jnp.sum(jnp.linalg.svd(slices, compute_uv=False), -1)
    n = 2.0 if n == "fro" else float(n)
    flat = slices.reshape(slices.shape[0], -1)
    return jax.vmap(lambda x: jnp.linalg.norm(x, n))(flat)


class CustomFromMask(BasePruningMethod):
    """Prunes where a mask is 0.

    Args:
        mask: a mask of the array's shape.

    Source: ``torch.nn.utils.prune.CustomFromMask``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> prune.CustomFromMask(jnp.array([0, 1])).prune(jnp.ones(2))
        Array([0., 1.], dtype=float32)
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: ArrayLike):
        self.mask = mask

    def compute_mask(self, t: Array, default_mask: Array) -> Array:
        mask = jnp.asarray(self.mask)
        if default_mask.shape != mask.shape:
            raise ValueError(f"mask must be of the array's shape {default_mask.shape}, got shape {mask.shape}")
        return default_mask * mask.astype(default_mask.dtype)
