import numpy as np
import torch
from functional_engine import Bad, Case, booleans, integers, normal, values

LOOK = values([[0, 3, 3], [1, 0, 3]])


BAGS = values([0, 3, 3, 1, 0])
STARTS = values([0, 2, 2, 3])
SHORT = values([[0, 3], [3, 3], [1, 2]])


def _shortened(input, weight, *args, **kwargs):
    """torch writes to the table, which autograd only allows if the table isn't a leaf."""
    return torch.nn.functional.embedding(input, weight.clone(), *args, **kwargs)


def _shortened_bag(input, weight, *args, **kwargs):
    return torch.nn.functional.embedding_bag(input, weight.clone(), *args, **kwargs)


def _scaled_bag(input, weight, scale_grad_by_freq, mode):
    """torch's function divides rows by the frequencies of other rows; embedding doesn't."""
    rows = torch.nn.functional.embedding(input, weight, scale_grad_by_freq=scale_grad_by_freq)
    return rows.sum(1) if mode == "sum" else rows.mean(1)


CASES = [
    Case("embedding", (LOOK, normal(4, 3))),
    Case("embedding", (LOOK, normal(4, 3), 3)),
    Case("embedding", (LOOK, normal(4, 3), -4), {"scale_grad_by_freq": True}),
    Case("embedding", (LOOK, normal(4, 3)), {"scale_grad_by_freq": True, "sparse": False}),
    Case("embedding", (values(1), normal(4, 3))),
    Case("embedding", (integers(4, 0), normal(4, 3), 0)),
    Case("embedding", (LOOK, normal(4, 3)), {"max_norm": 1.0}, theirs=_shortened),
    Case("embedding", (LOOK, normal(4, 3), 1, 1.5, 1.0), theirs=_shortened),
    Case("embedding", (LOOK, normal(4, 3), None, 0.5, float("inf"), True), theirs=_shortened),
    Case("embedding", (LOOK, values([[0.0, 0.0]] * 4)), {"max_norm": 0.0, "norm_type": 3}, theirs=_shortened),
    Case("embedding", (LOOK, integers(9, 4, 3))),
    *(
        Case("embedding_bag", args, {"mode": mode, **kwargs})
        for mode in ("sum", "mean", "max")
        for args, kwargs in (
            ((SHORT, normal(4, 3)), {"padding_idx": 3}),
            ((BAGS, normal(4, 3), STARTS), {"padding_idx": -4}),
            ((BAGS, normal(4, 3), values([0, 2, 2, 5])), {"include_last_offset": True}),
            ((integers(4, 0), normal(4, 3), values([0, 0])), {}),
        )
    ),
    Case("embedding_bag", (integers(4, 0, 2), normal(4, 3))),
    Case("embedding_bag", (SHORT, normal(4, 3)), {"mode": "sum", "per_sample_weights": normal(3, 2)}, second=False),
    Case(
        "embedding_bag",
        (BAGS, normal(4, 3), STARTS),
        {"mode": "sum", "per_sample_weights": normal(5), "padding_idx": 3},
        second=False,  # torch has none with per_sample_weights
    ),
    Case("embedding_bag", (SHORT, values([[1.0, 2.0]] * 4)), {"mode": "max"}),  # ties
    Case("embedding_bag", (BAGS, values([[1.0, 2.0]] * 4), STARTS), {"mode": "max"}),
    Case("embedding_bag", (SHORT, values([[-np.inf], [np.nan], [1.0], [-np.inf]])), {"mode": "max"}, grad=False),
    Case("embedding_bag", (SHORT, normal(4, 3)), {"max_norm": 1.0, "norm_type": 3.0}, theirs=_shortened_bag),
    Case("embedding_bag", (BAGS, normal(4, 3), STARTS, 0.5), {"mode": "max"}, theirs=_shortened_bag),
    *(
        Case("embedding_bag", (SHORT, normal(4, 3)), {"scale_grad_by_freq": True, "mode": mode}, theirs=_scaled_bag)
        for mode in ("sum", "mean")
    ),
    Case("one_hot", (values([[0, 2], [1, 1]]), 4)),
    Case("one_hot", (values(1), 2)),
    Case("one_hot", (integers(4, 0), 3)),
    Case("one_hot", (values([[0, 2], [1, 1]]),), jit=False, vmap=False),
]

