import numpy as np
import torch
from functional_engine import Bad, Case, booleans, integers, normal, transposed, values

EXTREME = values([[-1e4, 1e4, 0.0], [1.0, -1.0, 1e-3]])
KINKS = values([[-3.0, 3.0, 0.0, 6.0, -1.0, 1.0, 0.5, -0.5, 20.0, 10.0]])
INFINITE = values([[float("inf"), -float("inf"), float("nan")]])
INTEGERS = integers(9, 5, low=-5)

ELEMENTWISE = [
    ("elu", {}),
    ("elu", {"alpha": 0.5}),
    ("elu", {"alpha": -0.5}),
    ("celu", {}),
    ("celu", {"alpha": 0.5}),
    ("celu", {"alpha": -0.5}),
    ("selu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": -0.3}),
    ("hardshrink", {}),
    ("hardshrink", {"lambd": -1.0}),
    ("softshrink", {"lambd": 0.5}),
    ("softshrink", {"lambd": 0}),
    ("threshold", {"threshold": 0.5, "value": 9.0}),
    ("hardtanh", {}),
    ("hardtanh", {"min_val": -3.0, "max_val": 0.5}),
    ("hardtanh", {"min_val": 1, "max_val": 1}),
    ("relu6", {}),
    ("hardswish", {}),
    ("rrelu", {"lower": 0.1, "upper": 0.5}),
    ("softplus", {"beta": 2, "threshold": 5}),
    ("softplus", {"beta": -0.5}),
    ("softplus", {}),
]


def _softmin(x, dim, dtype):
    return torch.nn.functional.softmin(x, dim, dtype=getattr(torch, dtype))


def _hardsigmoid(x):
    """torch's function divides by 6 in float32 even for float64, and lacks a second derivative; the kinks agree."""
    return torch.nn.functional.relu6(x + 3) / 6


CASES = [
    *(
        Case(name, (x,))
        for name in ("relu", "gelu", "silu", "tanh", "sigmoid", "mish", "softsign", "logsigmoid", "tanhshrink")
        for x in (normal(2, 5), normal(0, 3), EXTREME)
        if (name, x) != ("mish", EXTREME)
    ),
    Case("mish", (EXTREME,), second=False),  # torch's is nan at 1e4
    Case("gelu", (normal(2, 5),), {"approximate": "tanh"}),
    Case("relu", (INTEGERS,)),
    *(Case(name, (x,)) for name in ("tanh", "sigmoid") for x in (integers(5, 4, low=-5), booleans(3))),
    *(Case(name, (KINKS,), kwargs) for name, kwargs in ELEMENTWISE),
    *(Case(name, (EXTREME,), kwargs) for name, kwargs in dict(ELEMENTWISE).items()),
    *(Case("hardsigmoid", (x,), theirs=_hardsigmoid) for x in (KINKS, EXTREME, normal(0))),
    *(Case(name, (INFINITE,), grad=False) for name in ("relu6", "selu", "hardswish", "hardsigmoid", "leaky_relu")),
    *(Case(name, (INFINITE,), grad=False) for name in ("softshrink", "hardshrink", "softplus", "logsigmoid", "mish")),
    *(Case(name, (INFINITE,), grad=False) for name in ("softsign", "tanhshrink")),
    Case("threshold", (INFINITE, 0.5, 1), grad=False),
    *(Case(name, (INTEGERS,), {}) for name in ("hardtanh", "relu6", "softsign", "tanhshrink")),
    Case("hardtanh", (INTEGERS, -1.5, 1.5)),
    Case("hardtanh", (values(np.array([0, 3, 255], np.uint8)), 1, 200)),
    Case("threshold", (INTEGERS, 1.5, -2.5)),
    Case("prelu", (normal(2, 3, 2), normal(3))),
    Case("prelu", (transposed(normal(2, 3)), normal(1))),
    Case("prelu", (normal(3), normal())),
    Case("prelu", (normal(), normal(1))),
    Case("softplus", (KINKS,), {"beta": 2, "threshold": 6}, second=False),  # torch's branches differ at the threshold
    Case("prelu", (KINKS, values([0.5])), second=False),  # torch's branches differ at 0
    Case("prelu", (normal(0, 3), normal(3))),
    Case("prelu", (normal(2, 0), normal(0))),
    Case("prelu", (values([[float("inf"), 2.0]]), values([0.5]))),
    Case("glu", (normal(2, 4),)),
    Case("glu", (transposed(normal(2, 4)), 0)),
    Case("glu", (values([[1.0, 2.0, 1e4, -1e4]]), -1)),
    Case("glu", (normal(2, 0),)),
    *(
        Case(name, (x,), kwargs)
        for name in ("softmax", "log_softmax", "softmin")
        for x, kwargs in (
            (normal(3, 5), {"dim": 1}),
            (normal(3, 5, 2), {"dim": -2}),
            (normal(), {"dim": 0}),
            (normal(0, 3), {"dim": 1}),
            (EXTREME, {"dim": 1}),
        )
    ),
    Case("softmin", (normal(2, 3, 2),)),
    Case("softmin", (INTEGERS, 0), {"dtype": "float32"}, theirs=_softmin),
]

