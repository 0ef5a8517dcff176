"""Rows of losses."""

import types
import warnings

import torch
from functional_engine import constant, integers, normal, uniform, values
from layer_engine import Row

X, Y = normal(3, 4), normal(3, 4)
SIGNS = values([1.0, -1.0, 1.0], False)
ROW_OF_SIGNS = values([[1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, 1.0, 1.0]], False)


class Deprecated(Row):
    """A row of a class whose constructor warns, in both libraries."""

    def _build(self, namespace, convert, **more):
        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            if namespace is torch.nn:  # a subclass, of which copies don't warn
                namespace = types.SimpleNamespace(**{self.name: type(self.name, (getattr(torch.nn, self.name),), {})})
            return super()._build(namespace, convert, **more)


REGRESSIONS = [
    Row(name, (), {"reduction": how}, (X, Y))
    for name in ("L1Loss", "SmoothL1Loss", "HuberLoss")
    for how in ("mean", "sum", "none")
]

ROWS = [
    *REGRESSIONS,
    Row("SmoothL1Loss", (), {"beta": 0.4}, (X, Y)),
    Row("HuberLoss", (), {"delta": 0.7}, (X, Y)),
    Row("BCELoss", (), {}, (uniform(3, 4), constant(uniform(3, 4)))),
    Row("BCELoss", (uniform(4),), {"reduction": "sum"}, (uniform(3, 4), constant(uniform(3, 4)))),
    Row("BCEWithLogitsLoss", (), {"reduction": "none"}, (X, uniform(3, 4))),
    Row("BCEWithLogitsLoss", (uniform(4),), {"pos_weight": uniform(4)}, (X, uniform(3, 4))),
    Row("BCEWithLogitsLoss", (), {"pos_weight": uniform(4)}, (X, uniform(3, 4))),
    Row("CTCLoss", (), {}, (normal(9, 3, 5), integers(5, 3, 4, low=1), values([9, 8, 7]), values([4, 3, 2]))),
    Row("CTCLoss", (2, "sum", True), {}, (normal(9, 2, 5), integers(2, 2, 6), values([9, 3]), values([4, 6]))),
    Row("CosineEmbeddingLoss", (), {}, (X, Y, SIGNS)),
    Row("CosineEmbeddingLoss", (0.3,), {"reduction": "none"}, (X, Y, SIGNS)),
    Row("GaussianNLLLoss", (), {}, (X, Y, uniform(3, 4, low=0.1))),
    Row("GaussianNLLLoss", (), {"full": True, "eps": 0.5, "reduction": "sum"}, (X, Y, uniform(3, 4, low=0.6))),
    Row("HingeEmbeddingLoss", (), {}, (normal(2, 4), ROW_OF_SIGNS)),
    Row("HingeEmbeddingLoss", (0.5,), {"reduction": "sum"}, (normal(2, 4), ROW_OF_SIGNS)),
    Row("KLDivLoss", (), {"reduction": "batchmean"}, (X, uniform(3, 4, low=0.1))),
    Row("KLDivLoss", (), {"reduction": "sum", "log_target": True}, (X, Y)),
    Row("LinearCrossEntropyLoss", (4, 5), {}, (X, integers(5, 3))),
    Row(
        "LinearCrossEntropyLoss", (4, 5), {"bias": True, "weight": uniform(5), "reduction": "sum"}, (X, integers(5, 3))
    ),
    Row("LinearCrossEntropyLoss", (4, 5), {"out_features": (2,), "label_smoothing": 0.1}, (X, integers(5, 3, 2))),
    Row("LinearCrossEntropyLoss", (4, 5), {"ignore_index": 2, "reduction": "none"}, (X, integers(5, 3))),
    Row("MarginRankingLoss", (), {}, (normal(3), normal(3), SIGNS)),
    Row("MarginRankingLoss", (0.4,), {"reduction": "none"}, (normal(3), normal(3), SIGNS)),
    Row("MultiLabelMarginLoss", (), {}, (normal(2, 4), values([[3, 0, -1, 1], [1, -1, 0, 2]]))),
    Row("MultiLabelMarginLoss", (), {"reduction": "none"}, (normal(2, 4), values([[3, 0, -1, 1], [1, -1, 0, 2]]))),
    Row("MultiLabelSoftMarginLoss", (), {}, (X, constant(uniform(3, 4)))),
    Row("MultiLabelSoftMarginLoss", (uniform(4),), {"reduction": "sum"}, (X, constant(uniform(3, 4)))),
    Row("MultiMarginLoss", (), {}, (X, integers(4, 3))),
    Row("MultiMarginLoss", (2, 0.6, uniform(4)), {"reduction": "sum"}, (X, integers(4, 3))),
    Deprecated("NLLLoss2d", (uniform(4),), {"ignore_index": 1}, (normal(2, 4, 3, 2), integers(4, 2, 3, 2))),
    Row("PoissonNLLLoss", (), {}, (X, uniform(3, 4))),
    Row("PoissonNLLLoss", (False, True), {"eps": 0.1, "reduction": "sum"}, (uniform(3, 4), uniform(3, 4, high=5.0))),
    Row("SoftMarginLoss", (), {}, (normal(2, 4), values([[1, -1, 1, -1], [-1, 1, 1, 1]]))),
    Row("SoftMarginLoss", (), {"reduction": "none"}, (normal(2, 4), values([[1, -1, 1, -1], [-1, 1, 1, 1]]))),
    Row("TripletMarginLoss", (), {}, (X, Y, normal(3, 4))),
    Row("TripletMarginLoss", (0.5, 1.5, 1e-3, True), {"reduction": "none"}, (X, Y, normal(3, 4))),
    Row("TripletMarginWithDistanceLoss", (), {}, (X, Y, normal(3, 4))),
    Row(
        "TripletMarginWithDistanceLoss",
        (),
        {
            "distance_function": Row("CosineSimilarity", (), {"dim": -1}),
            "margin": 0.5,
            "swap": True,
            "reduction": "sum",
        },
        (X, Y, normal(3, 4)),
    ),
]
