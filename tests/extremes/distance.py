import numpy as np
from extremes_engine import INF, Row, of

from extremes import big, infinite, ordinary, pairs, rows

ORDERS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, INF)
PAIR = pairs(rows)
FEW = of(lambda n: np.array([*ordinary(n), ordinary(n)[0], *infinite(n)[:2]], float))
LARGE = of(lambda n: np.array([*ordinary(n)[:3], *big(n)], float))
NOT_HALF = ("float32", "float64", "bfloat16")  # in float16 torch's eps is 0
SINGLE = ("float32", "float64")  # torch has the others not at all
POWERS = 256  # the compiler's power is an exponential of a logarithm, which loses some digits
LOUD = "torch's largest of several numbers passes over NaN"

TABLE = [
    Row("cosine_similarity", PAIR, atol=16, dtypes=NOT_HALF),
    Row("cosine_similarity", PAIR, {"eps": 0.5}, atol=16),
    *(Row("pairwise_distance", PAIR, {"p": p}) for p in (*ORDERS, -INF, -1.0)),
    *(Row("pairwise_distance", PAIR, {"p": p, "eps": 0.0}) for p in (*ORDERS, -INF)),
    *(
        Row(name, (*[x] * n, p), dtypes=SINGLE, loud=LOUD if p == INF else "", atol=POWERS if p % 1 else 16, ulps=128)
        for name, n in (("pdist", 1), ("cdist", 2))
        for x in (FEW, LARGE)
        for p in ORDERS
    ),
    *(
        Row(name, (*[of(rows)] * n, p), dtypes=SINGLE, grad=False, loud=LOUD if p == INF else "")
        for name, n in (("pdist", 1), ("cdist", 2))
        for p in ORDERS
    ),
    Row("cdist", (of(lambda n: np.resize(ordinary(n), (30, 8))), of(ordinary)), atol=64, dtypes=SINGLE),
    *(Row("norm", (of(rows), p), {"dim": 1}) for p in (*ORDERS, -INF, -1.0)),
    Row("pdist", (of(np.zeros((0, 3))),), dtypes=SINGLE, grad=False),  # torch's gradient crashes
    Row("cdist", (of(np.zeros((0, 3))), of(np.zeros((2, 3)))), dtypes=SINGLE),
    Row("cosine_similarity", (of(np.zeros((0, 3))), of(np.zeros((0, 3))))),
    Row("pairwise_distance", (of(np.zeros((0, 3))), of(np.zeros((0, 3))))),
]
