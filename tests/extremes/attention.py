import dataclasses

import numpy as np
from extremes_engine import INF, NAN, Of, Row, constant, of

G = np.random.default_rng(0)
Q, K, V = (G.integers(-8, 8, (2, 4, 3)) / 4 for _ in range(3))
CAUSAL = np.tril(np.ones((4, 4), bool))
SOME = np.array([[True] * 4, [False] * 4, [True, False, True, False], [False] * 4])
ZEROS = of(np.zeros((2, 4, 3)))


def changed(array, place, value):
    def make(n):
        a = array.copy()
        a[place] = getattr(n, value) if isinstance(value, str) else value
        return a

    return of(make)


def booleans(array) -> Of:
    return dataclasses.replace(of(array), floating=False)


TABLE = [
    Row(
        "scaled_dot_product_attention",
        (q, k, v, mask),
        {"is_causal": causal},
        atol=16,
        better="a key that may not be attended to has no weight, even if it is NaN" if causal else "",
    )
    for q, k, v, mask, causal in (
        (of(Q), of(K), of(V), None, False),
        (of(Q), of(K), of(V), None, True),
        (of(Q), of(K), of(V), booleans(SOME), False),
        (of(Q), of(K), of(V), booleans(CAUSAL), False),
        (of(Q), of(K), of(V), constant(np.where(SOME, 0.0, -INF)), False),
        (of(Q), of(K), of(V), of(np.where(CAUSAL, 0.5, -INF)), False),
        (changed(Q, (0, 1, 2), INF), of(K), of(V), None, False),
        (of(Q), changed(K, (0, 1, 2), NAN), of(V), None, False),
        (of(Q), changed(K, (0, 1, 2), NAN), of(V), None, True),
        (of(Q), of(K), changed(V, (0, 3, 0), INF), None, False),
        (changed(Q, (0, 1, 2), "big"), of(K), of(V), None, False),
        (of(Q * 100), of(K * 100), of(V), None, False),
        (ZEROS, of(K), of(V), None, False),
        (*[of(np.zeros((0, 4, 3)))] * 3, None, False),
        (of(np.zeros((2, 0, 3))), of(K), of(V), None, False),
    )
]
