"""Activation layers."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.generate import from_function

__all__ = ["GELU", "LogSoftmax", "ReLU", "SiLU", "Sigmoid", "Softmax", "Tanh"]

GELU = from_function("GELU", F.gelu)
LogSoftmax = from_function("LogSoftmax", F.log_softmax, example="LogSoftmax(dim=1)")
ReLU = from_function("ReLU", F.relu)
Sigmoid = from_function("Sigmoid", F.sigmoid)
SiLU = from_function("SiLU", F.silu)
Softmax = from_function("Softmax", F.softmax, example="Softmax(dim=1)")
Tanh = from_function("Tanh", F.tanh)
