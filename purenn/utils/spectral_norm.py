"""Spectral normalization under torch's older names, ``weight_orig``, ``weight_u`` and ``weight_v``."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check, random
from purenn.layers.bound import Bound
from purenn.typing import DTypeLike, Key
from purenn.utils.computed import Computed
from purenn.utils.target import Changed, change, detach, replace

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]


def default_dim(m: Bound) -> int:
    """The dimension of the outputs in a weight: 1 in transposed convolutions, else 0."""
    names = {"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"}
    return int(any(cls.__name__ in names for cls in type(m._layer or m).__mro__))


def check_iterations(count: int) -> None:
    """Checks the number of power iterations."""
    if count <= 0:
        raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={count}")


def as_matrix(weight: jax.Array, dim: int) -> jax.Array:
    """An array as a matrix whose rows are its slices along a dimension."""
    return jnp.moveaxis(weight, dim, 0).reshape(weight.shape[dim], -1)


def normalize(x: jax.Array, eps: float) -> jax.Array:
    """A vector divided by its norm."""
    return x / jnp.maximum(jnp.linalg.norm(x), jnp.asarray(eps, jnp.finfo(x.dtype).dtype)).astype(x.dtype)


def random_unit(rng: Key, shape: tuple[int, ...], dtype: DTypeLike, eps: float) -> jax.Array:
    """A random vector of norm 1."""
    if jnp.issubdtype(dtype, jnp.complexfloating):
        return normalize(jax.random.normal(rng, shape, dtype), eps)
    return normalize(random.normal(rng, shape, dtype), eps)


@dataclasses.dataclass(frozen=True)
class SpectralNorm(Computed):
    """A weight that is divided by its largest singular value."""

    name: str = "weight"
    n_power_iterations: int = 1
    dim: int = 0
    eps: float = 1e-12
    suffixes = ("_orig", "_u", "_v")

    def __post_init__(self) -> None:
        check_iterations(self.n_power_iterations)

    def __call__(self, m: Bound) -> Any:
        weight, u, v = (getattr(m, self.name + suffix) for suffix in self.suffixes)
        matrix = as_matrix(weight, self.dim)
        if m.training:
            fixed = lax.stop_gradient(matrix)
            for _ in range(self.n_power_iterations):
                v = normalize(fixed.T @ u, self.eps)
                u = normalize(fixed @ v, self.eps)
            setattr(m, self.name + "_u", u)
            setattr(m, self.name + "_v", v)
        u, v = lax.stop_gradient((u, v))
        return weight / (u @ (matrix @ v))

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        check.axis("spectral_norm", "dim", self.dim, x.ndim)
        generator = random.default_generator()
        height, width = as_matrix(x, self.dim).shape
        u = random_unit(generator.next(), (height,), x.dtype, self.eps)
        v = random_unit(generator.next(), (width,), x.dtype, self.eps)
        return {self.name + "_orig": x}, {self.name + "_u": u, self.name + "_v": v}

    def rename(self, arrays: dict[str, Any], prefix: str) -> None:
        """Computes ``weight_v`` from the weight, which torch's first version saved in its place."""
        name = prefix + self.name
        if name in arrays and name + "_v" not in arrays and {name + "_orig", name + "_u"} <= arrays.keys():
            weight, original, u = (
                jnp.asarray(getattr(arrays[n], "detach", lambda n=n: arrays[n])())
                for n in (name, name + "_orig", name + "_u")
            )
            del arrays[name]
            matrix = as_matrix(original, self.dim)
            v = jnp.linalg.pinv(matrix.T @ matrix) @ (matrix.T @ u)
            arrays[name + "_v"] = v * (jnp.mean(original / weight) / (u @ (matrix @ v)))


def spectral_norm(
    module: Changed,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    *,
    rng: Key | None = None,
) -> Changed:
    r"""Divides a weight by its largest singular value, with torch's older names.

    .. math:: \hat W = \frac{W}{\sigma(W)} \quad\text{with}\quad \sigma(W) = u^\top W v

    :math:`u` and :math:`v` are state. In training they take steps of the power method whenever the weight is used.
    `purenn.utils.parametrizations.spectral_norm` is the newer form.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the weight, which is replaced by ``name_orig``, ``name_u`` and ``name_v``.
        n_power_iterations: the number of steps per use.
        eps: the lower bound of a norm in a division.
        dim: the dimension of the outputs; None is 0, and 1 in transposed convolutions.
        rng: a jax key; needed for a triple.

    Source: ``torch.nn.utils.spectral_norm``; Miyato et al., 2018.

    Example:
        >>> from purenn import nn, utils
        >>> m = utils.spectral_norm(nn.Linear(20, 40))
        >>> m.weight_u.shape, sorted(m.state_dict())
        ((40,), ['bias', 'weight_orig', 'weight_u', 'weight_v'])
    """

    def edit(m: Bound) -> None:
        outputs = default_dim(m) if dim is None else dim
        replace(m, SpectralNorm(name, n_power_iterations, outputs, eps))

    return change(module, edit, rng)


def remove_spectral_norm(module: Changed, name: str = "weight") -> Changed:
    """Makes a weight that `spectral_norm` changed a plain parameter again, with its present value.

    Args:
        module: the result of `spectral_norm`, or a triple with its layer.
        name: the name of the weight.

    Source: ``torch.nn.utils.remove_spectral_norm``.

    Example:
        >>> from purenn import nn, utils
        >>> m = utils.remove_spectral_norm(utils.spectral_norm(nn.Linear(2, 3)))
        >>> sorted(m.state_dict())
        ['bias', 'weight']
    """
    return detach(module, name, SpectralNorm, f"spectral_norm of {name!r} not found in {module!r}")
