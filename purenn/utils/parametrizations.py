"""The parametrizations that torch has: weight norm, spectral norm and orthogonal matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.layers.base import Layer, Spec
from purenn.layers.bound import Bound
from purenn.typing import DTypeLike, Key
from purenn.utils.orthogonal import orthogonal
from purenn.utils.parametrize import add_parametrization
from purenn.utils.spectral_norm import as_matrix, check_iterations, default_dim, normalize, random_unit
from purenn.utils.target import Changed, change, read
from purenn.utils.weight_norm import norm_except_dim, normalized_weight

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


class _WeightNorm(Layer):
    dim: int | None = 0
    repr_fields = ()

    def forward(self, m: Bound, weight_g: jax.Array, weight_v: jax.Array) -> Any:
        return normalized_weight(weight_v, weight_g, self.dim)

    def right_inverse(self, m: Bound, weight: jax.Array) -> tuple[Any, Any]:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Changed, name: str = "weight", dim: int | None = 0) -> Changed:
    r"""Computes a weight from its norms and its direction.

    .. math:: w = g\, \frac{v}{\lVert v \rVert}

    :math:`g` is ``parametrizations.weight.original0``, :math:`v` is ``original1``. A state_dict with ``weight_g`` and
    ``weight_v``, the names of `purenn.utils.weight_norm`, is loaded too.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the weight.
        dim: the dimension whose slices are normalized; None normalizes the whole array.

    Source: ``torch.nn.utils.parametrizations.weight_norm``; Salimans and Kingma, 2016.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations
        >>> m = parametrizations.weight_norm(nn.Linear(20, 40))
        >>> m
        ParametrizedLinear(
          in_features=20, out_features=40, bias=True
          (parametrizations): ModuleDict(
            (weight): ParametrizationList(
              (0): _WeightNorm()
            )
          )
        )
        >>> m.parametrizations.weight.original0.shape
        (40, 1)
    """
    return change(module, lambda m: add_parametrization(m, name, _WeightNorm(dim), True, renamed=True))


class _SpectralNorm(Layer):
    shape: tuple[int, ...]
    n_power_iterations: int = 1
    dim: int = 0
    eps: float = 1e-12
    dtype: DTypeLike | None = None
    repr_fields = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "dim", check.axis("spectral_norm", "dim", self.dim, len(self.shape)))
        check_iterations(self.n_power_iterations)

    def buffers(self) -> Mapping[str, Spec | None]:
        if len(self.shape) < 2:
            return {}
        height, width = jax.eval_shape(lambda: as_matrix(jnp.zeros(self.shape), self.dim)).shape
        start = lambda rng, shape, dtype=jnp.float32: random_unit(rng, shape, dtype, self.eps)  # noqa: E731
        return {"_u": Spec((height,), start), "_v": Spec((width,), start)}

    def _iterated(self, m: Bound, weight: jax.Array, times: int) -> tuple[Any, Any]:
        u, v, matrix = m._u, m._v, lax.stop_gradient(as_matrix(weight, self.dim))
        for _ in range(times):
            u = normalize(matrix @ v, self.eps)
            v = normalize(matrix.conj().T @ u, self.eps)
        if times:
            m._u, m._v = u, v
        return lax.stop_gradient(u), lax.stop_gradient(v)

    def prepare(self, m: Bound, weight: jax.Array) -> None:
        """Brings the vectors near the singular vectors of a weight that is to be normalized."""
        if len(self.shape) > 1:
            self._iterated(m, weight, 15)

    def forward(self, m: Bound, weight: jax.Array) -> Any:
        if len(self.shape) < 2:
            return normalize(weight, self.eps)
        u, v = self._iterated(m, weight, self.n_power_iterations if m.training else 0)
        return weight / jnp.vdot(u, as_matrix(weight, self.dim) @ v)

    def right_inverse(self, m: Bound, value: jax.Array) -> Any:
        return value


def spectral_norm(
    module: Changed,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    *,
    rng: Key | None = None,
) -> Changed:
    r"""Divides a weight by its largest singular value.

    .. math:: \hat W = \frac{W}{\sigma(W)} \quad\text{with}\quad \sigma(W) = u^H W v

    :math:`u` and :math:`v` are state. They begin with 15 steps of the power method, and in training take more whenever
    the weight is used. A vector is divided by its norm.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the weight.
        n_power_iterations: the number of steps per use.
        eps: the lower bound of a norm in a division.
        dim: the dimension of the outputs; None is 0, and 1 in transposed convolutions.
        rng: a jax key; needed for a triple.

    Raises:
        IndexError: there is no such dimension.

    Source: ``torch.nn.utils.parametrizations.spectral_norm``; Miyato et al., 2018.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> from purenn.utils import parametrizations
        >>> layer = parametrizations.spectral_norm(layers.Linear(20, 40))
        >>> params, state = layer.init(jax.random.key(0))
        >>> list(state["parametrizations"]["weight"]["0"])
        ['_u', '_v']
        >>> y, state = layer.apply(params, state, jnp.ones((5, 20)), training=True)
    """

    def edit(m: Bound) -> None:
        x, outputs = read(m, name), default_dim(m) if dim is None else dim
        add_parametrization(m, name, _SpectralNorm(x.shape, n_power_iterations, outputs, eps, x.dtype), False)

    return change(module, edit, rng)
