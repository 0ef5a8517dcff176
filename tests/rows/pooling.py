"""Rows of the pools other than the plain ones."""

import math

import numpy as np
from functional_engine import normal, uniform, values
from layer_engine import Row

SIGNAL, IMAGE, VOLUME = normal(2, 3, 9), normal(2, 3, 7, 6), normal(2, 2, 6, 5, 7)
POSITIVE = {1: uniform(2, 3, 9, low=0.1), 2: uniform(2, 3, 7, 6, low=0.1), 3: uniform(2, 2, 4, 5, 4, low=0.1)}
PLANES = normal(3, 7, 6)
RATIO = {"output_ratio": (0.5, 0.4, 0.6), "_random_samples": uniform(2, 2, 3)}


def places(size: int, *shape: int, planes: int):
    """Different positions of a plane for each of its elements, as a max-pool returns them."""
    generator, count = np.random.default_rng(0), math.prod(shape) // planes
    drawn = [generator.permutation(size)[:count] for _ in range(planes)]
    return values(np.stack(drawn).reshape(shape))


ROWS = [
    Row("AdaptiveAvgPool1d", (4,), {}, (SIGNAL,)),
    Row("AdaptiveAvgPool2d", (4,), {}, (IMAGE,)),
    Row("AdaptiveAvgPool2d", ((None, 4),), {}, (normal(3, 7, 6),)),
    Row("AdaptiveAvgPool3d", ((2, None, 4),), {}, (VOLUME,)),
    Row("AdaptiveMaxPool1d", (4,), {}, (normal(3, 9),)),
    Row("AdaptiveMaxPool1d", (4, True), {}, (SIGNAL,)),
    Row("AdaptiveMaxPool2d", ((3, None),), {}, (IMAGE,)),
    Row("AdaptiveMaxPool2d", (3,), {"return_indices": True}, (IMAGE,)),
    Row("AdaptiveMaxPool3d", ((2, 3, None),), {}, (VOLUME,)),
    Row("AdaptiveMaxPool3d", (2,), {"return_indices": True}, (VOLUME,)),
    Row("LPPool1d", (2, 3), {}, (POSITIVE[1],)),
    Row("LPPool1d", (1.5, 4), {"stride": 3, "ceil_mode": True}, (uniform(3, 9, low=0.1),)),
    Row("LPPool2d", (2, (3, 2)), {"stride": (2, 1)}, (POSITIVE[2],)),
    Row("LPPool2d", (3, 2), {"ceil_mode": True}, (POSITIVE[2],)),
    Row("LPPool3d", (2, 2), {}, (POSITIVE[3],)),
    Row("LPPool3d", (1.2, (2, 3, 2)), {"stride": 1, "ceil_mode": True}, (POSITIVE[3],)),
    Row("FractionalMaxPool2d", (2, (4, 3)), {"_random_samples": uniform(2, 3, 2)}, (IMAGE,)),
    Row("FractionalMaxPool2d", ((3, 2), None, (0.5, 0.6), True), {"_random_samples": uniform(1, 3, 2)}, (PLANES,)),
    Row("FractionalMaxPool3d", (2, 3), {"_random_samples": uniform(2, 2, 3)}, (VOLUME,)),
    Row("FractionalMaxPool3d", (2,), {**RATIO, "return_indices": True}, (VOLUME,)),
    Row("MaxUnpool1d", (3,), {"stride": 2, "padding": 1}, (normal(2, 3, 4), places(7, 2, 3, 4, planes=6))),
    Row("MaxUnpool1d", (2,), {}, (normal(3, 4), places(8, 3, 4, planes=3))),
    Row("MaxUnpool2d", ((2, 3),), {}, (normal(2, 3, 3, 2), places(36, 2, 3, 3, 2, planes=6))),
    Row("MaxUnpool2d", (3,), {"stride": (2, 1), "padding": 1}, (normal(3, 3, 4), places(20, 3, 3, 4, planes=3))),
    Row("MaxUnpool3d", (2,), {}, (normal(2, 2, 2, 2, 2), places(64, 2, 2, 2, 2, 2, planes=4))),
    Row("MaxUnpool3d", (3, (2, 1, 2)), {"padding": (1, 0, 1)}, (normal(2, 2, 3, 2), places(45, 2, 2, 3, 2, planes=2))),
]
