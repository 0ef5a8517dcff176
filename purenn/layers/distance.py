"""Layers that compare two inputs."""

from __future__ import annotations

import dataclasses

from purenn import functional as F
from purenn.layers.generate import Functional, from_function

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class _PairwiseDistance(Functional):
    p: float = 2.0
    norm: float = dataclasses.field(default=2.0, init=False)  # torch's other name for it

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "norm", self.p)


CosineSimilarity = from_function("CosineSimilarity", F.cosine_similarity, inputs=2, shown="")
PairwiseDistance = from_function(
    "PairwiseDistance", F.pairwise_distance, inputs=2, shown="", base=_PairwiseDistance, example="PairwiseDistance(p=2)"
)
