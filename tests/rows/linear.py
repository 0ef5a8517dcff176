"""Rows of linear layers."""

from functional_engine import normal
from layer_engine import Row

ROWS = [
    Row("Bilinear", (3, 4, 5), {}, (normal(2, 3), normal(2, 4))),
    Row("Bilinear", (3, 4, 5), {"bias": False}, (normal(2, 6, 3), normal(2, 6, 4))),
]
