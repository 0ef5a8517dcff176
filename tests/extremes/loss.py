import numpy as np
from extremes_engine import INF, Row, constant, integers, of

from extremes import COUNT, ROWS, big, every, grid, infinite, ordinary, pairs, rows, unit

NONE = {"reduction": "none"}
SINGLE = ("float32", "float64")  # torch has the others not at all
NOT_HALF = ("float32", "float64", "bfloat16")  # in float16 torch's eps is 0
REDUCTIONS = ("none", "mean", "sum")
A, B = grid(every, every)
X, SIGNS = grid(every, lambda n: [1.0, -1.0, 0.5])
P, Q = grid(unit, unit)
LOGITS, Y = grid(every, unit)
EMPTY, NO_CLASS = of(np.zeros((0, 3))), integers(np.zeros(0))
CLASS, CYCLE = integers([1] * COUNT), integers([k % 8 for k in range(COUNT)])
WEIGHT = constant([1.0, 0.0, 2.0, 1.0, 0.5, 1.0, 3.0, 1.0])
MASKED = integers([-100] * COUNT)
LABELS = [[1, 0, -1, 2, 3, 4, 5, 6], [-1, 0, 1, 2, 3, 4, 5, 6], [7, 6, 5, 4, 3, 2, 1, 0]]
PAIR = pairs(lambda n: np.array([*ordinary(n), *big(n), *infinite(n)], float))
PAIRS = 400
DIFFERENCES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
DISTRIBUTIONS = ("kl_div", "poisson_nll_loss")

# (T, N, C) frames; the alignments of the last two labellings don't exist, for want of frames
FRAMES = np.log(np.full((4, 4, 3), 1 / 3))
NO_PART = "a label that cannot be has no part in any alignment, hence no gradient"
BLOCKED = np.where(np.arange(3) == 1, -np.inf, FRAMES)
LABELLINGS = (integers([[1, 2, 0], [2, 2, 0], [2, 2, 2], [1, 1, 1]]), integers([4, 4, 4, 3]), integers([2, 0, 3, 3]))


def fixed(draw):
    """Without a gradient, which torch lacks."""
    return constant(draw.make)


def probabilities(shape):
    return of(np.resize([0.5, 0.25, 0.25, 0, 0, 0, 0, 0], shape))


