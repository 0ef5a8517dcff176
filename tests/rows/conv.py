"""Rows of transposed convolutions."""

from functional_engine import normal
from layer_engine import Row

ROWS = [
    Row("ConvTranspose1d", (4, 6, 3), {}, (normal(2, 4, 5),)),
    Row("ConvTranspose1d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, (normal(4, 5),)),
    Row("ConvTranspose1d", (4, 6, 3), {"stride": 3}, (normal(2, 4, 5),)),
    Row(
        "ConvTranspose2d", (4, 6, (3, 2)), {"stride": (2, 1), "dilation": (1, 2), "bias": False}, (normal(2, 4, 3, 4),)
    ),
    Row("ConvTranspose2d", (4, 2, 3), {"stride": 2, "padding": (1, 0)}, (normal(4, 3, 4),)),
    Row("ConvTranspose3d", (2, 3, 2), {"stride": 2, "output_padding": (1, 0, 1)}, (normal(2, 2, 2, 3, 2),)),
    Row("ConvTranspose3d", (2, 4, (1, 2, 3)), {"padding": (0, 1, 1), "groups": 2}, (normal(2, 2, 3, 2),)),
]
