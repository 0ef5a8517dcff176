import numpy as np
from extremes_engine import INF, Row, integers, of

from extremes import COUNT, big, infinite, ordinary, rows

# In sums of large numbers of both signs the order of the terms decides.
FAIR = of(lambda n: np.array([*ordinary(n), big(n)[0], *infinite(n)], float)[None])
WIDE = of(lambda n: np.array([*ordinary(n), big(n)[0], *infinite(n)], float).reshape(1, -1, 2, 4))
SIGNAL = of(lambda n: rows(n)[None])  # (N, C, L)
IMAGE = of(lambda n: rows(n).reshape(1, -1, 2, 4))
VOLUME = of(lambda n: rows(n).reshape(1, -1, 2, 2, 2))
WINDOWS = [(2, 2, 0), (3, 1, 1), (8, 8, 0)]
EMPTY = of(np.zeros((0, 2, 8)))
MANY = of(lambda n: np.tile(rows(n), (1, 3, 64)))  # enough for XLA to call its library

TABLE = [
    *(Row("max_pool1d", (SIGNAL, k), {"stride": s, "padding": p}) for k, s, p in WINDOWS),
    Row("max_pool2d", (IMAGE, 2)),
    Row("max_pool2d", (IMAGE, (2, 3)), {"stride": 1, "padding": 1, "return_indices": True}),
    Row("max_pool3d", (VOLUME, 2), {"return_indices": True}),
    *(Row("adaptive_max_pool1d", (SIGNAL, k)) for k in (1, 2, 3)),
    Row("adaptive_max_pool1d", (MANY, 1), {"return_indices": True}),
    *(Row("avg_pool1d", (FAIR, k), {"stride": s, "padding": p}, atol=256) for k, s, p in WINDOWS),
    Row("avg_pool2d", (WIDE, 2), {"padding": 1, "count_include_pad": False}, atol=256),
    Row("avg_pool3d", (of(lambda n: FAIR.make(n).reshape(1, -1, 2, 2, 2)), 2), atol=256, dtypes=("float32", "float64")),
    *(Row("adaptive_avg_pool1d", (FAIR, k), atol=256) for k in (1, 2, 3)),
    Row("adaptive_avg_pool2d", (WIDE, (1, 3)), atol=256),
    *(Row("lp_pool1d", (FAIR, p, 2), atol=256) for p in (1.0, 2.0, 3.0, INF)),
    *(Row("lp_pool1d", (FAIR, p, 2), atol=256, rounded=False) for p in (1.5, -1.0)),  # denormals may be 0 or not
    Row("lp_pool2d", (WIDE, 2.0, 2), atol=256),
    Row("max_unpool1d", (of(lambda n: rows(n)[None, :, :2]), integers(np.tile([1, 2], (1, COUNT, 1))), 2)),
    *(Row(name, (EMPTY, 2)) for name in ("max_pool1d", "avg_pool1d", "adaptive_avg_pool1d")),
    Row("lp_pool1d", (EMPTY, 2.0, 2)),
]
