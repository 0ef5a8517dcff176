"""The parametrizations that torch has: weight norm, spectral norm and orthogonal matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.layers.base import Layer, Spec
from purenn.nn.module import Module
from purenn.utils.computed import computed_of, drawn_shapes
from purenn.utils.parametrize import _register
from purenn.utils.spectral_norm import as_matrix, default_dim, normalize, random_unit
from purenn.utils.weight_norm import norm_except_dim, normalized_weight

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _shape_of(where: str, target: Any, name: str) -> Any:
    """The array of a name, or its shape and dtype."""
    if isinstance(target, Module):
        x = getattr(target, name, None)
    else:
        layer = target if isinstance(target, Layer) else target[0]
        computed = computed_of(layer).get(name)
        trees = drawn_shapes(layer)
        x = trees[0].get(name, trees[1].get(name))
        if computed is not None:
            bind = lambda params, state: computed(layer.bind(params, state))  # noqa: E731
            x = jax.eval_shape(bind, *trees)
    if not hasattr(x, "dtype"):
        raise ValueError(f"{where}: {target!r} has no parameter or buffer with name {name!r}")
    return x


class _WeightNorm(Layer):
    dim: int | None = 0

    def forward(self, m: Any, weight_g: Any, weight_v: Any) -> Any:
        return normalized_weight(weight_v, weight_g, self.dim)

    def right_inverse(self, m: Any, weight: Any) -> tuple[Any, Any]:
        return norm_except_dim(weight, self.dim), weight

    def extra_repr(self) -> str:
        return ""


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    r"""Computes a weight from its norms and its direction.

    .. math:: w = g\, \frac{v}{\lVert v \rVert}

    They are ``parametrizations.weight.original0`` and ``original1``. A state_dict with ``weight_g`` and ``weight_v``,
    as `purenn.utils.weight_norm` has them, is loaded too.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the weight's.
        dim: the dimension whose slices are normalized; None normalizes the whole array.

    Returns:
        The module; or the new layer or triple.

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
    return _register(module, name, _WeightNorm(dim), True, renamed=True)


class _SpectralNorm(Layer):
    shape: tuple[int, ...]
    n_power_iterations: int = 1
    dim: int = 0
    eps: float = 1e-12
    dtype: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "dim", check.axis("spectral_norm", "dim", self.dim, len(self.shape)))
        if self.n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={self.n_power_iterations}"
            )

    def buffers(self) -> Mapping[str, Spec | None]:
        if len(self.shape) < 2:
            return {}
        height, width = jax.eval_shape(lambda: as_matrix(jnp.zeros(self.shape), self.dim)).shape
        start = lambda rng, shape, dtype=jnp.float32: random_unit(rng, shape, dtype, self.eps)  # noqa: E731
        return {"_u": Spec((height,), start), "_v": Spec((width,), start)}

    def _iterated(self, m: Any, weight: Any, times: int) -> tuple[Any, Any]:
        u, v, matrix = m._u, m._v, lax.stop_gradient(as_matrix(weight, self.dim))
        for _ in range(times):
            u = normalize(matrix @ v, self.eps)
            v = normalize(matrix.conj().T @ u, self.eps)
        if times:
            m._u, m._v = u, v
        return lax.stop_gradient(u), lax.stop_gradient(v)

    def prepare(self, m: Any, weight: Any) -> None:
        """Brings the vectors near those of the weight that is to be normalized."""
        if len(self.shape) > 1:
            self._iterated(m, weight, 15)

    def forward(self, m: Any, weight: Any) -> Any:
        if len(self.shape) < 2:
            return normalize(weight, self.eps)
        u, v = self._iterated(m, weight, self.n_power_iterations if m.training else 0)
        return weight / jnp.vdot(u, as_matrix(weight, self.dim) @ v)

    def right_inverse(self, m: Any, value: Any) -> Any:
        return value

    def extra_repr(self) -> str:
        return ""


