"""Losses."""

from __future__ import annotations

from purenn import functional as F
from purenn.layers.generate import Functional, from_function

__all__ = ["CrossEntropyLoss", "MSELoss", "NLLLoss"]


class Loss(Functional):
    """The base of losses, which torch prints without their arguments."""

    def extra_repr(self) -> str:
        return ""


CrossEntropyLoss = from_function("CrossEntropyLoss", F.cross_entropy, inputs=2, base=Loss)
MSELoss = from_function("MSELoss", F.mse_loss, inputs=2, fields="size_average reduce reduction", base=Loss)
NLLLoss = from_function("NLLLoss", F.nll_loss, inputs=2, base=Loss)
