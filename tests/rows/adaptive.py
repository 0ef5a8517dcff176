"""Rows of the adaptive softmax."""

from functional_engine import integers, normal, values
from layer_engine import Row

ROWS = [
    Row("AdaptiveLogSoftmaxWithLoss", (16, 20, [4, 10, 15]), {"div_value": 2.0}, (normal(8, 16), integers(20, 8))),
    Row("AdaptiveLogSoftmaxWithLoss", (8, 10, [3]), {"head_bias": True}, (normal(5, 8), integers(3, 5))),
    Row("AdaptiveLogSoftmaxWithLoss", (16, 10, [4]), {}, (normal(16), values(7))),
]
