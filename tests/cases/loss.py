import numpy as np
import torch
from functional_engine import Bad, Case, booleans, integers, normal, transposed, uniform, values

import purenn.functional as F

EXTREME = values([[-1e4, 1e4, 0.0], [1.0, -1.0, 1e-3]])
INFINITE = values([[-np.inf, 1.0, 2.0], [0.5, 1.0, -np.inf]])


def constant(*numbers):
    """Numbers for which torch has no gradient."""
    return values(np.array(numbers), differentiate=False)


WEIGHT = constant(1.0, 0.5, 2.0)
BOUNDS = values([1.0, 0.0, -1.0, 3.0, 0.25, -0.5])  # where the pieces of the functions meet

REGRESSION = [
    Case("mse_loss", (normal(2, 3), normal(2, 3))),
    *(
        Case(f, (normal(2, 3), normal(2, 3)), {"weight": uniform(2, 3), "reduction": r})
        for f, r in (
            ("mse_loss", "mean"),
            ("l1_loss", "mean"),
            ("huber_loss", "mean"),
            ("l1_loss", "sum"),
            ("mse_loss", "none"),
        )
    ),
    *(Case(f, (EXTREME, normal(2, 3))) for f in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")),
    Case("mse_loss", (normal(0, 3), normal(0, 3)), {"reduction": "sum"}),
    Case("mse_loss", (integers(5, 4), normal(4))),
    Case("mse_loss", (normal(4), integers(5, 4)), {"weight": integers(5, 4)}),
    Case("l1_loss", (integers(5, 4), integers(5, 4)), {"reduction": "sum"}),
    Case("l1_loss", (integers(5, 4), integers(5, 4)), {"weight": integers(5, 4, low=1)}),
    *(
        Case(f, (BOUNDS, values(np.zeros(6))), kwargs)
        for f, kwargs in (
            ("l1_loss", {"reduction": "none"}),
            ("smooth_l1_loss", {"reduction": "none"}),
            ("smooth_l1_loss", {"beta": 0.5}),
            ("smooth_l1_loss", {"beta": 0.0}),
            ("huber_loss", {"reduction": "none"}),
            ("huber_loss", {"delta": 0.5, "reduction": "sum"}),
        )
    ),
]

INDICES = [
    Case("nll_loss", (normal(4, 3), integers(3, 4))),
    *(
        Case(f, (normal(4, 3), values([0, 2, 1, 1])), {"weight": WEIGHT, "ignore_index": 1, "reduction": r})
        for f, r in (("nll_loss", "none"), ("nll_loss", "mean"), ("cross_entropy", "mean"), ("cross_entropy", "sum"))
    ),
    Case("nll_loss", (normal(3), integers(3))),
    Case("nll_loss", (normal(3), integers(3, 1)), grad=False),  # torch's gradient raises
    Case("nll_loss", (normal(0, 3), integers(3, 0)), {"reduction": "sum"}),
    Case("nll_loss", (INFINITE, values([1, 1]))),
    Case("nll_loss", (normal(2, 3, 4), integers(3, 2, 4)), {"reduction": "none"}),
    Case("cross_entropy", (normal(3), integers(3))),
    *(
        Case(f, (normal(2, 3, 2), integers(3, 2, 2)), {"weight": constant([1.0, 0.5, 2.0])})
        for f in ("nll_loss", "cross_entropy")
    ),
    Case("cross_entropy", (normal(2, 3, 2, 1, 2), integers(3, 2, 2, 1, 2)), {"weight": WEIGHT}),
    Case("cross_entropy", (transposed(normal(2, 3)), integers(3, 2)), {"reduction": "none"}),
    Case("cross_entropy", (EXTREME, values([0, 1]))),
    Case("cross_entropy", (normal(2, 3), values(np.array([0, 2], np.uint8)))),
    *(
        Case(
            "cross_entropy",
            (normal(2, 3, 2), values([[0, 1], [2, 2]])),
            {"label_smoothing": 0.3, "reduction": r} | extra,
        )
        for r, extra in (
            ("none", {"ignore_index": 2}),
            ("none", {"weight": WEIGHT}),
            ("mean", {}),
            ("mean", {"ignore_index": 0, "weight": WEIGHT}),
            ("sum", {"ignore_index": 0, "weight": WEIGHT}),
        )
    ),
]

PROBABILITIES = [
    Case("cross_entropy", (normal(2, 3), uniform(2, 3)), {"reduction": "none"}),
    *(
        Case(
            "cross_entropy",
            (normal(2, 3, 2), uniform(2, 3, 2)),
            {"reduction": r, "weight": uniform(3), "label_smoothing": 0.2},
        )
        for r in ("mean", "sum")
    ),
    Case("cross_entropy", (normal(3), uniform(3)), {"label_smoothing": 1.0}),
    Case("cross_entropy", (normal(0, 3), uniform(0, 3)), {"reduction": "sum"}),
    Case("cross_entropy", (EXTREME, uniform(2, 3))),
]


def unchunked(*args, **kwargs):
    return torch.nn.functional.linear_cross_entropy(*args, **(kwargs | {"options": None}))


ROWS = F.LinearCrossEntropyOptions(batch_chunk_size=2)
LINEAR = [
    Case("linear_cross_entropy", (normal(5, 3), normal(4, 3), integers(4, 5)), {"linear_bias": normal(4)}),
    Case("linear_cross_entropy", (normal(3), normal(4, 3), integers(4))),
    Case(
        "linear_cross_entropy",
        (normal(2, 3), normal(4, 2, 3), integers(4, 2, 2)),
        {"linear_bias": normal(4, 2), "weight": constant(1, 2, 3, 4.0)},
    ),
    Case("linear_cross_entropy", (normal(2, 3), normal(4, 3), uniform(2, 4)), {"label_smoothing": 0.2}),
    *(
        Case(
            "linear_cross_entropy",
            (normal(5, 3), normal(4, 3), values([0, 3, 2, 1, 1])),
            {"options": ROWS} | kwargs,
            theirs=unchunked,
        )
        for kwargs in (
            {"linear_bias": normal(4), "ignore_index": 2},
            {"reduction": "none", "weight": constant(1, 2, 3, 4.0)},
        )
    ),
    Case(
        "linear_cross_entropy", (normal(4, 3), normal(5, 2, 3), uniform(4, 5, 2)), {"options": ROWS}, theirs=unchunked
    ),
]

CTC = (normal(5, 3, 4), integers(4, 3, 2, low=1), values([5, 4, 3]), values([2, 1, 0]))
# Torch has no second derivative here.
ALIGNMENT = [
    Case("ctc_loss", CTC, second=False),
    Case("ctc_loss", (normal(4, 2, 3), values([[1, 1], [2, 1]]), (4, 3), [2, 2]), second=False),
    Case(
        "ctc_loss",
        (normal(5, 2, 3), values([0, 1, 1]), (5, 3), (1, 2)),
        {"blank": 2, "reduction": "none"},
        second=False,
    ),
    Case("ctc_loss", (normal(5, 3), integers(3, 2, low=1), values(4), values(2)), {"reduction": "none"}, second=False),
    Case(
        "ctc_loss",
        (normal(3, 2, 3), values([[1, 1], [2, 1]]), (2, 3), (2, 1)),
        {"zero_infinity": True, "reduction": "sum"},
        second=False,
    ),
    Case(
        "ctc_loss",
        (normal(3, 2, 3), values([[1, 1], [2, 1]]), (0, 0), (0, 1)),
        {"zero_infinity": True, "reduction": "none"},
        second=False,
    ),
    Case("ctc_loss", (normal(3, 2, 3), values(np.zeros((2, 0), int)), (3, 2), (0, 0)), second=False),
]

LIKELIHOOD = [
    Case("binary_cross_entropy", (uniform(2, 3), uniform(2, 3)), {"reduction": "none"}),
    Case("binary_cross_entropy", (uniform(2, 3), uniform(2, 3)), {"weight": WEIGHT, "reduction": "sum"}),
    # Torch's half types have no such epsilon and give NaN.
    Case(
        "binary_cross_entropy",
        (values([0.0, 0.0, 1.0, 1.0, 0.5]), constant(0.0, 1.0, 0.0, 1.0, 0.5)),
        {"reduction": "none"},
        half=False,
        second=False,
    ),
    Case("binary_cross_entropy_with_logits", (normal(2, 3), uniform(2, 3)), {"reduction": "none"}),
    Case(
        "binary_cross_entropy_with_logits",
        (normal(2, 3), uniform(2, 3)),
        {"weight": WEIGHT, "pos_weight": constant(2.0, 3.0, 0.5), "reduction": "sum"},
    ),
    Case("binary_cross_entropy_with_logits", (EXTREME, uniform(2, 3))),
    *(Case("kl_div", (normal(2, 3), uniform(2, 3)), {"reduction": r}) for r in ("none", "batchmean")),
    Case("kl_div", (normal(2, 3), normal(2, 3)), {"log_target": True, "reduction": "batchmean"}),
    Case("kl_div", (normal(2, 3), constant([0.0, 1.0, 0.0], [0.5, 0.0, 0.5])), {"reduction": "batchmean"}),
    Case("kl_div", (normal(), uniform()), {"reduction": "batchmean"}),
    Case("poisson_nll_loss", (normal(2, 3), uniform(2, 3))),
    Case("poisson_nll_loss", (normal(2, 1), uniform(3, high=4.0)), {"full": True, "reduction": "none"}),
    Case("poisson_nll_loss", (uniform(2, 3), integers(4, 2, 3)), {"log_input": False, "eps": 0.1, "reduction": "sum"}),
    Case("poisson_nll_loss", (integers(3, 4), integers(4, 4))),
    Case("gaussian_nll_loss", (normal(2, 3), normal(2, 3), uniform(2, 3, low=0.1)), {"reduction": "none"}),
    Case("gaussian_nll_loss", (normal(2, 3), normal(2, 3), uniform(2, low=0.1)), {"full": True}),
    Case("gaussian_nll_loss", (normal(2, 3), normal(3), uniform(2, 1, low=0.1)), {"reduction": "sum"}),
    Case("gaussian_nll_loss", (normal(3), normal(3), values([0.0, 0.25, 0.5])), {"eps": 0.25}),
]

SIGNS = values([[1, -1, 1], [-1, 0, 1]])
MARGIN = [
    Case("margin_ranking_loss", (normal(2, 3), normal(2, 3), SIGNS), {"reduction": "none"}),
    Case(
        "margin_ranking_loss",
        (values([1.0, 2.0, 3.0]), values([0.0, 1.0, 9.0]), values([1.0, 1.0, 1.0])),
        {"margin": 1.0},
    ),
    Case("margin_ranking_loss", (normal(2, 1), normal(1, 3), normal(2, 3)), {"margin": 0.5, "reduction": "sum"}),
    Case("margin_ranking_loss", (integers(4, 3), integers(4, 3), values([1, -1, 1]))),
    Case("hinge_embedding_loss", (normal(2, 3), SIGNS), {"reduction": "none"}),
    Case(
        "hinge_embedding_loss",
        (values([1.0, 1.0, 3.0, 1.0, 2.0]), values([1.0, -1.0, -1.0, 0.0, 0.0])),
        {"reduction": "sum"},
    ),
    Case("hinge_embedding_loss", (normal(2, 1), values([1, -1, -1])), {"margin": 0.5}),
    Case("hinge_embedding_loss", (integers(5, 3), values([1, -1, -1])), {"margin": 2.5, "reduction": "none"}),
    Case("soft_margin_loss", (normal(2, 3), constant([1.0, -1.0, 1.0], [2.0, 0.0, -0.5])), {"reduction": "none"}),
    Case("soft_margin_loss", (normal(2, 3), values([1, -1, 1])), {"reduction": "sum"}),
    Case("multilabel_soft_margin_loss", (normal(2, 3), uniform(2, 3)), {"reduction": "none"}),
    Case("multilabel_soft_margin_loss", (EXTREME, integers(2, 2, 3)), {"weight": uniform(3), "reduction": "sum"}),
    Case("multilabel_soft_margin_loss", (normal(3), uniform(2, 3)), {"reduction": "none"}),
    # Torch has no second derivative of the next two.
    *(
        Case(
            "multilabel_margin_loss",
            (normal(3, 4), values([[3, 0, -1, 1], [3, 3, 0, -1], [-1, 0, 1, 2]])),
            {"reduction": r},
            second=False,
        )
        for r in ("none", "mean")
    ),
    # more targets than a turn of the loop takes, some of them twice, some rows with none
    Case(
        "multilabel_margin_loss",
        (normal(3, 20), values([[*range(17), 3, 3, -1], [-1] * 20, [5, *[-1] * 19]])),
        {"reduction": "none"},
        second=False,
    ),
    Case("multilabel_margin_loss", (values([[0.0, 1.0, 2.0, 1.0]]), values([[3, -1, 0, -1]])), second=False),
    Case("multilabel_margin_loss", (normal(0, 4), values(np.zeros((0, 4), int))), {"reduction": "none"}, second=False),
    Case("multi_margin_loss", (normal(3, 4), integers(4, 3)), {"reduction": "none"}, second=False),
    Case(
        "multi_margin_loss",
        (normal(3, 4), integers(4, 3)),
        {"p": 2, "margin": 0.7, "weight": constant(1, 2, 3, 4.0)},
        second=False,
    ),
    Case("multi_margin_loss", (values([[0.0, 1.0, 2.0, 0.5]]), values([1])), second=False),
    Case("multi_margin_loss", (normal(4), values(2)), second=False),
]

METRIC = [
    Case("cosine_embedding_loss", (normal(3, 4), normal(3, 4), values([1, -1, 0])), {"reduction": "none"}),
    Case("cosine_embedding_loss", (normal(2, 3), normal(1, 3), values([1, -1])), {"margin": 0.2, "reduction": "sum"}),
    Case("cosine_embedding_loss", (normal(3), normal(3), values(-1)), {"margin": -0.9}),
    # The half types' 1e-12 is 0 in torch: NaN. The second derivative is of the size of 1e12.
    Case("cosine_embedding_loss", (values(np.zeros((2, 3))), normal(2, 3), values([1, -1])), half=False, second=False),
    Case("triplet_margin_loss", (normal(2, 3), normal(2, 3), normal(2, 3)), {"reduction": "none"}),
    Case(
        "triplet_margin_loss",
        (normal(2, 3), normal(1, 3), normal(2, 3)),
        {"p": 1, "swap": True, "margin": 2.0, "eps": 0.1, "reduction": "sum"},
    ),
    Case("triplet_margin_loss", (normal(3), normal(3), normal(3)), {"swap": True}),
    Case(
        "triplet_margin_with_distance_loss",
        (normal(2, 3), normal(2, 3), normal(2, 3)),
        {"swap": True, "margin": 2.0, "reduction": "none"},
    ),
    Case(
        "triplet_margin_with_distance_loss",
        (normal(2, 3), normal(2, 3), normal(2, 3)),
        {"distance_function": lambda a, b: abs(a - b).sum(-1), "reduction": "sum"},
    ),
]

CASES = [*REGRESSION, *INDICES, *PROBABILITIES, *LINEAR, *ALIGNMENT, *LIKELIHOOD, *MARGIN, *METRIC]

X, T = normal(2, 3), integers(3, 2)
PAIR = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "poisson_nll_loss", "hinge_embedding_loss")
ELEMENTWISE = (
    *PAIR,
    "soft_margin_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "multilabel_soft_margin_loss",
)
BAD = [
    *(
        Bad(f, (X, X), {"reduction": "average"}, match=f"{f}: reduction must be one of 'none', 'mean'")
        for f in ELEMENTWISE
    ),
    *(Bad(f, (X, [1.0]), match=f"{f}: target must be an array, got list") for f in ELEMENTWISE),
    *(
        Bad(f, (normal(2, 1), X), match=f"{f}: target must (have shape|be broadcastable)")
        for f in ("binary_cross_entropy", "binary_cross_entropy_with_logits", "soft_margin_loss")
    ),
    *(
        Bad(f, (integers(3, 4), integers(3, 4)), match=f"{f}: input.* must be a floating-point array")
        for f in ELEMENTWISE
        if f != "poisson_nll_loss"
    ),
    *(
        Bad(f, (X, X), {"weight": normal(3)}, match=f"{f}: weight must have shape \\(2, 3\\)")
        for f in ("mse_loss", "l1_loss", "huber_loss")
    ),
    Bad("mse_loss", (X, X), {"weight": X, "reduction": "elementwise_mean"}, match="mse_loss: reduction must be one of"),
    Bad("mse_loss", (X, booleans(2, 3)), {"weight": X}, match="mse_loss: target must be a numeric array"),
    Bad("l1_loss", (X, booleans(2, 3)), match="l1_loss: target must be a numeric array"),
    Bad("smooth_l1_loss", (X, X), {"beta": -1.0}, match="smooth_l1_loss: beta must be at least 0"),
    Bad("huber_loss", (X, X), {"delta": 0.0}, match="huber_loss: delta must be positive"),
    Bad("huber_loss", (integers(3, 4), normal(4)), match="huber_loss: input must be a floating-point array"),
    *(
        Bad(f, args, kwargs, match=f"{f}: {match}")
        for f in ("nll_loss", "cross_entropy")
        for args, kwargs, match in (
            ((X, T), {"reduction": "batchmean"}, "reduction must be one of"),
            ((X, integers(3, 3)), {}, r"target must have shape \(2,\) for an input of shape \(2, 3\)"),
            ((normal(2, 3, 4), T), {}, r"target must have shape \(2, 4\)"),
            ((normal(3), T), {}, r"target must have shape \(\)"),
            ((normal(), values(0)), {}, r"input must have shape \(C\)"),
            ((X, normal(2)), {}, "target must be an integer array"),
            ((integers(5, 2, 3), T), {}, "input must be a floating-point array"),
            ((X, T), {"weight": normal(2)}, r"weight must have shape \(3,\)"),
            ((X, T), {"weight": normal(1, 3)}, r"weight must have shape \(3,\)"),
            ((normal(2, 3, 1), integers(3, 2, 1)), {"weight": normal(1, 2)}, r"weight must have shape \(3,\)"),
            ((X, T), {"weight": integers(5, 3)}, "input and weight must have one dtype"),
            ((X, T), {"ignore_index": 1.5}, "ignore_index must be an integer"),
        )
    ),
    Bad("cross_entropy", (X, integers(3, 2, 3)), match="cross_entropy: target must be a floating-point array where"),
    Bad("cross_entropy", (X, X), {"ignore_index": 0}, match="cross_entropy: ignore_index must be negative with"),
    Bad("cross_entropy", (X, X), {"weight": normal(2)}, match=r"cross_entropy: weight must have shape \(3,\)"),
    Bad(
        "cross_entropy",
        (normal(2, 3, 2), integers(3, 2, 2)),
        {"weight": normal(1, 3), "label_smoothing": 0.1},
        match=r"cross_entropy: weight must have shape \(3,\)",
    ),
    Bad("cross_entropy", (X, T), {"label_smoothing": 1.1}, match="cross_entropy: label_smoothing must be at most 1"),
    *(
        Bad("linear_cross_entropy", args, kwargs, match=f"linear_cross_entropy: {match}")
        for args, kwargs, match in (
            ((normal(2, 2, 3), normal(4, 3), T), {}, "input must have rank 1 or 2"),
            ((X, normal(3), T), {}, r"linear_weight must have shape \(C, ..., 3\)"),
            ((X, normal(4, 2), T), {}, "linear_weight must have shape"),
            ((normal(3), normal(4, 2, 3), T), {}, "input must have rank 2"),
            ((X, normal(4, 3), T), {"linear_bias": normal(3)}, r"linear_bias must have shape \(4,\)"),
            ((X, normal(4, 3), uniform(2, 4)), {"ignore_index": -1}, "ignore_index must be None"),
            ((X, normal(4, 3), integers(3, 3)), {}, r"target must have shape \(2,\)"),
            ((X, normal(4, 3), T), {"reduction": "average"}, "reduction must be one of"),
            ((X, normal(4, 3), T), {"weight": normal(3)}, r"weight must have shape \(4,\)"),
            ((integers(3, 2, 3), integers(3, 4, 3), T), {}, "input must be a floating-point"),
        )
    ),
    *(
        Bad("ctc_loss", (log_probs, targets, *lengths), kwargs, match=f"ctc_loss: {match}")
        for log_probs, targets, lengths, kwargs, match in (
            (normal(4), integers(3, 2), ((4,), (2,)), {}, "log_probs must have rank 2 or 3"),
            (integers(3, 4, 1, 3), integers(3, 1, 2), ((4,), (2,)), {}, "log_probs must be a floating-point"),
            (normal(0, 1, 3), integers(3, 1, 2), ((0,), (2,)), {}, "log_probs must not be empty"),
            (normal(4, 1, 3), integers(3, 1, 1, 2), ((4,), (2,)), {}, "targets must have rank 1 or 2"),
            (normal(4, 2, 3), integers(3, 1, 2), ((4, 4), (2, 2)), {}, "targets must have 2 rows"),
            (
                normal(4, 2, 3),
                integers(3, 3),
                ((4, 4), (2, 2)),
                {},
                "target_lengths must have sum 3, the length of targets, got 4",
            ),
            (normal(4, 2, 3), integers(3, 2, 2), ((4,), (2, 2)), {}, r"input_lengths must have shape \(2,\)"),
            (normal(4, 2, 3), integers(3, 2, 2), ((5, 4), (2, 2)), {}, "input_lengths must be from 0 to 4"),
            (normal(4, 2, 3), integers(3, 2, 2), ((4, 4), (2, 3)), {}, "target_lengths must be from 0 to 2"),
            (normal(4, 2, 3), integers(3, 2, 2), ((4, 4), (2, -1)), {}, "target_lengths must be from 0 to 2"),
            (
                normal(4, 1, 3),
                integers(3, 1, 2),
                (normal(1), values([2])),
                {},
                "input_lengths must be an integer array",
            ),
            (normal(4, 1, 3), integers(3, 1, 2), ((4,), (2,)), {"blank": 3}, "blank must be a label, from 0 to 2"),
            (
                normal(4, 1, 3),
                integers(3, 1, 2),
                ((4,), (2,)),
                {"zero_infinity": 1},
                "zero_infinity must be True or False",
            ),
            (normal(4, 1, 3), integers(3, 1, 2), ((4,), (2,)), {"reduction": "average"}, "reduction must be one of"),
        )
    ),
    Bad(
        "ctc_loss",
        (normal(4, 1, 3), booleans(1, 2), (4,), (2,)),
        match="ctc_loss: targets must be an integer array",
        theirs=False,
    ),
    *(
        Bad(f, (uniform(2, 3), uniform(2, 3)), {"weight": normal(2)}, match=f"{f}: weight must be broadcastable")
        for f in ELEMENTWISE[-3:-1]
    ),
    Bad(
        "binary_cross_entropy",
        (uniform(2), integers(2, 2)),
        match="binary_cross_entropy: input and target must have one dtype",
    ),
    Bad(
        "binary_cross_entropy_with_logits", (X, X), {"pos_weight": normal(2)}, match="pos_weight must be broadcastable"
    ),
    Bad("binary_cross_entropy_with_logits", (X, integers(2, 2, 3)), match="target must be a floating-point"),
    *(
        Bad(f, (X, normal(2)), match=f"{f}: input and target must be broadcastable")
        for f in ("kl_div", "poisson_nll_loss", "hinge_embedding_loss")
    ),
    Bad("kl_div", (X, integers(2, 2, 3)), match="kl_div: target must be a floating-point"),
    Bad("poisson_nll_loss", (booleans(3), booleans(3)), match="poisson_nll_loss: input must be a real array"),
    Bad("poisson_nll_loss", (X, X), {"reduction": "elementwise_mean"}, match="poisson_nll_loss: reduction must be"),
    *(
        Bad("gaussian_nll_loss", args, kwargs, match=f"gaussian_nll_loss: {match}")
        for args, kwargs, match in (
            ((X, X, -1.0), {}, "var must not be negative"),
            ((X, X, 1), {}, "var must be an array"),
            ((X, X, normal(3)), {}, r"var must have shape \(2, 3\), or"),
            ((X, X, uniform(2, 2)), {}, "var must have shape"),
            ((X, X, 1.0), {"reduction": "average"}, "reduction must be one of"),
            ((X, normal(2), 1.0), {}, "input and target and var must be broadcastable"),
            ((booleans(3), normal(3), 1.0), {}, "input must be a real array"),
        )
    ),
    Bad(
        "gaussian_nll_loss",
        (X, X, integers(2, 2, 3)),
        match="gaussian_nll_loss: var must be a floating-point",
        theirs=False,
    ),
    Bad("hinge_embedding_loss", (booleans(3), normal(3)), match="hinge_embedding_loss: input must be a real array"),
    Bad("margin_ranking_loss", (normal(3), normal(3), X), match="input1, input2 and target must have one rank"),
    Bad(
        "margin_ranking_loss",
        (normal(3), normal(3), booleans(3)),
        match="margin_ranking_loss: target must be a real array",
    ),
    Bad("margin_ranking_loss", (normal(3), normal(2), normal(3)), match="must be broadcastable to a common shape"),
    Bad("margin_ranking_loss", (X, X, X), {"reduction": "average"}, match="margin_ranking_loss: reduction must be"),
    Bad(
        "multilabel_soft_margin_loss", (normal(), uniform()), match="multilabel_soft_margin_loss: input must have rank"
    ),
    Bad(
        "multilabel_soft_margin_loss",
        (X, booleans(2, 3)),
        match="multilabel_soft_margin_loss: target must be a real array",
    ),
    Bad("multilabel_soft_margin_loss", (X, X), {"weight": normal(2)}, match="must be broadcastable to a common shape"),
    *(
        Bad("multilabel_margin_loss", args, kwargs, match=f"multilabel_margin_loss: {match}")
        for args, kwargs, match in (
            ((X, T), {}, r"target must have shape \(2, 3\)"),
            ((normal(1, 1, 1), integers(1, 1, 1, 1)), {}, "input must have rank 0 or 1 or 2"),
            ((normal(2, 0), values(np.zeros((2, 0), int))), {}, "input must have at least one class"),
            ((X, normal(2, 3)), {}, "target must be an integer array"),
            ((X, integers(3, 2, 3)), {"reduction": "average"}, "reduction must be one of"),
            ((integers(3, 2, 3), integers(3, 2, 3)), {}, "input must be a floating-point"),
        )
    ),
    *(
        Bad("multi_margin_loss", args, kwargs, match=f"multi_margin_loss: {match}")
        for args, kwargs, match in (
            ((X, integers(3, 3)), {}, r"target must have shape \(2,\)"),
            ((normal(1, 1, 1), integers(1, 1)), {}, "input must have rank 0 or 1 or 2"),
            ((X, T), {"p": 3}, "p must be one of 1, 2"),
            ((X, T), {"weight": normal(2)}, r"weight must have shape \(3,\)"),
            ((X, T), {"weight": integers(3, 3)}, "input and weight must have one dtype"),
            ((X, normal(2)), {}, "target must be an integer array"),
            ((X, T), {"reduction": "average"}, "reduction must be one of"),
        )
    ),
    *(
        Bad("cosine_embedding_loss", args, kwargs, match=f"cosine_embedding_loss: {match}")
        for args, kwargs, match in (
            ((X, X, integers(2, 1, 1)), {}, "target must have rank 0 or 1"),
            ((X, X, values(1)), {}, r"input1 must have rank 1, \(M\) for a target of rank 0"),
            ((X, normal(3), T), {}, "input2 must have rank 2"),
            ((X, normal(2, 2), T), {}, "input1 and input2 must be broadcastable"),
            ((X, X, integers(2, 3)), {}, "inputs and target must be broadcastable"),
            ((X, X, T), {"reduction": "average"}, "reduction must be one of"),
        )
    ),
    *(
        Bad(f, args, kwargs, match=f"{f}: {match}")
        for f in ("triplet_margin_loss", "triplet_margin_with_distance_loss")
        for args, kwargs, match in (
            ((X, normal(3), X), {}, "anchor, positive and negative must have one rank"),
            ((X, X, X), {"margin": 0.0}, "margin must be positive"),
            ((X, X, X), {"reduction": "average"}, "reduction must be one of"),
        )
    ),
    Bad("triplet_margin_loss", (X, booleans(2, 3), X), match="pairwise_distance: x2 must be a numeric array"),
]
