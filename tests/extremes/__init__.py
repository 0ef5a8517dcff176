"""Tables of calls with extreme numbers, by family. `extremes_engine` checks them."""

from __future__ import annotations

import numpy as np
from extremes_engine import INF, NAN, Numbers, constant, of


def ordinary(n: Numbers) -> list[list[float]]:
    """Rows of eight numbers: equal, nearly equal, zero, so small that they or their squares underflow, far apart."""
    return [
        [1, 2, 3, -1, 0.5, 0, -2, 4],
        [3.25] * 8,
        [1e4] * 8,
        [1024, 1025, 1024, 1026, 1024, 1024, 1025, 1023],
        [0.0] * 8,
        [-0.0] * 8,
        [n.denormal, -n.denormal, 0, *[n.denormal] * 5],
        [n.tiny, n.tiny, -n.tiny, 2 * n.tiny, 3 * n.tiny, 0, 0, n.tiny],
        [n.small, -n.small, n.small, 2 * n.small, 3 * n.small, 0, 0, n.small],
        [100, -100, 20, 0, -0.0, 1, 2, 3],
        [1000, -1000, 999, 0, 998, 1, 2, 3],
    ]


def big(n: Numbers) -> list[list[float]]:
    """Rows whose squares overflow."""
    return [[n.big] * 8, [-n.big, n.big, n.big, 0, 1, 2, 3, -n.big]]


def huge(n: Numbers) -> list[list[float]]:
    """Rows whose sums overflow."""
    return [[n.huge] * 8, [-n.huge] * 8, [n.huge, -n.huge, 0, 1, n.huge, 2, 3, 4]]


def infinite(n: Numbers) -> list[list[float]]:
    """Rows with one infinity, masked ones, and NaN."""
    return [
        [INF, 1, 2, 3, 4, 5, 6, 7],
        [-INF, 1, 2, 3, 4, 5, 6, 7],
        [-INF, -INF, 2, 2, -INF, -INF, 1, -INF],
        [-INF] * 8,
        [INF] * 8,
        [INF, -INF, 0, 1, 2, 3, 4, 5],
        [NAN, 1, 2, 3, 4, 5, 6, 7],
    ]


def rows(n: Numbers) -> np.ndarray:
    return np.array([*ordinary(n), *big(n), *huge(n), *infinite(n)], float)


def rows_within_squares(n: Numbers) -> np.ndarray:
    return np.array([*ordinary(n), *infinite(n)], float)


COUNT = 23
ROWS, COLUMNS = of(rows), of(lambda n: rows(n).T)


def pairs(make):
    """All pairs of rows, as two arrays."""
    first = of(lambda n: np.repeat(make(n), len(make(n)), 0))
    return first, of(lambda n: np.tile(make(n), (len(make(n)), 1)))


def grid(*values):
    """Arrays of all combinations of numbers. Each number is a function of the dtype's numbers."""

    def axis(i):
        return of(lambda n: np.stack(np.meshgrid(*(v(n) for v in values), indexing="ij"))[i].reshape(-1))

    return [axis(i) for i in range(len(values))]


def every(n: Numbers) -> list[float]:
    return n.every


def unit(n: Numbers) -> list[float]:
    """Probabilities."""
    return [0.0, -0.0, n.denormal, n.tiny, n.small, 0.001, 0.25, 0.5, 1 - 2**-8, 1.0]


def filled(value, like=COUNT):
    return constant(np.full(like, value, float))
