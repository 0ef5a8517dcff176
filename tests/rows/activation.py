"""Rows of activations."""

from functional_engine import normal, values
from layer_engine import Row

X = normal(3, 4, scale=3.0)

ROWS = [
    Row("CELU", (), {}, (X,)),
    Row("CELU", (0.5, True), {}, (X,)),
    Row("ELU", (), {}, (X,)),
    Row("ELU", (), {"alpha": 0.3}, (X,)),
    Row("GLU", (), {}, (X,)),
    Row("GLU", (0,), {}, (normal(4, 3),)),
    Row("Hardshrink", (), {}, (X,)),
    Row("Hardshrink", (1.5,), {}, (X,)),
    Row("Hardsigmoid", (), {}, (values([[-7.0, -3.5], [3.5, 4.0]]),)),
    # torch's gradient has 1 / 6 in float32 also in float64, 3e-8 off; the function's own tests are tight
    Row("Hardsigmoid", (True,), {}, (X,), tolerance=300),
    Row("Hardswish", (), {}, (X,)),
    Row("Hardtanh", (), {}, (X,)),
    Row("Hardtanh", (-2, 0.5, True), {}, (X,)),
    Row("LeakyReLU", (), {}, (X,)),
    Row("LeakyReLU", (0.2,), {"inplace": True}, (X,)),
    Row("LogSigmoid", (), {}, (X,)),
    Row("Mish", (), {}, (X,)),
    Row("PReLU", (), {}, (X,)),
    Row("PReLU", (4,), {"init": 0.1}, (X,)),
    Row("RReLU", (), {}, (X,), random=True),
    Row("RReLU", (0.1, 0.3, True), {}, (X,), random=True),
    Row("ReLU6", (), {}, (X,)),
    Row("ReLU6", (True,), {}, (X,)),
    Row("SELU", (), {}, (X,)),
    Row("Softmax2d", (), {}, (normal(2, 4, 3, 2),)),
    Row("Softmax2d", (), {}, (normal(4, 3, 2),)),
    Row("Softmin", (1,), {}, (X,)),
    Row("Softplus", (), {}, (X,)),
    Row("Softplus", (2,), {"threshold": 1.5}, (X,)),
    Row("Softshrink", (), {}, (X,)),
    Row("Softshrink", (1.5,), {}, (X,)),
    Row("Softsign", (), {}, (X,)),
    Row("Tanhshrink", (), {}, (X,)),
    Row("Threshold", (0.5, -7.0), {}, (X,)),
    Row("Threshold", (-0.5, 2, True), {}, (X,)),
]