TABLE = [
    # of single numbers
    *(
        Row(name, (A, B), NONE | options)
        for name, options in (
            ("mse_loss", {}),
            ("l1_loss", {}),
            ("smooth_l1_loss", {}),
            ("smooth_l1_loss", {"beta": 0.0}),
            ("smooth_l1_loss", {"beta": 1e-3}),
            ("huber_loss", {}),
            ("huber_loss", {"delta": 20.0}),
            ("kl_div", {}),
            ("kl_div", {"log_target": True}),
            ("poisson_nll_loss", {"log_input": False}),
        )
    ),
    *(
        Row(
            "poisson_nll_loss",
            (A, B),
            NONE | {"full": full},
            atol=8,
            better="an exponential less a product is infinite",
        )
        for full in (False, True)
    ),
    *(Row("hinge_embedding_loss", (X, fixed(SIGNS)), NONE | {"margin": m}) for m in (1.0, 3.0, 0.0)),
    Row("soft_margin_loss", (X, fixed(SIGNS)), NONE),
    *(
        Row("margin_ranking_loss", (*grid(every, every), constant(lambda n, s=s: [s] * 841), m), NONE)
        for s in (1.0, -1.0)
        for m in (0.0, 1.0)
    ),
    Row("binary_cross_entropy", (P, Q), NONE, rounded=False),  # torch refuses what isn't a probability
    Row("binary_cross_entropy", (P, Q, constant(lambda n: np.resize([0.0, 3.0], 100))), NONE, rounded=False),
    Row("binary_cross_entropy_with_logits", (LOGITS, Y), NONE, atol=64),
    Row("binary_cross_entropy_with_logits", (LOGITS, Y), NONE | {"pos_weight": constant(np.full(290, 3.0))}, atol=64),
    *(
        Row(
            "gaussian_nll_loss",
            (*grid(every, every), of(lambda n, v=v: np.full(841, getattr(n, v) if isinstance(v, str) else v))),
            NONE | {"full": full},
        )
        for v, full in ((1.0, False), (0.0, True), ("denormal", True), ("small", True), ("big", True), (INF, True))
    ),
    # of rows
    Row("cross_entropy", (ROWS, CYCLE), NONE, atol=8),
    Row("cross_entropy", (ROWS, CLASS, WEIGHT), NONE, atol=16),
    Row("cross_entropy", (ROWS, CLASS), NONE | {"label_smoothing": 0.1}, atol=16),
    Row("cross_entropy", (ROWS, CLASS, WEIGHT), NONE | {"label_smoothing": 0.1}, atol=16),
    Row("cross_entropy", (ROWS, fixed(probabilities((COUNT, 8)))), NONE, atol=8),
    Row("cross_entropy", (ROWS, probabilities((COUNT, 8)), WEIGHT), NONE | {"label_smoothing": 0.1}, atol=16),
    Row("nll_loss", (ROWS, CYCLE), NONE),
    Row("nll_loss", (ROWS, CLASS, WEIGHT), NONE),
    *(Row(name, (ROWS, MASKED), {"reduction": r}) for name in ("nll_loss", "cross_entropy") for r in REDUCTIONS),
    *(Row("cross_entropy", (ROWS, MASKED), {"reduction": r, "label_smoothing": 0.1}) for r in REDUCTIONS),
    Row("cross_entropy", (of(rows), integers([0] + [-100] * (COUNT - 1))), atol=8),
    *(
        Row("multilabel_margin_loss", (ROWS, integers([labels] * COUNT)), NONE, atol=8, dtypes=SINGLE)
        for labels in LABELS
    ),
    *(
        Row("multi_margin_loss", (ROWS, CYCLE, p, 1.0, w), NONE, atol=8, dtypes=SINGLE)
        for p in (1, 2)
        for w in (None, constant([0.0, 1.0, 2.0, 1.0, 1.0, 0.5, 1.0, 1.0]))
    ),
    Row("multilabel_soft_margin_loss", (ROWS, fixed(probabilities((COUNT, 8)))), NONE, atol=8),
    Row("multilabel_soft_margin_loss", (ROWS, probabilities((COUNT, 8)), WEIGHT), NONE, atol=8),
    *(
        Row("cosine_embedding_loss", (*PAIR, integers([1, -1] * (PAIRS // 2)), m), NONE, atol=16, dtypes=NOT_HALF)
        for m in (0.0, 0.5)
    ),
    Row("triplet_margin_loss", (*PAIR, PAIR[0]), NONE, atol=16),
    *(
        Row("triplet_margin_loss", (*[of(np.zeros((2, 3)))] * 3,), NONE | {"p": p, "swap": swap, "eps": eps}, atol=1)
        for p in (1.0, 2.0, 3.0)
        for swap in (False, True)
        for eps in (1e-6, 0.0)
    ),
    Row("linear_cross_entropy", (ROWS, of(np.eye(8)[:4]), integers([k % 4 for k in range(COUNT)])), NONE, atol=8),
    *(
        Row(
            "ctc_loss",
            (of(x), *LABELLINGS),
            {"reduction": r, "zero_infinity": zero},
            atol=16,
            better=NO_PART,
            dtypes=SINGLE,
        )
        for x in (FRAMES, BLOCKED)
        for r in REDUCTIONS
        for zero in (False, True)
    ),
    # means and sums, also of nothing
    *(
        Row(name, (of(lambda n: [1.0, n.big, n.huge, n.huge]), of([0.0, 1.0, 0.5, 2.0])), {"reduction": r})
        for name in (*DIFFERENCES, *DISTRIBUTIONS)
        for r in ("mean", "sum")
    ),
    *(
        Row(name, (EMPTY, EMPTY), {"reduction": r})
        for name in (
            *DIFFERENCES,
            *DISTRIBUTIONS,
            "binary_cross_entropy",
            "binary_cross_entropy_with_logits",
            "hinge_embedding_loss",
            "multilabel_soft_margin_loss",
            "cross_entropy",
        )
        for r in REDUCTIONS
    ),
    Row("kl_div", (EMPTY, EMPTY), {"reduction": "batchmean"}),
    *(Row(name, (EMPTY, NO_CLASS), {"reduction": r}) for name in ("nll_loss", "cross_entropy") for r in REDUCTIONS),
    *(Row("soft_margin_loss", (EMPTY, constant(np.zeros((0, 3)))), {"reduction": r}) for r in REDUCTIONS),
    *(
        Row("margin_ranking_loss", (*[of(np.zeros(0))] * 2, constant(np.zeros(0))), {"reduction": r})
        for r in REDUCTIONS
    ),
    *(Row("cosine_embedding_loss", (EMPTY, EMPTY, NO_CLASS), {"reduction": r}) for r in REDUCTIONS),
    *(
        Row(name, (EMPTY, EMPTY, EMPTY), {"reduction": r})
        for name in ("triplet_margin_loss", "gaussian_nll_loss")
        for r in REDUCTIONS
    ),
    # torch leaves their sums and means as the memory was; `test_margins_of_nothing` has them
    Row("multi_margin_loss", (EMPTY, NO_CLASS), NONE, dtypes=SINGLE),
    Row("multilabel_margin_loss", (EMPTY, integers(np.zeros((0, 3)))), NONE, dtypes=SINGLE),
]
