import numpy as np
from extremes_engine import INF, Row, constant, of

from extremes import COUNT, ROWS, rows, rows_within_squares

OVERFLOW = "squares that overflow make NaN; torch's are 0, or in batch and instance norms summed in double precision"
EQUAL = "the mean of equal numbers is exact as long as their sum is; torch's formulas overflow"
# Torch's affine formulas cancel where all numbers are equal; in float32 the exact result decides.
CANCELS = ("float32", "float16", "bfloat16")
WITHIN = of(rows_within_squares)
FEW = 18
W, B = of([1.0, 2.0, -1.0, 0.5, 0.0, 1.0, 3.0, -0.25]), of([0.0, 1.0, -1.0, 2.0, 0.25, 0.0, 0.5, -3.0])


def channels(make):
    return of(lambda n: make(n).T)  # (N, C): a channel for each row


def images(make):
    return of(lambda n: make(n)[None])  # (1, C, L)


CW, CB = of(np.linspace(-2, 2, FEW)), of(np.linspace(1, -1, FEW))
NOT_HALF = ("float32", "float64", "bfloat16")
STATISTICS = [(0.5, 2.0), (0.0, 0.0), (0.0, INF), ("big", "big")]

TABLE = [
    Row("layer_norm", (ROWS, (8,)), atol=256, loud=OVERFLOW, better=EQUAL, rounded=False),
    Row("layer_norm", (WITHIN, (8,), W, B), atol=1024, rounded=False),
    Row("layer_norm", (of(lambda n: rows(n)[:, :1]), (1,)), atol=16, better=EQUAL),
    Row("rms_norm", (ROWS, (8,)), atol=16, better="the gradient of what overflowed to 0 is 0"),
    Row("rms_norm", (WITHIN, (8,), W, 1e-5), atol=64),
    Row("batch_norm", (channels(rows), None, None), {"training": True}, atol=256, loud=OVERFLOW, rounded=False),
    Row(
        "batch_norm", (channels(rows_within_squares), None, None, CW, CB), {"training": True}, atol=1024, rounded=False
    ),
    *(
        Row(
            "batch_norm",
            (
                channels(rows_within_squares),
                *(constant(lambda n, v=v: np.full(FEW, getattr(n, v) if isinstance(v, str) else v)) for v in s),
                *affine,
            ),
            atol=64,
        )
        for s in STATISTICS
        for affine in ((), (CW, CB))
    ),
    Row("instance_norm", (images(rows),), atol=256, loud=OVERFLOW, dtypes=CANCELS, rounded=False),
    Row("instance_norm", (images(rows_within_squares), None, None, CW, CB), atol=64, dtypes=CANCELS, rounded=False),
    Row("group_norm", (images(rows), COUNT), atol=256, loud=OVERFLOW, better=EQUAL, rounded=False),
    Row("group_norm", (images(rows_within_squares), FEW, CW, CB), atol=1024, dtypes=CANCELS, rounded=False),
    Row("local_response_norm", (of(lambda n: rows(n)[:, :, None]), 2), atol=8),
    Row("local_response_norm", (of(lambda n: rows(n)[:, :, None]), 3, 1.0, 0.75, 0.0), atol=8),
    # In float16 the usual eps is 0, and what torch makes of zeros then depends on p.
    *(Row("normalize", (ROWS, p), dtypes=NOT_HALF) for p in (2.0, 1.0, 3.0, 1.5, 0.0, INF, -INF, -1.0)),
    Row("normalize", (WITHIN, 0.5), dtypes=NOT_HALF),
    *(Row("normalize", (ROWS, p), {"eps": 1e-3}) for p in (1.0, 2.0, INF)),
    Row("normalize", (ROWS, 2.0), {"eps": 10.0}),
    *(Row("batch_norm", (of(np.zeros(shape)), *[None] * 2), {"training": True}) for shape in ((0,), (0, 3), (0, 3, 2))),
    Row("batch_norm", (of(np.zeros(0)), constant(np.zeros(3)), constant(np.ones(3)))),
    Row(
        "batch_norm",
        (of(np.zeros((0, 3))), constant(np.zeros(3)), constant(np.ones(3)), of(np.ones(3)), of(np.ones(3))),
    ),
    Row("layer_norm", (of(np.zeros((0, 3))), (3,), of(np.ones(3)), of(np.ones(3)))),
    Row("group_norm", (of(np.zeros((0, 4))), 2, of(np.ones(4)), of(np.ones(4)))),
    Row("instance_norm", (of(np.zeros((2, 0, 3))),)),
    Row("rms_norm", (of(np.zeros((0, 3))), (3,), of(np.ones(3)))),
    Row("local_response_norm", (of(np.zeros((0, 2, 3))), 2)),
    Row("normalize", (of(np.zeros((0, 3))),)),
]
