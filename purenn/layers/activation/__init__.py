"""Activation layers."""

from purenn.layers.activation import piecewise, rectifiers, smooth, softmaxes
from purenn.layers.activation.piecewise import *
from purenn.layers.activation.rectifiers import *
from purenn.layers.activation.smooth import *
from purenn.layers.activation.softmaxes import *

__all__: list[str] = []
__all__ += piecewise.__all__
__all__ += rectifiers.__all__
__all__ += smooth.__all__
__all__ += softmaxes.__all__
