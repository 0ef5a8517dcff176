"""Layers that compare two inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from purenn import functional as F
from purenn.layers.base import Bound, Layer
from purenn.typing import Array, ArrayLike

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Layer):
    r"""Computes the cosine of the angle between vectors.

    .. math:: \frac{x_1 \cdot x_2}{\max(\|x_1\|, \epsilon)\, \max(\|x_2\|, \epsilon)}

    The clamp doesn't change the derivative with respect to the norms, as in torch.

    Args:
        dim: the dimension of the inputs' common shape along which the vectors lie.
        eps: the lower bound :math:`\epsilon` of the norms.

    Shape: :math:`(*)` and :math:`(*)`, of shapes that broadcast together; the output has their common shape without
    ``dim``.

    Raises:
        ValueError: the shapes of a call don't fit.
        IndexError: their common shape has no such dimension.
        TypeError: neither input is floating-point.

    Source: ``torch.nn.CosineSimilarity``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> a, b = jnp.array([[3.0, 4.0]]), jnp.array([[4.0, 3.0]])
        >>> round(nn.CosineSimilarity()(a, b).item(), 4)
        0.96
        >>> y, state = layers.CosineSimilarity().apply({}, {}, a, b)  # the same as a pure function
    """

    repr_fields = ()

    dim: int = 1
    eps: float = 1e-8

    def forward(self, m: Bound, x1: ArrayLike, x2: ArrayLike) -> Array:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Layer):
    r"""Computes the p-norms of the differences of vectors: :math:`\|x_1 - x_2 + \epsilon\|_p`.

    The derivative at the distance 0 is 0.

    Args:
        p: the order of the norm, also 0 and :math:`\pm\infty`; also the attribute ``norm``.
        eps: the number :math:`\epsilon` added to the differences.
        keepdim: whether the last dimension is kept, with size 1.

    Shape: :math:`(*, D)` and :math:`(*, D)`, of shapes that broadcast together, to :math:`(*)`, or to :math:`(*, 1)`
    with ``keepdim``.

    Raises:
        ValueError: the shapes of a call don't fit.
        TypeError: an input is boolean.

    Source: ``torch.nn.PairwiseDistance``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> a, b = jnp.array([[3.0, 4.0]]), jnp.zeros((1, 2))
        >>> nn.PairwiseDistance(p=1, eps=0.0)(a, b).tolist()
        [7.0]
        >>> y, state = layers.PairwiseDistance(p=1, eps=0.0).apply({}, {}, a, b)  # the same as a pure function
    """

    repr_fields = ()

    p: float = 2.0
    eps: float = 1e-6
    keepdim: bool = False
    norm: float = dataclasses.field(default=2.0, init=False)  # torch's other name of p

    def normalize(self) -> Mapping[str, Any]:
        return {"norm": self.p}

    def forward(self, m: Bound, x1: ArrayLike, x2: ArrayLike) -> Array:
        return F.pairwise_distance(x1, x2, self.p, self.eps, self.keepdim)
