"""Low-rank approximations of matrices."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check, random
from purenn.functional.linalg import matrices_of
from purenn.typing import Array, ArrayLike, Key

__all__ = ["pca_lowrank", "svd_lowrank"]


def svd_lowrank(
    A: ArrayLike,  # noqa: N803
    q: int | None = 6,
    niter: int | None = 2,
    M: ArrayLike | None = None,  # noqa: N803
    rng: Key | None = None,
) -> tuple[Array, Array, Array]:
    r"""Approximates matrices by rank q with random projections: :math:`A \approx U \operatorname{diag}(S)\, V^H`.

    The columns of :math:`U` and :math:`V` are orthonormal; they are determined up to signs. The approximation is
    exact, up to rounding, where q isn't below the rank of A.

    Args:
        A: of shape :math:`(*, m, n)`.
        q: the rank, None for 6; the factors have rank :math:`\min(m, n)` at most.
        niter: the number of steps of the subspace iteration, None for 2.
        M: an array to subtract from A first, of a shape that broadcasts to A's; None for none.
        rng: a jax key.

    Returns:
        U of shape :math:`(*, m, q)`, S of shape :math:`(*, q)` and V of shape :math:`(*, n, q)`.

    Raises:
        ValueError: A's rank is below 2, ``q`` is negative, ``M`` doesn't broadcast, or ``rng`` is missing.
        TypeError: the dtypes differ, or aren't of single or double precision.

    Source: ``torch.svd_lowrank``; Halko, Martinsson and Tropp, *Finding Structure with Randomness:
    Probabilistic Algorithms for Constructing Approximate Matrix Decompositions*, 2009,
    https://arxiv.org/abs/0909.4061.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> U, S, V = F.svd_lowrank(jnp.ones((4, 3)), q=1, rng=jax.random.key(0))
        >>> (U * S @ V.T).round(4)[0].tolist()
        [1.0, 1.0, 1.0]
    """
    x = matrices_of("svd_lowrank", "A", A)
    q = check.integer("svd_lowrank", "q", 6 if q is None else q, 0)
    niter = check.integer("svd_lowrank", "niter", 2 if niter is None else niter)
    if M is not None:
        m = check.array("svd_lowrank", "M", M)
        check.same_dtype("svd_lowrank", A=x, M=m)
        check.broadcastable("svd_lowrank", "M", m, x.shape)
        x = x - jnp.broadcast_to(m, x.shape)
    return _low_rank(x, q, niter, check.key("svd_lowrank", "rng", rng, "the projections are drawn"))


def _low_rank(x: jax.Array, q: int, niter: int, rng: Key) -> tuple[jax.Array, jax.Array, jax.Array]:
    if x.shape[-2] < x.shape[-1]:
        u, s, v = _low_rank(jnp.conj(jnp.swapaxes(x, -1, -2)), q, niter, rng)
        return v, s, u
    if q == 0 or 0 in x.shape:
        q = min(q, *x.shape[-2:])
        shapes = ((*x.shape[:-1], q), (*x.shape[:-2], q), (*x.shape[:-2], x.shape[-1], q))
        return tuple(jnp.zeros(s, x.dtype if i != 1 else jnp.finfo(x.dtype).dtype) for i, s in enumerate(shapes))  # type: ignore[return-value]
    adjoint = jnp.conj(jnp.swapaxes(x, -1, -2))
    if jnp.iscomplexobj(x):
        drawn = jax.random.normal(rng, (x.shape[-1], q), x.dtype)
    else:
        drawn = random.normal(rng, (x.shape[-1], q), x.dtype)
    multiply = functools.partial(jnp.matmul, precision=lax.Precision.HIGHEST)
    basis = jnp.linalg.qr(multiply(x, jnp.broadcast_to(drawn, (*x.shape[:-2], *drawn.shape))))[0]
    for _ in range(niter):
        basis = jnp.linalg.qr(multiply(adjoint, basis))[0]
        basis = jnp.linalg.qr(multiply(x, basis))[0]
    projected = multiply(jnp.conj(jnp.swapaxes(basis, -1, -2)), x)
    u, s, vh = jnp.linalg.svd(projected, full_matrices=False)
    return multiply(basis, u), s, jnp.conj(jnp.swapaxes(vh, -1, -2))


def pca_lowrank(
    A: ArrayLike,  # noqa: N803
    q: int | None = None,
    center: bool = True,
    niter: int = 2,
    rng: Key | None = None,
) -> tuple[Array, Array, Array]:
    r"""Computes principal components: low-rank factors of a matrix whose mean row is subtracted.

    .. math:: A - \bar A \approx U \operatorname{diag}(S)\, V^H

    The columns of :math:`U` and :math:`V` are orthonormal; they are determined up to signs.

    Args:
        A: of shape :math:`(*, m, n)`: m samples of n features.
        q: the number of components; None takes :math:`\min(6, m, n)`.
        center: whether the mean is subtracted.
        niter: the number of steps of the subspace iteration.
        rng: a jax key.

    Returns:
        U of shape :math:`(*, m, q)`, S of shape :math:`(*, q)` and V of shape :math:`(*, n, q)`, whose columns are
        the principal directions; the variances along them are :math:`S^2 / (m - 1)`.

    Raises:
        ValueError: A's rank is below 2, ``q`` isn't from 0 to :math:`\min(m, n)`, ``niter`` is negative, or ``rng`` is
            missing.
        TypeError: the dtype isn't of single or double precision.

    Source: ``torch.pca_lowrank``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import functional as F
        >>> U, S, V = F.pca_lowrank(jnp.array([[0.0, 1.0], [2.0, 1.0]]), q=1, rng=jax.random.key(0))
        >>> abs(V).round(4).tolist()
        [[1.0], [0.0]]
    """
    x = matrices_of("pca_lowrank", "A", A)
    most = min(x.shape[-2:])
    q = check.integer("pca_lowrank", "q", min(6, most) if q is None else q, 0)
    if q > most:
        check.fail("pca_lowrank", "q", f"be at most {most} for shape {x.shape}", q)
    niter = check.integer("pca_lowrank", "niter", niter, 0)
    if center:
        x = x - jnp.mean(x, -2, keepdims=True)
    return _low_rank(x, q, niter, check.key("pca_lowrank", "rng", rng, "the projections are drawn"))
