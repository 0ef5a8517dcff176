"""Activations."""

from purenn.functional.activation import piecewise, rectifiers, smooth, softmaxes
from purenn.functional.activation.piecewise import *
from purenn.functional.activation.rectifiers import *
from purenn.functional.activation.smooth import *
from purenn.functional.activation.softmaxes import *

__all__: list[str] = []
__all__ += piecewise.__all__
__all__ += rectifiers.__all__
__all__ += smooth.__all__
__all__ += softmaxes.__all__
