import numpy as np
import torch
from extremes_engine import INF, NAN, Row, of

G = np.random.default_rng(0)
VALUES = (INF, -INF, NAN, "huge", 100.0)
# The derivative of a tanh, 1 - y * y, cancels, and is multiplied by what is large.
CANCELS = {INF: 16, -INF: 16, NAN: 16, "huge": 16, 100.0: 1024}
CELLS = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}
STEPS, BATCH, INPUTS, HIDDEN = 3, 3, 2, 4


def drawn(gates, x, state, value, place):
    """Input, state, two weights and two biases, with one number of one of them changed."""
    shapes = (x, state, (gates * HIDDEN, INPUTS), (gates * HIDDEN, HIDDEN), (gates * HIDDEN,), (gates * HIDDEN,))
    arrays = [G.integers(-8, 8, s) / 8 for s in shapes]

    def changed(i):
        def make(n):
            array = arrays[i].copy()
            if i == place:
                array.reshape(-1)[1] = getattr(n, value) if isinstance(value, str) else value
            return array

        return of(make)

    return [changed(i) for i in range(len(shapes))]


def cell(name, value, place):
    x, h, *weights = drawn(CELLS[name], (BATCH, INPUTS), (BATCH, HIDDEN), value, place)
    return Row(f"{name}_cell", (x, (h, h) if name == "lstm" else h, *weights), atol=CANCELS[value])


def network(name, value, place):
    function = getattr(torch, name)
    x, h, *weights = drawn(CELLS[name], (STEPS, BATCH, INPUTS), (1, BATCH, HIDDEN), value, place)
    theirs = lambda x, h, weights: function(x, h, weights, True, 1, 0.0, False, False, False)  # noqa: E731
    return Row(name, (x, (h, h) if name == "lstm" else h, weights), atol=64, theirs=theirs)


TABLE = [
    *(cell(name, value, place) for name in CELLS for value in VALUES for place in range(5)),
    # a factor of 100 multiplies what cancels at every step, so cells alone have it
    *(network(name, value, place) for name in CELLS for value in VALUES[:-1] for place in (0, 1, 3)),
]
