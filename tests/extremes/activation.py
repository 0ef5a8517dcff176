from extremes_engine import HALF, INF, Row, of

from extremes import COLUMNS, ROWS, every, grid

# Functions of single numbers; `test_extremes` has them over all numbers of the half types, too.
SINGLE = [
    *(
        Row(name, (of(every),), signs=True)
        for name in (
            *("celu", "elu", "hardshrink", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish", "relu"),
            *("relu6", "rrelu", "selu", "sigmoid", "silu", "softplus", "softshrink", "softsign"),
        )
    ),
    # 1 - y * y, 1 + erf and x - y cancel
    Row("tanh", (of(every),), atol=4, signs=True),
    Row("gelu", (of(every),), atol=16, signs=True),
    Row("tanhshrink", (of(every),), atol=1, signs=True),
    # torch's slope is single precision's 1/6 in float64, too
    Row("hardsigmoid", (of(every),), signs=True, dtypes=("float32", *HALF)),
    Row("hardsigmoid", (of(every),), signs=True, grad=False),
    *(
        Row(name, (of(every), *args), kwargs, signs=True)
        for name, args, kwargs in (
            ("celu", (0.5,), {}),
            ("elu", (2.0,), {}),
            ("hardshrink", (0.0,), {}),
            ("hardtanh", (-3.0, 6.0), {}),
            ("leaky_relu", (0.0,), {}),
            ("leaky_relu", (-0.5,), {}),
            ("softplus", (2.0, 6.0), {}),
            ("softshrink", (0.0,), {}),
            ("softshrink", (1.0,), {}),
            ("threshold", (0.5, -2.0), {}),
            ("threshold", (-INF, 1.0), {}),
        )
    ),
    Row("gelu", (of(every),), {"approximate": "tanh"}, atol=64, signs=True),
]

TABLE = [
    *SINGLE,
    *(
        Row(name, (x,), {"dim": dim}, atol=8)
        for name in ("softmax", "log_softmax", "softmin")
        for x, dim in ((ROWS, 1), (COLUMNS, 0))
    ),
    Row("glu", (of(lambda n: [[a, b] for a in n.every for b in n.every]),)),
    *(Row("prelu", (x, of([w])), signs=True) for (x,) in [grid(every)] for w in (0.25, -2.0, 0.0)),
]
