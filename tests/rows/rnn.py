"""Rows of recurrent layers."""

import warnings

import torch
from functional_engine import normal
from layer_engine import Row

with warnings.catch_warnings():  # torch says once in a process that it has no fast projection
    warnings.simplefilter("ignore")
    torch.nn.LSTM(1, 2, proj_size=1)(torch.zeros(1, 1, 1))

SEQUENCES = normal(4, 2, 3)  # (L, N, I)
STACKED = {"num_layers": 2, "bidirectional": True}

ROWS = [
    Row("RNN", (3, 4), {}, (SEQUENCES,)),
    Row("RNN", (3, 4, 2, "relu", False, True), {}, (normal(2, 4, 3), normal(2, 2, 4))),
    Row("RNN", (3, 4), {**STACKED, "batch_first": True}, (normal(4, 3), normal(4, 4))),
    Row("LSTM", (3, 4), {}, (SEQUENCES,)),
    Row("LSTM", (3, 4), {**STACKED, "proj_size": 2, "bias": False}, (SEQUENCES,)),
    Row("LSTM", (3, 4, 2), {"batch_first": True, "dropout": 0.3}, (normal(2, 4, 3),), random=True),
    Row("GRU", (3, 4), {}, (SEQUENCES, normal(1, 2, 4))),
    Row("GRU", (3, 4), {**STACKED, "bias": False}, (normal(4, 3),)),
    Row("RNNCell", (3, 4), {}, (normal(2, 3),)),
    Row("RNNCell", (3, 4, False, "relu"), {}, (normal(2, 3), normal(2, 4))),
    Row("LSTMCell", (3, 4), {}, (normal(2, 3),)),
    Row("LSTMCell", (3, 4), {"bias": False}, (normal(3),)),
    Row("GRUCell", (3, 4), {}, (normal(2, 3), normal(2, 4))),
    Row("GRUCell", (3, 4), {"bias": False}, (normal(3),)),
]
