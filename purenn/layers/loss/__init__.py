"""Losses."""

from purenn.layers.loss import binary, classification, ctc, likelihood, linear, margin, metric, multiclass, regression
from purenn.layers.loss.binary import *
from purenn.layers.loss.classification import *
from purenn.layers.loss.ctc import *
from purenn.layers.loss.likelihood import *
from purenn.layers.loss.linear import *
from purenn.layers.loss.margin import *
from purenn.layers.loss.metric import *
from purenn.layers.loss.multiclass import *
from purenn.layers.loss.regression import *

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
