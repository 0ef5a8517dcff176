"""Rows of look-ups; those with max_norm, where torch changes its table, are in tests/test_layer_details.py."""

from functional_engine import integers, normal, values
from layer_engine import Row

BAGS = (integers(7, 8), values([0, 3, 3, 6]))

ROWS = [
    Row("Embedding", (7, 3), {"_weight": normal(7, 3)}, (integers(7, 5),)),
    Row("Embedding", (7, 3), {"_freeze": True}, (integers(7, 5),)),
    Row("EmbeddingBag", (7, 3), {}, (integers(7, 2, 4),)),
    Row("EmbeddingBag", (7, 3), {"mode": "sum", "padding_idx": -3}, BAGS),
    Row("EmbeddingBag", (7, 3), {"mode": "max", "_weight": normal(7, 3)}, BAGS),
    Row("EmbeddingBag", (7, 3), {"mode": "sum", "include_last_offset": True}, (integers(7, 8), values([0, 3, 8]))),
    Row("EmbeddingBag", (7, 3), {"mode": "sum"}, (*BAGS, normal(8))),
    # every row equally often: torch's CPU gradient divides some rows by the frequency of others
    Row("EmbeddingBag", (4, 3), {"mode": "sum", "scale_grad_by_freq": True}, (values([[0, 1, 2, 3], [3, 2, 1, 0]]),)),
]
