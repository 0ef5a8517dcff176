import numpy as np
from extremes_engine import Row, of

from extremes import big, infinite, ordinary, rows

# XLA takes a common factor 1/2 out of a sum, which overflows for the largest numbers; and where large numbers cancel
# the order of the terms decides.
SIGNAL = of(lambda n: np.array([*ordinary(n), big(n)[0], *infinite(n)], float)[None])
IMAGE = of(lambda n: SIGNAL.make(n).reshape(1, -1, 2, 4))
# Beyond these torch converts numbers to integers that they don't fit into, and reads what isn't the image.
NEAR = of(lambda n: np.array([[(a, b) for b in (0.0, 0.5, -100.0)] for a in n.every if abs(a) <= 100], float)[None])
WEIGHTLESS = "an infinite neighbour of weight 0 isn't looked at"
SQUARE = of(np.arange(16.0).reshape(1, 1, 4, 4) / 4)

TABLE = [
    *(
        Row("interpolate", (SIGNAL,), {"size": 12, "mode": m}, atol=512, better=WEIGHTLESS if m == "linear" else "")
        for m in ("nearest", "linear", "area")
    ),
    *(
        Row("interpolate", (IMAGE,), {"size": (3, 7), "mode": m}, atol=4096, better=WEIGHTLESS)
        for m in ("bilinear", "bicubic", "nearest-exact")
    ),
    *(
        Row("grid_sample", (SQUARE, NEAR), {"mode": m, "padding_mode": p, "align_corners": False}, atol=16)
        for m in ("bilinear", "nearest")
        for p in ("zeros", "border", "reflection")
    ),
    *(
        Row("pad", (of(lambda n: rows(n)[None]), (1, 2)), {"mode": m})
        for m in ("constant", "reflect", "replicate", "circular")
    ),
    Row("unfold", (of(lambda n: rows(n).reshape(1, -1, 2, 4)), 2)),
    Row("fold", (of(lambda n: np.resize(SIGNAL.make(n), (1, 8, 6))), (3, 4), 2), atol=512),
    Row("pixel_shuffle", (of(lambda n: rows(n)[:20].reshape(1, 20, 2, 4)), 2)),
]
