"""Rows of dropouts. In training they are random, and only compared with themselves."""

from functional_engine import normal
from layer_engine import Row

SHAPES = {
    "AlphaDropout": (4, 5),
    "Dropout1d": (4, 5, 3),
    "Dropout2d": (3, 4, 2, 3),
    "Dropout3d": (2, 3, 2, 2, 3),
    "FeatureAlphaDropout": (3, 4, 2, 3),
}
ROWS = [
    row
    for name, shape in SHAPES.items()
    for row in (
        Row(name, (), {}, (normal(*shape),), random=True),
        Row(name, (0.2, True), {}, (normal(*shape),), random=True),
    )
]