BAD = [
    Bad(
        "embedding",
        (normal(2), normal(4, 3)),
        match="embedding: input must be an integer array, got dtype float32",
    ),
    Bad("embedding", (booleans(2), normal(4, 3)), match="embedding: input must be an integer array"),
    Bad(
        "embedding",
        (LOOK, normal(4)),
        match=r"embedding: weight must have rank 2, \(rows, columns\), got shape \(4,\)",
    ),
    Bad("embedding", (LOOK, normal(4, 3), 4), match=r"embedding: padding_idx must be in \[-4, 3\], got 4"),
    Bad("embedding", (LOOK, normal(4, 3), -5), match=r"embedding: padding_idx must be in \[-4, 3\], got -5"),
    Bad("embedding", (LOOK, normal(4, 3), 1.0), match="embedding: padding_idx must be an integer"),
    Bad(
        "embedding",
        (LOOK, integers(9, 4, 3)),
        {"max_norm": 1.0},
        match="embedding: weight must be a floating-point or complex",
    ),
    Bad("embedding_bag", (normal(2, 2), normal(4, 3)), match="embedding_bag: input must be an integer array"),
    Bad("embedding_bag", (SHORT, normal(4)), match="embedding_bag: weight must have rank 2"),
    Bad("embedding_bag", (SHORT, integers(5, 4, 3)), match="embedding_bag: weight must be a floating-point array"),
    Bad("embedding_bag", (SHORT, normal(4, 3)), {"mode": "prod"}, match="mode must be one of 'sum', 'mean', 'max'"),
    Bad(
        "embedding_bag",
        (SHORT, normal(4, 3)),
        {"mode": "max", "scale_grad_by_freq": True},
        match="False with mode='max'",
    ),
    Bad("embedding_bag", (SHORT, normal(4, 3)), {"mode": "max", "sparse": True}, match="False with mode='max'"),
    Bad(
        "embedding_bag",
        (SHORT, normal(4, 3)),
        {"per_sample_weights": normal(3, 2)},
        match="mode must be 'sum' with per",
    ),
    Bad(
        "embedding_bag",
        (SHORT, normal(4, 3)),
        {"mode": "sum", "per_sample_weights": normal(6)},
        match=r"per_sample_weights must have shape \(3, 2\), got shape \(6,\)",
    ),
    Bad(
        "embedding_bag",
        (SHORT, normal(4, 3)),
        {"mode": "sum", "per_sample_weights": integers(2, 3, 2)},
        match="weight and per_sample_weights must have one dtype",
    ),
    Bad("embedding_bag", (SHORT, normal(4, 3)), {"padding_idx": 4}, match=r"padding_idx must be in \[-4, 3\], got 4"),
    Bad("embedding_bag", (SHORT, normal(4, 3), values([0])), match="offsets must be None for an input of rank 2"),
    Bad("embedding_bag", (BAGS, normal(4, 3)), match="embedding_bag: offsets must be given for an input of rank 1"),
    Bad("embedding_bag", (BAGS, normal(4, 3), values([[0]])), match="embedding_bag: offsets must have rank 1"),
    Bad("embedding_bag", (BAGS, normal(4, 3), values([0.0])), match="offsets must be an integer array"),
    Bad("embedding_bag", (values(1), normal(4, 3), values([0])), match="embedding_bag: input must have rank 1 or 2"),
    Bad("embedding_bag", (integers(4, 2, 0), normal(4, 3)), match="input must have non-zero size in every bag"),
    Bad(
        "embedding_bag",
        (BAGS, normal(4, 3), integers(1, 0)),
        {"include_last_offset": True},
        match="offsets must have at least 1 element",
    ),
    Bad("one_hot", (normal(3), 3), match="one_hot: tensor must be an integer array"),
    Bad("one_hot", (LOOK, 3.0), match="one_hot: num_classes must be an integer"),
    Bad("one_hot", (LOOK, 0), match="one_hot: num_classes must be at least 1, or -1, got 0"),
    Bad("one_hot", (LOOK, -2), match="one_hot: num_classes must be at least 1, or -1, got -2"),
    Bad("one_hot", (integers(4, 0),), match="one_hot: num_classes must be given for an empty array"),
]
