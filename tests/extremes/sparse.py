import numpy as np
import torch
from extremes_engine import INF, Row, integers, of

from extremes import rows

IDS = [0, 3, 3, 15, 22]
NARROW = (np.uint8, np.int8, np.int16)  # torch takes int32 and int64 alone


def wide_ids(name):
    function = getattr(torch.nn.functional, name)
    return lambda ids, *args: function(ids.long(), *args)


TABLE = [
    *(Row("embedding", (integers(IDS, t), of(rows))) for t in (np.int32, np.int64)),
    *(
        Row("embedding", (integers(IDS), of(rows)), {"max_norm": 1.0, "norm_type": p}, grad=False)
        for p in (1.0, 2.0, INF)
    ),
    *(Row("embedding", (integers(IDS, t), of(rows)), theirs=wide_ids("embedding")) for t in NARROW),
    *(Row("one_hot", (integers(IDS, t), 23), theirs=wide_ids("one_hot"), dtypes=("float32",)) for t in NARROW),
    Row("embedding", (integers(np.zeros(0)), of(rows))),
    *(
        Row("embedding_bag", (integers([[0, 3], [15, 16], [17, 9]]), of(rows)), {"mode": m}, atol=8)
        for m in ("sum", "mean", "max")
    ),
    Row("embedding_bag", (integers(IDS), of(rows), integers([0, 2, 2])), {"mode": "mean"}, atol=8),
]
