import numpy as np
from functional_engine import Bad, Case, booleans, integers, normal, values

A = values([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0], [2.0, 0.0, 2.0]])
B = values([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
# Rows 0 and 1 are equal, and some differences are.
ROWS = values([[1.0, 2.0, 2.0], [1.0, 2.0, 2.0], [2.0, 3.0, 2.0], [0.0, 2.0, 2.5]])
ZERO = values([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
INF = float("inf")

CASES = [
    *(Case("pairwise_distance", (normal(3, 4), normal(3, 4)), {"p": p}) for p in (2, 3.5)),
    # At a zero torch's second derivatives are NaN.
    *(Case("pairwise_distance", (A, B), {"p": p, "eps": 0.0}, second=False) for p in (0.5, 1, 1.5, 2.0, 3, INF, -INF)),
    Case("pairwise_distance", (normal(3, 4), normal(3, 4)), {"p": 0}, grad=False),
    Case("pairwise_distance", (normal(2, 1, 3), normal(4, 3)), {"keepdim": True, "eps": 0.5}),
    Case("pairwise_distance", (normal(3), normal(2, 1))),
    Case("pairwise_distance", (normal(), normal())),
    Case("pairwise_distance", (integers(5, 2, 3), integers(5, 2, 3))),
    Case("pairwise_distance", (normal(0, 3), normal(0, 3))),
    # Torch has no second derivative of pdist.
    *(Case("pdist", (ROWS,), {"p": p}, second=False) for p in (0, 0.5, 1, 1.5, 2, 3, INF)),
    Case("pdist", (normal(4, 3),), second=False),
    Case("pdist", (normal(1, 3),), second=False),
    Case("pdist", (normal(3, 0),), second=False),
    Case("cosine_similarity", (normal(3, 4), normal(3, 4))),
    Case("cosine_similarity", (normal(2, 3, 2), normal(3, 1)), {"dim": 0}),
    Case("cosine_similarity", (normal(4), normal(4)), {"dim": -1, "eps": 0.5}),
    Case("cosine_similarity", (values([[0.1, 0.0, 0.0], [1.0, 2.0, 3.0]]), normal(2, 3)), {"eps": 0.5}),
    Case("cosine_similarity", (ZERO, normal(2, 3)), {"eps": 0.1}, second=False),  # torch's is NaN
    Case("cosine_similarity", (normal(), normal()), {"dim": 0}),
    Case("cosine_similarity", (integers(5, 2, 3), normal(2, 3))),
    Case("cosine_similarity", (normal(2, 0), normal(2, 0))),
]

BAD = [
    Bad("pairwise_distance", (normal(2, 3), normal(2, 2)), match="pairwise_distance: x1 and x2 must be broadcastable"),
    Bad("pairwise_distance", (normal(2, 3), booleans(2, 3)), match="pairwise_distance: x2 must be a numeric array"),
    Bad("pairwise_distance", ([1.0], normal(1)), match="pairwise_distance: x1 must be an array, got list"),
    Bad("pairwise_distance", (normal(2, 0), normal(2, 0)), {"p": INF}, match="have a non-empty last dimension"),
    Bad("pdist", (normal(2, 3, 4),), match="pdist: input must have rank 2"),
    Bad("pdist", (integers(3, 4, 2),), match="pdist: input must be a floating-point"),
    Bad("pdist", (values(np.ones((3, 2), np.float16)),), match="pdist: input must have single or double precision"),
    Bad("pdist", (normal(3, 2),), {"p": -1.0}, match="pdist: p must be at least 0"),
    Bad("cosine_similarity", (normal(3), normal(3)), match=r"cosine_similarity: dim must be in \[-1, 0\], got 1"),
    Bad("cosine_similarity", (normal(2, 3), normal(2, 2)), match="cosine_similarity: x1 and x2 must be broadcastable"),
    Bad("cosine_similarity", (integers(3, 4, 2), integers(3, 4, 2)), match="x1 or x2 must be a floating-point"),
]