BAD = [
    Bad("relu", ([1.0],), match="relu: input must be an array, got list"),
    Bad("relu", (booleans(3),), match="relu: input must be a real array"),
    Bad("gelu", (integers(3, 4),), match="gelu: input must be a floating-point array"),
    Bad("gelu", (normal(3),), {"approximate": "erf"}, match="gelu: approximate must be one of 'none', 'tanh'"),
    Bad("silu", (integers(3, 4),), match="silu: input must be a floating-point"),
    Bad("softmax", (normal(3, 4),), {"dim": 2}, match=r"softmax: dim must be in \[-2, 1\], got 2"),
    Bad("log_softmax", (normal(3, 4),), {"dim": -3}, match=r"log_softmax: dim must be in \[-2, 1\]"),
    Bad("softmin", (normal(),), {"dim": 1}, match=r"softmin: dim must be in \[-1, 0\]"),
    *(
        Bad(name, (integers(3, 4),), {"dim": 0}, match=f"{name}: input must be a floating-point")
        for name in ("softmax", "log_softmax", "softmin")
    ),
    Bad("softmin", (booleans(3),), {"dim": 0}, match="softmin: input must be a numeric array"),
    *(
        Bad(name, (integers(3, 4),), match=f"{name}: input must be a floating-point array, got dtype int")
        for name in ("elu", "celu", "selu", "leaky_relu", "rrelu", "glu", "logsigmoid", "hardshrink", "softshrink")
    ),
    *(
        Bad(name, (integers(3, 4),), match=f"{name}: input must be a floating-point array, got dtype int")
        for name in ("softplus", "hardsigmoid", "hardswish", "mish")
    ),
    *(Bad(name, (booleans(3),), match=f"{name}: input must be a real array") for name in ("hardtanh", "relu6")),
    *(Bad(n, (booleans(3),), match=f"{n}: input must be a numeric array") for n in ("tanhshrink", "softsign")),
    Bad("threshold", (booleans(3), 0, 1), match="threshold: input must be a real array"),
    Bad("threshold", (normal(3), None, 1), match="threshold: threshold must be a number, got None"),
    Bad("threshold", (normal(3), 1, "1"), match="threshold: value must be a number, got '1'"),
    Bad("hardtanh", (normal(3), 2, 1), match="hardtanh: min_val must be at most max_val=1, got 2"),
    Bad(
        "hardtanh",
        (values(np.ones(1, np.uint8)),),
        match="hardtanh: min_val must be at least 0 for dtype uint8, got -1",
    ),
    Bad("celu", (normal(3), 0.0), match="celu: alpha must be other than 0"),
    Bad("softshrink", (normal(3), -1.0), match="softshrink: lambd must be from 0 to 3.4"),
    Bad(
        "prelu",
        (normal(2, 3), normal(2)),
        match=r"prelu: weight must have 1 or 3 elements.*\(2, 3\), got shape \(2,\)",
    ),
    Bad("prelu", (normal(3), normal(3)), match="prelu: weight must have 1 or 1 elements"),
    Bad("prelu", (normal(2, 3), normal(1, 3)), match="prelu: weight must have rank 0 or 1"),
    Bad("prelu", (normal(2, 3), integers(5, 3)), match="prelu: input and weight must have one dtype"),
    Bad("prelu", (integers(5, 2, 3), integers(5, 3)), match="prelu: input must be a floating-point array"),
    Bad("rrelu", (normal(3), 0.5, 0.25), match="rrelu: lower must be at most upper=0.25, got 0.5"),
    Bad("rrelu", (normal(3), 0.5, float("inf")), match="rrelu: upper must be finite, got inf"),
    Bad(
        "rrelu",
        (normal(3),),
        {"training": True},
        match="rrelu: rng must be a jax key where training=True",
        theirs=False,
    ),
    Bad("glu", (normal(),), match="glu: input must have rank 1 or more"),
    Bad("glu", (normal(2, 3),), match=r"glu: input must have even size along dim=1, got shape \(2, 3\)"),
    Bad("glu", (normal(2, 4), 2), match=r"glu: dim must be in \[-2, 1\]"),
    Bad("gumbel_softmax", (normal(2),), match="gumbel_softmax: rng must be a jax key", theirs=False),
    Bad("gumbel_softmax", (integers(3, 2),), match="gumbel_softmax: logits must be a floating-point array"),
    Bad("gumbel_softmax", (normal(2), 1, False, 1e-10, 1), match=r"gumbel_softmax: dim must be in \[-1, 0\]"),
    *(Bad(name, ([1.0],), match=f"{name}: input must be an array, got list") for name in ("sigmoid", "tanh")),
]
