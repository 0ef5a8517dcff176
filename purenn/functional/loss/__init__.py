"""Losses."""

from purenn.functional.loss import (
    binary,
    classification,
    ctc,
    likelihood,
    linear,
    margin,
    metric,
    multiclass,
    regression,
)
from purenn.functional.loss.binary import *
from purenn.functional.loss.classification import *
from purenn.functional.loss.ctc import *
from purenn.functional.loss.likelihood import *
from purenn.functional.loss.linear import *
from purenn.functional.loss.margin import *
from purenn.functional.loss.metric import *
from purenn.functional.loss.multiclass import *
from purenn.functional.loss.regression import *

__all__: list[str] = []
__all__ += binary.__all__
__all__ += classification.__all__
__all__ += ctc.__all__
__all__ += likelihood.__all__
__all__ += linear.__all__
__all__ += margin.__all__
__all__ += metric.__all__
__all__ += multiclass.__all__
__all__ += regression.__all__
