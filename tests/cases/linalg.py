import numpy as np
from functional_engine import Bad, Case, booleans, integers, normal, transposed, values

INF = float("inf")
DIRECT, PRODUCT = "donot_use_mm_for_euclid_dist", "use_mm_for_euclid_dist"
P = (0, 0.5, 1, 1.5, 2, 3, INF)
# equal rows, components that are equal, ties of the largest difference
ROWS = values([[1.0, 2.0, 3.0], [1.0, 3.0, 3.0]]), values([[1.0, 2.0, 3.0], [0.0, 1.0, 3.0], [2.0, 2.0, 3.0]])
# a zero vector, ties of the largest and smallest modulus, zeros among others
VECTORS = values([[0.0, 0.0, 0.0], [1.0, -1.0, 0.0], [2.0, 2.0, -1.0], [1.0, -2.0, 4.0]])
HALF = values(np.ones((3, 2), np.float16))
HALVES = values([[300.0, 300.0, 300.0]])  # whose squares are beyond float16

CASES = [
    Case("block_diag", (normal(2, 1), normal(), normal(3), normal(0, 2))),
    Case("block_diag", ()),
    Case("block_diag", (integers(5, 2), normal(1, 2))),
    Case("block_diag", (booleans(1, 2), booleans())),
    # torch has no second derivative of distances but with products
    *(Case("cdist", ROWS, {"p": p, "compute_mode": DIRECT}, second=False) for p in P),
    *(Case("cdist", (normal(2, 3), normal(4, 3)), {"p": p}, second=False) for p in (0.5, 4.0)),
    Case("cdist", ROWS, {"compute_mode": PRODUCT}, second=False),
    # cancels to about the square root of the precision
    Case("cdist", (normal(2, 3), normal(4, 3)), {"compute_mode": PRODUCT}, tolerance=100),
    Case("cdist", (normal(26, 2), normal(3, 2)), second=False, tolerance=100),
    Case("cdist", (normal(3, 1, 2, 3), normal(2, 4, 3)), {"p": 1.0}, second=False),
    Case("cdist", (transposed(normal(2, 3)), transposed(normal(4, 3))), second=False),
    Case("cdist", (normal(0, 3), normal(4, 3)), {"p": INF}, second=False),
    *(Case("cdist", (normal(2, 0), normal(4, 0)), {"p": p}, second=False) for p in (2.0, INF)),
    Case("cdist", (normal(0, 2, 3), normal(4, 3)), second=False),
    Case("chain_matmul", (normal(2, 3), normal(3, 4), normal(4, 1))),
    Case("chain_matmul", (normal(2, 3), transposed(normal(3, 4)))),
    Case("chain_matmul", (normal(2, 3),)),
    Case("chain_matmul", (integers(5, 2, 2), integers(5, 2, 2), integers(5, 2, 2))),
    Case("chain_matmul", (normal(0, 3), normal(3, 2), normal(2, 2))),
    Case("lu", (normal(3, 3),), {"get_infos": True}),
    Case("lu", (normal(2, 2, 3),)),
    Case("lu", (transposed(normal(3, 2)),)),
    Case("lu", (values([[[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]),), {"get_infos": True}, grad=False),
    Case("lu", (values([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], False), True, True)),
    Case("lu", (normal(2, 0, 3),), {"get_infos": True}, grad=False, half=False),
    *(Case("norm", (VECTORS, p), {"dim": 1}, second=False) for p in (0.5, 1, 2, 3, INF, -INF, -2)),
    *(Case("norm", (normal(2, 3), p), {"dim": (0, 1)}) for p in (1.5, 3, -2)),
    Case("norm", (VECTORS, 0), {"dim": 1}, grad=False),
    Case("norm", (normal(2, 3),)),
    Case("norm", (normal(2, 3),), {"p": None, "keepdim": True}),
    Case("norm", (normal(2, 3, 2),), {"dim": (-1, 0), "keepdim": True}),
    Case("norm", (normal(2, 3), 2, ())),
    Case("norm", (normal(), 3, 0)),
    Case("norm", (HALVES,)),
    Case("norm", (values([1 + 2j, 0j, -3j], False), 1.5)),
    Case("norm", (values([1 + 2j, 0j, -3j], False),)),
    Case("norm", (normal(0, 3), 2)),
    Case("norm", (normal(0, 3), INF, 1), grad=False),
    Case("norm", (normal(2, 3), "nuc")),
    Case("norm", (normal(2, 2, 3), "nuc"), {"dim": (2, 0), "keepdim": True}),
    Case("norm", (normal(0, 3), "nuc"), grad=False),
]

BAD = [
    Bad("block_diag", (normal(2, 1, 1),), match=r"block_diag: tensors\[0\] must have rank 0 or 1 or 2"),
    Bad("block_diag", ([normal(2)],), match=r"block_diag: tensors\[0\] must be an array, got list"),
    Bad("cdist", (normal(3), normal(4, 3)), match=r"cdist: x1 must have shape \(\*, rows, columns\)"),
    Bad("cdist", (normal(2, 3), normal(4, 2)), match="cdist: x2 must have 3 columns"),
    Bad(
        "cdist",
        (normal(2, 2, 3), normal(3, 4, 3)),
        match=r"x2 must have leading dimensions that broadcast with \(2,\)",
    ),
    Bad("cdist", (integers(3, 2, 3), integers(3, 2, 3)), match="cdist: x1 must be a floating-point array"),
    Bad("cdist", (normal(2, 3), integers(3, 2, 3)), match="cdist: x2 must be a floating-point array"),
    Bad("cdist", (normal(2, 3), values([[1, 2, 3.0]], False)), {"p": -1.0}, match="cdist: p must be at least 0"),
    Bad("cdist", (normal(2, 3), normal(4, 3)), {"p": "2"}, match="cdist: p must be a number"),
    Bad("cdist", (normal(2, 3), normal(4, 3)), {"p": None}, match="cdist: p must be a number"),
    *(
        Bad("cdist", (HALF, HALF), kwargs, match="cdist: x1 must have single or double precision")
        for kwargs in ({}, {"p": 1.0}, {"p": INF}, {"compute_mode": DIRECT})
    ),
    Bad("cdist", (normal(2, 3), normal(4, 3)), {"compute_mode": "mm"}, match="cdist: compute_mode must be one of"),
    Bad("chain_matmul", (), match="chain_matmul: matrices must be at least one array"),
    Bad("chain_matmul", (normal(3), normal(3, 2)), match=r"chain_matmul: matrices\[0\] must have rank 2"),
    Bad("chain_matmul", (normal(2, 3), normal(2, 2)), match=r"chain_matmul: matrices\[1\] must have 3 rows"),
    Bad("chain_matmul", (normal(2, 2), integers(3, 2, 2)), match="chain_matmul: matrices must have one dtype"),
    Bad("chain_matmul", ([normal(2, 2)],), match=r"chain_matmul: matrices\[0\] must be an array, got list"),
    Bad("lu", (normal(3),), match=r"lu: A must have shape \(\*, m, n\)"),
    Bad("lu", (integers(3, 2, 2),), match="lu: A must have single or double precision"),
    Bad("lu", (normal(2, 2),), {"pivot": False}, match="lu: pivot must be True"),
    Bad("norm", ([1.0],), match="norm: input must be an array"),
    Bad("norm", (integers(3, 2),), match="norm: input must be a floating-point or complex array"),
    Bad("norm", (normal(2, 3), "inf"), match="norm: p must be one of 'fro', 'nuc'"),
    Bad("norm", (normal(2, 3), [2]), match="norm: p must be a number, 'fro', 'nuc' or None"),
    Bad("norm", (normal(2, 3), 2, 2), match=r"norm: dim must be in \[-2, 1\]"),
    Bad("norm", (normal(2, 3), 2, (0, -2)), match="norm: dim must have no repetitions"),
    Bad("norm", (normal(2, 3, 4), "fro", (0, 1, 2)), match="norm: dim must be two dimensions"),
    Bad("norm", (normal(2, 3, 4), "nuc"), match="norm: dim must be two dimensions"),
    Bad("norm", (normal(2, 3), "nuc", 1), match="norm: dim must be two dimensions"),
    Bad("norm", (normal(2, 3), "nuc", (0, 0)), match="norm: dim must have no repetitions"),
    Bad("norm", (normal(3), "nuc"), match="norm: dim must be two dimensions"),
    Bad("norm", (normal(0, 3), INF), match="norm: input must have non-zero size"),
    Bad("norm", (normal(0, 3), -1, 0), match="norm: input must have non-zero size"),
    Bad("norm", (normal(2, 3),), {"dtype": "int32"}, match="norm: dtype must be able to hold", theirs=False),
    Bad("norm", (normal(2, 3),), {"dtype": "float16"}, match="norm: dtype must be able to hold", theirs=False),
    Bad("norm", (normal(2, 3),), {"dtype": "complex64"}, match="norm: dtype must be able to hold", theirs=False),
    Bad("svd_lowrank", (normal(2, 3),), match="svd_lowrank: rng must be a jax key", theirs=False),
    Bad("svd_lowrank", (normal(3),), match=r"svd_lowrank: A must have shape \(\*, m, n\)"),
    Bad("svd_lowrank", (integers(3, 2, 3),), match="svd_lowrank: A must have single or double precision"),
    Bad("svd_lowrank", (normal(2, 3), -1), match="svd_lowrank: q must be at least 0"),
    Bad("svd_lowrank", (normal(2, 3), 1.5), match="svd_lowrank: q must be an integer"),
    Bad("svd_lowrank", (normal(2, 3), 1, 2, normal(4, 3)), match=r"svd_lowrank: M must be broadcastable to \(2, 3\)"),
    Bad("svd_lowrank", (normal(2, 3), 1, 2, integers(3, 2, 3)), match="svd_lowrank: A and M must have one dtype"),
    Bad("pca_lowrank", (normal(2, 3),), match="pca_lowrank: rng must be a jax key", theirs=False),
    Bad("pca_lowrank", (normal(3),), match=r"pca_lowrank: A must have shape \(\*, m, n\)"),
    Bad("pca_lowrank", (integers(3, 2, 3),), match="pca_lowrank: A must have single or double precision"),
    Bad("pca_lowrank", (normal(2, 3), 3), match="pca_lowrank: q must be at most 2"),
    Bad("pca_lowrank", (normal(2, 3), -1), match="pca_lowrank: q must be at least 0"),
    Bad("pca_lowrank", (normal(2, 3), 1, True, -1), match="pca_lowrank: niter must be at least 0"),
]