def spectral_norm(
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    *,
    rng: Any = None,
) -> Any:
    r"""Divides a weight by its largest singular value.

    .. math:: \hat W = \frac{W}{\sigma(W)} \quad\text{with}\quad \sigma(W) = u^H W v

    :math:`u` and :math:`v` are state. In training they take a step of the power method whenever the weight is used;
    they begin with 15 steps. A vector is divided by its norm.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the weight's.
        n_power_iterations: the steps that each use takes.
        eps: the least norm that is divided by.
        dim: the dimension of the outputs; None is 0, and 1 in transposed convolutions.
        rng: a jax key; needed for a triple.

    Returns:
        The module; or the new layer or triple.

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
    x = _shape_of("spectral_norm", module, name)
    dim = default_dim(module) if dim is None else dim
    return _register(module, name, _SpectralNorm(x.shape, n_power_iterations, dim, eps, x.dtype), False, rng)


_MAPS = ("matrix_exp", "cayley", "householder")


def _tall(x: jax.Array) -> tuple[jax.Array, bool]:
    wide = x.shape[-2] < x.shape[-1]
    return (jnp.swapaxes(x, -1, -2) if wide else x), wide


def _householder_product(a: jax.Array, tau: jax.Array) -> jax.Array:
    """The first columns of the product of the reflections along the columns below the diagonal."""
    n, k = a.shape[-2:]
    start = jnp.broadcast_to(jnp.eye(n, k, dtype=a.dtype), a.shape)
    vectors = jnp.tril(a, -1) + start

    def reflect(q: jax.Array, i: Any) -> tuple[jax.Array, None]:
        v = lax.dynamic_index_in_dim(vectors, i, -1)
        t = lax.dynamic_index_in_dim(tau, i, -1)[..., None]
        return q - t * (v @ (jnp.swapaxes(v, -1, -2) @ q)), None

    return lax.scan(reflect, start, jnp.arange(k), reverse=True)[0]


def _adjoint(x: jax.Array) -> jax.Array:
    return jnp.swapaxes(x, -1, -2).conj()


def _orthogonalized(a: jax.Array) -> jax.Array:
    """The Q of A = QR with a positive diagonal of R."""
    q, r = jnp.linalg.qr(a)
    return q * jnp.sign(jnp.diagonal(r, axis1=-2, axis2=-1))[..., None, :]


class _Orthogonal(Layer):
    shape: tuple[int, ...]
    orthogonal_map: str
    use_trivialization: bool = True
    dtype: Any = None

    def buffers(self) -> Mapping[str, Spec | None]:
        n = max(self.shape[-2:])
        shape = (*self.shape[:-2], n, n)
        eye = lambda rng, shape, dtype=jnp.float32: jnp.broadcast_to(jnp.eye(n, dtype=dtype), shape)  # noqa: E731
        return {"base": Spec(shape, eye)} if self.use_trivialization else {}

    def forward(self, m: Any, original: Any) -> Any:
        x, wide = _tall(original)
        n, k = x.shape[-2:]
        if self.orthogonal_map == "householder":
            a = jnp.tril(x, -1)
            tau = 2 / (1 + jnp.sum(a * a, -2))
            signs = lax.stop_gradient(jnp.trunc(jnp.diagonal(x, axis1=-2, axis2=-1)))
            q = _householder_product(a, tau) * signs[..., None, :]
        else:
            x = jnp.tril(x)
            x = jnp.concatenate([x, jnp.zeros((*x.shape[:-1], n - k), x.dtype)], -1)
            a = x - _adjoint(x)
            eye = jnp.broadcast_to(jnp.eye(n, dtype=a.dtype), a.shape)
            if self.orthogonal_map == "matrix_exp":
                q = jax.scipy.linalg.expm(a)
            else:
                q = jnp.linalg.solve(eye - a / 2, eye + a / 2)
            q = q[..., :k]
        if self.use_trivialization:
            q = m.base @ q
        return jnp.swapaxes(q, -1, -2) if wide else q

    def right_inverse(self, m: Any, value: Any) -> Any:
        check.shape("orthogonal", "the matrix", value, self.shape)
        q, wide = _tall(value)
        n, k = q.shape[-2:]
        if self.use_trivialization:
            if n == k:
                eye = jnp.broadcast_to(jnp.eye(n, dtype=q.dtype), q.shape)
                eps = 10.0 * n * float(jnp.finfo(q.dtype).eps)
                orthogonal = jnp.all(jnp.abs(_adjoint(q) @ q - eye) <= eps + 1e-5 * eye.real)
                m.base = jnp.where(orthogonal, q, _orthogonalized(q))
            else:
                rest = jax.random.normal(m.make_rng(), (*q.shape[:-1], n - k), q.dtype)
                m.base = _orthogonalized(jnp.concatenate([q, rest], -1))
            return jnp.broadcast_to(-jnp.eye(*value.shape[-2:], dtype=value.dtype), value.shape)
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "orthogonal: the matrix exponential and the Cayley map can't be assigned to without use_trivialization"
            )
        h, tau = jnp.linalg.qr(q, mode="raw")
        a = jnp.swapaxes(h, -1, -2)
        signs = jnp.sign(jnp.diagonal(a, axis1=-2, axis2=-1)) * jnp.where(tau == 0, -1, 1).astype(a.dtype)
        on = jnp.broadcast_to(jnp.eye(n, k, dtype=bool), a.shape)
        a = jnp.where(on, signs[..., None, :], a)
        return jnp.swapaxes(a, -1, -2) if wide else a

    def extra_repr(self) -> str:
        return ""


def orthogonal(
    module: Any,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
    rng: Any = None,
) -> Any:
    r"""Keeps a matrix, or each of a batch of them, orthogonal or unitary.

    .. math:: Q^H Q = I \;\text{ if } m \ge n, \qquad Q Q^H = I \;\text{ otherwise}

    From the original :math:`X` the matrix is :math:`\exp(A)` or Cayley's :math:`(I - A/2)^{-1} (I + A/2)` of the
    skew-symmetric :math:`A = L - L^H`, where :math:`L` is the lower triangle of :math:`X`, or the product of the
    reflections along the columns of :math:`X` below its diagonal. It starts from the weight as it is, if that is
    orthogonal, and else from what the QR decomposition makes of it.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the matrix's.
        orthogonal_map: ``"matrix_exp"``, ``"cayley"`` or ``"householder"``; None takes the first for square and for
            complex matrices and the last for others.
        use_trivialization: whether the matrix is a fixed orthogonal one, the buffer ``base``, times that of the map.
            Without it ``"matrix_exp"`` and ``"cayley"`` start from the weight taken as :math:`X`.
        rng: a jax key; needed for a triple unless the matrix is square.

    Returns:
        The module; or the new layer or triple.

    Raises:
        ValueError: the array is no matrix, or it is complex and the map is ``"householder"``.

    Source: ``torch.nn.utils.parametrizations.orthogonal``; Lezcano-Casado, 2019.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations
        >>> Q = parametrizations.orthogonal(nn.Linear(20, 40)).weight
        >>> bool(jnp.allclose(Q.T @ Q, jnp.eye(20), atol=1e-5))
        True
    """
    x = _shape_of("orthogonal", module, name)
    if x.ndim < 2:
        raise ValueError(f"orthogonal: {name} must be a matrix or batch of matrices, got shape {x.shape}")
    is_complex = jnp.issubdtype(x.dtype, jnp.complexfloating)
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if x.shape[-1] == x.shape[-2] or is_complex else "householder"
    check.choice("orthogonal", "orthogonal_map", orthogonal_map, _MAPS)
    if is_complex and orthogonal_map == "householder":
        raise ValueError("orthogonal: the householder parametrization does not support complex arrays")
    return _register(module, name, _Orthogonal(x.shape, orthogonal_map, use_trivialization, x.dtype), True, rng)
