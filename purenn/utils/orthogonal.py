"""Orthogonal and unitary matrices as a parametrization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.layers.base import Layer, Spec
from purenn.layers.bound import Bound
from purenn.typing import Array, DTypeLike, Key
from purenn.utils.parametrize import add_parametrization
from purenn.utils.target import Changed, change, read

__all__ = ["orthogonal"]

_MAPS = ("matrix_exp", "cayley", "householder")


def _tall(x: jax.Array) -> tuple[jax.Array, bool]:
    wide = x.shape[-2] < x.shape[-1]
    return (jnp.swapaxes(x, -1, -2) if wide else x), wide


def _householder_product(a: jax.Array, tau: jax.Array) -> jax.Array:
    """The first columns of the product of the reflections along the columns below the diagonal."""
    n, k = a.shape[-2:]
    start = jnp.broadcast_to(jnp.eye(n, k, dtype=a.dtype), a.shape)
    vectors = jnp.tril(a, -1) + start

    def reflect(q: jax.Array, i: Array) -> tuple[jax.Array, None]:
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
    dtype: DTypeLike | None = None
    repr_fields = ()

    def buffers(self) -> Mapping[str, Spec | None]:
        n = max(self.shape[-2:])
        shape = (*self.shape[:-2], n, n)
        eye = lambda rng, shape, dtype=jnp.float32: jnp.broadcast_to(jnp.eye(n, dtype=dtype), shape)  # noqa: E731
        return {"base": Spec(shape, eye)} if self.use_trivialization else {}

    def forward(self, m: Bound, original: jax.Array) -> Any:
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

    def right_inverse(self, m: Bound, value: jax.Array) -> Any:
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
                columns = jax.random.normal(m.make_rng(), (*q.shape[:-1], n - k), q.dtype)
                m.base = _orthogonalized(jnp.concatenate([q, columns], -1))
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


def orthogonal(
    module: Changed,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
    rng: Key | None = None,
) -> Changed:
    r"""Keeps a matrix, or each of a batch of them, orthogonal or unitary.

    .. math:: Q^H Q = I \;\text{ if } m \ge n, \qquad Q Q^H = I \;\text{ otherwise}

    From the original :math:`X` the matrix is :math:`\exp(A)` or Cayley's :math:`(I - A/2)^{-1} (I + A/2)` of the
    skew-symmetric :math:`A = L - L^H`, where :math:`L` is the lower triangle of :math:`X`, or the product of the
    reflections along the columns of :math:`X` below its diagonal. It starts from the weight if that is orthogonal, else
    from the Q of its QR decomposition.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the matrix.
        orthogonal_map: ``"matrix_exp"``, ``"cayley"`` or ``"householder"``; None is ``"matrix_exp"`` for square and for
            complex matrices and ``"householder"`` for others.
        use_trivialization: whether the matrix is a fixed orthogonal one, the buffer ``base``, times that of the map.
            Without it ``"matrix_exp"`` and ``"cayley"`` start from the weight as :math:`X`.
        rng: a jax key; needed for a triple unless the matrix is square.

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

    def edit(m: Bound) -> None:
        x = read(m, name)
        chosen = _chosen_map(name, x, orthogonal_map)
        add_parametrization(m, name, _Orthogonal(x.shape, chosen, use_trivialization, x.dtype), True)

    return change(module, edit, rng)


def _chosen_map(name: str, x: jax.Array, orthogonal_map: str | None) -> str:
    """The map for a matrix, after a check of both."""
    if x.ndim < 2:
        raise ValueError(f"orthogonal: {name} must be a matrix or batch of matrices, got shape {x.shape}")
    is_complex = jnp.issubdtype(x.dtype, jnp.complexfloating)
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if x.shape[-1] == x.shape[-2] or is_complex else "householder"
    check.choice("orthogonal", "orthogonal_map", orthogonal_map, _MAPS)
    if is_complex and orthogonal_map == "householder":
        raise ValueError("orthogonal: the householder parametrization does not support complex arrays")
    return orthogonal_map
